/* SPDX-License-Identifier: Apache-2.0 */
/* messages - raising, reading and deleting status messages of one's own */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *raise(struct howto *h, const char *text)
{
        return exec_method(h, "SMS_StatusMessage", "RaiseErrorStatusMsg",
                           json_pack("{ss si s[i] s[s]}", "MessageText", text, "MessageType", 256, "AttrIDs", 400, "AttrValues", h->package));
}

/* "How to Read User-Defined Status Messages": a join of three with AttributeID 400. */
static int64_t find(struct howto *h, const char *text)
{
        char *wql = path_of("SELECT a.AttributeValue, b.RecordID, b.Component, b.MessageID, c.InsStrValue FROM SMS_StatMsgAttributes AS a "
                            "INNER JOIN SMS_StatusMessage AS b ON b.RecordID = a.RecordID "
                            "INNER JOIN SMS_StatMsgInsStrings AS c ON c.RecordID = b.RecordID "
                            "WHERE a.AttributeID = 400 AND a.AttributeValue = '%s' AND c.InsStrValue = '%s'", h->package, text);
        json_t *rows = exec_query(h, wql), *b = json_object_get(json_array_get(rows, 0), "b");
        int64_t record = json_array_size(rows) == 1 && number_of(b, "MessageID") == 39999 ? number_of(b, "RecordID") : -1;

        json_decref(rows);
        free(wql);
        return record;
}

static bool is_from(const json_t *row)
{
        return has_text(row, "MachineName", "HOWTO01") && has_text(row, "Component", "howtos");
}

/* "How to Add a Configuration Manager Context Qualifier", and "... a Context Handle". */
static void contexts(struct howto *h)
{
        json_t *rows, *out;

        ok(h, tallyman_set_context(h->site, "InstanceCount", "2", &h->e) == 0, "28: InstanceCount");
        rows = exec_query(h, "SELECT * FROM SMS_StatusMessage");
        ok(h, json_array_size(rows) == 2, "28: bounds what a query gives");
        json_decref(rows);
        out = exec_method(h, "SMS_ContextMethods", "GetContextHandle", NULL);
        ok(h, text_of(out, "ContextHandle")[0] == '{', "28: a handle for the context values: %s", text_of(out, "ContextHandle"));
        for (size_t i = 0; i < 4; i++) {
                static const char *const names[] = { "InstanceCount", "ApplicationName", "MachineName", "LocaleID" };

                ok(h, tallyman_set_context(h->site, names[i], NULL, &h->e) == 0, "28: %s taken back", names[i]);
        }
        ok(h, tallyman_set_context(h->site, "ContextHandle", text_of(out, "ContextHandle"), &h->e) == 0, "28: the handle stands for them");
        rows = exec_query(h, "SELECT * FROM SMS_StatusMessage");
        ok(h, json_array_size(rows) == 2, "28: and they count");
        json_decref(rows);
        rows = exec_method(h, "SMS_ContextMethods", "ClearContextHandle", json_pack("{ss}", "ContextHandle", text_of(out, "ContextHandle")));
        ok(h, number_of(rows, "ReturnValue") == 0, "28: until the handle is cleared");
        json_decref(rows);
        ok(h, tallyman_set_context(h->site, "ContextHandle", NULL, &h->e) == 0, "28: and taken back");
        json_decref(out);
}

/* "How to Raise a Status Message", "How to Read ...", "How to Delete ...". */
void howtos_of_messages(struct howto *h)
{
        json_t *out, *ids, *row;
        int64_t record;
        char *path;

        ok(h, !raise(h, "Nobody says") && strstr(h->e.text, "ApplicationName"), "25: nobody may raise a message without saying who");
        ok(h, tallyman_set_context(h->site, "ApplicationName", "howtos", &h->e) == 0 &&
                tallyman_set_context(h->site, "MachineName", "HOWTO01", &h->e) == 0 &&
                tallyman_set_context(h->site, "LocaleID", "MS\\1033", &h->e) == 0, "25: who calls, and from where");
        out = raise(h, "Out of paper");
        ok(h, number_of(out, "ReturnValue") == 0, "25: a message is raised");
        json_decref(out);
        record = find(h, "Out of paper");
        ok(h, record > 0, "25: and read with its attribute and its text");
        path = path_of("SMS_StatusMessage.RecordID=%lld", (long long)record);
        row = get_object(h, path);
        ok(h, is_from(row), "25: it says who raised it");
        json_decref(row);
        free(path);
        ids = json_array();
        json_array_append_new(ids, json_integer(record));
        out = exec_method(h, "SMS_StatusMessage", "DeleteByID", json_pack("{so}", "RecordIDs", ids));
        ok(h, number_of(out, "ReturnValue") == 1, "25: one is deleted");
        json_decref(out);
        ok(h, find(h, "Out of paper") < 0, "25: and is gone");
        contexts(h);
}
