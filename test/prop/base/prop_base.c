/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of base: what is written reads back; maps and calendars agree with slow and simple ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/hex.h"
#include "base/map.h"
#include "base/time.h"
#include "lib/prop.h"

/* 0001-01-01 .. 9999-12-31 */
static int64_t any_instant(struct prop *p)
{
        return prop_range(p, INT64_C(-62135596800000000), INT64_C(253402300799999999));
}

static bool rfc3339_round_trips(struct prop *p)
{
        int64_t us = any_instant(p), back = 0;
        char text[RFC3339_LEN + 1];

        time_format_rfc3339(us, text);
        prop_note(p, "%lld as %s", (long long)us, text);
        return time_parse_rfc3339(str_of(text), &back) == 0 && back == us;
}

static bool cim_round_trips(struct prop *p)
{
        int64_t us = prop_range(p, INT64_C(-62135596800000000) + 999 * 60 * US_PER_SECOND,
                                INT64_C(253402300799999999) - 999 * 60 * US_PER_SECOND), back = 0;
        int32_t east = prop_one_in(p, 4) ? TIME_CIM_NO_OFFSET : (int32_t)prop_range(p, -999, 999), east_back = 1;
        char text[CIM_DATETIME_LEN + 1];

        time_format_cim(us, east, text);
        prop_note(p, "%lld as %s", (long long)us, text);
        return strlen(text) == CIM_DATETIME_LEN && time_parse_cim(str_of(text), &back, &east_back) == 0 && back == us &&
               east_back == east;
}

static bool civil_round_trips(struct prop *p)
{
        int64_t us = any_instant(p);
        struct civil c;

        civil_from_us(us, &c);
        prop_note(p, "%lld: %d-%d-%d", (long long)us, c.year, c.month, c.day);
        return civil_to_us(&c) == us && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31 && c.hour >= 0 &&
               c.hour < 24 && c.us >= 0 && c.us < US_PER_SECOND;
}

/* The day after is the next of the month or the first of the next: no day is left out or twice there. */
static bool days_follow_each_other(struct prop *p)
{
        int64_t us = prop_range(p, INT64_C(-62135596800000000), INT64_C(253402300799999999) - 86400 * US_PER_SECOND);
        struct civil a, b;

        civil_from_us(us, &a);
        civil_from_us(us + 86400 * US_PER_SECOND, &b);
        if (b.day != 1)
                return b.day == a.day + 1 && b.month == a.month && b.year == a.year;
        return a.day >= 28 && (b.month == 1 ? a.month == 12 && b.year == a.year + 1 : b.month == a.month + 1 && b.year == a.year);
}

/* Any text: refused, or printed again as the same instant. */
static bool cim_takes_no_nonsense(struct prop *p)
{
        char text[CIM_DATETIME_LEN + 1] = "20040719083000.000000+***", again[CIM_DATETIME_LEN + 1];
        int64_t us, back;
        int32_t east;

        for (int i = 0; i < 3; i++)
                text[prop_u64(p, CIM_DATETIME_LEN - 1)] = "0123456789*+-.:x"[prop_u64(p, 15)];
        prop_note(p, "%s", text);
        if (time_parse_cim(str_of(text), &us, &east) < 0)
                return true;
        time_format_cim(us, east, again);
        return time_parse_cim(str_of(again), &back, NULL) == 0 && back == us;
}

static bool bytes_round_trip(struct prop *p)
{
        uint8_t raw[100], back[100];
        size_t n = prop_bytes(p, raw, sizeof raw), n_back = 0;
        char text[201];

        hex_encode(raw, n, text);
        if (hex_decode(str_of(text), back, n) < 0 || (n && memcmp(raw, back, n) != 0))
                return false;
        base64_encode(raw, n, text);
        if (base64_decode(str_of(text), back, sizeof back, &n_back) < 0 || n_back != n || (n && memcmp(raw, back, n) != 0))
                return false;
        base64url_encode(raw, n, text);
        return base64url_decode(str_of(text), back, sizeof back, &n_back) == 0 && n_back == n &&
               (n == 0 || memcmp(raw, back, n) == 0);
}

/* A text that decodes is the one text of its bytes. */
static bool base64_is_unique(struct prop *p)
{
        struct arena a;
        uint8_t raw[64];
        char text[100];
        struct str s;
        size_t n;
        bool good = true;

        arena_init(&a, 0);
        s = prop_str(p, &a, 12, "AQgwZz09-_=");
        prop_note(p, "%.*s", STR_ARG(s));
        if (base64url_decode(s, raw, sizeof raw, &n) == 0) {
                base64url_encode(raw, n, text);
                good = str_eqz(s, text);
        }
        arena_fini(&a);
        return good;
}

static bool varint_round_trips(struct prop *p)
{
        uint64_t v = prop_u64(p, UINT64_MAX);
        struct buf b;
        struct cursor c;
        bool good;

        buf_init(&b, 0);
        buf_varint(&b, v);
        c = cursor_of(b.p, b.n);
        prop_note(p, "%llu in %zu bytes", (unsigned long long)v, b.n);
        good = cursor_varint(&c) == v && !c.bad && c.p == c.end;
        buf_fini(&b);
        return good;
}

/* The map against an array with one place a key. */
static bool map_is_a_map(struct prop *p)
{
        enum { KEYS = 40 };
        void *model[KEYS] = { NULL };
        size_t n = (size_t)prop_u64(p, 200), held = 0;
        struct map m;
        bool good = true;

        map_init(&m, false);
        for (size_t i = 0; i < n && good; i++) {
                uint8_t key = (uint8_t)prop_u64(p, KEYS - 1);
                struct str k = { (char *)&key, 1 };
                void *old = NULL;

                if (prop_bool(p)) {
                        good = map_put(&m, k, &model[key], &old) == 0 && old == model[key];
                        model[key] = &model[key];
                } else {
                        good = map_del(&m, k) == model[key];
                        model[key] = NULL;
                }
        }
        for (uint8_t key = 0; key < KEYS && good; key++) {
                good = map_get(&m, (struct str){ (char *)&key, 1 }) == model[key];
                held += model[key] != NULL;
        }
        good = good && m.n == held;
        map_fini(&m, NULL);
        return good;
}

static void laws(void **state)
{
        assert_true(prop_check("RFC 3339 round trip", 2000, rfc3339_round_trips));
        assert_true(prop_check("CIM datetime round trip", 2000, cim_round_trips));
        assert_true(prop_check("civil round trip", 2000, civil_round_trips));
        assert_true(prop_check("days follow each other", 2000, days_follow_each_other));
        assert_true(prop_check("CIM datetime takes no nonsense", 2000, cim_takes_no_nonsense));
        assert_true(prop_check("bytes round trip", 500, bytes_round_trip));
        assert_true(prop_check("base64url is unique", 1000, base64_is_unique));
        assert_true(prop_check("varint round trip", 1000, varint_round_trips));
        assert_true(prop_check("a map is a map", 300, map_is_a_map));
}

/* ---- the tool itself ---- */

static uint64_t smallest;

static bool no_hundred(struct prop *p)
{
        uint64_t v = prop_u64(p, 1000000);

        if (v >= 100)
                smallest = v;
        return v < 100;
}

static size_t shortest;

/* False when two equal bytes stand side by side: the smallest case has two bytes, both 0. */
static bool no_twins(struct prop *p)
{
        uint8_t b[50] = { 0 };
        size_t n = prop_bytes(p, b, sizeof b);

        for (size_t i = 1; i < n; i++) {
                if (b[i] == b[i - 1]) {
                        shortest = n;
                        return false;
                }
        }
        return true;
}

static bool in_range(struct prop *p)
{
        int64_t lo = prop_range(p, -20, 20), hi = lo + (int64_t)prop_u64(p, 20), v = prop_range(p, lo, hi);

        prop_note(p, "%lld in %lld..%lld", (long long)v, (long long)lo, (long long)hi);
        return v >= lo && v <= hi;
}

static void it_finds_and_shrinks(void **state)
{
        (void)fprintf(stderr, "(two properties that must not hold follow)\n");
        assert_false(prop_check("no number reaches 100", 500, no_hundred));
        assert_int_equal(smallest, 100);
        assert_false(prop_check("no twins", 500, no_twins));
        assert_int_equal(shortest, 2);
        assert_true(prop_check("ranges are kept", 1000, in_range));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(laws),
                cmocka_unit_test(it_finds_and_shrinks),
        };

        return cmocka_run_group_tests_name("prop-base", tests, NULL, NULL);
}
