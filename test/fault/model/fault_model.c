/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database runs full at every page in turn, and memory at every allocation
 * of a transaction's arena: an order is done wholly or not at all, says why in
 * its error, and once there is room again everything goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"

static struct fixture f;
static const char *package;
static int64_t dp1, dp2;

/* One number from a PRAGMA. */
static int64_t pragma(const char *text)
{
        _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;

        assert_int_equal(db_stmt_dynamic(&s, f.db, str_of(text), &f.err), 0);
        assert_true(db_step(s, &f.err) > 0);
        return db_col_i64(s, 0);
}

static void limit_pages(int64_t n)
{
        char text[64];

        snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld", (long long)n);
        (void)pragma(text);
}

static int order_1(void) { return assign(&f, package, dp1); }
static int order_2(void) { return assign(&f, package, dp2); }
static int publish(void) { return snapshot_done(&f, package); }
static int report_1(void) { return installed(&f, package, dp1, (uint32_t)number(&f, "SMS_Package", "SourceVersion", NULL),
                                             order_of(&f, package, dp1, false)); }
static int renew(void) { return update(&f, package); }
static int drop_2(void) { return unassign(&f, package, dp2); }

static int (*const history[])(void) = { order_1, order_2, publish, report_1, renew, publish, report_1, drop_2 };

static void check(void)
{
        const char *differs = replay(&f);

        if (n_differences(&f))
                fail_msg("%s", fixture_difference);
        if (differs)
                fail_msg("%s", differs);
}

/* The number of steps done; the one that failed changed nothing and said so. */
static size_t run_history(void)
{
        size_t i = 0;

        for (; i < ARRAY_SIZE(history); i++) {
                int64_t before, after;

                assert_int_equal(model_changes_last(f.db, &before, &f.err), 0);
                if (history[i]() >= 0)
                        continue;
                assert_int_equal(f.err.kind, ERR_NO_SPACE);
                assert_int_equal(model_changes_last(f.db, &after, &f.err), 0);
                assert_int_equal(before, after);
                break;
        }
        return i;
}

static void a_full_disk_undoes_the_order_and_nothing_else(void **state)
{
        size_t done = 0;
        int n_full = 0;

        for (int64_t room = 0; done < ARRAY_SIZE(history); room += 2) {
                fixture_open(&f);
                dp1 = add_dp(&f, "DP1", "P01");
                dp2 = add_dp(&f, "DP2", "S01");
                package = add_package(&f, "Editor");
                limit_pages(pragma("PRAGMA page_count") + room);
                done = run_history();
                limit_pages(INT32_MAX);
                check();
                n_full += done < ARRAY_SIZE(history);
                for (size_t i = done; i < ARRAY_SIZE(history); i++)
                        assert_true(history[i]() >= 0);
                check();
                fixture_close(&f);
        }
        assert_true(n_full >= 3);
}

struct starved {
        size_t limit;
        const char *package;
};

static int do_starved(struct tx *t, void *arg, struct err *e)
{
        const struct starved *s = arg;
        uint32_t version;

        t->arena.limit = s->limit;
        return model_package_update(t, str_of(s->package), &version, e);
}

static void memory_runs_out_anywhere(void **state)
{
        struct starved s = { 0 };
        int n_failed = 0, r = -1;

        fixture_open(&f);
        dp1 = add_dp(&f, "DP1", "P01");
        s.package = package = add_package(&f, "Editor");
        assert_int_equal(assign(&f, package, dp1), 0);
        settle(&f, package);
        for (s.limit = 16; r < 0; s.limit += 256) {
                r = fixture_do(&f, do_starved, &s);
                n_failed += r < 0;
                if (r < 0 && f.err.kind != ERR_NOMEM)
                        fail_msg("%zu bytes: %s", s.limit, f.err.text);
        }
        check();
        assert_true(n_failed > 10);
        assert_int_equal(number(&f, "SMS_Package", "SourceVersion", NULL), 2);
        fixture_close(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_full_disk_undoes_the_order_and_nothing_else),
                cmocka_unit_test(memory_runs_out_anywhere),
        };

        return cmocka_run_group_tests_name("fault-model", tests, NULL, NULL);
}
