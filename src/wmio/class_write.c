/* SPDX-License-Identifier: Apache-2.0 */
/*
 * class_write - ClassPart, MethodsPart and qualifier sets
 *
 * The order of things in a heap is free; here it is the one Windows shows in the
 * examples of [MS-WMIO] 3: the class's name, its qualifiers, then of each
 * property by name its name, its PropertyInfo and what its qualifiers need, at
 * last the defaults.
 *
 * Source: [MS-WMIO] 2.2.15 to 2.2.52, 2.2.59 to 2.2.64, 2.2.70, 2.2.74.
 */
#include <ctype.h>
#include "wmio/private.h"

/* ---- qualifiers ---- */

size_t wmio_qualifier_set_size(const struct wmio_qualifier *q, size_t n)
{
        size_t size = 4;

        for (size_t i = 0; i < n; i++)
                size += 9 + wmio_slot_size(q[i].type, q[i].array);
        return size;
}

static uint32_t dictionary_ref(struct str name)
{
        for (uint32_t i = 0; i < WMIO_N_DICTIONARY; i++) {
                if (str_eqz(name, wmio_dictionary[i]))
                        return WMIO_HIGH | i;
        }
        return WMIO_NO_REF;
}

void wmio_put_qualifier_set(struct wmio_enc *x, const struct wmio_heap *h, size_t at, const struct wmio_qualifier *q,
                            size_t n)
{
        struct buf *b = x->b;

        wmio_patch_le32(b, at, (uint32_t)wmio_qualifier_set_size(q, n));
        at += 4;
        for (size_t i = 0; i < n && !b->failed; i++) {
                uint32_t ref = dictionary_ref(q[i].name);

                if (ref == WMIO_NO_REF) {
                        ref = wmio_ref(x, h);
                        wmio_put_string(b, q[i].name);
                }
                wmio_patch_le32(b, at, ref);
                if (!b->failed)
                        b->p[at + 4] = (char)q[i].flavor;
                wmio_patch_le32(b, at + 5, (uint32_t)q[i].type | (q[i].array ? WMIO_ARRAY : 0));
                wmio_put_value(x, h, at + 9, q[i].type, q[i].array, false, &q[i].value);
                at += 9 + wmio_slot_size(q[i].type, q[i].array);
        }
}

/* A qualifier set at the end of the heap. */
static void put_heap_set(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_qualifier *q, size_t n)
{
        size_t at = x->b->n;

        wmio_put_zeros(x->b, wmio_qualifier_set_size(q, n), 0);
        wmio_put_qualifier_set(x, h, at, q, n);
}

/* ---- ClassPart ---- */

/* Where the parts of a ClassPart stand that are filled in later. */
struct class_places {
        size_t start, qualifiers, lookup, nd, values, heap_length;
};

static void put_derivation(struct buf *b, const struct wmio_class *c)
{
        size_t start = b->n;

        buf_le32(b, 0);
        for (size_t i = 0; i < c->n_derivation; i++) {
                size_t at = b->n;

                wmio_put_string(b, c->derivation[i]);
                buf_le32(b, (uint32_t)(b->n - at));
        }
        wmio_patch_le32(b, start, (uint32_t)(b->n - start));
}

static size_t values_size(const struct wmio_class *c)
{
        size_t n = 0;

        for (size_t i = 0; i < c->n_properties; i++)
                n += wmio_slot_size(c->properties[i].type, c->properties[i].array);
        return n;
}

/* All that precedes the heap, to be filled in. */
static void reserve_places(struct buf *b, const struct wmio_class *c, struct class_places *p)
{
        size_t nd = wmio_nd_size(c->n_properties), values = values_size(c);

        p->start = b->n;
        buf_le32(b, 0);
        buf_addc(b, 0);
        buf_le32(b, 0);                 /* the name comes first in the heap */
        buf_le32(b, (uint32_t)(nd + values));
        put_derivation(b, c);
        p->qualifiers = b->n;
        wmio_put_zeros(b, wmio_qualifier_set_size(c->qualifiers, c->n_qualifiers), 0);
        buf_le32(b, (uint32_t)c->n_properties);
        p->lookup = b->n;
        wmio_put_zeros(b, 8 * c->n_properties, 0);
        p->nd = b->n;
        wmio_put_zeros(b, nd, 0);
        p->values = b->n;
        wmio_put_zeros(b, values, 0xff);        /* NoValue */
        p->heap_length = b->n;
        buf_le32(b, 0);
}

/* In capitals, so that '_' comes behind the letters. */
static int name_cmp(struct str a, struct str b)
{
        for (size_t i = 0; i < MIN(a.n, b.n); i++) {
                int d = toupper((unsigned char)a.p[i]) - toupper((unsigned char)b.p[i]);

                if (d != 0)
                        return d;
        }
        return (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b, void *ctx)
{
        const struct wmio_class *c = ctx;

        return name_cmp(c->properties[*(const uint16_t *)a].name, c->properties[*(const uint16_t *)b].name);
}

/* Name and PropertyInfo into the heap. */
static void put_property(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_property *p, size_t order,
                         size_t offset, size_t lookup)
{
        struct buf *b = x->b;

        wmio_patch_le32(b, lookup, wmio_ref(x, h));
        wmio_put_string(b, p->name);
        wmio_patch_le32(b, lookup + 4, wmio_ref(x, h));
        buf_le32(b, (uint32_t)p->type | (p->array ? WMIO_ARRAY : 0) | (p->inherited ? WMIO_INHERITED : 0));
        buf_le16(b, (uint16_t)order);
        buf_le32(b, (uint32_t)offset);
        buf_le32(b, p->origin);
        put_heap_set(x, h, p->qualifiers, p->n_qualifiers);
}

static void put_properties(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_class *c,
                           const struct class_places *at)
{
        uint16_t order[WMIO_MAX_PROPERTIES];
        uint32_t offsets[WMIO_MAX_PROPERTIES];
        uint32_t offset = 0;

        for (size_t i = 0; i < c->n_properties; i++) {
                order[i] = (uint16_t)i;
                offsets[i] = offset;
                offset += (uint32_t)wmio_slot_size(c->properties[i].type, c->properties[i].array);
        }
        qsort_r(order, c->n_properties, sizeof *order, by_name, (void *)c);
        for (size_t i = 0; i < c->n_properties; i++)
                put_property(x, h, &c->properties[order[i]], order[i], offsets[order[i]], at->lookup + 8 * i);
        for (size_t i = 0; i < c->n_properties && !x->b->failed; i++) {
                const struct wmio_property *p = &c->properties[i];
                int bits = (p->value.null ? WMIO_NULL : 0) | (p->default_inherited ? WMIO_FROM_CLASS : 0);

                x->b->p[at->nd + i / 4] = (char)((uint8_t)x->b->p[at->nd + i / 4] | bits << 2 * (i % 4));
                if (!p->value.null)
                        wmio_put_value(x, h, at->values + offsets[i], p->type, p->array, false, &p->value);
        }
}

static void put_no_class(struct buf *b)
{
        buf_le32(b, 29);
        buf_addc(b, 0);
        buf_le32(b, WMIO_NO_REF);
        buf_le32(b, 0);                 /* NdTable and ValueTable */
        buf_le32(b, 4);                 /* derivation */
        buf_le32(b, 4);                 /* qualifiers */
        buf_le32(b, 0);                 /* properties */
        buf_le32(b, WMIO_HIGH);
}

void wmio_put_class_part(struct wmio_enc *x, const struct wmio_class *c)
{
        struct class_places at;
        struct wmio_heap h;

        if (!c) {
                put_no_class(x->b);
                return;
        }
        if (c->n_properties > WMIO_MAX_PROPERTIES) {
                x->r = err_set(x->e, ERR_TOO_LARGE, "class %.*s has %zu properties, more than the %d allowed",
                               STR_ARG(c->name), c->n_properties, WMIO_MAX_PROPERTIES);
                return;
        }
        reserve_places(x->b, c, &at);
        h.base = x->b->n;
        wmio_put_string(x->b, c->name);
        wmio_put_qualifier_set(x, &h, at.qualifiers, c->qualifiers, c->n_qualifiers);
        put_properties(x, &h, c, &at);
        wmio_patch_le32(x->b, at.heap_length, WMIO_HIGH | wmio_ref(x, &h));
        wmio_patch_le32(x->b, at.start, (uint32_t)(x->b->n - at.start));
}

/* ---- MethodsPart ---- */

/* Of no parameters it is a block of no octets, which readers know better than a reference to nothing. */
static uint32_t put_signature(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_class *c)
{
        uint32_t ref = wmio_ref(x, h);
        size_t at = x->b->n;

        buf_le32(x->b, 0);
        if (!c)
                return ref;
        wmio_put_signature(x, c);
        wmio_patch_le32(x->b, at, (uint32_t)(x->b->n - at - 4));
        return ref;
}

enum { DESCRIPTION = 24 };              /* octets of a MethodDescription */

static void put_method(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_method *m, size_t at)
{
        uint32_t ref = wmio_ref(x, h);

        wmio_patch_le32(x->b, at, ref);
        wmio_put_string(x->b, m->name);
        if (!x->b->failed)
                x->b->p[at + 4] = m->inherited ? WMIO_PROPAGATED : 0;
        wmio_patch_le32(x->b, at + 8, m->origin);
        wmio_patch_le32(x->b, at + 12, wmio_ref(x, h));
        put_heap_set(x, h, m->qualifiers, m->n_qualifiers);
        ref = put_signature(x, h, m->in);
        wmio_patch_le32(x->b, at + 16, ref);
        ref = put_signature(x, h, m->out);
        wmio_patch_le32(x->b, at + 20, ref);
}

void wmio_put_methods_part(struct wmio_enc *x, const struct wmio_class *c)
{
        size_t n = c ? c->n_methods : 0, start = x->b->n, heap_length;
        struct wmio_heap h;

        buf_le32(x->b, 0);
        buf_le16(x->b, (uint16_t)n);
        buf_le16(x->b, 0);
        wmio_put_zeros(x->b, DESCRIPTION * n, 0);
        heap_length = x->b->n;
        buf_le32(x->b, 0);
        h.base = x->b->n;
        for (size_t i = 0; i < n && !x->b->failed && x->r == 0; i++)
                put_method(x, &h, &c->methods[i], start + 8 + DESCRIPTION * i);
        wmio_patch_le32(x->b, heap_length, WMIO_HIGH | wmio_ref(x, &h));
        wmio_patch_le32(x->b, start, (uint32_t)(x->b->n - start));
}

void wmio_put_signature(struct wmio_enc *x, const struct wmio_class *c)
{
        buf_addc(x->b, WMIO_IS_CLASS);
        wmio_put_class_part(x, NULL);
        wmio_put_methods_part(x, NULL);
        wmio_put_class_part(x, c);
        wmio_put_methods_part(x, c);
}
