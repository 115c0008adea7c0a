/* SPDX-License-Identifier: Apache-2.0 */
#include "event/index.h"

#include <errno.h>

enum { VALUE_MAX = 1024 };

struct event_value_node {
        struct list interests;
        struct event_key *key;
        char *value;
};

struct event_key {
        char *property;                 /* NULL: free */
        struct map values;              /* value -> struct event_value_node */
};

struct event_class_node {
        char *name;
        struct list whole;              /* interested in every instance, or by a key without index */
        struct event_key keys[EVENT_INDEX_KEYS];
        size_t n_interests;
};

void event_index_init(struct event_index *x)
{
        list_init(&x->any);
        map_init(&x->classes, true);
}

void event_index_fini(struct event_index *x)
{
        map_fini(&x->classes, NULL);
}

/* ---- paths ---- */

/* One value; what follows it and its comma. */
static struct str path_value(struct str at, char *out, size_t max, size_t *n_out, bool *fits)
{
        bool quoted = at.n && at.p[0] == '"';
        size_t i = quoted, n = 0;

        for (*fits = true; i < at.n && at.p[i] != (quoted ? '"' : ','); i++) {
                if (quoted && at.p[i] == '\\' && i + 1 < at.n)
                        i++;
                if (n < max)
                        out[n] = at.p[i];
                n++;
        }
        *fits = n <= max;
        *n_out = n;
        i += quoted;
        return str_from(at, MIN(i + 1, at.n));
}

bool event_path_key(struct str path, struct str property, char *out, size_t max, size_t *n_out)
{
        struct str name, rest = str_cut(path, '.', &name);

        while (rest.n) {
                bool fits;

                rest = str_cut(rest, '=', &name);
                rest = path_value(rest, out, max, n_out, &fits);
                if (str_eq_nocase(name, property))
                        return fits;
        }
        return false;
}

static bool is_ascii(struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                if ((unsigned char)s.p[i] >= 0x80)
                        return false;
        }
        return true;
}

/* ---- nodes ---- */

static struct event_class_node *class_node(struct event_index *x, struct str name)
{
        struct event_class_node *n = map_get(&x->classes, name);

        if (n)
                return n;
        n = calloc(1, sizeof(*n));
        if (!n)
                return NULL;
        list_init(&n->whole);
        n->name = str_dup(name);
        if (!n->name || map_put(&x->classes, str_of(n->name), n, NULL) < 0) {
                free(n->name);
                free(n);
                return NULL;
        }
        return n;
}

static void class_node_leave(struct event_index *x, struct event_class_node *n)
{
        if (n->n_interests)
                return;
        (void)map_del(&x->classes, str_of(n->name));
        free(n->name);
        free(n);
}

/* The index by that property, made when there is a place for it. */
static struct event_key *key_index(struct event_class_node *n, struct str property)
{
        struct event_key *free_one = NULL;

        for (size_t i = 0; i < EVENT_INDEX_KEYS; i++) {
                struct event_key *k = &n->keys[i];

                if (k->property && str_eq_nocase(str_of(k->property), property))
                        return k;
                if (!k->property && !free_one)
                        free_one = k;
        }
        if (free_one && (free_one->property = str_dup(property)))
                map_init(&free_one->values, true);
        return free_one && free_one->property ? free_one : NULL;
}

static void key_leave(struct event_key *k)
{
        if (k->values.n)
                return;
        map_fini(&k->values, NULL);
        free(k->property);
        k->property = NULL;
}

static struct event_value_node *value_node(struct event_key *k, struct str value)
{
        struct event_value_node *v = map_get(&k->values, value);

        if (v)
                return v;
        v = calloc(1, sizeof(*v));
        if (!v)
                return NULL;
        list_init(&v->interests);
        v->key = k;
        v->value = str_dup(value);
        if (!v->value || map_put(&k->values, str_of(v->value), v, NULL) < 0) {
                free(v->value);
                free(v);
                return NULL;
        }
        return v;
}

static void value_leave(struct event_value_node *v)
{
        struct event_key *k = v->key;

        if (!list_empty(&v->interests))
                return;
        (void)map_del(&k->values, str_of(v->value));
        free(v->value);
        free(v);
        key_leave(k);
}

/* ---- interests ---- */

int event_index_add(struct event_index *x, struct event_interest *i, struct str class_name, struct str property,
                    struct str value)
{
        struct event_key *k;

        i->class = NULL;
        i->value = NULL;
        if (!class_name.n) {
                list_push_back(&x->any, &i->link);
                return 0;
        }
        i->class = class_node(x, class_name);
        if (!i->class)
                return -ENOMEM;
        if (property.n && value.n <= VALUE_MAX && is_ascii(value) && (k = key_index(i->class, property))) {
                i->value = value_node(k, value);
                if (!i->value) {
                        key_leave(k);
                        class_node_leave(x, i->class);
                        i->class = NULL;
                        return -ENOMEM;
                }
        }
        i->class->n_interests++;
        list_push_back(i->value ? &i->value->interests : &i->class->whole, &i->link);
        return 0;
}

void event_index_del(struct event_index *x, struct event_interest *i)
{
        if (!i->link.next)
                return;
        list_del(&i->link);
        if (i->value)
                value_leave(i->value);
        if (i->class) {
                i->class->n_interests--;
                class_node_leave(x, i->class);
        }
        *i = (struct event_interest){ .owner = i->owner };
}

static void each(struct list *interests, void (*fn)(void *ctx, struct event_interest *i), void *ctx)
{
        struct list *at, *tmp;

        list_for_each(at, interests, tmp)
                fn(ctx, list_entry(at, struct event_interest, link));
}

static void each_value(struct event_key *k, void (*fn)(void *ctx, struct event_interest *i), void *ctx)
{
        struct str key;
        void *v;

        for (size_t it = 0; map_next(&k->values, &it, &key, &v);)
                each(&((struct event_value_node *)v)->interests, fn, ctx);
}

void event_index_find(struct event_index *x, struct str class_name, struct str path,
                      void (*fn)(void *ctx, struct event_interest *i), void *ctx)
{
        struct event_class_node *n = map_get(&x->classes, class_name);
        char value[VALUE_MAX];
        size_t n_value;

        each(&x->any, fn, ctx);
        for (size_t i = 0; n && i < EVENT_INDEX_KEYS; i++) {
                struct event_key *k = &n->keys[i];
                struct event_value_node *v;

                if (!k->property)
                        continue;
                if (!is_ascii(path)) {
                        each_value(k, fn, ctx);
                } else if (event_path_key(path, str_of(k->property), value, sizeof(value), &n_value)) {
                        v = map_get(&k->values, (struct str){ value, n_value });
                        if (v)
                                each(&v->interests, fn, ctx);
                }
        }
        if (n)
                each(&n->whole, fn, ctx);
}
