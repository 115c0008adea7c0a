/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection of files: which packs go, and what is copied before.
 *
 * A pack is claimed (cas.gc_pack) while it is worked on, so that no writer
 * begins to append to it; one that has a writer is left for the next time.
 */
#include <inttypes.h>
#include "cas/gc.h"

struct pack_row {
        uint32_t pack;
        uint64_t len, live;
        int state;
};

/* Nobody appends to it: claim it, so that nobody begins to. Under cas.lock. */
static bool claim(struct cas *c, uint32_t pack)
{
        struct list *l, *tmp;

        list_for_each(l, &c->writers, tmp) {
                struct cas_writer *w = list_entry(l, struct cas_writer, link);

                if (w->fd >= 0 && w->pack == pack)
                        return false;
        }
        c->gc_pack = pack;
        return true;
}

/* Remove it if no sound piece is left. Under cas.lock. */
static int remove_if_empty(struct gc *g, const struct pack_row *row, struct err *e)
{
        struct db_stmt *s = index_stmt(g->c, SQL_LIBRARY_PIECE_SOUND_OF_PACK, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, place_of(row->pack, 0));
        db_bind_i64(s, 2, place_of(row->pack, UINT32_MAX));
        r = db_step(s, e);
        db_reset(s);
        if (r != 0)
                return r < 0 ? r : 0;
        r = pack_remove(g->c, row->pack, e);
        if (r == 0) {
                g->out->packs_removed++;
                g->out->bytes_freed += row->len;
        }
        return r;
}

struct rewrite {
        struct gc *g;
        struct cas_writer *w;
        struct hasher *h;
        uint8_t *buf;                   /* RECORD_MAX */
        uint64_t copied;
        int fd;
};

struct record_row {
        int64_t place;
        uint32_t len;
        struct hash_id id;
};

/* Copy one record, or find that there is nothing worth copying. */
static int copy_record(struct rewrite *w, const struct record_row *row, struct err *e)
{
        struct piece_header head;
        struct hash_id got;
        size_t n = PIECE_HEADER_LEN + row->len;
        int r = os_pread_all(w->fd, w->buf, n, (off_t)place_at(row->place));

        if (r == 0 && piece_header_decode(w->buf, &head) == 0 && head.n == row->len) {
                hash_bytes_id(w->h, w->buf + PIECE_HEADER_LEN, row->len, &got);
                if (hash_id_eq(&got, &row->id)) {
                        w->copied += n;
                        return writer_move(w->w, &row->id, row->place, w->buf + PIECE_HEADER_LEN, row->len, e);
                }
        }
        log_warn("cas", "%s: pack %08x at %" PRIu64 ": a piece of %" PRIu32 " bytes is damaged", w->g->c->dir,
                 (unsigned)place_pack(row->place), place_at(row->place), row->len);
        return cas_mark_damaged(w->g->c, &row->id, e);
}

/* Sound records behind *last: up to 256 of them. */
static int fetch_records(struct cas *c, uint32_t pack, int64_t *last, struct record_row *rows, size_t *n, bool *more,
                         struct err *e)
{
        struct db_stmt *s;
        size_t seen = 0;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_PIECE_OF_PACK, e);
        r = s ? 1 : err_number(ERR_INTERNAL);
        if (s) {
                db_bind_i64(s, 1, *last);
                db_bind_i64(s, 2, place_of(pack, UINT32_MAX));
        }
        for (*n = 0; r > 0 && seen < 256; seen++) {
                struct str id;

                r = db_step(s, e);
                if (r <= 0)
                        break;
                *last = db_col_i64(s, 0);
                id = db_col_blob(s, 2);
                if (db_col_i64(s, 3) != 0 || id.n != HASH_LEN)
                        continue;
                rows[*n].place = *last;
                rows[*n].len = (uint32_t)db_col_i64(s, 1);
                memcpy(rows[(*n)++].id.b, id.p, HASH_LEN);
        }
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        *more = r > 0;
        return r < 0 ? r : 0;
}

static int copy_all(struct rewrite *w, uint32_t pack, struct err *e)
{
        struct record_row *rows = malloc(256 * sizeof(*rows));
        int64_t last = place_of(pack, 0) - 1;
        bool more = true;
        int r = rows ? 0 : err_set(e, ERR_NOMEM, "content library: out of memory");

        while (r == 0 && more) {
                size_t n;

                r = fetch_records(w->g->c, pack, &last, rows, &n, &more, e);
                for (size_t i = 0; r == 0 && i < n; i++)
                        r = copy_record(w, &rows[i], e);
        }
        free(rows);
        return r == 0 ? cas_writer_sync(w->w, e) : r;
}

/* The pack is claimed. */
static int rewrite(struct gc *g, const struct pack_row *row, struct err *e)
{
        struct rewrite w = { .g = g };
        int r = cas_extent_open(g->c, row->pack, &w.fd, e);

        if (r == 0)
                r = cas_writer_new(&w.w, g->c, e);
        if (r == 0) {
                w.h = hasher_new();
                w.buf = malloc(RECORD_MAX);
                r = w.h && w.buf ? copy_all(&w, row->pack, e) : err_set(e, ERR_NOMEM, "content library: out of memory");
        }
        cas_writer_free(w.w);
        hasher_free(w.h);
        free(w.buf);
        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&g->c->lock);
        r = remove_if_empty(g, row, e);
        (void)pthread_mutex_unlock(&g->c->lock);
        if (r == 0) {
                g->out->packs_rewritten++;
                g->out->bytes_freed -= MIN(g->out->bytes_freed, w.copied);
        }
        return r;
}

static uint64_t dry_dead(const struct gc *g, uint32_t pack)
{
        for (size_t i = 0; i < g->n_dead; i++) {
                if (g->dead[i].pack == pack)
                        return g->dead[i].bytes;
        }
        return 0;
}

/* First time round only packs without a piece: that makes room for copying. */
static int one_pack(struct gc *g, const struct pack_row *row, bool copying, struct err *e)
{
        struct cas *c = g->c;
        uint64_t live = row->live - dry_dead(g, row->pack);
        bool empty = live == 0 && (row->len > 0 || row->state != PACK_STATE_OPEN);
        int r = 0;

        if (!empty && (!copying || row->state == PACK_STATE_REMOVING || live >= row->len / 2))
                return 0;
        if (g->dry) {
                g->out->packs_removed += empty != copying;
                g->out->packs_rewritten += copying && !empty;
                g->out->bytes_freed += empty != copying ? row->len - live : 0;
                return 0;
        }
        (void)pthread_mutex_lock(&c->lock);
        if (!claim(c, row->pack)) {
                (void)pthread_mutex_unlock(&c->lock);
                return 0;
        }
        if (empty)
                r = remove_if_empty(g, row, e);
        (void)pthread_mutex_unlock(&c->lock);
        if (!empty) {
                r = rewrite(g, row, e);
                if (r < 0 && e && e->kind == ERR_GONE) {        /* validation tells; nothing to copy here */
                        err_clear(e);
                        r = 0;
                }
        }
        (void)pthread_mutex_lock(&c->lock);
        c->gc_pack = 0;
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

static int fetch_packs(struct cas *c, uint32_t last, struct pack_row *rows, size_t *n, struct err *e)
{
        struct db_stmt *s;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_PACK_LIST, e);
        r = s ? 1 : err_number(ERR_INTERNAL);
        if (s)
                db_bind_i64(s, 1, last);
        for (*n = 0; r > 0 && *n < 64 && (r = db_step(s, e)) > 0; (*n)++) {
                rows[*n].pack = (uint32_t)db_col_i64(s, 0);
                rows[*n].len = (uint64_t)db_col_i64(s, 1);
                rows[*n].live = (uint64_t)db_col_i64(s, 2);
                rows[*n].state = (int)db_col_i64(s, 4);
        }
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? r : 0;
}

int gc_packs(struct gc *g, bool copying, struct err *e)
{
        struct pack_row rows[64];
        uint32_t last = 0;
        size_t n;
        int r;

        do {
                r = fetch_packs(g->c, last, rows, &n, e);
                for (size_t i = 0; r == 0 && i < n; i++)
                        r = one_pack(g, &rows[i], copying, e);
                if (n > 0)
                        last = rows[n - 1].pack;
        } while (r == 0 && n == ARRAY_SIZE(rows));
        return r;
}
