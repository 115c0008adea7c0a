/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * filter - an event query, ready to decide about changes
 *
 * The text is parsed and bound once; its condition is a program (wql/program.h)
 * over the event, TargetInstance and PreviousInstance.  Subscriptions with the
 * same text share one filter, and with it the answer about a change: the filter
 * remembers what it said last.
 *
 * Events of a filter are those of its FROM class and of all derived of it.
 * Intrinsic: what happened to an instance.  Extrinsic: TM_PackageReady and
 * TM_PackageNotReady are read off the changes of TM_PackageCondition.
 *
 * Threads: the loop's.
 * Source: [MS-WMI] 3.1.4.3.22; win32 WmiSdk "Receiving Event Notifications".
 */
#include "event/image.h"

struct event_filters;                   /* all that are in use, by text */
struct event_filter;

MUST int event_filters_new(struct event_filters **out);         /* 0 or -ENOMEM */
void event_filters_free(struct event_filters *f);               /* no filter may be in use */

/* @e: the status and column of the mistake, as wql_prepare(); WBEM_E_NOT_SUPPORTED: this site raises no such event. */
MUST int event_filter_get(struct event_filters *all, struct str query, struct event_filter **out, struct wql_error *e);
void event_filter_put(struct event_filter *f);                  /* NULL is harmless */

const struct wql_query *event_filter_query(const struct event_filter *f);
const struct wql_binding *event_filter_binding(const struct event_filter *f);
/* The classes whose changes it wants to see, and the one key that must have one value (n 0: none). */
const struct cim_class *const *event_filter_classes(const struct event_filter *f, size_t *n_out);
struct str event_filter_key(const struct event_filter *f, struct str *value_out);
size_t event_filters_count(const struct event_filters *all);

/*
 * event_filter_match - the events of a difference that the filter wants, by class; how many.
 * A change of TM_PackageCondition may be two: the modification, and that the package is ready now.
 */
size_t event_filter_match(struct event_filter *f, const struct event_diff *d, const struct cim_class *events[EVENTS_OF_A_CHANGE]);
/* The same of an event that is no change: whether it is wanted, and as JSON. */
bool event_filter_match_event(const struct event_filter *f, const struct cim_instance *event);
void event_filter_write_event(const struct event_filter *f, const struct cim_instance *event, struct buf *out);
/*
 * event_filter_text - the i-th of those events as JSON, "__CLASS" first, as the query selects it; TIME_CREATED is that
 * of the commit.  Lives until the filter is asked about another difference.  STR_NULL: memory is out.
 */
struct str event_filter_text(struct event_filter *f, const struct event_diff *d, size_t i);
/* What BY looks at in the i-th of those events; lives until any filter is asked about another difference. */
bool event_filter_object(struct event_filter *f, const struct event_diff *d, size_t i, struct wql_object *out);
