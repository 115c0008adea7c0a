/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - one ORPC call, from the stub to the answer
 *
 * Clients call every interface over any presentation context they have, so what
 * is called is found by the IPID alone; [MS-DCOM] 3.1.1.5.4.
 */
#include "dcom/private.h"

enum { CALL_MEMORY = 64 << 20 };

static void call_free(struct dcom_call *c)
{
        struct dcom_object *o = c->object;

        buf_fini(&c->reply);
        arena_fini(&c->arena);
        free(c);
        dcom_object_unref(o);
}

static void cancelled(struct rpc_call *rpc, void *arg)
{
        struct dcom_call *c = arg;

        c->cancelled = true;
        if (c->on_cancel)
                c->on_cancel(c, c->cancel_arg);
}

struct dcom_call *dcom_call_begin(struct dcom *d, struct rpc_call *rpc, struct dcom_object *o)
{
        const struct rpc_request *rq = rpc_call_request(rpc);
        struct dcom_call *c = calloc(1, sizeof *c);
        struct uuid causality;

        if (!c) {
                rpc_call_fault(rpc, RPC_S_OUT_OF_MEMORY);
                return NULL;
        }
        *c = (struct dcom_call){ .dcom = d, .rq = rq, .opnum = rq->opnum, .rpc = rpc, .in = ndr_in_of(rq->stub) };
        buf_init(&c->reply, 0);
        arena_init(&c->arena, CALL_MEMORY);
        dcom_this_read(&c->in, &causality);
        if (!ndr_in_ok(&c->in)) {
                call_free(c);
                rpc_call_fault(rpc, RPC_S_BAD_STUB_DATA);
                return NULL;
        }
        c->object = o ? dcom_object_ref(o) : NULL;
        rpc_call_on_cancel(rpc, cancelled, c);
        return c;
}

void dcom_orpc(struct rpc_call *rpc, void *arg)
{
        const struct rpc_request *rq = rpc_call_request(rpc);
        struct dcom *d = arg;
        struct dcom_ipid *p = rq->has_object ? dcom_ipid_find(d, &rq->object) : NULL;
        bool rem_unknown = rq->has_object && uuid_eq(&rq->object, &d->ipid_rem_unknown);
        void (*call)(struct dcom_call *c) = rem_unknown ? dcom_rem_unknown : p ? p->interface->call : NULL;
        struct dcom_call *c;

        if (!p && !rem_unknown) {
                rpc_call_fault(rpc, RPC_E_DISCONNECTED);
                return;
        }
        if (p && !dcom_owned_by(p->object, rq->caller)) {
                rpc_call_fault(rpc, RPC_S_ACCESS_DENIED);
                return;
        }
        if (!call) {
                rpc_call_fault(rpc, RPC_S_OP_RANGE);
                return;
        }
        if (p)
                dcom_object_seen(p->object, rq->connection);
        c = dcom_call_begin(d, rpc, p ? p->object : NULL);
        if (c)
                call(c);
}

struct ndr_out *dcom_call_answer(struct dcom_call *c)
{
        if (!c->begun) {
                c->begun = true;
                c->out = ndr_out_to(&c->reply);
                dcom_that_write(&c->out);
        }
        return &c->out;
}

void dcom_call_error_info(struct dcom_call *c, struct str objref)
{
        c->begun = true;
        c->out = ndr_out_to(&c->reply);
        dcom_that_write_error(&c->out, objref);
}

void dcom_call_end(struct dcom_call *c)
{
        rpc_call_on_cancel(c->rpc, NULL, NULL);
        if (c->reply.failed)
                rpc_call_fault(c->rpc, RPC_S_OUT_OF_MEMORY);
        else
                rpc_call_reply(c->rpc, buf_str(&c->reply));
        call_free(c);
}

void dcom_call_end_hresult(struct dcom_call *c, uint32_t hr)
{
        ndr_out_u32(dcom_call_answer(c), hr);
        dcom_call_end(c);
}

void dcom_call_fault(struct dcom_call *c, uint32_t status)
{
        rpc_call_on_cancel(c->rpc, NULL, NULL);
        rpc_call_fault(c->rpc, status);
        call_free(c);
}

void dcom_call_on_cancel(struct dcom_call *c, void (*fn)(struct dcom_call *c, void *arg), void *arg)
{
        c->on_cancel = fn;
        c->cancel_arg = arg;
}

int dcom_call_answer_object(struct dcom_call *c, struct dcom_object *o, const struct uuid *iid)
{
        struct buf b;
        int r;

        buf_init(&b, 0);
        r = dcom_object_marshal(o, iid, c, &b);
        if (r == 0)
                dcom_interface_write(dcom_call_answer(c), buf_str(&b));
        buf_fini(&b);
        dcom_object_unref(o);
        return r;
}
