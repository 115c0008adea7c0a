/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * blocks - the only memory between wire and disk
 *
 * A block holds whole piece records, one or many.  There are few; who gets none
 * pauses its connection and is woken when one comes back, first come first
 * served.  The memory of blocks nobody uses is given back after a while
 * (blocks_trim).  Loop thread, except the bytes while a job has the block.
 */
#include "base/list.h"
#include "codec/piece.h"
#include "loop/loop.h"

enum { BLOCK_CAP = PIECE_HEADER_LEN + PIECE_MAX };

struct block {
        struct list link;
        struct job job;                 /* of whoever has it */
        void *owner;
        size_t n;
        size_t good;                    /* bytes of whole records at its beginning that passed plan_check() */
        size_t stored;                  /* piece bytes of it that the library took */
        int r;
        struct err err;
        uint8_t p[];
};

struct block_waiter {
        struct list link;
        void (*wake)(struct block_waiter *w);
};

struct blocks {
        struct list idle, waiters;
        unsigned limit, made;
};

void blocks_init(struct blocks *b, unsigned limit);
void blocks_fini(struct blocks *b);             /* all must be back */
/* NULL: none now; @w (may be NULL) is woken once when there is one. */
struct block *blocks_get(struct blocks *b, struct block_waiter *w);
void blocks_put(struct blocks *b, struct block *k);     /* NULL is harmless */
void blocks_trim(struct blocks *b);             /* free what is idle */
