/* SPDX-License-Identifier: Apache-2.0 */
#include "event/timers.h"

#include "os/os.h"

#define LOG "event"
enum { WAIT_MAX_MS = 60000 };           /* the wall clock may be set meanwhile */
#define LATE_US US_PER_SECOND           /* an instant that is further back has passed */

struct timer {
        char *id;
        bool skip_if_passed;
        int64_t event_us;               /* wall clock; 0: an interval */
        int64_t interval_us, next_us;   /* os_mono_us() */
};

struct event_timers {
        struct event_timers_opts o;
        struct event_sub *sub;
        struct loop_timer *tick;
        struct timer *timers;
        size_t n;
        bool reading, again, ended;
        unsigned n_jobs;
};

static void read_again(struct event_timers *t);

static void timers_free(struct timer *timers, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(timers[i].id);
        free(timers);
}

/* ---- telling ---- */

struct fired {
        struct db_job job;
        struct event_timers *owner;
        char *id;
        int64_t event_us;
};

static int fired_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct actor self = { "timer", "", "internal" };
        struct fired *f = container_of(j, struct fired, job);
        struct tx t;
        int r;

        tx_begin(&t, c, &self);
        r = model_timer_fired(&t, str_of(f->id), f->event_us, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void fired_done(struct db_job *j)
{
        struct fired *f = container_of(j, struct fired, job);

        if (j->r < 0)
                log_error(LOG, "timer %s will be told again after a restart: %s", f->id, j->err.text);
        f->owner->n_jobs--;
        free(f->id);
        free(f);
}

static void keep_fired(struct event_timers *t, const struct timer *x)
{
        struct fired *f = calloc(1, sizeof(*f));

        if (!f || !(f->id = str_dup(str_of(x->id)))) {
                free(f);
                log_error(LOG, "timer %s will be told again after a restart: out of memory", x->id);
                return;
        }
        f->owner = t;
        f->event_us = x->event_us;
        f->job.work = fired_work;
        f->job.done = fired_done;
        t->n_jobs++;
        db_write(t->o.db, &f->job);
}

/* How often it is due; what is told is no longer due. */
static uint32_t due(struct event_timers *t, struct timer *x, int64_t wall, int64_t mono)
{
        int64_t n;

        if (x->event_us) {
                if (x->event_us > wall)
                        return 0;
                keep_fired(t, x);
                n = !x->skip_if_passed || wall - x->event_us < LATE_US;
                x->event_us = INT64_MAX;
                return (uint32_t)n;
        }
        if (x->next_us > mono)
                return 0;
        n = (mono - x->next_us) / x->interval_us + 1;
        x->next_us += n * x->interval_us;
        return x->skip_if_passed ? 1 : (uint32_t)MIN(n, UINT32_MAX);
}

static void arm(struct event_timers *t)
{
        int64_t wall = os_now_us(), mono = os_mono_us(), wait = (int64_t)WAIT_MAX_MS * 1000;

        for (size_t i = 0; i < t->n; i++) {
                const struct timer *x = &t->timers[i];

                if (x->event_us != INT64_MAX)
                        wait = MIN(wait, x->event_us ? x->event_us - wall : x->next_us - mono);
        }
        if (t->n)
                loop_timer_start(t->tick, wait > 0 ? (uint64_t)(wait + 999) / 1000 : 1, 0);
        else
                loop_timer_stop(t->tick);
}

static void on_tick(void *arg)
{
        struct event_timers *t = arg;
        int64_t wall = os_now_us(), mono = os_mono_us();

        for (size_t i = 0; i < t->n; i++) {
                uint32_t n = due(t, &t->timers[i], wall, mono);

                if (n)
                        event_engine_timer(t->o.engine, str_of(t->timers[i].id), n);
        }
        arm(t);
}

/* ---- reading ---- */

struct reading {
        struct db_job job;
        struct event_timers *owner;
        struct timer *timers;
        size_t n, room;
        bool failed;
};

static void collect(void *ctx, const struct model_timer *m)
{
        struct reading *r = ctx;

        if (r->n == r->room) {
                size_t room = MAX(2 * r->room, 16);
                struct timer *more = realloc(r->timers, room * sizeof(*more));

                if (!more) {
                        r->failed = true;
                        return;
                }
                r->timers = more;
                r->room = room;
        }
        r->timers[r->n] = (struct timer){ str_dup(m->id), m->skip_if_passed, m->event_us, m->interval_ms * 1000, 0 };
        r->failed |= !r->timers[r->n].id;
        r->n += r->timers[r->n].id != NULL;
}

static int reading_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct reading *r = container_of(j, struct reading, job);
        int n = model_timers_each(c, EVENT_TIMERS_MAX + 1, collect, r, e);

        return n < 0 ? n : r->failed ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

static const struct timer *same(const struct event_timers *t, const struct timer *x)
{
        for (size_t i = 0; i < t->n; i++) {
                if (strcmp(t->timers[i].id, x->id) == 0 && t->timers[i].interval_us == x->interval_us && !x->event_us)
                        return &t->timers[i];
        }
        return NULL;
}

static void adopt(struct event_timers *t, struct reading *r)
{
        int64_t mono = os_mono_us();

        if (r->n > EVENT_TIMERS_MAX) {
                log_error(LOG, "there are more than %d timer instructions; those behind them are not obeyed", EVENT_TIMERS_MAX);
                free(r->timers[--r->n].id);
        }
        for (size_t i = 0; i < r->n; i++) {
                const struct timer *was = same(t, &r->timers[i]);

                r->timers[i].next_us = was ? was->next_us : mono + r->timers[i].interval_us;
        }
        timers_free(t->timers, t->n);
        t->timers = r->timers;
        t->n = r->n;
        r->timers = NULL;
        r->n = 0;
}

static void reading_done(struct db_job *j)
{
        struct reading *r = container_of(j, struct reading, job);
        struct event_timers *t = r->owner;

        t->n_jobs--;
        t->reading = false;
        if (j->r < 0)
                log_error(LOG, "timer instructions: %s", j->err.text);
        else if (!t->ended)
                adopt(t, r);
        timers_free(r->timers, r->n);
        free(r);
        if (t->ended)
                return;
        if (t->again)
                read_again(t);
        else
                on_tick(t);
}

static void read_again(struct event_timers *t)
{
        struct reading *r = t->reading ? NULL : calloc(1, sizeof(*r));

        t->again = t->reading;
        if (!r)
                return;
        r->owner = t;
        r->job.work = reading_work;
        r->job.done = reading_done;
        t->reading = true;
        t->n_jobs++;
        db_read(t->o.db, &r->job);
}

/* ---- life ---- */

static bool on_change(void *ctx, const struct model_change *ch)
{
        read_again(ctx);
        return true;
}

static void on_caught_up(void *ctx, int64_t seq)
{
        read_again(ctx);
}

static void on_gone(void *ctx, const struct err *e)
{
        log_error(LOG, "timer instructions written from now on are obeyed after a restart: %s", e->text);
}

int event_timers_new(struct event_timers **out, const struct event_timers_opts *o, struct err *e)
{
        const struct cim_class *classes[] = { event_class("__AbsoluteTimerInstruction"), event_class("__IntervalTimerInstruction") };
        struct event_sub_opts so = { .classes = classes, .n_classes = ARRAY_SIZE(classes), .from = EVENT_FROM_NOW,
                                     .deliver = on_change, .caught_up = on_caught_up, .gone = on_gone };
        struct event_timers *t = calloc(1, sizeof(*t));
        int r;

        *out = t;
        if (!t || loop_timer_new(&t->tick, o->loop, on_tick, t) < 0) {
                free(t);
                *out = NULL;
                return err_set(e, ERR_NOMEM, "timers: out of memory");
        }
        t->o = *o;
        so.ctx = t;
        r = event_subscribe(&t->sub, o->hub, &so, e);
        if (r < 0) {
                event_timers_free(t);
                *out = NULL;
        }
        return r;
}

void event_timers_free(struct event_timers *t)
{
        if (!t)
                return;
        t->ended = true;
        event_unsubscribe(t->sub);
        loop_timer_free(t->tick);
        while (t->n_jobs)
                loop_run_once(t->o.loop);
        timers_free(t->timers, t->n);
        free(t);
}
