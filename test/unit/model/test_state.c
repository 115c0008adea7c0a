/* SPDX-License-Identifier: Apache-2.0 */
/* The table of moves, against the laws it must obey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/state.h"

static void only_a_report_installs(void **state)
{
        for (int from = STATE_NONE; from < N_DP_STATES; from++)
                for (int ev = 0; ev < N_DP_EVENTS; ev++)
                        for (int holds = 0; holds < 2; holds++)
                                if (state_next(from, (enum dp_event)ev, holds) == STATE_INSTALLED && from != STATE_INSTALLED)
                                        assert_int_equal(ev, EV_REPORT_INSTALLED);
}

static void orders_take_installed_away(void **state)
{
        const enum dp_event orders[] = { EV_ORDER_UPDATE, EV_ORDER_REFRESH, EV_ORDER_REMOVE, EV_REPORT_INVALID, EV_REPORT_REMOVED };

        for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
                assert_int_equal(state_counts(state_next(STATE_INSTALLED, orders[i], true), true).installed, 0);
        assert_int_equal(state_next(STATE_INSTALLED, EV_ORDER_UPDATE, true), STATE_CONTENT_UPDATING);
        assert_int_equal(state_next(STATE_INSTALLED, EV_ORDER_REFRESH, true), STATE_CONTENT_UPDATING);
        assert_int_equal(state_next(STATE_INSTALL_FAILED, EV_ORDER_REFRESH, false), STATE_INSTALL_PENDING);
}

static void removal_ends_only_by_report(void **state)
{
        for (int from = 0; from < N_DP_STATES; from++)
                for (int ev = 0; ev < N_DP_EVENTS; ev++)
                        if (state_next(from, (enum dp_event)ev, false) == STATE_NONE) {
                                assert_int_equal(ev, EV_REPORT_REMOVED);
                                assert_true(state_is_removal(from));
                        }
        assert_int_equal(state_next(STATE_REMOVAL_PENDING, EV_REPORT_INSTALLED, true), STATE_ILLEGAL);
        assert_int_equal(state_next(STATE_REMOVAL_PENDING, EV_ORDER_REFRESH, true), STATE_ILLEGAL);
        assert_int_equal(state_next(STATE_REMOVAL_RETRYING, EV_ORDER_INSTALL, true), STATE_CONTENT_UPDATING);
}

static void retries_and_giving_up(void **state)
{
        static const int tries[][3] = {
                { STATE_INSTALL_PENDING, STATE_INSTALL_RETRYING, STATE_INSTALL_FAILED },
                { STATE_INSTALL_RETRYING, STATE_INSTALL_RETRYING, STATE_INSTALL_FAILED },
                { STATE_CONTENT_UPDATING, STATE_INSTALL_RETRYING, STATE_INSTALL_FAILED },
                { STATE_REMOVAL_PENDING, STATE_REMOVAL_RETRYING, STATE_REMOVAL_FAILED },
                { STATE_REMOVAL_RETRYING, STATE_REMOVAL_RETRYING, STATE_REMOVAL_FAILED },
                { STATE_INSTALLED, STATE_ILLEGAL, STATE_ILLEGAL },
                { STATE_CONTENT_MONITORING, STATE_ILLEGAL, STATE_ILLEGAL },
        };

        for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
                assert_int_equal(state_next(tries[i][0], EV_ATTEMPT_FAILED, true), tries[i][1]);
                assert_int_equal(state_next(tries[i][0], EV_GAVE_UP, true), tries[i][2]);
        }
}

static void moves_stay_in_the_table(void **state)
{
        for (int from = -3; from < N_DP_STATES + 2; from++)
                for (int ev = -1; ev < N_DP_EVENTS + 1; ev++) {
                        int to = state_next(from, (enum dp_event)ev, true);

                        assert_true(to >= STATE_ILLEGAL && to < N_DP_STATES);
                }
}

static void counting(void **state)
{
        /*                                            targeted installed retrying failed */
        static const struct counters expect[N_DP_STATES] = {
                { 1, 1, 0, 0 }, { 1, 0, 0, 0 }, { 1, 0, 1, 0 }, { 1, 0, 0, 1 }, { 0, 0, 0, 0 },
                { 0, 0, 1, 0 }, { 0, 0, 0, 1 }, { 1, 0, 0, 0 }, { 1, 0, 0, 0 },
        };

        for (int i = 0; i < N_DP_STATES; i++) {
                struct counters c = state_counts(i, true);

                assert_memory_equal(&c, &expect[i], sizeof(c));
        }
        assert_int_equal(state_counts(STATE_INSTALLED, false).installed, 0);
        assert_int_equal(state_counts(STATE_NONE, true).targeted, 0);
}

static void names(void **state)
{
        char number[2] = "0";

        for (int i = 0; i < N_DP_STATES; i++) {
                number[0] = (char)('0' + i);
                assert_int_equal(state_from_name(state_name(i)), i);
                assert_int_equal(state_from_name(number), i);
        }
        assert_int_equal(state_from_name("installed"), STATE_INSTALLED);
        assert_int_equal(state_from_name("9"), STATE_NONE);
        assert_string_equal(state_name(STATE_NONE), "NONE");
        assert_string_equal(event_name(N_DP_EVENTS), "unknown event");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_a_report_installs),   cmocka_unit_test(orders_take_installed_away),
                cmocka_unit_test(removal_ends_only_by_report), cmocka_unit_test(retries_and_giving_up),
                cmocka_unit_test(moves_stay_in_the_table),  cmocka_unit_test(counting),
                cmocka_unit_test(names),
        };

        return cmocka_run_group_tests_name("model-state", tests, NULL, NULL);
}
