/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/wmio_equal.h"
#include "wmio/private.h"

/* A datetime is an instant or, with asterisks, text. */
static bool datetime_eq(const struct cim_value *a, const struct cim_value *b)
{
        return a->text == b->text && (a->text ? str_eq(a->s, b->s) : a->i == b->i);
}

static bool item_eq(enum cim_type t, const struct cim_value *a, const struct cim_value *b)
{
        if (a->null || b->null)
                return a->null == b->null;
        switch (t) {
        case CIM_STRING:
        case CIM_REFERENCE: return str_eq(a->s, b->s);
        case CIM_DATETIME: return datetime_eq(a, b);
        case CIM_REAL32:
        case CIM_REAL64: return memcmp(&a->d, &b->d, sizeof a->d) == 0;
        case CIM_BOOLEAN: return !a->i == !b->i;
        default: return a->i == b->i;
        }
}

bool wmio_value_eq(enum cim_type t, bool array, const struct cim_value *a, const struct cim_value *b)
{
        if (!array || a->null || b->null)
                return item_eq(t, a, b);
        if (a->array.n != b->array.n)
                return false;
        for (size_t i = 0; i < a->array.n; i++) {
                if (!item_eq(t, &a->array.items[i], &b->array.items[i]))
                        return false;
        }
        return true;
}

static bool qualifiers_eq(const struct wmio_qualifier *a, size_t n, const struct wmio_qualifier *b, size_t n_b)
{
        if (n != n_b)
                return false;
        for (size_t i = 0; i < n; i++) {
                if (!str_eq(a[i].name, b[i].name) || a[i].flavor != b[i].flavor || a[i].type != b[i].type ||
                    a[i].array != b[i].array || !wmio_value_eq(a[i].type, a[i].array, &a[i].value, &b[i].value))
                        return false;
        }
        return true;
}

static bool property_eq(const struct wmio_property *a, const struct wmio_property *b)
{
        return str_eq(a->name, b->name) && a->type == b->type && a->array == b->array && a->inherited == b->inherited &&
               a->origin == b->origin && a->default_inherited == b->default_inherited &&
               wmio_value_eq(a->type, a->array, &a->value, &b->value) &&
               qualifiers_eq(a->qualifiers, a->n_qualifiers, b->qualifiers, b->n_qualifiers);
}

static bool method_eq(const struct wmio_method *a, const struct wmio_method *b)
{
        return str_eq(a->name, b->name) && a->inherited == b->inherited && a->origin == b->origin &&
               qualifiers_eq(a->qualifiers, a->n_qualifiers, b->qualifiers, b->n_qualifiers) &&
               wmio_class_eq(a->in, b->in, true) && wmio_class_eq(a->out, b->out, true);
}

bool wmio_class_eq(const struct wmio_class *a, const struct wmio_class *b, bool methods)
{
        if (!a || !b)
                return a == b;
        if (!str_eq(a->name, b->name) || a->n_derivation != b->n_derivation || a->n_properties != b->n_properties ||
            (methods && a->n_methods != b->n_methods) ||
            !qualifiers_eq(a->qualifiers, a->n_qualifiers, b->qualifiers, b->n_qualifiers))
                return false;
        for (size_t i = 0; i < a->n_derivation; i++) {
                if (!str_eq(a->derivation[i], b->derivation[i]))
                        return false;
        }
        for (size_t i = 0; i < a->n_properties; i++) {
                if (!property_eq(&a->properties[i], &b->properties[i]))
                        return false;
        }
        for (size_t i = 0; methods && i < a->n_methods; i++) {
                if (!method_eq(&a->methods[i], &b->methods[i]))
                        return false;
        }
        return true;
}

bool wmio_object_eq(const struct wmio_object *sent, const struct wmio_decoded *came)
{
        const struct wmio_image *image = sent->image;

        if (came->is_class || came->class->n_properties != image->n_slots)
                return false;
        for (size_t i = 0; i < image->n_slots; i++) {
                const struct wmio_image_slot *at = &image->slots[i];
                const struct wmio_object *object = sent->objects ? sent->objects[at->ordinal] : NULL;
                const struct wmio_slot *s = &came->slots[i];

                if (s->from_class)
                        return false;
                if (object) {
                        if (s->value.null || !wmio_object_eq(object, s->objects[0]))
                                return false;
                } else if (!wmio_value_eq(at->type, at->array, &sent->values[at->ordinal], &s->value)) {
                        return false;
                }
        }
        return true;
}
