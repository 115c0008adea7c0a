/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler's side of an exchange: reads what the server filled in, hands
 * replies to the server's table.
 */
#include <errno.h>
#include "http/server.h"

void http_exchange_init(struct http_exchange *x, const struct http_server_ops *ops, size_t arena_limit)
{
        memset(x, 0, sizeof(*x));
        x->ops = ops;
        arena_init(&x->arena, arena_limit);
        x->request.arena = &x->arena;
}

void http_exchange_fini(struct http_exchange *x)
{
        arena_fini(&x->arena);
}

int http_exchange_add_header(struct http_exchange *x, struct str name, struct str value)
{
        struct http_field *f = arena_alloc(&x->arena, sizeof(*f));
        struct http_field **at = &x->headers;

        if (!f)
                return -ENOMEM;
        f->name = arena_str(&x->arena, name);
        f->value = arena_str(&x->arena, value);
        if (!f->name.p || !f->value.p)
                return -ENOMEM;
        while (*at)             /* in order of arrival; a head holds a dozen */
                at = &(*at)->next;
        *at = f;
        return 0;
}

void http_exchange_tell_gone(struct http_exchange *x)
{
        void (*fn)(void *) = x->gone_fn;

        x->gone_fn = NULL;
        if (fn)
                fn(x->gone_arg);
}

const struct http_request *http_request(struct http_exchange *x)
{
        return &x->request;
}

struct str http_query(struct http_exchange *x, const char *name)
{
        struct str v;

        return http_query_find(&x->arena, x->request.raw_query, name, &v) == 0 ? v : STR_NULL;
}

struct str http_header(struct http_exchange *x, const char *name)
{
        for (const struct http_field *f = x->headers; f; f = f->next)
                if (str_eqz_nocase(f->name, name))
                        return f->value;
        return STR_NULL;
}

void http_reply_header(struct http_exchange *x, const char *name, const char *value)
{
        struct http_field *f = arena_alloc(&x->arena, sizeof(*f));
        char *v;

        if (!f)
                return;
        f->name = arena_str(&x->arena, str_of(name));
        v = arena_strz(&x->arena, value);
        if (!f->name.p || !v)
                return;
        f->value = str_of(v);
        for (; *v; v++)
                if ((unsigned char)*v < 0x20 || *v == 0x7f)
                        *v = '?';
        f->next = x->reply_headers;
        x->reply_headers = f;
}

void http_reply(struct http_exchange *x, int status, const char *type, struct str body)
{
        x->gone_fn = NULL;
        x->ops->reply(x, status, type, body);
}

void http_reply_empty(struct http_exchange *x, int status)
{
        http_reply(x, status, NULL, STR(""));
}

void http_reply_err(struct http_exchange *x, const struct err *e)
{
        struct str body = http_error_body(&x->arena, e->kind, str_of(e->text));

        if (!body.p)
                body = STR("{\"error\":{\"code\":\"OutOfMemory\",\"message\":\"out of memory\"}}");
        http_reply(x, err_http_status(e->kind), "application/json", body);
}

void http_reply_stream(struct http_exchange *x, int status, const char *type, uint64_t size, struct http_stream *s)
{
        x->gone_fn = NULL;
        s->x = x;
        x->ops->stream(x, status, type, size, s);
}

void http_stream_wake(struct http_stream *s)
{
        s->x->ops->wake(s->x);
}

void http_reply_fd(struct http_exchange *x, int status, const char *type, int fd, uint64_t at, uint64_t n)
{
        x->gone_fn = NULL;
        x->ops->fd(x, status, type, fd, at, n);
}

void http_on_gone(struct http_exchange *x, void (*fn)(void *arg), void *arg)
{
        x->gone_fn = fn;
        x->gone_arg = arg;
}
