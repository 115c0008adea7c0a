/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One install order: is it here? - manifest - plan, fetch, plan, fetch ... - commit.
 * Each step is a job on the store worker whose `outcome` is the event that moves
 * the order on (order_state.h); between planning and planning a transfer runs.
 */
#include <inttypes.h>
#include "dp/internal.h"
#include "os/os.h"

enum { MAX_GAPS = 3 };

static void step_done(struct job *j);

static void submit(struct order *o, void (*work)(struct job *))
{
        o->job.work = work;
        o->job.done = step_done;
        o->busy = true;
        workers_submit(o->dp->store, &o->job);
}

static struct order *order_of(struct job *j)
{
        return container_of(j, struct order, job);
}

/* ---- store worker ---- */

/* Answers CAS_OK when the manifest is open. */
static int open_manifest(struct order *o)
{
        int r = o->man_open ? CAS_OK : cas_manifest_open(o->dp->cas, &o->w.manifest, &o->man, &o->err);

        if (r == CAS_OK && !o->man_open) {
                o->man_open = true;
                plan_init(&o->plan, o->dp->cas, &o->man);
        }
        return r;
}

static void check_work(struct job *j)
{
        struct order *o = order_of(j);
        struct cas_version v;
        int r = cas_version_get(o->dp->cas, o->w.package, o->w.version, &v, &o->err);

        if (r == CAS_OK && hash_id_eq(&v.manifest, &o->w.manifest)) {
                r = cas_version_sound(o->dp->cas, &v, &o->err);
                if (r == CAS_OK) {
                        o->w.size = v.total_bytes;
                        o->outcome = ORDER_EV_HELD;
                        return;
                }
        }
        if (r >= 0)
                r = open_manifest(o);
        o->outcome = r < 0 ? r : r == CAS_OK ? ORDER_EV_MISSING : ORDER_EV_ABSENT;
}

static void plan_work(struct job *j)
{
        struct order *o = order_of(j);
        int r = open_manifest(o);

        if (r == CAS_E_ABSENT)
                r = err_set(&o->err, ERR_IO, "the manifest that was just stored is gone from the library");
        if (r == CAS_OK)
                r = plan_next(&o->plan, &o->err);
        if (o->man_open)
                cas_manifest_trim(&o->man);
        o->outcome = r < 0 ? r : r == PLAN_COMPLETE ? ORDER_EV_COMPLETE : ORDER_EV_WANTS;
}

static void commit_work(struct job *j)
{
        struct order *o = order_of(j);
        struct dp *d = o->dp;
        int r = cas_version_commit(d->cas, o->w.package, o->w.version, &o->w.manifest, true, &o->err);

        if (r == CAS_E_ABSENT && ++o->gaps <= MAX_GAPS) {
                err_clear(&o->err);
                plan_rewind(&o->plan);
                o->outcome = ORDER_EV_GAPS;
                return;
        }
        if (r == CAS_E_ABSENT) {
                err_prefix(&o->err, "pieces go missing as fast as they come");
                o->err.kind = ERR_IO;
                r = err_number(ERR_IO);
        }
        if (r >= 0) {
                o->w.size = o->man.m.total_bytes;
                unfinished_drop(o);
        }
        o->outcome = r < 0 ? r : ORDER_EV_COMMITTED;
}

/* ---- loop ---- */

static void held(struct order *o)
{
        log_info("dp", "package %s version %u is here already", o->w.package, o->w.version);
        order_report(o, DPWIRE_INSTALLED, false);
}

static void committed(struct order *o)
{
        log_info("dp", "package %s version %u installed: %" PRIu64 " bytes, %" PRIu64 " of them received", o->w.package,
                 o->w.version, o->w.size, o->received);
        gc_want(o->dp);
        order_report(o, DPWIRE_INSTALLED, true);
}

static void advance(struct order *o, enum order_event ev)
{
        int r = 0;

        order_move(o, ev);
        switch (ev) {
        case ORDER_EV_HELD:
                held(o);
                break;
        case ORDER_EV_ABSENT:
                r = manifest_fetch_start(o, &o->err);
                break;
        case ORDER_EV_MISSING:
        case ORDER_EV_ARRIVED:
        case ORDER_EV_STORED:
        case ORDER_EV_GAPS:
                submit(o, plan_work);
                break;
        case ORDER_EV_WANTS:
                unfinished_add(o->dp, &o->w);
                r = transfer_start(o, &o->err);
                break;
        case ORDER_EV_COMPLETE:
                unfinished_take(o);
                submit(o, commit_work);
                break;
        case ORDER_EV_COMMITTED:
                committed(o);
                break;
        default:
                r = err_set(&o->err, ERR_INTERNAL, "an install does not know \"%s\"", order_event_name(ev));
        }
        if (r < 0)
                order_fail(o);
}

static void step_done(struct job *j)
{
        struct order *o = order_of(j);

        o->busy = false;
        /* What is committed is told, cancelled or not. */
        if (o->outcome != ORDER_EV_COMMITTED && order_returned(o))
                return;
        if (o->outcome < 0)
                order_fail(o);
        else
                advance(o, (enum order_event)o->outcome);
}

void install_begin(struct order *o)
{
        order_move(o, ORDER_EV_BEGIN);
        submit(o, check_work);
}

void install_transferred(struct order *o, int r)
{
        if (order_returned(o))
                return;
        if (r < 0)
                order_fail(o);
        else
                advance(o, ORDER_EV_STORED);
}

void install_manifest_came(struct order *o, int r)
{
        if (order_returned(o))
                return;
        if (r < 0)
                order_fail(o);
        else
                advance(o, ORDER_EV_ARRIVED);
}

void install_cancel(struct order *o)
{
        if (o->transfer)
                transfer_cancel(o->transfer);
        else if (o->mfetch)
                manifest_fetch_cancel(o->mfetch);
        else if (!o->busy)
                (void)order_returned(o);
}

void install_kick(struct order *o)
{
        if (o->transfer)
                transfer_kick(o->transfer);
        if (o->mfetch)
                manifest_fetch_kick(o->mfetch);
}

void install_clear(struct order *o)
{
        if (!o->man_open)
                return;
        plan_fini(&o->plan);
        cas_manifest_close(&o->man);
        o->man_open = false;
}
