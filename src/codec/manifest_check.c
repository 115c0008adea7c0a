/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check of a manifest that came from elsewhere.  The cursor proves
 * order, paths and folders entry by entry; what needs the whole is here: sums,
 * restarts, and links that pass through other links.
 */
#include <inttypes.h>
#include "codec/manifest.h"

/* How many path look-ups the links of one manifest may cost (a/../b is rare; hostile input is bounded). */
enum { LINK_LOOKUPS_MAX = 100000 };

static int damaged(struct err *e, struct str path, const char *what)
{
        return err_set(e, ERR_CORRUPT, "manifest: \"%s\": %s", manifest_shown(path).z, what);
}

static int file_sum(const struct manifest *m, const struct manifest_entry *en, struct err *e)
{
        uint64_t sum = 0;

        for (uint64_t i = 0; i < en->n_pieces; i++) {
                uint32_t n;

                manifest_piece(m, en->first_piece + i, NULL, &n);
                if (n == 0 || n > PIECE_MAX)
                        return damaged(e, en->path, "a piece has an impossible length");
                sum += n;
        }
        if (sum != en->size)
                return damaged(e, en->path, "its size is not the sum of its pieces");
        return 0;
}

/*
 * Every name in the target that a ".." follows must be a folder, or nothing at
 * all (then the link leads nowhere); were it a link, ".." would be its target's.
 */
static int inner_link(const struct manifest *m, struct str path, struct str target, unsigned *lookups, struct err *e)
{
        struct manifest_cursor c;
        struct manifest_entry en;
        char at[2 * MANIFEST_PATH_MAX + 2];
        size_t n = path.n, from = 0;

        while (n > 0 && path.p[n - 1] != '/')
                n--;
        n -= n > 0;
        memcpy(at, path.p, n);
        for (size_t i = 0; i <= target.n; i++) {
                struct str name;
                int r;

                if (i < target.n && target.p[i] != '/')
                        continue;
                name = (struct str){ target.p + from, i - from };
                from = i + 1;
                if (name.n == 0 || str_eqz(name, "."))
                        continue;
                if (!str_eqz(name, "..")) {
                        if (n > 0)
                                at[n++] = '/';
                        memcpy(at + n, name.p, name.n);
                        n += name.n;
                        continue;
                }
                if (++*lookups > LINK_LOOKUPS_MAX)
                        return damaged(e, path, "too many links with inner \"..\"");
                r = manifest_find(m, (struct str){ at, n }, &c, &en, e);
                if (r < 0)
                        return r;
                if (r == 0 && en.type == MANIFEST_SYMLINK)
                        return damaged(e, path, "a symbolic link may leave the tree through another one");
                while (n > 0 && at[n - 1] != '/')
                        n--;
                n -= n > 0;
        }
        return 0;
}

static int restart_ok(const struct manifest *m, const struct manifest_cursor *c, struct err *e)
{
        const uint8_t *b = m->p + m->restarts_at + c->entry / MANIFEST_RESTART_EVERY * 16;

        if (get_le64(b) != (uint64_t)(c->c.p - m->p) - m->entries_at || get_le64(b + 8) != c->piece)
                return err_set(e, ERR_CORRUPT, "manifest: restart %" PRIu64 " does not point to its entry",
                               c->entry / MANIFEST_RESTART_EVERY);
        return 0;
}

/* One entry: 1, 0 at the end, < 0. */
static int check_one(const struct manifest *m, struct manifest_cursor *c, struct manifest_entry *en, struct err *e)
{
        int r = 0;

        if (c->entry < m->n_entries && c->entry % MANIFEST_RESTART_EVERY == 0)
                r = restart_ok(m, c, e);
        if (r == 0)
                r = manifest_next(c, en, e);
        if (r > 0 && en->type == MANIFEST_FILE && file_sum(m, en, e) < 0)
                return err_number(ERR_CORRUPT);
        return r;
}

/* Links last: looking names up is sound only when order and restarts are proven. */
static int check_links(const struct manifest *m, struct err *e)
{
        struct manifest_cursor c;
        struct manifest_entry en;
        unsigned lookups = 0;
        bool inner;
        int r;

        manifest_first(m, &c);
        while ((r = manifest_next(&c, &en, e)) > 0) {
                if (en.type != MANIFEST_SYMLINK || !manifest_link_ok(en.path, en.target, &inner) || !inner)
                        continue;
                r = inner_link(m, en.path, en.target, &lookups, e);
                if (r < 0)
                        return r;
        }
        return r;
}

void manifest_check_begin(const struct manifest *m, struct manifest_checker *k)
{
        memset(k, 0, sizeof(*k));
        manifest_first(m, &k->c);
}

/* The last entry is behind us: do the sums agree with the header? */
static int check_end(const struct manifest_checker *k, struct err *e)
{
        const struct manifest *m = k->c.m;

        if (k->files != m->n_files || k->bytes != m->total_bytes)
                return err_set(e, ERR_CORRUPT, "manifest: the counts in its header are wrong");
        return k->inner_links ? check_links(m, e) : 0;
}

int manifest_check_some(struct manifest_checker *k, unsigned n, struct err *e)
{
        while (n-- > 0) {
                struct manifest_entry en;
                bool inner = false;
                int r = check_one(k->c.m, &k->c, &en, e);

                if (r <= 0)
                        return r < 0 ? r : check_end(k, e);
                if (en.type == MANIFEST_FILE) {
                        k->files++;
                        if (__builtin_add_overflow(k->bytes, en.size, &k->bytes))
                                return damaged(e, en.path, "sizes overflow");
                } else if (en.type == MANIFEST_SYMLINK) {
                        (void)manifest_link_ok(en.path, en.target, &inner);
                        k->inner_links |= inner;
                }
        }
        return 1;
}

int manifest_check(const struct manifest *m, struct err *e)
{
        struct manifest_checker k;
        int r;

        manifest_check_begin(m, &k);
        while ((r = manifest_check_some(&k, UINT32_MAX, e)) > 0)
                ;
        return r;
}
