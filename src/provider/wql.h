/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wql - WQL queries for data, answered by the provider
 *
 * A query is parsed, bound and compiled each time (microseconds), then run over
 * the views.  A wire asks page after page: a page is one reading of the
 * database, ends at a number of bytes or rows, and takes at most the provider's
 * query_timeout.  Changes between two pages may show; the position of the
 * change log is that of the first.
 *
 * Rows are instances, __Generic objects (joins, COUNT) or, of meta_class,
 * class definitions.  Lazy properties are NULL, as documented.
 *
 * Source: [MS-WMI] 2.2.1, 3.1.4.3.18 (ExecQuery); memdocs
 *         develop/core/understand/extended-wmi-query-language.
 *
 * Threads: provider_wql_submit() on the loop; the rest is for database threads.
 */
#include "provider/provider.h"
#include "wql/sql.h"

struct provider_wql_row {
        const struct wql_binding *binding;
        const struct wql_row *row;      /* of a query for data; else one of the following */
        const struct cim_class *class;  /* of a schema query, or of ClassDefsOnly */
        const struct cim_instance *instance;    /* of ASSOCIATORS OF and REFERENCES OF */
};

/*
 * provider_wql_run - one page of a query.
 * @skip  rows of earlier pages
 * @fn    gets each row, which lives during the call; false stops
 * A mistake in the text fills @why (and nothing of @e); every other failure @e.
 */
struct provider_wql_opts {
        enum wql_dialect dialect;
        int64_t timeout_us;             /* of a page; 0: none */
        uint64_t skip;
        struct str ns, server;          /* what __NAMESPACE and __SERVER are compared with; p NULL: NULL */
};
MUST int provider_wql_run(struct db_conn *c, struct str text, const struct provider_wql_opts *o,
                          bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why,
                          struct err *e);
/* {"__CLASS":...,"__RELPATH":...,...}; the properties that were asked for. */
void provider_wql_json(const struct provider_wql_row *row, struct buf *out);

struct provider_wql_request {
        /* What is asked; the caller keeps all of it alive until done. */
        struct provider_caller caller;
        struct str text;
        enum wql_dialect dialect;
        /* What __NAMESPACE and __SERVER are compared with; p NULL: NULL.  Instances of __NAMESPACE are those below ns. */
        struct str ns, server;
        uint64_t skip;                  /* rows that earlier pages held */
        const struct provider_context *context;         /* context values; NULL: none */
        size_t page_bytes;              /* stop after about so much JSON; 0: 1 MiB */
        /* Instead of JSON: gets each row on a database thread, where the row lives during the call.  @full_out: the
         * page ends behind this row (preset to false).  False: memory is out. */
        bool (*row)(void *ctx, const struct provider_wql_row *row, bool *full_out);
        void (*done)(struct provider_wql_request *q);   /* loop thread, once */
        void *ctx;

        /* What came out. */
        int r;
        struct err err;
        struct wql_error why;           /* status set: the mistake in the text that err is about */
        int64_t seq;
        struct buf json;                /* objects with commas between; the caller runs buf_fini() */
        uint64_t n_rows;
        bool more;                      /* ask again with skip += n_rows */

        /* Private. */
        struct provider *provider;
        struct db_job db_job;
        struct provider_context now;
        struct arena arena;
        size_t limit;
        bool full, broken;
};
void provider_wql_submit(struct provider *p, struct provider_wql_request *q);
void provider_wql_abandon(struct provider_wql_request *q);      /* as provider_abandon() */

/* ---- checking without running ---- */

enum provider_wql_kind { PROVIDER_WQL_ANY, PROVIDER_WQL_DATA, PROVIDER_WQL_EVENT };
/* Parse and bind. ANY: an event query when it selects from an event class or says WITHIN. @kind_out: DATA or EVENT. */
MUST int provider_wql_check(struct str text, enum provider_wql_kind kind, struct arena *a, struct wql_binding **out,
                            enum provider_wql_kind *kind_out, struct wql_error *why);
/* "data", "schema", "associators", "references", "event". */
const char *provider_wql_kind_name(const struct wql_query *q);
