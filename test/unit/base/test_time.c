/* SPDX-License-Identifier: Apache-2.0 */
#include "tests.h"
#include <errno.h>
#include <string.h>
#include "base/time.h"

static void rfc3339_vectors(void **state)
{
        static const struct {
                const char *text;
                int64_t us;
        } v[] = { { "1970-01-01T00:00:00Z", 0 },
                  { "1985-04-12T23:20:50.52Z", INT64_C(482196050520000) },       /* RFC 3339 section 5.8 */
                  { "1996-12-19T16:39:57-08:00", INT64_C(851042397000000) },
                  { "1990-12-31T23:59:60Z", INT64_C(662688000000000) },          /* a leap second */
                  { "1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130000) },
                  { "2000-02-29t00:00:00z", INT64_C(951782400000000) },
                  { "2026-11-22 22:01:05.123456789Z", INT64_C(1795384865123456) },
                  { "0001-01-01T00:00:00Z", INT64_C(-62135596800000000) },
                  { "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) } };
        int64_t us;

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                assert_int_equal(time_parse_rfc3339(str_of(v[i].text), &us), 0);
                assert_true(us == v[i].us);
        }
}

static void rfc3339_refuses(void **state)
{
        static const char *const bad[] = {
                "", "2026-11-22", "2026-11-22T22:01:05", "2026-11-22T22:01:05.Z", "2026-11-22T24:00:00Z",
                "2026-11-22T22:60:00Z", "2026-11-22T22:01:61Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
                "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
                "0000-01-01T00:00:00Z", "2026-11-22T22:01:05+2400", "2026-11-22T22:01:05+24:00", "2026-11-22T22:01:05+00:60",
                "2026-11-22T22:01:05ZZ", "2026-11-22T22:01:05.1", "2026/11/22T22:01:05Z", "+026-11-22T22:01:05Z",
                "2026-11-22T22:01:05 Z" };
        int64_t us;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(time_parse_rfc3339(str_of(bad[i]), &us), -EINVAL);
}

static void rfc3339_format(void **state)
{
        char text[RFC3339_LEN + 1];

        time_format_rfc3339(0, text);
        assert_string_equal(text, "1970-01-01T00:00:00Z");
        time_format_rfc3339(-1, text);
        assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
        time_format_rfc3339(INT64_MIN, text);
        assert_string_equal(text, "0001-01-01T00:00:00Z");
        time_format_rfc3339(INT64_MAX, text);
        assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void cim_vectors(void **state)
{
        static const struct {
                const char *text;
                int64_t us;
                int32_t east;
        } v[] = { { "19900101000000.000000+***", TIME_CIM_EPOCH_US, TIME_CIM_NO_OFFSET },
                  { "20040719083000.000000+***", INT64_C(1090225800000000), TIME_CIM_NO_OFFSET },
                  { "19980525133015.000000-300", INT64_C(896121015000000), -300 },      /* [DSP0004] 5.2.4 */
                  { "19980525133015.000000+000", INT64_C(896103015000000), 0 },
                  { "19980525133015.123456+120", INT64_C(896095815123456), 120 },
                  { "199805251330**.******+000", INT64_C(896103000000000), 0 },
                  { "19980525133015.12****+000", INT64_C(896103015120000), 0 },
                  { "1998**********.******+000", INT64_C(883612800000000), 0 } };
        int64_t us;
        int32_t east;

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                assert_int_equal(time_parse_cim(str_of(v[i].text), &us, &east), 0);
                assert_true(us == v[i].us);
                assert_int_equal(east, v[i].east);
        }
        assert_int_equal(time_parse_cim(STR("19980525133015.000000+000"), &us, NULL), 0);
}

static void cim_refuses(void **state)
{
        static const char *const bad[] = {
                "", "19980525133015.000000+00", "19980525133015.000000+0000", "19980525133015,000000+000",
                "00000183132542.234567:000",            /* an interval */
                "19980525133015.000000-***", "19980525133015.000000+0**", "199805251330**.000000+000",
                "1998052513**15.000000+000", "1998052513301*.000000+000", "19980525133015.1***2*+000",
                "**************.******+***", "19981325133015.000000+000", "19980525243015.000000+000",
                "19980525133015.000000 000", "1998-0525133015.00000+000", "19980230133015.000000+000" };
        int64_t us;
        int32_t east;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(time_parse_cim(str_of(bad[i]), &us, &east), -EINVAL);
}

static void cim_format(void **state)
{
        char text[CIM_DATETIME_LEN + 1];

        time_format_cim(TIME_CIM_EPOCH_US, TIME_CIM_NO_OFFSET, text);
        assert_string_equal(text, "19900101000000.000000+***");
        time_format_cim(INT64_C(896121015000001), -300, text);
        assert_string_equal(text, "19980525133015.000001-300");
        time_format_cim(0, 60, text);
        assert_string_equal(text, "19700101010000.000000+060");
        time_format_cim(INT64_MIN, -999, text);
        assert_string_equal(text, "00010101000000.000000-999");
        time_format_cim(INT64_MAX, 100000, text);
        assert_string_equal(text, "99991231235959.999999+999");
}

static void durations(void **state)
{
        static const struct {
                const char *text;
                int64_t s;
        } v[] = { { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "2h", 7200 }, { "1d", 86400 }, { "0", 0 } };
        static const char *const bad[] = { "", "m", "-5m", "5 m", "5w", "1h30m", "1.5h", "+1" };
        int64_t s;

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                assert_int_equal(time_parse_duration(str_of(v[i].text), &s), 0);
                assert_true(s == v[i].s);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(time_parse_duration(str_of(bad[i]), &s), -EINVAL);
        assert_int_equal(time_parse_duration(STR("9223372036854775807d"), &s), -ERANGE);
        assert_int_equal(time_parse_duration(STR("99999999999999999999"), &s), -ERANGE);
}

int test_time(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rfc3339_vectors), cmocka_unit_test(rfc3339_refuses), cmocka_unit_test(rfc3339_format),
                cmocka_unit_test(cim_vectors),     cmocka_unit_test(cim_refuses),     cmocka_unit_test(cim_format),
                cmocka_unit_test(durations),
        };

        return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
