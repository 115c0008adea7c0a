/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - the writer thread with group commit, and reader threads
 *
 * The writer takes whatever queued while the last commit ran, runs it in one
 * transaction with a savepoint a job, commits once, and hands every job back to
 * the loop.  So a burst costs one fsync, and a single report waits for nobody.
 * Groups of patient jobs begin PATIENCE_US apart: a steady stream of reports costs
 * two hundred fsyncs a second, not one each.
 */
#include "db/engine.h"
#include "base/time.h"
#include "os/os.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

enum { GROUP_MAX = 1000, READERS_DEFAULT = 2, READERS_MAX = 16, PATIENCE_US = 5000 };

struct queue {
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct list jobs;
        size_t n_hasty;                 /* of them: that are not patient */
        bool ended;
};

struct worker {
        struct db *db;
        struct db_conn *conn;
        pthread_t thread;
        bool started;
};

struct db {
        struct loop *loop;
        struct db_opts opts;
        char *path;
        struct queue writes, reads;
        struct worker writer;
        struct worker readers[READERS_MAX];
        unsigned n_readers;
};

static void queue_init(struct queue *q)
{
        pthread_condattr_t monotonic;

        *q = (struct queue){ .ended = false };
        pthread_mutex_init(&q->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&q->filled, &monotonic);
        pthread_condattr_destroy(&monotonic);
        list_init(&q->jobs);
}

static void queue_fini(struct queue *q)
{
        pthread_cond_destroy(&q->filled);
        pthread_mutex_destroy(&q->lock);
}

static void queue_put(struct queue *q, struct db_job *j)
{
        j->r = 0;
        j->err = (struct err){ 0 };
        pthread_mutex_lock(&q->lock);
        if (!j->patient || list_empty(&q->jobs))        /* else somebody waits for it already, with patience */
                pthread_cond_signal(&q->filled);
        list_push_back(&q->jobs, &j->link);
        q->n_hasty += !j->patient;
        pthread_mutex_unlock(&q->lock);
}

static void queue_end(struct queue *q)
{
        pthread_mutex_lock(&q->lock);
        q->ended = true;
        pthread_cond_broadcast(&q->filled);
        pthread_mutex_unlock(&q->lock);
}

static bool wait_until(struct queue *q, int64_t us)
{
        const struct timespec at = { us / US_PER_SECOND, us % US_PER_SECOND * 1000 };

        return pthread_cond_timedwait(&q->filled, &q->lock, &at) == 0;
}

/*
 * Moves up to max jobs to out; waits for the first, and while all are patient until patient_until_us.  False when the
 * queue ended and is empty.
 */
static bool queue_take(struct queue *q, struct list *out, unsigned max, int64_t patient_until_us)
{
        bool any, wait = true;

        list_init(out);
        pthread_mutex_lock(&q->lock);
        while (list_empty(&q->jobs) && !q->ended)
                pthread_cond_wait(&q->filled, &q->lock);
        while (wait && !q->n_hasty && !q->ended && os_mono_us() < patient_until_us)
                wait = wait_until(q, patient_until_us);
        for (unsigned n = 0; n < max && !list_empty(&q->jobs); n++) {
                struct list *at = list_pop_front(&q->jobs);

                q->n_hasty -= !list_entry(at, struct db_job, link)->patient;
                list_push_back(out, at);
        }
        any = !list_empty(out);
        pthread_mutex_unlock(&q->lock);
        return any;
}

static void finish(void *arg)
{
        struct db_job *j = arg;

        j->done(j);
}

static void hand_back(struct db *d, struct db_job *j)
{
        if (d->opts.inline_)
                finish(j);
        else
                loop_post(d->loop, finish, j);
}

/* ---- writing ---- */

static void run_in_savepoint(struct db_conn *c, struct db_job *j)
{
        j->err = (struct err){ 0 };
        j->r = db_savepoint(c, &j->err);
        if (j->r < 0)
                return;
        j->r = j->work(j, c, &j->err);
        if (j->r >= 0) {
                int r = db_release(c, &j->err);

                if (r >= 0)
                        return;
                j->r = r;
        }
        db_rollback_to(c);
}

/* The group did not commit: whoever believed to be done is told otherwise. */
static void fail_all(struct list *jobs, int r, const struct err *e)
{
        struct list *pos, *tmp;

        list_for_each(pos, jobs, tmp) {
                struct db_job *j = list_entry(pos, struct db_job, link);

                if (j->r >= 0) {
                        j->r = r;
                        j->err = *e;
                }
        }
}

/*
 * A full disk or an I/O error may end the whole transaction inside a job; what
 * ran after that would commit by itself, outside the group.  So the group ends
 * at that job, with its error for all.
 */
static int run_jobs(struct db_conn *c, struct list *jobs, struct err *e)
{
        struct list *pos, *tmp;

        list_for_each(pos, jobs, tmp) {
                struct db_job *j = list_entry(pos, struct db_job, link);

                run_in_savepoint(c, j);
                if (!db_in_transaction(c)) {
                        *e = j->err;
                        return j->r < 0 ? j->r : err_set(e, ERR_INTERNAL, "database: a job ended the transaction");
                }
        }
        return 0;
}

static void run_group(struct db *d, struct list *jobs)
{
        struct db_conn *c = d->writer.conn;
        struct err e = { 0 };
        int r = db_begin(c, &e);

        if (!r)
                r = run_jobs(c, jobs, &e);
        if (!r)
                r = db_commit(c, &e);
        if (r < 0)
                fail_all(jobs, r, &e);
        else if (d->opts.after_commit)
                d->opts.after_commit(d->opts.ctx, c);
        for (struct list *n = list_pop_front(jobs); n; n = list_pop_front(jobs))
                hand_back(d, list_entry(n, struct db_job, link));
}

static void *writer_main(void *arg)
{
        struct worker *w = arg;
        struct list jobs;
        int64_t until_us = 0;

        while (queue_take(&w->db->writes, &jobs, GROUP_MAX, until_us)) {
                until_us = os_mono_us() + PATIENCE_US;
                run_group(w->db, &jobs);
        }
        return NULL;
}

/* ---- reading ---- */

static int begin_read(struct db_conn *c, struct db_job *j)
{
        return atomic_load(&j->unwanted) ? err_set(&j->err, ERR_CANCELLED, "nobody waits for it") : db_begin_read(c, &j->err);
}

static void run_read(struct db *d, struct db_conn *c, struct db_job *j)
{
        j->err = (struct err){ 0 };
        j->r = begin_read(c, j);
        if (!j->r) {
                db_conn_wanted(c, &j->unwanted);
                j->r = j->work(j, c, &j->err);
                db_conn_wanted(c, NULL);
                db_end_read(c);
        }
        if (j->r < 0 && j->err.kind == ERR_TIMEOUT && atomic_load(&j->unwanted))
                j->err.kind = ERR_CANCELLED;
        hand_back(d, j);
}

static void *reader_main(void *arg)
{
        struct worker *w = arg;
        struct list one;

        while (queue_take(&w->db->reads, &one, 1, 0))
                run_read(w->db, w->conn, list_entry(list_pop_front(&one), struct db_job, link));
        return NULL;
}

/* ---- the pool ---- */

static int start(struct worker *w, struct db *d, unsigned flags, void *(*main_)(void *), const char *name, struct err *e)
{
        int r;

        w->db = d;
        r = db_conn_open(&w->conn, d->path, d->opts.schema, flags, e);
        if (!r && d->opts.extension)
                r = db_extend(w->conn, d->opts.extension, e);
        if (r < 0 || d->opts.inline_)
                return r;
        r = pthread_create(&w->thread, NULL, main_, w);
        if (r)
                return err_sys(e, r, "start a database thread");
        w->started = true;
        pthread_setname_np(w->thread, name);
        return 0;
}

int db_open(struct db **out, struct loop *l, const struct db_opts *o, struct err *e)
{
        struct db *d = calloc(1, sizeof(*d));
        char name[32];
        int r;

        if (!d)
                return err_set(e, ERR_NOMEM, "open %s: out of memory", o->path);
        d->loop = l;
        d->opts = *o;
        d->path = str_dup(str_of(o->path));
        queue_init(&d->writes);
        queue_init(&d->reads);
        d->n_readers = MIN(o->readers ? o->readers : READERS_DEFAULT, READERS_MAX);
        r = d->path ? start(&d->writer, d, DB_WRITER | DB_FULL_SYNC, writer_main, "db-writer", e)
                    : err_set(e, ERR_NOMEM, "open %s: out of memory", o->path);
        for (unsigned i = 0; i < d->n_readers && !r && !o->inline_; i++) {
                snprintf(name, sizeof(name), "db-reader-%u", i);
                r = start(&d->readers[i], d, 0, reader_main, name, e);
        }
        if (r < 0) {
                db_close(d);
                return r;
        }
        *out = d;
        return 0;
}

static void stop(struct worker *w)
{
        if (w->started)
                pthread_join(w->thread, NULL);
        db_conn_close(w->conn);
}

void db_close(struct db *d)
{
        if (!d)
                return;
        queue_end(&d->reads);
        queue_end(&d->writes);
        for (unsigned i = 0; i < d->n_readers; i++)
                stop(&d->readers[i]);
        stop(&d->writer);
        queue_fini(&d->reads);
        queue_fini(&d->writes);
        free(d->path);
        free(d);
}

void db_write(struct db *d, struct db_job *j)
{
        struct list one;

        if (!d->opts.inline_) {
                queue_put(&d->writes, j);
                return;
        }
        j->r = 0;
        list_init(&one);
        list_push_back(&one, &j->link);
        run_group(d, &one);
}

void db_abandon(struct db_job *j)
{
        atomic_store(&j->unwanted, true);
}

void db_read(struct db *d, struct db_job *j)
{
        atomic_store(&j->unwanted, false);
        if (d->opts.inline_)
                run_read(d, d->writer.conn, j);
        else
                queue_put(&d->reads, j);
}
