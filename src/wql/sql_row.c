/* SPDX-License-Identifier: Apache-2.0 */
/* sql_row - a row of a compiled query as instances */
#include "wql/binder.h"
#include "wql/sqlgen.h"

static int no_memory(struct err *e)
{
        return err_set(e, ERR_NOMEM, "read a row: out of memory");
}

static int read_text(struct db_stmt *s, int column, struct arena *a, struct str *out, struct err *e)
{
        *out = arena_str(a, db_col_text(s, column));
        return out->p ? 0 : no_memory(e);
}

static int read_value(struct db_stmt *s, int column, const struct cim_property *p, struct arena *a, struct cim_value *out,
                      struct err *e)
{
        struct str text;
        int r = 0;

        *out = (struct cim_value){ .null = db_col_is_null(s, column) };
        if (out->null)
                return 0;
        if (p->array || p->type == CIM_OBJECT) {
                r = read_text(s, column, a, &text, e);
                return r < 0 ? r : cim_json_value_read(p, text, a, out, e);
        }
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                return read_text(s, column, a, &out->s, e);
        case CIM_REAL32:
        case CIM_REAL64:
                out->d = db_col_double(s, column);
                break;
        default:
                out->i = db_col_i64(s, column);
        }
        return r;
}

static const struct cim_class *class_of(const struct wql_part *p, const struct cim_class *base, struct db_stmt *s)
{
        struct str name;

        if (p->class_column < 0)
                return p->n_classes == 1 ? p->classes[0] : base;
        name = db_col_text(s, p->class_column);
        for (size_t i = 0; i < p->n_classes; i++) {
                if (str_eqz(name, p->classes[i]->name))
                        return p->classes[i];
        }
        return NULL;                    /* the missing side of an outer join */
}

static bool is_missing(const struct wql_part *p, struct db_stmt *s)
{
        for (size_t i = 0; i < p->n_fields; i++) {
                if (!db_col_is_null(s, p->first_column + (int)i))
                        return false;
        }
        return p->n_fields > 0;
}

/* The ordinal of a field in the class of this row; -1: another subclass has it. */
static int ordinal_of(const struct cim_class *c, const struct cim_property *field)
{
        return field->class_name == c->name ? (int)(field - c->properties) : cim_property_find(c, str_of(field->name));
}

static int read_object(const struct wql_sql *q, size_t source, struct db_stmt *s, struct arena *a, struct cim_instance **out,
                       struct err *e)
{
        const struct wql_part *p = &q->parts[source];
        const struct cim_class *c = class_of(p, q->binding->query->sources[source].class, s);
        struct cim_instance *i;

        *out = NULL;
        if (!c || (q->binding->shape == WQL_SHAPE_GENERIC && is_missing(p, s)))
                return 0;
        i = cim_instance_new(c, a);
        if (i)
                i->given = arena_array(a, c->n_properties + 1, sizeof(*i->given));
        if (!i || !i->given)
                return no_memory(e);
        for (size_t k = 0; k < p->n_fields; k++) {
                int at = ordinal_of(c, p->fields[k]), r;

                if (at < 0)             /* of another subclass */
                        continue;
                r = read_value(s, p->first_column + (int)k, &c->properties[at], a, &i->values[at], e);
                if (r < 0)
                        return err_prefix(e, "%s", c->name);
                i->given[at] = p->shown[k];
        }
        *out = i;
        return 0;
}

static int read_values(const struct wql_sql *q, struct db_stmt *s, struct arena *a, struct wql_row *out, struct err *e)
{
        const struct wql_query *query = q->binding->query;
        int r = 0;

        out->values = arena_array(a, q->n_values + 1, sizeof(*out->values));
        if (!out->values)
                return no_memory(e);
        for (size_t i = 0; i < query->n_items && !r; i++) {
                struct wql_value *v = &out->values[out->n_values];

                if (query->items[i].kind != WQL_ITEM_OPERAND || query->items[i].operand.kind != WQL_CALL)
                        continue;
                v->name = arena_printf(a, "Expr%zu", out->n_values + 1);
                v->type = wql_sql_type(&query->items[i].operand);
                r = v->name ? read_value(s, q->first_value + (int)out->n_values, v->type, a, &v->value, e) : no_memory(e);
                out->n_values++;
        }
        return r;
}

int wql_sql_row(const struct wql_sql *q, struct db_stmt *s, struct arena *a, struct wql_row *out, struct err *e)
{
        int r = 0;

        *out = (struct wql_row){ 0 };
        if (q->binding->shape == WQL_SHAPE_COUNT) {
                out->count = (uint32_t)MIN(db_col_i64(s, 0), (int64_t)UINT32_MAX);
                return 0;
        }
        for (size_t i = 0; i < q->binding->query->n_sources && !r; i++) {
                if (q->binding->used[i])
                        r = read_object(q, i, s, a, &out->objects[i], e);
        }
        return r < 0 ? r : read_values(q, s, a, out, e);
}
