/* SPDX-License-Identifier: Apache-2.0 */
#include "dp/serve.h"

enum { ENTRIES = 16 };

struct entry {
        uint8_t *p;
        uint32_t n;
        uint64_t used;
        struct hash_id id;
};

struct serve_cache {
        struct cas *cas;
        struct hasher *hasher;
        struct entry v[ENTRIES];
        size_t bytes;
        uint64_t clock;
};

struct serve_cache *serve_cache_new(struct cas *c)
{
        struct serve_cache *k = calloc(1, sizeof(*k));

        if (!k)
                return NULL;
        k->cas = c;
        k->hasher = hasher_new();
        if (!k->hasher) {
                free(k);
                return NULL;
        }
        return k;
}

static void drop(struct serve_cache *k, struct entry *en)
{
        k->bytes -= en->n;
        free(en->p);
        *en = (struct entry){ 0 };
}

void serve_cache_free(struct serve_cache *k)
{
        if (!k)
                return;
        for (size_t i = 0; i < ENTRIES; i++)
                drop(k, &k->v[i]);
        hasher_free(k->hasher);
        free(k);
}

/* A free entry with room for n bytes beside the others. */
static struct entry *make_room(struct serve_cache *k, uint32_t n)
{
        for (;;) {
                struct entry *oldest = NULL;

                for (size_t i = 0; i < ENTRIES; i++) {
                        if (!k->v[i].p && k->bytes + n <= SERVE_CACHE)
                                return &k->v[i];
                        if (k->v[i].p && (!oldest || k->v[i].used < oldest->used))
                                oldest = &k->v[i];
                }
                if (!oldest)
                        return &k->v[0];
                drop(k, oldest);
        }
}

int serve_cache_get(struct serve_cache *k, const struct cas_extent *x, const struct hash_id *id, const uint8_t **p_out,
                    struct err *e)
{
        struct entry *en;
        uint8_t *p;
        int r;

        for (size_t i = 0; i < ENTRIES; i++) {
                if (!k->v[i].p || !hash_id_eq(&k->v[i].id, id))
                        continue;
                k->v[i].used = ++k->clock;
                *p_out = k->v[i].p;
                return CAS_OK;
        }
        en = make_room(k, x->len);
        p = malloc(x->len);
        if (!p)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = cas_read(k->cas, k->hasher, x, id, p, e);
        if (r != CAS_OK) {
                free(p);
                return r;
        }
        *en = (struct entry){ .p = p, .n = x->len, .used = ++k->clock, .id = *id };
        k->bytes += x->len;
        *p_out = p;
        return CAS_OK;
}
