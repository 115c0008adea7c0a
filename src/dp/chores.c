/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of one step: remove (store worker) and validate (verify worker). */
#include "dp/internal.h"
#include "os/os.h"

static struct order *order_of(struct job *j)
{
        return container_of(j, struct order, job);
}

static void remove_work(struct job *j)
{
        struct order *o = order_of(j);
        int r = cas_version_drop(o->dp->cas, o->w.package, 0, &o->err);

        if (r >= 0) {
                err_clear(&o->err);
                unfinished_drop(o);
        }
        o->outcome = r < 0 ? r : ORDER_EV_WORKED;
}

static void remove_done(struct job *j)
{
        struct order *o = order_of(j);

        o->busy = false;
        if (o->outcome < 0) {
                if (!order_returned(o))
                        order_fail(o);
                return;
        }
        /* It is gone, cancelled or not. */
        log_info("dp", "package %s removed", o->w.package);
        order_move(o, ORDER_EV_WORKED);
        gc_want(o->dp);
        order_report(o, DPWIRE_REMOVED, true);
}

static void validate_work(struct job *j)
{
        struct order *o = order_of(j);
        struct verification *v = o->verification;
        int r = cas_version_find(o->dp->cas, o->w.package, &v->v, &o->err);

        o->outcome = ORDER_EV_WORKED;
        if (r == CAS_E_ABSENT) {
                err_clear(&o->err);
                (void)err_set(&o->err, ERR_NOT_FOUND, "nothing of this package is here; redistribute it");
                v->n_bad = 1;
                return;
        }
        if (r >= 0 && o->w.version && v->v.version != o->w.version) {
                (void)err_set(&o->err, ERR_CONFLICT, "version %u is here, not %u; redistribute the package",
                              v->v.version, o->w.version);
                v->n_bad = 1;
                return;
        }
        if (r >= 0)
                r = verification_run(v, &o->err);
        if (r < 0)
                o->outcome = r;
}

static void validate_done(struct job *j)
{
        struct order *o = order_of(j);
        struct verification *v = o->verification;

        o->busy = false;
        if (order_returned(o))
                return;
        if (o->outcome < 0) {
                order_fail(o);
                return;
        }
        if (v->n_bad)
                log_warn("dp", "package %s is not valid: %s", o->w.package,
                         o->err.kind ? o->err.text : v->n_files ? v->files[0] : "damaged");
        else
                log_info("dp", "package %s version %u is valid", o->w.package, v->v.version);
        order_move(o, ORDER_EV_WORKED);
        order_report(o, v->n_bad ? DPWIRE_INVALID : DPWIRE_VALID, false);
}

void chore_begin(struct order *o)
{
        struct dp *d = o->dp;

        order_move(o, ORDER_EV_WORK);
        o->busy = true;
        if (o->w.kind == DPWIRE_REMOVE) {
                unfinished_take(o);
                o->job.work = remove_work;
                o->job.done = remove_done;
                workers_submit(d->store, &o->job);
                return;
        }
        o->verification = verification_new(d->cas, 0, &o->cancelled);
        o->job.work = validate_work;
        o->job.done = validate_done;
        if (o->verification) {
                workers_submit(d->verify, &o->job);
                return;
        }
        o->busy = false;
        (void)err_set(&o->err, ERR_NOMEM, "out of memory");
        order_fail(o);
}
