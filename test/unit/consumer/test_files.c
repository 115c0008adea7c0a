/* SPDX-License-Identifier: Apache-2.0 */
/* Log files under their folder; programs with few rights. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/time.h"
#include "consumer/logfile.h"
#include "consumer/process.h"
#include "lib/tmpdir.h"
#include "os/os.h"

static char *folder;

static int set_up(void **state)
{
        folder = tmpdir_new();
        return folder ? 0 : -1;
}

static int tear_down(void **state)
{
        tmpdir_free(folder);
        return 0;
}

static const char *at(const char *name)
{
        static char path[4][512];
        static unsigned n;

        n = (n + 1) % 4;
        snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
        return path[n];
}

static int append(const char *name, uint64_t max, bool unicode, const char *line, struct err *e)
{
        const struct logfile f = { folder, str_of(name), max, unicode };

        *e = (struct err){ 0 };
        return logfile_append(&f, str_of(line), e);
}

static void holds(const char *name, const char *text, size_t n)
{
        char *got;
        size_t size;
        struct err e = { 0 };

        assert_int_equal(os_read_file(AT_FDCWD, at(name), 1 << 20, &got, &size, &e), 0);
        assert_int_equal(size, n);
        assert_memory_equal(got, text, n);
        free(got);
}

static void put(const char *name, const char *text)
{
        struct err e = { 0 };

        assert_int_equal(os_write_file(AT_FDCWD, at(name), text, strlen(text), 0600, &e), 0);
}

static void lines_are_appended(void **state)
{
        struct err e;

        assert_int_equal(append("a.log", 0, false, "one", &e), 0);
        assert_int_equal(append(at("a.log"), 0, true, "two", &e), 0);   /* it is there and stays what it is */
        holds("a.log", "one\ntwo\n", 8);
        assert_int_equal(append("w.log", 0, true, "A", &e), 0);
        assert_int_equal(append("w.log", 0, false, "B", &e), 0);
        holds("w.log", "\xff\xfe" "A\0\r\0\n\0B\0\r\0\n\0", 14);
        assert_int_equal(mkdir(at("sub"), 0700), 0);
        assert_int_equal(append("sub/b.log", 0, false, "x", &e), 0);
        holds("sub/b.log", "x\n", 2);
}

/* As the class's page has it: looked at before a write; 8.3 names get another extension, others a longer name. */
static void full_files_get_numbers(void **state)
{
        char name[300];
        struct err e;

        for (int i = 0; i < 4; i++)
                assert_int_equal(append("short.txt", 3, false, "line", &e), 0);
        holds("short.001", "line\n", 5);
        holds("short.003", "line\n", 5);
        holds("short.txt", "line\n", 5);
        for (int i = 0; i < 2; i++)
                assert_int_equal(append("a longer name.txt", 3, false, "line", &e), 0);
        holds("a longer name.txt001", "line\n", 5);
        put("full.998", "");
        put("full.999", "");
        for (int i = 0; i < 3; i++)
                assert_int_equal(append("full", 3, false, i == 0 ? "first" : "later", &e), 0);
        holds("full.001", "first\n", 6);
        holds("full.002", "later\n", 6);
        static const struct {
                const char *name, *backup;
        } names[] = { { "a", "a.007" }, { "12345678.123", "12345678.007" }, { "123456789.txt", "123456789.txt007" },
                      { "a.html", "a.html007" }, { "a.b.c", "a.b.c007" }, { ".x", ".x007" } };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_true(logfile_backup_name(names[i].name, 7, name, sizeof(name)));
                assert_string_equal(name, names[i].backup);
        }
}

static void nothing_leads_out(void **state)
{
        struct err e;

        assert_int_equal(mkdir(at("in"), 0700), 0);
        assert_int_equal(symlink("/", at("in/link")), 0);
        assert_int_equal(symlink("/dev/null", at("in/file")), 0);
        put("in/real", "");
        assert_int_equal(link(at("in/real"), at("in/second")), 0);
        assert_int_equal(mkfifo(at("in/pipe"), 0600), 0);
        static const char *const bad[] = { "../x", "in/../../x", "in/link/tmp/x", "in/file", "in/second", "in/pipe", "in", "/etc/x", "/",
                                           "in//x", "./x", "" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                if (append(bad[i], 0, false, "x", &e) == 0)
                        fail_msg("%s was written", bad[i]);
        }
        assert_true(append("in/link/tmp/x", 0, false, "x", &e) < 0 && e.kind == ERR_DENIED);
        assert_true(append("absent/x", 0, false, "x", &e) < 0 && e.kind == ERR_NOT_FOUND);
        char beside[600];

        snprintf(beside, sizeof(beside), "%s-other/x", folder);
        assert_true(append(beside, 0, false, "x", &e) < 0 && e.kind == ERR_DENIED);
}

static ssize_t short_write(int fd, const void *p, size_t n)
{
        static bool once;

        if (!once) {
                once = true;
                return os_real.write(fd, p, n / 2);
        }
        errno = ENOSPC;
        return -1;
}

static void half_a_line_is_taken_back(void **state)
{
        struct err e;

        assert_int_equal(append("half", 0, false, "whole", &e), 0);
        os.write = short_write;
        assert_true(append("half", 0, false, "a line that does not fit", &e) < 0 && e.kind == ERR_NO_SPACE);
        os = os_real;
        holds("half", "whole\n", 6);
}

/* ---- programs ---- */

static int run(const char *program, const char *const *argv, int64_t timeout_us, struct process_result *out, struct err *e)
{
        static const char *const env[] = { "A=b", NULL };
        const struct process_opts o = { .program = program, .argv = argv, .env = env, .folder = folder, .input = STR("input\n"),
                                        .timeout_us = timeout_us, .stop_fd = -1 };

        *e = (struct err){ 0 };
        return process_run(&o, out, e);
}

#define ARGV(...) (const char *const[]){ __VA_ARGS__, NULL }
enum { LONG_US = 60000000 };

static void a_program_runs(void **state)
{
        struct process_result p;
        struct err e;

        assert_int_equal(run("/bin/sh", ARGV("sh", "-c", "cat; echo $A $0; pwd; exit 3", "zero"), LONG_US, &p, &e), 0);
        assert_true(WIFEXITED(p.status) && WEXITSTATUS(p.status) == 3 && !p.timed_out);
        p.output[p.n_output] = 0;
        assert_non_null(strstr(p.output, "input b zero "));
        assert_non_null(strstr(p.output, folder));
}

static void it_has_few_rights(void **state)
{
        struct process_result p;
        struct err e;

        assert_int_equal(run("/bin/sh", ARGV("sh", "-c", "grep NoNewPrivs /proc/self/status; ls /proc/self/fd | tr -d ' \\n'; "
                                                         "echo; ulimit -c; env | wc -l; umask"), LONG_US, &p, &e), 0);
        p.output[p.n_output] = 0;
        assert_non_null(strstr(p.output, "NoNewPrivs: 1 "));
        assert_non_null(strstr(p.output, " 0123 0 "));       /* 3 is ls's own */
        assert_non_null(strstr(p.output, "0077"));
}

static void output_is_bounded(void **state)
{
        struct process_result p;
        struct err e;

        assert_int_equal(run("/bin/sh", ARGV("sh", "-c", "head -c 1000000 /dev/zero; printf '\\033[0m' >&2"), LONG_US, &p, &e), 0);
        assert_int_equal(p.n_output, PROCESS_OUTPUT);
        assert_int_equal(p.output[0], ' ');
}

static void it_is_ended_in_time(void **state)
{
        struct process_result p;
        struct err e;

        assert_int_equal(run("/bin/sh", ARGV("sh", "-c", "sleep 1000 & sleep 1000"), 50000, &p, &e), 0);
        assert_true(p.timed_out && WIFSIGNALED(p.status));
}

static void it_is_ended_with_the_daemon(void **state)
{
        int fd = eventfd(1, EFD_CLOEXEC);
        const struct process_opts o = { .program = "/bin/sleep", .argv = ARGV("sleep", "1000"), .env = ARGV("A=b"), .folder = "/",
                                        .timeout_us = LONG_US, .stop_fd = fd };
        struct process_result p;
        struct err e = { 0 };

        assert_int_equal(process_run(&o, &p, &e), 0);
        assert_true(p.stopped && !p.timed_out && WIFSIGNALED(p.status));
        close(fd);
}

static void what_cannot_start_says_why(void **state)
{
        struct process_result p;
        struct err e;

        assert_true(run("/no/such/program", ARGV("x"), LONG_US, &p, &e) < 0);
        assert_true(e.sys == ENOENT && strstr(e.text, "start /no/such/program: run it"));
        put("plain", "text");
        assert_true(run(at("plain"), ARGV("x"), LONG_US, &p, &e) < 0 && e.sys == EACCES);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_appended), cmocka_unit_test(full_files_get_numbers), cmocka_unit_test(nothing_leads_out),
                cmocka_unit_test(half_a_line_is_taken_back), cmocka_unit_test(a_program_runs), cmocka_unit_test(it_has_few_rights),
                cmocka_unit_test(output_is_bounded), cmocka_unit_test(it_is_ended_in_time),
                cmocka_unit_test(it_is_ended_with_the_daemon), cmocka_unit_test(what_cannot_start_says_why),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
