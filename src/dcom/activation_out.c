/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/activation.h"

#include "dcom/ids.h"
#include "dcom/orpc.h"

enum { N_PROPERTIES = 2, SERIALIZED_HEADER = 16, HEADER_BYTES = SERIALIZED_HEADER + 96,
       DESTINATION_OTHER_MACHINE = 2, SIZE_SURPLUS = 8 };

/* [MS-RPCE] 2.2.6: headers now, the length when the body is there. */
static size_t begin_serialized(struct buf *out)
{
        size_t at = out->n;

        buf_add(out, "\x01\x10\x08\x00\xcc\xcc\xcc\xcc", 8);
        buf_le64(out, 0);
        return at;
}

static void end_serialized(struct buf *out, size_t at)
{
        while (!out->failed && (out->n - at) % 8)
                buf_addc(out, 0);
        if (!out->failed)
                put_le32(out->p + at + 8, (uint32_t)(out->n - at - SERIALIZED_HEADER));
}

static void add_dualstring(struct ndr_out *o, const struct dcom_dualstring *d)
{
        ndr_out_u32(o, (uint32_t)dcom_dualstring_words(d));
        dcom_dualstring_write(d, o->b);
}

static void add_results(const struct dcom_activated *w, struct ndr_out *o)
{
        ndr_out_u32(o, (uint32_t)w->asked->n_iids);
        for (size_t i = 0; i < w->asked->n_iids; i++)
                ndr_out_u32(o, w->results[i]);
}

static void add_interfaces(const struct dcom_activated *w, struct ndr_out *o)
{
        ndr_out_u32(o, (uint32_t)w->asked->n_iids);
        for (size_t i = 0; i < w->asked->n_iids; i++)
                ndr_out_ptr(o, w->objrefs[i].p != NULL);
        for (size_t i = 0; i < w->asked->n_iids; i++) {
                if (w->objrefs[i].p)
                        dcom_interface_body_write(o, w->objrefs[i]);
        }
}

/* PropsOutInfo, [MS-DCOM] 2.2.22.2.9 */
static void add_props_out(const struct dcom_activated *w, struct buf *out)
{
        size_t at = begin_serialized(out);
        struct ndr_out o = ndr_out_to(out);

        ndr_out_u32(&o, (uint32_t)w->asked->n_iids);
        ndr_out_ptr(&o, true);
        ndr_out_ptr(&o, true);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, (uint32_t)w->asked->n_iids);
        for (size_t i = 0; i < w->asked->n_iids; i++)
                ndr_out_uuid(&o, &w->asked->iids[i]);
        add_results(w, &o);
        add_interfaces(w, &o);
        end_serialized(out, at);
}

/* ScmReplyInfoData, [MS-DCOM] 2.2.22.2.8 */
static void add_scm_reply(const struct dcom_activated *w, struct buf *out)
{
        size_t at = begin_serialized(out);
        struct ndr_out o = ndr_out_to(out);

        ndr_out_ptr(&o, false);
        ndr_out_ptr(&o, true);
        ndr_out_u64(&o, w->oxid);
        ndr_out_ptr(&o, true);
        ndr_out_uuid(&o, &w->ipid_rem_unknown);
        ndr_out_u32(&o, w->authn_hint);
        ndr_out_u16(&o, DCOM_VERSION_MAJOR);
        ndr_out_u16(&o, DCOM_VERSION_MINOR);
        add_dualstring(&o, w->bindings);
        end_serialized(out, at);
}

/* CustomHeader, [MS-DCOM] 2.2.22.1 */
static void add_header(const uint32_t sizes[N_PROPERTIES], struct buf *out)
{
        static const struct uuid none = { { 0 } };
        size_t at = begin_serialized(out);
        struct ndr_out o = ndr_out_to(out);

        ndr_out_u32(&o, HEADER_BYTES + sizes[0] + sizes[1]);
        ndr_out_u32(&o, HEADER_BYTES);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, DESTINATION_OTHER_MACHINE);
        ndr_out_u32(&o, N_PROPERTIES);
        ndr_out_uuid(&o, &none);
        ndr_out_ptr(&o, true);
        ndr_out_ptr(&o, true);
        ndr_out_ptr(&o, false);
        ndr_out_u32(&o, N_PROPERTIES);
        ndr_out_uuid(&o, &dcom_clsid_properties_out);
        ndr_out_uuid(&o, &dcom_clsid_scm_reply_info);
        ndr_out_u32(&o, N_PROPERTIES);
        ndr_out_u32(&o, sizes[0]);
        ndr_out_u32(&o, sizes[1]);
        end_serialized(out, at);
}

void dcom_activation_write(const struct dcom_activated *w, struct buf *out)
{
        struct dcom_objref r = { .kind = DCOM_OBJREF_CUSTOM, .iid = dcom_iid_properties_out,
                                 .clsid = dcom_clsid_properties_out };
        struct buf parts, blob;
        uint32_t sizes[N_PROPERTIES];

        buf_init(&parts, 0);
        buf_init(&blob, 0);
        add_props_out(w, &parts);
        sizes[0] = (uint32_t)parts.n;
        add_scm_reply(w, &parts);
        sizes[1] = (uint32_t)parts.n - sizes[0];
        buf_le32(&blob, HEADER_BYTES + sizes[0] + sizes[1]);
        buf_le32(&blob, 0);
        add_header(sizes, &blob);
        buf_adds(&blob, buf_str(&parts));
        r.data = buf_str(&blob);
        r.said_size = (uint32_t)blob.n + SIZE_SURPLUS;  /* as every exporter says it, and clients take 8 off again */
        if (parts.failed || blob.failed)
                out->failed = true;
        else
                dcom_objref_write(&r, out);
        buf_fini(&parts);
        buf_fini(&blob);
}

/* [MS-DCOM] 3.1.2.5.2.3.1 */
void dcom_activation_write_old(const struct dcom_activated *w, uint32_t hr, struct ndr_out *o)
{
        ndr_out_u64(o, w->oxid);
        ndr_out_ptr(o, true);
        add_dualstring(o, w->bindings);
        ndr_out_uuid(o, &w->ipid_rem_unknown);
        ndr_out_u32(o, w->authn_hint);
        ndr_out_u16(o, DCOM_VERSION_MAJOR);
        ndr_out_u16(o, DCOM_VERSION_MINOR);
        ndr_out_u32(o, hr);
        add_interfaces(w, o);
        add_results(w, o);
}
