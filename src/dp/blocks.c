/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include "dp/blocks.h"

void blocks_init(struct blocks *b, unsigned limit)
{
        list_init(&b->idle);
        list_init(&b->waiters);
        b->limit = limit;
        b->made = 0;
}

void blocks_trim(struct blocks *b)
{
        struct list *n;

        while ((n = list_pop_front(&b->idle))) {
                free(list_entry(n, struct block, link));
                b->made--;
        }
}

void blocks_fini(struct blocks *b)
{
        blocks_trim(b);
        assert(b->made == 0);
}

struct block *blocks_get(struct blocks *b, struct block_waiter *w)
{
        struct list *n = list_pop_front(&b->idle);
        struct block *k = n ? list_entry(n, struct block, link) : NULL;

        if (!k && b->made < b->limit) {
                k = malloc(sizeof(*k) + BLOCK_CAP);
                if (k) {
                        list_init(&k->link);
                        b->made++;
                }
        }
        if (k) {
                k->n = k->good = k->stored = 0;
                k->r = 0;
                err_clear(&k->err);
                return k;
        }
        if (w && list_empty(&w->link))
                list_push_back(&b->waiters, &w->link);
        return NULL;
}

void blocks_put(struct blocks *b, struct block *k)
{
        struct list *n;

        if (!k)
                return;
        list_push_front(&b->idle, &k->link);
        n = list_pop_front(&b->waiters);
        if (n) {
                struct block_waiter *w = list_entry(n, struct block_waiter, link);

                w->wake(w);
        }
}
