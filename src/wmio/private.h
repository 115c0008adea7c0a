/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* private - what the files of wmio share */
#include "wmio/wmio.h"

#define WMIO_NO_REF UINT32_C(0xffffffff)        /* a heap reference to nothing, [MS-WMIO] 2.2.69 */
#define WMIO_HIGH UINT32_C(0x80000000)          /* a dictionary reference; set in every heap's length */
enum { WMIO_SIGNATURE = 0x12345678, WMIO_ARRAY = 0x2000, WMIO_INHERITED = 0x4000 };
enum { WMIO_IS_CLASS = 1, WMIO_IS_INSTANCE = 2, WMIO_DECORATED = 4 };
enum { WMIO_NULL = 1, WMIO_FROM_CLASS = 2 };    /* the two bits of a property in an NdTable, [MS-WMIO] 2.2.27 */
enum { WMIO_N_DICTIONARY = 11 };
extern const char *const wmio_dictionary[WMIO_N_DICTIONARY];    /* [MS-WMIO] 2.2.80 */
#define WMIO_PARAMETERS "__PARAMETERS"

/* Octets of a value in a ValueTable, [MS-WMIO] 2.2.29, 2.2.71; 0: no such type. */
size_t wmio_slot_size(enum cim_type t, bool array);
static inline size_t wmio_nd_size(size_t n_properties)
{
        return (n_properties + 3) / 4;
}

/* ---- writing ---- */

struct wmio_enc {
        struct buf *b;
        const struct wmio_images *all;          /* for embedded objects of JSON text */
        const struct wmio_decoration *d;
        int depth;
        int r;                                  /* the first failure other than of b */
        struct err *e;
};
/* A heap at the end of b; references count from base. */
struct wmio_heap {
        size_t base;
};
void wmio_put_string(struct buf *b, struct str s);      /* Encoded-String, [MS-WMIO] 2.2.78 */
void wmio_put_zeros(struct buf *b, size_t n, uint8_t fill);
void wmio_patch_le32(struct buf *b, size_t at, uint32_t v);     /* nothing once b has failed */
static inline uint32_t wmio_ref(const struct wmio_enc *x, const struct wmio_heap *h)
{
        return (uint32_t)(x->b->n - h->base);
}
/* The value into its slot at @at, what it needs of the heap behind the heap's end. */
void wmio_put_value(struct wmio_enc *x, const struct wmio_heap *h, size_t at, enum cim_type t, bool array,
                    bool no_offset, const struct cim_value *v);
void wmio_put_class_part(struct wmio_enc *x, const struct wmio_class *c);       /* NULL: of no parent */
void wmio_put_methods_part(struct wmio_enc *x, const struct wmio_class *c);
/* A qualifier set that is kept free at @at, its names and values behind the heap's end. */
size_t wmio_qualifier_set_size(const struct wmio_qualifier *q, size_t n);
void wmio_put_qualifier_set(struct wmio_enc *x, const struct wmio_heap *h, size_t at, const struct wmio_qualifier *q,
                            size_t n);
/* ObjectBlock of a class without a parent and undecorated: a method's signature. */
void wmio_put_signature(struct wmio_enc *x, const struct wmio_class *c);
/* ObjectBlock; @with_class false: EncodingUnitInstanceNoClass. */
void wmio_put_instance(struct wmio_enc *x, const struct wmio_object *o, bool with_class);
void wmio_put_class(struct wmio_enc *x, const struct wmio_image *i, unsigned flags);
/* Of JSON text, as cim keeps it. */
void wmio_put_embedded(struct wmio_enc *x, struct str json);
/* 0, or why not; then b is as long as it was. */
MUST int wmio_finish(struct wmio_enc *x, size_t start);

/* ---- images ---- */

struct wmio_image_slot {
        uint32_t offset;                        /* in the ValueTable */
        uint16_t ordinal;                       /* in values[] */
        uint8_t type;                           /* enum cim_type */
        bool array, no_offset;
};
struct wmio_image {
        const struct wmio_images *all;
        const struct cim_class *class;          /* NULL: of none */
        size_t n_values;
        struct wmio_image_slot *slots;          /* as declared */
        size_t n_slots;
        struct buf unit;                        /* ParentClass, CurrentClass */
        struct str part;                        /* of it the ClassPart of CurrentClass */
        struct buf instance;                    /* an instance part with nothing in it but the class's name */
        size_t heap;                            /* where in it the heap begins */
        struct arena arena;
};
/* Of any class, values[] in the order of its properties. For tests, and for what came. */
MUST int wmio_image_of(struct wmio_image **out, const struct wmio_images *all, const struct wmio_class *c,
                       const struct wmio_class *parent, struct err *e);

/* ---- reading ---- */

/* From 0001-01-01 to the end of 9999, UTC; an offset may lead beyond. */
static inline bool wmio_can_print(int64_t us)
{
        return us >= INT64_C(-62135596800000000) && us <= INT64_C(253402300799999999);
}

struct wmio_dec {
        struct arena *a;
        struct err *e;
        size_t work;                            /* octets that may still be read, each reading counted */
        int depth;
};
/* A part of what came, with the heap its references are of. */
struct wmio_part {
        struct wmio_dec *x;
        const char *name;                       /* "class part", for errors */
        struct str heap;
};
/* ERR_INVALID: "class part: ..." */
int wmio_bad(const struct wmio_part *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define wmio_bad(...) err_negative(wmio_bad(__VA_ARGS__))       /* as with err_set() */
int wmio_no_memory(struct err *e);
MUST int wmio_spend(struct wmio_dec *x, size_t octets);         /* ERR_TOO_LARGE when the work is used up */
/* An Encoded-String at the beginning of @bytes; *used: its length. */
MUST int wmio_get_text(const struct wmio_part *p, struct str bytes, const char *what, struct str *out, size_t *used);
/* One in the heap or the dictionary; a reference to nothing is an error. */
MUST int wmio_get_string(const struct wmio_part *p, uint32_t ref, const char *what, struct str *out);
/* All of the heap that follows @ref, at least @n octets. */
MUST int wmio_get_heap(const struct wmio_part *p, uint32_t ref, size_t n, const char *what, struct str *out);
MUST int wmio_get_type(const struct wmio_part *p, uint32_t type, enum cim_type *t, bool *array);
/*
 * @slot     wmio_slot_size() octets
 * @instant  datetimes become instants, as cim has them; else they stay text
 * @objects  NULL: an object may not stand here
 */
MUST int wmio_get_value(const struct wmio_part *p, const char *slot, enum cim_type t, bool array, bool instant,
                        struct cim_value *out, struct wmio_decoded ***objects);
/* A QualifierSet at the beginning of @bytes; *used: its length. */
MUST int wmio_get_qualifiers(const struct wmio_part *p, struct str bytes, const struct wmio_qualifier **out, size_t *n,
                             size_t *used);
/* Octets of a part that begins with its own length: [0, length) of @bytes. */
MUST int wmio_get_extent(const struct wmio_part *p, struct str bytes, size_t least, struct str *out);
/* The Heap at the beginning of @bytes. */
MUST int wmio_get_heap_part(struct wmio_part *p, struct str bytes, size_t *used);
/* @bytes begins with it; *used: its length. *out NULL: the part that stands for no class. */
MUST int wmio_get_class_part(struct wmio_dec *x, struct str bytes, struct wmio_class **out, size_t *used);
MUST int wmio_get_methods_part(struct wmio_dec *x, struct str bytes, struct wmio_class *c, size_t *used);
/* @no_class  of EncodingUnitInstanceNoClass: its class; else NULL */
MUST int wmio_get_block(struct wmio_dec *x, struct str block, const struct wmio_class *no_class,
                        struct wmio_decoded **out);
