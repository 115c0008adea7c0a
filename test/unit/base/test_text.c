/* SPDX-License-Identifier: Apache-2.0 */
/* str, hex, base64 */
#include "tests.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hex.h"
#include "base/utf16.h"

static void comparing(void **state)
{
        assert_true(str_eq(STR("abc"), STR("abc")));
        assert_true(str_eq(STR_NULL, STR("")));
        assert_false(str_eq(STR("abc"), STR("abd")));
        assert_true(str_eqz_nocase(STR("SMS_Package"), "sms_PACKAGE"));
        assert_false(str_eqz_nocase(STR("[a]"), "{a}"));        /* only letters fold */
        assert_false(str_eqz(STR("a"), NULL));
        assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
        assert_true(str_cmp(STR("b"), STR("abc")) > 0);
        assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
        assert_int_equal(str_cmp_nocase(STR("ABC"), STR("abc")), 0);
        assert_true(str_cmp_nocase(STR("B"), STR("a")) > 0);
        assert_true(str_starts(STR("package"), "pack") && !str_starts(STR("pa"), "pack"));
        assert_true(str_ends(STR("a.conf"), ".conf") && !str_ends(STR("conf"), ".conf"));
        assert_true(str_starts(STR_NULL, "") && str_ends(STR_NULL, ""));
}

static void cutting(void **state)
{
        struct str head, rest;

        rest = str_cut(STR("key=a=b"), '=', &head);
        assert_true(str_eqz(head, "key") && str_eqz(rest, "a=b"));
        rest = str_cut(STR("key="), '=', &head);
        assert_true(str_eqz(head, "key") && rest.n == 0 && rest.p != NULL);
        rest = str_cut(STR("key"), '=', &head);
        assert_true(str_eqz(head, "key") && rest.p == NULL);
        rest = str_cut(STR_NULL, '=', &head);
        assert_true(head.n == 0 && rest.p == NULL);
        assert_true(str_eqz(str_trim(STR(" \t a b\r\n")), "a b"));
        assert_int_equal(str_trim(STR(" \n ")).n, 0);
        assert_int_equal(str_from(STR("ab"), 9).n, 0);
}

static void numbers(void **state)
{
        int64_t i;
        uint64_t u;

        assert_int_equal(str_to_i64(STR("-9223372036854775808"), &i), 0);
        assert_true(i == INT64_MIN);
        assert_int_equal(str_to_i64(STR("9223372036854775807"), &i), 0);
        assert_true(i == INT64_MAX);
        assert_int_equal(str_to_i64(STR("9223372036854775808"), &i), -ERANGE);
        assert_int_equal(str_to_i64(STR("-9223372036854775809"), &i), -ERANGE);
        assert_int_equal(str_to_u64(STR("18446744073709551615"), &u), 0);
        assert_true(u == UINT64_MAX);
        assert_int_equal(str_to_u64(STR("18446744073709551616"), &u), -ERANGE);
        assert_int_equal(str_to_u64(STR("99999999999999999999999"), &u), -ERANGE);
        assert_int_equal(str_to_u64(STR("99999999999999999999999x"), &u), -EINVAL);
        assert_int_equal(str_to_u64(STR(""), &u), -EINVAL);
        assert_int_equal(str_to_u64(STR("-1"), &u), -EINVAL);
        assert_int_equal(str_to_i64(STR("-"), &i), -EINVAL);
        assert_int_equal(str_to_i64(STR("+1"), &i), -EINVAL);
        assert_int_equal(str_to_i64(STR(" 1"), &i), -EINVAL);
}

static void utf8(void **state)
{
        static const char *const good[] = { "", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80",
                                            "\xf4\x8f\xbf\xbf", "M\xc3\xbcller" };
        static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3", "\xe2\x82", "\xe2\x82\x41" };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                assert_true(str_is_utf8(str_of(good[i])));
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(str_is_utf8(str_of(bad[i])));
}

static void copies(void **state)
{
        _cleanup_(freep) char *a = str_dup((struct str){ "ab\0c", 4 }), *b = str_printf("%s-%d", "x", 7);

        assert_memory_equal(a, "ab\0c", 5);
        assert_string_equal(b, "x-7");
}

static void hexadecimal(void **state)
{
        uint8_t raw[4] = { 0x00, 0x9f, 0xa0, 0xff }, back[4];
        char text[9];

        hex_encode(raw, 4, text);
        assert_string_equal(text, "009fa0ff");
        assert_int_equal(hex_decode(STR("009FA0ff"), back, 4), 0);
        assert_memory_equal(raw, back, 4);
        assert_int_equal(hex_decode(STR("009fa0f"), back, 4), -EINVAL);
        assert_int_equal(hex_decode(STR("009fa0ff0"), back, 4), -EINVAL);
        assert_int_equal(hex_decode(STR("009fa0fg"), back, 4), -EINVAL);
}

/* RFC 4648 section 10 */
static void base64_vectors(void **state)
{
        static const struct {
                const char *raw, *text, *url;
        } v[] = { { "", "", "" },
                  { "f", "Zg==", "Zg" },
                  { "fo", "Zm8=", "Zm8" },
                  { "foo", "Zm9v", "Zm9v" },
                  { "foob", "Zm9vYg==", "Zm9vYg" },
                  { "fooba", "Zm9vYmE=", "Zm9vYmE" },
                  { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
                  { "\xfb\xff\xbf", "+/+/", "-_-_" } };
        char text[16], raw[16];
        size_t n;

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                size_t len = strlen(v[i].raw);

                base64_encode(v[i].raw, len, text);
                assert_string_equal(text, v[i].text);
                base64url_encode(v[i].raw, len, text);
                assert_string_equal(text, v[i].url);
                assert_int_equal(strlen(text), base64url_len(len));
                assert_int_equal(base64_decode(str_of(v[i].text), raw, sizeof raw, &n), 0);
                assert_true(n == len && memcmp(raw, v[i].raw, n) == 0);
                assert_int_equal(base64url_decode(str_of(v[i].url), raw, sizeof raw, &n), 0);
                assert_true(n == len && memcmp(raw, v[i].raw, n) == 0);
        }
}

static void base64_refuses(void **state)
{
        static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm 9v", "Zg==Zg==" };
        static const char *const bad_url[] = { "Z", "Zg==", "Zh", "+/+/" };
        char raw[16];
        size_t n;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(base64_decode(str_of(bad[i]), raw, sizeof raw, &n), -EINVAL);
        for (size_t i = 0; i < ARRAY_SIZE(bad_url); i++)
                assert_int_equal(base64url_decode(str_of(bad_url[i]), raw, sizeof raw, &n), -EINVAL);
        assert_int_equal(base64url_decode(STR("Zm9vYmFy"), raw, 5, &n), -EINVAL);
        assert_int_equal(base64url_decode(STR("Zm9vYmFy"), raw, 6, &n), 0);
}

/* ---- UTF-16 ---- */

static void utf16(void **state)
{
        static const char wide[] = "a\0\xe9\0\xac\x20\x3d\xd8\x00\xde";      /* a, e acute, euro, U+1F600 */
        static const char broken[] = "\x3d\xd8\x61\0\x00\xde";                 /* a high half, a, a low half */
        struct arena a;
        struct buf b;

        arena_init(&a, 0);
        buf_init(&b, 0);
        assert_true(str_eqz(utf16_decode(wide, 5, &a), "a\303\251\342\202\254\360\237\230\200"));
        utf16_encode(STR("a\303\251\342\202\254\360\237\230\200"), &b);
        assert_true(str_eq(buf_str(&b), (struct str){ wide, 10 }));
        assert_int_equal(utf16_units(STR("a\303\251\342\202\254\360\237\230\200")), 5);
        assert_true(str_eqz(utf16_decode(broken, 3, &a), "\357\277\275a\357\277\275"));
        buf_reset(&b);
        utf16_encode(STR("\355\240\200x\303"), &b);    /* a surrogate, a cut character */
        assert_int_equal(b.n, 2 * utf16_units(STR("\355\240\200x\303")));
        assert_memory_equal(b.p + b.n - 4, "x\0\xfd\xff", 4);
        assert_int_equal(utf16_decode("", 0, &a).n, 0);
        buf_fini(&b);
        arena_fini(&a);
}

int test_text(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(comparing), cmocka_unit_test(cutting),        cmocka_unit_test(numbers),
                cmocka_unit_test(utf8),      cmocka_unit_test(copies),         cmocka_unit_test(hexadecimal),
                cmocka_unit_test(base64_vectors), cmocka_unit_test(base64_refuses), cmocka_unit_test(utf16),
        };

        return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
