/* SPDX-License-Identifier: Apache-2.0 */
/* WQL queries for data: the shapes of their rows, pages, the time limit, mistakes. */
#include "fixture.h"
#include "provider/wql.h"

static struct provider_wql_request q;
static bool answered;

static void done(struct provider_wql_request *r)
{
        answered = true;
}

static int ask(struct fixture *f, const char *text, size_t page_bytes, uint64_t skip)
{
        buf_fini(&q.json);
        q = (struct provider_wql_request){ .caller = f->q.caller, .text = str_of(text), .dialect = WQL_DIALECT_EXTENDED,
                                           .page_bytes = page_bytes, .skip = skip, .done = done };
        answered = false;
        provider_wql_submit(f->provider, &q);
        for (int i = 0; i < 1000 && !answered; i++)
                loop_run_once(f->loop);
        assert_true(answered);
        return q.r;
}

static void gives(struct fixture *f, const char *text, const char *rows)
{
        if (ask(f, text, 0, 0) < 0)
                fail_msg("%s: %s", text, q.err.text);
        assert_string_equal(q.json.p ? q.json.p : "", rows);
        assert_false(q.more);
}

/* The names of the classes that are the rows, with blanks between. */
static void gives_classes(struct fixture *f, const char *text, const char *names)
{
        static const char before[] = "{\"__GENUS\":1,\"__CLASS\":\"";
        struct buf got;

        if (ask(f, text, 0, 0) < 0)
                fail_msg("%s: %s", text, q.err.text);
        buf_init(&got, 0);
        for (const char *p = q.json.p; p && (p = strstr(p, before)); p++) {
                const char *name = p + strlen(before);

                buf_printf(&got, "%s%.*s", got.n ? " " : "", (int)strcspn(name, "\""), name);
        }
        assert_string_equal(got.p ? got.p : "", names);
        buf_fini(&got);
}

static int teardown(void **state)
{
        buf_fini(&q.json);
        return fixture_teardown(state);
}

static void rows_of_every_shape(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"Office\",\"Priority\":1}"), 0);
        assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"Reader\",\"Priority\":3}"), 0);
        gives(f, "SELECT Name, Priority FROM SMS_Package WHERE name = 'OFFICE'",
              "{\"__CLASS\":\"SMS_Package\",\"__RELPATH\":\"SMS_Package.PackageID=\\\"P0100001\\\"\",\"Name\":\"Office\",\"Priority\":1}");
        gives(f, "SELECT Name FROM SMS_PackageBaseclass ORDER BY Priority DESC",
              "{\"__CLASS\":\"SMS_Package\",\"__RELPATH\":\"SMS_Package.PackageID=\\\"P0100002\\\"\",\"Name\":\"Reader\"},"
              "{\"__CLASS\":\"SMS_Package\",\"__RELPATH\":\"SMS_Package.PackageID=\\\"P0100001\\\"\",\"Name\":\"Office\"}");
        gives(f, "SELECT COUNT(*) FROM SMS_Package", "{\"__CLASS\":\"__Generic\",\"Count\":2}");
        gives(f, "SELECT p.Name, r.Targeted FROM SMS_Package AS p INNER JOIN SMS_PackageStatusRootSummarizer AS r "
                 "ON p.PackageID = r.PackageID WHERE p.Priority = 1",
              "{\"__CLASS\":\"__Generic\","
              "\"p\":{\"__CLASS\":\"SMS_Package\",\"__RELPATH\":\"SMS_Package.PackageID=\\\"P0100001\\\"\",\"Name\":\"Office\"},"
              "\"r\":{\"__CLASS\":\"SMS_PackageStatusRootSummarizer\",\"__RELPATH\":"
              "\"SMS_PackageStatusRootSummarizer.PackageID=\\\"P0100001\\\"\",\"Targeted\":0}}");
        gives(f, "SELECT Name FROM SMS_Package WHERE Priority > 3", "");
}

static void classes_are_rows_of_meta_class(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(ask(f, "SELECT * FROM meta_class WHERE __CLASS = 'sms_package'", 0, 0), 0);
        assert_int_equal(q.n_rows, 1);
        assert_ptr_equal(strstr(q.json.p, "{\"__GENUS\":1,\"__CLASS\":\"SMS_Package\",\"__SUPERCLASS\":\"SMS_PackageBaseclass\","
                                          "\"__DYNASTY\":\"SMS_BaseClass\",\"__DERIVATION\":[\"SMS_PackageBaseclass\",\"SMS_BaseClass\"],"),
                         q.json.p);
        assert_int_equal(ask(f, "SELECT * FROM meta_class WHERE __SUPERCLASS IS NULL", 1, 0), 0);
        assert_int_equal(q.n_rows, 1);
        assert_true(q.more);
}

static void pages_make_the_whole(void **state)
{
        struct fixture *f = *state;
        struct buf all;
        uint64_t skip = 0;

        buf_init(&all, 0);
        for (int i = 0; i < 7; i++)
                assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"p\"}"), 0);
        do {
                assert_int_equal(ask(f, "SELECT PackageID FROM SMS_Package ORDER BY PackageID", 150, skip), 0);
                assert_in_range(q.n_rows, 1, 2);
                buf_addz(&all, all.n ? "," : "");
                buf_adds(&all, buf_str(&q.json));
                skip += q.n_rows;
        } while (q.more);
        gives(f, "SELECT PackageID FROM SMS_Package ORDER BY PackageID", all.p);
        assert_int_equal(q.n_rows, 7);
        buf_fini(&all);
}

static void what_is_associated(void **state)
{
        struct fixture *f = *state;

        fixture_fill(f);
        assert_int_equal(fixture_create(f, "SMS_Program", "{\"PackageID\":\"P0100002\",\"ProgramName\":\"Install\"}"), 0);
        gives(f, "REFERENCES OF {SMS_Package.PackageID='p0100002'} WHERE ResultClass = SMS_PkgToPkgProgram_a Role = package",
              "{\"__CLASS\":\"SMS_PkgToPkgProgram_a\",\"__RELPATH\":\"SMS_PkgToPkgProgram_a.package=\\\"SMS_Package.PackageID="
              "\\\\\\\"P0100002\\\\\\\"\\\",pkgProgram=\\\"SMS_Program.PackageID=\\\\\\\"P0100002\\\\\\\",ProgramName="
              "\\\\\\\"Install\\\\\\\"\\\"\",\"package\":\"SMS_Package.PackageID=\\\"P0100002\\\"\",\"pkgProgram\":"
              "\"SMS_Program.PackageID=\\\"P0100002\\\",ProgramName=\\\"Install\\\"\"}");
        gives(f, "ASSOCIATORS OF {\\\\SITE01\\root\\sms\\site_P01:SMS_Package='P0100002'} WHERE ResultClass = SMS_Program KeysOnly",
              "{\"__CLASS\":\"SMS_Program\",\"__RELPATH\":\"SMS_Program.PackageID=\\\"P0100002\\\",ProgramName=\\\"Install\\\"\","
              "\"PackageID\":\"P0100002\",\"ProgramName\":\"Install\"}");
        gives(f, "ASSOCIATORS OF {SMS_Package.PackageID='P0100002'} WHERE ResultRole = package", "");
        assert_int_equal(ask(f, "ASSOCIATORS OF {SMS_Program.PackageID='P0100002',ProgramName='Install'} WHERE ClassDefsOnly", 0, 0), 0);
        assert_int_equal(q.n_rows, 1);
        assert_ptr_equal(strstr(q.json.p, "{\"__GENUS\":1,\"__CLASS\":\"SMS_Package\","), q.json.p);
        gives_classes(f, "ASSOCIATORS OF {SMS_Program} WHERE SchemaOnly", "SMS_Package");
        gives_classes(f, "ASSOCIATORS OF {SMS_Package} WHERE SchemaOnly RequiredQualifier = Association", "");
        gives_classes(f, "ASSOCIATORS OF {SMS_Package} WHERE SchemaOnly ResultRole = pkgServer", "SMS_DistributionPoint");
        gives_classes(f, "REFERENCES OF {SMS_Program} WHERE SchemaOnly", "SMS_PkgToPkgProgram_a");
        gives_classes(f, "REFERENCES OF {root\\sms\\site_P01:SMS_Package} WHERE SchemaOnly Role = ownedPackage", "SMS_PackageToSourceSite_a");
        gives_classes(f, "REFERENCES OF {SMS_Package} WHERE SchemaOnly Role = nosuch", "");
        assert_true(ask(f, "REFERENCES OF {SMS_Package.PackageID='P0100009'}", 0, 0) < 0);
        assert_int_equal(q.why.status, WBEM_E_NOT_FOUND);
}

/* ---- time ---- */

static const char endless[] = "SELECT COUNT(*) FROM SMS_Package AS a, SMS_Package AS b, SMS_Package AS c, SMS_Package AS d, "
                              "SMS_Package AS e, SMS_Package AS f, SMS_Package AS g, SMS_Package AS h";
struct late {
        struct db_job job;
        bool done;
};

static bool ignore(void *ctx, const struct provider_wql_row *row)
{
        return true;
}

static int work_late(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct provider_wql_opts o = { .dialect = WQL_DIALECT_EXTENDED, .timeout_us = 1 };
        struct wql_error why = { 0 };
        int r = provider_wql_run(c, str_of(endless), &o, ignore, NULL, &why, e);

        assert_int_equal(why.status, 0);
        return r;
}

static void late_done(struct db_job *j)
{
        container_of(j, struct late, job)->done = true;
}

static void what_takes_too_long_is_stopped(void **state)
{
        struct fixture *f = *state;
        struct late late = { .job = { .work = work_late, .done = late_done } };

        for (int i = 0; i < 20; i++)
                assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"p\"}"), 0);
        db_read(f->db, &late.job);
        for (int i = 0; i < 1000 && !late.done; i++)
                loop_run_once(f->loop);
        assert_true(late.done);
        assert_true(late.job.r < 0);
        assert_int_equal(late.job.err.kind, ERR_TIMEOUT);
        assert_non_null(strstr(late.job.err.text, "query_timeout"));
        gives(f, "SELECT COUNT(*) FROM SMS_Package", "{\"__CLASS\":\"__Generic\",\"Count\":20}");     /* the limit went with it */
}

/* ---- mistakes, and what is checked only ---- */

static void mistakes_have_their_status(void **state)
{
        static const struct {
                const char *text;
                enum wbem_status status;
                uint32_t column;
        } rows[] = {
                { "SELECT * FROM SMS_Nothing", WBEM_E_INVALID_CLASS, 15 },
                { "SELECT Nothing FROM SMS_Package", WBEM_E_INVALID_QUERY, 8 },
                { "SELECT * SMS_Package", WBEM_E_INVALID_QUERY, 10 },
                { "SELECT * FROM meta_class WHERE", WBEM_E_INVALID_QUERY, 31 },
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                assert_true(ask(f, rows[i].text, 0, 0) < 0);
                assert_int_equal(q.why.status, rows[i].status);
                assert_int_equal(q.why.column, rows[i].column);
                assert_int_equal(q.err.kind, ERR_INVALID);
                assert_string_equal(q.err.text, q.why.text);
        }
}

static void queries_are_told_apart(void **state)
{
        static const struct {
                const char *text, *kind;
                enum wbem_status status;
        } rows[] = {
                { "SELECT * FROM SMS_Package", "data", 0 },
                { "SELECT * FROM meta_class", "schema", 0 },
                { "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'SMS_Package'", "event", 0 },
                { "REFERENCES OF {SMS_Package.PackageID='P0100001'}", "references", 0 },
                { "SELECT * FROM SMS_Package WITHIN 5", NULL, WBEM_E_NOT_EVENT_CLASS },
                { "SELECT * FROM", NULL, WBEM_E_INVALID_QUERY },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                enum provider_wql_kind kind;
                struct wql_error why = { 0 };
                struct wql_binding *b;
                struct arena a;

                arena_init(&a, 0);
                if (rows[i].kind) {
                        assert_int_equal(provider_wql_check(str_of(rows[i].text), PROVIDER_WQL_ANY, &a, &b, &kind, &why), 0);
                        assert_string_equal(provider_wql_kind_name(b->query), rows[i].kind);
                } else {
                        assert_true(provider_wql_check(str_of(rows[i].text), PROVIDER_WQL_ANY, &a, &b, &kind, &why) < 0);
                        assert_int_equal(why.status, rows[i].status);
                }
                arena_fini(&a);
        }
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, teardown)
        const struct CMUnitTest tests[] = {
                T(rows_of_every_shape),
                T(classes_are_rows_of_meta_class),
                T(pages_make_the_whole),
                T(what_is_associated),
                T(what_takes_too_long_is_stopped),
                T(mistakes_have_their_status),
                T(queries_are_told_apart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
