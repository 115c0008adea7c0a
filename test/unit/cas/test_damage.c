/* SPDX-License-Identifier: Apache-2.0 */
/* Damage found and mended: validation, bad manifests, recovery of torn, unknown and missing packs. */
#include "codec/piece.h"
#include "unit/cas/store_help.h"

static uint8_t big[1200000], small1[5000];

static const struct tfile one[] = {
        { "a", small1, sizeof(small1), NULL },
        { "dir", NULL, 0, NULL },
        { "dir/big", big, sizeof(big), NULL },
        { "dir/link", NULL, 0, "../a" },
        { "empty", "", 0, NULL },
};
static const struct tfile twice[] = {
        { "x", small1, sizeof(small1), NULL },
        { "y", small1, sizeof(small1), NULL },
};

static int setup(void **state)
{
        fill(big, sizeof(big), 1);
        fill(small1, sizeof(small1), 2);
        return tmpdir_setup(state);
}

static void validation_names_the_file_and_a_new_copy_mends_it(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct bad_names bad = { 0 };
        struct cas_version v;
        struct cas_writer *w = NULL;
        struct cas_gc_stats g;
        uint64_t bytes;
        _cleanup_(freep) char *packs = tmpdir_path(*state, "packs"), *pack = NULL;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, &bytes, &e), 0);
        assert_int_equal(bad.n, 0);
        assert_true(bytes > sizeof(big));
        pack = only_file(packs, ".pack");
        flip(pack, file_size(pack) - 5);                /* the last piece of dir/big */
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, &bytes, &e), 0);
        assert_int_equal(bad.n, 1);
        assert_string_equal(bad.last, "dir/big");
        assert_int_equal(cas_version_sound(c, &v, &e), CAS_E_ABSENT);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &v.manifest, true, &e), CAS_E_ABSENT);
        err_clear(&e);
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, one, ARRAY_SIZE(one));
        assert_true(cas_writer_unsynced(w) < PIECE_MAX);        /* only the bad piece was written */
        assert_int_equal(cas_checkpoint(w, &e), 0);
        cas_writer_free(w);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &v.manifest, true, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.pieces_dropped, 0);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        cas_close(c);
}

static void a_flipped_header_is_found_too(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct bad_names bad = { 0 };
        struct cas_version v;
        _cleanup_(freep) char *packs = tmpdir_path(*state, "packs"), *pack = NULL;

        assert_int_equal(make_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice), false, &e), CAS_OK);
        assert_int_equal(cas_version_get(c, "P0100002", 1, &v, &e), CAS_OK);
        pack = only_file(packs, ".pack");
        flip(pack, 9);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, NULL, &e), 0);
        assert_int_equal(bad.n, 2);
        cas_close(c);
}

static void a_damaged_manifest_makes_the_version_unsound(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct bad_names bad = { 0 };
        struct cas_gc_stats g;
        struct cas_version v;
        struct hash_id id;
        _cleanup_(freep) char *folder = tmpdir_path(*state, "manifests"), *file = NULL;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        file = only_file(folder, "");
        flip(file, 100);                                /* a piece's hash: the structure stays right */
        assert_int_equal(cas_version_commit(c, "P0100001", 2, &v.manifest, false, &e), CAS_E_ABSENT);
        err_clear(&e);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, NULL, &e), 0);
        assert_int_equal(bad.n, 1);
        assert_int_equal(strncmp(bad.last, "manifest ", 9), 0);
        assert_int_equal(cas_version_sound(c, &v, &e), CAS_E_ABSENT);
        /* The same manifest again mends it, without a piece being sent. */
        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, true, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        /* Dropped while it is damaged: references are counted anew, nothing leaks. */
        assert_int_equal(make_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice), false, &e), CAS_OK);
        flip(file, 100);
        assert_int_equal(cas_version_drop(c, "P0100001", 1, &e), CAS_OK);
        assert_int_equal(cas_gc(c, false, &g, &e), 0);
        assert_int_equal(g.pieces_dropped, 5);
        assert_version(c, "P0100002", 1, twice, ARRAY_SIZE(twice));
        cas_close(c);
}

static bool stop_now(void *ctx)
{
        return true;
}

static void validation_stops_when_asked(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct bad_names bad = { 0 };
        struct cas_version v;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        assert_true(cas_verify(c, &v, 0, note_bad, stop_now, &bad, NULL, &e) < 0);
        assert_int_equal(e.kind, ERR_CANCELLED);
        cas_close(c);
}

/* kill -9 after writes that no checkpoint saw: whole records are kept, a torn one is cut off. */
static void recovery_keeps_what_arrived_whole(void **state)
{
        struct err e = { 0 };
        struct cas_opts o = { .small = true };
        struct cas *c = lib_open(*state, &o);
        struct cas_writer *w = NULL;
        _cleanup_(freep) char *packs = tmpdir_path(*state, "packs"), *pack = NULL;
        struct tfile files[20];
        static uint8_t bytes[20][100000];
        off_t size;

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                fill(bytes[i], sizeof(bytes[i]), 100 + i);
                files[i] = (struct tfile){ "f", bytes[i], sizeof(bytes[i]), NULL };
        }
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, files, 5);
        assert_int_equal(cas_writer_sync(w, &e), 0);
        put_files(w, files + 5, 15);
        lib_abandon(c, w);
        pack = only_file(packs, ".pack");
        size = file_size(pack);
        assert_int_equal(size, 20 * (sizeof(bytes[0]) + PIECE_HEADER_LEN));
        assert_int_equal(truncate(pack, size - 1), 0);
        flip(pack, 10 * (sizeof(bytes[0]) + PIECE_HEADER_LEN) + 1000);
        c = lib_open(*state, &o);
        assert_int_equal(count_found(c, files, 20), 18);        /* not the torn one, not the one with a wrong hash */
        assert_int_equal(file_size(pack), 19 * (sizeof(bytes[0]) + PIECE_HEADER_LEN));
        /* The pack is used on. */
        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, files, 20);
        assert_int_equal(cas_checkpoint(w, &e), 0);
        assert_int_equal(count_found(c, files, 20), 20);
        cas_writer_free(w);
        cas_close(c);
        free(only_file(packs, ".pack"));
}

static void index_is_rebuilt_from_packs(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct hash_id id;
        _cleanup_(freep) char *db = tmpdir_path(*state, "library.db");

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        cas_close(c);
        assert_int_equal(unlink(db), 0);
        c = lib_open(*state, NULL);
        assert_false(version_there(c, "P0100001", 1));
        put_manifest(c, one, ARRAY_SIZE(one), &id);
        assert_int_equal(cas_version_commit(c, "P0100001", 1, &id, false, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        cas_close(c);
}

static void a_truncated_or_missing_pack_is_damage(void **state)
{
        struct err e = { 0 };
        struct cas *c = lib_open(*state, NULL);
        struct bad_names bad = { 0 };
        struct cas_version v;
        _cleanup_(freep) char *packs = tmpdir_path(*state, "packs"), *pack = NULL;

        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), false, &e), CAS_OK);
        cas_close(c);
        pack = only_file(packs, ".pack");
        assert_int_equal(truncate(pack, 20000), 0);
        c = lib_open(*state, NULL);
        assert_int_equal(cas_version_get(c, "P0100001", 1, &v, &e), CAS_OK);
        assert_int_equal(cas_version_sound(c, &v, &e), CAS_E_ABSENT);
        assert_int_equal(cas_verify(c, &v, 0, note_bad, NULL, &bad, NULL, &e), 0);
        assert_int_equal(bad.n, 1);
        assert_string_equal(bad.last, "dir/big");
        assert_int_equal(count_found(c, one, 1), 1);
        /* Mended into another pack; the sealed one keeps its good piece until it is collected. */
        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), true, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        cas_close(c);
        assert_int_equal(unlink(pack), 0);
        c = lib_open(*state, NULL);
        assert_int_equal(cas_version_sound(c, &v, &e), CAS_E_ABSENT);
        assert_int_equal(make_version(c, "P0100001", 1, one, ARRAY_SIZE(one), true, &e), CAS_OK);
        assert_version(c, "P0100001", 1, one, ARRAY_SIZE(one));
        cas_close(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, tmpdir_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                T(validation_names_the_file_and_a_new_copy_mends_it),
                T(a_flipped_header_is_found_too),
                T(a_damaged_manifest_makes_the_version_unsound),
                T(validation_stops_when_asked),
                T(recovery_keeps_what_arrived_whole),
                T(index_is_rebuilt_from_packs),
                T(a_truncated_or_missing_pack_is_damage),
        };

        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
