/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offers - /offers: what clients of a site may install now, and from where
 *
 * An offer is there when its package is Ready on the site; content URLs are of
 * DPs of that site whose verified report says that they hold the offered
 * version.
 */
#include "provider/view.h"
#include "rest/private.h"

struct offers {
        struct rest_call *call;
        struct db_job job;
        struct buf out;
        struct str site;                /* n 0: all sites */
        struct db_conn *db;
        struct err *e;
        uint64_t n;
        int64_t seq;
        int r;
};

struct holders {
        struct offers *o;
        uint64_t version;
        const char *comma;
};

static struct provider_expr equals(const struct cim_class *c, const char *property, struct cim_value v)
{
        return (struct provider_expr){ .op = PROVIDER_EQ, .property = cim_property_find(c, str_of(property)), .value = v };
}

/* Url of the DP with that NAL path, "" when it has none. */
static bool take_url(void *ctx, struct cim_instance *i)
{
        const struct cim_value *url = cim_get(i, "Url");

        if (url)
                *(struct str *)ctx = url->s;
        return false;
}

static bool add_holder(void *ctx, struct cim_instance *i)
{
        const struct cim_class *c = cim_class_find(STR("TM_DistributionPoint"));
        struct holders *h = ctx;
        struct arena *a = &h->o->call->q.arena;
        const struct cim_value *version = cim_get(i, "SourceVersion");
        struct provider_expr mine = equals(c, "NALPath", *cim_get(i, "ServerNALPath"));
        struct provider_query q = { .class = c, .where = &mine };
        struct str url = STR_NULL, text;

        if (!version || version->u != h->version)
                return true;
        h->o->r = provider_query_run(h->o->db, &q, a, take_url, &url, h->o->e);
        if (h->o->r < 0)
                return false;
        if (url.n == 0)
                return true;
        while (str_ends(url, "/"))
                url.n--;
        text = str_of(arena_printf(a, "%.*s/SMS_DP_SMSPKG$/%.*s/", STR_ARG(url), STR_ARG(cim_get(i, "PackageID")->s)));
        buf_addz(&h->o->out, h->comma);
        cim_json_string(&h->o->out, text);
        h->comma = ",";
        return true;
}

static bool add_offer(void *ctx, struct cim_instance *i)
{
        const struct cim_class *c = cim_class_find(STR("SMS_PackageStatusDistPointsSummarizer"));
        struct offers *o = ctx;
        const struct cim_value *version = cim_get(i, "PackageVersion");
        struct provider_expr package = equals(c, "PackageID", *cim_get(i, "PackageID"));
        struct provider_expr site = equals(c, "SiteCode", *cim_get(i, "SiteCode"));
        struct provider_expr state = equals(c, "State", (struct cim_value){ .i = STATE_INSTALLED });
        struct provider_expr there = { .node = PROVIDER_AND, .left = &package, .right = &site };
        struct provider_expr where = { .node = PROVIDER_AND, .left = &there, .right = &state };
        struct provider_query q = { .class = c, .where = &where };
        struct holders h = { .o = o, .version = version ? version->u : 0, .comma = "" };

        buf_addz(&o->out, o->n++ ? "," : "");
        cim_json_write(i, &o->out);
        o->out.n--;                     /* the instance's closing brace: one more member follows */
        buf_addz(&o->out, ",\"Content\":[");
        if (o->r == 0)
                o->r = provider_query_run(o->db, &q, &o->call->q.arena, add_holder, &h, o->e);
        buf_addz(&o->out, "]}");
        return o->r == 0 && !o->out.failed;
}

static int work(struct db_job *j, struct db_conn *db, struct err *e)
{
        struct offers *o = container_of(j, struct offers, job);
        const struct cim_class *c = cim_class_find(STR("TM_Offer"));
        struct provider_expr site = equals(c, "SiteCode", (struct cim_value){ .s = o->site });
        struct provider_query q = { .class = c, .where = o->site.n ? &site : NULL };
        int r = model_changes_last(db, &o->seq, e);

        if (r == 0)
                r = view_begin(db, &o->call->q.caller, NULL, STR_NULL, e);
        o->db = db;
        o->e = e;
        buf_addz(&o->out, "{\"value\":[");
        if (r == 0)
                r = provider_query_run(db, &q, &o->call->q.arena, add_offer, o, e);
        view_end();
        buf_addz(&o->out, "]}");
        return r < 0 ? r : o->r;
}

static void done(struct db_job *j)
{
        struct offers *o = container_of(j, struct offers, job);
        struct rest_call *c = o->call;

        if (j->r < 0) {
                buf_fini(&o->out);
                rest_call_fail(c, &j->err);
        } else {
                rest_sequence_header(c->x, o->seq);
                rest_reply_json(c, 200, &o->out);
        }
        free(o);
}

static void go(struct rest_call *c)
{
        struct offers *o = calloc(1, sizeof *o);
        struct err e = { 0 };

        if (!o) {
                (void)err_set(&e, ERR_NOMEM, "out of memory");
                rest_call_fail(c, &e);
                return;
        }
        o->call = c;
        o->site = http_query(c->x, "site");
        buf_init(&o->out, 0);
        o->job = (struct db_job){ .work = work, .done = done };
        db_read(c->rest->o.db, &o->job);
}

void rest_offers(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, go);
}
