/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A version as a plain tree.  Folders are made writable first and get their mode
 * and time when everything in them is there, deepest first.  Nothing is followed:
 * every name is made with O_EXCL or mkdirat() under a descriptor of its folder.
 */
#include <errno.h>
#include "cas/store.h"

struct level {                          /* a folder that is open */
        int fd;
        size_t path_len;                /* its path is that long */
        uint32_t mode;
        int64_t mtime_ns;
};

struct extract {
        struct cas *c;
        const struct cas_manifest *m;
        struct hasher *h;
        uint8_t *buf;                   /* PIECE_MAX */
        struct level levels[MANIFEST_DEPTH_MAX + 1];
        unsigned depth;                 /* levels in use; the root is the first */
        char path[MANIFEST_PATH_MAX + 1];       /* of the deepest level */
};

static int set_times(int dirfd, const char *name, int64_t mtime_ns, struct err *e)
{
        struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
        int64_t s = mtime_ns / 1000000000, ns = mtime_ns % 1000000000;

        if (ns < 0) {
                ns += 1000000000;
                s--;
        }
        ts[1].tv_sec = s;
        ts[1].tv_nsec = ns;
        if (os.utimensat(dirfd, name, ts, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, errno, "set time of %s", name);
        return 0;
}

/* The deepest folder is complete. */
static int leave(struct extract *x, struct err *e)
{
        struct level *l = &x->levels[--x->depth];
        int r = set_times(l->fd, ".", l->mtime_ns, e);

        if (r == 0 && os.fchmodat(l->fd, ".", l->mode, 0) < 0)
                r = err_sys(e, errno, "set mode of \"%s\"", manifest_shown((struct str){ x->path, l->path_len }).z);
        (void)os.close(l->fd);
        if (x->depth > 0)
                x->path[x->levels[x->depth - 1].path_len] = '\0';
        return r;
}

/* Go up to the folder of path; what is below it is complete. Its last component is put into name. */
static int to_folder_of(struct extract *x, struct str path, char name[MANIFEST_NAME_MAX + 1], struct err *e)
{
        size_t parent = path.n;

        while (parent > 0 && path.p[parent - 1] != '/')
                parent--;
        memcpy(name, path.p + parent, path.n - parent);
        name[path.n - parent] = '\0';
        parent -= parent > 0;
        while (x->levels[x->depth - 1].path_len != parent || memcmp(x->path, path.p, parent) != 0) {
                int r;

                if (x->depth == 1)
                        return err_set(e, ERR_CORRUPT, "manifest: \"%s\" has no folder", manifest_shown(path).z);
                r = leave(x, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int enter(struct extract *x, int fd, const struct manifest_entry *en)
{
        x->levels[x->depth++] = (struct level){ .fd = fd, .path_len = en->path.n, .mode = en->mode,
                                                .mtime_ns = en->mtime_ns };
        if (en->path.n > 0)
                memcpy(x->path, en->path.p, en->path.n);
        x->path[en->path.n] = '\0';
        return 0;
}

static int make_folder(struct extract *x, int dirfd, const char *name, const struct manifest_entry *en, struct err *e)
{
        int fd;

        if (os.mkdirat(dirfd, name, 0700) < 0)
                return err_sys(e, errno, "create folder \"%s\"", manifest_shown(en->path).z);
        fd = os.openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (fd < 0)
                return err_sys(e, errno, "open folder \"%s\"", manifest_shown(en->path).z);
        return enter(x, fd, en);
}

static int write_pieces(struct extract *x, int fd, const struct manifest_entry *en, struct err *e)
{
        for (uint64_t i = 0; i < en->n_pieces; i++) {
                struct cas_extent at;
                struct hash_id id;
                uint32_t len;
                int r;

                manifest_piece(&x->m->m, en->first_piece + i, &id, &len);
                r = cas_find(x->c, &id, &at, e);
                if (r == CAS_OK)
                        r = at.len == len ? cas_read(x->c, x->h, &at, &id, x->buf, e) : CAS_E_MISMATCH;
                if (r == CAS_E_MISMATCH && cas_mark_damaged(x->c, &id, e) < 0)
                        return err_number(ERR_IO);
                if (r > 0)
                        return err_set(e, ERR_CORRUPT, "\"%s\": a piece of it is missing or damaged",
                                       manifest_shown(en->path).z);
                if (r < 0)
                        return r;
                r = os_write_all(fd, x->buf, len);
                if (r < 0)
                        return err_sys(e, -r, "write \"%s\"", manifest_shown(en->path).z);
        }
        return 0;
}

static int make_file(struct extract *x, int dirfd, const char *name, const struct manifest_entry *en, struct err *e)
{
        int r, fd = os.openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
                return err_sys(e, errno, "create \"%s\"", manifest_shown(en->path).z);
        r = write_pieces(x, fd, en, e);
        if (os.close(fd) < 0 && r == 0)
                r = err_sys(e, errno, "close \"%s\"", manifest_shown(en->path).z);
        if (r == 0 && os.fchmodat(dirfd, name, en->mode, 0) < 0)
                r = err_sys(e, errno, "set mode of \"%s\"", manifest_shown(en->path).z);
        return r < 0 ? r : set_times(dirfd, name, en->mtime_ns, e);
}

static int make_link(int dirfd, const char *name, const struct manifest_entry *en, struct err *e)
{
        char target[MANIFEST_PATH_MAX + 1];

        memcpy(target, en->target.p, en->target.n);
        target[en->target.n] = '\0';
        if (os.symlinkat(target, dirfd, name) < 0)
                return err_sys(e, errno, "create link \"%s\"", manifest_shown(en->path).z);
        return set_times(dirfd, name, en->mtime_ns, e);
}

static int one_entry(struct extract *x, const struct manifest_entry *en, struct err *e)
{
        char name[MANIFEST_NAME_MAX + 1];
        int dirfd, r = to_folder_of(x, en->path, name, e);

        if (r < 0)
                return r;
        dirfd = x->levels[x->depth - 1].fd;
        switch (en->type) {
        case MANIFEST_DIR:
                return make_folder(x, dirfd, name, en, e);
        case MANIFEST_FILE:
                return make_file(x, dirfd, name, en, e);
        case MANIFEST_SYMLINK:
                return make_link(dirfd, name, en, e);
        }
        return err_set(e, ERR_INTERNAL, "manifest: unknown type");
}

static int all_entries(struct extract *x, int target_fd, struct err *e)
{
        struct manifest_cursor cur;
        struct manifest_entry en;
        int r;

        manifest_first(&x->m->m, &cur);
        r = manifest_next(&cur, &en, e);        /* the root folder: that is the target itself */
        if (r <= 0) {
                (void)os.close(target_fd);
                return r < 0 ? r : err_set(e, ERR_CORRUPT, "manifest: empty");
        }
        (void)enter(x, target_fd, &en);
        while ((r = manifest_next(&cur, &en, e)) > 0) {
                r = one_entry(x, &en, e);
                if (r < 0)
                        break;
                if (cur.entry % 1024 == 0)
                        manifest_behind(x->m, en.first_piece, cur.c.p);
        }
        while (r == 0 && x->depth > 0)
                r = leave(x, e);
        while (x->depth > 0)
                (void)os.close(x->levels[--x->depth].fd);
        return r;
}

/* The target, new or empty. */
static int open_target(const char *target, int *fd_out, struct err *e)
{
        struct dirent *d;
        unsigned n = 0;
        DIR *dir;
        int copy, r = os_mkdir_p(target, 0700, e);

        if (r < 0)
                return r;
        *fd_out = os.openat(AT_FDCWD, target, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (*fd_out < 0)
                return err_sys(e, errno, "open %s", target);
        copy = os.openat(*fd_out, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        dir = copy < 0 ? NULL : os.fdopendir(copy);
        if (!dir) {
                r = err_sys(e, errno, "list %s", target);
                if (copy >= 0)
                        (void)os.close(copy);
                (void)os.close(*fd_out);
                return r;
        }
        while ((d = os.readdir(dir)))
                n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
        (void)os.closedir(dir);
        if (n == 0)
                return 0;
        (void)os.close(*fd_out);
        return err_set(e, ERR_EXISTS, "%s is not empty: name a new folder", target);
}

int cas_extract(struct cas *c, const struct cas_version *v, const char *target, struct err *e)
{
        struct cas_manifest m;
        struct extract *x;
        int fd, r = manifest_open_checked(c, &v->manifest, &m, e);

        if (r > 0)
                return err_set(e, ERR_CORRUPT, "package %s version %u: its manifest is missing or damaged", v->package,
                               (unsigned)v->version);
        if (r < 0)
                return r;
        x = calloc(1, sizeof(*x));
        if (x) {
                *x = (struct extract){ .c = c, .m = &m, .h = hasher_new(), .buf = malloc(PIECE_MAX) };
        }
        if (!x || !x->h || !x->buf)
                r = err_set(e, ERR_NOMEM, "extract package %s: out of memory", v->package);
        else
                r = open_target(target, &fd, e);
        if (r == 0)
                r = all_entries(x, fd, e);
        if (x) {
                hasher_free(x->h);
                free(x->buf);
                free(x);
        }
        cas_manifest_close(&m);
        return r < 0 ? err_prefix(e, "extract package %s", v->package) : 0;
}
