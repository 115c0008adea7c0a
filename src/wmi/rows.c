/* SPDX-License-Identifier: Apache-2.0 */
/* rows - what the rows of one source share, and copies of values that outlive their row */
#include "wmi/source.h"

static bool same_only(const struct wmi_image_row *r, const struct cim_class *c, const bool *only)
{
        if (r->class != c || !r->only != !only)
                return false;
        return !only || memcmp(r->only, only, c->n_properties * sizeof *only) == 0;
}

static bool grow(struct wmi_images *m)
{
        size_t cap = m->cap ? 2 * m->cap : 4;
        struct wmi_image_row *more;

        if (m->n < m->cap)
                return true;
        more = realloc(m->v, cap * sizeof *more);
        if (!more)
                return false;
        m->v = more;
        m->cap = cap;
        return true;
}

static bool *copy_only(const struct cim_class *c, const bool *only)
{
        bool *copy = malloc(c->n_properties * sizeof *copy + 1);

        if (copy)
                memcpy(copy, only, c->n_properties * sizeof *copy);
        return copy;
}

static bool is_all(const struct cim_class *c, const bool *only)
{
        for (size_t i = 0; i < c->n_properties; i++) {
                if (!only[i])
                        return false;
        }
        return true;
}

const struct wmio_image *wmi_images_get(struct wmi_images *m, const struct wmio_images *all, const struct cim_class *c,
                                        const bool *asked)
{
        const bool *only = asked && !is_all(c, asked) ? asked : NULL;
        const struct wmio_image *known = !only && !m->amended ? wmio_images_get(all, c) : NULL;
        struct wmio_image_opts o = { .class = c, .only = only, .amended = m->amended };
        struct wmi_image_row r = { .class = c };
        struct err e = { 0 };

        if (known)
                return known;
        for (size_t i = 0; i < m->n; i++) {
                if (same_only(&m->v[i], c, only))
                        return m->v[i].image;
        }
        if (!grow(m) || (only && !(r.only = copy_only(c, only))))
                return NULL;
        if (wmio_image_new(&r.image, all, &o, &e) < 0) {
                free(r.only);
                return NULL;
        }
        m->v[m->n++] = r;
        return r.image;
}

void wmi_images_fini(struct wmi_images *m)
{
        for (size_t i = 0; i < m->n; i++) {
                free(m->v[i].only);
                wmio_image_free(m->v[i].image);
        }
        free(m->v);
        *m = (struct wmi_images){ .amended = m->amended };
}

static bool is_text(const struct cim_property *p, const struct cim_value *v)
{
        return p->type == CIM_STRING || p->type == CIM_REFERENCE || p->type == CIM_OBJECT || v->text;
}

static bool copy_value(const struct cim_property *p, bool array, const struct cim_value *v, struct arena *a, struct cim_value *out)
{
        struct cim_value *items;

        *out = *v;
        if (v->null)
                return true;
        if (!array) {
                if (is_text(p, v))
                        out->s = v->s.n ? arena_str(a, v->s) : STR("");
                return !is_text(p, v) || out->s.p;
        }
        items = arena_array(a, v->array.n + 1, sizeof *items);
        for (size_t i = 0; items && i < v->array.n; i++) {
                if (!copy_value(p, false, &v->array.items[i], a, &items[i]))
                        return false;
        }
        out->array.items = items;
        return items != NULL;
}

bool wmi_copy_values(const struct cim_class *c, const struct cim_value *from, struct arena *a, struct cim_value **out)
{
        *out = arena_array(a, c->n_properties + 1, sizeof **out);
        for (size_t i = 0; *out && i < c->n_properties; i++) {
                if (!copy_value(&c->properties[i], c->properties[i].array, &from[i], a, &(*out)[i]))
                        return false;
        }
        return *out != NULL;
}
