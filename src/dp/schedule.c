/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation by itself: every validate_interval all that is held is read again,
 * at validate_rate, one version after the other on the verify worker.  Only damage
 * is reported.  When the last round began is kept in the file last-validation, so
 * that a DP that restarts every day is validated, too.
 */
#include <inttypes.h>
#include <stdio.h>
#include "base/time.h"
#include "dp/internal.h"
#include "os/os.h"

enum { TICK_MIN_S = 1, TICK_MAX_S = 3600 };
#define STATE_FILE "last-validation"

struct schedule {
        struct dp *dp;
        struct loop_timer *timer;
        struct job job;
        bool running;
        atomic_bool stop;
        int64_t last_us;                /* loop, between rounds */
        struct cas_version *versions;
        size_t n, cap, i;
        struct verification *v;
        int r;
        struct err err;
};

static void write_last(struct schedule *s, int64_t us)
{
        char text[32];
        struct err e = { 0 };

        snprintf(text, sizeof(text), "%" PRId64 "\n", us);
        if (os_write_file(s->dp->dir_fd, STATE_FILE, text, strlen(text), 0600, &e) < 0)
                log_warn("dp", "%s", e.text);
        s->last_us = us;
}

static int64_t read_last(struct schedule *s)
{
        struct err none = { 0 };
        char *text = NULL;
        int64_t us = TIME_NONE_US;
        size_t n = 0;

        if (os_read_file(s->dp->dir_fd, STATE_FILE, 64, &text, &n, &none) < 0 ||
            str_to_i64(str_trim((struct str){ text, n }), &us) < 0)
                us = TIME_NONE_US;
        free(text);
        return us;
}

static bool collect(void *ctx, const struct cas_version *v)
{
        struct schedule *s = ctx;

        if (s->n == s->cap) {
                size_t cap = s->cap ? s->cap * 2 : 64;
                struct cas_version *more = realloc(s->versions, cap * sizeof(*more));

                if (!more) {
                        s->r = err_set(&s->err, ERR_NOMEM, "out of memory");
                        return false;
                }
                s->versions = more;
                s->cap = cap;
        }
        s->versions[s->n++] = *v;
        return true;
}

static void next(struct schedule *s);

static void collect_work(struct job *j)
{
        struct schedule *s = container_of(j, struct schedule, job);
        int r = cas_version_each(s->dp->cas, collect, s, &s->err);

        if (r < 0)
                s->r = r;
}

static void verify_work(struct job *j)
{
        struct schedule *s = container_of(j, struct schedule, job);

        s->r = verification_run(s->v, &s->err);
}

static void round_over(struct schedule *s)
{
        verification_free(s->v);
        free(s->versions);
        s->v = NULL;
        s->versions = NULL;
        s->n = s->cap = s->i = 0;
        s->running = false;
}

static void collect_done(struct job *j)
{
        struct schedule *s = container_of(j, struct schedule, job);

        if (s->r < 0)
                log_warn("dp", "validation: %s", s->err.text);
        if (s->r < 0 || s->dp->stopping)
                round_over(s);
        else
                next(s);
}

static void verify_done(struct job *j)
{
        struct schedule *s = container_of(j, struct schedule, job);
        struct str files[DPWIRE_MAX_FILES];
        struct dpwire_report report;

        if (s->dp->stopping) {
                round_over(s);
                return;
        }
        if (s->r < 0) {
                log_warn("dp", "validation of package %s: %s", s->v->v.package, s->err.text);
        } else if (s->v->n_bad) {
                log_warn("dp", "package %s is not valid: %" PRIu64 " files, first %s", s->v->v.package, s->v->n_bad,
                         s->v->n_files ? s->v->files[0] : "?");
                verification_report(s->v, files, &report);
                mail_report(s->dp, &report, true);
        }
        verification_free(s->v);
        s->v = NULL;
        next(s);
}

static void next(struct schedule *s)
{
        struct dp *d = s->dp;

        err_clear(&s->err);
        s->r = 0;
        s->v = s->i < s->n ? verification_new(d->cas, d->set.validate_rate_Bps, &s->stop) : NULL;
        if (!s->v) {
                round_over(s);
                return;
        }
        s->v->v = s->versions[s->i++];
        s->job.work = verify_work;
        s->job.done = verify_done;
        workers_submit(d->verify, &s->job);
}

static void tick(void *arg)
{
        struct schedule *s = arg;
        struct dp *d = s->dp;
        int64_t now = os_now_us();

        if (s->last_us > now)           /* the clock went back */
                write_last(s, now);
        if (!d->set.validate_interval_s || s->running || d->stopping || !orders_idle(d) ||
            now - s->last_us < d->set.validate_interval_s * US_PER_SECOND)
                return;
        write_last(s, now);
        s->running = true;
        s->r = 0;
        s->job.work = collect_work;
        s->job.done = collect_done;
        workers_submit(d->verify, &s->job);
}

int schedule_start(struct dp *d, struct err *e)
{
        struct schedule *s = calloc(1, sizeof(*s));
        int64_t every_s = MIN(MAX(d->set.validate_interval_s / 16, (int64_t)TICK_MIN_S), (int64_t)TICK_MAX_S);
        int r;

        if (!s)
                return err_set(e, ERR_NOMEM, "out of memory");
        s->dp = d;
        d->schedule = s;
        r = loop_timer_new(&s->timer, d->loop, tick, s);
        if (r < 0)
                return err_sys(e, -r, "start a timer");
        s->last_us = read_last(s);
        if (s->last_us == TIME_NONE_US)
                write_last(s, os_now_us());
        if (!d->set.validate_interval_s)
                every_s = TICK_MAX_S;
        loop_timer_start(s->timer, (uint64_t)every_s * 1000, (uint64_t)every_s * 1000);
        return 0;
}

void schedule_stop(struct dp *d)
{
        if (!d->schedule)
                return;
        atomic_store(&d->schedule->stop, true);
        loop_timer_free(d->schedule->timer);
        d->schedule->timer = NULL;
}

void schedule_free(struct dp *d)
{
        if (d->schedule)
                round_over(d->schedule);
        free(d->schedule);
        d->schedule = NULL;
}
