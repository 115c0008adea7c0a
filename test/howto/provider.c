/* SPDX-License-Identifier: Apache-2.0 */
/* provider - connecting, the generic samples, schedules, identification, errors, locks, scopes */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "How to Connect to an SMS Provider": InstancesOf SMS_ProviderLocation, the local one, connect there. */
static void connect_to_the_provider(struct howto *h)
{
        json_t *rows = exec_query(h, "SELECT * FROM SMS_ProviderLocation"), *row, *local = NULL;
        struct tallyman_options o = { .server = getenv("TALLYMAN_SERVER") };
        struct tallyman *site = h->site;
        size_t i;

        json_array_foreach(rows, i, row)
                local = json_is_true(json_object_get(row, "ProviderForLocalSite")) ? row : local;
        ok(h, has_text(local, "SiteCode", "P01") && strstr(text_of(local, "NamespacePath"), "root\\sms\\site_P01"),
           "1: the provider of the local site: %s", text_of(local, "NamespacePath"));
        if (tallyman_open(&h->site, &o, &h->e) == 0) {
                row = first_of(h, "SELECT * FROM SMS_Site WHERE SiteCode = 'P01'");
                ok(h, has_text(row, "SiteCode", "P01"), "1: a second connection");
                json_decref(row);
                tallyman_close(h->site);
        } else {
                ok(h, false, "1: a second connection");
        }
        h->site = site;
        json_decref(rows);
}

/* "How to Use SMS_Identification". */
static void identification(struct howto *h)
{
        json_t *user = exec_method(h, "SMS_Identification", "GetCurrentUser", NULL);
        json_t *version = exec_method(h, "SMS_Identification", "GetProviderVersion", NULL);
        json_t *site = exec_method(h, "SMS_Identification", "GetSiteID", NULL);

        ok(h, text_of(user, "UserName")[0] != 0, "33: who am I: %s", text_of(user, "UserName"));
        ok(h, text_of(version, "VersionString")[0] != 0, "33: which version: %s", text_of(version, "VersionString"));
        ok(h, text_of(site, "SiteID")[0] != 0, "33: which site");
        json_decref(site);
        json_decref(version);
        json_decref(user);
}

/* "How to Create a Schedule Token": SpawnInstance_ SMS_ST_RecurInterval, WriteToString. */
static void schedule_token(struct howto *h)
{
        json_t *in = json_pack("{s[{ss ss si si}]}", "TokenData", "__CLASS", "SMS_ST_RecurInterval", "StartTime",
                               "2004-07-19T08:30:00Z", "DaySpan", 3, "HourDuration", 2);
        json_t *out = exec_method(h, "SMS_ScheduleMethods", "WriteToString", in), *back, *token;

        ok(h, strlen(text_of(out, "StringData")) == 16, "27: an interval string: %s", text_of(out, "StringData"));
        back = exec_method(h, "SMS_ScheduleMethods", "ReadFromString", json_pack("{ss}", "StringData", text_of(out, "StringData")));
        token = json_array_get(json_object_get(back, "TokenData"), 0);
        ok(h, has_text(token, "__CLASS", "SMS_ST_RecurInterval") && number_of(token, "DaySpan") == 3 && number_of(token, "HourDuration") == 2,
           "27: and back");
        json_decref(back);
        back = exec_method(h, "SMS_ScheduleMethods", "ReadFromString",
                           json_pack("{ss}", "StringData", "791378800008000055147880001B200055177880001E2000"));
        token = json_object_get(back, "TokenData");
        ok(h, json_array_size(token) == 3 && has_text(json_array_get(token, 0), "__CLASS", "SMS_ST_NonRecurring") &&
                number_of(json_array_get(token, 1), "Day") == 3 && number_of(json_array_get(token, 2), "Day") == 6,
           "27: the string of the documentation");
        json_decref(back);
        json_decref(out);
        ok(h, !exec_method(h, "SMS_ScheduleMethods", "ReadFromString", json_pack("{ss}", "StringData", "79137880")),
           "27: half a token is none");
}

/* "How to Handle Errors": a Get and a query that must fail, and what they say. */
static void errors(struct howto *h)
{
        const bool refused = !get_object(h, "SMS_Package.PackageID='UNKNOWN'");
        const struct tallyman_error e = h->e;           /* ok() forgets it */

        ok(h, refused && failed_with(h, TALLYMAN_E_NOT_FOUND, NULL) && strstr(e.text, "UNKNOWN"),
           "28: the package UNKNOWN is not found, and the error names it");
        ok(h, e.hresult == 0x80041002 && e.error_code == 0xC0410202 && strcmp(e.operation, "GetObject") == 0 &&
                strcmp(e.cause, "NotFound") == 0 && strstr(e.parameter, "UNKNOWN"), "28: it is an SMS_ExtendedStatus");
        ok(h, !exec_query(h, "Select * From ?????") && failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_QUERY") &&
                h->e.hresult == 0x80041017 && h->e.column == 15, "28: a query that is none: status, number and column");
        ok(h, !exec_query(h, "SELECT * FROM SMS_NoSuchClass") && failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_CLASS") &&
                h->e.hresult == 0x80041010, "28: a class that is not there");
        ok(h, !get_object(h, "SMS_Package.PackageID='"), "28: a path that is none");
        ok(h, !put_new(h, "SMS_Package", json_pack("{ss}", "NoSuchProperty", "x")), "28: a property that is not there");
        ok(h, !put_new(h, "SMS_PackageStatusRootSummarizer", json_pack("{ss}", "PackageID", "P0100001")), "28: a class nobody may write");
}

struct asynchronous {
        unsigned n, stop_at;
        bool good;
};

static int on_object_ready(void *ctx, const char *json)
{
        struct asynchronous *a = ctx;
        json_t *row = json_loads(json, 0, NULL);

        a->good = a->good && has_text(row, "__CLASS", "SMS_Package") && text_of(row, "PackageID")[0];
        json_decref(row);
        return ++a->n == a->stop_at;
}

/* "How to Perform Synchronous / Asynchronous Queries", "How to Read Lazy Properties", "How to Read, Modify, Delete". */
static void generic_samples(struct howto *h)
{
        struct asynchronous all = { .good = true }, some = { .stop_at = 2, .good = true };
        json_t *rows = exec_query(h, "SELECT * FROM SMS_Package"), *row, *stored;
        char *path;

        ok(h, tallyman_query(h->site, "SELECT * FROM SMS_Package", on_object_ready, &all, NULL, &h->e) == 0 && all.good &&
                all.n == json_array_size(rows), "28: objects one by one, %u of them", all.n);
        ok(h, tallyman_query(h->site, "SELECT * FROM SMS_Package", on_object_ready, &some, NULL, &h->e) == TALLYMAN_STOPPED && some.n == 2,
           "28: and not more than wanted");
        json_decref(rows);

        stored = put_new(h, "SMS_Collection", json_pack("{ss ss s[{ss ss ss si}]}", "Name", "With a rule", "LimitToCollectionID", "SMS00001",
                                                        "CollectionRules", "__CLASS", "SMS_CollectionRuleDirect", "RuleName", "one",
                                                        "ResourceClassName", "SMS_R_System", "ResourceID", 1));
        path = path_of("SMS_Collection.CollectionID='%s'", text_of(stored, "CollectionID"));
        rows = exec_query(h, "SELECT * FROM SMS_Collection WHERE Name = 'With a rule'");
        row = json_array_get(rows, 0);
        ok(h, row && json_is_null(json_object_get(row, "CollectionRules")), "28: a lazy property is not in a query's row");
        row = get_object(h, path);
        ok(h, json_array_size(json_object_get(row, "CollectionRules")) == 1, "28: but in the object that was got");
        ok(h, delete_object(h, path), "28: which is deleted");
        json_decref(row);
        json_decref(rows);
        json_decref(stored);
        free(path);
}

/* "Simple Example of List, Create, Modify, and Delete". */
static void walk_through(struct howto *h)
{
        json_t *before = exec_query(h, "SELECT * FROM SMS_Package"), *after, *stored, *row;
        char *path;

        stored = put_new(h, "SMS_Package", json_pack("{ss ss si}", "Name", "Walk", "Description", "through", "PkgSourceFlag", 1));
        path = path_of("SMS_Package.PackageID=\"%s\"", text_of(stored, "PackageID"));
        ok(h, put_some(h, path, json_pack("{ss}", "Description", "on")), "29: created and modified");
        row = get_object(h, path);
        ok(h, has_text(row, "Name", "Walk") && has_text(row, "Description", "on"), "29: as it was put");
        after = exec_query(h, "SELECT * FROM SMS_Package");
        ok(h, json_array_size(after) == json_array_size(before) + 1, "29: one more is listed");
        ok(h, delete_object(h, path), "29: deleted");
        json_decref(after);
        after = exec_query(h, "SELECT * FROM SMS_Package");
        ok(h, after && json_array_size(after) == json_array_size(before), "29: and listed no more");
        json_decref(after);
        json_decref(row);
        json_decref(stored);
        json_decref(before);
        free(path);
}

/* "How to Acquire a Lock on a SEDO Enabled Object": RequestLock with transfer, change, ReleaseLock. */
static void edit_lock(struct howto *h)
{
        char *path = path_of("SMS_Package.PackageID=\"%s\"", h->package);
        json_t *out;

        if (!has_class(h, "SMS_ObjectLock")) {
                ok(h, !exec_method(h, "SMS_ObjectLock", "RequestLock", json_pack("{ss sb}", "ObjectRelPath", path, "RequestTransfer", 1)),
                   "30: there are no edit locks here, and it says so");
                free(path);
                return;
        }
        out = exec_method(h, "SMS_ObjectLock", "RequestLock", json_pack("{ss sb}", "ObjectRelPath", path, "RequestTransfer", 1));
        ok(h, number_of(out, "RequestState") >= 10 && number_of(out, "RequestState") <= 12, "30: a lock is granted");
        json_decref(out);
        ok(h, put_some(h, path, json_pack("{ss}", "Description", "locked")), "30: its owner may write");
        out = exec_method(h, "SMS_ObjectLock", "ReleaseLock", json_pack("{ss}", "ObjectRelPath", path));
        ok(h, number_of(out, "ReturnValue") == 0, "30: and is released");
        json_decref(out);
        free(path);
}

/* "How to Add an Object to a Security Scope": SpawnInstance_ SMS_SecuredCategoryMembership, Put_; Delete_ by key. */
static void security_scope(struct howto *h)
{
        json_t *scope = put_new(h, "SMS_SecuredCategory", json_pack("{ss}", "CategoryName", "Howtos")), *stored, *member;
        const char *id = text_of(scope, "CategoryID");
        char *path = path_of("SMS_SecuredCategoryMembership.CategoryID='%s',ObjectKey='%s',ObjectTypeID=2", id, h->package);
        char *scope_path = path_of("SMS_SecuredCategory.CategoryID='%s'", id);

        stored = put_new(h, "SMS_SecuredCategoryMembership", json_pack("{ss ss si}", "CategoryID", id, "ObjectKey", h->package, "ObjectTypeID", 2));
        member = get_object(h, path);
        ok(h, has_text(stored, "ObjectKey", h->package) && has_text(member, "CategoryID", id), "31: a package is in the scope %s", id);
        ok(h, delete_object(h, path), "31: and is taken out");
        ok(h, !get_object(h, path) && failed_with(h, TALLYMAN_E_NOT_FOUND, NULL), "31: it is not in it any more");
        ok(h, delete_object(h, scope_path), "31: the scope is deleted");
        json_decref(member);
        json_decref(stored);
        json_decref(scope);
        free(scope_path);
        free(path);
}

void howtos_of_the_provider(struct howto *h)
{
        connect_to_the_provider(h);
        identification(h);
        schedule_token(h);
        errors(h);
        generic_samples(h);
        walk_through(h);
        edit_lock(h);
        security_scope(h);
}
