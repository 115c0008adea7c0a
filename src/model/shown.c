/* SPDX-License-Identifier: Apache-2.0 */
/* shown - the touches of the content status classes */
#include "model/shown.h"
#include "model/sql_site.h"

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

static void touch_status(struct tx *t, const struct pkg *p, const struct pair *pair)
{
        const struct tx_key status[] = { TX_TEXT("PackageID", str_of(p->package_id)), TX_TEXT("NalPath", str_of(pair->nal_path)) };
        const struct tx_key details[] = { status[0], TX_TEXT("NALPath", str_of(pair->nal_path)) };

        tx_touch_where(t, "SMS_DistributionDPStatus", status, 2);
        tx_touch_where(t, "SMS_DPStatusDetails", details, 2);
}

void shown_message(struct tx *t, const struct pkg *p, const struct pair *pair)
{
        touch_status(t, p, pair);
        touch_groups(t, p, pair, false);
}

void shown_pair(struct tx *t, const struct pkg *p, const struct pair *pair, bool comes_or_goes)
{
        const struct tx_key content[] = { TX_TEXT("PackageID", str_of(p->package_id)),
                                          TX_TEXT("NALPath", str_of(pair->nal_path)) };
        const struct tx_key server[] = { content[0], TX_TEXT("ContentServerID", str_of(pair->nal_path)) };

        touch_status(t, p, pair);
        touch_groups(t, p, pair, true);
        tx_touch_where(t, "SMS_DistributionStatus", content, 1);
        tx_touch_where(t, "SMS_DPStatusInfo", content + 1, 1);
        if (!comes_or_goes)
                return;
        tx_touch_where(t, "SMS_DPContentInfo", content, 2);
        tx_touch_where(t, "SMS_PackageContentServerInfo", server, 2);
        tx_touch_where(t, "SMS_PkgToPkgServer_a",
                       (const struct tx_key[]){ content[0], TX_TEXT("ServerNALPath", str_of(pair->nal_path)) }, 2);
}

void shown_dp(struct tx *t, const struct model_dp *d)
{
        tx_touch_where(t, "SMS_DPStatusInfo", &(struct tx_key)TX_TEXT("NALPath", str_of(d->nal_path)), 1);
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
