/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring.  Batches are filled, worked on and assembled in the same order, so
 * three counters say everything: head <= next <= tail <= head + n_ring.
 */
#include "snapshot/take.h"

void folder_unref(struct folder *f)
{
        if (!f || --f->refs > 0)
                return;
        (void)os.close(f->fd);
        free(f);
}

/* ---- workers ---- */

static int work_items(struct worker *w, struct batch *b)
{
        for (unsigned i = 0; i < b->n_items; i++) {
                struct item *it = &b->items[i];
                int r;

                if (it->state != ITEM_SMALL)
                        continue;
                r = read_small(&w->p, it, b->text.p, &b->err);
                if (r < 0)
                        return r;
                if (r > 0)
                        it->state = ITEM_AGAIN;
        }
        return 0;
}

static int work_segment(struct worker *w, struct batch *b)
{
        for (unsigned i = 0; i < b->n_pieces; i++) {
                struct segment_piece *p = &b->pieces[i];
                int r = put_piece(&w->p, b->data + p->at, p->len, &p->id, &b->err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* The next batch to work on, or NULL when there will be none. */
static struct batch *next_batch(struct take *t)
{
        struct batch *b = NULL;

        (void)pthread_mutex_lock(&t->lock);
        while (t->next == t->tail && !t->closing)
                (void)pthread_cond_wait(&t->work, &t->lock);
        if (t->next < t->tail)
                b = &t->ring[t->next++ % t->n_ring];
        (void)pthread_mutex_unlock(&t->lock);
        return b;
}

static void *worker_main(void *arg)
{
        struct worker *w = arg;
        struct take *t = w->t;
        struct batch *b;

        while ((b = next_batch(t))) {
                b->r = b->segment ? work_segment(w, b) : work_items(w, b);
                (void)pthread_mutex_lock(&t->lock);
                b->done = true;
                (void)pthread_cond_signal(&t->done);
                (void)pthread_mutex_unlock(&t->lock);
        }
        w->r = cas_writer_flush(w->p.writer, &w->err);
        return NULL;
}

/* ---- the walking thread's side ---- */

int pipe_start(struct take *t, unsigned threads, struct err *e)
{
        int r = putter_init(&t->own, t->c, e);

        t->n_ring = threads + 2;
        t->ring = calloc(t->n_ring, sizeof(*t->ring));
        t->carry = malloc(PIECE_MAX);
        if (r == 0 && (!t->ring || !t->carry))
                r = err_set(e, ERR_NOMEM, "snapshot: out of memory");
        for (unsigned i = 0; r == 0 && i < t->n_ring; i++)
                buf_init(&t->ring[i].text, 0);
        for (unsigned i = 0; r == 0 && i < threads; i++) {
                struct worker *w = &t->workers[i];

                w->t = t;
                r = putter_init(&w->p, t->c, e);
                if (r == 0 && pthread_create(&w->thread, NULL, worker_main, w) != 0)
                        r = err_set(e, ERR_NOMEM, "snapshot: cannot start a thread");
                if (r < 0)
                        putter_fini(&w->p);
                else
                        t->n_workers++;
        }
        return r;
}

static void batch_reset(struct batch *b)
{
        for (unsigned i = 0; i < b->n_items; i++)
                folder_unref(b->items[i].folder);
        b->n_items = b->n_folders = b->n_pieces = 0;
        b->bytes = b->n_data = 0;
        b->segment = b->done = false;
        b->r = 0;
        err_clear(&b->err);
        buf_reset(&b->text);
}

/* Wait for the oldest batch and assemble it. */
static int take_oldest(struct take *t, struct err *e)
{
        struct batch *b = &t->ring[t->head % t->n_ring];
        int r;

        (void)pthread_mutex_lock(&t->lock);
        while (!b->done)
                (void)pthread_cond_wait(&t->done, &t->lock);
        (void)pthread_mutex_unlock(&t->lock);
        r = b->r < 0 ? err_set(e, b->err.kind, "%s", b->err.text) : assemble_batch(t, b, e);
        batch_reset(b);
        t->head++;
        return r;
}

int pipe_batch(struct take *t, struct batch **out, struct err *e)
{
        if (t->o->stop && t->o->stop(t->o->ctx))
                return err_set(e, ERR_CANCELLED, "the snapshot was stopped");
        while (t->tail - t->head == t->n_ring) {
                int r = take_oldest(t, e);

                if (r < 0)
                        return r;
        }
        *out = &t->ring[t->tail % t->n_ring];
        return 0;
}

void pipe_submit(struct take *t)
{
        (void)pthread_mutex_lock(&t->lock);
        t->tail++;
        (void)pthread_cond_signal(&t->work);
        (void)pthread_mutex_unlock(&t->lock);
}

int pipe_drain(struct take *t, struct err *e)
{
        int r = 0;

        while (r == 0 && t->head < t->tail)
                r = take_oldest(t, e);
        return r;
}

int pipe_end(struct take *t, bool abandon, struct err *e)
{
        int r = 0;

        (void)pthread_mutex_lock(&t->lock);
        t->closing = true;
        if (abandon)
                t->next = t->tail;      /* what nobody began, nobody begins */
        (void)pthread_cond_broadcast(&t->work);
        (void)pthread_mutex_unlock(&t->lock);
        for (unsigned i = 0; i < t->n_workers; i++) {
                struct worker *w = &t->workers[i];

                (void)pthread_join(w->thread, NULL);
                if (w->r < 0 && r == 0)
                        r = err_set(e, w->err.kind, "%s", w->err.text);
        }
        if (r == 0 && t->own.writer)
                r = cas_writer_flush(t->own.writer, e);
        return r;
}

void pipe_free(struct take *t)
{
        for (unsigned i = 0; i < t->n_workers; i++)
                putter_fini(&t->workers[i].p);
        putter_fini(&t->own);
        for (unsigned i = 0; t->ring && i < t->n_ring; i++) {
                batch_reset(&t->ring[i]);
                buf_fini(&t->ring[i].text);
                free(t->ring[i].data);
        }
        free(t->ring);
        free(t->carry);
}
