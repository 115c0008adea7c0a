/* SPDX-License-Identifier: Apache-2.0 */
/* The content status classes: what administrators' scripts ask of them finds what it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "lib/fault.h"

static struct fixture f;
static const char *package, *group;
static int64_t dp[4];

struct member {
        int64_t dp;
        const char *package;
};

static int do_group(struct tx *t, void *arg, struct err *e)
{
        const struct member *m = arg;

        return m->package ? model_group_package(t, str_of(group), str_of(m->package), true, false, e)
                          : model_group_member(t, str_of(group), m->dp, true, false, e);
}

/* DP0 installed, DP1 failed for good, DP2 tries again, DP3 waits. */
static int set_up(void **state)
{
        char name[8];

        fixture_again(&f);
        package = add_package(&f, "Editor");
        assert_int_equal(put(&f, "SMS_DistributionPointGroup", "{\"Name\":\"all\"}"), 0);
        group = arena_strz(&f.arena, fixture_id);
        assert_int_equal(fixture_do(&f, do_group, &(struct member){ .package = package }), 0);
        for (int i = 0; i < 4; i++) {
                snprintf(name, sizeof(name), "DP%d", i);
                dp[i] = add_dp(&f, name, i % 2 ? "S01" : "P01");
                assert_int_equal(assign(&f, package, dp[i]), 0);
                if (i < 3)
                        assert_int_equal(fixture_do(&f, do_group, &(struct member){ .dp = dp[i] }), 0);
        }
        assert_int_equal(snapshot_done(&f, package), 0);
        assert_int_equal(installed(&f, package, dp[0], 1, order_of(&f, package, dp[0], false)), 0);
        assert_int_equal(fail_job(&f, order_of(&f, package, dp[1], false), "DiskFull", true, 2), 0);
        assert_int_equal(fail_job(&f, order_of(&f, package, dp[2], false), "DpOffline", false, 5), 0);
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

static int64_t count(const char *view, const char *condition)
{
        return number(&f, where("(SELECT count(*) AS n FROM %s WHERE %s)", view, condition), "n", NULL);
}

static void every_way_to_ask_for_failures_finds_them(void **state)
{
        static const char *const views[] = { "SMS_DistributionDPStatus", "SMS_DPStatusDetails" };
        static const char *const asked[] = { "MessageState <> 1", "MessageState > 2", "MessageState = 4",
                                             "MessageState IN (3, 4)" };

        for (size_t i = 0; i < ARRAY_SIZE(views); i++)
                for (size_t k = 0; k < ARRAY_SIZE(asked); k++)
                        assert_int_equal(count(views[i], where("%s AND InsString2 = 'DP1'", asked[k])), 1);
        assert_int_equal(count("SMS_DistributionDPStatus", "MessageState = 1 AND Name = 'DP0'"), 1);
        assert_int_equal(count("SMS_DistributionDPStatus", "MessageState = 3 AND Name = 'DP2'"), 1);
        assert_int_equal(count("SMS_DistributionDPStatus", "MessageState = 2 AND Name = 'DP3'"), 1);
        assert_int_equal(count("SMS_DPStatusInfo", "MessageState = 4 AND NumberErrors = 1 AND Name = 'DP1'"), 1);
}

static void the_latest_message_is_shown(void **state)
{
        const int64_t record = number(&f, "SMS_DPStatusDetails", "StatusMsgID", "DPName = 'DP0'");

        assert_int_equal(number(&f, "SMS_StatusMessage", "MessageID", where("RecordID = %lld", (long long)record)), 2330);
        assert_int_equal(number(&f, "SMS_DPStatusDetails", "MessageID", "DPName = 'DP0'"), 2330);
        assert_int_equal(number(&f, "SMS_DPStatusDetails", "MessageFullID", "DPName = 'DP0'"), 0x40000000 | 2330);
        assert_int_equal(number(&f, "SMS_DPStatusDetails", "MessageSeverity", "DPName = 'DP1'"), 0xC0000000);
        assert_string_equal(text(&f, "SMS_DPStatusDetails", "InsString1", "DPName = 'DP1'"), package);
        assert_int_equal(number(&f, "SMS_DPStatusDetails", "MessageID", "DPName = 'DP3'"), 0);
        assert_int_equal(number(&f, "SMS_DistributionDPStatus", "ID", "Name = 'DP0'"),
                         number(&f, "SMS_DPStatusDetails", "ID", "DPName = 'DP0'"));
}

static void a_package_adds_up(void **state)
{
        const char *one = where("ObjectID = '%s'", package);

        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "Targeted", one), 4);
        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "NumberSuccess", one), 1);
        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "NumberInProgress", one), 2);
        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "NumberErrors", one), 1);
        assert_true(number(&f, "SMS_ObjectContentInfo", "DateCreated", one) > 0);
        assert_int_equal(validate(&f, package, dp[0]), 0);
        assert_int_equal(invalid(&f, package, dp[0], 1, order_of(&f, package, dp[0], true), "a/file"), 0);
        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "NumberErrors", one), 2);
        assert_int_equal(number(&f, "SMS_ObjectContentInfo", "NumberSuccess", one), 0);
        assert_int_equal(count("SMS_DistributionStatus", where("ObjectID = '%s' AND Type = 3 AND Assets = 1", package)), 2);
}

static void a_group_adds_up(void **state)
{
        const char *one = where("GroupID = '%s'", group), *other;

        assert_int_equal(number(&f, "SMS_DPGroupInfo", "NumberSuccess", one), 1);
        assert_int_equal(number(&f, "SMS_DPGroupInfo", "NumberErrors", one), 1);
        assert_int_equal(number(&f, "SMS_DPGroupInfo", "NumberInProgress", one), 1);
        assert_int_equal(number(&f, "SMS_DPGroupInfo", "NumberUnknown", one), 0);
        assert_int_equal(count("SMS_DPGroupDistributionStatusDetails", where("GroupID = '%s' AND MessageState = 4", group)), 1);
        assert_int_equal(count("SMS_DPGroupContentInfo", where("GroupID = '%s' AND ObjectTypeID = 2", group)), 1);
        assert_int_equal(count("SMS_PackageContentServerInfo", "ContentServerType = 2"), 1);
        assert_int_equal(count("SMS_DistributionDPStatus", "GroupCount = 1"), 3);
        other = add_package(&f, "Viewer");
        assert_int_equal(fixture_do(&f, do_group, &(struct member){ .package = other }), 0);
        assert_int_equal(unassign(&f, other, dp[0]), 0);
        assert_int_equal(removed(&f, other, dp[0], order_of(&f, other, dp[0], false)), 0);
        one = where("GroupID = '%s'", group);
        assert_int_equal(number(&f, "SMS_DPGroupInfo", "NumberUnknown", one), 1);
}

static void what_is_removed_is_gone(void **state)
{
        assert_int_equal(unassign(&f, package, dp[0]), 0);
        assert_int_equal(removed(&f, package, dp[0], order_of(&f, package, dp[0], false)), 0);
        assert_int_equal(count("SMS_DistributionDPStatus", "Name = 'DP0'"), 0);
        assert_int_equal(count("SMS_DPContentInfo", "NALPath LIKE '%DP0%'"), 0);
        assert_int_equal(number(&f, "SMS_DPStatusInfo", "MessageCount", "Name = 'DP0'"), 0);
        assert_int_equal(count("SMS_DistributionStatus", "Type = 1"), 0);
}

struct link {
        const char *collection;
        bool add;
};

static int do_collection(struct tx *t, void *arg, struct err *e)
{
        const struct link *l = arg;

        return model_group_collection(t, str_of(group), str_of(l->collection), l->add, e);
}

static int do_member(struct tx *t, void *arg, struct err *e)
{
        return model_collection_member(t, str_of(arg), STR("PC1"), true, e);
}

static int do_delete(struct tx *t, void *arg, struct err *e)
{
        return model_collection_delete(t, str_of(arg), e);
}

static void a_group_has_collections(void **state)
{
        const char *mine, *one = where("GroupID = '%s'", group);

        assert_int_equal(put(&f, "SMS_Collection", "{\"Name\":\"Paris\",\"CollectionType\":2}"), 0);
        mine = arena_strz(&f.arena, fixture_id);
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ "SMS00001", true }), 0);
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ mine, true }), 0);
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ mine, true }), err_number(ERR_EXISTS));
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ "P0199999", true }), err_number(ERR_NOT_FOUND));
        assert_int_equal(fixture_do(&f, do_member, (void *)mine), 0);
        assert_int_equal(number(&f, "SMS_DPGroupCollections", "CollectionMemberCount", "CollectionName = 'Paris'"), 1);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "CollectionCount", one), 2);
        assert_null(replay(&f));
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ "SMS00001", false }), 0);
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ "SMS00001", false }), err_number(ERR_NOT_FOUND));
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "HasRelationship", one), 1);
        assert_int_equal(fixture_do(&f, do_delete, (void *)mine), 0);
        assert_int_equal(number(&f, "SMS_DistributionPointGroup", "HasRelationship", one), 0);
}

static int do_group_delete(struct tx *t, void *arg, struct err *e)
{
        return model_group_delete(t, str_of(group), e);
}

static void a_group_goes_with_all_that_shows_it(void **state)
{
        assert_int_equal(fixture_do(&f, do_collection, &(struct link){ "SMS00001", true }), 0);
        assert_int_equal(fixture_do(&f, do_group_delete, NULL), 0);
        assert_int_equal(count("SMS_DPGroupCollections", "1"), 0);
        assert_int_equal(count("SMS_DPGroupDistributionStatusDetails", "1"), 0);
        assert_int_equal(count("SMS_DistributionDPStatus", "GroupCount = 0"), 4);
}

static void associations_refer_by_path(void **state)
{
        const char *one = arena_printf(&f.arena, "package = 'SMS_Package.PackageID=\"%s\"'", package), *quoted;
        struct cim_instance *in;
        struct cim_path path;
        struct buf out;

        assert_int_equal(put(&f, "SMS_Program", where("{\"PackageID\":\"%s\",\"ProgramName\":\"a\\\"b\\\\c\",\"CommandLine\":\"x\"}",
                                                      package)), 0);
        assert_int_equal(count("SMS_PkgToPkgServer_a", one), 4);
        assert_int_equal(count("SMS_PackageToSourceSite_a", "pkgSourcesite = 'SMS_Site.SiteCode=\"P01\"'"), 1);
        quoted = text(&f, "SMS_PkgToPkgProgram_a", "pkgProgram", one);
        assert_int_equal(cim_path_parse(str_of(quoted), &f.arena, &path, &f.err), 0);
        assert_int_equal(cim_path_bind(&path, &f.arena, &in, &f.err), 0);
        assert_true(str_eqz(cim_get(in, "ProgramName")->s, "a\"b\\c"));
        buf_init(&out, 0);
        assert_int_equal(cim_path_format(in, &out), 0);
        assert_true(str_eqz(buf_str(&out), quoted));
        buf_fini(&out);
        quoted = text(&f, "SMS_PkgToPkgServer_a", "pkgServer", "ServerNALPath LIKE '%DP1%'");
        assert_int_equal(cim_path_parse(str_of(quoted), &f.arena, &path, &f.err), 0);
        assert_int_equal(cim_path_bind(&path, &f.arena, &in, &f.err), 0);
        assert_int_equal(count("SMS_DistributionPoint", where("ServerNALPath = '%.*s'", STR_ARG(cim_get(in, "ServerNALPath")->s))), 1);
}

/* As people read them with sqlite3: words and readable instants. */
static void reports_speak_in_words(void **state)
{
        static const char *const views[] = { "v_Package", "v_PackageStatus", "v_PackageStatusRootSummarizer",
                                             "v_PackageStatusDetailSumm", "v_PackageStatusDistPointsSumm",
                                             "v_DistributionPoint", "vSMS_DistributionDPStatus", "vSMS_DPStatusDetails" };
        const char *failed = "ServerNALPath LIKE '%DP1%'";

        for (size_t i = 0; i < ARRAY_SIZE(views); i++)
                assert_true(count(views[i], where("PackageID = '%s'", package)) >= 1);
        assert_int_equal(count("v_DistributionPointInfo", "ServerName LIKE 'DP%'"), 4);
        assert_int_equal(count("vSMS_DistributionJob", "RetryCount = 1"), 1);
        assert_string_equal(text(&f, "v_PackageStatusDistPointsSumm", "InstallStatus", failed), "Package installation failed");
        assert_int_equal(count("v_PackageStatusDistPointsSumm", "InstallStatus = 'Package Installation complete'"), 1);
        assert_string_equal(text(&f, "v_PackageStatusDistPointsSumm", "SummaryDate", failed), "2026-01-01 00:00:00");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_way_to_ask_for_failures_finds_them, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_latest_message_is_shown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_package_adds_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_group_adds_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_removed_is_gone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_group_has_collections, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_group_goes_with_all_that_shows_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(associations_refer_by_path, set_up, tear_down),
                cmocka_unit_test_setup_teardown(reports_speak_in_words, set_up, tear_down),
        };
        int r;

        fixture_open(&f);
        r = cmocka_run_group_tests_name("model-content", tests, NULL, NULL);
        fixture_close(&f);
        return r;
}
