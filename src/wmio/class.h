/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * class - a CIM class as [MS-WMIO] tells it
 *
 * Everything a ClassPart and a MethodsPart say, no more and no less: qualifiers
 * with type and flavor, which class a property came from, which defaults are
 * inherited.  wmio_class_of() makes one of a class of the schema; the decoder
 * makes one of bytes.  Texts are UTF-8.
 *
 * Ownership: all of it lives in one arena, or borrows from the schema's tables.
 * Source: [MS-WMIO] 2.2.15 to 2.2.52, 2.2.59 to 2.2.64.
 */
#include "cim/cim.h"

enum wmio_flavor {                      /* [MS-WMIO] 2.2.62 */
        WMIO_TO_INSTANCE = 0x01, WMIO_TO_DERIVED = 0x02, WMIO_NOT_OVERRIDABLE = 0x10, WMIO_PROPAGATED = 0x20,
        WMIO_SYSTEM = 0x40, WMIO_AMENDED = 0x80,
};

struct wmio_qualifier {
        struct str name;
        uint8_t flavor;
        enum cim_type type;             /* not CIM_OBJECT */
        bool array;
        struct cim_value value;         /* a datetime is text, as it stands there */
};

struct wmio_property {
        struct str name;
        enum cim_type type;
        bool array;
        bool inherited;                 /* declared by an ancestor */
        uint32_t origin;                /* which one: 0 the root, n_derivation the class itself */
        bool default_inherited;         /* the default (NULL too) comes from an ancestor */
        struct cim_value value;         /* the default; null: none */
        const struct wmio_qualifier *qualifiers;
        size_t n_qualifiers;
        uint32_t offset;                /* of a class that came: where its value stands in a ValueTable */
};

struct wmio_class;
struct wmio_method {
        struct str name;
        bool inherited;
        uint32_t origin;
        const struct wmio_qualifier *qualifiers;
        size_t n_qualifiers;
        const struct wmio_class *in, *out;      /* of class __PARAMETERS; NULL: none */
};

struct wmio_class {
        struct str name;
        const struct str *derivation;   /* ancestors, the nearest first */
        size_t n_derivation;
        const struct wmio_qualifier *qualifiers;
        size_t n_qualifiers;
        const struct wmio_property *properties; /* as declared, inherited ones first */
        size_t n_properties;
        const struct wmio_method *methods;      /* not known of an instance's class */
        size_t n_methods;
        const uint16_t *lookup;         /* of a class that came: its properties, as the lookup table has them */
        size_t values_size;             /* of a class that came: octets of a ValueTable */
};

/*
 * wmio_class_of - a class of cim as [MS-WMIO] tells it
 * @only     its properties to tell, n_properties flags; NULL: all
 * @amended  with what is for people: Description, Values, BitValues
 * Borrows from @c.  NULL: the arena is full.
 */
const struct wmio_class *wmio_class_of(const struct cim_class *c, const bool *only, bool amended, struct arena *a);
/* The class __PARAMETERS of a method, of what goes in or of what comes out; NULL: the arena is full.  Its properties
 * are the parameters of that direction in their order, then of out ReturnValue. */
const struct wmio_class *wmio_parameters_of(const struct cim_method *m, bool out, struct arena *a);

const struct wmio_property *wmio_property_find(const struct wmio_class *c, struct str name);    /* any case; NULL */
const struct wmio_qualifier *wmio_qualifier_find(const struct wmio_qualifier *q, size_t n, const char *name);
