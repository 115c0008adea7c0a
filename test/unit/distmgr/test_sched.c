/* SPDX-License-Identifier: Apache-2.0 */
/* sched - which waiting jobs may start: the documented limits, and nothing beyond */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "distmgr/sched.h"
#include "lib/prop.h"

static const struct sched_limits documented = { .max_packages = 3, .max_dps_per_package = 5, .max_snapshots = 1 };

static void three_packages_five_dps_each(void **state)
{
        unsigned n[6] = { 0 }, total = 0;
        struct sched s;

        sched_begin(&s, &documented);
        for (int64_t pkg = 1; pkg <= 5; pkg++) {
                for (int dp = 1; dp <= 9; dp++) {
                        if (sched_offer(&s, pkg, SCHED_DP_READY) != SCHED_START)
                                continue;
                        n[pkg]++;
                        total++;
                }
        }
        assert_int_equal(total, 15);
        for (int pkg = 1; pkg <= 3; pkg++)
                assert_int_equal(n[pkg], 5);
        assert_true(sched_full(&s));
        sched_end(&s);
}

static void what_runs_counts(void **state)
{
        struct sched s;

        sched_begin(&s, &documented);
        for (int i = 0; i < 4; i++)
                assert_int_equal(sched_running(&s, 7), 0);
        assert_int_equal(sched_offer(&s, 7, SCHED_DP_READY), SCHED_START);
        assert_int_equal(sched_offer(&s, 7, SCHED_DP_READY), SCHED_LEAVE);
        assert_int_equal(sched_offer(&s, 8, SCHED_DP_READY), SCHED_START);
        sched_end(&s);
}

static void snapshots_have_their_own_limit(void **state)
{
        struct sched s;

        sched_begin(&s, &documented);
        assert_int_equal(sched_snapshots_free(&s), 1);
        sched_snapshot_running(&s);
        assert_int_equal(sched_snapshots_free(&s), 0);
        sched_snapshot_running(&s);             /* the setting was lowered while two ran */
        assert_int_equal(sched_snapshots_free(&s), 0);
        assert_int_equal(sched_offer(&s, 1, SCHED_DP_READY), SCHED_START);
        sched_end(&s);
}

static void unreachable_dps_take_no_place(void **state)
{
        struct sched s;

        sched_begin(&s, &documented);
        for (int dp = 1; dp <= 20; dp++)
                assert_int_equal(sched_offer(&s, 1, dp % 2 ? SCHED_DP_FAIL : SCHED_DP_WAIT), dp % 2 ? SCHED_FAIL : SCHED_LEAVE);
        assert_int_equal(sched_offer(&s, 1, SCHED_DP_READY), SCHED_START);
        sched_end(&s);
}

/* Whatever is offered: never more than the limits, and no free place is passed over. */
static bool limits_hold(struct prop *p)
{
        struct sched_limits l = { (unsigned)prop_range(p, 1, 6), (unsigned)prop_range(p, 1, 6), 1 };
        unsigned dps[8] = { 0 }, packages = 0;
        struct sched s;
        bool ok = true;

        sched_begin(&s, &l);
        for (int i = 0; ok && i < 120; i++) {
                int64_t pkg = (int64_t)prop_u64(p, 7);
                enum sched_dp dp = (enum sched_dp)prop_u64(p, 2);
                bool room = dps[pkg] ? dps[pkg] < l.max_dps_per_package : packages < l.max_packages;
                enum sched_verdict v = sched_offer(&s, pkg, dp);

                ok = v == (dp == SCHED_DP_WAIT ? SCHED_LEAVE : dp == SCHED_DP_FAIL ? SCHED_FAIL : room ? SCHED_START : SCHED_LEAVE);
                if (v == SCHED_START)
                        packages += dps[pkg]++ == 0;
        }
        prop_note(p, "%u packages, %u DPs each", l.max_packages, l.max_dps_per_package);
        sched_end(&s);
        return ok;
}

static void property(void **state)
{
        assert_true(prop_check("scheduler keeps its limits", 300, limits_hold));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(three_packages_five_dps_each),
                cmocka_unit_test(what_runs_counts),
                cmocka_unit_test(snapshots_have_their_own_limit),
                cmocka_unit_test(unreachable_dps_take_no_place),
                cmocka_unit_test(property),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
