/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_package - methods of SMS_Package
 *
 * Source: Configuration Manager SDK, "AddDistributionPoints", "RefreshPkgSource",
 * "AddChangeNotification", "SetSourceSite", "CheckDuplicateShareName",
 * "CheckDuplicateSourceName", "CheckPackageShareForTaskSequenceDeployment",
 * "Unlock" Method in Class SMS_Package.
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

/* Task sequences are not deployed here, so none can be invalid. */
static int check_share_for_task_sequences(struct call *c, struct err *e)
{
        struct cim_value *none = arena_array(c->a, 1, sizeof *none);
        struct str id;
        int r = provider_package(c->t->db, call_str(c, "PackageID"), c->a, &id, e);

        if (r == 0 && !none)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r < 0)
                return r;
        call_out_i64(c, "IsValid", 1);
        call_out_list(c, "InvalidTaskSequenceDeploymentIDs", none, 0);
        call_out_list(c, "InvalidTaskSequenceDeploymentNames", none, 0);
        return 0;
}

static bool site_code(void *ctx, struct cim_instance *i)
{
        *(struct str *)ctx = cim_get(i, "SiteCode")->s;
        return false;
}

int provider_own_site(struct call *c, struct str code, struct err *e)
{
        struct provider_query q = { .class = provider_class("TM_Site") };
        struct str own = STR_NULL;
        int r = provider_query_run(c->t->db, &q, c->a, site_code, &own, e);

        if (r < 0 || str_eq_nocase(code, own))
                return r;
        return err_set(e, ERR_NOT_SUPPORTED, "it is owned by site %.*s; only that site can give it away", STR_ARG(code));
}

static int unlock(struct call *c, struct err *e)
{
        return provider_own_site(c, self_str(c, "SourceSite"), e);
}

const struct provider_method provider_package_methods[] = {
        { "SMS_Package", "AddDistributionPoints", add_distribution_points },
        { "SMS_Package", "RefreshPkgSource", refresh_source },
        { "SMS_Package", "AddChangeNotification", add_change_notification },
        { "SMS_Package", "SetSourceSite", set_source_site },
        { "SMS_Package", "CheckDuplicateShareName", check_share },
        { "SMS_Package", "CheckDuplicateSourceName", check_source },
        { "SMS_Package", "CheckPackageShareForTaskSequenceDeployment", check_share_for_task_sequences },
        { "SMS_Package", "Unlock", unlock },
        { 0 },
};
