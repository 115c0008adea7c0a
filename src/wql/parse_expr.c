/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_expr - conditions: OR over AND over NOT over predicates
 *
 * AND and OR take any number of children, and a chain of the same connective is
 * one node however it was bracketed, so a query of the maximum length makes a
 * shallow tree.
 */
#include "wql/parser.h"


static const struct {
        const char *word;
        unsigned n_args;
        bool has_part;
} functions[N_WQL_FUNCTIONS] = {
        [WQL_FN_GETDATE] = { "GETDATE", 0, false },
        [WQL_FN_DATEADD] = { "DATEADD", 2, true },
        [WQL_FN_DATEDIFF] = { "DATEDIFF", 2, true },
        [WQL_FN_DATEPART] = { "DATEPART", 1, true },
        [WQL_FN_UPPER] = { "UPPER", 1, false },
        [WQL_FN_LOWER] = { "LOWER", 1, false },
        [WQL_FN_SUBSTRING] = { "SUBSTRING", 3, false },
};

/* memdocs extended-wmi-query-language, "Date parts" */
static const char *const dateparts[N_WQL_DATEPARTS][2] = {
        [WQL_YEAR] = { "Year", "Yy" },     [WQL_MONTH] = { "Month", "Mm" },
        [WQL_DAY] = { "Day", "Dd" },       [WQL_HOUR] = { "Hour", "Hh" },
        [WQL_MINUTE] = { "Minute", "Mi" }, [WQL_SECOND] = { "Second", "Ss" },
        [WQL_MILLISECOND] = { "Millisecond", "Ms" },
};

static bool is_reserved(struct str word)
{
        return str_eqz_nocase(word, "NULL") || str_eqz_nocase(word, "TRUE") || str_eqz_nocase(word, "FALSE");
}

int wql_parse_name(struct wql_parser *p, struct wql_name *out)
{
        out->at = p->lex.at;
        out->n = 0;
        do {
                if (p->lex.token != TOK_IDENT)
                        return wql_expected(p, "a name");
                if (is_reserved(p->lex.text))
                        return wql_grammar(p, p->lex.at, "%.*s is reserved and cannot be a name", STR_ARG(p->lex.text));
                if (p->lex.text.n > WQL_MAX_NAME)
                        return wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, p->lex.at, "a name may have %d characters", WQL_MAX_NAME);
                if (out->n == WQL_MAX_PARTS)
                        return wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, p->lex.at, "a dotted name may have %d parts", WQL_MAX_PARTS);
                out->parts[out->n++] = p->lex.text;
                wql_lex_next(&p->lex);
        } while (wql_take(p, TOK_DOT));
        return 0;
}

static int parse_integer(struct str s, struct wql_const *out)
{
        struct str digits = s;

        out->negative = s.p[0] == '-';
        if (s.p[0] == '-' || s.p[0] == '+')
                digits = str_from(s, 1);
        return str_to_u64(digits, &out->magnitude);
}

static double real_of(struct str s)
{
        char text[64];

        memcpy(text, s.p, MIN(s.n, sizeof(text) - 1));
        text[MIN(s.n, sizeof(text) - 1)] = '\0';
        return strtod(text, NULL);
}

/* A number, a string, TRUE, FALSE or NULL. 1: the current token is none of them. */
static int parse_const(struct wql_parser *p, struct wql_const *out)
{
        *out = (struct wql_const){ .s = p->lex.text };
        switch (p->lex.token) {
        case TOK_STRING:
                out->type = WQL_STRING;
                break;
        case TOK_INT:
                out->type = WQL_INT;
                out->d = real_of(out->s);
                if (parse_integer(out->s, out) == 0)
                        break;
                out->type = WQL_REAL;   /* beyond 64 bits: compares mathematically */
                break;
        case TOK_REAL:
                out->type = WQL_REAL;
                out->d = real_of(out->s);
                break;
        default:
                if (wql_at_word(p, "TRUE") || wql_at_word(p, "FALSE")) {
                        out->type = WQL_BOOL;
                        out->b = wql_at_word(p, "TRUE");
                } else if (!wql_at_word(p, "NULL")) {
                        return 1;
                }
        }
        wql_lex_next(&p->lex);
        return 0;
}

static int parse_part(struct wql_parser *p, enum wql_datepart *out)
{
        for (int i = 0; i < N_WQL_DATEPARTS; i++) {
                if (wql_take_word(p, dateparts[i][0]) || wql_take_word(p, dateparts[i][1])) {
                        *out = (enum wql_datepart)i;
                        return wql_take(p, TOK_COMMA) ? 0 : wql_expected(p, "','");
                }
        }
        return wql_expected(p, "a date part (Year, Month, Day, Hour, Minute, Second, Millisecond)");
}

/* The name was taken, "(" is current. */
static int parse_call(struct wql_parser *p, const struct wql_name *name, struct wql_operand *out)
{
        int r = wql_extension(p, name->at, "a function");
        int f = 0;

        if (r < 0)
                return r;
        while (f < N_WQL_FUNCTIONS && !str_eqz_nocase(name->parts[0], functions[f].word))
                f++;
        if (f == N_WQL_FUNCTIONS || name->n != 1)
                return wql_grammar(p, name->at, "%.*s is not a function of Extended WQL", STR_ARG(name->parts[0]));
        r = wql_enter(p);
        if (r < 0)
                return r;
        wql_lex_next(&p->lex);
        *out = (struct wql_operand){ .kind = WQL_CALL, .at = name->at, .function = (enum wql_function)f };
        if (functions[f].has_part)
                r = parse_part(p, &out->part);
        for (; !r && out->n_args < functions[f].n_args; out->n_args++) {
                out->args[out->n_args] = wql_alloc(p, 1, sizeof(*out));
                if (!out->args[out->n_args])
                        return -1;
                if (out->n_args && !wql_take(p, TOK_COMMA))
                        return wql_expected(p, "','");
                r = wql_parse_operand(p, out->args[out->n_args]);
        }
        p->depth--;
        if (r < 0)
                return r;
        return wql_take(p, TOK_RPAREN) ? 0 : wql_expected(p, "')'");
}

int wql_parse_operand(struct wql_parser *p, struct wql_operand *out)
{
        uint32_t at = p->lex.at;
        int r;

        *out = (struct wql_operand){ .kind = WQL_CONST, .at = at };
        r = parse_const(p, &out->value);
        if (r <= 0)
                return r;
        if (p->lex.token != TOK_IDENT)
                return wql_expected(p, "a property or a constant");
        r = wql_parse_name(p, &out->name);
        if (r < 0)
                return r;
        if (p->lex.token == TOK_LPAREN) {
                struct wql_name name = out->name;

                return parse_call(p, &name, out);
        }
        out->kind = WQL_NAME;
        return 0;
}

/* ---- predicates ---- */

static int must_be_name(struct wql_parser *p, const struct wql_operand *o, const char *op)
{
        return o->kind == WQL_NAME || (o->kind == WQL_CALL && p->dialect == WQL_DIALECT_EXTENDED)
                       ? 0
                       : wql_grammar(p, o->at, "%s needs a property on its left", op);
}

static int parse_like(struct wql_parser *p, struct wql_node *n)
{
        n->op = WQL_LIKE;
        n->right = (struct wql_operand){ .kind = WQL_CONST, .at = p->lex.at };
        if (p->lex.token != TOK_STRING)
                return wql_expected(p, "a pattern in quotes");
        (void)!parse_const(p, &n->right.value);
        return must_be_name(p, &n->left, "LIKE");
}

static int parse_is(struct wql_parser *p, struct wql_node *n)
{
        n->op = WQL_IS_NULL;
        n->negated = wql_take_word(p, "NOT");
        if (!wql_take_word(p, "NULL"))
                return wql_expected(p, "NULL");
        return must_be_name(p, &n->left, "IS");
}

static int parse_isa(struct wql_parser *p, struct wql_node *n)
{
        n->op = WQL_ISA;
        n->right = (struct wql_operand){ .kind = WQL_CONST, .at = p->lex.at };
        n->right.value = (struct wql_const){ .type = WQL_STRING, .s = p->lex.text };
        if (p->lex.token != TOK_STRING && (p->lex.token != TOK_IDENT || is_reserved(p->lex.text)))
                return wql_expected(p, "a class name");
        wql_lex_next(&p->lex);
        return must_be_name(p, &n->left, "ISA");
}

static int parse_list(struct wql_parser *p, struct wql_node *n)
{
        size_t cap = 0;

        n->op = WQL_IN;
        do {
                if (n->n_items == cap) {
                        struct wql_const *more = wql_alloc(p, cap ? cap * 2 : 8, sizeof(*more));

                        if (!more)
                                return -1;
                        if (cap)
                                memcpy(more, n->items, cap * sizeof(*more));
                        n->items = more;
                        cap = cap ? cap * 2 : 8;
                }
                if (parse_const(p, &n->items[n->n_items++]))
                        return wql_expected(p, "a constant");
        } while (wql_take(p, TOK_COMMA));
        return 0;
}

static int parse_in(struct wql_parser *p, struct wql_node *n)
{
        int r = wql_extension(p, n->at, "IN");

        if (r < 0)
                return r;
        if (!wql_take(p, TOK_LPAREN))
                return wql_expected(p, "'('");
        if (wql_take_word(p, "SELECT")) {
                n->op = WQL_IN_SELECT;
                r = wql_parse_select(p, true, &n->sub);
        } else {
                r = parse_list(p, n);
        }
        if (r < 0)
                return r;
        if (!wql_take(p, TOK_RPAREN))
                return wql_expected(p, "')'");
        return must_be_name(p, &n->left, "IN");
}

static bool take_relation(struct wql_parser *p, enum wql_op *out)
{
        static const struct {
                enum wql_token token;
                enum wql_op op;
        } relations[] = {
                { TOK_EQ, WQL_EQ }, { TOK_NE, WQL_NE }, { TOK_LT, WQL_LT },
                { TOK_LE, WQL_LE }, { TOK_GT, WQL_GT }, { TOK_GE, WQL_GE },
        };

        for (size_t i = 0; i < ARRAY_SIZE(relations); i++) {
                if (wql_take(p, relations[i].token)) {
                        *out = relations[i].op;
                        return true;
                }
        }
        return false;
}

static enum wql_op mirrored(enum wql_op op)
{
        switch (op) {
        case WQL_LT:
                return WQL_GT;
        case WQL_LE:
                return WQL_GE;
        case WQL_GT:
                return WQL_LT;
        case WQL_GE:
                return WQL_LE;
        default:
                return op;
        }
}

static int parse_relation(struct wql_parser *p, struct wql_node *n)
{
        int r;

        if (p->lex.token == TOK_LPAREN) {
                r = wql_extension(p, p->lex.at, "a sub-select");
                wql_lex_next(&p->lex);
                if (!r && !wql_take_word(p, "SELECT"))
                        return wql_expected(p, "SELECT");
                if (!r)
                        r = wql_parse_select(p, true, &n->sub);
                if (r < 0)
                        return r;
                return wql_take(p, TOK_RPAREN) ? must_be_name(p, &n->left, "a comparison") : wql_expected(p, "')'");
        }
        r = wql_parse_operand(p, &n->right);
        if (r < 0)
                return r;
        if (n->left.kind == WQL_CONST && n->right.kind == WQL_CONST)
                return wql_grammar(p, n->at, "a comparison needs a property on one side");
        if (n->left.kind == WQL_CONST) {
                struct wql_operand swap = n->left;

                n->left = n->right;
                n->right = swap;
                n->op = mirrored(n->op);
        }
        if (n->right.kind != WQL_CONST)
                return wql_extension(p, n->right.at, n->right.kind == WQL_NAME ? "a property on both sides (text needs quotes)"
                                                                              : "a function");
        if (n->right.value.type == WQL_NULL && n->op != WQL_EQ && n->op != WQL_NE)
                return wql_grammar(p, n->right.at, "NULL is neither less nor greater than anything: use IS NULL");
        return 0;
}

static int parse_predicate(struct wql_parser *p, struct wql_node *n)
{
        int r = wql_parse_operand(p, &n->left);

        if (r < 0)
                return r;
        if (wql_at_word(p, "NOT")) {
                uint32_t at = p->lex.at;

                wql_lex_next(&p->lex);
                n->negated = true;
                if (!wql_at_word(p, "LIKE") && !wql_at_word(p, "IN"))
                        return wql_grammar(p, at, "NOT stands in front of the whole condition");
                r = wql_extension(p, at, "NOT behind the property");
                if (r < 0)
                        return r;
        }
        if (wql_take_word(p, "LIKE"))
                return parse_like(p, n);
        if (wql_take_word(p, "IN"))
                return parse_in(p, n);
        if (wql_take_word(p, "IS"))
                return parse_is(p, n);
        if (wql_take_word(p, "ISA"))
                return parse_isa(p, n);
        if (take_relation(p, &n->op))
                return parse_relation(p, n);
        return wql_expected(p, "an operator (= <> < > <= >= LIKE IS ISA)");
}

/* ---- connectives ---- */

static int parse_not(struct wql_parser *p, struct wql_node **out)
{
        struct wql_node *n;
        int r = wql_enter(p);

        if (r < 0)
                return r;
        if (wql_take(p, TOK_LPAREN)) {
                r = wql_parse_expr(p, out);
                if (!r && !wql_take(p, TOK_RPAREN))
                        r = wql_expected(p, "')'");
                p->depth--;
                return r;
        }
        n = *out = wql_alloc(p, 1, sizeof(*n));
        if (!n)
                return -1;
        n->at = p->lex.at;
        if (wql_take_word(p, "NOT")) {
                n->op = WQL_NOT;
                r = parse_not(p, &n->child);
        } else {
                r = parse_predicate(p, n);
        }
        p->depth--;
        return r;
}

/* Adds c to the children of *all; a node of the same connective gives its own children instead. */
static void adopt(struct wql_node ***tail, struct wql_node *c, enum wql_op op)
{
        **tail = c->op == op ? c->child : c;
        while (**tail)
                *tail = &(**tail)->next;
}

static int parse_chain(struct wql_parser *p, const char *word, enum wql_op op,
                       int (*operand)(struct wql_parser *p, struct wql_node **out), struct wql_node **out)
{
        struct wql_node *one, *all, **tail;
        int r = operand(p, &one);

        if (r < 0 || !wql_at_word(p, word)) {
                *out = one;
                return r;
        }
        all = wql_alloc(p, 1, sizeof(*all));
        if (!all)
                return -1;
        all->op = op;
        all->at = one->at;
        tail = &all->child;
        adopt(&tail, one, op);
        while (wql_take_word(p, word)) {
                r = operand(p, &one);
                if (r < 0)
                        return r;
                adopt(&tail, one, op);
        }
        *out = all;
        return 0;
}

static int parse_and(struct wql_parser *p, struct wql_node **out)
{
        return parse_chain(p, "AND", WQL_AND, parse_not, out);
}

int wql_parse_expr(struct wql_parser *p, struct wql_node **out)
{
        return parse_chain(p, "OR", WQL_OR, parse_and, out);
}
