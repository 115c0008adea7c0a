/* SPDX-License-Identifier: Apache-2.0 */
/* Random trees as manifests: what goes in comes out, can be found, and spilling changes no byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/manifest.h"
#include "lib/prop.h"

enum { ENTRIES = 200 };

struct tree {
        struct manifest_entry en[ENTRIES];
        char path[ENTRIES][64];
        unsigned n;
};

/* A walk in tree order: at each step deeper, further, or back up. */
static void grow(struct prop *p, struct tree *t, struct arena *a)
{
        char at[64] = "";
        unsigned want = (unsigned)prop_u64(p, ENTRIES - 1), counter[8] = { 0 }, depth = 0;

        t->en[0] = (struct manifest_entry){ .type = MANIFEST_DIR, .mode = 0755, .path = STR("") };
        for (t->n = 1; t->n <= want; t->n++) {
                struct manifest_entry *en = &t->en[t->n];

                while (depth > 0 && prop_one_in(p, 4)) {
                        char *slash = strrchr(at, '/');

                        *(slash ? slash : at) = '\0';
                        depth--;
                }
                (void)snprintf(t->path[t->n], 64, "%s%s%02x", at, depth ? "/" : "", counter[depth]++ & 0xff);
                *en = (struct manifest_entry){ .type = (enum manifest_type)(1 + prop_u64(p, 2)),
                                               .mode = (uint32_t)prop_u64(p, 07777),
                                               .mtime_ns = prop_range(p, INT64_MIN, INT64_MAX),
                                               .path = str_of(t->path[t->n]) };
                if (en->type == MANIFEST_FILE) {
                        en->n_pieces = prop_u64(p, 5);
                        en->size = en->n_pieces * 1000;
                } else if (en->type == MANIFEST_SYMLINK) {
                        en->target = prop_str(p, a, 20, "abc");
                        if (en->target.n == 0)
                                en->target = STR("x");
                } else if (depth < 6) {
                        memcpy(at, t->path[t->n], 64);
                        counter[++depth] = 0;
                }
        }
}

static bool add(struct manifest_builder *b, const struct manifest_entry *en)
{
        struct err e = { 0 };

        for (uint64_t i = 0; i < en->n_pieces; i++) {
                struct hash_id id = { { (uint8_t)b->n_pieces, (uint8_t)(b->n_pieces >> 8) } };

                if (manifest_builder_piece(b, &id, 1000, &e) != 0)
                        return false;
        }
        return manifest_builder_entry(b, en, &e) == 0;
}

/* spill: take the bytes out after every so many entries, as a caller short of memory does. */
static bool build(const struct tree *t, unsigned spill, struct buf *out)
{
        struct manifest_builder b;
        struct buf pieces, entries;
        uint8_t header[MANIFEST_HEADER_LEN];
        bool ok = true;

        manifest_builder_init(&b);
        buf_init(&pieces, 0);
        buf_init(&entries, 0);
        for (unsigned i = 0; ok && i < t->n; i++) {
                ok = add(&b, &t->en[i]);
                if (spill && i % spill == 0) {
                        buf_adds(&pieces, buf_str(&b.pieces));
                        buf_adds(&entries, buf_str(&b.entries));
                        buf_consume(&b.pieces, b.pieces.n);
                        buf_consume(&b.entries, b.entries.n);
                }
        }
        manifest_builder_header(&b, header);
        buf_reset(out);
        buf_add(out, header, sizeof(header));
        buf_adds(out, buf_str(&pieces));
        buf_adds(out, buf_str(&b.pieces));
        buf_adds(out, buf_str(&entries));
        buf_adds(out, buf_str(&b.entries));
        buf_adds(out, buf_str(&b.restarts));
        buf_fini(&pieces);
        buf_fini(&entries);
        manifest_builder_fini(&b);
        return ok;
}

static bool same(const struct manifest_entry *a, const struct manifest_entry *b)
{
        return a->type == b->type && a->mode == b->mode && a->mtime_ns == b->mtime_ns && str_eq(a->path, b->path) &&
               str_eq(a->target, b->target) && a->size == b->size && a->n_pieces == b->n_pieces;
}

static bool reads_back(const struct tree *t, const struct buf *bytes)
{
        struct manifest_cursor c;
        struct manifest_entry en;
        struct manifest m;
        struct err e = { 0 };

        if (manifest_open(&m, bytes->p, bytes->n, &e) < 0 || manifest_check(&m, &e) != 0 || m.n_entries != t->n)
                return false;
        manifest_first(&m, &c);
        for (unsigned i = 0; i < t->n; i++) {
                if (manifest_next(&c, &en, &e) != 1 || !same(&en, &t->en[i]))
                        return false;
        }
        if (manifest_next(&c, &en, &e) != 0)
                return false;
        for (unsigned i = 0; i < t->n; i++) {
                if (manifest_find(&m, t->en[i].path, &c, &en, &e) != 0 || !same(&en, &t->en[i]))
                        return false;
        }
        return manifest_find(&m, STR("~absent"), &c, &en, &e) == 1;
}

static bool goes_round(struct prop *p)
{
        static struct tree t;
        struct arena a;
        struct buf one, two;
        bool ok;

        arena_init(&a, 0);
        buf_init(&one, 0);
        buf_init(&two, 0);
        grow(p, &t, &a);
        ok = build(&t, 0, &one) && build(&t, 1 + (unsigned)prop_u64(p, 20), &two);
        ok = ok && one.n == two.n && memcmp(one.p, two.p, one.n) == 0 && reads_back(&t, &one);
        prop_note(p, "%u entries", t.n);
        buf_fini(&one);
        buf_fini(&two);
        arena_fini(&a);
        return ok;
}

/* The order of manifests is the order of component-wise comparison. */
static int by_components(struct str a, struct str b)
{
        while (a.p || b.p) {
                struct str x = STR_NULL, y = STR_NULL;
                int c;

                a = a.p ? str_cut(a, '/', &x) : a;
                b = b.p ? str_cut(b, '/', &y) : b;
                if (!x.p || !y.p)
                        return (x.p != NULL) - (y.p != NULL);
                c = memcmp(x.p, y.p, MIN(x.n, y.n));
                if (c != 0 || x.n != y.n)
                        return c != 0 ? c : x.n < y.n ? -1 : 1;
        }
        return 0;
}

static bool order_is_component_wise(struct prop *p)
{
        struct arena a;
        struct str x, y;
        int c, d;
        bool ok;

        arena_init(&a, 0);
        x = prop_str(p, &a, 12, "ab/ .\xff");
        y = prop_str(p, &a, 12, "ab/ .\xff");
        c = manifest_path_cmp(x, y);
        d = by_components(x, y);
        prop_note(p, "\"%.*s\" \"%.*s\": %d, %d", STR_ARG(x), STR_ARG(y), c, d);
        ok = !manifest_path_ok(x) || !manifest_path_ok(y) || x.n == 0 || y.n == 0 ||
             (c > 0) - (c < 0) == (d > 0) - (d < 0);
        arena_fini(&a);
        return ok;
}

static void test_round(void **state)
{
        assert_true(prop_check("manifest round trip", 300, goes_round));
}

static void test_order(void **state)
{
        assert_true(prop_check("manifest path order", 5000, order_is_component_wise));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_round), cmocka_unit_test(test_order) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
