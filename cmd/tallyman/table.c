/* SPDX-License-Identifier: Apache-2.0 */
/* table - rows in columns that fit the terminal */
#include <stdio.h>
#include <string.h>
#include "table.h"

#define GAP 2
#define NARROWEST 6

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
                                cell_text(c, g->cols[x], json_object_get(json_array_get(rows, y - 1), g->cols[x]->property), b);
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
        return colours[value_status(v)];
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

int print_table(struct cli *c, const struct view *v, const json_t *rows)
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
