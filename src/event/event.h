/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * event - the change log, delivered to whoever listens, the moment it commits
 *
 * Nothing polls.  The db writer tells the hub after each COMMIT; the hub reads
 * the new rows of the change log once and hands each to the subscriptions it may
 * concern, found by class and key (index.h).  A subscription has no queue: it is a cursor in the log.  One that is
 * full, new, or resuming reads the log for itself until it has caught up, so a
 * slow subscriber costs the site a cursor and slows nobody.  When retention has
 * passed its cursor it is told (gone), never skipped silently.
 *
 * Changes arrive in order of their sequence, each exactly once a subscription.
 *
 * Threads: the loop's, except event_hub_committed() (any thread).
 */
#include "db/db.h"
#include "model/model.h"

struct event_hub;
struct event_sub;

MUST int event_hub_new(struct event_hub **out, struct loop *l, struct db *db, struct err *e);
void event_hub_free(struct event_hub *h);       /* no subscription may be left; call before db_close() and loop_free() */
/* Something was committed; from db_opts.after_commit. */
void event_hub_committed(struct event_hub *h);

struct event_sub_opts {
        const char *class_name;         /* NULL: every class; copied */
        const struct cim_class *const *classes; /* several classes instead of class_name; none: every class; copied */
        size_t n_classes;
        struct str key_property;        /* n 0, or a string key of class_name: only instances where it is key_value; copied */
        struct str key_value;
        int64_t from;                   /* deliver what has a sequence above this; EVENT_FROM_NOW */
        /* One change; the slices live during the call.  False: not now, keep it for event_resume(). */
        bool (*deliver)(void *ctx, const struct model_change *ch);
        /* Once: everything up to seq was delivered and the rest will come as it commits.  May be NULL. */
        void (*caught_up)(void *ctx, int64_t seq);
        /* Once, instead of further changes: the log no longer holds what comes next, or reading it failed. */
        void (*gone)(void *ctx, const struct err *e);
        void *ctx;
        const char *who;                /* the account, as in struct actor; NULL: the site itself; copied */
};
#define EVENT_FROM_NOW INT64_C(-1)
/*
 * An account whose security scopes hide something (model/scope.h) gets only changes of what it sees, by what the
 * instance was and is; such a subscription always reads for itself.  When scopes are given or taken, everybody who
 * said who he is looks again.
 */

MUST int event_subscribe(struct event_sub **out, struct event_hub *h, const struct event_sub_opts *o, struct err *e);
void event_resume(struct event_sub *s);         /* after deliver() said false */
void event_unsubscribe(struct event_sub *s);    /* not from inside a callback of the same subscription; NULL is harmless */
int64_t event_cursor(const struct event_sub *s);        /* every change up to here was delivered or concerns others */
