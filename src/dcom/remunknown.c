/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remunknown - IRemUnknown and IRemUnknown2: interfaces asked for, references taken and given back
 *
 * Source: [MS-DCOM] 3.1.1.5.6 (RemQueryInterface, RemAddRef, RemRelease), 3.1.1.5.7 (RemQueryInterface2).
 */
#include "dcom/private.h"

enum { OP_QUERY = 3, OP_ADD_REF = 4, OP_RELEASE = 5, OP_QUERY2 = 6, IIDS_MAX = 256, REFS_MAX = 4096,
       REFS_AT_ONCE_MAX = 1 << 20, REMINTERFACEREF_BYTES = 24 };

static struct dcom_object *object_of(struct dcom_call *c, const struct uuid *ipid)
{
        struct dcom_ipid *p = dcom_ipid_find(c->dcom, ipid);

        return p && dcom_owned_by(p->object, c->rq->caller) ? p->object : NULL;
}

/* u16 n, then the array with its own count. */
static const struct uuid *take_iids(struct dcom_call *c, uint32_t *n_out)
{
        uint32_t said = ndr_in_u16(&c->in), n = ndr_in_count(&c->in, sizeof(struct uuid), IIDS_MAX);
        struct str s = ndr_in_bytes(&c->in, n * sizeof(struct uuid));

        if (n != said || n == 0)
                c->in.bad = true;
        *n_out = n;
        return (const struct uuid *)s.p;        /* a struct uuid is bytes */
}

static uint32_t in_all(uint32_t n_good, uint32_t n)
{
        return n_good == n ? DCOM_S_OK : n_good ? DCOM_S_FALSE : DCOM_E_NOINTERFACE;
}

static void query(struct dcom_call *c)
{
        struct uuid ipid = ndr_in_uuid(&c->in);
        uint32_t refs = ndr_in_u32(&c->in), n, n_good = 0;
        const struct uuid *iids = take_iids(c, &n);
        struct dcom_object *o = object_of(c, &ipid);
        struct ndr_out *out;

        if (!ndr_in_ok(&c->in) || refs > REFS_AT_ONCE_MAX) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        out = dcom_call_answer(c);
        ndr_out_ptr(out, true);
        ndr_out_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                struct dcom_stdobjref s = { 0 };
                struct dcom_ipid *p = NULL;
                bool good = o && dcom_ipid_get(o, &iids[i], refs ? refs : 1, &p) == 0;

                if (good)
                        s = (struct dcom_stdobjref){ .public_refs = refs ? refs : 1, .oxid = c->dcom->oxid,
                                                     .oid = o->oid, .ipid = p->ipid };
                n_good += good;
                ndr_out_align(out, 8);
                ndr_out_u32(out, good ? DCOM_S_OK : DCOM_E_NOINTERFACE);
                ndr_out_u32(out, 0);
                dcom_stdobjref_write(&s, out->b);
        }
        dcom_call_end_hresult(c, in_all(n_good, n));
}

static void query2(struct dcom_call *c)
{
        struct uuid ipid = ndr_in_uuid(&c->in);
        uint32_t n, n_good = 0;
        const struct uuid *iids = take_iids(c, &n);
        struct dcom_object *o = object_of(c, &ipid);
        struct ndr_out *out;
        struct buf *refs;

        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        refs = arena_array(&c->arena, n, sizeof *refs);
        out = dcom_call_answer(c);
        ndr_out_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                bool good;

                if (refs)
                        buf_init(&refs[i], 0);
                good = o && refs && dcom_object_marshal(o, &iids[i], c, &refs[i]) == 0;
                n_good += good;
                ndr_out_u32(out, good ? DCOM_S_OK : DCOM_E_NOINTERFACE);
        }
        ndr_out_u32(out, n);
        for (uint32_t i = 0; i < n; i++)
                ndr_out_ptr(out, refs && refs[i].n);
        for (uint32_t i = 0; refs && i < n; i++) {
                if (refs[i].n)
                        dcom_interface_body_write(out, buf_str(&refs[i]));
                buf_fini(&refs[i]);
        }
        dcom_call_end_hresult(c, in_all(n_good, n));
}

struct reference {
        struct uuid ipid;
        uint32_t public, private;
};

static struct reference *take_references(struct dcom_call *c, uint32_t *n_out)
{
        uint32_t said = ndr_in_u16(&c->in), n = ndr_in_count(&c->in, REMINTERFACEREF_BYTES, REFS_MAX);
        struct reference *v = arena_array(&c->arena, n + 1, sizeof *v);

        if (n != said || !v)
                c->in.bad = true;
        for (uint32_t i = 0; i < n && ndr_in_ok(&c->in); i++) {
                v[i].ipid = ndr_in_uuid(&c->in);
                v[i].public = ndr_in_u32(&c->in);
                v[i].private = ndr_in_u32(&c->in);
        }
        *n_out = n;
        return v;
}

static struct dcom_ipid *ipid_of(struct dcom_call *c, const struct uuid *ipid)
{
        return object_of(c, ipid) ? dcom_ipid_find(c->dcom, ipid) : NULL;
}

static void add_ref(struct dcom_call *c, const struct reference *v, uint32_t n)
{
        struct ndr_out *out = dcom_call_answer(c);
        uint32_t n_good = 0;

        ndr_out_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                struct dcom_ipid *p = ipid_of(c, &v[i].ipid);

                if (p)
                        p->refs += (uint64_t)v[i].public + v[i].private;
                n_good += p != NULL;
                ndr_out_u32(out, p ? DCOM_S_OK : DCOM_E_INVALID_OBJECT);
        }
        dcom_call_end_hresult(c, n_good == n ? DCOM_S_OK : DCOM_E_INVALID_OBJECT);
}

/* One that is not there was released before: that is what was wanted. */
static void release(struct dcom_call *c, const struct reference *v, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                struct dcom_ipid *p = ipid_of(c, &v[i].ipid);

                if (p)
                        dcom_ipid_release(p, (uint64_t)v[i].public + v[i].private);
        }
        dcom_call_end_hresult(c, DCOM_S_OK);
}

static void references(struct dcom_call *c)
{
        uint32_t n;
        const struct reference *v = take_references(c, &n);

        if (!ndr_in_ok(&c->in))
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
        else if (c->opnum == OP_ADD_REF)
                add_ref(c, v, n);
        else
                release(c, v, n);
}

void dcom_rem_unknown(struct dcom_call *c)
{
        switch (c->opnum) {
        case OP_QUERY: query(c); return;
        case OP_ADD_REF:
        case OP_RELEASE: references(c); return;
        case OP_QUERY2: query2(c); return;
        default: dcom_call_fault(c, RPC_S_OP_RANGE);
        }
}
