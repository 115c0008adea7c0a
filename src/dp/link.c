/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line to the site: one long poll after the other, on which orders come.
 * The first poll of a connection asks not to be held, so that "connected" is
 * known at once.  Each change of the connection is said once, in words.
 */
#include <inttypes.h>
#include <stdio.h>
#include "dp/internal.h"
#include "os/os.h"

enum {
        WAIT_S = 55,
        PATIENCE_S = 20,                /* beyond what a poll may be held */
        QUICK_TRIES = 4,                /* the first ones come fast: a site that restarts is back soon */
        HASTE_MS = 100,                 /* a held poll that brings nothing should take longer */
};

int64_t backoff_next(struct backoff *b)
{
        int64_t ms = b->min_ms;

        for (unsigned i = QUICK_TRIES; i <= b->failures && ms < b->max_ms; i++)
                ms *= 2;
        ms = MAX(MIN(ms, b->max_ms), INT64_C(1));
        b->failures++;
        return ms - (int64_t)(os_random_u64() % (uint64_t)(ms / 4 + 1));
}

void backoff_reset(struct backoff *b)
{
        b->failures = 0;
}

char *dp_url(const struct dp *d, const char *fmt, ...)
{
        char *path = NULL, *url = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&path, fmt, ap) < 0)
                path = NULL;
        va_end(ap);
        if (path)
                url = str_printf("%s%s", d->site_url, path);
        free(path);
        return url;
}

static void poll(struct dp *d);

static void up(struct dp *d)
{
        bool changed = d->link.state != LINK_UP;

        d->link.state = LINK_UP;
        backoff_reset(&d->link.backoff);
        if (!changed)
                return;
        log_info("dp", "connected to the site at %s", d->site_url);
        if (!d->link.inventory_told) {
                d->link.inventory_told = true;
                mail_inventory(d, 0);
        }
        mail_kick(d);
        orders_kick(d);
}

static void down(struct dp *d, const char *why)
{
        int64_t ms = backoff_next(&d->link.backoff);

        if (d->link.state != LINK_DOWN)
                log_warn("dp", "no connection to the site at %s: %s; trying again until there is", d->site_url, why);
        else
                log_debug("dp", "still no connection: %s; again in %" PRId64 " ms", why, ms);
        d->link.state = LINK_DOWN;
        loop_timer_start(d->link.timer, (uint64_t)ms, 0);
}

/* 0: how many orders were new; < 0 the body is not what it should be. */
static int take(struct dp *d, struct str body, size_t *fresh_out, struct err *e)
{
        struct dpwire_orders orders;
        struct arena a;
        int r;

        *fresh_out = 0;
        arena_init(&a, 4 << 20);
        r = dpwire_orders_decode(&a, body, &orders, e);
        for (size_t i = 0; r == 0 && i < orders.n; i++)
                *fresh_out += orders_receive(d, &orders.v[i]);
        arena_fini(&a);
        return r;
}

static void answered(struct dp *d, struct str body)
{
        struct link *l = &d->link;
        bool held = l->asked_wait;
        struct err e = { 0 };
        size_t fresh;

        up(d);
        l->polls++;
        if (take(d, body, &fresh, &e) < 0) {
                down(d, e.text);
                return;
        }
        orders_schedule(d);
        if (held && fresh == 0 && os_mono_us() - l->asked_us < HASTE_MS * 1000)
                l->hasty++;
        else
                l->hasty = 0;
        if (l->hasty > 3)               /* a site that does not hold polls must not make us spin */
                loop_timer_start(l->timer, MIN(UINT64_C(5000), UINT64_C(100) << MIN(l->hasty - 3, 6u)), 0);
        else
                poll(d);
}

static void on_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct dp *d = ctx;
        char why[200];

        d->link.poll = NULL;
        loop_timer_stop(d->link.timer);
        if (d->stopping)
                return;
        if (e->kind != ERR_NONE) {
                down(d, e->text);
        } else if (status == 200) {
                answered(d, body);
        } else if (status == 204) {
                answered(d, STR("{\"orders\":[]}"));
        } else {
                snprintf(why, sizeof(why), status == 401 || status == 403
                         ? "it does not take this DP's certificate (%d); enroll it again with a new token"
                         : "it answered %d; see its log", status);
                down(d, why);
        }
}

static void poll(struct dp *d)
{
        struct link *l = &d->link;
        uint64_t ids[DPWIRE_MAX_ORDERS];
        size_t n = orders_active(d, ids, DPWIRE_MAX_ORDERS);
        char clock[64];
        const char *headers[] = { clock, NULL };
        struct fetch_req q = {
                .method = "GET", .headers = headers, .long_poll = true, .body_limit = DPWIRE_SMALL_BODY,
                .done = on_done, .ctx = d,
        };
        struct err e = { 0 };
        struct buf active;
        char *url;

        if (d->stopping || l->poll)
                return;
        buf_init(&active, 0);
        buf_addz(&active, "");
        dpwire_active_encode(&active, ids, n);
        l->asked_wait = l->state == LINK_UP;
        l->asked_us = os_mono_us();
        snprintf(clock, sizeof(clock), DPWIRE_CLOCK_HEADER ": %" PRId64, os_now_us());
        url = dp_url(d, DPWIRE_PATH_ORDERS "?active=%.*s&wait=%d", STR_ARG(buf_str(&active)), l->asked_wait ? WAIT_S : 0);
        q.url = url;
        buf_fini(&active);
        if (!url || fetch_start(&l->poll, d->pool, &q, &e) < 0)
                down(d, e.kind ? e.text : "out of memory");
        else
                loop_timer_start(l->timer, (uint64_t)((l->asked_wait ? WAIT_S : 0) + PATIENCE_S) * 1000, 0);
        free(url);
}

static void on_timer(void *dp)
{
        struct dp *d = dp;

        if (d->link.poll) {
                fetch_cancel(d->link.poll);
                d->link.poll = NULL;
                down(d, "it keeps the connection but does not answer");
        } else {
                poll(d);
        }
}

void link_poll_again(struct dp *d)
{
        if (d->stopping || !d->link.poll || !d->link.asked_wait)
                return;
        fetch_cancel(d->link.poll);
        d->link.poll = NULL;
        poll(d);
}

int link_start(struct dp *d, struct err *e)
{
        int r = loop_timer_new(&d->link.timer, d->loop, on_timer, d);

        if (r < 0)
                return err_sys(e, -r, "start a timer");
        d->link.backoff = (struct backoff){ d->set.retry_min_ms, d->set.retry_max_ms, 0 };
        poll(d);
        return 0;
}

void link_stop(struct dp *d)
{
        if (d->link.poll)
                fetch_cancel(d->link.poll);
        d->link.poll = NULL;
        if (d->link.timer)
                loop_timer_stop(d->link.timer);
}

void link_resume(struct dp *d)
{
        poll(d);
}
