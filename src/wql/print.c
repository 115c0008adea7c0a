/* SPDX-License-Identifier: Apache-2.0 */
/* print - a tree as canonical text; the inverse of parsing */
#include "wql/parser.h"

static const char *const op_text[] = {
        [WQL_AND] = "AND", [WQL_OR] = "OR", [WQL_EQ] = "=",  [WQL_NE] = "<>",
        [WQL_LT] = "<",    [WQL_LE] = "<=", [WQL_GT] = ">",  [WQL_GE] = ">=",
};
static const char *const function_text[N_WQL_FUNCTIONS] = {
        [WQL_FN_GETDATE] = "GetDate", [WQL_FN_DATEADD] = "DateAdd", [WQL_FN_DATEDIFF] = "DateDiff",
        [WQL_FN_DATEPART] = "DatePart", [WQL_FN_UPPER] = "UPPER", [WQL_FN_LOWER] = "LOWER",
        [WQL_FN_SUBSTRING] = "SUBSTRING",
};
static const char *const part_text[N_WQL_DATEPARTS] = {
        [WQL_YEAR] = "Year", [WQL_MONTH] = "Month", [WQL_DAY] = "Day", [WQL_HOUR] = "Hour",
        [WQL_MINUTE] = "Minute", [WQL_SECOND] = "Second", [WQL_MILLISECOND] = "Millisecond",
};

static void print_string(struct str s, struct buf *b)
{
        buf_addc(b, '"');
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '"' || s.p[i] == '\\')
                        buf_addc(b, '\\');
                buf_addc(b, s.p[i]);
        }
        buf_addc(b, '"');
}

static void print_const(const struct wql_const *c, struct buf *b)
{
        switch (c->type) {
        case WQL_NULL:
                buf_addz(b, "NULL");
                break;
        case WQL_BOOL:
                buf_addz(b, c->b ? "TRUE" : "FALSE");
                break;
        case WQL_STRING:
                print_string(c->s, b);
                break;
        default:
                buf_adds(b, c->s);
        }
}

static void print_name(const struct wql_name *n, struct buf *b)
{
        for (size_t i = 0; i < n->n; i++) {
                if (i)
                        buf_addc(b, '.');
                buf_adds(b, n->parts[i]);
        }
}

static void print_operand(const struct wql_operand *o, struct buf *b)
{
        const char *separator = "";

        if (o->kind == WQL_CONST) {
                print_const(&o->value, b);
                return;
        }
        if (o->kind == WQL_NAME) {
                print_name(&o->name, b);
                return;
        }
        buf_printf(b, "%s(", function_text[o->function]);
        if (o->function == WQL_FN_DATEADD || o->function == WQL_FN_DATEDIFF || o->function == WQL_FN_DATEPART) {
                buf_addz(b, part_text[o->part]);
                separator = ", ";
        }
        for (size_t i = 0; i < o->n_args; i++, separator = ", ") {
                buf_addz(b, separator);
                print_operand(o->args[i], b);
        }
        buf_addc(b, ')');
}

static void print_list(const struct wql_node *n, struct buf *b)
{
        for (size_t i = 0; i < n->n_items; i++) {
                buf_addz(b, i ? ", " : "");
                print_const(&n->items[i], b);
        }
}

static void print_predicate(const struct wql_node *n, struct buf *b)
{
        print_operand(&n->left, b);
        switch (n->op) {
        case WQL_IS_NULL:
                buf_addz(b, n->negated ? " IS NOT NULL" : " IS NULL");
                return;
        case WQL_LIKE:
                buf_addz(b, n->negated ? " NOT LIKE " : " LIKE ");
                break;
        case WQL_ISA:
                buf_addz(b, " ISA ");
                break;
        case WQL_IN:
        case WQL_IN_SELECT:
                buf_addz(b, n->negated ? " NOT IN (" : " IN (");
                if (n->sub)
                        wql_print(n->sub, b);
                else
                        print_list(n, b);
                buf_addc(b, ')');
                return;
        default:
                buf_printf(b, " %s ", op_text[n->op]);
                if (n->sub) {
                        buf_addc(b, '(');
                        wql_print(n->sub, b);
                        buf_addc(b, ')');
                        return;
                }
        }
        print_operand(&n->right, b);
}

/* Brackets only where precedence needs them: AND and OR inside AND or NOT. */
static void print_child(const struct wql_node *n, enum wql_op parent, struct buf *b)
{
        bool brackets = n->op == WQL_OR || (n->op == WQL_AND && parent == WQL_NOT);

        buf_addz(b, brackets ? "(" : "");
        wql_print_expr(n, b);
        buf_addz(b, brackets ? ")" : "");
}

void wql_print_expr(const struct wql_node *n, struct buf *b)
{
        if (n->op == WQL_NOT) {
                buf_addz(b, "NOT ");
                print_child(n->child, WQL_NOT, b);
        } else if (n->op == WQL_AND || n->op == WQL_OR) {
                for (const struct wql_node *c = n->child; c; c = c->next) {
                        if (c != n->child)
                                buf_printf(b, " %s ", op_text[n->op]);
                        if (n->op == WQL_AND)
                                print_child(c, WQL_AND, b);
                        else
                                wql_print_expr(c, b);
                }
        } else {
                print_predicate(n, b);
        }
}

static void print_items(const struct wql_query *q, struct buf *b)
{
        if (q->star)
                buf_addc(b, '*');
        for (size_t i = 0; i < q->n_items; i++) {
                const struct wql_item *item = &q->items[i];

                buf_addz(b, i ? ", " : "");
                if (item->kind == WQL_ITEM_OPERAND) {
                        print_operand(&item->operand, b);
                } else if (item->kind == WQL_ITEM_STAR_OF) {
                        print_name(&item->operand.name, b);
                        buf_addz(b, ".*");
                } else {
                        buf_addz(b, "COUNT(");
                        if (item->operand.name.n)
                                print_name(&item->operand.name, b);
                        else
                                buf_addc(b, '*');
                        buf_addc(b, ')');
                }
        }
}

static void print_sources(const struct wql_query *q, struct buf *b)
{
        static const char *const joins[] = {
                [WQL_JOIN_NONE] = "", [WQL_JOIN_COMMA] = ", ", [WQL_JOIN_INNER] = " INNER JOIN ",
                [WQL_JOIN_LEFT] = " LEFT OUTER JOIN ", [WQL_JOIN_RIGHT] = " RIGHT OUTER JOIN ",
                [WQL_JOIN_FULL] = " FULL OUTER JOIN ",
        };

        for (size_t i = 0; i < q->n_sources; i++) {
                const struct wql_source *s = &q->sources[i];

                buf_addz(b, joins[s->join]);
                buf_adds(b, s->class_name);
                if (s->alias.n)
                        buf_printf(b, " AS %.*s", STR_ARG(s->alias));
                if (s->on) {
                        buf_addz(b, " ON ");
                        wql_print_expr(s->on, b);
                }
        }
}

static void print_group(const struct wql_query *q, struct buf *b)
{
        buf_printf(b, " GROUP WITHIN %.13g", q->group_s);
        for (size_t i = 0; i < q->n_by; i++) {
                buf_addz(b, i ? ", " : " BY ");
                print_name(&q->by[i], b);
        }
        if (q->has_having)
                buf_printf(b, " HAVING NumberOfEvents %s %llu", op_text[q->having_op], (unsigned long long)q->having_count);
}

static void print_terms(const struct wql_query *q, struct buf *b)
{
        const struct wql_terms *t = &q->terms;
        const struct {
                const char *word;
                struct str value;
                bool flag;
        } all[] = {
                { "AssocClass", t->assoc_class, false },
                { "ResultClass", t->result_class, false },
                { "ResultRole", t->result_role, false },
                { "Role", t->role, false },
                { "RequiredQualifier", t->required_qualifier, false },
                { "RequiredAssocQualifier", t->required_assoc_qualifier, false },
                { "ClassDefsOnly", STR_NULL, t->class_defs_only },
                { "KeysOnly", STR_NULL, t->keys_only },
                { "SchemaOnly", STR_NULL, t->schema_only },
        };
        const char *lead = " WHERE ";

        buf_printf(b, "%s OF {%.*s}", q->kind == WQL_ASSOCIATORS ? "ASSOCIATORS" : "REFERENCES", STR_ARG(q->path));
        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                if (!all[i].flag && !all[i].value.n)
                        continue;
                buf_printf(b, "%s%s", lead, all[i].word);
                if (all[i].value.n)
                        buf_printf(b, " = %.*s", STR_ARG(all[i].value));
                lead = " ";
        }
}

void wql_print(const struct wql_query *q, struct buf *b)
{
        if (q->kind == WQL_ASSOCIATORS || q->kind == WQL_REFERENCES) {
                print_terms(q, b);
                return;
        }
        buf_addz(b, q->distinct ? "SELECT DISTINCT " : "SELECT ");
        print_items(q, b);
        buf_addz(b, " FROM ");
        print_sources(q, b);
        if (q->has_within)
                buf_printf(b, " WITHIN %.13g", q->within_s);
        if (q->where) {
                buf_addz(b, " WHERE ");
                wql_print_expr(q->where, b);
        }
        if (q->has_group)
                print_group(q, b);
        for (size_t i = 0; i < q->n_orders; i++) {
                buf_addz(b, i ? ", " : " ORDER BY ");
                print_name(&q->orders[i].name, b);
                buf_addz(b, q->orders[i].descending ? " DESC" : "");
        }
}
