/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* sqlgen - what the files of the SQL compiler share; private to wql */
#include "wql/compare.h"
#include "wql/sql.h"

/* The engine's parser has a stack of 100; a statement takes 8 of it, and each nesting so much. */
enum { WQL_SQL_STACK = 92, WQL_SQL_ON = 4, WQL_SQL_CHAIN = 4, WQL_SQL_LONG_CHAIN = 6, WQL_SQL_SUB = 8, WQL_SQL_FIRST = 3,
       WQL_SQL_FURTHER = 5, WQL_SQL_BRACKETS = 64 };

struct wql_sqlgen {
        const struct wql_sql_opts *opts;
        const struct wql_binding *binding;
        struct arena *a;
        struct wql_error *e;
        struct buf text;
        struct wql_sql *out;
        size_t cap;                     /* of out->params */
        /* the SELECT being written; a sub-select has its own */
        const struct wql_query *q;
        struct wql_part *parts;         /* by source: classes and fields of each */
        unsigned base;                  /* number of its first source's alias */
        unsigned next;                  /* first alias number that is free */
        unsigned stack;                 /* taken */
};

/* sql.c: "?N", and the parameter behind it */
MUST int wql_sql_param(struct wql_sqlgen *g, struct db_arg p);
MUST int wql_sql_text_param(struct wql_sqlgen *g, struct str s);
MUST int wql_sql_int_param(struct wql_sqlgen *g, int64_t i);
MUST int wql_sql_enter(struct wql_sqlgen *g, unsigned cost, uint32_t at);        /* QUOTA_VIOLATION */
MUST int wql_sql_select(struct wql_sqlgen *g, const struct wql_query *q);       /* a sub-select */
/* sql_from.c */
MUST int wql_sql_sources(struct wql_sqlgen *g);         /* finds parts */
MUST int wql_sql_from(struct wql_sqlgen *g);
/* sql_value.c */
MUST int wql_sql_name(struct wql_sqlgen *g, const struct wql_name *n);
MUST int wql_sql_operand(struct wql_sqlgen *g, const struct wql_operand *o);
const struct cim_property *wql_sql_type(const struct wql_operand *o);
bool wql_sql_is_text(const struct cim_property *p);
/* sql_where.c */
MUST int wql_sql_where(struct wql_sqlgen *g, const struct wql_node *n, bool negated);
