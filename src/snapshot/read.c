/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one file.  Its size, times and inode are taken before and after; when
 * they differ, or the bytes are not as many as they say, it is read again, three
 * times, and then the snapshot fails with its name.
 */
#include <errno.h>
#include "snapshot/take.h"

int putter_init(struct putter *p, struct cas *c, struct err *e)
{
        int r = cas_writer_new(&p->writer, c, e);

        if (r < 0)
                return r;
        p->hasher = hasher_new();
        p->buf = malloc(SEGMENT);
        p->new_bytes = 0;
        return p->hasher && p->buf ? 0 : err_set(e, ERR_NOMEM, "snapshot: out of memory");
}

void putter_fini(struct putter *p)
{
        cas_writer_free(p->writer);
        hasher_free(p->hasher);
        free(p->buf);
        memset(p, 0, sizeof(*p));
}

int put_piece(struct putter *p, const void *bytes, uint32_t n, struct hash_id *id_out, struct err *e)
{
        int r;

        hash_bytes_id(p->hasher, bytes, n, id_out);
        r = cas_put(p->writer, id_out, bytes, n, e);
        if (r == CAS_OK)
                p->new_bytes += n;
        return r < 0 ? r : 0;
}

bool stat_same(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
               a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void entry_from_stat(struct manifest_entry *en, const struct stat *st)
{
        int64_t ns;

        en->mode = st->st_mode & 07777;
        en->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
        /* Beyond the years 1678 to 2262 a time does not fit and is no time anybody meant. */
        if (__builtin_mul_overflow((int64_t)st->st_mtim.tv_sec, INT64_C(1000000000), &ns) ||
            __builtin_add_overflow(ns, (int64_t)st->st_mtim.tv_nsec, &ns))
                ns = 0;
        en->mtime_ns = ns;
}

int changed_error(struct str path, struct err *e)
{
        return err_set(e, ERR_CONFLICT,
                       "\"%s\" changes while it is read: stop what writes to it, or give a copy as the source",
                       manifest_shown(path).z);
}

int open_file(int dirfd, const char *name, struct str path, int *fd_out, struct stat *st_out, struct err *e)
{
        int fd = os.openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

        if (fd < 0 && (errno == ENOENT || errno == ELOOP))
                return changed_error(path, e);
        if (fd < 0)
                return err_sys(e, errno, "read \"%s\"", manifest_shown(path).z);
        if (os.fstat(fd, st_out) < 0) {
                int sys = errno;

                (void)os.close(fd);
                return err_sys(e, sys, "read \"%s\"", manifest_shown(path).z);
        }
        if (!S_ISREG(st_out->st_mode)) {
                (void)os.close(fd);
                return changed_error(path, e);
        }
        *fd_out = fd;
        return 0;
}

int read_at(int fd, void *p, size_t n, off_t at, size_t *n_out)
{
        size_t have = 0;

        while (have < n) {
                ssize_t r = os.pread(fd, (char *)p + have, n - have, at + (off_t)have);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -errno;
                if (r == 0)
                        break;
                have += (size_t)r;
        }
        *n_out = have;
        return 0;
}

static int read_error(int r, struct str path, struct err *e)
{
        return err_sys(e, -r, "read \"%s\"", manifest_shown(path).z);
}

/* Did nothing happen to it since before? 0 or 1; < 0. */
static int changed_since(int fd, const struct stat *before, struct str path, struct err *e)
{
        struct stat after;

        if (os.fstat(fd, &after) < 0)
                return read_error(-errno, path, e);
        return !stat_same(before, &after);
}

static int small_open(struct putter *p, struct item *it, int fd, const struct stat *st, struct str path, struct err *e)
{
        size_t n;
        int r;

        if (st->st_size > PIECE_WHOLE)
                return 1;
        r = read_at(fd, p->buf, PIECE_WHOLE + 1, 0, &n);
        if (r < 0)
                return read_error(r, path, e);
        r = changed_since(fd, st, path, e);
        if (r != 0 || n != (size_t)st->st_size)
                return r < 0 ? r : 1;
        entry_from_stat(&it->en, st);
        it->en.n_pieces = n > 0;
        return n > 0 ? put_piece(p, p->buf, (uint32_t)n, &it->id, e) : 0;
}

int read_small(struct putter *p, struct item *it, const char *text, struct err *e)
{
        struct str path = { text + it->path_at, it->en.path.n };
        struct stat st;
        int fd, r = open_file(it->folder->fd, text + it->name_at, path, &fd, &st, e);

        if (r < 0)
                return r;
        r = small_open(p, it, fd, &st, path, e);
        (void)os.close(fd);
        return r;
}

/* ---- alone and in order ---- */

/* The pieces of one reading of an open file, straight to the manifest. */
static int stream(struct take *t, int fd, const struct stat *st, struct str path, struct err *e)
{
        struct putter *p = &t->own;
        bool whole = st->st_size <= PIECE_WHOLE, last = false;
        size_t have = 0, got;
        off_t at = 0;

        while (!last || have > 0) {
                struct hash_id id;
                size_t n;
                int r;

                if (!last) {
                        r = read_at(fd, p->buf + have, SEGMENT - have, at, &got);
                        if (r < 0)
                                return read_error(r, path, e);
                        at += (off_t)got;
                        have += got;
                        last = have < SEGMENT || at > st->st_size;
                        if (have == 0)
                                break;
                }
                n = whole ? MIN(have, (size_t)PIECE_MAX) : cut_next(p->buf, have, last);
                r = put_piece(p, p->buf, (uint32_t)n, &id, e);
                if (r == 0)
                        r = manifest_builder_piece(&t->b, &id, (uint32_t)n, e);
                if (r < 0)
                        return r;
                memmove(p->buf, p->buf + n, have - n);
                have -= n;
                if (t->o->stop && t->o->stop(t->o->ctx))
                        return err_set(e, ERR_CANCELLED, "the snapshot was stopped");
        }
        return 0;
}

/* One try: 0, 1 when it changed. */
static int try_once(struct take *t, struct item *it, const char *text, struct err *e)
{
        struct str path = { text + it->path_at, it->en.path.n };
        struct stat st;
        int fd, r = open_file(it->folder->fd, text + it->name_at, path, &fd, &st, e);

        if (r < 0)
                return r;
        r = stream(t, fd, &st, path, e);
        if (r == 0)
                r = changed_since(fd, &st, path, e);
        (void)os.close(fd);
        if (r != 0)
                return r;
        if (t->b.open_bytes != (uint64_t)st.st_size)
                return 1;
        entry_from_stat(&it->en, &st);
        it->en.n_pieces = t->b.open_pieces;
        return 0;
}

int read_in_order(struct take *t, struct item *it, const char *text, struct err *e)
{
        for (int i = 0; i < REREADS; i++) {
                int r;

                assemble_forget_pieces(t);
                r = try_once(t, it, text, e);
                if (r <= 0)
                        return r;
        }
        return changed_error((struct str){ text + it->path_at, it->en.path.n }, e);
}
