/* SPDX-License-Identifier: Apache-2.0 */
/* What a DP does by itself: renew its certificate, read its content again, start with what an earlier life left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "auth/pki.h"
#include "dp/dp.h"
#include "fake_site.h"
#include "lib/fault.h"
#include "lib/tmpdir.h"

#define PACKAGE "P0100001"
static const size_t files[] = { 10, 150000, 3000 };

struct world {
        struct loop *loop;
        struct fake_site site;
        struct pki_pair ca;
        char *dir;
        struct dp *dp;
        unsigned n_renewals, n_renewed;
};

static void turn(struct world *w)
{
        loop_run_once(w->loop);
        (void)usleep(200);
}

#define WAIT(w, what)                                           \
        do {                                                    \
                int turns_ = 0;                                 \
                while (!(what)) {                               \
                        if (++turns_ > 60000)                   \
                                fail_msg("never: %s", #what);   \
                        turn(w);                                \
                }                                               \
        } while (0)

static void on_renew(void *ctx, struct http_exchange *x)
{
        struct world *w = ctx;
        struct err e = { 0 };
        struct str csr;
        char *pem = NULL;
        struct buf b;

        w->n_renewals++;
        if (dpwire_renew_decode(http_request(x)->arena, http_request(x)->body, &csr, &e) < 0 ||
            pki_issue_dp(&pem, &w->ca, csr, "PAR01", &e) < 0) {
                http_reply_err(x, &e);
                return;
        }
        buf_init(&b, 0);
        dpwire_renewed_encode(&b, str_of(pem));
        http_reply(x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
        buf_fini(&b);
        free(pem);
}

static void renewed(void *ctx)
{
        ((struct world *)ctx)->n_renewed++;
}

static int setup(void **state)
{
        struct world *w = calloc(1, sizeof(*w));
        struct err e = { 0 };

        log_level_set((enum log_level)0);
        assert_int_equal(loop_new(&w->loop), 0);
        assert_int_equal(pki_make_ca(&w->ca, "Tallyman site P01", &e), 0);
        w->dir = tmpdir_new();
        fake_site_start(&w->site, w->loop, 0);
        fake_site_version(&w->site, files, ARRAY_SIZE(files), 2);
        w->site.routes[w->site.router.n++] = (struct http_route){ "POST", DPWIRE_PATH_RENEW, DPWIRE_SMALL_BODY, on_renew, w };
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        struct world *w = *state;

        fault_remove();
        dp_free(w->dp);
        fake_site_free(&w->site);
        loop_free(w->loop);
        pki_pair_fini(&w->ca);
        tmpdir_free(w->dir);
        free(w);
        return 0;
}

static void start(struct world *w, bool with_certificate, int64_t validate_interval_s)
{
        _cleanup_(freep) char *url = fake_site_url(&w->site);
        _cleanup_(freep) char *ca = tmpdir_path(w->dir, "ca.pem");
        _cleanup_(freep) char *cert = tmpdir_path(w->dir, "dp.pem");
        _cleanup_(freep) char *key = tmpdir_path(w->dir, "dp.key");
        struct dp_opts o = { .dir = w->dir, .name = "PAR01", .url = "https://par01:8444", .site_url = url,
                             .renewed = renewed, .ctx = w };
        struct err e = { 0 };

        dp_settings_default(&o.settings);
        o.settings.reserve_bytes = 0;
        o.settings.retry_min_ms = 5;
        o.settings.validate_interval_s = validate_interval_s;
        if (with_certificate) {
                o.ca_file = ca;
                o.cert_file = cert;
                o.key_file = key;
        }
        if (dp_new(&w->dp, w->loop, &o, &e) < 0)
                fail_msg("%s", e.text);
}

/* ---- renewal ---- */

static void make_pair(struct world *w, struct pki_pair *p)
{
        const char *no_names[] = { NULL };
        struct err e = { 0 };
        char *csr = NULL;

        assert_int_equal(pki_make_csr(&p->key_pem, &csr, "PAR01", no_names, &e), 0);
        assert_int_equal(pki_issue_dp(&p->cert_pem, &w->ca, str_of(csr), "PAR01", &e), 0);
        free(csr);
        tmpdir_write(w->dir, "ca.pem", w->ca.cert_pem, strlen(w->ca.cert_pem));
        tmpdir_write(w->dir, "dp.pem", p->cert_pem, strlen(p->cert_pem));
        tmpdir_write(w->dir, "dp.key", p->key_pem, strlen(p->key_pem));
}

static void load_pair(struct world *w, struct pki_pair *p)
{
        int fd = open(w->dir, O_RDONLY | O_DIRECTORY);
        struct err e = { 0 };

        assert_int_equal(pki_load_pair(p, fd, "dp.pem", "dp.key", &e), 0);
        assert_int_equal(pki_match(p, &e), 0);
        (void)close(fd);
}

static void renews_in_the_last_third(void **state)
{
        struct world *w = *state;
        struct pki_pair old, now;
        int64_t months = INT64_C(30) * 86400 * 1000000;

        make_pair(w, &old);
        fault_clock_set(os_now_us() + 20 * months);
        start(w, true, 0);
        WAIT(w, w->n_renewed == 1);
        load_pair(w, &now);
        assert_string_not_equal(now.cert_pem, old.cert_pem);
        assert_string_not_equal(now.key_pem, old.key_pem);
        /* The DP goes on with it: orders still come. */
        WAIT(w, w->site.n_inventories == 1);
        pki_pair_fini(&old);
        pki_pair_fini(&now);
}

static void keeps_a_young_certificate(void **state)
{
        struct world *w = *state;
        struct pki_pair old, now;

        make_pair(w, &old);
        start(w, true, 0);
        for (int i = 0; i < 2500; i++)
                turn(w);
        assert_int_equal(w->n_renewals, 0);
        load_pair(w, &now);
        assert_string_equal(now.cert_pem, old.cert_pem);
        pki_pair_fini(&old);
        pki_pair_fini(&now);
}

/* ---- validation ---- */

static void install(struct world *w)
{
        uint64_t id = fake_site_order(&w->site, DPWIRE_INSTALL, PACKAGE, 1);

        WAIT(w, fake_site_report(&w->site, id));
        assert_int_equal(fake_site_report(&w->site, id)->m.result, DPWIRE_INSTALLED);
}

static void finds_damage_by_itself(void **state)
{
        struct world *w = *state;
        char *path = tmpdir_path(w->dir, "library/packs/00000001.pack");
        const struct fake_report *r;
        FILE *f;

        start(w, false, 1);
        install(w);
        f = fopen(path, "r+b");
        assert_non_null(f);
        assert_int_equal(fseek(f, 50000, SEEK_SET), 0);
        assert_true(fputc(0x55, f) != EOF && fputc(0x54, f) != EOF);
        assert_int_equal(fclose(f), 0);
        free(path);
        WAIT(w, fake_site_report(&w->site, 0));
        r = fake_site_report(&w->site, 0);
        assert_int_equal(r->m.result, DPWIRE_INVALID);
        assert_string_equal(r->m.package, PACKAGE);
        assert_string_equal(r->file, "f000001");
}

/* ---- an outbox of strange content ---- */

static void junk_in_the_outbox_is_left_alone(void **state)
{
        struct world *w = *state;
        static const char old[] = "{\"order\":7,\"kind\":\"remove\",\"package\":\"P0100009\",\"version\":2,\"result\":\"removed\"}";
        char *left;

        tmpdir_write(w->dir, "outbox/00000000000000000003.json", "not a report", 12);
        tmpdir_write(w->dir, "outbox/00000000000000000004.json", old, sizeof(old) - 1);
        tmpdir_write(w->dir, "outbox/readme.json", "x", 1);
        start(w, false, 0);
        WAIT(w, fake_site_report(&w->site, 7));
        assert_string_equal(fake_site_report(&w->site, 7)->m.package, "P0100009");
        install(w);
        left = tmpdir_read(w->dir, "outbox/00000000000000000003.json", NULL);
        assert_non_null(left);
        free(left);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(renews_in_the_last_third),
                T(keeps_a_young_certificate),
                T(finds_damage_by_itself),
                T(junk_in_the_outbox_is_left_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
