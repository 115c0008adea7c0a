/* SPDX-License-Identifier: Apache-2.0 */
/* httpd over plain HTTP: routes, bodies, errors, kept exchanges. */
#include "harness.h"

struct kept {                           /* what the "/later" handler keeps */
        struct http_exchange *x[600];
        unsigned n;
        unsigned gone;
};
static struct kept kept;

static void echo(void *ctx, struct http_exchange *x)
{
        const struct http_request *q = http_request(x);
        struct str name = http_query(x, "name");

        http_reply_header(x, "X-Path", q->path.p);
        http_reply_header(x, "X-Bad", "a\r\nX-Injected: yes");
        http_reply(x, 200, "text/plain",
                   str_of(arena_printf(q->arena, "%.*s|%.*s|%.*s|%zu|%s", STR_ARG(q->method), STR_ARG(name),
                                       STR_ARG(http_header(x, "x-tAg")), q->body.n,
                                       q->peer->kind == HTTP_PEER_PLAIN ? "plain" : "other")));
}

static void count_gone(void *arg)
{
        unsigned *n = arg;

        ++*n;
}

static void later(void *ctx, struct http_exchange *x)
{
        http_on_gone(x, count_gone, &kept.gone);
        kept.x[kept.n++] = x;
}

static void reply_all(void)
{
        for (unsigned i = 0; i < kept.n; i++)
                http_reply(kept.x[i], 200, "text/plain", STR("at last"));
        kept.n = 0;
}

static void conflict(void *ctx, struct http_exchange *x)
{
        struct err e = { 0 };

        (void)err_set(&e, ERR_CONFLICT, "file \"\xff\x01\" is \\ taken");
        http_reply_err(x, &e);
}

static void empty(void *ctx, struct http_exchange *x)
{
        http_reply_empty(x, 204);
}

static const struct http_route routes[] = {
        { "GET", "/echo", 0, echo, NULL },         { "POST", "/echo", 100000, echo, NULL },
        { "GET", "/tree/", 0, echo, NULL },        { NULL, "/tree/any/", 10, echo, NULL },
        { "GET", "/later", 0, later, NULL },       { "POST", "/later", 1000, later, NULL },
        { "GET", "/fail", 0, conflict, NULL },         { "DELETE", "/empty", 0, empty, NULL },
};

static int setup(void **state)
{
        static struct net n;

        memset(&kept, 0, sizeof(kept));
        net_open(&n, routes, ARRAY_SIZE(routes), NULL, NULL);
        *state = &n;
        return 0;
}

static int teardown(void **state)
{
        net_close(*state);
        return 0;
}

static void test_echo(void **state)
{
        struct answer a = { 0 };

        net_get(*state, &a, "/echo?x=1&name=two%20words");
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "GET|two words||0|plain");
        assert_string_equal(a.content_type, "text/plain");
        answer_fini(&a);
}

static void test_bodies(void **state)
{
        static char big[5 << 20];
        struct answer a = { 0 };

        net_send(*state, &a, "POST", "/echo", (struct str){ big, 100000 });
        assert_string_equal(a.body, "POST|||100000|plain");
        answer_fini(&a);
        /* Past the limit: by a little (read and dropped), by much (cut). */
        net_send(*state, &a, "POST", "/echo", (struct str){ big, 100001 });
        assert_int_equal(a.status, 413);
        assert_non_null(strstr(a.body, "100000 bytes"));
        answer_fini(&a);
        net_send(*state, &a, "POST", "/tree/any/x", (struct str){ big, 200000 });
        assert_int_equal(a.status, 413);
        answer_fini(&a);
        net_send(*state, &a, "POST", "/echo", (struct str){ big, sizeof(big) });
        assert_true(a.status == 413 || a.e.kind == ERR_UNAVAILABLE);
        answer_fini(&a);
        net_get(*state, &a, "/echo");   /* and the server goes on */
        assert_int_equal(a.status, 200);
        answer_fini(&a);
}

static void test_refusals(void **state)
{
        struct answer a = { 0 };

        net_get(*state, &a, "/nowhere");
        assert_int_equal(a.status, 404);
        assert_string_equal(a.content_type, "application/json");
        assert_string_equal(a.body, "{\"error\":{\"code\":\"NotFound\",\"message\":\"there is nothing at /nowhere\"}}");
        answer_fini(&a);
        net_send(*state, &a, "PUT", "/echo", STR("abc"));
        assert_int_equal(a.status, 405);
        assert_non_null(strstr(a.body, "PUT is not possible on /echo"));
        answer_fini(&a);
        net_get(*state, &a, "/tree/%2e%2e/etc");
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        net_get(*state, &a, "/tree/a/../b");
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        net_get(*state, &a, "/fail");
        assert_int_equal(a.status, 409);
        assert_non_null(strstr(a.body, "file \\\"\\ufffd\\u0001\\\" is \\\\ taken"));
        answer_fini(&a);
}

static void test_empty_and_head(void **state)
{
        struct answer a = { 0 };

        net_send(*state, &a, "DELETE", "/empty", STR(""));
        assert_int_equal(a.status, 204);
        assert_int_equal(a.n, 0);
        answer_fini(&a);
        net_send(*state, &a, "HEAD", "/echo", STR(""));
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.status, 200);
        assert_int_equal(a.n, 0);
        answer_fini(&a);
}

static void test_headers(void **state)
{
        struct net *n = *state;
        char url[100];
        const char *headers[] = { "X-Tag: blue", NULL };
        struct answer a = { 0 };
        struct fetch_req r = { .method = "GET", .url = url, .headers = headers, .done = on_answer, .ctx = &a };
        struct err e = { 0 };

        (void)snprintf(url, sizeof(url), "%s/echo", n->base);
        assert_int_equal(fetch_start(&a.f, n->pool, &r, &e), 0);
        net_wait(n, &a.done);
        assert_string_equal(a.body, "GET||blue|0|plain");
        answer_fini(&a);
}

static void test_long_poll(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        net_start(n, &a, "POST", "/later", STR("wait"));
        net_wait_count(n, &kept.n, 1);
        net_spin(n, 3);
        assert_false(a.done);
        reply_all();
        net_wait(n, &a.done);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "at last");
        assert_int_equal(kept.gone, 0);
        answer_fini(&a);
}

static void test_many_suspended(void **state)
{
        enum { MANY = 500 };
        static struct answer a[MANY];
        struct net *n = *state;
        unsigned done = 0;

        for (unsigned i = 0; i < MANY; i++) {
                a[i].count = &done;
                net_start(n, &a[i], "GET", "/later", STR(""));
        }
        net_wait_count(n, &kept.n, MANY);
        assert_int_equal(done, 0);
        reply_all();
        net_wait_count(n, &done, MANY);
        for (unsigned i = 0; i < MANY; i++) {
                assert_int_equal(a[i].status, 200);
                answer_fini(&a[i]);
        }
}

static void test_peer_gone(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        net_start(n, &a, "GET", "/later", STR(""));
        net_wait_count(n, &kept.n, 1);
        fetch_cancel(a.f);
        net_wait_count(n, &kept.gone, 1);
        reply_all();                    /* thrown away; releases the exchange */
        net_spin(n, 5);
        net_get(n, &a, "/echo");
        assert_int_equal(a.status, 200);
        assert_int_equal(kept.gone, 1);
        answer_fini(&a);
}

static void test_free_while_suspended(void **state)
{
        struct net *n = *state;
        struct answer a[3] = { 0 };

        for (unsigned i = 0; i < 3; i++)
                net_start(n, &a[i], "GET", "/later", STR(""));
        net_wait_count(n, &kept.n, 3);
        httpd_free(n->h);
        n->h = NULL;
        assert_int_equal(kept.gone, 3);
        reply_all();
        for (unsigned i = 0; i < 3; i++) {
                net_wait(n, &a[i].done);
                assert_int_equal(a[i].e.kind, ERR_UNAVAILABLE);
                answer_fini(&a[i]);
        }
}

/* Two servers on one loop; a busy port is an error in words. */
static void test_port_taken(void **state)
{
        struct net *n = *state;
        struct httpd_opts o = { .address = "127.0.0.1", .port = httpd_port(n->h), .router = &n->router };
        struct httpd *h;
        struct err e = { 0 };

        assert_true(httpd_new(&h, n->loop, &o, &e) < 0);
        assert_non_null(strstr(e.text, "listen on 127.0.0.1 port "));
        assert_non_null(strstr(e.text, "Address already in use"));
        e = (struct err){ 0 };
        o.address = "not an address";
        assert_true(httpd_new(&h, n->loop, &o, &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_echo, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
                cmocka_unit_test_setup_teardown(test_empty_and_head, setup, teardown),
                cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_long_poll, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many_suspended, setup, teardown),
                cmocka_unit_test_setup_teardown(test_peer_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_free_while_suspended, setup, teardown),
                cmocka_unit_test_setup_teardown(test_port_taken, setup, teardown),
        };

        return cmocka_run_group_tests_name("httpd", tests, NULL, NULL);
}
