/* SPDX-License-Identifier: Apache-2.0 */
/* row - view rows to instances, by the type of each property */
#include "model/row.h"

static int read_json(struct db_stmt *s, int i, const struct cim_property *p, struct arena *a, struct cim_value *out,
                     struct err *e)
{
        struct str text = arena_str(a, db_col_text(s, i));
        int r;

        if (!text.p)
                return err_set(e, ERR_NOMEM, "read %s: out of memory", p->name);
        r = cim_json_value_read(p, text, a, out, e);
        if (r < 0)
                return err_prefix(e, "stored value of %s", p->name);
        return 0;
}

static int read_column(struct db_stmt *s, int i, const struct cim_property *p, struct arena *a, struct cim_value *out,
                       struct err *e)
{
        out->null = db_col_is_null(s, i);
        if (out->null)
                return 0;
        if (p->array || p->type == CIM_OBJECT)
                return read_json(s, i, p, a, out, e);
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                out->s = arena_str(a, db_col_text(s, i));
                if (!out->s.p)
                        return err_set(e, ERR_NOMEM, "read %s: out of memory", p->name);
                return 0;
        case CIM_REAL32:
        case CIM_REAL64:
                out->d = db_col_double(s, i);
                return 0;
        default:
                out->i = db_col_i64(s, i);
                return 0;
        }
}

bool row_differs(const struct cim_instance *a, const struct cim_instance *b)
{
        const struct cim_class *c = a->class;

        for (size_t i = 0; i < c->n_properties; i++)
                if (!cim_value_eq(&c->properties[i], &a->values[i], &b->values[i]))
                        return true;
        return false;
}

int row_read(struct db_stmt *s, const struct cim_class *c, struct arena *a, struct cim_instance **out, struct err *e)
{
        struct cim_instance *in = cim_instance_new(c, a);
        int r = 0;

        if (!in)
                return err_set(e, ERR_NOMEM, "read %s: out of memory", c->name);
        for (size_t i = 0; i < c->n_properties && !r; i++)
                r = read_column(s, (int)i, &c->properties[i], a, &in->values[i], e);
        if (r < 0)
                return err_prefix(e, "%s", c->name);
        *out = in;
        return 0;
}
