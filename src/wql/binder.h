/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* binder - what the files of binding share; private to wql */
#include "wql/bind.h"
#include "wql/compare.h"

struct wql_binder {
        struct wql_binding *out;
        struct wql_query *q;            /* the one being bound; a sub-select has its own */
        struct arena *a;
        struct wql_error *e;
        struct wql_error late;          /* of events: said only when nothing else is wrong */
};

int wql_invalid(struct wql_binder *b, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
int wql_bind_nomem(struct wql_binder *b);

/* bind_name.c */
MUST int wql_bind_name(struct wql_binder *b, struct wql_name *n);
extern const struct cim_property wql_type_text, wql_type_int, wql_type_time, wql_type_object;
/* bind_where.c */
MUST int wql_bind_operand(struct wql_binder *b, struct wql_operand *o, const struct cim_property **type_out);
MUST int wql_bind_where(struct wql_binder *b, struct wql_node *n);
/* bind.c */
MUST int wql_bind_select(struct wql_binder *b, struct wql_query *q);
/* bind_event.c */
MUST int wql_bind_event_targets(struct wql_binder *b);          /* before the names */
MUST int wql_bind_event_rules(struct wql_binder *b);            /* after them */
/* bind_assoc.c */
MUST int wql_bind_association(struct wql_binder *b);
