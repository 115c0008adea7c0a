/* SPDX-License-Identifier: Apache-2.0 */
/* shown - the touches of the content status classes */
#include "model/shown.h"
#include "model/sql_site.h"
#include "model/tx_fact.h"

void shown_package(struct tx *t, const struct pkg *p)
{
        tx_touch_where(t, "SMS_ObjectContentInfo", &(struct tx_key)TX_TEXT("ObjectID", str_of(p->package_id)), 1);
}

void shown_package_name(struct tx *t, const struct pkg *p)
{
        const struct tx_key key = TX_TEXT("PackageID", str_of(p->package_id));

        tx_touch_where(t, "SMS_DPContentInfo", &key, 1);
        tx_touch_where(t, "SMS_DPGroupContentInfo", &key, 1);
        tx_touch_where(t, "SMS_DPGroupDistributionStatusDetails", &key, 1);
}

void shown_pairs(struct tx *t, const struct pkg *p)
{
        const struct tx_key key = TX_TEXT("PackageID", str_of(p->package_id));

        shown_package_name(t, p);
        tx_touch_where(t, "SMS_DistributionDPStatus", &key, 1);
        tx_touch_where(t, "SMS_DPStatusDetails", &key, 1);
        tx_touch_where(t, "SMS_DistributionStatus", &key, 1);
        tx_touch_where(t, "SMS_PackageContentServerInfo", &key, 1);
}

/* The groups that bring the package to the DP; @sums: what they add up to changes too. */
static void touch_groups(struct tx *t, const struct pkg *p, const struct pair *pair, bool sums)
{
        struct numbers groups = { 0 };

        if (t->failed)
                return;
        if (READ(t, &t->err, &groups, SQL_SITE_GROUPS_OF_PAIR, p->pkg_id, pair->dp_id) < 0)
                t->failed = true;
        for (size_t i = 0; !t->failed && i < groups.n_rows; i++) {
                struct str id;

                if (group_id_of(t, groups.v[i * groups.n_cols], &id, &t->err) < 0) {
                        t->failed = true;
                        return;
                }
                tx_touch_where(t, "SMS_DPGroupDistributionStatusDetails",
                               (const struct tx_key[]){ TX_TEXT("PackageID", str_of(p->package_id)), TX_TEXT("GroupID", id),
                                                        TX_TEXT("DPName", str_of(pair->dp_name)) },
                               3);
                if (sums)
                        shown_group(t, id);
        }
}

static void touch_status(struct tx *t, struct str package_id, struct str nal_path)
{
        const struct tx_key status[] = { TX_TEXT("PackageID", package_id), TX_TEXT("NalPath", nal_path) };
        const struct tx_key details[] = { status[0], TX_TEXT("NALPath", nal_path) };

        tx_touch_where(t, "SMS_DistributionDPStatus", status, 2);
        tx_touch_where(t, "SMS_DPStatusDetails", details, 2);
}

void shown_message(struct tx *t, const struct pkg *p, const struct pair *pair)
{
        if (!tx_fact_pair(t, p->pkg_id, pair->dp_id))
                touch_status(t, str_of(p->package_id), str_of(pair->nal_path));
        touch_groups(t, p, pair, false);
}

void shown_rows(struct tx *t, struct str package_id, struct str nal_path, struct str site_code)
{
        const struct tx_key all[] = { TX_TEXT("PackageID", package_id), TX_TEXT("ServerNALPath", nal_path),
                                      TX_TEXT("SiteCode", site_code) };
        const struct tx_key ledger[] = { all[0], all[2], TX_TEXT("PkgServer", nal_path), TX_NUMBER("Type", 2) };
        const struct tx_key detail[] = { all[0], all[2] };

        tx_touch_where(t, "SMS_PackageStatusDistPointsSummarizer", all, 3);
        tx_touch_where(t, "TM_DistributionCondition", all, 2);
        tx_touch_where(t, "SMS_DistributionPoint", all, 3);
        tx_touch_where(t, "SMS_PackageStatus", ledger, 4);
        tx_touch_where(t, "SMS_PackageStatusDetailSummarizer", detail, 2);
        tx_touch_where(t, "SMS_PackageStatusRootSummarizer", all, 1);
        tx_touch_where(t, "TM_PackageCondition", all, 1);
        tx_touch_where(t, "SMS_ObjectContentInfo", &(struct tx_key)TX_TEXT("ObjectID", package_id), 1);
        touch_status(t, package_id, nal_path);
        tx_touch_where(t, "SMS_DistributionStatus", all, 1);
        tx_touch_where(t, "SMS_DPStatusInfo", &(struct tx_key)TX_TEXT("NALPath", nal_path), 1);
}

void shown_pair(struct tx *t, const struct pkg *p, const struct pair *pair, bool comes_or_goes)
{
        const struct str nal_path = str_of(pair->nal_path);
        const struct tx_key content[] = { TX_TEXT("PackageID", str_of(p->package_id)), TX_TEXT("NALPath", nal_path) };
        const struct tx_key server[] = { content[0], TX_TEXT("ContentServerID", nal_path) };
        const struct tx_key link[] = { content[0], TX_TEXT("ServerNALPath", nal_path) };

        if (comes_or_goes || !tx_fact_pair(t, p->pkg_id, pair->dp_id))
                shown_rows(t, str_of(p->package_id), nal_path, str_of(pair->site_code));
        touch_groups(t, p, pair, true);
        if (!comes_or_goes)
                return;
        tx_touch_where(t, "SMS_DPContentInfo", content, 2);
        tx_touch_where(t, "SMS_PackageContentServerInfo", server, 2);
        tx_touch_where(t, "SMS_PkgToPkgServer_a", link, 2);
        summary_touch(t, p, pair->site_code, true);
}

void shown_site_health(struct tx *t, const char *site_code)
{
        const struct tx_key site = TX_TEXT("SiteCode", str_of(site_code));

        tx_touch_where(t, "SMS_SummarizerStatus", &site, 1);
        tx_touch_where(t, "SMS_SummarizerSiteStatus", &site, 1);
}

void shown_dp(struct tx *t, const struct model_dp *d)
{
        const struct tx_key nal = TX_TEXT("NALPath", str_of(d->nal_path));

        tx_touch_where(t, "SMS_DPStatusInfo", &nal, 1);
        tx_touch_where(t, "SMS_DistributionPointDriveInfo", &nal, 1);
}

void shown_group(struct tx *t, struct str group_id)
{
        tx_touch_where(t, "SMS_DPGroupInfo", &(struct tx_key)TX_TEXT("GroupID", group_id), 1);
}

void shown_group_links(struct tx *t, struct str group_id, const struct model_dp *d, const struct pkg *p)
{
        const struct tx_key group = TX_TEXT("GroupID", group_id);
        const struct tx_key package[] = { TX_TEXT("PackageID", str_of(p ? p->package_id : "")), group };
        const struct tx_key server[] = { package[0], TX_TEXT("ContentServerID", group_id) };

        if (d) {
                tx_touch_where(t, "SMS_DPGroupDistributionStatusDetails",
                               (const struct tx_key[]){ group, TX_TEXT("DPName", str_of(d->name)) }, 2);
                tx_touch_where(t, "SMS_DistributionDPStatus", &(struct tx_key)TX_TEXT("NalPath", str_of(d->nal_path)), 1);
        } else if (p) {
                tx_touch_where(t, "SMS_DPGroupDistributionStatusDetails", package, 2);
                tx_touch_where(t, "SMS_DPGroupContentInfo", package, 2);
                tx_touch_where(t, "SMS_PackageContentServerInfo", server, 2);
                tx_touch_where(t, "SMS_DistributionDPStatus", package, 1);
        } else {
                tx_touch_where(t, "SMS_DPGroupCollections", &group, 1);
                tx_touch_where(t, "SMS_DPGroupDistributionStatusDetails", &group, 1);
                tx_touch_where(t, "SMS_DPGroupContentInfo", &group, 1);
                tx_touch_where(t, "SMS_PackageContentServerInfo", server + 1, 1);
        }
}
