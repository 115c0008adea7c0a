/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activator - IRemoteSCMActivator and IActivation: an object of a class, with several interfaces at once
 *
 * Source: [MS-DCOM] 3.1.2.5.2.2, 3.1.2.5.2.3.
 */
#include "dcom/activation.h"
#include "dcom/private.h"
#include "os/os.h"

#define LOG "dcom"
enum { OP_GET_CLASS_OBJECT = 3, OP_CREATE_INSTANCE = 4, OP_REMOTE_ACTIVATION = 0 };

static uint32_t create(struct dcom_call *c, const struct dcom_activation *asked, struct dcom_object **out)
{
        const struct dcom_opts *o = &c->dcom->o;

        for (size_t i = 0; i < o->n_factories; i++) {
                if (uuid_eq(&o->factories[i].clsid, &asked->clsid))
                        return o->factories[i].create(o->factories[i].ctx, c, out);
        }
        return DCOM_E_CLASSNOTREG;
}

/* An OBJREF an interface. The activation's HRESULT. */
static uint32_t marshal(struct dcom_call *c, struct dcom_object *o, struct dcom_activated *w)
{
        uint32_t *results = arena_array(&c->arena, w->asked->n_iids, sizeof *results);
        struct str *refs = arena_array(&c->arena, w->asked->n_iids, sizeof *refs);
        struct buf b;

        if (!results || !refs)
                return DCOM_E_OUTOFMEMORY;
        buf_init(&b, 0);
        for (size_t i = 0; i < w->asked->n_iids; i++) {
                int r;

                buf_reset(&b);
                r = dcom_object_marshal(o, &w->asked->iids[i], c, &b);
                refs[i] = r == 0 ? arena_str(&c->arena, buf_str(&b)) : STR_NULL;
                results[i] = refs[i].p ? DCOM_S_OK : DCOM_E_NOINTERFACE;
        }
        buf_fini(&b);
        w->results = results;
        w->objrefs = refs;
        return DCOM_S_OK;
}

/* @o_out: has a reference of the caller's. */
static uint32_t activate(struct dcom_call *c, const struct dcom_activation *asked, struct dcom_activated *w,
                         struct dcom_object **o_out)
{
        struct dcom *d = c->dcom;
        struct dcom_dualstring *b = arena_alloc(&c->arena, sizeof *b);
        uint32_t hr;

        *w = (struct dcom_activated){ .asked = asked, .oxid = d->oxid, .bindings = b, .authn_hint = AUTHN_HINT,
                                      .ipid_rem_unknown = d->ipid_rem_unknown };
        if (!b || !dcom_bindings(d, c->rq->local, d->o.port, &c->arena, b))
                return DCOM_E_OUTOFMEMORY;
        hr = create(c, asked, o_out);
        return hr ? hr : marshal(c, *o_out, w);
}

static void log_unknown(const struct dcom_call *c, const struct dcom_activation *asked)
{
        char clsid[UUID_TEXT_LEN + 1];

        uuid_format(&asked->clsid, clsid);
        log_info(LOG, "%s at %s asks for class %s, which is not here", c->rq->caller->account, c->rq->peer, clsid);
}

static void end_blob(struct dcom_call *c, const struct dcom_activated *w, uint32_t hr)
{
        struct buf b;

        buf_init(&b, 0);
        if (hr == DCOM_S_OK)
                dcom_activation_write(w, &b);
        dcom_interface_write(dcom_call_answer(c), hr == DCOM_S_OK ? buf_str(&b) : STR_NULL);
        c->reply.failed |= b.failed;
        buf_fini(&b);
        dcom_call_end_hresult(c, hr);
}

/* pUnkOuter (opnum 4 only), then pActProperties */
static void scm_activate(struct dcom_call *c)
{
        struct dcom_activation asked;
        struct dcom_object *o = NULL;
        struct dcom_activated w;
        struct err e = { 0 };
        struct str blob;
        uint32_t hr;

        if (c->opnum == OP_CREATE_INSTANCE && ndr_in_ptr(&c->in)) {
                dcom_interface_write(dcom_call_answer(c), STR_NULL);
                dcom_call_end_hresult(c, DCOM_E_INVALIDARG);    /* aggregation over machines */
                return;
        }
        blob = dcom_interface_read(&c->in);
        if (!ndr_in_ok(&c->in) || dcom_activation_read(blob, &c->arena, &asked, &e) < 0) {
                log_info(LOG, "%s: %s", c->rq->peer, e.kind ? e.text : "activation: the stub is cut");
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        hr = activate(c, &asked, &w, &o);
        if (hr == DCOM_E_CLASSNOTREG)
                log_unknown(c, &asked);
        end_blob(c, &w, hr);
        dcom_object_unref(o);
}

void dcom_scm_activator(struct rpc_call *rpc, void *arg)
{
        struct dcom_call *c;

        if (rpc_call_request(rpc)->opnum != OP_GET_CLASS_OBJECT && rpc_call_request(rpc)->opnum != OP_CREATE_INSTANCE) {
                rpc_call_fault(rpc, RPC_S_OP_RANGE);
                return;
        }
        c = dcom_call_begin(arg, rpc, NULL);
        if (c)
                scm_activate(c);
}

/* For each interface nothing, and why. */
static uint32_t nothing(struct dcom_call *c, struct dcom_activated *w, uint32_t hr)
{
        uint32_t *results = arena_array(&c->arena, w->asked->n_iids, sizeof *results);

        w->objrefs = arena_array(&c->arena, w->asked->n_iids, sizeof *w->objrefs);
        w->results = results;
        if (!results || !w->objrefs || !w->bindings)
                return RPC_S_OUT_OF_MEMORY;
        for (size_t i = 0; i < w->asked->n_iids; i++)
                results[i] = hr;
        return 0;
}

void dcom_activation(struct rpc_call *rpc, void *arg)
{
        struct dcom_activation asked;
        struct dcom_object *o = NULL;
        struct dcom_activated w;
        struct dcom_call *c;
        uint32_t hr;

        if (rpc_call_request(rpc)->opnum != OP_REMOTE_ACTIVATION) {
                rpc_call_fault(rpc, RPC_S_OP_RANGE);
                return;
        }
        c = dcom_call_begin(arg, rpc, NULL);
        if (!c)
                return;
        dcom_activation_read_old(&c->in, &asked);
        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        hr = activate(c, &asked, &w, &o);
        if (hr && nothing(c, &w, hr)) {
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
        } else {
                dcom_activation_write_old(&w, hr, dcom_call_answer(c));
                dcom_call_end_hresult(c, DCOM_S_OK);
        }
        dcom_object_unref(o);
}
