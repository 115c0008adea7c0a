/* SPDX-License-Identifier: Apache-2.0 */
/* test_methods - methods of collections, advertisements, packages, status messages; context values */
#include "fixture.h"
#include "provider/wql.h"

/* ---- asking ---- */

struct counting {
        struct db_job job;
        const char *query;
        size_t n;
        char first[300];
};

static bool count_row(void *ctx, const struct provider_wql_row *row)
{
        struct counting *k = ctx;
        struct buf b;

        buf_init(&b, 0);
        provider_wql_json(row, &b);
        if (!k->n++)
                (void)snprintf(k->first, sizeof k->first, "%s", b.p);
        buf_fini(&b);
        return true;
}

static int count_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct counting *k = container_of(j, struct counting, job);
        struct provider_wql_opts o = { .dialect = WQL_DIALECT_EXTENDED };
        struct wql_error why = { 0 };

        return provider_wql_run(c, str_of(k->query), &o, count_row, k, &why, e);
}

static void count_done(struct db_job *j)
{
        assert_string_equal(j->err.text, "");
}

static struct counting ask(struct fixture *f, const char *query)
{
        struct counting k = { .job = { .work = count_work, .done = count_done }, .query = query };

        db_read(f->db, &k.job);
        return k;
}

static size_t rows(struct fixture *f, const char *query)
{
        return ask(f, query).n;
}

static const struct cim_value *out(struct fixture *f, const char *name)
{
        for (size_t i = 0; i < f->q.method->n_parameters; i++) {
                if (strcmp(f->q.method->parameters[i].name, name) == 0)
                        return &f->q.out_args[i];
        }
        fail_msg("no parameter %s", name);
        return NULL;
}

/* ---- collections ---- */

#define DIRECT(name) "{\"__CLASS\":\"SMS_CollectionRuleDirect\",\"RuleName\":\"" name "\",\"ResourceClassName\":\"SMS_R_System\"}"
#define NUMBERED(id) "{\"__CLASS\":\"SMS_CollectionRuleDirect\",\"ResourceClassName\":\"SMS_R_System\",\"ResourceID\":" id "}"
#define COLLECTION "SMS_Collection.CollectionID=\"P0100001\""

static void a_direct_rule_makes_a_member(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Lab\"}"), 0);
        assert_int_equal(fixture_call(f, COLLECTION, "AddMembershipRule", "{\"collectionRule\":" DIRECT("PC1") "}"), 0);
        assert_int_equal(out(f, "QueryID")->i, 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_R_System WHERE Name = 'pc1' AND ResourceID = 16777216"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_FullCollectionMembership WHERE CollectionID = 'P0100001'"), 1);
        assert_int_equal(rows(f, "ASSOCIATORS OF {" COLLECTION "} WHERE ResultClass = SMS_Resource"), 1);
        assert_int_equal(rows(f, "REFERENCES OF {SMS_R_System.ResourceID=16777216}"), 1);
        assert_int_equal(fixture_get(f, COLLECTION), 0);
        assert_int_equal(cim_get(f->q.result, "MemberCount")->i, 1);

        /* The resource stays when it is no member any more, and keeps its number. */
        assert_int_equal(fixture_call(f, COLLECTION, "DeleteMembershipRule", "{\"collectionRule\":" NUMBERED("16777216") "}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_FullCollectionMembership"), 0);
        assert_int_equal(fixture_call(f, COLLECTION, "AddMembershipRules",
                                      "{\"collectionRules\":[" DIRECT("PC2") "," NUMBERED("16777216") "]}"), 0);
        assert_int_equal(out(f, "QueryIDs")->array.n, 2);
        assert_int_equal(rows(f, "SELECT * FROM SMS_CollectionMember_a"), 2);
        assert_int_equal(fixture_call(f, "SMS_Collection", "GetNumResults", "{\"Collection\":\"P0100001\"}"), 0);
        assert_int_equal(out(f, "Result")->i, 2);
        assert_int_equal(fixture_call(f, "SMS_Collection", "GetTotalNumResults",
                                      "{\"Collection\":\"SMS_Collection.CollectionID='P0100001'\"}"), 0);
        assert_int_equal(out(f, "Result")->i, 2);
        assert_int_equal(fixture_call(f, COLLECTION, "DeleteAllMembers", "{}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_FullCollectionMembership"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_R_System"), 2);
}

static void other_rules_are_refused(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Lab\"}"), 0);
        assert_true(fixture_call(f, COLLECTION, "AddMembershipRule",
                                 "{\"collectionRule\":{\"__CLASS\":\"SMS_CollectionRuleQuery\",\"QueryExpression\":\"SELECT\"}}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_SUPPORTED);
        assert_true(fixture_call(f, COLLECTION, "AddMembershipRule", "{\"collectionRule\":" NUMBERED("5") "}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_true(fixture_call(f, COLLECTION, "AddMembershipRules",
                                 "{\"collectionRules\":[" DIRECT("PC1") "," DIRECT("pc1") "]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_int_equal(rows(f, "SELECT * FROM SMS_R_System"), 0);
        fixture_role(f, USER_OPERATOR);
        assert_true(fixture_call(f, COLLECTION, "DeleteAllMembers", "{}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
}

static void a_collection_is_refreshed_and_no_circle(void **state)
{
        struct fixture *f = *state;
        int64_t before;

        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Lab\",\"LimitToCollectionID\":\"SMS00001\"}"), 0);
        before = cim_get(f->q.result, "LastRefreshTime")->i;
        assert_int_equal(fixture_call(f, COLLECTION, "RequestRefresh", "{}"), 0);
        assert_int_equal(fixture_get(f, COLLECTION), 0);
        assert_true(cim_get(f->q.result, "LastRefreshTime")->i > before);
        assert_int_equal(fixture_call(f, "SMS_Collection", "VerifyNoCircularDependencies",
                                      "{\"parentCollection\":\"SMS00001\",\"subCollection\":\"P0100001\"}"), 0);
        assert_int_equal(out(f, "Result")->i, 1);
        assert_int_equal(fixture_call(f, "SMS_Collection", "VerifyNoCircularDependencies",
                                      "{\"parentCollection\":\"P0100001\",\"subCollection\":\"SMS00001\"}"), 0);
        assert_int_equal(out(f, "Result")->i, 0);
}

/* ---- advertisements, packages ---- */

static void numbers_of_advertisements_go_up(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "SMS_Advertisement", "SetNextID", "{\"NextID\":200000}"), 0);
        assert_int_equal(fixture_call(f, "SMS_Advertisement", "GetNextID", "{}"), 0);
        assert_int_equal(out(f, "NextID")->i, 200000);
        assert_true(fixture_call(f, "SMS_Advertisement", "SetNextID", "{\"NextID\":199999}") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
}

static void advertisements_of_a_resource(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"Run\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Lab\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_Advertisement",
                                        "{\"AdvertisementName\":\"A\",\"PackageID\":\"P0100001\",\"ProgramName\":\"Run\","
                                        "\"CollectionID\":\"P0100001\"}"), 0);
        assert_int_equal(fixture_call(f, "SMS_Advertisement", "GetAdvertisements", "{\"ResourceID\":16777216}"), 0);
        assert_int_equal(out(f, "AdvertisementIDs")->array.n, 0);
        assert_int_equal(fixture_call(f, COLLECTION, "AddMembershipRule", "{\"collectionRule\":" DIRECT("PC1") "}"), 0);
        assert_int_equal(fixture_call(f, "SMS_Advertisement", "GetAdvertisements", "{\"ResourceID\":16777216}"), 0);
        assert_int_equal(out(f, "AdvertisementIDs")->array.n, 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_AdvertisementInfo WHERE CollectionName = 'Lab' AND PackageName = 'Bare'"), 1);
        assert_int_equal(rows(f, "ASSOCIATORS OF {SMS_Collection='P0100001'} WHERE ResultClass = SMS_Advertisement"), 1);
        assert_int_equal(fixture_call(f, "SMS_Advertisement.AdvertisementID=\"P0120000\"", "Unlock", "{}"), 0);
        assert_int_equal(fixture_call(f, "SMS_Advertisement.AdvertisementID=\"P0120000\"", "SetSourceSite", "{\"SourceSite\":\"p01\"}"), 0);
        assert_true(fixture_call(f, "SMS_Advertisement.AdvertisementID=\"P0120000\"", "SetSourceSite", "{\"SourceSite\":\"S01\"}") < 0);
        assert_int_equal(fixture_call(f, "SMS_Package.PackageID=\"P0100001\"", "Unlock", "{}"), 0);
        assert_int_equal(fixture_call(f, "SMS_Package", "CheckPackageShareForTaskSequenceDeployment", "{\"PackageID\":\"P0100001\"}"), 0);
        assert_int_equal(out(f, "IsValid")->i, 1);
        assert_int_equal(fixture_call(f, "SMS_Advertisement", "RiskyDeploymentStatusMessage",
                                      "{\"DeploymentID\":\"P0120000\",\"DeploymentName\":\"A\",\"PackageID\":\"P0100001\","
                                      "\"CollectionID\":\"P0100001\"}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatMsgAttributes WHERE AttributeID = 401 AND AttributeValue = 'P0120000'"), 1);
}

/* ---- status messages ---- */

static const struct provider_context who = { .application = { "Nightly", 7 }, .machine = { "BUILD01", 7 } };

static int raise_with(struct fixture *f, const struct provider_context *context, const char *method, const char *json)
{
        const struct provider_caller caller = f->q.caller;
        struct provider_context kept = context ? *context : (struct provider_context){ 0 };
        struct cim_instance *args;
        struct err e = { 0 };
        int r;

        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");        /* the request begins anew */
        f->q.caller = caller;
        f->q.context = context ? &kept : NULL;
        f->q.method = cim_method_find(cim_class_find(STR("SMS_StatusMessage")), str_of(method));
        assert_non_null(f->q.method);
        assert_int_equal(cim_json_read(cim_method_parameters(cim_class_find(STR("SMS_StatusMessage")), f->q.method, &f->q.arena),
                                       str_of(json), &f->q.arena, &args, &e), 0);
        f->q.args = args->values;
        r = fixture_ask(f, PROVIDER_INVOKE, "SMS_StatusMessage", NULL);
        f->q.context = NULL;
        return r;
}

static void programs_raise_messages(void **state)
{
        struct fixture *f = *state;
        const char *json = "{\"MessageText\":\"It broke\",\"MessageType\":256,\"AttrIDs\":[400,401],\"AttrValues\":[\"P0100009\",\"x\"]}";

        assert_true(raise_with(f, NULL, "RaiseErrorStatusMsg", json) < 0);
        assert_int_equal(f->q.err.kind, ERR_INVALID);
        assert_true(raise_with(f, &(struct provider_context){ .machine = who.machine }, "RaiseErrorStatusMsg", json) < 0);
        assert_int_equal(raise_with(f, &who, "RaiseErrorStatusMsg", json), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatusMessage WHERE MessageID = 39999 AND Component = 'Nightly' AND "
                                 "MachineName = 'BUILD01' AND Severity = 3221225472 AND ModuleName = 'SMS Provider'"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatMsgInsStrings WHERE InsStrValue = 'It broke' AND InsStrIndex = 0"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatMsgAttributes WHERE AttributeValue = 'P0100009' OR AttributeValue = 'x'"), 2);
        assert_int_equal(rows(f, "SELECT * FROM TM_StatusMessage WHERE Text = 'It broke' AND PackageID = 'P0100009'"), 1);
        assert_int_equal(raise_with(f, &who, "RaiseWarningStatusMsg", json), 0);
        assert_int_equal(raise_with(f, &who, "RaiseInformationalStatusMsg", json), 0);
        assert_int_equal(raise_with(f, &who, "RaiseRawStatusMsg", "{\"ModuleName\":\"my.dll\",\"MessageID\":7,\"MessageType\":512,"
                                                                  "\"Win32Error\":5}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatusMessage WHERE ModuleName = 'my.dll' AND MessageID = 7 AND Win32Error = 5"), 1);
        assert_true(raise_with(f, &who, "RaiseErrorStatusMsg", "{\"MessageText\":\"x\",\"MessageType\":3}") < 0);
        assert_true(raise_with(f, &who, "RaiseErrorStatusMsg",
                               "{\"MessageText\":\"x\",\"MessageType\":256,\"AttrIDs\":[400],\"AttrValues\":[]}") < 0);
}

static void messages_are_deleted(void **state)
{
        struct fixture *f = *state;

        for (int i = 0; i < 3; i++)
                assert_int_equal(raise_with(f, &who, "RaiseErrorStatusMsg", "{\"MessageText\":\"x\",\"MessageType\":256}"), 0);
        assert_int_equal(fixture_call(f, "SMS_StatusMessage", "DeleteByID", "{\"RecordIDs\":[1,99]}"), 0);
        assert_int_equal(f->q.return_value, 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatusMessage"), 2);
        assert_int_equal(fixture_call(f, "SMS_StatusMessage", "DeleteByQuery",
                                      "{\"WQLSelect\":\"SELECT * FROM SMS_StatusMessage WHERE Component = 'nightly'\"}"), 0);
        assert_int_equal(f->q.return_value, 2);
        assert_true(fixture_call(f, "SMS_StatusMessage", "DeleteByQuery", "{\"WQLSelect\":\"SELECT * FROM SMS_Site\"}") < 0);
        assert_true(fixture_call(f, "SMS_StatusMessage", "DeleteByQuery", "{\"WQLSelect\":\"SELECT\"}") < 0);
        fixture_role(f, USER_ANALYST);
        assert_true(fixture_call(f, "SMS_StatusMessage", "DeleteByID", "{\"RecordIDs\":[1]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
}

/* ---- context values ---- */

static void context_values_have_forms(void **state)
{
        static const char *const wrong[] = { "InstanceCount=0", "InstanceCount=x", "LocaleID=1033", "LocaleID=MS\\", "ApplicationName",
                                             "LimitToCollectionIDs=SMS", "MachineName=", "ApplicationName=\"a\"b" };
        struct provider_context c;
        struct err e = { 0 };

        assert_int_equal(provider_context_parse(STR("applicationname=\"a; b\"; MachineName = PC 1 ;LocaleID=ms\\0x0409;"
                                                    "InstanceCount=10; QueryQualifiers=true;__ProviderArchitecture=64"), &c, &e), 0);
        assert_true(str_eqz(c.application, "a; b") && str_eqz(c.machine, "PC 1") && c.instance_count == 10 && c.query_qualifiers);
        assert_int_equal(provider_context_parse(STR("  "), &c, &e), 0);
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                err_clear(&e);
                if (provider_context_parse(str_of(wrong[i]), &c, &e) == 0)
                        fail_msg("%s was taken", wrong[i]);
        }
}

static int context_call(struct fixture *f, const struct provider_context *c, const char *method, struct str handle)
{
        struct cim_value args[1] = { { .null = !handle.p, .s = handle } };
        int r;

        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = c;
        f->q.method = cim_method_find(cim_class_find(STR("SMS_ContextMethods")), str_of(method));
        f->q.args = args;
        r = fixture_ask(f, PROVIDER_INVOKE, "SMS_ContextMethods", NULL);
        f->q.context = NULL;
        return r;
}

static void a_handle_stands_for_values(void **state)
{
        struct fixture *f = *state;
        struct provider_context by_handle = { 0 };
        char handle[64];

        assert_int_equal(context_call(f, &who, "GetContextHandle", STR_NULL), 0);
        (void)snprintf(handle, sizeof handle, "%.*s", STR_ARG(f->q.out_args[0].s));
        by_handle.handle = str_of(handle);
        assert_int_equal(raise_with(f, &by_handle, "RaiseErrorStatusMsg", "{\"MessageText\":\"x\",\"MessageType\":256}"), 0);
        by_handle.application = STR("Other");
        assert_int_equal(raise_with(f, &by_handle, "RaiseErrorStatusMsg", "{\"MessageText\":\"x\",\"MessageType\":256}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatusMessage WHERE Component = 'Other' AND MachineName = 'BUILD01'"), 1);

        /* It is its owner's only. */
        memcpy(f->q.caller.actor.who, "bob", 4);
        assert_true(raise_with(f, &by_handle, "RaiseErrorStatusMsg", "{\"MessageText\":\"x\",\"MessageType\":256}") < 0);
        assert_true(context_call(f, NULL, "ClearContextHandle", str_of(handle)) < 0);
        memcpy(f->q.caller.actor.who, "ada", 4);
        assert_int_equal(context_call(f, NULL, "ClearContextHandle", str_of(handle)), 0);
        assert_true(context_call(f, NULL, "ClearContextHandle", str_of(handle)) < 0);
        for (int i = 0; i < CONTEXTS_MAX + 10; i++)
                assert_int_equal(context_call(f, &who, "GetContextHandle", STR_NULL), 0);
}

static void instances_are_counted(void **state)
{
        struct fixture *f = *state;
        struct provider_context three = { .instance_count = 3 }, verbs = { .query_qualifiers = true };

        fixture_fill(f);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = &three;
        assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_SystemResourceList", NULL), 0);
        assert_int_equal(f->q.n_rows, 3);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        three.instance_count = 1;
        f->q.context = &three;
        assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_SystemResourceList", NULL), 0);
        assert_int_equal(f->q.n_rows, 1);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = &verbs;
        assert_true(fixture_ask(f, PROVIDER_QUERY, "SMS_SystemResourceList", NULL) < 0);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = &verbs;
        assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_Package", NULL), 0);
        f->q.context = NULL;
}

static void how_a_site_fares(void **state)
{
        struct fixture *f = *state;
        struct counting k;

        assert_int_equal(rows(f, "SELECT * FROM SMS_SummarizerSiteStatus WHERE Status = 0"), 1);
        fixture_fill(f);                /* two DPs that have not enrolled */
        k = ask(f, "SELECT Status FROM SMS_SummarizerStatus WHERE GUID_ID = '{78B42510-ABBD-11d1-BB12-3A84C6000000}'");
        assert_int_equal(k.n, 1);
        assert_non_null(strstr(k.first, "\"Status\":1"));
        assert_int_equal(rows(f, "SELECT * FROM SMS_SummarizerSiteStatus WHERE SiteCode = 'P01' AND Status = 1"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SCI_SysResUse WHERE RoleName = 'SMS Distribution Point'"), 2);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointDriveInfo WHERE BytesTotal < 0"), 2);
        assert_int_equal(fixture_call(f, "TM_Site", "RemoveDistributionPoint", "{\"Name\":\"PAR01\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "RemoveDistributionPoint", "{\"Name\":\"LYO01\"}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SummarizerSiteStatus WHERE Status = 0"), 1);
}

static void rights_of_a_caller(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "__SystemSecurity", "GetCallerAccessRights", "{}"), 0);
        assert_int_equal(out(f, "rights")->i, 0x73);
        fixture_role(f, USER_ANALYST);
        assert_int_equal(fixture_call(f, "__SystemSecurity", "GetCallerAccessRights", "{}"), 0);
        assert_int_equal(out(f, "rights")->i, 0x63);
        fixture_role(f, USER_ADMINISTRATOR);
        assert_true(fixture_call(f, "__SystemSecurity", "GetSD", "{}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_SUPPORTED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
                T(a_direct_rule_makes_a_member),
                T(other_rules_are_refused),
                T(a_collection_is_refreshed_and_no_circle),
                T(numbers_of_advertisements_go_up),
                T(advertisements_of_a_resource),
                T(programs_raise_messages),
                T(messages_are_deleted),
                cmocka_unit_test(context_values_have_forms),
                T(a_handle_stands_for_values),
                T(instances_are_counted),
                T(how_a_site_fares),
                T(rights_of_a_caller),
#undef T
        };

        return cmocka_run_group_tests_name("methods", tests, NULL, NULL);
}
