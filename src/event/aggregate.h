/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * aggregate - the events of a query with GROUP WITHIN as __AggregateEvents, and those that wait for the subscriber
 *
 * wql/group.h says which events become one aggregate and when; here they are
 * JSON.  An aggregate that the subscriber has no room for waits; there are at
 * most WQL_MAX_GROUPS in a window, and the next window's are not made before
 * these are gone.
 *
 * Whoever has only some of a window's aggregates goes on where the window began;
 * with the last one he has them all.
 *
 * Source: win32 WmiSdk "GROUP Clause", "__AggregateEvent class".
 */
#include "event/filter.h"
#include "wql/group.h"

struct event_aggregates {
        struct wql_group *group;        /* NULL: the query has no GROUP */
        struct list waiting;            /* struct aggregate, closed and not delivered */
        int64_t from;                   /* everything before the open window has gone out */
};

MUST int event_aggregates_init(struct event_aggregates *a, const struct event_filter *f);       /* 0 or -ENOMEM */
void event_aggregates_fini(struct event_aggregates *a);
/*
 * An event: @json (consumed; NULL: memory was out), @o for its BY values; @since: who has all before it goes on there.
 * 0; 1: too many combinations wait, bring it again after the window; -ENOMEM.
 */
MUST int event_aggregates_add(struct event_aggregates *a, char *json, const struct wql_object *o, int64_t since,
                              int64_t now_us);
/* When event_aggregates_take() has something to do; TIME_NONE_US: no window is open, or aggregates wait. */
int64_t event_aggregates_due(const struct event_aggregates *a);
/* A window that is over closes. position: where to go on who has all its aggregates. */
void event_aggregates_take(struct event_aggregates *a, int64_t now_us, int64_t position);
/* What waits, to the subscriber. False: it is full. */
MUST bool event_aggregates_flush(struct event_aggregates *a, bool (*deliver)(void *ctx, struct str json, int64_t sequence),
                                 void *ctx);
