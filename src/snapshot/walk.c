/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the source.  Every folder is opened by its name under the descriptor
 * of the one above, never through a link; its names are sorted; then each is
 * dealt with in order.  Small files go into batches for the workers; a large
 * one is read and cut here, and its segments go to the workers.
 */
#include <errno.h>
#include "snapshot/take.h"

enum { NAMES_LIMIT = 256 << 20 };               /* bytes of names in one folder: about ten million files */

struct names {
        struct buf text;                        /* NUL-terminated names */
        char **v;                               /* sorted */
        size_t n;
};

static int fail_path(struct take *t, size_t path_len, int sys, const char *what, struct err *e)
{
        return err_sys(e, sys, "%s \"%s\"", what, manifest_shown((struct str){ t->path, path_len }).z);
}

/* ---- names of a folder ---- */

static int by_bytes(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_bytes_nocase(const void *a, const void *b)
{
        return str_cmp_nocase(str_of(*(char *const *)a), str_of(*(char *const *)b));
}

static void names_free(struct names *s)
{
        buf_fini(&s->text);
        free(s->v);
}

static int read_names(struct take *t, DIR *dir, size_t path_len, struct names *s, struct err *e)
{
        struct dirent *d;

        for (;;) {
                errno = 0;
                d = os.readdir(dir);
                if (!d)
                        return errno ? fail_path(t, path_len, errno, "list folder", e) : 0;
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                        continue;
                buf_add(&s->text, d->d_name, strlen(d->d_name) + 1);
                s->n++;
                if (s->text.failed)
                        return fail_path(t, path_len, ENOMEM, "too many names in folder", e);
        }
}

static int list(struct take *t, int fd, size_t path_len, struct names *s, struct err *e)
{
        int r, copy = os.openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        DIR *dir = copy < 0 ? NULL : os.fdopendir(copy);
        char *p;

        if (!dir) {
                r = fail_path(t, path_len, errno, "list folder", e);
                if (copy >= 0)
                        (void)os.close(copy);
                return r;
        }
        r = read_names(t, dir, path_len, s, e);
        (void)os.closedir(dir);
        if (r < 0)
                return r;
        s->v = calloc(s->n + 1, sizeof(*s->v));
        if (!s->v)
                return err_set(e, ERR_NOMEM, "snapshot: out of memory");
        p = s->text.p;
        for (size_t i = 0; i < s->n; i++) {
                s->v[i] = p;
                p += strlen(p) + 1;
        }
        return 0;
}

static int refuse_collisions(struct take *t, size_t path_len, struct names *s, struct err *e)
{
        qsort(s->v, s->n, sizeof(*s->v), by_bytes_nocase);
        for (size_t i = 1; i < s->n; i++) {
                if (str_cmp_nocase(str_of(s->v[i - 1]), str_of(s->v[i])) != 0)
                        continue;
                return err_set(e, ERR_INVALID,
                               "folder \"%s\": \"%s\" and \"%s\" differ only in case, and are one for clients: rename one",
                               manifest_shown((struct str){ t->path, path_len }).z,
                               manifest_shown(str_of(s->v[i - 1])).z, manifest_shown(str_of(s->v[i])).z);
        }
        return 0;
}

/* ---- batches ---- */

/* Room for one more item, with a folder to keep open or not. */
static int batch_for(struct take *t, bool folder, uint64_t bytes, struct batch **out, struct err *e)
{
        struct batch *b;
        int r = pipe_batch(t, &b, e);

        if (r < 0)
                return r;
        if (b->n_items == BATCH_ITEMS || b->bytes + bytes > BATCH_BYTES || (folder && b->n_folders == BATCH_FOLDERS)) {
                pipe_submit(t);
                r = pipe_batch(t, &b, e);
        }
        *out = b;
        return r;
}

/* Whatever is in the batch being filled goes to the workers. */
static int submit_items(struct take *t, struct err *e)
{
        struct batch *b;
        int r = pipe_batch(t, &b, e);

        if (r == 0 && b->n_items > 0)
                pipe_submit(t);
        return r;
}

static int add_item(struct take *t, const struct manifest_entry *en, size_t path_len, size_t name_at,
                    struct folder *folder, enum item_state state, struct err *e)
{
        struct batch *b;
        struct item *it;
        int r = batch_for(t, folder != NULL, state == ITEM_SMALL ? en->size : 0, &b, e);

        if (r < 0)
                return r;
        it = &b->items[b->n_items];
        *it = (struct item){ .en = *en, .folder = folder, .state = state };
        it->path_at = b->text.n;
        it->name_at = b->text.n + name_at;
        it->en.path.n = path_len;
        buf_add(&b->text, t->path, path_len);
        buf_addc(&b->text, '\0');
        it->target_at = b->text.n;
        buf_adds(&b->text, en->target);
        if (b->text.failed)
                return err_set(e, ERR_NOMEM, "snapshot: out of memory");
        if (folder) {
                folder->refs++;
                b->n_folders += b->n_items == 0 || b->items[b->n_items - 1].folder != folder;
        }
        b->bytes += state == ITEM_SMALL ? en->size : 0;
        b->n_items++;
        return 0;
}

/* ---- a large file ---- */

/* Cut what is in the batch; what is too short to cut yet is carried over. */
static void cut(struct take *t, struct batch *b, bool last, size_t *carry)
{
        size_t at = 0;

        while (at < b->n_data && (last || b->n_data - at >= PIECE_MAX)) {
                size_t n = cut_next(b->data + at, b->n_data - at, last);

                b->pieces[b->n_pieces++] = (struct segment_piece){ .at = (uint32_t)at, .len = (uint32_t)n };
                at += n;
        }
        *carry = b->n_data - at;
        memcpy(t->carry, b->data + at, *carry);
}

/* Read to the end; one that grows all the while is left, having changed. */
static int segments(struct take *t, int fd, off_t size, size_t path_len, struct err *e)
{
        size_t carry = 0;
        bool last = false;
        off_t at = 0;

        while (!last) {
                struct batch *b;
                size_t got;
                int r = pipe_batch(t, &b, e);

                if (r < 0)
                        return r;
                if (!b->data)
                        b->data = malloc(SEGMENT);
                if (!b->data)
                        return err_set(e, ERR_NOMEM, "snapshot: out of memory");
                memcpy(b->data, t->carry, carry);
                r = read_at(fd, b->data + carry, SEGMENT - carry, at, &got);
                if (r < 0)
                        return fail_path(t, path_len, -r, "read", e);
                at += (off_t)got;
                b->n_data = carry + got;
                last = b->n_data < SEGMENT || at > size;
                b->segment = true;
                cut(t, b, last, &carry);
                pipe_submit(t);
        }
        return 0;
}

static int large_file(struct take *t, struct folder *f, const char *name, size_t path_len, size_t name_at,
                      struct err *e)
{
        struct manifest_entry en = { .type = MANIFEST_FILE };
        struct stat st, after;
        int fd, r = open_file(f->fd, name, (struct str){ t->path, path_len }, &fd, &st, e);

        if (r < 0)
                return r;
        if (st.st_size <= PIECE_WHOLE) {        /* shrunk since it was listed */
                (void)os.close(fd);
                return add_item(t, &en, path_len, name_at, f, ITEM_AGAIN, e);
        }
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        r = submit_items(t, e);
        if (r == 0)
                r = segments(t, fd, st.st_size, path_len, e);
        if (r == 0 && os.fstat(fd, &after) < 0)
                r = fail_path(t, path_len, errno, "read", e);
        (void)os.close(fd);
        if (r < 0)
                return r;
        entry_from_stat(&en, &st);
        return add_item(t, &en, path_len, name_at, f, stat_same(&st, &after) ? ITEM_LARGE : ITEM_LARGE_AGAIN, e);
}

/* ---- one name ---- */

static int walk_folder(struct take *t, struct folder *f, size_t path_len, struct err *e);

static int sub_folder(struct take *t, struct folder *parent, const char *name, size_t path_len, size_t name_at,
                      struct err *e)
{
        struct manifest_entry en = { .type = MANIFEST_DIR };
        struct folder *f;
        struct stat st;
        int r, fd = os.openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
                return changed_error((struct str){ t->path, path_len }, e);
        if (fd < 0)
                return fail_path(t, path_len, errno, "open folder", e);
        f = calloc(1, sizeof(*f));
        if (!f) {
                (void)os.close(fd);
                return err_set(e, ERR_NOMEM, "snapshot: out of memory");
        }
        *f = (struct folder){ .fd = fd, .refs = 1 };
        if (os.fstat(fd, &st) < 0)
                r = fail_path(t, path_len, errno, "open folder", e);
        else if (cas_is_inside(t->c, st.st_dev, st.st_ino))
                r = err_set(e, ERR_INVALID, "\"%s\" is the content library itself: choose a source without it",
                            manifest_shown((struct str){ t->path, path_len }).z);
        else {
                entry_from_stat(&en, &st);
                r = add_item(t, &en, path_len, name_at, NULL, ITEM_PLAIN, e);
        }
        if (r == 0)
                r = walk_folder(t, f, path_len, e);
        folder_unref(f);
        return r;
}

static int symbolic_link(struct take *t, struct folder *f, const char *name, size_t path_len, size_t name_at,
                         const struct stat *st, struct err *e)
{
        struct manifest_entry en = { .type = MANIFEST_SYMLINK };
        char target[MANIFEST_PATH_MAX + 1];
        ssize_t n = os.readlinkat(f->fd, name, target, sizeof(target));
        bool inner;

        if (n < 0 && (errno == ENOENT || errno == EINVAL))
                return changed_error((struct str){ t->path, path_len }, e);
        if (n < 0)
                return fail_path(t, path_len, errno, "read link", e);
        entry_from_stat(&en, st);
        en.target = (struct str){ target, (size_t)n };
        if (manifest_link_ok((struct str){ t->path, path_len }, en.target, &inner))
                return add_item(t, &en, path_len, name_at, NULL, ITEM_PLAIN, e);
        return err_set(e, ERR_INVALID,
                       "symbolic link \"%s\" -> \"%s\" leads out of the source: make it relative and inside",
                       manifest_shown((struct str){ t->path, path_len }).z, manifest_shown(en.target).z);
}

static int one_name(struct take *t, struct folder *f, const char *name, size_t path_len, size_t name_at, struct err *e)
{
        struct manifest_entry en = { .type = MANIFEST_FILE };
        struct stat st;

        if (os.fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? changed_error((struct str){ t->path, path_len }, e) :
                                         fail_path(t, path_len, errno, "examine", e);
        if (S_ISDIR(st.st_mode))
                return sub_folder(t, f, name, path_len, name_at, e);
        if (S_ISLNK(st.st_mode))
                return symbolic_link(t, f, name, path_len, name_at, &st, e);
        if (S_ISREG(st.st_mode) && st.st_size > PIECE_WHOLE)
                return large_file(t, f, name, path_len, name_at, e);
        if (S_ISREG(st.st_mode)) {
                entry_from_stat(&en, &st);
                return add_item(t, &en, path_len, name_at, f, ITEM_SMALL, e);
        }
        return err_set(e, ERR_INVALID, "\"%s\" is a device, socket or FIFO: packages hold files, folders and links",
                       manifest_shown((struct str){ t->path, path_len }).z);
}

static int all_names(struct take *t, struct folder *f, size_t path_len, const struct names *s, struct err *e)
{
        size_t name_at = path_len > 0 ? path_len + 1 : 0;

        for (size_t i = 0; i < s->n; i++) {
                size_t n = strlen(s->v[i]);
                int r;

                if (path_len > 0)
                        t->path[path_len] = '/';
                if (name_at + n > MANIFEST_PATH_MAX) {
                        t->path[path_len] = '\0';
                        return err_set(e, ERR_INVALID, "folder \"%s\": a path in it is longer than %d bytes: shorten names",
                                       manifest_shown((struct str){ t->path, path_len }).z, MANIFEST_PATH_MAX);
                }
                memcpy(t->path + name_at, s->v[i], n + 1);
                if (!manifest_path_ok((struct str){ t->path, name_at + n }))
                        return err_set(e, ERR_INVALID, "\"%s\": folders are nested deeper than %d",
                                       manifest_shown((struct str){ t->path, name_at + n }).z, MANIFEST_DEPTH_MAX);
                r = one_name(t, f, s->v[i], name_at + n, name_at, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int walk_folder(struct take *t, struct folder *f, size_t path_len, struct err *e)
{
        struct names s = { 0 };
        int r;

        buf_init(&s.text, NAMES_LIMIT);
        r = list(t, f->fd, path_len, &s, e);
        if (r == 0 && t->o->refuse_case_collisions)
                r = refuse_collisions(t, path_len, &s, e);
        if (r == 0) {
                qsort(s.v, s.n, sizeof(*s.v), by_bytes);
                r = all_names(t, f, path_len, &s, e);
        }
        names_free(&s);
        return r;
}

int walk(struct take *t, int root_fd, struct err *e)
{
        struct manifest_entry en = { .type = MANIFEST_DIR };
        struct folder *f = calloc(1, sizeof(*f));
        struct stat st;
        int r;

        if (!f) {
                (void)os.close(root_fd);
                return err_set(e, ERR_NOMEM, "snapshot: out of memory");
        }
        *f = (struct folder){ .fd = root_fd, .refs = 1 };
        if (os.fstat(root_fd, &st) < 0)
                r = err_sys(e, errno, "examine the folder");
        else if (cas_is_inside(t->c, st.st_dev, st.st_ino))
                r = err_set(e, ERR_INVALID, "it is the content library itself");
        else {
                entry_from_stat(&en, &st);
                r = add_item(t, &en, 0, 0, NULL, ITEM_PLAIN, e);
        }
        if (r == 0)
                r = walk_folder(t, f, 0, e);
        if (r == 0)
                r = submit_items(t, e);
        if (r == 0)
                r = pipe_drain(t, e);
        folder_unref(f);
        return r;
}
