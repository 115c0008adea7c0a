/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library against a model: a table of which package has which files.  Random
 * commits, replacements, drops, collections, restarts and kills; after each the
 * versions are those of the model, and after a collection exactly the pieces
 * that somebody names are left.
 */
#include "unit/cas/store_help.h"
#include <stdio.h>
#include "lib/prop.h"

enum { PACKAGES = 3, VERSIONS = 3, CONTENTS = 12, FILES = 6, CONTENT_BYTES = 3000 };

static uint8_t content[CONTENTS][CONTENT_BYTES];

struct model {
        struct {
                bool there;
                uint8_t n, what[FILES];         /* number of each file's content */
        } v[PACKAGES][VERSIONS];
};

static const struct cas_opts opts = { .small = true, .pack_bytes = 3 * CONTENT_BYTES, .hold_us = 1 };
static const char *const names[FILES] = { "a", "b", "c", "d", "e", "f" };
static const char *const package[PACKAGES] = { "P0100001", "P0100002", "P0100003" };

static size_t files_of(uint8_t n, const uint8_t *what, struct tfile *f)
{
        for (uint8_t i = 0; i < n; i++)
                f[i] = (struct tfile){ names[i], content[what[i]], CONTENT_BYTES - what[i] * 10u, NULL };
        return n;
}

static void commit(struct prop *p, struct cas *c, struct model *m)
{
        unsigned pkg = (unsigned)prop_u64(p, PACKAGES - 1), ver = (unsigned)prop_u64(p, VERSIONS - 1);
        uint8_t n = (uint8_t)prop_u64(p, FILES), what[FILES];
        bool replace = prop_bool(p);
        struct tfile f[FILES];
        struct err e = { 0 };

        for (uint8_t i = 0; i < n; i++)
                what[i] = (uint8_t)prop_u64(p, CONTENTS - 1);
        if (make_version(c, package[pkg], ver + 1, f, files_of(n, what, f), replace, &e) != CAS_OK)
                fail_msg("%s", e.text);
        for (unsigned v = 0; replace && v < VERSIONS; v++)
                m->v[pkg][v].there = false;
        m->v[pkg][ver].there = true;
        m->v[pkg][ver].n = n;
        memcpy(m->v[pkg][ver].what, what, n);
}

static void drop(struct prop *p, struct cas *c, struct model *m)
{
        unsigned pkg = (unsigned)prop_u64(p, PACKAGES - 1), ver = (unsigned)prop_u64(p, VERSIONS);
        bool any = false;
        struct err e = { 0 };

        for (unsigned v = 0; v < VERSIONS; v++) {
                if (ver == VERSIONS || v == ver) {
                        any |= m->v[pkg][v].there;
                        m->v[pkg][v].there = false;
                }
        }
        assert_int_equal(cas_version_drop(c, package[pkg], ver == VERSIONS ? 0 : ver + 1, &e), any ? CAS_OK : CAS_E_ABSENT);
}

static uint64_t pieces_named(const struct model *m)
{
        bool used[CONTENTS] = { false };
        uint64_t n = 0;

        for (unsigned i = 0; i < PACKAGES; i++) {
                for (unsigned v = 0; v < VERSIONS; v++) {
                        for (uint8_t k = 0; m->v[i][v].there && k < m->v[i][v].n; k++)
                                used[m->v[i][v].what[k]] = true;
                }
        }
        for (unsigned i = 0; i < CONTENTS; i++)
                n += used[i];
        return n;
}

static void collect(struct cas *c, const struct model *m)
{
        struct cas_gc_stats g;
        struct cas_stats st;
        struct err e = { 0 };

        if (cas_gc(c, false, &g, &e) != 0)
                fail_msg("%s", e.text);
        assert_int_equal(cas_stats(c, &st, &e), 0);
        assert_int_equal(st.n_pieces, pieces_named(m));
        assert_true(st.bytes_live * 2 >= st.bytes_packs);
}

/* Put something no version will name, and die. */
static struct cas *die(struct prop *p, struct cas *c, const char *dir)
{
        uint8_t n = 1, what[1] = { (uint8_t)prop_u64(p, CONTENTS - 1) };
        struct cas_writer *w = NULL;
        struct tfile f[FILES];
        struct err e = { 0 };

        assert_int_equal(cas_writer_new(&w, c, &e), 0);
        put_files(w, f, files_of(n, what, f));
        if (prop_bool(p))
                assert_int_equal(cas_writer_sync(w, &e), 0);
        /* Not lib_abandon(): hundreds of runs would keep their descriptors. The records reach the file or not. */
        cas_writer_free(w);
        cas_close(c);
        return lib_open(dir, &opts);
}

static void compare(struct cas *c, const struct model *m)
{
        for (unsigned i = 0; i < PACKAGES; i++) {
                for (unsigned v = 0; v < VERSIONS; v++) {
                        struct tfile f[FILES];

                        if (m->v[i][v].there)
                                assert_version(c, package[i], v + 1, f, files_of(m->v[i][v].n, m->v[i][v].what, f));
                        else
                                assert_false(version_there(c, package[i], v + 1));
                }
        }
}

static bool agrees_with_the_model(struct prop *p)
{
        char *dir = tmpdir_new();
        struct cas *c = lib_open(dir, &opts);
        struct model m = { 0 };
        unsigned steps = (unsigned)prop_u64(p, 25);

        for (unsigned i = 0; i < steps; i++) {
                switch (prop_u64(p, 7)) {
                case 0:
                case 1:
                case 2:
                case 3:
                        commit(p, c, &m);
                        break;
                case 4:
                        drop(p, c, &m);
                        break;
                case 5:
                case 6:
                        collect(c, &m);
                        break;
                case 7:
                        c = die(p, c, dir);
                        break;
                }
                compare(c, &m);
        }
        collect(c, &m);
        compare(c, &m);
        cas_close(c);
        tmpdir_free(dir);
        return true;
}

static void test_model(void **state)
{
        assert_true(prop_check("content library model", 60, agrees_with_the_model));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_model) };

        for (unsigned i = 0; i < CONTENTS; i++)
                fill(content[i], CONTENT_BYTES, i + 1);
        log_level_set((enum log_level)0);
        on_memory();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
