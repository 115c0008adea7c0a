/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"
#include "verbs.h"

#define CLASS "SMS_Program"

static const struct column columns[] = {
        { "PackageID", "PACKAGE" },
        { "ProgramName", "PROGRAM" },
        { "CommandLine", "COMMAND LINE" },
        { "Duration", "MINUTES", COL_TEXT, COL_RIGHT },
        { "Comment", "COMMENT", COL_TEXT, COL_WIDE },
        { "WorkingDirectory", "DIRECTORY", COL_TEXT, COL_WIDE },
        { "ProgramFlags", "FLAGS", COL_TEXT, COL_WIDE | COL_RIGHT },
        { 0 },
};
static const struct view view = { "ProgramName", columns, "no programs" };

static const struct setting settings[] = {
        { "name", "ProgramName", SET_TEXT, NULL },
        { "command-line", "CommandLine", SET_TEXT, NULL },
        { "working-directory", "WorkingDirectory", SET_TEXT, NULL },
        { "comment", "Comment", SET_TEXT, NULL },
        { "duration", "Duration", SET_NUMBER, NULL },
        { "flags", "ProgramFlags", SET_NUMBER, NULL },
        { 0 },
};

static char *path_of(struct cli *c)
{
        return cli_path(CLASS, "PackageID", arg_word(&c->args, 0), "ProgramName", arg_word(&c->args, 1), NULL);
}

int program_create(struct cli *c)
{
        json_t *in, *out;
        int r;

        if (!arg_value(&c->args, "name") || !arg_value(&c->args, "command-line"))
                return usage_error(c, "--name NAME and --command-line TEXT are needed");
        in = json_pack("{s:s}", "PackageID", arg_word(&c->args, 0));
        r = settings_read(c, settings, in);
        if (r) {
                json_decref(in);
                return r;
        }
        r = cli_create(c, CLASS, in, &out);
        return r ? r : print_answer(c, out, "ProgramName");
}

int program_list(struct cli *c)
{
        _cleanup_(freep) char *filter = arg_word(&c->args, 0) ? cli_equals("PackageID", arg_word(&c->args, 0)) : NULL;
        json_t *rows;
        int r = cli_list(c, CLASS, filter, NULL, &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

int program_show(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);
        json_t *program;
        int r = cli_get(c, path, &program);

        return r ? r : print_object(c, &view, program);
}

int program_set(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);
        json_t *in = json_object();
        int r = settings_read(c, settings, in);

        if (!r && !json_object_size(in))
                r = usage_error(c, "say what to change");
        if (!r)
                return cli_put(c, path, in);
        json_decref(in);
        return r;
}

int program_delete(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);

        return cli_delete(c, path);
}
