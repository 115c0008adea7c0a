/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * state - what a (package, DP) pair may be in, as one table
 *
 * Numbers: SMS_PackageStatusDistPointsSummarizer.State (sms_packagestatus-
 * distpointssummarizer-server-wmi-class).  The moves are state_moves[] in
 * state.c; state_next() is pure.  Counters are a pure function of the row, so a
 * change of a row moves counters by the difference and nothing else can.
 */
#include "base/macros.h"

enum dp_state {
        STATE_INSTALLED = 0,
        STATE_INSTALL_PENDING = 1,
        STATE_INSTALL_RETRYING = 2,
        STATE_INSTALL_FAILED = 3,
        STATE_REMOVAL_PENDING = 4,
        STATE_REMOVAL_RETRYING = 5,
        STATE_REMOVAL_FAILED = 6,
        STATE_CONTENT_UPDATING = 7,     /* holds an older version, newer bytes are moving */
        STATE_CONTENT_MONITORING = 8,   /* was installed, failed validation; needs attention */
        N_DP_STATES,
        STATE_NONE = -1,                /* no row */
};

enum dp_event {
        EV_ORDER_INSTALL,               /* assigned, or assigned again while being removed */
        EV_ORDER_UPDATE,                /* a new source version was ordered */
        EV_ORDER_REFRESH,               /* same version again (RefreshNow, redistribute) */
        EV_ORDER_REMOVE,
        EV_CANCEL,
        EV_ATTEMPT_FAILED,              /* and tries are left */
        EV_GAVE_UP,                     /* tries are used up, or the failure is for good */
        EV_REPORT_INSTALLED,            /* hash-verified report at the current version */
        EV_REPORT_REMOVED,
        EV_REPORT_INVALID,              /* validation found damage, or the DP lost it */
        N_DP_EVENTS,
};

/*
 * The state after ev, or STATE_ILLEGAL when the move is not allowed (the row stays).  STATE_NONE: the row goes.
 * @holds  the DP holds some version of the package: an order makes it CONTENT_UPDATING, else INSTALL_PENDING.
 */
enum { STATE_ILLEGAL = -2 };
int state_next(int from, enum dp_event ev, bool holds);
/* Does a row in this state have a content job (installation or removal) in the queue? */
bool state_has_job(int state);
bool state_is_removal(int state);
const char *state_name(int state);              /* "INSTALLED" */
int state_from_name(const char *name);          /* any case, also the number as text; STATE_NONE when unknown */
const char *event_name(enum dp_event ev);

struct counters {
        int targeted, installed, retrying, failed;
};
/* What one row counts for. @current: it holds the package's current SourceVersion. */
struct counters state_counts(int state, bool current);
