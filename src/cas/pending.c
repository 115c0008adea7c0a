/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "cas/pending.h"

int pending_init(struct pending *p, uint32_t max)
{
        uint32_t slots = 16;

        while (slots < 2 * max)
                slots *= 2;
        p->entries = malloc(max * sizeof(*p->entries));
        p->slots = calloc(slots, sizeof(*p->slots));
        p->n = 0;
        p->max = max;
        p->mask = slots - 1;
        if (!p->entries || !p->slots) {
                pending_fini(p);
                return -ENOMEM;
        }
        return 0;
}

void pending_fini(struct pending *p)
{
        free(p->entries);
        free(p->slots);
        memset(p, 0, sizeof(*p));
}

/* A SHA-256 is its own hash; whoever can choose its first bytes at will has better things to do. */
static uint32_t slot_of(const struct pending *p, const struct hash_id *id)
{
        uint32_t i, found;

        memcpy(&i, id->b, sizeof(i));
        for (i &= p->mask; (found = p->slots[i]) != 0; i = (i + 1) & p->mask) {
                if (hash_id_eq(&p->entries[found - 1].id, id))
                        break;
        }
        return i;
}

struct pending_entry *pending_find(const struct pending *p, const struct hash_id *id)
{
        uint32_t found = p->n > 0 ? p->slots[slot_of(p, id)] : 0;

        return found ? &p->entries[found - 1] : NULL;
}

void pending_add(struct pending *p, const struct pending_entry *en)
{
        p->entries[p->n] = *en;
        p->slots[slot_of(p, &en->id)] = p->n + 1;
        p->n++;
}

void pending_clear(struct pending *p)
{
        memset(p->slots, 0, (p->mask + 1) * sizeof(*p->slots));
        p->n = 0;
}

void pending_clear_refs(struct pending *p)
{
        for (uint32_t i = 0; i < p->n; i++)
                p->entries[i].refs = 0;
}

void pending_rehash(struct pending *p)
{
        memset(p->slots, 0, (p->mask + 1) * sizeof(*p->slots));
        for (uint32_t i = 0; i < p->n; i++)
                p->slots[slot_of(p, &p->entries[i].id)] = i + 1;
}

void pending_cut(struct pending *p, uint64_t at)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < p->n; i++) {
                if (p->entries[i].len == PENDING_TOUCH || p->entries[i].at < at)
                        p->entries[kept++] = p->entries[i];
        }
        p->n = kept;
        pending_rehash(p);
}

static int by_hash(const void *a, const void *b)
{
        const struct pending_entry *x = a, *y = b;

        return memcmp(x->id.b, y->id.b, HASH_LEN);
}

void pending_sort(struct pending *p)
{
        qsort(p->entries, p->n, sizeof(*p->entries), by_hash);
}
