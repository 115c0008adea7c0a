/* SPDX-License-Identifier: Apache-2.0 */
/* test_names - resource names and query options: what they mean and what is refused */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "rest/filter.h"
#include "rest/url.h"

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

/* ---- resource names ---- */

static void names_of_every_form(void **state)
{
        static const struct {
                const char *text, *class, *method, *key;
        } rows[] = {
                { "SMS_Package", "SMS_Package", NULL, NULL },
                { "sms_package('P0100001')", "SMS_Package", NULL, "SMS_Package.PackageID=\"P0100001\"" },
                { "SMS_Package(PackageID='P0100001')", "SMS_Package", NULL, "SMS_Package.PackageID=\"P0100001\"" },
                { "SMS_Package('P0100001')/AdminService.RefreshPkgSource", "SMS_Package", "RefreshPkgSource",
                  "SMS_Package.PackageID=\"P0100001\"" },
                { "TM_Site.Distribute", "TM_Site", "Distribute", NULL },
                { "TM_Site/AdminService.Distribute", "TM_Site", "Distribute", NULL },
                { "SMS_DistributionJob(7)", "SMS_DistributionJob", NULL, "SMS_DistributionJob.JobID=7" },
                { "SMS_Program(ProgramName='it''s (new), \"x\"', PackageID='P0100001')", "SMS_Program", NULL,
                  "SMS_Program.PackageID=\"P0100001\",ProgramName=\"it's (new), \\\"x\\\"\"" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct url_target t;
                struct buf b;

                assert_int_equal(url_parse(str_of(rows[i].text), &arena, &t, &err), 0);
                assert_string_equal(t.class->name, rows[i].class);
                if (rows[i].method)
                        assert_string_equal(t.method->name, rows[i].method);
                else
                        assert_null(t.method);
                if (!rows[i].key) {
                        assert_null(t.keys);
                        continue;
                }
                buf_init(&b, 0);
                assert_int_equal(cim_path_format(t.keys, &b), 0);
                assert_string_equal(b.p, rows[i].key);
                buf_fini(&b);
        }
}

static void bad_names_are_refused(void **state)
{
        static const struct {
                const char *text, *words;
                enum err_kind kind;
        } rows[] = {
                { "", "name of a class is missing", ERR_INVALID },
                { "SMS_Nothing", "there is no class", ERR_NOT_FOUND },
                { "SMS_Package(", "no value", ERR_INVALID },
                { "SMS_Package('a", "not closed", ERR_INVALID },
                { "SMS_Package('a'", "')' is missing", ERR_INVALID },
                { "SMS_Package('a')x", "unexpected", ERR_INVALID },
                { "SMS_Package('a','b')", "is named by PackageID", ERR_INVALID },
                { "SMS_Package(Name='b')", "has no key", ERR_INVALID },
                { "SMS_Package.Nothing", "has no method", ERR_NOT_FOUND },
                { "SMS_Package.", "method is missing", ERR_INVALID },
                { "SMS_Package.RefreshPkgSource", "is a method of an instance", ERR_INVALID },
                { "SMS_Package/AdminService.RefreshPkgSource", "is a method of an instance", ERR_INVALID },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct url_target t;

                err_clear(&err);
                assert_true(url_parse(str_of(rows[i].text), &arena, &t, &err) < 0);
                assert_int_equal(err.kind, rows[i].kind);
                assert_non_null(strstr(err.text, rows[i].words));
        }
}

/* ---- $filter ---- */

static const struct cim_class *summarizer(void)
{
        return cim_class_find(STR("SMS_PackageStatusDistPointsSummarizer"));
}

/* The WHERE part that a filter becomes. */
static const char *where(const char *filter)
{
        struct provider_query q = { .class = summarizer() };
        struct buf b;
        const char *out;
        char *end;

        assert_int_equal(filter_parse(q.class, str_of(filter), &arena, &q.where, &err), 0);
        buf_init(&b, 0);
        assert_int_equal(provider_query_text(&q, &b, &err), 0);
        out = strstr(b.p, " WHERE ");
        out = arena_strz(&arena, out ? out + 7 : " ORDER BY ");
        end = strstr(out, " ORDER BY ");
        *end = 0;
        buf_fini(&b);
        return out;
}

static void filters_become_conditions(void **state)
{
        static const struct {
                const char *filter, *where;
        } rows[] = {
                { "", "" },
                { "State eq 3", "\"State\" = ?1" },
                { "state EQ 'INSTALL_FAILED'", "\"State\" = ?1" },
                { "PackageID ne 'x'", "\"PackageID\" IS NOT ?1 COLLATE NOCASE" },
                { "LastCopied eq null", "\"LastCopied\" IS NULL" },
                { "LastCopied ne null", "\"LastCopied\" IS NOT NULL" },
                { "SummaryDate gt 2026-01-01T00:00:00Z", "\"SummaryDate\" > ?1" },
                { "State eq 1 or State eq 2 and SiteCode eq 'P01'",
                  "(\"State\" = ?1 OR (\"State\" = ?2 AND \"SiteCode\" = ?3 COLLATE NOCASE))" },
                { "(State eq 1 or State eq 2) and SiteCode eq 'P01'",
                  "((\"State\" = ?1 OR \"State\" = ?2) AND \"SiteCode\" = ?3 COLLATE NOCASE)" },
                { "not (State eq 1)", "((\"State\" = ?1) IS NOT TRUE)" },
                { "State in (1, '2')", "(\"State\" = ?1 OR \"State\" = ?2)" },
                { "startswith(PackageID,'P01') eq true",
                  "coalesce(substr(\"PackageID\", 1, length(?1)) = ?1 COLLATE NOCASE, 0)" },
                { "contains(ServerNALPath,'x')", "coalesce(instr(lower(\"ServerNALPath\"), lower(?1)) > 0, 0)" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                assert_string_equal(where(rows[i].filter), rows[i].where);
}

static void bad_filters_are_refused(void **state)
{
        static const struct {
                const char *filter, *words;
        } rows[] = {
                { "State", "eq, ne, gt" },
                { "State eq", "a value is missing" },
                { "State eq 'INSTALLLED'", "is no uint32" },
                { "State gt null", "null can be compared" },
                { "Nothing eq 1", "has no property \"Nothing\"" },
                { "State eq 1 and", "name of a property is missing" },
                { "(State eq 1", "')' is missing" },
                { "State eq 1)", "unexpected" },
                { "State eq 1; DROP TABLE package", "is no uint32" },
                { "PackageID eq 'a", "not closed" },
                { "startswith(State,'1')", "are for texts" },
                { "State in ()", "a value is missing" },
                { "State in 1", "'(' is missing" },
                { "'a' eq PackageID", "name of a property is missing" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const struct provider_expr *x;

                err_clear(&err);
                assert_true(filter_parse(summarizer(), str_of(rows[i].filter), &arena, &x, &err) < 0);
                assert_non_null(strstr(err.text, rows[i].words));
        }
}

static void lists_cannot_be_compared(void **state)
{
        const struct provider_expr *x;

        assert_true(filter_parse(cim_class_find(STR("SMS_Package")), STR("Icon eq 1"), &arena, &x, &err) < 0);
        assert_int_equal(err.kind, ERR_NOT_SUPPORTED);
}

static void filters_are_bounded(void **state)
{
        const struct provider_expr *x;
        struct buf b;

        buf_init(&b, 0);
        for (int i = 0; i < 100000; i++)
                buf_addz(&b, "(not ");
        assert_true(filter_parse(summarizer(), buf_str(&b), &arena, &x, &err) < 0);
        assert_int_equal(err.kind, ERR_TOO_LARGE);
        buf_reset(&b);
        err_clear(&err);
        buf_addz(&b, "State in (1");
        for (int i = 0; i < 100000; i++)
                buf_addz(&b, ",1");
        buf_addc(&b, ')');
        assert_true(filter_parse(summarizer(), buf_str(&b), &arena, &x, &err) < 0);
        assert_int_equal(err.kind, ERR_TOO_LARGE);
        buf_fini(&b);
}

/* ---- the others ---- */

static void order_and_selection(void **state)
{
        struct provider_query q = { .class = summarizer() };
        const bool *only;

        assert_int_equal(filter_order(STR("State desc, packageid"), &q, &err), 0);
        assert_int_equal(q.n_order, 2);
        assert_true(q.order[0].descending);
        assert_false(q.order[1].descending);
        assert_true(filter_order(STR("State sideways"), &q, &err) < 0);
        err_clear(&err);
        assert_true(filter_order(STR("Nothing"), &q, &err) < 0);
        assert_int_equal(filter_select(q.class, STR("State,PackageID"), &arena, &only, &err), 0);
        assert_true(only[cim_property_find(q.class, STR("State"))]);
        assert_false(only[cim_property_find(q.class, STR("SiteCode"))]);
        err_clear(&err);
        assert_true(filter_select(q.class, STR("State,Nothing"), &arena, &only, &err) < 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(names_of_every_form),       T(bad_names_are_refused),    T(filters_become_conditions),
                T(bad_filters_are_refused),   T(lists_cannot_be_compared), T(filters_are_bounded),
                T(order_and_selection),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
