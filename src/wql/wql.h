/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wql - the WMI Query Language: text to tree and back
 *
 * Hand-written lexer and Pratt parser.  Nothing here knows a class, a database
 * or a socket; wql_parse() is a pure function of the text.  Mistakes carry the
 * documented status and say where: "expected a constant after '=' at column 37".
 *
 * Dialects: core WQL, the SMS Provider's Extended WQL (a superset for data
 * queries), and event queries.  What a dialect does not have is a mistake.
 *
 * Threads: pure; any thread.
 */
#include "base/buf.h"
#include "wql/ast.h"

enum wql_dialect {
        WQL_DIALECT_CORE,               /* ExecQuery against plain WMI classes */
        WQL_DIALECT_EXTENDED,           /* ExecQuery against the SMS Provider */
        WQL_DIALECT_EVENT,              /* ExecNotificationQuery, __EventFilter.Query */
};

struct wql_error {
        enum wbem_status status;
        uint32_t column;                /* from 1; 0: about the whole text */
        char text[300];
};
/* First writer wins, as err_set(). Returns -1. */
int wql_fail(struct wql_error *e, enum wbem_status status, uint32_t column, const char *fmt, ...) PRINTF_LIKE(4, 5);

/*
 * wql_parse - text into a tree.
 * @a  everything of the tree lives here; @text may go after the call
 * Returns 0, or -1 with @e: WBEM_E_INVALID_PARAMETER (no text), QUOTA_VIOLATION
 * (a limit of ast.h), INVALID_QUERY, UNPARSABLE_QUERY (grammar of an event
 * query), MISSING_GROUP_WITHIN, MISSING_AGGREGATION_LIST.
 */
MUST int wql_parse(struct str text, enum wql_dialect dialect, struct arena *a, struct wql_query **out, struct wql_error *e);

/* Canonical text: upper-case keywords, double-quoted strings. Parsing it gives the same tree again. */
void wql_print(const struct wql_query *q, struct buf *out);
