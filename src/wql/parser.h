/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* parser - what the files of the parser share; private to wql */
#include "wql/lex.h"

struct wql_parser {
        struct wql_lexer lex;
        enum wql_dialect dialect;
        struct wql_query *q;            /* the one being built; a sub-select has its own */
        unsigned depth;
        struct wql_error *e;
};

/* Every parse_* returns 0, or -1 with the error set. */
MUST int wql_parse_expr(struct wql_parser *p, struct wql_node **out);           /* parse_expr.c */
MUST int wql_parse_operand(struct wql_parser *p, struct wql_operand *out);
MUST int wql_parse_name(struct wql_parser *p, struct wql_name *out);
MUST int wql_parse_select(struct wql_parser *p, bool sub, struct wql_query **out);      /* parse.c; "SELECT" was taken */
MUST int wql_parse_association(struct wql_parser *p, struct wql_query **out);   /* parse_assoc.c; verb is current */

bool wql_at_word(const struct wql_parser *p, const char *word);        /* the current token is that keyword */
bool wql_take_word(struct wql_parser *p, const char *word);
bool wql_take(struct wql_parser *p, enum wql_token token);
/* The grammar's mistake at the current token: "expected WHAT, not 'x'". */
int wql_expected(struct wql_parser *p, const char *what);
int wql_grammar(struct wql_parser *p, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Something core WQL does not have: marks the query, or fails where the dialect is not the extended one. */
MUST int wql_extension(struct wql_parser *p, uint32_t at, const char *what);
MUST int wql_enter(struct wql_parser *p);       /* one level deeper; QUOTA_VIOLATION past WQL_MAX_DEPTH */
void *wql_alloc(struct wql_parser *p, size_t n, size_t size);   /* NULL: the error is set */

/* print.c */
void wql_print_expr(const struct wql_node *n, struct buf *b);
