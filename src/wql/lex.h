/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * lex - the tokens of WQL
 *
 * Identifiers are letters, digits, underscores and anything beyond ASCII, not
 * beginning with a digit.  Strings open and close with the same mark; backslash
 * makes the next character itself.  Numbers may bear a sign, a point or both;
 * hexadecimal is not WQL.  Keywords are identifiers: the parser knows where each
 * one means something.
 */
#include "wql/wql.h"

enum wql_token {
        TOK_END, TOK_IDENT, TOK_STRING, TOK_INT, TOK_REAL,
        TOK_EQ, TOK_NE, TOK_LT, TOK_LE, TOK_GT, TOK_GE,
        TOK_LPAREN, TOK_RPAREN, TOK_COMMA, TOK_DOT, TOK_STAR, TOK_LBRACE,
        TOK_BAD,                        /* no token starts here; the lexer's reason says why */
};

struct wql_lexer {
        const char *p, *end;
        uint32_t column;                /* of p */
        struct arena *a;
        /* the current token */
        enum wql_token token;
        uint32_t at;
        struct str text;                /* identifier; string unescaped; number or sign as written; of the text, or in @a */
        const char *reason;             /* of TOK_BAD */
};

void wql_lex_init(struct wql_lexer *l, struct str text, struct arena *a);
void wql_lex_next(struct wql_lexer *l);
/* Current token is TOK_LBRACE: takes the text up to the closing brace outside quotes. False: there is none. */
bool wql_lex_braces(struct wql_lexer *l, struct str *inside, uint32_t *at);
