/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces nobody refers to go when nothing else is to be done: no order is worked
 * on and, for a while, no client reads.  What arrived of an unfinished version is
 * safe, for its manifest is in the library (cas.h).
 */
#include <inttypes.h>
#include "base/time.h"
#include "dp/internal.h"
#include "os/os.h"

enum { READERS_PATIENCE_S = 600 };

static void work(struct job *j)
{
        struct dp *d = container_of(j, struct dp, gc.job);
        struct cas_gc_stats st = { 0 };
        struct err e = { 0 };

        /* The writer lets go of what it put; nothing is being received now. */
        if (cas_checkpoint(d->writer, &e) < 0 || cas_gc(d->cas, false, &st, &e) < 0)
                log_warn("dp", "garbage collection: %s", e.text);
        else if (st.pieces_dropped)
                log_info("dp", "garbage collection: %" PRIu64 " pieces dropped, %" PRIu64 " bytes freed", st.pieces_dropped,
                         st.bytes_freed);
}

static void done(struct job *j)
{
        struct dp *d = container_of(j, struct dp, gc.job);

        d->gc.running = false;
        if (d->gc.wanted && !d->stopping)
                loop_timer_start(d->gc.timer, (uint64_t)d->set.gc_delay_ms, 0);
}

static void on_timer(void *dp)
{
        struct dp *d = dp;
        int64_t waited_s = (os_mono_us() - d->gc.wanted_us) / US_PER_SECOND;

        if (d->stopping || d->gc.running || !d->gc.wanted)
                return;
        if (!orders_idle(d) || (serve_streams(d) && waited_s < READERS_PATIENCE_S)) {
                loop_timer_start(d->gc.timer, (uint64_t)d->set.gc_delay_ms, 0);
                return;
        }
        d->gc.wanted = false;
        d->gc.running = true;
        d->gc.job.work = work;
        d->gc.job.done = done;
        workers_submit(d->store, &d->gc.job);
}

void gc_want(struct dp *d)
{
        if (!d->gc.wanted)
                d->gc.wanted_us = os_mono_us();
        d->gc.wanted = true;
        if (!d->gc.running)
                loop_timer_start(d->gc.timer, (uint64_t)d->set.gc_delay_ms, 0);
}

int gc_start(struct dp *d, struct err *e)
{
        int r = loop_timer_new(&d->gc.timer, d->loop, on_timer, d);

        return r < 0 ? err_sys(e, -r, "start a timer") : 0;
}

void gc_stop(struct dp *d)
{
        loop_timer_free(d->gc.timer);
        d->gc.timer = NULL;
}
