/* SPDX-License-Identifier: Apache-2.0 */
/* test_cim - classes as documented, paths in every form, JSON with its refusals */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "cim/cim.h"
#include "cim/failure.h"
#include "cim/namespace.h"

static struct arena arena;
static struct err err;

static int setup(void **state)
{
        arena_init(&arena, 0);
        err_clear(&err);
        return 0;
}

static int teardown(void **state)
{
        arena_fini(&arena);
        return 0;
}

static const struct cim_class *class_of(const char *name)
{
        const struct cim_class *c = cim_class_find(str_of(name));

        assert_non_null(c);
        return c;
}

static const struct cim_property *property_of(const char *class, const char *name)
{
        const struct cim_class *c = class_of(class);
        int k = cim_property_find(c, str_of(name));

        assert_true(k >= 0);
        return &c->properties[k];
}

/* ---- classes ---- */

static void every_class_is_found_in_any_case(void **state)
{
        for (size_t i = 0; i < n_cim_classes; i++) {
                char *upper = arena_strz(&arena, cim_classes[i]->name);

                for (char *p = upper; *p; p++)
                        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
                assert_ptr_equal(cim_class_find(str_of(upper)), cim_classes[i]);
        }
        assert_null(cim_class_find(STR("SMS_Nothing")));
        assert_null(cim_class_find(STR("")));
}

static void classes_are_as_documented(void **state)
{
        const struct cim_class *package = class_of("SMS_Package");

        assert_string_equal(package->super->name, "SMS_PackageBaseclass");
        assert_true(cim_class_isa(package, class_of("SMS_BaseClass")));
        assert_false(cim_class_isa(class_of("SMS_BaseClass"), package));
        assert_int_equal(package->n_keys, 1);
        assert_string_equal(package->properties[package->keys[0]].name, "PackageID");
        assert_string_equal(property_of("SMS_Package", "PackageID")->origin, "SMS_PackageBaseclass");
        assert_int_equal(class_of("SMS_PackageStatusDistPointsSummarizer")->n_keys, 3);
        assert_true(class_of("SMS_PackageStatusDistPointsSummarizer")->read_only);
        assert_true(property_of("SMS_PackageStatusRootSummarizer", "Targeted")->read_only);
        assert_false(property_of("SMS_DistributionPointInfo", "Description")->read_only);
        assert_true(property_of("SMS_Package", "RefreshSchedule")->lazy);
        assert_int_equal(property_of("SMS_Package", "RefreshSchedule")->max_items, 15);
        assert_string_equal(property_of("SMS_Package", "RefreshSchedule")->embedded, "SMS_ScheduleToken");
        assert_int_equal(property_of("SMS_PackageStatusRootSummarizer", "Name")->size_limit, 64);
        assert_true(cim_method_find(class_of("TM_Site"), STR("distribute"))->static_);
        assert_false(cim_method_find(package, STR("RefreshPkgSource"))->static_);
}

static void defaults_are_the_documented_ones(void **state)
{
        struct cim_instance *i = cim_instance_new(class_of("SMS_Advertisement"), &arena);

        assert_int_equal(cim_instance_defaults(i, &arena), 0);
        assert_int_equal(cim_get(i, "RemoteClientFlags")->i, 48);
        assert_int_equal(cim_get(i, "Priority")->i, 2);
        assert_int_equal(cim_get(i, "IncludeSubCollection")->i, 1);
        assert_true(cim_get(i, "PresentTime")->i == TIME_CIM_EPOCH_US);
        assert_true(str_eqz(cim_get(i, "Comment")->s, ""));
        assert_null(cim_get(i, "AdvertisementID"));
}

/* Every default and every enumeration number obeys the property's own limits. */
static void defaults_obey_their_limits(void **state)
{
        for (size_t i = 0; i < n_cim_classes; i++) {
                for (size_t k = 0; k < cim_classes[i]->n_properties; k++) {
                        const struct cim_property *p = &cim_classes[i]->properties[k];
                        struct cim_value v;

                        if (p->default_) {
                                assert_true(cim_default(p, &arena, &v));
                                assert_int_equal(cim_value_check(p, &v, &err), 0);
                        }
                }
        }
}

/* ---- paths ---- */

#define DP_PATH "SMS_DistributionPoint.PackageID=\"P0100001\",ServerNALPath=\"[\\\"Display=\\\\\\\\PAR01\\\\\\\"]" \
                "MSWNET:[\\\"SMS_SITE=P01\\\"]\\\\\\\\PAR01\\\\\",SiteCode=\"P01\""
#define DP_NAL "[\"Display=\\\\PAR01\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\PAR01\\"

static void paths_of_every_form_name_the_instance(void **state)
{
        static const char *const forms[] = {
                "SMS_Package.PackageID=\"P0100001\"",
                "sms_package.packageid='P0100001'",
                "SMS_Package=\"P0100001\"",
                " SMS_Package.PackageID = \"P0100001\" ",
                "root\\sms\\site_P01:SMS_Package.PackageID=\"P0100001\"",
                "\\root\\sms\\site_P01:SMS_Package.PackageID=\"P0100001\"",
                "\\\\SITE01\\root\\sms\\site_P01:SMS_Package.PackageID=\"P0100001\"",
                "//./root/sms/site_P01:SMS_Package=\"P0100001\"",
                "winmgmts:SMS_Package=\"P0100001\"",
                "winmgmts:\\root\\sms\\site_P01:SMS_Package=\"P0100001\"",
                "winmgmts:{impersonationLevel=impersonate}!\\\\SITE01\\root\\sms\\site_P01:SMS_Package=\"P0100001\"",
        };

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                struct cim_path p;
                struct cim_instance *in;

                assert_int_equal(cim_path_parse(str_of(forms[i]), &arena, &p, &err), 0);
                assert_int_equal(cim_path_bind(&p, &arena, &in, &err), 0);
                assert_string_equal(in->class->name, "SMS_Package");
                assert_true(str_eqz(cim_get(in, "PackageID")->s, "P0100001"));
                assert_true(in->given[in->class->keys[0]]);
        }
}

static void paths_keep_server_and_namespace(void **state)
{
        struct cim_path p;

        assert_int_equal(cim_path_parse(STR("\\\\SITE01\\root\\sms:SMS_ProviderLocation"), &arena, &p, &err), 0);
        assert_true(str_eqz(p.server, "SITE01"));
        assert_true(str_eqz(p.ns, "root\\sms"));
        assert_int_equal(p.n_keys, 0);
        assert_int_equal(cim_path_parse(STR("SMS_Identification=@"), &arena, &p, &err), 0);
        assert_true(p.singleton);
}

static void a_path_with_quotes_and_backslashes_survives(void **state)
{
        struct cim_instance *in;
        struct cim_path p;
        struct buf b;

        assert_int_equal(cim_path_parse(STR(DP_PATH), &arena, &p, &err), 0);
        assert_int_equal(cim_path_bind(&p, &arena, &in, &err), 0);
        assert_true(str_eqz(cim_get(in, "ServerNALPath")->s, DP_NAL));
        buf_init(&b, 0);
        assert_int_equal(cim_path_format(in, &b), 0);
        assert_string_equal(b.p, DP_PATH);
        buf_fini(&b);
}

static void bad_paths_are_refused_with_their_place(void **state)
{
        static const struct {
                const char *path, *words;
        } bad[] = {
                { "", "name of a class is missing" },
                { "7SMS", "name of a class is missing" },
                { "SMS_Package.", "name of a key is missing" },
                { "SMS_Package.PackageID", "'=' is missing" },
                { "SMS_Package.PackageID=", "no value" },
                { "SMS_Package.PackageID=\"P01", "not closed at character" },
                { "SMS_Package.PackageID=\"P01\\\"", "not closed" },
                { "SMS_Package=\"a\"b", "unexpected at character 16" },
                { "SMS_Package=\"a\",PackageID=\"b\"", "unexpected" },
                { "\\\\server:SMS_Package", "wants a namespace" },
                { ":SMS_Package", "namespace is empty" },
                { "winmgmts:{x!SMS_Package", "'}!' is missing" },
                { "A.a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1", "too many keys" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct cim_path p;

                err_clear(&err);
                assert_true(cim_path_parse(str_of(bad[i].path), &arena, &p, &err) < 0);
                assert_non_null(strstr(err.text, bad[i].words));
        }
}

static void keys_must_be_those_of_the_class(void **state)
{
        static const struct {
                const char *path, *words;
        } bad[] = {
                { "SMS_Nothing=\"a\"", "there is no class" },
                { "SMS_Package", "is named by PackageID" },
                { "SMS_Program=\"a\"", "is named by PackageID, ProgramName" },
                { "SMS_Program.PackageID=\"a\",PackageID=\"b\"", "given twice" },
                { "SMS_Program.PackageID=\"a\",Comment=\"b\"", "has no key \"Comment\"" },
                { "SMS_DistributionJob=\"x\"", "is no uint64" },
                { "SMS_BaseClass=1", "no key at all" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct cim_instance *in;
                struct cim_path p;

                err_clear(&err);
                assert_int_equal(cim_path_parse(str_of(bad[i].path), &arena, &p, &err), 0);
                assert_true(cim_path_bind(&p, &arena, &in, &err) < 0);
                assert_non_null(strstr(err.text, bad[i].words));
        }
}

/* ---- JSON ---- */

static void json_sets_what_it_names(void **state)
{
        const char *text = "{\"__CLASS\":\"SMS_Package\",\"@odata.context\":1,\"name\":\"Office\",\"Priority\":1,"
                           "\"PkgFlags\":4294967295,\"LastRefreshTime\":\"2026-11-22T22:00:00Z\",\"Icon\":[1,255],"
                           "\"IgnoreAddressSchedule\":true,\"Description\":null}";
        struct cim_instance *in;

        assert_int_equal(cim_json_read(class_of("SMS_Package"), str_of(text), &arena, &in, &err), 0);
        assert_true(str_eqz(cim_get(in, "Name")->s, "Office"));
        assert_int_equal(cim_get(in, "Priority")->i, 1);
        assert_true(cim_get(in, "PkgFlags")->i == UINT32_MAX);
        assert_int_equal(cim_get(in, "Icon")->array.n, 2);
        assert_int_equal(cim_get(in, "Icon")->array.items[1].i, 255);
        assert_null(cim_get(in, "Description"));
        assert_true(in->given[cim_property_find(in->class, STR("Description"))]);
        assert_false(in->given[cim_property_find(in->class, STR("Version"))]);
}

static void bad_json_is_refused_by_name(void **state)
{
        static const struct {
                const char *json, *words;
        } bad[] = {
                { "", "not JSON" },
                { "{\"Name\":", "not JSON" },
                { "[]", "wants a JSON object" },
                { "{\"Name\":\"a\",\"Name\":\"b\"}", "duplicate" },
                { "{\"Name\":\"a\",\"name\":\"b\"}", "given twice" },
                { "{\"Nmae\":\"a\"}", "no property \"Nmae\"" },
                { "{\"Name\":7}", "a whole number is no string" },
                { "{\"Priority\":\"1\"}", "a text is no uint32" },
                { "{\"Priority\":1.5}", "a number is no uint32" },
                { "{\"Priority\":4}", "4 is none of 1 (HIGH), 2 (NORMAL), 3 (LOW)" },
                { "{\"Priority\":-1}", "does not fit a uint32" },
                { "{\"PkgFlags\":4294967296}", "does not fit a uint32" },
                { "{\"Icon\":[256]}", "does not fit a uint8" },
                { "{\"Icon\":[null]}", "item 0 is null" },
                { "{\"Icon\":7}", "is no uint8[]" },
                { "{\"IgnoreAddressSchedule\":1}", "is no boolean" },
                { "{\"TransformAnalysisDate\":\"yesterday\"}", "is no datetime" },
                { "{\"Version\":\"123456789012345678901234567890123\"}", "33 characters are more than the 32" },
                { "{\"RefreshSchedule\":[{\"StartTime\":null}]}", "say in \"__CLASS\" which kind" },
                { "{\"RefreshSchedule\":[{\"__CLASS\":\"SMS_Package\"}]}", "is no kind of SMS_ScheduleToken" },
                { "{\"RefreshSchedule\":[{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"Day\":8}]}", "outside 1 to 7" },
                { "{\"Name\":\"\\u0000\"}", "not JSON" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct cim_instance *in;

                err_clear(&err);
                assert_true(cim_json_read(class_of("SMS_Package"), str_of(bad[i].json), &arena, &in, &err) < 0);
                assert_int_equal(err.kind, ERR_INVALID);
                assert_non_null(strstr(err.text, bad[i].words));
        }
}

static void too_many_items_are_refused(void **state)
{
        struct cim_instance *in;
        struct buf b;

        buf_init(&b, 0);
        buf_addz(&b, "{\"RefreshSchedule\":[");
        for (int i = 0; i < 16; i++)
                buf_printf(&b, "%s{\"__CLASS\":\"SMS_ST_NonRecurring\"}", i ? "," : "");
        buf_addz(&b, "]}");
        assert_true(cim_json_read(class_of("SMS_Package"), buf_str(&b), &arena, &in, &err) < 0);
        assert_non_null(strstr(err.text, "16 items are more than the 15"));
        buf_fini(&b);
}

static void embedded_objects_become_one_text(void **state)
{
        static const char *const same[] = {
                "{\"RefreshSchedule\":[{\"__CLASS\":\"SMS_ST_RecurInterval\",\"DaySpan\":7}]}",
                "{\"RefreshSchedule\":[{\"dayspan\":7,\"HourSpan\":0,\"@odata.type\":\"#AdminService.SMS_ST_RecurInterval\"}]}",
        };
        struct cim_value first = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
                const struct cim_property *p = property_of("SMS_Package", "RefreshSchedule");
                struct cim_instance *in;

                assert_int_equal(cim_json_read(class_of("SMS_Package"), str_of(same[i]), &arena, &in, &err), 0);
                if (i)
                        assert_true(cim_value_eq(p, &first, cim_get(in, "RefreshSchedule")));
                first = *cim_get(in, "RefreshSchedule");
        }
        assert_true(str_starts(first.array.items[0].s, "{\"__CLASS\":\"SMS_ST_RecurInterval\",\"DayDuration\":0"));
}

static void strings_are_escaped_and_mended(void **state)
{
        struct buf b;

        buf_init(&b, 0);
        cim_json_string(&b, STR("a\"\\\n\t\x01\xff\xc3\xa9"));
        assert_string_equal(b.p, "\"a\\\"\\\\\\n\\t\\u0001\xef\xbf\xbd\xc3\xa9\"");
        buf_fini(&b);
}

/* ---- text ---- */

static void words_of_people_become_values(void **state)
{
        static const struct {
                const char *class, *property, *text;
                int64_t value;
        } rows[] = {
                { "SMS_Package", "Priority", "high", 1 },
                { "SMS_Package", "Priority", "2", 2 },
                { "SMS_Package", "PkgFlags", "0x1000000", 0x1000000 },
                { "SMS_Package", "PkgFlags", "DO_NOT_DOWNLOAD|use_binary_delta_rep", 0x05000000 },
                { "SMS_Package", "IgnoreAddressSchedule", "TRUE", 1 },
                { "SMS_Package", "SourceDate", "19900101000000.000000+***", TIME_CIM_EPOCH_US },
                { "SMS_Package", "SourceDate", "1990-01-01T01:00:00+01:00", TIME_CIM_EPOCH_US },
                { "SMS_PackageStatusDistPointsSummarizer", "State", "CONTENT_MONITORING", 8 },
                { "SMS_StatusMessage", "Severity", "ERROR", 3221225472 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct cim_value v;

                assert_int_equal(cim_value_parse(property_of(rows[i].class, rows[i].property), str_of(rows[i].text),
                                                 &arena, &v, &err), 0);
                assert_true(v.i == rows[i].value);
        }
}

static void lists_are_read_with_commas_or_as_json(void **state)
{
        const struct cim_class *m = cim_method_parameters(class_of("SMS_DistributionPointGroup"),
                                                          cim_method_find(class_of("SMS_DistributionPointGroup"),
                                                                          STR("AddDistributionPoints")), &arena);
        struct cim_value v;

        assert_string_equal(m->name, "SMS_DistributionPointGroup.AddDistributionPoints");
        assert_int_equal(cim_value_parse(&m->properties[0], STR("a, b"), &arena, &v, &err), 0);
        assert_int_equal(v.array.n, 2);
        assert_true(str_eqz(v.array.items[1].s, "b"));
        assert_int_equal(cim_value_parse(&m->properties[0], STR("[\"a\",\"b,c\"]"), &arena, &v, &err), 0);
        assert_true(str_eqz(v.array.items[1].s, "b,c"));
        assert_int_equal(cim_value_parse(&m->properties[0], STR(DP_NAL), &arena, &v, &err), 0);
        assert_int_equal(v.array.n, 1);
        assert_true(str_eqz(v.array.items[0].s, DP_NAL));
}

static void numbers_beyond_json_travel_as_text(void **state)
{
        const struct cim_property *p = property_of("TM_DistributionPoint", "BytesFree");
        struct cim_value v = { .u = UINT64_MAX }, back;
        struct buf b;

        buf_init(&b, 0);
        cim_json_value_write(p, &v, &b);
        assert_string_equal(b.p, "\"18446744073709551615\"");
        assert_int_equal(cim_json_value_read(p, buf_str(&b), &arena, &back, &err), 0);
        assert_true(cim_value_eq(p, &v, &back));
        buf_fini(&b);
}

static void namespaces_are_found_in_every_spelling(void **state)
{
        static const struct {
                const char *text;
                int ns;                 /* -1: none */
        } t[] = {
                { "root", CIM_NS_ROOT }, { "ROOT\\SMS", CIM_NS_SMS }, { "root/sms/site_p01", CIM_NS_SITE },
                { "\\\\.\\root\\subscription", CIM_NS_SUBSCRIPTION }, { "//host/root/sms:", CIM_NS_SMS },
                { "root\\sms\\site_S01", -1 }, { "root\\cimv2", -1 }, { "", -1 }, { "\\\\", -1 }, { "\\\\host", -1 },
        };
        enum cim_namespace ns;
        char name[CIM_NS_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                int r = cim_namespace_find(str_of(t[i].text), STR("P01"), &ns);

                if ((r == 0 ? (int)ns : -1) != t[i].ns)
                        fail_msg("%s: %d", t[i].text, r == 0 ? (int)ns : -1);
        }
        cim_namespace_name(CIM_NS_SITE, STR("P01"), name);
        assert_string_equal(name, "ROOT\\SMS\\site_P01");
        assert_true(cim_namespace_has(CIM_NS_SMS, cim_class_find(STR("SMS_ProviderLocation"))));
        assert_false(cim_namespace_has(CIM_NS_SMS, cim_class_find(STR("SMS_Package"))));
        assert_true(cim_namespace_has(CIM_NS_ROOT, cim_class_find(STR("__NAMESPACE"))));
        assert_true(cim_namespace_has(CIM_NS_SUBSCRIPTION, cim_class_find(STR("LogFileEventConsumer"))));
        assert_false(cim_namespace_has(CIM_NS_SITE, cim_class_find(STR("LogFileEventConsumer"))));
}

/* ---- failures ---- */

static void a_refusal_tells_what_and_why(void **state)
{
        struct cim_failure f = { .kind = ERR_DENIED, .operation = "DeleteInstance", .description = STR("no"),
                                 .parameter = STR("SMS_DistributionPointGroup.GroupID=\"x\"") };
        struct cim_instance *i = cim_failure_instance(&f, &arena);

        assert_non_null(i);
        assert_string_equal(i->class->name, "SMS_ExtendedStatus");
        assert_int_equal(cim_get(i, "StatusCode")->i, 0x80041003);
        assert_int_equal(cim_get(i, "ErrorCode")->i, 3U << 30 | 1 << 22 | 5 << 16 | 43 << 8 | ERR_DENIED);
        assert_true(str_eqz(cim_get(i, "CauseInfo")->s, "AccessDenied"));
        assert_true(str_eqz(cim_get(i, "ObjectInfo")->s, "SMS_DistributionPointGroup.GroupID=\"x\""));
        assert_true(str_eqz(cim_get(i, "ProviderName")->s, "Tallyman"));
        assert_int_equal(cim_get(i, "Line")->i, 0);
        assert_null(cim_get(i, "SQLStatus"));
}

static void wmis_own_refusal_is_the_base_class(void **state)
{
        struct cim_failure f = { .status = 0x80041017, .operation = "ExecQuery", .description = STR("what?") };
        struct buf b;

        buf_init(&b, 0);
        cim_failure_json(&f, &b);
        buf_addz(&b, "");
        assert_string_equal(b.p, "{\"__CLASS\":\"__ExtendedStatus\",\"StatusCode\":2147749911,\"Description\":\"what?\","
                                 "\"Operation\":\"ExecQuery\",\"ParameterInfo\":null,\"ProviderName\":\"Windows Management\"}");
        buf_fini(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(namespaces_are_found_in_every_spelling),
                T(every_class_is_found_in_any_case),
                T(classes_are_as_documented),
                T(defaults_are_the_documented_ones),
                T(defaults_obey_their_limits),
                T(paths_of_every_form_name_the_instance),
                T(paths_keep_server_and_namespace),
                T(a_path_with_quotes_and_backslashes_survives),
                T(bad_paths_are_refused_with_their_place),
                T(keys_must_be_those_of_the_class),
                T(json_sets_what_it_names),
                T(bad_json_is_refused_by_name),
                T(too_many_items_are_refused),
                T(embedded_objects_become_one_text),
                T(strings_are_escaped_and_mended),
                T(words_of_people_become_values),
                T(lists_are_read_with_commas_or_as_json),
                T(numbers_beyond_json_travel_as_text),
                T(a_refusal_tells_what_and_why),
                T(wmis_own_refusal_is_the_base_class),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
