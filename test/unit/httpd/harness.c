/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void too_long(void *arg)
{
        bool *late = arg;

        *late = true;
}

static void run_guarded(struct net *n, const bool *flag, const unsigned *count, unsigned until)
{
        struct loop_timer *guard;
        bool late = false;

        assert_int_equal(loop_timer_new(&guard, n->loop, too_long, &late), 0);
        loop_timer_start(guard, 30000, 0);
        while (!late && !(flag && *flag) && !(count && *count >= until))
                uv_run(loop_uv(n->loop), UV_RUN_ONCE);
        loop_timer_free(guard);
        assert_false(late);
}

void net_wait(struct net *n, const bool *flag)
{
        run_guarded(n, flag, NULL, 0);
}

void net_wait_count(struct net *n, const unsigned *count, unsigned until)
{
        run_guarded(n, NULL, count, until);
}

void net_spin(struct net *n, unsigned turns)
{
        while (turns-- > 0)
                uv_run(loop_uv(n->loop), UV_RUN_NOWAIT);
}

void net_open(struct net *n, const struct http_route *routes, size_t n_routes, const struct httpd_opts *tls,
              const struct fetch_pool_opts *trust)
{
        struct httpd_opts o = tls ? *tls : (struct httpd_opts){ 0 };
        struct fetch_pool_opts po = trust ? *trust : (struct fetch_pool_opts){ 0 };
        struct err e = { 0 };

        memset(n, 0, sizeof(*n));
        n->router = (struct http_router){ routes, n_routes };
        if (!o.address)
                o.address = "127.0.0.1";
        o.router = &n->router;
        assert_int_equal(loop_new(&n->loop), 0);
        assert_int_equal(httpd_new(&n->h, n->loop, &o, &e), 0);
        assert_int_equal(fetch_pool_new(&n->pool, n->loop, &po, &e), 0);
        (void)snprintf(n->base, sizeof(n->base), "%s://127.0.0.1:%u", o.cert_pem ? "https" : "http", httpd_port(n->h));
}

void net_close(struct net *n)
{
        fetch_pool_free(n->pool);
        httpd_free(n->h);
        loop_free(n->loop);
}

void on_answer(void *ctx, int status, struct str body, const struct err *e)
{
        struct answer *a = ctx;
        struct str type = a->f ? fetch_header(a->f, "Content-Type") : STR_NULL;

        a->done = true;
        a->status = status;
        a->body = str_dup(body.p ? body : STR(""));
        a->n = body.n;
        a->e = *e;
        (void)snprintf(a->content_type, sizeof(a->content_type), "%.*s", STR_ARG(type));
        if (a->count)
                ++*a->count;
}

void answer_fini(struct answer *a)
{
        free(a->body);
        memset(a, 0, sizeof(*a));
}

void net_start(struct net *n, struct answer *a, const char *method, const char *path, struct str body)
{
        char url[400];
        struct err e = { 0 };
        struct fetch_req r = { .method = method, .url = url, .body = body, .done = on_answer, .ctx = a };

        (void)snprintf(url, sizeof(url), "%s%s", path[0] == '/' ? n->base : "", path);
        assert_int_equal(fetch_start(&a->f, n->pool, &r, &e), 0);
}

void net_send(struct net *n, struct answer *a, const char *method, const char *path, struct str body)
{
        net_start(n, a, method, path, body);
        net_wait(n, &a->done);
}

void net_get(struct net *n, struct answer *a, const char *path)
{
        net_send(n, a, "GET", path, STR(""));
}
