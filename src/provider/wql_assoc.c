/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wql_assoc - ASSOCIATORS OF and REFERENCES OF one object
 *
 * Association classes have views whose references are relative paths in
 * canonical form, so what refers to an object is found by the text of its path.
 * REFERENCES OF gives the associations, ASSOCIATORS OF what stands at their
 * other ends, once for each association that leads there; ClassDefsOnly gives
 * the classes of either, each once.  SchemaOnly asks the same of a class: which
 * associations may refer to its instances, and of which classes the other ends are.
 *
 * Source: win32 WmiSdk "ASSOCIATORS OF Statement", "REFERENCES OF Statement".
 */
#include "base/map.h"
#include "provider/wql_private.h"

struct search {
        struct db_conn *c;
        const struct wql_binding *binding;
        const struct wql_terms *terms;
        bool associators;
        struct str path;                /* of the object, canonical */
        const struct cim_class *association;    /* that is read now */
        int role;                       /* its property in which the object is looked for */
        uint64_t skip;
        bool (*fn)(void *ctx, const struct provider_wql_row *row);
        void *ctx;
        struct map seen;                /* names of classes given already */
        bool stopped;
        int r;
        struct err *e;
};

static bool is_named(struct str wanted, const char *name)
{
        return wanted.n == 0 || str_eqz_nocase(wanted, name);
}

static bool is_of(struct str wanted, const struct cim_class *c)
{
        return wanted.n == 0 || cim_class_isa(c, cim_class_find(wanted));
}

static bool has_qualifier(struct str wanted, const struct cim_class *c)
{
        for (size_t i = 0; i < c->n_qualifiers; i++) {
                if (str_eqz_nocase(wanted, c->qualifiers[i].name))
                        return true;
        }
        return wanted.n == 0;
}

/* Once. */
static bool is_new(struct search *s, struct str key)
{
        if (map_get(&s->seen, key))
                return false;
        if (map_put(&s->seen, key, s, NULL) < 0)
                s->r = err_set(s->e, ERR_NOMEM, "out of memory");
        return s->r == 0;
}

static void give(struct search *s, const struct provider_wql_row *row)
{
        if (s->skip)
                s->skip--;
        else
                s->stopped = !s->fn(s->ctx, row);
}

/* Lazy properties are none of a query's, and KeysOnly leaves the keys. */
static int trim(struct search *s, struct cim_instance *i, struct arena *a)
{
        i->given = arena_array(a, i->class->n_properties + 1, sizeof *i->given);
        if (!i->given)
                return err_set(s->e, ERR_NOMEM, "out of memory");
        for (size_t k = 0; k < i->class->n_properties; k++) {
                const struct cim_property *p = &i->class->properties[k];

                i->given[k] = !s->terms->keys_only || p->key;
                i->values[k].null = i->values[k].null || p->lazy;
        }
        return 0;
}

static void give_class(struct search *s, const struct cim_class *c)
{
        struct provider_wql_row row = { .binding = s->binding, .class = c };

        if (is_new(s, str_of(c->name)))
                give(s, &row);
}

static void give_result(struct search *s, struct cim_instance *i, struct arena *a)
{
        struct provider_wql_row row = { .binding = s->binding, .instance = i };

        if (s->terms->class_defs_only) {
                give_class(s, i->class);
                return;
        }
        s->r = trim(s, i, a);
        if (s->r == 0)
                give(s, &row);
}

/* The object that a reference names, if it is one that is wanted. */
static void follow(struct search *s, struct str reference)
{
        struct cim_instance *keys, *found;
        struct err ignored = { 0 };
        struct cim_path path;
        struct arena a;
        int r;

        arena_init(&a, 0);
        if (cim_path_parse(reference, &a, &path, &ignored) == 0 && cim_path_bind(&path, &a, &keys, &ignored) == 0 &&
            is_of(s->terms->result_class, keys->class) && has_qualifier(s->terms->required_qualifier, keys->class)) {
                r = provider_find(s->c, keys, &a, &found, s->e);
                if (r == 0)
                        give_result(s, found, &a);
                else if (r < 0)
                        s->r = r;
        }
        arena_fini(&a);
}

static void other_ends(struct search *s, const struct cim_instance *i)
{
        for (size_t k = 0; k < i->class->n_properties && !s->stopped && s->r == 0; k++) {
                const struct cim_property *p = &i->class->properties[k];

                if (p->type == CIM_REFERENCE && (int)k != s->role && !i->values[k].null && is_named(s->terms->result_role, p->name))
                        follow(s, i->values[k].s);
        }
}

static bool on_association(void *ctx, struct cim_instance *i)
{
        struct search *s = ctx;
        struct arena a;

        if (s->associators) {
                other_ends(s, i);
                return !s->stopped && s->r == 0;
        }
        arena_init(&a, 0);
        give_result(s, i, &a);
        arena_fini(&a);
        return !s->stopped && s->r == 0;
}

static int read_role(struct search *s)
{
        struct provider_expr is_it = { .op = PROVIDER_EQ, .property = s->role, .value = { .s = s->path } };
        struct provider_query q = { .class = s->association, .where = &is_it, .passing = true };
        struct arena rows;
        int r;

        arena_init(&rows, 0);
        r = provider_query_run(s->c, &q, &rows, on_association, s, s->e);
        arena_fini(&rows);
        return s->r ? s->r : r;
}

static bool is_wanted(const struct search *s, const struct cim_class *c)
{
        const struct wql_terms *t = s->terms;

        if (!c->association || c->abstract)
                return false;
        if (s->associators)
                return is_of(t->assoc_class, c) && has_qualifier(t->required_assoc_qualifier, c);
        return is_of(t->result_class, c) && has_qualifier(t->required_qualifier, c);
}

static int read_all(struct search *s)
{
        int r = 0;

        for (size_t i = 0; i < n_cim_classes && r == 0 && !s->stopped; i++) {
                const struct cim_class *c = cim_classes[i];

                if (!c->view || !is_wanted(s, c))
                        continue;
                s->association = c;
                for (size_t k = 0; k < c->n_properties && r == 0 && !s->stopped; k++) {
                        s->role = (int)k;
                        if (c->properties[k].type == CIM_REFERENCE && is_named(s->terms->role, c->properties[k].name))
                                r = read_role(s);
                }
        }
        return r;
}

/* The object's canonical path, whatever server and namespace were written before it. */
static int resolve(struct search *s, struct arena *a, struct wql_error *why)
{
        const struct wql_query *q = s->binding->query;
        struct cim_instance *keys, *found;
        struct err e = { 0 };
        struct cim_path path;
        struct buf text;
        int r;

        if (cim_path_parse(q->path, a, &path, &e) < 0)
                return wql_fail(why, WBEM_E_INVALID_QUERY, q->path_at, "%s", e.text);
        if (!cim_class_find(path.class_name))
                return wql_fail(why, WBEM_E_INVALID_CLASS, q->path_at, "there is no class %.*s", STR_ARG(path.class_name));
        if (!path.n_keys && !path.singleton)
                return wql_fail(why, WBEM_E_NOT_SUPPORTED, q->path_at, "name an object, or ask about the class with WHERE SchemaOnly");
        if (cim_path_bind(&path, a, &keys, &e) < 0)
                return wql_fail(why, WBEM_E_INVALID_OBJECT_PATH, q->path_at, "%s", e.text);
        if (!keys->class->view)
                return wql_fail(why, WBEM_E_NOT_FOUND, q->path_at, "%s has no instances", keys->class->name);
        r = provider_find(s->c, keys, a, &found, s->e);
        if (r < 0)
                return r;
        buf_init(&text, CIM_PATH_MAX);
        r = cim_path_format(r ? keys : found, &text) < 0 || text.failed ? -1 : r;
        s->path = arena_str(a, buf_str(&text));
        buf_fini(&text);
        if (r || !s->path.p)
                return wql_fail(why, WBEM_E_NOT_FOUND, q->path_at, "there is no %.*s", STR_ARG(s->path));
        return 0;
}

/* ---- of a class ---- */

/* Whether instances of @source may stand in a reference of that declared class. */
static bool may_hold(const struct cim_property *reference, const struct cim_class *source)
{
        return cim_class_isa(source, cim_class_find(str_of(reference->reference)));
}

static void other_classes(struct search *s, const struct cim_class *association, size_t role)
{
        for (size_t k = 0; k < association->n_properties && !s->stopped && s->r == 0; k++) {
                const struct cim_property *p = &association->properties[k];
                const struct cim_class *end = p->reference ? cim_class_find(str_of(p->reference)) : NULL;

                if (end && k != role && is_named(s->terms->result_role, p->name) && is_of(s->terms->result_class, end) &&
                    has_qualifier(s->terms->required_qualifier, end))
                        give_class(s, end);
        }
}

/* SchemaOnly */
static int read_schema(struct search *s, struct arena *a, struct wql_error *why)
{
        const struct wql_query *q = s->binding->query;
        const struct cim_class *source;
        struct err e = { 0 };
        struct cim_path path;

        source = cim_path_parse(q->path, a, &path, &e) == 0 ? cim_class_find(path.class_name) : NULL;
        if (!source)
                return wql_fail(why, WBEM_E_INVALID_CLASS, q->path_at, "there is no class %.*s", STR_ARG(q->path));
        for (size_t i = 0; i < n_cim_classes && !s->stopped && s->r == 0; i++) {
                const struct cim_class *c = cim_classes[i];

                for (size_t k = 0; k < c->n_properties && is_wanted(s, c); k++) {
                        if (!c->properties[k].reference || !is_named(s->terms->role, c->properties[k].name) ||
                            !may_hold(&c->properties[k], source))
                                continue;
                        if (s->associators)
                                other_classes(s, c, k);
                        else
                                give_class(s, c);
                }
        }
        return s->r;
}

int provider_wql_associations(struct db_conn *c, const struct wql_binding *b, const struct provider_wql_opts *o, struct arena *a,
                              bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why,
                              struct err *e)
{
        struct search s = { .c = c, .binding = b, .terms = &b->query->terms, .associators = b->query->kind == WQL_ASSOCIATORS,
                            .skip = o->skip, .fn = fn, .ctx = ctx, .e = e };
        int r;

        map_init(&s.seen, true);
        r = s.terms->schema_only ? read_schema(&s, a, why) : resolve(&s, a, why);
        if (r == 0 && !s.terms->schema_only)
                r = read_all(&s);
        map_fini(&s.seen, NULL);
        return r;
}
