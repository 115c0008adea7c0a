/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * locate - where the pieces of a manifest lie in the packs, remembered for a while
 *
 * Eight DPs that are sent the same version ask for the same pieces; the index is
 * asked once.  Remembered are extents by number of the piece, of the manifests
 * used last, at most LOCATE_MAX_PIECES in all (16 B each).  What the collector
 * moved or a verification found damaged must be forgotten: dm_locator_clear().
 *
 * Threads: one worker owns the locator; dm_locator_clear() is for any thread.
 */
#include "cas/cas.h"

enum {
        LOCATE_MAX_PIECES = 512 << 10,
        LOCATE_BLOCK = 1024,            /* pieces located at once */
};

struct locator;
MUST int dm_locator_new(struct locator **out, struct cas *c);
void dm_locator_free(struct locator *l);
void dm_locator_clear(struct locator *l);
/*
 * dm_locate - extents of n <= LOCATE_BLOCK pieces of a manifest.
 * @pieces  their numbers
 * 0; CAS_E_ABSENT: pieces[*bad_out] is missing or known to be damaged; < 0.
 */
MUST int dm_locate(struct locator *l, const struct cas_manifest *m, const uint64_t *pieces, size_t n,
                   struct cas_extent *out, size_t *bad_out, struct err *e);
