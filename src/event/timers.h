/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * timers - __TimerEvent by instructions
 *
 * The instructions are instances (model.h); their changes come by the change log
 * as anybody's do, and then all are read again.  An instruction that did not
 * change keeps its beat.
 *
 * An instant is told once, also after a restart: what passed meanwhile is told
 * late, or with SkipIfPassed dropped.  Intervals count from when the site server
 * started or the instruction was written.  Who cannot take an event gets fewer
 * with a higher NumFirings (subscription.h).
 *
 * Threads: the loop's.
 * Source: win32 WmiSdk "Receiving a Timed or Repeating Event", "__TimerInstruction class".
 */
#include "event/subscription.h"

enum { EVENT_TIMERS_MAX = 10000 };      /* more instructions than that are not obeyed, and it is logged */

struct event_timers;
struct event_timers_opts {
        struct loop *loop;
        struct db *db;
        struct event_hub *hub;
        struct event_engine *engine;
};
MUST int event_timers_new(struct event_timers **out, const struct event_timers_opts *o, struct err *e);
/* Before the engine, hub and db it uses; turns the loop until what is under way has come back. NULL is harmless. */
void event_timers_free(struct event_timers *t);
