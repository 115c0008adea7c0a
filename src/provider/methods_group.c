/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_group - methods of SMS_DistributionPointGroup
 *
 * Source: Configuration Manager SDK, "AddDistributionPoints",
 * "RemoveDistributionPoints", "AddPackages", "RemovePackages",
 * "ReDistributePackage", "RefreshDPGroup", "AssociateCollections",
 * "DisassociateCollections" Method in Class SMS_DistributionPointGroup.
 */
#include "provider/private.h"

static int members(struct call *c, bool add, bool content, struct err *e)
{
        const struct cim_value *nals;
        size_t n;

        (void)call_list(c, "DPNALPath", &nals, &n);
        for (size_t i = 0; i < n; i++) {
                struct model_dp dp;
                int r = provider_dp(c->t->db, nals[i].s, &dp, e);

                if (r == 0)
                        r = model_group_member(c->t, self_str(c, "GroupID"), dp.dp_id, add, content, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_points(struct call *c, struct err *e)
{
        return members(c, true, call_bool(c, "AddTargetedPackages", false), e);
}

static int remove_points(struct call *c, struct err *e)
{
        return members(c, false, call_bool(c, "RemoveTargetedPackages", false), e);
}

static int packages(struct call *c, bool add, bool remove_from_dps, struct err *e)
{
        const struct cim_value *ids;
        size_t n;

        (void)call_list(c, "PackageIDs", &ids, &n);
        for (size_t i = 0; i < n; i++) {
                struct str id;
                int r = provider_package(c->t->db, ids[i].s, c->a, &id, e);

                if (r == 0)
                        r = model_group_package(c->t, self_str(c, "GroupID"), id, add, remove_from_dps, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_packages(struct call *c, struct err *e)
{
        return packages(c, true, false, e);
}

static int remove_packages(struct call *c, struct err *e)
{
        return packages(c, false, call_bool(c, "RemovePackageFromDPs", true), e);
}

static int collections(struct call *c, bool add, struct err *e)
{
        const struct cim_value *ids;
        size_t n;
        int r = 0;

        (void)call_list(c, "CollectionID", &ids, &n);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = model_group_collection(c->t, self_str(c, "GroupID"), ids[i].null ? STR("") : ids[i].s, add, e);
        return r;
}

static int associate(struct call *c, struct err *e)
{
        return collections(c, true, e);
}

static int disassociate(struct call *c, struct err *e)
{
        return collections(c, false, e);
}

/* ---- content of the members ---- */

struct names {
        struct cim_instance *v[10000];
        size_t n;
        bool full;
};

static bool collect(void *ctx, struct cim_instance *i)
{
        struct names *l = ctx;

        l->full = l->n == ARRAY_SIZE(l->v);
        if (l->full)
                return false;
        l->v[l->n++] = i;
        return true;
}

/* Rows of an association of this group: SMS_DPGroupMembers or SMS_DPGroupPackages. */
static int rows(struct call *c, const char *class, struct names **out, struct err *e)
{
        struct provider_expr mine = provider_text_is(provider_class(class), "GroupID", self_str(c, "GroupID"));
        struct provider_query q = { .class = provider_class(class), .where = &mine };
        int r;

        *out = arena_alloc(c->a, sizeof **out);
        if (!*out)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = provider_query_run(c->t->db, &q, c->a, collect, *out, e);
        if (r == 0 && (*out)->full)
                r = err_set(e, ERR_TOO_LARGE, "the group is too large to be refreshed in one order");
        return r;
}

/* Sent again where it is assigned, assigned where it is not. */
static int resend(struct call *c, struct str package, struct str nal, struct err *e)
{
        struct err absent = { 0 };
        struct model_dp dp;
        int r = provider_dp(c->t->db, nal, &dp, e);

        if (r < 0)
                return r;
        r = model_refresh(c->t, package, dp.dp_id, &absent);
        if (r < 0 && absent.kind == ERR_NOT_FOUND)
                return model_assign(c->t, package, dp.dp_id, e);
        if (r < 0)
                *e = absent;
        return r;
}

static int resend_all(struct call *c, struct str package, const struct names *dps, struct err *e)
{
        for (size_t i = 0; i < dps->n; i++) {
                int r = resend(c, package, cim_get(dps->v[i], "DPNALPath")->s, e);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int redistribute(struct call *c, struct err *e)
{
        struct names *dps;
        struct str id;
        int r = provider_package(c->t->db, call_str(c, "PackageID"), c->a, &id, e);

        if (r == 0)
                r = rows(c, "SMS_DPGroupMembers", &dps, e);
        return r < 0 ? r : resend_all(c, id, dps, e);
}

static int refresh_group(struct call *c, struct err *e)
{
        struct names *dps, *ids;
        int r = rows(c, "SMS_DPGroupMembers", &dps, e);

        if (r == 0)
                r = rows(c, "SMS_DPGroupPackages", &ids, e);
        for (size_t i = 0; r == 0 && i < ids->n; i++)
                r = resend_all(c, cim_get(ids->v[i], "PkgID")->s, dps, e);
        return r;
}

const struct provider_method provider_group_methods[] = {
        { "SMS_DistributionPointGroup", "AddDistributionPoints", add_points },
        { "SMS_DistributionPointGroup", "RemoveDistributionPoints", remove_points },
        { "SMS_DistributionPointGroup", "AddPackages", add_packages },
        { "SMS_DistributionPointGroup", "RemovePackages", remove_packages },
        { "SMS_DistributionPointGroup", "ReDistributePackage", redistribute },
        { "SMS_DistributionPointGroup", "RefreshDPGroup", refresh_group },
        { "SMS_DistributionPointGroup", "AssociateCollections", associate },
        { "SMS_DistributionPointGroup", "DisassociateCollections", disassociate },
        { 0 },
};
