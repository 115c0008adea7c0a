/* SPDX-License-Identifier: Apache-2.0 */
/* image - what is the same for all instances of a class, made once */
#include "wmio/private.h"

struct wmio_images {
        struct wmio_image **images;             /* as cim_classes */
};

static int no_memory(struct err *e)
{
        return err_set(e, ERR_NOMEM, "out of memory");
}

/* An instance with nothing in it: NdTable and values zero, the class's name in its heap. */
static void put_empty_instance(struct wmio_image *i, struct str name, size_t values)
{
        struct buf *b = &i->instance;

        buf_le32(b, 0);
        buf_addc(b, 0);
        buf_le32(b, 0);                         /* the name comes first in the heap */
        wmio_put_zeros(b, wmio_nd_size(i->n_slots) + values, 0);
        buf_le32(b, 4);                         /* no qualifiers */
        buf_addc(b, 1);                         /* none of properties either */
        buf_le32(b, 0);
        i->heap = b->n;
        wmio_put_string(b, name);
}

static bool lay_out(struct wmio_image *i, const struct wmio_class *c, size_t *values)
{
        *values = 0;
        i->n_slots = i->n_values = c->n_properties;
        i->slots = arena_array(&i->arena, c->n_properties + 1, sizeof *i->slots);
        if (!i->slots)
                return false;
        for (size_t k = 0; k < c->n_properties; k++) {
                const struct wmio_property *p = &c->properties[k];

                i->slots[k] = (struct wmio_image_slot){ .offset = (uint32_t)*values, .ordinal = (uint16_t)k,
                                                        .type = (uint8_t)p->type, .array = p->array };
                *values += wmio_slot_size(p->type, p->array);
        }
        return true;
}

static void put_unit(struct wmio_enc *x, struct wmio_image *i, const struct wmio_class *c,
                     const struct wmio_class *parent)
{
        size_t part;

        wmio_put_class_part(x, parent);
        wmio_put_methods_part(x, parent);
        part = i->unit.n;
        wmio_put_class_part(x, c);
        i->part = (struct str){ NULL, i->unit.n - part };
        wmio_put_methods_part(x, c);
        i->part.p = i->unit.p + part;
}

int wmio_image_of(struct wmio_image **out, const struct wmio_images *all, const struct wmio_class *c,
                  const struct wmio_class *parent, struct err *e)
{
        _cleanup_(wmio_image_freep) struct wmio_image *i = calloc(1, sizeof *i);
        struct wmio_enc x = { .all = all, .e = e };
        size_t values;

        if (!i)
                return no_memory(e);
        arena_init(&i->arena, 0);
        buf_init(&i->unit, 0);
        buf_init(&i->instance, 0);
        i->all = all;
        if (!lay_out(i, c, &values))
                return no_memory(e);
        x.b = &i->unit;
        put_unit(&x, i, c, parent);
        put_empty_instance(i, c->name, values);
        if (x.r < 0)
                return x.r;
        if (i->unit.failed || i->instance.failed)
                return err_set(e, ERR_TOO_LARGE, "class %.*s is too large to be sent", STR_ARG(c->name));
        *out = steal(&i);
        return 0;
}

int wmio_image_new(struct wmio_image **out, const struct wmio_images *all, const struct wmio_image_opts *o,
                   struct err *e)
{
        const struct wmio_class *c, *parent = NULL;
        struct arena a;
        int r;

        arena_init(&a, 0);
        c = wmio_class_of(o->class, o->only, o->amended, &a);
        if (o->class->super)
                parent = wmio_class_of(o->class->super, o->only, o->amended, &a);
        if (c && (parent || !o->class->super))
                r = wmio_image_of(out, all, c, parent, e);
        else
                r = no_memory(e);
        arena_fini(&a);
        if (r < 0)
                return r;
        (*out)->class = o->class;
        (*out)->n_values = o->class->n_properties;
        for (size_t k = 0, n = 0; k < o->class->n_properties; k++) {
                if (o->only && !o->only[k])
                        continue;
                (*out)->slots[n].ordinal = (uint16_t)k;
                (*out)->slots[n++].no_offset = o->class->properties[k].no_offset;
        }
        return 0;
}

int wmio_image_new_parameters(struct wmio_image **out, const struct wmio_images *all, const struct cim_method *m,
                              bool of_out, struct err *e)
{
        const struct wmio_class *c;
        struct arena a;
        size_t n = 0;
        int r;

        arena_init(&a, 0);
        c = wmio_parameters_of(m, of_out, &a);
        r = c ? wmio_image_of(out, all, c, NULL, e) : no_memory(e);
        arena_fini(&a);
        if (r < 0)
                return r;
        (*out)->n_values = m->n_parameters + of_out;
        for (size_t k = 0; k < m->n_parameters; k++) {
                if (of_out ? m->parameters[k].out : m->parameters[k].in)
                        (*out)->slots[n++].ordinal = (uint16_t)k;
        }
        if (of_out)
                (*out)->slots[n].ordinal = (uint16_t)m->n_parameters;
        return 0;
}

void wmio_image_free(struct wmio_image *i)
{
        if (!i)
                return;
        buf_fini(&i->unit);
        buf_fini(&i->instance);
        arena_fini(&i->arena);
        free(i);
}

size_t wmio_image_n_values(const struct wmio_image *i)
{
        return i->n_values;
}

/* ---- all of the schema ---- */

int wmio_images_new(struct wmio_images **out, struct err *e)
{
        _cleanup_(wmio_images_freep) struct wmio_images *all = calloc(1, sizeof *all);

        if (!all)
                return no_memory(e);
        all->images = calloc(n_cim_classes, sizeof(struct wmio_image *));
        if (!all->images)
                return no_memory(e);
        for (size_t i = 0; i < n_cim_classes; i++) {
                int r = wmio_image_new(&all->images[i], all, &(struct wmio_image_opts){ .class = cim_classes[i] }, e);

                if (r < 0)
                        return err_prefix(e, "class %s", cim_classes[i]->name);
        }
        *out = steal(&all);
        return 0;
}

void wmio_images_free(struct wmio_images *all)
{
        if (!all)
                return;
        for (size_t i = 0; all->images && i < n_cim_classes; i++)
                wmio_image_free(all->images[i]);
        free(all->images);
        free(all);
}

const struct wmio_image *wmio_images_get(const struct wmio_images *all, const struct cim_class *c)
{
        size_t low = 0, high = n_cim_classes;

        while (low < high) {
                size_t mid = (low + high) / 2;
                int d = c == cim_classes[mid] ? 0 : str_cmp_nocase(str_of(c->name), str_of(cim_classes[mid]->name));

                if (d == 0)
                        return c == cim_classes[mid] ? all->images[mid] : NULL;
                if (d < 0)
                        high = mid;
                else
                        low = mid + 1;
        }
        return NULL;
}
