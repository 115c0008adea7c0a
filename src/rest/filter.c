/* SPDX-License-Identifier: Apache-2.0 */
/* filter - recursive descent over $filter; $orderby and $select */
#include "rest/filter.h"

struct parser {
        const struct cim_class *class;
        struct str text;
        size_t at;
        struct arena *a;
        struct err *e;
        unsigned depth, nodes;
};

static int bad(struct parser *p, const char *what)
{
        return err_set(p->e, ERR_INVALID, "$filter: %s at character %zu of \"%.*s\"", what, p->at + 1,
                       (int)MIN(p->text.n, 160), p->text.p);
}

/* ---- words ---- */

static void blanks(struct parser *p)
{
        while (p->at < p->text.n && (p->text.p[p->at] == ' ' || p->text.p[p->at] == '\t'))
                p->at++;
}

static bool take(struct parser *p, char c)
{
        blanks(p);
        if (p->at >= p->text.n || p->text.p[p->at] != c)
                return false;
        p->at++;
        return true;
}

static bool is_word_char(char c)
{
        char l = (char)(c | 0x20);

        return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The word that comes next, without taking it. */
static struct str peek(struct parser *p)
{
        size_t end;

        blanks(p);
        for (end = p->at; end < p->text.n && is_word_char(p->text.p[end]); end++)
                ;
        return (struct str){ p->text.p + p->at, end - p->at };
}

static bool take_word(struct parser *p, const char *word)
{
        struct str next = peek(p);

        if (!str_eqz_nocase(next, word))
                return false;
        p->at += next.n;
        return true;
}

static int property(struct parser *p, int *out)
{
        struct str name = peek(p);

        if (name.n == 0)
                return bad(p, "the name of a property is missing");
        *out = cim_property_find(p->class, name);
        if (*out < 0)
                return err_set(p->e, ERR_INVALID, "$filter: %s has no property \"%.*s\"", p->class->name,
                               (int)MIN(name.n, 60), name.p);
        if (p->class->properties[*out].array || p->class->properties[*out].type == CIM_OBJECT)
                return err_set(p->e, ERR_NOT_SUPPORTED, "$filter: %s.%s is a list or an object, which cannot be compared",
                               p->class->name, p->class->properties[*out].name);
        p->at += name.n;
        return 0;
}

/* ---- literals ---- */

static int quoted(struct parser *p, struct str *out)
{
        char *text = arena_alloc(p->a, p->text.n - p->at + 1);
        size_t n = 0;

        if (!text)
                return err_set(p->e, ERR_NOMEM, "out of memory");
        while (p->at < p->text.n) {
                char c = p->text.p[p->at++];

                if (c == '\'') {
                        if (p->at >= p->text.n || p->text.p[p->at] != '\'') {
                                *out = (struct str){ text, n };
                                return 0;
                        }
                        p->at++;
                }
                text[n++] = c;
        }
        return bad(p, "the quote is not closed");
}

static int literal(struct parser *p, int ordinal, struct cim_value *out)
{
        const struct cim_property *prop = &p->class->properties[ordinal];
        struct str text;
        size_t from;
        int r;

        if (take(p, '\'')) {
                r = quoted(p, &text);
                return r < 0 ? r : cim_value_parse(prop, text, p->a, out, p->e);
        }
        for (from = p->at; p->at < p->text.n && !strchr(" \t,()'", p->text.p[p->at]); p->at++)
                ;
        text = (struct str){ p->text.p + from, p->at - from };
        if (text.n == 0)
                return bad(p, "a value is missing");
        if (str_eqz_nocase(text, "null")) {
                *out = (struct cim_value){ .null = true };
                return 0;
        }
        return cim_value_parse(prop, text, p->a, out, p->e);
}

/* ---- nodes ---- */

static struct provider_expr *node(struct parser *p, struct provider_expr x, int *r)
{
        struct provider_expr *out = NULL;

        if (++p->nodes > PROVIDER_EXPR_NODES)
                *r = err_set(p->e, ERR_TOO_LARGE, "$filter: more than %d terms", PROVIDER_EXPR_NODES);
        else if (!(out = arena_alloc(p->a, sizeof *out)))
                *r = err_set(p->e, ERR_NOMEM, "out of memory");
        else
                *out = x;
        return out;
}

static int join(struct parser *p, enum provider_node how, const struct provider_expr **left,
                const struct provider_expr *right)
{
        int r = 0;

        *left = node(p, (struct provider_expr){ .node = how, .left = *left, .right = right }, &r);
        return r;
}

static int compare(struct parser *p, enum provider_compare op, int ordinal, struct cim_value v,
                   const struct provider_expr **out)
{
        enum cim_type t = p->class->properties[ordinal].type;
        int r = 0;

        if (v.null && op != PROVIDER_EQ && op != PROVIDER_NE)
                return bad(p, "null can be compared with eq and ne only");
        if (op >= PROVIDER_STARTS && (t != CIM_STRING || v.null))
                return bad(p, "startswith, endswith and contains are for texts");
        *out = node(p, (struct provider_expr){ .op = op, .property = ordinal, .value = v }, &r);
        return r;
}

/* Property in (a, b, c): a chain of comparisons. */
static int one_of(struct parser *p, int ordinal, const struct provider_expr **out)
{
        *out = NULL;
        if (!take(p, '('))
                return bad(p, "'(' is missing");
        do {
                const struct provider_expr *x = NULL;
                struct cim_value v;
                int r = literal(p, ordinal, &v);

                if (r == 0)
                        r = compare(p, PROVIDER_EQ, ordinal, v, &x);
                if (r == 0 && *out)
                        r = join(p, PROVIDER_OR, out, x);
                else
                        *out = x;
                if (r < 0)
                        return r;
        } while (take(p, ','));
        return take(p, ')') ? 0 : bad(p, "')' is missing");
}

static int comparison(struct parser *p, const struct provider_expr **out)
{
        static const struct {
                const char *word;
                enum provider_compare op;
        } ops[] = { { "eq", PROVIDER_EQ }, { "ne", PROVIDER_NE }, { "gt", PROVIDER_GT },
                    { "ge", PROVIDER_GE }, { "lt", PROVIDER_LT }, { "le", PROVIDER_LE } };
        struct cim_value v;
        int ordinal, r = property(p, &ordinal);

        if (r < 0)
                return r;
        if (take_word(p, "in"))
                return one_of(p, ordinal, out);
        for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
                if (!take_word(p, ops[i].word))
                        continue;
                r = literal(p, ordinal, &v);
                return r < 0 ? r : compare(p, ops[i].op, ordinal, v, out);
        }
        return bad(p, "eq, ne, gt, ge, lt, le or in is missing");
}

/* startswith(Property,'text') */
static int function(struct parser *p, enum provider_compare op, const struct provider_expr **out)
{
        struct cim_value v;
        int ordinal, r;

        if (!take(p, '('))
                return bad(p, "'(' is missing");
        r = property(p, &ordinal);
        if (r == 0 && !take(p, ','))
                r = bad(p, "',' is missing");
        if (r == 0)
                r = literal(p, ordinal, &v);
        if (r == 0 && !take(p, ')'))
                r = bad(p, "')' is missing");
        if (r == 0)
                r = compare(p, op, ordinal, v, out);
        if (r == 0 && take_word(p, "eq") && !take_word(p, "true"))
                r = bad(p, "only \"eq true\" may follow");
        return r;
}

static int either(struct parser *p, const struct provider_expr **out);

static int term(struct parser *p, const struct provider_expr **out)
{
        int r = 0;

        if (++p->depth > PROVIDER_EXPR_DEPTH)
                return err_set(p->e, ERR_TOO_LARGE, "$filter: nested deeper than %d levels", PROVIDER_EXPR_DEPTH);
        if (take_word(p, "not")) {
                r = term(p, out);
                if (r == 0)
                        *out = node(p, (struct provider_expr){ .node = PROVIDER_NOT, .left = *out }, &r);
        } else if (take(p, '(')) {
                r = either(p, out);
                if (r == 0 && !take(p, ')'))
                        r = bad(p, "')' is missing");
        } else if (take_word(p, "startswith")) {
                r = function(p, PROVIDER_STARTS, out);
        } else if (take_word(p, "endswith")) {
                r = function(p, PROVIDER_ENDS, out);
        } else if (take_word(p, "contains")) {
                r = function(p, PROVIDER_CONTAINS, out);
        } else {
                r = comparison(p, out);
        }
        p->depth--;
        return r;
}

static int both(struct parser *p, const struct provider_expr **out)
{
        const struct provider_expr *right;
        int r = term(p, out);

        while (r == 0 && take_word(p, "and")) {
                r = term(p, &right);
                if (r == 0)
                        r = join(p, PROVIDER_AND, out, right);
        }
        return r;
}

static int either(struct parser *p, const struct provider_expr **out)
{
        const struct provider_expr *right;
        int r = both(p, out);

        while (r == 0 && take_word(p, "or")) {
                r = both(p, &right);
                if (r == 0)
                        r = join(p, PROVIDER_OR, out, right);
        }
        return r;
}

int filter_parse(const struct cim_class *c, struct str text, struct arena *a, const struct provider_expr **out,
                 struct err *e)
{
        struct parser p = { .class = c, .text = text, .a = a, .e = e };
        int r;

        *out = NULL;
        blanks(&p);
        if (p.at == text.n)
                return 0;
        if (memchr(text.p, 0, text.n))
                return bad(&p, "a NUL");
        r = either(&p, out);
        blanks(&p);
        if (r == 0 && p.at != text.n)
                r = bad(&p, "something unexpected");
        return r;
}

/* ---- $orderby, $select ---- */

int filter_order(struct str text, struct provider_query *q, struct err *e)
{
        while (text.n > 0) {
                struct str item, name, way;
                int ordinal;

                text = str_cut(text, ',', &item);
                item = str_trim(item);
                way = str_trim(str_cut(item, ' ', &name));
                ordinal = cim_property_find(q->class, name);
                if (ordinal < 0 || q->class->properties[ordinal].array)
                        return err_set(e, ERR_INVALID, "$orderby: %s cannot be ordered by \"%.*s\"", q->class->name,
                                       (int)MIN(name.n, 60), name.p ? name.p : "");
                if (way.n && !str_eqz_nocase(way, "asc") && !str_eqz_nocase(way, "desc"))
                        return err_set(e, ERR_INVALID, "$orderby: \"%.*s\" is neither asc nor desc", (int)MIN(way.n, 60),
                                       way.p);
                if (q->n_order == PROVIDER_ORDER_MAX)
                        return err_set(e, ERR_TOO_LARGE, "$orderby: more than %d properties", PROVIDER_ORDER_MAX);
                q->order[q->n_order].property = ordinal;
                q->order[q->n_order++].descending = str_eqz_nocase(way, "desc");
        }
        return 0;
}

int filter_select(const struct cim_class *c, struct str text, struct arena *a, const bool **out, struct err *e)
{
        bool *only = arena_array(a, c->n_properties + 1, sizeof *only);

        if (!only)
                return err_set(e, ERR_NOMEM, "out of memory");
        while (text.n > 0) {
                struct str name;
                int ordinal;

                text = str_cut(text, ',', &name);
                name = str_trim(name);
                if (str_eqz(name, "*")) {
                        *out = NULL;
                        return 0;
                }
                ordinal = cim_property_find(c, name);
                if (ordinal < 0)
                        return err_set(e, ERR_INVALID, "$select: %s has no property \"%.*s\"", c->name,
                                       (int)MIN(name.n, 60), name.p);
                only[ordinal] = true;
        }
        *out = only;
        return 0;
}
