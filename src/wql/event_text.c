/* SPDX-License-Identifier: Apache-2.0 */
/* event_text - an event query from its parts */
#include "wql/event_text.h"

void wql_event_query_text(const struct wql_event_parts *p, struct buf *out)
{
        if (!p->event_class.n)
                return;
        buf_printf(out, "select * from %.*s", STR_ARG(p->event_class));
        if (p->within_s > 0)
                buf_printf(out, " within %.15g", p->within_s);
        if (p->condition.n)
                buf_printf(out, " where %.*s", STR_ARG(p->condition));
        if (p->group_within_s <= 0)
                return;
        buf_printf(out, " group within %.15g", p->group_within_s);
        for (size_t i = 0; i < p->n_by; i++)
                buf_printf(out, "%s%.*s", i ? "," : " by ", STR_ARG(p->by[i]));
        if (p->having.n)
                buf_printf(out, " having %.*s", STR_ARG(p->having));
}
