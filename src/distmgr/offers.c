/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offers - advertisements whose moment comes
 *
 * The model keeps offers in step with every change it makes; only time it does
 * not see.  One timer stands at the next instant at which time alone changes an
 * offer, and is set anew after each change of an advertisement.
 */
#include "distmgr/internal.h"

struct refresh {
        struct dm_write w;
        int64_t next_us;
};

static int refresh_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        return model_offers_refresh(t, STR_NULL, &container_of(w, struct refresh, w)->next_us, e);
}

static void refresh_then(struct dm_write *w)
{
        struct refresh *f = container_of(w, struct refresh, w);
        struct distmgr *d = w->d;
        int64_t now = os_now_us();

        d->refreshing_offers = false;
        if (w->job.r < 0) {
                log_error(LOG, "offers: %s; trying again in a minute", w->job.err.text);
                loop_timer_start(d->offers, 60000, 0);
        } else if (f->next_us == TIME_NONE_US) {
                loop_timer_stop(d->offers);
        } else {
                loop_timer_start(d->offers, f->next_us <= now ? 1 : (uint64_t)((f->next_us - now) / 1000 + 1), 0);
        }
        free(f);
        if (d->refresh_offers_again)
                dm_offers_refresh(d);
}

void dm_offers_refresh(void *arg)
{
        struct distmgr *d = arg;
        struct refresh *f;

        d->refresh_offers_again = d->refreshing_offers;
        if (d->refreshing_offers || d->stopping)
                return;
        f = calloc(1, sizeof(*f));
        if (!f)
                return;
        d->refreshing_offers = true;
        f->next_us = TIME_NONE_US;
        f->w.fn = refresh_fn;
        f->w.then = refresh_then;
        dm_write(d, &f->w, LOG, "");
}
