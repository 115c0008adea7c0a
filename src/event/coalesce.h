/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * coalesce - committed changes of instances into the events one subscription gets
 *
 * A pure state machine: no loop, no clock, no database.  Changes come in order
 * of their sequence; time is what the caller says it is.
 *
 * EVENT_EVERY     (no WITHIN) each change is an event, at once.
 * EVENT_PROMPT    the first change of an instance is an event at once and opens a
 *                 window.  What follows inside the window is kept as one difference
 *                 between what the subscription last saw and what is now; when the
 *                 window ends and the difference is not empty it is the next event
 *                 and opens the next window.  A -> B -> A is no event.
 * EVENT_INTERVAL  WMI's own timing: every spacing_us all differences since the last
 *                 time, [MS-WMI] 3.1.4.3.21 (PrevInstances, CurrInstances).
 *
 * An event that the filter does not match opens no window: the next change is
 * looked at when it comes, and its previous instance is the one looked at last.
 * So in every mode the events of an instance are the differences between its
 * snapshots at certain instants, filtered.
 *
 * Memory: an entry for each instance whose window is open, bounded by max_bytes.
 * What finds no room is refused, and stays in the change log.
 */
#include "base/list.h"
#include "base/map.h"
#include "model/model.h"

enum event_mode { EVENT_EVERY, EVENT_PROMPT, EVENT_INTERVAL };

enum event_fate {
        EVENT_SENT,
        EVENT_PASSED,                   /* the filter does not match */
        EVENT_FULL,                     /* the subscriber has no room: it will be offered again */
};

/* What may become an event: an instance that came (before p NULL), changed or went (after p NULL). */
struct event_diff {
        struct str class_name, path, before, after;
        int64_t seq;                    /* of the newest change in it */
        int64_t when_us;                /* when that was committed */
        int64_t since;                  /* who has all events before this one goes on behind this sequence */
        int64_t resume;                 /* who has all events up to this one misses nothing behind this sequence */
};

struct coalesce {
        enum event_mode mode;
        int64_t spacing_us;             /* EVENT_PROMPT: the window; EVENT_INTERVAL: between two snapshots */
        size_t max_bytes;
        enum event_fate (*offer)(void *ctx, const struct event_diff *d);
        void *ctx;
        /* its own */
        struct map entries;             /* path -> struct coalesce_entry */
        struct list windows;            /* in order of their end */
        struct list unsent;             /* entries with a difference, in order of its first change */
        size_t bytes;
        int64_t last_seq;               /* of the changes taken */
        int64_t next_us;                /* EVENT_INTERVAL: the next snapshot */
};

/* @spacing_us > 0 unless EVENT_EVERY. from: changes up to here are taken already. */
void coalesce_init(struct coalesce *c, enum event_mode mode, int64_t spacing_us, size_t max_bytes, int64_t now_us);
void coalesce_fini(struct coalesce *c);
/* One change. False: no room, here or at the subscriber; nothing has happened, bring it again. */
MUST bool coalesce_change(struct coalesce *c, const struct model_change *ch, int64_t now_us);
/* Offer what is due. False: the subscriber is full; come again when it has room. */
MUST bool coalesce_tick(struct coalesce *c, int64_t now_us);
/* When coalesce_tick() has something to do; TIME_NONE_US: not before another change. */
int64_t coalesce_due(const struct coalesce *c);
/* Every change up to this sequence was offered or made no difference. */
int64_t coalesce_resume(const struct coalesce *c);
