/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An install while the k-th system call of the DP fails, for every k: it is
 * reported as installed only when every byte is right, a failure says so in the
 * right word, and afterwards the same order goes through.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "dp/dp.h"
#include "fake_site.h"
#include "lib/fault.h"
#include "lib/tmpdir.h"

#define PACKAGE "P0100001"
static const size_t files[] = { 10, 150000, 0, 3000 };

struct world {
        struct loop *loop;
        struct fake_site site;
        char *dir;
        struct dp *dp;
};

static void turn(struct world *w)
{
        loop_run_once(w->loop);
        (void)usleep(100);
}

#define WAIT(w, what)                                           \
        do {                                                    \
                int turns_ = 0;                                 \
                while (!(what)) {                               \
                        if (++turns_ > 100000)                  \
                                fail_msg("never: %s", #what);   \
                        turn(w);                                \
                }                                               \
        } while (0)

static bool quiet(struct world *w)
{
        struct dp_stats st;

        dp_get_stats(w->dp, &st);
        return st.connected && st.orders == 0 && st.letters == 0;
}

static void begin(struct world *w)
{
        struct dp_opts o = { .name = "PAR01" };
        struct err e = { 0 };
        char *url;

        *w = (struct world){ 0 };
        assert_int_equal(loop_new(&w->loop), 0);
        w->dir = tmpdir_new();
        fake_site_start(&w->site, w->loop, 0);
        fake_site_version(&w->site, files, ARRAY_SIZE(files), 5);
        url = fake_site_url(&w->site);
        o.dir = w->dir;
        o.site_url = url;
        dp_settings_default(&o.settings);
        o.settings.reserve_bytes = 0;
        o.settings.retry_min_ms = 2;
        o.settings.gc_delay_ms = 100000;        /* a collection is not what is tried here */
        if (dp_new(&w->dp, w->loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        free(url);
        WAIT(w, w->site.n_inventories && quiet(w));
}

static void end(struct world *w)
{
        dp_free(w->dp);
        fake_site_free(&w->site);
        loop_free(w->loop);
        tmpdir_free(w->dir);
}

static const struct fake_report *order(struct world *w, enum dpwire_kind kind)
{
        uint64_t id = fake_site_order(&w->site, kind, PACKAGE, 1);

        WAIT(w, fake_site_report(&w->site, id) && quiet(w));
        return fake_site_report(&w->site, id);
}

static void assert_sound(struct world *w)
{
        assert_int_equal(order(w, DPWIRE_VALIDATE)->m.result, DPWIRE_VALID);
}

/* What the faults made of an install; then, without them, it must succeed. */
static void check(struct world *w, const struct fake_report *r, enum dpwire_code code)
{
        if (r->m.result == DPWIRE_INSTALLED) {
                assert_sound(w);
                return;
        }
        assert_int_equal(r->m.result, DPWIRE_FAILED);
        if (r->m.code != code)
                fail_msg("%s: %s", dpwire_code_name(r->m.code), r->text);
        assert_true(r->text[0]);
        r = order(w, DPWIRE_INSTALL);
        if (r->m.result != DPWIRE_INSTALLED)
                fail_msg("afterwards: %s: %s", dpwire_code_name(r->m.code), r->text);
        assert_sound(w);
}

struct sweep {
        struct fault_plan plan;
        enum dpwire_code code;
        unsigned attempts;
};

static bool attempt(struct sweep *s)
{
        const struct fake_report *r;
        struct fake_report copy;
        struct world w;
        bool hit;

        begin(&w);
        fault_install(&s->plan);
        r = order(&w, DPWIRE_INSTALL);
        hit = fault_hits() > 0;
        fault_remove();
        copy = *r;
        check(&w, &copy, s->code);
        end(&w);
        s->attempts++;
        return hit;
}

static void sweep(struct fault_plan plan, enum dpwire_code code)
{
        struct sweep s = { plan, code, 0 };

        log_level_set((enum log_level)0);
        for (s.plan.k = 1; s.plan.k < 500 && attempt(&s); s.plan.k++)
                ;
        assert_in_range(s.attempts, 5, 499);
}

static void one_call_fails(void **state)
{
        sweep((struct fault_plan){ .mask = FAULT_ALL & ~FAULT_BIT(FAULT_CLOSE), .error = EIO }, DPWIRE_IO);
}

static void one_write_finds_the_disk_full(void **state)
{
        sweep((struct fault_plan){ .mask = FAULT_WRITES | FAULT_BIT(FAULT_OPENAT) | FAULT_SYNCS, .error = ENOSPC },
              DPWIRE_DISK_FULL);
}

/* The disk holds so much and no more. */
static void disk_fills_up(void **state)
{
        static const uint64_t space[] = { 0, 100, 700, 3000, 50000, 100000, 150000, 160000 };

        log_level_set((enum log_level)0);
        for (size_t i = 0; i < ARRAY_SIZE(space); i++) {
                struct sweep s = { { .limited = true, .space_bytes = space[i] }, DPWIRE_DISK_FULL, 0 };

                (void)attempt(&s);
        }
}

static void short_reads_and_writes(void **state)
{
        struct sweep s = { { .short_counts = true }, DPWIRE_IO, 0 };
        struct world w;

        log_level_set((enum log_level)0);
        begin(&w);
        fault_install(&s.plan);
        assert_int_equal(order(&w, DPWIRE_INSTALL)->m.result, DPWIRE_INSTALLED);
        fault_remove();
        assert_sound(&w);
        end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_call_fails),
                cmocka_unit_test(one_write_finds_the_disk_full),
                cmocka_unit_test(disk_fills_up),
                cmocka_unit_test(short_reads_and_writes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
