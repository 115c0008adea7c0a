/* SPDX-License-Identifier: Apache-2.0 */
/* object - any object by its path, and classes */
#include <stdio.h>
#include <string.h>
#include "mof.h"
#include "table.h"
#include "verbs.h"

static const struct view plain_view = { "__RELPATH", (const struct column[]){ { 0 } }, "no instances" };

/* The class part of a path; the caller frees. */
static char *class_of(const char *path)
{
        const char *start = path, *colon = strchr(path, ':');
        size_t before_value = strcspn(path, "\"'=");

        if (colon && (size_t)(colon - path) < before_value)
                start = colon + 1;
        return str_dup((struct str){ start, strcspn(start, ".=(") });
}

/* ---- K=V ---- */

/* A value by its CIM type: strings as they are, all else (and arrays) as JSON. */
static int read_value(struct cli *c, const json_t *declared, const char *name, const char *text, json_t **out)
{
        const char *type = member(declared, "Type");

        if (!member_bool(declared, "Array") && (strcmp(type, "string") == 0 || strcmp(type, "datetime") == 0 || !*type)) {
                *out = json_string(text);
                return EXIT_DONE;
        }
        if (strcmp(type, "boolean") == 0 && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)) {
                *out = json_boolean(strcasecmp(text, "true") == 0);
                return EXIT_DONE;
        }
        *out = json_loads(text, JSON_DECODE_ANY, NULL);
        if (*out)
                return EXIT_DONE;
        return usage_error(c, "%s is a %s%s; '%s' is none", name, type, member_bool(declared, "Array") ? " list, as [\"a\",\"b\"]" : "",
                           text);
}

/* Words from the from-th on as an object, by the declarations (properties or parameters) in @list. */
static int read_pairs(struct cli *c, size_t from, const json_t *list, json_t **out)
{
        const char *word;

        *out = json_object();
        for (size_t i = from; (word = arg_word(&c->args, i)); i++) {
                _cleanup_(freep) char *name = str_dup((struct str){ word, strcspn(word, "=") });
                const json_t *declared = named(list, name);
                json_t *value = NULL;
                int r;

                if (!word[strlen(name)])
                        r = usage_error(c, "'%s' is not of the form NAME=VALUE", word);
                else if (!declared)
                        r = failf(c, EXIT_NOT_FOUND, "NotFound", "there is no '%s'. 'tallyman class show' lists what there is", name);
                else
                        r = read_value(c, declared, name, word + strlen(name) + 1, &value);
                if (r) {
                        json_decref(*out);
                        return r;
                }
                json_object_set_new(*out, member(declared, "Name"), value);
        }
        return EXIT_DONE;
}

int object_put(struct cli *c)
{
        const char *path = arg_word(&c->args, 0);
        _cleanup_(freep) char *name = class_of(path);
        json_t *class, *in;
        int r = fetch_class(c, name, &class);

        if (r)
                return r;
        r = read_pairs(c, 1, json_object_get(class, "Properties"), &in);
        json_decref(class);
        return r ? r : cli_put(c, path, in);
}

int object_create(struct cli *c)
{
        const char *name = arg_word(&c->args, 0);
        json_t *class, *in, *out;
        int r = fetch_class(c, name, &class);

        if (r)
                return r;
        r = read_pairs(c, 1, json_object_get(class, "Properties"), &in);
        if (!r)
                r = cli_create(c, member(class, "Name"), in, &out);
        if (!r) {
                json_object_set_new(out, "__RELPATH", path_of(class, out));
                r = print_answer(c, out, "__RELPATH");
        }
        json_decref(class);
        return r;
}

int object_delete(struct cli *c)
{
        int r = EXIT_DONE;
        const char *path;

        for (size_t i = 0; !r && (path = arg_word(&c->args, i)); i++)
                r = cli_delete(c, path);
        return r;
}

int object_invoke(struct cli *c)
{
        const char *path = arg_word(&c->args, 0), *method = arg_word(&c->args, 1);
        _cleanup_(freep) char *name = class_of(path);
        json_t *class, *declared, *in, *out;
        int r = fetch_class(c, name, &class);

        if (r)
                return r;
        declared = named(json_object_get(class, "Methods"), method);
        if (!declared)
                r = failf(c, EXIT_NOT_FOUND, "NotFound", "%s has no method '%s'. 'tallyman class show %s' lists them", name, method, name);
        if (!r)
                r = read_pairs(c, 2, json_object_get(declared, "Parameters"), &in);
        json_decref(class);
        if (!r)
                r = cli_method(c, path, method, in, &out);
        return r ? r : print_object(c, &plain_view, out);
}

/* ---- get, class ---- */

/* -o csv and -o name need to know what the class declares. */
static int print_by_class(struct cli *c, const char *class_name, json_t *rows)
{
        struct column *columns;
        json_t *class, *list, *row;
        struct view view;
        size_t i;
        int r = fetch_class(c, class_name, &class);

        if (r) {
                json_decref(rows);
                return r;
        }
        list = json_object_get(class, "Properties");
        columns = calloc(json_array_size(list) + 1, sizeof(*columns));
        for (i = 0; columns && i < json_array_size(list); i++)
                columns[i].property = columns[i].head = member(json_array_get(list, i), "Name");
        json_array_foreach(rows, i, row)
                json_object_set_new(row, "__RELPATH", path_of(class, row));
        view = (struct view){ "__RELPATH", columns, plain_view.none };
        r = columns ? print_rows(c, &view, rows) : failf(c, EXIT_ERROR, "OutOfMemory", "out of memory");
        free(columns);
        json_decref(class);
        return r;
}

static int get_all(struct cli *c, const char *class_name)
{
        json_t *rows, *row;
        size_t i;
        int r = cli_list(c, class_name, arg_value(&c->args, "filter"), arg_value(&c->args, "orderby"), &rows, NULL);

        if (r)
                return r;
        if (c->output == OUT_CSV || c->output == OUT_NAME)
                return print_by_class(c, class_name, rows);
        if (c->output != OUT_TABLE && c->output != OUT_WIDE)
                return print_rows(c, &plain_view, rows);
        json_array_foreach(rows, i, row) {
                if (i)
                        putchar('\n');
                print_object(c, &plain_view, json_incref(row));
        }
        if (!json_array_size(rows))
                say(c, "%s", plain_view.none);
        json_decref(rows);
        return EXIT_DONE;
}

int object_get(struct cli *c)
{
        const char *path = arg_word(&c->args, 0);
        _cleanup_(freep) char *name = class_of(path);
        json_t *o;
        int r;

        if (!path[strlen(name)])
                return get_all(c, path);
        r = cli_get(c, path, &o);
        if (r)
                return r;
        return c->output == OUT_MOF ? print_mof(c, name, o) : print_object(c, &plain_view, o);
}

int class_list(struct cli *c)
{
        static const struct column columns[] = { { "Name", "CLASS" }, { 0 } };
        static const struct view view = { "Name", columns, "no classes" };
        json_t *answer, *list, *rows, *item;
        size_t i;
        int r = cli_fetch(c, "/AdminService/class", &answer);

        if (r)
                return r;
        list = json_is_array(answer) ? answer : json_object_get(answer, "value");
        rows = json_array();
        json_array_foreach(list, i, item)
                json_array_append_new(rows, json_is_string(item) ? json_pack("{s:O}", "Name", item) : json_incref(item));
        json_decref(answer);
        return print_rows(c, &view, rows);
}

int class_show(struct cli *c)
{
        const char *name = arg_word(&c->args, 0);
        struct tallyman_error e;
        json_t *class;
        char *mof, url[300];
        int r = fetch_class(c, name, &class);

        if (r || c->output == OUT_JSON || c->output == OUT_JSONL)
                return r ? r : print_object(c, &plain_view, class);
        json_decref(class);
        snprintf(url, sizeof(url), "/AdminService/class/%s?format=mof", name);
        if (tallyman_fetch(c->site, url, &mof, &e) < 0)
                return fail(c, &e);
        fputs(mof, stdout);
        free(mof);
        return EXIT_DONE;
}
