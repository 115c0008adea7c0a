/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending.  Small records gather in a buffer; a large one goes out together
 * with what is in the buffer in one pwritev().  A record is in the pending table
 * from the moment its place is known; when a write fails, all whose bytes did
 * not reach the file are forgotten again, and the caller hears of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/statvfs.h>
#include "cas/store.h"

enum {
        BUFFER = 1 << 20,
        BUFFER_SMALL = 256 << 10,
        DIRECT = 64 << 10,                      /* pieces from this size on are not copied */
        PENDING = 32768,                        /* checkpoint by ourselves after so many pieces */
        WRITEBACK = 8 << 20,                    /* ask the kernel to begin writing after so many bytes */
};
#define SYNC_BYTES (UINT64_C(256) << 20)        /* ... or so many bytes */

int cas_writer_new(struct cas_writer **out, struct cas *c, struct err *e)
{
        struct cas_writer *w = calloc(1, sizeof(*w));

        if (!w)
                return err_set(e, ERR_NOMEM, "content library: out of memory");
        w->c = c;
        w->fd = -1;
        w->cap = c->o.small ? BUFFER_SMALL : BUFFER;
        w->buf = malloc(w->cap);
        if (!w->buf || pending_init(&w->pending, PENDING) < 0) {
                free(w->buf);
                free(w);
                return err_set(e, ERR_NOMEM, "content library: out of memory");
        }
        (void)pthread_mutex_init(&w->lock, NULL);
        (void)pthread_mutex_lock(&c->lock);
        list_push_back(&c->writers, &w->link);
        (void)pthread_mutex_unlock(&c->lock);
        *out = w;
        return 0;
}

uint64_t cas_writer_unsynced(struct cas_writer *w)
{
        uint64_t n;

        (void)pthread_mutex_lock(&w->lock);
        n = w->end - w->synced;
        (void)pthread_mutex_unlock(&w->lock);
        return n;
}

/* ---- bytes ---- */

static int room(struct cas *c, uint64_t n, struct err *e)
{
        struct statvfs v;

        if (c->o.reserve_bytes == 0 || fstatvfs(c->packs_fd, &v) < 0)
                return 0;
        if ((uint64_t)v.f_bavail * v.f_frsize >= c->o.reserve_bytes + n)
                return 0;
        return err_set(e, ERR_NO_SPACE,
                       "content library %s: only %" PRIu64 " bytes are free, %" PRIu64 " are to stay free: make room",
                       c->dir, (uint64_t)v.f_bavail * v.f_frsize, c->o.reserve_bytes);
}

static int pwritev_all(int fd, struct iovec *v, int n, off_t at)
{
        while (n > 0) {
                ssize_t done = os.pwritev(fd, v, n, at);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return done < 0 ? -errno : -EIO;
                at += done;
                while (n > 0 && (size_t)done >= v->iov_len) {
                        done -= (ssize_t)v->iov_len;
                        v++;
                        n--;
                }
                if (n > 0) {
                        v->iov_base = (char *)v->iov_base + done;
                        v->iov_len -= (size_t)done;
                }
        }
        return 0;
}

/* What did not reach the file never was there. */
static void forget_unwritten(struct cas_writer *w)
{
        w->n = 0;
        w->end = w->written;
        (void)os.ftruncate(w->fd, (off_t)w->written);
        (void)pthread_mutex_lock(&w->c->lock);
        pending_cut(&w->pending, w->written);
        (void)pthread_mutex_unlock(&w->c->lock);
}

int writer_write_out(struct cas_writer *w, const struct iovec *more, int n_more, struct err *e)
{
        struct iovec v[3];
        uint64_t bytes = w->n;
        int iov = 0, r;

        if (w->n > 0)
                v[iov++] = (struct iovec){ w->buf, w->n };
        for (int i = 0; i < n_more; i++) {
                bytes += more[i].iov_len;
                v[iov++] = more[i];
        }
        if (bytes == 0)
                return 0;
        r = room(w->c, bytes, e);
        if (r == 0) {
                r = pwritev_all(w->fd, v, iov, (off_t)w->written);
                if (r < 0)
                        r = err_sys(e, -r, "content library %s: write pack %08x", w->c->dir, (unsigned)w->pack);
        }
        if (r < 0) {
                forget_unwritten(w);
                return r;
        }
        w->written += bytes;
        w->n = 0;
        if (w->written - w->started >= WRITEBACK) {     /* a hint; its failure costs only time */
                (void)sync_file_range(w->fd, (off_t)w->started, (off_t)(w->written - w->started),
                                      SYNC_FILE_RANGE_WRITE);
                w->started = w->written;
        }
        return 0;
}

static int append(struct cas_writer *w, const struct hash_id *id, const void *p, uint32_t n, struct err *e)
{
        uint8_t header[PIECE_HEADER_LEN];
        int r;

        piece_header_encode(&(struct piece_header){ .n = n, .id = *id }, header);
        if (n >= DIRECT)
                return writer_write_out(w, (struct iovec[]){ { header, sizeof(header) }, { (void *)(uintptr_t)p, n } }, 2, e);
        if (w->n + sizeof(header) + n > w->cap) {
                r = writer_write_out(w, NULL, 0, e);
                if (r < 0)
                        return r;
        }
        memcpy(w->buf + w->n, header, sizeof(header));
        memcpy(w->buf + w->n + sizeof(header), p, n);
        w->n += sizeof(header) + n;
        return 0;
}

/* ---- checkpoints ---- */

/* Let go of the pack, so that others may use or collect it. Under w->lock; everything is synced. */
static void leave_pack(struct cas_writer *w)
{
        (void)pthread_mutex_lock(&w->c->lock);
        if (w->fd >= 0)
                (void)os.close(w->fd);
        w->fd = -1;
        (void)pthread_mutex_unlock(&w->c->lock);
        w->synced = w->durable = w->written = w->end = w->started = 0;
}

/* A failed fdatasync() means that nothing since the last one can be believed, not even when read back. */
static int lost_sync(struct cas_writer *w, int sys, struct err *e)
{
        err_sys(e, sys, "content library %s: sync pack %08x", w->c->dir, (unsigned)w->pack);
        (void)os.ftruncate(w->fd, (off_t)w->synced);
        (void)pthread_mutex_lock(&w->c->lock);
        pending_cut(&w->pending, w->synced);
        (void)pthread_mutex_unlock(&w->c->lock);
        leave_pack(w);
        return err_number(ERR_IO);
}

int writer_sync_bytes(struct cas_writer *w, struct err *e)
{
        int r;

        if (w->fd < 0 || w->end == w->durable)
                return 0;
        r = writer_write_out(w, NULL, 0, e);
        if (r < 0)
                return r;
        if (os.fdatasync(w->fd) < 0 || (w->new_pack && os.fsync(w->c->packs_fd) < 0))
                return lost_sync(w, errno, e);
        w->new_pack = false;
        w->durable = w->end;
        return 0;
}

/* Under w->lock. */
static int sync_writer(struct cas_writer *w, struct err *e)
{
        struct cas *c = w->c;
        int r = writer_sync_bytes(w, e);

        if (r < 0 || w->pending.n == 0)
                return r;
        (void)pthread_mutex_lock(&c->lock);
        r = index_checkpoint(c, w, e);
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? err_prefix(e, "content library %s", c->dir) : 0;
}

int cas_writer_flush(struct cas_writer *w, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&w->lock);
        r = writer_sync_bytes(w, e);
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

int cas_writer_sync(struct cas_writer *w, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&w->lock);
        r = sync_writer(w, e);
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

int cas_checkpoint(struct cas_writer *w, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&w->lock);
        r = sync_writer(w, e);
        if (r == 0) {
                leave_pack(w);
                (void)pthread_mutex_lock(&w->c->lock);
                w->busy_epoch = 0;
                (void)pthread_mutex_unlock(&w->c->lock);
        }
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

void cas_writer_free(struct cas_writer *w)
{
        struct err e = { 0 };
        struct cas *c;

        if (!w)
                return;
        c = w->c;
        /* Others may count on pieces that only we hold; when this fails, they will miss them and say so. */
        if (cas_writer_sync(w, &e) < 0)
                log_warn("cas", "%s", e.text);
        (void)pthread_mutex_lock(&c->lock);
        while (w->pins > 0)
                (void)pthread_cond_wait(&c->unpinned, &c->lock);
        list_del(&w->link);
        (void)pthread_mutex_unlock(&c->lock);
        if (w->fd >= 0)
                (void)os.close(w->fd);
        (void)pthread_mutex_destroy(&w->lock);
        pending_fini(&w->pending);
        free(w->buf);
        free(w);
}

/* ---- putting ---- */

bool writer_has(struct cas *c, const struct hash_id *id)
{
        struct list *l, *tmp;

        list_for_each(l, &c->writers, tmp) {
                if (pending_find(&list_entry(l, struct cas_writer, link)->pending, id))
                        return true;
        }
        return false;
}

int writer_knows(struct cas_writer *w, const struct hash_id *id, bool absent, int64_t *from_out, struct err *e)
{
        struct cas *c = w->c;
        struct index_row row;
        int r;

        *from_out = 0;
        if (w->busy_epoch == 0)
                w->busy_epoch = ++c->epoch;
        if (writer_has(c, id))
                return CAS_E_PRESENT;
        if (absent)
                return 0;
        r = index_find(c, id, &row, e);
        if (r <= 0)
                return r;
        if (row.damaged) {
                *from_out = row.place;
                return 0;
        }
        if (row.refs == 0 && row.epoch < w->busy_epoch)
                pending_add(&w->pending, &(struct pending_entry){ .id = *id, .len = PENDING_TOUCH });
        return CAS_E_PRESENT;
}

int writer_reserve(struct cas_writer *w, const struct hash_id *id, uint32_t n, int64_t from, struct err *e)
{
        int r = w->fd < 0 ? pack_take(w->c, w, e) : 0;

        if (r < 0)
                return r;
        pending_add(&w->pending, &(struct pending_entry){ .id = *id, .at = (uint32_t)w->end, .len = n, .from = from });
        w->end += PIECE_HEADER_LEN + n;
        return 0;
}

static bool pack_full(const struct cas_writer *w, uint32_t n)
{
        return w->fd >= 0 && w->end > 0 && w->end + PIECE_HEADER_LEN + n > w->c->o.pack_bytes;
}

bool writer_needs_room(const struct cas_writer *w, uint32_t n)
{
        return pack_full(w, n) || pending_full(&w->pending) || w->end - w->synced >= SYNC_BYTES;
}

int writer_make_room(struct cas_writer *w, uint32_t n, struct err *e)
{
        bool leave = pack_full(w, n);
        int r;

        if (!writer_needs_room(w, n))
                return 0;
        r = sync_writer(w, e);
        if (r == 0 && leave)
                leave_pack(w);
        return r;
}

static int put(struct cas_writer *w, const struct hash_id *id, const void *p, uint32_t n, int64_t moved_from,
               struct err *e)
{
        int64_t from = moved_from;
        int r = writer_make_room(w, n, e);

        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&w->c->lock);
        r = moved_from ? 0 : writer_knows(w, id, false, &from, e);
        if (r == 0)
                r = writer_reserve(w, id, n, from, e);
        (void)pthread_mutex_unlock(&w->c->lock);
        return r != 0 ? r : append(w, id, p, n, e);
}

int cas_put(struct cas_writer *w, const struct hash_id *id, const void *p, uint32_t n, struct err *e)
{
        int r;

        if (n == 0 || n > PIECE_MAX)
                return err_set(e, ERR_INVALID, "content library: a piece of %u bytes", n);
        (void)pthread_mutex_lock(&w->lock);
        r = put(w, id, p, n, 0, e);
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

int writer_move(struct cas_writer *w, const struct hash_id *id, int64_t from, const void *p, uint32_t n, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&w->lock);
        r = put(w, id, p, n, from, e);
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

/* ---- another thread's writer ---- */

/* Under cas.lock, released and taken again. */
static int write_out_other(struct cas *c, struct cas_writer *w, struct err *e)
{
        int r;

        w->pins++;
        (void)pthread_mutex_unlock(&c->lock);
        (void)pthread_mutex_lock(&w->lock);
        r = writer_write_out(w, NULL, 0, e);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_mutex_lock(&c->lock);
        w->pins--;
        (void)pthread_cond_broadcast(&c->unpinned);
        return r;
}

int writer_flush_pack(struct cas *c, uint32_t pack, struct err *e)
{
        struct list *l;
        int r = 0;

        (void)pthread_mutex_lock(&c->lock);
        for (l = c->writers.next; r == 0 && l != &c->writers; l = l->next) {
                struct cas_writer *w = list_entry(l, struct cas_writer, link);

                if (w->fd >= 0 && w->pack == pack)
                        r = write_out_other(c, w, e);
        }
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}
