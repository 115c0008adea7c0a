/* SPDX-License-Identifier: Apache-2.0 */
/* subscription - permanent subscriptions at a glance; they are written like any object */
#include "table.h"
#include "verbs.h"

static const struct column columns[] = {
        { "Filter", "FILTER" },
        { "Consumer", "CONSUMER" },
        { "State", "STATE", COL_WORD, 0, "0=waiting 1=delivering 2=failed" },
        { "Since", "SINCE", COL_TIME },
        { "LastError", "LAST ERROR" },
        { "Query", "QUERY", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "SubscriptionID", columns, "no permanent subscriptions" };

static const struct column failure_columns[] = {
        { "Time", "TIME", COL_TIME },
        { "Filter", "FILTER" },
        { "Consumer", "CONSUMER" },
        { "Tries", "TRIES", COL_TEXT, COL_RIGHT },
        { "ErrorDescription", "WHY" },
        { "Event", "EVENT", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view failure_view = { "FailureID", failure_columns, "every event was delivered" };

static int list(struct cli *c, const char *class_name, const struct view *v)
{
        json_t *rows;
        int r = cli_list(c, class_name, NULL, NULL, &rows, NULL);

        return r ? r : print_rows(c, v, rows);
}

int subscription_list(struct cli *c)
{
        return list(c, "TM_Subscription", &view);
}

int subscription_failures(struct cli *c)
{
        return list(c, "TM_EventFailure", &failure_view);
}
