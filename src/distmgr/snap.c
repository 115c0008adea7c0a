/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snap - snapshot jobs: a source folder read into the site's library
 *
 * Started in the database, taken on the store worker, recorded in one
 * transaction.  A version left in the library by a kill between the last two is
 * dropped first and taken anew: its pieces are there already, so that costs one
 * reading of the source and no writing.
 */
#include "distmgr/internal.h"
#include "snapshot/snapshot.h"
#include <stdio.h>

struct snap {
        struct snapshot_run run;
        struct dm_work w;
        struct model_job job;
        struct snapshot_result result;
        int r;
        struct err err;
};

static bool stop(void *ctx)
{
        return atomic_load(&((struct snap *)ctx)->run.stop);
}

static void snap_work(struct dm_work *w)
{
        struct snap *s = container_of(w, struct snap, w);
        struct distmgr *d = w->d;
        struct snapshot_opts o = {
                .source = s->job.source, .package = s->job.package_id, .version = s->job.version,
                .threads = d->o.snapshot_threads, .refuse_case_collisions = d->o.refuse_case_collisions,
                .stop = stop, .ctx = s,
        };

        s->r = cas_version_drop(d->cas, s->job.package_id, s->job.version, &s->err);
        if (s->r >= 0)
                s->r = snapshot_take(d->cas, &o, &s->result, &s->err);
}

static void snap_free(struct snap *s)
{
        list_del(&s->run.link);
        free(s);
}

static struct snap *find(const struct distmgr *d, int64_t job_id)
{
        struct list *l, *tmp;

        list_for_each (l, &d->snapshots, tmp) {
                struct snapshot_run *r = list_entry(l, struct snapshot_run, link);

                if (r->job_id == job_id)
                        return container_of(r, struct snap, run);
        }
        return NULL;
}

/* ---- its end ---- */

/* Stable words for what can be wrong with a source. */
static const char *code_of(enum err_kind k)
{
        switch (k) {
        case ERR_NOT_FOUND:
                return "SourceMissing";
        case ERR_DENIED:
                return "SourceDenied";
        case ERR_CONFLICT:
                return "SourceChanging";
        case ERR_INVALID:
        case ERR_TOO_LARGE:
        case ERR_NOT_SUPPORTED:
                return "SourceInvalid";
        case ERR_NO_SPACE:
                return "DiskFull";
        default:
                return "SnapshotFailed";
        }
}

static void ended(struct distmgr *d, int64_t job_id)
{
        struct snap *s = find(d, job_id);

        if (s)
                snap_free(s);
        dm_library_want_gc(d);          /* pieces of a snapshot that came to nothing */
        dm_wake(d);
}

struct done {
        struct dm_write w;
        int64_t job_id;
        char package_id[PACKAGE_ID_LEN + 1];
        struct snapshot_result result;
};

static int done_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct done *n = container_of(w, struct done, w);

        return model_snapshot_done(t, n->job_id, &n->result.manifest, n->result.total_bytes, n->result.n_files, e);
}

static void done_then(struct dm_write *w)
{
        struct done *n = container_of(w, struct done, w);
        struct snap *s = find(w->d, n->job_id);

        if (w->job.r < 0)
                log_error(LOG, "snapshot of %s: %s", n->package_id, w->job.err.text);
        if (s)
                snap_free(s);
        dm_library_trim(w->d, n->package_id);
        dm_wake(w->d);
        free(n);
}

static void write_done(struct distmgr *d, struct snap *s)
{
        struct done *n = calloc(1, sizeof(*n));

        if (!n) {
                dm_end_job(d, s->run.job_id, "SnapshotFailed", "out of memory", ended);
                return;
        }
        log_info(LOG, "snapshot of %s version %u: %llu files, %llu bytes, %llu of them new", s->job.package_id,
                 s->job.version, (unsigned long long)s->result.n_files, (unsigned long long)s->result.total_bytes,
                 (unsigned long long)s->result.new_bytes);
        n->job_id = s->run.job_id;
        memcpy(n->package_id, s->job.package_id, sizeof(n->package_id));
        n->result = s->result;
        n->w.fn = done_fn;
        n->w.then = done_then;
        dm_write(d, &n->w, LOG, "");
}

static void snap_then(struct dm_work *w)
{
        struct snap *s = container_of(w, struct snap, w);
        struct distmgr *d = w->d;

        s->run.state = SNAPSHOT_ENDING;
        if (s->r >= 0) {
                write_done(d, s);
        } else if (atomic_load(&s->run.stop)) {
                /* Void, or we are stopping: started jobs become pending again at the next start. */
                ended(d, s->run.job_id);
        } else {
                log_warn(LOG, "snapshot of %s version %u: %s", s->job.package_id, s->job.version, s->err.text);
                dm_end_job(d, s->run.job_id, code_of(s->err.kind), s->err.text, ended);
        }
}

/* ---- its beginning ---- */

struct begin {
        struct dm_write w;
        int64_t job_id;
};

static int begin_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        return model_job_started(t, container_of(w, struct begin, w)->job_id, e);
}

static void begin_then(struct dm_write *w)
{
        struct begin *b = container_of(w, struct begin, w);
        struct distmgr *d = w->d;
        struct snap *s = find(d, b->job_id);

        if (s && (w->job.r || d->stopping)) {
                snap_free(s);
                dm_wake(d);
        } else if (s) {
                s->run.state = SNAPSHOT_TAKING;
                s->w.fn = snap_work;
                s->w.then = snap_then;
                dm_work(d, d->store, &s->w);
        }
        free(b);
}

void dm_snapshot_start(struct distmgr *d, const struct model_job *j)
{
        struct snap *s = calloc(1, sizeof(*s));
        struct begin *b = calloc(1, sizeof(*b));

        /* The collector would take the new pieces for unused ones; it wakes us when it is done. */
        if (!s || !b || d->gc_running || find(d, j->job_id)) {
                free(s);
                free(b);
                return;
        }
        s->run.job_id = b->job_id = j->job_id;
        s->run.version = j->version;
        s->run.state = SNAPSHOT_STARTING;
        s->job = *j;
        list_push_back(&d->snapshots, &s->run.link);
        log_info(LOG, "snapshot of %s version %u from %s begins", j->package_id, j->version, j->source);
        b->w.fn = begin_fn;
        b->w.then = begin_then;
        dm_write(d, &b->w, LOG, "");
}

void dm_snapshot_void(struct distmgr *d, int64_t job_id)
{
        struct snap *s = find(d, job_id);

        if (s)
                atomic_store(&s->run.stop, true);
}

void dm_snapshots_stop(struct distmgr *d)
{
        struct list *l, *tmp;

        list_for_each (l, &d->snapshots, tmp)
                atomic_store(&list_entry(l, struct snapshot_run, link)->stop, true);
}
