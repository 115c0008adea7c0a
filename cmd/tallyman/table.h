/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * table - rows of JSON objects as -o table|wide|json|jsonl|csv|name
 *
 * A view says what of a class is worth a column.  Tables fit the terminal (80
 * columns where there is none): the widest columns give way, never the first.
 * Text from the site is printed without control characters.
 */
#include "cli.h"
#include "fmt.h"

enum column_kind {
        COL_TEXT,
        COL_BYTES,              /* 1.5 MB */
        COL_KILOBYTES,
        COL_TIME,               /* "3 min ago" on a terminal, RFC 3339 elsewhere */
        COL_YES,                /* yes, - */
        COL_NAL,                /* the host of a NAL path */
        COL_WORD,               /* number -> word of `words` */
        COL_STATE,              /* DP state: its name, coloured by status */
        COL_STATUS,             /* Success, In progress, Error, Unknown; from the same number, or the word itself */
};
enum { COL_WIDE = 1, COL_RIGHT = 2 };

struct column {
        const char *property;
        const char *head;
        enum column_kind kind;
        unsigned flags;
        const char *words;      /* "1=high 2=normal 3=low" */
};

struct view {
        const char *key;        /* property that -o name prints */
        const struct column *columns;   /* ends with a NULL property */
        const char *none;       /* said on stderr when there are no rows */
};

/* Consumes rows. Returns an exit code. */
int print_rows(struct cli *c, const struct view *v, json_t *rows);
/* One object in full: "Property: value" lines, or the same formats. Consumes o. */
int print_object(struct cli *c, const struct view *v, json_t *o);
/* An answer for scripts in -o json/jsonl, one bare word otherwise ("P0100001"). Consumes o. */
int print_answer(struct cli *c, json_t *o, const char *property);
/* Columns to stdout (table.c). */
int print_table(struct cli *c, const struct view *v, const json_t *rows);
/* A value as text: texts and numbers as they are, lists as "a, b", objects as JSON. */
void value_text(const json_t *v, struct buf *out);
uint64_t value_number(const json_t *v);         /* 0 when it is none */
enum status value_status(const json_t *v);      /* of a state's number, or of the word itself */
/* The same for people, as the column wants it; "-" for nothing. */
void cell_text(const struct cli *c, const struct column *col, const json_t *v, struct buf *out);
/* One event or object as a JSON line, flushed. */
void print_json_line(const json_t *o);
