/* SPDX-License-Identifier: Apache-2.0 */
/* like - patterns, datetimes and folded text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/fold.h"
#include "base/time.h"
#include "wql/datetime.h"
#include "wql/like.h"

struct like {
        const char *pattern, *text;
        bool matches;
};
static const struct like likes[] = {
        { "", "", true },           { "", "a", false },            { "%", "", true },          { "%%", "abc", true },
        { "a%c%e", "abcde", true }, { "a%c%e", "aXcYeZ", false },  { "_", "", false },         { "_", "\xc3\xa4", true },
        { "[a-c]x", "BX", true },   { "[a=c]x", "bx", true },      { "[a-]", "-", true },      { "[a=]", "=", true },
        { "[^a-c]", "d", true },    { "[^a-c]", "A", false },      { "[^]", "^", true },       { "[a^]", "^", true },
        { "[%]", "%", true },       { "[%]", "x", false },         { "[[]x]", "[x]", true },   { "a[b", "a[b", false },
        { "%[", "[", false },       { "[]", "", false },           { "[]a", "a", false },      { "\xc3\xa4%", "\xc3\x84x", true },
        { "%a%a%a%a%a%a%b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
        { "%\\windows\\%", "C:\\Windows\\x", true },
};

static void patterns_match(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(likes); i++) {
                if (wql_like(str_of(likes[i].text), str_of(likes[i].pattern)) != likes[i].matches)
                        fail_msg("'%s' LIKE '%s'", likes[i].text, likes[i].pattern);
        }
}

static void a_pattern_that_is_one_text_is_that_text(void **state)
{
        struct buf b;

        buf_init(&b, 0);
        assert_true(wql_like_literal(STR("[[]\"Display=x\"]M[%]"), &b));
        assert_string_equal(b.p, "[\"Display=x\"]M%");
        buf_reset(&b);
        assert_false(wql_like_literal(STR("a_"), &b));
        assert_false(wql_like_literal(STR("[ab]"), &b));
        assert_false(wql_like_literal(STR("a["), &b));
        assert_true(wql_like_is_plain(STR("a]b")));
        assert_int_equal(wql_like_prefix(STR("ab%c")).n, 2);
        buf_fini(&b);
}

static void long_patterns_end_soon(void **state)
{
        struct buf text, pattern;

        buf_init(&text, 0);
        buf_init(&pattern, 0);
        for (int i = 0; i < 2000; i++)
                buf_addc(&text, 'a');
        for (int i = 0; i < 1000; i++)
                buf_addz(&pattern, "%a");
        buf_addc(&pattern, 'b');
        assert_false(wql_like(buf_str(&text), buf_str(&pattern)));
        buf_fini(&pattern);
        buf_fini(&text);
}

/* ---- datetimes ---- */

static const struct {
        const char *text, *rfc3339;     /* NULL: refused */
} instants[] = {
        { "20240229135809.000000-300", "2024-02-29T18:58:09Z" },
        { "20240101120000.000000+060", "2024-01-01T11:00:00Z" },
        { "March 5, 1998", "1998-03-05T00:00:00Z" },
        { "Mar 5 98", "1998-03-05T00:00:00Z" },
        { "5 Mar98", "1998-03-05T00:00:00Z" },
        { "5-Mar-1998", "1998-03-05T00:00:00Z" },
        { "1998 March 5", "1998-03-05T00:00:00Z" },
        { "Mar 1998", "1998-03-01T00:00:00Z" },
        { "03/05/1998", "1998-03-05T00:00:00Z" },
        { "5-3-1998", "1998-05-03T00:00:00Z" },
        { "1998.10.31", "1998-10-31T00:00:00Z" },
        { "19980305", "1998-03-05T00:00:00Z" },
        { "980305", "1998-03-05T00:00:00Z" },
        { "490305", "2049-03-05T00:00:00Z" },
        { "1998", "1998-01-01T00:00:00Z" },
        { "1998-03-05 07:08:09:123", "1998-03-05T07:08:09.123000Z" },
        { "1998-03-05T07:08:09.5Z", "1998-03-05T07:08:09.500000Z" },
        { "3/5/98 7 PM", "1998-03-05T19:00:00Z" },
        { "3/5/98 7:08AM", "1998-03-05T07:08:00Z" },
        { "3/5/98 12:08:09 am", "1998-03-05T00:08:09Z" },
        { "2024-02-30", NULL },
        { "13/13/2020", NULL },
        { "2024-01-01 25:00", NULL },
        { "3/5/98 13 PM", NULL },
        { "3/5-98", NULL },
        { "hello", NULL },
        { "", NULL },
        { "7:08", NULL },
        { "20240229******.000000+0*0", NULL },
        { "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22", NULL },
};

static void instants_are_read(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
                struct wql_time t;
                char text[RFC3339_LEN + 1] = "";
                int r = wql_time_parse(str_of(instants[i].text), &t);

                if (r == 0)
                        time_format_rfc3339(t.us, text);
                if ((r == 0) != (instants[i].rfc3339 != NULL) || (r == 0 && strcmp(text, instants[i].rfc3339)))
                        fail_msg("'%s' is read as '%s'", instants[i].text, text);
        }
}

static void kinds_of_datetimes_are_told(void **state)
{
        struct wql_time t;

        assert_int_equal(wql_time_parse(STR("00000001000000.000000:000"), &t), 0);
        assert_int_equal(t.kind, WQL_TIME_INTERVAL);
        assert_int_equal(t.us, INT64_C(86400000000));
        assert_int_equal(wql_time_parse(STR("20240229******.000000+***"), &t), 0);
        assert_int_equal(t.kind, WQL_TIME_TEXT);
        assert_int_equal(wql_time_parse(STR("20240229120000.000000+***"), &t), 0);
        assert_int_equal(t.kind, WQL_TIME_UNZONED);
        assert_true(wql_time_parse(STR("00000001250000.000000:000"), &t) < 0);
        assert_true(wql_time_parse(STR("202*0229000000.000000+000"), &t) < 0);
}

static int64_t at(const char *text)
{
        struct wql_time t = { .us = 0 };

        assert_int_equal(wql_time_parse(str_of(text), &t), 0);
        return t.us;
}

static void date_functions_count_as_sql_server_does(void **state)
{
        int64_t us;

        assert_true(wql_time_add(WQL_MONTH, 1, at("2024-01-31"), &us));
        assert_int_equal(us, at("2024-02-29"));
        assert_true(wql_time_add(WQL_YEAR, -1, at("2024-02-29"), &us));
        assert_int_equal(us, at("2023-02-28"));
        assert_true(wql_time_add(WQL_HOUR, -25, at("2024-03-01"), &us));
        assert_int_equal(us, at("2024-02-28 23:00"));
        assert_false(wql_time_add(WQL_YEAR, 9000, at("2024-03-01"), &us));
        assert_false(wql_time_add(WQL_DAY, INT64_MAX, at("2024-03-01"), &us));
        assert_int_equal(wql_time_diff(WQL_YEAR, at("2023-12-31 23:59:59"), at("2024-01-01")), 1);
        assert_int_equal(wql_time_diff(WQL_DAY, at("2024-01-01 23:59"), at("2024-01-02 00:01")), 1);
        assert_int_equal(wql_time_diff(WQL_DAY, at("2024-01-02"), at("1969-12-31 23:00")), -19725);
        assert_int_equal(wql_time_diff(WQL_MONTH, at("2024-03-01"), at("2023-03-31")), -12);
        assert_int_equal(wql_time_part(WQL_MILLISECOND, at("1998-03-05 07:08:09:123")), 123);
        assert_int_equal(wql_time_part(WQL_MONTH, at("1969-12-31")), 12);
}

/* ---- folding ---- */

static void text_folds_by_character(void **state)
{
        struct buf b;

        assert_true(fold_eq(STR("stra\xc3\x9f""e \xc3\xa4\xd1\x8f"), STR("STRA\xc3\x9f""E \xc3\x84\xd0\xaf")));
        assert_false(fold_eq(STR("\xc5\xbf"), STR("s")));       /* long s stays beyond ASCII */
        assert_false(fold_eq(STR("\xe4"), STR("\xc3\xa4")));    /* a byte that is not UTF-8 is no letter */
        assert_true(fold_cmp(STR("_"), STR("b")) > 0);          /* upper case: B stands before the underscore */
        assert_true(fold_cmp(STR("\xf0\x9f\x98\x80"), STR("\xef\xbc\xa1")) < 0);      /* as UTF-16 orders them */
        assert_true(fold_cmp(STR("a"), STR("A b")) < 0);
        assert_int_equal(fold_length(STR("\xc3\xa4x\xf0\x9f\x98\x80")), 3);
        buf_init(&b, 0);
        fold_upper_text(STR("a\xc3\xbf\xe4"), &b);
        assert_string_equal(b.p, "A\xc5\xb8\xe4");
        buf_reset(&b);
        fold_lower_text(STR("A\xc3\x84\xc5\xb8"), &b);
        assert_string_equal(b.p, "a\xc3\xa4\xc3\xbf");
        buf_fini(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(patterns_match),
                cmocka_unit_test(a_pattern_that_is_one_text_is_that_text),
                cmocka_unit_test(long_patterns_end_soon),
                cmocka_unit_test(instants_are_read),
                cmocka_unit_test(kinds_of_datetimes_are_told),
                cmocka_unit_test(date_functions_count_as_sql_server_does),
                cmocka_unit_test(text_folds_by_character),
        };

        return cmocka_run_group_tests_name("wql-like", tests, NULL, NULL);
}
