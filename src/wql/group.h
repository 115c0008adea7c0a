/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * group - GROUP WITHIN n BY ... HAVING ...: many events as few aggregates
 *
 * The first event opens a window of n seconds; when it closes there is one
 * __AggregateEvent for each combination of the BY values: its Representative is
 * the first event of the combination, NumberOfEvents how many there were.
 * Texts that differ in case only are one value.  The clock is the caller's.
 *
 * Threads: a group belongs to one thread at a time.
 * Source: win32 WmiSdk "GROUP Clause", "HAVING Clause", "WITHIN Clause"; [MS-WMI] 3.1.1.1.4.
 */
#include "wql/program.h"

enum { WQL_MAX_GROUPS = 1000 };         /* EventDropLimit */

struct wql_group;
/* @event_free  for representatives; may be NULL. 0 or -ENOMEM. */
MUST int wql_group_new(struct wql_group **out, const struct wql_binding *b, void (*event_free)(void *event));
void wql_group_free(struct wql_group *g);       /* NULL is harmless */
DEFINE_FREEP(struct wql_group *, wql_group_free)

/*
 * wql_group_add - an event that matched.
 * @o      read for the BY values, during the call only
 * @event  kept (consumed) when it is the first of its combination, freed else
 * Returns 0; 1: too many combinations wait (WBEM_E_QUEUE_OVERFLOW), the event was freed; -ENOMEM.
 */
MUST int wql_group_add(struct wql_group *g, int64_t now_us, const struct wql_object *o, void *event);
/* When the window closes; INT64_MAX: none is open. */
int64_t wql_group_due(const struct wql_group *g);
/* Closes the window if it is due: @emit for each aggregate that HAVING lets pass, in order of first events. @event is
 * @emit's only during the call. */
void wql_group_take(struct wql_group *g, int64_t now_us, void (*emit)(void *ctx, void *event, uint32_t n_events), void *ctx);
