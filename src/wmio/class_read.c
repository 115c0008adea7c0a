/* SPDX-License-Identifier: Apache-2.0 */
/*
 * class_read - ClassPart and MethodsPart of what came
 *
 * Source: [MS-WMIO] 2.2.15 to 2.2.52, 2.2.70.
 */
#include "wmio/private.h"

/* A ClassPart under way: what of it is still ahead, and where its tables stand. */
struct reading {
        struct wmio_part part;
        struct wmio_class *c;
        struct str rest;
        uint32_t name, nd_and_values;
        struct str qualifiers, lookup, nd, values;
        bool *seen;                             /* by declaration order */
        uint16_t *order;
};

/* @n octets of what is ahead. */
static int take(struct reading *r, size_t n, const char *what, struct str *out)
{
        if (n > r->rest.n)
                return wmio_bad(&r->part, "%s is cut off", what);
        *out = (struct str){ r->rest.p, n };
        r->rest = str_from(r->rest, n);
        return 0;
}

static int get_derivation(struct reading *g)
{
        struct str list, *names;
        size_t used, n = 0;
        int r;

        r = wmio_get_extent(&g->part, g->rest, 4, &list);
        if (r < 0)
                return r;
        g->rest = str_from(g->rest, list.n);
        list = str_from(list, 4);
        names = arena_array(g->part.x->a, MIN(list.n / 6, WMIO_MAX_DERIVATION) + 1, sizeof *names);
        if (!names)
                return wmio_no_memory(g->part.x->e);
        for (; list.n > 0; n++) {
                if (n == WMIO_MAX_DERIVATION)
                        return wmio_bad(&g->part, "the class has more than %d ancestors", WMIO_MAX_DERIVATION);
                r = wmio_get_text(&g->part, list, "an ancestor's name", &names[n], &used);
                if (r < 0)
                        return r;
                if (list.n - used < 4)
                        return wmio_bad(&g->part, "the list of ancestors is cut off");
                list = str_from(list, used + 4);
        }
        g->c->derivation = names;
        g->c->n_derivation = n;
        return 0;
}

/* Everything up to the heap, and the heap. */
static int get_tables(struct reading *g)
{
        struct str head, count;
        size_t n, used;
        int r;

        r = take(g, 13, "the header", &head);
        if (r < 0)
                return r;
        g->name = get_le32(head.p + 5);
        g->nd_and_values = get_le32(head.p + 9);
        r = get_derivation(g);
        if (r == 0)
                r = wmio_get_extent(&g->part, g->rest, 4, &g->qualifiers);
        if (r == 0)
                r = take(g, g->qualifiers.n, "the qualifiers", &g->qualifiers);
        if (r == 0)
                r = take(g, 4, "the count of properties", &count);
        if (r != 0)
                return r;
        n = get_le32(count.p);
        if (n > WMIO_MAX_PROPERTIES)
                return wmio_bad(&g->part, "%zu properties are more than the %d allowed", n, WMIO_MAX_PROPERTIES);
        if (g->nd_and_values < wmio_nd_size(n))
                return wmio_bad(&g->part, "%u octets are too few for %zu properties", g->nd_and_values, n);
        g->c->n_properties = n;
        r = take(g, 8 * n, "the table of properties", &g->lookup);
        if (r == 0)
                r = take(g, wmio_nd_size(n), "the NdTable", &g->nd);
        if (r == 0)
                r = take(g, g->nd_and_values - wmio_nd_size(n), "the ValueTable", &g->values);
        return r < 0 ? r : wmio_get_heap_part(&g->part, g->rest, &used);
}

/* [MS-WMIO] 2.2.30: type, declaration order, offset of the value, class of origin, qualifiers. */
enum { INFO = 14 };

static int get_default(struct reading *g, struct wmio_property *p, size_t order, uint32_t offset)
{
        size_t size = wmio_slot_size(p->type, p->array);
        int bits = (uint8_t)g->nd.p[order / 4] >> 2 * (order % 4) & 3;

        if (offset > g->values.n || g->values.n - offset < size)
                return wmio_bad(&g->part, "the value of property %.*s is at 0x%x, the ValueTable ends at 0x%zx",
                                (int)MIN(p->name.n, 60), p->name.p, offset, g->values.n);
        p->default_inherited = bits & WMIO_FROM_CLASS;
        p->value.null = true;
        p->offset = offset;
        if (bits & WMIO_NULL)
                return 0;
        if (p->type == CIM_OBJECT)
                return err_set(g->part.x->e, ERR_NOT_SUPPORTED,
                               "property %.*s: a default that is an object is not supported", (int)MIN(p->name.n, 60),
                               p->name.p);
        return wmio_get_value(&g->part, g->values.p + offset, p->type, p->array, false, &p->value, NULL);
}

static int get_property(struct reading *g, size_t i, struct wmio_property *properties)
{
        struct wmio_property p = { 0 };
        struct str info;
        size_t order, used;
        int r;

        r = wmio_get_string(&g->part, get_le32(g->lookup.p + 8 * i), "a property's name", &p.name);
        if (r == 0)
                r = wmio_get_heap(&g->part, get_le32(g->lookup.p + 8 * i + 4), INFO + 4, "a property", &info);
        if (r == 0)
                r = wmio_get_type(&g->part, get_le32(info.p), &p.type, &p.array);
        if (r < 0)
                return r;
        order = (uint8_t)info.p[4] | (size_t)(uint8_t)info.p[5] << 8;
        if (order >= g->c->n_properties || g->seen[order])
                return wmio_bad(&g->part, "property %.*s cannot be number %zu of %zu", (int)MIN(p.name.n, 60), p.name.p,
                                order, g->c->n_properties);
        g->seen[order] = true;
        g->order[i] = (uint16_t)order;
        p.inherited = get_le32(info.p) & WMIO_INHERITED;
        p.origin = get_le32(info.p + 10);
        r = wmio_get_qualifiers(&g->part, str_from(info, INFO), &p.qualifiers, &p.n_qualifiers, &used);
        if (r == 0)
                r = get_default(g, &p, order, get_le32(info.p + 6));
        properties[order] = p;
        return r;
}

static int get_properties(struct reading *g)
{
        size_t n = g->c->n_properties;
        struct wmio_property *p = arena_array(g->part.x->a, n + 1, sizeof *p);
        int r = 0;

        g->seen = arena_alloc(g->part.x->a, n + 1);
        g->order = arena_array(g->part.x->a, n + 1, sizeof *g->order);
        if (!p || !g->seen || !g->order)
                return wmio_no_memory(g->part.x->e);
        for (size_t i = 0; i < n && r == 0; i++)
                r = get_property(g, i, p);
        g->c->properties = p;
        g->c->lookup = g->order;
        return r;
}

int wmio_get_class_part(struct wmio_dec *x, struct str bytes, struct wmio_class **out, size_t *used)
{
        struct reading g = { .part = { .x = x, .name = "class part" },
                             .c = arena_alloc(x->a, sizeof(struct wmio_class)) };
        size_t n;
        int r;

        if (!g.c)
                return wmio_no_memory(x->e);
        r = wmio_get_extent(&g.part, bytes, 29, &g.rest);
        if (r < 0)
                return r;
        *used = g.rest.n;
        r = wmio_spend(x, *used);
        if (r == 0)
                r = get_tables(&g);
        if (r < 0)
                return r;
        *out = NULL;
        if (g.name == WMIO_NO_REF && g.c->n_properties == 0)
                return 0;
        r = wmio_get_string(&g.part, g.name, "the class's name", &g.c->name);
        if (r == 0)
                r = wmio_get_qualifiers(&g.part, g.qualifiers, &g.c->qualifiers, &g.c->n_qualifiers, &n);
        if (r == 0)
                r = get_properties(&g);
        g.c->values_size = g.values.n;
        *out = g.c;
        return r;
}

/* ---- methods ---- */

enum { DESCRIPTION = 24 };              /* octets of a MethodDescription */

static int get_signature(const struct wmio_part *p, uint32_t ref, const struct wmio_class **out)
{
        struct wmio_decoded *object;
        struct str bytes;
        uint32_t n;
        int r;

        if (ref == WMIO_NO_REF)
                return 0;
        r = wmio_get_heap(p, ref, 4, "a method's signature", &bytes);
        if (r < 0)
                return r;
        n = get_le32(bytes.p);
        if (n == 0)
                return 0;
        if (n > bytes.n - 4)
                return wmio_bad(p, "a signature of %u octets is longer than its heap", n);
        r = wmio_get_block(p->x, (struct str){ bytes.p + 4, n }, NULL, &object);
        if (r == 0 && !object->is_class)
                return wmio_bad(p, "a method's signature is no class");
        if (r == 0)
                *out = object->class;
        return r;
}

static int get_method(const struct wmio_part *p, const char *d, struct wmio_method *m)
{
        struct str bytes;
        size_t used;
        int r;

        r = wmio_get_string(p, get_le32(d), "a method's name", &m->name);
        m->inherited = (uint8_t)d[4] & WMIO_PROPAGATED;
        m->origin = get_le32(d + 8);
        if (r == 0 && get_le32(d + 12) != WMIO_NO_REF) {
                r = wmio_get_heap(p, get_le32(d + 12), 4, "a method's qualifiers", &bytes);
                if (r == 0)
                        r = wmio_get_qualifiers(p, bytes, &m->qualifiers, &m->n_qualifiers, &used);
        }
        if (r == 0)
                r = get_signature(p, get_le32(d + 16), &m->in);
        if (r == 0)
                r = get_signature(p, get_le32(d + 20), &m->out);
        return r;
}

int wmio_get_methods_part(struct wmio_dec *x, struct str bytes, struct wmio_class *c, size_t *used)
{
        struct wmio_part p = { .x = x, .name = "methods part" };
        struct wmio_method *m;
        struct str rest;
        size_t n, heap;
        int r;

        r = wmio_get_extent(&p, bytes, 12, &rest);
        if (r < 0)
                return r;
        *used = rest.n;
        n = (uint8_t)rest.p[4] | (size_t)(uint8_t)rest.p[5] << 8;
        if (n > WMIO_MAX_METHODS || n * DESCRIPTION > rest.n - 12)
                return wmio_bad(&p, "%zu methods are more than its %zu octets hold", n, rest.n);
        r = wmio_get_heap_part(&p, str_from(rest, 8 + n * DESCRIPTION), &heap);
        m = arena_array(x->a, n + 1, sizeof *m);
        if (!m)
                return wmio_no_memory(x->e);
        for (size_t i = 0; i < n && r == 0; i++)
                r = get_method(&p, rest.p + 8 + i * DESCRIPTION, &m[i]);
        if (c) {
                c->methods = m;
                c->n_methods = n;
        }
        return r;
}
