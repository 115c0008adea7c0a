/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <string.h>
#include <strings.h>
#include "cli.h"
#include "fmt.h"

void names_fini(struct names *n)
{
        for (size_t i = 0; i < n->n; i++)
                free(n->v[i]);
        free(n->v);
        *n = (struct names){ 0 };
}

void names_add(struct names *n, const char *name)
{
        char **v;

        for (size_t i = 0; i < n->n; i++)
                if (strcasecmp(n->v[i], name) == 0)
                        return;
        v = realloc(n->v, (n->n + 1) * sizeof(*v));
        if (!v)
                abort();
        n->v = v;
        n->v[n->n++] = str_dup(str_of(name));
}

json_t *names_json(const struct names *n)
{
        json_t *a = json_array();

        for (size_t i = 0; i < n->n; i++)
                json_array_append_new(a, json_string(n->v[i]));
        return a;
}

json_t *package_words(struct cli *c)
{
        json_t *a = json_array();

        for (size_t i = 0; i < arg_words(&c->args); i++)
                json_array_append_new(a, json_string(arg_word(&c->args, i)));
        return a;
}

static bool matches(const char *pattern, const char *name)
{
        return fnmatch(pattern, name, FNM_CASEFOLD) == 0;
}

/* Adds rows[].name_property where rows[].property matches; not one is an error that names `what`. */
static int add_matches(struct cli *c, json_t *rows, const char *pattern, const char *property, const char *name_property,
                       const char *what, struct names *out)
{
        size_t hits = 0, i;
        json_t *row;

        json_array_foreach(rows, i, row)
                if (matches(pattern, member(row, property))) {
                        names_add(out, member(row, name_property));
                        hits++;
                }
        if (hits)
                return EXIT_DONE;
        return failf(c, EXIT_NOT_FOUND, "NotFound", "no %s matches '%s'. 'tallyman %s list' shows them", what, pattern,
                     strcmp(what, "DP") == 0 ? "dp" : what);
}

static int add_patterns(struct cli *c, json_t *rows, const char *option, const char *property, const char *name_property,
                        const char *what, struct names *out)
{
        int r = EXIT_DONE;

        for (size_t i = 0; !r && i < arg_items(&c->args, option); i++)
                r = add_matches(c, rows, arg_item(&c->args, option, i), property, name_property, what, out);
        return r;
}

int target_groups(struct cli *c, bool ids, struct names *out)
{
        json_t *rows = NULL;
        int r = EXIT_DONE;

        if (!arg_items(&c->args, "group"))
                return r;
        r = cli_list(c, "SMS_DistributionPointGroup", NULL, NULL, &rows, NULL);
        if (!r)
                r = add_patterns(c, rows, "group", "Name", ids ? "GroupID" : "Name", "group", out);
        json_decref(rows);
        return r;
}

static int add_group_members(struct cli *c, struct names *out)
{
        struct names groups = { 0 };
        int r = target_groups(c, true, &groups);

        for (size_t i = 0; !r && i < groups.n; i++) {
                _cleanup_(freep) char *filter = cli_equals("GroupID", groups.v[i]);
                json_t *rows = NULL, *row;
                size_t k;

                r = cli_list(c, "SMS_DPGroupMembers", filter, NULL, &rows, NULL);
                json_array_foreach(rows, k, row) {
                        _cleanup_(freep) char *host = str_dup(fmt_nal_host(str_of(member(row, "DPNALPath"))));

                        names_add(out, host);
                }
                json_decref(rows);
        }
        names_fini(&groups);
        return r;
}

int target_dps(struct cli *c, bool groups_too, struct names *out)
{
        json_t *rows = NULL;
        int r = EXIT_DONE;

        if (arg_items(&c->args, "dp") || arg_items(&c->args, "site")) {
                r = cli_list(c, "TM_DistributionPoint", NULL, "Name", &rows, NULL);
                if (!r)
                        r = add_patterns(c, rows, "dp", "Name", "Name", "DP", out);
                if (!r)
                        r = add_patterns(c, rows, "site", "SiteCode", "Name", "DP", out);
                json_decref(rows);
        }
        return r || !groups_too ? r : add_group_members(c, out);
}

int target_word_dps(struct cli *c, size_t from, size_t to, struct names *out)
{
        json_t *rows = NULL;
        int r = cli_list(c, "TM_DistributionPoint", NULL, "Name", &rows, NULL);

        for (size_t i = from; !r && i < to && arg_word(&c->args, i); i++)
                r = add_matches(c, rows, arg_word(&c->args, i), "Name", "Name", "DP", out);
        if (!r)
                r = add_patterns(c, rows, "dp", "Name", "Name", "DP", out);
        json_decref(rows);
        return r;
}

int dp_nal_paths(struct cli *c, const struct names *dps, json_t **out)
{
        json_t *rows = NULL, *row;
        size_t i;
        int r = cli_list(c, "TM_DistributionPoint", NULL, NULL, &rows, NULL);

        *out = json_array();
        for (size_t k = 0; !r && k < dps->n; k++)
                json_array_foreach(rows, i, row)
                        if (strcasecmp(member(row, "Name"), dps->v[k]) == 0)
                                json_array_append(*out, json_object_get(row, "NALPath"));
        json_decref(rows);
        return r;
}

int group_id(struct cli *c, const char *name, char **out)
{
        json_t *rows = NULL, *row;
        size_t i;
        int r = cli_list(c, "SMS_DistributionPointGroup", NULL, NULL, &rows, NULL);

        *out = NULL;
        json_array_foreach(rows, i, row)
                if (!*out && (strcasecmp(member(row, "Name"), name) == 0 || strcmp(member(row, "GroupID"), name) == 0))
                        *out = str_dup(str_of(member(row, "GroupID")));
        json_decref(rows);
        if (!r && !*out)
                r = failf(c, EXIT_NOT_FOUND, "NotFound", "there is no group '%s'. 'tallyman group list' shows them", name);
        return r;
}
