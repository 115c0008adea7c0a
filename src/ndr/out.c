/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a stub. */
#include <assert.h>
#include "base/utf16.h"
#include "ndr/ndr.h"

enum { FIRST_REFERENT = 0x20000 };

struct ndr_out ndr_out_to(struct buf *b)
{
        return (struct ndr_out){ .b = b, .base = b->n };
}

void ndr_out_align(struct ndr_out *o, size_t to)
{
        static const char zeros[8];

        buf_add(o->b, zeros, -ndr_out_at(o) & (to - 1));
}

void ndr_out_u8(struct ndr_out *o, uint8_t v)
{
        buf_addc(o->b, (char)v);
}

void ndr_out_u16(struct ndr_out *o, uint16_t v)
{
        ndr_out_align(o, 2);
        buf_le16(o->b, v);
}

void ndr_out_u32(struct ndr_out *o, uint32_t v)
{
        ndr_out_align(o, 4);
        buf_le32(o->b, v);
}

void ndr_out_u64(struct ndr_out *o, uint64_t v)
{
        ndr_out_align(o, 8);
        buf_le64(o->b, v);
}

void ndr_out_uuid(struct ndr_out *o, const struct uuid *u)
{
        ndr_out_align(o, 4);
        buf_add(o->b, u->b, sizeof(u->b));
}

void ndr_out_ptr(struct ndr_out *o, bool present)
{
        ndr_out_u32(o, present ? FIRST_REFERENT + 4 * o->n_ptrs++ : 0);
}

void ndr_out_bytes(struct ndr_out *o, struct str s)
{
        buf_adds(o->b, s);
}

void ndr_out_octets(struct ndr_out *o, struct str s)
{
        ndr_out_u32(o, (uint32_t)s.n);
        buf_adds(o->b, s);
}

void ndr_out_wstring(struct ndr_out *o, struct str utf8)
{
        uint32_t chars = (uint32_t)utf16_units(utf8) + 1;

        ndr_out_u32(o, chars);
        ndr_out_u32(o, 0);
        ndr_out_u32(o, chars);
        utf16_encode(utf8, o->b);
        buf_le16(o->b, 0);
}

void ndr_out_patch_u32(struct ndr_out *o, size_t at, uint32_t v)
{
        if (o->b->failed)
                return;
        assert(o->base + at + 4 <= o->b->n);
        put_le32(o->b->p + o->base + at, v);
}
