/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * diff - two snapshots of instances as the events between them
 *
 * What WMI's polling does at each tick, as one pure function: objects are told
 * by class and key; only now: created, only before: deleted (with the values it
 * had), both and any property differs: modified.  What a query filters is the
 * event so built; an object whose values come to satisfy it is a modification.
 * Texts differ when their case does.
 *
 * Threads: pure; any thread.
 * Source: [MS-WMI] 3.1.4.3.22.
 */
#include "wql/program.h"

enum wql_change { WQL_CREATION, WQL_MODIFICATION, WQL_DELETION };
const char *wql_change_class(enum wql_change c);        /* "__InstanceCreationEvent" */

struct wql_event {
        enum wql_change change;
        const struct cim_instance *target, *previous;   /* previous: of a modification only */
};

/* Whether the event is of a kind the query is about and satisfies it. */
bool wql_event_matches(const struct wql_program *p, const struct wql_event *ev);

struct wql_snapshot {
        const struct cim_instance *const *items;
        size_t n;
};
/*
 * wql_diff - calls @emit for each event the program lets pass: deletions in the order of @before, then the others in
 * the order of @now.
 * @p  of an event query; NULL: all events pass
 * 0 or -ENOMEM.
 */
MUST int wql_diff(const struct wql_program *p, struct wql_snapshot before, struct wql_snapshot now,
                  void (*emit)(void *ctx, const struct wql_event *ev), void *ctx);
