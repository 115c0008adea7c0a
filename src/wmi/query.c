/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query - what gives many objects: queries, enumerations, events
 *
 * A mistake in a query's text is told by the call.  That its class is unknown is
 * told by the call, too, unless it was to return immediately: then by the first
 * Next, as by Windows.
 *
 * Source: [MS-WMI] 3.1.4.3.10, 3.1.4.3.11, 3.1.4.3.16 to 3.1.4.3.21.
 */
#include <stdio.h>
#include "provider/wql.h"
#include "wmi/private.h"

enum { QUERY_MEMORY = 32 << 20 };

struct query {
        struct wmi_services *s;
        struct dcom_call *c;
        enum wmi_form form;
        const char *operation;
        uint32_t flags;
        struct str sink;
        struct wmi_failure failure;
        struct wmi_context *context;
};

/* Context, and the sink of an asynchronous call: what stands at the end of all of them. */
static bool take_rest(struct query *q, uint32_t allowed)
{
        struct err e = { 0 };

        q->context = wmi_take_context(q->c, &e);
        if (q->form == WMI_FORM_ASYNC)
                q->sink = dcom_interface_read(&q->c->in);
        if (!ndr_in_ok(&q->c->in)) {
                dcom_call_fault(q->c, RPC_S_BAD_STUB_DATA);
                return false;
        }
        if (e.kind)
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_INVALID_CONTEXT, "%s", e.text);
        if (q->form == WMI_FORM_ASYNC)
                allowed |= WMI_SEND_STATUS;
        if (q->flags & ~allowed)
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "flags 0x%x: some are not of this method", q->flags);
        return true;
}

static void refuse(struct query *q)
{
        wmi_failure_tell(q->s->wmi, q->s->ns, q->operation, &q->failure, q->c);
        if (q->form == WMI_FORM_SYNC)
                dcom_interface_write(dcom_call_answer(q->c), STR_NULL);
        dcom_call_end_hresult(q->c, q->failure.hr);
}

/* @source NULL: memory is out. */
static void give(struct query *q, struct wmi_source *source)
{
        struct wmi_sink *sink = NULL;

        if (!source)
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        if (!q->failure.hr && q->form == WMI_FORM_ASYNC)
                sink = wmi_sink_new(q->s->wmi, q->s->ns, q->operation, q->sink, q->c, &q->failure);
        if (q->failure.hr) {
                wmi_source_free(source);
                refuse(q);
        } else if (sink) {
                dcom_call_end_hresult(q->c, WBEM_NO_ERROR);
                wmi_sink_feed(sink, source);
        } else {
                wmi_answer_enum(q->c, source, q->flags & WMI_FORWARD_ONLY,
                                source->is_event || q->flags & WMI_RETURN_IMMEDIATELY);
        }
}

static void give_query(struct query *q, struct str text)
{
        struct wmi_query_opts o = { .text = text, .locatable = q->flags & WMI_ENSURE_LOCATABLE,
                                    .amended = q->flags & WMI_USE_AMENDED, .context = q->context ? &q->context->values : NULL };

        if (!q->failure.hr && wmi_caller(q->s->wmi, q->c, &o.caller))
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_ACCESS_DENIED, "%s has no account at this site any more",
                               q->c->rq->caller->display);
        if (q->failure.hr)
                refuse(q);
        else
                give(q, wmi_query_source(q->s->wmi, q->s->ns, &o));
}

/* ---- queries ---- */

static bool check_language(struct query *q, struct str language, struct str text)
{
        wmi_failure_about(&q->failure, text);
        if (!language.p || !text.n)
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "no query, or no language of it");
        else if (!str_eqz_nocase(language, "WQL"))
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_INVALID_QUERY_TYPE, "the language of queries is WQL, not %.*s",
                               (int)MIN(language.n, 40), language.p);
        return q->failure.hr == 0;
}

static void check_classes(struct query *q, const struct wql_query *w)
{
        for (size_t i = 0; i < w->n_sources && w->kind == WQL_DATA; i++) {
                const struct cim_class *c = w->sources[i].class;

                if (c && !cim_namespace_has(q->s->ns, c))
                        (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_INVALID_CLASS, "class %s is not in this namespace", c->name);
        }
}

/* WBEM_FLAG_PROTOTYPE: no rows, the class that rows would be of; [MS-WMI] 2.2.4.1. */
static struct wmi_source *prototype(struct query *q, const struct wql_binding *b, struct arena *a)
{
        const struct wql_query *w = b->query;
        const struct cim_class *c = w->n_sources ? w->sources[0].class : NULL;
        bool *only;

        if (w->kind != WQL_DATA || b->shape != WQL_SHAPE_CLASS || !c) {
                (void)wmi_fail(&q->failure, (uint32_t)WBEM_E_NOT_SUPPORTED, "a prototype there is of a query of one class only");
                return NULL;
        }
        only = arena_array(a, c->n_properties + 1, sizeof *only);
        for (size_t i = 0; only && i < w->n_items; i++) {
                int k = w->items[i].kind == WQL_ITEM_OPERAND ? w->items[i].operand.name.property : -1;

                if (k >= 0 && (size_t)k < c->n_properties)
                        only[k] = true;
        }
        return only ? wmi_prototype_source(q->s->wmi, q->s->ns, c, w->star ? NULL : only) : NULL;
}

void wmi_exec_query(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str language = wmi_take_bstr(c), text = wmi_take_bstr(c);
        struct query q = { .s = s, .c = c, .form = form, .operation = "ExecQuery", .flags = ndr_in_u32(&c->in) };
        enum provider_wql_kind kind = PROVIDER_WQL_DATA;
        struct wmi_source *proto = NULL;
        struct wql_error why = { 0 };
        struct wql_binding *b;
        struct arena a;

        if (!take_rest(&q, WMI_RETURN_IMMEDIATELY | WMI_FORWARD_ONLY | WMI_DIRECT_READ | WMI_ENSURE_LOCATABLE |
                                   WMI_PROTOTYPE_FLAG | WMI_USE_AMENDED))
                return;
        arena_init(&a, QUERY_MEMORY);
        if (!q.failure.hr && check_language(&q, language, text)) {
                if (provider_wql_check(text, kind, &a, &b, &kind, &why) == 0) {
                        check_classes(&q, b->query);
                        if (!q.failure.hr && q.flags & WMI_PROTOTYPE_FLAG)
                                proto = prototype(&q, b, &a);
                } else if (why.status != WBEM_E_INVALID_CLASS || !(q.flags & WMI_RETURN_IMMEDIATELY)) {
                        (void)wmi_fail_wql(&q.failure, &why);
                }
        }
        arena_fini(&a);
        if (q.flags & WMI_PROTOTYPE_FLAG)
                give(&q, proto);
        else
                give_query(&q, text);
}

/* ---- enumerations ---- */

void wmi_instance_enum(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str name = wmi_take_bstr(c);
        struct query q = { .s = s, .c = c, .form = form, .operation = "CreateInstanceEnum", .flags = ndr_in_u32(&c->in) };
        const struct cim_class *class;
        char text[600] = "";

        if (!take_rest(&q, WMI_SHALLOW | WMI_USE_AMENDED | WMI_RETURN_IMMEDIATELY | WMI_FORWARD_ONLY | WMI_DIRECT_READ))
                return;
        wmi_failure_about(&q.failure, name);
        class = name.n ? cim_namespace_class(s->ns, name) : NULL;
        if (!name.n)
                (void)wmi_fail(&q.failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "no class is named");
        else if (!class)
                (void)wmi_fail(&q.failure, (uint32_t)WBEM_E_INVALID_CLASS, "there is no class %.*s", (int)MIN(name.n, 255), name.p);
        else if (q.flags & (WMI_SHALLOW | WMI_DIRECT_READ))
                (void)snprintf(text, sizeof text, "SELECT * FROM %s WHERE __CLASS = \"%s\"", class->name, class->name);
        else
                (void)snprintf(text, sizeof text, "SELECT * FROM %s", class->name);
        give_query(&q, str_of(text));
}

void wmi_class_enum(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str name = wmi_take_bstr(c);
        struct query q = { .s = s, .c = c, .form = form, .operation = "CreateClassEnum", .flags = ndr_in_u32(&c->in) };
        const struct cim_class *super;

        if (!take_rest(&q, WMI_SHALLOW | WMI_USE_AMENDED | WMI_RETURN_IMMEDIATELY | WMI_FORWARD_ONLY))
                return;
        wmi_failure_about(&q.failure, name);
        super = name.n ? cim_namespace_class(s->ns, name) : NULL;
        if (name.n && !super)
                (void)wmi_fail(&q.failure, (uint32_t)WBEM_E_INVALID_CLASS, "there is no class %.*s", (int)MIN(name.n, 255), name.p);
        if (q.failure.hr)
                refuse(&q);
        else
                give(&q, wmi_class_source(s->wmi, s->ns, super, !(q.flags & WMI_SHALLOW), q.flags & WMI_USE_AMENDED));
}

/* ---- events ---- */

void wmi_exec_notification_query(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str language = wmi_take_bstr(c), text = wmi_take_bstr(c);
        struct query q = { .s = s, .c = c, .form = form, .operation = "ExecNotificationQuery", .flags = ndr_in_u32(&c->in) };
        const uint32_t must = WMI_RETURN_IMMEDIATELY | WMI_FORWARD_ONLY;
        struct wmi_source *source = NULL;
        struct provider_caller who;

        if (!take_rest(&q, form == WMI_FORM_SYNC ? must : 0))
                return;
        if (form == WMI_FORM_SYNC && q.flags != must)
                (void)wmi_fail(&q.failure, (uint32_t)WBEM_E_INVALID_PARAMETER,
                               "events are asked for with WBEM_FLAG_RETURN_IMMEDIATELY and WBEM_FLAG_FORWARD_ONLY");
        if (!q.failure.hr && wmi_caller(s->wmi, c, &who))
                (void)wmi_fail(&q.failure, (uint32_t)WBEM_E_ACCESS_DENIED, "%s has no account at this site any more",
                               c->rq->caller->display);
        if (!q.failure.hr && check_language(&q, language, text) &&
            wmi_event_source(&source, s->wmi, s->ns, who.actor.who, text, &q.failure) == 0)
                give(&q, source);
        else
                refuse(&q);
}
