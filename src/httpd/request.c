/* SPDX-License-Identifier: Apache-2.0 */
/* From libmicrohttpd's callbacks to a route's handler, and the life of an exchange. */
#include <errno.h>
#include "httpd/internal.h"
#include "os/os.h"

void httpd_exchange_unref(struct httpd_exchange *x)
{
        if (--x->refs > 0)
                return;
        if (x->response)
                MHD_destroy_response(x->response);
        httpd_direct_free(x);
        buf_fini(&x->body);
        http_exchange_fini(&x->base);
        free(x);
}

void httpd_suspend(struct httpd_exchange *x)
{
        x->suspended = true;
        MHD_suspend_connection(x->c);
        httpd_watch_start(x);
}

void httpd_resume(struct httpd_exchange *x)
{
        if (!x->suspended)
                return;
        x->suspended = false;
        MHD_resume_connection(x->c);
        httpd_kick(x->h);
}

/* "http://host/path" is a request target, too (RFC 9112 3.2.2). */
static struct str origin_form(struct str target)
{
        size_t at = str_starts(target, "http://") ? 7 : str_starts(target, "https://") ? 8 : 0;
        const char *slash = at ? memchr(target.p + at, '/', target.n - at) : NULL;

        return slash ? str_from(target, (size_t)(slash - target.p)) : target;
}

void *httpd_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
        struct httpd *h = cls;
        struct httpd_exchange *x = calloc(1, sizeof(*x));

        h->moved = true;
        if (!x)
                return NULL;
        http_exchange_init(&x->base, &httpd_ops, 0);
        buf_init(&x->body, 0);
        x->target = origin_form(arena_str(&x->base.arena, str_of(uri)));
        x->h = h;
        x->c = c;
        x->refs = 1;
        list_push_back(&h->exchanges, &x->link);
        return x;
}

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct httpd_exchange *x = cls;

        if (http_exchange_add_header(&x->base, str_of(name), value ? str_of(value) : STR("")) < 0) {
                (void)err_set(&x->refusal, ERR_NOMEM, "out of memory for the request's headers");
                return MHD_NO;
        }
        return MHD_YES;
}

static void find_route(struct httpd_exchange *x)
{
        struct http_request *q = &x->base.request;
        struct str path, raw_path;
        bool other_method;
        int r;

        q->raw_query = str_cut(x->target, '?', &raw_path);
        r = http_path_decode(&x->base.arena, raw_path, &path);
        if (r < 0) {
                (void)err_set(&x->refusal, r == -ENOMEM ? ERR_NOMEM : ERR_INVALID,
                              "the request's path is malformed: it must start with \"/\" and hold no \"..\", "
                              "no %%00 and no broken %% escape");
                return;
        }
        q->path = path;
        x->route = http_route_find(x->h->router, q->method, path, &other_method);
        if (x->route)
                return;
        if (other_method) {
                x->allow = http_route_allow(x->h->router, &x->base.arena, path);
                (void)err_set(&x->refusal, ERR_NOT_SUPPORTED, "%.*s is not possible on %.*s", STR_ARG(q->method),
                              (int)MIN(path.n, (size_t)200), path.p);
        } else {
                (void)err_set(&x->refusal, ERR_NOT_FOUND, "there is nothing at %.*s", (int)MIN(path.n, (size_t)200),
                              path.p);
        }
}

static void refuse_large(struct httpd_exchange *x)
{
        (void)err_set(&x->refusal, ERR_TOO_LARGE, "the request's body is larger than the %zu bytes accepted at %s",
                      x->route ? x->route->body_limit : 0, x->route ? x->route->prefix : "this address");
}

static void make_refusal(struct httpd_exchange *x)
{
        x->handed = true;
        x->refs++;
        buf_fini(&x->body);
        if (x->allow) {
                http_reply_header(&x->base, "Allow", x->allow);
                http_reply(&x->base, MHD_HTTP_METHOD_NOT_ALLOWED, "application/json",
                           http_error_body(&x->base.arena, x->refusal.kind, str_of(x->refusal.text)));
        } else {
                http_reply_err(&x->base, &x->refusal);
        }
}

/* The head is complete.  A refused body of bearable size is let in and dropped, so that the answer arrives. */
static enum MHD_Result on_head(struct httpd_exchange *x, const char *method)
{
        struct http_request *q = &x->base.request;
        struct str length;
        uint64_t n = 0;

        x->head_seen = true;
        q->method = arena_str(&x->base.arena, str_of(method));
        q->peer = httpd_peer(x->h, x->c);
        if (!q->peer || !q->method.p || !x->target.p)
                return MHD_NO;
        MHD_get_connection_values(x->c, MHD_HEADER_KIND, take_header, x);
        if (x->refusal.kind == ERR_NONE)
                find_route(x);
        length = http_header(&x->base, "Content-Length");
        if (length.p && str_to_u64(str_trim(length), &n) < 0)
                n = UINT64_MAX;
        if (x->refusal.kind == ERR_NONE && n > x->route->body_limit)
                refuse_large(x);
        if (x->refusal.kind != ERR_NONE && (n > HTTPD_DRAIN || http_header(&x->base, "Expect").p)) {
                make_refusal(x);
                return httpd_queue(x);
        }
        return MHD_YES;
}

static enum MHD_Result on_body(struct httpd_exchange *x, const char *data, size_t *n)
{
        x->body_seen += *n;
        if (x->refusal.kind == ERR_NONE && x->body_seen > x->route->body_limit) {
                refuse_large(x);
                buf_fini(&x->body);
        }
        if (x->refusal.kind == ERR_NONE) {
                buf_add(&x->body, data, *n);
                if (x->body.failed)
                        (void)err_set(&x->refusal, ERR_NOMEM, "out of memory for the request's body");
        } else if (x->body_seen > HTTPD_DRAIN + (x->route ? x->route->body_limit : 0)) {
                return MHD_NO;
        }
        *n = 0;
        return MHD_YES;
}

static void call_route(struct httpd_exchange *x)
{
        if (x->refusal.kind != ERR_NONE) {
                make_refusal(x);
                return;
        }
        x->handed = true;
        x->refs++;
        x->base.request.body = x->body.n ? buf_str(&x->body) : STR("");
        x->route->handle(x->route->ctx, &x->base);
}

enum MHD_Result httpd_access(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_n, void **ctx)
{
        struct httpd *h = cls;
        struct httpd_exchange *x = *ctx;

        h->moved = true;
        if (!x)
                return MHD_NO;          /* out of memory at the request line */
        if (!x->head_seen)
                return on_head(x, method);
        if (*data_n > 0)
                return on_body(x, data, data_n);
        if (!x->handed)
                call_route(x);
        if (x->replied)
                return httpd_queue(x);
        httpd_suspend(x);
        return MHD_YES;
}

void httpd_completed(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why)
{
        struct httpd *h = cls;
        struct httpd_exchange *x = *ctx;

        h->moved = true;
        *ctx = NULL;
        if (!x)
                return;
        httpd_watch_free(x);
        httpd_direct_free(x);
        list_del(&x->link);
        x->c = NULL;
        x->h = NULL;                    /* which may go before x does */
        x->suspended = false;
        x->gone = true;
        if (x->handed && !x->replied)
                http_exchange_tell_gone(&x->base);      /* the handler's reference keeps x, unless it replies now */
        httpd_exchange_unref(x);
}
