/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pending - what a writer has put since its last checkpoint, by hash
 *
 * An open-addressed table over a plain array, of a size fixed at the start, so
 * that it never allocates afterwards.  Guarded by cas.lock (others look into it
 * to find a piece that is not in the index yet).
 */
#include "hash/hash.h"

enum { PENDING_TOUCH = 0 };             /* len of an entry that only keeps an unused piece alive */

struct pending_entry {
        struct hash_id id;
        uint32_t at;                    /* offset of the record in the writer's pack */
        uint32_t len;                   /* PENDING_TOUCH, or of the bytes */
        int64_t from;                   /* place the index gave before; 0: the piece is new */
        uint32_t refs;                  /* counted by a commit under way, for the row to begin with */
};

struct pending {
        struct pending_entry *entries;
        uint32_t *slots;                /* number of the entry + 1; 0: empty */
        uint32_t n, max, mask;
};

MUST int pending_init(struct pending *p, uint32_t max);         /* 0 or -ENOMEM */
void pending_fini(struct pending *p);
static inline bool pending_full(const struct pending *p)
{
        return p->n == p->max;
}
struct pending_entry *pending_find(const struct pending *p, const struct hash_id *id);
/* The table must not be full, nor know the hash. */
void pending_add(struct pending *p, const struct pending_entry *en);
void pending_clear(struct pending *p);
void pending_clear_refs(struct pending *p);
/* Forget records at or behind that offset; touches stay. */
void pending_cut(struct pending *p, uint64_t at);
/* Order the array by hash, as the index likes it; pending_find() works again after pending_clear() or _rehash(). */
void pending_sort(struct pending *p);
void pending_rehash(struct pending *p);
