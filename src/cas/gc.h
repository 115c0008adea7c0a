/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* gc - one run of garbage collection, shared by gc.c (what may go) and gc_packs.c (the files) */
#include "cas/store.h"

struct gc {
        struct cas *c;
        bool dry;
        uint64_t below;                 /* epochs below this one may go */
        struct cas_gc_stats *out;
        struct pack_dead {              /* dry run: what would go from which pack */
                uint32_t pack;
                uint64_t bytes;
        } *dead;
        size_t n_dead, cap_dead;
};

/* Remove packs without a piece; when copying, also rewrite those that are more than half dead. */
MUST int gc_packs(struct gc *g, bool copying, struct err *e);
