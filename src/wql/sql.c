/* SPDX-License-Identifier: Apache-2.0 */
/* sql - the statement: list, FROM, WHERE, ORDER BY; parameters */
#include "wql/sqlgen.h"

static int nomem(struct wql_sqlgen *g)
{
        return wql_fail(g->e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
}

/* ---- parameters ---- */

int wql_sql_param(struct wql_sqlgen *g, struct db_arg p)
{
        struct wql_sql *out = g->out;

        if (out->n_params == g->cap) {
                size_t cap = g->cap ? g->cap * 2 : 16;
                struct db_arg *more = arena_array(g->a, cap, sizeof(*more));

                if (!more)
                        return nomem(g);
                if (g->cap)
                        memcpy(more, out->params, g->cap * sizeof(*more));
                out->params = more;
                g->cap = cap;
        }
        out->params[out->n_params++] = p;
        buf_printf(&g->text, "?%zu", out->n_params);
        return 0;
}

int wql_sql_text_param(struct wql_sqlgen *g, struct str s)
{
        return wql_sql_param(g, (struct db_arg){ .type = s.p ? DB_TEXT : DB_NULL, .s = s });
}

int wql_sql_int_param(struct wql_sqlgen *g, int64_t i)
{
        return wql_sql_param(g, (struct db_arg){ .type = DB_INT, .i = i });
}

void wql_sql_bind(const struct wql_sql *q, struct db_stmt *s)
{
        for (size_t i = 0; i < q->n_params; i++) {
                const struct db_arg *p = &q->params[i];
                int n = (int)i + 1;

                if (p->type == DB_INT)
                        db_bind_i64(s, n, p->i);
                else if (p->type == DB_REAL)
                        db_bind_double(s, n, p->d);
                else if (p->type == DB_TEXT)
                        db_bind_text(s, n, p->s);
                else
                        db_bind_null(s, n);
        }
}

/* ---- the list ---- */

/* Which fields of a source the list asks for; the key with them, unless DISTINCT would see it. */
static void mark_fields(struct wql_sqlgen *g, size_t source, const struct wql_operand *o)
{
        struct wql_part *p = &g->parts[source];

        if (o && o->kind == WQL_CALL)
                return;
        for (size_t i = 0; i < p->n_fields; i++) {
                if (!o || str_eqz_nocase(o->name.parts[o->name.first], p->fields[i]->name))
                        p->shown[i] = true;
        }
}

static void mark_list(struct wql_sqlgen *g)
{
        const struct wql_query *q = g->q;

        for (size_t i = 0; i < q->n_sources && q->star; i++)
                mark_fields(g, i, NULL);
        for (size_t i = 0; i < q->n_items; i++) {
                const struct wql_item *item = &q->items[i];

                if (item->kind == WQL_ITEM_STAR_OF)
                        mark_fields(g, item->operand.name.source, NULL);
                else if (item->kind == WQL_ITEM_OPERAND && !item->operand.name.system)
                        mark_fields(g, item->operand.name.source, &item->operand);
        }
}

struct columns {
        int column;
        const char *comma;
};

static void begin_column(struct wql_sqlgen *g, struct columns *l)
{
        buf_addz(&g->text, l->comma);
        l->comma = ", ";
        l->column++;
}

/* The columns of a source, and what the reader of rows is to know of them. */
static int write_part(struct wql_sqlgen *g, size_t source, struct columns *l)
{
        const struct wql_part *p = &g->parts[source];
        struct wql_part *out = &g->out->parts[source];
        bool distinct = g->q->distinct;

        *out = (struct wql_part){ .classes = p->classes, .n_classes = p->n_classes, .class_column = -1 };
        out->fields = arena_array(g->a, p->n_fields + 1, sizeof(*out->fields));
        out->shown = arena_array(g->a, p->n_fields + 1, sizeof(*out->shown));
        if (!out->fields || !out->shown)
                return nomem(g);
        if (p->n_classes > 1 && !distinct) {
                out->class_column = l->column;
                begin_column(g, l);
                buf_printf(&g->text, "s%zu.\"__CLASS\"", g->base + source);
        }
        out->first_column = l->column;
        for (size_t i = 0; i < p->n_fields; i++) {
                const struct cim_property *f = p->fields[i];

                if (!p->shown[i] && (distinct || !f->key))
                        continue;
                begin_column(g, l);
                if (f->lazy)
                        buf_addz(&g->text, "NULL");
                else
                        buf_printf(&g->text, "s%zu.\"%s\"%s", g->base + source, f->name,
                                   distinct && wql_sql_is_text(f) ? " COLLATE WQL" : "");
                out->fields[out->n_fields] = f;
                out->shown[out->n_fields++] = p->shown[i];
        }
        return 0;
}

static int write_list(struct wql_sqlgen *g)
{
        const struct wql_query *q = g->q;
        struct columns l = { .comma = "" };

        mark_list(g);
        for (size_t i = 0; i < q->n_sources; i++) {
                if (g->binding->used[i] && write_part(g, i, &l) < 0)
                        return -1;
        }
        g->out->first_value = l.column;
        for (size_t i = 0; i < q->n_items; i++) {
                if (q->items[i].kind != WQL_ITEM_OPERAND || q->items[i].operand.kind != WQL_CALL)
                        continue;
                begin_column(g, &l);
                g->out->n_values++;
                if (wql_sql_operand(g, &q->items[i].operand) < 0)
                        return -1;
        }
        if (l.column == 0)              /* a list of system properties over no key */
                buf_addc(&g->text, '1');
        return 0;
}

static int write_count(struct wql_sqlgen *g)
{
        const struct wql_name *n = &g->q->items[0].operand.name;

        buf_addz(&g->text, "count(");
        if (!n->n)
                buf_addc(&g->text, '*');
        else if (wql_sql_name(g, n) < 0)
                return -1;
        buf_addc(&g->text, ')');
        return 0;
}

/* ---- clauses ---- */

/* A property that stood in the list before orders nothing more, and the engine bounds the list. */
static bool orders_already(const struct wql_query *q, size_t i)
{
        const struct wql_name *n = &q->orders[i].name;

        for (size_t k = 0; k < i; k++) {
                const struct wql_name *before = &q->orders[k].name;

                if (before->source == n->source && before->property == n->property)
                        return true;
        }
        return false;
}

static int write_orders(struct wql_sqlgen *g)
{
        for (size_t i = 0; i < g->q->n_orders; i++) {
                const struct wql_order *o = &g->q->orders[i];
                const char *way = o->descending ? " DESC" : "";

                if (orders_already(g->q, i))
                        continue;
                buf_addz(&g->text, i ? ", " : " ORDER BY ");
                if (o->name.type->type == CIM_UINT64) {         /* kept as sint64: the upper half is negative */
                        if (wql_sql_name(g, &o->name) < 0)
                                return -1;
                        buf_printf(&g->text, " < 0%s, ", way);
                }
                if (wql_sql_name(g, &o->name) < 0)
                        return -1;
                buf_printf(&g->text, "%s%s", wql_sql_is_text(o->name.type) ? " COLLATE WQL" : "", way);
        }
        return 0;
}

static int write_rest(struct wql_sqlgen *g)
{
        if (wql_sql_from(g) < 0)
                return -1;
        if (g->q->where) {
                buf_addz(&g->text, " WHERE ");
                return wql_sql_where(g, g->q->where, false);
        }
        return 0;
}

int wql_sql_enter(struct wql_sqlgen *g, unsigned cost, uint32_t at)
{
        g->stack += cost;
        if (g->stack > WQL_SQL_STACK)
                return wql_fail(g->e, WBEM_E_QUOTA_VIOLATION, at, "the condition is nested too deep");
        return 0;
}

int wql_sql_select(struct wql_sqlgen *g, const struct wql_query *q)
{
        struct wql_sqlgen sub = *g;
        struct wql_part parts[WQL_MAX_CLASSES] = { { 0 } };
        const struct wql_operand *o = &q->items[0].operand;
        int r;

        sub.q = q;
        sub.parts = parts;
        sub.base = g->next;
        sub.next = sub.base + (unsigned)q->n_sources;
        r = wql_sql_enter(&sub, WQL_SQL_SUB, q->sources[0].at);
        if (!r)
                r = wql_sql_sources(&sub);
        if (!r) {
                buf_addz(&sub.text, q->distinct ? "SELECT DISTINCT " : "SELECT ");
                r = wql_sql_operand(&sub, o);
        }
        if (!r)
                r = write_rest(&sub);
        g->text = sub.text;
        g->cap = sub.cap;
        g->next = sub.next;
        return r;
}

static int write_statement(struct wql_sqlgen *g)
{
        bool counts = g->binding->shape == WQL_SHAPE_COUNT;

        if (wql_sql_sources(g) < 0)
                return -1;
        buf_addz(&g->text, g->q->distinct ? "SELECT DISTINCT " : "SELECT ");
        if ((counts ? write_count(g) : write_list(g)) < 0 || write_rest(g) < 0)
                return -1;
        if (!counts && write_orders(g) < 0)
                return -1;
        if (g->opts->limit || g->opts->skip) {
                buf_addz(&g->text, " LIMIT ");
                if (wql_sql_int_param(g, g->opts->limit ? (int64_t)MIN(g->opts->limit, (uint64_t)INT64_MAX) : -1) < 0)
                        return -1;
                buf_addz(&g->text, " OFFSET ");
                return wql_sql_int_param(g, (int64_t)MIN(g->opts->skip, (uint64_t)INT64_MAX));
        }
        return 0;
}

int wql_sql_compile(const struct wql_binding *b, const struct wql_sql_opts *o, struct arena *a, struct wql_sql **out,
                    struct wql_error *e)
{
        struct wql_part parts[WQL_MAX_CLASSES] = { { 0 } };
        struct wql_sqlgen g = { .opts = o, .binding = b, .a = a, .e = e, .q = b->query, .parts = parts };
        int r;

        if (b->query->kind != WQL_DATA)
                return wql_fail(e, WBEM_E_NOT_SUPPORTED, 0, "only queries for data become SQL");
        g.out = *out = arena_alloc(a, sizeof(**out));
        if (!g.out)
                return nomem(&g);
        g.out->binding = b;
        g.next = (unsigned)b->query->n_sources;
        buf_init(&g.text, 4 << 20);
        r = write_statement(&g);
        if (!r) {
                g.out->text = g.text.failed ? STR_NULL : arena_str(a, buf_str(&g.text));
                if (!g.out->text.p)
                        r = nomem(&g);
        }
        buf_fini(&g.text);
        return r;
}
