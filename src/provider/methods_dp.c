/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_dp - methods of SMS_DistributionPoint, SMS_DistributionPointInfo and SMS_Identification
 *
 * Source: Configuration Manager SDK, "VerifyPackage", "CancelDistribution",
 * "GetChainedPullDPs", "SetDPMaintenanceMode", "GetCurrentUser", "GetFileBinary",
 * "GetProviderVersion", "GetSiteID".
 */
#include "provider/private.h"

static int on_pair(struct call *c, int (*fn)(struct tx *, struct str, int64_t, struct err *), struct err *e)
{
        struct model_dp dp;
        struct str id;
        int r = provider_package(c->t->db, call_str(c, "PackageId"), c->a, &id, e);

        if (r == 0)
                r = provider_dp(c->t->db, call_str(c, "NALPath"), &dp, e);
        return r < 0 ? r : fn(c->t, id, dp.dp_id, e);
}

static int verify_package(struct call *c, struct err *e)
{
        return on_pair(c, model_validate, e);
}

static int cancel_distribution(struct call *c, struct err *e)
{
        return on_pair(c, model_cancel, e);
}

static int set_maintenance(struct call *c, struct err *e)
{
        uint32_t mode = call_u32(c, "Mode");
        struct model_dp dp;
        int r;

        if (mode > 1)
                return err_set(e, ERR_INVALID, "Mode is 1 (maintenance) or 0, not %u", mode);
        r = provider_dp(c->t->db, call_str(c, "NALPath"), &dp, e);
        return r < 0 ? r : model_dp_maintenance(c->t, str_of(dp.name), mode == 1, e);
}

static int current_user(struct call *c, struct err *e)
{
        call_out_str(c, "UserName", str_of(c->t->actor.who));
        return 0;
}

static int version(struct call *c, struct err *e)
{
        call_out_str(c, "VersionString", str_of(TALLYMAN_VERSION));
        return 0;
}

/* The original hands out files of its console; a site without one has none. */
static int get_file_binary(struct call *c, struct err *e)
{
        const struct str name = call_str(c, "FileName");

        return err_set(e, ERR_NOT_FOUND, "this site hands out no file \"%.*s\"", (int)MIN(name.n, (size_t)200),
                       name.p ? name.p : "");
}

/* Which DPs pull from this one: none do, every DP is served by the site itself. */
static int chained_pull_dps(struct call *c, struct err *e)
{
        struct cim_value *none = arena_array(c->a, 1, sizeof *none);
        struct model_dp dp;
        int r = provider_dp(c->t->db, call_str(c, "SourceDPNALPath"), &dp, e);

        if (r == 0 && !none)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r == 0)
                call_out_list(c, "ChainedDPs", none, 0);
        return r;
}

static bool site_id(void *ctx, struct cim_instance *i)
{
        *(struct str *)ctx = cim_get(i, "ThisSiteCode")->s;
        return false;
}

static int get_site_id(struct call *c, struct err *e)
{
        struct provider_query q = { .class = c->class };
        struct str id = STR_NULL;
        int r = provider_query_run(c->t->db, &q, c->a, site_id, &id, e);

        call_out_str(c, "SiteID", id);
        return r;
}

const struct provider_method provider_dp_methods[] = {
        { "SMS_DistributionPoint", "VerifyPackage", verify_package },
        { "SMS_DistributionPoint", "CancelDistribution", cancel_distribution },
        { "SMS_DistributionPointInfo", "SetDPMaintenanceMode", set_maintenance },
        { "SMS_DistributionPointInfo", "GetChainedPullDPs", chained_pull_dps },
        { "SMS_Identification", "GetCurrentUser", current_user },
        { "SMS_Identification", "GetFileBinary", get_file_binary },
        { "SMS_Identification", "GetProviderVersion", version },
        { "SMS_Identification", "GetSiteID", get_site_id },
        { 0 },
};
