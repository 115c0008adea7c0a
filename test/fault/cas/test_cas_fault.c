/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content library when the machine fails it.  Each attempt begins with a
 * library that holds version 1 and tries to replace it by version 2, collecting
 * afterwards.  Whatever fails, and wherever the process or the power dies, the
 * library then opens, holds one of the two whole, and can be brought to 2.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include "lib/fault.h"
#include "unit/cas/store_help.h"

static uint8_t same[300000], a1[4000], a2[4100], big1[90000], big2[100000];

static const struct tfile v1[] = {
        { "a", a1, sizeof(a1), NULL },
        { "big", big1, sizeof(big1), NULL },
        { "same", same, sizeof(same), NULL },
};
static const struct tfile v2[] = {
        { "a", a2, sizeof(a2), NULL },
        { "big", big2, sizeof(big2), NULL },
        { "same", same, sizeof(same), NULL },
        { "same2", same, sizeof(same), NULL },
};

/* Packs of a few records, so that rolling over and rewriting happen too. */
static const struct cas_opts small_packs = { .small = true, .pack_bytes = 200000 };

/* The same, and a manifest whose version went away while the process died keeps nothing. */
static const struct cas_opts no_hold = { .small = true, .pack_bytes = 200000, .hold_us = 1 };

static char *prepare(void)
{
        char *dir = tmpdir_new();
        struct err e = { 0 };
        struct cas *c = lib_open(dir, &small_packs);

        assert_int_equal(make_version(c, "P0100001", 1, v1, ARRAY_SIZE(v1), true, &e), CAS_OK);
        cas_close(c);
        return dir;
}

static int publish(struct cas *c, struct cas_writer *w, struct err *e)
{
        size_t len;
        struct hash_id id;
        _cleanup_(freep) uint8_t *p = manifest_bytes(v2, ARRAY_SIZE(v2), &len, &id);
        int fd, r = cas_manifest_temp(c, &fd, e);

        if (r == 0 && (r = os_write_all(fd, p, len)) < 0) {
                (void)os.close(fd);
                return r;
        }
        if (r == 0)
                r = cas_manifest_put(c, fd, &id, e);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(v2); i++) {
                for (size_t at = 0; r >= 0 && at < v2[i].n; at += PIECE_WHOLE) {
                        size_t n = MIN(v2[i].n - at, (size_t)PIECE_WHOLE);
                        struct hash_id piece;

                        id_of((const char *)v2[i].p + at, n, &piece);
                        r = cas_put(w, &piece, (const char *)v2[i].p + at, (uint32_t)n, e);
                        if (r >= 0 && i == 0)
                                r = cas_writer_sync(w, e);
                }
        }
        if (r >= 0)
                r = cas_checkpoint(w, e);
        return r < 0 ? r : cas_version_commit(c, "P0100001", 2, &id, true, e);
}

/* The work during which something fails. */
static int work(const char *dir)
{
        struct cas_writer *w = NULL;
        struct cas_gc_stats g;
        struct err e = { 0 };
        struct cas *c;
        int r = cas_open(&c, dir, &small_packs, &e);

        if (r < 0)
                return r;
        r = cas_writer_new(&w, c, &e);
        if (r == 0)
                r = publish(c, w, &e);
        cas_writer_free(w);
        if (r == CAS_OK)
                r = cas_gc(c, false, &g, &e);
        cas_close(c);
        return r;
}

/* One of the two versions, whole; and on to version 2, with nothing left over. */
static void assert_right(const char *dir)
{
        struct cas *c = lib_open(dir, &no_hold);
        struct bad_names bad = { 0 };
        struct cas_gc_stats g;
        struct cas_version v;
        struct cas_stats st;
        struct err e = { 0 };
        bool two = version_there(c, "P0100001", 2);

        assert_int_not_equal(two, version_there(c, "P0100001", 1));
        if (two)
                assert_version(c, "P0100001", 2, v2, ARRAY_SIZE(v2));
        else
                assert_version(c, "P0100001", 1, v1, ARRAY_SIZE(v1));
        assert_int_equal(cas_version_find(c, "P0100001", &v, &e), CAS_OK);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, NULL, &e), 0);
        assert_int_equal(bad.n, 0);
        assert_int_equal(make_version(c, "P0100001", 2, v2, ARRAY_SIZE(v2), true, &e), CAS_OK);
        if (cas_gc(c, false, &g, &e) != 0)
                fail_msg("%s", e.text);
        assert_version(c, "P0100001", 2, v2, ARRAY_SIZE(v2));
        assert_int_equal(cas_stats(c, &st, &e), 0);
        assert_int_equal(st.n_versions, 1);
        assert_int_equal(st.n_pieces, 4);
        cas_close(c);
}

/* Fail the k-th call: was there one? */
static bool one_failure(unsigned k, int error)
{
        char *dir = prepare();
        bool hit;

        fault_install(&(struct fault_plan){ .mask = FAULT_ALL, .k = k, .error = error });
        (void)work(dir);
        hit = fault_hits() > 0;
        fault_remove();
        assert_right(dir);
        tmpdir_free(dir);
        return hit;
}

static void each_failing_call_is_survived(void **state)
{
        unsigned k = 1;

        while (k < 1000 && one_failure(k, EIO))
                k++;
        assert_true(k > 50 && k < 1000);
}

static void a_full_disk_is_survived(void **state)
{
        for (uint64_t space = 0; space < 500000; space += 23000) {
                char *dir = prepare();
                int r;

                fault_install(&(struct fault_plan){ .limited = true, .space_bytes = space });
                r = work(dir);
                fault_remove();
                if (space < 100000)
                        assert_true(r < 0);
                assert_right(dir);
                tmpdir_free(dir);
        }
}

static void short_counts_change_nothing(void **state)
{
        char *dir = prepare();

        fault_install(&(struct fault_plan){ .short_counts = true });
        assert_int_equal(work(dir), 0);
        fault_remove();
        assert_right(dir);
        tmpdir_free(dir);
}

/* ---- the process dies at the k-th call; the power fails with it ---- */

static struct {
        unsigned k;
        bool power;                     /* what was not synced is lost, too */
        struct {
                int fd;
                off_t synced;
        } files[64];
} crash;

static void die(void)
{
        for (size_t i = 0; crash.power && i < ARRAY_SIZE(crash.files); i++) {
                if (crash.files[i].fd > 0)
                        (void)!ftruncate(crash.files[i].fd, crash.files[i].synced);
        }
        _exit(9);
}

static void count(void)
{
        if (--crash.k == 0)
                die();
}

static void track(int fd, off_t synced)
{
        for (size_t i = 0; i < ARRAY_SIZE(crash.files); i++) {
                if (crash.files[i].fd == fd || crash.files[i].fd == 0) {
                        crash.files[i].fd = fd;
                        crash.files[i].synced = synced;
                        return;
                }
        }
}

static void note_synced(int fd)
{
        struct stat st;

        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                track(fd, st.st_size);
}

static int crash_openat(int d, const char *p, int f, mode_t m)
{
        int fd;

        count();
        fd = os_real.openat(d, p, f, m);
        /* Files that only pwritev() and copies grow; SQLite's own are not opened here. */
        if (fd >= 0 && (f & O_ACCMODE) != O_RDONLY && (strstr(p, ".pack") || strstr(p, ".tmp")))
                note_synced(fd);
        return fd;
}

static int crash_close(int fd)
{
        for (size_t i = 0; i < ARRAY_SIZE(crash.files); i++) {
                if (crash.files[i].fd == fd)
                        crash.files[i].fd = -1;
        }
        return os_real.close(fd);
}

static ssize_t crash_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
        if (crash.k == 1)       /* torn */
                (void)!pwrite(fd, v[0].iov_base, v[0].iov_len / 2, at);
        count();
        return os_real.pwritev(fd, v, n, at);
}

static ssize_t crash_write(int fd, const void *p, size_t n)
{
        count();
        return os_real.write(fd, p, n);
}

static int crash_fsync(int fd)
{
        int r;

        count();
        r = os_real.fsync(fd);
        note_synced(fd);
        return r;
}

static int crash_fdatasync(int fd)
{
        int r;

        count();
        r = os_real.fdatasync(fd);
        note_synced(fd);
        return r;
}

static int crash_ftruncate(int fd, off_t n)
{
        count();
        return os_real.ftruncate(fd, n);
}

static int crash_renameat(int a, const char *o, int b, const char *n)
{
        count();
        return os_real.renameat(a, o, b, n);
}

static int crash_unlinkat(int d, const char *p, int f)
{
        count();
        return os_real.unlinkat(d, p, f);
}

static int crash_fstat(int fd, struct stat *st)
{
        count();
        return os_real.fstat(fd, st);
}

static int crash_fstatat(int d, const char *p, struct stat *st, int f)
{
        count();
        return os_real.fstatat(d, p, st, f);
}

static ssize_t crash_pread(int fd, void *p, size_t n, off_t at)
{
        count();
        return os_real.pread(fd, p, n, at);
}

static int crash_clock(clockid_t id, struct timespec *ts)
{
        count();        /* also between the steps of a commit */
        return os_real.clock_gettime(id, ts);
}

/* True: it died at the k-th call; false: it ran through. */
static bool crashes_at(const char *dir, unsigned k, bool power)
{
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
                crash.k = k;
                crash.power = power;
                os.openat = crash_openat;
                os.close = crash_close;
                os.pwritev = crash_pwritev;
                os.write = crash_write;
                os.fsync = crash_fsync;
                os.fdatasync = crash_fdatasync;
                os.ftruncate = crash_ftruncate;
                os.renameat = crash_renameat;
                os.unlinkat = crash_unlinkat;
                os.fstat = crash_fstat;
                os.fstatat = crash_fstatat;
                os.pread = crash_pread;
                os.clock_gettime = crash_clock;
                _exit(work(dir) == 0 ? 0 : 1);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0);
        return WEXITSTATUS(status) == 9;
}

static void crash_sweep(bool power)
{
        bool crashed = true;
        unsigned k;

        for (k = 1; crashed && k < 1000; k++) {
                char *dir = prepare();

                crashed = crashes_at(dir, k, power);
                assert_right(dir);
                tmpdir_free(dir);
        }
        assert_true(k > 40 && k < 1000);
}

static void killed_anywhere(void **state)
{
        crash_sweep(false);
}

static void power_lost_anywhere(void **state)
{
        crash_sweep(true);
}

/* What arrived whole before a kill is not asked for again. */
static void nothing_received_is_lost(void **state)
{
        char *dir = prepare();
        struct cas_writer *w = NULL;
        struct err e = { 0 };
        struct cas *c = lib_open(dir, &small_packs);
        struct hash_id id;

        put_manifest(c, v2, ARRAY_SIZE(v2), &id);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, v2, 2);                    /* "big" goes past the buffer, and takes "a" with it */
        lib_abandon(c, w);
        c = lib_open(dir, &small_packs);
        assert_int_equal(count_found(c, v2, 2), 2);
        cas_close(c);
        assert_right(dir);
        tmpdir_free(dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(short_counts_change_nothing),
                cmocka_unit_test(each_failing_call_is_survived),
                cmocka_unit_test(a_full_disk_is_survived),
                cmocka_unit_test(killed_anywhere),
                cmocka_unit_test(power_lost_anywhere),
                cmocka_unit_test(nothing_received_is_lost),
        };

        fill(same, sizeof(same), 1);
        fill(a1, sizeof(a1), 2);
        fill(a2, sizeof(a2), 3);
        fill(big1, sizeof(big1), 4);
        fill(big2, sizeof(big2), 5);
        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
