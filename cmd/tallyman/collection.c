/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"
#include "verbs.h"

#define CLASS "SMS_Collection"

static const struct column columns[] = {
        { "CollectionID", "ID" },
        { "Name", "NAME" },
        { "MemberCount", "MEMBERS", COL_TEXT, COL_RIGHT },
        { "IsBuiltIn", "BUILT IN", COL_YES },
        { "Comment", "COMMENT" },
        { 0 },
};
static const struct view view = { "CollectionID", columns, "no collections" };

static const struct setting settings[] = {
        { "name", "Name", SET_TEXT, NULL },
        { "comment", "Comment", SET_TEXT, NULL },
        { 0 },
};

static char *path_of(const char *id)
{
        return cli_path(CLASS, "CollectionID", id, NULL);
}

int collection_create(struct cli *c)
{
        json_t *in, *out;
        int r;

        if (!arg_value(&c->args, "name"))
                return usage_error(c, "--name NAME is missing");
        in = json_object();
        r = settings_read(c, settings, in);
        if (r) {
                json_decref(in);
                return r;
        }
        r = cli_create(c, CLASS, in, &out);
        return r ? r : print_answer(c, out, "CollectionID");
}

int collection_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, CLASS, NULL, "CollectionID", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

int collection_show(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(arg_word(&c->args, 0));
        _cleanup_(freep) char *filter = cli_equals("CollectionID", arg_word(&c->args, 0));
        json_t *collection = NULL, *rows = NULL, *row, *names;
        size_t i;
        int r = cli_get(c, path, &collection);

        if (!r)
                r = cli_list(c, "TM_CollectionMember", filter, "Name", &rows, NULL);
        if (r) {
                json_decref(collection);
                return r;
        }
        names = json_array();
        json_array_foreach(rows, i, row)
                json_array_append(names, json_object_get(row, "Name"));
        json_object_set_new(collection, "Members", names);
        json_decref(rows);
        return print_object(c, &view, collection);
}

int collection_delete(struct cli *c)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++) {
                _cleanup_(freep) char *path = path_of(id);

                r = cli_delete(c, path);
        }
        return r;
}

static int members(struct cli *c, const char *method)
{
        const char *name;
        int r = EXIT_DONE;

        for (size_t i = 1; !r && (name = arg_word(&c->args, i)); i++)
                r = cli_method(c, "TM_Site", method,
                               json_pack("{s:s, s:s}", "CollectionID", arg_word(&c->args, 0), "Name", name), NULL);
        return r;
}

int collection_add(struct cli *c)
{
        return members(c, "AddCollectionMember");
}

int collection_remove(struct cli *c)
{
        return members(c, "RemoveCollectionMember");
}
