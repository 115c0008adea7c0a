/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/activation.h"

#include "dcom/ids.h"
#include "dcom/orpc.h"

enum { BLOB_HEADER = 8, SERIALIZED_HEADER = 16, NAME_MAX_CHARS = 1024 };

/* [MS-RPCE] 2.2.6.1, 2.2.6.2: the body of a serialized type; p NULL: this is none. */
static struct str serialized_body(struct str s)
{
        struct cursor c = cursor_of(s.p, s.n);
        uint8_t version = cursor_u8(&c), endian = cursor_u8(&c);
        uint16_t length = cursor_le16(&c);
        uint32_t size;

        (void)cursor_le32(&c);
        size = cursor_le32(&c);
        (void)cursor_le32(&c);
        if (c.bad || version != 1 || endian != 0x10 || length != 8 || size > s.n - SERIALIZED_HEADER)
                return STR_NULL;
        return (struct str){ s.p + SERIALIZED_HEADER, size };
}

static void take_iids(struct ndr_in *i, uint32_t said, struct dcom_activation *out)
{
        uint32_t n = ndr_in_count(i, sizeof(struct uuid), DCOM_ACTIVATION_IIDS_MAX);

        if (n != said)
                i->bad = true;
        for (uint32_t k = 0; k < n && ndr_in_ok(i); k++)
                out->iids[out->n_iids++] = ndr_in_uuid(i);
}

/* InstantiationInfoData, [MS-DCOM] 2.2.22.2.1 */
static int take_instantiation(struct str property, struct dcom_activation *out, struct err *e)
{
        struct str body = serialized_body(property);
        struct ndr_in i = ndr_in_of(body);
        uint32_t n, iids;

        out->clsid = ndr_in_uuid(&i);
        (void)ndr_in_u32(&i);           /* class context */
        (void)ndr_in_u32(&i);           /* activation flags */
        (void)ndr_in_u32(&i);           /* surrogate */
        n = ndr_in_u32(&i);
        (void)ndr_in_u32(&i);           /* instance flag */
        iids = ndr_in_ptr(&i);
        (void)ndr_in_u32(&i);           /* size */
        out->com_major = ndr_in_u16(&i);
        out->com_minor = ndr_in_u16(&i);
        if (iids)
                take_iids(&i, n, out);
        if (!body.p || !ndr_in_ok(&i) || out->n_iids == 0)
                return err_set(e, ERR_INVALID, "activation: InstantiationInfoData is broken or names no interface");
        return 0;
}

struct property {
        struct uuid clsid;
        uint32_t size;
};

/* CustomHeader, [MS-DCOM] 2.2.22.1: which properties follow and how long each is. */
static int take_header(struct str blob, struct property *p, uint32_t *n_out, uint32_t *size_out, struct err *e)
{
        struct str body = serialized_body(blob);
        struct ndr_in i = ndr_in_of(body);
        uint32_t n, clsids, sizes;

        (void)ndr_in_u32(&i);           /* total size */
        *size_out = ndr_in_u32(&i);
        (void)ndr_in_u32(&i);
        (void)ndr_in_u32(&i);           /* destination context */
        n = ndr_in_u32(&i);
        (void)ndr_in_uuid(&i);
        clsids = ndr_in_ptr(&i);
        sizes = ndr_in_ptr(&i);
        (void)ndr_in_ptr(&i);
        if (!body.p || !clsids || !sizes || n == 0 || n > DCOM_ACTIVATION_PROPERTIES_MAX ||
            ndr_in_count(&i, sizeof(struct uuid), DCOM_ACTIVATION_PROPERTIES_MAX) != n)
                i.bad = true;
        for (uint32_t k = 0; k < n && ndr_in_ok(&i); k++)
                p[k].clsid = ndr_in_uuid(&i);
        if (ndr_in_count(&i, 4, DCOM_ACTIVATION_PROPERTIES_MAX) != n)
                i.bad = true;
        for (uint32_t k = 0; k < n && ndr_in_ok(&i); k++)
                p[k].size = ndr_in_u32(&i);
        *n_out = n;
        return ndr_in_ok(&i) ? 0 : err_set(e, ERR_INVALID, "activation: the header of the properties is broken");
}

static int take_properties(struct str blob, struct dcom_activation *out, struct err *e)
{
        struct property p[DCOM_ACTIVATION_PROPERTIES_MAX];
        uint32_t n, at;
        int r = take_header(blob, p, &n, &at, e);

        if (r < 0)
                return r;
        for (uint32_t k = 0; k < n; k++) {
                if (at > blob.n || p[k].size > blob.n - at)
                        return err_set(e, ERR_INVALID, "activation: property %u of %u is cut", k + 1, n);
                if (uuid_eq(&p[k].clsid, &dcom_clsid_instantiation_info))
                        return take_instantiation((struct str){ blob.p + at, p[k].size }, out, e);
                at += p[k].size;
        }
        return err_set(e, ERR_INVALID, "activation: no InstantiationInfoData");
}

int dcom_activation_read(struct str objref, struct arena *a, struct dcom_activation *out, struct err *e)
{
        struct dcom_objref r;

        *out = (struct dcom_activation){ .n_iids = 0 };
        if (dcom_objref_read(objref, a, &r) < 0 || r.kind != DCOM_OBJREF_CUSTOM ||
            !uuid_eq(&r.clsid, &dcom_clsid_properties_in) || r.data.n < BLOB_HEADER)
                return err_set(e, ERR_INVALID, "activation: not an OBJREF of ActivationPropertiesIn");
        return take_properties(str_from(r.data, BLOB_HEADER), out, e);
}

/* [MS-DCOM] 3.1.2.5.2.3.1 */
void dcom_activation_read_old(struct ndr_in *i, struct dcom_activation *out)
{
        uint32_t n;

        *out = (struct dcom_activation){ .clsid = ndr_in_uuid(i) };
        if (ndr_in_ptr(i))
                (void)ndr_in_wstring(i, NAME_MAX_CHARS);        /* object name */
        (void)dcom_interface_read(i);   /* object storage */
        (void)ndr_in_u32(i);            /* client's impersonation level */
        (void)ndr_in_u32(i);            /* mode */
        n = ndr_in_u32(i);
        if (ndr_in_ptr(i))
                take_iids(i, n, out);
        if (out->n_iids == 0)
                i->bad = true;
}
