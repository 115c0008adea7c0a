/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql_where - conditions with two-valued logic
 *
 * NOT is carried down to the predicates, so that an engine's NULL means false
 * wherever it comes up, and a plain "column = ?" stays what an index answers.
 */
#include "base/fold.h"
#include "wql/like.h"
#include "wql/sqlgen.h"

static const char *const ops[] = { [WQL_EQ] = "=", [WQL_NE] = "IS NOT", [WQL_LT] = "<", [WQL_LE] = "<=", [WQL_GT] = ">",
                                   [WQL_GE] = ">=" };

/* ASCII folds in the engine, and an index may know it; order and the rest of Unicode are ours. */
static const char *collation(enum wql_op op, struct str s)
{
        return (op == WQL_EQ || op == WQL_NE) && fold_is_ascii(s) ? " COLLATE NOCASE" : " COLLATE WQL";
}

/* ---- left op constant ---- */

/* The upper half of uint64 is kept as negative numbers. */
static int write_unsigned(struct wql_sqlgen *g, const struct wql_operand *left, const struct wql_bound *b)
{
        bool big = b->u > INT64_MAX, less = b->op == WQL_LT || b->op == WQL_LE;

        buf_addc(&g->text, '(');
        if (wql_sql_operand(g, left) < 0)
                return -1;
        buf_printf(&g->text, " %s ", ops[b->op]);
        if (wql_sql_int_param(g, (int64_t)b->u) < 0)
                return -1;
        if (b->op != WQL_EQ && b->op != WQL_NE) {
                buf_addz(&g->text, less == big ? " OR " : " AND ");
                if (wql_sql_operand(g, left) < 0)
                        return -1;
                buf_addz(&g->text, less ? " >= 0" : " < 0");
        }
        buf_addc(&g->text, ')');
        return 0;
}

/* A datetime with asterisks is text, which the engine sorts above every number; it is neither later nor earlier. */
static int write_later(struct wql_sqlgen *g, const struct wql_operand *left, const struct wql_bound *b)
{
        for (int i = 0; i < 2; i++) {
                buf_addz(&g->text, i ? " AND " : "");
                if (wql_sql_operand(g, left) < 0)
                        return -1;
                buf_printf(&g->text, " %s ", i ? "<=" : ops[b->op]);
                if (wql_sql_int_param(g, i ? INT64_MAX : b->i) < 0)
                        return -1;
        }
        return 0;
}

static int write_const(struct wql_sqlgen *g, const struct wql_operand *left, const struct wql_bound *b)
{
        if (b->domain == WQL_AS_UINT)
                return write_unsigned(g, left, b);
        if (b->domain == WQL_AS_TIME && (b->op == WQL_GT || b->op == WQL_GE))
                return write_later(g, left, b);
        if (wql_sql_operand(g, left) < 0)
                return -1;
        buf_printf(&g->text, " %s ", ops[b->op]);
        switch (b->domain) {
        case WQL_AS_REAL:
                return wql_sql_param(g, (struct db_arg){ .type = DB_REAL, .d = b->d });
        case WQL_AS_RAW:
                return wql_sql_text_param(g, b->s);
        case WQL_AS_TEXT:
                if (wql_sql_text_param(g, b->s) < 0)
                        return -1;
                buf_addz(&g->text, collation(b->op, b->s));
                return 0;
        default:
                return wql_sql_int_param(g, b->i);
        }
}

/* LIKE '[[]"Display=...' is how people write an equality: an index may answer it. */
static bool as_equality(struct wql_sqlgen *g, const struct wql_bound *like, struct wql_bound *out)
{
        struct buf b;
        bool literal;

        *out = *like;
        out->test = WQL_TEST_CONST;
        out->op = WQL_EQ;
        buf_init(&b, WQL_MAX_TEXT * 4);
        literal = wql_like_literal(like->s, &b);
        if (literal)
                out->s = arena_str(g->a, buf_str(&b));
        buf_fini(&b);
        return literal && out->s.p;
}

static int write_like(struct wql_sqlgen *g, const struct wql_operand *left, const struct wql_bound *b)
{
        struct wql_bound equal;

        if (as_equality(g, b, &equal))
                return write_const(g, left, &equal);
        buf_addz(&g->text, "wql_like(");
        if (wql_sql_operand(g, left) < 0)
                return -1;
        buf_addz(&g->text, ", ");
        if (wql_sql_text_param(g, b->s) < 0)
                return -1;
        buf_addc(&g->text, ')');
        return 0;
}

/* wql_holds(json, path, any, test, op, type of the constant, its text): what only the value itself can decide. */
static int write_found(struct wql_sqlgen *g, const struct wql_node *n, const struct wql_bound *b)
{
        const struct wql_const *c = b->from;
        struct wql_operand whole = n->left;
        struct buf path;
        struct str s;

        whole.name.n = whole.name.first + 1u;
        buf_init(&path, WQL_MAX_TEXT * 4);
        for (size_t i = whole.name.n; i < n->left.name.n; i++) {
                buf_addz(&path, i > whole.name.n ? "." : "");
                buf_adds(&path, n->left.name.parts[i]);
        }
        s = path.failed || !path.n ? STR_NULL : arena_str(g->a, buf_str(&path));
        buf_fini(&path);
        buf_addz(&g->text, "wql_holds(");
        if (wql_sql_operand(g, &whole) < 0)
                return -1;
        buf_addz(&g->text, ", ");
        if (wql_sql_text_param(g, s) < 0)
                return -1;
        buf_printf(&g->text, ", %d, %d, %d, %d, ", n->any, (int)b->test, (int)b->op, c ? (int)c->type : (int)WQL_NULL);
        if (wql_sql_text_param(g, !c ? STR_NULL : c->type == WQL_BOOL ? (c->b ? STR("1") : STR("")) : c->s) < 0)
                return -1;
        buf_addc(&g->text, ')');
        return 0;
}

static int write_bound(struct wql_sqlgen *g, const struct wql_node *n, const struct wql_bound *b)
{
        bool embedded = n->left.kind == WQL_NAME && !n->left.name.system && wql_is_embedded(&n->left.name);

        if (!n->any && (b->test == WQL_TEST_TRUE || b->test == WQL_TEST_FALSE)) {
                buf_addc(&g->text, b->test == WQL_TEST_TRUE ? '1' : '0');
                return 0;
        }
        if (embedded || n->any || b->domain == WQL_AS_FOUND)
                return write_found(g, n, b);
        if (b->test == WQL_TEST_LIKE)
                return write_like(g, &n->left, b);
        if (b->test == WQL_TEST_CONST)
                return write_const(g, &n->left, b);
        if (wql_sql_operand(g, &n->left) < 0)
                return -1;
        buf_addz(&g->text, b->test == WQL_TEST_NULL ? " IS NULL" : " IS NOT NULL");
        return 0;
}

/* ---- two operands ---- */

/* How an operand stands in a comparison with another one. */
enum side {
        SIDE_PLAIN,
        SIDE_UNSIGNED,                  /* (x < 0, x): the upper half of uint64 is kept as negative numbers */
        SIDE_SIGNED,                    /* (0, x), beside one of those */
        SIDE_REAL,                      /* a uint64 beside a real */
};

static bool is_real(const struct cim_property *p)
{
        return p->type == CIM_REAL32 || p->type == CIM_REAL64;
}

static enum side side_of(const struct cim_property *p, const struct cim_property *other)
{
        if (p->type == CIM_UINT64)
                return is_real(other) ? SIDE_REAL : SIDE_UNSIGNED;
        return other->type == CIM_UINT64 && !is_real(p) ? SIDE_SIGNED : SIDE_PLAIN;
}

static int write_side(struct wql_sqlgen *g, const struct wql_operand *o, enum side side)
{
        static const char *const before[] = { "", "(", "(", "iif(" };
        static const char *const between[] = { NULL, " < 0, ", " * 0, ", " < 0, " };
        static const char *const after[] = { "", ")", ")", " + 18446744073709551616.0, " };

        buf_addz(&g->text, before[side]);
        if (wql_sql_operand(g, o) < 0)
                return -1;
        if (between[side]) {
                buf_addz(&g->text, between[side]);
                if (wql_sql_operand(g, o) < 0)
                        return -1;
        }
        buf_addz(&g->text, after[side]);
        if (side != SIDE_REAL)
                return 0;
        if (wql_sql_operand(g, o) < 0)
                return -1;
        buf_addc(&g->text, ')');
        return 0;
}

static int write_pair(struct wql_sqlgen *g, const struct wql_node *n)
{
        const struct cim_property *a = wql_sql_type(&n->left), *b = wql_sql_type(&n->right);

        if (write_side(g, &n->left, side_of(a, b)) < 0)
                return -1;
        buf_printf(&g->text, " %s ", ops[n->bound.op]);
        if (write_side(g, &n->right, side_of(b, a)) < 0)
                return -1;
        buf_addz(&g->text, wql_sql_is_text(a) ? " COLLATE WQL" : "");
        return 0;
}

static int write_isa(struct wql_sqlgen *g, const struct wql_node *n)
{
        buf_addz(&g->text, "wql_class(");
        if (wql_sql_operand(g, &n->left) < 0)
                return -1;
        buf_addz(&g->text, ") COLLATE NOCASE IN (");
        for (size_t i = 0; i < n->n_classes; i++)
                buf_printf(&g->text, "%s'%s'", i ? ", " : "", n->classes[i]->name);
        buf_addc(&g->text, ')');
        return 0;
}

/* ---- lists ---- */

static bool is_simple(const struct wql_bound *b, enum wql_domain domain)
{
        return b->test == WQL_TEST_CONST && b->domain == domain && domain != WQL_AS_FOUND && domain != WQL_AS_RAW;
}

static int write_simple_list(struct wql_sqlgen *g, const struct wql_node *n)
{
        bool ascii = true;

        for (size_t i = 0; i < n->n_items; i++)
                ascii &= fold_is_ascii(n->bounds[i].s);
        if (wql_sql_operand(g, &n->left) < 0)
                return -1;
        if (n->bounds[0].domain == WQL_AS_TEXT)
                buf_addz(&g->text, ascii ? " COLLATE NOCASE" : " COLLATE WQL");
        buf_addz(&g->text, " IN (");
        for (size_t i = 0; i < n->n_items; i++) {
                const struct wql_bound *b = &n->bounds[i];
                int r;

                buf_addz(&g->text, i ? ", " : "");
                if (b->domain == WQL_AS_TEXT)
                        r = wql_sql_text_param(g, b->s);
                else if (b->domain == WQL_AS_REAL)
                        r = wql_sql_param(g, (struct db_arg){ .type = DB_REAL, .d = b->d });
                else
                        r = wql_sql_int_param(g, b->domain == WQL_AS_UINT ? (int64_t)b->u : b->i);
                if (r < 0)
                        return -1;
        }
        buf_addc(&g->text, ')');
        return 0;
}

static bool is_simple_list(const struct wql_node *n)
{
        bool simple = !n->any;

        for (size_t i = 0; i < n->n_items; i++)
                simple &= is_simple(&n->bounds[i], n->bounds[0].domain);
        return simple;
}

static int write_in(struct wql_sqlgen *g, const struct wql_node *n)
{
        if (is_simple_list(n))
                return write_simple_list(g, n);
        buf_addc(&g->text, '(');
        for (size_t i = 0; i < n->n_items; i++) {
                /* brackets now and then: the engine bounds the depth of a chain */
                buf_addz(&g->text, i == 0 ? "(" : i % WQL_SQL_BRACKETS == 0 ? ") OR (" : " OR ");
                if (write_bound(g, n, &n->bounds[i]) < 0)
                        return -1;
        }
        buf_addz(&g->text, "))");
        return 0;
}

static int write_sub(struct wql_sqlgen *g, const struct wql_node *n)
{
        bool in = n->bound.test == WQL_TEST_IN_SELECT;

        if (wql_sql_operand(g, &n->left) < 0)
                return -1;
        if (wql_sql_is_text(wql_sql_type(&n->left)))
                buf_addz(&g->text, " COLLATE WQL");
        buf_printf(&g->text, " %s (", in ? "IN" : ops[n->bound.op]);
        if (wql_sql_select(g, n->sub) < 0)
                return -1;
        buf_addz(&g->text, in ? ")" : " LIMIT 1)");
        return 0;
}

/* ---- the tree ---- */

static int write_predicate(struct wql_sqlgen *g, const struct wql_node *n)
{
        switch (n->bound.test) {
        case WQL_TEST_PAIR:
                return write_pair(g, n);
        case WQL_TEST_ISA:
                return write_isa(g, n);
        case WQL_TEST_IN:
                return write_in(g, n);
        case WQL_TEST_IN_SELECT:
        case WQL_TEST_SELECT:
                return write_sub(g, n);
        default:
                return write_bound(g, n, &n->bound);
        }
}

/* What a predicate takes of the engine's stack beside its brackets; sub-selects and functions speak for themselves. */
static unsigned cost_of(const struct wql_node *n)
{
        const struct wql_bound *b = &n->bound;

        switch (b->test) {
        case WQL_TEST_PAIR:
                return 12;
        case WQL_TEST_ISA:
                return 8;
        case WQL_TEST_IN:
                return is_simple_list(n) ? 5 : 14;
        case WQL_TEST_IN_SELECT:
        case WQL_TEST_SELECT:
                return 0;
        default:
                break;
        }
        if (n->any || b->domain == WQL_AS_FOUND || (n->left.kind == WQL_NAME && !n->left.name.system && wql_is_embedded(&n->left.name)))
                return 10;
        if (b->test == WQL_TEST_LIKE || b->domain == WQL_AS_UINT || n->left.name.system)
                return 10;
        return b->domain == WQL_AS_TIME ? 6 : 3;
}

static unsigned cost_of_chain(const struct wql_node *n)
{
        size_t i = 0;

        for (const struct wql_node *c = n->child; c && i <= WQL_SQL_BRACKETS; c = c->next)
                i++;
        return i > WQL_SQL_BRACKETS ? WQL_SQL_LONG_CHAIN : WQL_SQL_CHAIN;
}

static int write_chain(struct wql_sqlgen *g, const struct wql_node *n, bool is_and, bool negated)
{
        size_t i = 0;

        buf_addc(&g->text, '(');
        for (const struct wql_node *c = n->child; c; c = c->next, i++) {
                const char *word = is_and ? " AND " : " OR ";

                if (i && i % WQL_SQL_BRACKETS == 0)
                        buf_printf(&g->text, ")%s(", word);
                else
                        buf_addz(&g->text, i ? word : "(");
                if (wql_sql_where(g, c, negated) < 0)
                        return -1;
        }
        buf_addz(&g->text, "))");
        return 0;
}

int wql_sql_where(struct wql_sqlgen *g, const struct wql_node *n, bool negated)
{
        unsigned cost;
        int r;

        if (n->op == WQL_NOT)
                return wql_sql_where(g, n->child, !negated);
        if (n->op == WQL_AND || n->op == WQL_OR) {
                cost = cost_of_chain(n);
                r = wql_sql_enter(g, cost, n->at);
                if (!r)
                        r = write_chain(g, n, (n->op == WQL_AND) != negated, negated);
                g->stack -= cost;
                return r;
        }
        negated ^= n->negated && n->op != WQL_IS_NULL;
        cost = cost_of(n) + (negated ? 2 : 1);
        if (wql_sql_enter(g, cost, n->at) < 0)
                return -1;
        buf_addz(&g->text, negated ? "((" : "(");
        r = write_predicate(g, n);
        buf_addz(&g->text, negated ? ") IS NOT TRUE)" : ")");
        g->stack -= cost;
        return r;
}
