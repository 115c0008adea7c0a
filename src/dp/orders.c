/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders from arrival to acknowledgement.  Orders on the same package are worked
 * on one after the other, by arrival; installs of different packages side by side
 * up to a setting.  A removal stops an install of its package that is under way.
 */
#include <assert.h>
#include <inttypes.h>
#include "dp/internal.h"
#include "os/os.h"

static struct order *order_at(struct list *n)
{
        return list_entry(n, struct order, link);
}

static struct order *find(const struct dp *d, uint64_t id)
{
        for (struct list *n = d->orders.next; n != &d->orders; n = n->next)
                if (order_at(n)->w.id == id)
                        return order_at(n);
        return NULL;
}

void order_move(struct order *o, enum order_event ev)
{
        int next = order_next(o->state, ev);

        assert(next != ORDER_ILLEGAL);
        log_debug("dp", "order %" PRIu64 " (%s %s): %s, now %s", o->w.id, dpwire_kind_name(o->w.kind), o->w.package,
                  order_event_name(ev), order_state_name((enum order_state)next));
        o->state = (enum order_state)next;
}

static void order_free(struct order *o)
{
        install_clear(o);
        verification_free(o->verification);
        list_del(&o->link);
        free(o);
}

/* ---- the end of an order ---- */

bool order_returned(struct order *o)
{
        struct dp *d = o->dp;

        if (!atomic_load(&o->cancelled))
                return false;
        log_info("dp", "order %" PRIu64 " (%s %s version %u) stopped", o->w.id, dpwire_kind_name(o->w.kind),
                 o->w.package, o->w.version);
        order_move(o, ORDER_EV_CANCELLED);
        order_free(o);
        if (!d->stopping) {
                orders_schedule(d);
                link_poll_again(d);
        }
        return true;
}

enum dpwire_code code_of(const struct err *e)
{
        switch (e->kind) {
        case ERR_NONE:
                return DPWIRE_CODE_NONE;
        case ERR_NO_SPACE:
        case ERR_QUOTA:
                return DPWIRE_DISK_FULL;
        case ERR_CORRUPT:
                return DPWIRE_HASH_MISMATCH;
        case ERR_GONE:
        case ERR_NOT_FOUND:
                return DPWIRE_SOURCE_GONE;
        case ERR_TIMEOUT:
                return DPWIRE_STALLED;
        case ERR_NOMEM:
        case ERR_INTERNAL:
                return DPWIRE_INTERNAL;
        default:
                return DPWIRE_IO;
        }
}

static void fill_report(const struct order *o, struct dpwire_report *r)
{
        r->order = o->w.id;
        r->kind = o->w.kind;
        r->has_manifest = r->has_manifest || o->w.has_manifest;
        if (o->w.has_manifest)
                r->manifest = o->w.manifest;
        r->version = o->w.version ? o->w.version : r->version;
        memcpy(r->package, o->w.package, sizeof(r->package));
        r->bytes_received = o->received;
        r->bytes_reused = o->w.size > o->received ? o->w.size - o->received : 0;
        r->duration_ms = (uint64_t)(os_mono_us() - o->begun_us) / 1000;
}

void order_report(struct order *o, enum dpwire_result result, bool store)
{
        struct str files[DPWIRE_MAX_FILES];
        struct dpwire_report r = { 0 };
        struct dp *d = o->dp;

        if (o->verification)
                verification_report(o->verification, files, &r);
        r.result = result;
        if (o->err.kind != ERR_NONE) {
                if (result == DPWIRE_FAILED)
                        r.code = code_of(&o->err);
                r.text = str_of(o->err.text);
        }
        fill_report(o, &r);
        mail_report(d, &r, store);
        install_clear(o);
        orders_schedule(d);
}

void order_fail(struct order *o)
{
        order_move(o, ORDER_EV_FAILED);
        log_warn("dp", "%s of package %s version %u failed (%s): %s", dpwire_kind_name(o->w.kind), o->w.package,
                 o->w.version, dpwire_code_name(code_of(&o->err)), o->err.text);
        order_report(o, DPWIRE_FAILED, false);
}

void orders_acked(struct dp *d, uint64_t id)
{
        struct order *o = id ? find(d, id) : NULL;
        bool failed;

        if (!o)
                return;
        failed = o->outcome < 0;
        order_move(o, ORDER_EV_ACKED);
        order_free(o);
        orders_schedule(d);
        if (failed)                     /* the site may want it tried again under the same number */
                link_poll_again(d);
}

/* ---- arrival ---- */

/* False: it cannot be stopped any more. */
static bool cancel(struct order *o)
{
        if (o->state >= ORDER_REPORTING || atomic_load(&o->cancelled))
                return false;
        atomic_store(&o->cancelled, true);
        if (o->w.kind == DPWIRE_INSTALL)
                install_cancel(o);
        else if (!o->busy)
                (void)order_returned(o);
        return true;
}

static void cancel_installs_of(struct dp *d, const char *package)
{
        struct list *n, *tmp;

        list_for_each(n, &d->orders, tmp)
        {
                struct order *o = order_at(n);

                if (o->w.kind == DPWIRE_INSTALL && strcmp(o->w.package, package) == 0)
                        (void)cancel(o);
        }
}

bool orders_receive(struct dp *d, const struct dpwire_order *w)
{
        struct order *o = find(d, w->id);

        if (w->kind == DPWIRE_CANCEL)
                return o && cancel(o);
        if (o || mail_has(d, w->id))
                return false;
        if (w->kind == DPWIRE_INVENTORY) {
                mail_inventory(d, w->id);
                return true;
        }
        if (w->kind == DPWIRE_REMOVE)
                cancel_installs_of(d, w->package);
        o = calloc(1, sizeof(*o));
        if (!o) {
                log_error("dp", "out of memory: order %" PRIu64 " is left to the next poll", w->id);
                return false;
        }
        o->dp = d;
        o->w = *w;
        o->begun_us = os_mono_us();
        list_push_back(&d->orders, &o->link);
        log_info("dp", "order %" PRIu64 ": %s %s version %u", w->id, dpwire_kind_name(w->kind), w->package, w->version);
        return true;
}

/* ---- who is next ---- */

static bool working(const struct order *o)
{
        return o->state > ORDER_RECEIVED && o->state < ORDER_REPORTING;
}

/* Does an earlier order on the same package stand before this one? */
static bool must_wait(const struct dp *d, const struct order *o)
{
        for (struct list *n = d->orders.next; n != &o->link; n = n->next)
                if (order_at(n)->state < ORDER_REPORTING && strcmp(order_at(n)->w.package, o->w.package) == 0)
                        return true;
        return false;
}

static unsigned installs_working(const struct dp *d)
{
        unsigned n_working = 0;

        for (struct list *n = d->orders.next; n != &d->orders; n = n->next)
                n_working += order_at(n)->w.kind == DPWIRE_INSTALL && working(order_at(n));
        return n_working;
}

static struct order *next_order(struct dp *d)
{
        bool full = installs_working(d) >= d->set.max_orders;

        for (struct list *n = d->orders.next; n != &d->orders; n = n->next) {
                struct order *o = order_at(n);

                if (o->state == ORDER_RECEIVED && !atomic_load(&o->cancelled) && !must_wait(d, o) &&
                    !(full && o->w.kind == DPWIRE_INSTALL))
                        return o;
        }
        return NULL;
}

void orders_schedule(struct dp *d)
{
        struct order *o;

        while (!d->stopping && (o = next_order(d))) {
                d->was_busy = true;
                progress_wake(d);
                if (o->w.kind == DPWIRE_INSTALL)
                        install_begin(o);
                else
                        chore_begin(o);
        }
        if (!d->was_busy || !orders_idle(d))
                return;
        d->was_busy = false;
        blocks_trim(&d->blocks);
        if (d->idle)
                d->idle(d->ctx);
}

bool orders_idle(const struct dp *d)
{
        for (struct list *n = d->orders.next; n != &d->orders; n = n->next)
                if (order_at(n)->state < ORDER_REPORTING)
                        return false;
        return true;
}

size_t orders_active(const struct dp *d, uint64_t *ids, size_t cap)
{
        size_t n_ids = mail_orders(d, ids, cap);

        for (struct list *n = d->orders.next; n != &d->orders && n_ids < cap; n = n->next)
                if (order_at(n)->state < ORDER_REPORTING)
                        ids[n_ids++] = order_at(n)->w.id;
        return n_ids;
}

void orders_kick(struct dp *d)
{
        struct list *n, *tmp;

        list_for_each(n, &d->orders, tmp) install_kick(order_at(n));
}

void orders_stop(struct dp *d)
{
        struct list *n, *tmp;

        list_for_each(n, &d->orders, tmp)
        {
                struct order *o = order_at(n);

                if (o->state >= ORDER_REPORTING)
                        order_free(o);
                else
                        (void)cancel(o);
        }
}
