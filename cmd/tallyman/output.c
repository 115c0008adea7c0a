/* SPDX-License-Identifier: Apache-2.0 */
/* output - the same rows in every format of -o */
#include <stdio.h>
#include <string.h>
#include "table.h"

/* RFC 4180: quotes around what needs them. */
static void csv_field(const json_t *v)
{
        struct buf b;

        buf_init(&b, 0);
        value_text(v, &b);
        if (b.n && strpbrk(b.p, "\",\r\n")) {
                putchar('"');
                for (size_t i = 0; i < b.n; i++) {
                        if (b.p[i] == '"')
                                putchar('"');
                        putchar(b.p[i]);
                }
                putchar('"');
        } else if (b.n)
                fputs(b.p, stdout);
        buf_fini(&b);
}

static void print_csv(const struct view *v, const json_t *rows)
{
        for (const struct column *col = v->columns; col->property; col++)
                printf("%s%s", col == v->columns ? "" : ",", col->property);
        fputs("\r\n", stdout);
        for (size_t i = 0; i < json_array_size(rows); i++) {
                for (const struct column *col = v->columns; col->property; col++) {
                        if (col != v->columns)
                                putchar(',');
                        csv_field(json_object_get(json_array_get(rows, i), col->property));
                }
                fputs("\r\n", stdout);
        }
}

void print_json_line(const json_t *o)
{
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
}

static void print_json(const json_t *v)
{
        json_dumpf(v, stdout, JSON_INDENT(2));
        putchar('\n');
}

static void print_name(const struct view *v, const json_t *row)
{
        struct buf b;

        buf_init(&b, 0);
        value_text(json_object_get(row, v->key), &b);
        puts(b.p ? b.p : "");
        buf_fini(&b);
}

int print_rows(struct cli *c, const struct view *v, json_t *rows)
{
        int r = EXIT_DONE;

        switch (c->output) {
        case OUT_JSON:
                print_json(rows);
                break;
        case OUT_JSONL:
                for (size_t i = 0; i < json_array_size(rows); i++)
                        print_json_line(json_array_get(rows, i));
                break;
        case OUT_CSV:
                print_csv(v, rows);
                break;
        case OUT_NAME:
                for (size_t i = 0; i < json_array_size(rows); i++)
                        print_name(v, json_array_get(rows, i));
                break;
        case OUT_MOF:
                r = usage_error(c, "-o mof is for 'class show', 'get' and 'query'");
                break;
        case OUT_TABLE:
        case OUT_WIDE:
                r = print_table(c, v, rows);
                break;
        }
        json_decref(rows);
        return r;
}

static const struct column *column_of(const struct view *v, const char *property)
{
        static const struct column plain = { .kind = COL_TEXT };

        for (const struct column *col = v->columns; col && col->property; col++)
                if (strcmp(col->property, property) == 0)
                        return col;
        return &plain;
}

static bool says_something(const json_t *v)
{
        return !json_is_null(v) && !(json_is_string(v) && !json_string_length(v)) && !(json_is_array(v) && !json_array_size(v));
}

/* "Property  value" for every property that has one. */
static void print_block(const struct cli *c, const struct view *v, json_t *o)
{
        const char *name;
        size_t width = 0;
        json_t *value;

        json_object_foreach(o, name, value)
                if (says_something(value))
                        width = MAX(width, strlen(name));
        json_object_foreach(o, name, value) {
                struct buf raw, clean;

                if (!says_something(value))
                        continue;
                buf_init(&raw, 0);
                buf_init(&clean, 0);
                cell_text(c, column_of(v, name), value, &raw);
                fmt_clean(buf_str(&raw), SIZE_MAX, c->utf8, &clean);
                printf("%-*s  %s\n", (int)width, name, clean.p ? clean.p : "");
                buf_fini(&raw);
                buf_fini(&clean);
        }
}

int print_object(struct cli *c, const struct view *v, json_t *o)
{
        json_t *rows;

        if (c->output == OUT_TABLE || c->output == OUT_WIDE) {
                print_block(c, v, o);
                json_decref(o);
                return EXIT_DONE;
        }
        if (c->output == OUT_JSON) {
                print_json(o);
                json_decref(o);
                return EXIT_DONE;
        }
        rows = json_array();
        json_array_append_new(rows, o);
        return print_rows(c, v, rows);
}

int print_answer(struct cli *c, json_t *o, const char *property)
{
        if (c->output == OUT_JSON)
                print_json(o);
        else if (c->output == OUT_JSONL)
                print_json_line(o);
        else
                puts(member(o, property));
        json_decref(o);
        return EXIT_DONE;
}
