/* SPDX-License-Identifier: Apache-2.0 */
/* methods_site - TM_Site: distribution points and their tokens, members of collections */
#include "provider/private.h"

/* A one-time token: its text goes to the caller, its hash into the database, and neither into a log. */
static int new_token(struct call *c, struct str name, struct hash_id *hash, int64_t *expires_us, struct err *e)
{
        const struct site_actions *a = c->p ? c->p->actions : NULL;
        struct str token;
        int r;

        if (!a || !a->new_token)
                return err_set(e, ERR_UNAVAILABLE, "the site's authority is not there yet: try again");
        r = a->new_token(a->ctx, name, c->a, &token, hash, expires_us, e);
        if (r == 0)
                call_out_str(c, "Token", token);
        return r;
}

static int add_dp(struct call *c, struct err *e)
{
        struct model_dp_new in = { .name = call_str(c, "Name"), .site_code = call_str(c, "SiteCode"),
                                   .url = call_str(c, "Url"), .description = call_str(c, "Description") };
        struct hash_id hash;
        int64_t expires_us;
        struct str nal;
        int r = new_token(c, in.name, &hash, &expires_us, e);

        if (r == 0)
                r = model_dp_create(c->t, &in, &hash, expires_us, &nal, e);
        if (r == 0)
                call_out_str(c, "NALPath", nal);
        return r;
}

static int new_enrolment_token(struct call *c, struct err *e)
{
        struct hash_id hash;
        struct model_dp dp;
        int64_t expires_us;
        int r = provider_dp(c->t->db, call_str(c, "Name"), &dp, e);

        if (r == 0)
                r = new_token(c, str_of(dp.name), &hash, &expires_us, e);
        return r < 0 ? r : model_dp_token(c->t, str_of(dp.name), &hash, expires_us, e);
}

static int remove_dp(struct call *c, struct err *e)
{
        struct model_dp dp;
        int r = provider_dp(c->t->db, call_str(c, "Name"), &dp, e);

        return r < 0 ? r : model_dp_delete(c->t, str_of(dp.name), call_bool(c, "Force", false), e);
}

static int set_maintenance(struct call *c, struct err *e)
{
        struct model_dp dp;
        int r = provider_dp(c->t->db, call_str(c, "Name"), &dp, e);

        return r < 0 ? r : model_dp_maintenance(c->t, str_of(dp.name), call_bool(c, "On", false), e);
}

static int add_member(struct call *c, struct err *e)
{
        return model_collection_member(c->t, call_str(c, "CollectionID"), call_str(c, "Name"), true, e);
}

static int remove_member(struct call *c, struct err *e)
{
        return model_collection_member(c->t, call_str(c, "CollectionID"), call_str(c, "Name"), false, e);
}

const struct provider_method provider_site_methods[] = {
        { "TM_Site", "AddDistributionPoint", add_dp },
        { "TM_Site", "NewEnrolmentToken", new_enrolment_token },
        { "TM_Site", "RemoveDistributionPoint", remove_dp },
        { "TM_Site", "SetMaintenance", set_maintenance },
        { "TM_Site", "AddCollectionMember", add_member },
        { "TM_Site", "RemoveCollectionMember", remove_member },
        { 0 },
};
