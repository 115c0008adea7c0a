/* SPDX-License-Identifier: Apache-2.0 */
/* rest - the routes and what they share */
#include "rest/private.h"

void rest_livez(void *ctx, struct http_exchange *x)
{
        http_reply(x, 200, "text/plain", STR("ok\n"));
}

void rest_readyz(void *ctx, struct http_exchange *x)
{
        struct rest *r = ctx;
        struct err e = { 0 };

        if (!r->o.ready || r->o.ready(r->o.ctx, &e)) {
                http_reply(x, 200, "text/plain", STR("ready\n"));
                return;
        }
        (void)err_set(&e, ERR_UNAVAILABLE, "not ready");
        http_reply(x, 503, "text/plain", str_of(e.text));
}

static void add_route(struct rest *r, const char *method, const char *prefix, size_t body_limit,
                      void (*handle)(void *ctx, struct http_exchange *x))
{
        r->routes[r->n_routes++] = (struct http_route){ method, prefix, body_limit, handle, r };
}

static void add_routes(struct rest *r)
{
        add_route(r, NULL, "/AdminService/wmi/", REST_BODY_MAX, rest_wmi);
        add_route(r, "GET", "/AdminService/class", 0, rest_classes);
        add_route(r, "GET", "/AdminService/class/", 0, rest_classes);
        add_route(r, "GET", "/AdminService/events", 0, rest_events);
        add_route(r, "GET", "/AdminService/wql", 0, rest_wql);
        add_route(r, "POST", "/AdminService/wql", REST_WQL_TEXT_MAX, rest_wql);
        add_route(r, "GET", "/AdminService/wql/check", 0, rest_wql_check);
        add_route(r, "POST", "/AdminService/wql/check", REST_WQL_TEXT_MAX, rest_wql_check);
        add_route(r, "GET", "/offers", 0, rest_offers);
        add_route(r, "GET", "/livez", 0, rest_livez);
        add_route(r, "GET", "/readyz", 0, rest_readyz);
}

int rest_new(struct rest **out, const struct rest_opts *o, struct err *e)
{
        struct rest *r = calloc(1, sizeof *r);
        int n;

        if (!r)
                return err_set(e, ERR_NOMEM, "out of memory");
        r->o = *o;
        list_init(&r->streams);
        r->gate = gate_new();
        n = r->gate ? workers_new(&r->workers, o->loop, "auth", o->inline_ ? 0 : 1) : -1;
        if (n == 0)
                n = loop_timer_new(&r->keepalive, o->loop, rest_keepalive, r);
        if (n < 0) {
                rest_free(r);
                return err_set(e, ERR_NOMEM, "start the administration service: out of memory or threads");
        }
        add_routes(r);
        *out = r;
        return 0;
}

void rest_free(struct rest *r)
{
        if (!r)
                return;
        if (r->workers)
                workers_free(r->workers);
        loop_timer_free(r->keepalive);
        gate_free(r->gate);
        free(r);
}

const struct http_route *rest_routes(const struct rest *r, size_t *n_out)
{
        *n_out = r->n_routes;
        return r->routes;
}
