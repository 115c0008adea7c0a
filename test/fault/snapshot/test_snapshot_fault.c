/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots when system calls fail.  Either the version is there and every byte
 * of it can be read, or it is not there; and the next snapshot succeeds.
 */
#include "unit/cas/store_help.h"
#include <errno.h>
#include <sys/stat.h>
#include "lib/fault.h"
#include "snapshot/snapshot.h"

enum { LARGE = 700 << 10 };

static char *source;

static void make_source(const char *dir)
{
        static uint8_t p[LARGE];
        _cleanup_(freep) char *link = NULL;

        source = tmpdir_path(dir, "src");
        assert_int_equal(mkdir(source, 0755), 0);
        fill(p, sizeof(p), 1);
        tmpdir_write(source, "a/one", p, 1000);
        tmpdir_write(source, "a/two", p + 1000, 70000);
        tmpdir_write(source, "b/large", p, sizeof(p));
        tmpdir_write(source, "c", p, 0);
        link = tmpdir_path(source, "a/link");
        assert_int_equal(symlink("one", link), 0);
}

static int take(const char *lib)
{
        struct snapshot_opts o = { .source = source, .package = "P0100001", .version = 1, .threads = 2 };
        struct snapshot_result res;
        struct err e = { 0 };
        struct cas *c;
        int r = cas_open(&c, lib, NULL, &e);

        if (r == 0) {
                r = snapshot_take(c, &o, &res, &e);
                cas_close(c);
        }
        if (r < 0)
                assert_int_not_equal(e.kind, ERR_NONE);
        return r;
}

static void assert_whole(const char *lib)
{
        struct cas *c = lib_open(lib, NULL);
        struct bad_names bad = { 0 };
        struct cas_version v;
        struct err e = { 0 };
        uint64_t bytes;

        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        assert_int_equal(v.n_files, 4);
        assert_int_equal(v.total_bytes, 71000 + LARGE);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, &bytes, &e), 0);
        assert_int_equal(bad.n, 0);
        cas_close(c);
}

/* After the attempt, with nothing failing any more. */
static void assert_right(const char *lib, int r)
{
        if (r == 0)
                assert_whole(lib);
        assert_int_equal(take(lib), 0);
        assert_whole(lib);
}

static void each_failing_call_is_survived(void **state)
{
        const int errors[] = { EIO, ENOSPC };
        char *dir = tmpdir_new();
        unsigned failed = 0;

        make_source(dir);
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                bool hit = true;

                for (unsigned k = 1; hit && k < 1000; k++) {
                        _cleanup_(freep) char *lib = str_printf("%s/lib-%zu-%u", dir, i, k);
                        int r;

                        fault_install(&(struct fault_plan){ .mask = FAULT_ALL & ~FAULT_BIT(FAULT_CLOSE), .k = k,
                                                            .error = errors[i] });
                        r = take(lib);
                        hit = fault_hits() > 0;
                        fault_remove();
                        failed += r < 0;
                        assert_right(lib, r);
                }
        }
        assert_true(failed > 60);
        free(source);
        tmpdir_free(dir);
}

static void a_full_disk_is_survived(void **state)
{
        char *dir = tmpdir_new();
        unsigned failed = 0;

        make_source(dir);
        for (uint64_t space = 0; space < 1000000; space += 70000) {
                _cleanup_(freep) char *lib = str_printf("%s/lib-%u", dir, (unsigned)space);
                int r;

                fault_install(&(struct fault_plan){ .limited = true, .space_bytes = space });
                r = take(lib);
                fault_remove();
                failed += r < 0;
                assert_right(lib, r);
        }
        assert_true(failed >= 10);
        free(source);
        tmpdir_free(dir);
}

static void short_counts_change_nothing(void **state)
{
        char *dir = tmpdir_new();
        _cleanup_(freep) char *lib = tmpdir_path(dir, "lib");

        make_source(dir);
        fault_install(&(struct fault_plan){ .short_counts = true });
        assert_int_equal(take(lib), 0);
        fault_remove();
        assert_whole(lib);
        free(source);
        tmpdir_free(dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_failing_call_is_survived),
                cmocka_unit_test(a_full_disk_is_survived),
                cmocka_unit_test(short_counts_change_nothing),
        };

        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
