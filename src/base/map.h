/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * map - hash table from bytes to a pointer
 *
 * Keys are copied; values are borrowed (a value_free function may be given for
 * what is left at map_fini).  Hashing is seeded (map_seed, from os_random at
 * start) so that a peer cannot choose collisions.
 */
#include "base/str.h"

struct map_slot;
struct map {
        struct map_slot *slots;
        size_t n, cap, used;
        bool nocase;            /* fold ASCII case of keys */
};

extern uint64_t map_seed;       /* set once before the first map is filled */

void map_init(struct map *m, bool nocase);
void map_fini(struct map *m, void (*value_free)(void *));
void *map_get(const struct map *m, struct str key);     /* NULL when absent */
MUST int map_put(struct map *m, struct str key, void *value, void **old_out);   /* 0 or -ENOMEM */
void *map_del(struct map *m, struct str key);           /* the value that was there, or NULL */
/* for (size_t it = 0; map_next(m, &it, &key, &value);) - no order; do not change m meanwhile */
bool map_next(const struct map *m, size_t *it, struct str *key, void **value);

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);
