/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * image - what a change says, as instances; and the events it is
 *
 * A change is at most two events: that an instance came, changed or went, and
 * what of our own is read off it (a TM_PackageCondition whose Ready changed is
 * TM_PackageReady or TM_PackageNotReady; a new TM_EventFailure is
 * __ConsumerFailureEvent or __EventDroppedEvent).
 *
 * Source: win32 WmiSdk "__InstanceOperationEvent", "__Event" (TIME_CREATED).
 */
#include "cim/cim.h"
#include "event/coalesce.h"
#include "wql/program.h"

enum { EVENTS_OF_A_CHANGE = 2 };

struct event_images {
        struct arena arena;
        struct cim_instance *before, *after;    /* NULL: there was, there is none */
        /* What the change is; NULL: no event. Of selves only the plain properties are filled. */
        const struct cim_class *events[EVENTS_OF_A_CHANGE];
        struct cim_instance *selves[EVENTS_OF_A_CHANGE];
};

/*
 * What was read last.  A hundred subscriptions are offered the same difference one after the other: the first has it
 * read, the others find it.
 */
struct event_reading {
        struct event_images images;
        uint64_t generation;                    /* another number, another difference; 0: there is none */
        uint64_t last_generation;
        int64_t seq;                            /* of the difference; with the texts of its images they say which it is */
        struct str class_name, before, after;
};
/* The images of @d, until another difference is asked for. NULL: an image is not what its class says; it is logged. */
const struct event_images *event_reading_of(struct event_reading *r, const struct event_diff *d);
void event_reading_fini(struct event_reading *r);

/* A class of schema/05-event.mof, or another that is there for certain. */
const struct cim_class *event_class(const char *name);
void event_set_time(struct cim_instance *event, int64_t when_us);       /* TIME_CREATED */
/* What a condition, or BY, looks at in the i-th event, which is one. */
struct wql_object event_object(const struct event_images *m, size_t i);
