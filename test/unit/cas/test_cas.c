/* SPDX-License-Identifier: Apache-2.0 */
/* The content library as its header promises: pieces, versions, references, collection, extraction. */
#include <stdio.h>
#include <sys/wait.h>
#include "lib/fault.h"
#include "unit/cas/store_help.h"

static uint8_t big[1200000], small1[5000], small2[7000], small3[9000];

static const struct tfile one[] = {
        { "a", small1, sizeof(small1), NULL },
        { "dir", NULL, 0, NULL },
        { "dir/big", big, sizeof(big), NULL },
        { "dir/link", NULL, 0, "../a" },
        { "empty", "", 0, NULL },
};
static const struct tfile two[] = {
        { "a", small2, sizeof(small2), NULL },
        { "dir", NULL, 0, NULL },
        { "dir/big", big, sizeof(big), NULL },
        { "z", small3, sizeof(small3), NULL },
};
static const struct tfile twice[] = {
        { "x", small1, sizeof(small1), NULL },
        { "y", small1, sizeof(small1), NULL },
};

static int setup(void **state)
{
        fill(big, sizeof(big), 1);
        fill(small1, sizeof(small1), 2);
        fill(small2, sizeof(small2), 3);
        fill(small3, sizeof(small3), 4);
        return tmpdir_setup(state);
}

static void put_is_found_and_read(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_writer *w = NULL;
        struct cas_extent x;
        struct hash_id id, absent = { { 9 } };
        uint8_t back[sizeof(small1)];
        struct hasher *h = hasher_new();

        id_of(small1, sizeof(small1), &id);
        assert_int_equal(cas_find(c, &id, &x, &e), CAS_E_ABSENT);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        assert_int_equal(cas_put(w, &id, small1, sizeof(small1), &e), CAS_OK);
        assert_int_equal(cas_put(w, &id, small1, sizeof(small1), &e), CAS_E_PRESENT);
        assert_true(cas_writer_unsynced(w) > sizeof(small1));
        /* Found and readable before any checkpoint, though its bytes are still in a buffer. */
        assert_int_equal(cas_find(c, &id, &x, &e), CAS_OK);
        assert_int_equal(x.len, sizeof(small1));
        assert_int_equal(cas_read(c, h, &x, &id, back, &e), CAS_OK);
        assert_memory_equal(back, small1, sizeof(back));
        assert_int_equal(cas_checkpoint(w, &e), 0);
        assert_int_equal(cas_writer_unsynced(w), 0);
        assert_int_equal(cas_put(w, &id, small1, sizeof(small1), &e), CAS_E_PRESENT);
        assert_int_equal(cas_find(c, &absent, &x, &e), CAS_E_ABSENT);
        assert_int_equal(cas_read(c, h, &x, &absent, back, &e), CAS_E_MISMATCH);
        assert_true(cas_put(w, &id, small1, 0, &e) < 0);
        hasher_free(h);
        cas_writer_free(w);
        cas_close(c);
}

static void find_many_keeps_the_order(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_extent x[3];
        struct hash_id ids[3] = { 0 };

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        id_of(small1, sizeof(small1), &ids[0]);
        id_of(big, PIECE_WHOLE, &ids[2]);
        assert_int_equal(cas_find_many(c, ids, 3, x, &e), 0);
        assert_int_equal(x[0].len, sizeof(small1));
        assert_int_equal(x[1].len, 0);
        assert_int_equal(x[2].len, PIECE_WHOLE);
        cas_close(c);
}

static bool count_each(void *ctx, const struct cas_version *v)
{
        unsigned *n = ctx;

        (*n)++;
        assert_true(v->committed_us > 0);
        return true;
}

static void versions_come_and_go(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_stats st;
        struct cas_version v;
        unsigned n = 0;

        assert_int_equal(cas_version_find(c, "P0100001", &v, &e), CAS_E_ABSENT);
        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(make_version(c, "P0100001", 2, two, ARRAY_SIZE(two), false, &e), CAS_OK);
        assert_int_equal(make_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice), false, &e), CAS_OK);
        assert_int_equal(make_version(c, "P0100001", 2, two, ARRAY_SIZE(two), false, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        assert_version(c, "P0100001", 2, two, ARRAY_SIZE(two));
        assert_int_equal(cas_version_find(c, "P0100001", &v, &e), CAS_OK);
        assert_int_equal(v.version, 2);
        assert_int_equal(v.n_files, 3);
        assert_int_equal(v.total_bytes, sizeof(small2) + sizeof(big) + sizeof(small3));
        assert_int_equal(cas_version_each(c, count_each, &n, &e), 0);
        assert_int_equal(n, 3);
        assert_int_equal(cas_stats(c, &st, &e), 0);
        assert_int_equal(st.n_versions, 3);
        assert_int_equal(st.n_pieces, 5 + 3);
        assert_int_equal(st.bytes_live, st.bytes_packs);
        assert_int_equal(cas_version_drop(c, "P0100001", 0, &e), CAS_OK);
        assert_int_equal(cas_version_drop(c, "P0100001", 0, &e), CAS_E_ABSENT);
        assert_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice));
        cas_close(c);
}

static void commit_needs_every_piece(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct hash_id id;

        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, false, &e), CAS_E_ABSENT);
        assert_non_null(strstr(e.text, "\"a\""));
        assert_false(version_there(c, "P0100001", 1));
        err_clear(&e);
        id.b[0] ^= 1;
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, false, &e), CAS_E_ABSENT);
        err_clear(&e);
        assert_true(cas_version_commit(c, "", 1, &id, false, &e) < 0);
        err_clear(&e);
        assert_true(cas_version_commit(c, "P01000010000000000", 1, &id, false, &e) < 0);
        cas_close(c);
}

/* A commit may rest on a piece that another writer found new and has not synced yet. */
static void commit_waits_for_other_writers(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_writer *other = NULL, *w = NULL;
        struct hash_id id;

        assert_int_equal(cas_writer_new(&other, c, &e), 0);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(other, twice, ARRAY_SIZE(twice));
        put_files(w, twice, ARRAY_SIZE(twice));
        assert_int_equal(cas_writer_unsynced(w), 0);
        assert_int_equal(cas_checkpoint(w, &e), 0);
        put_manifest(c, twice, ARRAY_SIZE(twice), &id);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, false, &e), CAS_OK);
        assert_version(c, "P0100001", 1, twice, ARRAY_SIZE(twice));
        cas_writer_free(w);
        cas_writer_free(other);
        cas_close(c);
}

static void gc(struct cas *c, struct cas_gc_stats *g)
{
        struct cas_gc_stats dry;
        struct err e = { 0 };

        assert_int_equal(cas_gc(c, true, &dry, &e), 0);
        if (cas_gc(c, false, g, &e) != 0)
                fail_msg("%s", e.text);
        assert_int_equal(dry.pieces_dropped, g->pieces_dropped);
        assert_int_equal(dry.packs_removed, g->packs_removed);
        assert_int_equal(dry.packs_rewritten, g->packs_rewritten);
        assert_int_equal(dry.bytes_freed, g->bytes_freed);
        assert_int_equal(dry.manifests_removed, g->manifests_removed);
}

static void replace_keeps_one_and_collects_the_rest(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_gc_stats g;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), true, &e), CAS_OK);
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 0);
        assert_int_equal(make_version(c, "P0100001", 2, two, ARRAY_SIZE(two), true, &e), CAS_OK);
        assert_false(version_there(c, "P0100001", 1));
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 1);          /* the old "a" */
        assert_version(c, "P0100001", 2, two, ARRAY_SIZE(two));
        /* The same content under a new number costs nothing and drops nothing. */
        assert_int_equal(make_version(c, "P0100001", 3, two, ARRAY_SIZE(two), true, &e), CAS_OK);
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 0);
        assert_version(c, "P0100001", 3, two, ARRAY_SIZE(two));
        cas_close(c);
}

static void shared_pieces_live_as_long_as_anyone_uses_them(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_gc_stats g;
        struct cas_stats st;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(make_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice), false, &e), CAS_OK);
        assert_int_equal(cas_version_drop(c, "P0100001", 1, &e), CAS_OK);
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 5);
        assert_int_equal(g.packs_rewritten, 1);
        assert_true(g.bytes_freed > sizeof(big));
        assert_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice));
        assert_int_equal(cas_version_drop(c, "P0100002", 1, &e), CAS_OK);
        gc(c, &g);
        assert_int_equal(cas_stats(c, &st, &e), 0);
        assert_int_equal(st.n_pieces, 0);
        assert_int_equal(st.bytes_packs, 0);
        cas_close(c);
}

static void open_descriptor_survives_collection(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct hasher *h = hasher_new();
        struct cas_gc_stats g;
        struct cas_extent x;
        struct hash_id id;
        uint8_t back[sizeof(small1)];
        int fd;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        id_of(small1, sizeof(small1), &id);
        assert_int_equal(cas_find(c, &id, &x, &e), CAS_OK);
        assert_int_equal(cas_extent_open(c, x.pack, &fd, &e), 0);
        assert_int_equal(cas_version_drop(c, "P0100001", 1, &e), CAS_OK);
        gc(c, &g);
        assert_int_equal(g.packs_removed, 1);
        assert_int_equal(cas_find(c, &id, &x, &e), CAS_E_ABSENT);
        assert_int_equal(cas_read(c, h, &x, &id, back, &e), CAS_OK);
        /* Ten minutes later its space is given back; the number still means no other file. */
        fault_install(&(struct fault_plan){ 0 });
        fault_clock_set(INT64_C(4000000000000000));
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        fault_remove();
        assert_int_equal(pread(fd, back, 1, 0), 0);
        hasher_free(h);
        cas_close(c);
}

static void order_in_progress_survives_collection(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_writer *w = NULL;
        struct cas_gc_stats g;
        struct hash_id id;

        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, one, 1);
        assert_int_equal(cas_checkpoint(w, &e), 0);
        put_files(w, two, 1);                           /* no manifest names this one, but the writer is at work */
        cas_writer_free(w);
        cas_close(c);
        c = lib_open(*state, NULL);
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 1);
        assert_int_equal(count_found(c, one, 1), 1);
        assert_int_equal(cas_manifest_drop(c, &id, &e), 0);
        gc(c, &g);
        assert_int_equal(g.pieces_dropped, 1);
        cas_close(c);
}

static void running_writer_survives_collection(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_writer *w = NULL;
        struct cas_gc_stats g;
        struct hash_id id;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, two, ARRAY_SIZE(two));             /* "big" is PRESENT, with a reference that goes now */
        assert_int_equal(cas_version_drop(c, "P0100001", 1, &e), CAS_OK);
        put_files(w, twice, 1);                         /* PRESENT without a reference */
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.pieces_dropped, 0);
        assert_int_equal(cas_writer_sync(w, &e), 0);
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.pieces_dropped, 0);
        put_manifest(c, two, ARRAY_SIZE(two), &id);
        assert_int_equal(cas_checkpoint(w, &e), 0);
        assert_int_equal(cas_version_commit(c, "P0100001", 2, &id, false, &e), CAS_OK);
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.pieces_dropped, 1);
        assert_version(c, "P0100001", 2, two, ARRAY_SIZE(two));
        cas_writer_free(w);
        cas_close(c);
}

static void old_orphans_go(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_gc_stats g;
        struct hash_id id;

        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.manifests_removed, 0);
        fault_install(&(struct fault_plan){ 0 });
        fault_clock_set(INT64_C(4000000000000000));     /* the year 2096 */
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        fault_remove();
        assert_int_equal(g.manifests_removed, 1);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, false, &e), CAS_E_ABSENT);
        cas_close(c);
}

static void packs_roll_over(void **state)
{
        struct err e = { 0 };
        struct cas_opts o = { .pack_bytes = 600000 };
        struct cas *c = lib_open(*state, &o);
        struct cas_stats st;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_stats(c, &st, &e), 0);
        assert_int_equal(st.n_packs, 3);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        cas_close(c);
}

static void reserve_is_kept_free(void **state)
{
        struct err e = { 0 };
        struct cas_opts o = { .reserve_bytes = UINT64_C(1) << 60 };
        struct cas *c = lib_open(*state, &o);
        struct cas_writer *w = NULL;
        struct hash_id id;

        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        id_of(big, PIECE_WHOLE, &id);
        assert_true(cas_put(w, &id, big, PIECE_WHOLE, &e) < 0);
        assert_int_equal(e.kind, ERR_NO_SPACE);
        assert_int_equal(count_found(c, one + 2, 1), 0);
        cas_writer_free(w);
        cas_close(c);
}

static void manifests_are_checked(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_manifest m;
        struct hash_id id, wrong;
        size_t len;
        uint8_t *p = manifest_bytes(one, ARRAY_SIZE(one), &len, &id);
        uint64_t size;
        int fd;

        wrong = id;
        wrong.b[31] ^= 1;
        assert_int_equal(cas_manifest_temp(c, &fd, &e), 0);
        assert_int_equal(os_write_all(fd, p, len), 0);
        assert_int_equal(cas_manifest_put(c, fd, &wrong, &e), CAS_E_MISMATCH);
        assert_int_equal(cas_manifest_open(c, &wrong, &m, &e), CAS_E_ABSENT);
        p[20] ^= 1;                                     /* the right hash of a wrong manifest */
        id_of(p, len, &wrong);
        assert_int_equal(cas_manifest_temp(c, &fd, &e), 0);
        assert_int_equal(os_write_all(fd, p, len), 0);
        assert_true(cas_manifest_put(c, fd, &wrong, &e) < 0);
        assert_int_equal(e.kind, ERR_CORRUPT);
        err_clear(&e);
        put_manifest(c, one, ARRAY_SIZE(one), &id);
        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_manifest_fd(c, &id, &fd, &size, &e), CAS_OK);
        assert_int_equal(size, len);
        (void)close(fd);
        free(p);
        cas_close(c);
}

static void extraction_is_faithful(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct cas_version v;
        struct stat st;
        size_t n;
        _cleanup_(freep) char *out = tmpdir_path(*state, "out/tree"), *got = NULL, *link = NULL;
        char target[16] = "";

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        if (cas_extract(c, &v, out, &e) != 0)
                fail_msg("%s", e.text);
        got = tmpdir_read(out, "dir/big", &n);
        assert_int_equal(n, sizeof(big));
        assert_memory_equal(got, big, n);
        link = tmpdir_path(out, "dir/link");
        assert_int_equal(lstat(link, &st), 0);
        assert_int_equal(st.st_mtim.tv_sec, 1700000000);
        assert_int_equal(st.st_mtim.tv_nsec, 123456789);
        assert_int_equal(readlink(link, target, sizeof(target) - 1), 4);
        assert_string_equal(target, "../a");
        assert_int_equal(stat(out, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0750);
        assert_true(cas_extract(c, &v, out, &e) < 0);
        assert_int_equal(e.kind, ERR_EXISTS);
        cas_close(c);
}

static void one_process_at_a_time(void **state)
{
        struct cas *c = lib_open(*state, NULL);
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
                struct err e = { 0 };
                struct cas *again;

                _exit(cas_open(&again, *state, NULL, &e) < 0 && e.kind == ERR_CONFLICT ? 42 : 1);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 42);
        cas_close(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, tmpdir_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                T(put_is_found_and_read),
                T(find_many_keeps_the_order),
                T(versions_come_and_go),
                T(commit_needs_every_piece),
                T(commit_waits_for_other_writers),
                T(replace_keeps_one_and_collects_the_rest),
                T(shared_pieces_live_as_long_as_anyone_uses_them),
                T(open_descriptor_survives_collection),
                T(order_in_progress_survives_collection),
                T(running_writer_survives_collection),
                T(old_orphans_go),
                T(packs_roll_over),
                T(reserve_is_kept_free),
                T(manifests_are_checked),
                T(extraction_is_faithful),
                T(one_process_at_a_time),
        };

        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
