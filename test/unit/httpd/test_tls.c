/* SPDX-License-Identifier: Apache-2.0 */
/* TLS and mutual TLS: who gets in, who does not, and in which words. */
#include <errno.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "auth/pki.h"
#include "harness.h"
#include "os/os.h"

static struct pki_pair ca, other_ca, server, client, stranger;
static char dir[64];

static char *file_of(const char *name, const char *text)
{
        static char path[4][128];
        static unsigned next;
        char *p = path[next++ % 4];
        struct err e = { 0 };

        (void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
        assert_int_equal(os_write_file(AT_FDCWD, p, text, strlen(text), 0600, &e), 0);
        return p;
}

static void issue_client(struct pki_pair *out, const struct pki_pair *by)
{
        char *csr;
        struct err e = { 0 };

        assert_int_equal(pki_make_csr(&out->key_pem, &csr, "DP1", NULL, &e), 0);
        assert_int_equal(pki_issue_dp(&out->cert_pem, by, str_of(csr), "DP1", &e), 0);
        free(csr);
}

static int group_setup(void **state)
{
        const char *names[] = { "localhost", "127.0.0.1", NULL };
        struct err e = { 0 };

        (void)snprintf(dir, sizeof(dir), "/tmp/tallyman-tls-XXXXXX");
        assert_non_null(mkdtemp(dir));
        assert_int_equal(pki_make_ca(&ca, "Tallyman site P01", &e), 0);
        assert_int_equal(pki_make_ca(&other_ca, "Tallyman site P01", &e), 0);
        assert_int_equal(pki_issue_server(&server, &ca, names, &e), 0);
        issue_client(&client, &ca);
        issue_client(&stranger, &other_ca);
        return 0;
}

static int group_teardown(void **state)
{
        static const char *const names[] = { "ca.pem", "other.pem", "client.pem", "client.key", "stranger.pem" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                (void)unlink(file_of(names[i], ""));
        pki_pair_fini(&ca);
        pki_pair_fini(&other_ca);
        pki_pair_fini(&server);
        pki_pair_fini(&client);
        pki_pair_fini(&stranger);
        return rmdir(dir);
}

/* What the DP wire's handlers do: let in who has a certificate of ours. */
static void who(void *ctx, struct http_exchange *x)
{
        char cn[70];
        struct err e = { 0 };

        assert_int_equal(http_request(x)->peer->kind, HTTP_PEER_TLS);
        if (pki_check_client(ca.cert_pem, http_request(x)->peer->cert_der, cn, sizeof(cn), &e) < 0)
                http_reply_err(x, &e);
        else
                http_reply(x, 200, "text/plain", str_of(cn));
}

static void upload(void *ctx, struct http_exchange *x)
{
        http_reply(x, 200, "text/plain", str_of(arena_printf(http_request(x)->arena, "%zu", http_request(x)->body.n)));
}

static void big_file(void *ctx, struct http_exchange *x)
{
        FILE *f = tmpfile();
        int fd;

        assert_non_null(f);
        for (unsigned i = 0; i < 3000000; i++)
                putc((int)(i * 7 & 0xff), f);
        fflush(f);
        fd = dup(fileno(f));
        fclose(f);
        http_reply_fd(x, 200, "application/octet-stream", fd, 1, 2999999);
}

static const struct http_route routes[] = {
        { "GET", "/who", 0, who, NULL },
        { "GET", "/file", 0, big_file, NULL },
        { "POST", "/upload", 8 << 20, upload, NULL },
};

static void open_net(struct net *n, const struct pki_pair *mine, const char *trust)
{
        struct httpd_opts o = { .cert_pem = server.cert_pem, .key_pem = server.key_pem, .client_ca_pem = ca.cert_pem };
        struct fetch_pool_opts p = { .ca_file = file_of("ca.pem", trust) };

        if (mine) {
                p.cert_file = file_of("client.pem", mine->cert_pem);
                p.key_file = file_of("client.key", mine->key_pem);
        }
        net_open(n, routes, ARRAY_SIZE(routes), &o, &p);
}

static void test_right_certificate(void **state)
{
        static char body[3 << 20];
        struct net n;
        struct answer a = { 0 };

        open_net(&n, &client, ca.cert_pem);
        for (unsigned i = 0; i < 3; i++) {      /* the second and third on the kept connection */
                net_get(&n, &a, "/who");
                assert_int_equal(a.e.kind, ERR_NONE);
                assert_int_equal(a.status, 200);
                assert_string_equal(a.body, "DP1");
                answer_fini(&a);
        }
        net_get(&n, &a, "/file");
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.n, 2999999);
        for (unsigned i = 0; i < a.n; i++)
                if ((uint8_t)a.body[i] != ((i + 1) * 7 & 0xff))
                        assert_int_equal(i, -1);
        answer_fini(&a);
        net_send(&n, &a, "POST", "/upload", (struct str){ body, sizeof(body) });
        assert_string_equal(a.body, "3145728");
        answer_fini(&a);
        net_close(&n);
}

static void test_strangers_certificate(void **state)
{
        struct net n;
        struct answer a = { 0 };

        open_net(&n, &stranger, ca.cert_pem);
        net_get(&n, &a, "/who");
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.status, 403);
        assert_non_null(strstr(a.body, "not issued by this site's authority"));
        answer_fini(&a);
        net_close(&n);
}

static void test_no_certificate(void **state)
{
        struct net n;
        struct answer a = { 0 };

        open_net(&n, NULL, ca.cert_pem);
        net_get(&n, &a, "/who");
        assert_int_equal(a.status, 403);
        assert_non_null(strstr(a.body, "no client certificate"));
        answer_fini(&a);
        net_close(&n);
}

static void test_wrong_server(void **state)
{
        struct net n;
        struct answer a = { 0 };

        open_net(&n, &client, other_ca.cert_pem);
        net_get(&n, &a, "/who");
        assert_int_equal(a.e.kind, ERR_DENIED);
        assert_non_null(strstr(a.e.text, "the certificate of 127.0.0.1:"));
        answer_fini(&a);
        net_close(&n);
}

static void test_wrong_name(void **state)
{
        struct net n;
        char url[100];
        struct answer a = { 0 };

        open_net(&n, &client, ca.cert_pem);
        (void)snprintf(url, sizeof(url), "https://127.0.0.2:%u/who", httpd_port(n.h));
        httpd_free(n.h);                /* once more, where 127.0.0.2 reaches it */
        n.h = NULL;
        {
                struct httpd_opts o = { .address = "127.0.0.2", .cert_pem = server.cert_pem, .key_pem = server.key_pem,
                                        .router = &n.router };
                struct err e = { 0 };

                assert_int_equal(httpd_new(&n.h, n.loop, &o, &e), 0);
                (void)snprintf(url, sizeof(url), "https://127.0.0.2:%u/who", httpd_port(n.h));
        }
        net_get(&n, &a, url);
        assert_int_equal(a.e.kind, ERR_DENIED);
        assert_non_null(strstr(a.e.text, "127.0.0.2"));
        answer_fini(&a);
        net_close(&n);
}

static int64_t shift_s;

static int shifted_clock(clockid_t id, struct timespec *ts)
{
        int r = os_real.clock_gettime(id, ts);

        if (id == CLOCK_REALTIME)
                ts->tv_sec += shift_s;
        return r;
}

/* The site's clock was ahead when it issued its certificate, or far behind. */
static void dated_server(int64_t by_s, const char *says)
{
        const char *names[] = { "127.0.0.1", NULL };
        struct pki_pair dated_ca, dated;
        struct httpd_opts o = { 0 };
        struct fetch_pool_opts p = { 0 };
        struct net n;
        struct answer a = { 0 };
        struct err e = { 0 };

        shift_s = -40 * 86400;          /* the authority itself is good */
        os.clock_gettime = shifted_clock;
        assert_int_equal(pki_make_ca(&dated_ca, "Tallyman site P02", &e), 0);
        shift_s = by_s;
        assert_int_equal(pki_issue_server(&dated, &dated_ca, names, &e), 0);
        os = os_real;
        o.cert_pem = dated.cert_pem;
        o.key_pem = dated.key_pem;
        p.ca_file = file_of("other.pem", dated_ca.cert_pem);
        net_open(&n, routes, ARRAY_SIZE(routes), &o, &p);
        net_get(&n, &a, "/who");
        assert_int_equal(a.e.kind, ERR_DENIED);
        assert_non_null(strstr(a.e.text, says));
        assert_non_null(strstr(a.e.text, "clock right?"));
        answer_fini(&a);
        net_close(&n);
        pki_pair_fini(&dated);
        pki_pair_fini(&dated_ca);
}

static void test_dates(void **state)
{
        dated_server(10 * 86400, "is not yet valid");
        dated_server(-3 * 365 * 86400, "has expired");
}

static void test_not_tls(void **state)
{
        struct net n;
        struct answer a = { 0 };
        char url[100];
        struct fetch_pool_opts p = { .ca_file = file_of("ca.pem", ca.cert_pem) };

        net_open(&n, routes, ARRAY_SIZE(routes), NULL, &p);
        (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/who", httpd_port(n.h));
        net_get(&n, &a, url);
        assert_int_equal(a.e.kind, ERR_UNAVAILABLE);
        assert_non_null(strstr(a.e.text, "TLS with 127.0.0.1:"));
        answer_fini(&a);
        net_close(&n);
}

/* A peer that stops in the middle of its greeting must not keep the loop busy. */
static void test_stalled_handshake(void **state)
{
        struct net n;
        struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct answer a = { 0 };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        open_net(&n, &client, ca.cert_pem);
        sa.sin_port = htons(httpd_port(n.h));
        assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
        net_spin(&n, 10);
        assert_int_equal(send(fd, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9, MSG_NOSIGNAL), 9);
        net_spin(&n, 30);
        assert_int_not_equal(uv_backend_timeout(loop_uv(n.loop)), 0);   /* the loop would sleep */
        net_get(&n, &a, "/who");
        assert_string_equal(a.body, "DP1");
        answer_fini(&a);
        close(fd);
        net_close(&n);
}

static void test_insecure_fetch_of_the_authority(void **state)
{
        struct httpd_opts o = { .cert_pem = server.cert_pem, .key_pem = server.key_pem, .client_ca_pem = ca.cert_pem };
        struct fetch_pool_opts p = { .insecure = true };
        struct net n;
        struct answer a = { 0 };

        net_open(&n, routes, ARRAY_SIZE(routes), &o, &p);
        net_get(&n, &a, "/who");
        assert_int_equal(a.status, 403);
        answer_fini(&a);
        net_close(&n);
}

static void test_key_of_another(void **state)
{
        struct httpd_opts o = { .address = "127.0.0.1", .cert_pem = server.cert_pem, .key_pem = ca.key_pem };
        struct http_router r = { routes, ARRAY_SIZE(routes) };
        struct loop *l;
        struct httpd *h;
        struct err e = { 0 };

        o.router = &r;
        assert_int_equal(loop_new(&l), 0);
        assert_true(httpd_new(&h, l, &o, &e) < 0);
        assert_non_null(strstr(e.text, "check certificate and key"));
        loop_free(l);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_right_certificate),
                cmocka_unit_test(test_strangers_certificate),
                cmocka_unit_test(test_no_certificate),
                cmocka_unit_test(test_wrong_server),
                cmocka_unit_test(test_wrong_name),
                cmocka_unit_test(test_dates),
                cmocka_unit_test(test_not_tls),
                cmocka_unit_test(test_stalled_handshake),
                cmocka_unit_test(test_insecure_fetch_of_the_authority),
                cmocka_unit_test(test_key_of_another),
        };

        return cmocka_run_group_tests_name("tls", tests, group_setup, group_teardown);
}
