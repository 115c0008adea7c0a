/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stub. */
#include "base/utf16.h"
#include "ndr/ndr.h"

const struct uuid ndr_syntax = UUID_INIT(0x8a885d04, 0x1ceb, 0x11c9, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60);

struct ndr_in ndr_in_of(struct str stub)
{
        return (struct ndr_in){ .p = (const uint8_t *)stub.p, .n = stub.n };
}

/* The next n octets, or NULL and bad. */
static const uint8_t *take(struct ndr_in *i, size_t n)
{
        const uint8_t *p;

        if (i->bad || n > i->n - i->at) {
                i->bad = true;
                return NULL;
        }
        p = i->p + i->at;
        i->at += n;
        return p;
}

void ndr_in_align(struct ndr_in *i, size_t to)
{
        (void)take(i, -i->at & (to - 1));
}

uint8_t ndr_in_u8(struct ndr_in *i)
{
        const uint8_t *p = take(i, 1);

        return p ? p[0] : 0;
}

uint16_t ndr_in_u16(struct ndr_in *i)
{
        const uint8_t *p;

        ndr_in_align(i, 2);
        p = take(i, 2);
        return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

uint32_t ndr_in_u32(struct ndr_in *i)
{
        const uint8_t *p;

        ndr_in_align(i, 4);
        p = take(i, 4);
        return p ? get_le32(p) : 0;
}

uint64_t ndr_in_u64(struct ndr_in *i)
{
        const uint8_t *p;

        ndr_in_align(i, 8);
        p = take(i, 8);
        return p ? get_le64(p) : 0;
}

struct uuid ndr_in_uuid(struct ndr_in *i)
{
        struct uuid u = { { 0 } };
        const uint8_t *p;

        ndr_in_align(i, 4);
        p = take(i, sizeof(u.b));
        if (p)
                memcpy(u.b, p, sizeof(u.b));
        return u;
}

uint32_t ndr_in_ptr(struct ndr_in *i)
{
        return ndr_in_u32(i);
}

uint32_t ndr_in_count(struct ndr_in *i, size_t size, uint32_t limit)
{
        uint32_t n = ndr_in_u32(i);

        if (n > limit || (size > 0 && n > ndr_in_left(i) / size)) {
                i->bad = true;
                return 0;
        }
        return n;
}

struct str ndr_in_bytes(struct ndr_in *i, size_t n)
{
        const uint8_t *p = take(i, n);

        return p ? (struct str){ (const char *)p, n } : STR_NULL;
}

struct str ndr_in_octets(struct ndr_in *i, uint32_t want, uint32_t limit)
{
        uint32_t n = ndr_in_count(i, 1, limit);

        if (want != UINT32_MAX && n != want)
                i->bad = true;
        return ndr_in_bytes(i, n);
}

struct str ndr_in_wstring(struct ndr_in *i, uint32_t limit)
{
        uint32_t max = ndr_in_u32(i), offset = ndr_in_u32(i), n = ndr_in_count(i, 2, limit);
        struct str s = ndr_in_bytes(i, (size_t)n * 2);

        if (i->bad || offset != 0 || n == 0 || n > max || s.p[s.n - 1] != 0 || s.p[s.n - 2] != 0) {
                i->bad = true;
                return STR_NULL;
        }
        s.n -= 2;
        return s;
}

struct str ndr_in_wstring_utf8(struct ndr_in *i, struct arena *a, uint32_t limit)
{
        struct str s = ndr_in_wstring(i, limit), text;

        if (i->bad)
                return STR_NULL;
        text = utf16_decode(s.p, s.n / 2, a);
        i->bad |= !text.p;
        return text;
}
