/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "table.h"
#include "verbs.h"

static const struct column columns[] = {
        { "Name", "DP" },
        { "SiteCode", "SITE" },
        { "Enrolled", "ENROLLED", COL_YES },
        { "Maintenance", "MAINTENANCE", COL_YES },
        { "LastSeen", "LAST SEEN", COL_TIME },
        { "BytesFree", "FREE", COL_BYTES, COL_RIGHT },
        { "BytesTotal", "OF", COL_BYTES, COL_RIGHT },
        { "AgentVersion", "VERSION", COL_TEXT, COL_WIDE },
        { "Url", "URL", COL_TEXT, COL_WIDE },
        { "NALPath", "NAL PATH", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "Name", columns, "no distribution points. 'tallyman dp add NAME --site CODE' makes one known" };

int dp_add(struct cli *c)
{
        static const struct setting settings[] = {
                { "site", "SiteCode", SET_TEXT, NULL },
                { "url", "Url", SET_TEXT, NULL },
                { "description", "Description", SET_TEXT, NULL },
                { 0 },
        };
        json_t *in, *out;
        int r;

        if (!arg_value(&c->args, "site"))
                return usage_error(c, "--site CODE is missing");
        in = json_object();
        r = settings_read(c, settings, in);
        if (r) {
                json_decref(in);
                return r;
        }
        json_object_set_new(in, "Name", json_string(arg_word(&c->args, 0)));
        r = cli_method(c, "TM_Site", "AddDistributionPoint", in, &out);
        return r ? r : print_answer(c, out, "Token");
}

int dp_token(struct cli *c)
{
        json_t *out;
        int r = cli_method(c, "TM_Site", "NewEnrolmentToken", json_pack("{s:s}", "Name", arg_word(&c->args, 0)), &out);

        return r ? r : print_answer(c, out, "Token");
}

int dp_list(struct cli *c)
{
        json_t *rows, *dps;
        struct names wanted = { 0 };
        int r = cli_list(c, "TM_DistributionPoint", NULL, "Name", &rows, NULL);

        if (r || !arg_items(&c->args, "site"))
                return r ? r : print_rows(c, &view, rows);
        r = target_dps(c, false, &wanted);
        dps = json_array();
        for (size_t i = 0; i < json_array_size(rows); i++)
                for (size_t k = 0; k < wanted.n; k++)
                        if (strcmp(member(json_array_get(rows, i), "Name"), wanted.v[k]) == 0)
                                json_array_append(dps, json_array_get(rows, i));
        json_decref(rows);
        names_fini(&wanted);
        if (!r)
                return print_rows(c, &view, dps);
        json_decref(dps);
        return r;
}

int dp_show(struct cli *c)
{
        _cleanup_(freep) char *path = cli_path("TM_DistributionPoint", "Name", arg_word(&c->args, 0), NULL);
        json_t *dp;
        int r = cli_get(c, path, &dp);

        return r ? r : print_object(c, &view, dp);
}

int dp_remove(struct cli *c)
{
        struct names dps = { 0 };
        int r = target_word_dps(c, 0, SIZE_MAX, &dps);

        for (size_t i = 0; !r && i < dps.n; i++) {
                r = cli_method(c, "TM_Site", "RemoveDistributionPoint",
                               json_pack("{s:s, s:b}", "Name", dps.v[i], "Force", arg_flag(&c->args, "force")), NULL);
                if (!r)
                        say(c, "%s removed", dps.v[i]);
        }
        names_fini(&dps);
        return r;
}

int dp_maintenance(struct cli *c)
{
        size_t last = arg_words(&c->args) - 1;
        const char *state = arg_word(&c->args, last);
        bool on = strcmp(state, "on") == 0;
        struct names dps = { 0 };
        int r;

        if (!on && strcmp(state, "off") != 0)
                return usage_error(c, "the last word is on or off, not '%s'", state);
        r = target_word_dps(c, 0, last, &dps);
        for (size_t i = 0; !r && i < dps.n; i++) {
                r = cli_method(c, "TM_Site", "SetMaintenance", json_pack("{s:s, s:b}", "Name", dps.v[i], "On", on), NULL);
                if (!r)
                        say(c, "%s: maintenance %s", dps.v[i], state);
        }
        names_fini(&dps);
        return r;
}
