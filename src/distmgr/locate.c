/* SPDX-License-Identifier: Apache-2.0 */
#include "distmgr/locate.h"
#include <errno.h>
#include <stdatomic.h>
#include "base/list.h"
#include "base/map.h"

struct located {
        struct list lru;
        struct hash_id id;
        uint64_t n_pieces;
        struct cas_extent x[];          /* len 0: not asked for yet */
};

struct locator {
        struct cas *cas;
        struct map map;                 /* manifest -> struct located */
        struct list lru;                /* used last first */
        uint64_t n_pieces;
        atomic_uint clears;             /* how often the owner was told to forget */
        unsigned cleared;               /* how often it did */
};

int dm_locator_new(struct locator **out, struct cas *c)
{
        struct locator *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->cas = c;
        map_init(&l->map, false);
        list_init(&l->lru);
        *out = l;
        return 0;
}

static struct str key_of(const struct hash_id *id)
{
        return (struct str){ (const char *)id->b, HASH_LEN };
}

static void drop(struct locator *l, struct located *k)
{
        (void)map_del(&l->map, key_of(&k->id));
        list_del(&k->lru);
        l->n_pieces -= k->n_pieces;
        free(k);
}

static void drop_to(struct locator *l, uint64_t n_pieces)
{
        while (!list_empty(&l->lru) && l->n_pieces > n_pieces)
                drop(l, list_entry(l->lru.prev, struct located, lru));
}

void dm_locator_free(struct locator *l)
{
        if (!l)
                return;
        while (!list_empty(&l->lru))
                drop(l, list_entry(l->lru.prev, struct located, lru));
        map_fini(&l->map, NULL);
        free(l);
}

void dm_locator_clear(struct locator *l)
{
        atomic_fetch_add(&l->clears, 1);
}

/* The memory of that manifest; NULL when it is too large to be remembered. */
static struct located *remember(struct locator *l, const struct cas_manifest *m)
{
        struct located *k = map_get(&l->map, key_of(&m->id));

        if (k) {
                list_del(&k->lru);
                list_push_front(&l->lru, &k->lru);
                return k;
        }
        if (m->m.n_pieces > LOCATE_MAX_PIECES)
                return NULL;
        drop_to(l, LOCATE_MAX_PIECES - m->m.n_pieces);
        k = calloc(1, sizeof(*k) + m->m.n_pieces * sizeof(k->x[0]));
        if (!k)
                return NULL;
        k->id = m->id;
        k->n_pieces = m->m.n_pieces;
        if (map_put(&l->map, key_of(&k->id), k, NULL)) {
                free(k);
                return NULL;
        }
        list_push_front(&l->lru, &k->lru);
        l->n_pieces += k->n_pieces;
        return k;
}

int dm_locate(struct locator *l, const struct cas_manifest *m, const uint64_t *pieces, size_t n,
              struct cas_extent *out, size_t *bad_out, struct err *e)
{
        struct cas_extent found[LOCATE_BLOCK];
        struct hash_id ids[LOCATE_BLOCK];
        size_t of[LOCATE_BLOCK], n_ask = 0;
        unsigned clears = atomic_load(&l->clears);
        struct located *k;
        uint32_t len;
        int r;

        if (clears != l->cleared) {
                while (!list_empty(&l->lru))
                        drop(l, list_entry(l->lru.prev, struct located, lru));
                l->cleared = clears;
        }
        k = remember(l, m);
        for (size_t i = 0; i < n; i++) {
                if (k && k->x[pieces[i]].len) {
                        out[i] = k->x[pieces[i]];
                        continue;
                }
                manifest_piece(&m->m, pieces[i], &ids[n_ask], &len);
                of[n_ask++] = i;
        }
        if (!n_ask)
                return 0;
        r = cas_find_many(l->cas, ids, n_ask, found, e);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_ask; i++) {
                manifest_piece(&m->m, pieces[of[i]], &ids[i], &len);
                if (found[i].len != len) {
                        *bad_out = of[i];
                        return CAS_E_ABSENT;
                }
                out[of[i]] = found[i];
                if (k)
                        k->x[pieces[of[i]]] = found[i];
        }
        return 0;
}
