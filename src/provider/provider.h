/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * provider - the SMS Provider: classes over the model, for every wire alike
 *
 * Reading goes through the views: a query is put together from the class's
 * generated column list, property names of the schema and bound values, never
 * from a caller's words.  Writing goes through a table of functions a class
 * (writers.c) and a method (methods.c) that call the model; a class that is not
 * in the table is read-only.  Rights are checked here, so that no wire can
 * forget them.
 *
 * A wire fills a struct provider_request and submits it; done runs on the loop
 * with the result, for writes after COMMIT.  The functions on connections below
 * are for tests and for wires that are on a database thread already.
 *
 * Source: Configuration Manager SDK, pages of the classes and their methods.
 *
 * Threads: provider_submit() and provider_new/free on the loop; functions that
 * take a db_conn or a struct tx wherever that is owned.
 */
#include "auth/users.h"
#include "model/model.h"
#include "provider/actions.h"
#include "provider/context.h"

/* ---- conditions and queries ---- */

enum provider_compare { PROVIDER_EQ, PROVIDER_NE, PROVIDER_GT, PROVIDER_GE, PROVIDER_LT, PROVIDER_LE,
                        PROVIDER_STARTS, PROVIDER_ENDS, PROVIDER_CONTAINS };
enum provider_node { PROVIDER_COMPARE, PROVIDER_AND, PROVIDER_OR, PROVIDER_NOT };

/*
 * A condition as a tree.  Comparison of texts folds ASCII case; NULL is less
 * than nothing and equal to NULL only, so every condition is true or false.
 */
struct provider_expr {
        enum provider_node node;
        const struct provider_expr *left, *right;       /* right NULL for NOT */
        enum provider_compare op;
        int property;                   /* ordinal; no array, no embedded object */
        struct cim_value value;         /* .null with EQ and NE only */
};
enum { PROVIDER_EXPR_DEPTH = 64, PROVIDER_EXPR_NODES = 900, PROVIDER_ORDER_MAX = 8 };

struct provider_query {
        const struct cim_class *class;  /* has a view, else ERR_NOT_SUPPORTED */
        const struct provider_expr *where;      /* NULL: all */
        struct {
                int property;
                bool descending;
        } order[PROVIDER_ORDER_MAX];
        size_t n_order;                 /* 0: by the keys */
        uint64_t top;                   /* at most so many; 0: all */
        uint64_t skip;
        bool lazy;                      /* fill lazy properties too; a query of WMI does not */
        bool passing;                   /* an instance lives during fn only, the arena is emptied after it: for many */
        /* Go on behind this instance (its keys are what counts); only without an order of one's own. */
        const struct cim_instance *after;
};

/* fn gets each instance, which lives in @a (see passing); false stops. */
MUST int provider_query_run(struct db_conn *c, const struct provider_query *q, struct arena *a,
                            bool (*fn)(void *ctx, struct cim_instance *i), void *ctx, struct err *e);
/* The text provider_query_run() would prepare; ?1... in the order of binding.  For tests. */
MUST int provider_query_text(const struct provider_query *q, struct buf *out, struct err *e);
/* The instance with those keys, lazy properties filled.  ERR_NOT_FOUND names it. */
MUST int provider_get(struct db_conn *c, const struct cim_instance *keys, struct arena *a, struct cim_instance **out,
                      struct err *e);
/* The same, 1 when there is none. */
MUST int provider_find(struct db_conn *c, const struct cim_instance *keys, struct arena *a, struct cim_instance **out,
                       struct err *e);

/* ---- who may what ---- */

struct provider_caller {
        struct actor actor;
        enum user_role role;
};
enum provider_op { PROVIDER_GET, PROVIDER_QUERY, PROVIDER_CREATE, PROVIDER_PUT, PROVIDER_DELETE, PROVIDER_INVOKE };
/*
 * Everybody reads.  An operator distributes, refreshes, cancels, validates and removes content; the rest is an
 * administrator's.  ERR_DENIED says which role it takes.
 */
MUST int provider_allowed(const struct provider_caller *who, enum provider_op op, const struct cim_class *c,
                          const struct cim_method *m, struct err *e);

/* ---- writing, inside a transaction of the caller's ---- */

/* A new object: documented defaults are filled in, read-only properties are the provider's.  *out: as stored, in @a. */
MUST int provider_create(struct tx *t, struct cim_instance *in, struct arena *a, struct cim_instance **out,
                         struct err *e);
/*
 * A change of what in->given[] says; keys are given.  Values that are as stored already count as not given.
 * @strict  a read-only property that differs is ERR_READ_ONLY; else it is passed over, as a WMI Put does
 * A SedoObjectVersion that is not the stored one is ERR_CONFLICT.
 */
MUST int provider_put(struct tx *t, struct cim_instance *in, bool strict, struct arena *a, struct cim_instance **out,
                      struct err *e);
MUST int provider_delete(struct tx *t, const struct cim_instance *keys, struct err *e);

struct provider;
/*
 * A method.  self is NULL for static ones; args and out_args have n_parameters values each (NULL values for
 * those of the other direction), the latter in @a.  TM_Site.Verify needs the daemon and runs by provider_submit() only.
 */
struct provider_call {
        const struct cim_class *class;
        const struct cim_method *method;
        const struct cim_instance *self;
        const struct cim_value *args;
        const struct provider_context *context;         /* NULL: none */
        enum user_role role;            /* the caller's */
        struct cim_value *out_args;
        int64_t return_value;           /* comes out: what the method counted; else 0 */
};
MUST int provider_invoke(struct provider *p, struct tx *t, struct provider_call *c, struct arena *a, struct err *e);

/* ---- requests: what wires use ---- */

struct provider_opts {
        struct loop *loop;
        struct db *db;
        const struct site_actions *actions;     /* borrowed; NULL: what needs it is ERR_UNAVAILABLE */
        int64_t query_timeout_s;        /* how long one reading of a WQL query may take; 0: as long as it does */
        bool inline_;                   /* unit tests: no worker of our own */
};
MUST int provider_new(struct provider **out, const struct provider_opts *o, struct err *e);
void provider_free(struct provider *p);         /* no request may be under way */
DEFINE_FREEP(struct provider *, provider_free)

struct provider_request {
        /* What is asked; the caller keeps all of it alive until done. */
        enum provider_op op;
        struct provider_caller caller;
        const struct cim_class *class;
        struct cim_instance *object;    /* GET, DELETE, instance method: keys; CREATE, PUT: values */
        bool strict;                    /* PUT: see provider_put() */
        struct provider_query query;    /* QUERY; .class is set from class */
        size_t page_bytes;              /* QUERY: stop after about so much JSON; 0: 1 MiB */
        const bool *only;               /* QUERY, GET: properties to write, n_properties flags; NULL: all */
        const struct cim_method *method;
        struct cim_value *args;         /* INVOKE: n_parameters */
        const struct provider_context *context;         /* context values of the call; NULL: none */
        struct str ns;                  /* the namespace that is connected; n 0: none is */
        struct arena arena;             /* of the caller's making; results live here */
        void (*done)(struct provider_request *q);       /* loop thread, once */
        void *ctx;

        /* What came out. */
        int r;                          /* 0 or < 0 with err */
        struct err err;
        int64_t seq;                    /* change log position at which a reading is true */
        struct cim_instance *result;    /* GET, CREATE, PUT */
        struct buf json;                /* QUERY: objects with commas between; the caller runs buf_fini() */
        uint64_t n_rows;                /* QUERY: in this page */
        bool more;                      /* QUERY: ask again with query.after = last, or skip += n_rows */
        struct cim_instance *last;      /* QUERY: of this page */
        struct cim_value *out_args;     /* INVOKE: n_parameters */
        int64_t return_value;           /* INVOKE: ReturnValue */

        /* Private. */
        struct provider_context now;    /* with what a handle stands for */
        uint64_t n_given;               /* rows of all pages, for InstanceCount */
        struct provider *provider;
        struct db_job db_job;
        struct job job;
        struct arena page_arena;
};
void provider_submit(struct provider *p, struct provider_request *q);
/* Nobody waits for this GET or QUERY any more: it ends soon, with ERR_CANCELLED; done runs. Others go on. */
void provider_abandon(struct provider_request *q);
