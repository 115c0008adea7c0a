/* SPDX-License-Identifier: Apache-2.0 */
/* verify - what differs: the site from its own rows and its DPs, one DP from another */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "table.h"
#include "verbs.h"

static const struct column difference_columns[] = { { "Difference", "DIFFERENCE" }, { 0 } };
static const struct view difference_view = { "Difference", difference_columns, "nothing differs" };

int verify_run(struct cli *c)
{
        json_t *out = NULL, *rows, *text;
        size_t i, n;
        int r = cli_method(c, "TM_Site", "Verify", json_pack("{s:b}", "Deep", arg_flag(&c->args, "deep")), &out);

        if (r)
                return r;
        rows = json_array();
        json_array_foreach(json_object_get(out, "Differences"), i, text)
                json_array_append_new(rows, json_pack("{s:O}", "Difference", text));
        json_decref(out);
        n = json_array_size(rows);
        r = print_rows(c, &difference_view, rows);
        if (n)
                say(c, "%zu difference%s. 'tallyman validate' and 'tallyman retry --failed' mend a distribution point", n,
                    n == 1 ? "" : "s");
        return r ? r : n ? EXIT_ERROR : EXIT_DONE;
}

/* ---- diff ---- */

struct side {
        const char *dp;
        json_t *rows;                   /* PackageID -> TM_DistributionCondition */
};

static int load_side(struct cli *c, struct side *s)
{
        _cleanup_(freep) char *path = cli_path("TM_DistributionPoint", "Name", s->dp, NULL);
        _cleanup_(freep) char *filter = NULL;
        json_t *dp = NULL, *rows = NULL, *row;
        size_t i;
        int r = cli_get(c, path, &dp);

        s->rows = json_object();
        if (!r) {
                filter = cli_equals("ServerNALPath", member(dp, "NALPath"));
                r = cli_list(c, "TM_DistributionCondition", filter, NULL, &rows, NULL);
        }
        json_array_foreach(rows, i, row)
                json_object_set(s->rows, member(row, "PackageID"), row);
        json_decref(rows);
        json_decref(dp);
        return r;
}

/* "2 INSTALLED", or "-" when the DP has nothing to do with the package. */
static json_t *describe(const json_t *row)
{
        if (!row)
                return json_string("-");
        return json_sprintf("%lld %s", (long long)member_int(row, "SourceVersion"), fmt_state(member_int(row, "State")));
}

static json_t *differences(const struct side *a, const struct side *b)
{
        json_t *out = json_array(), *all = json_copy(a->rows), *ignored;
        const char *id;

        json_object_update_missing(all, b->rows);
        json_object_foreach(all, id, ignored) {
                json_t *va = describe(json_object_get(a->rows, id)), *vb = describe(json_object_get(b->rows, id));

                if (!json_equal(va, vb))
                        json_array_append_new(out, json_pack("{s:s, s:O, s:O}", "PackageID", id, "A", va, "B", vb));
                json_decref(va);
                json_decref(vb);
        }
        json_decref(all);
        return out;
}

int diff_run(struct cli *c)
{
        struct side a = { arg_item(&c->args, "dp", 0), NULL }, b = { arg_item(&c->args, "dp", 1), NULL };
        struct column columns[] = { { "PackageID", "PACKAGE" }, { "A", a.dp }, { "B", b.dp }, { 0 } };
        const struct view view = { "PackageID", columns, "they hold the same" };
        size_t n = 0;
        int r;

        if (arg_items(&c->args, "dp") != 2)
                return usage_error(c, "name two distribution points: --dp A B");
        r = load_side(c, &a);
        if (!r)
                r = load_side(c, &b);
        if (!r) {
                json_t *rows = differences(&a, &b);

                n = json_array_size(rows);
                r = print_rows(c, &view, rows);
        }
        json_decref(a.rows);
        json_decref(b.rows);
        return r ? r : n ? EXIT_ERROR : EXIT_DONE;
}
