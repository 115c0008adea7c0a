/* SPDX-License-Identifier: Apache-2.0 */
/* A whole DP against a site in the same process: what it holds, what it says, whatever happens on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "cas/cas.h"
#include "dp/dp.h"
#include "fake_site.h"
#include "lib/tmpdir.h"
#include "os/os.h"

#define PACKAGE "P0100001"
static const size_t some_files[] = { 10, 0, 250000, 5000, 100000, 999999, 1 };

struct world {
        struct loop *loop;
        struct fake_site site;
        char *dir;
        struct dp *dp;
};

static void dp_start(struct world *w)
{
        char *url = fake_site_url(&w->site);
        struct dp_opts o = { .dir = w->dir, .name = "PAR01", .site_url = url };
        struct err e = { 0 };

        dp_settings_default(&o.settings);
        o.settings.retry_min_ms = 5;
        o.settings.retry_max_ms = 40;
        o.settings.gc_delay_ms = 10;
        o.settings.reserve_bytes = 0;
        if (dp_new(&w->dp, w->loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        free(url);
}

static void dp_stop(struct world *w)
{
        dp_free(w->dp);
        w->dp = NULL;
}

static int setup(void **state)
{
        struct world *w = calloc(1, sizeof(*w));

        log_level_set(getenv("DP_TEST_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
        assert_int_equal(loop_new(&w->loop), 0);
        w->dir = tmpdir_new();
        fake_site_start(&w->site, w->loop, 0);
        fake_site_version(&w->site, some_files, ARRAY_SIZE(some_files), 1);
        dp_start(w);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        struct world *w = *state;

        dp_stop(w);
        fake_site_free(&w->site);
        loop_free(w->loop);
        tmpdir_free(w->dir);
        free(w);
        return 0;
}

/* Runs the loop until it holds; a test that waits 20 s has failed. */
#define WAIT(w, what)                                                           \
        do {                                                                    \
                int64_t end_ = os_mono_us() + 20 * INT64_C(1000000);            \
                while (!(what)) {                                               \
                        if (os_mono_us() > end_)                                \
                                fail_msg("never: %s", #what);                   \
                        loop_run_once((w)->loop);                               \
                        (void)usleep(200);                                      \
                }                                                               \
        } while (0)

static const struct fake_report *reported(struct world *w, uint64_t order)
{
        WAIT(w, fake_site_report(&w->site, order));
        return fake_site_report(&w->site, order);
}

static void assert_installed(struct world *w, uint64_t order, uint64_t received)
{
        const struct fake_report *r = reported(w, order);

        if (r->m.result != DPWIRE_INSTALLED)
                fail_msg("%s: %s", dpwire_code_name(r->m.code), r->text);
        assert_string_equal(r->m.package, PACKAGE);
        assert_true(hash_id_eq(&r->m.manifest, &w->site.manifest_id));
        assert_int_equal(r->m.bytes_received, received);
        assert_int_equal(r->m.bytes_received + r->m.bytes_reused, w->site.total_bytes);
}

static void assert_failed(struct world *w, uint64_t order, enum dpwire_code code, const char *words)
{
        const struct fake_report *r = reported(w, order);

        assert_int_equal(r->m.result, DPWIRE_FAILED);
        if (r->m.code != code || !strstr(r->text, words))
                fail_msg("%s: %s", dpwire_code_name(r->m.code), r->text);
}

static uint64_t install(struct world *w, uint32_t version)
{
        return fake_site_order(&w->site, DPWIRE_INSTALL, PACKAGE, version);
}

/* ---- the straight way ---- */

static void installs(void **state)
{
        struct world *w = *state;

        assert_installed(w, install(w, 1), w->site.total_bytes);
        assert_int_equal(w->site.n_content, 1);
        WAIT(w, w->site.n_inventories == 1);
}

static void empty_version(void **state)
{
        struct world *w = *state;

        fake_site_version(&w->site, NULL, 0, 0);
        assert_installed(w, install(w, 1), 0);
        assert_int_equal(w->site.n_content, 0);
}

static void same_again_moves_nothing(void **state)
{
        struct world *w = *state;

        assert_installed(w, install(w, 1), w->site.total_bytes);
        assert_installed(w, install(w, 1), 0);
        assert_int_equal(w->site.n_content, 1);
        assert_int_equal(w->site.n_manifests, 1);
}

static void update_moves_what_changed(void **state)
{
        static const size_t first[] = { 1000, 2000, 3000 }, second[] = { 1000, 2000, 3000, 4000 };
        struct world *w = *state;

        fake_site_version(&w->site, first, 3, 7);
        assert_installed(w, install(w, 1), 6000);
        fake_site_version(&w->site, second, 4, 7);
        assert_installed(w, install(w, 2), 4000);
}

static void a_piece_that_stands_twice_comes_once(void **state)
{
        struct world *w = *state;
        static const size_t sizes[] = { 500, 700 };
        uint64_t id;

        fake_site_version(&w->site, sizes, 2, 3);
        id = install(w, 1);
        assert_installed(w, id, 1200);
        /* The same two files under another package: nothing is sent. */
        id = fake_site_order(&w->site, DPWIRE_INSTALL, "P0100002", 1);
        assert_int_equal(reported(w, id)->m.result, DPWIRE_INSTALLED);
        assert_int_equal(reported(w, id)->m.bytes_received, 0);
}

static void removes(void **state)
{
        struct world *w = *state;
        uint64_t id;

        assert_installed(w, install(w, 1), w->site.total_bytes);
        id = fake_site_order(&w->site, DPWIRE_REMOVE, PACKAGE, 1);
        assert_int_equal(reported(w, id)->m.result, DPWIRE_REMOVED);
        id = fake_site_order(&w->site, DPWIRE_REMOVE, PACKAGE, 1);
        assert_int_equal(reported(w, id)->m.result, DPWIRE_REMOVED);
        id = fake_site_order(&w->site, DPWIRE_INVENTORY, "", 0);
        WAIT(w, w->site.n_inventories >= 2);
        assert_int_equal(w->site.held_packages, 0);
}

static void inventory_says_what_is_held(void **state)
{
        struct world *w = *state;

        assert_installed(w, install(w, 1), w->site.total_bytes);
        (void)fake_site_order(&w->site, DPWIRE_INVENTORY, "", 0);
        WAIT(w, w->site.n_inventories >= 2);
        assert_int_equal(w->site.held_packages, 1);
        assert_true(w->site.held_sound);
}

/* ---- connections that break, sites that go ---- */

static void broken_connections_resume(void **state)
{
        struct world *w = *state;

        w->site.cut_after = 123457;
        w->site.cuts = 100;
        assert_installed(w, install(w, 1), w->site.total_bytes);
        assert_true(w->site.n_content > 5);
        /* Nothing but repeated headers was sent twice. */
        assert_true(w->site.bytes_sent <= w->site.total_bytes + (w->site.n_pieces + w->site.n_content) * 40);
}

static void site_restarts(void **state)
{
        struct world *w = *state;
        uint64_t id;

        w->site.cut_after = 300000;
        w->site.cuts = 1;
        id = install(w, 1);
        WAIT(w, w->site.bytes_sent >= 300000);
        fake_site_stop(&w->site);
        for (int i = 0; i < 50; i++) {
                loop_run_once(w->loop);
                (void)usleep(1000);
        }
        fake_site_start(&w->site, w->loop, w->site.port);
        assert_installed(w, id, w->site.total_bytes);
}

/* What arrived before the DP went down is not sent again. */
static void dp_restarts(void **state)
{
        struct world *w = *state;
        const struct fake_report *r;
        uint64_t id;

        w->site.cut_after = 600000;
        w->site.cuts = 1;
        id = install(w, 1);
        WAIT(w, w->site.n_content == 1);
        w->site.content_status = 503;
        WAIT(w, w->site.n_content == 2);
        dp_stop(w);
        w->site.content_status = 0;
        w->site.cut_after = 0;
        dp_start(w);
        r = reported(w, id);
        assert_int_equal(r->m.result, DPWIRE_INSTALLED);
        assert_true(r->m.bytes_reused >= 400000);
        assert_int_equal(r->m.bytes_received + r->m.bytes_reused, w->site.total_bytes);
}

/* Wherever an order stands when the DP is told to end, the DP ends, and goes on with it in its next life. */
static void stops_at_any_moment(void **state)
{
        struct world *w = *state;
        uint64_t id = 0;

        for (int turns = 0; turns < 40; turns++) {
                id = install(w, 1);
                for (int i = 0; i < turns && !fake_site_report(&w->site, id); i++) {
                        loop_run_once(w->loop);
                        (void)usleep(turns % 2 ? 300 : 0);
                }
                dp_stop(w);
                dp_start(w);
                assert_int_equal(reported(w, id)->m.result, DPWIRE_INSTALLED);
                id = fake_site_order(&w->site, DPWIRE_REMOVE, PACKAGE, 0);
                assert_int_equal(reported(w, id)->m.result, DPWIRE_REMOVED);
        }
}

static void reports_wait_for_the_site(void **state)
{
        struct world *w = *state;
        struct dp_stats st;
        uint64_t id;

        w->site.report_status = 503;
        id = install(w, 1);
        WAIT(w, w->site.n_refused > 0);
        for (int i = 0; i < 50; i++) {
                loop_run_once(w->loop);
                (void)usleep(500);
        }
        dp_stop(w);
        w->site.report_status = 0;
        dp_start(w);
        assert_installed(w, id, w->site.total_bytes);
        assert_int_equal(w->site.n_content, 1);
        WAIT(w, (dp_get_stats(w->dp, &st), st.letters == 0));
}

/* ---- what must not become INSTALLED ---- */

static void wrong_bytes(void **state)
{
        struct world *w = *state;

        w->site.flip = 4;
        assert_failed(w, install(w, 1), DPWIRE_HASH_MISMATCH, "f000003");
        w->site.flip = -1;
        assert_int_equal(reported(w, install(w, 1))->m.result, DPWIRE_INSTALLED);
}

static void wrong_piece(void **state)
{
        struct world *w = *state;

        w->site.swap = 2;
        assert_failed(w, install(w, 1), DPWIRE_HASH_MISMATCH, "another piece");
}

static void no_pieces_at_all(void **state)
{
        struct world *w = *state;

        w->site.junk = true;
        assert_failed(w, install(w, 1), DPWIRE_HASH_MISMATCH, "no run of pieces");
}

static void source_gone(void **state)
{
        struct world *w = *state;
        uint64_t id;

        w->site.content_status = 410;
        assert_failed(w, install(w, 1), DPWIRE_SOURCE_GONE, "as told by the test");
        w->site.content_status = 0;
        w->site.manifest_id.b[5] ^= 1;  /* an order on a version the site has no manifest of */
        id = install(w, 2);
        w->site.manifest_id.b[5] ^= 1;
        assert_failed(w, id, DPWIRE_SOURCE_GONE, "manifest");
}

static void no_space(void **state)
{
        struct world *w = *state;
        char *url = fake_site_url(&w->site);
        struct dp_opts o = { .dir = w->dir, .name = "PAR01", .site_url = url };
        struct err e = { 0 };

        dp_stop(w);
        dp_settings_default(&o.settings);
        o.settings.reserve_bytes = UINT64_MAX / 2;
        assert_int_equal(dp_new(&w->dp, w->loop, &o, &e), 0);
        free(url);
        assert_failed(w, install(w, 1), DPWIRE_DISK_FULL, "");
}

/* ---- cancel, validate ---- */

static void cancelled_orders_say_nothing(void **state)
{
        struct world *w = *state;
        struct dp_stats st;
        uint64_t id;

        w->site.hold_content = true;
        id = install(w, 1);
        WAIT(w, w->site.n_content == 1);
        fake_site_cancel(&w->site, id);
        WAIT(w, (dp_get_stats(w->dp, &st), st.orders == 0));
        w->site.hold_content = false;
        assert_null(fake_site_report(&w->site, id));
        assert_installed(w, install(w, 1), w->site.total_bytes);
        assert_null(fake_site_report(&w->site, id));
}

static uint64_t library_bytes(struct world *w)
{
        char *path = tmpdir_path(w->dir, "library/packs");
        uint64_t total = 0;
        struct dirent *de;
        struct stat st;
        DIR *d = opendir(path);

        assert_non_null(d);
        while ((de = readdir(d)))
                if (de->d_name[0] != '.' && fstatat(dirfd(d), de->d_name, &st, 0) == 0)
                        total += (uint64_t)st.st_size;
        (void)closedir(d);
        free(path);
        return total;
}

/* What arrived of a version stays for the next try, but not when the package is to go. */
static void a_removal_ends_an_install(void **state)
{
        struct world *w = *state;
        struct dp_stats st;
        uint64_t id, gone;

        w->site.cut_after = 800000;
        w->site.cuts = 1;
        id = install(w, 1);
        WAIT(w, w->site.n_content == 1);
        w->site.content_status = 503;
        WAIT(w, w->site.n_content >= 2);
        w->site.settled[0] = true;      /* the site has dropped it */
        gone = fake_site_order(&w->site, DPWIRE_REMOVE, PACKAGE, 1);
        assert_int_equal(reported(w, gone)->m.result, DPWIRE_REMOVED);
        assert_null(fake_site_report(&w->site, id));
        WAIT(w, (dp_get_stats(w->dp, &st), st.orders == 0));
        WAIT(w, library_bytes(w) < 200000);
}

/* Flip one bit of a pack behind the DP's back. */
static void damage(struct world *w, size_t at)
{
        char *path = tmpdir_path(w->dir, "library/packs");
        struct dirent *de;
        DIR *d = opendir(path);
        uint8_t b;
        int fd;

        assert_non_null(d);
        while ((de = readdir(d)) && de->d_name[0] == '.')
                ;
        assert_non_null(de);
        fd = openat(dirfd(d), de->d_name, O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &b, 1, (off_t)at), 1);
        b ^= 0x10;
        assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
        (void)close(fd);
        (void)closedir(d);
        free(path);
}

static void damage_is_found_and_mended(void **state)
{
        struct world *w = *state;
        const struct fake_report *r;
        uint64_t id;

        assert_installed(w, install(w, 1), w->site.total_bytes);
        id = fake_site_order(&w->site, DPWIRE_VALIDATE, PACKAGE, 1);
        assert_int_equal(reported(w, id)->m.result, DPWIRE_VALID);
        damage(w, 120000);
        id = fake_site_order(&w->site, DPWIRE_VALIDATE, PACKAGE, 1);
        r = reported(w, id);
        assert_int_equal(r->m.result, DPWIRE_INVALID);
        assert_int_equal(r->m.code, DPWIRE_DAMAGED);
        assert_int_equal(r->m.n_files, 1);
        assert_string_equal(r->file, "f000002");
        assert_installed(w, install(w, 1), 100000);
        id = fake_site_order(&w->site, DPWIRE_VALIDATE, PACKAGE, 1);
        assert_int_equal(reported(w, id)->m.result, DPWIRE_VALID);
}

static void validating_nothing(void **state)
{
        struct world *w = *state;
        uint64_t id = fake_site_order(&w->site, DPWIRE_VALIDATE, PACKAGE, 1);

        assert_int_equal(reported(w, id)->m.result, DPWIRE_INVALID);
        assert_non_null(strstr(reported(w, id)->text, "nothing of this package"));
}

static void many_orders_at_once(void **state)
{
        struct world *w = *state;
        uint64_t ids[6];

        for (int i = 0; i < 6; i++) {
                char package[16];

                snprintf(package, sizeof(package), "P01000%02X", i);
                ids[i] = fake_site_order(&w->site, DPWIRE_INSTALL, package, 1);
        }
        for (int i = 0; i < 6; i++)
                assert_int_equal(reported(w, ids[i])->m.result, DPWIRE_INSTALLED);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(installs),
                T(empty_version),
                T(same_again_moves_nothing),
                T(update_moves_what_changed),
                T(a_piece_that_stands_twice_comes_once),
                T(removes),
                T(inventory_says_what_is_held),
                T(broken_connections_resume),
                T(site_restarts),
                T(dp_restarts),
                T(stops_at_any_moment),
                T(reports_wait_for_the_site),
                T(wrong_bytes),
                T(wrong_piece),
                T(no_pieces_at_all),
                T(source_gone),
                T(no_space),
                T(cancelled_orders_say_nothing),
                T(a_removal_ends_an_install),
                T(damage_is_found_and_mended),
                T(validating_nothing),
                T(many_orders_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
