/* SPDX-License-Identifier: Apache-2.0 */
/* class - finding classes, properties and methods by name, in any case */
#include "cim/cim.h"

const struct cim_class *cim_class_find(struct str name)
{
        size_t low = 0, high = n_cim_classes;

        while (low < high) {
                size_t mid = (low + high) / 2;
                int d = str_cmp_nocase(name, str_of(cim_classes[mid]->name));

                if (d == 0)
                        return cim_classes[mid];
                if (d < 0)
                        high = mid;
                else
                        low = mid + 1;
        }
        return NULL;
}

int cim_property_find(const struct cim_class *c, struct str name)
{
        for (size_t i = 0; i < c->n_properties; i++) {
                if (str_eqz_nocase(name, c->properties[i].name))
                        return (int)i;
        }
        return -1;
}

const struct cim_method *cim_method_find(const struct cim_class *c, struct str name)
{
        for (size_t i = 0; i < c->n_methods; i++) {
                if (str_eqz_nocase(name, c->methods[i].name))
                        return &c->methods[i];
        }
        return NULL;
}

bool cim_class_isa(const struct cim_class *c, const struct cim_class *super)
{
        while (c && c != super)
                c = c->super;
        return c != NULL;
}

const struct cim_class *cim_method_parameters(const struct cim_class *c, const struct cim_method *m, struct arena *a)
{
        struct cim_class *out = arena_alloc(a, sizeof *out);
        struct cim_property *p = arena_array(a, m->n_parameters + 1, sizeof *p);

        if (!out || !p)
                return NULL;
        for (size_t i = 0; i < m->n_parameters; i++)
                p[i] = (struct cim_property){ .name = m->parameters[i].name, .type = m->parameters[i].type,
                                              .embedded = m->parameters[i].embedded,
                                              .array = m->parameters[i].array, .read_only = !m->parameters[i].in };
        *out = (struct cim_class){ .name = arena_printf(a, "%s.%s", c->name, m->name), .properties = p,
                                   .n_properties = m->n_parameters };
        return out->name ? out : NULL;
}

const char *cim_type_name(enum cim_type t)
{
        switch (t) {
        case CIM_SINT8: return "sint8";
        case CIM_UINT8: return "uint8";
        case CIM_SINT16: return "sint16";
        case CIM_UINT16: return "uint16";
        case CIM_SINT32: return "sint32";
        case CIM_UINT32: return "uint32";
        case CIM_SINT64: return "sint64";
        case CIM_UINT64: return "uint64";
        case CIM_REAL32: return "real32";
        case CIM_REAL64: return "real64";
        case CIM_STRING: return "string";
        case CIM_BOOLEAN: return "boolean";
        case CIM_DATETIME: return "datetime";
        case CIM_REFERENCE: return "ref";
        case CIM_CHAR16: return "char16";
        case CIM_OBJECT: return "object";
        }
        return "object";
}
