/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state - the moves of a (package, DP) pair
 *
 * One row an event, one column a state.  `.` is a move that must not happen; `g`
 * goes to the waiting state that fits what the DP holds (7 when it holds some
 * version, else 1); `x` ends the row.
 *
 *      An order to install, update or refresh takes INSTALLED away at once: the
 *      DP counts again only when it reports the verified bytes.  While content is
 *      being removed only another order to install stops that.  CANCELLED work is
 *      INSTALL_FAILED (documented for CancelDistribution), and a report that
 *      comes in spite of it still counts.
 */
#include <stdio.h>
#include <strings.h>

#include "base/str.h"
#include "model/state.h"

static const char *const moves[N_DP_EVENTS] = {
        /*                            012345678 */
        [EV_ORDER_INSTALL] =         "....ggg..",
        [EV_ORDER_UPDATE] =          "gggg...gg",
        [EV_ORDER_REFRESH] =         "gggg...gg",
        [EV_ORDER_REMOVE] =          "444444444",
        [EV_CANCEL] =                ".33....3.",
        [EV_ATTEMPT_FAILED] =        ".22.55.2.",
        [EV_GAVE_UP] =               ".33.66.3.",
        [EV_REPORT_INSTALLED] =      "0000...00",
        [EV_REPORT_REMOVED] =        "8123xxx18",
        [EV_REPORT_INVALID] =         "8123...g8",
};

int state_next(int from, enum dp_event ev, bool holds)
{
        char to;

        if (from == STATE_NONE)
                return ev == EV_ORDER_INSTALL ? STATE_INSTALL_PENDING : STATE_ILLEGAL;
        if (from < 0 || from >= N_DP_STATES || (int)ev < 0 || ev >= N_DP_EVENTS)
                return STATE_ILLEGAL;
        to = moves[ev][from];
        switch (to) {
        case '.':
                return STATE_ILLEGAL;
        case 'x':
                return STATE_NONE;
        case 'g':
                return holds ? STATE_CONTENT_UPDATING : STATE_INSTALL_PENDING;
        default:
                return to - '0';
        }
}

bool state_has_job(int state)
{
        return state == STATE_INSTALL_PENDING || state == STATE_INSTALL_RETRYING || state == STATE_REMOVAL_PENDING ||
               state == STATE_REMOVAL_RETRYING || state == STATE_CONTENT_UPDATING;
}

bool state_is_removal(int state)
{
        return state == STATE_REMOVAL_PENDING || state == STATE_REMOVAL_RETRYING || state == STATE_REMOVAL_FAILED;
}

static const char *const state_names[N_DP_STATES] = {
        "INSTALLED",        "INSTALL_PENDING",  "INSTALL_RETRYING", "INSTALL_FAILED",     "REMOVAL_PENDING",
        "REMOVAL_RETRYING", "REMOVAL_FAILED",   "CONTENT_UPDATING", "CONTENT_MONITORING",
};

const char *state_name(int state)
{
        return state < 0 || state >= N_DP_STATES ? "NONE" : state_names[state];
}

int state_from_name(const char *name)
{
        for (int i = 0; i < N_DP_STATES; i++) {
                char number[2] = { (char)('0' + i), 0 };

                if (strcasecmp(name, state_names[i]) == 0 || strcmp(name, number) == 0)
                        return i;
        }
        return STATE_NONE;
}

const char *event_name(enum dp_event ev)
{
        static const char *const names[N_DP_EVENTS] = {
                "order to install",  "order to update", "order to refresh",  "order to remove", "cancellation",
                "failed attempt",    "giving up",       "report: installed", "report: removed", "report: invalid",
        };

        return (int)ev < 0 || ev >= N_DP_EVENTS ? "unknown event" : names[ev];
}

struct counters state_counts(int state, bool current)
{
        struct counters c = { 0 };

        if (state < 0 || state >= N_DP_STATES)
                return c;
        c.targeted = !state_is_removal(state);
        c.installed = state == STATE_INSTALLED && current;
        c.retrying = state == STATE_INSTALL_RETRYING || state == STATE_REMOVAL_RETRYING;
        c.failed = state == STATE_INSTALL_FAILED || state == STATE_REMOVAL_FAILED;
        return c;
}
