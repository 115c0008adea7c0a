/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"
#include "verbs.h"

#define CLASS "SMS_DistributionPointGroup"

static const struct column columns[] = {
        { "Name", "GROUP" },
        { "MemberCount", "DPS", COL_TEXT, COL_RIGHT },
        { "ContentCount", "PACKAGES", COL_TEXT, COL_RIGHT },
        { "ContentInSync", "IN SYNC", COL_YES },
        { "Description", "DESCRIPTION" },
        { "GroupID", "ID", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "Name", columns, "no groups" };

static char *path_of(const char *id)
{
        return cli_path(CLASS, "GroupID", id, NULL);
}

int group_create(struct cli *c)
{
        static const struct setting settings[] = { { "description", "Description", SET_TEXT, NULL }, { 0 } };
        json_t *in = json_pack("{s:s}", "Name", arg_word(&c->args, 0)), *out;
        int r = settings_read(c, settings, in);

        if (r) {
                json_decref(in);
                return r;
        }
        r = cli_create(c, CLASS, in, &out);
        return r ? r : print_answer(c, out, "GroupID");
}

int group_delete(struct cli *c)
{
        _cleanup_(freep) char *id = NULL;
        _cleanup_(freep) char *path = NULL;
        int r = group_id(c, arg_word(&c->args, 0), &id);

        if (r)
                return r;
        path = path_of(id);
        return cli_delete(c, path);
}

static int members(struct cli *c, const char *method, const char *with_content)
{
        _cleanup_(freep) char *id = NULL;
        _cleanup_(freep) char *path = NULL;
        struct names dps = { 0 };
        json_t *nal = NULL;
        int r = group_id(c, arg_word(&c->args, 0), &id);

        if (!r)
                r = target_word_dps(c, 1, SIZE_MAX, &dps);
        if (!r && !dps.n)
                r = usage_error(c, "name distribution points");
        if (!r)
                r = dp_nal_paths(c, &dps, &nal);
        if (!r) {
                path = path_of(id);
                r = cli_method(c, path, method,
                               json_pack("{s:O, s:b}", "DPNALPath", nal, with_content, arg_flag(&c->args, "with-content")), NULL);
        }
        json_decref(nal);
        names_fini(&dps);
        return r;
}

int group_add(struct cli *c)
{
        return members(c, "AddDistributionPoints", "AddTargetedPackages");
}

int group_remove(struct cli *c)
{
        return members(c, "RemoveDistributionPoints", "RemoveTargetedPackages");
}

int group_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, CLASS, NULL, "Name", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

/* One property of the rows of a class that belong to the group, as an array. */
static int parts(struct cli *c, const char *class_name, const char *id, const char *property, json_t *group, const char *as)
{
        _cleanup_(freep) char *filter = cli_equals("GroupID", id);
        json_t *rows = NULL, *row, *values = json_array();
        size_t i;
        int r = cli_list(c, class_name, filter, property, &rows, NULL);

        json_array_foreach(rows, i, row)
                json_array_append(values, json_object_get(row, property));
        json_decref(rows);
        json_object_set_new(group, as, values);
        return r;
}

int group_show(struct cli *c)
{
        _cleanup_(freep) char *id = NULL;
        _cleanup_(freep) char *path = NULL;
        json_t *group;
        int r = group_id(c, arg_word(&c->args, 0), &id);

        if (r)
                return r;
        path = path_of(id);
        r = cli_get(c, path, &group);
        if (!r)
                r = parts(c, "SMS_DPGroupMembers", id, "DPNALPath", group, "Members");
        if (!r)
                r = parts(c, "SMS_DPGroupPackages", id, "PkgID", group, "Packages");
        if (!r)
                return print_object(c, &view, group);
        json_decref(group);
        return r;
}
