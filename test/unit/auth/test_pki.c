/* SPDX-License-Identifier: Apache-2.0 */
/* The authority: what it issues passes, what it did not issue does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include "auth/pki.h"
#include "base/time.h"
#include "os/os.h"

static int64_t shift_s;

static int shifted_clock(clockid_t id, struct timespec *ts)
{
        int r = os_real.clock_gettime(id, ts);

        if (id == CLOCK_REALTIME)
                ts->tv_sec += shift_s;
        return r;
}

static int setup(void **state)
{
        static struct pki_pair ca;
        struct err e = { 0 };

        shift_s = 0;
        os.clock_gettime = shifted_clock;
        *state = &ca;
        return pki_make_ca(&ca, "Tallyman site P01", &e);
}

static int teardown(void **state)
{
        os = os_real;
        pki_pair_fini(*state);
        return 0;
}

static X509 *cert_of(const char *pem)
{
        BIO *b = BIO_new_mem_buf(pem, -1);
        X509 *c = PEM_read_bio_X509(b, NULL, NULL, NULL);

        BIO_free(b);
        assert_non_null(c);
        return c;
}

/* A distribution point's certificate as DER; the caller frees. */
static struct str dp_der(const struct pki_pair *ca, const char *cn, char **pem_out)
{
        const char *names[] = { "dp1.example.net", "10.1.2.3", NULL };
        char *key, *csr, *pem;
        unsigned char *der = NULL;
        struct err e = { 0 };
        X509 *c;
        int n;

        assert_int_equal(pki_make_csr(&key, &csr, "what it says itself", names, &e), 0);
        assert_int_equal(pki_issue_dp(&pem, ca, str_of(csr), cn, &e), 0);
        c = cert_of(pem);
        n = i2d_X509(c, &der);
        assert_true(n > 0);
        X509_free(c);
        free(key);
        free(csr);
        if (pem_out)
                *pem_out = pem;
        else
                free(pem);
        return (struct str){ (char *)der, (size_t)n };
}

static void test_dp(void **state)
{
        const struct pki_pair *ca = *state;
        char cn[70], *pem;
        uint8_t a[PKI_SHA256_LEN], b[PKI_SHA256_LEN];
        struct err e = { 0 };
        struct str der = dp_der(ca, "DP1", &pem);
        X509 *c = cert_of(pem);

        assert_int_equal(pki_check_client(ca->cert_pem, der, cn, sizeof(cn), &e), 0);
        assert_string_equal(cn, "DP1");
        assert_int_equal(X509_check_host(c, "dp1.example.net", 0, 0, NULL), 1);
        assert_int_equal(X509_check_ip_asc(c, "10.1.2.3", 0), 1);
        assert_int_equal(X509_check_host(c, "other.example.net", 0, 0, NULL), 0);
        assert_int_equal(X509_check_purpose(c, X509_PURPOSE_SSL_SERVER, 0), 1);
        assert_int_equal(X509_check_purpose(c, X509_PURPOSE_SSL_CLIENT, 0), 1);
        assert_int_equal(X509_check_ca(c), 0);
        pki_sha256(der, a);
        assert_int_equal(pki_sha256_pem(str_of(pem), b, &e), 0);
        assert_memory_equal(a, b, sizeof(a));
        X509_free(c);
        OPENSSL_free((void *)der.p);
        free(pem);
}

static void test_strangers(void **state)
{
        const struct pki_pair *ca = *state;
        struct pki_pair other;
        struct err e = { 0 };
        char cn[70];
        char broken[2000];
        struct str der;

        /* Another authority of the very same name. */
        assert_int_equal(pki_make_ca(&other, "Tallyman site P01", &e), 0);
        der = dp_der(&other, "DP1", NULL);
        assert_true(pki_check_client(ca->cert_pem, der, cn, sizeof(cn), &e) < 0);
        assert_int_equal(e.kind, ERR_DENIED);
        assert_non_null(strstr(e.text, "not issued by this site's authority"));
        OPENSSL_free((void *)der.p);
        /* One flipped bit in the signature. */
        der = dp_der(ca, "DP1", NULL);
        assert_true(der.n < sizeof(broken));
        memcpy(broken, der.p, der.n);
        broken[der.n - 1] ^= 1;
        e = (struct err){ 0 };
        assert_true(pki_check_client(ca->cert_pem, (struct str){ broken, der.n }, cn, sizeof(cn), &e) < 0);
        assert_int_equal(e.kind, ERR_DENIED);
        /* Cut short, nothing at all. */
        for (size_t n = 0; n < der.n; n += 13) {
                e = (struct err){ 0 };
                assert_true(pki_check_client(ca->cert_pem, (struct str){ der.p, n }, cn, sizeof(cn), &e) < 0);
                assert_int_equal(e.kind, ERR_DENIED);
        }
        e = (struct err){ 0 };
        assert_true(pki_check_client(ca->cert_pem, STR_NULL, cn, sizeof(cn), &e) < 0);
        assert_non_null(strstr(e.text, "no client certificate"));
        OPENSSL_free((void *)der.p);
        pki_pair_fini(&other);
}

static void test_server_certificate_is_no_client(void **state)
{
        const struct pki_pair *ca = *state;
        const char *names[] = { "localhost", "127.0.0.1", "::1", NULL };
        struct pki_pair s;
        struct err e = { 0 };
        unsigned char *der = NULL;
        char cn[70];
        X509 *c;
        int n;

        assert_int_equal(pki_issue_server(&s, ca, names, &e), 0);
        assert_int_equal(pki_match(&s, &e), 0);
        c = cert_of(s.cert_pem);
        assert_int_equal(X509_check_ip_asc(c, "::1", 0), 1);
        n = i2d_X509(c, &der);
        assert_true(pki_check_client(ca->cert_pem, (struct str){ (char *)der, (size_t)n }, cn, sizeof(cn), &e) < 0);
        assert_non_null(strstr(e.text, "not issued for clients"));
        OPENSSL_free(der);
        X509_free(c);
        pki_pair_fini(&s);
}

static void test_dates(void **state)
{
        const struct pki_pair *ca = *state;
        int64_t from, until;
        struct err e = { 0 };
        char cn[70], *pem;
        struct str der = dp_der(ca, "DP1", &pem);

        assert_int_equal(pki_validity_pem(str_of(pem), &from, &until, &e), 0);
        assert_true(from < os_now_us() - 23 * 3600 * US_PER_SECOND);
        assert_true(until > os_now_us() + INT64_C(729) * 86400 * US_PER_SECOND);
        shift_s = -12 * 3600;
        assert_int_equal(pki_check_client(ca->cert_pem, der, cn, sizeof(cn), &e), 0);
        shift_s = -2 * 86400;
        assert_true(pki_check_client(ca->cert_pem, der, cn, sizeof(cn), &e) < 0);
        assert_non_null(strstr(e.text, "not yet valid"));
        assert_non_null(strstr(e.text, "clock"));
        e = (struct err){ 0 };
        shift_s = 3 * 365 * 86400;
        assert_true(pki_check_client(ca->cert_pem, der, cn, sizeof(cn), &e) < 0);
        assert_non_null(strstr(e.text, "has expired"));
        OPENSSL_free((void *)der.p);
        free(pem);
}

/* A request whose signature is not its key's own. */
static void test_forged_request(void **state)
{
        const struct pki_pair *ca = *state;
        X509_REQ *q = X509_REQ_new();
        EVP_PKEY *mine = EVP_EC_gen("P-256"), *theirs = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024);
        BIO *b = BIO_new(BIO_s_mem());
        struct err e = { 0 };
        char *p, *pem;
        long n;

        X509_REQ_set_pubkey(q, theirs);
        X509_REQ_sign(q, mine, EVP_sha256());
        PEM_write_bio_X509_REQ(b, q);
        n = BIO_get_mem_data(b, &p);
        assert_true(pki_issue_dp(&pem, ca, (struct str){ p, (size_t)n }, "DP1", &e) < 0);
        assert_int_equal(e.kind, ERR_DENIED);
        assert_null(pem);
        (void)BIO_reset(b);
        X509_REQ_set_pubkey(q, weak);
        X509_REQ_sign(q, weak, EVP_sha256());
        PEM_write_bio_X509_REQ(b, q);
        n = BIO_get_mem_data(b, &p);
        e = (struct err){ 0 };
        assert_true(pki_issue_dp(&pem, ca, (struct str){ p, (size_t)n }, "DP1", &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        e = (struct err){ 0 };
        assert_true(pki_issue_dp(&pem, ca, STR("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"), "DP1", &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        BIO_free(b);
        X509_REQ_free(q);
        EVP_PKEY_free(mine);
        EVP_PKEY_free(theirs);
        EVP_PKEY_free(weak);
}

static void test_bad_names(void **state)
{
        const char *names[] = { "dp 1\n", NULL };
        char *key, *csr;
        struct err e = { 0 };

        assert_true(pki_make_csr(&key, &csr, "DP1", names, &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_null(key);
}

static void test_files(void **state)
{
        const struct pki_pair *ca = *state;
        char dir[] = "/tmp/tallyman-pki-XXXXXX";
        struct pki_pair in, other;
        struct err e = { 0 };
        struct stat st;
        int fd;

        assert_non_null(mkdtemp(dir));
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(pki_load_pair(&in, fd, "ca.pem", "ca.key", &e), 1);
        assert_int_equal(pki_store_pair(fd, "ca.pem", "ca.key", ca, &e), 0);
        assert_int_equal(fstatat(fd, "ca.key", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(pki_load_pair(&in, fd, "ca.pem", "ca.key", &e), 0);
        assert_string_equal(in.cert_pem, ca->cert_pem);
        assert_string_equal(in.key_pem, ca->key_pem);
        pki_pair_fini(&in);
        /* Both in one file: the certificate comes back without the key. */
        assert_int_equal(pki_store_pair(fd, "dp.pem", "dp.pem", ca, &e), 0);
        assert_int_equal(fstatat(fd, "dp.pem", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(pki_load_pair(&in, fd, "dp.pem", "dp.pem", &e), 0);
        assert_string_equal(in.cert_pem, ca->cert_pem);
        assert_string_equal(in.key_pem, ca->key_pem);
        pki_pair_fini(&in);
        /* Another's key. */
        assert_int_equal(pki_make_ca(&other, "x", &e), 0);
        assert_int_equal(os_write_file(fd, "ca.key", other.key_pem, strlen(other.key_pem), 0600, &e), 0);
        assert_true(pki_load_pair(&in, fd, "ca.pem", "ca.key", &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_non_null(strstr(e.text, "ca.key"));
        pki_pair_fini(&other);
        unlinkat(fd, "ca.pem", 0);
        unlinkat(fd, "ca.key", 0);
        unlinkat(fd, "dp.pem", 0);
        close(fd);
        assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_dp, setup, teardown),
                cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_server_certificate_is_no_client, setup, teardown),
                cmocka_unit_test_setup_teardown(test_dates, setup, teardown),
                cmocka_unit_test_setup_teardown(test_forged_request, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_names, setup, teardown),
                cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        };

        return cmocka_run_group_tests_name("pki", tests, NULL, NULL);
}
