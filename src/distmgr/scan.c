/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - a pass over the due jobs: what may start, what fails, what is void
 *
 * One pass at a time; a wake during a pass makes one more after it.  The loop
 * takes down what it knows (who is connected, what is in work), a reader walks
 * the jobs through the scheduler in one snapshot, and the loop carries out what
 * came of it.  Between the two a DP may have gone or come: every decision is
 * looked at again before it is carried out, and what no longer fits is dropped,
 * for the event that made it unfit wakes the next pass.
 *
 * A pass costs what is due and can start.  Where that is very much (a million
 * jobs of DPs that are away) passes are spaced by what they cost, so that they
 * never take more than half of a reader.
 */
#include "distmgr/internal.h"
#include <errno.h>
#include <stdio.h>

enum {
        SCAN_LOOK_ON = 20000,           /* due jobs looked at after nothing started or failed any more */
        SCAN_CHEAP_US = 20000,          /* passes that take longer are spaced */
        SCAN_MAX_SNAPSHOTS = 64,
};

struct seen_dp {                        /* a DP at the beginning of the pass, sorted by dp_id */
        int64_t dp_id;
        char name[DM_NAME];
        enum sched_dp says;
        bool stale, held;
        int64_t held_until_us;
};
struct in_work {                        /* sorted by job_id */
        int64_t job_id, pkg_id;
        uint32_t version;
        enum job_action action;
        bool snapshot;
        bool begun;                     /* the database said "started" before the pass */
        bool is_void;                   /* and no longer does */
};
struct scan {
        struct dm_read r;
        struct sched sched;
        struct seen_dp *dps;
        size_t n_dps;
        struct in_work *work;
        size_t n_work;
        struct model_job *starts;
        size_t n_starts, cap_starts;
        struct failing *fails;
        size_t n_fails, cap_fails;
        int64_t began_mono_us;
        struct model_dp *rows;          /* DPs without a session, or with a stale one */
        size_t n_rows, cap_rows;
        int64_t *gone;                  /* DPs that no longer exist */
        size_t n_gone;
        size_t idle_looks;
        int64_t now_us, next_due_us;
        bool no_fails;                  /* those of the last pass are not committed yet */
        bool nomem;
};

static void scan_free(struct scan *s)
{
        sched_end(&s->sched);
        free(s->dps);
        free(s->work);
        free(s->starts);
        free(s->fails);
        free(s->rows);
        free(s->gone);
        free(s);
}

/* ---- reader thread ---- */

static int cmp_dp(const void *a, const void *b)
{
        const struct seen_dp *x = a, *y = b;

        return (x->dp_id > y->dp_id) - (x->dp_id < y->dp_id);
}

static int cmp_work(const void *a, const void *b)
{
        const struct in_work *x = a, *y = b;

        return (x->job_id > y->job_id) - (x->job_id < y->job_id);
}

static struct seen_dp *find_dp(const struct scan *s, int64_t dp_id)
{
        struct seen_dp key = { .dp_id = dp_id };

        return s->n_dps ? bsearch(&key, s->dps, s->n_dps, sizeof(key), cmp_dp) : NULL;
}

static struct in_work *find_work(const struct scan *s, int64_t job_id)
{
        struct in_work key = { .job_id = job_id };

        return s->n_work ? bsearch(&key, s->work, s->n_work, sizeof(key), cmp_work) : NULL;
}

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
        size_t more = *cap ? *cap * 2 : 16;
        void *q;

        if (n < *cap)
                return p;
        q = reallocarray(p, more, size);
        if (q)
                *cap = more;
        return q;
}

static void add_row(struct scan *s, const struct model_dp *row)
{
        struct model_dp *v = grown(s->rows, s->n_rows, &s->cap_rows, sizeof(*v));

        if (!v) {
                s->nomem = true;
                return;
        }
        s->rows = v;
        s->rows[s->n_rows++] = *row;
}

/* A DP that has work but no session yet: its row comes along, the next pass knows it. */
static void meet(struct scan *s, struct db_conn *c, const struct model_ready *j)
{
        struct model_dp row;
        char id[24];
        struct err e = { 0 };

        for (size_t i = 0; i < s->n_rows; i++)
                if (s->rows[i].dp_id == j->dp_id)
                        return;
        snprintf(id, sizeof(id), "%lld", (long long)j->dp_id);
        if (model_dp_find(c, str_of(id), &row, &e) == 0 && row.dp_id == j->dp_id)
                add_row(s, &row);
}

static void add_start(struct scan *s, struct db_conn *c, int64_t job_id)
{
        struct model_job *v = grown(s->starts, s->n_starts, &s->cap_starts, sizeof(*v));
        struct err e = { 0 };

        if (!v) {
                s->nomem = true;
                return;
        }
        s->starts = v;
        if (model_job_get(c, job_id, &s->starts[s->n_starts], &e) == 0)
                s->n_starts++;
}

static void add_fail(struct scan *s, const struct model_ready *j)
{
        struct failing *v = grown(s->fails, s->n_fails, &s->cap_fails, sizeof(*v));

        if (!v) {
                s->nomem = true;
                return;
        }
        s->fails = v;
        s->fails[s->n_fails++] = (struct failing){ j->job_id, j->dp_id };
}

struct walk {
        struct scan *s;
        struct db_conn *c;
};

static enum sched_dp says(struct scan *s, const struct walk *w, const struct model_ready *j)
{
        const struct seen_dp *dp = find_dp(s, j->dp_id);

        if (!dp) {
                meet(s, w->c, j);
                return SCHED_DP_WAIT;
        }
        if (dp->says == SCHED_DP_WAIT || (dp->says == SCHED_DP_FAIL && dp->held && j->tries)) {
                s->next_due_us = MIN(s->next_due_us, dp->held_until_us);
                return SCHED_DP_WAIT;
        }
        return s->no_fails && dp->says == SCHED_DP_FAIL ? SCHED_DP_WAIT : dp->says;
}

static bool look(void *ctx, const struct model_ready *j)
{
        struct walk *w = ctx;
        struct scan *s = w->s;

        if (find_work(s, j->job_id))
                return true;
        switch (sched_offer(&s->sched, j->pkg_id, says(s, w, j))) {
        case SCHED_START:
                add_start(s, w->c, j->job_id);
                s->idle_looks = 0;
                break;
        case SCHED_FAIL:
                add_fail(s, j);
                s->idle_looks = 0;
                break;
        case SCHED_LEAVE:
                s->idle_looks++;
                break;
        }
        return !s->nomem && s->n_fails < DM_FAILS_A_PASS && s->idle_looks < SCAN_LOOK_ON && !sched_full(&s->sched);
}

static int look_at_snapshots(struct scan *s, struct db_conn *c, struct err *e)
{
        int64_t ids[SCAN_MAX_SNAPSHOTS];
        unsigned room = sched_snapshots_free(&s->sched), running = s->sched.n_snapshots;
        size_t n = 0;
        int r = 0;

        /* Those in work are still in the queue, so look at as many more. */
        if (room)
                r = model_snapshots_due(c, MIN(room + running, SCAN_MAX_SNAPSHOTS), ids, &n, e);
        for (size_t i = 0; i < n && room; i++) {
                if (find_work(s, ids[i]))
                        continue;
                add_start(s, c, ids[i]);
                room--;
        }
        return r;
}

/* What the database no longer wants done, or wants done otherwise. */
static int check_work(struct scan *s, struct db_conn *c, struct err *e)
{
        for (size_t i = 0; i < s->n_work; i++) {
                struct in_work *w = &s->work[i];
                struct model_job j;
                int r = model_job_get(c, w->job_id, &j, e);

                if (r < 0)
                        return r;
                w->is_void = w->begun && (r > 0 || j.version != w->version || j.action != w->action ||
                                          (j.state != JOB_STARTED && j.state != JOB_INPROGRESS));
                if (!w->is_void && w->snapshot)
                        sched_snapshot_running(&s->sched);
                else if (!w->is_void && sched_running(&s->sched, w->pkg_id))
                        return err_set(e, ERR_NOMEM, "out of memory");
        }
        return 0;
}

static int refresh_stale(struct scan *s, struct db_conn *c, struct err *e)
{
        for (size_t i = 0; i < s->n_dps; i++) {
                struct seen_dp *dp = &s->dps[i];
                struct model_dp row;
                int r;

                if (!dp->stale)
                        continue;
                r = model_dp_find(c, str_of(dp->name), &row, e);
                if (r < 0)
                        return r;
                if (r == 0 && row.dp_id == dp->dp_id) {
                        add_row(s, &row);
                        if (row.maintenance)
                                dp->says = SCHED_DP_WAIT;
                } else {
                        s->gone[s->n_gone++] = dp->dp_id;
                        dp->says = SCHED_DP_WAIT;
                }
        }
        return 0;
}

static int scan_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct scan *s = container_of(r, struct scan, r);
        struct walk w = { s, c };
        int64_t due = TIME_NONE_US;
        int x;

        x = refresh_stale(s, c, e);
        if (x >= 0)
                x = check_work(s, c, e);
        if (x >= 0)
                x = look_at_snapshots(s, c, e);
        if (x >= 0 && !sched_full(&s->sched))
                x = model_jobs_ready(c, look, &w, e);
        if (x >= 0)
                x = model_jobs_next_due(c, &due, e);
        if (x < 0)
                return x;
        if (due != TIME_NONE_US && due > s->now_us)
                s->next_due_us = MIN(s->next_due_us, due);
        return s->nomem ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* ---- loop: before ---- */

static int take_down_dps(struct scan *s, struct distmgr *d)
{
        size_t it = 0;
        void *v;

        s->dps = calloc(d->by_dp.n + 1, sizeof(*s->dps));
        s->gone = calloc(d->by_dp.n + 1, sizeof(*s->gone));
        if (!s->dps || !s->gone)
                return -ENOMEM;
        while (map_next(&d->by_dp, &it, NULL, &v)) {
                struct session *x = v;
                struct seen_dp *dp = &s->dps[s->n_dps++];

                dp->dp_id = x->dp_id;
                dp->stale = !x->fresh;
                memcpy(dp->name, x->name, sizeof(dp->name));
                dp->says = dm_session_says(x, &dp->held, &dp->held_until_us);
        }
        qsort(s->dps, s->n_dps, sizeof(*s->dps), cmp_dp);
        return 0;
}

static int take_down_work(struct scan *s, struct distmgr *d)
{
        struct list *l, *tmp;
        size_t it = 0, n = d->orders.n;
        void *v;

        list_for_each (l, &d->snapshots, tmp)
                n++;
        s->work = calloc(n + 1, sizeof(*s->work));
        if (!s->work)
                return -ENOMEM;
        while (map_next(&d->orders, &it, NULL, &v)) {
                const struct order *o = v;

                s->work[s->n_work++] = (struct in_work){
                        .job_id = o->job_id, .pkg_id = o->pkg_id, .version = o->version, .action = o->action,
                        .begun = o->state == ORDER_QUEUED || o->state == ORDER_SENT,
                };
        }
        list_for_each (l, &d->snapshots, tmp) {
                const struct snapshot_run *x = list_entry(l, struct snapshot_run, link);

                s->work[s->n_work++] = (struct in_work){
                        .job_id = x->job_id, .version = x->version, .action = JOB_SNAPSHOT, .snapshot = true,
                        .begun = x->state == SNAPSHOT_TAKING,
                };
        }
        qsort(s->work, s->n_work, sizeof(*s->work), cmp_work);
        return 0;
}

/* ---- loop: after ---- */

static void carry_out_voids(struct distmgr *d, const struct scan *s)
{
        for (size_t i = 0; i < s->n_work; i++) {
                const struct in_work *w = &s->work[i];
                struct order *o;

                if (!w->is_void)
                        continue;
                if (w->snapshot) {
                        dm_snapshot_void(d, w->job_id);
                        continue;
                }
                o = dm_order(d, w->job_id);
                if (!o || (o->state != ORDER_QUEUED && o->state != ORDER_SENT))
                        continue;
                log_info(LOG, "job %lld (%s version %u) is void", (long long)o->job_id, o->package_id, o->version);
                dm_order_void(d, o);
                dm_wake(d);             /* its place is free */
        }
}

static void carry_out_starts(struct distmgr *d, const struct scan *s)
{
        for (size_t i = 0; i < s->n_starts; i++) {
                const struct model_job *j = &s->starts[i];
                struct session *dp = dm_session(d, j->dp_id);
                int64_t until;
                bool held;

                if (j->action == JOB_SNAPSHOT)
                        dm_snapshot_start(d, j);
                else if (dp && dm_session_says(dp, &held, &until) == SCHED_DP_READY)
                        dm_order_start(d, j);
        }
}

static void carry_out_rows(struct distmgr *d, const struct scan *s)
{
        for (size_t i = 0; i < s->n_gone; i++) {
                struct session *x = dm_session(d, s->gone[i]);

                if (x && !x->fresh)
                        dm_session_gone(x);
        }
        for (size_t i = 0; i < s->n_rows; i++) {
                bool known = dm_session(d, s->rows[i].dp_id) != NULL;
                struct session *x = dm_session_put(d, &s->rows[i], s->r.news);

                if (!x)
                        continue;
                if (known)
                        dm_session_kick(x);
                else
                        dm_wake(d);
        }
}

static void arm_due(struct distmgr *d, int64_t next_us)
{
        int64_t now = os_now_us(), ms;

        if (next_us == INT64_MAX) {
                loop_timer_stop(d->due);
                return;
        }
        ms = next_us <= now ? 1 : (next_us - now) / 1000 + 1;
        loop_timer_start(d->due, (uint64_t)ms, 0);
}

static void scan_then(struct dm_read *r)
{
        struct scan *s = container_of(r, struct scan, r);
        struct distmgr *d = r->d;

        if (!d->stopping) {
                if (r->job.r < 0) {
                        log_error(LOG, "the due jobs cannot be read: %s; trying again in a minute", r->job.err.text);
                        loop_timer_start(d->due, 60000, 0);
                } else {
                        arm_due(d, s->next_due_us);
                        carry_out_rows(d, s);
                        carry_out_voids(d, s);
                        carry_out_starts(d, s);
                        if (s->n_fails) {
                                dm_fail_jobs(d, s->fails, s->n_fails);
                                s->fails = NULL;
                        }
                }
        }
        d->scan_cost_us = os_mono_us() - s->began_mono_us;
        d->scan_end_mono_us = os_mono_us();
        scan_free(s);
        d->scanning = false;            /* not before: the next pass must see all that this one started */
        if (d->scan_again)
                dm_wake(d);
}

/* True when the pass has to wait; the timer makes it. */
static bool spaced(struct distmgr *d)
{
        int64_t wait = d->scan_end_mono_us + MIN(d->scan_cost_us, 5 * US_PER_SECOND) - os_mono_us();

        if (d->scan_cost_us < SCAN_CHEAP_US || wait <= 0)
                return false;
        loop_timer_start(d->pause, (uint64_t)(wait / 1000 + 1), 0);
        return true;
}

void dm_wake(struct distmgr *d)
{
        struct sched_limits lim = { d->o.max_packages, d->o.max_dps_per_package, d->o.max_snapshots };
        struct scan *s;

        if (!d->started || d->stopping)
                return;
        if (d->scanning) {
                d->scan_again = true;
                return;
        }
        if (spaced(d))
                return;
        s = calloc(1, sizeof(*s));
        if (s)
                sched_begin(&s->sched, &lim);
        if (!s || take_down_dps(s, d) || take_down_work(s, d)) {
                log_error(LOG, "out of memory; the due jobs are looked at again in a minute");
                if (s)
                        scan_free(s);
                loop_timer_start(d->due, 60000, 0);
                return;
        }
        s->no_fails = d->failing;
        s->began_mono_us = os_mono_us();
        s->now_us = os_now_us();
        s->next_due_us = INT64_MAX;
        d->scanning = true;
        d->scan_again = false;
        dm_mind_the_clock(d);
        s->r.fn = scan_fn;
        s->r.then = scan_then;
        dm_read(d, &s->r);
}
