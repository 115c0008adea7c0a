/* SPDX-License-Identifier: Apache-2.0 */
/* A reader driven by its own input: no read leaves the stub, and once bad it gives zeros. */
#include <assert.h>
#include "ndr/ndr.h"

static void inside(const struct ndr_in *i, struct str s)
{
        assert(s.n == 0 || ((const uint8_t *)s.p >= i->p && (const uint8_t *)s.p + s.n <= i->p + i->n));
        assert(!i->bad || s.n == 0);
}

static void one(struct ndr_in *i, struct arena *a)
{
        uint64_t v = 0;
        uint32_t n;

        switch (ndr_in_u8(i) % 9) {
        case 0: v = ndr_in_u16(i); break;
        case 1: v = ndr_in_u32(i); break;
        case 2: v = ndr_in_u64(i); break;
        case 3: v = ndr_in_uuid(i).b[0]; break;
        case 4: v = ndr_in_ptr(i); break;
        case 5:
                n = ndr_in_count(i, 4, 1000);
                assert(n <= 1000 && n * 4 <= ndr_in_left(i));
                break;
        case 6: inside(i, ndr_in_octets(i, UINT32_MAX, 5000)); break;
        case 7: inside(i, ndr_in_wstring(i, 5000)); break;
        default: (void)ndr_in_wstring_utf8(i, a, 5000);
        }
        assert(!i->bad || v == 0);
        assert(i->at <= i->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct ndr_in i = ndr_in_of((struct str){ (const char *)p, n });
        struct arena a;

        arena_init(&a, 1 << 20);
        while (ndr_in_left(&i) > 0)
                one(&i, &a);
        arena_fini(&a);
        return 0;
}
