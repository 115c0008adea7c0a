/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * loop - one event loop a daemon, and typed workers for what blocks
 *
 * The loop thread owns every socket and every piece of daemon state that is not
 * in the database.  Workers own what waits: disk, SQLite, hashing.  They meet
 * in two ways only: a job (work on a worker, done on the loop) and loop_post().
 *
 * Why not uv_queue_work: affinity and order per kind of work, bounded queues,
 * and no sharing of four threads with getaddrinfo.
 *
 * Ownership: a timer nobody freed is freed with its loop; workers are freed
 * before it.  loop_new() makes the process ignore SIGPIPE, for a peer that hangs
 * up is an error code, not an end.  No function waits but loop_run(),
 * workers_drain() and workers_free().
 *
 * Threads: functions are for the loop thread unless they say "any thread".
 */
#include <uv.h>
#include "base/err.h"
#include "base/list.h"

struct loop;
struct loop_timer;
struct workers;

MUST int loop_new(struct loop **out);           /* 0 or -errno */
void loop_free(struct loop *l);                 /* closes what is left; NULL is harmless */
DEFINE_FREEP(struct loop *, loop_free)
void loop_run(struct loop *l);                  /* until loop_stop() */
void loop_run_once(struct loop *l);             /* what is ready now; for tests */
void loop_stop(struct loop *l);                 /* any thread, signal handlers excepted */
uv_loop_t *loop_uv(struct loop *l);             /* for adapters (httpd, fetch) only */
/* fn(arg) runs once on the loop thread, in order of posting.  Any thread.  Aborts when memory is out. */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);
/* fn(arg) on SIGTERM and SIGINT; the second signal ends the process. */
void loop_on_terminate(struct loop *l, void (*fn)(void *arg), void *arg);

/* A timer that fires after_ms from now, and every repeat_ms after that (0: once). */
MUST int loop_timer_new(struct loop_timer **out, struct loop *l, void (*fn)(void *arg), void *arg);
void loop_timer_start(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);     /* NULL is harmless; fn runs no more */

/*
 * Soon: fn(arg) runs once in the loop's next turn, before it waits; asking again before then changes nothing.
 * This is how to go on with work in portions: a timer of 0 ms that starts itself anew from its own callback
 * would keep the loop from its sockets for ever (libuv 1.44 runs all timers that are due before anything else).
 */
struct loop_soon;
MUST int loop_soon_new(struct loop_soon **out, struct loop *l, void (*fn)(void *arg), void *arg);
void loop_soon_ask(struct loop_soon *s);
void loop_soon_free(struct loop_soon *s);       /* before loop_free(); NULL is harmless; fn runs no more */

/*
 * A job.  Embed it in the struct that carries its arguments.
 * work runs on a worker; done on the loop.  Neither may be NULL.
 * The owner keeps the memory alive until done has run.
 */
struct job {
        struct list link;                       /* the queue's */
        void (*work)(struct job *j);
        void (*done)(struct job *j);
        struct loop *loop;                      /* set by workers_submit */
};

/*
 * workers_new - n threads over one FIFO queue.  n 1 gives strict order.
 * @name  at most 15 characters; shown by ps -L
 * n 0 is the inline mode of unit tests: submit runs work and done at once.
 */
MUST int workers_new(struct workers **out, struct loop *l, const char *name, unsigned n);
void workers_submit(struct workers *w, struct job *j);          /* loop thread */
/* Waits until the work of all that was submitted is done; the loop has yet to run their done callbacks. */
void workers_drain(struct workers *w);         /* loop thread */
/* Waits for queued jobs to finish, ends the threads; done callbacks still pending run in loop_run. */
void workers_free(struct workers *w);          /* NULL is harmless */
DEFINE_FREEP(struct workers *, workers_free)
DEFINE_FREEP(struct loop_timer *, loop_timer_free)
