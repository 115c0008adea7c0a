/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far installs are: at most one POST a second, and only while bytes move.
 * Work that moves no bytes (planning, committing, validation) gives a sign of life
 * now and then, so that the site does not take it for stalled.
 */
#include "dp/internal.h"

enum { EVERY_MS = 1000, LIFE_TICKS = 15 };

static void posted(void *ctx, int status, struct str body, const struct err *e)
{
        struct dp *d = ctx;

        d->progress_post = NULL;        /* whatever was answered: the next one says more */
}

static void post(struct dp *d, const struct dpwire_progresses *p)
{
        static const char *const headers[] = { "Content-Type: " DPWIRE_TYPE_JSON, NULL };
        struct fetch_req q = { .method = "POST", .headers = headers, .done = posted, .ctx = d, .body_limit = 65536 };
        char *url = dp_url(d, DPWIRE_PATH_PROGRESS);
        struct err ignored = { 0 };
        struct buf b;

        buf_init(&b, DPWIRE_SMALL_BODY);
        dpwire_progress_encode(&b, p);
        q.url = url;
        q.body = buf_str(&b);
        if (!url || b.failed || fetch_start(&d->progress_post, d->pool, &q, &ignored) < 0)
                d->progress_post = NULL;
        buf_fini(&b);
        free(url);
}

/* True: there is something to say about this order. */
static bool fill(struct order *o, bool life, struct dpwire_progress *out)
{
        bool fetching = o->state == ORDER_FETCHING, working = o->state > ORDER_RECEIVED && o->state < ORDER_REPORTING;
        uint64_t total = fetching ? o->man.m.total_bytes : o->w.size;
        uint64_t done = fetching ? MIN(o->plan.held_bytes + o->received, total) : o->told_done;

        if (fetching ? done == o->told_done : !(working && life))
                return false;
        o->told_done = done;
        if (fetching)
                o->told_held = MIN(o->plan.held_bytes, total);
        *out = (struct dpwire_progress){
                .id = o->w.id,
                .bytes_done = done,
                .bytes_total = total,
                .bytes_held = o->told_held,
                .files_total = fetching ? o->man.m.n_files : 0,
        };
        return true;
}

static void tick(void *dp)
{
        struct dp *d = dp;
        struct dpwire_progress v[64];
        struct dpwire_progresses p = { v, 0 };
        bool life = ++d->progress_ticks % LIFE_TICKS == 0;

        if (orders_idle(d)) {
                loop_timer_stop(d->progress_timer);
                d->progress_running = false;
                return;
        }
        if (d->progress_post || d->link.state != LINK_UP)
                return;
        for (struct list *n = d->orders.next; n != &d->orders && p.n < ARRAY_SIZE(v); n = n->next)
                p.n += fill(list_entry(n, struct order, link), life, &v[p.n]);
        if (p.n)
                post(d, &p);
}

int progress_init(struct dp *d, struct err *e)
{
        int r = loop_timer_new(&d->progress_timer, d->loop, tick, d);

        return r < 0 ? err_sys(e, -r, "start a timer") : 0;
}

void progress_wake(struct dp *d)
{
        if (!d->progress_running) {
                d->progress_running = true;
                loop_timer_start(d->progress_timer, EVERY_MS, EVERY_MS);
        }
}

void progress_stop(struct dp *d)
{
        if (d->progress_post)
                fetch_cancel(d->progress_post);
        d->progress_post = NULL;
        loop_timer_free(d->progress_timer);
        d->progress_timer = NULL;
}
