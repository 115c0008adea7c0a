/* SPDX-License-Identifier: Apache-2.0 */
#include "wmi/query_row.h"

enum { FIELDS_MAX = 64 };

void query_images_fini(struct query_images *m)
{
        wmi_images_fini(&m->of_class);
        wmio_image_free(m->generic_image);
        m->generic_image = NULL;
        arena_fini(&m->arena);
}

/* ---- instances ---- */

/* What is shown of it: what was asked for, with its keys where the object must be found again. */
static const bool *shown_of(const struct query_images *m, const struct cim_instance *i, struct arena *a)
{
        bool *shown;

        if (!i->given || !m->locatable)
                return i->given;
        shown = arena_array(a, i->class->n_properties + 1, sizeof *shown);
        for (size_t k = 0; shown && k < i->class->n_properties; k++)
                shown[k] = i->given[k] || i->class->properties[k].key;
        return shown;
}

static bool copy_instance(struct query_images *m, const struct cim_instance *i, struct arena *a, struct wmi_row *out)
{
        struct cim_value *values;

        out->image = wmi_images_get(&m->of_class, m->all, i->class, shown_of(m, i, a));
        if (!out->image || !wmi_copy_values(i->class, i->values, a, &values))
                return false;
        out->values = values;
        return true;
}

/* ---- __Generic ---- */

static size_t fields_of(const struct provider_wql_row *r, struct wmio_field *f)
{
        const struct wql_query *q = r->binding->query;
        size_t n = 0;

        if (r->binding->shape == WQL_SHAPE_COUNT) {
                f[n++] = (struct wmio_field){ .name = STR("Count"), .type = CIM_UINT32 };
                return n;
        }
        for (size_t i = 0; i < q->n_sources; i++) {
                const struct wql_source *s = &q->sources[i];

                if (r->binding->used[i])
                        f[n++] = (struct wmio_field){ .name = s->alias.n ? s->alias : s->class_name, .type = CIM_OBJECT,
                                                      .embedded = s->class ? s->class->name : NULL };
        }
        for (size_t i = 0; i < r->row->n_values && n < FIELDS_MAX; i++)
                f[n++] = (struct wmio_field){ .name = str_of(r->row->values[i].name), .type = r->row->values[i].type->type,
                                              .array = r->row->values[i].type->array };
        return n;
}

static bool make_generic(struct query_images *m, const struct provider_wql_row *r)
{
        struct wmio_field f[FIELDS_MAX];
        struct wmio_image_opts o = { 0 };
        struct err e = { 0 };
        size_t n = fields_of(r, f);

        for (size_t i = 0; i < n; i++) {        /* the names are the query's, which lives for a page only */
                f[i].name = arena_str(&m->arena, f[i].name);
                if (!f[i].name.p)
                        return false;
        }
        o.class = m->generic = wmio_generic_class(f, n, &m->arena);
        return o.class && wmio_image_new(&m->generic_image, m->all, &o, &e) == 0;
}

static struct wmio_object *object_of(struct query_images *m, const struct cim_instance *i, struct arena *a)
{
        struct wmio_object *o = arena_alloc(a, sizeof *o);
        struct wmi_row row;

        if (!o || !copy_instance(m, i, a, &row))
                return NULL;
        *o = (struct wmio_object){ .image = row.image, .values = row.values };
        return o;
}

static bool copy_generic(struct query_images *m, const struct provider_wql_row *r, struct arena *a, struct wmi_row *out)
{
        const struct wql_query *q = r->binding->query;
        const struct wmio_object **objects;
        struct cim_value *values;
        size_t at = 0;

        if (!m->generic_image && !make_generic(m, r))
                return false;
        values = arena_array(a, m->generic->n_properties + 1, sizeof *values);
        objects = arena_array(a, m->generic->n_properties + 1, sizeof *objects);
        if (!values || !objects)
                return false;
        out->image = m->generic_image;
        if (r->binding->shape == WQL_SHAPE_COUNT)
                values[at++].u = r->row->count;
        for (size_t i = 0; r->binding->shape != WQL_SHAPE_COUNT && i < q->n_sources; i++) {
                if (!r->binding->used[i])
                        continue;
                values[at].null = !r->row->objects[i];
                if (r->row->objects[i] && !(objects[at] = object_of(m, r->row->objects[i], a)))
                        return false;
                at++;
        }
        for (size_t i = 0; i < r->row->n_values && at < m->generic->n_properties; i++)
                values[at++] = r->row->values[i].value;
        out->objects = objects;
        /* Texts of values are the row's still. */
        if (!wmi_copy_values(m->generic, values, a, &values))
                return false;
        out->values = values;
        return true;
}

/* ---- rows ---- */

/* The one object of a row of one class. */
static const struct cim_instance *only_object(const struct provider_wql_row *r)
{
        for (size_t i = 0; i < r->binding->query->n_sources; i++) {
                if (r->binding->used[i])
                        return r->row->objects[i];
        }
        return NULL;
}

static bool is_generic(const struct provider_wql_row *r)
{
        return r->row && (r->binding->shape != WQL_SHAPE_CLASS || r->row->n_values);
}

static bool copy_row(struct query_images *m, const struct provider_wql_row *r, struct arena *a, struct query_row *out)
{
        const struct cim_instance *i;

        if (r->class) {
                out->class = r->class;
                out->row.image = wmi_images_get(&m->of_class, m->all, r->class, NULL);
                return out->row.image != NULL;
        }
        if (is_generic(r)) {
                out->class = r->binding->query->sources[0].class;
                return copy_generic(m, r, a, &out->row);
        }
        i = r->instance ? r->instance : only_object(r);
        out->class = i ? i->class : NULL;       /* the missing side of an outer join is no object */
        return !i || copy_instance(m, i, a, &out->row);
}

struct query_row *query_row_copy(struct query_images *m, const struct provider_wql_row *row, struct arena *a)
{
        struct query_row *copy = arena_alloc(a, sizeof *copy);

        return copy && copy_row(m, row, a, copy) ? copy : NULL;
}
