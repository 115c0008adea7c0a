/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a library, finding and reading pieces. */
#include <errno.h>
#include <inttypes.h>
#include "cas/store.h"

/* ---- open, close ---- */

static int open_folder(struct cas *c, const char *name, int *fd_out, struct err *e)
{
        if (os.mkdirat(c->dirfd, name, 0750) < 0 && errno != EEXIST)
                return err_sys(e, errno, "content library %s: create %s", c->dir, name);
        *fd_out = os.openat(c->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (*fd_out < 0)
                return err_sys(e, errno, "content library %s: open %s", c->dir, name);
        return 0;
}

/* One process a library; the lock goes with the process. */
static int lock_library(struct cas *c, struct err *e)
{
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        c->lock_fd = os.openat(c->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (c->lock_fd < 0)
                return err_sys(e, errno, "content library %s: open lock", c->dir);
        if (fcntl(c->lock_fd, F_SETLK, &l) == 0)
                return 0;
        if (errno == EACCES || errno == EAGAIN)
                return err_set(e, ERR_CONFLICT, "content library %s: another process uses it; stop it first", c->dir);
        return err_sys(e, errno, "content library %s: lock", c->dir);
}

static int open_index(struct cas *c, struct err *e)
{
        char *path = str_printf("%s/library.db", c->dir);
        struct db_stmt *s;
        int64_t recount;
        int r;

        if (!path)
                return err_set(e, ERR_NOMEM, "content library %s: out of memory", c->dir);
        r = db_conn_open(&c->db, path, &sql_library,
                         DB_WRITER | DB_FULL_SYNC | DB_ALONE | (c->o.small ? DB_SMALL_CACHE : 0), e);
        free(path);
        if (r < 0 && e && e->kind == ERR_CORRUPT)
                return err_prefix(e, "content library %s: remove library.db*, and the index is built anew from packs",
                                  c->dir);
        if (r < 0)
                return err_prefix(e, "content library %s", c->dir);
        s = index_stmt(c, SQL_LIBRARY_PIECE_EPOCH_MAX, e);
        if (!s)
                return err_number(ERR_INTERNAL);
        r = db_step(s, e);
        if (r > 0)
                c->epoch = (uint64_t)db_col_i64(s, 0);
        db_reset(s);
        if (r >= 0)
                r = index_meta_get(c, "recount", &recount, e);
        if (r >= 0)
                c->recount = recount != 0;
        return r < 0 ? r : 0;
}

static int open_all(struct cas *c, const char *dir, struct err *e)
{
        int r = os_mkdir_p(dir, 0750, e);

        if (r < 0)
                return r;
        c->dirfd = os.openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (c->dirfd < 0)
                return err_sys(e, errno, "open content library %s", dir);
        r = lock_library(c, e);
        if (r == 0)
                r = open_folder(c, "packs", &c->packs_fd, e);
        if (r == 0)
                r = open_folder(c, "manifests", &c->manifests_fd, e);
        if (r == 0 && os.fsync(c->dirfd) < 0)
                r = err_sys(e, errno, "content library %s: sync", dir);
        if (r == 0)
                r = open_index(c, e);
        if (r == 0) {
                r = recover_all(c, e);
                if (r < 0)
                        r = err_prefix(e, "content library %s", dir);
        }
        return r;
}

int cas_open(struct cas **out, const char *dir, const struct cas_opts *o, struct err *e)
{
        struct cas *c = calloc(1, sizeof(*c));
        int r;

        *out = NULL;
        if (!c)
                return err_set(e, ERR_NOMEM, "content library %s: out of memory", dir);
        c->dirfd = c->packs_fd = c->manifests_fd = c->lock_fd = -1;
        c->generation = 1;
        list_init(&c->writers);
        (void)pthread_mutex_init(&c->lock, NULL);
        (void)pthread_mutex_init(&c->packs_lock, NULL);
        (void)pthread_cond_init(&c->unpinned, NULL);
        if (o)
                c->o = *o;
        if (c->o.pack_bytes == 0)
                c->o.pack_bytes = PACK_BYTES_DEFAULT;
        c->o.pack_bytes = MIN(c->o.pack_bytes, PACK_BYTES_MAX);
        if (c->o.hold_us == 0)
                c->o.hold_us = HOLD_DEFAULT_US;
        c->dir = str_dup(str_of(dir));
        r = c->dir ? open_all(c, dir, e) : err_set(e, ERR_NOMEM, "content library %s: out of memory", dir);
        if (r < 0) {
                cas_close(c);
                return r;
        }
        *out = c;
        return 0;
}

void cas_close(struct cas *c)
{
        if (!c)
                return;
        db_conn_close(c->db);
        pack_close_all(c);
        if (c->manifests_fd >= 0)
                (void)os.close(c->manifests_fd);
        if (c->packs_fd >= 0)
                (void)os.close(c->packs_fd);
        if (c->lock_fd >= 0)
                (void)os.close(c->lock_fd);
        if (c->dirfd >= 0)
                (void)os.close(c->dirfd);
        (void)pthread_mutex_destroy(&c->lock);
        (void)pthread_mutex_destroy(&c->packs_lock);
        (void)pthread_cond_destroy(&c->unpinned);
        free(c->dir);
        free(c);
}

bool cas_is_inside(const struct cas *c, dev_t dev, ino_t ino)
{
        const int fds[] = { c->dirfd, c->packs_fd, c->manifests_fd };
        struct stat st;

        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                if (os.fstat(fds[i], &st) == 0 && st.st_dev == dev && st.st_ino == ino)
                        return true;
        }
        return false;
}

/* ---- finding ---- */

/* Under cas.lock. CAS_OK, CAS_E_ABSENT, < 0 */
static int find(struct cas *c, const struct hash_id *id, struct cas_extent *out, struct err *e)
{
        struct index_row row;
        struct list *l, *tmp;
        int r;

        list_for_each(l, &c->writers, tmp) {
                struct cas_writer *w = list_entry(l, struct cas_writer, link);
                const struct pending_entry *en = pending_find(&w->pending, id);

                if (en && en->len != PENDING_TOUCH) {
                        *out = (struct cas_extent){ .pack = w->pack, .len = en->len, .at = en->at };
                        return CAS_OK;
                }
        }
        r = index_find(c, id, &row, e);
        if (r < 0)
                return r;
        if (r == 0 || row.damaged)
                return CAS_E_ABSENT;
        *out = (struct cas_extent){ .pack = place_pack(row.place), .len = row.len, .at = place_at(row.place) };
        return CAS_OK;
}

int cas_find(struct cas *c, const struct hash_id *id, struct cas_extent *out, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&c->lock);
        r = find(c, id, out, e);
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

int cas_find_many(struct cas *c, const struct hash_id *ids, size_t n, struct cas_extent *out, struct err *e)
{
        int r = 0;

        (void)pthread_mutex_lock(&c->lock);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = find(c, &ids[i], &out[i], e);
                if (r == CAS_E_ABSENT)
                        memset(&out[i], 0, sizeof(out[i]));
        }
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? r : 0;
}

/* ---- reading ---- */

int cas_read(struct cas *c, struct hasher *h, const struct cas_extent *x, const struct hash_id *id, void *p,
             struct err *e)
{
        off_t at = (off_t)(x->at + PIECE_HEADER_LEN);
        struct hash_id got;
        int fd, r = cas_extent_open(c, x->pack, &fd, e);

        if (r < 0)
                return r;
        r = os_pread_all(fd, p, x->len, at);
        if (r == -ENODATA) {    /* put a moment ago, and still in a writer's buffer? */
                r = writer_flush_pack(c, x->pack, e);
                if (r < 0)
                        return r;
                r = os_pread_all(fd, p, x->len, at);
        }
        if (r == -ENODATA)
                return CAS_E_MISMATCH;
        if (r < 0)
                return err_sys(e, -r, "content library %s: read pack %08x at %" PRIu64, c->dir, (unsigned)x->pack,
                               x->at);
        hash_bytes_id(h, p, x->len, &got);
        return hash_id_eq(&got, id) ? CAS_OK : CAS_E_MISMATCH;
}

int cas_mark_damaged(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct db_stmt *s;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_PIECE_DAMAGE, e);
        if (s)
                db_bind_blob(s, 1, id->b, HASH_LEN);
        r = s ? db_run(s, e) : err_number(ERR_INTERNAL);
        c->generation++;                /* what is put again must look for the damaged copy */
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

void cas_tidy(struct cas *c)
{
        struct err e = { 0 };

        (void)pthread_mutex_lock(&c->lock);
        if (db_tidy(c->db, &e) < 0)
                log_warn("cas", "%s: %s", c->dir, e.text);
        (void)pthread_mutex_unlock(&c->lock);
}

int cas_stats(struct cas *c, struct cas_stats *out, struct err *e)
{
        struct db_stmt *s;
        int r = 0;

        memset(out, 0, sizeof(*out));
        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_PACK_TOTALS, e);
        r = s ? db_step(s, e) : err_number(ERR_INTERNAL);
        if (r > 0) {
                out->n_packs = (uint64_t)db_col_i64(s, 0);
                out->n_pieces = (uint64_t)db_col_i64(s, 1);
                out->bytes_packs = (uint64_t)db_col_i64(s, 2);
                out->bytes_live = (uint64_t)db_col_i64(s, 3);
                db_reset(s);
                s = index_stmt(c, SQL_LIBRARY_VERSION_COUNT, e);
                r = s ? db_step(s, e) : err_number(ERR_INTERNAL);
        }
        if (r > 0)
                out->n_versions = (uint64_t)db_col_i64(s, 0);
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? r : 0;
}
