/* SPDX-License-Identifier: Apache-2.0 */
/* status - the joins that read status messages, and the health of a site */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "How to Determine Advertisement Status": three queries over messages and their attributes. */
static void determine_advertisement_status(struct howto *h)
{
        static const char *const queries[] = {
                "SELECT stat.* FROM SMS_StatusMessage AS stat JOIN SMS_StatMsgAttributes AS att ON att.RecordID = stat.RecordID "
                "WHERE stat.Component = 'Software Distribution' AND att.AttributeID = 401 AND att.AttributeValue = 'P0120000' "
                "AND stat.MessageID IN (10008, 10009)",
                "SELECT stat.*, adv.* FROM SMS_StatusMessage AS stat JOIN SMS_StatMsgAttributes AS att ON att.RecordID = stat.RecordID "
                "JOIN SMS_Advertisement AS adv ON adv.AdvertisementID = att.AttributeValue WHERE att.AttributeID = 401 "
                "AND (stat.MessageID = 10006 OR stat.MessageID = 10007) ORDER BY stat.Time DESC",
                "SELECT stat.MachineName FROM SMS_StatusMessage AS stat WHERE NOT stat.MachineName IN (SELECT MachineName FROM "
                "SMS_StatusMessage AS done JOIN SMS_StatMsgAttributes AS att ON att.RecordID = done.RecordID "
                "WHERE att.AttributeID = 401 AND att.AttributeValue = 'P0120000') AND stat.Component = 'Software Distribution'",
        };

        for (size_t i = 0; i < 3; i++) {
                json_t *rows = exec_query(h, queries[i]);

                ok(h, rows && json_array_size(rows) == 0, "21: query %zu runs; no client has said anything yet", i + 1);
                json_decref(rows);
        }
}

/* The same joins over what the Distribution Manager says of a package. */
static void messages_of_a_package(struct howto *h)
{
        char *wql = path_of("SELECT stat.*, att.AttributeValue FROM SMS_StatusMessage AS stat INNER JOIN SMS_StatMsgAttributes AS att "
                            "ON att.RecordID = stat.RecordID WHERE att.AttributeID = 400 AND att.AttributeValue = '%s' "
                            "ORDER BY stat.RecordID", h->package);
        json_t *rows = exec_query(h, wql), *row;
        bool generic = json_array_size(rows) > 0, in_order = true, distributed = false;
        int64_t last = 0;
        size_t i;

        json_array_foreach(rows, i, row) {
                json_t *stat = json_object_get(row, "stat");

                generic = generic && has_text(row, "__CLASS", "__Generic") && has_text(stat, "__CLASS", "SMS_StatusMessage") &&
                          has_text(json_object_get(row, "att"), "AttributeValue", h->package);
                in_order = in_order && number_of(stat, "RecordID") > last;
                last = number_of(stat, "RecordID");
                distributed = distributed || number_of(stat, "MessageID") == 2330;
        }
        ok(h, generic, "21: rows are __Generic with an object for each alias");
        ok(h, in_order, "21: in the order asked for");
        ok(h, distributed, "21: message 2330, distributed to the DP, is among %zu", json_array_size(rows));
        json_decref(rows);
        free(wql);
}

/* "Component status messages": messages, modules and insertion strings, LEFT OUTER, ORDER BY. */
static void component_messages(struct howto *h)
{
        json_t *rows = exec_query(h, "SELECT stat.*, mod.*, ins.* FROM SMS_StatusMessage AS stat "
                                     "INNER JOIN SMS_StatMsgModuleNames AS mod ON mod.ModuleName = stat.ModuleName "
                                     "LEFT OUTER JOIN SMS_StatMsgInsStrings AS ins ON ins.RecordID = stat.RecordID "
                                     "WHERE stat.Component = 'SMS_DISTRIBUTION_MANAGER' ORDER BY stat.Time DESC");
        json_t *row = json_array_get(rows, 0), *stat = json_object_get(row, "stat");
        bool one_without = false;
        size_t i;

        ok(h, json_array_size(rows) > 0 && has_text(stat, "Component", "SMS_DISTRIBUTION_MANAGER") &&
                has_text(json_object_get(row, "mod"), "ModuleName", text_of(stat, "ModuleName")), "26: messages with their modules");
        json_array_foreach(rows, i, row) {
                json_t *ins = json_object_get(row, "ins");

                one_without = one_without || (json_is_object(ins) && number_of(ins, "RecordID") == number_of(json_object_get(row, "stat"), "RecordID"));
        }
        ok(h, one_without, "26: and their insertion strings");
        json_decref(rows);
}

/* "How to Determine Site Health": Get SMS_SummarizerSiteStatus by key, Status. */
static void site_health(struct howto *h)
{
        json_t *row;

        if (!has_class(h, "SMS_SummarizerSiteStatus")) {
                ok(h, !exec_query(h, "SELECT * FROM SMS_SummarizerSiteStatus") && failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_CLASS"),
                   "22: the health of a site is no class here, and it says so");
                return;
        }
        row = get_object(h, "SMS_SummarizerSiteStatus.SiteCode='P01'");
        ok(h, number_of(row, "Status") >= 0 && number_of(row, "Status") <= 2, "22: the health of the site");
        json_decref(row);
}

/* "How to Read the Tally Intervals" and "How to Query for a Site Detail Summary". */
static void tally_intervals(struct howto *h)
{
        json_t *row;

        if (has_class(h, "SMS_SCI_Component")) {
                row = first_of(h, "SELECT PropLists FROM SMS_SCI_Component WHERE ComponentName='SMS_COMPONENT_STATUS_SUMMARIZER' "
                                  "AND SiteCode='P01'");
                ok(h, row != NULL, "23: tally intervals");
                json_decref(row);
        } else {
                ok(h, !exec_query(h, "SELECT PropLists FROM SMS_SCI_Component WHERE SiteCode='P01'") &&
                        failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_CLASS"), "23: no component summarizer here, and it says so");
        }
        if (has_class(h, "SMS_SiteDetailSummarizer")) {
                row = first_of(h, "SELECT Infos, Warnings, Errors FROM SMS_SiteDetailSummarizer WHERE TallyInterval = \"00011280001A2000\"");
                ok(h, number_of(row, "Infos") >= 0, "24: a site's messages since Monday");
                json_decref(row);
        } else {
                ok(h, !exec_query(h, "SELECT Infos, Warnings, Errors FROM SMS_SiteDetailSummarizer WHERE TallyInterval = \"00011280001A2000\"") &&
                        failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_CLASS"), "24: no site detail summarizer here, and it says so");
        }
}

void howtos_of_status(struct howto *h)
{
        determine_advertisement_status(h);
        messages_of_a_package(h);
        component_messages(h);
        site_health(h);
        tally_intervals(h);
}
