/* SPDX-License-Identifier: Apache-2.0 */
/* Any tokens, written and read again, are the same tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/schedule.h"
#include "lib/prop.h"

static uint8_t between(struct prop *p, int low, int high)
{
        return (uint8_t)prop_range(p, low, high);
}

static struct schedule_token any(struct prop *p)
{
        struct schedule_token t = { 0 };

        t.kind = (enum schedule_kind)prop_range(p, SCHEDULE_ONCE, SCHEDULE_MONTHLY_DATE);
        t.year = (uint16_t)prop_range(p, 1970, 2033);
        t.month = between(p, 1, 12);
        t.day = between(p, 1, 28);
        t.hour = between(p, 0, 23);
        t.minute = between(p, 0, 59);
        t.duration_days = between(p, 0, 31);
        t.duration_hours = between(p, 0, 23);
        t.duration_minutes = between(p, 0, 59);
        t.gmt = prop_bool(p);
        switch (t.kind) {
        case SCHEDULE_INTERVAL:
                t.span_days = between(p, 0, 31);
                t.span_hours = between(p, 0, 23);
                t.span_minutes = between(p, 0, 59);
                break;
        case SCHEDULE_WEEKLY:
                t.weekday = between(p, 1, 7);
                t.weeks = between(p, 1, 4);
                break;
        case SCHEDULE_MONTHLY_WEEKDAY:
                t.weekday = between(p, 1, 7);
                t.months = between(p, 1, 12);
                t.order = between(p, 0, 4);
                break;
        case SCHEDULE_MONTHLY_DATE:
                t.month_day = between(p, 0, 31);
                t.months = between(p, 1, 12);
                break;
        case SCHEDULE_ONCE:
                break;
        }
        return t;
}

static bool same(const struct schedule_token *a, const struct schedule_token *b)
{
        return a->kind == b->kind && a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
               a->minute == b->minute && a->duration_days == b->duration_days && a->duration_hours == b->duration_hours &&
               a->duration_minutes == b->duration_minutes && a->gmt == b->gmt && a->span_days == b->span_days &&
               a->span_hours == b->span_hours && a->span_minutes == b->span_minutes && a->weekday == b->weekday &&
               a->weeks == b->weeks && a->months == b->months && a->order == b->order && a->month_day == b->month_day;
}

static bool round_trip(struct prop *p)
{
        struct schedule_token in[8], out[SCHEDULE_MAX_TOKENS];
        const size_t n = (size_t)prop_u64(p, ARRAY_SIZE(in));
        struct err e = { 0 };
        size_t n_out = 0;
        struct buf text;
        bool ok;

        for (size_t i = 0; i < n; i++)
                in[i] = any(p);
        buf_init(&text, 0);
        ok = schedule_encode(in, n, &text, &e) == 0 && text.n == n * SCHEDULE_TOKEN_DIGITS &&
             schedule_decode(buf_str(&text), out, &n_out, &e) == 0 && n_out == n;
        for (size_t i = 0; ok && i < n; i++)
                ok = same(&in[i], &out[i]);
        prop_note(p, "%zu tokens: %s", n, e.text);
        buf_fini(&text);
        return ok;
}

static void tokens_come_back(void **state)
{
        assert_true(prop_check("schedule tokens", 2000, round_trip));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(tokens_come_back) };

        return cmocka_run_group_tests_name("prop-schedule", tests, NULL, NULL);
}
