/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: failures in words, limits, and callbacks that ask for things. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "harness.h"

static char block[1 << 20];
static unsigned requests;
static unsigned ports[8];               /* the client's ports, as the server saw them */

static void large(void *ctx, struct http_exchange *x)
{
        http_reply(x, 200, "application/octet-stream", (struct str){ block, sizeof(block) });
}

static void which(void *ctx, struct http_exchange *x)
{
        const char *colon = strrchr(http_request(x)->peer->address, ':');

        if (requests < ARRAY_SIZE(ports))
                ports[requests] = (unsigned)atoi(colon + 1);
        requests++;
        http_reply(x, 200, "text/plain", http_header(x, "Expect").p ? STR("expect") : STR("ok"));
}

static void redirect(void *ctx, struct http_exchange *x)
{
        http_reply_header(x, "Location", "/which");
        http_reply_empty(x, 302);
}

static const struct http_route routes[] = {
        { "GET", "/large", 0, large, NULL },
        { NULL, "/which", 2 << 20, which, NULL },
        { "GET", "/redirect", 0, redirect, NULL },
};

static int setup(void **state)
{
        static struct net n;
        struct fetch_pool_opts o = { .stall_timeout_s = 1 };

        requests = 0;
        net_open(&n, routes, ARRAY_SIZE(routes), NULL, &o);
        *state = &n;
        return 0;
}

static int teardown(void **state)
{
        net_close(*state);
        return 0;
}

/* A socket that listens and never answers, or (backlog -1) a port on which nobody listens. */
static int mute(char *url, size_t cap, int backlog)
{
        struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(sa);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
        if (backlog >= 0)
                assert_int_equal(listen(fd, backlog), 0);
        (void)snprintf(url, cap, "http://127.0.0.1:%u/", ntohs(sa.sin_port));
        return fd;
}

static void test_refused(void **state)
{
        char url[60], expect[100];
        struct answer a = { 0 };
        int fd = mute(url, sizeof(url), -1);

        net_get(*state, &a, url);
        assert_int_equal(a.e.kind, ERR_UNAVAILABLE);
        (void)snprintf(expect, sizeof(expect), "connect to %.*s: Connection refused", (int)strlen(url) - 8, url + 7);
        assert_string_equal(a.e.text, expect);
        answer_fini(&a);
        close(fd);
}

static void test_stall(void **state)
{
        char url[60];
        struct answer a = { 0 };
        int fd = mute(url, sizeof(url), 5);

        net_get(*state, &a, url);
        assert_int_equal(a.e.kind, ERR_TIMEOUT);
        assert_non_null(strstr(a.e.text, "127.0.0.1:"));
        answer_fini(&a);
        close(fd);
}

static void test_bad_addresses(void **state)
{
        struct net *n = *state;
        static const char *const bad[] = { "file:///etc/passwd", "ftp://127.0.0.1/", "https://127.0.0.1:1/", "gopher:x" };
        struct answer a = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct fetch_req r = { .method = "GET", .url = bad[i], .done = on_answer, .ctx = &a };
                struct err e = { 0 };

                assert_true(fetch_start(&a.f, n->pool, &r, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
        }
        net_get(n, &a, "http://no-such-host.invalid/");
        assert_int_equal(a.e.kind, ERR_UNAVAILABLE);
        assert_non_null(strstr(a.e.text, "no-such-host.invalid"));
        answer_fini(&a);
}

static void test_body_limit(void **state)
{
        struct net *n = *state;
        char url[100];
        struct answer a = { 0 };
        struct fetch_req r = { .method = "GET", .url = url, .done = on_answer, .ctx = &a, .body_limit = sizeof(block) };
        struct err e = { 0 };

        (void)snprintf(url, sizeof(url), "%s/large", n->base);
        assert_int_equal(fetch_start(&a.f, n->pool, &r, &e), 0);
        net_wait(n, &a.done);
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.n, sizeof(block));
        answer_fini(&a);
        r.body_limit--;
        assert_int_equal(fetch_start(&a.f, n->pool, &r, &e), 0);
        net_wait(n, &a.done);
        assert_int_equal(a.e.kind, ERR_TOO_LARGE);
        answer_fini(&a);
}

static void test_kept_connection(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        for (unsigned i = 0; i < 4; i++) {
                net_send(n, &a, i % 2 ? "POST" : "PUT", "/which", (struct str){ block, sizeof(block) });
                assert_string_equal(a.body, "ok");      /* and no Expect before a large body */
                answer_fini(&a);
        }
        for (unsigned i = 1; i < 4; i++)
                assert_int_equal(ports[i], ports[0]);
}

static void test_redirect_is_an_answer(void **state)
{
        struct answer a = { 0 };

        net_get(*state, &a, "/redirect");
        assert_int_equal(a.status, 302);
        assert_int_equal(requests, 0);
        answer_fini(&a);
}

/* Callbacks that cancel, free and start. */
struct asker {
        struct net *n;
        struct fetch *f, *other;
        bool cancel_in_head, cancel_in_data, cancel_other_in_done, free_pool_in_done, again_in_done;
        bool head_seen, data_seen, done;
        struct answer next;
        enum err_kind kind;
        int status;
};

static void ask_head(void *ctx, int status)
{
        struct asker *k = ctx;

        k->head_seen = true;
        if (k->cancel_in_head)
                fetch_cancel(k->f);
}

static bool ask_data(void *ctx, const uint8_t *p, size_t n)
{
        struct asker *k = ctx;

        k->data_seen = true;
        if (k->cancel_in_data)
                fetch_cancel(k->f);
        return true;
}

static void ask_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct asker *k = ctx;

        assert_false(k->done);
        k->done = true;
        k->kind = e->kind;
        k->status = status;
        fetch_cancel(k->f);             /* of itself: harmless by now */
        if (k->cancel_other_in_done)
                fetch_cancel(k->other);
        if (k->again_in_done)
                net_start(k->n, &k->next, "GET", "/which", STR(""));
        if (k->free_pool_in_done) {
                fetch_pool_free(k->n->pool);
                k->n->pool = NULL;
        }
}

static void ask(struct net *n, struct asker *k)
{
        char url[100];
        struct err e = { 0 };
        struct fetch_req r = { .method = "GET", .url = url, .head = ask_head, .data = ask_data, .done = ask_done, .ctx = k };

        k->n = n;
        (void)snprintf(url, sizeof(url), "%s/large", n->base);
        assert_int_equal(fetch_start(&k->f, n->pool, &r, &e), 0);
}

static void test_cancel_in_callbacks(void **state)
{
        struct net *n = *state;
        struct asker head = { .cancel_in_head = true }, data = { .cancel_in_data = true };
        struct answer a = { 0 };

        ask(n, &head);
        net_wait(n, &head.head_seen);
        ask(n, &data);
        net_wait(n, &data.data_seen);
        net_get(n, &a, "/which");
        net_spin(n, 20);
        assert_false(head.done || head.data_seen);
        assert_false(data.done);
        answer_fini(&a);
}

static void test_done_asks(void **state)
{
        struct net *n = *state;
        struct asker k = { .cancel_other_in_done = true, .again_in_done = true };
        struct answer other = { 0 };
        char url[60];
        int fd = mute(url, sizeof(url), 5);

        net_start(n, &other, "GET", url, STR(""));
        k.other = other.f;
        ask(n, &k);
        net_wait(n, &k.next.done);
        assert_true(k.done && k.kind == ERR_NONE && k.status == 200);
        assert_false(other.done);
        assert_string_equal(k.next.body, "ok");
        answer_fini(&k.next);
        close(fd);
}

static void test_pool_freed_in_done(void **state)
{
        struct net *n = *state;
        struct asker k = { .free_pool_in_done = true };
        struct answer other = { 0 };
        char url[60];
        int fd = mute(url, sizeof(url), 5);

        net_start(n, &other, "GET", url, STR(""));
        ask(n, &k);
        net_wait(n, &k.done);
        assert_true(other.done);
        assert_int_equal(other.e.kind, ERR_CANCELLED);
        answer_fini(&other);
        close(fd);
}

static void test_pool_freed(void **state)
{
        struct net *n = *state;
        struct answer a[3] = { 0 };

        for (unsigned i = 0; i < 3; i++)
                net_start(n, &a[i], "GET", "/large", STR(""));
        net_spin(n, 2);
        fetch_pool_free(n->pool);
        n->pool = NULL;
        for (unsigned i = 0; i < 3; i++) {
                assert_true(a[i].done);
                assert_int_equal(a[i].e.kind, ERR_CANCELLED);
                answer_fini(&a[i]);
        }
}

/* A server that says rubbish, or breaks off. */
static void rubbish(struct net *n, const char *says, enum err_kind expect)
{
        char url[60];
        struct answer a = { 0 };
        int ear = mute(url, sizeof(url), 5), fd;

        net_start(n, &a, "GET", url, STR(""));
        while ((fd = accept4(ear, NULL, NULL, SOCK_CLOEXEC)) < 0)
                net_spin(n, 1);
        net_spin(n, 3);
        assert_int_equal(send(fd, says, strlen(says), MSG_NOSIGNAL), (ssize_t)strlen(says));
        shutdown(fd, SHUT_WR);
        net_wait(n, &a.done);
        assert_int_equal(a.e.kind, expect);
        answer_fini(&a);
        close(fd);
        close(ear);
}

static void test_rubbish(void **state)
{
        rubbish(*state, "", ERR_UNAVAILABLE);
        rubbish(*state, "SSH-2.0-OpenSSH_9.2\r\n", ERR_UNAVAILABLE);
        rubbish(*state, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", ERR_UNAVAILABLE);
        rubbish(*state, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123", ERR_UNAVAILABLE);
        rubbish(*state, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", ERR_UNAVAILABLE);
        rubbish(*state, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ERR_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stall, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_addresses, setup, teardown),
                cmocka_unit_test_setup_teardown(test_body_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_kept_connection, setup, teardown),
                cmocka_unit_test_setup_teardown(test_redirect_is_an_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cancel_in_callbacks, setup, teardown),
                cmocka_unit_test_setup_teardown(test_done_asks, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pool_freed_in_done, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pool_freed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rubbish, setup, teardown),
        };

        return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
