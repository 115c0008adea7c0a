/* SPDX-License-Identifier: Apache-2.0 */
#include "event/subscription.h"

#include <assert.h>
#include "event/aggregate.h"
#include "os/os.h"

enum { RETRY_MS = 1000 };

struct event_engine {
        struct event_engine_opts o;
        struct event_filters *filters;
        struct list subscriptions;
        unsigned n_subscriptions;
};

/* A timer's firings that were not delivered yet. */
struct firings {
        struct list link;
        char *timer_id;
        uint32_t n;
        int64_t when_us;
};

struct event_subscription {
        struct list link;               /* engine->subscriptions */
        struct event_engine *engine;
        struct event_subscription_opts o;
        struct event_filter *filter;
        struct event_sub *sub;
        struct coalesce coalesce;
        struct event_aggregates aggregates;
        bool blocked;                   /* too many combinations: nothing more before the window closes */
        struct loop_timer *timer;
        int64_t armed_us;               /* when the timer rings for what is due; TIME_NONE_US: not for that */
        struct list firings;
        int64_t position;               /* everything up to here was delivered or passed over; -1: not known yet */
        bool full;                      /* the subscriber is; it will say when not */
        int64_t half_seq;               /* of a change whose first n_sent events were delivered, and not all */
        size_t n_sent;
};

int event_engine_new(struct event_engine **out, const struct event_engine_opts *o, struct err *e)
{
        struct event_engine *g = calloc(1, sizeof(*g));

        if (!g || event_filters_new(&g->filters) < 0) {
                free(g);
                return err_set(e, ERR_NOMEM, "event engine: out of memory");
        }
        g->o = *o;
        list_init(&g->subscriptions);
        g->o.memory = o->memory ? o->memory : EVENT_MEMORY;
        *out = g;
        return 0;
}

void event_engine_free(struct event_engine *g)
{
        if (!g)
                return;
        assert(list_empty(&g->subscriptions));
        event_filters_free(g->filters);
        free(g);
}

struct event_filters *event_engine_filters(struct event_engine *g)
{
        return g->filters;
}

/* ---- out ---- */

static bool gather(struct event_subscription *s, char *json, const struct wql_object *o, int64_t since)
{
        s->blocked = event_aggregates_add(&s->aggregates, json, o, since, os_mono_us()) != 0;
        return !s->blocked;
}

static bool gather_diff(struct event_subscription *s, const struct event_diff *d, size_t i, struct str text)
{
        struct wql_object o;

        return !event_filter_object(s->filter, d, i, &o) || gather(s, str_dup(text), &o, d->since);
}

/* The i-th event of a difference. Who has the last of them goes on behind it, who has another before it. */
static bool deliver(struct event_subscription *s, const struct event_diff *d, const struct cim_class *event, size_t i, bool last)
{
        const struct str text = event_filter_text(s->filter, d, i);
        bool taken = true;

        if (!text.p)
                return true;            /* it cannot be written, whoever asks; the log has it */
        if (s->aggregates.group)
                return gather_diff(s, d, i, text);
        taken = s->o.deliver(s->o.ctx, &(struct event_notice){ .class = event, .json = text,
                                                             .sequence = last ? d->resume : d->since });
        s->full = !taken;
        return taken;
}

static enum event_fate offer(void *ctx, const struct event_diff *d)
{
        struct event_subscription *s = ctx;
        const struct cim_class *events[EVENTS_OF_A_CHANGE];
        size_t n = event_filter_match(s->filter, d, events);

        for (size_t i = s->half_seq == d->seq ? s->n_sent : 0; i < n; i++) {
                if (deliver(s, d, events[i], i, i + 1 == n))
                        continue;
                s->half_seq = d->seq;
                s->n_sent = i;
                return EVENT_FULL;
        }
        s->half_seq = -1;
        s->position = d->resume;
        return n ? EVENT_SENT : EVENT_PASSED;
}

/* ---- timers' events ---- */

static void firings_free(struct firings *f)
{
        free(f->timer_id);
        free(f);
}

static struct cim_instance *timer_event(const struct firings *f, struct arena *a)
{
        struct cim_instance *i = cim_instance_new(event_class("__TimerEvent"), a);

        if (!i)
                return NULL;
        cim_set_str(i, "TimerId", str_of(f->timer_id));
        cim_set_i64(i, "NumFirings", f->n);
        event_set_time(i, f->when_us);
        return i;
}

static bool deliver_timer(struct event_subscription *s, const struct cim_instance *event)
{
        struct event_notice n = { .class = event->class, .sequence = s->position };
        bool taken = true;
        struct buf b;

        buf_init(&b, 0);
        event_filter_write_event(s->filter, event, &b);
        n.json = buf_str(&b);
        if (s->aggregates.group) {
                taken = gather(s, buf_steal(&b), &(struct wql_object){ .self = event }, s->position);
        } else if (!b.failed) {
                taken = s->o.deliver(s->o.ctx, &n);
                s->full = !taken;
        }
        buf_fini(&b);
        return taken;
}

/* False: they wait. */
static bool flush_firings(struct event_subscription *s)
{
        while (!list_empty(&s->firings) && s->position >= 0) {
                struct firings *f = list_entry(s->firings.next, struct firings, link);
                struct cim_instance *event;
                bool taken = true;
                struct arena a;

                arena_init(&a, 0);
                event = timer_event(f, &a);
                if (event && event_filter_match_event(s->filter, event))
                        taken = deliver_timer(s, event);
                arena_fini(&a);
                if (!taken)
                        return false;
                list_del(&f->link);
                firings_free(f);
        }
        return true;
}

/* One entry a timer, so that they are bounded by the instructions there are. */
static void add_firings(struct event_subscription *s, struct str timer_id, uint32_t n)
{
        struct list *at, *tmp;
        struct firings *f;

        list_for_each(at, &s->firings, tmp) {
                f = list_entry(at, struct firings, link);
                if (str_eqz(timer_id, f->timer_id)) {
                        f->n += MIN(n, UINT32_MAX - f->n);
                        return;
                }
        }
        f = calloc(1, sizeof(*f));
        if (!f || !(f->timer_id = str_dup(timer_id))) {
                free(f);
                return;
        }
        f->n = n;
        f->when_us = os_now_us();
        list_push_back(&s->firings, &f->link);
}

/* ---- time ---- */

static int64_t due_of(const struct event_subscription *s)
{
        int64_t window = event_aggregates_due(&s->aggregates);
        int64_t instance = s->blocked ? TIME_NONE_US : coalesce_due(&s->coalesce);

        return window == TIME_NONE_US ? instance : instance == TIME_NONE_US ? window : MIN(window, instance);
}

static void arm(struct event_subscription *s)
{
        const int64_t due = s->full ? TIME_NONE_US : due_of(s);
        int64_t now;

        if (due != TIME_NONE_US && due == s->armed_us)
                return;                 /* most changes fall into a window that is open */
        now = os_mono_us();
        s->armed_us = due;
        if (s->full)
                loop_timer_stop(s->timer);
        else if (due != TIME_NONE_US)
                loop_timer_start(s->timer, due > now ? (uint64_t)((due - now + 999) / 1000) : 1, 0);
        else if (s->blocked)            /* memory was out: there is no window to wait for */
                loop_timer_start(s->timer, RETRY_MS, 0);
        else
                loop_timer_stop(s->timer);
}

static bool deliver_aggregate(void *ctx, struct str json, int64_t sequence)
{
        struct event_subscription *s = ctx;
        struct event_notice n = { .class = event_class("__AggregateEvent"), .json = json, .sequence = sequence };

        s->full = !s->o.deliver(s->o.ctx, &n);
        return !s->full;
}

/* What is due goes out; then what waits in the log finds room. */
static void go_on(struct event_subscription *s)
{
        int64_t now = os_mono_us();

        if (s->full)
                return;
        event_aggregates_take(&s->aggregates, now, coalesce_resume(&s->coalesce));
        if (!event_aggregates_flush(&s->aggregates, deliver_aggregate, s))
                return;
        s->blocked = false;
        if (flush_firings(s) && coalesce_tick(&s->coalesce, now))
                event_resume(s->sub);
        arm(s);
}

static void on_timer(void *arg)
{
        struct event_subscription *s = arg;

        s->armed_us = TIME_NONE_US;
        go_on(s);
}

void event_subscription_room(struct event_subscription *s)
{
        s->full = false;
        go_on(s);
}

void event_engine_timer(struct event_engine *g, struct str timer_id, uint32_t n)
{
        struct list *at, *tmp;

        list_for_each(at, &g->subscriptions, tmp) {
                struct event_subscription *s = list_entry(at, struct event_subscription, link);

                if (!cim_class_isa(event_class("__TimerEvent"), event_filter_binding(s->filter)->event))
                        continue;
                add_firings(s, timer_id, n);
                if (!s->full && !s->blocked) {
                        (void)!flush_firings(s);
                        arm(s);
                }
        }
}

/* ---- in ---- */

static bool on_change(void *ctx, const struct model_change *ch)
{
        struct event_subscription *s = ctx;
        bool taken = coalesce_change(&s->coalesce, ch, os_mono_us());

        s->blocked |= !taken && !s->full && due_of(s) == TIME_NONE_US;
        arm(s);
        return taken;
}

static void on_caught_up(void *ctx, int64_t seq)
{
        struct event_subscription *s = ctx;

        s->position = MAX(s->position, list_empty(&s->coalesce.unsent) ? seq : coalesce_resume(&s->coalesce));
        if (s->o.caught_up)
                s->o.caught_up(s->o.ctx, seq);
}

static void on_gone(void *ctx, const struct err *e)
{
        struct event_subscription *s = ctx;

        loop_timer_stop(s->timer);
        s->o.gone(s->o.ctx, e);
}

/* ---- life ---- */

static int subscribe(struct event_subscription *s, struct wql_error *w)
{
        struct event_sub_opts so = { .from = s->o.from, .who = s->o.who, .deliver = on_change, .caught_up = on_caught_up, .gone = on_gone,
                                     .ctx = s };
        struct err e = { 0 };

        so.classes = event_filter_classes(s->filter, &so.n_classes);
        so.key_property = event_filter_key(s->filter, &so.key_value);
        if (so.key_property.n)
                so.class_name = so.classes[0]->name;
        if (event_subscribe(&s->sub, s->engine->o.hub, &so, &e) < 0)
                return wql_fail(w, WBEM_E_FAILED, 0, "%s", e.text);
        return 0;
}

static void begin_machine(struct event_subscription *s)
{
        const struct wql_query *q = event_filter_query(s->filter);
        int64_t within_us = q->has_within ? (int64_t)(MIN(q->within_s, 1e9) * 1e6) : 0;
        bool interval = s->engine->o.interval;
        enum event_mode mode = within_us <= 0 ? EVENT_EVERY : interval ? EVENT_INTERVAL : EVENT_PROMPT;

        coalesce_init(&s->coalesce, mode, interval ? within_us : MIN(within_us, s->engine->o.spacing_us), s->engine->o.memory,
                      os_mono_us());
        s->coalesce.offer = offer;
        s->coalesce.ctx = s;
}

int event_subscription_open(struct event_subscription **out, struct event_engine *g,
                            const struct event_subscription_opts *o, struct wql_error *w)
{
        struct event_subscription *s = calloc(1, sizeof(*s));
        int r;

        *out = NULL;
        if (!s)
                return wql_fail(w, WBEM_E_OUT_OF_MEMORY, 0, "out of memory");
        if (g->n_subscriptions >= EVENT_SUBSCRIPTIONS_MAX) {
                free(s);
                return wql_fail(w, WBEM_E_QUOTA_VIOLATION, 0, "%d event queries are open: close some first",
                                EVENT_SUBSCRIPTIONS_MAX);
        }
        s->engine = g;
        s->o = *o;
        s->half_seq = s->position = -1;
        s->armed_us = TIME_NONE_US;
        r = event_filter_get(g->filters, o->query, &s->filter, w);
        if (r < 0) {
                free(s);
                return r;
        }
        begin_machine(s);
        list_init(&s->firings);
        list_push_back(&g->subscriptions, &s->link);
        g->n_subscriptions++;
        r = event_aggregates_init(&s->aggregates, s->filter);
        if (r == 0)
                r = loop_timer_new(&s->timer, g->o.loop, on_timer, s);
        r = r < 0 ? wql_fail(w, WBEM_E_OUT_OF_MEMORY, 0, "out of memory") : 0;
        *out = s;                       /* callbacks may come from here on */
        if (r == 0)
                r = subscribe(s, w);
        if (r < 0) {
                event_subscription_close(s);
                *out = NULL;
        }
        return r;
}

void event_subscription_close(struct event_subscription *s)
{
        struct list *n;

        if (!s)
                return;
        event_unsubscribe(s->sub);
        loop_timer_free(s->timer);
        coalesce_fini(&s->coalesce);
        event_aggregates_fini(&s->aggregates);
        event_filter_put(s->filter);
        while ((n = list_pop_front(&s->firings)))
                firings_free(list_entry(n, struct firings, link));
        list_del(&s->link);
        s->engine->n_subscriptions--;
        free(s);
}

int64_t event_subscription_position(const struct event_subscription *s)
{
        const struct event_aggregates *a = &s->aggregates;
        bool waits = s->full || s->blocked || s->half_seq >= 0 || !list_empty(&s->firings) || !list_empty(&s->coalesce.unsent) ||
                     (a->group && (event_aggregates_due(a) != TIME_NONE_US || !list_empty(&a->waiting)));

        return waits ? -1 : event_cursor(s->sub);
}
