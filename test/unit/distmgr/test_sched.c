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

static struct model_job dp_job(int64_t pkg, int64_t dp)
{
        return (struct model_job){ .job_id = pkg * 1000 + dp, .pkg_id = pkg, .dp_id = dp, .action = JOB_ADD, .has_manifest = true };
}

static void three_packages_five_dps_each(void **state)
{
        unsigned n[6] = { 0 }, total = 0;
        struct sched s;

        sched_begin(&s, &documented);
        for (int64_t pkg = 1; pkg <= 5; pkg++) {
                for (int64_t dp = 1; dp <= 9; dp++) {
                        struct model_job j = dp_job(pkg, dp);

                        if (sched_offer(&s, &j, SCHED_DP_READY) == SCHED_START) {
                                n[pkg]++;
                                total++;
                        }
                }
        }
        assert_int_equal(total, 15);
        for (int pkg = 1; pkg <= 3; pkg++)
                assert_int_equal(n[pkg], 5);
        assert_false(sched_full(&s));           /* a snapshot may still start */
        assert_int_equal(sched_offer(&s, &(struct model_job){ .pkg_id = 9, .action = JOB_SNAPSHOT }, SCHED_DP_READY), SCHED_START);
        assert_int_equal(sched_offer(&s, &(struct model_job){ .pkg_id = 8, .action = JOB_SNAPSHOT }, SCHED_DP_READY), SCHED_LEAVE);
        assert_true(sched_full(&s));
        sched_end(&s);
}

static void what_runs_counts(void **state)
{
        struct sched s;

        sched_begin(&s, &documented);
        for (int i = 0; i < 4; i++)
                assert_int_equal(sched_running(&s, 7, false), 0);
        assert_int_equal(sched_running(&s, 0, true), 0);
        struct model_job a = dp_job(7, 1), b = dp_job(7, 2);

        assert_int_equal(sched_offer(&s, &a, SCHED_DP_READY), SCHED_START);
        assert_int_equal(sched_offer(&s, &b, SCHED_DP_READY), SCHED_LEAVE);
        assert_int_equal(sched_offer(&s, &(struct model_job){ .action = JOB_SNAPSHOT }, SCHED_DP_READY), SCHED_LEAVE);
        sched_end(&s);
}

static void content_must_be_there(void **state)
{
        struct model_job j = dp_job(1, 1);
        struct sched s;

        sched_begin(&s, &documented);
        j.has_manifest = false;
        assert_int_equal(sched_offer(&s, &j, SCHED_DP_READY), SCHED_LEAVE);
        assert_int_equal(sched_offer(&s, &j, SCHED_DP_FAIL), SCHED_LEAVE);      /* it waits for the snapshot, not for the DP */
        j.action = JOB_REMOVE;
        assert_int_equal(sched_offer(&s, &j, SCHED_DP_READY), SCHED_START);
        sched_end(&s);
}

static void unreachable_dps_take_no_place(void **state)
{
        struct sched s;
        struct model_job j;

        sched_begin(&s, &documented);
        for (int64_t dp = 1; dp <= 20; dp++) {
                j = dp_job(1, dp);
                assert_int_equal(sched_offer(&s, &j, dp % 2 ? SCHED_DP_FAIL : SCHED_DP_WAIT), dp % 2 ? SCHED_FAIL : SCHED_LEAVE);
        }
        j = dp_job(1, 21);
        assert_int_equal(sched_offer(&s, &j, SCHED_DP_READY), SCHED_START);
        sched_end(&s);
}

/* Whatever is offered: never more than the limits, nothing that cannot begin, and no free place is passed over. */
static bool limits_hold(struct prop *p)
{
        struct sched_limits l = { (unsigned)prop_range(p, 1, 6), (unsigned)prop_range(p, 1, 6), (unsigned)prop_range(p, 1, 3) };
        unsigned dps[8] = { 0 }, packages = 0, snapshots = 0;
        struct sched s;
        bool ok = true;

        sched_begin(&s, &l);
        for (int i = 0; ok && i < 120; i++) {
                struct model_job j = dp_job((int64_t)prop_u64(p, 7), i);
                enum sched_dp dp = (enum sched_dp)prop_u64(p, 2);
                enum sched_verdict v;
                bool room;

                j.has_manifest = !prop_one_in(p, 5);
                if (prop_one_in(p, 10))
                        j.action = JOB_SNAPSHOT;
                v = sched_offer(&s, &j, dp);
                if (j.action == JOB_SNAPSHOT) {
                        ok = (v == SCHED_START) == (snapshots < l.max_snapshots);
                        snapshots += v == SCHED_START;
                        continue;
                }
                room = dps[j.pkg_id] ? dps[j.pkg_id] < l.max_dps_per_package : packages < l.max_packages;
                ok = v == (!j.has_manifest || dp == SCHED_DP_WAIT ? SCHED_LEAVE :
                           dp == SCHED_DP_FAIL ? SCHED_FAIL : room ? SCHED_START : SCHED_LEAVE);
                if (v == SCHED_START)
                        packages += dps[j.pkg_id]++ == 0;
                if (sched_full(&s) && snapshots < l.max_snapshots)
                        ok = false;
        }
        prop_note(p, "%u packages, %u DPs each, %u snapshots", l.max_packages, l.max_dps_per_package, l.max_snapshots);
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
                cmocka_unit_test(content_must_be_there),
                cmocka_unit_test(unreachable_dps_take_no_place),
                cmocka_unit_test(property),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
