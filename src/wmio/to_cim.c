/* SPDX-License-Identifier: Apache-2.0 */
/*
 * to_cim - what came, as instances and arguments of the schema
 *
 * A client's class may be older or newer than ours, and scripts are careless of
 * widths: what decides is the name, and whether the value fits our type.
 */
#include "wmio/private.h"

/* What is being fitted: of which property, in which arena. */
struct fit {
        const struct cim_property *p;
        struct arena *a;
        struct err *e;
};

static int misfit(const struct fit *f, const char *what)
{
        return err_set(f->e, ERR_INVALID, "%s%s%s: %s is no %s%s", f->p->class_name ? f->p->class_name : "",
                       f->p->class_name ? "." : "", f->p->name, what, cim_type_name(f->p->type),
                       f->p->array ? "[]" : "");
}

static bool is_integer(enum cim_type t)
{
        return (t >= CIM_SINT8 && t <= CIM_UINT64) || t == CIM_SINT16 || t == CIM_SINT32 || t == CIM_CHAR16;
}

static bool is_real(enum cim_type t)
{
        return t == CIM_REAL32 || t == CIM_REAL64;
}

/* Bits of an integer type without its sign: what it can hold is up to 2^bits - 1. */
static int bits_of(enum cim_type t)
{
        switch (t) {
        case CIM_SINT8: return 7;
        case CIM_UINT8: return 8;
        case CIM_SINT16: return 15;
        case CIM_UINT16:
        case CIM_CHAR16: return 16;
        case CIM_SINT32: return 31;
        case CIM_UINT32: return 32;
        case CIM_SINT64: return 63;
        default: return 64;
        }
}

static bool is_signed(enum cim_type t)
{
        return t == CIM_SINT8 || t == CIM_SINT16 || t == CIM_SINT32 || t == CIM_SINT64;
}

static int fit_integer(const struct fit *f, enum cim_type from, const struct cim_value *v, struct cim_value *out)
{
        bool negative = from != CIM_UINT64 && v->i < 0;
        int bits = bits_of(f->p->type);
        /* The complement of a negative number has as many bits as it takes. */
        bool fits = negative ? is_signed(f->p->type) && ~v->u >> bits == 0 : bits == 64 || v->u >> bits == 0;

        *out = *v;
        return fits ? 0 : misfit(f, "a number beyond its range");
}

/* Text where a datetime is wanted: with asterisks, which is the earliest it may be, or of a careless script. */
static int fit_datetime(const struct fit *f, struct str text, struct cim_value *out)
{
        struct cim_property one = *f->p;
        int r;

        one.array = false;
        r = cim_value_parse(&one, text, f->a, out, f->e);
        return r == 0 && !wmio_can_print(out->i) ? misfit(f, "an instant before 0001 or after 9999") : r;
}

static int fit_text(const struct fit *f, enum cim_type from, const struct cim_value *v, struct cim_value *out)
{
        *out = *v;
        if (f->p->type == CIM_DATETIME)
                return from != CIM_DATETIME || v->text ? fit_datetime(f, v->s, out) : 0;
        return from == CIM_DATETIME ? misfit(f, "a datetime") : 0;
}

static bool is_text(enum cim_type t)
{
        return t == CIM_STRING || t == CIM_REFERENCE || t == CIM_DATETIME;
}

static int fit_plain(const struct fit *f, enum cim_type from, const struct cim_value *v, struct cim_value *out)
{
        enum cim_type to = f->p->type;

        if (v->null)
                return misfit(f, "NULL within an array");
        if (is_integer(from) && is_integer(to))
                return fit_integer(f, from, v, out);
        if (is_text(from) && is_text(to))
                return fit_text(f, from, v, out);
        *out = *v;
        if ((is_real(from) && is_real(to)) || (from == CIM_BOOLEAN && to == CIM_BOOLEAN))
                return 0;
        return misfit(f, cim_type_name(from));
}

/* ---- objects ---- */

/* {"__CLASS":"X", what came}; cim checks it against the property's class and completes it. */
static int fit_object(const struct fit *f, const struct wmio_decoded *d, struct cim_value *out)
{
        struct cim_property one = *f->p;
        struct cim_instance *in;
        struct buf given, text;
        int r = wmio_to_instance(d, f->a, &in, f->e);

        if (r < 0)
                return err_prefix(f->e, "%s", f->p->name);
        one.array = false;
        buf_init(&given, 0);
        buf_init(&text, 0);
        cim_json_write_some(in, in->given, &given);
        buf_printf(&text, "{\"__CLASS\":\"%s\"%s%s", in->class->name, given.n > 2 ? "," : "",
                   given.p ? given.p + 1 : "");
        if (given.failed || text.failed)
                r = err_set(f->e, ERR_NOMEM, "out of memory");
        else
                r = cim_json_value_read(&one, buf_str(&text), f->a, out, f->e);
        buf_fini(&given);
        buf_fini(&text);
        return r;
}

/* ---- values ---- */

static int fit_array(const struct fit *f, enum cim_type from, const struct wmio_slot *s, struct cim_value *out)
{
        size_t n = s->value.array.n;
        struct cim_value *items = arena_array(f->a, n + 1, sizeof *items);
        int r = 0;

        if (!items)
                return err_set(f->e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < n && r == 0; i++)
                r = from == CIM_OBJECT ? fit_object(f, s->objects[i], &items[i])
                                       : fit_plain(f, from, &s->value.array.items[i], &items[i]);
        *out = (struct cim_value){ .array = { items, n } };
        return r;
}

static int fit_slot(const struct fit *f, const struct wmio_property *from, const struct wmio_slot *s,
                    struct cim_value *out)
{
        *out = (struct cim_value){ .null = true };
        if (s->value.null)
                return 0;
        if (from->array != f->p->array)
                return misfit(f, from->array ? "an array" : "a single value");
        if ((from->type == CIM_OBJECT) != (f->p->type == CIM_OBJECT))
                return misfit(f, cim_type_name(from->type));
        if (from->array)
                return fit_array(f, from->type, s, out);
        return from->type == CIM_OBJECT ? fit_object(f, s->objects[0], out) : fit_plain(f, from->type, &s->value, out);
}

/* ---- instances ---- */

static int unknown(const char *of, const char *kind, struct str name, struct err *e)
{
        return err_set(e, ERR_INVALID, "%s has no %s \"%.*s\"", of, kind, (int)MIN(name.n, 60), name.p);
}

int wmio_to_instance(const struct wmio_decoded *d, struct arena *a, struct cim_instance **out, struct err *e)
{
        const struct cim_class *c = cim_class_find(d->class->name);

        if (d->is_class)
                return err_set(e, ERR_INVALID, "class %.*s came where an instance was wanted",
                               (int)MIN(d->class->name.n, 60), d->class->name.p);
        if (!c)
                return err_set(e, ERR_NOT_FOUND, "this site has no class \"%.*s\"", (int)MIN(d->class->name.n, 60),
                               d->class->name.p);
        *out = cim_instance_new(c, a);
        if (!*out || !((*out)->given = arena_array(a, c->n_properties + 1, sizeof *(*out)->given)))
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < d->class->n_properties; i++) {
                const struct wmio_property *p = &d->class->properties[i];
                int k = cim_property_find(c, p->name), r;

                if (d->slots[i].from_class || (k < 0 && d->slots[i].value.null))
                        continue;
                if (k < 0)
                        return unknown(c->name, "property", p->name, e);
                r = fit_slot(&(struct fit){ &c->properties[k], a, e }, p, &d->slots[i], &(*out)->values[k]);
                if (r < 0)
                        return r;
                (*out)->given[k] = true;
        }
        return 0;
}

int wmio_to_arguments(const struct wmio_decoded *d, const struct cim_class *c, const struct cim_method *m,
                      struct arena *a, struct cim_value *args, struct err *e)
{
        const struct cim_class *parameters = d ? cim_method_parameters(c, m, a) : NULL;

        if (!d)
                return 0;
        if (!parameters)
                return err_set(e, ERR_NOMEM, "out of memory");
        if (d->is_class)
                return err_set(e, ERR_INVALID, "%s: a class came where an object of parameters was wanted",
                               parameters->name);
        for (size_t i = 0; i < d->class->n_properties; i++) {
                const struct wmio_property *p = &d->class->properties[i];
                int k = cim_property_find(parameters, p->name), r;

                if (d->slots[i].from_class || d->slots[i].value.null)
                        continue;
                if (k < 0 || !m->parameters[k].in)
                        return unknown(parameters->name, "in parameter", p->name, e);
                r = fit_slot(&(struct fit){ &parameters->properties[k], a, e }, p, &d->slots[i], &args[k]);
                if (r < 0)
                        return r;
        }
        return 0;
}
