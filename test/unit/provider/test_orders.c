/* SPDX-License-Identifier: Apache-2.0 */
/* test_orders - methods: distribute, redistribute, remove, cancel, validate; groups; DPs and tokens */
#include "fixture.h"

static int64_t out_number(struct fixture *f, const char *name)
{
        for (size_t i = 0; i < f->q.method->n_parameters; i++) {
                if (strcmp(f->q.method->parameters[i].name, name) == 0)
                        return f->q.out_args[i].i;
        }
        fail_msg("no parameter %s", name);
        return -1;
}

static struct str out_text(struct fixture *f, const char *name)
{
        for (size_t i = 0; i < f->q.method->n_parameters; i++) {
                if (strcmp(f->q.method->parameters[i].name, name) == 0)
                        return f->q.out_args[i].s;
        }
        fail_msg("no parameter %s", name);
        return STR_NULL;
}

static int64_t targeted(struct fixture *f)
{
        assert_int_equal(fixture_get(f, "SMS_PackageStatusRootSummarizer=\"P0100002\""), 0);
        return cim_get(f->q.result, "Targeted")->i;
}

static void a_new_dp_gets_a_token_once(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"PAR01\",\"SiteCode\":\"P01\"}"), 0);
        assert_true(str_eqz(out_text(f, "Token"), "token of PAR01"));
        assert_true(str_eqz(out_text(f, "NALPath"), PAR01_NAL));
        assert_true(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"par01\",\"SiteCode\":\"P01\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_true(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"X\",\"SiteCode\":\"Z99\"}") < 0);
        assert_true(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"X\"}") < 0);
        assert_non_null(strstr(f->q.err.text, "wants the parameter SiteCode"));
        assert_int_equal(fixture_call(f, "TM_Site", "NewEnrolmentToken", "{\"Name\":\"PAR01\"}"), 0);
        assert_true(fixture_call(f, "TM_Site", "NewEnrolmentToken", "{\"Name\":\"NOPE\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_int_equal(fixture_call(f, "TM_Site", "SetMaintenance", "{\"Name\":\"PAR01\",\"On\":true}"), 0);
        assert_int_equal(fixture_get(f, "TM_DistributionPoint=\"PAR01\""), 0);
        assert_int_equal(cim_get(f->q.result, "Maintenance")->i, 1);
        assert_int_equal(fixture_call(f, "TM_Site", "RemoveDistributionPoint", "{\"Name\":\"PAR01\"}"), 0);
}

static void distribution_is_counted_and_may_be_repeated(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"p0100002\"],\"DPs\":[\"par01\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 1);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"All\":true}"), 0);
        assert_int_equal(out_number(f, "Count"), 1);
        assert_int_equal(targeted(f), 2);
        assert_int_equal(fixture_call(f, "TM_Site", "Redistribute", "{\"PackageIDs\":[\"P0100002\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 2);
        assert_int_equal(fixture_call(f, "TM_Site", "Redistribute", "{\"FailedOnly\":true}"), 0);
        assert_int_equal(out_number(f, "Count"), 0);
}

static void a_refused_target_refuses_all(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_true(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"PAR01\",\"NOPE\"]}") < 0);
        assert_non_null(strstr(f->q.err.text, "NOPE"));
        assert_int_equal(targeted(f), 0);
        assert_true(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\",\"P01FFFFF\"],\"All\":true}") < 0);
        assert_int_equal(targeted(f), 0);
        assert_true(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_INVALID);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"PAR01\"]}"), 0);
        assert_true(fixture_call(f, "TM_Site", "Remove", "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"PAR01\",\"LYO01\"]}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_int_equal(targeted(f), 1);
}

static void cancel_takes_what_is_under_way(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"All\":true}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Cancel", "{\"PackageIDs\":[\"P0100002\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 2);
        assert_int_equal(fixture_call(f, "TM_Site", "Cancel", "{\"PackageIDs\":[\"P0100002\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Redistribute", "{\"FailedOnly\":true,\"DPs\":[\"PAR01\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 1);
        assert_int_equal(fixture_call(f, "TM_Site", "Validate", "{}"), 0);
        assert_int_equal(out_number(f, "Count"), 0);
}

static void an_assignment_is_an_instance(void **state)
{
        struct fixture *f = *state;
        const char *path = "SMS_DistributionPoint.PackageID=\"P0100002\",ServerNALPath=\"[\\\"Display=\\\\\\\\PAR01\\\\\\\"]"
                           "MSWNET:[\\\"SMS_SITE=P01\\\"]\\\\\\\\PAR01\\\\\",SiteCode=\"P01\"";
        const char *json = "{\"PackageID\":\"P0100002\",\"SiteCode\":\"P01\",\"ServerNALPath\":"
                           "\"[\\\"Display=\\\\\\\\PAR01\\\\\\\"]MSWNET:[\\\"SMS_SITE=P01\\\"]\\\\\\\\PAR01\\\\\"}";

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_DistributionPoint", json), 0);
        assert_true(fixture_create(f, "SMS_DistributionPoint", json) < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_int_equal(fixture_change(f, path, "{\"RefreshNow\":true}", true), 0);
        assert_int_equal(cim_get(f->q.result, "RefreshNow")->i, 0);
        assert_true(fixture_change(f, path, "{\"ISVString\":\"x\"}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_SUPPORTED);
        assert_int_equal(fixture_delete(f, path), 0);
        assert_true(fixture_create(f, "SMS_DistributionPoint",
                                   "{\"PackageID\":\"P0100002\",\"SiteCode\":\"S99\",\"ServerNALPath\":\"LYO01\"}") < 0);
        assert_non_null(strstr(f->q.err.text, "belongs to site P01"));
}

static void package_methods(void **state)
{
        struct fixture *f = *state;
        const char *path = "SMS_Package.PackageID=\"P0100002\"";

        fixture_fill(f);
        assert_int_equal(fixture_call(f, path, "AddDistributionPoints", "{\"SiteCode\":[\"P01\"],\"NALPath\":[\"PAR01\"]}"), 0);
        assert_int_equal(targeted(f), 1);
        assert_true(fixture_call(f, path, "AddDistributionPoints", "{\"SiteCode\":[],\"NALPath\":[\"LYO01\"]}") < 0);
        assert_non_null(strstr(f->q.err.text, "go in parallel"));
        assert_int_equal(fixture_call(f, path, "RefreshPkgSource", "{}"), 0);
        assert_int_equal(fixture_get(f, path), 0);
        assert_int_equal(cim_get(f->q.result, "SourceVersion")->i, 2);
        assert_int_equal(fixture_call(f, path, "SetSourceSite", "{\"SourceSite\":\"p01\"}"), 0);
        assert_true(fixture_call(f, path, "SetSourceSite", "{\"SourceSite\":\"S01\"}") < 0);
        assert_int_equal(fixture_call(f, "SMS_Package", "CheckDuplicateSourceName", "{\"SourceName\":\"/none\",\"SourceSite\":\"P01\"}"), 0);
        assert_int_equal(out_number(f, "IsDuplicated"), 0);
        assert_true(fixture_call(f, "SMS_Package.PackageID=\"P01FFFFF\"", "RefreshPkgSource", "{}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
}

static void groups_hold_members_and_packages(void **state)
{
        struct fixture *f = *state;
        char path[120];

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_DistributionPointGroup", "{\"Name\":\"France\"}"), 0);
        (void)snprintf(path, sizeof path, "SMS_DistributionPointGroup.GroupID=\"%.*s\"",
                       STR_ARG(cim_get(f->q.result, "GroupID")->s));
        assert_int_equal(fixture_call(f, path, "AddDistributionPoints", "{\"DPNALPath\":[\"PAR01\"]}"), 0);
        assert_int_equal(fixture_call(f, path, "AddPackages", "{\"PackageIDs\":[\"P0100002\"]}"), 0);
        assert_int_equal(targeted(f), 1);
        assert_int_equal(fixture_call(f, path, "AddDistributionPoints",
                                      "{\"DPNALPath\":[\"LYO01\"],\"AddTargetedPackages\":true}"), 0);
        assert_int_equal(targeted(f), 2);
        assert_int_equal(fixture_call(f, path, "ReDistributePackage", "{\"PackageID\":\"P0100002\"}"), 0);
        assert_int_equal(fixture_call(f, path, "RefreshDPGroup", "{}"), 0);
        assert_int_equal(fixture_get(f, path), 0);
        assert_int_equal(cim_get(f->q.result, "MemberCount")->i, 2);
        assert_int_equal(cim_get(f->q.result, "ContentCount")->i, 1);
        assert_int_equal(fixture_call(f, path, "AssociateCollections", "{\"CollectionID\":[\"SMS00001\"]}"), 0);
        assert_int_equal(fixture_get(f, path), 0);
        assert_int_equal(cim_get(f->q.result, "CollectionCount")->i, 1);
        assert_int_equal(fixture_call(f, path, "DisassociateCollections", "{\"CollectionID\":[\"SMS00001\"]}"), 0);
        assert_int_equal(fixture_call(f, path, "RemovePackages", "{\"PackageIDs\":[\"P0100002\"],\"RemovePackageFromDPs\":false}"), 0);
        assert_int_equal(targeted(f), 2);
        assert_int_equal(fixture_call(f, path, "RemoveDistributionPoints", "{\"DPNALPath\":[\"PAR01\"]}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100001\",\"P0100002\"],\"Groups\":[\"france\"]}") < 0, 1);
}

static void a_group_is_a_target(void **state)
{
        struct fixture *f = *state;
        char path[120];

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_DistributionPointGroup", "{\"Name\":\"France\"}"), 0);
        (void)snprintf(path, sizeof path, "SMS_DistributionPointGroup.GroupID=\"%.*s\"",
                       STR_ARG(cim_get(f->q.result, "GroupID")->s));
        assert_int_equal(fixture_call(f, path, "AddDistributionPoints", "{\"DPNALPath\":[\"PAR01\",\"LYO01\"]}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "Distribute", "{\"PackageIDs\":[\"P0100002\"],\"Groups\":[\"France\"]}"), 0);
        assert_int_equal(out_number(f, "Count"), 2);
        assert_int_equal(targeted(f), 2);
}

static void verification_tells_what_differs(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "TM_Site", "Verify", "{\"Deep\":true}"), 0);
        assert_int_equal(f->q.out_args[1].array.n, 1);
        assert_true(str_eqz(f->q.out_args[1].array.items[0].s, "DpStranger: P0100009 on PAR01: held but not assigned"));
        assert_int_equal(fixture_call(f, "TM_Site", "Verify", "{}"), 0);
        assert_int_equal(f->q.out_args[1].array.n, 0);
}

static void the_provider_knows_itself(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "SMS_Identification", "GetCurrentUser", "{}"), 0);
        assert_true(str_eqz(f->q.out_args[0].s, "ada"));
        assert_int_equal(fixture_call(f, "SMS_Identification", "GetSiteID", "{}"), 0);
        assert_true(str_eqz(f->q.out_args[0].s, "P01"));
        assert_int_equal(fixture_call(f, "SMS_Identification", "GetProviderVersion", "{}"), 0);
        assert_true(f->q.out_args[0].s.n > 0);
        assert_true(fixture_call(f, "SMS_Identification", "GetFileBinary", "{\"FileName\":\"/etc/shadow\",\"blockNumber\":1}") < 0);
        assert_int_equal(f->q.err.kind, ERR_NOT_FOUND);
        assert_int_equal(fixture_call(f, "SMS_Advertisement", "GetNextID", "{}"), 0);
        assert_int_equal(f->q.out_args[0].i, 0x20000);
        fixture_fill(f);
        assert_int_equal(fixture_call(f, "SMS_DistributionPointInfo", "GetChainedPullDPs", "{\"SourceDPNALPath\":\"PAR01\"}"), 0);
        assert_int_equal(f->q.out_args[1].array.n, 0);
}

static void schedules_are_texts_and_tokens(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "SMS_ScheduleMethods", "ReadFromString",
                                      "{\"StringData\":\"791378800008000055147880001B2000\"}"), 0);
        assert_int_equal(f->q.out_args[1].array.n, 2);
        assert_true(str_starts(f->q.out_args[1].array.items[0].s, "{\"__CLASS\":\"SMS_ST_NonRecurring\","));
        assert_non_null(strstr(f->q.out_args[1].array.items[0].s.p, "\"StartTime\":\"2004-07-19T08:30:00Z\""));
        assert_non_null(strstr(f->q.out_args[1].array.items[1].s.p, "\"Day\":3"));
        assert_int_equal(fixture_call(f, "SMS_ScheduleMethods", "WriteToString",
                                      "{\"TokenData\":[{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"Day\":3,"
                                      "\"StartTime\":\"20040720082100.000000+***\"},{\"__CLASS\":\"SMS_ST_NonRecurring\","
                                      "\"StartTime\":\"2004-07-19T08:30:00Z\"}]}"), 0);
        assert_true(str_eqz(f->q.out_args[1].s, "55147880001B20007913788000080000"));
        assert_true(fixture_call(f, "SMS_ScheduleMethods", "ReadFromString", "{\"StringData\":\"nonsense\"}") < 0);
        assert_true(fixture_call(f, "SMS_ScheduleMethods", "WriteToString",
                                 "{\"TokenData\":[{\"__CLASS\":\"SMS_ST_NonRecurring\",\"StartTime\":\"2050-01-01T00:00:00Z\"}]}") < 0);
}

static void nal_paths_are_texts_and_parts(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_call(f, "SMS_NAL_Methods", "PackNALPath",
                                      "{\"DisplayQualifiers\":[\"Display=\\\\\\\\PAR01\\\\\"],\"NALType\":\"MSWNET\","
                                      "\"NetworkOSPath\":\"\\\\\\\\PAR01\\\\\",\"NetworkConnectionQualifiers\":[\"SMS_SITE=P01\"]}"), 0);
        assert_true(str_eqz(f->q.out_args[4].s, PAR01_NAL));
        assert_int_equal(fixture_call(f, "SMS_NAL_Methods", "UnPackNALPath", "{\"NALPath\":\"MSWNET:[\\\"SMS_SITE=P01\\\"]x\"}"), 0);
        assert_int_equal(f->q.out_args[1].array.n, 0);
        assert_true(str_eqz(f->q.out_args[2].s, "MSWNET"));
        assert_true(str_eqz(f->q.out_args[3].s, "x"));
        assert_true(str_eqz(f->q.out_args[4].array.items[0].s, "SMS_SITE=P01"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
        const struct CMUnitTest tests[] = {
                T(a_new_dp_gets_a_token_once),
                T(distribution_is_counted_and_may_be_repeated),
                T(a_refused_target_refuses_all),
                T(cancel_takes_what_is_under_way),
                T(an_assignment_is_an_instance),
                T(package_methods),
                T(groups_hold_members_and_packages),
                T(a_group_is_a_target),
                T(verification_tells_what_differs),
                T(the_provider_knows_itself),
                T(schedules_are_texts_and_tokens),
                T(nal_paths_are_texts_and_parts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
