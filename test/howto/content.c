/* SPDX-License-Identifier: Apache-2.0 */
/* content - distribution points: finding them, giving them packages, watching how far those are */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char dps_of_site[] = "SELECT * FROM SMS_SystemResourceList WHERE RoleName='SMS Distribution Point' AND SiteCode='P01'";

/* "How to List the Distribution Points for a Site". */
static void list_distribution_points(struct howto *h)
{
        json_t *rows = exec_query(h, dps_of_site), *row;
        size_t i;

        ok(h, json_array_size(rows) >= 1, "9: the site has %zu DPs", json_array_size(rows));
        json_array_foreach(rows, i, row) {
                ok(h, text_of(row, "ServerName")[0] && strstr(text_of(row, "NALPath"), text_of(row, "ServerName")),
                   "9: %s and its NAL path", text_of(row, "ServerName"));
        }
        json_decref(rows);
}

/* Two notifications as "How to Determine Package Status" has them; what they brought about one package. */
struct watcher {
        struct tallyman_watch *created, *changed;
        int64_t targeted, installed;
        unsigned n_created, n_changed;
};

static bool open_watcher(struct howto *h, struct watcher *w)
{
        struct tallyman_watch_options created = { .from = TALLYMAN_FROM_NOW,
                .query = "SELECT * FROM __InstanceCreationEvent Within 120 "
                         "WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'" };
        struct tallyman_watch_options changed = { .from = TALLYMAN_FROM_NOW,
                .query = "SELECT * FROM __InstanceModificationEvent Within 120 "
                         "WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'" };

        *w = (struct watcher){ .targeted = -1 };
        return tallyman_notify_open(&w->created, h->site, &created, &h->e) == 0 &&
               tallyman_notify_open(&w->changed, h->site, &changed, &h->e) == 0;
}

static bool is_about(const struct tallyman_notification *n, const char *package, struct watcher *w)
{
        json_t *target = n->target ? json_loads(n->target, 0, NULL) : NULL;
        bool mine = has_text(target, "PackageID", package);

        if (mine) {
                w->targeted = number_of(target, "Targeted");
                w->installed = number_of(target, "Installed");
        }
        json_decref(target);
        return mine;
}

/* Until the package's row says so many of so many, or a minute without an event. */
static bool watch_until(struct howto *h, struct watcher *w, const char *package, int64_t installed, int64_t targeted)
{
        struct tallyman_notification n;

        while (w->installed != installed || w->targeted != targeted) {
                if (tallyman_notify_next(w->changed, 60000, &n, &h->e) != 0)
                        return false;
                w->n_changed += is_about(&n, package, w);
        }
        return true;
}

/* "How to Determine Package Status", around "How to Assign a Package to a Distribution Point". */
static void assign_and_watch(struct howto *h)
{
        json_t *listed = first_of(h, dps_of_site), *dp, *row;
        struct tallyman_notification n;
        struct watcher w;
        char *wql, *path;

        ok(h, open_watcher(h, &w), "20: two notifications are accepted");
        row = put_new(h, "SMS_Package", json_pack("{ss si}", "Name", "Without files", "PkgSourceFlag", 1));
        while (!w.n_created && tallyman_notify_next(w.created, 30000, &n, &h->e) == 0)
                w.n_created += is_about(&n, text_of(row, "PackageID"), &w);
        ok(h, w.n_created == 1 && w.targeted == 0 && w.installed == 0, "20: a package without files is done when its row appears");
        json_decref(row);

        wql = path_of("SELECT * FROM SMS_SystemResourceList WHERE RoleName='SMS Distribution Point' AND SiteCode='P01' "
                      "AND ServerName='%s'", text_of(listed, "ServerName"));
        dp = first_of(h, wql);
        free(wql);
        row = put_new(h, "SMS_DistributionPoint", json_pack("{ss ss ss}", "PackageID", h->package, "ServerNALPath",
                                                            text_of(dp, "NALPath"), "SiteCode", text_of(dp, "SiteCode")));
        ok(h, row && has_text(row, "PackageID", h->package) && has_text(row, "ServerNALPath", text_of(dp, "NALPath")),
           "8: the package is assigned to %s", text_of(dp, "ServerName"));
        json_decref(row);
        ok(h, watch_until(h, &w, h->package, 1, 1), "20: the notification says 1 of 1 installed");
        ok(h, w.n_changed >= 2, "20: and before it, that there is one to come");
        path = path_of("SMS_PackageStatusRootSummarizer.PackageID='%s'", h->package);
        row = get_object(h, path);
        ok(h, number_of(row, "Targeted") == 1 && number_of(row, "Installed") == 1 && number_of(row, "Failed") == 0 &&
                number_of(row, "SourceVersion") == 1, "20: and so does the row, asked for");
        ok(h, !put_back(h, path, row), "20: which nobody may write");
        json_decref(row);
        free(path);
        tallyman_notify_close(w.created);
        tallyman_notify_close(w.changed);
        json_decref(dp);
        json_decref(listed);
}

/* What scripts do with what failed: RefreshNow = true, Put_. */
static void redistribute(struct howto *h)
{
        char *wql = path_of("SELECT * FROM SMS_DistributionPoint WHERE PackageID='%s'", h->package);
        json_t *dp = first_of(h, wql);
        struct watcher w;

        ok(h, open_watcher(h, &w), "redistribution is watched");
        json_object_set_new(dp, "RefreshNow", json_true());
        ok(h, put_back(h, text_of(dp, "__RELPATH"), dp), "RefreshNow is put");
        ok(h, watch_until(h, &w, h->package, 0, 1) && watch_until(h, &w, h->package, 1, 1), "not installed at once, then again");
        tallyman_notify_close(w.created);
        tallyman_notify_close(w.changed);
        json_decref(dp);
        dp = first_of(h, wql);
        ok(h, json_is_false(json_object_get(dp, "RefreshNow")), "RefreshNow reads false");
        json_decref(dp);
        free(wql);
}

/* The methods of the package: a new version, checks for duplicates, one more DP. */
static void call_package_methods(struct howto *h)
{
        char *path = path_of("SMS_Package.PackageID='%s'", h->package);
        char *wql = path_of("SELECT * FROM SMS_PackageStatusRootSummarizer WHERE PackageID='%s' AND SourceVersion=2 "
                            "AND Installed=Targeted AND Targeted=1", h->package);
        json_t *out = exec_method(h, path, "RefreshPkgSource", NULL);

        ok(h, number_of(out, "ReturnValue") == 0, "28: RefreshPkgSource returns 0");
        ok(h, wait_for(h, "SMS_PackageStatusRootSummarizer", wql), "28: version 2 is on the DP");
        json_decref(out);
        out = exec_method(h, "SMS_Package", "CheckDuplicateSourceName",
                          json_pack("{ss ss}", "SourceName", h->folder, "SourceSite", "P01"));
        if (!out)
                out = exec_method(h, path, "CheckDuplicateSourceName", json_pack("{ss ss}", "SourceName", h->folder, "SourceSite", "P01"));
        ok(h, json_object_get(out, "IsDuplicated") != NULL, "28: a method's out parameters come");
        json_decref(out);
        ok(h, !exec_method(h, path, "NoSuchMethod", NULL), "28: a method that is not there");
        free(wql);
        free(path);
}

/* "NAL Path": Get SMS_NAL_Methods, UnPackNALPath and PackNALPath over the DPs of the site. */
static void pack_and_unpack_nal_paths(struct howto *h)
{
        json_t *row = first_of(h, dps_of_site), *parts, *packed, *in;
        const char *nal = text_of(row, "NALPath");

        parts = exec_method(h, "SMS_NAL_Methods", "UnPackNALPath", json_pack("{ss}", "NALPath", nal));
        ok(h, has_text(parts, "NALType", "MSWNET") && json_array_size(json_object_get(parts, "DisplayQualifiers")) == 1 &&
                json_array_size(json_object_get(parts, "NetworkConnectionQualifiers")) == 1, "32: a NAL path is taken apart");
        in = json_pack("{sO* sO* sO* sO*}", "NALType", json_object_get(parts, "NALType"), "NetworkOSPath",
                       json_object_get(parts, "NetworkOSPath"), "DisplayQualifiers", json_object_get(parts, "DisplayQualifiers"),
                       "NetworkConnectionQualifiers", json_object_get(parts, "NetworkConnectionQualifiers"));
        packed = exec_method(h, "SMS_NAL_Methods", "PackNALPath", in);
        ok(h, packed && has_text(packed, "NALPath", nal), "32: and put together: %s", nal);
        json_decref(packed);
        json_decref(parts);
        json_decref(row);
}

void howtos_of_content(struct howto *h)
{
        list_distribution_points(h);
        assign_and_watch(h);
        redistribute(h);
        call_package_methods(h);
        pack_and_unpack_nal_paths(h);
}
