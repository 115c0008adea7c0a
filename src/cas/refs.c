/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References: a piece counts how often the manifests name it that at least one
 * version has.  Occurrences are counted, not distinct pieces, so that a manifest
 * is added and taken away by walking its piece table once, in no memory; and
 * manifests, not versions, so that a version with known content costs one row.
 *
 * When one version replaces another, both manifests are walked side by side by
 * path: a file whose pieces are the same costs a comparison and no index work.
 */
#include <inttypes.h>
#include "cas/store.h"

enum { TRIM_EVERY = 8192 };

/* Run one statement on one hash: 1 a row changed (or was found), 0 none. */
static int on_piece(struct cas *c, enum sql_library what, const struct hash_id *id, struct err *e)
{
        struct db_stmt *s = index_stmt(c, what, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_borrowed(s, 1, id->b, HASH_LEN);
        if (what == SQL_LIBRARY_PIECE_UNREF)
                db_bind_i64(s, 2, (int64_t)c->epoch);
        r = db_run(s, e);
        return r < 0 ? r : db_changes(c->db) > 0;
}

static int add(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct pending_entry *en = writers_pending(c, id);

        if (!en)
                return on_piece(c, SQL_LIBRARY_PIECE_REF, id, e);
        en->refs++;
        return 1;
}

static int is_sound(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct index_row row;
        int r;

        if (writers_pending(c, id))
                return 1;
        r = index_find(c, id, &row, e);
        return r > 0 ? !row.damaged : r;
}

enum what { ADD, CHECK, DROP, RECOUNT };

/* One piece: 1 as it should be, 0 not there. */
static int one(struct cas *c, enum what what, const struct hash_id *id, struct err *e)
{
        switch (what) {
        case ADD:
                return add(c, id, e);
        case CHECK:
                return is_sound(c, id, e);
        case DROP:
                return on_piece(c, SQL_LIBRARY_PIECE_UNREF, id, e);
        case RECOUNT:
                return on_piece(c, SQL_LIBRARY_PIECE_REF_ANY, id, e);
        }
        return err_set(e, ERR_INTERNAL, "references: unknown work");
}

/* Say which file piece number i belongs to. */
static void name_missing(const struct cas_manifest *m, uint64_t i, struct err *e)
{
        struct manifest_cursor cur;
        struct manifest_entry en;
        struct err ignored = { 0 };

        manifest_first(&m->m, &cur);
        while (manifest_next(&cur, &en, &ignored) > 0) {
                if (i >= en.first_piece + en.n_pieces || en.n_pieces == 0)
                        continue;
                (void)err_set(e, ERR_CORRUPT, "\"%s\": a piece of it is missing or damaged: redistribute the package",
                              manifest_shown(en.path).z);
                return;
        }
}

/* Pieces from..to of a manifest: CAS_OK, CAS_E_ABSENT. */
static int range(struct cas *c, const struct cas_manifest *m, enum what what, uint64_t from, uint64_t to, struct err *e)
{
        for (uint64_t i = from; i < to; i++) {
                struct hash_id id;
                int r;

                manifest_piece(&m->m, i, &id, NULL);
                r = one(c, what, &id, e);
                if (r < 0)
                        return r;
                if (r == 0 && what != RECOUNT) {
                        if (what != DROP)
                                name_missing(m, i, e);
                        return CAS_E_ABSENT;
                }
                if (i % TRIM_EVERY == TRIM_EVERY - 1)
                        manifest_behind(m, i, NULL);
        }
        return CAS_OK;
}

int refs_add(struct cas *c, const struct cas_manifest *m, struct err *e)
{
        return range(c, m, ADD, 0, m->m.n_pieces, e);
}

int refs_check(struct cas *c, const struct cas_manifest *m, struct err *e)
{
        return range(c, m, CHECK, 0, m->m.n_pieces, e);
}

/* The counts no longer add up: count anew before the next collection. */
static int ask_recount(struct cas *c, struct err *e)
{
        log_warn("cas", "%s: references do not add up; they will be counted anew", c->dir);
        c->recount = true;
        return index_meta_set(c, "recount", 1, e);
}

int refs_drop(struct cas *c, const struct cas_manifest *m, struct err *e)
{
        int r = m->map ? range(c, m, DROP, 0, m->m.n_pieces, e) : CAS_E_ABSENT;

        return r == CAS_E_ABSENT ? ask_recount(c, e) : r;
}

/* ---- from one manifest to another ---- */

struct side {
        const struct cas_manifest *m;
        struct manifest_cursor cur;
        struct manifest_entry en;
        int r;                          /* 1: en is there, 0: the end */
};

static void side_next(struct side *s, struct err *e)
{
        s->r = manifest_next(&s->cur, &s->en, e);
        if (s->r > 0 && s->cur.entry % TRIM_EVERY == 0)
                manifest_behind(s->m, s->en.first_piece, s->cur.c.p);
}

static bool same_pieces(const struct side *a, const struct side *b)
{
        const uint8_t *x = a->m->m.p + MANIFEST_HEADER_LEN + a->en.first_piece * MANIFEST_PIECE_LEN;
        const uint8_t *y = b->m->m.p + MANIFEST_HEADER_LEN + b->en.first_piece * MANIFEST_PIECE_LEN;

        return a->en.n_pieces == b->en.n_pieces && memcmp(x, y, a->en.n_pieces * MANIFEST_PIECE_LEN) == 0;
}

static int side_all(struct cas *c, const struct side *s, enum what what, struct err *e)
{
        return range(c, s->m, what, s->en.first_piece, s->en.first_piece + s->en.n_pieces, e);
}

/* The earlier of the two entries in tree order, or both. CAS_OK, CAS_E_ABSENT. */
static int change_one(struct cas *c, struct side *old, struct side *now, bool sound, bool *recount, struct err *e)
{
        int order = old->r == 0 ? 1 : now->r == 0 ? -1 : manifest_path_cmp(old->en.path, now->en.path);
        int r = CAS_OK;

        if (order == 0 && same_pieces(old, now)) {
                if (!sound)
                        r = side_all(c, now, CHECK, e);
        } else {
                if (order >= 0)
                        r = side_all(c, now, ADD, e);
                if (r == CAS_OK && order <= 0) {
                        r = side_all(c, old, DROP, e);
                        if (r == CAS_E_ABSENT) {
                                *recount = true;
                                r = CAS_OK;
                        }
                }
        }
        if (r == CAS_OK && order >= 0)
                side_next(now, e);
        if (r == CAS_OK && order <= 0)
                side_next(old, e);
        return r;
}

int refs_change(struct cas *c, const struct cas_manifest *old, const struct cas_manifest *now, bool sound,
                struct err *e)
{
        struct side a = { .m = old }, b = { .m = now };
        bool recount = false;
        int r = CAS_OK;

        manifest_first(&old->m, &a.cur);
        manifest_first(&now->m, &b.cur);
        side_next(&a, e);
        side_next(&b, e);
        while (r == CAS_OK && a.r >= 0 && b.r >= 0 && (a.r > 0 || b.r > 0))
                r = change_one(c, &a, &b, sound, &recount, e);
        if (r != CAS_OK)
                return r;
        if (a.r < 0 || b.r < 0)
                return err_number(ERR_CORRUPT);
        return recount ? ask_recount(c, e) : CAS_OK;
}

/* ---- all anew ---- */

static int recount_manifest(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct cas_manifest m;
        int r = manifest_open_checked(c, id, &m, e);

        if (r < 0)
                return r;
        if (r != CAS_OK)
                return err_set(e, ERR_CORRUPT, "a version's manifest is missing or damaged: redistribute the package");
        r = range(c, &m, RECOUNT, 0, m.m.n_pieces, e);
        cas_manifest_close(&m);
        return r;
}

static int recount_all(struct cas *c, struct err *e)
{
        struct hash_id ids[32], last = { { 0 } };
        size_t n;
        int r;

        do {
                struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_MANIFESTS, e);

                if (!s)
                        return err_number(ERR_INTERNAL);
                db_bind_blob(s, 1, last.b, HASH_LEN);
                for (n = 0; n < ARRAY_SIZE(ids) && (r = db_step(s, e)) > 0;) {
                        struct str b = db_col_blob(s, 0);

                        if (b.n == HASH_LEN)
                                memcpy(ids[n++].b, b.p, HASH_LEN);
                }
                db_reset(s);
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = recount_manifest(c, &ids[i], e);
                if (n > 0)
                        last = ids[n - 1];
        } while (r >= 0 && n == ARRAY_SIZE(ids));
        return r < 0 ? r : 0;
}

int refs_recount(struct cas *c, struct err *e)
{
        struct db_stmt *s;
        int r = db_begin(c->db, e);

        if (r < 0)
                return r;
        s = index_stmt(c, SQL_LIBRARY_PIECE_REFS_CLEAR, e);
        if (!s)
                return index_end(c, err_number(ERR_INTERNAL), e);
        db_bind_i64(s, 1, (int64_t)c->epoch);
        r = db_run(s, e);
        if (r == 0)
                r = recount_all(c, e);
        if (r == 0)
                r = index_meta_set(c, "recount", 0, e);
        r = index_end(c, r, e);
        if (r == 0)
                c->recount = false;
        return r;
}
