/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_packages - a WQL data query, row by row
 *
 *      list_packages [WQL]
 *
 * Without a query it asks for all packages.  Each row is printed as lines
 * "Property: value" with a blank line behind.  The site is TALLYMAN_SERVER, with
 * TALLYMAN_CACERT, TALLYMAN_USER and TALLYMAN_PASSWORD_FILE over https.
 *
 * Build: cc list_packages.c $(pkg-config --cflags --libs libtallyman jansson)
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <tallyman/tallyman.h>

static int print_row(void *ctx, const char *json)
{
        json_t *row = json_loads(json, 0, NULL), *value;
        const char *name;

        json_object_foreach(row, name, value) {
                char *text = json_is_string(value) || json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

                printf("%s: %s\n", name, json_is_string(value) ? json_string_value(value) : text ? text : "");
                free(text);
        }
        putchar('\n');
        json_decref(row);
        return 0;
}

int main(int argc, char **argv)
{
        const char *wql = argc > 1 ? argv[1] : "SELECT PackageID, Name, Version, Manufacturer FROM SMS_Package";
        struct tallyman_options o = { .server = getenv("TALLYMAN_SERVER"), .cacert = getenv("TALLYMAN_CACERT"),
                                      .user = getenv("TALLYMAN_USER"), .password_file = getenv("TALLYMAN_PASSWORD_FILE") };
        struct tallyman_error e;
        struct tallyman *t;
        int r;

        if (tallyman_open(&t, &o, &e) < 0) {
                fprintf(stderr, "list_packages: %s\n", e.text);
                return e.exit_code;
        }
        r = tallyman_query(t, wql, print_row, NULL, NULL, &e);
        tallyman_close(t);
        if (r < 0) {
                fprintf(stderr, "list_packages: %s\n", e.text);
                return e.exit_code;
        }
        return 0;
}
