/* SPDX-License-Identifier: Apache-2.0 */
/* test_objects - creating, changing, deleting and reading instances; who may */
#include "fixture.h"

static bool count(void *ctx, struct cim_instance *i)
{
        ++*(size_t *)ctx;
        return true;
}

struct classes_job {
        struct db_job job;
        size_t n;
};

static int query_every_class(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct classes_job *cj = container_of(j, struct classes_job, job);
        struct arena a;
        int r = 0;

        arena_init(&a, 0);
        for (size_t i = 0; i < n_cim_classes && r == 0; i++) {
                struct provider_query q = { .class = cim_classes[i], .lazy = true };

                if (q.class->view)
                        r = provider_query_run(c, &q, &a, count, &cj->n, e);
                if (r < 0)
                        print_error("%s: %s\n", q.class->name, e->text);
        }
        arena_fini(&a);
        return r;
}

static void no_more(struct db_job *j)
{
        assert_int_equal(j->r, 0);
}

/* The views of the database have the columns of the schema. */
static void every_class_can_be_queried(void **state)
{
        struct fixture *f = *state;
        struct classes_job j = { .job = { .work = query_every_class, .done = no_more } };

        fixture_fill(f);
        db_read(f->db, &j.job);
        assert_true(j.n > 10);
}

static void a_package_is_created_changed_and_deleted(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"Office\",\"PkgSourceFlag\":1,\"Priority\":1}"), 0);
        assert_true(str_eqz(cim_get(f->q.result, "PackageID")->s, "P0100001"));
        assert_int_equal(cim_get(f->q.result, "Priority")->i, 1);
        assert_int_equal(cim_get(f->q.result, "ForcedDisconnectDelay")->i, 5);
        assert_true(f->q.seq > 0);

        assert_int_equal(fixture_change(f, "SMS_Package=\"p0100001\"", "{\"Description\":\"Text\"}", true), 0);
        assert_true(str_eqz(cim_get(f->q.result, "Description")->s, "Text"));
        assert_true(str_eqz(cim_get(f->q.result, "Name")->s, "Office"));

        assert_int_equal(fixture_get(f, "SMS_Package=\"P0100001\""), 0);
        assert_int_equal(fixture_delete(f, "SMS_Package=\"P0100001\""), 0);
        assert_true(fixture_get(f, "SMS_Package=\"P0100001\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_non_null(strstr(f->q.err.text, "P0100001"));
}

static void read_only_properties_are_not_the_callers(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_true(fixture_change(f, "SMS_Package=\"P0100001\"", "{\"SourceVersion\":7}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_READ_ONLY);
        assert_int_equal(fixture_change(f, "SMS_Package=\"P0100001\"", "{\"SourceVersion\":7}", false), 0);
        assert_int_equal(cim_get(f->q.result, "SourceVersion")->i, 1);
        assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"x\",\"SourceSite\":\"ZZZ\"}"), 0);
        assert_true(str_eqz(cim_get(f->q.result, "SourceSite")->s, "P01"));
}

static void a_put_of_an_older_state_is_refused(void **state)
{
        struct fixture *f = *state;
        char json[200];

        fixture_fill(f);
        assert_int_equal(fixture_get(f, "SMS_Package=\"P0100001\""), 0);
        (void)snprintf(json, sizeof json, "{\"Description\":\"mine\",\"SedoObjectVersion\":\"%.*s\"}",
                       STR_ARG(cim_get(f->q.result, "SedoObjectVersion")->s));
        assert_int_equal(fixture_change(f, "SMS_Package=\"P0100001\"", "{\"Description\":\"theirs\"}", true), 0);
        assert_true(fixture_change(f, "SMS_Package=\"P0100001\"", json, true) < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
}

static void a_source_must_be_a_folder(void **state)
{
        struct fixture *f = *state;

        assert_true(fixture_create(f, "SMS_Package",
                                   "{\"Name\":\"x\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"/nonexistent/source\"}") < 0);
        assert_non_null(strstr(f->q.err.text, "/nonexistent/source"));
        assert_true(fixture_create(f, "SMS_Package",
                                   "{\"Name\":\"x\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"relative\"}") < 0);
        assert_true(fixture_get(f, "SMS_Package=\"P0100001\"") < 0);
}

static void summaries_cannot_be_written(void **state)
{
        struct fixture *f = *state;
        const char *path = "SMS_PackageStatusRootSummarizer=\"P0100001\"";

        fixture_fill(f);
        assert_true(fixture_change(f, path, "{\"Installed\":1}", false) < 0);
        assert_int_equal(f->q.err.kind, ERR_READ_ONLY);
        assert_true(fixture_delete(f, path) < 0);
        assert_int_equal(f->q.err.kind, ERR_READ_ONLY);
        assert_true(fixture_create(f, "SMS_PackageStatusRootSummarizer", "{\"PackageID\":\"P0100009\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_READ_ONLY);
        assert_true(fixture_create(f, "SMS_ST_NonRecurring", "{}") < 0);
}

static void programs_collections_and_adverts(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_true(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100001\"}") < 0);
        assert_non_null(strstr(f->q.err.text, "ProgramName must be given"));
        assert_int_equal(fixture_create(f, "SMS_Program",
                                        "{\"PackageID\":\"P0100001\",\"ProgramName\":\"Install\",\"CommandLine\":\"setup\"}"), 0);
        assert_int_equal(cim_get(f->q.result, "ProgramFlags")->i, 0x116000);
        assert_true(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"install\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_int_equal(fixture_create(f, "SMS_Collection", "{\"Name\":\"Paris\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "AddCollectionMember", "{\"CollectionID\":\"SMS00001\",\"Name\":\"pc1\"}"), 0);
        assert_int_equal(fixture_get(f, "TM_CollectionMember.CollectionID=\"SMS00001\",Name=\"PC1\""), 0);
        assert_int_equal(fixture_create(f, "SMS_Advertisement",
                                        "{\"AdvertisementName\":\"a\",\"CollectionID\":\"SMS00001\","
                                        "\"PackageID\":\"P0100001\",\"ProgramName\":\"Install\"}"), 0);
        assert_true(str_eqz(cim_get(f->q.result, "AdvertisementID")->s, "P0120000"));
        assert_int_equal(fixture_get(f, "TM_Offer.AdvertisementID=\"P0120000\",SiteCode=\"P01\""), 0);
        assert_true(fixture_delete(f, "SMS_Package=\"P0100001\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_int_equal(fixture_delete(f, "SMS_Advertisement=\"P0120000\""), 0);
        assert_int_equal(fixture_delete(f, "SMS_Program.PackageID=\"P0100001\",ProgramName=\"Install\""), 0);
}

/* A row of a query has NULL where a property is lazy; put back, it empties nothing. */
static void what_was_not_read_stays(void **state)
{
        struct fixture *f = *state;
        const char *path = "SMS_Program.PackageID=\"P0100001\",ProgramName=\"Install\"";

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"Install\","
                                        "\"SupportedOperatingSystems\":[{\"__CLASS\":\"SMS_OS_Details\",\"Name\":\"Win NT\"}]}"), 0);
        assert_int_equal(fixture_change(f, path, "{\"Comment\":\"x\",\"SupportedOperatingSystems\":null,\"IconSize\":null}", true), 0);
        assert_int_equal(cim_get(f->q.result, "SupportedOperatingSystems")->array.n, 1);
        assert_true(str_eqz(cim_get(f->q.result, "Comment")->s, "x"));
        assert_int_equal(fixture_change(f, path, "{\"SupportedOperatingSystems\":[]}", true), 0);
        assert_true(!cim_get(f->q.result, "SupportedOperatingSystems") ||
                    cim_get(f->q.result, "SupportedOperatingSystems")->array.n == 0);
}

static void sites_below_are_created_once(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_create(f, "SMS_Site",
                                        "{\"SiteCode\":\"S01\",\"SiteName\":\"Sub\",\"ServerName\":\"SUB01\","
                                        "\"ReportingSiteCode\":\"P01\",\"Type\":1}"), 0);
        assert_true(fixture_create(f, "SMS_Site", "{\"SiteCode\":\"S01\",\"ServerName\":\"SUB02\",\"ReportingSiteCode\":\"P01\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_int_equal(fixture_delete(f, "SMS_Site=\"S01\""), 0);
}

static void dp_fields_that_may_be_written(void **state)
{
        struct fixture *f = *state;
        const char *path = "SMS_DistributionPointInfo.NALPath=\"[\\\"Display=\\\\\\\\PAR01\\\\\\\"]MSWNET:[\\\"SMS_SITE=P01\\\"]"
                           "\\\\\\\\PAR01\\\\\",ResourceType=\"Windows NT Server\",SiteCode=\"P01\"";

        fixture_fill(f);
        assert_int_equal(fixture_change(f, path, "{\"Description\":\"rack 3\",\"Priority\":100}", true), 0);
        assert_true(str_eqz(cim_get(f->q.result, "Description")->s, "rack 3"));
        assert_true(fixture_change(f, path, "{\"ServerName\":\"PAR02\"}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_READ_ONLY);
        assert_true(fixture_create(f, "SMS_DistributionPointInfo", "{\"NALPath\":\"x\"}") < 0);
}

/* ---- roles ---- */

static void roles_are_kept(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        fixture_role(f, USER_ANALYST);
        assert_int_equal(fixture_get(f, "SMS_Package=\"P0100001\""), 0);
        assert_true(fixture_create(f, "SMS_Package", "{\"Name\":\"x\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_true(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"All\":true}") < 0);
        assert_non_null(strstr(f->q.err.text, "it takes the role operator"));
        assert_int_equal(fixture_call(f, "TM_Site", "Verify", "{}"), 0);
        fixture_role(f, USER_OPERATOR);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"All\":true}"), 0);
        assert_true(fixture_delete(f, "SMS_Package=\"P0100001\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_true(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"X\",\"SiteCode\":\"P01\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
}

/* ---- pages ---- */

/* Pages of a few rows, one after the other, are the whole, each row once, in the order of the keys. */
static void pages_are_the_whole(void **state)
{
        struct fixture *f = *state;
        struct provider_query next = { 0 };
        char last[16] = "";
        size_t n = 0;
        bool more = true;

        for (int i = 0; i < 23; i++)
                assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"p\"}"), 0);
        for (int page = 0; more; page++) {
                struct str rest;

                buf_fini(&f->q.json);
                f->q.query = next;
                f->q.page_bytes = 4000;
                f->q.n_rows = 0;
                f->q.more = false;
                assert_int_equal(fixture_ask(f, PROVIDER_QUERY, "SMS_Package", NULL), 0);
                assert_true(f->q.n_rows > 0 && f->q.n_rows < 23);
                n += f->q.n_rows;
                rest = buf_str(&f->q.json);
                for (char *at; (at = memmem(rest.p, rest.n, "\"PackageID\":\"", 13)) != NULL;
                     rest = str_from(rest, (size_t)(at - rest.p) + 13)) {
                        char id[9];

                        memcpy(id, at + 13, 8);
                        id[8] = 0;
                        assert_true(strcmp(last, id) < 0);
                        memcpy(last, id, 9);
                }
                next.after = f->q.last;
                more = f->q.more;
                assert_true(page < 23);
        }
        assert_int_equal(n, 23);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
        const struct CMUnitTest tests[] = {
                T(every_class_can_be_queried),
                T(a_package_is_created_changed_and_deleted),
                T(read_only_properties_are_not_the_callers),
                T(a_put_of_an_older_state_is_refused),
                T(a_source_must_be_a_folder),
                T(summaries_cannot_be_written),
                T(programs_collections_and_adverts),
                T(what_was_not_read_stays),
                T(sites_below_are_created_once),
                T(dp_fields_that_may_be_written),
                T(roles_are_kept),
                T(pages_are_the_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
