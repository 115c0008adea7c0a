/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * bind - a query against a schema
 *
 * Finds classes, aliases and properties, checks each operator against the types
 * it is used on, fits the constants (compare.h) and derives what the executors
 * need: the shape of the result, and for events which classes a filter is about.
 * Every mistake has its documented status, in the order of the documents:
 * classes, then properties and operators, then what is particular to events.
 *
 * Filled in: wql_name, wql_source, wql_node of ast.h, in place; the tree prints
 * as before.  Nothing is looked up later, so a bound query outlives no schema.
 *
 * Threads: pure; any thread that may call the schema.
 * Source: [MS-WMI] 2.2.1, 3.1.4.3.22; win32 WmiSdk "WQL", "Receiving Event Notifications", "WMI Error Constants";
 *         memdocs develop/core/understand/extended-wmi-query-language.
 */
#include "wql/wql.h"

struct wql_schema {
        const struct cim_class *(*find)(void *ctx, struct str name);            /* any case; NULL: unknown */
        const struct cim_class *(*at)(void *ctx, size_t i);                     /* i-th of all; NULL: past the end */
        bool (*needs_within)(void *ctx, const struct cim_class *c);             /* nobody raises its events: polled */
        void *ctx;
};
extern const struct wql_schema wql_schema_site;         /* the classes of schema/; no class needs WITHIN */

enum wql_shape {
        WQL_SHAPE_CLASS,                /* rows are instances of one class (and its subclasses) */
        WQL_SHAPE_GENERIC,              /* __Generic: one object per source in use */
        WQL_SHAPE_COUNT,                /* __Generic { uint32 Count } */
};

/* A class whose instances a filter is about; exact: not its subclasses. */
struct wql_target {
        const struct cim_class *class;
        bool exact;
};
/* Every event that matches has this value there: an index may be asked by it. */
struct wql_term {
        int property;                   /* a key of the one target's class */
        enum wql_domain domain;         /* WQL_AS_TEXT (s), WQL_AS_INT (i) or WQL_AS_UINT (u) */
        struct str s;
        union {
                int64_t i;
                uint64_t u;
        };
};

struct wql_binding {
        const struct wql_query *query;
        const struct wql_schema *schema;
        enum wql_dialect dialect;
        enum wql_shape shape;
        bool used[WQL_MAX_CLASSES];     /* sources the result shows */
        /* events */
        const struct cim_class *event;  /* of FROM */
        bool intrinsic;                 /* it is, or is derived of, __InstanceOperationEvent */
        struct wql_target *targets;     /* none: of any class */
        size_t n_targets;
        struct wql_term *terms;
        size_t n_terms;
};

/*
 * wql_bind - everything lives in @a, which must live as long as the schema's classes are used
 * Returns 0, or -1 with @e: WBEM_E_INVALID_CLASS, INVALID_QUERY, NOT_EVENT_CLASS, WBEMESS_E_REGISTRATION_TOO_BROAD,
 * WBEMESS_E_REGISTRATION_TOO_PRECISE, WBEM_E_AGGREGATING_BY_OBJECT, PROPERTY_NOT_AN_OBJECT, QUOTA_VIOLATION.
 */
MUST int wql_bind(struct wql_query *q, const struct wql_schema *schema, enum wql_dialect dialect, struct arena *a,
                  struct wql_binding **out, struct wql_error *e);
/* Parse, then bind. */
MUST int wql_prepare(struct str text, const struct wql_schema *schema, enum wql_dialect dialect, struct arena *a,
                     struct wql_binding **out, struct wql_error *e);
/* The class and all derived of it that may have instances, by name order of the schema. */
MUST int wql_subclasses(const struct wql_schema *s, const struct cim_class *c, bool concrete, struct arena *a,
                        const struct cim_class *const **out, size_t *n_out);
