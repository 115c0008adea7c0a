/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment against a TLS site in a thread of the test, and the files of the data folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <pthread.h>
#include <cmocka.h>
#include "auth/pki.h"
#include "auth/token.h"
#include "codec/dpwire.h"
#include "dp/enrol.h"
#include "dp/identity.h"
#include "httpd/httpd.h"
#include "lib/tmpdir.h"
#include "os/os.h"

struct site {
        struct loop *loop;
        struct httpd *httpd;
        struct http_route routes[2];
        struct http_router router;
        struct pki_pair ca, server;
        struct token token;
        char text[TOKEN_TEXT_MAX];
        pthread_t thread;
        bool wrong_cert;                /* answers with a certificate for another key */
        unsigned n_enrolled;
        char *dir, *url;
        int dirfd;
};

static void on_ca(void *ctx, struct http_exchange *x)
{
        struct site *s = ctx;

        http_reply(x, 200, "application/x-pem-file", str_of(s->ca.cert_pem));
}

static void answer(struct site *s, struct http_exchange *x, struct str csr, const char *cn)
{
        struct dpwire_enrolled out = { .ca = str_of(s->ca.cert_pem), .nal_path = STR("nal"), .site_code = STR("P01"),
                                       .package_path = STR("/SMS_DP_SMSPKG$/") };
        char *key = NULL, *other = NULL, *cert = NULL;
        const char *no_names[] = { NULL };
        struct err e = { 0 };
        struct buf b;

        if (s->wrong_cert && pki_make_csr(&key, &other, cn, no_names, &e) == 0)
                csr = str_of(other);
        if (pki_issue_dp(&cert, &s->ca, csr, cn, &e) < 0) {
                http_reply_err(x, &e);
        } else {
                out.certificate = str_of(cert);
                buf_init(&b, 0);
                dpwire_enrolled_encode(&b, &out);
                http_reply(x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
                buf_fini(&b);
                s->n_enrolled++;
        }
        free(key);
        free(other);
        free(cert);
}

static void on_enroll(void *ctx, struct http_exchange *x)
{
        struct site *s = ctx;
        struct dpwire_enroll in;
        struct err e = { 0 };

        if (dpwire_enroll_decode(http_request(x)->arena, http_request(x)->body, &in, &e) < 0 ||
            (!str_eqz(in.token, s->text) && err_set(&e, ERR_DENIED, "this token was used before"))) {
                http_reply_err(x, &e);
                return;
        }
        answer(s, x, in.csr, "PAR01");
}

static void *run_site(void *arg)
{
        loop_run(((struct site *)arg)->loop);
        return NULL;
}

static int setup(void **state)
{
        struct site *s = calloc(1, sizeof(*s));
        const char *names[] = { "127.0.0.1", NULL };
        struct httpd_opts o = { .address = "127.0.0.1" };
        struct err e = { 0 };
        uint8_t digest[PKI_SHA256_LEN];

        log_level_set((enum log_level)0);
        assert_int_equal(pki_make_ca(&s->ca, "Tallyman site P01", &e), 0);
        assert_int_equal(pki_issue_server(&s->server, &s->ca, names, &e), 0);
        assert_int_equal(pki_sha256_pem(str_of(s->ca.cert_pem), digest, &e), 0);
        assert_int_equal(token_make(&s->token, STR("PAR01"), digest, &e), 0);
        token_format(&s->token, s->text);
        assert_int_equal(loop_new(&s->loop), 0);
        s->routes[0] = (struct http_route){ "GET", DPWIRE_PATH_CA, 0, on_ca, s };
        s->routes[1] = (struct http_route){ "POST", DPWIRE_PATH_ENROLL, DPWIRE_SMALL_BODY, on_enroll, s };
        s->router = (struct http_router){ s->routes, 2 };
        o.router = &s->router;
        o.cert_pem = s->server.cert_pem;
        o.key_pem = s->server.key_pem;
        assert_int_equal(httpd_new(&s->httpd, s->loop, &o, &e), 0);
        s->url = str_printf("https://127.0.0.1:%u", httpd_port(s->httpd));
        s->dir = tmpdir_new();
        s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY);
        assert_int_equal(pthread_create(&s->thread, NULL, run_site, s), 0);
        *state = s;
        return 0;
}

static int teardown(void **state)
{
        struct site *s = *state;

        loop_stop(s->loop);
        assert_int_equal(pthread_join(s->thread, NULL), 0);
        httpd_free(s->httpd);
        loop_free(s->loop);
        pki_pair_fini(&s->ca);
        pki_pair_fini(&s->server);
        (void)close(s->dirfd);
        tmpdir_free(s->dir);
        free(s->url);
        free(s);
        return 0;
}

static int enrol(struct site *s, const char *token, struct err *e)
{
        struct enrol_opts o = { .dir = s->dir, .site_url = s->url, .token = str_of(token), .default_port = 8444 };

        return enrol_run(&o, e);
}

static bool exists(struct site *s, const char *name)
{
        return faccessat(s->dirfd, name, F_OK, 0) == 0;
}

static void enrols(void **state)
{
        struct site *s = *state;
        struct identity id;
        struct pki_pair pair;
        struct err e = { 0 };

        if (enrol(s, s->text, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(identity_load(&id, s->dirfd, &e), 0);
        assert_string_equal(id.name, "PAR01");
        assert_string_equal(id.site_code, "P01");
        assert_string_equal(id.site_url, s->url);
        assert_string_equal(id.url, "https://PAR01:8444");
        assert_int_equal(pki_load_pair(&pair, s->dirfd, "dp.pem", "dp.key", &e), 0);
        assert_int_equal(pki_match(&pair, &e), 0);
        assert_false(exists(s, "ca.new") || exists(s, "next.pem") || exists(s, "next.key"));
        pki_pair_fini(&pair);
        identity_fini(&id);
}

static void another_site_is_not_believed(void **state)
{
        struct site *s = *state;
        struct token t = s->token;
        char text[TOKEN_TEXT_MAX];
        struct err e = { 0 };

        t.ca_sha256[3] ^= 1;
        token_format(&t, text);
        assert_true(enrol(s, text, &e) < 0);
        assert_int_equal(e.kind, ERR_DENIED);
        assert_non_null(strstr(e.text, "not the site this token is for"));
        assert_int_equal(s->n_enrolled, 0);
        assert_false(exists(s, "dp.pem") || exists(s, "ca.pem") || exists(s, "identity"));
}

static void a_refusal_leaves_nothing(void **state)
{
        struct site *s = *state;
        struct token t = s->token;
        char text[TOKEN_TEXT_MAX];
        struct err e = { 0 };

        t.secret[0] ^= 1;
        token_format(&t, text);
        assert_true(enrol(s, text, &e) < 0);
        assert_non_null(strstr(e.text, "this token was used before"));
        assert_null(strstr(e.text, text));
        assert_false(exists(s, "dp.pem") || exists(s, "dp.key") || exists(s, "identity"));
}

static void a_certificate_for_another_key(void **state)
{
        struct site *s = *state;
        struct err e = { 0 };

        s->wrong_cert = true;
        assert_true(enrol(s, s->text, &e) < 0);
        assert_false(exists(s, "dp.pem") || exists(s, "identity"));
}

static void bad_addresses(void **state)
{
        struct site *s = *state;
        static const char *const urls[] = { "http://h:1", "https://", "https://h:1/x", "h:1", "https://a b" };

        for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
                struct enrol_opts o = { .dir = s->dir, .site_url = urls[i], .token = str_of(s->text) };
                struct err e = { 0 };

                assert_true(enrol_run(&o, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
        }
}

static void hosts(void **state)
{
        static const char *const v[][2] = { { "https://par01:8444", "par01" }, { "http://[::1]:80/x", "::1" },
                                            { "https://h/p", "h" }, { "nothing", NULL } };

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                char *h = enrol_url_host(v[i][0]);

                if (v[i][1])
                        assert_string_equal(h, v[i][1]);
                else
                        assert_null(h);
                free(h);
        }
}

/* ---- the pair is replaced whole, wherever a crash stopped it ---- */

static void make_pair(struct site *s, struct pki_pair *p)
{
        char *csr = NULL;
        const char *no_names[] = { NULL };
        struct err e = { 0 };

        assert_int_equal(pki_make_csr(&p->key_pem, &csr, "PAR01", no_names, &e), 0);
        assert_int_equal(pki_issue_dp(&p->cert_pem, &s->ca, str_of(csr), "PAR01", &e), 0);
        free(csr);
}

static void put(struct site *s, const char *name, const char *text)
{
        tmpdir_write(s->dir, name, text, strlen(text));
}

static void assert_pair(struct site *s, const struct pki_pair *want)
{
        struct err e = { 0 };
        struct pki_pair p;

        assert_int_equal(identity_settle(s->dirfd, &e), 0);
        assert_int_equal(pki_load_pair(&p, s->dirfd, "dp.pem", "dp.key", &e), 0);
        assert_string_equal(p.cert_pem, want->cert_pem);
        assert_string_equal(p.key_pem, want->key_pem);
        assert_false(exists(s, "next.pem") || exists(s, "next.key"));
        pki_pair_fini(&p);
}

static void renewal_survives_a_crash_anywhere(void **state)
{
        struct site *s = *state;
        struct pki_pair old, fresh;

        make_pair(s, &old);
        make_pair(s, &fresh);
        put(s, "dp.pem", old.cert_pem);
        put(s, "dp.key", old.key_pem);
        put(s, "next.key", fresh.key_pem);              /* the certificate was not written */
        assert_pair(s, &old);
        put(s, "next.key", fresh.key_pem);
        put(s, "next.pem", fresh.cert_pem);             /* nothing was moved */
        assert_pair(s, &fresh);
        put(s, "dp.pem", old.cert_pem);
        put(s, "next.pem", fresh.cert_pem);             /* the key was moved */
        assert_pair(s, &fresh);
        pki_pair_fini(&old);
        pki_pair_fini(&fresh);
}

static void one_process_a_folder(void **state)
{
        struct site *s = *state;
        int a = -1, b = -1;
        struct err e = { 0 };

        assert_int_equal(identity_lock(s->dir, &a, &e), 0);
        assert_true(identity_lock(s->dir, &b, &e) < 0);
        assert_int_equal(e.kind, ERR_CONFLICT);
        (void)close(a);
        err_clear(&e);
        assert_int_equal(identity_lock(s->dir, &b, &e), 0);
        (void)close(b);
}

static void damaged_identity(void **state)
{
        struct site *s = *state;
        struct identity id;
        struct err e = { 0 };

        assert_int_equal(identity_load(&id, s->dirfd, &e), 1);
        put(s, "identity", "site = https://x\n");
        assert_true(identity_load(&id, s->dirfd, &e) < 0);
        assert_non_null(strstr(e.text, "missing"));
        err_clear(&e);
        put(s, "identity", "rubbish\n");
        assert_true(identity_load(&id, s->dirfd, &e) < 0);
        assert_non_null(strstr(e.text, "unknown line"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(enrols),
                T(another_site_is_not_believed),
                T(a_refusal_leaves_nothing),
                T(a_certificate_for_another_key),
                T(bad_addresses),
                cmocka_unit_test(hosts),
                T(renewal_survives_a_crash_anywhere),
                T(one_process_a_folder),
                T(damaged_identity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
