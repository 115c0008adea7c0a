/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wql - /AdminService/wql: WQL queries for data, streamed page by page
 *
 * As with lists, the first page is read before anything is sent, so that a
 * mistake is an answer with its status, and a page that fails later breaks the
 * connection.  The text is ?query= or a body.
 */
#include "provider/wql.h"
#include "rest/private.h"

struct wql_reply {
        struct http_stream stream;      /* first */
        struct rest_call *call;
        struct provider_wql_request q;
        struct buf out;                 /* to be sent */
        size_t sent;                    /* of out */
        bool reading;                   /* a page is on its way */
        bool gone;                      /* the peer is; free when the page comes */
        bool end, broken;
};

static void page_done(struct provider_wql_request *q);

static void reply_free(struct wql_reply *w)
{
        struct rest_call *c = w->call;

        buf_fini(&w->out);
        free(w);
        rest_call_end(c);
}

/* ?query= or the body. */
static int query_text(struct rest_call *c, struct str *out, struct err *e)
{
        *out = str_eqz(c->rq->method, "POST") && c->rq->body.n ? c->rq->body : http_query(c->x, "query");
        return out->p ? 0 : err_set(e, ERR_INVALID, "no query: give it as ?query= or as the body of a POST");
}

/* ---- pages ---- */

static void read_page(struct wql_reply *w)
{
        w->reading = true;
        provider_wql_submit(w->call->rest->o.provider, &w->q);
}

static ssize_t stream_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct wql_reply *w = container_of(s, struct wql_reply, stream);
        size_t n;

        if (w->sent == w->out.n && !w->end && !w->broken && !w->reading)
                read_page(w);           /* done at once when jobs run inline */
        if (w->broken)
                return HTTP_STREAM_ABORT;
        n = MIN(max, w->out.n - w->sent);
        if (n == 0)
                return w->end ? HTTP_STREAM_END : 0;
        memcpy(p, w->out.p + w->sent, n);
        w->sent += n;
        return (ssize_t)n;
}

static void stream_gone(struct http_stream *s)
{
        struct wql_reply *w = container_of(s, struct wql_reply, stream);

        w->gone = true;
        if (w->reading)
                provider_wql_abandon(&w->q);
        else
                reply_free(w);
}

/* The peer hung up before the answer began. */
static void peer_gone(void *arg)
{
        struct wql_reply *w = arg;

        if (w->reading)
                provider_wql_abandon(&w->q);
}

/* Pages grow, for each one passes over the rows of those before it. */
static void add_page(struct wql_reply *w, const char *before)
{
        struct provider_wql_request *q = &w->q;

        buf_reset(&w->out);
        w->sent = 0;
        buf_addz(&w->out, before);
        buf_adds(&w->out, buf_str(&q->json));
        q->skip += q->n_rows;
        q->page_bytes = MIN(q->page_bytes * 2, (size_t)REST_WQL_PAGE_MAX);
        w->end = !q->more;
        if (w->end)
                buf_addz(&w->out, "]}");
        w->broken = w->out.failed;
}

static void later_page(struct wql_reply *w)
{
        if (w->gone) {
                reply_free(w);
                return;
        }
        if (w->q.r < 0)
                w->broken = true;
        else
                add_page(w, w->q.n_rows ? "," : "");
        http_stream_wake(&w->stream);
}

static void first_page(struct wql_reply *w)
{
        struct rest_call *c = w->call;

        if (w->q.r < 0) {
                if (w->q.why.status)
                        rest_reply_wql_error(c, &w->q.why);
                else
                        rest_reply_err(c, &w->q.err);
                reply_free(w);
                return;
        }
        add_page(w, "{\"value\":[");
        rest_sequence_header(c->x, w->q.seq);
        if (w->end && !w->broken) {
                http_reply(c->x, 200, "application/json", buf_str(&w->out));
                reply_free(w);
                return;
        }
        w->stream = (struct http_stream){ .read = stream_read, .free = stream_gone };
        http_reply_stream(c->x, 200, "application/json", HTTP_SIZE_UNKNOWN, &w->stream);
}

static void page_done(struct provider_wql_request *q)
{
        struct wql_reply *w = q->ctx;
        struct buf json = q->json;

        w->reading = false;
        if (w->stream.read)
                later_page(w);
        else
                first_page(w);
        buf_fini(&json);
}

static void go(struct rest_call *c)
{
        struct wql_reply *w = calloc(1, sizeof *w);
        struct err e = { 0 };
        struct str text;
        int r = w ? query_text(c, &text, &e) : err_set(&e, ERR_NOMEM, "out of memory");

        if (r < 0) {
                free(w);
                rest_call_fail(c, &e);
                return;
        }
        w->call = c;
        w->q = (struct provider_wql_request){ .caller = c->q.caller, .context = c->q.context, .text = text,
                                              .dialect = WQL_DIALECT_EXTENDED,
                                              .page_bytes = c->rest->o.page_bytes ? c->rest->o.page_bytes : 1 << 20,
                                              .done = page_done, .ctx = w };
        buf_init(&w->out, 0);
        http_on_gone(c->x, peer_gone, w);
        read_page(w);
}

void rest_wql(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, go);
}

/* ---- mistakes ---- */

/* WBEM_E_INVALID_QUERY, WBEMESS_E_REGISTRATION_TOO_BROAD: "InvalidQuery", "RegistrationTooBroad". */
static void code_of(const char *name, struct buf *out)
{
        const char *z = strstr(name, "_E_");
        bool up = true;

        for (z = z ? z + 3 : name; *z; z++) {
                if (*z == '_') {
                        up = true;
                        continue;
                }
                buf_addc(out, up || *z < 'A' || *z > 'Z' ? *z : (char)(*z - 'A' + 'a'));
                up = false;
        }
}

static int http_status_of(enum wbem_status s)
{
        switch (s) {
        case WBEM_E_ACCESS_DENIED: return 403;
        case WBEM_E_NOT_FOUND: return 404;
        case WBEM_E_NOT_SUPPORTED: return 501;
        case WBEM_E_OUT_OF_MEMORY: return 503;
        default: return 400;
        }
}

void rest_reply_wql_error(struct rest_call *c, const struct wql_error *why)
{
        struct buf b;

        buf_init(&b, 1 << 20);
        buf_addz(&b, "{\"error\":{\"code\":\"");
        code_of(wbem_name(why->status), &b);
        buf_printf(&b, "\",\"wbem\":\"%s\",\"hresult\":\"0x%08X\",\"column\":%u,\"message\":", wbem_name(why->status),
                   (unsigned)why->status, why->column);
        cim_json_string(&b, str_of(why->text));
        rest_add_extended(c, ERR_NONE, (uint32_t)why->status, str_of(why->text), &b);
        buf_addz(&b, "}}");
        http_reply(c->x, http_status_of(why->status), "application/json", b.failed ? STR("{}") : buf_str(&b));
        buf_fini(&b);
}

/* ---- /AdminService/wql/check ---- */

static int kind_of(struct rest_call *c, enum provider_wql_kind *out, struct err *e)
{
        struct str kind = http_query(c->x, "kind");

        *out = PROVIDER_WQL_ANY;
        if (str_eqz_nocase(kind, "data"))
                *out = PROVIDER_WQL_DATA;
        else if (str_eqz_nocase(kind, "event"))
                *out = PROVIDER_WQL_EVENT;
        else if (kind.n)
                return err_set(e, ERR_INVALID, "kind is data or event, not \"%.*s\"", (int)MIN(kind.n, 40), kind.p);
        return 0;
}

/* One column; in rows of several objects with the name of its object before it. */
static void add_column(const struct wql_binding *w, size_t source, struct str name, const char **comma, struct buf *out)
{
        const struct wql_source *s = &w->query->sources[source];
        struct buf full;

        buf_init(&full, 1024);
        if (w->shape == WQL_SHAPE_GENERIC) {
                buf_adds(&full, s->alias.n ? s->alias : s->class_name);
                buf_addc(&full, '.');
        }
        buf_adds(&full, name);
        buf_addz(out, *comma);
        *comma = ",";
        cim_json_string(out, buf_str(&full));
        buf_fini(&full);
}

static void add_all_of(const struct wql_binding *w, size_t source, const char **comma, struct buf *out)
{
        const struct cim_class *c = w->query->sources[source].class;

        for (size_t i = 0; c && i < c->n_properties; i++)
                add_column(w, source, str_of(c->properties[i].name), comma, out);
}

static void add_item(const struct wql_binding *w, const struct wql_item *item, size_t *n_values, const char **comma,
                     struct buf *out)
{
        const struct wql_name *n = &item->operand.name;

        if (item->kind == WQL_ITEM_STAR_OF) {
                add_all_of(w, n->source, comma, out);
        } else if (item->kind == WQL_ITEM_OPERAND && item->operand.kind == WQL_NAME) {
                add_column(w, n->source, n->type ? str_of(n->type->name) : n->parts[n->n - 1], comma, out);
        } else {
                buf_addz(out, *comma);
                *comma = ",";
                if (item->kind == WQL_ITEM_COUNT)
                        buf_addz(out, "\"Count\"");
                else
                        buf_printf(out, "\"Expr%zu\"", ++*n_values);
        }
}

/* What the list asks for, in its order: the columns of a table. */
static void add_columns(const struct wql_binding *w, struct buf *out)
{
        const struct wql_query *q = w->query;
        const char *comma = "";
        size_t n_values = 0;

        buf_printf(out, ",\"star\":%s,\"columns\":[", q->star ? "true" : "false");
        for (size_t i = 0; q->star && i < q->n_sources; i++)
                add_all_of(w, i, &comma, out);
        for (size_t i = 0; i < q->n_items; i++)
                add_item(w, &q->items[i], &n_values, &comma, out);
        buf_addc(out, ']');
}

static void reply_check(struct rest_call *c, const struct wql_binding *w)
{
        static const char *const shapes[] = { [WQL_SHAPE_CLASS] = "class", [WQL_SHAPE_GENERIC] = "generic",
                                              [WQL_SHAPE_COUNT] = "count" };
        const struct wql_query *q = w->query;
        struct buf b, text;

        buf_init(&b, 0);
        buf_init(&text, 1 << 20);
        wql_print(q, &text);
        buf_printf(&b, "{\"kind\":\"%s\",\"canonical\":", provider_wql_kind_name(q));
        cim_json_string(&b, buf_str(&text));
        if (q->n_sources && q->sources[0].class) {
                buf_addz(&b, ",\"class\":");
                cim_json_string(&b, str_of(q->sources[0].class->name));
        }
        if (q->kind == WQL_DATA) {
                buf_printf(&b, ",\"shape\":\"%s\"", shapes[w->shape]);
                add_columns(w, &b);
        }
        buf_addc(&b, '}');
        buf_fini(&text);
        rest_reply_json(c, 200, &b);
}

static void check(struct rest_call *c)
{
        enum provider_wql_kind kind;
        struct wql_error why = { 0 };
        struct wql_binding *w;
        struct err e = { 0 };
        struct str text;
        int r = query_text(c, &text, &e);

        if (r == 0)
                r = kind_of(c, &kind, &e);
        if (r < 0) {
                rest_call_fail(c, &e);
                return;
        }
        if (provider_wql_check(text, kind, &c->q.arena, &w, &kind, &why) < 0) {
                rest_reply_wql_error(c, &why);
                rest_call_end(c);
                return;
        }
        reply_check(c, w);
}

void rest_wql_check(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, check);
}
