/* SPDX-License-Identifier: Apache-2.0 */
/* wql_tables - tables of a schema */
#include "wql_tables.h"

#include "wql/sql.h"

static int run_sql(struct db_conn *db, struct buf *text, struct err *e)
{
        struct db_stmt *s = NULL;
        int r = db_stmt_dynamic(&s, db, buf_str(text), e);

        if (!r)
                r = db_run(s, e);
        db_stmt_free(s);
        buf_fini(text);
        return r;
}

static int create_table(struct db_conn *db, const struct cim_class *c, struct err *e)
{
        struct buf b;

        if (!c->view)
                return 0;
        buf_init(&b, 0);
        buf_printf(&b, "CREATE TABLE \"%s\" (", c->view);
        for (size_t i = 0; i < c->n_properties; i++)
                buf_printf(&b, "%s\"%s\"", i ? ", " : "", c->properties[i].name);
        buf_addz(&b, c->n_properties ? ")" : "none_)");
        return run_sql(db, &b, e);
}

int tables_open(struct db_conn **out, const struct wql_schema *schema, struct err *e)
{
        static const struct db_schema none = { .name = "tables" };
        _cleanup_(db_conn_closep) struct db_conn *db = NULL;
        const struct cim_class *c;
        int r = db_conn_open(&db, ":memory:", &none, DB_WRITER, e);

        if (!r)
                r = db_extend(db, &wql_sql_extension, e);
        for (size_t i = 0; !r && (c = schema->at(schema->ctx, i)); i++)
                r = create_table(db, c, e);
        if (!r)
                *out = steal(&db);
        return r;
}

static void bind_value(struct db_stmt *s, int n, const struct cim_property *p, const struct cim_value *v)
{
        struct buf json;

        if (v->null)
                return;
        if (p->array || p->type == CIM_OBJECT) {
                buf_init(&json, 0);
                cim_json_value_write(p, v, &json);
                db_bind_text(s, n, buf_str(&json));
                buf_fini(&json);
        } else if (v->text || p->type == CIM_STRING || p->type == CIM_REFERENCE) {
                db_bind_text(s, n, v->s.p ? v->s : STR(""));
        } else if (p->type == CIM_REAL32 || p->type == CIM_REAL64) {
                db_bind_double(s, n, v->d);
        } else {
                db_bind_i64(s, n, v->i);
        }
}

int tables_insert(struct db_conn *db, const struct cim_instance *in, struct err *e)
{
        struct db_stmt *s = NULL;
        struct buf b;
        int r;

        buf_init(&b, 0);
        buf_printf(&b, "INSERT INTO \"%s\" VALUES (", in->class->view);
        for (size_t i = 0; i < in->class->n_properties; i++)
                buf_printf(&b, "%s?%zu", i ? ", " : "", i + 1);
        buf_addc(&b, ')');
        r = db_stmt_dynamic(&s, db, buf_str(&b), e);
        buf_fini(&b);
        for (size_t i = 0; !r && i < in->class->n_properties; i++)
                bind_value(s, (int)i + 1, &in->class->properties[i], &in->values[i]);
        if (!r)
                r = db_run(s, e);
        db_stmt_free(s);
        return r;
}

int tables_empty(struct db_conn *db, const struct cim_class *c, struct err *e)
{
        struct buf b;

        buf_init(&b, 0);
        buf_printf(&b, "DELETE FROM \"%s\"", c->view);
        return run_sql(db, &b, e);
}
