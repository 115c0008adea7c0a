/* SPDX-License-Identifier: Apache-2.0 */
/* call - the life of one exchange: memory, replies, errors */
#include <stdio.h>
#include "cim/failure.h"
#include "rest/private.h"

static int read_context(struct rest_call *c, struct err *e)
{
        struct str text = http_header(c->x, "X-Tallyman-Context");

        if (!text.p)
                return 0;
        c->q.context = &c->context;
        return provider_context_parse(text, &c->context, e);
}

void rest_call_begin(struct rest *r, struct http_exchange *x, void (*go)(struct rest_call *c))
{
        struct rest_call *c = calloc(1, sizeof *c);
        struct err e = { 0 };

        if (!c) {
                (void)err_set(&e, ERR_NOMEM, "out of memory");
                http_reply_err(x, &e);
                return;
        }
        c->rest = r;
        c->x = x;
        c->rq = http_request(x);
        c->go = go;
        arena_init(&c->q.arena, 0);
        c->q.ctx = c;
        if (read_context(c, &e) < 0)
                rest_call_fail(c, &e);
        else
                rest_authenticate(c);
}

void rest_call_end(struct rest_call *c)
{
        explicit_bzero(c->password, sizeof c->password);
        arena_fini(&c->q.arena);
        free(c);
}

#define WMI "/AdminService/wmi"

/* The method of IWbemServices that the exchange stands for. NULL: none. */
static const char *operation_of(const struct rest_call *c)
{
        struct str verb = c->rq->method, path = c->rq->path;

        if (str_starts(path, "/AdminService/wql"))
                return "ExecQuery";
        if (str_starts(path, "/AdminService/events"))
                return "ExecNotificationQuery";
        if (!str_starts(path, WMI))
                return NULL;
        if (str_eqz(verb, "GET") || str_eqz(verb, "HEAD"))
                return c->target.keys ? "GetObject" : "CreateInstanceEnum";
        if (str_eqz(verb, "DELETE"))
                return "DeleteInstance";
        return c->target.method ? "ExecMethod" : "PutInstance";
}

/* What it was about: the object's path, else the query, else the class as the URL has it. */
static struct str parameter_of(struct rest_call *c, struct buf *space)
{
        struct str query = http_query(c->x, "query");

        if (c->target.keys && cim_path_format(c->target.keys, space) == 0 && !space->failed)
                return buf_str(space);
        if (query.n)
                return query;
        if (c->target.class)
                return str_of(c->target.class->name);
        return str_starts(c->rq->path, WMI "/") ? str_from(c->rq->path, sizeof(WMI)) : STR_NULL;
}

void rest_add_extended(struct rest_call *c, enum err_kind kind, uint32_t status, struct str text, struct buf *out)
{
        struct cim_failure f = { .status = status, .kind = kind, .operation = operation_of(c), .description = text,
                                 .class = c->target.class };
        size_t before;
        struct buf space;

        buf_init(&space, CIM_PATH_MAX);
        f.parameter = parameter_of(c, &space);
        buf_addz(out, ",\"extendedStatus\":");
        before = out->n;
        cim_failure_json(&f, out);
        if (out->n == before)
                buf_addz(out, "null");
        buf_fini(&space);
}

void rest_reply_err(struct rest_call *c, const struct err *e)
{
        struct buf b;

        buf_init(&b, 64 << 10);
        buf_printf(&b, "{\"error\":{\"code\":\"%s\",\"message\":", err_kind_name(e->kind));
        cim_json_string(&b, str_of(e->text));
        rest_add_extended(c, e->kind, 0, str_of(e->text), &b);
        buf_addz(&b, "}}");
        if (b.failed)
                http_reply_err(c->x, e);
        else
                http_reply(c->x, err_http_status(e->kind), "application/json", buf_str(&b));
        buf_fini(&b);
}

void rest_call_fail(struct rest_call *c, const struct err *e)
{
        rest_reply_err(c, e);
        rest_call_end(c);
}

void rest_reply_json(struct rest_call *c, int status, struct buf *b)
{
        struct err e = { 0 };

        if (b->failed) {
                (void)err_set(&e, ERR_TOO_LARGE, "the answer is too large to be built: ask for less");
                http_reply_err(c->x, &e);
        } else {
                http_reply(c->x, status, "application/json", buf_str(b));
        }
        buf_fini(b);
        rest_call_end(c);
}

void rest_sequence_header(struct http_exchange *x, int64_t seq)
{
        char text[24];

        (void)snprintf(text, sizeof text, "%lld", (long long)seq);
        http_reply_header(x, "X-Tallyman-Sequence", text);
}
