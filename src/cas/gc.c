/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection, while everything else goes on.
 *
 *      1  count references anew when they are in doubt
 *      2  manifests without a version: old ones go, young ones keep their pieces
 *      3  rows of pieces that nothing keeps go, a few hundred a transaction
 *      4  packs without a piece are removed
 *      5  packs more than half dead are rewritten: sound records are copied to
 *         another pack and synced, the index points there, the old file goes
 *
 * A crash between any two steps leaves a library that is right and merely larger
 * than it need be.  What keeps an unused piece is its epoch: collection takes
 * those older than the oldest batch of any writer (cas.h says who keeps what).
 */
#include <errno.h>
#include <inttypes.h>
#include "cas/gc.h"

enum { DEAD_BATCH = 512, HOLD_BATCH = 1024 };
#define TEMP_KEEP_US (INT64_C(3600) * US_PER_SECOND)

static int begin(struct gc *g, struct err *e)
{
        struct cas *c = g->c;
        struct list *l, *tmp;
        int r = 0;

        (void)pthread_mutex_lock(&c->lock);
        if (c->recount && !g->dry)      /* what it sets to 0 is of the epoch before ours */
                r = refs_recount(c, e);
        g->below = ++c->epoch;
        list_for_each(l, &c->writers, tmp) {
                struct cas_writer *w = list_entry(l, struct cas_writer, link);

                if (w->busy_epoch)
                        g->below = MIN(g->below, w->busy_epoch);
        }
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? err_prefix(e, "content library %s: count references", c->dir) : 0;
}

/* ---- manifests ---- */

static int touch_range(struct cas *c, const struct cas_manifest *m, uint64_t from, uint64_t to, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&c->lock);
        r = db_begin(c->db, e);
        if (r == 0) {
                for (uint64_t i = from; r == 0 && i < to; i++) {
                        struct hash_id id;

                        manifest_piece(&m->m, i, &id, NULL);
                        r = index_touch(c, &id, e);
                }
                r = index_end(c, r, e);
        }
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

static int hold_pieces(struct gc *g, const struct hash_id *id, struct err *e)
{
        struct cas_manifest m;
        int r = manifest_open_checked(g->c, id, &m, e);

        if (r != CAS_OK)
                return r < 0 ? r : 0;
        for (uint64_t i = 0; r == 0 && i < m.m.n_pieces; i += HOLD_BATCH) {
                r = touch_range(g->c, &m, i, MIN(i + HOLD_BATCH, m.m.n_pieces), e);
                manifest_behind(&m, i, NULL);
        }
        cas_manifest_close(&m);
        return r;
}

static int unused(struct cas *c, const struct hash_id *id, bool *out, struct err *e)
{
        struct db_stmt *s;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_VERSION_USES, e);
        if (s)
                db_bind_blob(s, 1, id->b, HASH_LEN);
        r = s ? db_step(s, e) : err_number(ERR_INTERNAL);
        *out = r > 0 && db_col_i64(s, 0) == 0;
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? r : 0;
}

/* One name in manifests/. */
static int one_manifest(struct gc *g, const char *name, struct err *e)
{
        struct cas *c = g->c;
        struct hash_id id;
        struct stat st;
        bool gone, temp = strncmp(name, ".tmp", 4) == 0;
        int64_t age_us;
        int r;

        if (!temp && hash_id_parse(str_of(name), &id) < 0)
                return 0;
        if (os.fstatat(c->manifests_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(e, errno, "examine manifest %s", name);
        age_us = os_now_us() - (int64_t)st.st_mtim.tv_sec * US_PER_SECOND;
        if (temp) {
                if (age_us > TEMP_KEEP_US && !g->dry)
                        (void)os.unlinkat(c->manifests_fd, name, 0);
                return 0;
        }
        r = unused(c, &id, &gone, e);
        if (r < 0 || !gone)
                return r;
        if (age_us < c->o.hold_us)
                return hold_pieces(g, &id, e);
        g->out->manifests_removed++;
        return g->dry ? 0 : cas_manifest_drop(c, &id, e);
}

static int manifests(struct gc *g, struct err *e)
{
        struct dirent *d;
        DIR *dir;
        int r = 0, fd = os.openat(g->c->manifests_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (fd < 0)
                return err_sys(e, errno, "content library %s: open manifests", g->c->dir);
        dir = os.fdopendir(fd);
        if (!dir) {
                r = err_sys(e, errno, "content library %s: list manifests", g->c->dir);
                (void)os.close(fd);
                return r;
        }
        while (r == 0) {
                errno = 0;
                d = os.readdir(dir);
                if (!d) {
                        r = errno ? err_sys(e, errno, "content library %s: list manifests", g->c->dir) : 0;
                        break;
                }
                r = one_manifest(g, d->d_name, e);
        }
        (void)os.closedir(dir);
        return r;
}

/* ---- pieces ---- */

struct dead_row {
        uint64_t epoch;
        int64_t place;
        uint32_t len;
        struct hash_id id;
};

static int dry_add(struct gc *g, uint32_t pack, uint64_t bytes, struct err *e)
{
        for (size_t i = g->n_dead; i > 0; i--) {
                if (g->dead[i - 1].pack == pack) {
                        g->dead[i - 1].bytes += bytes;
                        return 0;
                }
        }
        if (g->n_dead == g->cap_dead) {
                size_t cap = g->cap_dead ? 2 * g->cap_dead : 32;
                struct pack_dead *p = realloc(g->dead, cap * sizeof(*p));

                if (!p)
                        return err_set(e, ERR_NOMEM, "content library: out of memory");
                g->dead = p;
                g->cap_dead = cap;
        }
        g->dead[g->n_dead++] = (struct pack_dead){ .pack = pack, .bytes = bytes };
        return 0;
}

/* Forget one piece. Under cas.lock, in a transaction unless dry. */
static int drop_piece(struct gc *g, const struct dead_row *row, struct err *e)
{
        uint64_t bytes = PIECE_HEADER_LEN + row->len;
        struct db_stmt *s;
        int r;

        if (writer_has(g->c, &row->id))
                return 0;
        g->out->pieces_dropped++;
        if (g->dry)
                return row->place > 0 ? dry_add(g, place_pack(row->place), bytes, e) : 0;
        s = index_stmt(g->c, SQL_LIBRARY_PIECE_DELETE, e);
        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, row->place);
        r = db_run(s, e);
        if (r < 0 || row->place < 0)
                return r;
        return index_pack_shrink(g->c, place_pack(row->place), bytes, 1, e);
}

static int fetch_dead(struct gc *g, const struct dead_row *last, struct dead_row *rows, size_t *n, struct err *e)
{
        struct db_stmt *s = index_stmt(g->c, SQL_LIBRARY_PIECE_DEAD, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, (int64_t)g->below);
        db_bind_i64(s, 2, (int64_t)last->epoch);
        db_bind_i64(s, 3, last->place);
        for (*n = 0; *n < DEAD_BATCH && (r = db_step(s, e)) > 0; (*n)++) {
                struct str id = db_col_blob(s, 3);

                rows[*n].epoch = (uint64_t)db_col_i64(s, 0);
                rows[*n].place = db_col_i64(s, 1);
                rows[*n].len = (uint32_t)db_col_i64(s, 2);
                if (id.n == HASH_LEN)
                        memcpy(rows[*n].id.b, id.p, HASH_LEN);
        }
        db_reset(s);
        return *n == DEAD_BATCH || r == 0 ? 0 : r;
}

static int drop_batch(struct gc *g, struct dead_row *rows, struct dead_row *last, size_t *n, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&g->c->lock);
        r = db_begin(g->c->db, e);
        if (r == 0) {
                r = fetch_dead(g, last, rows, n, e);
                for (size_t i = 0; r == 0 && i < *n; i++)
                        r = drop_piece(g, &rows[i], e);
                r = index_end(g->c, r, e);
        }
        (void)pthread_mutex_unlock(&g->c->lock);
        if (r == 0 && *n > 0)
                *last = rows[*n - 1];
        return r;
}

static int pieces(struct gc *g, struct err *e)
{
        struct dead_row *rows = malloc(DEAD_BATCH * sizeof(*rows)), last = { .place = INT64_MIN };
        size_t n = DEAD_BATCH;
        int r = rows ? 0 : err_set(e, ERR_NOMEM, "content library: out of memory");

        while (r == 0 && n == DEAD_BATCH)
                r = drop_batch(g, rows, &last, &n, e);
        free(rows);
        return r;
}

int cas_gc(struct cas *c, bool dry_run, struct cas_gc_stats *out, struct err *e)
{
        struct cas_gc_stats ignored;
        struct gc g = { .c = c, .dry = dry_run, .out = out ? out : &ignored };
        int r;

        memset(g.out, 0, sizeof(*g.out));
        pack_close_retired(c, os_mono_us());
        r = begin(&g, e);
        if (r == 0)
                r = manifests(&g, e);
        if (r == 0)
                r = pieces(&g, e);
        if (r == 0)
                r = gc_packs(&g, false, e);
        if (r == 0)
                r = gc_packs(&g, true, e);
        free(g.dead);
        cas_tidy(c);
        return r;
}
