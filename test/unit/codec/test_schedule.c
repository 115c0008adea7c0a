/* SPDX-License-Identifier: Apache-2.0 */
/* The strings that the documents print, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/schedule.h"

static struct schedule_token tokens[SCHEDULE_MAX_TOKENS];
static size_t n_tokens;

static int decode(const char *text, struct err *e)
{
        return schedule_decode(str_of(text), tokens, &n_tokens, e);
}

static void assert_again(const char *text)
{
        struct err e = { 0 };
        struct buf out;

        buf_init(&out, 0);
        assert_int_equal(schedule_encode(tokens, n_tokens, &out, &e), 0);
        assert_true(str_eqz(buf_str(&out), text));
        buf_fini(&out);
}

/* "ReadFromString Method in Class SMS_ScheduleMethods" */
static void the_documented_example(void **state)
{
        const char *text = "791378800008000055147880001B200055177880001E2000";
        struct err e = { 0 };

        assert_int_equal(decode(text, &e), 0);
        assert_int_equal(n_tokens, 3);
        assert_int_equal(tokens[0].kind, SCHEDULE_ONCE);
        assert_int_equal(tokens[0].year, 2004);
        assert_int_equal(tokens[0].month, 7);
        assert_int_equal(tokens[0].day, 19);
        assert_int_equal(tokens[0].hour, 8);
        assert_int_equal(tokens[0].minute, 30);
        assert_int_equal(tokens[1].kind, SCHEDULE_WEEKLY);
        assert_int_equal(tokens[1].weekday, 3);
        assert_int_equal(tokens[1].weeks, 1);
        assert_int_equal(tokens[1].day, 20);
        assert_int_equal(tokens[1].minute, 21);
        assert_int_equal(tokens[2].weekday, 6);
        assert_again(text);
}

/* "About Configuration Manager Tally Intervals" */
static void the_tally_intervals(void **state)
{
        static const struct {
                const char *text;
                enum schedule_kind kind;
                uint8_t value;
        } t[] = {
                { "0001128000100008", SCHEDULE_INTERVAL, 1 },           /* daily */
                { "0281128000100008", SCHEDULE_INTERVAL, 1 },
                { "0001128000192000", SCHEDULE_WEEKLY, 1 },             /* since Sunday */
                { "00011280001F2000", SCHEDULE_WEEKLY, 7 },
                { "000A470000284400", SCHEDULE_MONTHLY_DATE, 1 },
                { "000A4700002BC400", SCHEDULE_MONTHLY_DATE, 15 },
                { "0001128000080008", SCHEDULE_ONCE, 0 },               /* since installation; its stray bit says nothing */
        };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                struct err e = { 0 };
                const struct schedule_token *k = tokens;

                assert_int_equal(decode(t[i].text, &e), 0);
                assert_int_equal(k->kind, t[i].kind);
                assert_int_equal(k->kind == SCHEDULE_INTERVAL ? k->span_days : k->kind == SCHEDULE_WEEKLY ? k->weekday : k->month_day,
                                 t[i].value);
                if (t[i].kind != SCHEDULE_ONCE)
                        assert_again(t[i].text);
        }
}

static void what_is_wrong_is_named(void **state)
{
        static const char *const t[][2] = {
                { "0001128", "16 digits" },
                { "000112800010000G", "character 16" },
                { "F001128000100008", "minute is 60" },
                { "0000128000100008", "day is 0" },
                { "0001028000100008", "month is 0" },
                { "001E228000100008", "has no day 30" },
                { "0001128000000008", "no kind 0" },
                { "0001128000182000", "Day is 0" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                struct err e = { 0 };

                assert_int_equal(decode(t[i][0], &e), err_number(ERR_INVALID));
                if (!strstr(e.text, t[i][1]))
                        fail_msg("%s: %s", t[i][0], e.text);
        }
}

static void what_does_not_fit_is_not_written(void **state)
{
        struct schedule_token t = { .kind = SCHEDULE_WEEKLY, .year = 2034, .month = 1, .day = 1, .weekday = 1, .weeks = 1 };
        struct err e = { 0 };
        struct buf out;

        buf_init(&out, 0);
        assert_int_equal(schedule_encode(&t, 1, &out, &e), err_number(ERR_INVALID));
        t.year = 2024;
        t.weeks = 5;
        assert_int_equal(schedule_encode(&t, 1, &out, &e), err_number(ERR_INVALID));
        assert_int_equal(out.n, 0);
        buf_fini(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_documented_example),
                cmocka_unit_test(the_tally_intervals),
                cmocka_unit_test(what_is_wrong_is_named),
                cmocka_unit_test(what_does_not_fit_is_not_written),
        };

        return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
