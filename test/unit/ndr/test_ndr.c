/* SPDX-License-Identifier: Apache-2.0 */
/* test_ndr - alignment, counts, strings, pointers; what is missing; text of identifiers */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/hex.h"
#include "ndr/ndr.h"

static const struct uuid exporter = UUID_INIT(0x99fcfec4, 0x5260, 0x101b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a);

static void written_octets(void **state)
{
        static const char want[] = "01" "000000" "04030201" "0605" "0000000000" "00" "0807060504030201"
                                   "c4fefc9960521b10bbcb00aa0021347a" "00000200" "00000000" "04000200" "03000000616263";
        char got[2 * sizeof(want)];
        struct buf b;
        struct ndr_out o;

        buf_init(&b, 0);
        buf_addz(&b, "abc");                    /* alignment counts from where the stub begins */
        o = ndr_out_to(&b);
        ndr_out_u8(&o, 1);
        ndr_out_u32(&o, 0x01020304);
        ndr_out_u16(&o, 0x0506);
        ndr_out_u64(&o, 0x0102030405060708);
        ndr_out_uuid(&o, &exporter);
        ndr_out_ptr(&o, true);
        ndr_out_ptr(&o, false);
        ndr_out_ptr(&o, true);
        ndr_out_octets(&o, STR("abc"));
        hex_encode(b.p + 3, b.n - 3, got);
        assert_string_equal(got, want);
        buf_fini(&b);
}

static void strings(void **state)
{
        static const char want[] = "03000000" "00000000" "03000000" "6100" "e400" "0000";
        struct str plain = STR("a\xc3\xa4");
        char got[100];
        struct arena a;
        struct buf b;
        struct ndr_out o;
        struct ndr_in i;

        arena_init(&a, 0);
        buf_init(&b, 0);
        o = ndr_out_to(&b);
        ndr_out_wstring(&o, plain);
        hex_encode(b.p, b.n, got);
        assert_string_equal(got, want);
        i = ndr_in_of(buf_str(&b));
        assert_int_equal(ndr_in_wstring(&i, 3).n, 4);
        i = ndr_in_of(buf_str(&b));
        assert_true(str_eq(ndr_in_wstring_utf8(&i, &a, 3), plain));
        assert_true(ndr_in_ok(&i));
        assert_int_equal(ndr_in_left(&i), 0);
        i = ndr_in_of(buf_str(&b));
        assert_null(ndr_in_wstring(&i, 2).p);           /* longer than asked for */
        assert_false(ndr_in_ok(&i));
        b.p[b.n - 2] = 'x';                             /* no NUL */
        i = ndr_in_of(buf_str(&b));
        assert_null(ndr_in_wstring(&i, 3).p);
        assert_false(ndr_in_ok(&i));
        buf_fini(&b);
        arena_fini(&a);
}

static void counts_need_their_elements(void **state)
{
        struct ndr_in i = ndr_in_of((struct str){ "\x02\0\0\0" "1234" "5678", 12 });

        assert_int_equal(ndr_in_count(&i, 4, 100), 2);
        assert_true(ndr_in_ok(&i));
        i = ndr_in_of((struct str){ "\x03\0\0\0" "1234" "5678", 12 });
        assert_int_equal(ndr_in_count(&i, 4, 100), 0);
        assert_false(ndr_in_ok(&i));
        i = ndr_in_of((struct str){ "\x02\0\0\0" "1234" "5678", 12 });
        assert_int_equal(ndr_in_count(&i, 4, 1), 0);
        assert_false(ndr_in_ok(&i));
        i = ndr_in_of((struct str){ "\xff\xff\xff\xff", 4 });
        assert_int_equal(ndr_in_count(&i, 8, UINT32_MAX), 0);
        assert_false(ndr_in_ok(&i));
}

static void octets_of_a_said_length(void **state)
{
        struct ndr_in i = ndr_in_of((struct str){ "\x03\0\0\0abc", 7 });

        assert_true(str_eqz(ndr_in_octets(&i, 3, 10), "abc"));
        assert_true(ndr_in_ok(&i));
        i = ndr_in_of((struct str){ "\x03\0\0\0abc", 7 });
        (void)ndr_in_octets(&i, 2, 10);
        assert_false(ndr_in_ok(&i));
}

static void what_is_missing_is_zero(void **state)
{
        struct ndr_in i = ndr_in_of((struct str){ "\x01\x02\x03", 3 });

        assert_int_equal(ndr_in_u8(&i), 1);
        assert_int_equal(ndr_in_u32(&i), 0);
        assert_false(ndr_in_ok(&i));
        assert_int_equal(ndr_in_u8(&i), 0);             /* although there are octets left */
        assert_int_equal(ndr_in_left(&i), 0);
        i = ndr_in_of(STR_NULL);
        assert_true(ndr_in_ok(&i));
        assert_int_equal(ndr_in_u64(&i), 0);
        assert_false(ndr_in_ok(&i));
}

static void text_of_identifiers(void **state)
{
        char text[UUID_TEXT_LEN + 1];
        struct uuid u;

        uuid_format(&exporter, text);
        assert_string_equal(text, "99fcfec4-5260-101b-bbcb-00aa0021347a");
        assert_int_equal(uuid_parse(STR("{99FCFEC4-5260-101B-BBCB-00AA0021347A}"), &u), 0);
        assert_true(uuid_eq(&u, &exporter));
        assert_int_equal(uuid_parse(STR("99fcfec4-5260-101b-bbcb-00aa0021347"), &u), -EINVAL);
        assert_int_equal(uuid_parse(STR("99fcfec4x5260-101b-bbcb-00aa0021347a"), &u), -EINVAL);
        assert_int_equal(uuid_parse(STR("99fcfeg4-5260-101b-bbcb-00aa0021347a"), &u), -EINVAL);
        assert_false(uuid_is_nil(&exporter));
        uuid_format(&ndr_syntax, text);
        assert_string_equal(text, "8a885d04-1ceb-11c9-9fe8-08002b104860");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(written_octets),
                cmocka_unit_test(strings),
                cmocka_unit_test(counts_need_their_elements),
                cmocka_unit_test(octets_of_a_said_length),
                cmocka_unit_test(what_is_missing_is_zero),
                cmocka_unit_test(text_of_identifiers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
