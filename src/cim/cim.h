/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cim - classes, typed values, instances and object paths
 *
 * Classes are const tables that tools/mofgen.py makes of the files in schema/, the
 * source of truth for names, types, keys, qualifiers and enumerations.  Each
 * concrete class with rows has a database view of its name whose columns are
 * its properties, in schema order.  No wire and no SQL here.
 *
 * Source: [DSP0004] 5.2 types, 7.1 MOF; class facts as cited in schema/.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"

enum cim_type {                 /* numbers as CIMTYPE, [MS-WMIO] 2.2.82 */
        CIM_SINT16 = 2, CIM_SINT32 = 3, CIM_REAL32 = 4, CIM_REAL64 = 5, CIM_STRING = 8, CIM_BOOLEAN = 11,
        CIM_OBJECT = 13, CIM_SINT8 = 16, CIM_UINT8 = 17, CIM_UINT16 = 18, CIM_UINT32 = 19, CIM_SINT64 = 20,
        CIM_UINT64 = 21, CIM_DATETIME = 101, CIM_REFERENCE = 102, CIM_CHAR16 = 103,
};

struct cim_qualifier {
        const char *name;
        const char *value;              /* MOF text of the value: TRUE, 8, "a", {"0", "1"} */
};

struct cim_property {
        const char *name;
        enum cim_type type;
        bool array;
        bool key, read_only, lazy, not_null;
        bool no_offset;                 /* datetime printed as +*** */
        const char *embedded;           /* class name for CIM_OBJECT, else NULL */
        const char *reference;          /* class name for CIM_REFERENCE, else NULL */
        uint32_t size_limit;            /* characters; 0: none stated */
        uint32_t max_items;             /* of an array; 0: none stated */
        bool has_range;
        int64_t range_low, range_high;
        const char *default_;           /* MOF text, NULL: none */
        const char *const *values;      /* enumeration words, with value_map beside; NULL-terminated */
        const int64_t *value_map;
        const char *const *bit_values;  /* names of bits, with bit_map (bit numbers) beside; NULL-terminated */
        const int64_t *bit_map;
        const struct cim_qualifier *qualifiers;
        size_t n_qualifiers;
        const char *class_name;         /* class whose table this is; NULL for a method's parameter */
        const char *origin;             /* class that declared it */
        const char *description;        /* NULL: none */
};

struct cim_parameter {
        const char *name;
        enum cim_type type;
        const char *embedded;           /* class name for CIM_OBJECT of a class, else NULL */
        bool array, in, out, optional;
};
struct cim_method {
        const char *name;
        bool static_;
        enum cim_type return_type;
        const struct cim_parameter *parameters;
        size_t n_parameters;
        const char *origin;
        const char *description;
};

struct cim_class {
        const char *name;
        const struct cim_class *super;  /* NULL: a root */
        bool abstract, read_only, association, embedded;
        const char *view;               /* NULL: no rows of its own */
        const char *select;             /* generated: all columns in schema order and the view, without WHERE */
        const char *select_eager;       /* the same with NULL for lazy properties, as enumerations and queries answer */
        const struct cim_property *properties;  /* inherited ones first */
        size_t n_properties;
        const struct cim_method *methods;
        size_t n_methods;
        const uint16_t *keys;           /* ordinals of the key properties, in schema order */
        size_t n_keys;
        const struct cim_qualifier *qualifiers;
        size_t n_qualifiers;
        const char *description;
};

extern const struct cim_class *const cim_classes[];     /* by name */
extern const size_t n_cim_classes;
const struct cim_class *cim_class_find(struct str name);        /* any case; NULL when unknown */
int cim_property_find(const struct cim_class *c, struct str name);      /* ordinal or -1; any case */
const struct cim_method *cim_method_find(const struct cim_class *c, struct str name);
bool cim_class_isa(const struct cim_class *c, const struct cim_class *super);
/* A method's parameters as properties of a class "CLASS.METHOD", ordinals as in m->parameters, those of the other
 * direction read-only; so an object of arguments is an instance (WMI's __PARAMETERS). NULL: @a is full. */
const struct cim_class *cim_method_parameters(const struct cim_class *c, const struct cim_method *m, struct arena *a);

enum { CIM_MAX_KEYS = 8, CIM_PATH_MAX = 8192 };

/*
 * A value.  Strings and arrays borrow (usually from the instance's arena).
 * An embedded object (CIM_OBJECT) is s, the JSON text of an instance that was
 * checked against its class, "__CLASS" first.
 */
struct cim_value {
        bool null;
        bool text;                      /* a datetime with asterisks, which is no instant: s, its 25 characters */
        union {
                int64_t i;              /* integers, boolean, datetime (us) */
                uint64_t u;             /* CIM_UINT64 */
                double d;
                struct str s;           /* string, reference */
                struct {
                        const struct cim_value *items;
                        size_t n;
                } array;
        };
};

struct cim_instance {
        const struct cim_class *class;
        struct cim_value *values;       /* class->n_properties of them */
        bool *given;                    /* which ones a caller set (partial put); NULL: all */
};
struct cim_instance *cim_instance_new(const struct cim_class *c, struct arena *a);      /* all NULL; NULL when out */
/* The documented default of a property into @out; false when there is none. Strings point to static or @a memory. */
bool cim_default(const struct cim_property *p, struct arena *a, struct cim_value *out);
/* Fill what the caller did not give with defaults (given[] stays), for a new object. -ENOMEM. */
MUST int cim_instance_defaults(struct cim_instance *i, struct arena *a);
/* A property's value by name, for writers; NULL when it is NULL, was not given, or the name is unknown. */
const struct cim_value *cim_get(const struct cim_instance *i, const char *name);
/* Set a property by name (asserted to exist). */
void cim_set_str(struct cim_instance *i, const char *name, struct str s);
void cim_set_i64(struct cim_instance *i, const char *name, int64_t v);

/* SMS_Package.PackageID="P0100001" and with several keys in schema order; [DSP0004] 8.2. -EINVAL: a key is NULL. */
MUST int cim_path_format(const struct cim_instance *i, struct buf *out);
struct cim_path_key {
        struct str name;                /* n 0: Class="value", the only key */
        struct str value;               /* unquoted */
        bool quoted;
};
struct cim_path {
        struct str class_name;
        struct str server;              /* of \\server\ns:..., may be empty */
        struct str ns;                  /* as written, may be empty */
        struct cim_path_key keys[CIM_MAX_KEYS];
        size_t n_keys;                  /* 0 and not singleton: the class itself */
        bool singleton;                 /* Class=@ */
};
/*
 * Every documented form: relative, with namespace, with \\server, either slash, a winmgmts: moniker.
 * At most CIM_PATH_MAX bytes. ERR_INVALID with a position in @e.
 */
MUST int cim_path_parse(struct str text, struct arena *a, struct cim_path *out, struct err *e);
/* The path's keys as values of an instance of its class (names checked, types converted, given[] set).
 * Class=@ is taken for a class whose one instance needs no key: all keys stay NULL. */
MUST int cim_path_bind(const struct cim_path *p, struct arena *a, struct cim_instance **out, struct err *e);

/*
 * One JSON object, properties in schema order; datetimes RFC 3339 UTC, enumerations as numbers, integers beyond
 * 2^63-1 as text.  Never fails but by buf.
 */
void cim_json_write(const struct cim_instance *i, struct buf *out);
/* The same of some properties: @only has n_properties flags; NULL: all. */
void cim_json_write_some(const struct cim_instance *i, const bool *only, struct buf *out);
/*
 * An object into a partial instance (given[] set).  Unknown property, wrong type, range, length, number outside the
 * enumeration: ERR_INVALID naming it.  Members that begin with "__" or "@" are system properties and are passed over;
 * the limits of read-only properties are not checked, for a writer ignores them.
 */
MUST int cim_json_read(const struct cim_class *c, struct str json, struct arena *a, struct cim_instance **out, struct err *e);
/* One value of a property's type as JSON: a column of an array or embedded property, a method's parameter. */
void cim_json_value_write(const struct cim_property *p, const struct cim_value *v, struct buf *out);
MUST int cim_json_value_read(const struct cim_property *p, struct str json, struct arena *a, struct cim_value *out,
                             struct err *e);
void cim_json_member(struct buf *out, char before, const char *name);   /* ,"Name": of a name that needs no escapes */
void cim_json_string(struct buf *out, struct str s);    /* "text", escaped; bytes that are not UTF-8 become U+FFFD */
/* Text to a value of a property's type (CLI's K=V, path keys): enumeration words and A|B of bit names are known too. */
MUST int cim_value_parse(const struct cim_property *p, struct str text, struct arena *a, struct cim_value *out, struct err *e);
void cim_value_print(const struct cim_property *p, const struct cim_value *v, struct buf *out); /* for tables */
bool cim_value_eq(const struct cim_property *p, const struct cim_value *a, const struct cim_value *b);
/* Range, SizeLimit, max and enumeration of a property hold: 0 or ERR_INVALID in words. */
MUST int cim_value_check(const struct cim_property *p, const struct cim_value *v, struct err *e);
/* The class as MOF text. */
void cim_mof_write(const struct cim_class *c, struct buf *out);
const char *cim_type_name(enum cim_type t);             /* "uint32" */
