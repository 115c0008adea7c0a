/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * order_state - what an order of the site may be doing, as one table
 *
 *      received --begin--> checking --held----------------------------> reporting --acked--> done
 *                              |---absent--> manifest --arrived--> planning
 *                              '---missing-------------------------^  |  ^
 *                                                      fetching <-wants  |
 *                                                         '---stored-----'
 *                                   planning --complete--> committing --committed--> reporting
 *
 * Removal and validation have one state between received and reporting: working.
 * A failure leads from anywhere before reporting to reporting (a failure is
 * reported, too); a cancel leads to done without a word.  order_next() is pure,
 * so a test walks every pair; whatever is not in the table is a bug and stops the
 * program in a debug build, fails the order in any other.
 */
#include "base/macros.h"

enum order_state {
        ORDER_RECEIVED,
        ORDER_CHECKING,                 /* is it here already, and sound? */
        ORDER_MANIFEST,                 /* the manifest is on its way */
        ORDER_PLANNING,                 /* which pieces are missing, next slice */
        ORDER_FETCHING,                 /* a slice is on its way and into the library */
        ORDER_COMMITTING,               /* sync, then visible */
        ORDER_WORKING,                  /* remove, validate */
        ORDER_REPORTING,                /* the report waits to be acknowledged */
        ORDER_DONE,
        N_ORDER_STATES,
        ORDER_ILLEGAL = -1,
};

enum order_event {
        ORDER_EV_BEGIN,                 /* install: a slot is free */
        ORDER_EV_WORK,                  /* remove, validate: a slot is free */
        ORDER_EV_HELD,                  /* installed already and sound */
        ORDER_EV_ABSENT,                /* the manifest is not here */
        ORDER_EV_MISSING,               /* the manifest is here, pieces may not be */
        ORDER_EV_ARRIVED,               /* the manifest came and was checked */
        ORDER_EV_WANTS,                 /* a slice with something in it was planned */
        ORDER_EV_STORED,                /* all of the slice is in the library */
        ORDER_EV_COMPLETE,              /* nothing is missing */
        ORDER_EV_GAPS,                  /* the commit found something missing after all */
        ORDER_EV_COMMITTED,
        ORDER_EV_WORKED,
        ORDER_EV_FAILED,
        ORDER_EV_CANCELLED,
        ORDER_EV_ACKED,
        N_ORDER_EVENTS
};

int order_next(enum order_state from, enum order_event ev);     /* ORDER_ILLEGAL when there is no such move */
const char *order_state_name(enum order_state s);
const char *order_event_name(enum order_event ev);
