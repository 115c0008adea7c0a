/* SPDX-License-Identifier: Apache-2.0 */
/* content - orders about packages on distribution points; each is one call of TM_Site, one transaction */
#include <string.h>
#include <strings.h>
#include "table.h"
#include "verbs.h"

static const struct column plan_columns[] = { { "PackageID", "PACKAGE" }, { "ServerName", "DP" }, { 0 } };
static const struct view plan_view = { "PackageID", plan_columns, "nothing to do" };

/* DPs and groups that the command line means. */
struct targets {
        struct names dps, groups;
};

static void targets_fini(struct targets *t)
{
        names_fini(&t->dps);
        names_fini(&t->groups);
}

static int all_dps(struct cli *c, struct names *out)
{
        json_t *rows = NULL, *row;
        size_t i;
        int r = cli_list(c, "TM_DistributionPoint", NULL, "Name", &rows, NULL);

        out->v = calloc(json_array_size(rows) + 1, sizeof(*out->v));
        json_array_foreach(rows, i, row)
                out->v[out->n++] = str_dup(str_of(member(row, "Name")));
        json_decref(rows);
        return r;
}

/* A row for each package and DP an order would touch; --dry-run. Packages NULL: all of them. */
static int print_plan(struct cli *c, const struct targets *t, json_t *packages)
{
        struct names dps = { 0 };
        json_t *plan, *id;
        size_t i;
        int r = EXIT_DONE;

        if (!t->dps.n)
                r = all_dps(c, &dps);
        plan = json_array();
        json_array_foreach(packages, i, id) {
                const struct names *on = t->dps.n ? &t->dps : &dps;

                for (size_t k = 0; k < on->n; k++)
                        json_array_append_new(plan, json_pack("{s:O, s:s}", "PackageID", id, "ServerName", on->v[k]));
        }
        names_fini(&dps);
        if (!r)
                return print_rows(c, &plan_view, plan);
        json_decref(plan);
        return r;
}

/* One call of a method with PackageIDs, DPs and @more (consumed; may be NULL). */
static int order(struct cli *c, const char *method, const char *what, const struct targets *t, json_t *packages, json_t *more)
{
        json_t *in = more ? more : json_object(), *out;
        long long n;
        int r;

        if (arg_flag(&c->args, "dry-run")) {
                json_decref(in);
                r = print_plan(c, t, packages);
                json_decref(packages);
                return r;
        }
        if (json_array_size(packages))
                json_object_set(in, "PackageIDs", packages);
        json_decref(packages);
        if (t->dps.n)
                json_object_set_new(in, "DPs", names_json(&t->dps));
        r = cli_method(c, "TM_Site", method, in, &out);
        if (r)
                return r;
        if (c->output == OUT_JSON || c->output == OUT_JSONL)
                return print_answer(c, out, "Count");
        n = member_int(out, "Count");
        say(c, "%lld %s%s ordered", n, what, n == 1 ? "" : "s");
        json_decref(out);
        return EXIT_DONE;
}

int content_distribute(struct cli *c)
{
        bool all = arg_flag(&c->args, "all"), plan = arg_flag(&c->args, "dry-run");
        struct targets t = { 0 };
        json_t *more;
        int r;

        if (all == (arg_items(&c->args, "dp") || arg_items(&c->args, "site") || arg_items(&c->args, "group")))
                return usage_error(c, "say where: --dp, --site or --group, or else --all");
        r = target_dps(c, plan, &t.dps);
        if (!r && !plan)
                r = target_groups(c, false, &t.groups);
        if (!r) {
                more = json_object();
                if (all)
                        json_object_set_new(more, "All", json_true());
                if (t.groups.n)
                        json_object_set_new(more, "Groups", names_json(&t.groups));
                r = order(c, "Distribute", "distribution", &t, package_words(c), more);
        }
        targets_fini(&t);
        return r;
}

static int send_again(struct cli *c, bool failed_only)
{
        struct targets t = { 0 };
        int r = target_dps(c, true, &t.dps);

        if (!r && failed_only && arg_flag(&c->args, "dry-run"))
                r = usage_error(c, "what failed is shown by 'tallyman status --by-dp --state error'; --dry-run is for the others");
        if (!r)
                r = order(c, "Redistribute", "redistribution", &t, package_words(c),
                          json_pack("{s:b}", "FailedOnly", failed_only));
        targets_fini(&t);
        return r;
}

int content_redistribute(struct cli *c)
{
        bool failed = arg_flag(&c->args, "failed");

        if (!failed && !arg_words(&c->args))
                return usage_error(c, "name packages, or --failed for all that failed");
        return send_again(c, failed);
}

int content_retry(struct cli *c)
{
        if (!arg_flag(&c->args, "failed"))
                return usage_error(c, "write 'retry --failed'; 'redistribute' sends again what did not fail");
        return send_again(c, true);
}

/* A pattern, a site or a group means those of its DPs that have the package; a name means that very DP. */
static bool chosen_by_pattern(const struct cli *c)
{
        const char *name;

        for (size_t i = 0; (name = arg_item(&c->args, "dp", i)); i++)
                if (strpbrk(name, "*?["))
                        return true;
        return arg_items(&c->args, "site") || arg_items(&c->args, "group");
}

/* Of t's DPs those that have the package. */
static int narrow(struct cli *c, const struct targets *t, const char *id, struct targets *out)
{
        _cleanup_(freep) char *filter = cli_equals("PackageID", id);
        json_t *rows = NULL, *row;
        size_t i;
        int r = cli_list(c, "TM_DistributionCondition", filter, NULL, &rows, NULL);

        json_array_foreach(rows, i, row)
                for (size_t k = 0; k < t->dps.n; k++)
                        if (strcasecmp(t->dps.v[k], member(row, "ServerName")) == 0)
                                names_add(&out->dps, t->dps.v[k]);
        json_decref(rows);
        if (!r && !out->dps.n)
                r = failf(c, EXIT_NOT_FOUND, "NotFound", "%s is on none of them. 'tallyman status %s' says where it is", id, id);
        return r;
}

static int order_narrowed(struct cli *c, const char *method, const char *what, const struct targets *t)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++) {
                struct targets here = { 0 };

                r = narrow(c, t, id, &here);
                if (!r)
                        r = order(c, method, what, &here, json_pack("[s]", id), NULL);
                targets_fini(&here);
        }
        return r;
}

static int order_on(struct cli *c, const char *method, const char *what, bool dps_needed)
{
        struct targets t = { 0 };
        int r = target_dps(c, true, &t.dps);

        if (!r && dps_needed && !t.dps.n)
                r = usage_error(c, "say where: --dp, --site or --group");
        if (!r && arg_words(&c->args) && chosen_by_pattern(c))
                r = order_narrowed(c, method, what, &t);
        else if (!r)
                r = order(c, method, what, &t, package_words(c), NULL);
        targets_fini(&t);
        return r;
}

int content_remove(struct cli *c)
{
        return order_on(c, "Remove", "removal", true);
}

int content_cancel(struct cli *c)
{
        return order_on(c, "Cancel", "cancellation", false);
}

int content_validate(struct cli *c)
{
        if (arg_flag(&c->args, "all") == (arg_words(&c->args) > 0))
                return usage_error(c, "name packages, or else --all");
        return order_on(c, "Validate", "validation", false);
}
