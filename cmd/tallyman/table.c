/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "fmt.h"
#include "os/os.h"
#include "table.h"

#define GAP 2
#define NARROWEST 6

/* A value as its JSON kind would print it bare: numbers, true/false, arrays as a, b. */
static void bare(const json_t *v, struct buf *out)
{
        switch (v ? json_typeof(v) : JSON_NULL) {
        case JSON_STRING:
                buf_add(out, json_string_value(v), json_string_length(v));
                break;
        case JSON_INTEGER:
                buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
                break;
        case JSON_REAL:
                buf_printf(out, "%.6g", json_real_value(v));
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                buf_addz(out, json_is_true(v) ? "true" : "false");
                break;
        case JSON_ARRAY:
                for (size_t i = 0; i < json_array_size(v); i++) {
                        if (i)
                                buf_addz(out, ", ");
                        bare(json_array_get(v, i), out);
                }
                break;
        case JSON_OBJECT: {
                _cleanup_(freep) char *text = json_dumps(v, JSON_COMPACT);

                buf_addz(out, text);
                break;
        }
        case JSON_NULL:
                break;
        }
}

static uint64_t number_of(const json_t *v)
{
        uint64_t n = 0;

        if (json_is_integer(v))
                return (uint64_t)json_integer_value(v);
        if (json_is_string(v) && str_to_u64(str_of(json_string_value(v)), &n) < 0)
                n = 0;
        return n;
}

static void cell(const struct cli *c, const struct column *col, const json_t *v, struct buf *out)
{
        char text[FMT_LEN] = "";
        int64_t us;

        if (!v || json_is_null(v)) {
                buf_addc(out, '-');
                return;
        }
        switch (col->kind) {
        case COL_BYTES:
        case COL_KILOBYTES:
                fmt_bytes(number_of(v) * (col->kind == COL_KILOBYTES ? 1024 : 1), text);
                buf_addz(out, text);
                return;
        case COL_TIME:
                if (json_is_string(v) && time_parse_rfc3339(str_of(json_string_value(v)), &us) == 0) {
                        if (c->tty_out)
                                fmt_relative(os_now_us(), us, text);
                        else
                                time_format_rfc3339(us - us % US_PER_SECOND, text);
                        buf_addz(out, text);
                        return;
                }
                break;
        case COL_YES:
                buf_addz(out, json_is_true(v) ? "yes" : "-");
                return;
        case COL_NAL:
                buf_adds(out, fmt_nal_host(str_of(json_string_value(v))));
                return;
        case COL_STATE:
                buf_addz(out, fmt_state((int64_t)number_of(v)));
                return;
        case COL_STATUS:
                buf_addz(out, fmt_status_word(fmt_status((int64_t)number_of(v))));
                return;
        case COL_WORD: {
                struct str word;

                bare(v, out);
                word = fmt_word(col->words, out->p ? out->p : "");
                if (word.n) {
                        buf_reset(out);
                        buf_adds(out, word);
                }
                return;
        }
        case COL_TEXT:
                break;
        }
        bare(v, out);
        if (!out->n)
                buf_addc(out, '-');
}

/* ---- tables ---- */

struct grid {
        size_t n_rows, n_cols;          /* row 0 is the head */
        struct buf *cells;
        const struct column **cols;
        size_t *width;
};

static bool shown(const struct cli *c, const struct column *col)
{
        return c->output == OUT_WIDE || !(col->flags & COL_WIDE);
}

static void grid_fini(struct grid *g)
{
        for (size_t i = 0; g->cells && i < g->n_rows * g->n_cols; i++)
                buf_fini(&g->cells[i]);
        free(g->cells);
        free(g->cols);
        free(g->width);
}

static bool grid_fill(const struct cli *c, const struct view *v, const json_t *rows, struct grid *g)
{
        size_t at = 0;

        for (const struct column *col = v->columns; col->property; col++)
                g->n_cols += shown(c, col);
        g->n_rows = json_array_size(rows) + 1;
        g->cells = calloc(g->n_rows * g->n_cols, sizeof(*g->cells));
        g->cols = calloc(g->n_cols, sizeof(*g->cols));
        g->width = calloc(g->n_cols, sizeof(*g->width));
        if (!g->cells || !g->cols || !g->width)
                return false;
        for (const struct column *col = v->columns; col->property; col++)
                if (shown(c, col))
                        g->cols[at++] = col;
        for (size_t y = 0; y < g->n_rows; y++)
                for (size_t x = 0; x < g->n_cols; x++) {
                        struct buf *b = &g->cells[y * g->n_cols + x];

                        if (y == 0)
                                buf_addz(b, g->cols[x]->head);
                        else
                                cell(c, g->cols[x], json_object_get(json_array_get(rows, y - 1), g->cols[x]->property), b);
                        g->width[x] = MAX(g->width[x], fmt_columns(buf_str(b)));
                }
        return true;
}

/* The widest columns but the first give way until the row fits. */
static void grid_fit(struct grid *g, size_t width)
{
        for (;;) {
                size_t sum = (g->n_cols - 1) * GAP, widest = 0;

                for (size_t x = 0; x < g->n_cols; x++) {
                        sum += g->width[x];
                        if (x && (!widest || g->width[x] > g->width[widest]))
                                widest = x;
                }
                if (sum <= width || !widest || g->width[widest] <= NARROWEST)
                        return;
                g->width[widest] = MAX((size_t)NARROWEST, g->width[widest] - MIN(sum - width, g->width[widest] - NARROWEST));
        }
}

static const char *colour_of(const struct cli *c, const struct column *col, const json_t *v)
{
        static const char *const colours[] = {
                [STATUS_SUCCESS] = "\033[32m", [STATUS_PROGRESS] = "\033[33m",
                [STATUS_ERROR] = "\033[31m", [STATUS_UNKNOWN] = "\033[2m",
        };

        if (!c->colour || !v || (col->kind != COL_STATE && col->kind != COL_STATUS))
                return NULL;
        return colours[fmt_status((int64_t)number_of(v))];
}

static void put_cell(const struct cli *c, const struct grid *g, size_t y, size_t x, const json_t *row, struct buf *line)
{
        const struct column *col = g->cols[x];
        struct str text = buf_str(&g->cells[y * g->n_cols + x]);
        const char *colour = row ? colour_of(c, col, json_object_get(row, col->property)) : NULL;
        size_t used = MIN(fmt_columns(text), g->width[x]), pad = g->width[x] - used;
        bool right = (col->flags & COL_RIGHT) != 0;

        if (right)
                buf_printf(line, "%*s", (int)pad, "");
        if (colour)
                buf_addz(line, colour);
        fmt_clean(text, g->width[x], c->utf8, line);
        if (colour)
                buf_addz(line, "\033[0m");
        if (x + 1 < g->n_cols)
                buf_printf(line, "%*s", (int)(right ? 0 : pad) + GAP, "");
}

static int print_table(struct cli *c, const struct view *v, const json_t *rows)
{
        struct grid g = { 0 };
        struct buf line;

        if (!json_array_size(rows)) {
                say(c, "%s", v->none ? v->none : "nothing found");
                return EXIT_DONE;
        }
        if (!grid_fill(c, v, rows, &g)) {
                grid_fini(&g);
                return failf(c, EXIT_ERROR, "OutOfMemory", "out of memory");
        }
        if (c->output != OUT_WIDE)
                grid_fit(&g, (size_t)c->width);
        buf_init(&line, 0);
        for (size_t y = 0; y < g.n_rows; y++) {
                buf_reset(&line);
                for (size_t x = 0; x < g.n_cols; x++)
                        put_cell(c, &g, y, x, y ? json_array_get(rows, y - 1) : NULL, &line);
                puts(line.p ? line.p : "");
        }
        buf_fini(&line);
        grid_fini(&g);
        return EXIT_DONE;
}

/* ---- other formats ---- */

/* RFC 4180: quotes around what needs them. */
static void csv_field(const json_t *v)
{
        struct buf b;

        buf_init(&b, 0);
        bare(v, &b);
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
        bare(json_object_get(row, v->key), &b);
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
                r = usage_error(c, "-o mof is for 'class show' and 'get'");
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
                cell(c, column_of(v, name), value, &raw);
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
