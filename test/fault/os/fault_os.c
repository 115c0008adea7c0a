/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever call fails while a small file is replaced, it is wholly the old or the new one, and nothing is left over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/tmpdir.h"

static unsigned entries(const char *dir)
{
        DIR *d = opendir(dir);
        unsigned n = 0;

        for (struct dirent *e; (e = readdir(d));)
                n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        (void)closedir(d);
        return n;
}

static unsigned open_files(void)
{
        return entries("/proc/self/fd");
}

static void replace(void *arg, unsigned k)
{
        const char *dir = arg;
        _cleanup_(freep) char *path = tmpdir_path(dir, "f"), *text = NULL;
        unsigned before = open_files();
        struct err e = { 0 };
        int r;

        tmpdir_write(dir, "f", "old", 3);
        r = os_write_file(AT_FDCWD, path, "the new text", 12, 0600, &e);
        text = tmpdir_read(dir, "f", NULL);
        if (r == 0)
                assert_string_equal(text, "the new text");
        else
                assert_true(strcmp(text, "old") == 0 || strcmp(text, "the new text") == 0);
        assert_true((r == 0) == (e.kind == ERR_NONE));
        assert_int_equal(open_files(), before);
}

static void any_call_fails_once(void **state)
{
        const int errors[] = { EIO, ENOSPC, EACCES, EMFILE };

        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                unsigned n = fault_sweep(&(struct fault_plan){ .mask = FAULT_ALL, .error = errors[i] }, 100, replace, *state);

                assert_in_range(n, 6, 50);
        }
        assert_int_equal(entries(*state), 1);
}

static void a_failed_call_stays_failed(void **state)
{
        assert_in_range(fault_sweep(&(struct fault_plan){ .mask = FAULT_ALL, .error = EIO, .persistent = true }, 100, replace,
                                    *state),
                        6, 50);
}

static void the_disk_is_full(void **state)
{
        _cleanup_(freep) char *path = tmpdir_path(*state, "f"), *text = NULL;

        tmpdir_write(*state, "f", "old", 3);
        for (uint64_t space = 0; space < 12; space++) {
                struct err e = { 0 };

                fault_install(&(struct fault_plan){ .limited = true, .space_bytes = space });
                assert_int_equal(os_write_file(AT_FDCWD, path, "the new text", 12, 0600, &e), -ENOSPC);
                assert_int_equal(e.kind, ERR_NO_SPACE);
                fault_remove();
        }
        text = tmpdir_read(*state, "f", NULL);
        assert_string_equal(text, "old");
        assert_int_equal(entries(*state), 1);
}

/* The vector write that falls short ends inside one of its parts. */
static void a_vector_is_cut(void **state)
{
        _cleanup_(freep) char *path = tmpdir_path(*state, "v"), *text = NULL;
        char a[] = "abc", d[] = "defg", h[] = "h";
        struct iovec v[] = { { a, 3 }, { d, 4 }, { h, 1 } };
        int fd = os.openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        fault_install(&(struct fault_plan){ .limited = true, .space_bytes = 5 });
        assert_int_equal(os.pwritev(fd, v, 3, 0), 5);
        assert_int_equal(os.pwritev(fd, v, 3, 5), -1);
        assert_int_equal(errno, ENOSPC);
        fault_remove();
        (void)os.close(fd);
        text = tmpdir_read(*state, "v", NULL);
        assert_string_equal(text, "abcde");
}

static void reading(void *arg, unsigned k)
{
        _cleanup_(freep) char *path = tmpdir_path(arg, "r"), *text = NULL;
        unsigned before = open_files();
        struct err e = { 0 };
        size_t n = 0;
        int r = os_read_file(AT_FDCWD, path, 100, &text, &n, &e);

        if (r == 0)
                assert_string_equal(text, "content");
        else
                assert_null(text);
        assert_int_equal(open_files(), before);
}

static void reading_fails(void **state)
{
        tmpdir_write(*state, "r", "content", 7);
        assert_in_range(fault_sweep(&(struct fault_plan){ .mask = FAULT_ALL, .error = EIO }, 100, reading, *state), 3, 20);
        fault_install(&(struct fault_plan){ .short_counts = true });
        reading(*state, 0);
        assert_true(fault_calls(FAULT_READ) > 2);
        fault_remove();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(any_call_fails_once, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(a_failed_call_stays_failed, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(the_disk_is_full, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(a_vector_is_cut, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(reading_fails, tmpdir_setup, tmpdir_teardown),
        };

        return cmocka_run_group_tests_name("fault-os", tests, NULL, NULL);
}
