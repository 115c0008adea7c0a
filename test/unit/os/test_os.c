/* SPDX-License-Identifier: Apache-2.0 */
/* os - files, clock, log; on the real table and on the fake clock */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "base/time.h"
#include "lib/fault.h"
#include "lib/tmpdir.h"
#include "os/os.h"

static int open_dir(const char *dir)
{
        int fd = os.openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        assert_true(fd >= 0);
        return fd;
}

static unsigned entries(const char *dir)
{
        DIR *d = opendir(dir);
        unsigned n = 0;

        for (struct dirent *e; (e = readdir(d));)
                n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
        (void)closedir(d);
        return n;
}

static void write_file_replaces(void **state)
{
        const char *dir = *state;
        _cleanup_(closep) int fd = open_dir(dir);
        _cleanup_(freep) char *text = NULL, *path = tmpdir_path(dir, "absolute");
        struct err e = { 0 };
        struct stat st;
        size_t n;

        assert_int_equal(os_write_file(fd, "conf", "one", 3, 0640, &e), 0);
        assert_int_equal(os_write_file(fd, "conf", "second", 6, 0600, &e), 0);
        assert_int_equal(os_read_file(fd, "conf", 100, &text, &n, &e), 0);
        assert_int_equal(n, 6);
        assert_string_equal(text, "second");
        assert_int_equal(fstatat(fd, "conf", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(os_write_file(AT_FDCWD, path, "", 0, 0600, &e), 0);
        assert_int_equal(entries(dir), 2);
        assert_int_equal(os_write_file(fd, "no/such", "x", 1, 0600, &e), -ENOENT);
        assert_int_equal(e.kind, ERR_NOT_FOUND);
        assert_non_null(strstr(e.text, "no/such"));
}

static void read_file_bounds(void **state)
{
        const char *dir = *state;
        _cleanup_(closep) int fd = open_dir(dir);
        _cleanup_(freep) char *text = NULL, *proc = NULL;
        struct err e = { 0 };
        size_t n;

        tmpdir_write(dir, "ten", "0123456789", 10);
        assert_int_equal(os_read_file(fd, "ten", 10, &text, &n, &e), 0);
        assert_int_equal(n, 10);
        assert_int_equal(os_read_file(fd, "ten", 9, &text, &n, &e), -EFBIG);
        assert_int_equal(e.kind, ERR_TOO_LARGE);
        err_clear(&e);
        assert_int_equal(os_read_file(fd, "none", 9, &text, &n, &e), -ENOENT);
        assert_string_equal(e.text, "open none: No such file or directory");
        err_clear(&e);
        assert_int_equal(os_read_file(fd, ".", 9, &text, &n, &e), -EISDIR);
        /* a file whose size fstat does not tell */
        assert_int_equal(os_read_file(AT_FDCWD, "/proc/self/status", 1 << 20, &proc, &n, &e), 0);
        assert_true(n > 100 && strlen(proc) == n);
}

static void whole_or_error(void **state)
{
        const char *dir = *state;
        _cleanup_(closep) int at = open_dir(dir);
        _cleanup_(closep) int fd = os.openat(at, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char back[10];

        fault_install(&(struct fault_plan){ .short_counts = true });
        assert_int_equal(os_write_all(fd, "0123456789", 10), 0);
        assert_int_equal(os_pwrite_all(fd, "abcde", 5, 3), 0);
        assert_int_equal(os_pread_all(fd, back, 10, 0), 0);
        assert_memory_equal(back, "012abcde89", 10);
        assert_true(fault_calls(FAULT_WRITE) > 1 && fault_calls(FAULT_PWRITE) > 1 && fault_calls(FAULT_PREAD) > 1);
        assert_int_equal(os_pread_all(fd, back, 10, 1), -ENODATA);
        fault_remove();
        /* EINTR is no failure */
        fault_install(&(struct fault_plan){ .mask = FAULT_ALL, .k = 1, .error = EINTR });
        assert_int_equal(os_pwrite_all(fd, "xyz", 3, 0), 0);
        fault_remove();
        fault_install(&(struct fault_plan){ .mask = FAULT_READS, .k = 1, .error = EINTR });
        assert_int_equal(os_pread_all(fd, back, 3, 0), 0);
        assert_memory_equal(back, "xyz", 3);
        fault_remove();
}

static void mkdir_p(void **state)
{
        _cleanup_(freep) char *deep = tmpdir_path(*state, "a//b/c"), *file = tmpdir_path(*state, "f"),
                              *below = tmpdir_path(*state, "f/x");
        struct err e = { 0 };
        struct stat st;

        assert_int_equal(os_mkdir_p(deep, 0755, &e), 0);
        assert_int_equal(os_mkdir_p(deep, 0755, &e), 0);
        assert_true(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
        assert_int_equal(os_mkdir_p("/", 0755, &e), 0);
        tmpdir_write(*state, "f", "", 0);
        assert_int_equal(os_mkdir_p(file, 0755, &e), -ENOTDIR);
        err_clear(&e);
        assert_true(os_mkdir_p(below, 0755, &e) < 0);
        assert_non_null(strstr(e.text, "make folder"));
}

static void clocks(void **state)
{
        int64_t mono = os_mono_us();

        assert_true(os_now_us() > INT64_C(1600000000) * US_PER_SECOND);
        assert_true(os_mono_us() >= mono);
        fault_clock_set(1000 * US_PER_SECOND + 7);
        assert_true(os_now_us() == 1000 * US_PER_SECOND + 7);
        fault_clock_advance(-5 * US_PER_SECOND);        /* the wall clock was set back */
        assert_true(os_now_us() == 995 * US_PER_SECOND + 7);
        assert_true(os_mono_us() == 1000 * US_PER_SECOND + 7);
        fault_remove();
        assert_true(os_now_us() > INT64_C(1600000000) * US_PER_SECOND);
}

static void randomness(void **state)
{
        uint8_t a[600] = { 0 }, b[600] = { 0 };

        os_random(a, sizeof a);
        os_random(b, sizeof b);
        assert_memory_not_equal(a, b, sizeof a);
        assert_true(os_random_u64() != os_random_u64());
}

/* What log_line() writes to stderr while fn runs. */
static char *captured(const char *dir, void (*fn)(void))
{
        _cleanup_(freep) char *path = tmpdir_path(dir, "log");
        int saved = dup(STDERR_FILENO), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(saved >= 0 && to >= 0);
        dup2(to, STDERR_FILENO);
        fn();
        dup2(saved, STDERR_FILENO);
        (void)close(saved);
        (void)close(to);
        return tmpdir_read(dir, "log", NULL);
}

static void say(void)
{
        char big[5000];

        memset(big, 'x', sizeof big - 1);
        big[sizeof big - 1] = '\0';
        fault_clock_set(0);
        log_info("distmgr", "package %s\nforged line \x1b[2J", "P0100012");
        log_debug("distmgr", "not at this level");
        log_level_set(LOG_LEVEL_DEBUG);
        log_debug("dp", "%s", big);
        log_level_set(LOG_LEVEL_ERROR);
        log_warn("dp", "not at this level");
        log_error("dp", "last");
        log_level_set(LOG_LEVEL_INFO);
        fault_remove();
}

static void log_lines(void **state)
{
        _cleanup_(freep) char *text = captured(*state, say);
        struct str line, rest = str_cut(str_of(text), '\n', &line);

        assert_true(str_eqz(line, "1970-01-01T00:00:00Z info distmgr: package P0100012?forged line ?[2J"));
        rest = str_cut(rest, '\n', &line);
        assert_true(str_starts(line, "1970-01-01T00:00:00Z debug dp: xxxx") && line.n < 2048);
        rest = str_cut(rest, '\n', &line);
        assert_true(str_eqz(line, "1970-01-01T00:00:00Z error dp: last"));
        assert_int_equal(rest.n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(write_file_replaces, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(read_file_bounds, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(whole_or_error, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(mkdir_p, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test(clocks),
                cmocka_unit_test(randomness),
                cmocka_unit_test_setup_teardown(log_lines, tmpdir_setup, tmpdir_teardown),
        };

        return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
