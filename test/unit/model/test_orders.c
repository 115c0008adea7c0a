/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, reports, failures: what watchers of the summarizers see after each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "lib/fault.h"

static struct fixture f;
static const char *package;
static int64_t dp1, dp2;

static int set_up(void **state)
{
        fixture_again(&f);
        dp1 = add_dp(&f, "DP1", "P01");
        dp2 = add_dp(&f, "DP2", "S01");
        package = add_package(&f, "Editor");
        return 0;
}

static int tear_down(void **state)
{
        const char *differs = replay(&f);

        assert_int_equal(n_differences(&f), 0);
        if (differs)
                fail_msg("%s", differs);
        return 0;
}

static void assert_root(int64_t targeted, int64_t in, int64_t retrying, int64_t failed)
{
        const char *one = where("PackageID = '%s'", package);

        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", one), targeted);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Installed", one), in);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Retrying", one), retrying);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Failed", one), failed);
}

static int64_t state_of(int64_t dp)
{
        return number(&f, "TM_DistributionCondition", "State",
                      where("PackageID = '%s' AND ServerName = 'DP%d'", package, dp == dp1 ? 1 : 2));
}

static const char *reason_of(int64_t dp)
{
        return text(&f, "TM_DistributionCondition", "Reason",
                    where("PackageID = '%s' AND ServerName = 'DP%d'", package, dp == dp1 ? 1 : 2));
}

static int64_t rows(const char *view)
{
        return number(&f, where("(SELECT count(*) AS n FROM %s WHERE PackageID = '%s')", view, package), "n", NULL);
}

static void everywhere(void)
{
        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(assign(&f, package, dp2), 0);
        settle(&f, package);
}

static void from_order_to_installed(void **state)
{
        assert_root(0, 0, 0, 0);
        assert_int_equal(rows("SMS_PackageStatusDetailSummarizer"), 0);
        assert_int_equal(assign(&f, package, dp1), 0);
        assert_root(1, 0, 0, 0);
        assert_int_equal(rows("SMS_PackageStatusDetailSummarizer"), 1);
        assert_int_equal(rows("SMS_PackageStatusDistPointsSummarizer"), 1);
        assert_int_equal(rows("SMS_PackageStatus"), 2);
        assert_int_equal(state_of(dp1), STATE_INSTALL_PENDING);
        assert_string_equal(text(&f, "TM_PackageCondition", "ReadyReason", NULL), "Snapshot");
        assert_int_equal(snapshot_done(&f, package), 0);
        assert_string_equal(text(&f, "TM_PackageCondition", "ReadyReason", NULL), "InProgress");
        assert_int_equal(installed(&f, package, dp1, 1, order_of(&f, package, dp1, false)), 0);
        assert_root(1, 1, 0, 0);
        assert_int_equal(state_of(dp1), STATE_INSTALLED);
        assert_int_equal(number(&f, "TM_PackageCondition", "Ready", NULL), 1);
        assert_int_equal(order_of(&f, package, dp1, false), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2330") > 0);
        assert_int_equal(assign(&f, package, dp1), err_number(ERR_EXISTS));
}

static void only_the_published_version_counts(void **state)
{
        int64_t order;

        assert_int_equal(assign(&f, package, dp1), 0);
        order = order_of(&f, package, dp1, false);
        /* Nothing is published yet. */
        assert_int_equal(installed(&f, package, dp1, 1, order), err_number(ERR_CORRUPT));
        assert_int_equal(snapshot_done(&f, package), 0);
        assert_int_equal(installed(&f, package, dp1, 2, order), err_number(ERR_INVALID));
        assert_int_equal(installed(&f, "P01FFFFF", dp1, 1, order), 1);
        assert_int_equal(installed(&f, package, dp2, 1, order), 1);
        assert_root(1, 0, 0, 0);
        assert_int_equal(installed(&f, package, dp1, 1, order), 0);
        assert_int_equal(installed(&f, package, dp1, 1, order), 0);
        assert_root(1, 1, 0, 0);
}

static void update_lowers_installed_at_once(void **state)
{
        int64_t first;

        everywhere();
        assert_root(2, 2, 0, 0);
        assert_int_equal(update(&f, package), 0);
        assert_root(2, 0, 0, 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_UPDATING);
        assert_int_equal(number(&f, "TM_PackageCondition", "Ready", NULL), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusDistPointsSummarizer", "SourceVersion", "State = 7"), 1);
        /* A second update takes the place of the first snapshot. */
        first = order_of(&f, package, 0, false);
        assert_int_equal(update(&f, package), 0);
        assert_int_not_equal(order_of(&f, package, 0, false), first);
        assert_int_equal(number(&f, "SMS_Package", "SourceVersion", NULL), 3);
        settle(&f, package);
        assert_root(2, 2, 0, 0);
        assert_int_equal(number(&f, "SMS_PackageStatusDistPointsSummarizer", "SourceVersion", NULL), 3);
}

static void an_older_version_is_held_and_not_done(void **state)
{
        int64_t order;

        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(snapshot_done(&f, package), 0);
        order = order_of(&f, package, dp1, false);
        assert_int_equal(update(&f, package), 0);
        assert_int_equal(installed(&f, package, dp1, 1, order), 1);
        assert_int_equal(state_of(dp1), STATE_INSTALL_PENDING);
        assert_int_equal(number(&f, "TM_DistributionCondition", "SourceVersion", NULL), 1);
        assert_root(1, 0, 0, 0);
}

static void failing_and_retrying(void **state)
{
        int64_t order, due;

        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(snapshot_done(&f, package), 0);
        order = order_of(&f, package, dp1, false);
        assert_int_equal(fail_job(&f, order, "DpOffline", false, 2), 0);
        assert_root(1, 0, 1, 0);
        assert_int_equal(state_of(dp1), STATE_INSTALL_RETRYING);
        assert_string_equal(reason_of(dp1), "it did not work");
        due = number(&f, "TM_DistributionCondition", "NextTry", NULL);
        assert_in_range(due - os_now_us(), 1800 * US_PER_SECOND, 1980 * US_PER_SECOND);
        assert_int_equal(order_of(&f, package, dp1, false), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2391") > 0);
        fault_clock_advance(1980 * US_PER_SECOND);
        assert_int_equal(order_of(&f, package, dp1, false), order);
        assert_int_equal(fail_job(&f, order, "DiskFull", false, 2), 0);
        assert_int_equal(fail_job(&f, order, "DiskFull", false, 2), 0);
        assert_root(1, 0, 0, 1);
        assert_int_equal(number(&f, "TM_DistributionCondition", "Tries", NULL), 3);
        assert_int_equal(fail_job(&f, order, "DiskFull", false, 2), 1);
        /* Redistributing begins anew. */
        assert_int_equal(refresh(&f, package, dp1), 0);
        assert_root(1, 0, 0, 0);
        assert_null(reason_of(dp1));
        assert_int_equal(fail_job(&f, order_of(&f, package, dp1, false), "BadCertificate", true, 100), 0);
        assert_root(1, 0, 0, 1);
}

static void a_clock_set_back_delays_nothing(void **state)
{
        int64_t order;

        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(snapshot_done(&f, package), 0);
        order = order_of(&f, package, dp1, false);
        fault_clock_advance(INT64_C(86400) * 3650 * US_PER_SECOND);
        assert_int_equal(fail_job(&f, order, "DpOffline", false, 2), 0);
        fault_clock_advance(INT64_C(-86400) * 3650 * US_PER_SECOND);
        assert_int_equal(order_of(&f, package, dp1, false), order);
}

static void cancelling(void **state)
{
        int64_t order;

        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(snapshot_done(&f, package), 0);
        order = order_of(&f, package, dp1, false);
        assert_int_equal(cancel(&f, package, dp1), 0);
        assert_int_equal(state_of(dp1), STATE_INSTALL_FAILED);
        assert_string_equal(reason_of(dp1), "cancelled by tester");
        assert_int_equal(order_of(&f, package, dp1, false), 0);
        assert_int_equal(cancel(&f, package, dp1), err_number(ERR_CONFLICT));
        /* It completed all the same: documented to be ignored then. */
        assert_int_equal(installed(&f, package, dp1, 1, order), 0);
        assert_root(1, 1, 0, 0);
}

static void removing(void **state)
{
        everywhere();
        assert_int_equal(unassign(&f, package, dp1), 0);
        assert_root(1, 1, 0, 0);
        assert_int_equal(number(&f, "SMS_DistributionPoint", "Status", "SiteCode = 'P01'"), 3);
        assert_int_equal(refresh(&f, package, dp1), err_number(ERR_CONFLICT));
        assert_int_equal(fail_job(&f, order_of(&f, package, dp1, false), "DpOffline", true, 0), 0);
        assert_root(1, 1, 0, 1);
        assert_int_equal(unassign(&f, package, dp1), 0);
        assert_int_equal(removed(&f, package, dp1, order_of(&f, package, dp1, false)), 0);
        assert_root(1, 1, 0, 0);
        assert_int_equal(rows("SMS_PackageStatusDetailSummarizer"), 1);
        assert_int_equal(state_of(dp1), INT64_MIN);
}

static void ordering_again_stops_a_removal(void **state)
{
        int64_t old;

        everywhere();
        assert_int_equal(unassign(&f, package, dp1), 0);
        old = order_of(&f, package, dp1, false);
        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_UPDATING);
        assert_root(2, 1, 0, 0);
        /* The removal had happened: the DP holds nothing now. */
        assert_int_equal(removed(&f, package, dp1, old), 0);
        assert_int_equal(state_of(dp1), STATE_INSTALL_PENDING);
        assert_int_equal(installed(&f, package, dp1, 1, order_of(&f, package, dp1, false)), 0);
        assert_int_equal(removed(&f, package, dp1, old), 0);
        assert_int_equal(state_of(dp1), STATE_INSTALLED);
}

static void damage_and_mending(void **state)
{
        int64_t before, order;

        everywhere();
        before = 0;
        assert_int_equal(validate(&f, package, dp1), 0);
        order = order_of(&f, package, dp1, true);
        assert_int_equal(invalid(&f, package, dp1, 1, order, "setup/data.cab"), 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_MONITORING);
        assert_non_null(strstr(reason_of(dp1), "setup/data.cab"));
        assert_root(2, 1, 0, 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2382") > 0);
        /* Old and nameless reports do not mend; nor does the validation that found it. */
        assert_int_equal(installed(&f, package, dp1, 1, before), 1);
        assert_int_equal(installed(&f, package, dp1, 1, order - 1), 1);
        assert_int_equal(valid(&f, package, dp1, 1, order), 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_MONITORING);
        assert_int_equal(refresh(&f, package, dp1), 0);
        assert_int_equal(installed(&f, package, dp1, 1, order), 1);
        assert_int_equal(state_of(dp1), STATE_CONTENT_UPDATING);
        assert_int_equal(installed(&f, package, dp1, 1, order_of(&f, package, dp1, false)), 0);
        assert_root(2, 2, 0, 0);
}

static void a_later_validation_may_clear(void **state)
{
        everywhere();
        assert_int_equal(validate(&f, package, dp1), 0);
        assert_int_equal(invalid(&f, package, dp1, 1, order_of(&f, package, dp1, true), "a"), 0);
        assert_int_equal(validate(&f, package, dp1), 0);
        assert_int_equal(valid(&f, package, dp1, 1, order_of(&f, package, dp1, true)), 0);
        assert_int_equal(state_of(dp1), STATE_INSTALLED);
}

struct inventory_arg {
        struct model_held held[2];
        size_t n;
};
static int do_inventory(struct tx *t, void *arg, struct err *e)
{
        const struct inventory_arg *a = arg;

        return model_inventory(t, dp1, a->held, a->n, e);
}

static void inventory_takes_and_never_gives(void **state)
{
        struct inventory_arg a = { { { str_of(package), 1, manifest_of(package, 1), true }, { STR("P01ABCDE"), 4, { { 0 } }, true } }, 1 };

        everywhere();
        assert_int_equal(fixture_do(&f, do_inventory, &a), 0);
        assert_root(2, 2, 0, 0);
        a.n = 2;
        assert_int_equal(fixture_do(&f, do_inventory, &a), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2388") > 0);
        a.held[0].manifest.b[0] ^= 1;
        assert_int_equal(fixture_do(&f, do_inventory, &a), 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_MONITORING);
        assert_int_equal(number(&f, "TM_DistributionCondition", "SourceVersion", "ServerName = 'DP1'"), 0);
        a.held[0].manifest.b[0] ^= 1;
        assert_int_equal(fixture_do(&f, do_inventory, &a), 0);
        assert_int_equal(state_of(dp1), STATE_CONTENT_MONITORING);
        assert_int_equal(refresh(&f, package, dp1), 0);
        assert_int_equal(state_of(dp1), STATE_INSTALL_PENDING);
}

static void a_source_that_cannot_be_read(void **state)
{
        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(fail_job(&f, order_of(&f, package, 0, false), "SourceMissing", true, 0), 0);
        assert_root(1, 0, 0, 1);
        assert_string_equal(text(&f, "TM_PackageCondition", "ReadyReason", NULL), "SourceFailed");
        /* Trying again reads the source again. */
        assert_int_equal(refresh(&f, package, dp1), 0);
        assert_true(order_of(&f, package, 0, false) > 0);
        settle(&f, package);
        assert_root(1, 1, 0, 0);
}

static int do_retry(struct tx *t, void *arg, struct err *e)
{
        return model_retry_failed(t, STR_NULL, 0, arg, e);
}

static void retry_failed_takes_trouble_only(void **state)
{
        uint64_t n;

        everywhere();
        assert_int_equal(fixture_do(&f, do_retry, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(validate(&f, package, dp1), 0);
        assert_int_equal(invalid(&f, package, dp1, 1, order_of(&f, package, dp1, true), NULL), 0);
        assert_int_equal(unassign(&f, package, dp2), 0);
        assert_int_equal(fail_job(&f, order_of(&f, package, dp2, false), "DpOffline", true, 0), 0);
        assert_int_equal(fixture_do(&f, do_retry, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(state_of(dp1), STATE_INSTALL_PENDING);
        assert_int_equal(state_of(dp2), STATE_REMOVAL_PENDING);
}

static int do_delete(struct tx *t, void *arg, struct err *e)
{
        return model_package_delete(t, str_of(package), e);
}

static void deleting_in_two_phases(void **state)
{
        everywhere();
        assert_int_equal(fixture_do(&f, do_delete, NULL), 0);
        assert_root(0, 0, 0, 0);
        assert_int_equal(number(&f, "SMS_Package", "ActionInProgress", NULL), 3);
        assert_int_equal(assign(&f, package, dp1), err_number(ERR_CONFLICT));
        assert_int_equal(removed(&f, package, dp1, order_of(&f, package, dp1, false)), 0);
        assert_int_equal(rows("SMS_Package"), 1);
        assert_int_equal(removed(&f, package, dp2, order_of(&f, package, dp2, false)), 0);
        assert_int_equal(rows("SMS_Package"), 0);
        assert_int_equal(rows("SMS_PackageStatusRootSummarizer"), 0);
        /* Its PackageID is never given again. */
        assert_string_not_equal(add_package(&f, "Editor"), package);
}

static void nothing_to_distribute(void **state)
{
        assert_int_equal(put(&f, "SMS_Package", "{\"Name\":\"Script\"}"), 0);
        package = arena_strz(&f.arena, fixture_id);
        assert_root(0, 0, 0, 0);
        assert_int_equal(rows("SMS_PackageStatusDetailSummarizer"), 1);
        assert_int_equal(number(&f, "TM_PackageCondition", "Ready", where("PackageID = '%s'", package)), 1);
        assert_int_equal(assign(&f, package, dp1), err_number(ERR_CONFLICT));
        assert_non_null(strstr(f.err.text, "no source files"));
        assert_int_equal(update(&f, package), err_number(ERR_CONFLICT));
}

static void summary_date_moves_only_with_a_change(void **state)
{
        int64_t before;

        everywhere();
        before = number(&f, "SMS_PackageStatusDetailSummarizer", "SummaryDate", "SiteCode = 'P01'");
        fault_clock_advance(US_PER_SECOND);
        assert_int_equal(installed(&f, package, dp1, 1, 1), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusDetailSummarizer", "SummaryDate", "SiteCode = 'P01'"), before);
        assert_int_equal(refresh(&f, package, dp1), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusDetailSummarizer", "SummaryDate", "SiteCode = 'P01'"), before + US_PER_SECOND);
        assert_int_equal(number(&f, "SMS_PackageStatusDetailSummarizer", "SummaryDate", "SiteCode = 'S01'"), before);
}

static int open_site(void **state)
{
        fixture_open(&f);
        return 0;
}

static int close_site(void **state)
{
        fixture_close(&f);
        return 0;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

static int do_start(struct tx *t, void *arg, struct err *e)
{
        return model_job_started(t, *(int64_t *)arg, e);
}

static void a_refresh_and_a_validation_that_waits_are_told(void **state)
{
        const char *told = add_package(&f, "Told");
        int64_t dp = add_dp(&f, "DPTOLD", "P01");
        int64_t order;

        assert_int_equal(assign(&f, told, dp), 0);
        settle(&f, told);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2330") > 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2303") < 0);
        assert_int_equal(refresh(&f, told, dp), 0);
        order = order_of(&f, told, dp, false);
        assert_int_equal(installed(&f, told, dp, 1, order), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2303") > 0);
        assert_int_equal(validate(&f, told, dp), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2381") < 0);
        order = order_of(&f, told, dp, true);
        assert_int_equal(fixture_do(&f, do_start, &order), 0);
        assert_int_equal(validate(&f, told, dp), 0);
        assert_true(number(&f, "SMS_StatusMessage", "RecordID", "MessageID = 2381") > 0);
        assert_null(replay(&f));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                T(from_order_to_installed),
                T(a_refresh_and_a_validation_that_waits_are_told),
                T(only_the_published_version_counts),
                T(update_lowers_installed_at_once),
                T(an_older_version_is_held_and_not_done),
                T(failing_and_retrying),
                T(a_clock_set_back_delays_nothing),
                T(cancelling),
                T(removing),
                T(ordering_again_stops_a_removal),
                T(damage_and_mending),
                T(a_later_validation_may_clear),
                T(inventory_takes_and_never_gives),
                T(a_source_that_cannot_be_read),
                T(retry_failed_takes_trouble_only),
                T(deleting_in_two_phases),
                T(nothing_to_distribute),
                T(summary_date_moves_only_with_a_change),
        };

        return cmocka_run_group_tests_name("model-orders", tests, open_site, close_site);
}
