/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enumerator - IEnumWbemClassObject and IWbemFetchSmartEnum
 *
 * Source: [MS-WMI] 3.1.4.4, 3.1.4.6.
 */
#include "wmi/take.h"

enum { OP_RESET = 3, OP_NEXT = 4, OP_NEXT_ASYNC = 5, OP_CLONE = 6, OP_SKIP = 7, OP_GET_SMART = 3 };

static struct wmi_enum *of_object(struct dcom_object *o)
{
        return container_of(o, struct wmi_enum, object);
}

enum wmi_next wmi_enum_next(struct wmi_enum *e, struct wmi_row *out)
{
        if (!e->peeked)
                return e->source->class->next(e->source, out);
        e->peeked = false;
        *out = e->row;
        return e->state;
}

/* ---- life ---- */

static void left(struct dcom_object *o)
{
        wmi_enum_left(of_object(o));
}

static void enum_free(struct dcom_object *o)
{
        struct wmi_enum *e = of_object(o);

        wmi_source_free(e->source);
        e->wmi->n_enums--;
        free(e);
}

static const struct dcom_interface *const interfaces[] = { &wmi_enum_interface, &wmi_fetch_interface };
static const struct dcom_class enum_class = { interfaces, ARRAY_SIZE(interfaces), left, enum_free };

static void opened(struct wmi_enum *e, struct dcom_call *c)
{
        e->opening = NULL;
        dcom_call_on_cancel(c, NULL, NULL);
        if (dcom_call_answer_object(c, &e->object, &wmi_iid_enum) < 0)
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
        else
                dcom_call_end_hresult(c, WBEM_NO_ERROR);
}

static void open_failed(struct wmi_enum *e, struct dcom_call *c, const struct wmi_failure *f)
{
        e->opening = NULL;
        dcom_call_on_cancel(c, NULL, NULL);
        wmi_failure_tell(e->wmi, e->ns, "ExecQuery", f, c);
        dcom_interface_write(dcom_call_answer(c), STR_NULL);
        dcom_call_end_hresult(c, f->hr);
        dcom_object_unref(&e->object);
}

/* Has the first row come? */
static void look(struct wmi_enum *e)
{
        e->state = e->source->class->next(e->source, &e->row);
        e->peeked = e->state != WMI_WAIT;
}

static void ready(void *arg)
{
        struct wmi_enum *e = arg;

        if (e->opening && !e->peeked)
                look(e);
        if (!e->opening)
                wmi_enum_pump(e);
        else if (e->peeked && e->state == WMI_FAILED)
                open_failed(e, e->opening, &e->source->failure);
        else if (e->peeked)
                opened(e, e->opening);
}

static void open_cancelled(struct dcom_call *c, void *arg)
{
        struct wmi_failure f = { .hr = (uint32_t)WBEM_E_CALL_CANCELLED };

        open_failed(arg, c, &f);
}

static struct wmi_enum *enum_new(struct dcom_call *c, struct wmi_source *s, bool forward_only)
{
        struct wmi_enum *e = s->wmi->n_enums < WMI_ENUMS_MAX ? calloc(1, sizeof *e) : NULL;

        if (!e || dcom_object_init(&e->object, &enum_class, c) < 0) {
                free(e);
                wmi_source_free(s);
                dcom_interface_write(dcom_call_answer(c), STR_NULL);
                dcom_call_end_hresult(c, (uint32_t)WBEM_E_OUT_OF_MEMORY);
                return NULL;
        }
        e->wmi = s->wmi;
        e->wmi->n_enums++;
        e->ns = s->ns;
        e->source = s;
        e->forward_only = forward_only;
        e->clients = 1;
        list_init(&e->takes);
        s->ready = ready;
        s->arg = e;
        return e;
}

void wmi_answer_enum(struct dcom_call *c, struct wmi_source *s, bool forward_only, bool at_once)
{
        struct wmi_enum *e = enum_new(c, s, forward_only);

        if (!e)
                return;
        look(e);
        if (at_once) {
                opened(e, c);
                return;
        }
        e->opening = c;
        dcom_call_on_cancel(c, open_cancelled, e);
        if (e->peeked)
                ready(e);
}

/* ---- calls ---- */

static void next(struct dcom_call *c, struct wmi_enum *e, enum wmi_take_kind kind)
{
        struct wmi_take t = { .e = e, .kind = kind, .call = c };

        t.timeout_ms = ndr_in_u32(&c->in);
        t.want = ndr_in_u32(&c->in);
        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
        } else if (t.want == 0) {
                buf_init(&t.out, 0);
                wmi_take_answer(&t, WBEM_S_FALSE, NULL);
        } else {
                wmi_take_begin(e, &t);
        }
}

static void next_async(struct dcom_call *c, struct wmi_enum *e)
{
        struct wmi_take t = { .e = e, .kind = WMI_TAKE_ASYNC, .timeout_ms = WMI_INFINITE };
        struct wmi_failure f = { 0 };
        struct str sink;

        t.want = ndr_in_u32(&c->in);
        sink = dcom_interface_read(&c->in);
        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        if (t.want && !e->source->is_event)
                t.sink = wmi_sink_new(e->wmi, e->ns, "NextAsync", sink, c, &f);
        else if (t.want)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_NOT_SUPPORTED, "events come by Next, or by ExecNotificationQueryAsync");
        dcom_call_end_hresult(c, f.hr ? f.hr : t.want ? (uint32_t)WBEM_NO_ERROR : (uint32_t)WBEM_S_FALSE);
        if (t.sink)
                wmi_take_begin(e, &t);
}

static void rewind_enum(struct dcom_call *c, struct wmi_enum *e)
{
        bool done = !e->forward_only && e->source->class->reset && e->source->class->reset(e->source);

        if (done)
                e->peeked = false;
        dcom_call_end_hresult(c, done ? (uint32_t)WBEM_NO_ERROR : (uint32_t)WBEM_E_INVALID_OPERATION);
}

static void copy_enum(struct dcom_call *c, struct wmi_enum *e)
{
        bool can = !e->forward_only && e->source->class->clone;
        struct wmi_source *s = can ? e->source->class->clone(e->source, e->peeked && e->state == WMI_ROW) : NULL;

        if (s) {
                wmi_answer_enum(c, s, false, true);
                return;
        }
        dcom_interface_write(dcom_call_answer(c), STR_NULL);
        dcom_call_end_hresult(c, (uint32_t)(can ? WBEM_E_OUT_OF_MEMORY : WBEM_E_INVALID_OPERATION));
}

static void call_enum(struct dcom_call *c)
{
        struct wmi_enum *e = of_object(c->object);

        switch (c->opnum) {
        case OP_RESET: rewind_enum(c, e); return;
        case OP_NEXT: next(c, e, WMI_TAKE_NEXT); return;
        case OP_NEXT_ASYNC: next_async(c, e); return;
        case OP_CLONE: copy_enum(c, e); return;
        case OP_SKIP: next(c, e, WMI_TAKE_SKIP); return;
        default: dcom_call_fault(c, RPC_S_OP_RANGE);
        }
}
const struct dcom_interface wmi_enum_interface = { &wmi_iid_enum, "IEnumWbemClassObject", call_enum };

static void call_fetch(struct dcom_call *c)
{
        if (c->opnum == OP_GET_SMART)
                wmi_smart_get(c, of_object(c->object));
        else
                dcom_call_fault(c, RPC_S_OP_RANGE);
}
const struct dcom_interface wmi_fetch_interface = { &wmi_iid_fetch_smart_enum, "IWbemFetchSmartEnum", call_fetch };
