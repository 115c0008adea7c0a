/* SPDX-License-Identifier: Apache-2.0 */
/* wql - what parses, what does not and where, and that printing is the inverse */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "wql/wql.h"

struct good {
        enum wql_dialect dialect;
        const char *text;
        const char *canonical;          /* NULL: the text itself */
};
static const struct good goods[] = {
        { WQL_DIALECT_CORE, "SELECT * FROM SMS_Package", NULL },
        { WQL_DIALECT_CORE, "select  Name , Version\tfrom\r\nsms_package", "SELECT Name, Version FROM sms_package" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE 5 < B", "SELECT * FROM A WHERE B > 5" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE NOT (B = 1 OR C = 2) AND (D = 3)",
          "SELECT * FROM A WHERE NOT (B = 1 OR C = 2) AND D = 3" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE (B = 1 AND (C = 2 AND D = 3))", "SELECT * FROM A WHERE B = 1 AND C = 2 AND D = 3" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE (B = 1 OR C = 2) AND NOT NOT D = 3", NULL },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = 'it\\'s' AND C != \"a\\\\b\"",
          "SELECT * FROM A WHERE B = \"it's\" AND C <> \"a\\\\b\"" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B LIKE '%[[]x' AND C IS NOT NULL", "SELECT * FROM A WHERE B LIKE \"%[[]x\" AND C IS NOT NULL" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = +40 OR B = .5 OR B = -1.25", NULL },
        { WQL_DIALECT_CORE, "SELECT * FROM META_CLASS WHERE __THIS ISA SMS_Package", "SELECT * FROM META_CLASS WHERE __THIS ISA \"SMS_Package\"" },
        { WQL_DIALECT_CORE, "ASSOCIATORS OF { A.B=\"x}\" } where resultclass=C KeysOnly", "ASSOCIATORS OF {A.B=\"x}\"} WHERE ResultClass = C KeysOnly" },
        { WQL_DIALECT_CORE, "REFERENCES OF {A} WHERE SchemaOnly", NULL },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceModificationEvent WITHIN 120 WHERE TargetInstance ISA 'SMS_PackageStatusRootSummarizer'",
          "SELECT * FROM __InstanceModificationEvent WITHIN 120 WHERE TargetInstance ISA \"SMS_PackageStatusRootSummarizer\"" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E WITHIN 99999999999999999999999", "SELECT * FROM E WITHIN 4294967.295" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E WITHIN .290 GROUP WITHIN 0.0001", "SELECT * FROM E WITHIN 0.29 GROUP WITHIN 0" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E WITHIN 0.5 GROUP WITHIN 300 BY A.B, C HAVING NumberOfEvents >= 3", NULL },
        { WQL_DIALECT_EXTENDED, "SELECT DISTINCT a.Name FROM A a, B WHERE a.X = B.X ORDER BY a.Name desc, B.Y asc",
          "SELECT DISTINCT a.Name FROM A AS a, B WHERE a.X = B.X ORDER BY a.Name DESC, B.Y" },
        { WQL_DIALECT_EXTENDED, "SELECT a.*, b.Name FROM A AS a LEFT JOIN B AS b ON a.Id = b.Id",
          "SELECT a.*, b.Name FROM A AS a LEFT OUTER JOIN B AS b ON a.Id = b.Id" },
        { WQL_DIALECT_EXTENDED, "SELECT COUNT(*) FROM A", NULL },
        { WQL_DIALECT_EXTENDED, "SELECT Name FROM A WHERE State IN ('2', 3) AND Id NOT IN (SELECT Id FROM B WHERE C = TRUE)",
          "SELECT Name FROM A WHERE State IN (\"2\", 3) AND Id NOT IN (SELECT Id FROM B WHERE C = TRUE)" },
        { WQL_DIALECT_EXTENDED, "SELECT Name FROM A WHERE DateDiff(dd, X, GetDate()) < 30",
          "SELECT Name FROM A WHERE DateDiff(Day, X, GetDate()) < 30" },
};

struct refused {
        enum wql_dialect dialect;
        const char *text;
        enum wbem_status status;
        const char *words;              /* part of the message */
};
static const struct refused refuseds[] = {
        { WQL_DIALECT_CORE, "", WBEM_E_INVALID_PARAMETER, "no query" },
        { WQL_DIALECT_CORE, " \t", WBEM_E_INVALID_PARAMETER, "no query" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = ", WBEM_E_INVALID_QUERY, "the query ends at column 27" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = abc", WBEM_E_INVALID_QUERY, "text needs quotes) is not part of WQL at column 27" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = 'abc", WBEM_E_INVALID_QUERY, "not closed" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B NOT LIKE 'x'", WBEM_E_INVALID_QUERY, "not part of WQL at column 25" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B NOT ISA 'x'", WBEM_E_INVALID_QUERY, "in front of the whole condition" },
        { WQL_DIALECT_CORE, "SELECT * FROM A ORDER BY B", WBEM_E_INVALID_QUERY, "ORDER BY is not part of WQL" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WITHIN 5", WBEM_E_INVALID_QUERY, "WITHIN belongs to event queries" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE 1 = 1", WBEM_E_INVALID_QUERY, "a property on one side" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B > NULL", WBEM_E_INVALID_QUERY, "use IS NULL" },
        { WQL_DIALECT_CORE, "SELECT * FROM A WHERE B = 10MB", WBEM_E_INVALID_QUERY, "decimal digits" },
        { WQL_DIALECT_CORE, "SELECT * FROM TRUE", WBEM_E_INVALID_QUERY, "reserved" },
        { WQL_DIALECT_CORE, "SELECT A FROM meta_class", WBEM_E_INVALID_QUERY, "SELECT * FROM meta_class" },
        { WQL_DIALECT_CORE, "REFERENCES OF {A.B=1} WHERE AssocClass = C", WBEM_E_INVALID_QUERY, "belongs to ASSOCIATORS OF" },
        { WQL_DIALECT_CORE, "ASSOCIATORS OF {A.B=1} WHERE Role = X Role = Y", WBEM_E_INVALID_QUERY, "is there twice" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E WITHIN -5", WBEM_E_UNPARSABLE_QUERY, "a number of seconds" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E GROUP BY A", WBEM_E_MISSING_GROUP_WITHIN, "GROUP WITHIN n BY" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E GROUP WITHIN 5 BY *", WBEM_E_MISSING_AGGREGATION_LIST, "name the properties" },
        { WQL_DIALECT_EVENT, "SELECT * FROM E WHERE T ISA 'X' AND 'T.S = 1'", WBEM_E_UNPARSABLE_QUERY, "an operator" },
        { WQL_DIALECT_EXTENDED, "SELECT COUNT(DISTINCT A) FROM B", WBEM_E_INVALID_QUERY, "do not go together" },
        { WQL_DIALECT_EXTENDED, "SELECT A FROM B WHERE C IN ()", WBEM_E_INVALID_QUERY, "expected a constant" },
        { WQL_DIALECT_EXTENDED, "SELECT A FROM B WHERE C IN (SELECT D, E FROM F)", WBEM_E_INVALID_QUERY, "exactly one property" },
        { WQL_DIALECT_EXTENDED, "UPDATE A SET B = 'x'", WBEM_E_INVALID_QUERY, "expected SELECT" },
};

static void good_ones_parse_and_print(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(goods); i++) {
                const char *want = goods[i].canonical ? goods[i].canonical : goods[i].text;
                struct wql_query *q;
                struct wql_error e = { 0 };
                struct arena a;
                struct buf b;

                arena_init(&a, 1 << 20);
                buf_init(&b, 0);
                if (wql_parse(str_of(goods[i].text), goods[i].dialect, &a, &q, &e) < 0)
                        fail_msg("%s: %s", goods[i].text, e.text);
                wql_print(q, &b);
                assert_string_equal(b.p, want);
                buf_reset(&b);
                assert_int_equal(wql_parse(str_of(want), goods[i].dialect, &a, &q, &e), 0);
                wql_print(q, &b);
                assert_string_equal(b.p, want);
                buf_fini(&b);
                arena_fini(&a);
        }
}

static void bad_ones_say_what_and_where(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(refuseds); i++) {
                struct wql_query *q;
                struct wql_error e = { 0 };
                struct arena a;

                arena_init(&a, 1 << 20);
                if (wql_parse(str_of(refuseds[i].text), refuseds[i].dialect, &a, &q, &e) == 0)
                        fail_msg("accepted: %s", refuseds[i].text);
                if (e.status != refuseds[i].status || !strstr(e.text, refuseds[i].words))
                        fail_msg("%s: %s: %s", refuseds[i].text, wbem_name(e.status), e.text);
                arena_fini(&a);
        }
}

static enum wbem_status status_of(struct buf *text)
{
        struct wql_query *q;
        struct wql_error e = { 0 };
        struct arena a;

        arena_init(&a, 16 << 20);
        assert_false(text->failed);
        (void)!wql_parse(buf_str(text), WQL_DIALECT_EXTENDED, &a, &q, &e);
        arena_fini(&a);
        buf_reset(text);
        return e.status;
}

static void what_is_too_much_is_refused(void **state)
{
        struct buf b;

        buf_init(&b, 0);
        buf_addz(&b, "SELECT * FROM A WHERE B = 1");
        while (b.n < WQL_MAX_TEXT - 20)
                buf_addz(&b, " OR B = 1");
        assert_int_equal(status_of(&b), WBEM_NO_ERROR);

        buf_addz(&b, "SELECT * FROM A WHERE B = '");
        while (b.n <= WQL_MAX_TEXT)
                buf_addc(&b, 'x');
        buf_addc(&b, '\'');
        assert_int_equal(status_of(&b), WBEM_E_QUOTA_VIOLATION);

        buf_addz(&b, "SELECT * FROM A WHERE ");
        for (int i = 0; i < 2000; i++)
                buf_addc(&b, '(');
        assert_int_equal(status_of(&b), WBEM_E_QUOTA_VIOLATION);

        buf_addz(&b, "SELECT * FROM A WHERE ");
        for (int i = 0; i < 2000; i++)
                buf_addz(&b, "NOT ");
        assert_int_equal(status_of(&b), WBEM_E_QUOTA_VIOLATION);

        for (int i = 0; i < 400; i++)
                buf_addz(&b, "SELECT A FROM B WHERE C IN (");
        assert_int_equal(status_of(&b), WBEM_E_QUOTA_VIOLATION);

        buf_addz(&b, "SELECT ");
        for (int i = 0; i < 300; i++)
                buf_addc(&b, 'x');
        buf_addz(&b, " FROM A");
        assert_int_equal(status_of(&b), WBEM_E_QUOTA_VIOLATION);
        buf_fini(&b);
}

static void columns_count_characters(void **state)
{
        struct wql_query *q;
        struct wql_error e = { 0 };
        struct arena a;

        arena_init(&a, 1 << 20);
        assert_true(wql_parse(STR("SELECT * FROM A WHERE B = '\xc3\xa4\xc3\xb6' C"), WQL_DIALECT_CORE, &a, &q, &e) < 0);
        assert_int_equal(e.column, 32);
        arena_fini(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_ones_parse_and_print),
                cmocka_unit_test(bad_ones_say_what_and_where),
                cmocka_unit_test(what_is_too_much_is_refused),
                cmocka_unit_test(columns_count_characters),
        };

        return cmocka_run_group_tests_name("wql", tests, NULL, NULL);
}
