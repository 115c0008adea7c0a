/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result - IWbemCallResult: where a semisynchronous call's result is waited for
 *
 * Source: [MS-WMI] 3.1.4.5.
 */
#include "wmi/private.h"

enum { OP_OBJECT = 3, OP_STRING = 4, OP_SERVICES = 5, OP_STATUS = 6, WAITING_MAX = 64 };

struct wmi_result {
        struct dcom_object object;      /* first */
        struct wmi *wmi;
        enum cim_namespace ns;
        const char *operation;
        bool done;
        struct wmi_failure failure;
        struct buf objref;              /* n 0: none */
        char *path;
        struct dcom_object *services;
        struct list waiting;
        size_t n;
};
struct waiting {
        struct list link;
        struct wmi_result *result;
        struct dcom_call *call;
        struct loop_timer *timer;
};

static void answer(struct wmi_result *r, struct dcom_call *c);

static void stop_waiting(struct waiting *w)
{
        list_del(&w->link);
        w->result->n--;
        loop_timer_free(w->timer);
        dcom_call_on_cancel(w->call, NULL, NULL);
        free(w);
}

static void end_waiting(struct waiting *w)
{
        struct wmi_result *r = w->result;
        struct dcom_call *c = w->call;

        stop_waiting(w);
        answer(r, c);
}

/* ---- life ---- */

static void left(struct dcom_object *o)
{
        struct wmi_result *r = container_of(o, struct wmi_result, object);

        while (!list_empty(&r->waiting))
                end_waiting(list_entry(r->waiting.next, struct waiting, link));
}

static void result_free(struct dcom_object *o)
{
        struct wmi_result *r = container_of(o, struct wmi_result, object);

        buf_fini(&r->objref);
        free(r->path);
        dcom_object_unref(r->services);
        free(r);
}

static const struct dcom_interface *const interfaces[] = { &wmi_result_interface };
static const struct dcom_class result_class = { interfaces, ARRAY_SIZE(interfaces), left, result_free };

struct wmi_result *wmi_result_new(struct dcom_call *c, const struct wmi_reply *reply)
{
        struct wmi_result *r = calloc(1, sizeof *r);

        if (!r || dcom_object_init(&r->object, &result_class, c) < 0) {
                free(r);
                return NULL;
        }
        r->wmi = reply->wmi;
        r->ns = reply->ns;
        r->operation = reply->operation;
        buf_init(&r->objref, 0);
        list_init(&r->waiting);
        return r;
}

int wmi_result_answer(struct wmi_result *r, struct dcom_call *c)
{
        return dcom_call_answer_object(c, dcom_object_ref(&r->object), &wmi_iid_call_result);
}

void wmi_result_done(struct wmi_result *r, const struct wmi_outcome *o, const struct wmi_failure *f)
{
        r->done = true;
        if (f)
                r->failure = *f;
        if (o) {
                buf_adds(&r->objref, o->objref);
                r->path = o->path.p ? str_dup(o->path) : NULL;
                r->services = o->services;
                if (r->objref.failed || (o->path.p && !r->path))
                        (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        }
        while (!list_empty(&r->waiting))
                end_waiting(list_entry(r->waiting.next, struct waiting, link));
        dcom_object_unref(&r->object);
}

/* ---- calls ---- */

/* Done: what it is; not done: that the time is over. */
static void answer(struct wmi_result *r, struct dcom_call *c)
{
        uint32_t hr = !r->done ? (uint32_t)WBEM_S_TIMEDOUT : r->failure.hr;
        struct ndr_out *out;

        if (r->done && hr && c->opnum != OP_STATUS)
                wmi_failure_tell(r->wmi, r->ns, r->operation, &r->failure, c);
        out = dcom_call_answer(c);
        switch (c->opnum) {
        case OP_OBJECT:
                dcom_interface_write(out, r->done && !hr && r->objref.n ? buf_str(&r->objref) : STR_NULL);
                if (r->done && !hr && !r->objref.n)
                        hr = (uint32_t)WBEM_E_INVALID_OPERATION;
                break;
        case OP_STRING:
                wmi_add_bstr(out, !hr && r->path ? str_of(r->path) : STR_NULL);
                break;
        case OP_SERVICES:
                if (!hr && r->services && dcom_call_answer_object(c, dcom_object_ref(r->services), &wmi_iid_services) < 0) {
                        dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
                        return;
                }
                if (hr || !r->services)
                        dcom_interface_write(out, STR_NULL);
                break;
        default:
                ndr_out_u32(out, r->done ? r->failure.hr : 0);
                hr = r->done ? (uint32_t)WBEM_NO_ERROR : hr;
        }
        dcom_call_end_hresult(c, hr);
}

static void on_time(void *arg)
{
        end_waiting(arg);
}

static void cancelled(struct dcom_call *c, void *arg)
{
        end_waiting(arg);
}

static void wait_for(struct wmi_result *r, struct dcom_call *c, uint32_t timeout_ms)
{
        struct waiting *w = r->n < WAITING_MAX ? calloc(1, sizeof *w) : NULL;

        if (!w || (timeout_ms != WMI_INFINITE && loop_timer_new(&w->timer, r->wmi->o.loop, on_time, w) < 0)) {
                free(w);
                answer(r, c);
                return;
        }
        w->result = r;
        w->call = c;
        list_push_back(&r->waiting, &w->link);
        r->n++;
        dcom_call_on_cancel(c, cancelled, w);
        if (w->timer)
                loop_timer_start(w->timer, timeout_ms, 0);
}

static void call_result(struct dcom_call *c)
{
        struct wmi_result *r = container_of(c->object, struct wmi_result, object);
        uint32_t timeout_ms = ndr_in_u32(&c->in);

        if (c->opnum < OP_OBJECT || c->opnum > OP_STATUS || !ndr_in_ok(&c->in))
                dcom_call_fault(c, ndr_in_ok(&c->in) ? RPC_S_OP_RANGE : RPC_S_BAD_STUB_DATA);
        else if (r->done || timeout_ms == 0)
                answer(r, c);
        else
                wait_for(r, c, timeout_ms);
}
const struct dcom_interface wmi_result_interface = { &wmi_iid_call_result, "IWbemCallResult", call_result };
