/* SPDX-License-Identifier: Apache-2.0 */
/* The index behind names: every statement about pieces and packs that more than one file needs. */
#include "cas/store.h"

struct db_stmt *index_stmt(struct cas *c, enum sql_library s, struct err *e)
{
        return db_stmt(c->db, (int)s, e);
}

int index_end(struct cas *c, int r, struct err *e)
{
        if (r == 0)
                r = db_commit(c->db, e);
        if (r != 0)
                db_rollback(c->db);
        return r;
}

int index_find(struct cas *c, const struct hash_id *id, struct index_row *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_FIND, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_borrowed(s, 1, id->b, HASH_LEN);
        r = db_step(s, e);
        if (r > 0) {
                out->place = db_col_i64(s, 0);
                out->len = (uint32_t)db_col_i64(s, 1);
                out->damaged = db_col_i64(s, 2) != 0;
                out->refs = db_col_i64(s, 3);
                out->epoch = (uint64_t)db_col_i64(s, 4);
        }
        db_reset(s);
        return r;
}

/* Run a statement with two or three numbers. */
static int run_i64(struct cas *c, enum sql_library what, const int64_t *v, int n, struct err *e)
{
        struct db_stmt *s = index_stmt(c, what, e);

        if (!s)
                return err_number(ERR_INTERNAL);
        for (int i = 0; i < n; i++)
                db_bind_i64(s, i + 1, v[i]);
        return db_run(s, e);
}

int index_pack_shrink(struct cas *c, uint32_t pack, uint64_t bytes, uint64_t pieces, struct err *e)
{
        const int64_t v[] = { pack, (int64_t)bytes, (int64_t)pieces };

        return run_i64(c, SQL_LIBRARY_PACK_SHRINK, v, 3, e);
}

int index_pack_state(struct cas *c, uint32_t pack, int state, struct err *e)
{
        const int64_t v[] = { pack, state };

        return run_i64(c, SQL_LIBRARY_PACK_STATE, v, 2, e);
}

/* 1: the row was new; 0: the hash is known already. */
static int add(struct cas *c, const struct hash_id *id, int64_t place, uint32_t len, uint32_t refs, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_ADD, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, place);
        db_bind_borrowed(s, 2, id->b, HASH_LEN);
        db_bind_i64(s, 3, len);
        db_bind_i64(s, 4, (int64_t)c->epoch);
        db_bind_i64(s, 5, refs);
        r = db_run(s, e);
        return r < 0 ? r : db_changes(c->db) > 0;
}

/* 1: so many more uses of a piece the index knows; 0: it is damaged. */
static int ref_by(struct cas *c, const struct hash_id *id, uint32_t refs, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_REF_BY, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_borrowed(s, 1, id->b, HASH_LEN);
        db_bind_i64(s, 2, refs);
        r = db_run(s, e);
        return r < 0 ? r : db_changes(c->db) > 0;
}

/* 1: the index points to the new place; 0: somebody moved or forgot it meanwhile. */
static int move(struct cas *c, const struct hash_id *id, int64_t from, int64_t to, uint32_t len, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_MOVE, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_blob(s, 1, id->b, HASH_LEN);
        db_bind_i64(s, 2, from);
        db_bind_i64(s, 3, to);
        db_bind_i64(s, 4, (int64_t)c->epoch);
        r = db_run(s, e);
        if (r < 0 || db_changes(c->db) == 0)
                return r;
        if (from > 0)
                r = index_pack_shrink(c, place_pack(from), PIECE_HEADER_LEN + len, 1, e);
        return r < 0 ? r : 1;
}

int index_touch(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_TOUCH, e);

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_blob(s, 1, id->b, HASH_LEN);
        db_bind_i64(s, 2, (int64_t)c->epoch);
        return db_run(s, e);
}

static void count(struct grown *g, uint32_t len)
{
        g->live += PIECE_HEADER_LEN + len;
        g->pieces++;
}

int index_settle(struct cas *c, struct cas_writer *w, struct grown *g, struct err *e)
{
        *g = (struct grown){ 0 };
        for (uint32_t i = 0; i < w->pending.n; i++) {
                const struct pending_entry *en = &w->pending.entries[i];
                int r = 0;

                if (en->len == PENDING_TOUCH)
                        r = index_touch(c, &en->id, e);
                else if (en->from != 0)
                        r = move(c, &en->id, en->from, place_of(w->pack, en->at), en->len, e);
                if (r < 0)
                        return r;
                if (r > 0)
                        count(g, en->len);
        }
        return 0;
}

static int add_one(struct cas *c, struct cas_writer *w, const struct pending_entry *en, struct grown *g, struct err *e)
{
        int r = add(c, &en->id, place_of(w->pack, en->at), en->len, en->refs, e);

        if (r > 0)
                count(g, en->len);
        else if (r == 0 && en->refs > 0)        /* another writer's copy was faster */
                r = ref_by(c, &en->id, en->refs, e);
        else if (r == 0)
                r = 1;
        return r < 0 ? r : r > 0 ? CAS_OK : CAS_E_ABSENT;
}

int index_add(struct cas *c, struct cas_writer *w, struct grown *g, struct err *e)
{
        pending_sort(&w->pending);
        for (uint32_t i = 0; i < w->pending.n; i++) {
                const struct pending_entry *en = &w->pending.entries[i];
                int r = en->len == PENDING_TOUCH || en->from != 0 ? 0 : add_one(c, w, en, g, e);

                if (r != 0)
                        return r;
        }
        if (w->fd < 0)
                return 0;
        return run_i64(c, SQL_LIBRARY_PACK_GROW,
                       (const int64_t[]){ w->pack, (int64_t)w->end, (int64_t)g->live, (int64_t)g->pieces }, 4, e);
}

void index_added(struct cas *c, struct cas_writer *w)
{
        c->generation += w->pending.n > 0;
        pending_clear(&w->pending);
        w->synced = w->end;
}

void index_not_added(struct cas_writer *w)
{
        pending_clear_refs(&w->pending);
        pending_rehash(&w->pending);
}

int index_checkpoint(struct cas *c, struct cas_writer *w, struct err *e)
{
        struct grown g;
        int r = db_begin(c->db, e);

        if (r < 0)
                return r;
        r = index_settle(c, w, &g, e);
        if (r == 0)
                r = index_add(c, w, &g, e);
        r = index_end(c, r, e);
        if (r < 0)
                index_not_added(w);
        else
                index_added(c, w);
        return r;
}

int index_adopt(struct cas *c, const struct hash_id *id, int64_t place, uint32_t len, uint64_t *live, uint64_t *pieces,
                struct err *e)
{
        struct index_row row;
        int r = index_find(c, id, &row, e);

        if (r == 0)
                r = add(c, id, place, len, 0, e);
        else if (r > 0)
                r = row.damaged ? move(c, id, row.place, place, len, e) : 0;
        if (r > 0) {
                *live += PIECE_HEADER_LEN + len;
                (*pieces)++;
        }
        return r < 0 ? r : 0;
}

int index_any_damaged(struct cas *c, bool *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_ANY_DAMAGED, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        r = db_step(s, e);
        db_reset(s);
        *out = r > 0;
        return r < 0 ? r : 0;
}

int index_meta_get(struct cas *c, const char *name, int64_t *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_META_GET, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_textz(s, 1, name);
        r = db_step(s, e);
        *out = r > 0 ? db_col_i64(s, 0) : 0;
        db_reset(s);
        return r < 0 ? r : 0;
}

int index_meta_set(struct cas *c, const char *name, int64_t value, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_META_SET, e);

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_textz(s, 1, name);
        db_bind_i64(s, 2, value);
        return db_run(s, e);
}
