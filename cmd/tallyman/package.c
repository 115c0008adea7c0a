/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "table.h"
#include "verbs.h"

enum { SOURCE_NONE = 1, SOURCE_DIRECT = 2 };    /* SMS_Package.PkgSourceFlag */

static const struct column columns[] = {
        { "PackageID", "ID" },
        { "Name", "NAME" },
        { "SourceVersion", "VER", COL_TEXT, COL_RIGHT },
        { "PackageSize", "SIZE", COL_KILOBYTES, COL_RIGHT },
        { "SourceDate", "UPDATED", COL_TIME },
        { "Manufacturer", "MANUFACTURER" },
        { "Version", "VERSION" },
        { "Priority", "PRIORITY", COL_WORD, COL_WIDE, "1=high 2=normal 3=low" },
        { "NumOfPrograms", "PROGRAMS", COL_TEXT, COL_WIDE | COL_RIGHT },
        { "ActionInProgress", "ACTION", COL_WORD, COL_WIDE, "0=- 1=update 2=add 3=delete" },
        { "PkgSourcePath", "SOURCE", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "PackageID", columns, "no packages. 'tallyman package create --name N --source DIR' makes one" };

static const struct setting settings[] = {
        { "name", "Name", SET_TEXT, NULL },
        { "version", "Version", SET_TEXT, NULL },
        { "manufacturer", "Manufacturer", SET_TEXT, NULL },
        { "language", "Language", SET_TEXT, NULL },
        { "description", "Description", SET_TEXT, NULL },
        { "priority", "Priority", SET_WORD, "high=1 normal=2 low=3" },
        { 0 },
};

static char *path_of(const char *id)
{
        return cli_path("SMS_Package", "PackageID", id, NULL);
}

/* The site server has its own working directory, so a relative folder is made whole here. */
static int source(struct cli *c, json_t *in)
{
        const char *dir = arg_value(&c->args, "source");
        _cleanup_(freep) char *whole = NULL;
        _cleanup_(freep) char *here = NULL;

        if (!dir)
                return EXIT_DONE;
        if (dir[0] == '/')
                whole = str_dup(str_of(dir));
        else {
                here = getcwd(NULL, 0);
                whole = here ? str_printf("%s/%s", here, strcmp(dir, ".") == 0 ? "" : dir) : NULL;
        }
        if (!whole)
                return failf(c, EXIT_ERROR, "InputOutput", "cannot tell the working directory: %m. Give --source as a whole path");
        json_object_set_new(in, "PkgSourcePath", json_string(whole));
        json_object_set_new(in, "PkgSourceFlag", json_integer(*dir ? SOURCE_DIRECT : SOURCE_NONE));
        return EXIT_DONE;
}

static int request(struct cli *c, json_t **in)
{
        int r;

        *in = json_object();
        r = settings_read(c, settings, *in);
        if (!r)
                r = source(c, *in);
        if (r)
                json_decref(*in);
        return r;
}

int package_create(struct cli *c)
{
        json_t *in, *out;
        int r;

        if (!arg_value(&c->args, "name"))
                return usage_error(c, "--name NAME is missing");
        r = request(c, &in);
        if (r)
                return r;
        r = cli_create(c, "SMS_Package", in, &out);
        return r ? r : print_answer(c, out, "PackageID");
}

int package_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, "SMS_Package", NULL, "PackageID", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

int package_show(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(arg_word(&c->args, 0));
        json_t *package;
        int r = cli_get(c, path, &package);

        return r ? r : print_object(c, &view, package);
}

int package_update(struct cli *c)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++) {
                _cleanup_(freep) char *path = path_of(id);
                json_t *package = NULL;

                r = cli_method(c, path, "RefreshPkgSource", NULL, NULL);
                if (!r)
                        r = cli_get(c, path, &package);
                if (!r)
                        say(c, "%s: version %lld is being read and will be sent", id, (long long)member_int(package, "SourceVersion"));
                json_decref(package);
        }
        return r;
}

int package_set(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(arg_word(&c->args, 0));
        json_t *in;
        int r = request(c, &in);

        if (r)
                return r;
        if (!json_object_size(in)) {
                json_decref(in);
                return usage_error(c, "say what to change");
        }
        return cli_put(c, path, in);
}

int package_delete(struct cli *c)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++) {
                _cleanup_(freep) char *path = path_of(id);

                r = cli_delete(c, path);
                if (!r)
                        say(c, "%s: deleted, once every distribution point has removed it", id);
        }
        return r;
}
