/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_event - the events of a query, as they commit
 *
 * They wait here as JSON, at most EVENTS_MAX or EVENTS_BYTES of them; what does not
 * fit stays in the change log, behind the subscription's cursor, and comes when
 * there is room.  Whoever is so slow that the log forgets what he has not seen is
 * told so: WBEM_E_QUEUE_OVERFLOW, and the subscription is over.
 *
 * Source: [MS-WMI] 3.1.1.1.4 (EventDropLimit), 3.1.4.3.20.
 */
#include "os/os.h"
#include "provider/wql.h"
#include "wmi/private.h"

#define LOG "wmi"
enum { EVENTS_MAX = 1000, EVENTS_BYTES = 256 << 10, EVENT_MEMORY_MAX = 16 << 20 };

struct queued {
        struct list link;
        const struct cim_class *class;
        struct str json;                /* behind this struct */
};

struct event_source {
        struct wmi_source source;       /* first */
        struct event_subscription *subscription;
        struct list queue;
        size_t n, bytes;
        bool full;                      /* the subscription waits for room */
        struct arena row;               /* of the row that was given last */
        struct wmi_images images;
};

/* ---- in ---- */

static bool deliver(void *ctx, const struct event_notice *n)
{
        struct event_source *s = ctx;
        struct queued *q;

        if (s->n >= EVENTS_MAX || s->bytes >= EVENTS_BYTES || !(q = malloc(sizeof *q + n->json.n))) {
                s->full = true;
                return false;
        }
        *q = (struct queued){ .class = n->class, .json = { (const char *)(q + 1), n->json.n } };
        memcpy(q + 1, n->json.p, n->json.n);
        list_push_back(&s->queue, &q->link);
        s->n++;
        s->bytes += sizeof *q + n->json.n;
        wmi_source_wake(&s->source);
        return true;
}

static void gone(void *ctx, const struct err *e)
{
        struct event_source *s = ctx;

        if (e->kind == ERR_GONE)
                (void)wmi_fail(&s->source.failure, (uint32_t)WBEM_E_QUEUE_OVERFLOW,
                               "events came faster than they were taken: subscribe anew, and ask what there is now");
        else
                (void)wmi_fail_err(&s->source.failure, e);
        wmi_source_wake(&s->source);
}

/* ---- out ---- */

static bool make_row(struct event_source *s, const struct queued *q, struct wmi_row *out)
{
        struct cim_instance *i;
        struct err e = { 0 };

        if (cim_json_read(q->class, q->json, &s->row, &i, &e) < 0) {
                log_warn(LOG, "an event of class %s is passed over: %s", q->class->name, e.text);
                return false;
        }
        *out = (struct wmi_row){ .image = wmi_images_get(&s->images, s->source.wmi->images, q->class, i->given),
                                 .values = i->values };
        return out->image != NULL;
}

static enum wmi_next event_next(struct wmi_source *source, struct wmi_row *out)
{
        struct event_source *s = container_of(source, struct event_source, source);
        struct list *l;

        for (;;) {
                struct queued *q;
                bool made;

                l = list_pop_front(&s->queue);
                if (!l && s->full && !source->failure.hr) {
                        s->full = false;
                        event_subscription_room(s->subscription);       /* may deliver at once */
                        l = list_pop_front(&s->queue);
                }
                if (!l)
                        return source->failure.hr ? WMI_FAILED : WMI_WAIT;
                q = list_entry(l, struct queued, link);
                s->n--;
                s->bytes -= sizeof *q + q->json.n;
                arena_fini(&s->row);
                made = make_row(s, q, out);
                free(q);
                if (made)
                        return WMI_ROW;
        }
}

static void event_free(struct wmi_source *source)
{
        struct event_source *s = container_of(source, struct event_source, source);
        struct list *l;

        event_subscription_close(s->subscription);
        while ((l = list_pop_front(&s->queue)))
                free(list_entry(l, struct queued, link));
        arena_fini(&s->row);
        wmi_images_fini(&s->images);
        free(s);
}

static const struct wmi_source_class events = { event_next, NULL, NULL, event_free };

/* Does the namespace show what the query is about? */
static int check(enum cim_namespace ns, struct str text, struct wmi_failure *f)
{
        enum provider_wql_kind kind = PROVIDER_WQL_EVENT;
        struct wql_error why = { 0 };
        struct wql_binding *b;
        struct arena a;
        int r;

        arena_init(&a, EVENT_MEMORY_MAX);
        r = provider_wql_check(text, kind, &a, &b, &kind, &why);
        if (r < 0)
                r = wmi_fail_wql(f, &why);
        for (size_t i = 0; r == 0 && i < b->n_targets; i++) {
                if (!cim_namespace_has(ns, b->targets[i].class))
                        r = wmi_fail(f, (uint32_t)WBEM_E_INVALID_CLASS, "class %s is not in this namespace", b->targets[i].class->name);
        }
        arena_fini(&a);
        return r;
}

int wmi_event_source(struct wmi_source **out, struct wmi *w, enum cim_namespace ns, const char *who, struct str text,
                     struct wmi_failure *f)
{
        struct event_subscription_opts o = { .query = text, .who = who, .from = EVENT_FROM_NOW, .deliver = deliver, .gone = gone };
        struct wql_error why = { 0 };
        struct event_source *s;

        wmi_failure_about(f, text);
        if (check(ns, text, f) < 0)
                return -1;
        s = o.ctx = calloc(1, sizeof *s);
        if (!s)
                return wmi_fail(f, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        wmi_source_init(&s->source, &events, w, ns);
        s->source.is_event = true;
        list_init(&s->queue);
        arena_init(&s->row, EVENT_MEMORY_MAX);
        if (event_subscription_open(&s->subscription, w->o.events, &o, &why) < 0) {
                event_free(&s->source);
                return wmi_fail_wql(f, &why);
        }
        wmi_failure_about(&s->source.failure, text);
        *out = &s->source;
        return 0;
}
