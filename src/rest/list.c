/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - GET of a class: {"value":[...]}, streamed page by page
 *
 * The first page is read before anything is sent, so an error is an answer with
 * its status.  What fits in it is sent at once; else the rest is read while the
 * peer takes what there is, one page in memory at a time.  A page that fails
 * later breaks the connection, for half a list must not look whole.
 */
#include "rest/private.h"

struct list_reply {
        struct http_stream stream;      /* first */
        struct rest_call *call;
        struct buf out;                 /* to be sent */
        size_t sent;                    /* of out */
        uint64_t left;                  /* of $top; UINT64_MAX: no limit */
        bool reading;                   /* a page is on its way */
        bool gone;                      /* the peer is; free when the page comes */
        bool end, broken;
};

static void page_done(struct provider_request *q);

static void list_free(struct list_reply *l)
{
        struct rest_call *c = l->call;

        buf_fini(&l->out);
        free(l);
        rest_call_end(c);
}

/* ---- options ---- */

static int number_option(struct rest_call *c, const char *name, uint64_t *out, struct err *e)
{
        struct str text = http_query(c->x, name);

        *out = 0;
        if (!text.p)
                return 0;
        if (str_to_u64(text, out) < 0)
                return err_set(e, ERR_INVALID, "%s wants a number, not \"%.*s\"", name, (int)MIN(text.n, 40), text.p);
        return 0;
}

/* What we do not do must not look as if it had been done. */
static int check_options(struct rest_call *c, struct err *e)
{
        static const char *const known[] = { "$filter", "$top", "$skip", "$orderby", "$select", "$format" };
        struct str rest = c->rq->raw_query, item, raw, name;

        while (rest.n > 0) {
                size_t i = 0;

                rest = str_cut(rest, '&', &item);
                (void)str_cut(item, '=', &raw);
                if (http_unescape(&c->q.arena, raw, true, &name) < 0)
                        return err_set(e, ERR_INVALID, "the query of the URL is badly escaped");
                if (!str_starts(name, "$"))
                        continue;
                while (i < ARRAY_SIZE(known) && !str_eqz(name, known[i]))
                        i++;
                if (i == ARRAY_SIZE(known))
                        return err_set(e, ERR_NOT_SUPPORTED, "the query option %.*s is not supported",
                                       (int)MIN(name.n, 40), name.p);
        }
        return 0;
}

static int read_options(struct rest_call *c, struct err *e)
{
        struct provider_query *q = &c->q.query;
        struct str filter = http_query(c->x, "$filter"), order = http_query(c->x, "$orderby"),
                   select = http_query(c->x, "$select");
        int r = check_options(c, e);

        q->class = c->target.class;
        if (r == 0 && filter.p)
                r = filter_parse(q->class, filter, &c->q.arena, &q->where, e);
        if (r == 0 && order.p)
                r = filter_order(order, q, e);
        if (r == 0 && select.p)
                r = filter_select(q->class, select, &c->q.arena, &c->q.only, e);
        if (r == 0)
                r = number_option(c, "$top", &q->top, e);
        if (r == 0)
                r = number_option(c, "$skip", &q->skip, e);
        return r;
}

/* ---- pages ---- */

static void read_page(struct list_reply *l)
{
        struct provider_request *q = &l->call->q;

        l->reading = true;
        q->op = PROVIDER_QUERY;
        q->class = l->call->target.class;
        q->done = page_done;
        q->page_bytes = l->call->rest->o.page_bytes;
        q->n_rows = 0;
        q->more = false;
        provider_submit(l->call->rest->o.provider, q);
}

/* Behind the last row: by its keys, or by counting when the order is the caller's. */
static void advance(struct list_reply *l)
{
        struct provider_request *q = &l->call->q;

        if (q->query.n_order) {
                q->query.skip += q->n_rows;
        } else {
                q->query.skip = 0;
                q->query.after = q->last;
        }
        if (l->left != UINT64_MAX) {
                l->left -= MIN(l->left, q->n_rows);
                q->query.top = l->left;
                q->more = q->more && l->left > 0;
        }
}

static ssize_t list_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct list_reply *l = container_of(s, struct list_reply, stream);
        size_t n;

        if (l->sent == l->out.n && !l->end && !l->broken && !l->reading)
                read_page(l);           /* done at once when jobs run inline */
        if (l->broken)
                return HTTP_STREAM_ABORT;
        n = MIN(max, l->out.n - l->sent);
        if (n == 0)
                return l->end ? HTTP_STREAM_END : 0;
        memcpy(p, l->out.p + l->sent, n);
        l->sent += n;
        return (ssize_t)n;
}

static void list_gone(struct http_stream *s)
{
        struct list_reply *l = container_of(s, struct list_reply, stream);

        l->gone = true;
        if (l->reading)
                provider_abandon(&l->call->q);
        else
                list_free(l);
}

/* The peer hung up before the answer began. */
static void peer_gone(void *arg)
{
        struct list_reply *l = arg;

        if (l->reading)
                provider_abandon(&l->call->q);
}

static void add_page(struct list_reply *l, const char *before)
{
        struct provider_request *q = &l->call->q;

        buf_reset(&l->out);
        l->sent = 0;
        buf_addz(&l->out, before);
        buf_adds(&l->out, buf_str(&q->json));
        buf_fini(&q->json);
        advance(l);
        l->end = !q->more;
        if (l->end)
                buf_addz(&l->out, "]}");
        l->broken = l->out.failed;
}

static void later_page(struct list_reply *l)
{
        struct provider_request *q = &l->call->q;

        if (l->gone) {
                buf_fini(&q->json);
                list_free(l);
                return;
        }
        if (q->r < 0)
                l->broken = true;
        else
                add_page(l, q->n_rows ? "," : "");
        if (l->broken)
                buf_fini(&q->json);
        http_stream_wake(&l->stream);
}

static void first_page(struct list_reply *l)
{
        struct rest_call *c = l->call;

        if (c->q.r < 0) {
                rest_reply_err(c, &c->q.err);
                buf_fini(&c->q.json);
                list_free(l);
                return;
        }
        add_page(l, "{\"value\":[");
        rest_sequence_header(c->x, c->q.seq);
        if (l->end && !l->broken) {
                http_reply(c->x, 200, "application/json", buf_str(&l->out));
                list_free(l);
                return;
        }
        l->stream = (struct http_stream){ .read = list_read, .free = list_gone };
        http_reply_stream(c->x, 200, "application/json", HTTP_SIZE_UNKNOWN, &l->stream);
}

static void page_done(struct provider_request *q)
{
        struct rest_call *c = q->ctx;
        struct list_reply *l = c->list;

        l->reading = false;
        if (l->stream.read)
                later_page(l);
        else
                first_page(l);
}

void rest_list(struct rest_call *c)
{
        struct list_reply *l = calloc(1, sizeof *l);
        struct err e = { 0 };
        int r = l ? read_options(c, &e) : err_set(&e, ERR_NOMEM, "out of memory");

        if (r < 0) {
                free(l);
                rest_call_fail(c, &e);
                return;
        }
        l->call = c;
        c->list = l;
        l->left = c->q.query.top ? c->q.query.top : UINT64_MAX;
        buf_init(&l->out, 0);
        http_on_gone(c->x, peer_gone, l);
        read_page(l);
}
