/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a snapshot, from the first look to the commit.
 *
 *      walk, read, hash, put       bytes in packs
 *      sync every writer           bytes on disk
 *      publish the manifest        from here on it keeps the pieces
 *      commit the version          one transaction: pieces in the index, it is there
 *
 * Whatever ends it before the last step leaves pieces that nobody names; the next
 * snapshot finds them, or garbage collection does.
 */
#include <errno.h>
#include "snapshot/take.h"

int snapshot_check_source(const char *source, struct err *e)
{
        struct dirent *d;
        DIR *dir;
        int fd;

        if (!source || source[0] != '/')
                return err_set(e, ERR_INVALID, "source folder \"%s\": give an absolute path", source ? source : "");
        fd = os.openat(AT_FDCWD, source, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0 && errno == ENOENT)
                return err_set(e, ERR_NOT_FOUND, "source folder %s is not there: create it, or name another", source);
        if (fd < 0 && errno == ENOTDIR)
                return err_set(e, ERR_INVALID, "source folder %s is not a folder", source);
        if (fd < 0 && errno == EACCES)
                return err_set(e, ERR_DENIED, "source folder %s cannot be read: let the site server's user read it",
                               source);
        if (fd < 0)
                return err_sys(e, errno, "source folder %s", source);
        dir = os.fdopendir(fd);
        if (!dir) {
                int sys = errno;

                (void)os.close(fd);
                return err_sys(e, sys, "source folder %s", source);
        }
        errno = 0;
        d = os.readdir(dir);
        if (!d && errno) {
                int sys = errno;

                (void)os.closedir(dir);
                return err_sys(e, sys, "source folder %s", source);
        }
        (void)os.closedir(dir);
        return 0;
}

static unsigned threads_for(const struct snapshot_opts *o)
{
        long n = o->threads ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);

        return (unsigned)(n < 1 ? 1 : MIN(n, (long)THREADS_MAX));
}

static int read_tree(struct take *t, struct err *e)
{
        int fd = os.openat(AT_FDCWD, t->o->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        struct err later = { 0 };
        int r, end;

        if (fd < 0)
                return err_sys(e, errno, "open the folder");
        r = assemble_start(t, e);
        if (r == 0)
                r = pipe_start(t, threads_for(t->o), e);
        if (r == 0)
                r = walk(t, fd, e);
        else
                (void)os.close(fd);
        end = pipe_end(t, r < 0, r < 0 ? &later : e);
        return r < 0 ? r : end;
}

static int publish(struct take *t, struct snapshot_result *out, struct err *e)
{
        int fd, r = assemble_end(t, &out->manifest, &fd, e);

        if (r < 0)
                return r;
        r = cas_manifest_put(t->c, fd, &out->manifest, e);
        if (r > 0)
                return err_set(e, ERR_INTERNAL, "the manifest does not have the hash just computed");
        if (r < 0)
                return r;
        r = cas_version_commit(t->c, t->o->package, t->o->version, &out->manifest, false, e);
        if (r != 0) {
                struct err ignored = { 0 };

                if (cas_manifest_drop(t->c, &out->manifest, &ignored) < 0)
                        log_warn("snapshot", "%s", ignored.text);
        }
        return r > 0 ? err_set(e, ERR_CONFLICT, "a piece was lost meanwhile: take the snapshot again") : r;
}

static void result(const struct take *t, struct snapshot_result *out)
{
        out->n_entries = t->b.n_entries;
        out->n_files = t->b.n_files;
        out->total_bytes = t->b.total_bytes;
        out->new_bytes = t->own.new_bytes;
        for (unsigned i = 0; i < t->n_workers; i++)
                out->new_bytes += t->workers[i].p.new_bytes;
}

int snapshot_take(struct cas *c, const struct snapshot_opts *o, struct snapshot_result *out, struct err *e)
{
        struct take *t = calloc(1, sizeof(*t));
        struct snapshot_result res = { 0 };
        int r = snapshot_check_source(o->source, e);

        if (r == 0 && !t)
                r = err_set(e, ERR_NOMEM, "snapshot: out of memory");
        if (r < 0) {
                free(t);
                return r;
        }
        t->c = c;
        t->o = o;
        t->manifest_fd = t->entries_fd = -1;
        (void)pthread_mutex_init(&t->lock, NULL);
        (void)pthread_cond_init(&t->work, NULL);
        (void)pthread_cond_init(&t->done, NULL);
        r = read_tree(t, e);
        if (r == 0)
                r = publish(t, &res, e);
        if (r == 0) {
                result(t, &res);
                *out = res;
        }
        pipe_free(t);
        assemble_free(t);
        (void)pthread_mutex_destroy(&t->lock);
        (void)pthread_cond_destroy(&t->work);
        (void)pthread_cond_destroy(&t->done);
        free(t);
        return r < 0 ? err_prefix(e, "snapshot of %s", o->source) : 0;
}
