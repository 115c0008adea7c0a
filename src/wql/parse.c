/* SPDX-License-Identifier: Apache-2.0 */
/* parse - statements: SELECT of data, schema and events; what the parser's files share */
#include "wql/parser.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- shared ---- */

static int vfail(struct wql_error *e, enum wbem_status status, uint32_t column, const char *fmt, va_list ap)
{
        size_t n;

        if (e->status)
                return -1;
        e->status = status;
        e->column = column;
        vsnprintf(e->text, sizeof(e->text), fmt, ap);
        n = strlen(e->text);
        if (column && n < sizeof(e->text))
                snprintf(e->text + n, sizeof(e->text) - n, " at column %u", column);
        return -1;
}

int wql_fail(struct wql_error *e, enum wbem_status status, uint32_t column, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        vfail(e, status, column, fmt, ap);
        va_end(ap);
        return -1;
}

/* The list of error constants has a code of its own for the grammar of filters. */
static enum wbem_status grammar_status(const struct wql_parser *p)
{
        return p->dialect == WQL_DIALECT_EVENT ? WBEM_E_UNPARSABLE_QUERY : WBEM_E_INVALID_QUERY;
}

int wql_grammar(struct wql_parser *p, uint32_t at, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        vfail(p->e, grammar_status(p), at, fmt, ap);
        va_end(ap);
        return -1;
}

int wql_expected(struct wql_parser *p, const char *what)
{
        const struct wql_lexer *l = &p->lex;

        switch (l->token) {
        case TOK_END:
                return wql_grammar(p, l->at, "expected %s, but the query ends", what);
        case TOK_BAD:
                return wql_grammar(p, l->at, "%s", l->reason);
        default:
                return wql_grammar(p, l->at, "expected %s, not '%.*s'", what, (int)MIN(l->text.n, 40), l->text.p ? l->text.p : "");
        }
}

int wql_extension(struct wql_parser *p, uint32_t at, const char *what)
{
        if (p->dialect != WQL_DIALECT_EXTENDED)
                return wql_grammar(p, at, "%s is not part of WQL", what);
        if (!p->q->extended)
                p->q->extended_at = at;
        p->q->extended = true;
        return 0;
}

int wql_enter(struct wql_parser *p)
{
        if (++p->depth > WQL_MAX_DEPTH)
                return wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, p->lex.at, "the query is nested more than %d deep", WQL_MAX_DEPTH);
        return 0;
}

void *wql_alloc(struct wql_parser *p, size_t n, size_t size)
{
        void *m = arena_array(p->lex.a, n, size);

        if (!m)
                wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, p->lex.at, "the query needs too much memory");
        return m;
}

bool wql_at_word(const struct wql_parser *p, const char *word)
{
        return p->lex.token == TOK_IDENT && str_eqz_nocase(p->lex.text, word);
}

bool wql_take_word(struct wql_parser *p, const char *word)
{
        if (!wql_at_word(p, word))
                return false;
        wql_lex_next(&p->lex);
        return true;
}

bool wql_take(struct wql_parser *p, enum wql_token token)
{
        if (p->lex.token != token)
                return false;
        wql_lex_next(&p->lex);
        return true;
}

/* ---- the list behind SELECT ---- */

static int parse_count(struct wql_parser *p, struct wql_item *item)
{
        int r = wql_extension(p, item->at, "COUNT");

        if (r < 0)
                return r;
        wql_lex_next(&p->lex);
        item->kind = WQL_ITEM_COUNT;
        item->operand.at = p->lex.at;
        if (!wql_take(p, TOK_STAR)) {
                if (wql_at_word(p, "DISTINCT"))
                        return wql_grammar(p, p->lex.at, "COUNT and DISTINCT do not go together");
                r = wql_parse_name(p, &item->operand.name);
                if (r < 0)
                        return r;
        }
        if (p->q->distinct)
                return wql_grammar(p, item->at, "COUNT and DISTINCT do not go together");
        return wql_take(p, TOK_RPAREN) ? 0 : wql_expected(p, "')'");
}

/* alias.* is seen as the name "alias" and a dot that no name follows. */
static int parse_item(struct wql_parser *p, struct wql_item *item)
{
        struct wql_lexer before = p->lex;

        *item = (struct wql_item){ .kind = WQL_ITEM_OPERAND, .at = p->lex.at };
        if (p->lex.token != TOK_IDENT)
                return wql_expected(p, "a property");
        wql_lex_next(&p->lex);
        if (p->lex.token == TOK_LPAREN && str_eqz_nocase(before.text, "COUNT"))
                return parse_count(p, item);
        if (wql_take(p, TOK_DOT) && wql_take(p, TOK_STAR)) {
                item->kind = WQL_ITEM_STAR_OF;
                item->operand.name = (struct wql_name){ .parts = { before.text }, .n = 1, .at = item->at };
                return wql_extension(p, item->at, "'.*'");
        }
        p->lex = before;
        return wql_parse_operand(p, &item->operand);
}

static int parse_items(struct wql_parser *p)
{
        size_t cap = 0;

        if (wql_take(p, TOK_STAR)) {
                p->q->star = true;
                return 0;
        }
        do {
                if (p->q->n_items == cap) {
                        struct wql_item *more = wql_alloc(p, cap ? cap * 2 : 8, sizeof(*more));

                        if (!more)
                                return -1;
                        if (cap)
                                memcpy(more, p->q->items, cap * sizeof(*more));
                        p->q->items = more;
                        cap = cap ? cap * 2 : 8;
                }
                if (parse_item(p, &p->q->items[p->q->n_items++]) < 0)
                        return -1;
        } while (wql_take(p, TOK_COMMA));
        return 0;
}

/* ---- FROM ---- */

static bool is_clause(const struct wql_parser *p)
{
        static const char *const words[] = { "WHERE", "ORDER", "GROUP", "WITHIN", "HAVING", "INNER", "LEFT",
                                             "RIGHT", "FULL",  "JOIN",  "ON",     "AS",     "UNION" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (wql_at_word(p, words[i]))
                        return true;
        return false;
}

static int parse_class(struct wql_parser *p, struct wql_source *s)
{
        struct wql_name name;
        int r;

        s->at = p->lex.at;
        r = wql_parse_name(p, &name);
        if (r < 0)
                return r;
        if (name.n != 1)
                return wql_grammar(p, name.at, "a class name has no dot");
        s->class_name = name.parts[0];
        if (wql_at_word(p, "AS") || (p->lex.token == TOK_IDENT && !is_clause(p))) {
                r = p->dialect == WQL_DIALECT_EXTENDED ? wql_extension(p, p->lex.at, "an alias") : wql_expected(p, "WHERE or the end");
                wql_take_word(p, "AS");
                if (!r)
                        r = wql_parse_name(p, &name);
                if (!r && name.n != 1)
                        r = wql_grammar(p, name.at, "an alias has no dot");
                s->alias = name.parts[0];
        }
        return r;
}

static enum wql_join take_join(struct wql_parser *p)
{
        enum wql_join join = WQL_JOIN_NONE;

        if (wql_take_word(p, "INNER"))
                return WQL_JOIN_INNER;
        if (wql_take_word(p, "LEFT"))
                join = WQL_JOIN_LEFT;
        else if (wql_take_word(p, "RIGHT"))
                join = WQL_JOIN_RIGHT;
        else if (wql_take_word(p, "FULL"))
                join = WQL_JOIN_FULL;
        if (join)
                wql_take_word(p, "OUTER");
        else if (wql_at_word(p, "JOIN"))
                join = WQL_JOIN_INNER;
        return join;
}

static int parse_sources(struct wql_parser *p)
{
        struct wql_query *q = p->q;
        int r = parse_class(p, &q->sources[q->n_sources++]);

        while (!r) {
                uint32_t at = p->lex.at;
                struct wql_source *s = &q->sources[q->n_sources];
                enum wql_join join = wql_take(p, TOK_COMMA) ? WQL_JOIN_COMMA : take_join(p);

                if (!join)
                        return 0;
                r = wql_extension(p, at, "a second class");
                if (!r && q->n_sources == WQL_MAX_CLASSES)
                        r = wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, at, "a query may name %d classes", WQL_MAX_CLASSES);
                if (!r && join != WQL_JOIN_COMMA && !wql_take_word(p, "JOIN"))
                        r = wql_expected(p, "JOIN");
                if (r < 0)
                        return r;
                s->join = join;
                q->n_sources++;
                r = parse_class(p, s);
                if (r < 0 || join == WQL_JOIN_COMMA)
                        continue;
                if (!wql_take_word(p, "ON"))
                        return wql_expected(p, "ON");
                r = wql_parse_expr(p, &s->on);
        }
        return r;
}

/* ---- the clauses behind it ---- */

static int parse_orders(struct wql_parser *p)
{
        size_t cap = 0;
        int r = wql_extension(p, p->lex.at, "ORDER BY");

        if (r < 0)
                return r;
        wql_lex_next(&p->lex);
        if (!wql_take_word(p, "BY"))
                return wql_expected(p, "BY");
        do {
                struct wql_order *o;

                if (p->q->n_orders == cap) {
                        struct wql_order *more = wql_alloc(p, cap ? cap * 2 : 4, sizeof(*more));

                        if (!more)
                                return -1;
                        if (cap)
                                memcpy(more, p->q->orders, cap * sizeof(*more));
                        p->q->orders = more;
                        cap = cap ? cap * 2 : 4;
                }
                o = &p->q->orders[p->q->n_orders++];
                r = wql_parse_name(p, &o->name);
                if (r < 0)
                        return r;
                o->descending = wql_take_word(p, "DESC");
                if (!o->descending)
                        wql_take_word(p, "ASC");
        } while (wql_take(p, TOK_COMMA));
        return 0;
}

/* Whole milliseconds; what is longer than @most is @most, as Windows has no error for it. [MS-WMI] 3.1.2 */
static int parse_interval(struct wql_parser *p, double most, double *out)
{
        char text[64] = "";

        if ((p->lex.token != TOK_INT && p->lex.token != TOK_REAL) || p->lex.text.p[0] == '-')
                return wql_expected(p, "a number of seconds");
        memcpy(text, p->lex.text.p, MIN(p->lex.text.n, sizeof(text) - 1));
        *out = (double)(uint64_t)(MIN(strtod(text, NULL), most) * 1000 + 1e-6) / 1000;
        wql_lex_next(&p->lex);
        return 0;
}

static int parse_by(struct wql_parser *p)
{
        size_t cap = 0;

        if (p->lex.token == TOK_STAR)
                return wql_fail(p->e, WBEM_E_MISSING_AGGREGATION_LIST, p->lex.at, "name the properties to group by");
        do {
                if (p->q->n_by == cap) {
                        struct wql_name *more = wql_alloc(p, cap ? cap * 2 : 4, sizeof(*more));

                        if (!more)
                                return -1;
                        if (cap)
                                memcpy(more, p->q->by, cap * sizeof(*more));
                        p->q->by = more;
                        cap = cap ? cap * 2 : 4;
                }
                if (wql_parse_name(p, &p->q->by[p->q->n_by++]) < 0)
                        return -1;
        } while (wql_take(p, TOK_COMMA));
        return 0;
}

static int parse_having(struct wql_parser *p)
{
        static const enum wql_op ops[] = { [TOK_EQ] = WQL_EQ, [TOK_NE] = WQL_NE, [TOK_LT] = WQL_LT,
                                           [TOK_LE] = WQL_LE, [TOK_GT] = WQL_GT, [TOK_GE] = WQL_GE };

        if (!wql_take_word(p, "NumberOfEvents"))
                return wql_expected(p, "NumberOfEvents");
        if (p->lex.token < TOK_EQ || p->lex.token > TOK_GE)
                return wql_expected(p, "an operator (= <> < > <= >=)");
        p->q->having_op = ops[p->lex.token];
        wql_lex_next(&p->lex);
        if (p->lex.token != TOK_INT || str_to_u64(p->lex.text, &p->q->having_count) < 0)
                return wql_expected(p, "a number of events");
        wql_lex_next(&p->lex);
        p->q->has_having = true;
        return 0;
}

static int parse_group(struct wql_parser *p)
{
        uint32_t at = p->lex.at;
        int r;

        wql_lex_next(&p->lex);
        if (wql_at_word(p, "BY"))
                return wql_fail(p->e, WBEM_E_MISSING_GROUP_WITHIN, at, "GROUP BY needs an interval: GROUP WITHIN n BY ...");
        if (!wql_take_word(p, "WITHIN"))
                return wql_expected(p, "WITHIN");
        p->q->has_group = true;
        r = parse_interval(p, WQL_MAX_GROUP_S, &p->q->group_s);
        if (!r && wql_take_word(p, "BY"))
                r = parse_by(p);
        if (!r && wql_take_word(p, "HAVING"))
                r = parse_having(p);
        return r;
}

static int only_events_have(struct wql_parser *p)
{
        static const char *const words[] = { "WITHIN", "GROUP", "HAVING" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (wql_at_word(p, words[i]))
                        return wql_grammar(p, p->lex.at, "%s belongs to event queries", words[i]);
        return 0;
}

static int parse_clauses(struct wql_parser *p, bool sub)
{
        struct wql_query *q = p->q;
        bool event = p->dialect == WQL_DIALECT_EVENT;
        int r = 0;

        if (event && wql_take_word(p, "WITHIN")) {
                q->has_within = true;
                r = parse_interval(p, WQL_MAX_WITHIN_S, &q->within_s);
        }
        if (!r && wql_take_word(p, "WHERE"))
                r = wql_parse_expr(p, &q->where);
        if (!r && event && wql_at_word(p, "GROUP"))
                r = parse_group(p);
        if (!r && !event)
                r = only_events_have(p);
        if (!r && wql_at_word(p, "ORDER"))
                r = sub ? wql_grammar(p, p->lex.at, "a sub-select has no ORDER BY") : parse_orders(p);
        return r;
}

int wql_parse_select(struct wql_parser *p, bool sub, struct wql_query **out)
{
        struct wql_query *q = wql_alloc(p, 1, sizeof(*q)), *outer = p->q;
        uint32_t at = p->lex.at;
        int r;

        if (!q || wql_enter(p) < 0)
                return -1;
        p->q = q;
        q->kind = p->dialect == WQL_DIALECT_EVENT ? WQL_EVENT : WQL_DATA;
        r = wql_at_word(p, "DISTINCT") ? wql_extension(p, at, "DISTINCT") : 0;
        if (!r)
                q->distinct = wql_take_word(p, "DISTINCT");
        if (!r)
                r = parse_items(p);
        if (!r && !wql_take_word(p, "FROM"))
                r = wql_expected(p, "FROM");
        if (!r)
                r = parse_sources(p);
        if (!r)
                r = parse_clauses(p, sub);
        if (!r && sub && (q->star || q->n_items != 1 || q->items[0].kind != WQL_ITEM_OPERAND))
                r = wql_grammar(p, at, "a sub-select names exactly one property");
        if (!r && q->kind == WQL_DATA && str_eqz_nocase(q->sources[0].class_name, "META_CLASS")) {
                q->kind = WQL_SCHEMA;
                if (!q->star || q->extended)
                        r = wql_grammar(p, at, "a schema query is SELECT * FROM meta_class");
        }
        p->depth--;
        p->q = outer;
        *out = q;
        return r;
}

/* Length in characters, as WBEM_MAX_QUERY counts. */
static size_t n_characters(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; i++)
                n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
        return n;
}

int wql_parse(struct str text, enum wql_dialect dialect, struct arena *a, struct wql_query **out, struct wql_error *e)
{
        struct wql_parser p = { .dialect = dialect, .e = e };
        struct str copy;
        int r;

        if (str_trim(text).n == 0)
                return wql_fail(e, WBEM_E_INVALID_PARAMETER, 0, "there is no query");
        if (n_characters(text) > WQL_MAX_TEXT)
                return wql_fail(e, WBEM_E_QUOTA_VIOLATION, 0, "a query may have %d characters", WQL_MAX_TEXT);
        copy = arena_str(a, text);
        if (!copy.p)
                return wql_fail(e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
        if (!str_is_utf8(copy) || memchr(copy.p, '\0', copy.n))
                return wql_fail(e, WBEM_E_INVALID_QUERY, 0, "the query is not UTF-8 text");
        wql_lex_init(&p.lex, copy, a);
        if (wql_take_word(&p, "SELECT"))
                r = wql_parse_select(&p, false, out);
        else if (dialect != WQL_DIALECT_EVENT && (wql_at_word(&p, "ASSOCIATORS") || wql_at_word(&p, "REFERENCES")))
                r = wql_parse_association(&p, out);
        else
                r = wql_expected(&p, dialect == WQL_DIALECT_EVENT ? "SELECT" : "SELECT, ASSOCIATORS OF or REFERENCES OF");
        if (!r && p.lex.token != TOK_END)
                r = wql_expected(&p, "AND, OR or the end");
        return r;
}
