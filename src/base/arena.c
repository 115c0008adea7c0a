/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - blocks in a chain, the newest first
 *
 * A block starts at 4 KiB and doubles to 256 KiB, so that small messages cost
 * one malloc and large ones a few.  What does not fit half a block gets its
 * own, put behind the head so that the head's rest is still used.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/arena.h"

enum { BLOCK_MIN = 4096, BLOCK_MAX = 256 * 1024, ARENA_DEFAULT_LIMIT = 64 << 20 };

struct arena_block {
        struct arena_block *next;
        size_t at, size;
        alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t limit)
{
        *a = (struct arena){ .limit = limit ? limit : ARENA_DEFAULT_LIMIT };
}

void arena_fini(struct arena *a)
{
        struct arena_block *b = a->head;

        while (b) {
                struct arena_block *next = b->next;

                free(b);
                b = next;
        }
        arena_init(a, a->limit);
}

static struct arena_block *block_new(size_t size)
{
        struct arena_block *b = calloc(1, sizeof *b + size);

        if (b)
                b->size = size;
        return b;
}

static void *own_block(struct arena *a, size_t n)
{
        struct arena_block *b = block_new(n);

        if (!b)
                return NULL;
        b->at = n;
        if (a->head) {
                b->next = a->head->next;
                a->head->next = b;
        } else {
                a->head = b;
        }
        return b->bytes;
}

static bool push_block(struct arena *a)
{
        size_t size = a->head ? MIN(MAX(a->head->size, (size_t)BLOCK_MIN) * 2, (size_t)BLOCK_MAX) : BLOCK_MIN;
        struct arena_block *b = block_new(size);

        if (!b)
                return false;
        b->next = a->head;
        a->head = b;
        return true;
}

void *arena_alloc(struct arena *a, size_t n)
{
        struct arena_block *b = a->head;
        size_t unit = alignof(max_align_t);
        void *p;

        if (n > a->limit || a->used > a->limit - n)
                return NULL;
        n = n ? (n + unit - 1) / unit * unit : unit;
        if (!b || b->size - b->at < n) {
                if (n > BLOCK_MIN / 2) {
                        p = own_block(a, n);
                        a->used += p ? n : 0;
                        return p;
                }
                if (!push_block(a))
                        return NULL;
                b = a->head;
        }
        p = b->bytes + b->at;
        b->at += n;
        a->used += n;
        return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(n, size, &bytes))
                return NULL;
        return arena_alloc(a, bytes);
}

struct str arena_str(struct arena *a, struct str s)
{
        char *p = arena_alloc(a, s.n + 1);

        if (!p)
                return STR_NULL;
        if (s.n)
                memcpy(p, s.p, s.n);
        return (struct str){ p, s.n };
}

char *arena_strz(struct arena *a, const char *z)
{
        size_t n = strlen(z) + 1;
        char *p = arena_alloc(a, n);

        return p ? memcpy(p, z, n) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
        va_list ap;
        char *p;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (n < 0)
                return NULL;
        p = arena_alloc(a, (size_t)n + 1);
        if (!p)
                return NULL;
        va_start(ap, fmt);
        (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
        return p;
}
