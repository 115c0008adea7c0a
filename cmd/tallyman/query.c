/* SPDX-License-Identifier: Apache-2.0 */
/* query - WQL: rows in every format, and queries checked without running them */
#include <stdio.h>
#include <string.h>
#include "mof.h"
#include "query.h"
#include "table.h"
#include "verbs.h"

/* ---- mistakes ---- */

enum { BEFORE = 110, BEHIND = 18 };      /* so much of a line is shown around the place */

/* Byte offset of a column (code points, from 1). */
static size_t offset_of(const char *text, uint32_t column)
{
        size_t at = 0;

        for (uint32_t n = 1; text[at] && n < column; n++) {
                at++;
                while (((unsigned char)text[at] & 0xc0) == 0x80)
                        at++;
        }
        return at;
}

/* The line of the text that the place is in, and '^' under it. */
static void point_at(struct cli *c, const char *text, uint32_t column)
{
        size_t at = offset_of(text, column), from = at, to = at;
        struct buf before, behind;

        while (from > 0 && text[from - 1] != '\n' && at - from < BEFORE)
                from--;
        while (((unsigned char)text[from] & 0xc0) == 0x80)
                from++;
        while (text[to] && text[to] != '\n' && to - at < BEHIND)
                to++;
        buf_init(&before, 0);
        buf_init(&behind, 0);
        fmt_clean((struct str){ text + from, at - from }, SIZE_MAX, c->utf8, &before);
        fmt_clean((struct str){ text + at, to - at }, SIZE_MAX, c->utf8, &behind);
        say(c, "  %s%s\n  %*s^", before.p ? before.p : "", behind.p ? behind.p : "", (int)fmt_columns(buf_str(&before)), "");
        buf_fini(&before);
        buf_fini(&behind);
}

int query_fail(struct cli *c, const char *text, const struct tallyman_error *e)
{
        if (!*e->wbem || e->kind == TALLYMAN_E_NOT_FOUND)
                return fail(c, e);
        if (c->output == OUT_JSON || c->output == OUT_JSONL) {
                (void)failf(c, EXIT_USAGE, e->wbem, "%s", e->text);
        } else {
                (void)failf(c, EXIT_USAGE, e->code, "%s (%s)", e->text, e->wbem);
                if (e->column)
                        point_at(c, text, e->column);
        }
        return EXIT_USAGE;
}

bool is_select(const char *word)
{
        size_t n = strspn(word, " \t\r\n");

        return strncasecmp(word + n, "SELECT", 6) == 0 && strchr(" \t\r\n*\"'", word[n + 6]) && word[n + 6];
}

/* ---- what a query would give ---- */

static int check(struct cli *c, const char *text, const char *kind, json_t **out)
{
        struct tallyman_error e;
        char *json;
        int r = cli_open(c);

        *out = NULL;
        if (r)
                return r;
        if (tallyman_check(c->site, text, kind, &json, &e) < 0)
                return query_fail(c, text, &e);
        *out = json_loads(json, 0, NULL);
        free(json);
        return *out ? EXIT_DONE : failf(c, EXIT_ERROR, "Corrupt", "the site's answer is not JSON. Is --server a Tallyman site?");
}

int wql_check(struct cli *c)
{
        static const struct column columns[] = { { "kind", "KIND" }, { "canonical", "QUERY" }, { 0 } };
        static const struct view view = { "kind", columns, "" };
        const char *kind = arg_value(&c->args, "kind");
        json_t *o;
        int r;

        if (kind && strcmp(kind, "data") != 0 && strcmp(kind, "event") != 0)
                return usage_error(c, "--kind is data or event, not '%s'", kind);
        r = check(c, arg_word(&c->args, 0), kind, &o);
        if (!r && (c->output == OUT_TABLE || c->output == OUT_WIDE)) {
                json_t *few = json_pack("{s:O, s:O}", "kind", json_object_get(o, "kind"), "canonical", json_object_get(o, "canonical"));

                json_decref(o);
                o = few;
        }
        return r ? r : print_object(c, &view, o);
}

/* ---- rows ---- */

static const struct column no_columns[] = { { 0 } };
static const struct view plain_view = { "__RELPATH", no_columns, "no instances" };

static int print_line(void *ctx, const char *json)
{
        puts(json);
        return ferror(stdout);
}

static int keep_row(void *ctx, const char *json)
{
        json_t *row = json_loads(json, 0, NULL);

        return !row || json_array_append_new(ctx, row) < 0;
}

static int run(struct cli *c, const char *text, tallyman_row_fn fn, void *ctx)
{
        struct tallyman_error e;
        int r = cli_open(c);

        if (r)
                return r;
        r = tallyman_query(c->site, text, fn, ctx, NULL, &e);
        if (r == TALLYMAN_STOPPED)
                return ferror(stdout) ? EXIT_ERROR
                                      : failf(c, EXIT_ERROR, "Corrupt", "the site sent a row that is not JSON. Is it the same version?");
        return r < 0 ? query_fail(c, text, &e) : EXIT_DONE;
}

/* Objects in a row become columns "Alias.Property". */
static void flatten(json_t *rows)
{
        json_t *row, *value, *inner;
        const char *name, *inner_name;
        size_t i;
        void *next;

        json_array_foreach(rows, i, row) {
                json_object_foreach_safe(row, next, name, value) {
                        if (!json_is_object(value) || !json_object_get(value, "__CLASS"))
                                continue;
                        json_object_foreach(value, inner_name, inner) {
                                _cleanup_(freep) char *full = str_printf("%s.%s", name, inner_name);

                                json_object_set(row, full, inner);
                        }
                }
        }
}

static int print_columns(struct cli *c, const json_t *names, json_t *rows)
{
        struct column *columns = calloc(json_array_size(names) + 1, sizeof(*columns));
        struct view view = { "__RELPATH", columns, "no instances" };
        int r;

        flatten(rows);
        for (size_t i = 0; columns && i < json_array_size(names); i++) {
                columns[i].property = columns[i].head = json_string_value(json_array_get(names, i));
                columns[i].flags = json_is_number(json_object_get(json_array_get(rows, 0), columns[i].property)) ? COL_RIGHT : 0;
        }
        if (!columns) {
                json_decref(rows);
                return failf(c, EXIT_ERROR, "OutOfMemory", "out of memory");
        }
        r = print_rows(c, &view, rows);
        free(columns);
        return r;
}

static int print_blocks(struct cli *c, json_t *rows)
{
        json_t *row;
        size_t i;

        json_array_foreach(rows, i, row) {
                if (i)
                        putchar('\n');
                (void)print_object(c, &plain_view, json_incref(row));
        }
        if (!json_array_size(rows))
                say(c, "%s", plain_view.none);
        json_decref(rows);
        return EXIT_DONE;
}

/* For people and for spreadsheets: by the select list, as the site understands it. */
static int print_by_list(struct cli *c, const char *text, json_t *rows)
{
        bool for_people = c->output == OUT_TABLE || c->output == OUT_WIDE;
        json_t *what;
        int r = check(c, text, "data", &what);

        if (r) {
                json_decref(rows);
                return r;
        }
        if (strcmp(member(what, "kind"), "data") != 0)          /* class definitions, what is associated */
                json_object_set_new(what, "columns", json_pack("[s, s]", "__CLASS", strcmp(member(what, "kind"), "schema") == 0
                                                                                            ? "__SUPERCLASS" : "__RELPATH"));
        r = for_people && json_is_true(json_object_get(what, "star")) ? print_blocks(c, rows)
                                                                      : print_columns(c, json_object_get(what, "columns"), rows);
        json_decref(what);
        return r;
}

int query_run(struct cli *c)
{
        const char *text = arg_word(&c->args, 0);
        json_t *rows;
        int r;

        if (c->output == OUT_JSONL)
                return run(c, text, print_line, NULL);
        rows = json_array();
        r = run(c, text, keep_row, rows);
        if (r) {
                json_decref(rows);
                return r;
        }
        if (c->output == OUT_MOF)
                return print_mof_rows(c, rows);
        if (c->output == OUT_JSON)
                return print_rows(c, &plain_view, rows);
        return print_by_list(c, text, rows);
}
