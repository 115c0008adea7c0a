/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"
#include "verbs.h"

static const struct column columns[] = {
        { "SiteCode", "SITE" },
        { "SiteName", "NAME" },
        { "Type", "TYPE", COL_WORD, 0, "1=secondary 2=primary 4=central" },
        { "ReportingSiteCode", "PARENT" },
        { "ServerName", "SERVER" },
        { "Status", "STATUS", COL_WORD, 0, "1=active 2=pending 3=failed 4=deleted 5=upgrading" },
        { "Version", "VERSION", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "SiteCode", columns, "no sites" };

int site_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, "SMS_Site", NULL, "SiteCode", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

static int own_code(struct cli *c, char code[8])
{
        json_t *rows = NULL;
        int r = cli_list(c, "SMS_Identification", NULL, NULL, &rows, NULL);

        if (!r)
                snprintf(code, 8, "%s", member(json_array_get(rows, 0), "ThisSiteCode"));
        json_decref(rows);
        return r;
}

int site_show(struct cli *c)
{
        _cleanup_(freep) char *path = NULL;
        char code[8] = "";
        json_t *site;
        int r = EXIT_DONE;

        if (arg_word(&c->args, 0))
                path = cli_path("SMS_Site", "SiteCode", arg_word(&c->args, 0), NULL);
        else {
                r = own_code(c, code);
                path = cli_path("SMS_Site", "SiteCode", code, NULL);
        }
        if (!r)
                r = cli_get(c, path, &site);
        return r ? r : print_object(c, &view, site);
}

int site_create(struct cli *c)
{
        static const struct setting settings[] = {
                { "name", "SiteName", SET_TEXT, NULL },
                { "parent", "ReportingSiteCode", SET_TEXT, NULL },
                { "type", "Type", SET_WORD, "secondary=1 primary=2 central=4" },
                { "host", "ServerName", SET_TEXT, NULL },
                { 0 },
        };
        json_t *in = json_object(), *out;
        char code[8] = "";
        int r = settings_read(c, settings, in);

        if (!r && (!arg_value(&c->args, "name") || !arg_value(&c->args, "host")))
                r = usage_error(c, "--name NAME and --host HOST are needed");
        if (!r && !arg_value(&c->args, "parent")) {
                r = own_code(c, code);
                json_object_set_new(in, "ReportingSiteCode", json_string(code));
        }
        if (r) {
                json_decref(in);
                return r;
        }
        json_object_set_new(in, "SiteCode", json_string(arg_word(&c->args, 0)));
        r = cli_create(c, "SMS_Site", in, &out);
        return r ? r : print_answer(c, out, "SiteCode");
}

int site_delete(struct cli *c)
{
        _cleanup_(freep) char *path = cli_path("SMS_Site", "SiteCode", arg_word(&c->args, 0), NULL);

        return cli_delete(c, path);
}
