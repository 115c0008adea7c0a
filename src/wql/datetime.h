/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * datetime - the ways a query may write an instant or an interval
 *
 * CIM datetime text (25 characters), and what people and SQL Server write:
 * month names (March 5, 1998; 5 Mar 98), numbers with one separator (3/5/1998,
 * 1998.03.05; month first when the year is not), packed digits (19980305), each
 * with a time behind it (7:08, 7:08:09 PM, 7:08:09:123).  What says no offset
 * is UTC.  Two-digit years are 1950 to 2049, as SQL Server reads them.
 *
 * Threads: pure; any thread.
 * Source: win32 WmiSdk "Date and Time Format", "Querying with Dates"; [DSP0004] 5.2.4.
 */
#include "base/str.h"
#include "wql/ast.h"

enum wql_time_kind {
        WQL_TIME_POINT,
        WQL_TIME_UNZONED,               /* CIM text with +***: us as if UTC */
        WQL_TIME_INTERVAL,              /* us: its length */
        WQL_TIME_TEXT,                  /* other asterisks; us is 0 */
};
struct wql_time {
        enum wql_time_kind kind;
        int64_t us;
};

MUST int wql_time_parse(struct str text, struct wql_time *out);         /* 0 or -EINVAL */

/* The date functions of Extended WQL, with SQL Server's meanings; false: out of years 1 to 9999. */
MUST bool wql_time_add(enum wql_datepart part, int64_t n, int64_t us, int64_t *out_us);
int64_t wql_time_diff(enum wql_datepart part, int64_t from_us, int64_t to_us); /* boundaries crossed */
int64_t wql_time_part(enum wql_datepart part, int64_t us);
