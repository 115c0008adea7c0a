/* SPDX-License-Identifier: Apache-2.0 */
/* package - SMS_Package: created, changed, deleted in two phases */
#include <stdio.h>

#include "model/fields.h"
#include "model/order.h"
#include "model/shown.h"
#include "model/sql_site.h"
#include "model/status.h"

enum { STORAGE_NEEDS_SPECIFYING = 0, PACKAGE_NUMBER_MAX = 0xFFFFF, SOURCE_PATH_MAX = 1000 };

/* In the order of package_insert and package_update. */
static const struct field fields[] = {
        { "Name", FIELD_NEEDED },
        { "Version", 0 },
        { "Language", 0 },
        { "Manufacturer", 0 },
        { "Description", 0 },
        { "PackageType", 0 },
        { "PkgFlags", 0 },
        { "PkgSourceFlag", 0 },
        { "PkgSourcePath", 0 },
        { "Priority", 0 },
        { "ShareType", 0 },
        { "ShareName", 0 },
        { "PreferredAddressType", 0 },
        { "IgnoreAddressSchedule", 0 },
        { "ForcedDisconnectEnabled", 0 },
        { "ForcedDisconnectNumRetries", 0 },
        { "ForcedDisconnectDelay", 0 },
        { "MIFFilename", 0 },
        { "MIFName", 0 },
        { "MIFPublisher", 0 },
        { "MIFVersion", 0 },
        { "StoredPkgPath", 0 },
        { "StoredPkgVersion", 0 },
        { "AlternateContentProviders", 0 },
        { "IconSize", 0 },
        { "ExtendedDataSize", 0 },
        { "ISVDataSize", 0 },
        { "ISVString", 0 },
        { "DefaultImageFlags", 0 },
        { "TransformAnalysisDate", 0 },
        { "TransformReadiness", 0 },
        { "Icon", 0 },
        { "ExtendedData", 0 },
        { "ISVData", 0 },
        { "RefreshSchedule", 0 },
};

static bool has_source(const struct cim_instance *i)
{
        return field_number(i, "PkgSourceFlag") != SOURCE_NONE;
}

/* What no single property says. */
static int check(const struct cim_instance *i, struct err *e)
{
        struct str path = field_text(i, "PkgSourcePath");

        if (field_number(i, "PkgSourceFlag") == STORAGE_NEEDS_SPECIFYING)
                return err_set(e, ERR_INVALID,
                               "SMS_Package.PkgSourceFlag 0 leaves open where the source is: use 1 (no source files) or 2 (a folder)");
        if (has_source(i) && !path.n)
                return err_set(e, ERR_INVALID,
                               "SMS_Package.PkgSourcePath is missing: a package with source files (PkgSourceFlag %lld) needs the "
                               "folder they are in",
                               (long long)field_number(i, "PkgSourceFlag"));
        if (path.n > SOURCE_PATH_MAX)
                return err_set(e, ERR_INVALID, "SMS_Package.PkgSourcePath: %zu bytes are more than the %d allowed: shorten the path",
                               path.n, SOURCE_PATH_MAX);
        if (field_number(i, "ShareType") == 2 && !field_text(i, "ShareName").n)
                return err_set(e, ERR_INVALID, "SMS_Package.ShareName is missing: ShareType 2 needs one");
        return 0;
}

/* RefreshPkgSourceFlag is a trigger and NumOfPrograms a count; they are never stored. */
static struct cim_instance *without_triggers(struct tx *t, const struct cim_instance *in)
{
        static const char *const names[] = { "RefreshPkgSourceFlag", "NumOfPrograms" };
        struct cim_instance *copy = cim_instance_new(in->class, &t->arena);

        if (!copy)
                return NULL;
        memcpy(copy->values, in->values, in->class->n_properties * sizeof(*copy->values));
        copy->given = in->given;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                copy->values[cim_property_find(in->class, str_of(names[i]))].null = true;
        return copy;
}

/* ---- creation ---- */

static int insert(struct tx *t, const struct cim_instance *m, struct pkg *p, struct err *e)
{
        struct db_stmt *s;
        int r;

        r = site_own(t->db, &p->site_id, p->site_code, e);
        if (!r)
                r = counter_next(t, "package", &p->pkg_id, e);
        if (r)
                return r;
        if (p->pkg_id > PACKAGE_NUMBER_MAX)
                return err_set(e, ERR_QUOTA, "all %d PackageIDs of site %s were given out", PACKAGE_NUMBER_MAX, p->site_code);
        snprintf(p->package_id, sizeof(p->package_id), "%.3s%05X", p->site_code, (unsigned)p->pkg_id & PACKAGE_NUMBER_MAX);
        tx_touchz(t, "SMS_Package", p->package_id, NULL, NULL);
        tx_touch_where(t, "SMS_PackageToSourceSite_a", &(struct tx_key)TX_TEXT("PackageID", str_of(p->package_id)), 1);
        s = db_stmt(t->db, SQL_SITE_PACKAGE_INSERT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_textz(s, 2, p->package_id);
        db_bind_i64(s, 3, p->site_id);
        r = fields_bind(s, 4, fields, ARRAY_SIZE(fields), m, e);
        return r ? r : db_run(s, e);
}

/* A package without source files is complete as it stands. */
static int begin_bare(struct tx *t, struct pkg *p, struct err *e)
{
        int r = summary_bare(t, p, true, e);

        if (!r)
                r = RUN(t, e, SQL_SITE_PKG_SET_VERSION, p->pkg_id, 1, t->now_us, ACTION_NONE);
        if (!r)
                r = status_raise(t, STATUS_PACKAGE_DONE, p, NULL, NULL, e);
        return r;
}

int model_package_create(struct tx *t, const struct cim_instance *in, char id_out[PACKAGE_ID_LEN + 1], struct err *e)
{
        struct cim_instance *m, *clean = without_triggers(t, in);
        struct pkg p = { 0 };
        int r = clean ? fields_merge(t, fields, ARRAY_SIZE(fields), NULL, clean, &m, e)
                      : err_set(e, ERR_NOMEM, "create package: out of memory");

        if (!r)
                r = check(m, e);
        if (!r)
                r = insert(t, m, &p, e);
        if (r)
                return r;
        tx_touchz(t, "SMS_PackageStatusRootSummarizer", p.package_id, NULL, NULL);
        tx_touchz(t, "TM_PackageCondition", p.package_id, NULL, NULL);
        shown_package(t, &p);
        r = RUN(t, e, SQL_SITE_ROOT_INSERT, p.pkg_id, !has_source(m), t->now_us);
        if (!r)
                r = pkg_get(t->db, p.pkg_id, &p, e);
        if (!r)
                r = status_raise(t, STATUS_PACKAGE_CHANGED, &p, NULL, "created", e);
        if (!r)
                r = p.has_source ? order_version(t, &p, 1, JOB_ADD, e) : begin_bare(t, &p, e);
        if (r)
                return r;
        memcpy(id_out, p.package_id, sizeof(p.package_id));
        tx_audit(t, "package create", "%s \"%s\"", p.package_id, p.name);
        return 0;
}

/* ---- change ---- */

/* Source files come to a package without them, or leave it. */
static int turn_source(struct tx *t, struct pkg *p, bool source, struct err *e)
{
        struct numbers root;
        int r = READ(t, e, &root, SQL_SITE_ROOT_GET, p->pkg_id);

        if (r)
                return r;
        if (!source && root.v[2])
                return err_set(e, ERR_CONFLICT,
                               "package %s is on %lld distribution points: remove it from them before it becomes one without source "
                               "files",
                               p->package_id, (long long)root.v[2]);
        p->has_source = source;
        if (source) {
                r = summary_bare(t, p, false, e);
                if (!r)
                        r = order_version(t, p, p->version + 1, JOB_UPDATE, e);
        } else {
                r = job_drop(t, p->pkg_id, 0, SLOT_SNAPSHOT, e);
                if (!r)
                        r = summary_bare(t, p, true, e);
                if (!r)
                        r = RUN(t, e, SQL_SITE_PKG_SET_ACTION, p->pkg_id, ACTION_NONE);
        }
        if (!r)
                r = summary_ready(t, p, e);
        return r ? r : offer_sync_package(t, p->pkg_id, e);
}

static int write_row(struct tx *t, const struct pkg *p, const struct cim_instance *m, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_PACKAGE_UPDATE, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), m, e);
        return r ? r : db_run(s, e);
}

int model_package_put(struct tx *t, struct str id, const struct cim_instance *in, struct err *e)
{
        const struct tx_key key = TX_TEXT("PackageID", id);
        struct cim_instance *was, *now, *clean = without_triggers(t, in);
        const struct cim_value *trigger = cim_get(in, "RefreshPkgSourceFlag");
        struct pkg p;
        uint32_t version;
        int r = pkg_find(t->db, id, &p, e);

        if (r)
                return r;
        if (p.action == ACTION_DELETE)
                return err_set(e, ERR_CONFLICT, "package %s is being deleted and cannot be changed", p.package_id);
        r = fields_load(t, "SMS_Package", &key, 1, &was, e);
        if (!r)
                r = clean ? fields_merge(t, fields, ARRAY_SIZE(fields), was, clean, &now, e)
                          : err_set(e, ERR_NOMEM, "change package: out of memory");
        if (!r)
                r = check(now, e);
        if (r)
                return r;
        pkg_touch(t, &p);
        /* What DPs' rows show of a package. */
        if (field_number(was, "PackageType") != field_number(now, "PackageType") || has_source(now) != p.has_source)
                pkg_touch_pairs(t, &p);
        else if (!str_eq(field_text(was, "Name"), field_text(now, "Name")) ||
                 !str_eq(field_text(was, "Description"), field_text(now, "Description")))
                shown_package_name(t, &p);
        tx_touch_where(t, "SMS_Program", &key, 1);
        tx_touch_where(t, "SMS_AdvertisementInfo", &key, 1);
        r = write_row(t, &p, now, e);
        if (!r && has_source(now) != p.has_source)
                r = turn_source(t, &p, has_source(now), e);
        if (!r)
                tx_audit(t, "package set", "%s", p.package_id);
        if (!r && trigger && trigger->i)
                r = model_package_update(t, id, &version, e);
        return r;
}

/* ---- deletion ---- */

int pkg_vanish(struct tx *t, const struct pkg *p, struct err *e)
{
        const struct tx_key key = TX_TEXT("PackageID", str_of(p->package_id));
        int r;

        pkg_touch(t, p);
        pkg_touch_pairs(t, p);
        tx_touch_where(t, "SMS_Program", &key, 1);
        tx_touch_where(t, "SMS_PkgToPkgProgram_a", &key, 1);
        tx_touch_where(t, "SMS_PackageToSourceSite_a", &key, 1);
        r = job_drop(t, p->pkg_id, 0, SLOT_SNAPSHOT, e);
        if (!r)
                r = RUN(t, e, SQL_SITE_DETAIL_DELETE_ALL, p->pkg_id);
        return r ? r : RUN(t, e, SQL_SITE_PKG_DELETE, p->pkg_id);
}

static int refuse_while_advertised(struct tx *t, const struct pkg *p, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ADVERT_ANY, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        r = db_step(s, e);
        if (r > 0)
                r = err_set(e, ERR_CONFLICT, "package %s is advertised by %.*s: delete the advertisement first", p->package_id,
                            STR_ARG(db_col_text(s, 0)));
        db_reset(s);
        return r;
}

int model_package_delete(struct tx *t, struct str id, struct err *e)
{
        struct numbers root;
        struct pkg p;
        int r = pkg_find(t->db, id, &p, e);

        if (!r)
                r = refuse_while_advertised(t, &p, e);
        if (r)
                return r;
        pkg_touch(t, &p);
        pkg_touch_pairs(t, &p);
        p.action = ACTION_DELETE;
        r = RUN(t, e, SQL_SITE_PKG_SET_ACTION, p.pkg_id, ACTION_DELETE);
        if (!r)
                r = group_package_gone(t, &p, e);
        if (!r)
                r = job_drop(t, p.pkg_id, 0, SLOT_SNAPSHOT, e);
        if (!r)
                r = order_remove_all(t, &p, e);
        if (!r)
                r = summary_ready(t, &p, e);
        if (!r)
                r = READ(t, e, &root, SQL_SITE_ROOT_GET, p.pkg_id);
        if (r)
                return r;
        tx_audit(t, "package delete", "%s \"%s\"", p.package_id, p.name);
        return root.v[2] ? 0 : pkg_vanish(t, &p, e);
}
