/* SPDX-License-Identifier: Apache-2.0 */
/* session - what is known of a DP while it has work or is connected */
#include "distmgr/internal.h"
#include <inttypes.h>
#include <stdio.h>

static struct str id_key(const int64_t *id)
{
        return (struct str){ (const char *)id, sizeof(*id) };
}

static struct str cert_key(const struct hash_id *h)
{
        return (struct str){ (const char *)h->b, HASH_LEN };
}

struct session *dm_session(const struct distmgr *d, int64_t dp_id)
{
        return map_get(&d->by_dp, id_key(&dp_id));
}

struct session *dm_session_by_cert(const struct distmgr *d, const struct hash_id *cert)
{
        return map_get(&d->by_cert, cert_key(cert));
}

static bool is_zero(const struct hash_id *h)
{
        static const struct hash_id none;

        return hash_id_eq(h, &none);
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static bool wants_resend(const struct session *s, const struct order *o)
{
        return o->state == ORDER_SENT && !dm_session_is_active(s, (uint64_t)o->job_id);
}

static int64_t next_deadline(struct session *s)
{
        int64_t at = INT64_MAX;
        struct list *l, *tmp;
        bool sent = false;

        if (s->poll)
                at = s->poll_until_mono_us;
        else if (s->online)
                at = s->gone_mono_us + s->d->o.dp_offline_grace_us;
        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                sent |= o->state == ORDER_SENT;
                if (s->poll && wants_resend(s, o))
                        at = sooner(at, o->sent_mono_us + DM_RESEND_MS * 1000);
        }
        if (sent)
                at = sooner(at, s->progress_mono_us + s->d->o.job_stall_timeout_us);
        return at;
}

void dm_session_arm(struct session *s)
{
        int64_t at = next_deadline(s), now = os_mono_us();

        if (at == INT64_MAX || s->d->stopping) {
                loop_timer_stop(s->timer);
                return;
        }
        loop_timer_start(s->timer, at <= now ? 1 : (uint64_t)((at - now + 999) / 1000), 0);
}

void dm_session_progress(struct session *s)
{
        s->progress_mono_us = os_mono_us();
}

/* ---- becoming unreachable ---- */

static const char *code_of(const struct session *s)
{
        if (s->online)
                return s->skewed ? "ClockSkew" : "";
        if (s->refused[0])
                return "BadCertificate";
        return s->enrolled ? "DpOffline" : "NotEnrolled";
}

/* A try was counted for this very reason within the retry delay. */
static bool counted_lately(const struct session *s)
{
        return s->counted_us != TIME_NONE_US && os_now_us() < s->counted_us + s->d->o.retry.delay_us &&
               os_now_us() >= s->counted_us && strcmp(s->counted_for, code_of(s)) == 0;
}

void dm_session_counted(struct session *s)
{
        s->counted_us = os_now_us();
        s->counted_for = code_of(s);
}

struct seen {
        struct dm_write w;
        int64_t dp_id, last_seen_us;    /* TIME_NONE_US: not to be written */
        bool wake;
};

static int seen_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct seen *sn = container_of(w, struct seen, w);
        int r = 0;

        if (sn->last_seen_us != TIME_NONE_US)
                r = model_dp_spoke(t, sn->dp_id, sn->last_seen_us, e);
        if (r >= 0 && sn->wake)
                r = model_jobs_wake_dp(t, sn->dp_id, e);
        return r;
}

static void seen_then(struct dm_write *w)
{
        struct seen *sn = container_of(w, struct seen, w);

        if (w->job.r < 0 && w->job.err.kind != ERR_NOT_FOUND)
                log_error(LOG, "DP %lld: %s", (long long)sn->dp_id, w->job.err.text);
        dm_wake(w->d);
        free(sn);
}

/* @seen: when it spoke last goes into the database; @wake: its waiting retries are due now. */
static void write_seen(struct session *s, bool seen, bool wake)
{
        struct seen *sn = calloc(1, sizeof(*sn));

        if (!sn)
                return;
        sn->dp_id = s->dp_id;
        sn->last_seen_us = seen ? s->last_seen_us : TIME_NONE_US;
        sn->wake = wake;
        sn->w.fn = seen_fn;
        sn->w.then = seen_then;
        dm_write(s->d, &sn->w, LOG, "");
}

/* Started jobs of a DP that cannot be reached: one try a retry_delay is counted, however often it comes and goes. */
static void give_up_orders(struct session *s)
{
        bool held = counted_lately(s);
        struct list *l, *tmp;
        struct buf text;
        const char *code;

        buf_init(&text, 0);
        code = dm_session_reason(s, &text);
        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                if (o->state == ORDER_ENDING || o->state == ORDER_STARTING)
                        continue;
                if (held) {
                        dm_order_put_back(s->d, o, buf_str(&text).p);
                } else {
                        dm_order_fail(s->d, o, code, buf_str(&text).p);
                        dm_session_counted(s);
                }
        }
        buf_fini(&text);
}

static void went_offline(struct session *s)
{
        s->online = false;
        s->n_active = 0;
        s->d->n_online--;
        log_warn(LOG, "DP %s is offline: no poll for %lld s", s->name,
                 (long long)((os_mono_us() - s->gone_mono_us) / US_PER_SECOND));
        dm_verify_dp_gone(s->d, s->dp_id);
        give_up_orders(s);
        write_seen(s, true, false);
}

/* The oldest order sent is the one the DP works on; the others wait behind it. */
static void stalled(struct session *s)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);
                char text[480];

                if (o->state != ORDER_SENT)
                        continue;
                snprintf(text, sizeof(text),
                         "DP %s made no progress for %lld s; look at the log of tallyman-dp there and at the network between",
                         s->name, (long long)(s->d->o.job_stall_timeout_us / US_PER_SECOND));
                dm_session_progress(s);         /* the next in line has its full time */
                dm_order_fail(s->d, o, "Stalled", text);
                return;
        }
}

static void resend(struct session *s, int64_t now)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                if (wants_resend(s, o) && now >= o->sent_mono_us + DM_RESEND_MS * 1000)
                        o->state = ORDER_QUEUED;
        }
        dm_session_kick(s);
}

static bool any_sent(struct session *s)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp)
                if (list_entry(l, struct order, link)->state == ORDER_SENT)
                        return true;
        return false;
}

static void on_timer(void *arg)
{
        struct session *s = arg;
        int64_t now = os_mono_us();

        if (s->poll)
                resend(s, now);
        if (s->poll && now >= s->poll_until_mono_us)
                dm_poll_end(s);
        if (!s->poll && s->online && now >= s->gone_mono_us + s->d->o.dp_offline_grace_us)
                went_offline(s);
        if (any_sent(s) && now >= s->progress_mono_us + s->d->o.job_stall_timeout_us)
                stalled(s);
        dm_session_arm(s);
}

/* ---- life ---- */

static struct session *session_new(struct distmgr *d, const struct model_dp *row)
{
        struct session *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        *s = (struct session){ .d = d, .dp_id = row->dp_id, .last_seen_us = row->last_seen_us,
                               .gone_mono_us = d->started_mono_us, .counted_us = TIME_NONE_US };
        list_init(&s->orders);
        if (loop_timer_new(&s->timer, d->loop, on_timer, s)) {
                free(s);
                return NULL;
        }
        if (map_put(&d->by_dp, id_key(&s->dp_id), s, NULL)) {
                loop_timer_free(s->timer);
                free(s);
                return NULL;
        }
        return s;
}

static void set_cert(struct session *s, const struct hash_id *cert)
{
        if (hash_id_eq(&s->cert, cert))
                return;
        if (!is_zero(&s->cert))
                (void)map_del(&s->d->by_cert, cert_key(&s->cert));
        s->cert = *cert;
        s->enrolled = !is_zero(cert);
        if (s->enrolled && map_put(&s->d->by_cert, cert_key(&s->cert), s, NULL))
                log_error(LOG, "DP %s: out of memory", s->name);        /* the slow way still finds it */
}

static void began_maintenance(struct session *s)
{
        struct list *l, *tmp;

        log_info(LOG, "DP %s is in maintenance mode: nothing is sent to it", s->name);
        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                if (o->state == ORDER_QUEUED || o->state == ORDER_SENT)
                        dm_order_put_back(s->d, o, "the distribution point is in maintenance mode");
        }
}

void dm_session_stale(struct session *s)
{
        s->fresh = false;
        s->stale_since = ++s->d->n_news;
}

struct session *dm_session_put(struct distmgr *d, const struct model_dp *row, uint64_t news)
{
        struct session *s = dm_session(d, row->dp_id);
        bool was;

        if (!s) {
                s = session_new(d, row);
                if (s)
                        s->stale_since = d->n_news;
        }
        if (!s)
                return NULL;
        if (s->fresh && news < s->stale_since)
                return s;               /* a newer row was read before this one */
        snprintf(s->name, sizeof(s->name), "%s", row->name);
        was = s->maintenance;
        s->maintenance = row->maintenance;
        s->fresh = news >= s->stale_since;
        if (!s->fresh)
                dm_wake(d);             /* reads it again */
        set_cert(s, &row->cert);
        if (!was && s->maintenance)
                began_maintenance(s);
        else if (was && !s->maintenance)
                dm_wake(d);
        return s;
}

void dm_session_free(struct session *s)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp)
                dm_order_free(s->d, list_entry(l, struct order, link));
        (void)map_del(&s->d->by_dp, id_key(&s->dp_id));
        if (dm_session_by_cert(s->d, &s->cert) == s)
                (void)map_del(&s->d->by_cert, cert_key(&s->cert));
        if (s->online)
                s->d->n_online--;
        loop_timer_free(s->timer);
        free(s);
}

void dm_session_gone(struct session *s)
{
        log_info(LOG, "DP %s was removed from the site", s->name);
        if (s->poll)
                dm_poll_end(s);
        dm_verify_dp_gone(s->d, s->dp_id);
        dm_session_free(s);
}

void dm_session_connected(struct session *s, bool mended)
{
        bool was_away = !s->online || s->refused[0] || mended;

        s->refused[0] = 0;
        s->last_seen_us = os_now_us();
        if (!s->online) {
                s->online = true;
                s->d->n_online++;
                dm_session_progress(s);
                log_info(LOG, "DP %s is connected", s->name);
        }
        if (was_away)
                write_seen(s, true, true);
}

void dm_session_skewed(struct session *s)
{
        give_up_orders(s);
        dm_wake(s->d);
}

void dm_session_refused(struct session *s)
{
        if (s->online)
                went_offline(s);        /* no need to wait for its grace */
        write_seen(s, false, true);
}

void dm_session_cancel(struct session *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_cancels; i++)
                if (s->cancels[i].id == id)
                        return;
        /* More than that at once: the DP is told when its next poll still names the order. */
        if (s->n_cancels < DM_MAX_CANCELS)
                s->cancels[s->n_cancels++] = (struct cancel){ .id = id };
}

bool dm_session_is_active(const struct session *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_active; i++)
                if (s->active[i] == id)
                        return true;
        return false;
}

/* ---- what the scheduler may do ---- */

enum sched_dp dm_session_says(const struct session *s, bool *held_out, int64_t *held_until_out)
{
        *held_out = counted_lately(s);
        *held_until_out = *held_out ? s->counted_us + s->d->o.retry.delay_us : INT64_MAX;
        if (s->maintenance)
                return SCHED_DP_WAIT;
        if (s->online)
                return s->skewed ? SCHED_DP_FAIL : SCHED_DP_READY;
        if (!s->refused[0] && s->enrolled) {
                int64_t left = s->gone_mono_us + s->d->o.dp_offline_grace_us - os_mono_us();

                if (left > 0) {
                        *held_until_out = os_now_us() + left;
                        return SCHED_DP_WAIT;
                }
        }
        return SCHED_DP_FAIL;
}

static void skew_words(struct buf *b, int64_t us)
{
        int64_t s = (us < 0 ? -us : us) / US_PER_SECOND;

        if (s >= 172800)
                buf_printf(b, "%" PRId64 " days", s / 86400);
        else if (s >= 7200)
                buf_printf(b, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
        else if (s >= 120)
                buf_printf(b, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
        else
                buf_printf(b, "%" PRId64 " s", s);
        buf_addz(b, us < 0 ? " behind" : " ahead of");
}

const char *dm_session_reason(const struct session *s, struct buf *b)
{
        char at[RFC3339_LEN + 1];

        if (s->online && s->skewed) {
                buf_printf(b, "the clock of DP %s is ", s->name);
                skew_words(b, s->skew_us);
                buf_addz(b, " the site's; set it (timedatectl set-ntp true), what waits goes on by itself");
        } else if (!s->online && s->refused[0]) {
                buf_printf(b, "DP %s was refused: %s", s->name, s->refused);
        } else if (!s->enrolled) {
                buf_printf(b, "DP %s has not enrolled yet; start tallyman-dp there with its enrolment token", s->name);
        } else {
                buf_printf(b, "DP %s is not connected", s->name);
                if (s->last_seen_us != TIME_NONE_US && s->last_seen_us > 0) {
                        time_format_rfc3339(s->last_seen_us, at);
                        buf_printf(b, ", last seen %s", at);
                }
                buf_addz(b, "; check that tallyman-dp runs there and reaches this server");
        }
        return code_of(s);
}
