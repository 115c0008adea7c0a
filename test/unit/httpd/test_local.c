/* SPDX-License-Identifier: Apache-2.0 */
/* Local sockets and raw bytes: what no well-behaved client sends. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "harness.h"

static char dir[64], address[100];
static unsigned handled;

static void who(void *ctx, struct http_exchange *x)
{
        const struct http_request *q = http_request(x);

        handled++;
        http_reply(x, 200, "text/plain",
                   str_of(arena_printf(q->arena, "%s %u %lld %.*s", q->peer->kind == HTTP_PEER_UNIX ? "unix" : "?",
                                       (unsigned)q->peer->uid, (long long)q->peer->pid, STR_ARG(q->body))));
}

static const struct http_route routes[] = {
        { "GET", "/who", 0, who, NULL },
        { "POST", "/who", 100, who, NULL },
};

static int setup(void **state)
{
        static struct net n;
        struct httpd_opts o = { .address = address };

        handled = 0;
        (void)snprintf(dir, sizeof(dir), "/tmp/tallyman-local-XXXXXX");
        assert_non_null(mkdtemp(dir));
        (void)snprintf(address, sizeof(address), "unix:%s/sock", dir);
        net_open(&n, routes, ARRAY_SIZE(routes), &o, NULL);
        *state = &n;
        return 0;
}

static int teardown(void **state)
{
        net_close(*state);
        assert_int_equal(access(address + 5, F_OK), -1);        /* httpd_free() took it away */
        return rmdir(dir);
}

static int dial(void)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%.90s", address + 5);
        assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
        return fd;
}

/* Sends, runs the loop until `until` is in the answer or the server closed, gives what came. */
static const char *talk(struct net *n, int fd, const char *say, size_t len, const char *until)
{
        static char got[100000];
        size_t have = 0;

        assert_int_equal(send(fd, say, len, MSG_NOSIGNAL), (ssize_t)len);
        for (unsigned i = 0; i < 20000; i++) {
                ssize_t r;

                net_spin(n, 1);
                r = recv(fd, got + have, sizeof(got) - 1 - have, MSG_DONTWAIT);
                if (r > 0)
                        have += (size_t)r;
                got[have] = '\0';
                if (r == 0 || (r < 0 && errno != EAGAIN) || (until && strstr(got, until)))
                        break;
        }
        return got;
}

static void test_credentials(void **state)
{
        struct stat st;
        char expect[100];
        int fd = dial();
        static const char ask[] = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";

        assert_int_equal(stat(address + 5, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        (void)snprintf(expect, sizeof(expect), "unix %u %lld ", (unsigned)getuid(), (long long)getpid());
        /* Twice on one connection. */
        assert_non_null(strstr(talk(*state, fd, ask, strlen(ask), expect), "200 OK"));
        assert_non_null(strstr(talk(*state, fd, ask, strlen(ask), expect), expect));
        close(fd);
}

static void test_fragments(void **state)
{
        static const char ask[] = "POST /who HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
        const char *got = "";
        int fd = dial();

        for (size_t i = 0; i < sizeof(ask) - 1; i++) {
                assert_int_equal(send(fd, ask + i, 1, MSG_NOSIGNAL), 1);
                net_spin(*state, 2);
        }
        got = talk(*state, fd, "", 0, "abcdefg");
        assert_non_null(strstr(got, "abcdefg"));
        assert_int_equal(handled, 1);
        close(fd);
}

static void test_half_a_request(void **state)
{
        int fd = dial();

        assert_int_equal(send(fd, "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc", 53, MSG_NOSIGNAL), 53);
        net_spin(*state, 20);
        close(fd);
        net_spin(*state, 20);
        assert_int_equal(handled, 0);
}

static void test_chunked_past_the_limit(void **state)
{
        char ask[400];
        int fd = dial();
        int n = snprintf(ask, sizeof(ask), "POST /who HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                           "65\r\n%0101d\r\n0\r\n\r\n", 0);

        assert_non_null(strstr(talk(*state, fd, ask, (size_t)n, "}}"), "413 "));
        assert_int_equal(handled, 0);
        close(fd);
}

static void test_method_tells_what_is_allowed(void **state)
{
        static const char ask[] = "DELETE /who HTTP/1.1\r\nHost: x\r\n\r\n";
        int fd = dial();
        const char *got = talk(*state, fd, ask, strlen(ask), "}}");

        assert_non_null(strstr(got, "405 "));
        assert_non_null(strstr(got, "Allow: GET, HEAD, POST\r\n"));
        close(fd);
}

static void test_expect_is_refused_before_the_body(void **state)
{
        static const char ask[] = "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n";
        int fd = dial();
        const char *got = talk(*state, fd, ask, strlen(ask), "}}");

        assert_non_null(strstr(got, "413 "));
        assert_null(strstr(got, "100 Continue"));
        close(fd);
}

static void test_garbage(void **state)
{
        static const char *const bad[] = {
                "\r\n\r\n\r\n\r\n",
                "GET\r\n\r\n",
                "GET /who HTTP/9.9\r\n\r\n",
                "GET who HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /who HTTP/1.1\r\nHost\r\n\r\n",
                "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "POST /who HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "GET http://x/%%% HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /who%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        };
        static char long_head[70000];

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                int fd = dial();

                (void)talk(*state, fd, bad[i], strlen(bad[i]), "HTTP/1.1 ");
                close(fd);
                net_spin(*state, 3);
        }
        assert_int_equal(handled, 0);
        (void)snprintf(long_head, sizeof(long_head), "GET /who HTTP/1.1\r\nHost: x\r\nX-Long: %065000d\r\n\r\n", 0);
        {
                int fd = dial();

                (void)send(fd, long_head, strlen(long_head), MSG_NOSIGNAL | MSG_DONTWAIT);
                assert_non_null(strstr(talk(*state, fd, "", 0, "HTTP/1.1 "), "431 "));
                close(fd);
        }
        assert_int_equal(handled, 0);
        test_credentials(state);
}

static void test_absolute_target(void **state)
{
        static const char ask[] = "GET http://example.net/who?x=1 HTTP/1.1\r\nHost: example.net\r\n\r\n";
        int fd = dial();

        assert_non_null(strstr(talk(*state, fd, ask, strlen(ask), "unix "), "200 OK"));
        close(fd);
}

static void test_socket_files(void **state)
{
        struct net *n = *state;
        struct httpd_opts o = { .address = address, .router = &n->router };
        char path[120], copy[120];
        struct httpd *h;
        struct err e = { 0 };
        FILE *f;

        /* Served by somebody: here, ourselves. */
        assert_true(httpd_new(&h, n->loop, &o, &e) < 0);
        assert_int_equal(e.kind, ERR_EXISTS);
        /* Left over from a crash. */
        (void)snprintf(path, sizeof(path), "%s/sock", dir);
        (void)snprintf(copy, sizeof(copy), "%s/old", dir);
        assert_int_equal(link(path, copy), 0);
        httpd_free(n->h);
        n->h = NULL;
        assert_int_equal(rename(copy, path), 0);
        e = (struct err){ 0 };
        assert_int_equal(httpd_new(&n->h, n->loop, &o, &e), 0);
        test_credentials(state);
        /* Something else altogether is not touched. */
        (void)snprintf(path, sizeof(path), "unix:%s/file", dir);
        f = fopen(path + 5, "w");
        assert_non_null(f);
        fclose(f);
        o.address = path;
        assert_true(httpd_new(&h, n->loop, &o, &e) < 0);
        assert_non_null(strstr(e.text, "not a socket"));
        assert_int_equal(unlink(path + 5), 0);
        /* Too long a name. */
        e = (struct err){ 0 };
        o.address = "unix:/tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaaaaaaaaaaaaaaaaaaaaaaa";
        assert_true(httpd_new(&h, n->loop, &o, &e) < 0);
        assert_int_equal(e.kind, ERR_TOO_LARGE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_credentials, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fragments, setup, teardown),
                cmocka_unit_test_setup_teardown(test_half_a_request, setup, teardown),
                cmocka_unit_test_setup_teardown(test_chunked_past_the_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_method_tells_what_is_allowed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_expect_is_refused_before_the_body, setup, teardown),
                cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
                cmocka_unit_test_setup_teardown(test_absolute_target, setup, teardown),
                cmocka_unit_test_setup_teardown(test_socket_files, setup, teardown),
        };

        return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
