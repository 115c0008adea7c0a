/* SPDX-License-Identifier: Apache-2.0 */
/* How far installs are: at most one POST a second, and only while bytes move. */
#include "dp/internal.h"

enum { EVERY_MS = 1000 };

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

static void tick(void *dp)
{
        struct dp *d = dp;
        struct dpwire_progress v[64];
        struct dpwire_progresses p = { v, 0 };
        bool moving = false;

        for (struct list *n = d->orders.next; n != &d->orders && p.n < ARRAY_SIZE(v); n = n->next) {
                struct order *o = list_entry(n, struct order, link);
                uint64_t total, done;

                if (o->state != ORDER_FETCHING)
                        continue;
                moving = true;
                total = o->man.m.total_bytes;
                done = MIN(o->plan.held_bytes + o->received, total);
                if (done == o->told_done)
                        continue;
                o->told_done = done;
                v[p.n++] = (struct dpwire_progress){
                        .id = o->w.id,
                        .bytes_done = done,
                        .bytes_total = total,
                        .bytes_held = MIN(o->plan.held_bytes, total),
                        .files_total = o->man.m.n_files,
                };
        }
        if (!moving && orders_idle(d)) {
                loop_timer_stop(d->progress_timer);
                d->progress_running = false;
        } else if (p.n && !d->progress_post && d->link.state == LINK_UP) {
                post(d, &p);
        }
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
