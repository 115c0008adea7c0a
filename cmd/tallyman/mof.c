/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "mof.h"

int fetch_class(struct cli *c, const char *name, json_t **out)
{
        struct buf url;
        int r;

        buf_init(&url, 1024);
        buf_printf(&url, "/AdminService/class/%s", name);
        r = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) && *name && !url.failed
                    ? cli_fetch(c, url.p, out)
                    : failf(c, EXIT_NOT_FOUND, "NotFound", "there is no class '%s'. 'tallyman class list' shows them", name);
        buf_fini(&url);
        return r;
}

json_t *named(const json_t *list, const char *name)
{
        json_t *o;
        size_t i;

        json_array_foreach(list, i, o)
                if (str_eq_nocase(str_of(member(o, "Name")), str_of(name)))
                        return o;
        return NULL;
}

json_t *path_of(const json_t *class, const json_t *row)
{
        const json_t *property;
        struct buf b;
        json_t *path;
        char sep = '.';
        size_t i;

        buf_init(&b, 0);
        buf_addz(&b, member(class, "Name"));
        json_array_foreach(json_object_get(class, "Properties"), i, property) {
                _cleanup_(freep) char *value = NULL;

                if (!member_bool(property, "Key"))
                        continue;
                value = json_dumps(json_object_get(row, member(property, "Name")), JSON_ENCODE_ANY | JSON_COMPACT);
                buf_printf(&b, "%c%s=%s", sep, member(property, "Name"), value ? value : "\"\"");
                sep = ',';
        }
        path = json_string(b.p);
        buf_fini(&b);
        return path;
}

static void print_value(const json_t *v, const char *type)
{
        char cim[CIM_DATETIME_LEN + 1];
        int64_t us;

        if (json_is_array(v)) {
                json_t *item;
                size_t i;

                fputs("{", stdout);
                json_array_foreach(v, i, item) {
                        fputs(i ? ", " : "", stdout);
                        print_value(item, type);
                }
                fputs("}", stdout);
                return;
        }
        if (json_is_string(v) && strcmp(type, "datetime") == 0 && time_parse_rfc3339(str_of(json_string_value(v)), &us) == 0) {
                time_format_cim(us, 0, cim);
                printf("\"%s\"", cim);
        } else if (json_is_boolean(v))
                fputs(json_is_true(v) ? "TRUE" : "FALSE", stdout);
        else
                json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* Declarations of the classes seen so far, by name. __Generic has none. */
static int declaration(struct cli *c, json_t *known, const char *class_name, json_t **out)
{
        json_t *class;
        int r;

        *out = json_object_get(known, class_name);
        if (*out || strcmp(class_name, "__Generic") == 0)
                return EXIT_DONE;
        r = fetch_class(c, class_name, &class);
        if (r)
                return r;
        json_object_set_new(known, class_name, class);
        *out = class;
        return EXIT_DONE;
}

/* Everything behind "instance of NAME"; an object within stands on lines of its own. */
static int print_instance(struct cli *c, json_t *known, const char *class_name, const json_t *o)
{
        const json_t *properties;
        json_t *class, *value;
        const char *name;
        int r = declaration(c, known, class_name, &class);

        if (r)
                return r;
        properties = json_object_get(class, "Properties");
        printf("instance of %s\n{\n", class ? member(class, "Name") : class_name);
        json_object_foreach((json_t *)o, name, value) {
                if (json_is_null(value) || name[0] == '_' || name[0] == '@')
                        continue;
                printf("        %s = ", name);
                if (json_is_object(value) && *member(value, "__CLASS")) {
                        putchar('\n');
                        r = print_instance(c, known, member(value, "__CLASS"), value);
                        if (r)
                                return r;
                        continue;
                }
                print_value(value, member(named(properties, name), "Type"));
                fputs(";\n", stdout);
        }
        fputs("};\n", stdout);
        return EXIT_DONE;
}

int print_mof(struct cli *c, const char *class_name, json_t *o)
{
        json_t *known = json_object();
        int r = print_instance(c, known, class_name, o);

        json_decref(known);
        json_decref(o);
        return r;
}

static int print_class(struct cli *c, const char *name)
{
        struct tallyman_error e;
        char *mof, url[300];

        snprintf(url, sizeof(url), "/AdminService/class/%.200s?format=mof", name);
        if (tallyman_fetch(c->site, url, &mof, &e) < 0)
                return fail(c, &e);
        fputs(mof, stdout);
        free(mof);
        return EXIT_DONE;
}

int print_mof_rows(struct cli *c, json_t *rows)
{
        json_t *known = json_object(), *row;
        int r = EXIT_DONE;
        size_t i;

        json_array_foreach(rows, i, row) {
                if (i)
                        putchar('\n');
                r = member_int(row, "__GENUS") == 1 ? print_class(c, member(row, "__CLASS"))
                                                    : print_instance(c, known, member(row, "__CLASS"), row);
                if (r)
                        break;
        }
        json_decref(known);
        json_decref(rows);
        return r;
}
