/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a large file is cut: a gear hash runs over the bytes and a cut is made
 * where its high bits are zero, so that an insertion moves the cuts behind it
 * along with the bytes (Xia et al., "FastCDC", USENIX ATC 2016).
 *
 * Nothing is looked for in the first PIECE_MIN bytes.  Up to PIECE_AVG two bits
 * more than the average asks for must be zero, behind it two fewer: lengths
 * gather around the average ("normalised chunking", level 2).  A piece of
 * PIECE_MAX is cut whatever the bytes say.
 *
 * The cuts decide only what is shared between versions, never what is right:
 * another table or other masks still make a readable library.
 */
#include <assert.h>
#include "hash/cut_gear.h"
#include "hash/hash.h"

/* The top bits hold what the last 64 bytes left; PIECE_AVG is 2^17. */
enum { AVG_BITS = 17, NORMAL_LEVEL = 2 };
#define MASK_STRICT (~UINT64_C(0) << (64 - (AVG_BITS + NORMAL_LEVEL)))
#define MASK_EASY (~UINT64_C(0) << (64 - (AVG_BITS - NORMAL_LEVEL)))

_Static_assert(PIECE_AVG == 1 << AVG_BITS, "masks follow from PIECE_AVG");

size_t cut_next(const uint8_t *p, size_t n, bool last)
{
        size_t end = MIN(n, (size_t)PIECE_MAX);
        size_t middle = MIN(end, (size_t)PIECE_AVG);
        size_t i = PIECE_MIN;
        uint64_t h = 0;

        (void)last;
        assert(last || n >= PIECE_MAX);         /* else more bytes might move the cut */
        if (n <= PIECE_MIN)
                return n;
        for (; i < middle; i++) {
                h = (h << 1) + cut_gear[p[i]];
                if (!(h & MASK_STRICT))
                        return i + 1;
        }
        for (; i < end; i++) {
                h = (h << 1) + cut_gear[p[i]];
                if (!(h & MASK_EASY))
                        return i + 1;
        }
        return end;
}
