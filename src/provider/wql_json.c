/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wql_json - a row as one JSON object
 *
 * System properties come first: __CLASS and, where the keys are known,
 * __RELPATH.  A class definition has its system properties and each of its own
 * with its default value.
 */
#include "provider/wql_private.h"

enum { PATH_USUAL = 200 };

static void text_member(struct buf *out, char before, const char *name, struct str text)
{
        cim_json_member(out, before, name);
        if (text.p)
                cim_json_string(out, text);
        else
                buf_addz(out, "null");
}

static void add_relpath(const struct cim_instance *i, struct buf *out)
{
        struct buf path;

        for (size_t k = 0; k < i->class->n_keys; k++) {
                if (i->values[i->class->keys[k]].null)
                        return;
        }
        buf_init(&path, CIM_PATH_MAX);
        (void)buf_reserve(&path, PATH_USUAL);
        if (i->class->n_keys && cim_path_format(i, &path) == 0 && !path.failed) {
                text_member(out, ',', "__RELPATH", buf_str(&path));
        }
        buf_fini(&path);
}

/* What was asked for. */
static void add_properties(const struct cim_instance *i, struct buf *out)
{
        const struct cim_class *c = i->class;

        for (size_t k = 0; k < c->n_properties; k++) {
                if (i->given && !i->given[k])
                        continue;
                cim_json_member(out, ',', c->properties[k].name);
                cim_json_value_write(&c->properties[k], &i->values[k], out);
        }
}

static void add_values(const struct wql_row *row, struct buf *out)
{
        for (size_t i = 0; i < row->n_values; i++) {
                cim_json_member(out, ',', row->values[i].name);
                cim_json_value_write(row->values[i].type, &row->values[i].value, out);
        }
}

static void write_object(const struct cim_instance *i, const struct wql_row *row, struct buf *out)
{
        if (!i) {
                buf_addz(out, "null");
                return;
        }
        text_member(out, '{', "__CLASS", str_of(i->class->name));
        add_relpath(i, out);
        add_properties(i, out);
        if (row)
                add_values(row, out);
        buf_addc(out, '}');
}

static void write_generic(const struct provider_wql_row *r, struct buf *out)
{
        const struct wql_query *q = r->binding->query;

        buf_addz(out, "{\"__CLASS\":\"__Generic\"");
        for (size_t i = 0; i < q->n_sources; i++) {
                const struct wql_source *s = &q->sources[i];

                if (!r->binding->used[i])
                        continue;
                buf_addc(out, ',');
                cim_json_string(out, s->alias.n ? s->alias : s->class_name);
                buf_addc(out, ':');
                write_object(r->row->objects[i], NULL, out);
        }
        add_values(r->row, out);
        buf_addc(out, '}');
}

static const struct cim_class *root_of(const struct cim_class *c)
{
        while (c->super)
                c = c->super;
        return c;
}

static void write_class(const struct cim_class *c, struct buf *out)
{
        struct arena a;

        arena_init(&a, 0);
        buf_addz(out, "{\"__GENUS\":1");
        text_member(out, ',', "__CLASS", str_of(c->name));
        text_member(out, ',', "__SUPERCLASS", c->super ? str_of(c->super->name) : STR_NULL);
        text_member(out, ',', "__DYNASTY", str_of(root_of(c)->name));
        buf_addz(out, ",\"__DERIVATION\":[");
        for (const struct cim_class *s = c->super; s; s = s->super) {
                cim_json_string(out, str_of(s->name));
                buf_addz(out, s->super ? "," : "");
        }
        buf_printf(out, "],\"__PROPERTY_COUNT\":%zu", c->n_properties);
        for (size_t i = 0; i < c->n_properties; i++) {
                struct cim_value v = { .null = true };

                (void)cim_default(&c->properties[i], &a, &v);
                cim_json_member(out, ',', c->properties[i].name);
                cim_json_value_write(&c->properties[i], &v, out);
        }
        buf_addc(out, '}');
        arena_fini(&a);
}

void provider_wql_json(const struct provider_wql_row *r, struct buf *out)
{
        if (r->class) {
                write_class(r->class, out);
        } else if (r->instance) {
                write_object(r->instance, NULL, out);
        } else if (r->binding->shape == WQL_SHAPE_COUNT) {
                buf_printf(out, "{\"__CLASS\":\"__Generic\",\"Count\":%u}", r->row->count);
        } else if (r->binding->shape == WQL_SHAPE_GENERIC) {
                write_generic(r, out);
        } else {
                for (size_t i = 0; i < r->binding->query->n_sources; i++) {
                        if (r->binding->used[i]) {
                                write_object(r->row->objects[i], r->row, out);
                                break;
                        }
                }
        }
}
