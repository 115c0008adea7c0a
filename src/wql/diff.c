/* SPDX-License-Identifier: Apache-2.0 */
/* diff - two snapshots as events */
#include "wql/diff.h"

#include <errno.h>
#include "base/map.h"

const char *wql_change_class(enum wql_change c)
{
        static const char *const names[] = { [WQL_CREATION] = "__InstanceCreationEvent",
                                             [WQL_MODIFICATION] = "__InstanceModificationEvent",
                                             [WQL_DELETION] = "__InstanceDeletionEvent" };

        return names[c];
}

bool wql_event_matches(const struct wql_program *p, const struct wql_event *ev)
{
        const struct wql_binding *b = p->binding;
        const struct cim_class *c = b->schema->find(b->schema->ctx, str_of(wql_change_class(ev->change)));
        struct cim_instance self = { .class = c };

        if (!c || !cim_class_isa(c, b->event))
                return false;
        return wql_match(p, &(struct wql_object){ .self = &self, .target = ev->target, .previous = ev->previous });
}

/* Class and key values; names and values of keys are told apart without case, as paths are. */
static void write_identity(const struct cim_instance *i, struct buf *out)
{
        const struct cim_class *c = i->class;

        buf_reset(out);
        buf_addz(out, c->name);
        for (size_t k = 0; k < c->n_keys; k++) {
                buf_addc(out, '\x1f');
                if (!i->values[c->keys[k]].null)
                        cim_value_print(&c->properties[c->keys[k]], &i->values[c->keys[k]], out);
        }
}

static bool same_values(const struct cim_instance *a, const struct cim_instance *b)
{
        for (size_t i = 0; i < a->class->n_properties; i++) {
                if (!cim_value_eq(&a->class->properties[i], &a->values[i], &b->values[i]))
                        return false;
        }
        return true;
}

static int index_of(struct map *m, struct wql_snapshot s, struct buf *key)
{
        for (size_t i = 0; i < s.n; i++) {
                void *old;

                write_identity(s.items[i], key);
                if (key->failed || map_put(m, buf_str(key), (void *)s.items[i], &old) < 0)
                        return -ENOMEM;
        }
        return 0;
}

struct differ {
        const struct wql_program *p;
        void (*emit)(void *ctx, const struct wql_event *ev);
        void *ctx;
};

static void pass(const struct differ *d, struct wql_event ev)
{
        if (!d->p || wql_event_matches(d->p, &ev))
                d->emit(d->ctx, &ev);
}

static void compare(const struct differ *d, const struct map *before, const struct map *now, struct wql_snapshot b,
                    struct wql_snapshot n, struct buf *key)
{
        for (size_t i = 0; i < b.n; i++) {
                write_identity(b.items[i], key);
                if (!map_get(now, buf_str(key)))
                        pass(d, (struct wql_event){ WQL_DELETION, b.items[i], NULL });
        }
        for (size_t i = 0; i < n.n; i++) {
                const struct cim_instance *old;

                write_identity(n.items[i], key);
                old = map_get(before, buf_str(key));
                if (!old)
                        pass(d, (struct wql_event){ WQL_CREATION, n.items[i], NULL });
                else if (!same_values(old, n.items[i]))
                        pass(d, (struct wql_event){ WQL_MODIFICATION, n.items[i], old });
        }
}

int wql_diff(const struct wql_program *p, struct wql_snapshot before, struct wql_snapshot now,
             void (*emit)(void *ctx, const struct wql_event *ev), void *ctx)
{
        struct differ d = { p, emit, ctx };
        struct map m_before, m_now;
        struct buf key;
        int r;

        map_init(&m_before, true);
        map_init(&m_now, true);
        buf_init(&key, 0);
        r = index_of(&m_before, before, &key);
        if (!r)
                r = index_of(&m_now, now, &key);
        if (!r)
                compare(&d, &m_before, &m_now, before, now, &key);
        buf_fini(&key);
        map_fini(&m_now, NULL);
        map_fini(&m_before, NULL);
        return r;
}
