/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map - open addressing with linear probing, at most 3/4 full
 *
 * A deleted slot leaves a tombstone that counts in `used` until the next
 * growth, so that probing chains stay whole.  Keys of a nocase map are stored
 * folded.
 */
#include <errno.h>
#include "base/map.h"

uint64_t map_seed;

struct map_slot {
        uint64_t hash;          /* SLOT_EMPTY, SLOT_DELETED, else the key's hash */
        char *key;
        size_t n;
        void *value;
};

enum { SLOT_EMPTY = 0, SLOT_DELETED = 1, CAP_MIN = 16 };

static uint64_t mix(uint64_t a, uint64_t b)
{
        unsigned __int128 r = (unsigned __int128)a * b;

        return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static char fold(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Multiply-and-fold of eight bytes at a time; keyed by the seed, not cryptographic. */
static uint64_t hash_core(const char *p, size_t n, uint64_t seed, bool nocase)
{
        uint64_t h = mix(seed ^ UINT64_C(0x9e3779b97f4a7c15), (uint64_t)n ^ UINT64_C(0xbf58476d1ce4e5b9));

        while (n) {
                size_t take = MIN(n, sizeof(uint64_t));
                char part[8] = { 0 };
                uint64_t word;

                for (size_t i = 0; i < take; i++)
                        part[i] = nocase ? fold(p[i]) : p[i];
                memcpy(&word, part, sizeof word);
                h = mix(h ^ word, seed ^ UINT64_C(0x94d049bb133111eb));
                p += take;
                n -= take;
        }
        return mix(h ^ UINT64_C(0xd6e8feb86659fd93), UINT64_C(0xa0761d6478bd642f));
}

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
        return hash_core(p, n, seed, false);
}

static uint64_t key_hash(const struct map *m, struct str key)
{
        uint64_t h = hash_core(key.p, key.n, map_seed, m->nocase);

        return h <= SLOT_DELETED ? h + 2 : h;
}

static bool key_is(const struct map *m, const struct map_slot *s, struct str key)
{
        struct str have = { s->key, s->n };

        return m->nocase ? str_eq_nocase(have, key) : str_eq(have, key);
}

static struct map_slot *find(const struct map *m, struct str key)
{
        uint64_t h;

        if (m->cap == 0)
                return NULL;
        h = key_hash(m, key);
        for (size_t i = h & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
                struct map_slot *s = &m->slots[i];

                if (s->hash == SLOT_EMPTY)
                        return NULL;
                if (s->hash == h && key_is(m, s, key))
                        return s;
        }
}

static struct map_slot *free_slot(struct map_slot *slots, size_t cap, uint64_t h)
{
        size_t i = h & (cap - 1);

        while (slots[i].hash > SLOT_DELETED)
                i = (i + 1) & (cap - 1);
        return &slots[i];
}

static int grow(struct map *m)
{
        size_t cap = CAP_MIN;
        struct map_slot *slots;

        while (cap < (m->n + 1) * 2)
                cap *= 2;
        slots = calloc(cap, sizeof *slots);
        if (!slots)
                return -ENOMEM;
        for (size_t i = 0; i < m->cap; i++)
                if (m->slots[i].hash > SLOT_DELETED)
                        *free_slot(slots, cap, m->slots[i].hash) = m->slots[i];
        free(m->slots);
        m->slots = slots;
        m->cap = cap;
        m->used = m->n;
        return 0;
}

void map_init(struct map *m, bool nocase)
{
        *m = (struct map){ .nocase = nocase };
}

void map_fini(struct map *m, void (*value_free)(void *))
{
        for (size_t i = 0; i < m->cap; i++) {
                if (m->slots[i].hash <= SLOT_DELETED)
                        continue;
                free(m->slots[i].key);
                if (value_free)
                        value_free(m->slots[i].value);
        }
        free(m->slots);
        map_init(m, m->nocase);
}

void *map_get(const struct map *m, struct str key)
{
        struct map_slot *s = find(m, key);

        return s ? s->value : NULL;
}

int map_put(struct map *m, struct str key, void *value, void **old_out)
{
        struct map_slot *s = find(m, key);
        char *copy;
        int r;

        if (old_out)
                *old_out = s ? s->value : NULL;
        if (s) {
                s->value = value;
                return 0;
        }
        if ((m->used + 1) * 4 > m->cap * 3) {
                r = grow(m);
                if (r < 0)
                        return r;
        }
        copy = str_dup(key);
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; m->nocase && i < key.n; i++)
                copy[i] = fold(copy[i]);
        s = free_slot(m->slots, m->cap, key_hash(m, key));
        m->used += s->hash == SLOT_EMPTY;
        *s = (struct map_slot){ key_hash(m, key), copy, key.n, value };
        m->n++;
        return 0;
}

void *map_del(struct map *m, struct str key)
{
        struct map_slot *s = find(m, key);
        void *value;

        if (!s)
                return NULL;
        value = s->value;
        free(s->key);
        *s = (struct map_slot){ .hash = SLOT_DELETED };
        m->n--;
        return value;
}

bool map_next(const struct map *m, size_t *it, struct str *key, void **value)
{
        while (*it < m->cap) {
                const struct map_slot *s = &m->slots[(*it)++];

                if (s->hash <= SLOT_DELETED)
                        continue;
                if (key)
                        *key = (struct str){ s->key, s->n };
                if (value)
                        *value = s->value;
                return true;
        }
        return false;
}
