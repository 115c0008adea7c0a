/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll - GET /dp/v1/orders: one long poll a DP, answered the moment there is an order
 *
 * The poll names what the DP works on (active=).  An order of ours it does not
 * name is sent again; one it names that we do not have in work is looked up: the
 * same job, and it goes on (we were restarted); no such job, and it is cancelled.
 */
#include "distmgr/internal.h"
#include <stdio.h>

/* ---- saying something ---- */

static enum dpwire_kind kind_of(enum job_action a)
{
        switch (a) {
        case JOB_REMOVE:
                return DPWIRE_REMOVE;
        case JOB_VALIDATE:
                return DPWIRE_VALIDATE;
        default:
                return DPWIRE_INSTALL;
        }
}

static bool is_cancelled(const struct session *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_cancels; i++)
                if (s->cancels[i].id == id)
                        return true;
        return false;
}

struct answer {
        struct dpwire_order v[DPWIRE_MAX_ORDERS];
        size_t n;
};

static void add_cancels(struct session *s, struct answer *a)
{
        for (size_t i = 0; i < s->n_cancels && a->n < DPWIRE_MAX_ORDERS; i++) {
                struct cancel *c = &s->cancels[i];

                if (c->told)
                        continue;
                c->told = true;
                a->v[a->n++] = (struct dpwire_order){ .id = c->id, .kind = DPWIRE_CANCEL };
        }
}

static void add_orders(struct session *s, struct answer *a)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                if (o->state != ORDER_QUEUED || is_cancelled(s, (uint64_t)o->job_id) || a->n == DPWIRE_MAX_ORDERS)
                        continue;
                if (!o->announced)
                        dm_session_progress(s);
                o->state = ORDER_SENT;
                o->announced = true;
                o->sent_mono_us = os_mono_us();
                a->v[a->n] = (struct dpwire_order){
                        .id = (uint64_t)o->job_id, .kind = kind_of(o->action), .version = o->version,
                        .has_manifest = o->has_manifest && o->action != JOB_REMOVE, .manifest = o->manifest,
                        .size = o->total_bytes, .redistribute = o->redistribute,
                };
                memcpy(a->v[a->n++].package, o->package_id, sizeof(o->package_id));
                log_debug(LOG, "order %lld to DP %s: %s %s version %u", (long long)o->job_id, s->name,
                          dpwire_kind_name(kind_of(o->action)), o->package_id, o->version);
        }
}

static void add_inventory(struct session *s, struct answer *a)
{
        if (!s->inventory || s->inventory_told || a->n == DPWIRE_MAX_ORDERS)
                return;
        s->inventory_told = true;
        s->inventory_mono_us = os_mono_us();
        a->v[a->n++] = (struct dpwire_order){ .id = s->inventory, .kind = DPWIRE_INVENTORY };
}

static void reply(struct session *s, const struct answer *a)
{
        struct http_exchange *x = s->poll;
        struct buf b;

        s->poll = NULL;
        s->last_seen_us = os_now_us();
        s->gone_mono_us = os_mono_us();
        buf_init(&b, 0);
        dpwire_orders_encode(&b, &(struct dpwire_orders){ (struct dpwire_order *)a->v, a->n });
        if (b.failed)
                http_reply_empty(x, 503);
        else
                http_reply(x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
        buf_fini(&b);
        dm_session_arm(s);
}

void dm_session_kick(struct session *s)
{
        struct answer a = { .n = 0 };

        if (!s->poll || s->d->stopping) {
                dm_session_arm(s);
                return;
        }
        add_cancels(s, &a);
        if (s->fresh && !s->maintenance && !s->skewed) {
                add_orders(s, &a);
                add_inventory(s, &a);
        }
        if (a.n)
                reply(s, &a);
        else
                dm_session_arm(s);
}

void dm_poll_end(struct session *s)
{
        /* What it still works on although it was told to stop, it is told again next time. */
        for (size_t i = 0; i < s->n_cancels; i++)
                s->cancels[i].told = false;
        reply(s, &(struct answer){ .n = 0 });
}

static void poll_gone(void *arg)
{
        struct session *s = arg;

        if (s->poll)
                dm_poll_end(s);
}

/* ---- what the poll says ---- */

static void forget_obeyed_cancels(struct session *s)
{
        size_t k = 0;

        for (size_t i = 0; i < s->n_cancels; i++)
                if (dm_session_is_active(s, s->cancels[i].id))
                        s->cancels[k++] = s->cancels[i];
        s->n_cancels = k;
}

static void forget_obeyed_inventory(struct session *s)
{
        /* Told a while ago, but not named: the answer with it was lost. */
        if (s->inventory && s->inventory_told && !dm_session_is_active(s, s->inventory) &&
            os_mono_us() >= s->inventory_mono_us + DM_RESEND_MS * 1000)
                s->inventory_told = false;
}

struct lookup {
        struct dm_read r;
        int64_t dp_id;
        size_t n;
        uint64_t ids[DPWIRE_MAX_ORDERS];
        struct model_job jobs[];        /* found ones; job_id 0: there is none */
};

static int lookup_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct lookup *k = container_of(r, struct lookup, r);

        for (size_t i = 0; i < k->n; i++) {
                int got = model_job_get(c, (int64_t)k->ids[i], &k->jobs[i], e);

                if (got < 0)
                        return got;
                if (got > 0)
                        k->jobs[i].job_id = 0;
        }
        return 0;
}

static void lookup_then(struct dm_read *r)
{
        struct lookup *k = container_of(r, struct lookup, r);
        struct session *s = dm_session(r->d, k->dp_id);

        if (s && r->job.r >= 0) {
                for (size_t i = 0; i < k->n; i++) {
                        const struct model_job *j = &k->jobs[i];

                        if (dm_order(r->d, (int64_t)k->ids[i]))
                                continue;
                        if (j->job_id && j->dp_id == s->dp_id && j->state <= JOB_PENDING_RESTART)
                                dm_order_adopt(r->d, j);
                        else
                                dm_session_cancel(s, k->ids[i]);
                }
                dm_session_kick(s);
        }
        free(k);
}

/* Orders it works on that we know nothing of: from before our restart, or void. */
static void look_up_strangers(struct session *s)
{
        struct lookup *k;
        size_t n = 0;

        for (size_t i = 0; i < s->n_active; i++)
                n += s->active[i] < DM_INVENTORY_IDS && !dm_order(s->d, (int64_t)s->active[i]) &&
                     !is_cancelled(s, s->active[i]);
        if (!n)
                return;
        k = calloc(1, sizeof(*k) + n * sizeof(k->jobs[0]));
        if (!k)
                return;                 /* the next poll names them again */
        for (size_t i = 0; i < s->n_active; i++)
                if (s->active[i] < DM_INVENTORY_IDS && !dm_order(s->d, (int64_t)s->active[i]) &&
                    !is_cancelled(s, s->active[i]))
                        k->ids[k->n++] = s->active[i];
        k->dp_id = s->dp_id;
        k->r.fn = lookup_fn;
        k->r.then = lookup_then;
        dm_read(s->d, &k->r);
}

/* Its clock against ours.  Returns true when it was wrong until now. */
static bool note_clock(struct session *s, struct str header)
{
        bool was = s->skewed;
        int64_t us;

        if (!header.p || str_to_i64(str_trim(header), &us))
                return false;
        us -= os_now_us();
        s->skewed = us > s->d->o.clock_skew_limit_us || us < -s->d->o.clock_skew_limit_us;
        s->skew_us = us;
        if (s->skewed && !was)
                log_warn(LOG, "the clock of DP %s differs by %lld s: it gets no orders", s->name,
                         (long long)(us / US_PER_SECOND));
        return was && !s->skewed;
}

static void orders(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        struct str wait = http_query(x, "wait");
        struct err e = { 0 };
        uint64_t wait_s = 0;
        bool mended, was_skewed = s->skewed;

        if (d->stopping) {
                http_reply_empty(x, 503);
                return;
        }
        if (wait.p && (str_to_u64(wait, &wait_s) || wait_s > DPWIRE_WAIT_MAX_S)) {
                (void)err_set(&e, ERR_INVALID, "wait: at most %d seconds", DPWIRE_WAIT_MAX_S);
                http_reply_err(x, &e);
                return;
        }
        if (s->poll)
                dm_poll_end(s);         /* the DP dialled anew: that one is dead */
        if (dpwire_active_decode(http_query(x, "active"), s->active, DPWIRE_MAX_ORDERS, &s->n_active, &e)) {
                s->n_active = 0;
                http_reply_err(x, &e);
                return;
        }
        mended = note_clock(s, http_header(x, DPWIRE_CLOCK_HEADER));
        s->poll = x;
        s->poll_until_mono_us = os_mono_us() + MIN((int64_t)wait_s * US_PER_SECOND, d->o.order_wait_us);
        http_on_gone(x, poll_gone, s);
        forget_obeyed_cancels(s);
        forget_obeyed_inventory(s);
        dm_session_connected(s, mended);
        if (s->skewed && !was_skewed)
                dm_session_skewed(s);
        look_up_strangers(s);
        dm_session_kick(s);
}

void dm_handle_orders(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, orders);
}
