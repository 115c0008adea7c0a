/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail - jobs of DPs that cannot be reached, failed a batch at a time
 *
 * A pass may find very many of them.  They are written in transactions of
 * moderate size, so that reports get their turn in between; before each batch
 * every DP is asked for again, and what concerns one that came back is dropped.
 * No pass adds to them until all are committed.
 */
#include "distmgr/internal.h"
#include <stdio.h>

enum { BATCH = 500 };

struct batch {
        struct dm_write w;
        size_t n, n_reasons;
        struct reason {
                int64_t dp_id;
                char code[32], text[480];
        } *reasons;
        struct failing v[BATCH];
};

static void batch_free(struct batch *b)
{
        if (b)
                free(b->reasons);
        free(b);
}

static int batch_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct batch *b = container_of(w, struct batch, w);

        for (size_t i = 0, k = 0; i < b->n; i++) {
                struct model_failure f;
                int r;

                while (b->reasons[k].dp_id != b->v[i].dp_id)
                        k = (k + 1) % b->n_reasons;
                f = (struct model_failure){ .code = str_of(b->reasons[k].code), .text = str_of(b->reasons[k].text) };
                r = model_job_failed(t, b->v[i].job_id, &f, &w->d->o.retry, e);
                if (r < 0 && e->kind != ERR_CONFLICT)
                        return r;
                err_clear(e);           /* its state allows no failure any more: nothing was written */
        }
        return 0;
}

static void next_batch(struct distmgr *d);

static void batch_then(struct dm_write *w)
{
        struct batch *b = container_of(w, struct batch, w);
        struct distmgr *d = w->d;

        if (w->job.r < 0) {
                log_error(LOG, "jobs of DPs that cannot be reached: %s; trying again in a minute", w->job.err.text);
                d->fails_at = d->n_fails;
                if (!d->stopping)
                        loop_timer_start(d->due, 60000, 0);
        }
        batch_free(b);
        next_batch(d);
}

/* Whether the DP still cannot be reached; its reason is in the batch then. */
static bool add_reason(struct batch *b, struct distmgr *d, int64_t dp_id)
{
        struct session *s = dm_session(d, dp_id);
        struct reason *r;
        struct buf text;
        int64_t until;
        bool held;

        for (size_t i = b->n_reasons; i > 0; i--)
                if (b->reasons[i - 1].dp_id == dp_id)
                        return true;
        if (!s || dm_session_says(s, &held, &until) != SCHED_DP_FAIL)
                return false;
        r = &b->reasons[b->n_reasons++];
        r->dp_id = dp_id;
        buf_init(&text, 0);
        snprintf(r->code, sizeof(r->code), "%s", dm_session_reason(s, &text));
        snprintf(r->text, sizeof(r->text), "%.*s", STR_ARG(buf_str(&text)));
        buf_fini(&text);
        dm_session_counted(s);
        return true;
}

static void end(struct distmgr *d)
{
        free(d->fails);
        d->fails = NULL;
        d->n_fails = d->fails_at = 0;
        d->failing = false;
        dm_wake(d);
}

static void next_batch(struct distmgr *d)
{
        struct batch *b = d->stopping || d->fails_at == d->n_fails ? NULL : calloc(1, sizeof(*b));

        if (b)
                b->reasons = calloc(BATCH, sizeof(*b->reasons));
        if (!b || !b->reasons) {
                batch_free(b);
                end(d);
                return;
        }
        while (b->n < BATCH && d->fails_at < d->n_fails) {
                const struct failing *f = &d->fails[d->fails_at++];

                if (!dm_order(d, f->job_id) && add_reason(b, d, f->dp_id))
                        b->v[b->n++] = *f;
        }
        if (!b->n) {
                batch_free(b);
                end(d);
                return;
        }
        b->w.fn = batch_fn;
        b->w.then = batch_then;
        dm_write(d, &b->w, LOG, "");
}

void dm_fail_jobs(struct distmgr *d, struct failing *v, size_t n)
{
        log_info(LOG, "%zu jobs wait for distribution points that cannot be reached", n);
        d->fails = v;
        d->n_fails = n;
        d->fails_at = 0;
        d->failing = true;
        next_batch(d);
}

/* ---- the clock ---- */

struct set_back {
        struct dm_write w;
};

int64_t dm_longest_delay(const struct distmgr *d)
{
        return d->o.retry.delay_us + d->o.retry.delay_us / 100 * d->o.retry.jitter_percent + 60 * US_PER_SECOND;
}

static int set_back_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        return model_jobs_clock_set_back(t, dm_longest_delay(w->d), e);
}

static void set_back_then(struct dm_write *w)
{
        if (w->job.r < 0)
                log_error(LOG, "retries after the clock was set back: %s", w->job.err.text);
        free(container_of(w, struct set_back, w));
}

void dm_mind_the_clock(struct distmgr *d)
{
        int64_t apart = os_now_us() - os_mono_us(), moved = apart - d->clock_apart_us;
        struct set_back *b;

        d->clock_apart_us = apart;
        if (moved > -60 * US_PER_SECOND)
                return;
        log_warn(LOG, "the clock was set back by %lld s: waiting retries are due now", (long long)(-moved / US_PER_SECOND));
        b = calloc(1, sizeof(*b));
        if (!b)
                return;
        b->w.fn = set_back_fn;
        b->w.then = set_back_then;
        dm_write(d, &b->w, LOG, "");
}
