/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and piece headers: what is written is read, what is wrong is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/manifest.h"
#include "codec/piece.h"

static void piece_header_goes_round(void **state)
{
        struct piece_header h = { .n = 123456 }, back;
        uint8_t b[PIECE_HEADER_LEN];

        memset(h.id.b, 0xab, HASH_LEN);
        piece_header_encode(&h, b);
        assert_memory_equal(b, "TMPC\x40\xe2\x01\x00", 8);
        assert_int_equal(piece_header_decode(b, &back), 0);
        assert_int_equal(back.n, h.n);
        assert_true(hash_id_eq(&back.id, &h.id));
        b[0] = 't';
        assert_true(piece_header_decode(b, &back) < 0);
        b[0] = 'T';
        memset(b + 4, 0, 4);
        assert_true(piece_header_decode(b, &back) < 0);
        b[6] = 8;       /* 512 KiB: the most */
        assert_int_equal(piece_header_decode(b, &back), 0);
        b[4] = 1;
        assert_true(piece_header_decode(b, &back) < 0);
}

static void paths_are_ordered_as_a_walk_meets_them(void **state)
{
        static const char *const in_order[] = { "", "a", "a/b", "a/b/c", "a/c", "a b", "a!", "a.txt", "b", "\xff",
                                                "\xff/x" };

        for (size_t i = 0; i < ARRAY_SIZE(in_order); i++) {
                for (size_t j = 0; j < ARRAY_SIZE(in_order); j++) {
                        int c = manifest_path_cmp(str_of(in_order[i]), str_of(in_order[j]));

                        /* "a b" (0x20) and "a!" (0x21) come behind everything in "a". */
                        assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
                }
        }
}

static void hostile_paths_are_refused(void **state)
{
        static const char *const bad[] = { "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "/" };
        char deep[2 * MANIFEST_DEPTH_MAX + 2], name[MANIFEST_NAME_MAX + 2];

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(manifest_path_ok(str_of(bad[i])));
        assert_false(manifest_path_ok((struct str){ "a\0b", 3 }));
        assert_true(manifest_path_ok(STR("")));
        assert_true(manifest_path_ok(STR("...")));
        assert_true(manifest_path_ok(STR("a\nb/\xff\xfe c")));
        for (size_t i = 0; i < sizeof(deep); i++)
                deep[i] = i % 2 ? '/' : 'd';
        assert_true(manifest_path_ok((struct str){ deep, 2 * MANIFEST_DEPTH_MAX - 1 }));
        assert_false(manifest_path_ok((struct str){ deep, 2 * MANIFEST_DEPTH_MAX + 1 }));
        memset(name, 'n', sizeof(name));
        assert_true(manifest_path_ok((struct str){ name, MANIFEST_NAME_MAX }));
        assert_false(manifest_path_ok((struct str){ name, MANIFEST_NAME_MAX + 1 }));
}

static void links_stay_inside(void **state)
{
        static const struct {
                const char *path, *target;
                bool ok, inner;
        } v[] = {
                { "l", "a", true, false },            { "d/l", "../a", true, false }, { "l", "../a", false, false },
                { "l", "/etc/passwd", false, false }, { "d/l", "../../a", false, false }, { "l", "", false, false },
                { "l", "a/../b", true, true },        { "l", "a/../../b", false, true },
                { "d/e/l", "./..//../x", true, false },
                { "l", ".", true, false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                bool inner, ok = manifest_link_ok(str_of(v[i].path), str_of(v[i].target), &inner);

                assert_int_equal(ok, v[i].ok);
                if (ok)
                        assert_int_equal(inner, v[i].inner);
        }
        assert_false(manifest_link_ok(STR("l"), (struct str){ "a\0b", 3 }, &(bool){ false }));
}

static void path_text(void **state)
{
        char t[24];

        manifest_path_text(STR("plain/\xc3\xa4"), t, sizeof(t));
        assert_string_equal(t, "plain/\xc3\xa4");
        manifest_path_text(STR("a\nb\xff\x7f"), t, sizeof(t));
        assert_string_equal(t, "a\\x0ab\\xff\\x7f");
        manifest_path_text(STR("a/very/long/path/with/an/end.txt"), t, sizeof(t));
        assert_true(strlen(t) < sizeof(t));
        assert_true(str_starts(str_of(t), "..."));
        assert_true(str_ends(str_of(t), "an/end.txt"));
}

/* ---- whole manifests ---- */

struct made {
        uint8_t *p;
        size_t n;
};

static void begin(struct manifest_builder *b)
{
        struct manifest_entry root = { .type = MANIFEST_DIR, .mode = 0755, .path = STR("") };
        struct err e = { 0 };

        manifest_builder_init(b);
        assert_int_equal(manifest_builder_entry(b, &root, &e), 0);
}

static void dir(struct manifest_builder *b, const char *path)
{
        struct manifest_entry en = { .type = MANIFEST_DIR, .mode = 01777, .mtime_ns = -5, .path = str_of(path) };
        struct err e = { 0 };

        assert_int_equal(manifest_builder_entry(b, &en, &e), 0);
}

static void file(struct manifest_builder *b, const char *path, unsigned pieces)
{
        struct manifest_entry en = { .type = MANIFEST_FILE, .mode = 04755, .mtime_ns = INT64_MAX,
                                     .path = str_of(path) };
        struct err e = { 0 };

        for (unsigned i = 0; i < pieces; i++) {
                struct hash_id id = { { 0 } };

                id.b[0] = (uint8_t)i;
                assert_int_equal(manifest_builder_piece(b, &id, 1000 + i, &e), 0);
                en.size += 1000 + i;
        }
        en.n_pieces = pieces;
        if (manifest_builder_entry(b, &en, &e) != 0)
                fail_msg("%s", e.text);
}

static void sym(struct manifest_builder *b, const char *path, const char *target)
{
        struct manifest_entry en = { .type = MANIFEST_SYMLINK, .mode = 0777, .path = str_of(path),
                                     .target = str_of(target) };
        struct err e = { 0 };

        assert_int_equal(manifest_builder_entry(b, &en, &e), 0);
}

static struct made finish(struct manifest_builder *b)
{
        struct made m = { .n = MANIFEST_HEADER_LEN + b->pieces.n + b->entries.n + b->restarts.n };

        m.p = malloc(m.n);
        assert_non_null(m.p);
        manifest_builder_header(b, m.p);
        if (b->pieces.n)
                memcpy(m.p + MANIFEST_HEADER_LEN, b->pieces.p, b->pieces.n);
        memcpy(m.p + MANIFEST_HEADER_LEN + b->pieces.n, b->entries.p, b->entries.n);
        memcpy(m.p + m.n - b->restarts.n, b->restarts.p, b->restarts.n);
        manifest_builder_fini(b);
        return m;
}

static int check(const struct made *m)
{
        struct manifest man;
        struct err e = { 0 };
        int r = manifest_open(&man, m->p, m->n, &e);

        return r < 0 ? r : manifest_check(&man, &e);
}

static void a_thousand_entries_go_round(void **state)
{
        struct manifest_builder b;
        struct manifest_cursor c;
        struct manifest_entry en;
        struct manifest m;
        struct made made;
        struct err e = { 0 };
        char path[32];

        begin(&b);
        dir(&b, "d");
        for (int i = 0; i < 1000; i++) {
                (void)snprintf(path, sizeof(path), "d/file%04d", i);
                file(&b, path, (unsigned)i % 4);
        }
        sym(&b, "d/link", "../x");
        file(&b, "x", 1);
        made = finish(&b);
        assert_int_equal(check(&made), 0);
        assert_int_equal(manifest_open(&m, made.p, made.n, &e), 0);
        assert_int_equal(m.n_entries, 1004);
        assert_int_equal(m.n_files, 1001);
        for (int i = 0; i < 1000; i++) {
                (void)snprintf(path, sizeof(path), "d/file%04d", i);
                assert_int_equal(manifest_find(&m, str_of(path), &c, &en, &e), 0);
                assert_true(str_eqz(en.path, path));
                assert_int_equal(en.n_pieces, i % 4);
                assert_int_equal(en.mode, 04755);
                assert_int_equal(en.mtime_ns, INT64_MAX);
                if (en.n_pieces > 1) {
                        struct hash_id id;
                        uint32_t len;

                        manifest_piece(&m, en.first_piece + 1, &id, &len);
                        assert_int_equal(len, 1001);
                        assert_int_equal(id.b[0], 1);
                }
        }
        assert_int_equal(manifest_find(&m, STR("d"), &c, &en, &e), 0);
        assert_int_equal(en.mtime_ns, -5);
        assert_int_equal(manifest_find(&m, STR(""), &c, &en, &e), 0);
        assert_int_equal(manifest_find(&m, STR("d/link"), &c, &en, &e), 0);
        assert_true(str_eqz(en.target, "../x"));
        assert_int_equal(manifest_find(&m, STR("d/file0500x"), &c, &en, &e), 1);
        assert_int_equal(manifest_find(&m, STR("zzz"), &c, &en, &e), 1);
        free(made.p);
}

static void builder_refuses_what_readers_would(void **state)
{
        struct manifest_entry late = { .type = MANIFEST_DIR, .path = STR("a") };
        struct manifest_entry sizes = { .type = MANIFEST_FILE, .path = STR("z"), .size = 7 };
        struct manifest_entry out = { .type = MANIFEST_SYMLINK, .path = STR("z"), .target = STR("../x") };
        struct manifest_builder b;
        struct err e = { 0 };

        begin(&b);
        dir(&b, "b");
        assert_true(manifest_builder_entry(&b, &late, &e) < 0);
        err_clear(&e);
        assert_true(manifest_builder_entry(&b, &sizes, &e) < 0);
        err_clear(&e);
        assert_true(manifest_builder_entry(&b, &out, &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        manifest_builder_fini(&b);
}

static void dropped_pieces_leave_no_trace(void **state)
{
        struct manifest_builder b;
        struct hash_id id = { { 1 } };
        struct err e = { 0 };
        struct made made;

        begin(&b);
        assert_int_equal(manifest_builder_piece(&b, &id, 5, &e), 0);
        manifest_builder_drop_pieces(&b);
        b.pieces.n -= MANIFEST_PIECE_LEN;
        file(&b, "f", 2);
        made = finish(&b);
        assert_int_equal(check(&made), 0);
        free(made.p);
}

/* A folder must stand before what is in it: nothing is reached through a link. */
static void nothing_lies_behind_a_link(void **state)
{
        struct manifest_builder b;
        struct made made;

        begin(&b);
        sym(&b, "a", "b");
        file(&b, "a/x", 0);     /* the builder trusts its caller here; the check does not */
        made = finish(&b);
        assert_true(check(&made) < 0);
        free(made.p);
        begin(&b);
        file(&b, "a/x", 0);
        made = finish(&b);
        assert_true(check(&made) < 0);          /* no folder "a" at all */
        free(made.p);
}

static void links_through_links_are_looked_up(void **state)
{
        struct manifest_builder b;
        struct made made;

        begin(&b);
        dir(&b, "a");
        dir(&b, "a/b");
        sym(&b, "a/b/s", "../../t");
        dir(&b, "t");
        sym(&b, "u", "a/b/../x");
        made = finish(&b);
        assert_int_equal(check(&made), 0);
        free(made.p);
        begin(&b);
        dir(&b, "a");
        dir(&b, "a/b");
        sym(&b, "a/b/s", "../../t");
        dir(&b, "t");
        sym(&b, "u", "a/b/s/../../etc");        /* t/../../etc, really */
        made = finish(&b);
        assert_true(check(&made) < 0);
        free(made.p);
}

/* Flip every bit of a small manifest: it is refused, or still a manifest that can be read to its end. */
static void every_flipped_bit_is_survived(void **state)
{
        struct manifest_builder b;
        struct made made;
        unsigned refused = 0;

        begin(&b);
        dir(&b, "d");
        file(&b, "d/f", 2);
        sym(&b, "d/l", "f");
        file(&b, "e", 1);
        made = finish(&b);
        for (size_t bit = 0; bit < made.n * 8; bit++) {
                made.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
                refused += check(&made) < 0;
                made.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_true(refused > 500);
        for (size_t n = 0; n < made.n; n++)
                assert_true(check(&(struct made){ made.p, n }) < 0);
        free(made.p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(piece_header_goes_round),
                cmocka_unit_test(paths_are_ordered_as_a_walk_meets_them),
                cmocka_unit_test(hostile_paths_are_refused),
                cmocka_unit_test(links_stay_inside),
                cmocka_unit_test(path_text),
                cmocka_unit_test(a_thousand_entries_go_round),
                cmocka_unit_test(builder_refuses_what_readers_would),
                cmocka_unit_test(dropped_pieces_leave_no_trace),
                cmocka_unit_test(nothing_lies_behind_a_link),
                cmocka_unit_test(links_through_links_are_looked_up),
                cmocka_unit_test(every_flipped_bit_is_survived),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
