/* SPDX-License-Identifier: Apache-2.0 */
#include "distmgr/internal.h"
#include "distmgr/locate.h"
#include <errno.h>
#include <stdio.h>

static void route(struct distmgr *d, const char *method, const char *prefix, size_t limit,
                  void (*handle)(void *ctx, struct http_exchange *x))
{
        d->routes[d->n_routes++] = (struct http_route){ method, prefix, limit, handle, d };
}

static void make_routes(struct distmgr *d)
{
        route(d, "GET", DPWIRE_PATH_CA, 0, dm_handle_ca);
        route(d, "POST", DPWIRE_PATH_ENROLL, DPWIRE_SMALL_BODY, dm_handle_enroll);
        route(d, "POST", DPWIRE_PATH_RENEW, DPWIRE_SMALL_BODY, dm_handle_renew);
        route(d, "GET", DPWIRE_PATH_ORDERS, 0, dm_handle_orders);
        route(d, "GET", DPWIRE_PATH_MANIFEST, 0, dm_handle_manifest);
        route(d, "POST", DPWIRE_PATH_CONTENT, DPWIRE_WANT_BODY, dm_handle_content);
        route(d, "POST", DPWIRE_PATH_PROGRESS, DPWIRE_SMALL_BODY, dm_handle_progress);
        route(d, "POST", DPWIRE_PATH_REPORT, DPWIRE_SMALL_BODY, dm_handle_report);
        route(d, "POST", DPWIRE_PATH_INVENTORY, DPWIRE_INVENTORY_BODY, dm_handle_inventory);
}

const struct http_route *distmgr_routes(struct distmgr *d, size_t *n_out)
{
        *n_out = d->n_routes;
        return d->routes;
}

static void on_due(void *arg)
{
        dm_wake(arg);
}

int distmgr_new(struct distmgr **out, const struct distmgr_opts *o, struct err *e)
{
        struct distmgr *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return err_set(e, ERR_NOMEM, "out of memory");
        d->o = *o;
        d->loop = o->loop;
        d->db = o->db;
        d->cas = o->cas;
        d->audited_us = TIME_NONE_US;
        map_init(&d->by_dp, false);
        map_init(&d->by_cert, false);
        map_init(&d->orders, false);
        list_init(&d->snapshots);
        list_init(&d->verifies);
        list_init(&d->gc_waiters);
        make_routes(d);
        r = dm_locator_new(&d->locator, d->cas);
        if (!r)
                r = loop_timer_new(&d->due, d->loop, on_due, d);
        if (!r)
                r = loop_timer_new(&d->pause, d->loop, on_due, d);
        if (!r)
                r = loop_timer_new(&d->offers, d->loop, dm_offers_refresh, d);
        if (!r)
                r = loop_timer_new(&d->audit, d->loop, dm_audit_tick, d);
        if (!r)
                r = loop_timer_new(&d->retain, d->loop, dm_retain_tick, d);
        if (!r)
                r = loop_timer_new(&d->gc, d->loop, dm_library_gc_tick, d);
        if (!r)
                r = workers_new(&d->store, d->loop, "store", o->max_snapshots);
        if (!r)
                r = workers_new(&d->locate, d->loop, "locate", 1);
        if (r) {
                distmgr_free(d);
                return err_sys(e, -r, "Distribution Manager");
        }
        *out = d;
        return 0;
}

/* ---- start ---- */

struct recover {
        struct dm_write w;
};

static int recover_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        int r = model_jobs_recover(t, e);

        /* The clock may have been set back while we were not there to see it. */
        return r < 0 ? r : model_jobs_clock_set_back(t, dm_longest_delay(w->d), e);
}

static void recover_then(struct dm_write *w)
{
        struct distmgr *d = w->d;

        if (w->job.r < 0)
                log_error(LOG, "jobs of the earlier life: %s", w->job.err.text);
        free(container_of(w, struct recover, w));
        if (d->stopping)
                return;
        d->started = true;
        dm_wake(d);
        dm_offers_refresh(d);
        dm_library_sweep(d);
        dm_library_want_gc(d);
        if (d->o.change_log_keep)
                loop_timer_start(d->retain, DM_RETAIN_MS, DM_RETAIN_MS);
        if (d->o.audit_interval_us)
                loop_timer_start(d->audit, (uint64_t)(d->o.audit_interval_us / 1000),
                                 (uint64_t)(d->o.audit_interval_us / 1000));
}

void distmgr_start(struct distmgr *d)
{
        struct recover *r = calloc(1, sizeof(*r));

        d->started_mono_us = d->gc_mono_us = os_mono_us();
        d->clock_apart_us = os_now_us() - os_mono_us();
        if (!r) {
                log_error(LOG, "out of memory at the start; start again");
                return;
        }
        r->w.fn = recover_fn;
        r->w.then = recover_then;
        dm_write(d, &r->w, LOG, "");
}

/* ---- changes ---- */

static void all_stale(struct distmgr *d)
{
        size_t it = 0;
        void *v;

        while (map_next(&d->by_dp, &it, NULL, &v))
                dm_session_stale(v);
}

/* TM_DistributionPoint.Name="X" */
static void stale(struct distmgr *d, struct str path)
{
        struct str name;
        size_t it = 0;
        void *v;

        d->n_news++;                    /* of one we have no session of yet, too: its row may just be read */
        (void)str_cut(str_cut(path, '"', &name), '"', &name);
        while (map_next(&d->by_dp, &it, NULL, &v)) {
                struct session *s = v;

                if (str_eqz_nocase(name, s->name))
                        dm_session_stale(s);
        }
}

/* What may follow from a change: another pass, a row to be read again, content that nobody needs. */
void distmgr_changed(struct distmgr *d, const struct model_change *c)
{
        if (!d->started || d->stopping)
                return;
        if (!c) {
                all_stale(d);
                dm_wake(d);
                dm_offers_refresh(d);
                dm_library_sweep(d);
        } else if (str_eqz(c->class_name, "SMS_DistributionJob")) {
                dm_wake(d);
        } else if (str_eqz(c->class_name, "TM_DistributionPoint")) {
                stale(d, c->path);
                dm_wake(d);
        } else if (str_eqz(c->class_name, "SMS_Advertisement")) {
                dm_offers_refresh(d);
        } else if (str_eqz(c->class_name, "SMS_Package") && !c->after.p) {
                dm_library_sweep(d);
        }
}

/* ---- end ---- */

void distmgr_stop(struct distmgr *d)
{
        size_t it = 0;
        void *v;

        d->stopping = true;
        atomic_store(&d->stop_work, true);
        loop_timer_stop(d->due);
        loop_timer_stop(d->pause);
        loop_timer_stop(d->offers);
        loop_timer_stop(d->audit);
        loop_timer_stop(d->retain);
        loop_timer_stop(d->gc);
        dm_snapshots_stop(d);
        dm_verify_stop(d);
        while (map_next(&d->by_dp, &it, NULL, &v)) {
                struct session *s = v;

                if (s->poll)
                        dm_poll_end(s);
                loop_timer_stop(s->timer);
        }
}

bool distmgr_settled(const struct distmgr *d)
{
        return d->n_writes == 0;
}

bool distmgr_idle(const struct distmgr *d)
{
        return d->n_pending == 0 && d->n_streams == 0;
}

void distmgr_free(struct distmgr *d)
{
        size_t it;
        void *v;

        if (!d)
                return;
        if (d->store)
                workers_free(d->store);
        if (d->locate)
                workers_free(d->locate);
        while ((it = 0, map_next(&d->by_dp, &it, NULL, &v)))
                dm_session_free(v);
        map_fini(&d->by_dp, NULL);
        map_fini(&d->by_cert, NULL);
        map_fini(&d->orders, NULL);
        dm_locator_free(d->locator);
        free(d->fails);
        loop_timer_free(d->due);
        loop_timer_free(d->pause);
        loop_timer_free(d->offers);
        loop_timer_free(d->audit);
        loop_timer_free(d->retain);
        loop_timer_free(d->gc);
        free(d);
}

void distmgr_status(const struct distmgr *d, struct distmgr_status *out)
{
        struct list *l, *tmp;

        *out = (struct distmgr_status){
                .n_online = d->n_online, .n_orders = (unsigned)d->orders.n, .bytes_sent = d->bytes_sent,
                .audited_us = d->audited_us, .n_differences = d->n_differences,
        };
        list_for_each (l, &d->snapshots, tmp)
                out->n_snapshots++;
        memcpy(out->difference, d->difference, sizeof(out->difference));
}
