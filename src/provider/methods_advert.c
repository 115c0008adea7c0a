/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_advert - methods of SMS_Advertisement
 *
 * Source: Configuration Manager SDK, "GetNextID", "SetNextID", "GetAdvertisements", "SetSourceSite", "Unlock",
 *         "RiskyDeploymentStatusMessage" Method in Class SMS_Advertisement.
 */
#include "provider/private.h"

static int get_next_id(struct call *c, struct err *e)
{
        int64_t next;
        int r = model_advert_next(c->t->db, &next, e);

        if (r == 0)
                call_out_i64(c, "NextID", next);
        return r;
}

static int set_next_id(struct call *c, struct err *e)
{
        const uint32_t next = call_u32(c, "NextID");
        int r = model_advert_set_next(c->t, next, e);

        if (r == 0)
                call_out_i64(c, "NextID", next);
        return r;
}

struct found {
        struct call *c;
        struct cim_value *ids;
        size_t n, room;
        bool full;
};

static bool keep_id(void *ctx, struct cim_instance *i)
{
        struct found *f = ctx;

        if (f->n == f->room) {
                size_t room = f->room ? f->room * 2 : 16;
                struct cim_value *more = arena_array(f->c->a, room, sizeof *more);

                f->full = !more;
                if (!more)
                        return false;
                if (f->n)
                        memcpy(more, f->ids, f->n * sizeof *more);
                f->ids = more;
                f->room = room;
        }
        f->ids[f->n++] = (struct cim_value){ .s = i->values[i->class->keys[0]].s };
        return true;
}

/* The first key of every row of @class where @property is that. */
static int keys_where(struct call *c, const char *class, struct provider_expr (*is)(const struct cim_class *, void *), void *ctx,
                      struct found *out, struct err *e)
{
        struct provider_query q = { .class = provider_class(class) };
        struct provider_expr where = is(q.class, ctx);
        int r;

        q.where = &where;
        out->c = c;
        r = provider_query_run(c->t->db, &q, c->a, keep_id, out, e);
        return r == 0 && out->full ? err_set(e, ERR_NOMEM, "out of memory") : r;
}

static struct provider_expr of_resource(const struct cim_class *class, void *ctx)
{
        return provider_number_is(class, "ResourceID", *(int64_t *)ctx);
}

static struct provider_expr of_collection(const struct cim_class *class, void *ctx)
{
        return provider_text_is(class, "CollectionID", *(struct str *)ctx);
}

static int get_advertisements(struct call *c, struct err *e)
{
        int64_t resource = call_u32(c, "ResourceID");
        struct found in = { 0 }, adverts = { 0 };
        int r = keys_where(c, "SMS_FullCollectionMembership", of_resource, &resource, &in, e);

        for (size_t i = 0; i < in.n && r == 0; i++)
                r = keys_where(c, "SMS_Advertisement", of_collection, &in.ids[i].s, &adverts, e);
        if (r == 0)
                call_out_list(c, "AdvertisementIDs", adverts.ids, adverts.n);
        return r;
}

static int set_source_site(struct call *c, struct err *e)
{
        struct str site = call_str(c, "SourceSite"), now = self_str(c, "SourceSite");

        if (str_eq_nocase(site, now))
                return 0;
        return err_set(e, ERR_NOT_SUPPORTED, "advertisement %.*s is owned by site %.*s; moving it to another site is not possible",
                       STR_ARG(self_str(c, "AdvertisementID")), STR_ARG(now));
}

static int unlock(struct call *c, struct err *e)
{
        return provider_own_site(c, self_str(c, "SourceSite"), e);
}

static int risky_deployment(struct call *c, struct err *e)
{
        const struct cim_value ids[] = { { .i = 400 }, { .i = 401 }, { .i = 402 } };
        const struct cim_value values[] = { { .s = call_str(c, "PackageID") }, { .s = call_str(c, "DeploymentID") },
                                            { .s = call_str(c, "CollectionID") } };
        const struct model_user_status m = {
                .message_id = 39997, .severity = MODEL_STATUS_INFORMATIONAL, .type = 768,
                .component = STR("SMS Provider"), .module = STR("SMS Provider"), .when_us = c->t->now_us,
                .text = str_of(arena_printf(c->a, "%s deploys %.*s to many: collection %.*s.", c->t->actor.who,
                                            (int)MIN(call_str(c, "DeploymentName").n, (size_t)200), call_str(c, "DeploymentName").p,
                                            (int)MIN(call_str(c, "CollectionID").n, (size_t)20), call_str(c, "CollectionID").p)),
                .attributes = ids, .values = values, .n_attributes = ARRAY_SIZE(ids),
        };

        return model_status_user(c->t, &m, e);
}

const struct provider_method provider_advert_methods[] = {
        { "SMS_Advertisement", "GetAdvertisements", get_advertisements },
        { "SMS_Advertisement", "GetNextID", get_next_id },
        { "SMS_Advertisement", "RiskyDeploymentStatusMessage", risky_deployment },
        { "SMS_Advertisement", "SetNextID", set_next_id },
        { "SMS_Advertisement", "SetSourceSite", set_source_site },
        { "SMS_Advertisement", "Unlock", unlock },
        { 0 },
};
