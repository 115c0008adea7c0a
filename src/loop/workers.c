/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers - threads over one queue
 *
 * A job is linked into the queue, then into the loop's `finished` list by the
 * same node: waiting costs no memory beyond the job itself.  Signals are
 * blocked in workers, so that they reach the loop thread and no worker's
 * system call is interrupted by them.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "loop/loop_priv.h"

struct workers {
        struct loop *loop;
        char name[16];
        unsigned n;                     /* threads that run; 0: inline */
        bool ending;                    /* guarded by lock */
        unsigned busy;                  /* guarded by lock: jobs taken and not finished */
        struct list queue;              /* guarded by lock; job.link */
        pthread_mutex_t lock;
        pthread_cond_t more, quiet;
        pthread_t threads[];
};

static struct job *next_job(struct workers *w)
{
        struct list *n;

        pthread_mutex_lock(&w->lock);
        while (list_empty(&w->queue) && !w->ending)
                pthread_cond_wait(&w->more, &w->lock);
        n = list_pop_front(&w->queue);
        w->busy += n != NULL;
        pthread_mutex_unlock(&w->lock);
        return n ? list_entry(n, struct job, link) : NULL;
}

static void finish(struct workers *w, struct job *j)
{
        loop_finish_job(j->loop, j);
        pthread_mutex_lock(&w->lock);
        if (--w->busy == 0 && list_empty(&w->queue))
                pthread_cond_broadcast(&w->quiet);
        pthread_mutex_unlock(&w->lock);
}

static void *worker_main(void *arg)
{
        struct workers *w = arg;
        struct job *j;

        (void)pthread_setname_np(pthread_self(), w->name);
        while ((j = next_job(w))) {
                j->work(j);
                finish(w, j);
        }
        return NULL;
}

static int start_threads(struct workers *w, unsigned n)
{
        sigset_t all, before;
        int r = 0;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (w->n < n && r == 0) {
                r = -pthread_create(&w->threads[w->n], NULL, worker_main, w);
                w->n += r == 0;
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return r;
}

int workers_new(struct workers **out, struct loop *l, const char *name, unsigned n)
{
        struct workers *w = calloc(1, sizeof *w + n * sizeof w->threads[0]);
        int r;

        if (!w)
                return -ENOMEM;
        w->loop = l;
        (void)snprintf(w->name, sizeof w->name, "%s", name);
        list_init(&w->queue);
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->more, NULL);
        pthread_cond_init(&w->quiet, NULL);
        r = start_threads(w, n);
        if (r < 0) {
                workers_free(w);
                return r;
        }
        *out = w;
        return 0;
}

void workers_submit(struct workers *w, struct job *j)
{
        assert(j->work && j->done);
        j->loop = w->loop;
        if (w->n == 0) {
                j->work(j);
                j->done(j);
                return;
        }
        pthread_mutex_lock(&w->lock);
        list_push_back(&w->queue, &j->link);
        pthread_cond_signal(&w->more);
        pthread_mutex_unlock(&w->lock);
}

void workers_drain(struct workers *w)
{
        pthread_mutex_lock(&w->lock);
        while (w->busy || !list_empty(&w->queue))
                pthread_cond_wait(&w->quiet, &w->lock);
        pthread_mutex_unlock(&w->lock);
}

void workers_free(struct workers *w)
{
        if (!w)
                return;
        pthread_mutex_lock(&w->lock);
        w->ending = true;
        pthread_cond_broadcast(&w->more);
        pthread_mutex_unlock(&w->lock);
        for (unsigned i = 0; i < w->n; i++)
                pthread_join(w->threads[i], NULL);
        pthread_cond_destroy(&w->more);
        pthread_cond_destroy(&w->quiet);
        pthread_mutex_destroy(&w->lock);
        free(w);
}
