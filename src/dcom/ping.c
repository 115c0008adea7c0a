/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ping - sets of objects that a client says it still has
 *
 * The resolver's calls are unauthenticated, so a set costs a stranger something
 * to make: only one that names an object there is (a 64-bit random number) is
 * kept.  A client whose set is not known makes it anew.
 *
 * Source: [MS-DCOM] 3.1.2.5.1.2, 3.1.2.5.1.3, 3.1.2.6.
 */
#include "dcom/private.h"
#include "os/os.h"

static void set_free(void *p)
{
        struct ping_set *s = p;

        free(s->oids);
        free(s);
}

static void see(struct dcom *d, struct ping_set *s)
{
        s->seen_us = d->o.now_us();
        for (size_t i = 0; i < s->n; i++) {
                struct dcom_object *o = map_get(&d->oids, key64(&s->oids[i]));

                if (o)
                        o->seen_us = s->seen_us;
        }
}

uint32_t dcom_ping_simple(struct dcom *d, uint64_t id)
{
        struct ping_set *s = map_get(&d->sets, key64(&id));

        if (!s)
                return DCOM_OR_INVALID_SET;
        see(d, s);
        return DCOM_S_OK;
}

static struct ping_set *set_new(struct dcom *d)
{
        struct ping_set *s = d->sets.n < PING_SETS_MAX ? calloc(1, sizeof *s) : NULL;

        if (!s)
                return NULL;
        do
                s->id = os_random_u64();
        while (!s->id || map_get(&d->sets, key64(&s->id)));
        if (map_put(&d->sets, key64(&s->id), s, NULL) == 0)
                return s;
        free(s);
        return NULL;
}

static void set_del(struct ping_set *s, uint64_t oid)
{
        for (size_t i = 0; i < s->n; i++) {
                if (s->oids[i] == oid) {
                        s->oids[i] = s->oids[--s->n];
                        return;
                }
        }
}

/* What is not ours, or is one too many, is passed over: it is not kept alive, as if it were never named. */
static void set_add(struct dcom *d, struct ping_set *s, uint64_t oid)
{
        if (!map_get(&d->oids, key64(&oid)) || s->n == PING_OIDS_MAX)
                return;
        set_del(s, oid);
        if (s->n == s->cap) {
                size_t cap = s->cap ? 2 * s->cap : 8;
                uint64_t *more = realloc(s->oids, cap * sizeof *more);

                if (!more)
                        return;
                s->oids = more;
                s->cap = cap;
        }
        s->oids[s->n++] = oid;
}

static bool names_ours(const struct dcom *d, const uint64_t *oids, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (map_get(&d->oids, key64(&oids[i])))
                        return true;
        }
        return false;
}

uint32_t dcom_ping_complex(struct dcom *d, uint64_t *id, const uint64_t *add, size_t n_add, const uint64_t *del, size_t n_del)
{
        struct ping_set *s = *id ? map_get(&d->sets, key64(id)) : NULL;

        if (*id && !s)
                return DCOM_OR_INVALID_SET;
        if (!s && names_ours(d, add, n_add))
                s = set_new(d);
        if (!s) {
                *id = os_random_u64();
                return DCOM_S_OK;
        }
        *id = s->id;
        for (size_t i = 0; i < n_del; i++)
                set_del(s, del[i]);
        for (size_t i = 0; i < n_add; i++)
                set_add(d, s, add[i]);
        see(d, s);
        return DCOM_S_OK;
}

/* One at a time, for a map is not changed while it is walked; they are few and seldom go. */
void dcom_ping_collect(struct dcom *d, int64_t before_us)
{
        struct ping_set *old;

        do {
                struct str key;
                void *value;

                old = NULL;
                for (size_t it = 0; !old && map_next(&d->sets, &it, &key, &value);) {
                        if (((struct ping_set *)value)->seen_us <= before_us)
                                old = value;
                }
                if (old) {
                        (void)map_del(&d->sets, key64(&old->id));
                        set_free(old);
                }
        } while (old);
}

void dcom_ping_fini(struct dcom *d)
{
        map_fini(&d->sets, set_free);
}
