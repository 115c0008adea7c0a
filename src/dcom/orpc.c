/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/orpc.h"

#include "dcom/ids.h"

enum { EXTENTS_MAX = 64, EXTENT_BYTES_MAX = 1 << 20 };

/* ORPC_EXTENT_ARRAY, [MS-DCOM] 2.2.21.4: sizes, ids and data that nobody here asks for. */
static void skip_extensions(struct ndr_in *i)
{
        uint32_t n, n_present = 0;

        if (!ndr_in_ptr(i))
                return;
        (void)ndr_in_u32(i);            /* size */
        (void)ndr_in_u32(i);            /* reserved */
        if (!ndr_in_ptr(i))
                return;
        n = ndr_in_count(i, 4, EXTENTS_MAX);
        for (uint32_t k = 0; k < n; k++)
                n_present += ndr_in_ptr(i) != 0;
        for (uint32_t k = 0; k < n_present && ndr_in_ok(i); k++) {
                uint32_t size = ndr_in_count(i, 1, EXTENT_BYTES_MAX);

                (void)ndr_in_uuid(i);
                (void)ndr_in_u32(i);
                (void)ndr_in_bytes(i, size);
        }
}

void dcom_this_read(struct ndr_in *i, struct uuid *causality_out)
{
        uint16_t major = ndr_in_u16(i);

        (void)ndr_in_u16(i);            /* minor: every one is understood */
        (void)ndr_in_u32(i);            /* flags */
        (void)ndr_in_u32(i);            /* reserved */
        *causality_out = ndr_in_uuid(i);
        skip_extensions(i);
        if (major != DCOM_VERSION_MAJOR)
                i->bad = true;
}

void dcom_this_write(struct ndr_out *o, const struct uuid *causality)
{
        ndr_out_u16(o, DCOM_VERSION_MAJOR);
        ndr_out_u16(o, DCOM_VERSION_MINOR);
        ndr_out_u32(o, 0);
        ndr_out_u32(o, 0);
        ndr_out_uuid(o, causality);
        ndr_out_u32(o, 0);
}

void dcom_that_read(struct ndr_in *i)
{
        (void)ndr_in_u32(i);            /* flags */
        skip_extensions(i);
}

void dcom_that_write(struct ndr_out *o)
{
        ndr_out_u32(o, 0);
        ndr_out_u32(o, 0);
}

/* One extent in an array whose size is told rounded up to 2, data rounded up to 8; [MS-DCOM] 2.2.13.1, 2.2.13.2. */
void dcom_that_write_error(struct ndr_out *o, struct str objref)
{
        static const char zeros[8];
        size_t pad = -objref.n & 7;

        ndr_out_u32(o, 0);
        ndr_out_ptr(o, true);
        ndr_out_u32(o, 1);
        ndr_out_u32(o, 0);
        ndr_out_ptr(o, true);
        ndr_out_u32(o, 2);
        ndr_out_ptr(o, true);
        ndr_out_ptr(o, false);
        ndr_out_u32(o, (uint32_t)(objref.n + pad));
        ndr_out_uuid(o, &dcom_ext_error_info);
        ndr_out_u32(o, (uint32_t)objref.n);
        ndr_out_bytes(o, objref);
        ndr_out_bytes(o, (struct str){ zeros, pad });
}

struct str dcom_interface_body_read(struct ndr_in *i)
{
        uint32_t max = ndr_in_count(i, 1, DCOM_INTERFACE_MAX), n = ndr_in_u32(i);

        if (n > max)
                i->bad = true;
        return ndr_in_bytes(i, n);
}

struct str dcom_interface_read(struct ndr_in *i)
{
        struct str s;

        if (!ndr_in_ptr(i))
                return STR_NULL;
        s = dcom_interface_body_read(i);
        if (!s.n)
                i->bad = true;          /* an interface of no octets is none */
        return s;
}

void dcom_interface_body_write(struct ndr_out *o, struct str objref)
{
        ndr_out_u32(o, (uint32_t)objref.n);
        ndr_out_u32(o, (uint32_t)objref.n);
        ndr_out_bytes(o, objref);
}

void dcom_interface_write(struct ndr_out *o, struct str objref)
{
        ndr_out_ptr(o, objref.p != NULL);
        if (objref.p)
                dcom_interface_body_write(o, objref);
}
