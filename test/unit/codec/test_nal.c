/* SPDX-License-Identifier: Apache-2.0 */
/* NAL paths: the documented example, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/nal.h"

static const char *const whole = "[\"Display=\\\\PAR01\\\"]MSWNET:[\"SMS_SITE=P01\"][\"Preferred\"]\\\\PAR01\\";

static void a_path_is_put_together(void **state)
{
        const struct nal_path p = { .display = { STR("Display=\\\\PAR01\\") }, .n_display = 1, .type = STR("MSWNET"),
                                    .path = STR("\\\\PAR01\\"), .connection = { STR("SMS_SITE=P01"), STR("Preferred") },
                                    .n_connection = 2 };
        struct err e = { 0 };
        struct buf out;

        buf_init(&out, 0);
        assert_int_equal(nal_pack(&p, &out, &e), 0);
        assert_true(str_eqz(buf_str(&out), whole));
        buf_fini(&out);
}

static void a_path_is_taken_apart(void **state)
{
        struct err e = { 0 };
        struct nal_path p;

        assert_int_equal(nal_unpack(str_of(whole), &p, &e), 0);
        assert_int_equal(p.n_display, 1);
        assert_true(str_eqz(p.display[0], "Display=\\\\PAR01\\"));
        assert_true(str_eqz(p.type, "MSWNET"));
        assert_int_equal(p.n_connection, 2);
        assert_true(str_eqz(p.connection[0], "SMS_SITE=P01"));
        assert_true(str_eqz(p.path, "\\\\PAR01\\"));
        assert_int_equal(nal_unpack(STR("GENERIC:GROUP=All"), &p, &e), 0);
        assert_int_equal(p.n_display + p.n_connection, 0);
        assert_true(str_eqz(p.path, "GROUP=All"));
}

static void what_is_none_is_refused(void **state)
{
        static const char *const texts[] = { "", "MSWNET", "MSWNET:", "\\\\PAR01\\", "FTP:\\\\A", "[\"Display=x]MSWNET:a", "[\"x\"MSWNET:a",
                                             "[x]MSWNET:a", "[\"\"]MSWNET:a", "MSWNET:[\"a\"]", "MSWNET:[", "MSWNET:a\"b", "[\"" };
        const struct nal_path quoted = { .type = STR("MSWNET"), .path = STR("\\\\A\""), },
                              untyped = { .type = STR("NFS"), .path = STR("a") };
        struct err e = { 0 };
        struct nal_path p;
        struct buf out;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (nal_unpack(str_of(texts[i]), &p, &e) == 0)
                        fail_msg("%s", texts[i]);
        buf_init(&out, 0);
        assert_int_equal(nal_pack(&quoted, &out, &e), err_number(ERR_INVALID));
        assert_int_equal(nal_pack(&untyped, &out, &e), err_number(ERR_INVALID));
        buf_fini(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_path_is_put_together),
                cmocka_unit_test(a_path_is_taken_apart),
                cmocka_unit_test(what_is_none_is_refused),
        };

        return cmocka_run_group_tests_name("nal", tests, NULL, NULL);
}
