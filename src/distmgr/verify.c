/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - do rows, counters and DPs agree?
 *
 * The background audit recounts every counter and speaks only of differences.
 * A verification on demand does the same and, when deep, asks every DP what it
 * holds, each answer compared with the rows before it is applied to them.
 */
#include "distmgr/internal.h"
#include <stdio.h>

enum { MAX_DIFFERENCES = 10000 };

struct diffs {
        struct model_difference *v;
        size_t n, cap;
        uint64_t seen;                  /* also those beyond the bound */
};

static void diffs_add(void *ctx, const struct model_difference *m)
{
        struct diffs *f = ctx;

        f->seen++;
        if (f->n == MAX_DIFFERENCES)
                return;
        if (f->n == f->cap) {
                size_t cap = f->cap ? f->cap * 2 : 16;
                void *p = reallocarray(f->v, cap, sizeof(*f->v));

                if (!p)
                        return;
                f->v = p;
                f->cap = cap;
        }
        f->v[f->n++] = *m;
}

static void diffs_add_all(struct diffs *to, const struct diffs *from)
{
        for (size_t i = 0; i < from->n; i++)
                diffs_add(to, &from->v[i]);
        to->seen += from->seen - from->n;
}

/* ---- the background audit ---- */

struct audit {
        struct dm_read r;
        struct diffs found;
};

static int audit_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        return model_verify_counters(c, diffs_add, &container_of(r, struct audit, r)->found, e);
}

static void audit_then(struct dm_read *r)
{
        struct audit *a = container_of(r, struct audit, r);
        struct distmgr *d = r->d;

        if (r->job.r < 0) {
                log_error(LOG, "background audit: %s", r->job.err.text);
        } else {
                d->audited_us = os_now_us();
                d->n_differences = a->found.seen;
                d->difference[0] = 0;
                for (size_t i = 0; i < a->found.n; i++)
                        log_error(LOG, "background audit: %s %s: %s", a->found.v[i].kind, a->found.v[i].object,
                                  a->found.v[i].text);
                if (a->found.n)
                        snprintf(d->difference, sizeof(d->difference), "%s %.100s: %.300s", a->found.v[0].kind,
                                 a->found.v[0].object, a->found.v[0].text);
        }
        free(a->found.v);
        free(a);
}

void dm_audit_tick(void *arg)
{
        struct distmgr *d = arg;
        struct audit *a = d->stopping ? NULL : calloc(1, sizeof(*a));

        if (!a)
                return;
        a->r.fn = audit_fn;
        a->r.then = audit_then;
        dm_read(d, &a->r);
}

/* ---- on demand ---- */

struct asked {
        int64_t dp_id;
        char name[DM_NAME];
        uint64_t inventory;             /* 0: answered, or known to be silent */
};

struct verify_run {
        struct list link;
        struct dm_read r;
        struct distmgr *d;
        bool deep;
        void (*done)(void *arg, const struct model_difference *v, size_t n, const struct err *e);
        void *arg;
        struct diffs found;
        struct asked *asked;
        size_t n_asked, cap_asked, n_waiting;
        struct loop_timer *timer;
};

static void finish(struct verify_run *v, const struct err *e)
{
        list_del(&v->link);
        v->done(v->arg, v->found.v, v->found.n, e);
        loop_timer_free(v->timer);
        free(v->found.v);
        free(v->asked);
        free(v);
}

static void silent(struct verify_run *v, struct asked *a, const char *why)
{
        struct model_difference m = { .kind = "DpSilent" };

        snprintf(m.object, sizeof(m.object), "%s", a->name);
        snprintf(m.text, sizeof(m.text), "%s, so what it holds could not be compared", why);
        diffs_add(&v->found, &m);
        if (a->inventory)
                v->n_waiting--;
        a->inventory = 0;
}

static void finish_when_complete(struct verify_run *v)
{
        struct err none = { 0 };

        if (!v->n_waiting)
                finish(v, &none);
}

static void timed_out(void *arg)
{
        struct verify_run *v = arg;

        for (size_t i = 0; i < v->n_asked; i++)
                if (v->asked[i].inventory)
                        silent(v, &v->asked[i], "did not answer in time");
        finish_when_complete(v);
}

static bool list_dp(void *ctx, const struct model_dp *dp)
{
        struct verify_run *v = ctx;

        if (v->n_asked == v->cap_asked) {
                size_t cap = v->cap_asked ? v->cap_asked * 2 : 32;
                void *p = reallocarray(v->asked, cap, sizeof(*v->asked));

                if (!p)
                        return false;
                v->asked = p;
                v->cap_asked = cap;
        }
        v->asked[v->n_asked] = (struct asked){ .dp_id = dp->dp_id };
        snprintf(v->asked[v->n_asked++].name, DM_NAME, "%s", dp->name);
        return true;
}

static int run_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct verify_run *v = container_of(r, struct verify_run, r);
        int x = model_verify_counters(c, diffs_add, &v->found, e);

        if (x >= 0 && v->deep)
                x = model_dps_each(c, list_dp, v, e);
        return x;
}

static void ask_all(struct verify_run *v)
{
        struct distmgr *d = v->d;

        for (size_t i = 0; i < v->n_asked; i++) {
                struct asked *a = &v->asked[i];
                struct session *s = dm_session(d, a->dp_id);

                if (!s || !s->online || s->maintenance || s->skewed) {
                        silent(v, a, s && s->maintenance ? "is in maintenance mode" :
                                     s && s->online ? "has a wrong clock" : "is not connected");
                        continue;
                }
                if (!s->inventory) {
                        s->inventory = DM_INVENTORY_IDS + ++d->next_inventory;
                        s->inventory_told = false;
                }
                a->inventory = s->inventory;
                v->n_waiting++;
                dm_session_kick(s);
        }
}

static void run_then(struct dm_read *r)
{
        struct verify_run *v = container_of(r, struct verify_run, r);

        if (r->job.r < 0 || v->d->stopping) {
                struct err e = r->job.err;

                if (!e.kind)
                        (void)err_set(&e, ERR_UNAVAILABLE, "the site server is stopping");
                finish(v, &e);
                return;
        }
        if (v->deep)
                ask_all(v);
        if (v->n_waiting)
                loop_timer_start(v->timer, (uint64_t)(v->d->o.verify_timeout_us / 1000), 0);
        finish_when_complete(v);
}

void distmgr_verify(struct distmgr *d, bool deep,
                    void (*done)(void *arg, const struct model_difference *v, size_t n, const struct err *e), void *arg)
{
        struct verify_run *v = calloc(1, sizeof(*v));
        struct err e = { 0 };

        if (!v || d->stopping || loop_timer_new(&v->timer, d->loop, timed_out, v)) {
                (void)err_set(&e, d->stopping ? ERR_UNAVAILABLE : ERR_NOMEM, "verification cannot begin now; try again");
                free(v);
                done(arg, NULL, 0, &e);
                return;
        }
        v->d = d;
        v->deep = deep;
        v->done = done;
        v->arg = arg;
        v->r.fn = run_fn;
        v->r.then = run_then;
        list_push_back(&d->verifies, &v->link);
        dm_read(d, &v->r);
}

void dm_verify_dp_gone(struct distmgr *d, int64_t dp_id)
{
        struct list *l, *tmp;

        list_for_each (l, &d->verifies, tmp) {
                struct verify_run *v = list_entry(l, struct verify_run, link);

                if (!v->n_waiting)
                        continue;
                for (size_t i = 0; i < v->n_asked; i++)
                        if (v->asked[i].dp_id == dp_id && v->asked[i].inventory)
                                silent(v, &v->asked[i], "went away");
                finish_when_complete(v);
        }
}

void dm_verify_stop(struct distmgr *d)
{
        struct list *l, *tmp;

        list_for_each (l, &d->verifies, tmp) {
                struct verify_run *v = list_entry(l, struct verify_run, link);
                struct err e = { 0 };

                if (!v->n_waiting)
                        continue;       /* its reading is still under way and ends it */
                (void)err_set(&e, ERR_UNAVAILABLE, "the site server is stopping");
                finish(v, &e);
        }
}

/* ---- an inventory that was asked for ---- */

struct compare {
        struct dm_read r;
        int64_t dp_id;
        uint64_t inventory;
        const struct model_held *held;
        size_t n;
        struct diffs found;
        void (*then)(struct distmgr *d, void *arg);
        void *arg;
};

static int compare_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct compare *k = container_of(r, struct compare, r);

        return model_verify_dp(c, k->dp_id, k->held, k->n, diffs_add, &k->found, e);
}

static void hand_out(struct verify_run *v, const struct compare *k)
{
        for (size_t i = 0; i < v->n_asked; i++) {
                struct asked *a = &v->asked[i];

                if (a->dp_id != k->dp_id || a->inventory != k->inventory)
                        continue;
                if (k->r.job.r < 0) {
                        silent(v, a, k->r.job.err.text);
                        continue;
                }
                a->inventory = 0;
                v->n_waiting--;
                diffs_add_all(&v->found, &k->found);
        }
}

static void compare_then(struct dm_read *r)
{
        struct compare *k = container_of(r, struct compare, r);
        struct list *l, *tmp;

        list_for_each (l, &r->d->verifies, tmp) {
                struct verify_run *v = list_entry(l, struct verify_run, link);

                if (!v->n_waiting)
                        continue;
                hand_out(v, k);
                finish_when_complete(v);
        }
        k->then(r->d, k->arg);
        free(k->found.v);
        free(k);
}

void dm_verify_inventory(struct distmgr *d, const struct session *s, uint64_t order, const struct model_held *held,
                         size_t n, void (*then)(struct distmgr *d, void *arg), void *arg)
{
        struct compare *k = order >= DM_INVENTORY_IDS && order == s->inventory ? calloc(1, sizeof(*k)) : NULL;

        if (!k) {
                then(d, arg);
                return;
        }
        k->dp_id = s->dp_id;
        k->inventory = order;
        k->held = held;
        k->n = n;
        k->then = then;
        k->arg = arg;
        k->r.fn = compare_fn;
        k->r.then = compare_then;
        dm_read(d, &k->r);
}
