/* SPDX-License-Identifier: Apache-2.0 */
#include "event/aggregate.h"

#include <errno.h>

struct aggregate {
        struct list link;
        struct buf json;
        int64_t sequence;
};

int event_aggregates_init(struct event_aggregates *a, const struct event_filter *f)
{
        *a = (struct event_aggregates){ 0 };
        list_init(&a->waiting);
        return event_filter_query(f)->has_group ? wql_group_new(&a->group, event_filter_binding(f), free) : 0;
}

void event_aggregates_fini(struct event_aggregates *a)
{
        struct list *n;

        while (a->waiting.next && (n = list_pop_front(&a->waiting))) {
                struct aggregate *w = list_entry(n, struct aggregate, link);

                buf_fini(&w->json);
                free(w);
        }
        wql_group_free(a->group);
        a->group = NULL;
}

int64_t event_aggregates_due(const struct event_aggregates *a)
{
        int64_t due = a->group && list_empty(&a->waiting) ? wql_group_due(a->group) : INT64_MAX;

        return due == INT64_MAX ? TIME_NONE_US : due;
}

int event_aggregates_add(struct event_aggregates *a, char *json, const struct wql_object *o, int64_t since, int64_t now_us)
{
        if (!json)
                return -ENOMEM;
        if (wql_group_due(a->group) == INT64_MAX)
                a->from = since;
        return wql_group_add(a->group, now_us, o, json);
}

static void emit(void *ctx, void *event, uint32_t n_events)
{
        struct event_aggregates *a = ctx;
        struct aggregate *w = calloc(1, sizeof(*w));

        if (!w)
                return;
        buf_init(&w->json, 0);
        buf_printf(&w->json, "{\"__CLASS\":\"__AggregateEvent\",\"NumberOfEvents\":%u,\"Representative\":", (unsigned)n_events);
        buf_addz(&w->json, event);
        buf_addc(&w->json, '}');
        w->sequence = a->from;
        list_push_back(&a->waiting, &w->link);
}

void event_aggregates_take(struct event_aggregates *a, int64_t now_us, int64_t position)
{
        if (event_aggregates_due(a) == TIME_NONE_US || event_aggregates_due(a) > now_us)
                return;
        wql_group_take(a->group, now_us, emit, a);
        if (!list_empty(&a->waiting))
                list_entry(a->waiting.prev, struct aggregate, link)->sequence = position;
}

bool event_aggregates_flush(struct event_aggregates *a, bool (*deliver)(void *ctx, struct str json, int64_t sequence),
                            void *ctx)
{
        while (!list_empty(&a->waiting)) {
                struct aggregate *w = list_entry(a->waiting.next, struct aggregate, link);

                if (!w->json.failed && !deliver(ctx, buf_str(&w->json), w->sequence))
                        return false;
                list_del(&w->link);
                buf_fini(&w->json);
                free(w);
        }
        return true;
}
