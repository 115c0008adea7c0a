/* SPDX-License-Identifier: Apache-2.0 */
#include "dp/order_state.h"

static const struct {
        enum order_state from;
        enum order_event ev;
        enum order_state to;
} moves[] = {
        { ORDER_RECEIVED, ORDER_EV_BEGIN, ORDER_CHECKING },
        { ORDER_RECEIVED, ORDER_EV_WORK, ORDER_WORKING },
        { ORDER_CHECKING, ORDER_EV_HELD, ORDER_REPORTING },
        { ORDER_CHECKING, ORDER_EV_ABSENT, ORDER_MANIFEST },
        { ORDER_CHECKING, ORDER_EV_MISSING, ORDER_PLANNING },
        { ORDER_MANIFEST, ORDER_EV_ARRIVED, ORDER_PLANNING },
        { ORDER_PLANNING, ORDER_EV_WANTS, ORDER_FETCHING },
        { ORDER_PLANNING, ORDER_EV_COMPLETE, ORDER_COMMITTING },
        { ORDER_FETCHING, ORDER_EV_STORED, ORDER_PLANNING },
        { ORDER_COMMITTING, ORDER_EV_COMMITTED, ORDER_REPORTING },
        { ORDER_COMMITTING, ORDER_EV_GAPS, ORDER_PLANNING },
        { ORDER_WORKING, ORDER_EV_WORKED, ORDER_REPORTING },
        { ORDER_REPORTING, ORDER_EV_ACKED, ORDER_DONE },
};

int order_next(enum order_state from, enum order_event ev)
{
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
                if (moves[i].from == from && moves[i].ev == ev)
                        return moves[i].to;
        if (ev == ORDER_EV_FAILED && from < ORDER_REPORTING)
                return ORDER_REPORTING;
        if (ev == ORDER_EV_CANCELLED && from < ORDER_REPORTING)
                return ORDER_DONE;
        return ORDER_ILLEGAL;
}

const char *order_state_name(enum order_state s)
{
        static const char *const names[N_ORDER_STATES] = {
                "received", "checking", "manifest", "planning", "fetching", "committing", "working", "reporting", "done",
        };

        return (unsigned)s < N_ORDER_STATES ? names[s] : "?";
}

const char *order_event_name(enum order_event ev)
{
        static const char *const names[N_ORDER_EVENTS] = {
                "begin",    "work", "held",      "absent", "missing", "arrived",   "wants", "stored",
                "complete", "gaps", "committed", "worked", "failed",  "cancelled", "acked",
        };

        return (unsigned)ev < N_ORDER_EVENTS ? names[ev] : "?";
}
