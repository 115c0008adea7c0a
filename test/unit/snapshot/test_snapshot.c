/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots of real folders, extracted again and compared; what must be refused; what changes under the walk. */
#include "unit/cas/store_help.h"
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "snapshot/snapshot.h"

struct rig {
        char *dir, *src, *lib, *out;
        struct cas *c;
};

static struct rig *rig_new(void)
{
        struct rig *r = calloc(1, sizeof(*r));

        assert_non_null(r);
        r->dir = tmpdir_new();
        r->src = tmpdir_path(r->dir, "src");
        r->lib = tmpdir_path(r->dir, "lib");
        r->out = tmpdir_path(r->dir, "out");
        assert_int_equal(mkdir(r->src, 0755), 0);
        r->c = lib_open(r->lib, NULL);
        return r;
}

static void rig_free(struct rig *r)
{
        cas_close(r->c);
        tmpdir_free(r->dir);
        free(r->src);
        free(r->lib);
        free(r->out);
        free(r);
}

static int take(struct rig *r, uint32_t version, unsigned threads, struct snapshot_result *res, struct err *e)
{
        struct snapshot_opts o = { .source = r->src, .package = "P0100001", .version = version, .threads = threads };

        return snapshot_take(r->c, &o, res, e);
}

static void must_take(struct rig *r, uint32_t version, struct snapshot_result *res)
{
        struct err e = { 0 };

        if (take(r, version, 2, res, &e) != 0)
                fail_msg("%s", e.text);
}

static void extract(struct rig *r, uint32_t version)
{
        struct cas_version v;
        struct err e = { 0 };

        assert_int_equal(cas_version_get(r->c, "P0100001", version, &v, &e), CAS_OK);
        if (cas_extract(r->c, &v, r->out, &e) != 0)
                fail_msg("%s", e.text);
}

/* Every entry of the source is in the copy, with type, mode, times, target and bytes. */
static struct {
        size_t from;
        const char *to;
        unsigned n;
} cmp;

static int same_entry(const char *path, const struct stat *a, int type, struct FTW *at)
{
        _cleanup_(freep) char *other = str_printf("%s%s", cmp.to, path + cmp.from);
        struct stat b;

        cmp.n++;
        if (lstat(other, &b) != 0)
                fail_msg("%s is missing", other);
        assert_int_equal(a->st_mode, b.st_mode);
        assert_int_equal(a->st_mtim.tv_sec, b.st_mtim.tv_sec);
        assert_int_equal(a->st_mtim.tv_nsec, b.st_mtim.tv_nsec);
        if (S_ISREG(a->st_mode)) {
                size_t n, m;
                _cleanup_(freep) char *x = tmpdir_read("", path + 1, &n), *y = tmpdir_read("", other + 1, &m);

                assert_int_equal(n, m);
                assert_memory_equal(x, y, n);
        } else if (S_ISLNK(a->st_mode)) {
                char x[100] = "", y[100] = "";

                assert_true(readlink(path, x, 99) > 0 && readlink(other, y, 99) > 0);
                assert_string_equal(x, y);
        }
        return 0;
}

static unsigned compare(struct rig *r)
{
        cmp.from = strlen(r->src);
        cmp.to = r->out;
        cmp.n = 0;
        assert_int_equal(nftw(r->src, same_entry, 32, FTW_PHYS), 0);
        return cmp.n;
}

static void file_at(struct rig *r, const char *name, size_t n, uint64_t seed)
{
        _cleanup_(freep) uint8_t *p = malloc(n + 1);

        fill(p, n, seed);
        tmpdir_write(r->src, name, p, n);
}

static void everything_goes_round(void **state)
{
        struct rig *r = rig_new();
        struct timespec old[2] = { { -631152000, 123456789 }, { -631152000, 123456789 } };
        struct snapshot_result res;
        _cleanup_(freep) char *link = tmpdir_path(r->src, "sub/link"), *up = tmpdir_path(r->src, "sub/up"),
                             *suid = tmpdir_path(r->src, "suid"), *empty = tmpdir_path(r->src, "empty"),
                             *closed = tmpdir_path(r->src, "closed");

        file_at(r, "suid", 100, 1);
        file_at(r, "zero", 0, 0);
        file_at(r, "sub/two words", 70000, 2);
        file_at(r, "sub/new\nline", 3, 3);
        file_at(r, "sub/not utf-8 \xff\xfe", 4, 4);
        file_at(r, "sub/whole", PIECE_WHOLE, 5);
        file_at(r, "sub/cut", PIECE_WHOLE + 1, 6);
        file_at(r, "sub.txt", 10, 7);
        file_at(r, "large", 7 << 20, 8);
        file_at(r, "closed/file", 8, 9);
        assert_int_equal(mkdir(empty, 0700), 0);
        assert_int_equal(symlink("two words", link), 0);
        assert_int_equal(symlink("../large", up), 0);
        assert_int_equal(utimensat(AT_FDCWD, link, old, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(utimensat(AT_FDCWD, suid, old, 0), 0);
        assert_int_equal(chmod(suid, 04711), 0);
        assert_int_equal(chmod(closed, 01555), 0);
        must_take(r, 1, &res);
        assert_int_equal(res.n_files, 10);
        assert_int_equal(res.n_entries, 1 + 10 + 3 + 2);
        assert_int_equal(res.new_bytes, res.total_bytes);
        extract(r, 1);
        assert_int_equal(compare(r), res.n_entries);
        rig_free(r);
}

static void an_unchanged_tree_writes_nothing(void **state)
{
        struct rig *r = rig_new();
        struct snapshot_result a, b;
        struct cas_stats before, after;
        struct err e = { 0 };

        file_at(r, "f", 5000, 1);
        file_at(r, "g", 3 << 20, 2);
        must_take(r, 1, &a);
        assert_int_equal(cas_stats(r->c, &before, &e), 0);
        must_take(r, 2, &b);
        assert_int_equal(cas_stats(r->c, &after, &e), 0);
        assert_true(hash_id_eq(&a.manifest, &b.manifest));
        assert_int_equal(b.new_bytes, 0);
        assert_int_equal(before.bytes_packs, after.bytes_packs);
        assert_int_equal(before.n_packs, after.n_packs);
        assert_true(after.n_packs <= 3);
        rig_free(r);
}

static void threads_do_not_change_the_manifest(void **state)
{
        struct rig *r = rig_new();
        struct snapshot_result one, four;
        struct err e = { 0 };
        char name[32];

        for (int i = 0; i < 700; i++) {
                (void)snprintf(name, sizeof(name), "d%d/e%d/f%d", i % 50, i % 7, i);
                file_at(r, name, (size_t)i * 37, (uint64_t)i);
        }
        file_at(r, "d3/large", 5 << 20, 1000);
        file_at(r, "d3/large2", (4 << 20), 1001);
        assert_int_equal(take(r, 1, 1, &one, &e), 0);
        assert_int_equal(take(r, 2, 4, &four, &e), 0);
        assert_true(hash_id_eq(&one.manifest, &four.manifest));
        extract(r, 2);
        assert_int_equal(compare(r), four.n_entries);
        rig_free(r);
}

static void a_changed_part_of_a_large_file_is_all_that_is_new(void **state)
{
        struct rig *r = rig_new();
        struct snapshot_result res;
        _cleanup_(freep) char *path = tmpdir_path(r->src, "large");

        file_at(r, "large", 12 << 20, 1);
        must_take(r, 1, &res);
        flip(path, 5 << 20);
        must_take(r, 2, &res);
        assert_true(res.new_bytes > 0 && res.new_bytes <= 2 * PIECE_MAX);
        rig_free(r);
}

static void refused(struct rig *r, enum err_kind kind, const char *word)
{
        struct snapshot_result res;
        struct err e = { 0 };

        assert_true(take(r, 1, 2, &res, &e) < 0);
        if (e.kind != kind || !strstr(e.text, word))
                fail_msg("%s (kind %d)", e.text, e.kind);
        assert_false(version_there(r->c, "P0100001", 1));
}

static void links_out_of_the_tree_are_refused(void **state)
{
        struct rig *r = rig_new();
        _cleanup_(freep) char *a = tmpdir_path(r->src, "a"), *s = tmpdir_path(r->src, "d/s"),
                             *u = tmpdir_path(r->src, "u");

        assert_int_equal(symlink("/etc/passwd", a), 0);
        refused(r, ERR_INVALID, "\"a\"");
        assert_int_equal(unlink(a), 0);
        assert_int_equal(symlink("../x", a), 0);
        refused(r, ERR_INVALID, "../x");
        assert_int_equal(unlink(a), 0);
        file_at(r, "d/f", 1, 1);
        file_at(r, "t/f", 1, 1);
        assert_int_equal(symlink("../t", s), 0);
        assert_int_equal(symlink("d/s/../../x", u), 0);         /* looks inside, is not */
        refused(r, ERR_CORRUPT, "\"u\"");
        rig_free(r);
}

static void what_is_no_file_is_refused(void **state)
{
        struct rig *r = rig_new();
        _cleanup_(freep) char *fifo = tmpdir_path(r->src, "pipe");

        assert_int_equal(mkfifo(fifo, 0600), 0);
        refused(r, ERR_INVALID, "\"pipe\"");
        rig_free(r);
}

static void deep_and_long_paths_are_refused(void **state)
{
        struct rig *r = rig_new();
        int fd = open(r->src, O_RDONLY | O_DIRECTORY);
        char name[200];

        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (int i = 0; i < 25; i++) {
                int next;

                assert_int_equal(mkdirat(fd, name, 0755), 0);
                next = openat(fd, name, O_RDONLY | O_DIRECTORY);
                assert_true(next >= 0);
                (void)close(fd);
                fd = next;
        }
        (void)close(fd);
        refused(r, ERR_INVALID, "longer than");
        rig_free(r);
        r = rig_new();
        fd = open(r->src, O_RDONLY | O_DIRECTORY);
        for (int i = 0; i <= MANIFEST_DEPTH_MAX; i++) {
                int next;

                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
                assert_true(next >= 0);
                (void)close(fd);
                fd = next;
        }
        (void)close(fd);
        refused(r, ERR_INVALID, "deeper than");
        rig_free(r);
}

static void case_collisions_are_refused_when_asked(void **state)
{
        struct rig *r = rig_new();
        struct snapshot_opts o = { .source = r->src, .package = "P0100001", .version = 1,
                                   .refuse_case_collisions = true };
        struct snapshot_result res;
        struct err e = { 0 };

        file_at(r, "d/Setup.exe", 1, 1);
        file_at(r, "d/a", 1, 1);
        file_at(r, "d/setup.EXE", 1, 1);
        assert_true(snapshot_take(r->c, &o, &res, &e) < 0);
        assert_non_null(strstr(e.text, "Setup.exe"));
        o.refuse_case_collisions = false;
        err_clear(&e);
        assert_int_equal(snapshot_take(r->c, &o, &res, &e), 0);
        rig_free(r);
}

static void sources_are_checked(void **state)
{
        struct rig *r = rig_new();
        struct err e = { 0 };
        _cleanup_(freep) char *absent = tmpdir_path(r->dir, "absent"), *file = tmpdir_path(r->src, "f");

        file_at(r, "f", 1, 1);
        assert_int_equal(snapshot_check_source(r->src, &e), 0);
        assert_true(snapshot_check_source("relative", &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        err_clear(&e);
        assert_true(snapshot_check_source(absent, &e) < 0);
        assert_int_equal(e.kind, ERR_NOT_FOUND);
        err_clear(&e);
        assert_true(snapshot_check_source(file, &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        rig_free(r);
}

static void the_library_is_no_source(void **state)
{
        struct rig *r = rig_new();

        free(r->src);
        r->src = strdup(r->dir);
        refused(r, ERR_INVALID, "library");
        rig_free(r);
}

static bool stop_after(void *ctx)
{
        return (*(int *)ctx)-- <= 0;
}

static void it_stops_when_asked(void **state)
{
        struct rig *r = rig_new();
        struct snapshot_opts o = { .source = r->src, .package = "P0100001", .version = 1, .stop = stop_after };
        struct snapshot_result res;

        file_at(r, "a/large", 9 << 20, 1);
        file_at(r, "b/large", 9 << 20, 2);
        for (int n = 0; n < 6; n++) {
                struct err e = { 0 };
                int left = n;

                o.ctx = &left;
                assert_true(snapshot_take(r->c, &o, &res, &e) < 0);
                assert_int_equal(e.kind, ERR_CANCELLED);
                assert_false(version_there(r->c, "P0100001", 1));
        }
        rig_free(r);
}

static void count_progress(void *ctx, uint64_t files, uint64_t bytes)
{
        uint64_t *last = ctx;

        assert_true(bytes >= *last);
        *last = bytes;
}

static void progress_ends_at_the_total(void **state)
{
        struct rig *r = rig_new();
        uint64_t last = 0;
        struct snapshot_opts o = { .source = r->src, .package = "P0100001", .version = 1, .progress = count_progress,
                                   .ctx = &last };
        struct snapshot_result res;
        struct err e = { 0 };

        file_at(r, "a/large", 9 << 20, 1);
        file_at(r, "b/small", 1000, 2);
        assert_int_equal(snapshot_take(r->c, &o, &res, &e), 0);
        assert_int_equal(last, res.total_bytes);
        rig_free(r);
}

/* ---- several at once ---- */

struct runner {
        struct rig *r;
        const char *package;
        pthread_t thread;
        int rc;
        struct err err;
};

static void *take_some(void *arg)
{
        struct runner *u = arg;
        struct snapshot_opts o = { .source = u->r->src, .package = u->package, .threads = 2 };
        struct snapshot_result res;

        for (o.version = 1; u->rc == 0 && o.version <= 4; o.version++) {
                u->rc = snapshot_take(u->r->c, &o, &res, &u->err);
                if (u->rc == 0 && o.version % 2 == 0)
                        u->rc = cas_version_drop(u->r->c, u->package, o.version - 1, &u->err);
        }
        return NULL;
}

static void *collect_all_the_time(void *arg)
{
        struct runner *u = arg;
        struct cas_gc_stats g;

        for (int i = 0; u->rc == 0 && i < 30; i++)
                u->rc = cas_gc(u->r->c, false, &g, &u->err);
        return NULL;
}

static void snapshots_and_collection_run_together(void **state)
{
        struct rig *r = rig_new();
        struct runner u[3] = { { .r = r, .package = "P0100001" }, { .r = r, .package = "P0100002" }, { .r = r } };
        char name[32];

        for (int i = 0; i < 300; i++) {
                (void)snprintf(name, sizeof(name), "d%d/f%d", i % 20, i);
                file_at(r, name, (size_t)i * 11, (uint64_t)i);
        }
        file_at(r, "large", 3 << 20, 1000);
        for (int i = 0; i < 3; i++)
                assert_int_equal(pthread_create(&u[i].thread, NULL, i < 2 ? take_some : collect_all_the_time, &u[i]), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(pthread_join(u[i].thread, NULL), 0);
                if (u[i].rc != 0)
                        fail_msg("%s", u[i].err.text);
        }
        for (uint32_t i = 0; i < 2; i++) {
                struct bad_names bad = { 0 };
                struct cas_version v;
                struct err e = { 0 };

                assert_int_equal(cas_version_find(r->c, u[i].package, &v, &e), CAS_OK);
                assert_int_equal(v.version, 4);
                assert_int_equal(cas_version_sound(r->c, &v, &e), CAS_OK);
                assert_int_equal(cas_verify(r->c, &v, 0, note_bad, NULL, &bad, NULL, &e), 0);
                assert_int_equal(bad.n, 0);
        }
        rig_free(r);
}

/* ---- files that change while they are read: through the os table, so that it happens surely ---- */

static struct {
        const char *path;
        unsigned times;                 /* change it behind the back of so many readings */
} meddle;
static pthread_mutex_t meddle_lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t meddling_pread(int fd, void *p, size_t n, off_t at)
{
        struct stat a, b;
        ssize_t got = os_real.pread(fd, p, n, at);

        pthread_mutex_lock(&meddle_lock);
        if (got > 0 && at == 0 && meddle.times > 0 && os_real.fstat(fd, &a) == 0 && stat(meddle.path, &b) == 0 &&
            a.st_ino == b.st_ino) {
                int w = open(meddle.path, O_WRONLY | O_APPEND);

                meddle.times--;
                assert_int_equal(write(w, "more", 4), 4);
                (void)close(w);
        }
        pthread_mutex_unlock(&meddle_lock);
        return got;
}

static void changing(size_t size, unsigned times, bool succeeds)
{
        struct rig *r = rig_new();
        struct snapshot_result res;
        struct err e = { 0 };
        _cleanup_(freep) char *path = tmpdir_path(r->src, "d/log");
        int rc;

        file_at(r, "d/before", 100, 1);
        file_at(r, "d/log", size, 2);
        file_at(r, "e/after", 100, 3);
        meddle.path = path;
        meddle.times = times;
        os.pread = meddling_pread;
        rc = take(r, 1, 2, &res, &e);
        os = os_real;
        if (succeeds) {
                if (rc != 0)
                        fail_msg("%s", e.text);
                assert_int_equal(meddle.times, 0);
                extract(r, 1);
                compare(r);
        } else {
                assert_true(rc < 0);
                assert_int_equal(e.kind, ERR_CONFLICT);
                assert_non_null(strstr(e.text, "d/log"));
                assert_false(version_there(r->c, "P0100001", 1));
        }
        rig_free(r);
}

static void a_changing_file_is_read_again(void **state)
{
        changing(1000, 1, true);
        changing(1000, 3, true);
        changing(5 << 20, 2, true);
        changing(PIECE_WHOLE - 2, 1, true);             /* grows over the border of what is one piece */
        changing(PIECE_WHOLE - 2, 2, true);
}

static void an_ever_changing_file_fails_with_its_name(void **state)
{
        changing(1000, 1000, false);
        changing(5 << 20, 1000, false);
}

static int vanishing_openat(int dirfd, const char *path, int flags, mode_t mode)
{
        if (strcmp(path, "gone") == 0) {
                errno = ENOENT;
                return -1;
        }
        return os_real.openat(dirfd, path, flags, mode);
}

static void a_vanished_file_fails_with_its_name(void **state)
{
        struct rig *r = rig_new();

        file_at(r, "d/gone", 100, 1);
        os.openat = vanishing_openat;
        refused(r, ERR_CONFLICT, "d/gone");
        os = os_real;
        rig_free(r);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything_goes_round),
                cmocka_unit_test(an_unchanged_tree_writes_nothing),
                cmocka_unit_test(threads_do_not_change_the_manifest),
                cmocka_unit_test(a_changed_part_of_a_large_file_is_all_that_is_new),
                cmocka_unit_test(links_out_of_the_tree_are_refused),
                cmocka_unit_test(what_is_no_file_is_refused),
                cmocka_unit_test(deep_and_long_paths_are_refused),
                cmocka_unit_test(case_collisions_are_refused_when_asked),
                cmocka_unit_test(sources_are_checked),
                cmocka_unit_test(the_library_is_no_source),
                cmocka_unit_test(it_stops_when_asked),
                cmocka_unit_test(progress_ends_at_the_total),
                cmocka_unit_test(snapshots_and_collection_run_together),
                cmocka_unit_test(a_changing_file_is_read_again),
                cmocka_unit_test(an_ever_changing_file_fails_with_its_name),
                cmocka_unit_test(a_vanished_file_fails_with_its_name),
        };

        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
