/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files under packs/: their names, their descriptors for reading, and which one
 * a writer gets.
 *
 * Descriptors for reading stay open until cas_close(), because callers borrow
 * them (a sendfile over a slow link takes hours).  When a pack was removed, its
 * descriptor goes on reading the unlinked file for RETIRE_US; then /dev/null is
 * put in its place by dup2(), which gives the disk space back without ever
 * letting the number mean another file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "cas/store.h"

void pack_name(uint32_t pack, char out[PACK_NAME_LEN + 1])
{
        (void)snprintf(out, PACK_NAME_LEN + 1, "%08x.pack", (unsigned)pack);
}

int pack_parse_name(const char *name, uint32_t *out)
{
        uint32_t n = 0;

        for (int i = 0; i < 8; i++) {
                if (name[i] >= '0' && name[i] <= '9')
                        n = n << 4 | (uint32_t)(name[i] - '0');
                else if (name[i] >= 'a' && name[i] <= 'f')
                        n = n << 4 | (uint32_t)(name[i] - 'a' + 10);
                else
                        return -EINVAL;
        }
        if (strcmp(name + 8, ".pack") != 0 || n == 0 || n > INT32_MAX)
                return -EINVAL;
        *out = n;
        return 0;
}

/* ---- reading ---- */

static struct pack_fd *fd_slot(struct cas *c, uint32_t pack, size_t *at_out)
{
        size_t lo = 0, hi = c->n_fds;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (c->fds[mid].pack < pack)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        *at_out = lo;
        return lo < c->n_fds && c->fds[lo].pack == pack ? &c->fds[lo] : NULL;
}

static int fd_add(struct cas *c, size_t at, uint32_t pack, int fd)
{
        if (c->n_fds == c->cap_fds) {
                size_t cap = c->cap_fds ? 2 * c->cap_fds : 16;
                struct pack_fd *p = realloc(c->fds, cap * sizeof(*p));

                if (!p)
                        return -ENOMEM;
                c->fds = p;
                c->cap_fds = cap;
        }
        memmove(c->fds + at + 1, c->fds + at, (c->n_fds - at) * sizeof(*c->fds));
        c->fds[at] = (struct pack_fd){ .pack = pack, .fd = fd };
        c->n_fds++;
        return 0;
}

static int open_pack(struct cas *c, uint32_t pack, int *fd_out, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        struct pack_fd *have;
        size_t at;
        int fd;

        have = fd_slot(c, pack, &at);
        if (have) {
                *fd_out = have->fd;
                return 0;
        }
        pack_name(pack, name);
        fd = os.openat(c->packs_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
        if (fd < 0 && errno == ENOENT)
                return err_set(e, ERR_GONE, "pack %s is not there: look the piece up again, or validate", name);
        if (fd < 0)
                return err_sys(e, errno, "open pack %s", name);
        if (fd_add(c, at, pack, fd) < 0) {
                (void)os.close(fd);
                return err_set(e, ERR_NOMEM, "open pack %s: out of memory", name);
        }
        *fd_out = fd;
        return 0;
}

int cas_extent_open(struct cas *c, uint32_t pack, int *fd_out, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&c->packs_lock);
        r = open_pack(c, pack, fd_out, e);
        (void)pthread_mutex_unlock(&c->packs_lock);
        return r;
}

/* Its name is gone. */
static void retire(struct cas *c, uint32_t pack)
{
        struct pack_fd *f;
        size_t at;

        (void)pthread_mutex_lock(&c->packs_lock);
        f = fd_slot(c, pack, &at);
        if (f)
                f->retired_us = os_mono_us();
        (void)pthread_mutex_unlock(&c->packs_lock);
}

void pack_close_retired(struct cas *c, int64_t now_us)
{
        int nothing = -1;

        (void)pthread_mutex_lock(&c->packs_lock);
        for (size_t i = 0; i < c->n_fds; i++) {
                struct pack_fd *f = &c->fds[i];

                if (f->retired_us == 0 || now_us - f->retired_us < RETIRE_US)
                        continue;
                if (nothing < 0)
                        nothing = os.openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
                if (nothing >= 0 && dup3(nothing, f->fd, O_CLOEXEC) >= 0)
                        f->retired_us = INT64_MAX;      /* now_us - INT64_MAX is small for ever */
        }
        (void)pthread_mutex_unlock(&c->packs_lock);
        if (nothing >= 0)
                (void)os.close(nothing);
}

void pack_close_all(struct cas *c)
{
        for (size_t i = 0; i < c->n_fds; i++)
                (void)os.close(c->fds[i].fd);
        free(c->fds);
        c->fds = NULL;
        c->n_fds = c->cap_fds = 0;
}

/* ---- writing ---- */

static bool taken(struct cas *c, uint32_t pack)
{
        struct list *l, *tmp;

        if (pack == c->gc_pack)
                return true;
        list_for_each(l, &c->writers, tmp) {
                struct cas_writer *w = list_entry(l, struct cas_writer, link);

                if (w->fd >= 0 && w->pack == pack)
                        return true;
        }
        return false;
}

/* A pack that has room and belongs to nobody: 1, 0 when there is none. */
static int find_room(struct cas *c, uint32_t *pack_out, uint64_t *len_out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PACK_ROOM, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        /* Room for one record at least; a small pack limit (tests) still fills packs. */
        db_bind_i64(s, 1, (int64_t)(c->o.pack_bytes > RECORD_MAX ? c->o.pack_bytes - RECORD_MAX : 1));
        while ((r = db_step(s, e)) > 0) {
                *pack_out = (uint32_t)db_col_i64(s, 0);
                *len_out = (uint64_t)db_col_i64(s, 1);
                if (!taken(c, *pack_out))
                        break;
        }
        db_reset(s);
        return r;
}

/* Open a pack to append at len.  1 done; 0: it is not as the index says and was sealed. */
static int reopen(struct cas *c, struct cas_writer *w, uint32_t pack, uint64_t len, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        struct stat st;
        int fd;

        pack_name(pack, name);
        fd = os.openat(c->packs_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0);
        if (fd < 0 && errno != ENOENT)
                return err_sys(e, errno, "open pack %s", name);
        if (fd < 0)
                return index_pack_state(c, pack, PACK_STATE_SEALED, e);
        if (os.fstat(fd, &st) < 0 || ((uint64_t)st.st_size > len && os.ftruncate(fd, (off_t)len) < 0)) {
                int sys = errno;

                (void)os.close(fd);
                return err_sys(e, sys, "prepare pack %s", name);
        }
        if ((uint64_t)st.st_size < len) {
                (void)os.close(fd);
                return index_pack_state(c, pack, PACK_STATE_SEALED, e);
        }
        w->fd = fd;
        w->pack = pack;
        w->new_pack = false;
        w->synced = w->durable = w->written = w->end = w->started = len;
        return 1;
}

static int next_number(struct cas *c, uint32_t *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PACK_MAX, e);
        int64_t next = 0;
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        r = db_step(s, e);
        if (r > 0)
                next = db_col_i64(s, 0) + 1;
        db_reset(s);
        if (r >= 0) {
                int64_t kept;

                r = index_meta_get(c, "next_pack", &kept, e);
                next = MAX(next, kept);
        }
        *out = (uint32_t)MAX(next, 1);
        return r;
}

/* The number is remembered so that a removed pack's number never means another file. */
static int register_pack(struct cas *c, uint32_t pack, struct err *e)
{
        struct db_stmt *s;
        int r = db_begin(c->db, e);

        if (r < 0)
                return r;
        s = index_stmt(c, SQL_LIBRARY_PACK_ADD, e);
        if (!s)
                return index_end(c, err_number(ERR_INTERNAL), e);
        db_bind_i64(s, 1, pack);
        r = db_run(s, e);
        if (r == 0)
                r = index_meta_set(c, "next_pack", (int64_t)pack + 1, e);
        return index_end(c, r, e);
}

static int create(struct cas *c, struct cas_writer *w, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        uint32_t pack = 0;
        int fd, r = next_number(c, &pack, e);

        if (r < 0)
                return r;
        for (;; pack++) {
                if (pack > INT32_MAX)
                        return err_set(e, ERR_TOO_LARGE, "content library %s: no pack number left", c->dir);
                pack_name(pack, name);
                fd = os.openat(c->packs_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
                if (fd >= 0)
                        break;
                if (errno != EEXIST)
                        return err_sys(e, errno, "create pack %s", name);
        }
        r = register_pack(c, pack, e);
        if (r < 0) {
                (void)os.close(fd);
                (void)os.unlinkat(c->packs_fd, name, 0);
                return r;
        }
        w->fd = fd;
        w->pack = pack;
        w->new_pack = true;
        w->synced = w->durable = w->written = w->end = w->started = 0;
        return 0;
}

int pack_take(struct cas *c, struct cas_writer *w, struct err *e)
{
        uint32_t pack = 0;
        uint64_t len = 0;
        int r;

        while ((r = find_room(c, &pack, &len, e)) > 0) {
                r = reopen(c, w, pack, len, e);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return r < 0 ? r : create(c, w, e);
}

/* ---- removing ---- */

/* In one transaction: nothing sound lies there, and the pack is on its way out. */
static int mark_removing(struct cas *c, uint32_t pack, struct err *e)
{
        struct db_stmt *s;
        int r = db_begin(c->db, e);

        if (r < 0)
                return r;
        s = index_stmt(c, SQL_LIBRARY_PIECE_LOSE, e);
        if (!s)
                return index_end(c, err_number(ERR_INTERNAL), e);
        db_bind_i64(s, 1, place_of(pack, 0));
        db_bind_i64(s, 2, place_of(pack, UINT32_MAX));
        r = db_run(s, e);
        if (r == 0)
                r = index_pack_state(c, pack, PACK_STATE_REMOVING, e);
        return index_end(c, r, e);
}

int pack_remove(struct cas *c, uint32_t pack, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        struct db_stmt *s;
        int r = mark_removing(c, pack, e);

        if (r < 0)
                return r;
        pack_name(pack, name);
        if (os.unlinkat(c->packs_fd, name, 0) < 0 && errno != ENOENT)
                return err_sys(e, errno, "remove pack %s", name);
        retire(c, pack);
        s = index_stmt(c, SQL_LIBRARY_PACK_DELETE, e);
        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, pack);
        return db_run(s, e);
}
