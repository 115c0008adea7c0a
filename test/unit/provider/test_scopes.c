/* SPDX-License-Identifier: Apache-2.0 */
/* test_scopes - an account with security scopes sees its rows only, whichever way it looks */
#include "fixture.h"
#include "provider/wql.h"

static void become(struct fixture *f, const char *who, enum user_role role)
{
        fixture_role(f, role);
        (void)snprintf(f->q.caller.actor.who, sizeof f->q.caller.actor.who, "%s", who);
}

/* ---- asking in WQL, as the fixture's caller ---- */

struct asked {
        struct provider_wql_request q;
        bool done;
        char json[20000];
};

static void wql_done(struct provider_wql_request *q)
{
        struct asked *a = q->ctx;

        a->done = true;
        (void)snprintf(a->json, sizeof a->json, "%.*s", q->json.n ? (int)q->json.n : 0, q->json.n ? q->json.p : "");
        buf_fini(&q->json);
}

static const struct asked *ask(struct fixture *f, const char *text)
{
        static struct asked a;

        a = (struct asked){ .q = { .caller = f->q.caller, .text = str_of(text), .dialect = WQL_DIALECT_EXTENDED, .done = wql_done } };
        a.q.ctx = &a;
        provider_wql_submit(f->provider, &a.q);
        for (int i = 0; i < 1000 && !a.done; i++)
                loop_run_once(f->loop);
        assert_true(a.done);
        if (a.q.r < 0)
                fail_msg("%s: %s", text, a.q.err.text);
        return &a;
}

static size_t rows(struct fixture *f, const char *text)
{
        return ask(f, text)->q.n_rows;
}

#define PAR01_JSON "[\\\"Display=\\\\\\\\PAR01\\\\\\\"]MSWNET:[\\\"SMS_SITE=P01\\\"]\\\\\\\\PAR01\\\\"
#define SCOPE "P0100001"

/* P0100001 bare; P0100002 on PAR01 and LYO01; P0100003 on PAR01.  bob has scope Lab: P0100002 and PAR01. */
static void prepare(struct fixture *f)
{
        char json[600];

        fixture_fill(f);
        (void)snprintf(json, sizeof json, "{\"Name\":\"Secret\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"%s\"}", f->dir);
        assert_int_equal(fixture_create(f, "SMS_Package", json), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"PAR01\",\"LYO01\"]}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100003\"],\"DPs\":[\"PAR01\"]}"), 0);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategory", "{\"CategoryName\":\"Lab\"}"), 0);
        assert_true(str_eqz(cim_get(f->q.result, "CategoryID")->s, SCOPE));
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"p0100002\",\"ObjectTypeID\":2}"), 0);
        assert_int_equal(fixture_call(f, "SMS_SecuredCategoryMembership", "AddMemberships",
                                      "{\"ObjectIDs\":[\"" PAR01_JSON "\"],\"ObjectTypeIDs\":[42],\"CategoryIDs\":[\"" SCOPE "\"]}"), 0);
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"Bob\",\"CategoryID\":\"" SCOPE "\"}"), 0);
}

/* ---- reading ---- */

static void queries_show_what_is_in_scope(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package"), 3);
        become(f, "bob", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package"), 1);
        assert_non_null(strstr(ask(f, "SELECT * FROM SMS_PackageBaseclass")->json, "P0100002"));
        assert_int_equal(rows(f, "SELECT * FROM SMS_PackageBaseclass"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_PackageStatusRootSummarizer"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_PackageStatusDistPointsSummarizer"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_PackageStatusDistPointsSummarizer WHERE PackageID = 'P0100003' OR State >= 0"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointInfo"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionJob"), 2);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Site"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_ProviderLocation"), 1);
        assert_non_null(strstr(ask(f, "SELECT COUNT(*) FROM SMS_DistributionPoint")->json, "\"Count\":1"));
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package p JOIN SMS_PackageStatusDistPointsSummarizer s ON s.PackageID = p.PackageID"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointInfo WHERE NALPath IN (SELECT ServerNALPath FROM "
                                 "SMS_DistributionPoint WHERE PackageID = 'P0100003')"), 0);
        assert_int_equal(rows(f, "ASSOCIATORS OF {SMS_Package.PackageID='P0100002'} WHERE ResultClass = SMS_DistributionPoint"), 1);
        assert_int_equal(rows(f, "REFERENCES OF {SMS_Package.PackageID='P0100002'} WHERE ResultClass = SMS_PkgToPkgServer_a"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_StatMsgAttributes WHERE AttributeID = 400 AND AttributeValue <> 'P0100002'"), 0);
        assert_true(rows(f, "SELECT * FROM SMS_StatMsgAttributes WHERE AttributeValue = 'P0100002'") > 0);
        assert_int_equal(rows(f, "SELECT * FROM TM_Audit"), 0);
        assert_int_equal(rows(f, "SELECT * FROM TM_AccountScope"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SecuredCategoryMembership"), 2);
        assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_Package", NULL), 0);
        assert_int_equal(f->q.n_rows, 1);
        assert_int_equal(fixture_get(f, "SMS_Package=\"P0100002\""), 0);
        assert_true(fixture_get(f, "SMS_Package=\"P0100001\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        become(f, "alice", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package"), 3);
}

static void memberships_of_hidden_objects_are_hidden(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategory", "{\"CategoryName\":\"Vault\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"P0100002\",\"ObjectKey\":\"P0100003\",\"ObjectTypeID\":2}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SecuredCategoryMembership"), 3);
        become(f, "bob", USER_ADMINISTRATOR);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SecuredCategoryMembership"), 2);
        assert_true(fixture_call(f, "TM_Site", "Verify", "{}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        become(f, "ada", USER_ADMINISTRATOR);
        assert_int_equal(fixture_call(f, "TM_Site", "Verify", "{}"), 0);
}

static void is_in(struct fixture *f, const char *scope, size_t n)
{
        const struct cim_value *v;
        bool found = false;

        assert_int_equal(fixture_get(f, "SMS_Package=\"P0100002\""), 0);
        v = cim_get(f->q.result, "SecuredScopeNames");
        assert_int_equal(v->array.n, n);
        for (size_t i = 0; i < n; i++)
                found |= str_eqz(v->array.items[i].s, scope);
        assert_true(found);
}

static void a_package_names_its_scopes(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        is_in(f, "Lab", 1);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategory", "{\"CategoryName\":\"Annex\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"P0100002\",\"ObjectKey\":\"P0100002\",\"ObjectTypeID\":2}"), 0);
        is_in(f, "Annex", 2);
        assert_int_equal(fixture_change(f, "SMS_SecuredCategory=\"P0100002\"", "{\"CategoryName\":\"At \\\"home\\\" \\\\ two\"}", true), 0);
        is_in(f, "At \"home\" \\ two", 2);
        assert_true(fixture_change(f, "SMS_SecuredCategory=\"P0100002\"", "{\"CategoryName\":\"two\\nlines\"}", true) < 0);
        assert_int_equal(fixture_delete(f, "SMS_SecuredCategory=\"P0100002\""), 0);
        is_in(f, "Lab", 1);
        assert_int_equal(fixture_delete(f, "SMS_SecuredCategoryMembership.CategoryID=\"" SCOPE
                                           "\",ObjectKey=\"P0100002\",ObjectTypeID=2"), 0);
        is_in(f, "Default", 1);
}

static void every_class_can_be_narrowed(void **state)
{
        struct fixture *f = *state;
        char text[300];

        prepare(f);
        become(f, "bob", USER_ANALYST);
        for (size_t i = 0; i < n_cim_classes; i++) {
                if (!cim_classes[i]->view)
                        continue;
                (void)snprintf(text, sizeof text, "SELECT * FROM %s", cim_classes[i]->name);
                (void)rows(f, text);
                assert_null(strstr(ask(f, text)->json, "P0100003"));
        }
}

static void defaults_and_all(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"bob\",\"CategoryID\":\"SMS00UNA\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategory", "{\"CategoryName\":\"Vault\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"P0100002\",\"ObjectKey\":\"P0100003\",\"ObjectTypeID\":2}"), 0);
        become(f, "bob", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package"), 2);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointInfo"), 2);
        become(f, "ada", USER_ADMINISTRATOR);
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"bob\",\"CategoryID\":\"SMS00ALL\"}"), 0);
        become(f, "bob", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Package"), 3);
}

/* A DP is in the scopes of its groups and of its site. */
static void groups_and_sites_bring_their_dps(void **state)
{
        struct fixture *f = *state;
        char json[300];

        prepare(f);
        assert_int_equal(fixture_create(f, "SMS_DistributionPointGroup", "{\"Name\":\"South\"}"), 0);
        (void)snprintf(json, sizeof json, "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"%.*s\",\"ObjectTypeID\":43}",
                       STR_ARG(cim_get(f->q.result, "GroupID")->s));
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership", json), 0);
        become(f, "bob", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointGroup"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointInfo"), 1);
        become(f, "ada", USER_ADMINISTRATOR);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"p01\",\"ObjectTypeID\":6}"), 0);
        become(f, "bob", USER_ANALYST);
        assert_int_equal(rows(f, "SELECT * FROM SMS_DistributionPointInfo"), 2);
        assert_int_equal(rows(f, "SELECT * FROM SMS_Site"), 1);
        assert_int_equal(rows(f, "SELECT * FROM SMS_SystemResourceList"), 3);
}

/* ---- writing ---- */

static void orders_reach_what_is_in_scope(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        become(f, "bob", USER_ADMINISTRATOR);
        assert_int_equal(fixture_change(f, "SMS_Package=\"P0100002\"", "{\"Description\":\"mine\"}", true), 0);
        assert_true(fixture_change(f, "SMS_Package=\"P0100003\"", "{\"Description\":\"mine\"}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_true(fixture_delete(f, "SMS_Package=\"P0100003\"") < 0);
        assert_true(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100003\"],\"DPs\":[\"PAR01\"]}") < 0);
        assert_true(fixture_call(f, "TM_Site", "Remove", "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"LYO01\"]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_true(fixture_create(f, "SMS_DistributionPoint",
                                   "{\"PackageID\":\"P0100003\",\"ServerNALPath\":\"" PAR01_JSON "\",\"SiteCode\":\"P01\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_true(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100003\",\"ProgramName\":\"Run\"}") < 0);
        assert_int_equal(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100002\",\"ProgramName\":\"Run\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Redistribute", "{}"), 0);
        assert_int_equal(f->q.out_args[f->q.method->n_parameters - 1].i, 1);
        assert_int_equal(fixture_call(f, "TM_Site", "Redistribute", "{\"FailedOnly\":true}"), 0);
        assert_int_equal(f->q.out_args[f->q.method->n_parameters - 1].i, 0);
}

static void nobody_widens_what_he_sees(void **state)
{
        struct fixture *f = *state;

        prepare(f);
        become(f, "bob", USER_ADMINISTRATOR);
        assert_true(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"bob\",\"CategoryID\":\"SMS00ALL\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_true(fixture_create(f, "SMS_SecuredCategoryMembership",
                                   "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"P0100003\",\"ObjectTypeID\":2}") < 0);
        assert_true(fixture_call(f, "SMS_SecuredCategoryMembership", "AddMemberships",
                                 "{\"ObjectIDs\":[\"P0100003\"],\"ObjectTypeIDs\":[2],\"CategoryIDs\":[\"" SCOPE "\"]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_true(fixture_call(f, "TM_User", "Create", "{\"UserName\":\"eve\",\"Password\":\"a long enough one\",\"Role\":2}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        become(f, "ada", USER_ADMINISTRATOR);
        assert_true(fixture_delete(f, "TM_AccountScope.CategoryID=\"" SCOPE "\",LogonName=\"bob\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_true(fixture_delete(f, "SMS_SecuredCategory=\"" SCOPE "\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_true(fixture_delete(f, "SMS_SecuredCategory=\"SMS00ALL\"") < 0);
        assert_true(fixture_create(f, "SMS_SecuredCategoryMembership",
                                   "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"P0100099\",\"ObjectTypeID\":2}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"bob\",\"CategoryID\":\"SMS00UNA\"}"), 0);
        assert_int_equal(fixture_delete(f, "TM_AccountScope.CategoryID=\"" SCOPE "\",LogonName=\"bob\""), 0);
        assert_int_equal(fixture_delete(f, "SMS_SecuredCategory=\"" SCOPE "\""), 0);
}

/* ---- events ---- */

struct heard {
        struct event_sub *sub;
        size_t n;
        bool caught_up;
        char last[200];
};

static bool hear(void *ctx, const struct model_change *ch)
{
        struct heard *h = ctx;

        h->n++;
        (void)snprintf(h->last, sizeof h->last, "%.*s", STR_ARG(ch->path));
        return true;
}

static void caught_up(void *ctx, int64_t seq)
{
        ((struct heard *)ctx)->caught_up = true;
}

static void gone(void *ctx, const struct err *e)
{
        fail_msg("%s", e->text);
}

static void settle(struct fixture *f)
{
        for (int i = 0; i < 20; i++)
                loop_run_once(f->loop);
}

static void tune_in(struct fixture *f, struct heard *h, const char *who)
{
        struct event_sub_opts o = { .class_name = "SMS_Package", .from = EVENT_FROM_NOW, .deliver = hear, .caught_up = caught_up,
                                    .gone = gone, .ctx = h, .who = who };
        struct err e = { 0 };

        *h = (struct heard){ 0 };
        assert_int_equal(event_subscribe(&h->sub, f->hub, &o, &e), 0);
        settle(f);
        assert_true(h->caught_up);
}

static void describe(struct fixture *f, const char *package, const char *text)
{
        char path[60], json[80];

        (void)snprintf(path, sizeof path, "SMS_Package=\"%s\"", package);
        (void)snprintf(json, sizeof json, "{\"Description\":\"%s\"}", text);
        assert_int_equal(fixture_change(f, path, json, true), 0);
        settle(f);
}

static void events_are_of_what_is_in_scope(void **state)
{
        struct fixture *f = *state;
        struct heard bob, carl, site;

        prepare(f);
        tune_in(f, &bob, "bob");
        tune_in(f, &carl, "carl");
        tune_in(f, &site, NULL);
        describe(f, "P0100003", "one");
        assert_int_equal(bob.n, 0);
        assert_int_equal(carl.n, 1);
        describe(f, "P0100002", "two");
        assert_int_equal(bob.n, 1);
        assert_int_equal(carl.n, 2);

        /* Who is restricted while he listens is so from then on; and the other way round. */
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"carl\",\"CategoryID\":\"" SCOPE "\"}"), 0);
        describe(f, "P0100003", "three");
        describe(f, "P0100002", "four");
        assert_int_equal(carl.n, 3);
        assert_string_equal(carl.last, "SMS_Package.PackageID=\"P0100002\"");
        assert_int_equal(bob.n, 2);
        assert_int_equal(fixture_create(f, "TM_AccountScope", "{\"LogonName\":\"carl\",\"CategoryID\":\"SMS00ALL\"}"), 0);
        describe(f, "P0100003", "five");
        assert_int_equal(carl.n, 4);
        assert_int_equal(bob.n, 2);
        assert_int_equal(site.n, 5);

        /* What leaves the scope is heard of no more; its end in scope is. */
        assert_int_equal(fixture_delete(f, "SMS_SecuredCategoryMembership.CategoryID=\"" SCOPE
                                           "\",ObjectKey=\"P0100002\",ObjectTypeID=2"), 0);
        describe(f, "P0100002", "six");
        assert_int_equal(bob.n, 2);
        assert_int_equal(fixture_create(f, "SMS_SecuredCategoryMembership",
                                        "{\"CategoryID\":\"" SCOPE "\",\"ObjectKey\":\"P0100001\",\"ObjectTypeID\":2}"), 0);
        assert_int_equal(fixture_delete(f, "SMS_Package=\"P0100001\""), 0);
        settle(f);
        assert_int_equal(bob.n, 4);          /* it came into scope, and went */
        assert_string_equal(bob.last, "SMS_Package.PackageID=\"P0100001\"");
        event_unsubscribe(bob.sub);
        event_unsubscribe(carl.sub);
        event_unsubscribe(site.sub);
}

/* Every class's condition can be asked of an instance. */
static void every_class_has_its_condition(void **state)
{
        struct fixture *f = *state;
        struct event_sub_opts o = { .from = 0, .deliver = hear, .gone = gone, .who = "bob" };
        struct event_sub_opts all = { .from = 0, .deliver = hear, .gone = gone };
        struct heard bob = { 0 }, site = { 0 };
        struct err e = { 0 };

        prepare(f);
        o.ctx = &bob;
        all.ctx = &site;
        assert_int_equal(event_subscribe(&bob.sub, f->hub, &o, &e), 0);
        assert_int_equal(event_subscribe(&site.sub, f->hub, &all, &e), 0);
        settle(f);
        assert_true(bob.n > 10);
        assert_true(bob.n < site.n);
        event_unsubscribe(bob.sub);
        event_unsubscribe(site.sub);
}

static void namespaces_are_those_below(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *ns;
                size_t n;
        } t[] = { { "", 3 }, { "root", 2 }, { "\\\\.\\ROOT\\SMS", 1 }, { "root\\sms\\site_P01", 0 }, { "root\\subscription", 0 } };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
                f->q.ns = str_of(t[i].ns);
                assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "__NAMESPACE", NULL), 0);
                assert_int_equal(f->q.n_rows, t[i].n);
        }
}

static void resources_of_a_collection(void **state)
{
        struct fixture *f = *state;
        struct provider_context c = { .collection = { "P0100001", 8 } }, none = { .collection = { "P0100009", 8 } };

        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Lab\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "AddCollectionMember", "{\"CollectionID\":\"P0100001\",\"Name\":\"PC1\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "AddCollectionMember", "{\"CollectionID\":\"SMS00001\",\"Name\":\"PC2\"}"), 0);
        assert_int_equal(rows(f, "SELECT * FROM SMS_R_System"), 2);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = &c;
        assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_R_System", NULL), 0);
        assert_int_equal(f->q.n_rows, 1);
        (void)fixture_get(f, "TM_Site.SiteCode=\"P01\"");
        f->q.context = &none;
        assert_true(fixture_ask(f, PROVIDER_QUERY, "SMS_R_System", NULL) < 0);
        f->q.context = NULL;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
                T(queries_show_what_is_in_scope),
                T(a_package_names_its_scopes),
                T(memberships_of_hidden_objects_are_hidden),
                T(every_class_can_be_narrowed),
                T(defaults_and_all),
                T(groups_and_sites_bring_their_dps),
                T(orders_reach_what_is_in_scope),
                T(nobody_widens_what_he_sees),
                T(events_are_of_what_is_in_scope),
                T(every_class_has_its_condition),
                T(namespaces_are_those_below),
                T(resources_of_a_collection),
#undef T
        };

        return cmocka_run_group_tests_name("scopes", tests, NULL, NULL);
}
