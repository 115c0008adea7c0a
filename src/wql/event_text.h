/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * event_text - the text of an event query made of its parts
 *
 * As .NET's WqlEventQuery writes it, letter for letter, so that scripts which
 * compare or log QueryString see what they know.
 *
 * Source: System.Management WqlEventQuery.BuildQuery.
 */
#include "base/buf.h"

struct wql_event_parts {
        struct str event_class;
        double within_s;                /* 0: none */
        struct str condition;           /* n 0: none */
        double group_within_s;          /* 0: none, and no BY and HAVING either */
        const struct str *by;
        size_t n_by;
        struct str having;              /* n 0: none */
};
void wql_event_query_text(const struct wql_event_parts *p, struct buf *out);
