/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * loop_priv - what the files of this folder share
 *
 * `lock` guards `posts` and `finished`, the two queues other threads write;
 * everything else belongs to the loop thread.  Writers wake the loop with
 * uv_async_send(), which coalesces, so the loop takes whole queues at once.
 */
#include <pthread.h>
#include "loop/loop.h"

struct loop {
        uv_loop_t uv;
        uv_async_t wake;
        uv_signal_t sigterm, sigint;
        void (*terminate)(void *arg);
        void *terminate_arg;
        struct list timers;             /* loop_timer.link */
        pthread_mutex_t lock;
        struct list posts;              /* post.link */
        struct list finished;           /* job.link: work has run, done has not */
};

/* Hand a job whose work has run back to the loop, which runs done.  Any thread; allocates nothing. */
void loop_finish_job(struct loop *l, struct job *j);

/* Close and free the timers nobody freed; for loop_free(). */
void loop_free_timers(struct loop *l);
