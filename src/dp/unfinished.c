/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests of versions that began to arrive and were not committed.  The library
 * keeps their pieces for the next try; when the package is removed or another
 * version of it is committed there will be none, and they may go at once.  Kept
 * in memory: what a restart forgets goes when the library's patience ends.
 */
#include "dp/internal.h"
#include "os/os.h"

enum { UNFINISHED_MAX = 64 };

struct unfinished {
        struct list link;
        char package[DPWIRE_PACKAGE_LEN + 1];
        struct hash_id manifest;
};

static void forget(struct dp *d, struct unfinished *u)
{
        list_del(&u->link);
        free(u);
        d->n_unfinished--;
}

void unfinished_add(struct dp *d, const struct dpwire_order *w)
{
        struct unfinished *u;

        for (struct list *n = d->unfinished.next; n != &d->unfinished; n = n->next) {
                u = list_entry(n, struct unfinished, link);
                if (strcmp(u->package, w->package) == 0 && hash_id_eq(&u->manifest, &w->manifest))
                        return;
        }
        if (d->n_unfinished == UNFINISHED_MAX)
                forget(d, list_entry(d->unfinished.next, struct unfinished, link));
        u = calloc(1, sizeof(*u));
        if (!u)
                return;
        memcpy(u->package, w->package, sizeof(u->package));
        u->manifest = w->manifest;
        list_push_back(&d->unfinished, &u->link);
        d->n_unfinished++;
}

void unfinished_take(struct order *o)
{
        struct dp *d = o->dp;
        struct list *n, *tmp;

        o->n_leftovers = 0;
        list_for_each(n, &d->unfinished, tmp)
        {
                struct unfinished *u = list_entry(n, struct unfinished, link);

                if (strcmp(u->package, o->w.package) != 0 || o->n_leftovers == ARRAY_SIZE(o->leftovers))
                        continue;
                if (!hash_id_eq(&u->manifest, &o->w.manifest))
                        o->leftovers[o->n_leftovers++] = u->manifest;
                forget(d, u);
        }
}

void unfinished_drop(struct order *o)
{
        for (size_t i = 0; i < o->n_leftovers; i++) {
                struct err e = { 0 };

                if (cas_manifest_drop(o->dp->cas, &o->leftovers[i], &e) < 0)
                        log_warn("dp", "drop what arrived of another version of package %s: %s", o->w.package, e.text);
        }
}

void unfinished_free(struct dp *d)
{
        struct list *n, *tmp;

        list_for_each(n, &d->unfinished, tmp) forget(d, list_entry(n, struct unfinished, link));
}
