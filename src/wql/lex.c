/* SPDX-License-Identifier: Apache-2.0 */
/* lex - the tokens of WQL */
#include "wql/lex.h"

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool starts_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One byte on; continuation bytes of UTF-8 do not count as columns. */
static char take(struct wql_lexer *l)
{
        char c = *l->p++;

        if (((unsigned char)c & 0xc0) != 0x80)
                l->column++;
        return c;
}

static bool here(const struct wql_lexer *l, size_t ahead, char c)
{
        return (size_t)(l->end - l->p) > ahead && l->p[ahead] == c;
}

static bool digit_at(const struct wql_lexer *l, size_t ahead)
{
        return (size_t)(l->end - l->p) > ahead && is_digit(l->p[ahead]);
}

static void bad(struct wql_lexer *l, const char *reason)
{
        l->token = TOK_BAD;
        l->reason = reason;
}

static void lex_name(struct wql_lexer *l)
{
        const char *start = l->p;

        while (l->p < l->end && (starts_name(*l->p) || is_digit(*l->p)))
                take(l);
        l->token = TOK_IDENT;
        l->text = (struct str){ start, (size_t)(l->p - start) };
}

static void lex_number(struct wql_lexer *l)
{
        const char *start = l->p;

        l->token = TOK_INT;
        if (*l->p == '+' || *l->p == '-')
                take(l);
        while (digit_at(l, 0))
                take(l);
        if (here(l, 0, '.')) {
                l->token = TOK_REAL;
                take(l);
                while (digit_at(l, 0))
                        take(l);
        }
        l->text = (struct str){ start, (size_t)(l->p - start) };
        if (l->p < l->end && (starts_name(*l->p) || *l->p == '.'))
                bad(l, "a number is decimal digits with at most one point; text needs quotes");
}

/* Text without its backslashes; p NULL when memory is out. */
static struct str unescaped(struct str s, struct arena *a)
{
        char *out = arena_alloc(a, s.n + 1);
        size_t n = 0;

        for (size_t i = 0; out && i < s.n; i++) {
                i += s.p[i] == '\\' && i + 1 < s.n;
                out[n++] = s.p[i];
        }
        return (struct str){ out, n };
}

static void lex_string(struct wql_lexer *l)
{
        char mark = take(l);
        const char *start = l->p;
        bool escapes = false;

        while (l->p < l->end && *l->p != mark) {
                if (*l->p == '\\' && l->end - l->p > 1) {
                        escapes = true;
                        take(l);
                }
                take(l);
        }
        if (l->p == l->end) {
                bad(l, "the string is not closed (a backslash before the closing mark makes it part of the string)");
                return;
        }
        l->text = (struct str){ start, (size_t)(l->p - start) };
        take(l);
        l->token = TOK_STRING;
        if (escapes)
                l->text = unescaped(l->text, l->a);
        if (!l->text.p)
                bad(l, "the query needs too much memory");
}

static void lex_sign(struct wql_lexer *l)
{
        const char *start = l->p;
        char c = take(l);

        switch (c) {
        case '=':
                l->token = TOK_EQ;
                break;
        case '!':
                l->token = here(l, 0, '=') ? TOK_NE : TOK_BAD;
                break;
        case '<':
                l->token = here(l, 0, '=') ? TOK_LE : here(l, 0, '>') ? TOK_NE : TOK_LT;
                break;
        case '>':
                l->token = here(l, 0, '=') ? TOK_GE : TOK_GT;
                break;
        case '(':
                l->token = TOK_LPAREN;
                break;
        case ')':
                l->token = TOK_RPAREN;
                break;
        case ',':
                l->token = TOK_COMMA;
                break;
        case '.':
                l->token = TOK_DOT;
                break;
        case '*':
                l->token = TOK_STAR;
                break;
        case '{':
                l->token = TOK_LBRACE;
                break;
        default:
                l->token = TOK_BAD;
        }
        if (l->token == TOK_BAD)
                l->reason = "this character is not part of WQL";
        else if (c == '!' || l->token == TOK_LE || l->token == TOK_GE || (c == '<' && l->token == TOK_NE))
                take(l);
        l->text = (struct str){ start, (size_t)(l->p - start) };
}

void wql_lex_next(struct wql_lexer *l)
{
        while (l->p < l->end && is_blank(*l->p))
                take(l);
        l->at = l->column;
        l->text = STR_NULL;
        if (l->p == l->end) {
                l->token = TOK_END;
                return;
        }
        if (starts_name(*l->p))
                lex_name(l);
        else if (*l->p == '"' || *l->p == '\'')
                lex_string(l);
        else if (is_digit(*l->p) || (*l->p == '.' && digit_at(l, 1)) ||
                 ((*l->p == '+' || *l->p == '-') && (digit_at(l, 1) || (here(l, 1, '.') && digit_at(l, 2)))))
                lex_number(l);
        else
                lex_sign(l);
}

bool wql_lex_braces(struct wql_lexer *l, struct str *inside, uint32_t *at)
{
        const char *start = l->p;
        char quote = 0;

        *at = l->column;
        while (l->p < l->end && (quote || *l->p != '}')) {
                char c = take(l);

                if (c == '\\' && quote && l->p < l->end)
                        take(l);
                else if (quote)
                        quote = c == quote ? 0 : quote;
                else if (c == '"' || c == '\'')
                        quote = c;
        }
        if (l->p == l->end)
                return false;
        *inside = str_trim((struct str){ start, (size_t)(l->p - start) });
        take(l);
        return true;
}

void wql_lex_init(struct wql_lexer *l, struct str text, struct arena *a)
{
        *l = (struct wql_lexer){ .p = text.p, .end = text.p + text.n, .column = 1, .a = a };
        wql_lex_next(l);
}
