/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind_event - what is particular to event queries
 *
 * The classes a filter is about are read off its condition: TargetInstance ISA
 * "X" and TargetInstance.__CLASS = "X" say so; of an AND one child that says so
 * is enough, of an OR every child must.  NOT says nothing.
 */
#include "wql/binder.h"

#include <stdio.h>

struct targets {
        bool known;                     /* else: any class */
        struct wql_target *items;
        size_t n;
};

static bool names_instance(const struct wql_name *n, size_t parts)
{
        return n->n == parts &&
               (str_eqz_nocase(n->parts[0], "TargetInstance") || str_eqz_nocase(n->parts[0], "PreviousInstance"));
}

static int one_target(struct wql_binder *b, const struct wql_node *n, bool exact, struct targets *out)
{
        const struct cim_class *c = b->out->schema->find(b->out->schema->ctx, n->right.value.s);

        if (!c)
                return wql_fail(b->e, WBEM_E_INVALID_CLASS, n->right.at, "there is no class %.*s", STR_ARG(n->right.value.s));
        out->items = arena_array(b->a, 1, sizeof(*out->items));
        if (!out->items)
                return wql_bind_nomem(b);
        out->items[0] = (struct wql_target){ c, exact };
        out->n = 1;
        out->known = true;
        return 0;
}

static bool covers(const struct wql_target *a, const struct wql_target *b)
{
        return a->exact ? b->exact && a->class == b->class : cim_class_isa(b->class, a->class);
}

/* What is covered by one of the others already is dropped. */
static int unite(struct wql_binder *b, const struct targets *more, struct targets *all)
{
        struct wql_target *items = arena_array(b->a, all->n + more->n + 1, sizeof(*items));

        if (!items)
                return wql_bind_nomem(b);
        if (all->n)
                memcpy(items, all->items, all->n * sizeof(*items));
        all->items = items;
        for (size_t i = 0; i < more->n; i++) {
                bool covered = false;

                for (size_t k = 0; k < all->n && !covered; k++)
                        covered = covers(&all->items[k], &more->items[i]);
                if (!covered)
                        all->items[all->n++] = more->items[i];
        }
        return 0;
}

/* Of two lists that must both hold: the members of either that the other covers. */
static int intersect(struct wql_binder *b, const struct targets *more, struct targets *all)
{
        struct targets out = { .known = true };

        if (!all->known) {
                *all = *more;
                return 0;
        }
        out.items = arena_array(b->a, all->n + more->n + 1, sizeof(*out.items));
        if (!out.items)
                return wql_bind_nomem(b);
        for (size_t i = 0; i < all->n; i++) {
                for (size_t k = 0; k < more->n; k++) {
                        const struct wql_target *x = &all->items[i], *y = &more->items[k];

                        if ((covers(x, y) || covers(y, x)) && out.n < all->n + more->n)
                                out.items[out.n++] = covers(x, y) ? *y : *x;
                }
        }
        if (out.n)              /* nothing in common: no event can match; either list will do */
                *all = out;
        return 0;
}

static int find_targets(struct wql_binder *b, const struct wql_node *n, struct targets *out)
{
        *out = (struct targets){ 0 };
        if (n->op == WQL_ISA && names_instance(&n->left.name, 1))
                return one_target(b, n, false, out);
        if (n->op == WQL_EQ && n->left.kind == WQL_NAME && names_instance(&n->left.name, 2) &&
            str_eqz_nocase(n->left.name.parts[1], "__CLASS") && n->right.kind == WQL_CONST && n->right.value.type == WQL_STRING)
                return one_target(b, n, true, out);
        if (n->op != WQL_AND && n->op != WQL_OR)
                return 0;
        out->known = n->op == WQL_OR;
        for (const struct wql_node *c = n->child; c; c = c->next) {
                struct targets one;
                int r = find_targets(b, c, &one);

                if (r < 0)
                        return r;
                if (n->op == WQL_OR) {
                        out->known &= one.known;
                        r = unite(b, &one, out);
                } else if (one.known) {
                        r = intersect(b, &one, out);
                }
                if (r < 0)
                        return r;
        }
        if (!out->known)
                *out = (struct targets){ 0 };
        return 0;
}

static bool is_derived(const struct cim_class *c, const char *super)
{
        while (c && !str_eqz_nocase(str_of(c->name), super))
                c = c->super;
        return c != NULL;
}

int wql_bind_event_targets(struct wql_binder *b)
{
        struct targets t = { 0 };

        b->out->event = b->q->sources[0].class;
        b->out->intrinsic = is_derived(b->out->event, "__InstanceOperationEvent");
        if (!b->out->intrinsic || !b->q->where)
                return 0;
        if (find_targets(b, b->q->where, &t) < 0)
                return -1;
        b->out->targets = t.items;
        b->out->n_targets = t.n;
        return 0;
}

/* ---- terms an index may be asked by ---- */

static void add_term(struct wql_binder *b, const struct wql_node *n)
{
        const struct wql_name *name = &n->left.name;
        const struct cim_class *c = b->out->targets[0].class;
        struct wql_term *t = &b->out->terms[b->out->n_terms];

        if (n->op != WQL_EQ || n->left.kind != WQL_NAME || n->bound.test != WQL_TEST_CONST || n->any || n->sub ||
            name->root != WQL_ROOT_TARGET || name->n != 2 || name->class != c || name->property < 0 ||
            !c->properties[name->property].key || b->out->n_terms == CIM_MAX_KEYS)
                return;
        if (n->bound.domain != WQL_AS_TEXT && n->bound.domain != WQL_AS_INT && n->bound.domain != WQL_AS_UINT)
                return;
        *t = (struct wql_term){ .property = name->property, .domain = n->bound.domain, .s = n->bound.s };
        if (n->bound.domain == WQL_AS_INT)
                t->i = n->bound.i;
        else if (n->bound.domain == WQL_AS_UINT)
                t->u = n->bound.u;
        b->out->n_terms++;
}

static int find_terms(struct wql_binder *b)
{
        const struct wql_node *where = b->q->where;

        if (!where || b->out->n_targets != 1)
                return 0;
        b->out->terms = arena_array(b->a, CIM_MAX_KEYS, sizeof(*b->out->terms));
        if (!b->out->terms)
                return wql_bind_nomem(b);
        if (where->op != WQL_AND)
                add_term(b, where);
        for (const struct wql_node *c = where->op == WQL_AND ? where->child : NULL; c; c = c->next)
                add_term(b, c);
        return 0;
}

/* ---- rules ---- */

static bool must_poll(struct wql_binder *b, const struct wql_target *t)
{
        const struct wql_schema *s = b->out->schema;
        const struct cim_class *c;

        for (size_t i = 0; (c = s->at(s->ctx, i)); i++) {
                if ((t->exact ? c == t->class : cim_class_isa(c, t->class)) && s->needs_within(s->ctx, c))
                        return true;
        }
        return false;
}

/* [SDK] tolerances smaller than 1 ms are refused where WMI must poll. */
static int check_intervals(struct wql_binder *b)
{
        const struct wql_query *q = b->q;
        size_t i = 0;

        while (i < b->out->n_targets && !must_poll(b, &b->out->targets[i]))
                i++;
        if (i == b->out->n_targets)
                return 0;
        if (!q->has_within)
                return wql_fail(b->e, WBEMESS_E_REGISTRATION_TOO_PRECISE, q->sources[0].at,
                                "nobody raises the events of %s: say WITHIN and how often to look",
                                b->out->targets[i].class->name);
        if (q->within_s < 0.001)
                return wql_fail(b->e, WBEMESS_E_REGISTRATION_TOO_PRECISE, q->sources[0].at, "WITHIN must be 0.001 or more");
        return 0;
}

static int check_by(struct wql_binder *b)
{
        for (size_t i = 0; i < b->q->n_by; i++) {
                struct wql_name *n = &b->q->by[i];

                if (n->type && n->type->array)
                        return wql_invalid(b, n->at, "%.*s is an array: it cannot group", STR_ARG(n->parts[n->n - 1]));
                if (n->type && n->type->type == CIM_OBJECT)
                        return wql_fail(b->e, WBEM_E_AGGREGATING_BY_OBJECT, n->at, "%.*s is an object: name a property of it",
                                        STR_ARG(n->parts[n->n - 1]));
        }
        return 0;
}

int wql_bind_event_rules(struct wql_binder *b)
{
        int r = 0;

        for (size_t i = 0; i < b->q->n_by && !r; i++)
                r = wql_bind_name(b, &b->q->by[i]);
        if (r < 0)
                return -1;
        if (!is_derived(b->out->event, "__Event"))
                return wql_fail(b->e, WBEM_E_NOT_EVENT_CLASS, b->q->sources[0].at, "%s is no event class", b->out->event->name);
        if (b->out->intrinsic && !b->out->n_targets)
                return wql_fail(b->e, WBEMESS_E_REGISTRATION_TOO_BROAD, b->q->sources[0].at,
                                "say of which class: WHERE TargetInstance ISA \"...\"");
        if (b->out->intrinsic && check_intervals(b) < 0)
                return -1;
        if (check_by(b) < 0)
                return -1;
        if (b->late.status) {
                *b->e = b->late;
                return -1;
        }
        return find_terms(b);
}
