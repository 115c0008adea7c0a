/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - one result, told to whoever waits for it
 *
 * The same operation may be asked for in three ways: the call itself waits; the
 * call ends at once with an IWbemCallResult, where the client looks later; or a
 * sink of the client's hears of it.
 *
 * Source: [MS-WMI] 3.1.1.1, tables of 3.1.4.3.4 and 3.1.4.3.12.
 */
#include "wmi/private.h"

static void answer_nothing(const struct wmi_reply *r, struct dcom_call *c)
{
        if (r->has_object)
                wmi_add_inout(dcom_call_answer(c), r->wants_object, STR_NULL);
        wmi_add_inout(dcom_call_answer(c), r->wants_result, STR_NULL);
}

static bool refuse(const struct wmi_reply *r, struct dcom_call *c, enum wmi_form form, const struct wmi_failure *f)
{
        wmi_failure_tell(r->wmi, r->ns, r->operation, f, c);
        if (form == WMI_FORM_SYNC)
                answer_nothing(r, c);
        dcom_call_end_hresult(c, f->hr);
        return false;
}

static bool begin_async(struct wmi_reply *r, struct dcom_call *c, uint32_t flags, uint32_t allowed)
{
        struct str sink = dcom_interface_read(&c->in);
        struct wmi_failure f = { 0 };

        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return false;
        }
        if (flags & ~(allowed | WMI_SEND_STATUS))
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_PARAMETER, "flags 0x%x: some are not of this method", flags);
        if (!f.hr)
                r->sink = wmi_sink_new(r->wmi, r->ns, r->operation, sink, c, &f);
        if (f.hr)
                return refuse(r, c, WMI_FORM_ASYNC, &f);
        dcom_call_end_hresult(c, WBEM_NO_ERROR);
        return true;
}

static bool begin_semisync(struct wmi_reply *r, struct dcom_call *c)
{
        r->call = NULL;
        r->result = wmi_result_new(c, r);
        if (!r->result) {
                struct wmi_failure f = { .hr = (uint32_t)WBEM_E_OUT_OF_MEMORY };

                return refuse(r, c, WMI_FORM_SYNC, &f);
        }
        if (r->has_object)
                wmi_add_inout(dcom_call_answer(c), r->wants_object, STR_NULL);
        ndr_out_ptr(dcom_call_answer(c), true);
        if (wmi_result_answer(r->result, c) < 0)
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);        /* nobody will look at the result: it goes with its end */
        else
                dcom_call_end_hresult(c, WBEM_NO_ERROR);
        return true;
}

bool wmi_reply_begin(struct wmi_reply *r, struct wmi_services *s, struct dcom_call *c, enum wmi_form form, uint32_t flags,
                     uint32_t allowed)
{
        struct wmi_failure f = { 0 };

        r->wmi = s->wmi;
        r->ns = s->ns;
        if (form == WMI_FORM_ASYNC)
                return begin_async(r, c, flags, allowed);
        r->wants_object = r->has_object && wmi_take_inout(c);
        r->wants_result = wmi_take_inout(c);
        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return false;
        }
        if (flags & ~(allowed | WMI_RETURN_IMMEDIATELY))
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_PARAMETER, "flags 0x%x: some are not of this method", flags);
        if ((flags & WMI_RETURN_IMMEDIATELY) && !r->wants_result)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_PARAMETER,
                               "a call that returns immediately needs somewhere to put its IWbemCallResult");
        if (f.hr)
                return refuse(r, c, WMI_FORM_SYNC, &f);
        if (flags & WMI_RETURN_IMMEDIATELY)
                return begin_semisync(r, c);
        r->call = c;
        return true;
}

/* ---- the end of a call that waited ---- */

static int answer_object(struct wmi_reply *r, const struct wmi_outcome *o)
{
        struct ndr_out *out = dcom_call_answer(r->call);

        if (!r->has_object)
                return 0;
        if (!o->services || !r->wants_object) {
                wmi_add_inout(out, r->wants_object, o->objref);
                dcom_object_unref(o->services);
                return 0;
        }
        ndr_out_ptr(out, true);
        return dcom_call_answer_object(r->call, o->services, &wmi_iid_services);
}

static int answer_result(struct wmi_reply *r, const struct wmi_outcome *o)
{
        struct ndr_out *out = dcom_call_answer(r->call);
        struct wmi_result *result = r->wants_result && r->result_too ? wmi_result_new(r->call, r) : NULL;
        int k;

        if (!result) {
                wmi_add_inout(out, r->wants_result, STR_NULL);
                return 0;
        }
        ndr_out_ptr(out, true);
        k = wmi_result_answer(result, r->call);
        wmi_result_done(result, o, NULL);
        return k;
}

static void answer(struct wmi_reply *r, const struct wmi_outcome *o)
{
        struct wmi_outcome told = *o;

        if (answer_object(r, o) < 0) {
                dcom_call_fault(r->call, RPC_S_OUT_OF_MEMORY);
                return;
        }
        told.services = NULL;
        if (answer_result(r, &told) < 0)
                dcom_call_fault(r->call, RPC_S_OUT_OF_MEMORY);
        else
                dcom_call_end_hresult(r->call, WBEM_NO_ERROR);
}

void wmi_reply_done(struct wmi_reply *r, const struct wmi_outcome *o, const struct wmi_failure *f)
{
        if (r->sink)
                wmi_sink_finish(r->sink, o ? o->objref : STR_NULL, o ? o->path : STR_NULL, f);
        else if (r->result)
                wmi_result_done(r->result, o, f);
        else if (f && f->hr)
                (void)refuse(r, r->call, WMI_FORM_SYNC, f);
        else
                answer(r, o);
}
