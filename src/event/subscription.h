/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * subscription - a WQL event query and the events it brings
 *
 *      SELECT * FROM __InstanceModificationEvent WITHIN 10
 *      WHERE TargetInstance ISA "SMS_PackageStatusRootSummarizer"
 *
 * A cursor in the change log (event.h), a filter that others may share (filter.h)
 * and a machine that spaces its events (coalesce.h).  Without WITHIN each
 * committed change is an event.  With WITHIN n the first change of an instance is
 * delivered at once and further ones at most every min(n, event_spacing); or,
 * with event_delivery=interval, all differences every n seconds as WMI does it.
 *
 * A subscriber that is full is offered the same event again when it says that it
 * has room; what follows stays in the log, and so does what finds no room in the
 * subscription's own memory (EVENT_MEMORY bytes of instances whose window is
 * open).  When retention has passed its place it is told so (gone).
 *
 * Callbacks close no subscription; they leave that to the loop's next turn.
 *
 * Threads: the loop's.
 * Source: [MS-WMI] 3.1.4.3.21, 3.1.4.3.22; win32 WmiSdk "WITHIN Clause".
 */
#include "event/event.h"
#include "event/filter.h"

enum {
        EVENT_MEMORY = 1 << 20,
        EVENT_SUBSCRIPTIONS_MAX = 10000,        /* __ArbitratorConfiguration.TemporarySubscriptionsTotal */
};

struct event_engine;
struct event_subscription;

struct event_engine_opts {
        struct loop *loop;
        struct event_hub *hub;
        int64_t spacing_us;             /* event_spacing; > 0 */
        bool interval;                  /* event_delivery=interval */
        size_t memory;                  /* of a subscription; 0: EVENT_MEMORY */
};
MUST int event_engine_new(struct event_engine **out, const struct event_engine_opts *o, struct err *e);
void event_engine_free(struct event_engine *g); /* no subscription may be open; NULL is harmless */
/* The timer's time has come n times. Who is full gets one event later with all that came meanwhile. */
void event_engine_timer(struct event_engine *g, struct str timer_id, uint32_t n);
struct event_filters *event_engine_filters(struct event_engine *g);

struct event_notice {
        const struct cim_class *class;  /* of the event */
        struct str json;                /* the event as the query selects it; lives during the call */
        int64_t sequence;               /* who has this event and those before it goes on behind this one */
};

struct event_subscription_opts {
        struct str query;
        int64_t from;                   /* as event_sub_opts */
        const char *who;                /* as event_sub_opts; copied */
        /* False: no room; event_subscription_room() when there is. */
        bool (*deliver)(void *ctx, const struct event_notice *n);
        void (*caught_up)(void *ctx, int64_t sequence);         /* as event_sub_opts; may be NULL */
        void (*gone)(void *ctx, const struct err *e);           /* as event_sub_opts */
        void *ctx;
};
/*
 * event_subscription_open - callbacks may come before this returns.
 * Returns 0; -1 with the status and column of the mistake in @w (WBEM_E_QUOTA_VIOLATION: too many are open;
 * WBEM_E_FAILED: it could not be begun).
 */
MUST int event_subscription_open(struct event_subscription **out, struct event_engine *g,
                                 const struct event_subscription_opts *o, struct wql_error *w);
void event_subscription_room(struct event_subscription *s);     /* not from inside deliver() */
void event_subscription_close(struct event_subscription *s);    /* not from inside its own callbacks; NULL is harmless */
/* Everything up to here was taken or is no event of the query, so who keeps it goes on there; -1: not to be said now. */
int64_t event_subscription_position(const struct event_subscription *s);
