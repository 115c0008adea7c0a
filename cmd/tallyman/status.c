/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - how far packages are
 *
 * The first line answers: ready or not, why, what next.  It comes from
 * TM_PackageCondition and TM_DistributionCondition; the numbers below it are
 * the summarizers'.
 */
#include <stdio.h>
#include <string.h>
#include "table.h"
#include "watch.h"

static const struct column package_columns[] = {
        { "PackageID", "ID" },
        { "Name", "NAME" },
        { "SourceVersion", "VER", COL_TEXT, COL_RIGHT },
        { "Targeted", "TARGETED", COL_TEXT, COL_RIGHT },
        { "Installed", "INSTALLED", COL_TEXT, COL_RIGHT },
        { "Retrying", "RETRYING", COL_TEXT, COL_RIGHT },
        { "Failed", "FAILED", COL_TEXT, COL_RIGHT },
        { "Status", "STATUS", COL_STATUS },
        { "ReadyTime", "SINCE", COL_TIME, COL_WIDE },
        { "ReadyMessage", "MESSAGE", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view package_view = { "PackageID", package_columns, "no packages" };

static const struct column site_columns[] = {
        { "PackageID", "ID" },
        { "SiteCode", "SITE" },
        { "SiteName", "SITE NAME" },
        { "SourceVersion", "VER", COL_TEXT, COL_RIGHT },
        { "Targeted", "TARGETED", COL_TEXT, COL_RIGHT },
        { "Installed", "INSTALLED", COL_TEXT, COL_RIGHT },
        { "Retrying", "RETRYING", COL_TEXT, COL_RIGHT },
        { "Failed", "FAILED", COL_TEXT, COL_RIGHT },
        { "SummaryDate", "CHANGED", COL_TIME, COL_WIDE },
        { 0 },
};
static const struct view site_view = { "SiteCode", site_columns, "on no site" };

static const struct column dp_columns[] = {
        { "PackageID", "ID" },
        { "ServerName", "DP" },
        { "SiteCode", "SITE" },
        { "SourceVersion", "VER", COL_TEXT, COL_RIGHT },
        { "State", "STATUS", COL_STATUS },
        { "StateName", "STATE" },
        { "SummaryDate", "CHANGED", COL_TIME },
        { "Reason", "REASON" },
        { "Tries", "TRIES", COL_TEXT, COL_WIDE | COL_RIGHT },
        { "NextTry", "NEXT TRY", COL_TIME, COL_WIDE },
        { "BytesReceived", "RECEIVED", COL_BYTES, COL_WIDE | COL_RIGHT },
        { "BytesReused", "REUSED", COL_BYTES, COL_WIDE | COL_RIGHT },
        { "BytesTotal", "TOTAL", COL_BYTES, COL_WIDE | COL_RIGHT },
        { "NextStep", "NEXT STEP", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view dp_view = { "ServerName", dp_columns, "on no distribution point" };

/* ---- one word for a package ---- */

static enum status package_status(const json_t *p)
{
        const char *reason = member(p, "ReadyReason");

        if (member_bool(p, "Ready"))
                return STATUS_SUCCESS;
        if (strcmp(reason, "SourceFailed") == 0 || strcmp(reason, "Failed") == 0 || member_int(p, "Failed") > 0)
                return STATUS_ERROR;
        return strcmp(reason, "NotDistributed") == 0 ? STATUS_UNKNOWN : STATUS_PROGRESS;
}

/* Root summarizer rows with their conditions' Ready... members and a Status word. */
static int load_packages(struct cli *c, const char *filter, json_t **out, int64_t *seq_out)
{
        json_t *conditions = NULL, *by_id = json_object(), *row;
        size_t i;
        int r = cli_list(c, "SMS_PackageStatusRootSummarizer", filter, "PackageID", out, seq_out);

        if (!r)
                r = cli_list(c, "TM_PackageCondition", filter, NULL, &conditions, NULL);
        json_array_foreach(conditions, i, row)
                json_object_set(by_id, member(row, "PackageID"), row);
        json_array_foreach(*out, i, row) {
                json_object_update_missing(row, json_object_get(by_id, member(row, "PackageID")));
                json_object_set_new(row, "Status", json_string(fmt_status_word(package_status(row))));
        }
        json_decref(by_id);
        json_decref(conditions);
        return r;
}

static bool for_people(const struct cli *c)
{
        return c->output == OUT_TABLE || c->output == OUT_WIDE;
}

/* ---- the first line ---- */

static void answer_for_all(const json_t *packages)
{
        int n[STATUS_UNKNOWN + 1] = { 0 };
        const json_t *row;
        size_t i;

        json_array_foreach(packages, i, row)
                n[package_status(row)]++;
        printf("%zu package%s: %d ready, %d in progress, %d in error, %d not distributed.", json_array_size(packages),
               json_array_size(packages) == 1 ? "" : "s", n[STATUS_SUCCESS], n[STATUS_PROGRESS], n[STATUS_ERROR], n[STATUS_UNKNOWN]);
        if (n[STATUS_ERROR])
                fputs(" Why: tallyman status --by-dp --state error.", stdout);
        fputs("\n\n", stdout);
}

/* The first row that says why it is not there, the worst ones first. */
static const json_t *worst(const json_t *rows)
{
        const json_t *row, *found = NULL;
        size_t i;

        json_array_foreach(rows, i, row) {
                enum status s = fmt_status(member_int(row, "State"));

                if (*member(row, "Reason") && (s == STATUS_ERROR || (!found && s != STATUS_SUCCESS))) {
                        found = row;
                        if (s == STATUS_ERROR)
                                break;
                }
        }
        return found;
}

static void answer_for_one(const struct cli *c, const json_t *p, const json_t *rows)
{
        const json_t *bad = member_bool(p, "Ready") ? NULL : worst(rows);
        struct buf text, clean;

        buf_init(&text, 0);
        buf_init(&clean, 0);
        buf_printf(&text, "%s %s is %s: %s.", member(p, "PackageID"), member(p, "Name"),
                   member_bool(p, "Ready") ? "ready" : "not ready", member(p, "ReadyMessage"));
        if (bad)
                buf_printf(&text, " %s: %s.", member(bad, "ServerName"), member(bad, "Reason"));
        if (bad && *member(bad, "NextStep"))
                buf_printf(&text, " Next: %s.", member(bad, "NextStep"));
        else if (strcmp(member(p, "ReadyReason"), "NotDistributed") == 0)
                buf_printf(&text, " Next: tallyman distribute %s --all.", member(p, "PackageID"));
        else if (strcmp(member(p, "ReadyReason"), "SourceFailed") == 0)
                buf_printf(&text, " Next: mend the source folder, then tallyman package update %s.", member(p, "PackageID"));
        fmt_clean(buf_str(&text), SIZE_MAX, c->utf8, &clean);
        printf("%s\n\n", clean.p ? clean.p : "");
        buf_fini(&text);
        buf_fini(&clean);
}

/* ---- choosing rows ---- */

static int wanted_states(struct cli *c, unsigned *set)
{
        const char *word;

        *set = arg_items(&c->args, "state") ? 0 : UINT32_MAX;
        for (size_t i = 0; (word = arg_item(&c->args, "state", i)); i++) {
                unsigned s = fmt_state_set(word);

                if (!s)
                        return usage_error(c, "'%s' is no state. States are INSTALLED, INSTALL_FAILED, ... or success, in-progress, error",
                                           word);
                *set |= s;
        }
        return EXIT_DONE;
}

static json_t *only_states(json_t *rows, unsigned set)
{
        json_t *out = json_array(), *row;
        size_t i;

        json_array_foreach(rows, i, row) {
                int64_t state = member_int(row, "State");

                if (set == UINT32_MAX || (state >= 0 && state < N_STATES && (set & 1u << state)))
                        json_array_append(out, row);
        }
        json_decref(rows);
        return out;
}

static int load_dps(struct cli *c, const char *filter, json_t **out)
{
        unsigned set;
        int r = wanted_states(c, &set);

        if (!r)
                r = cli_list(c, "TM_DistributionCondition", filter, NULL, out, NULL);
        if (!r)
                *out = only_states(*out, set);
        return r;
}

/* ---- the views ---- */

static int by_site(struct cli *c, const char *filter)
{
        json_t *rows;
        int r = cli_list(c, "SMS_PackageStatusDetailSummarizer", filter, NULL, &rows, NULL);

        return r ? r : print_rows(c, &site_view, rows);
}

static int by_dp(struct cli *c, const char *filter)
{
        json_t *rows;
        int r = load_dps(c, filter, &rows);

        return r ? r : print_rows(c, &dp_view, rows);
}

static int all_packages(struct cli *c, json_t *packages)
{
        if (for_people(c) && json_array_size(packages))
                answer_for_all(packages);
        return print_rows(c, &package_view, packages);
}

static int one_package(struct cli *c, json_t *packages, const char *filter)
{
        json_t *package = json_incref(json_array_get(packages, 0)), *dps;
        int r = load_dps(c, filter, &dps);

        json_decref(packages);
        if (r) {
                json_decref(package);
                return r;
        }
        if (c->output == OUT_JSON || c->output == OUT_JSONL) {
                json_object_set_new(package, "DistributionPoints", dps);
                return print_object(c, &package_view, package);
        }
        if (for_people(c))
                answer_for_one(c, package, dps);
        json_decref(package);
        return print_rows(c, &dp_view, dps);
}

/* Of the package, when there is one. */
static bool concerns(void *ctx, const struct tallyman_event *ev)
{
        return !ctx || strstr(ev->path, ctx);
}

int status_run(struct cli *c)
{
        const char *id = arg_word(&c->args, 0);
        _cleanup_(freep) char *filter = id ? cli_equals("PackageID", id) : NULL;
        struct tallyman_stream s = { .class_name = "SMS_PackageStatusRootSummarizer,SMS_PackageStatusDistPointsSummarizer" };
        bool dps = arg_flag(&c->args, "by-dp") || arg_items(&c->args, "state");
        json_t *packages;
        int r = load_packages(c, filter, &packages, &s.from);

        if (!r && id && !json_array_size(packages))
                r = failf(c, EXIT_NOT_FOUND, "NotFound", "there is no package %s. 'tallyman package list' shows them", id);
        if (r) {
                json_decref(packages);
                return r;
        }
        if (arg_flag(&c->args, "by-site") || (dps && !id) || arg_flag(&c->args, "by-dp")) {
                json_decref(packages);
                r = arg_flag(&c->args, "by-site") ? by_site(c, filter) : by_dp(c, filter);
        } else
                r = id ? one_package(c, packages, filter) : all_packages(c, packages);
        if (r || !arg_flag(&c->args, "watch"))
                return r;
        fflush(stdout);
        return watch_stream(c, &s, 0, concerns, (void *)id);
}
