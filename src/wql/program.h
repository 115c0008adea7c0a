/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * program - a condition as tests and jumps
 *
 * The condition of a bound query, for deciding about one object at a time: an
 * event, an instance, a class.  Each step is one predicate and two targets,
 * where to go when it holds and when not; AND, OR and NOT are nothing but
 * targets.  All jumps go forward, so a match takes at most as many steps as the
 * query has predicates.
 *
 * Not for joins and sub-selects: those are for SQL (sql.h).
 *
 * Threads: a program is immutable; any number of threads may match by it.
 */
#include "wql/bind.h"
#include "wql/compare.h"

enum { WQL_ACCEPT = -1, WQL_REJECT = -2 };

struct wql_step {
        const struct wql_node *test;
        int32_t on_true, on_false;      /* a later step, WQL_ACCEPT or WQL_REJECT */
};
struct wql_program {
        const struct wql_binding *binding;
        struct wql_step *steps;
        size_t n_steps;
        int32_t start;                  /* WQL_ACCEPT: no condition */
        int64_t now_us;                 /* what GetDate() gives */
};

/* What is matched. An instance whose values are NULL stands for its class alone. */
struct wql_object {
        const struct cim_instance *self;        /* the instance; of an event: its own properties (its class decides) */
        const struct cim_instance *target;      /* TargetInstance, TargetClass; NULL when not of an event */
        const struct cim_instance *previous;    /* NULL when there is none */
        struct str ns, server;                  /* for __PATH and its like; p NULL: NULL, as in events */
};

/* @where  of the binding's query, usually query->where. 0, or -1 with @e: QUOTA_VIOLATION, INVALID_QUERY (sub-select). */
MUST int wql_compile(const struct wql_binding *b, const struct wql_node *where, int64_t now_us, struct arena *a,
                     struct wql_program **out, struct wql_error *e);
bool wql_match(const struct wql_program *p, const struct wql_object *o);
/* One line a step: "0: Size > 5 ? 1 : reject". */
void wql_program_print(const struct wql_program *p, struct buf *out);

/* A bound name's or operand's value; texts may go to @a. */
struct wql_variant wql_load(const struct wql_name *n, const struct wql_object *o, struct arena *a);
