/* SPDX-License-Identifier: Apache-2.0 */
/* group - events of a window by their BY values */
#include "wql/group.h"

#include <errno.h>
#include "base/fold.h"
#include "base/map.h"

struct bucket {
        void *event;
        uint32_t n;
};
struct wql_group {
        const struct wql_binding *binding;
        void (*event_free)(void *event);
        struct map by_key;              /* -> struct bucket */
        struct bucket *order[WQL_MAX_GROUPS];
        size_t n;
        int64_t due_us;
};

int wql_group_new(struct wql_group **out, const struct wql_binding *b, void (*event_free)(void *event))
{
        struct wql_group *g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        g->binding = b;
        g->event_free = event_free;
        g->due_us = INT64_MAX;
        map_init(&g->by_key, false);
        *out = g;
        return 0;
}

static void drop(struct wql_group *g, void *event)
{
        if (g->event_free)
                g->event_free(event);
}

static void clear(struct wql_group *g)
{
        for (size_t i = 0; i < g->n; i++) {
                drop(g, g->order[i]->event);
                free(g->order[i]);
        }
        g->n = 0;
        g->due_us = INT64_MAX;
        map_fini(&g->by_key, NULL);
        map_init(&g->by_key, false);
}

void wql_group_free(struct wql_group *g)
{
        if (!g)
                return;
        clear(g);
        map_fini(&g->by_key, NULL);
        free(g);
}

static void write_value(const struct wql_variant *v, struct buf *key)
{
        switch (v->type) {
        case WQL_IS_NULL_VALUE:
                buf_addc(key, 'n');
                break;
        case WQL_IS_TEXT:
        case WQL_IS_RAW_TIME:
                buf_printf(key, "t%zu:", v->s.n);
                fold_upper_text(v->s, key);
                break;
        case WQL_IS_REAL:
                buf_printf(key, "r%a", v->d);
                break;
        default:
                buf_printf(key, "i%lld", (long long)v->i);
        }
        buf_addc(key, '\x1f');
}

static void write_key(const struct wql_group *g, const struct wql_object *o, struct buf *key)
{
        const struct wql_query *q = g->binding->query;
        struct arena a;

        arena_init(&a, 0);
        for (size_t i = 0; i < q->n_by; i++) {
                struct wql_variant v = wql_load(&q->by[i], o, &a);

                write_value(&v, key);
        }
        arena_fini(&a);
}

static int new_bucket(struct wql_group *g, struct str key, void *event)
{
        struct bucket *b;
        void *old;

        if (g->n == WQL_MAX_GROUPS)
                return 1;
        b = calloc(1, sizeof(*b));
        if (!b || map_put(&g->by_key, key, b, &old) < 0) {
                free(b);
                return -ENOMEM;
        }
        *b = (struct bucket){ event, 1 };
        g->order[g->n++] = b;
        return 0;
}

int wql_group_add(struct wql_group *g, int64_t now_us, const struct wql_object *o, void *event)
{
        struct bucket *b;
        struct buf key;
        int r = 0;

        buf_init(&key, 0);
        write_key(g, o, &key);
        b = key.failed ? NULL : map_get(&g->by_key, buf_str(&key));
        if (b) {
                b->n += b->n < UINT32_MAX;
                drop(g, event);
        } else {
                r = key.failed ? -ENOMEM : new_bucket(g, buf_str(&key), event);
                if (r)
                        drop(g, event);
        }
        buf_fini(&key);
        if (!r && g->due_us == INT64_MAX)
                g->due_us = now_us + (int64_t)(MIN(g->binding->query->group_s, 1e9) * 1e6);
        return r;
}

int64_t wql_group_due(const struct wql_group *g)
{
        return g->due_us;
}

static bool having(const struct wql_query *q, uint32_t n)
{
        if (!q->has_having)
                return true;
        switch (q->having_op) {
        case WQL_EQ:
                return n == q->having_count;
        case WQL_NE:
                return n != q->having_count;
        case WQL_LT:
                return n < q->having_count;
        case WQL_LE:
                return n <= q->having_count;
        case WQL_GT:
                return n > q->having_count;
        default:
                return n >= q->having_count;
        }
}

void wql_group_take(struct wql_group *g, int64_t now_us, void (*emit)(void *ctx, void *event, uint32_t n_events), void *ctx)
{
        if (now_us < g->due_us)
                return;
        for (size_t i = 0; i < g->n; i++) {
                if (having(g->binding->query, g->order[i]->n))
                        emit(ctx, g->order[i]->event, g->order[i]->n);
        }
        clear(g);
}
