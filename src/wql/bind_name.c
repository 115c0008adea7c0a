/* SPDX-License-Identifier: Apache-2.0 */
/* bind_name - what a dotted name means: source, property, system property, path in an embedded object */
#include "wql/binder.h"

const struct cim_property wql_type_text = { .name = "text", .type = CIM_STRING };
const struct cim_property wql_type_int = { .name = "number", .type = CIM_SINT64 };
const struct cim_property wql_type_time = { .name = "time", .type = CIM_DATETIME };
const struct cim_property wql_type_object = { .name = "object", .type = CIM_OBJECT };
static const struct cim_property type_texts = { .name = "texts", .type = CIM_STRING, .array = true };

static const struct {
        const char *name;
        const struct cim_property *type;
} systems[] = {
        [WQL_SYS_CLASS] = { "__CLASS", &wql_type_text },
        [WQL_SYS_SUPERCLASS] = { "__SUPERCLASS", &wql_type_text },
        [WQL_SYS_DYNASTY] = { "__DYNASTY", &wql_type_text },
        [WQL_SYS_DERIVATION] = { "__DERIVATION", &type_texts },
        [WQL_SYS_GENUS] = { "__GENUS", &wql_type_int },
        [WQL_SYS_NAMESPACE] = { "__NAMESPACE", &wql_type_text },
        [WQL_SYS_SERVER] = { "__SERVER", &wql_type_text },
        [WQL_SYS_PATH] = { "__PATH", &wql_type_text },
        [WQL_SYS_RELPATH] = { "__RELPATH", &wql_type_text },
        [WQL_SYS_PROPERTY_COUNT] = { "__PROPERTY_COUNT", &wql_type_int },
        [WQL_SYS_THIS] = { "__THIS", &wql_type_object },
};

static enum wql_system system_of(struct str name)
{
        for (size_t i = WQL_SYS_CLASS; i < ARRAY_SIZE(systems); i++) {
                if (str_eqz_nocase(name, systems[i].name))
                        return (enum wql_system)i;
        }
        return WQL_SYS_NONE;
}

static int undefined(struct wql_binder *b, const struct wql_name *n, const char *where)
{
        return wql_invalid(b, n->at, "%s has no property %.*s", where, STR_ARG(n->parts[n->first]));
}

static int not_an_object(struct wql_binder *b, struct wql_name *n, size_t part)
{
        if (b->q->kind != WQL_EVENT)
                return wql_invalid(b, n->at, "%.*s is no object, so it has no property %.*s", STR_ARG(n->parts[part - 1]),
                                   STR_ARG(n->parts[part]));
        if (!b->late.status)
                (void)!wql_fail(&b->late, WBEM_E_PROPERTY_NOT_AN_OBJECT, n->at, "%.*s is no object, so it has no property %.*s",
                                STR_ARG(n->parts[part - 1]), STR_ARG(n->parts[part]));
        n->type = NULL;
        return 0;
}

/* The path behind a property: each step must be an object; what a class does not have is NULL in every row, no mistake. */
static int bind_path(struct wql_binder *b, struct wql_name *n)
{
        for (size_t i = n->first + 1u; i < n->n && n->type; i++) {
                const struct cim_class *c;
                int k;

                if (n->type->type != CIM_OBJECT || n->type->array)
                        return not_an_object(b, n, i);
                c = n->type->embedded ? b->out->schema->find(b->out->schema->ctx, str_of(n->type->embedded)) : NULL;
                k = c ? cim_property_find(c, n->parts[i]) : -1;
                n->type = k < 0 ? NULL : &c->properties[k];
        }
        return 0;
}

static int bind_system(struct wql_binder *b, struct wql_name *n)
{
        n->type = systems[n->system].type;
        n->property = -1;
        if (n->n > n->first + 1u)
                return not_an_object(b, n, n->first + 1u);
        if (n->system == WQL_SYS_THIS && b->q->kind != WQL_SCHEMA)
                return wql_invalid(b, n->at, "__THIS belongs to schema queries");
        return 0;
}

/* A property of a class that is known. 1: it has none of that name. */
static int bind_in_class(struct wql_binder *b, struct wql_name *n, const struct cim_class *c)
{
        int k = cim_property_find(c, n->parts[n->first]);

        if (k < 0)
                return 1;
        n->class = c;
        n->property = (int16_t)k;
        n->type = &c->properties[k];
        return bind_path(b, n);
}

/* ---- data ---- */

static int bind_qualified(struct wql_binder *b, struct wql_name *n)
{
        if (n->n < 2)
                return 1;
        for (size_t i = 0; i < b->q->n_sources; i++) {
                const struct wql_source *s = &b->q->sources[i];
                int r;

                if (!str_eq_nocase(n->parts[0], s->alias.n ? s->alias : s->class_name))
                        continue;
                n->source = (uint16_t)i;
                n->first = 1;
                if (system_of(n->parts[1]))
                        return wql_invalid(b, n->at, "Extended WQL knows no system properties");
                r = bind_in_class(b, n, s->class);
                return r > 0 ? undefined(b, n, s->class->name) : r;
        }
        return 1;
}

static int bind_data(struct wql_binder *b, struct wql_name *n)
{
        size_t found = 0, at = 0;
        int r;

        if (b->out->dialect == WQL_DIALECT_EXTENDED) {
                r = bind_qualified(b, n);
                if (r <= 0)
                        return r;
        }
        n->system = system_of(n->parts[0]);
        if (n->system && b->out->dialect == WQL_DIALECT_EXTENDED)
                return wql_invalid(b, n->at, "Extended WQL knows no system properties");
        if (n->system)
                return bind_system(b, n);
        for (size_t i = 0; i < b->q->n_sources; i++) {
                if (cim_property_find(b->q->sources[i].class, n->parts[0]) < 0)
                        continue;
                if (!found++)
                        at = i;
        }
        if (found > 1)
                return wql_invalid(b, n->at, "%.*s is in several classes: write Class.%.*s", STR_ARG(n->parts[0]),
                                   STR_ARG(n->parts[0]));
        if (!found)
                return undefined(b, n, b->q->n_sources == 1 ? b->q->sources[0].class->name : "no class of the query");
        n->source = (uint16_t)at;
        return bind_in_class(b, n, b->q->sources[at].class);
}

/* ---- events ---- */

static enum wql_root root_of(struct str name)
{
        static const char *const targets[] = { "TargetInstance", "TargetClass", "TargetNamespace" };
        static const char *const previous[] = { "PreviousInstance", "PreviousClass", "PreviousNamespace" };

        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
                if (str_eqz_nocase(name, targets[i]))
                        return WQL_ROOT_TARGET;
                if (str_eqz_nocase(name, previous[i]))
                        return WQL_ROOT_PREVIOUS;
        }
        return WQL_ROOT_SELF;
}

/* A property of TargetInstance: typed when all classes the filter is about agree on it. */
static int bind_in_targets(struct wql_binder *b, struct wql_name *n)
{
        const struct cim_property *type = NULL;

        if (b->out->n_targets == 1) {
                int r = bind_in_class(b, n, b->out->targets[0].class);

                return r > 0 ? 0 : r;
        }
        for (size_t i = 0; i < b->out->n_targets; i++) {
                const struct cim_class *c = b->out->targets[i].class;
                int k = cim_property_find(c, n->parts[n->first]);

                if (k < 0 || (type && (type->type != c->properties[k].type || type->array != c->properties[k].array)))
                        return 0;
                type = &c->properties[k];
        }
        n->type = type;
        return bind_path(b, n);
}

static int bind_event(struct wql_binder *b, struct wql_name *n)
{
        const struct cim_class *c = b->q->sources[0].class;
        int k = cim_property_find(c, n->parts[0]);

        n->system = system_of(n->parts[0]);
        if (n->system)
                return bind_system(b, n);
        if (k < 0)
                return undefined(b, n, c->name);
        n->root = c->properties[k].type == CIM_OBJECT ? root_of(n->parts[0]) : WQL_ROOT_SELF;
        if (n->root == WQL_ROOT_SELF)
                return bind_in_class(b, n, c);
        n->first = 1;
        n->type = &wql_type_object;
        if (n->n == 1)
                return 0;
        n->type = NULL;
        n->system = system_of(n->parts[1]);
        return n->system ? bind_system(b, n) : bind_in_targets(b, n);
}

int wql_bind_name(struct wql_binder *b, struct wql_name *n)
{
        n->root = WQL_ROOT_SELF;
        n->source = 0;
        n->first = 0;
        n->property = -1;
        n->system = WQL_SYS_NONE;
        n->class = NULL;
        n->type = NULL;
        switch (b->q->kind) {
        case WQL_EVENT:
                return bind_event(b, n);
        case WQL_SCHEMA:
                n->system = system_of(n->parts[0]);
                return n->system ? bind_system(b, n) : wql_invalid(b, n->at, "classes are asked by system properties, as __CLASS");
        default:
                return bind_data(b, n);
        }
}
