/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sql - a bound data query as one parameterised statement
 *
 * The text is made of names of the schema and ?N; whatever the user wrote is a
 * parameter.  A class is its view; a base class is the union of the views of the
 * classes derived of it.  Joins, DISTINCT, COUNT, ORDER BY, IN and sub-selects
 * are the engine's.  What it lacks (folded comparison, LIKE with sets, paths into
 * embedded objects, date functions) comes from wql_sql_extension, which whoever opens
 * a connection gives to it (db_opts.extension, db_extend()).
 *
 * Logic is two-valued, as in program.h: a predicate over NULL is false, <> over
 * NULL is true, NOT turns either round.
 *
 * Threads: compiling is pure; running belongs to the connection's thread.
 */
#include "db/db.h"
#include "wql/bind.h"

extern const struct db_extension wql_sql_extension;

struct wql_sql_opts {
        int64_t now_us;                 /* what GetDate() gives */
        struct str ns, server;          /* for __PATH and its like; p NULL: NULL */
        uint64_t limit, skip;           /* rows; 0: all, none */
        /* Appends a condition under which rows of a class's view are seen, and says so; NULL or false: all are. */
        bool (*narrow)(void *ctx, const struct cim_class *c, struct buf *out);
        void *narrow_ctx;
};

/* What one source gives to a row. */
struct wql_part {
        const struct cim_class *const *classes; /* of its rows, those with views */
        size_t n_classes;
        const struct cim_property **fields;     /* the columns */
        bool *shown;                            /* asked for; else a key, to tell the object by */
        size_t n_fields;
        int class_column;                       /* where the class's name stands; -1: always classes[0] */
        int first_column;
};
struct wql_sql {
        const struct wql_binding *binding;
        struct str text;
        struct db_arg *params;
        size_t n_params;
        struct wql_part parts[WQL_MAX_CLASSES]; /* by source; n_fields 0: not in the result */
        int first_value;                        /* column of the first function's value */
        size_t n_values;
};

/* 0, or -1 with @e: QUOTA_VIOLATION (nested too deep, too long), NOT_SUPPORTED. */
MUST int wql_sql_compile(const struct wql_binding *b, const struct wql_sql_opts *o, struct arena *a, struct wql_sql **out,
                         struct wql_error *e);
void wql_sql_bind(const struct wql_sql *q, struct db_stmt *s);

/* A row, in @a. */
struct wql_row {
        struct cim_instance *objects[WQL_MAX_CLASSES];  /* by source; NULL: not shown, or the missing side of a join */
        uint32_t count;                                 /* WQL_SHAPE_COUNT */
        struct wql_value *values;                       /* of functions in the list, in its order */
        size_t n_values;
};
struct wql_value {
        const char *name;               /* "Expr1" */
        const struct cim_property *type;
        struct cim_value value;
};
/* given[] of an object marks what was asked for. 0 or < 0. */
MUST int wql_sql_row(const struct wql_sql *q, struct db_stmt *s, struct arena *a, struct wql_row *out, struct err *e);
