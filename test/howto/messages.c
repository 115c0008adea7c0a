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

static bool has_method(struct howto *h)
{
        char *text = NULL;
        bool there = tallyman_fetch(h->site, "/AdminService/class/SMS_StatusMessage", &text, &h->e) == 0 &&
                     strstr(text, "RaiseErrorStatusMsg");

        free(text);
        return there;
}

/* "How to Raise a Status Message", "How to Read ...", "How to Delete ...". */
void howtos_of_messages(struct howto *h)
{
        json_t *out = raise(h, "Out of paper"), *ids;
        int64_t record;

        if (!has_method(h)) {
                ok(h, !out, "25: messages of one's own are not raised here, and it says so");
                return;
        }
        ok(h, number_of(out, "ReturnValue") == 0, "25: a message is raised");
        json_decref(out);
        record = find(h, "Out of paper");
        ok(h, record > 0, "25: and read with its attribute and its text");
        ids = json_array();
        json_array_append_new(ids, json_integer(record));
        out = exec_method(h, "SMS_StatusMessage", "DeleteByID", json_pack("{so}", "RecordIDs", ids));
        ok(h, number_of(out, "ReturnValue") == 1, "25: one is deleted");
        json_decref(out);
        ok(h, find(h, "Out of paper") < 0, "25: and is gone");
}
