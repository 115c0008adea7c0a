/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * image - what a change says, as instances; and the events it is
 *
 * A change is at most two events: that an instance came, changed or went, and
 * what of our own is read off it (a TM_PackageCondition whose Ready changed is
 * TM_PackageReady or TM_PackageNotReady).
 *
 * Source: win32 WmiSdk "__InstanceOperationEvent", "__Event" (TIME_CREATED).
 */
#include "cim/cim.h"
#include "event/coalesce.h"
#include "wql/program.h"

struct event_images {
        struct arena arena;
        struct cim_instance *before, *after;    /* NULL: there was, there is none */
};
enum { EVENTS_OF_A_CHANGE = 2 };

/* False: an image is not what its class says; logged, and there is nothing to free. */
MUST bool event_images_read(struct event_images *m, const struct event_diff *d);
void event_images_fini(struct event_images *m);

/* A class of schema/05-event.mof, or another that is there for certain. */
const struct cim_class *event_class(const char *name);
/* The i-th event of a change, by class; NULL: it is none. */
const struct cim_class *event_of_change(const struct event_images *m, const struct event_diff *d, size_t i);
/* The event with its plain properties filled; TargetInstance and PreviousInstance are NULL. NULL: memory is out. */
struct cim_instance *event_instance(struct event_images *m, const struct event_diff *d, const struct cim_class *event);
void event_set_time(struct cim_instance *event, int64_t when_us);       /* TIME_CREATED */
/* What a condition, or BY, looks at; lives as long as @m. False: memory is out. */
MUST bool event_object(struct event_images *m, const struct event_diff *d, const struct cim_class *event, struct wql_object *out);
