/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: what is refused and in which words, identifiers, groups, offers, enrolment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "lib/fault.h"

static struct fixture f;

static int set_up(void **state)
{
        fixture_again(&f);
        return 0;
}

static int tear_down(void **state)
{
        const char *differs = replay(&f);

        assert_int_equal(n_differences(&f), 0);
        if (differs)
                fail_msg("%s", differs);
        return 0;
}

/* The creation is refused with that kind, and the words name these. */
static void refused(const char *class_name, const char *json, enum err_kind kind, const char *word1, const char *word2)
{
        int r = put(&f, class_name, json);

        if (r != err_number(kind) || !strstr(f.err.text, word1) || !strstr(f.err.text, word2))
                fail_msg("%s: %d, \"%s\" names not %s and %s", json, r, f.err.text, word1, word2);
}

static void packages_are_checked(void **state)
{
        const char *c = "SMS_Package";
        char json[1400], path[1200];

        refused(c, "{}", ERR_INVALID, "SMS_Package.Name", "empty");
        refused(c, "{\"Name\":\"  \"}", ERR_INVALID, "SMS_Package.Name", "empty");
        refused(c, "{\"Name\":\"a\\nb\"}", ERR_INVALID, "SMS_Package.Name", "control");
        refused(c, "{\"Name\":\"a\",\"PkgSourceFlag\":2}", ERR_INVALID, "PkgSourcePath", "folder");
        refused(c, "{\"Name\":\"a\",\"PkgSourceFlag\":0}", ERR_INVALID, "PkgSourceFlag", "use 1");
        refused(c, "{\"Name\":\"a\",\"ShareType\":2}", ERR_INVALID, "ShareName", "needs");
        refused(c, "{\"Name\":\"a\",\"SourceVersion\":7}", ERR_READ_ONLY, "SourceVersion", "cannot be written");
        refused(c, "{\"Name\":\"a\",\"PackageID\":\"P0100001\"}", ERR_READ_ONLY, "PackageID", "cannot be written");
        memset(path, 'x', 1100);
        path[1100] = 0;
        snprintf(json, sizeof(json), "{\"Name\":\"a\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"/%s\"}", path);
        refused(c, json, ERR_INVALID, "PkgSourcePath", "1000");
        assert_int_equal(number(&f, "(SELECT count(*) AS n FROM package)", "n", NULL), 0);
}

static int do_put_package(struct tx *t, void *arg, struct err *e)
{
        struct cim_instance *in = arg;

        return model_package_put(t, cim_get(in, "PackageID")->s, in, e);
}

static void packages_keep_what_is_written(void **state)
{
        struct cim_instance *in;

        assert_int_equal(put(&f, "SMS_Package",
                             "{\"Name\":\"Editor\",\"Version\":\"7\",\"Language\":\"EN\",\"Manufacturer\":\"M\",\"Description\":\"D\","
                             "\"PkgFlags\":67108864,\"Priority\":1,\"MIFName\":\"mif\",\"ForcedDisconnectDelay\":9,\"Icon\":[1,2,255],"
                             "\"RefreshSchedule\":[{\"__CLASS\":\"SMS_ST_RecurInterval\",\"DaySpan\":1}]}"),
                         0);
        assert_string_equal(fixture_id, "P0100001");
        assert_string_equal(text(&f, "SMS_Package", "Icon", NULL), "[1,2,255]");
        assert_non_null(strstr(text(&f, "SMS_Package", "RefreshSchedule", NULL), "SMS_ST_RecurInterval"));
        assert_int_equal(number(&f, "SMS_Package", "ForcedDisconnectDelay", NULL), 9);
        assert_int_equal(number(&f, "SMS_Package", "ForcedDisconnectNumRetries", NULL), 2);
        in = instance(&f, "SMS_Package", "{\"PackageID\":\"p0100001\",\"Name\":\"Editor 2\",\"SedoObjectVersion\":\"0000000000000001\"}");
        assert_int_equal(fixture_do(&f, do_put_package, in), 0);
        assert_string_equal(text(&f, "SMS_PackageStatusRootSummarizer", "Name", NULL), "Editor 2");
        assert_string_equal(text(&f, "SMS_Package", "Version", NULL), "7");
        /* Somebody wrote in between. */
        assert_int_equal(fixture_do(&f, do_put_package, in), err_number(ERR_CONFLICT));
        /* The trigger is a method, and needs source files. */
        in = instance(&f, "SMS_Package", "{\"PackageID\":\"P0100001\",\"RefreshPkgSourceFlag\":true}");
        assert_int_equal(fixture_do(&f, do_put_package, in), err_number(ERR_CONFLICT));
        in = instance(&f, "SMS_Package", "{\"PackageID\":\"P0100001\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"/s\"}");
        assert_int_equal(fixture_do(&f, do_put_package, in), 0);
        assert_int_equal(number(&f, "SMS_Package", "SourceVersion", NULL), 2);
        in = instance(&f, "SMS_Package", "{\"PackageID\":\"P0100001\",\"RefreshPkgSourceFlag\":true}");
        assert_int_equal(fixture_do(&f, do_put_package, in), 0);
        assert_int_equal(number(&f, "SMS_Package", "SourceVersion", NULL), 3);
        assert_int_equal(number(&f, "TM_PackageCondition", "Ready", NULL), 0);
}

static void a_whole_instance_put_back_is_accepted(void **state)
{
        struct cim_instance *in;

        assert_int_equal(put(&f, "SMS_Package", "{\"Name\":\"Editor\"}"), 0);
        in = instance(&f, "SMS_Package", "{\"PackageID\":\"P0100001\",\"Name\":\"Editor\",\"SourceVersion\":99,\"SourceSite\":\"XXX\"}");
        assert_int_equal(fixture_do(&f, do_put_package, in), err_number(ERR_READ_ONLY));
        in->given = NULL;
        assert_int_equal(fixture_do(&f, do_put_package, in), 0);
        assert_int_equal(number(&f, "SMS_Package", "SourceVersion", NULL), 1);
}

static void dp_names_and_sites(void **state)
{
        static const char *const bad[] = { "", "-a", "a-", "a..b", ".a", "a.", "a b", "a_b", "\xc3\xa4", "a/b", "a\"b",
                                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_int_equal(add_dp(&f, bad[i], "P01"), -1);
                assert_int_equal(f.err.kind, ERR_INVALID);
                assert_non_null(strstr(f.err.text, "letters, digits and hyphens"));
        }
        assert_int_equal(add_dp(&f, "par-01.example.net", "P01"), 1);
        assert_string_equal(text(&f, "SMS_DistributionPointInfo", "NALPath", NULL),
                            "[\"Display=\\\\par-01.example.net\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\par-01.example.net\\");
        assert_int_equal(add_dp(&f, "PAR-01.example.NET", "S01"), -1);
        assert_int_equal(f.err.kind, ERR_EXISTS);
        assert_int_equal(add_dp(&f, "x", "ZZZ"), -1);
        assert_int_equal(f.err.kind, ERR_NOT_FOUND);
        assert_non_null(strstr(f.err.text, "ZZZ"));
}

static void site_codes(void **state)
{
        static const char *const bad[] = { "AUX", "CON", "NUL", "PRN", "SMS", "ENV", "ab1", "A-1", "ABCD", "AB" };
        char json[200];

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                snprintf(json, sizeof(json), "{\"SiteCode\":\"%.3s\",\"SiteName\":\"x\",\"ServerName\":\"x\",\"ReportingSiteCode\":\"P01\"}",
                         bad[i]);
                if (strlen(bad[i]) == 3)
                        refused("SMS_Site", json, ERR_INVALID, "site code", bad[i]);
        }
        refused("SMS_Site", "{\"SiteCode\":\"S02\",\"SiteName\":\"x\",\"ServerName\":\"x\"}", ERR_INVALID, "ReportingSiteCode", "parent");
        refused("SMS_Site", "{\"SiteCode\":\"S02\",\"SiteName\":\"x\",\"ServerName\":\"x\",\"ReportingSiteCode\":\"S99\"}", ERR_NOT_FOUND,
                "ReportingSiteCode", "S99");
        refused("SMS_Site", "{\"SiteCode\":\"P01\",\"ReportingSiteCode\":\"S01\"}", ERR_INVALID, "above itself", "P01");
        refused("SMS_Site", "{\"SiteCode\":\"S02\",\"SiteName\":\"x/y\",\"ServerName\":\"x\",\"ReportingSiteCode\":\"P01\"}", ERR_INVALID,
                "SiteName", "x/y");
}

static int do_delete_site(struct tx *t, void *arg, struct err *e)
{
        return model_site_delete(t, str_of(arg), e);
}

static void sites_with_users_stay(void **state)
{
        assert_int_equal(fixture_do(&f, do_delete_site, (char *)"P01"), err_number(ERR_CONFLICT));
        add_dp(&f, "DP1", "S01");
        assert_int_equal(fixture_do(&f, do_delete_site, (char *)"S01"), err_number(ERR_CONFLICT));
        assert_non_null(strstr(f.err.text, "1 distribution points"));
        assert_int_equal(fixture_do(&f, do_delete_site, (char *)"S09"), err_number(ERR_NOT_FOUND));
}

static int do_delete_program(struct tx *t, void *arg, struct err *e)
{
        return model_program_delete(t, STR("P0100001"), STR("setup"), e);
}

static int do_delete_package(struct tx *t, void *arg, struct err *e)
{
        return model_package_delete(t, STR("P0100001"), e);
}

static int do_delete_advert(struct tx *t, void *arg, struct err *e)
{
        return model_advert_delete(t, STR("P0120000"), e);
}

static void programs_and_advertisements_refer(void **state)
{
        const char *advert = "{\"AdvertisementName\":\"A\",\"PackageID\":\"P0100001\",\"ProgramName\":\"setup\",\"CollectionID\":\"SMS00001\"}";

        refused("SMS_Program", "{\"PackageID\":\"P0100009\",\"ProgramName\":\"setup\"}", ERR_NOT_FOUND, "setup", "P0100009");
        assert_int_equal(put(&f, "SMS_Package", "{\"Name\":\"Editor\"}"), 0);
        refused("SMS_Advertisement", advert, ERR_NOT_FOUND, "ProgramName", "setup");
        assert_int_equal(put(&f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"setup\",\"CommandLine\":\"run\"}"), 0);
        refused("SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"SETUP\"}", ERR_EXISTS, "SETUP", "already");
        refused("SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"b\",\"ProgramFlags\":147456}", ERR_INVALID, "USERCONTEXT",
                "NOUSERLOGGEDIN");
        refused("SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"b\",\"DriveLetter\":\"1\"}", ERR_INVALID, "DriveLetter", "1");
        refused("SMS_Advertisement", "{\"AdvertisementName\":\"A\",\"PackageID\":\"P0100001\",\"ProgramName\":\"setup\",\"CollectionID\":\"P01FFFFF\"}",
                ERR_NOT_FOUND, "CollectionID", "P01FFFFF");
        refused("SMS_Advertisement", "{\"AdvertisementName\":\"A\",\"ProgramName\":\"setup\",\"CollectionID\":\"SMS00001\"}", ERR_INVALID,
                "PackageID", "missing");
        assert_int_equal(put(&f, "SMS_Advertisement", advert), 0);
        assert_string_equal(fixture_id, "P0120000");
        assert_int_equal(number(&f, "SMS_Advertisement", "TimeFlags", NULL), 1);
        assert_int_equal(number(&f, "SMS_Package", "NumOfPrograms", NULL), 1);
        assert_int_equal(fixture_do(&f, do_delete_program, NULL), err_number(ERR_CONFLICT));
        assert_non_null(strstr(f.err.text, "P0120000"));
        assert_int_equal(fixture_do(&f, do_delete_package, NULL), err_number(ERR_CONFLICT));
        assert_int_equal(fixture_do(&f, do_delete_advert, NULL), 0);
        assert_int_equal(fixture_do(&f, do_delete_program, NULL), 0);
        assert_int_equal(fixture_do(&f, do_delete_package, NULL), 0);
        assert_int_equal(number(&f, "(SELECT count(*) AS n FROM package)", "n", NULL), 0);
}

static int do_offers(struct tx *t, void *arg, struct err *e)
{
        return model_offers_refresh(t, STR_NULL, arg, e);
}

static int64_t n_offers(const char *site)
{
        return number(&f, where("(SELECT count(*) AS n FROM TM_Offer WHERE SiteCode = '%s')", site), "n", NULL);
}

static void offers_follow_readiness_and_time(void **state)
{
        const char *package = add_package(&f, "Editor");
        int64_t dp1 = add_dp(&f, "DP1", "P01"), dp2 = add_dp(&f, "DP2", "P01"), dp3 = add_dp(&f, "DP3", "S01"), next;

        assert_int_equal(put(&f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"setup\"}"), 0);
        assert_int_equal(put(&f, "SMS_Advertisement",
                             "{\"AdvertisementName\":\"A\",\"PackageID\":\"P0100001\",\"ProgramName\":\"setup\",\"CollectionID\":\"SMS00001\","
                             "\"PresentTime\":\"2026-01-01T01:00:00Z\",\"ExpirationTimeEnabled\":true,"
                             "\"ExpirationTime\":\"2026-01-01T02:00:00Z\"}"),
                         0);
        assert_int_equal(fixture_do(&f, do_offers, &next), 0);
        assert_int_equal(next - os_now_us(), 3600 * US_PER_SECOND);
        assert_int_equal(assign(&f, package, dp1), 0);
        assert_int_equal(assign(&f, package, dp2), 0);
        assert_int_equal(assign(&f, package, dp3), 0);
        fault_clock_advance(3600 * US_PER_SECOND);
        assert_int_equal(snapshot_done(&f, package), 0);
        assert_int_equal(installed(&f, package, dp1, 1, order_of(&f, package, dp1, false)), 0);
        assert_int_equal(n_offers("P01"), 0);
        assert_int_equal(installed(&f, package, dp2, 1, order_of(&f, package, dp2, false)), 0);
        assert_int_equal(n_offers("P01"), 1);
        assert_int_equal(n_offers("S01"), 0);
        assert_int_equal(update(&f, package), 0);
        assert_int_equal(n_offers("P01"), 0);
        settle(&f, package);
        assert_int_equal(n_offers("P01") + n_offers("S01"), 2);
        fault_clock_advance(3600 * US_PER_SECOND);
        assert_int_equal(fixture_do(&f, do_offers, &next), 0);
        assert_int_equal(n_offers("P01") + n_offers("S01"), 0);
        assert_true(next == TIME_NONE_US);
}

static void offers_without_source_files(void **state)
{
        assert_int_equal(put(&f, "SMS_Package", "{\"Name\":\"Script\"}"), 0);
        assert_int_equal(put(&f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"run\",\"ProgramFlags\":4096}"), 0);
        assert_int_equal(put(&f, "SMS_Advertisement",
                             "{\"AdvertisementName\":\"A\",\"PackageID\":\"P0100001\",\"ProgramName\":\"run\",\"CollectionID\":\"SMS00001\"}"),
                         0);
        assert_int_equal(n_offers("P01") + n_offers("S01"), 0);  /* DISABLED */
        assert_int_equal(put(&f, "SMS_Program", "{\"PackageID\":\"P0100001\",\"ProgramName\":\"go\"}"), 0);
        assert_int_equal(put(&f, "SMS_Advertisement",
                             "{\"AdvertisementName\":\"B\",\"PackageID\":\"P0100001\",\"ProgramName\":\"go\",\"CollectionID\":\"SMS00001\"}"),
                         0);
        assert_int_equal(n_offers("P01") + n_offers("S01"), 2);
}

struct group_arg {
        const char *package;
        int64_t dp;
        bool add, with;
};
static int do_group(struct tx *t, void *arg, struct err *e)
{
        const struct group_arg *a = arg;

        return a->package ? model_group_package(t, STR("all"), str_of(a->package), a->add, a->with, e)
                          : model_group_member(t, STR("ALL"), a->dp, a->add, a->with, e);
}

static int group(const char *package, int64_t dp, bool add, bool with)
{
        return fixture_do(&f, do_group, &(struct group_arg){ package, dp, add, with });
}

static void groups_keep_step(void **state)
{
        const char *package = add_package(&f, "Editor");
        int64_t dp1 = add_dp(&f, "DP1", "P01"), dp2 = add_dp(&f, "DP2", "S01");

        assert_int_equal(put(&f, "SMS_DistributionPointGroup", "{\"Name\":\"all\"}"), 0);
        assert_int_equal(strlen(fixture_id), 38);
        refused("SMS_DistributionPointGroup", "{\"Name\":\"ALL\"}", ERR_EXISTS, "ALL", "another name");
        assert_int_equal(group(NULL, dp1, true, true), 0);
        assert_int_equal(group(NULL, dp1, true, true), err_number(ERR_EXISTS));
        assert_int_equal(group(package, 0, true, false), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", NULL), 1);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "OutOfSyncContentCount", NULL), 1);
        settle(&f, package);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "ContentInSync", NULL), 1);
        assert_int_equal(group(NULL, dp2, true, true), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", NULL), 2);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "OutOfSyncContentCount", NULL), 1);
        settle(&f, package);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "OutOfSyncContentCount", NULL), 0);
        assert_int_equal(group(NULL, dp2, false, true), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", NULL), 1);
        assert_int_equal(group(package, 0, false, true), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", NULL), 0);
}

struct enrol_arg {
        uint8_t token, cert;
};
static int do_enrol(struct tx *t, void *arg, struct err *e)
{
        const struct enrol_arg *a = arg;
        const struct hash_id token = { { a->token } }, cert = { { a->cert } };

        return model_dp_enrol(t, STR("DP1"), &token, &cert, STR("https://dp1:8444"), e);
}

static int enrol(uint8_t token, uint8_t cert)
{
        return fixture_do(&f, do_enrol, &(struct enrol_arg){ token, cert });
}

static int do_token(struct tx *t, void *arg, struct err *e)
{
        const struct hash_id token = { { 2 } };

        return model_dp_token(t, STR("dp1"), &token, t->now_us + US_PER_SECOND, e);
}

static void enrolment_tokens_work_once_and_in_time(void **state)
{
        const struct hash_id cert = { { 9 } };
        struct model_dp dp;

        add_dp(&f, "DP1", "P01");
        assert_int_equal(enrol(7, 9), err_number(ERR_DENIED));
        assert_int_equal(enrol(1, 9), 0);
        assert_int_equal(enrol(1, 9), err_number(ERR_DENIED));
        assert_int_equal(model_dp_find_cert(f.db, &cert, &dp, &f.err), 0);
        assert_string_equal(dp.name, "DP1");
        assert_string_equal(dp.url, "https://dp1:8444");
        assert_int_equal(number(&f, "TM_DistributionPoint", "Enrolled", NULL), 1);
        assert_int_equal(fixture_do(&f, do_token, NULL), 0);
        fault_clock_advance(2 * US_PER_SECOND);
        assert_int_equal(enrol(2, 9), err_number(ERR_DENIED));
        assert_non_null(strstr(f.err.text, "expired"));
}

static int do_delete_dp(struct tx *t, void *arg, struct err *e)
{
        return model_dp_delete(t, STR("DP1"), *(bool *)arg, e);
}

static void dps_with_content_stay_unless_forced(void **state)
{
        const char *package = add_package(&f, "Editor");
        int64_t dp1 = add_dp(&f, "DP1", "P01");
        bool force = false;

        assert_int_equal(assign(&f, package, dp1), 0);
        settle(&f, package);
        assert_int_equal(fixture_do(&f, do_delete_dp, &force), err_number(ERR_CONFLICT));
        assert_non_null(strstr(f.err.text, "force"));
        force = true;
        assert_int_equal(fixture_do(&f, do_delete_dp, &force), 0);
        assert_int_equal(number(&f, "SMS_PackageStatusRootSummarizer", "Targeted", NULL), 0);
        assert_true(add_dp(&f, "DP1", "P01") > dp1);
}

static int do_init_again(struct tx *t, void *arg, struct err *e)
{
        const struct model_site_opts o = { arg, "x", "x", "" };

        return model_init(t, &o, e);
}

static void a_database_belongs_to_its_site(void **state)
{
        assert_int_equal(fixture_do(&f, do_init_again, (char *)"P01"), 0);
        assert_int_equal(fixture_do(&f, do_init_again, (char *)"P02"), err_number(ERR_CONFLICT));
        assert_non_null(strstr(f.err.text, "P01"));
}

static int do_member(struct tx *t, void *arg, struct err *e)
{
        return model_collection_member(t, STR("P0100001"), STR("PC1"), *(bool *)arg, e);
}

static void collections(void **state)
{
        bool add = true;

        assert_int_equal(put(&f, "SMS_Collection", "{\"Name\":\"Pilot\"}"), 0);
        assert_string_equal(fixture_id, "P0100001");
        assert_int_equal(fixture_do(&f, do_member, &add), 0);
        assert_int_equal(fixture_do(&f, do_member, &add), err_number(ERR_EXISTS));
        assert_int_equal(number(&f, "SMS_Collection", "MemberCount", "CollectionID = 'P0100001'"), 1);
        add = false;
        assert_int_equal(fixture_do(&f, do_member, &add), 0);
        assert_int_equal(fixture_do(&f, do_member, &add), err_number(ERR_NOT_FOUND));
}

static int open_site(void **state)
{
        fixture_open(&f);
        return 0;
}

static int close_site(void **state)
{
        fixture_close(&f);
        return 0;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                T(packages_are_checked),
                T(packages_keep_what_is_written),
                T(a_whole_instance_put_back_is_accepted),
                T(dp_names_and_sites),
                T(site_codes),
                T(sites_with_users_stay),
                T(programs_and_advertisements_refer),
                T(offers_follow_readiness_and_time),
                T(offers_without_source_files),
                T(groups_keep_step),
                T(enrolment_tokens_work_once_and_in_time),
                T(dps_with_content_stay_unless_forced),
                T(a_database_belongs_to_its_site),
                T(collections),
        };

        return cmocka_run_group_tests_name("model-objects", tests, open_site, close_site);
}
