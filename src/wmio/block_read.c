/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block_read - ObjectBlock, and the frames around it, of what came
 *
 * Source: [MS-WMIO] 2.2.1 to 2.2.11, 2.2.53 to 2.2.58, 2.2.65.
 */
#include "wmio/private.h"

static int get_decoration(struct wmio_dec *x, struct str *rest, struct wmio_decoded *d)
{
        const struct wmio_part p = { .x = x, .name = "decoration" };
        size_t used;
        int r;

        r = wmio_get_text(&p, *rest, "the server", &d->server, &used);
        if (r < 0)
                return r;
        *rest = str_from(*rest, used);
        r = wmio_get_text(&p, *rest, "the namespace", &d->ns, &used);
        *rest = str_from(*rest, r < 0 ? 0 : used);
        return r;
}

/* ---- classes ---- */

static int get_class(struct wmio_dec *x, struct str *rest, struct wmio_class **out)
{
        size_t used;
        int r;

        r = wmio_get_class_part(x, *rest, out, &used);
        if (r < 0)
                return r;
        *rest = str_from(*rest, used);
        r = wmio_get_methods_part(x, *rest, *out, &used);
        *rest = str_from(*rest, r < 0 ? 0 : used);
        return r;
}

static int get_class_type(struct wmio_dec *x, struct str rest, struct wmio_decoded *d)
{
        struct wmio_class *parent = NULL, *c = NULL;
        int r;

        r = get_class(x, &rest, &parent);
        if (r < 0)
                return err_prefix(x->e, "parent class");
        r = get_class(x, &rest, &c);
        if (r < 0)
                return r;
        if (!c)
                return err_set(x->e, ERR_INVALID, "the class has no name");
        d->class = c;
        d->parent = parent;
        return 0;
}

/* ---- instances ---- */

static int get_slot(const struct wmio_part *p, const struct wmio_property *property, int bits, struct str values,
                    struct wmio_slot *s)
{
        size_t size = wmio_slot_size(property->type, property->array);
        int r;

        s->from_class = bits & WMIO_FROM_CLASS;
        s->value = (struct cim_value){ .null = true };
        if (bits == WMIO_FROM_CLASS)
                s->value = property->value;
        if (bits)
                return 0;
        if (property->offset > values.n || values.n - property->offset < size)
                return wmio_bad(p, "property %.*s lies outside the values", (int)MIN(property->name.n, 60),
                                property->name.p);
        r = wmio_get_value(p, values.p + property->offset, property->type, property->array, true, &s->value,
                           &s->objects);
        return r < 0 ? err_prefix(p->x->e, "property %.*s", (int)MIN(property->name.n, 60), property->name.p) : 0;
}

/* Where in an instance its parts stand; [MS-WMIO] 2.2.53. */
struct places {
        struct str nd, values, qualifiers, sets;
};
enum { INSTANCE_HEAD = 9, NO_SETS = 1, SETS = 2 };

static int cut_off(const struct wmio_part *p)
{
        return wmio_bad(p, "is cut off");
}

/* Sets of qualifiers, one a property; *out all of them. */
static int get_sets(const struct wmio_part *p, struct str rest, size_t n, struct str *out)
{
        struct str set;
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                int r = wmio_get_extent(p, str_from(rest, used), 4, &set);

                if (r < 0)
                        return r;
                used += set.n;
        }
        *out = (struct str){ rest.p, used };
        return 0;
}

static int get_places(struct wmio_part *p, struct str rest, const struct wmio_class *c, struct places *out)
{
        size_t nd = wmio_nd_size(c->n_properties), used;
        int r;

        if (rest.n < INSTANCE_HEAD || rest.n - INSTANCE_HEAD < nd || rest.n - INSTANCE_HEAD - nd < c->values_size)
                return cut_off(p);
        out->nd = (struct str){ rest.p + INSTANCE_HEAD, nd };
        out->values = (struct str){ out->nd.p + nd, c->values_size };
        rest = str_from(rest, INSTANCE_HEAD + nd + c->values_size);
        r = wmio_get_extent(p, rest, 4, &out->qualifiers);
        if (r < 0)
                return r;
        rest = str_from(rest, out->qualifiers.n);
        if (rest.n < 1 || (rest.p[0] != NO_SETS && rest.p[0] != SETS))
                return wmio_bad(p, "does not say whether its properties have qualifiers");
        if (rest.p[0] == SETS)
                r = get_sets(p, str_from(rest, 1), c->n_properties, &out->sets);
        return r < 0 ? r : wmio_get_heap_part(p, str_from(rest, 1 + out->sets.n), &used);
}

/* They come in the order of the lookup table. */
static int get_property_qualifiers(const struct wmio_part *p, struct str sets, struct wmio_decoded *d)
{
        for (size_t i = 0; i < d->class->n_properties; i++) {
                struct wmio_slot *s = &d->slots[d->class->lookup ? d->class->lookup[i] : i];
                size_t used;
                int r = wmio_get_qualifiers(p, sets, &s->qualifiers, &s->n_qualifiers, &used);

                if (r < 0)
                        return r;
                sets = str_from(sets, used);
        }
        return 0;
}

static int get_instance(struct wmio_dec *x, struct str rest, struct wmio_decoded *d)
{
        struct wmio_part p = { .x = x, .name = "instance" };
        const struct wmio_class *c = d->class;
        struct places at = { 0 };
        size_t used;
        int r;

        r = wmio_get_extent(&p, rest, INSTANCE_HEAD, &rest);
        if (r == 0)
                r = get_places(&p, rest, c, &at);
        if (r < 0)
                return r;
        d->slots = arena_array(x->a, c->n_properties + 1, sizeof *d->slots);
        if (!d->slots)
                return wmio_no_memory(x->e);
        for (size_t i = 0; i < c->n_properties && r == 0; i++)
                r = get_slot(&p, &c->properties[i], (uint8_t)at.nd.p[i / 4] >> 2 * (i % 4) & 3, at.values,
                             &d->slots[i]);
        if (r == 0)
                r = wmio_get_qualifiers(&p, at.qualifiers, &d->qualifiers, &d->n_qualifiers, &used);
        if (r == 0 && at.sets.n)
                r = get_property_qualifiers(&p, at.sets, d);
        return r < 0 ? err_prefix(x->e, "%.*s", (int)MIN(c->name.n, 60), c->name.p) : 0;
}

static int get_instance_type(struct wmio_dec *x, struct str rest, const struct wmio_class *no_class,
                             struct wmio_decoded *d)
{
        struct wmio_class *c = NULL;
        size_t used = 0;

        d->class = no_class;
        if (!no_class) {
                int r = wmio_get_class_part(x, rest, &c, &used);

                if (r < 0)
                        return r;
                if (!c)
                        return err_set(x->e, ERR_INVALID, "the instance's class has no name");
                d->class = c;
        }
        return get_instance(x, str_from(rest, used), d);
}

/* ---- objects ---- */

int wmio_get_block(struct wmio_dec *x, struct str block, const struct wmio_class *no_class, struct wmio_decoded **out)
{
        struct wmio_decoded *d = arena_alloc(x->a, sizeof *d);
        struct str rest;
        int r = 0;

        if (!d)
                return wmio_no_memory(x->e);
        if (x->depth == WMIO_MAX_DEPTH)
                return err_set(x->e, ERR_TOO_LARGE, "more than %d objects within objects", WMIO_MAX_DEPTH);
        d->flags = block.n ? (uint8_t)block.p[0] : 0;
        d->is_class = d->flags & WMIO_IS_CLASS;
        if (d->is_class == !!(d->flags & WMIO_IS_INSTANCE) || (d->is_class && no_class))
                return err_set(x->e, ERR_INVALID, "flags 0x%02x: the object is neither class nor instance", d->flags);
        rest = str_from(block, 1);
        x->depth++;
        if (d->flags & WMIO_DECORATED)
                r = get_decoration(x, &rest, d);
        if (r == 0)
                r = d->is_class ? get_class_type(x, rest, d) : get_instance_type(x, rest, no_class, d);
        x->depth--;
        *out = d;
        return r;
}

static int decode(struct str block, const struct wmio_class *no_class, struct arena *a, struct wmio_decoded **out,
                  struct err *e)
{
        struct wmio_dec x = { .a = a, .e = e, .work = 8 * block.n + 4096 };

        if (block.n > WMIO_MAX_UNIT)
                return err_set(e, ERR_TOO_LARGE, "an object of %zu octets is larger than the %d allowed", block.n,
                               WMIO_MAX_UNIT);
        return wmio_get_block(&x, block, no_class, out);
}

int wmio_decode_block(struct str block, struct arena *a, struct wmio_decoded **out, struct err *e)
{
        return decode(block, NULL, a, out, e);
}

int wmio_decode_no_class(struct str block, const struct wmio_class *c, struct arena *a, struct wmio_decoded **out,
                         struct err *e)
{
        return decode(block, c, a, out, e);
}

int wmio_decode(struct str unit, struct arena *a, struct wmio_decoded **out, struct err *e)
{
        uint32_t n;

        if (unit.n < 8 || get_le32(unit.p) != WMIO_SIGNATURE)
                return err_set(e, ERR_INVALID, "no WMI object: the signature 0x%x is missing", WMIO_SIGNATURE);
        n = get_le32(unit.p + 4);
        if (n > unit.n - 8)
                return err_set(e, ERR_INVALID, "an object of %u octets came with %zu", n, unit.n - 8);
        return decode((struct str){ unit.p + 8, n }, NULL, a, out, e);
}
