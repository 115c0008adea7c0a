/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_package - methods of SMS_Package and SMS_Advertisement
 *
 * Source: Configuration Manager SDK, "AddDistributionPoints", "RefreshPkgSource",
 * "AddChangeNotification", "SetSourceSite", "CheckDuplicateShareName",
 * "CheckDuplicateSourceName" Method in Class SMS_Package, "GetNextID" Method in
 * Class SMS_Advertisement.
 */
#include "provider/private.h"

static int add_one(struct call *c, struct str package, struct str site, struct str nal, struct err *e)
{
        struct model_dp dp;
        int r = provider_dp(c->t->db, nal, &dp, e);

        if (r < 0)
                return r;
        if (!str_eqz_nocase(site, dp.site_code))
                return err_set(e, ERR_INVALID, "distribution point %s belongs to site %s, not to %.*s", dp.name,
                               dp.site_code, (int)MIN(site.n, 20), site.p ? site.p : "");
        return model_assign(c->t, package, dp.dp_id, e);
}

static int add_distribution_points(struct call *c, struct err *e)
{
        const struct cim_value *sites, *nals;
        size_t n_sites, n_nals;

        (void)call_list(c, "SiteCode", &sites, &n_sites);
        (void)call_list(c, "NALPath", &nals, &n_nals);
        if (n_sites != n_nals)
                return err_set(e, ERR_INVALID, "SiteCode has %zu items and NALPath has %zu: they go in parallel", n_sites,
                               n_nals);
        for (size_t i = 0; i < n_nals; i++) {
                int r = add_one(c, self_str(c, "PackageID"), sites[i].s, nals[i].s, e);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int refresh_source(struct call *c, struct err *e)
{
        uint32_t version;

        return model_package_update(c->t, self_str(c, "PackageID"), &version, e);
}

/* The original wakes its Distribution Manager; ours hears of every change by itself, so there is nobody to wake. */
static int add_change_notification(struct call *c, struct err *e)
{
        struct str id;

        return provider_package(c->t->db, self_str(c, "PackageID"), c->a, &id, e);
}

static int set_source_site(struct call *c, struct err *e)
{
        struct str site = call_str(c, "SourceSite"), now = self_str(c, "SourceSite");

        if (str_eq_nocase(site, now))
                return 0;
        return err_set(e, ERR_NOT_SUPPORTED, "package %.*s is owned by site %.*s; moving it to another site is not possible",
                       STR_ARG(self_str(c, "PackageID")), STR_ARG(now));
}

static bool first(void *ctx, struct cim_instance *i)
{
        *(struct cim_instance **)ctx = i;
        return false;
}

/* The first package that fits, as the out parameters of both CheckDuplicate methods. */
static int duplicate(struct call *c, const struct provider_expr *where, struct err *e)
{
        struct provider_query q = { .class = c->class, .where = where };
        struct cim_instance *found = NULL;
        int r = provider_query_run(c->t->db, &q, c->a, first, &found, e);

        if (r < 0)
                return r;
        call_out_i64(c, "IsDuplicated", found != NULL);
        if (found) {
                call_out_str(c, "DupPkgName", cim_get(found, "Name") ? cim_get(found, "Name")->s : STR(""));
                call_out_str(c, "DupPkgID", cim_get(found, "PackageID")->s);
                call_out_i64(c, "DupPkgType", cim_get(found, "PackageType") ? cim_get(found, "PackageType")->i : 0);
        }
        return 0;
}

static int check_share(struct call *c, struct err *e)
{
        struct provider_expr same = provider_text_is(c->class, "ShareName", call_str(c, "ShareName"));
        struct provider_expr other = provider_text_is(c->class, "PackageID", call_str(c, "PackageID"));
        struct provider_expr both = { .node = PROVIDER_AND, .left = &same, .right = &other };

        other.op = PROVIDER_NE;
        return duplicate(c, &both, e);
}

static int check_source(struct call *c, struct err *e)
{
        struct provider_expr same = provider_text_is(c->class, "PkgSourcePath", call_str(c, "SourceName"));
        struct provider_expr site = provider_text_is(c->class, "SourceSite", call_str(c, "SourceSite"));
        struct provider_expr both = { .node = PROVIDER_AND, .left = &same, .right = &site };

        return duplicate(c, &both, e);
}

static int get_next_id(struct call *c, struct err *e)
{
        int64_t next;
        int r = model_advert_next(c->t->db, &next, e);

        if (r == 0)
                call_out_i64(c, "NextID", next);
        return r;
}

const struct provider_method provider_package_methods[] = {
        { "SMS_Package", "AddDistributionPoints", add_distribution_points },
        { "SMS_Package", "RefreshPkgSource", refresh_source },
        { "SMS_Package", "AddChangeNotification", add_change_notification },
        { "SMS_Package", "SetSourceSite", set_source_site },
        { "SMS_Package", "CheckDuplicateShareName", check_share },
        { "SMS_Package", "CheckDuplicateSourceName", check_source },
        { "SMS_Advertisement", "GetNextID", get_next_id },
        { 0 },
};
