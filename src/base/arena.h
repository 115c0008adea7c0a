/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * arena - memory of one request, freed in one call
 *
 * Everything decoded from a message lives in its arena and dies with it.
 * Allocations are zeroed and aligned for any type.  A limit bounds what one
 * message may cost; past it (or out of memory) arena_alloc() returns NULL.
 * An arena belongs to one thread at a time.
 */
#include "base/str.h"

struct arena_block;
struct arena {
        struct arena_block *head;
        size_t used;
        size_t limit;
};

void arena_init(struct arena *a, size_t limit);         /* 0: 64 MiB */
void arena_fini(struct arena *a);
void *arena_alloc(struct arena *a, size_t n) MUST;
void *arena_array(struct arena *a, size_t n, size_t size) MUST;  /* checks overflow */
struct str arena_str(struct arena *a, struct str s);    /* copy, NUL behind; p NULL when out */
char *arena_strz(struct arena *a, const char *z);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
