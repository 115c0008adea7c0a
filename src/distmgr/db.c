/* SPDX-License-Identifier: Apache-2.0 */
/* db - database and worker jobs with the counting and the transaction around them */
#include "distmgr/internal.h"
#include <stdio.h>

static int write_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct dm_write *w = container_of(j, struct dm_write, job);
        struct tx t;
        int r, x;

        tx_begin(&t, c, &w->actor);
        r = w->fn(w, &t, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        x = tx_end(&t, e);
        return x < 0 ? x : r;
}

static void write_done(struct db_job *j)
{
        struct dm_write *w = container_of(j, struct dm_write, job);

        w->d->n_pending--;
        w->d->n_writes--;
        w->then(w);
}

void dm_write(struct distmgr *d, struct dm_write *w, const char *who, const char *from)
{
        w->d = d;
        w->news = d->n_news;
        snprintf(w->actor.who, sizeof(w->actor.who), "%s", who);
        snprintf(w->actor.from, sizeof(w->actor.from), "%s", from);
        snprintf(w->actor.wire, sizeof(w->actor.wire), "%s", *from ? "dp" : "internal");
        w->job.work = write_work;
        w->job.done = write_done;
        d->n_pending++;
        d->n_writes++;
        db_write(d->db, &w->job);
}

static int read_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct dm_read *r = container_of(j, struct dm_read, job);

        return r->fn(r, c, e);
}

static void read_done(struct db_job *j)
{
        struct dm_read *r = container_of(j, struct dm_read, job);

        r->d->n_pending--;
        r->then(r);
}

void dm_read(struct distmgr *d, struct dm_read *r)
{
        r->d = d;
        r->news = d->n_news;
        r->job.work = read_work;
        r->job.done = read_done;
        d->n_pending++;
        db_read(d->db, &r->job);
}

static void work_work(struct job *j)
{
        struct dm_work *w = container_of(j, struct dm_work, job);

        w->fn(w);
}

static void work_done(struct job *j)
{
        struct dm_work *w = container_of(j, struct dm_work, job);

        w->d->n_pending--;
        w->then(w);
}

void dm_work(struct distmgr *d, struct workers *on, struct dm_work *w)
{
        w->d = d;
        w->job.work = work_work;
        w->job.done = work_done;
        d->n_pending++;
        workers_submit(on, &w->job);
}

/* ---- one job failed or put back ---- */

struct end_job {
        struct dm_write w;
        int64_t job_id;
        bool put_back;
        char code[32], text[480];
        void (*then)(struct distmgr *d, int64_t job_id);
};

static int end_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct end_job *j = container_of(w, struct end_job, w);
        struct model_failure f = { .code = str_of(j->code), .text = str_of(j->text) };

        if (j->put_back)
                return model_job_put_back(t, j->job_id, str_of(j->text), e);
        return model_job_failed(t, j->job_id, &f, &w->d->o.retry, e);
}

static void end_then(struct dm_write *w)
{
        struct end_job *j = container_of(w, struct end_job, w);

        /* r > 0: it went meanwhile (cancelled, replaced, its package deleted) and needs no end. */
        if (w->job.r < 0)
                log_error(LOG, "job %lld could not be ended: %s", (long long)j->job_id, w->job.err.text);
        if (j->then)
                j->then(w->d, j->job_id);
        free(j);
}

void dm_end_job(struct distmgr *d, int64_t job_id, const char *code, const char *text,
                void (*then)(struct distmgr *d, int64_t job_id))
{
        struct end_job *j = calloc(1, sizeof(*j));

        if (!j) {
                log_error(LOG, "job %lld: out of memory, it is tried again after a restart", (long long)job_id);
                return;
        }
        j->job_id = job_id;
        j->put_back = !code;
        snprintf(j->code, sizeof(j->code), "%s", code ? code : "");
        snprintf(j->text, sizeof(j->text), "%s", text);
        j->then = then;
        j->w.fn = end_fn;
        j->w.then = end_then;
        dm_write(d, &j->w, LOG, "");
}
