/* SPDX-License-Identifier: Apache-2.0 */
/*
 * class_of - a class of the schema as [MS-WMIO] tells it
 *
 * What the schema says by words of MOF becomes typed qualifiers with flavors.
 * Translatable text ([DSP0004] 5.6.3: Description, Values, BitValues) is amended:
 * sent only to who asks for it.  What is of the schema's compiler alone (View,
 * NoOffset) is not sent.  A property that an ancestor declared shows the
 * qualifiers that propagate, marked as propagated.
 *
 * Source: [MS-WMIO] 2.2.30 to 2.2.36, 2.2.62, 2.3.1 to 2.3.3; the flavors of key and CIMTYPE as in its section 3.
 */
#include "wmio/private.h"

#define PROVIDER "ExtnProv"             /* the SMS Provider's name, as its classes bear it */

static const struct {
        const char *name;
        int flavor;                     /* -1: not sent */
} known[] = {
        { "key", WMIO_TO_INSTANCE | WMIO_TO_DERIVED | WMIO_NOT_OVERRIDABLE },
        { "association", WMIO_TO_INSTANCE | WMIO_TO_DERIVED | WMIO_NOT_OVERRIDABLE },
        { "Description", WMIO_AMENDED | WMIO_TO_DERIVED },
        { "Values", WMIO_AMENDED | WMIO_TO_DERIVED },
        { "BitValues", WMIO_AMENDED | WMIO_TO_DERIVED },
        { "View", -1 },
        { "NoOffset", -1 },
};
enum { CIMTYPE_FLAVOR = WMIO_TO_INSTANCE | WMIO_TO_DERIVED, ID_FLAVOR = WMIO_TO_INSTANCE | WMIO_NOT_OVERRIDABLE };

static int flavor_of(const char *name, int otherwise)
{
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                if (str_eqz_nocase(str_of(name), known[i].name))
                        return known[i].flavor;
        }
        return otherwise;
}

/* ---- values written in MOF ---- */

/* "a\"b" at *z, and *z behind it. p NULL: the arena is full. */
static struct str mof_string(const char **z, struct arena *a)
{
        char *p = arena_alloc(a, strlen(*z) + 1);
        size_t n = 0;

        if (!p)
                return STR_NULL;
        for ((*z)++; **z && **z != '"'; (*z)++) {
                if (**z == '\\' && (*z)[1]) {
                        (*z)++;
                        p[n++] = **z == 'n' ? '\n' : **z;
                } else {
                        p[n++] = **z;
                }
        }
        if (**z)
                (*z)++;
        return (struct str){ p, n };
}

/* One value that is no array; *type says of which kind. */
static bool mof_item(const char **z, struct arena *a, enum cim_type *type, struct cim_value *out)
{
        char *end;

        *out = (struct cim_value){ 0 };
        if (**z == '"') {
                *type = CIM_STRING;
                out->s = mof_string(z, a);
                return out->s.p != NULL;
        }
        if (str_starts(str_of(*z), "TRUE") || str_starts(str_of(*z), "FALSE")) {
                *type = CIM_BOOLEAN;
                out->i = **z == 'T';
                *z += out->i ? 4 : 5;
                return true;
        }
        out->i = strtoll(*z, &end, 10);
        *type = out->i >= INT32_MIN && out->i <= INT32_MAX ? CIM_SINT32 : CIM_SINT64;
        if (*end == '.') {
                *type = CIM_REAL64;
                out->d = strtod(*z, &end);
        }
        if (end == *z)
                return false;
        *z = end;
        return true;
}

static bool mof_array(const char *z, struct arena *a, enum cim_type *type, struct cim_value *out)
{
        struct cim_value *items = arena_array(a, strlen(z), sizeof *items);
        size_t n = 0;

        if (!items)
                return false;
        *type = CIM_STRING;
        for (z++; *z && *z != '}';) {
                if (!mof_item(&z, a, type, &items[n++]))
                        return false;
                z += strspn(z, ", ");
        }
        *out = (struct cim_value){ .array = { items, n } };
        return true;
}

static bool mof_value(const char *z, struct arena *a, struct wmio_qualifier *q)
{
        q->array = *z == '{';
        return q->array ? mof_array(z, a, &q->type, &q->value) : mof_item(&z, a, &q->type, &q->value);
}

/* ---- qualifiers ---- */

/* A list that grows within space for it. */
struct list {
        struct wmio_qualifier *q;
        size_t n;
};

static void add(struct list *l, const char *name, int flavor, enum cim_type type, struct cim_value value)
{
        l->q[l->n++] =
            (struct wmio_qualifier){ .name = str_of(name), .flavor = (uint8_t)flavor, .type = type, .value = value };
}

static void add_true(struct list *l, const char *name, int flavor)
{
        add(l, name, flavor, CIM_BOOLEAN, (struct cim_value){ .i = 1 });
}

/* Those of the schema; of an inherited feature what propagates. */
static bool add_schema(struct list *l, const struct cim_qualifier *from, size_t n, int otherwise, bool inherited,
                       bool amended, struct arena *a)
{
        for (size_t i = 0; i < n; i++) {
                struct wmio_qualifier *q = &l->q[l->n];
                int flavor = flavor_of(from[i].name, otherwise);

                if (flavor < 0 || (flavor & WMIO_AMENDED && !amended) || (inherited && !(flavor & WMIO_TO_DERIVED)))
                        continue;
                *q = (struct wmio_qualifier){ .name = str_of(from[i].name),
                                              .flavor = (uint8_t)(flavor | (inherited ? WMIO_PROPAGATED : 0)) };
                if (!mof_value(from[i].value, a, q))
                        return false;
                l->n++;
        }
        return true;
}

/* "uint32", "object:SMS_ScheduleToken", "ref:SMS_Package"; [MS-WMIO] 2.3.1, 2.3.2. */
static struct str cimtype_of(enum cim_type t, const char *embedded, const char *reference, struct arena *a)
{
        if (t == CIM_OBJECT && embedded)
                return str_of(arena_printf(a, "object:%s", embedded));
        if (t == CIM_REFERENCE)
                return str_of(arena_printf(a, "ref:%s", reference ? reference : "object"));
        return str_of(cim_type_name(t));
}

/* ---- properties ---- */

/* How far the class of that name is from the root, 0 the root itself; of the class alone when it is none of them. */
static uint32_t depth_of(const struct cim_class *c, const char *origin)
{
        const struct cim_class *at = c;
        uint32_t n = 0;

        while (at && origin && !str_eqz_nocase(str_of(origin), at->name))
                at = at->super;
        for (at = at && origin ? at->super : c->super; at; at = at->super)
                n++;
        return n;
}

static bool inherited_from(const struct cim_class *c, const char *origin)
{
        return origin && !str_eqz_nocase(str_of(origin), c->name);
}

static bool default_of(const struct cim_property *p, struct arena *a, struct cim_value *out)
{
        const char *z = p->default_;

        *out = (struct cim_value){ .null = true };
        if (!z)
                return true;
        if (p->type != CIM_DATETIME)
                return cim_default(p, a, out);
        *out = (struct cim_value){ .text = true, .s = mof_string(&z, a) };
        return out->s.p != NULL;
}

static bool property_of(const struct cim_class *c, const struct cim_property *p, bool amended, struct arena *a,
                        struct wmio_property *out)
{
        bool inherited = inherited_from(c, p->origin);
        struct list l = { .q = arena_array(a, p->n_qualifiers + 1, sizeof *l.q) };
        struct str cimtype = cimtype_of(p->type, p->embedded, p->reference, a);

        if (!l.q || !cimtype.p)
                return false;
        add(&l, "CIMTYPE", CIMTYPE_FLAVOR | (inherited ? WMIO_PROPAGATED : 0), CIM_STRING,
            (struct cim_value){ .s = cimtype });
        if (!add_schema(&l, p->qualifiers, p->n_qualifiers, WMIO_TO_DERIVED, inherited, amended, a))
                return false;
        *out = (struct wmio_property){ .name = str_of(p->name), .type = p->type, .array = p->array,
                                       .inherited = inherited, .origin = depth_of(c, p->origin),
                                       .default_inherited = inherited, .qualifiers = l.q, .n_qualifiers = l.n };
        return default_of(p, a, &out->value);
}

/* ---- methods ---- */

static bool parameter_of(const struct cim_parameter *p, int32_t id, bool out_, struct arena *a,
                         struct wmio_property *out)
{
        struct list l = { .q = arena_array(a, 4, sizeof *l.q) };
        struct str cimtype = cimtype_of(p->type, p->embedded, NULL, a);

        if (!l.q || !cimtype.p)
                return false;
        add(&l, "CIMTYPE", CIMTYPE_FLAVOR, CIM_STRING, (struct cim_value){ .s = cimtype });
        add_true(&l, out_ ? "out" : "in", 0);
        if (p->optional)
                add_true(&l, "optional", 0);
        add(&l, "ID", ID_FLAVOR, CIM_SINT32, (struct cim_value){ .i = id });
        *out = (struct wmio_property){ .name = str_of(p->name), .type = p->type, .array = p->array, .value.null = true,
                                       .qualifiers = l.q, .n_qualifiers = l.n };
        return true;
}

static bool return_value_of(const struct cim_method *m, struct arena *a, struct wmio_property *out)
{
        struct list l = { .q = arena_array(a, 2, sizeof *l.q) };

        if (!l.q)
                return false;
        add(&l, "CIMTYPE", CIMTYPE_FLAVOR, CIM_STRING,
            (struct cim_value){ .s = cimtype_of(m->return_type, NULL, NULL, a) });
        add_true(&l, "out", 0);
        *out = (struct wmio_property){ .name = STR("ReturnValue"), .type = m->return_type, .value.null = true,
                                       .qualifiers = l.q, .n_qualifiers = l.n };
        return true;
}

const struct wmio_class *wmio_parameters_of(const struct cim_method *m, bool out, struct arena *a)
{
        struct wmio_class *c = arena_alloc(a, sizeof *c);
        struct wmio_property *p = arena_array(a, m->n_parameters + 1, sizeof *p);
        struct list l = { .q = arena_alloc(a, sizeof *l.q) };
        size_t n = 0;

        if (!c || !p || !l.q)
                return NULL;
        add_true(&l, "abstract", 0);
        for (size_t i = 0; i < m->n_parameters; i++) {
                if ((out ? m->parameters[i].out : m->parameters[i].in) &&
                    !parameter_of(&m->parameters[i], (int32_t)i, out, a, &p[n++]))
                        return NULL;
        }
        if (out && !return_value_of(m, a, &p[n++]))
                return NULL;
        *c = (struct wmio_class){ .name = STR(WMIO_PARAMETERS), .qualifiers = l.q, .n_qualifiers = l.n, .properties = p,
                                  .n_properties = n };
        return c;
}

static bool method_of(const struct cim_class *c, const struct cim_method *m, bool amended, struct arena *a,
                      struct wmio_method *out)
{
        bool inherited = inherited_from(c, m->origin);
        int flavor = WMIO_TO_DERIVED | (inherited ? WMIO_PROPAGATED : 0);
        struct list l = { .q = arena_array(a, 3, sizeof *l.q) };

        if (!l.q)
                return false;
        add_true(&l, "implemented", flavor);
        if (m->static_)
                add_true(&l, "static", flavor);
        if (amended && m->description)
                add(&l, "Description", flavor | WMIO_AMENDED, CIM_STRING,
                    (struct cim_value){ .s = str_of(m->description) });
        *out = (struct wmio_method){ .name = str_of(m->name), .inherited = inherited, .origin = depth_of(c, m->origin),
                                     .qualifiers = l.q, .n_qualifiers = l.n, .out = wmio_parameters_of(m, true, a) };
        for (size_t i = 0; i < m->n_parameters && !out->in; i++) {
                if (m->parameters[i].in && !(out->in = wmio_parameters_of(m, false, a)))
                        return false;
        }
        return out->out != NULL;
}

/* ---- the class ---- */

static bool class_qualifiers(const struct cim_class *c, bool amended, struct arena *a, struct wmio_class *out)
{
        struct list l = { .q = arena_array(a, c->n_qualifiers + 3, sizeof *l.q) };
        bool association = c->association;

        if (!l.q || !add_schema(&l, c->qualifiers, c->n_qualifiers, 0, false, amended, a))
                return false;
        for (const struct cim_class *s = c->super; s && !association; s = s->super) {
                association = s->association;
                if (association)
                        add_true(&l, "association", flavor_of("association", 0) | WMIO_PROPAGATED);
        }
        if (c->view) {
                add_true(&l, "dynamic", WMIO_TO_INSTANCE);
                add(&l, "provider", WMIO_TO_INSTANCE, CIM_STRING, (struct cim_value){ .s = STR(PROVIDER) });
        }
        out->qualifiers = l.q;
        out->n_qualifiers = l.n;
        return true;
}

static bool derivation_of(const struct cim_class *c, struct arena *a, struct wmio_class *out)
{
        struct str *names;

        for (const struct cim_class *s = c->super; s; s = s->super)
                out->n_derivation++;
        names = arena_array(a, out->n_derivation + 1, sizeof *names);
        if (!names)
                return false;
        out->derivation = names;
        for (const struct cim_class *s = c->super; s; s = s->super)
                *names++ = str_of(s->name);
        return true;
}

const struct wmio_class *wmio_class_of(const struct cim_class *c, const bool *only, bool amended, struct arena *a)
{
        struct wmio_class *out = arena_alloc(a, sizeof *out);
        struct wmio_property *p = arena_array(a, c->n_properties + 1, sizeof *p);
        struct wmio_method *m = arena_array(a, c->n_methods + 1, sizeof *m);

        if (!out || !p || !m)
                return NULL;
        *out = (struct wmio_class){ .name = str_of(c->name), .properties = p, .methods = m, .n_methods = c->n_methods };
        if (!class_qualifiers(c, amended, a, out) || !derivation_of(c, a, out))
                return NULL;
        for (size_t i = 0; i < c->n_properties; i++) {
                if ((!only || only[i]) && !property_of(c, &c->properties[i], amended, a, &p[out->n_properties++]))
                        return NULL;
        }
        for (size_t i = 0; i < c->n_methods; i++) {
                if (!method_of(c, &c->methods[i], amended, a, &m[i]))
                        return NULL;
        }
        return out;
}

const struct cim_class *wmio_generic_class(const struct wmio_field *fields, size_t n, struct arena *a)
{
        struct cim_class *c = arena_alloc(a, sizeof *c);
        struct cim_property *p = arena_array(a, n + 1, sizeof *p);

        if (!c || !p)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                p[i] = (struct cim_property){ .name = arena_str(a, fields[i].name).p, .type = fields[i].type,
                                              .array = fields[i].array, .embedded = fields[i].embedded,
                                              .class_name = "__Generic", .origin = "__Generic" };
                if (!p[i].name)
                        return NULL;
        }
        *c = (struct cim_class){ .name = "__Generic", .properties = p, .n_properties = n };
        return c;
}

/* ---- finding ---- */

const struct wmio_property *wmio_property_find(const struct wmio_class *c, struct str name)
{
        for (size_t i = 0; i < c->n_properties; i++) {
                if (str_eq_nocase(c->properties[i].name, name))
                        return &c->properties[i];
        }
        return NULL;
}

const struct wmio_qualifier *wmio_qualifier_find(const struct wmio_qualifier *q, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++) {
                if (str_eqz_nocase(q[i].name, name))
                        return &q[i];
        }
        return NULL;
}
