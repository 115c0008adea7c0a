/* SPDX-License-Identifier: Apache-2.0 */
#include "tests.h"
#include <errno.h>
#include <string.h>
#include "base/err.h"

static void first_writer_wins(void **state)
{
        struct err e = { 0 };

        assert_int_equal(err_set(&e, ERR_NOT_FOUND, "package %s", "P0100012"), -ENOENT);
        assert_int_equal(err_set(&e, ERR_IO, "later"), -EIO);
        assert_int_equal(e.kind, ERR_NOT_FOUND);
        assert_string_equal(e.text, "package P0100012");
        err_clear(&e);
        assert_int_equal(e.kind, ERR_NONE);
        assert_string_equal(e.text, "");
}

static void sys_appends_the_reason(void **state)
{
        struct err e = { 0 };

        assert_int_equal(err_sys(&e, EACCES, "open %s", "setup.exe"), -EACCES);
        assert_int_equal(e.kind, ERR_DENIED);
        assert_int_equal(e.sys, EACCES);
        assert_string_equal(e.text, "open setup.exe: Permission denied");
        assert_int_equal(err_sys(&e, EIO, "later"), -EIO);
        assert_string_equal(e.text, "open setup.exe: Permission denied");
}

static void prefix_adds_context(void **state)
{
        struct err e = { 0 };

        (void)err_sys(&e, ENOSPC, "write");
        assert_int_equal(err_prefix(&e, "publish %s", "P0100012"), -ENOSPC);
        assert_string_equal(e.text, "publish P0100012: write: No space left on device");
        err_clear(&e);
        (void)err_set(&e, ERR_QUOTA, "too many");
        assert_int_equal(err_prefix(&e, "user"), err_number(ERR_QUOTA));
        assert_string_equal(e.text, "user: too many");
}

static void long_texts_are_cut(void **state)
{
        struct err e = { 0 };
        char big[2000];

        memset(big, 'x', sizeof big - 1);
        big[sizeof big - 1] = '\0';
        (void)err_sys(&e, EIO, "%s", big);
        assert_int_equal(strlen(e.text), sizeof e.text - 1);
        (void)err_prefix(&e, "%s", big);
        assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void nobody_listening(void **state)
{
        assert_int_equal(err_set(NULL, ERR_EXISTS, "x"), -EEXIST);
        assert_int_equal(err_sys(NULL, ENOENT, "x"), -ENOENT);
        err_clear(NULL);
}

/* Every kind has an answer at every edge, and its number leads back to it. */
static void all_kinds_through_all_edges(void **state)
{
        for (int k = ERR_NONE + 1; k < ERR_KIND_MAX_; k++) {
                enum err_kind kind = (enum err_kind)k;

                assert_true(err_number(kind) < 0);
                assert_int_equal(err_kind_of_errno(-err_number(kind)), kind);
                assert_non_null(err_kind_name(kind));
                assert_int_equal(err_kind_from_name(err_kind_name(kind)), kind);
                assert_in_range(err_http_status(kind), 400, 599);
                assert_true(err_exit_code(kind) >= 1 && err_exit_code(kind) <= 130);
                assert_int_equal(err_hresult(kind) >> 16, 0x8004);
        }
        assert_int_equal(err_exit_code(ERR_NONE), 0);
        assert_int_equal(err_http_status(ERR_NONE), 200);
        assert_int_equal(err_hresult(ERR_NONE), 0);
        assert_int_equal(err_number(ERR_NONE), -ENOTRECOVERABLE);
        assert_int_equal(err_kind_from_name("Nonsense"), ERR_INTERNAL);
        assert_int_equal(err_kind_from_name(NULL), ERR_INTERNAL);
        assert_int_equal(err_number((enum err_kind)99), -ENOTRECOVERABLE);
}

static void documented_codes(void **state)
{
        assert_int_equal(err_hresult(ERR_NOT_FOUND), 0x80041002);
        assert_int_equal(err_hresult(ERR_DENIED), 0x80041003);
        assert_int_equal(err_hresult(ERR_EXISTS), 0x80041019);
        assert_int_equal(err_exit_code(ERR_NOT_FOUND), 3);
        assert_int_equal(err_exit_code(ERR_TIMEOUT), 5);
        assert_int_equal(err_exit_code(ERR_DENIED), 6);
        assert_int_equal(err_exit_code(ERR_UNAVAILABLE), 7);
        assert_int_equal(err_exit_code(ERR_CANCELLED), 130);
        assert_int_equal(err_http_status(ERR_GONE), 410);
}

static void synonyms(void **state)
{
        assert_int_equal(err_kind_of_errno(EPERM), ERR_DENIED);
        assert_int_equal(err_kind_of_errno(ENODATA), ERR_CORRUPT);
        assert_int_equal(err_kind_of_errno(ECONNREFUSED), ERR_UNAVAILABLE);
        assert_int_equal(err_kind_of_errno(0), ERR_INTERNAL);
        assert_int_equal(err_kind_of_errno(12345), ERR_IO);
}

int test_err(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(first_writer_wins),
                cmocka_unit_test(sys_appends_the_reason),
                cmocka_unit_test(prefix_adds_context),
                cmocka_unit_test(long_texts_are_cut),
                cmocka_unit_test(nobody_listening),
                cmocka_unit_test(all_kinds_through_all_edges),
                cmocka_unit_test(documented_codes),
                cmocka_unit_test(synonyms),
        };

        return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
