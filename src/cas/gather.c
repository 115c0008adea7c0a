/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All writers at once.  A commit takes into its transaction what they have put
 * and the index does not know yet: so the last pieces of a version cost one row
 * each, born with their references, and no checkpoint of their own.
 *
 * Several writer locks are held at the same time here and nowhere else, taken in
 * the order of the list.
 */
#include "cas/store.h"

static int pin_all(struct cas *c, struct gathered *g, struct err *e)
{
        struct list *l;
        size_t n = 0;

        for (l = c->writers.next; l != &c->writers; l = l->next)
                n++;
        g->v = calloc(n + 1, sizeof(struct cas_writer *));
        g->grown = calloc(n + 1, sizeof(*g->grown));
        if (!g->v || !g->grown)
                return err_set(e, ERR_NOMEM, "content library: out of memory");
        for (l = c->writers.next; l != &c->writers; l = l->next) {
                g->v[g->n] = list_entry(l, struct cas_writer, link);
                g->v[g->n++]->pins++;
        }
        return 0;
}

static void unpin(struct cas *c, struct cas_writer *w)
{
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_mutex_lock(&c->lock);
        w->pins--;
        (void)pthread_cond_broadcast(&c->unpinned);
        (void)pthread_mutex_unlock(&c->lock);
}

/* Keeps those whose bytes are on disk. */
static void sync_all(struct cas *c, struct gathered *g)
{
        size_t kept = 0;

        for (size_t i = 0; i < g->n; i++) {
                struct cas_writer *w = g->v[i];
                struct err e = { 0 };
                int r;

                (void)pthread_mutex_lock(&w->lock);
                r = writer_sync_bytes(w, &e);
                if (r == 0) {
                        g->v[kept++] = w;
                        continue;
                }
                if (g->err.kind == ERR_NONE)
                        g->err = e;
                unpin(c, w);
        }
        g->n = kept;
}

int writers_gather(struct cas *c, struct gathered *g, struct err *e)
{
        int r;

        *g = (struct gathered){ 0 };
        (void)pthread_mutex_lock(&c->lock);
        r = pin_all(c, g, e);
        (void)pthread_mutex_unlock(&c->lock);
        if (r < 0) {
                free(g->v);
                free(g->grown);
                return r;
        }
        sync_all(c, g);
        return 0;
}

void writers_release(struct cas *c, struct gathered *g)
{
        for (size_t i = 0; i < g->n; i++)
                unpin(c, g->v[i]);
        free(g->v);
        free(g->grown);
}

struct pending_entry *writers_pending(struct cas *c, const struct hash_id *id)
{
        for (size_t i = 0; c->committing && i < c->committing->n; i++) {
                struct pending_entry *en = pending_find(&c->committing->v[i]->pending, id);

                if (en && en->len != PENDING_TOUCH && en->from == 0)
                        return en;
        }
        return NULL;
}
