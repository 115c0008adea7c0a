/* SPDX-License-Identifier: Apache-2.0 */
/* A file, or a range of it, as a stream of checked pieces. */
#include "dp/internal.h"
#include "dp/serve.h"
#include "dp/serve_state.h"
#include "os/os.h"

struct file {
        struct http_stream s;
        struct dp *dp;
        struct cas_manifest man;
        struct serve_part part;
        struct job job;
        bool busy;                      /* the read worker fills the window */
        bool closed;                    /* freed while busy */
        bool again;                     /* the window was asked for a second time: packs moved */
        bool broken;
        struct hash_id damaged;         /* the piece that was wrong */
        int r;
        struct err err;
};

int serve_window_fill(struct cas *c, const struct manifest *m, uint64_t piece, uint64_t end, struct serve_window *w,
                      struct err *e)
{
        uint32_t len;
        int r;

        w->first = piece;
        w->n = (size_t)MIN(end - piece, (uint64_t)SERVE_WINDOW);
        for (size_t i = 0; i < w->n; i++)
                manifest_piece(m, piece + i, &w->ids[i], &len);
        r = w->n ? cas_find_many(c, w->ids, w->n, w->x, e) : 0;
        if (r < 0)
                return r;
        for (size_t i = 0; i < w->n; i++)
                if (w->x[i].len == 0)
                        return err_set(e, ERR_UNAVAILABLE, "a part of this file is damaged or missing; the site was told");
        return 0;
}

static void file_free(struct file *f)
{
        f->dp->serve->streams--;
        cas_manifest_close(&f->man);
        free(f);
}

static void fill_work(struct job *j)
{
        struct file *f = container_of(j, struct file, job);

        f->r = serve_window_fill(f->dp->cas, &f->man.m, f->part.piece, f->part.end, &f->part.w, &f->err);
        cas_manifest_trim(&f->man);
}

static void fill_done(struct job *j)
{
        struct file *f = container_of(j, struct file, job);

        f->busy = false;
        if (f->closed) {
                file_free(f);
                return;
        }
        f->broken = f->r < 0;
        http_stream_wake(&f->s);
}

static void mark_work(struct job *j)
{
        struct file *f = container_of(j, struct file, job);

        f->r = cas_mark_damaged(f->dp->cas, &f->damaged, &f->err);
}

static void mark_done(struct job *j)
{
        struct file *f = container_of(j, struct file, job);
        struct str name = str_of(f->part.path);
        struct dpwire_report r = {
                .kind = DPWIRE_VALIDATE,
                .version = f->part.v.version,
                .has_manifest = true,
                .manifest = f->part.v.manifest,
                .result = DPWIRE_INVALID,
                .code = DPWIRE_DAMAGED,
                .text = STR("found damaged while it was read by a client; redistribute the package to mend it"),
                .files = &name,
                .n_files = 1,
        };

        f->busy = false;
        if (f->r < 0)
                log_error("dp", "mark a damaged piece: %s", f->err.text);
        memcpy(r.package, f->part.v.package, DPWIRE_PACKAGE_LEN);
        if (!f->dp->stopping)
                mail_report(f->dp, &r, true);
        if (f->closed)
                file_free(f);
}

static void submit(struct file *f, void (*work)(struct job *), void (*done)(struct job *))
{
        err_clear(&f->err);
        f->busy = true;
        f->job.work = work;
        f->job.done = done;
        workers_submit(f->dp->read, &f->job);
}

static ssize_t damaged(struct file *f, const struct hash_id *id)
{
        log_error("dp", "package %s: file \"%s\" is damaged on this disk; it is not served, the site is told",
                  f->part.v.package, f->part.path);
        f->broken = true;
        f->damaged = *id;
        submit(f, mark_work, mark_done);
        return HTTP_STREAM_ABORT;
}

static ssize_t file_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct file *f = container_of(s, struct file, s);
        struct serve_part *part = &f->part;
        const uint8_t *bytes;
        struct err e = { 0 };
        size_t i, n;
        int r;

        if (f->broken || f->dp->stopping)
                return HTTP_STREAM_ABORT;
        if (part->left == 0)
                return HTTP_STREAM_END;
        if (f->busy)
                return 0;
        if (part->piece >= part->w.first + part->w.n) {
                submit(f, fill_work, fill_done);
                return 0;
        }
        i = (size_t)(part->piece - part->w.first);
        r = serve_cache_get(f->dp->serve->cache, &part->w.x[i], &part->w.ids[i], &bytes, &e);
        if (r == CAS_E_MISMATCH)
                return damaged(f, &part->w.ids[i]);
        if (r < 0 && e.kind == ERR_GONE && !f->again) { /* collected since: it lies elsewhere now, or is gone */
                f->again = true;
                submit(f, fill_work, fill_done);
                return 0;
        }
        if (r < 0) {
                log_error("dp", "read \"%s\" of package %s: %s", part->path, part->v.package, e.text);
                return HTTP_STREAM_ABORT;
        }
        f->again = false;
        n = (size_t)MIN(MIN((uint64_t)max, part->left), part->w.x[i].len - part->skip);
        memcpy(p, bytes + part->skip, n);
        part->skip += n;
        part->left -= n;
        if (part->skip == part->w.x[i].len) {
                part->skip = 0;
                part->piece++;
        }
        return (ssize_t)n;
}

static void file_close(struct http_stream *s)
{
        struct file *f = container_of(s, struct file, s);

        if (f->busy)
                f->closed = true;
        else
                file_free(f);
}

struct http_stream *serve_file_new(struct dp *d, struct cas_manifest *man, const struct serve_part *part)
{
        struct file *f = calloc(1, sizeof(*f));

        if (!f) {
                cas_manifest_close(man);
                return NULL;
        }
        f->s.read = file_read;
        f->s.free = file_close;
        f->dp = d;
        f->man = *man;
        f->part = *part;
        d->serve->streams++;
        return &f->s;
}
