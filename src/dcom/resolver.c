/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver - IObjectExporter: where an exporter is, and that its clients live
 *
 * Unauthenticated, so it tells everybody the same.
 *
 * Source: [MS-DCOM] 3.1.2.5.1.
 */
#include "dcom/private.h"

enum { OP_RESOLVE = 0, OP_SIMPLE_PING = 1, OP_COMPLEX_PING = 2, OP_ALIVE = 3, OP_RESOLVE2 = 4, OP_ALIVE2 = 5,
       PROTSEQS_MAX = 64, MEMORY = 1 << 20 };

/* ResolveOxid, ResolveOxid2: u64 oxid, u16 n, protocol sequences. 0, or a fault. */
static uint32_t resolve(struct dcom *d, const struct rpc_request *rq, struct ndr_in *in, struct ndr_out *out,
                        struct arena *a)
{
        static const struct uuid none = { { 0 } };
        uint64_t oxid = ndr_in_u64(in);
        uint32_t said = ndr_in_u16(in), n = ndr_in_count(in, 2, PROTSEQS_MAX);
        struct dcom_dualstring *b = arena_alloc(a, sizeof *b);
        bool known = oxid == d->oxid;

        if (!ndr_in_ok(in) || n != said)
                return RPC_S_BAD_STUB_DATA;
        if (!b || !dcom_bindings(d, rq->local, d->o.port, a, b))
                return RPC_S_OUT_OF_MEMORY;
        ndr_out_ptr(out, known);
        if (known)
                dcom_dualstring_answer(b, out);
        ndr_out_uuid(out, known ? &d->ipid_rem_unknown : &none);
        ndr_out_u32(out, known ? AUTHN_HINT : 0);
        if (rq->opnum == OP_RESOLVE2) {
                ndr_out_u16(out, DCOM_VERSION_MAJOR);
                ndr_out_u16(out, DCOM_VERSION_MINOR);
        }
        ndr_out_u32(out, known ? DCOM_S_OK : DCOM_OR_INVALID_OXID);
        return 0;
}

static const uint64_t *take_oids(struct ndr_in *in, uint16_t said, struct arena *a)
{
        uint64_t *v = NULL;
        uint32_t n;

        if (!ndr_in_ptr(in)) {
                in->bad |= said != 0;
                return NULL;
        }
        n = ndr_in_count(in, sizeof *v, PING_OIDS_MAX);
        v = arena_array(a, n + 1, sizeof *v);
        if (n != said || !v)
                in->bad = true;
        for (uint32_t i = 0; i < n && ndr_in_ok(in); i++)
                v[i] = ndr_in_u64(in);
        return v;
}

static uint32_t complex_ping(struct dcom *d, struct ndr_in *in, struct ndr_out *out, struct arena *a)
{
        uint64_t id = ndr_in_u64(in);
        const uint64_t *add, *del;
        uint16_t n_add, n_del;
        uint32_t status;

        (void)ndr_in_u16(in);           /* sequence number: TCP keeps the order */
        n_add = ndr_in_u16(in);
        n_del = ndr_in_u16(in);
        add = take_oids(in, n_add, a);
        del = take_oids(in, n_del, a);
        if (!ndr_in_ok(in))
                return RPC_S_BAD_STUB_DATA;
        status = dcom_ping_complex(d, &id, add, n_add, del, n_del);
        ndr_out_u64(out, id);
        ndr_out_u16(out, 0);            /* no back-off: ping as before */
        ndr_out_u32(out, status);
        return 0;
}

static uint32_t alive2(struct dcom *d, const struct rpc_request *rq, struct ndr_out *out, struct arena *a)
{
        struct dcom_dualstring *b = arena_alloc(a, sizeof *b);

        if (!b || !dcom_bindings_resolver(d, rq->local, a, b))
                return RPC_S_OUT_OF_MEMORY;
        ndr_out_u16(out, DCOM_VERSION_MAJOR);
        ndr_out_u16(out, DCOM_VERSION_MINOR);
        ndr_out_ptr(out, true);
        dcom_dualstring_answer(b, out);
        ndr_out_u32(out, 0);
        ndr_out_u32(out, DCOM_S_OK);
        return 0;
}

static uint32_t answer(struct dcom *d, const struct rpc_request *rq, struct ndr_out *out, struct arena *a)
{
        struct ndr_in in = ndr_in_of(rq->stub);
        uint64_t id;

        switch (rq->opnum) {
        case OP_RESOLVE:
        case OP_RESOLVE2:
                return resolve(d, rq, &in, out, a);
        case OP_SIMPLE_PING:
                id = ndr_in_u64(&in);
                if (!ndr_in_ok(&in))
                        return RPC_S_BAD_STUB_DATA;
                ndr_out_u32(out, dcom_ping_simple(d, id));
                return 0;
        case OP_COMPLEX_PING:
                return complex_ping(d, &in, out, a);
        case OP_ALIVE:
                ndr_out_u32(out, DCOM_S_OK);
                return 0;
        case OP_ALIVE2:
                return alive2(d, rq, out, a);
        default:
                return RPC_S_OP_RANGE;
        }
}

void dcom_object_exporter(struct rpc_call *rpc, void *arg)
{
        struct arena a;
        struct ndr_out out;
        uint32_t fault;
        struct buf b;

        arena_init(&a, MEMORY);
        buf_init(&b, 0);
        out = ndr_out_to(&b);
        fault = answer(arg, rpc_call_request(rpc), &out, &a);
        if (fault || b.failed)
                rpc_call_fault(rpc, fault ? fault : RPC_S_OUT_OF_MEMORY);
        else
                rpc_call_reply(rpc, buf_str(&b));
        buf_fini(&b);
        arena_fini(&a);
}
