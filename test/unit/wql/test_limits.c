/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_limits - queries of the largest size and the deepest nesting
 *
 * Each is answered, or refused with a documented status, in bounded memory: the
 * arena is given no more than MEMORY, and running out of it is a finding, as is
 * an engine that does not take what the compiler made.  A query that takes
 * minutes is ended by alarm(), which fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>
#include "wql/group.h"
#include "wql/like.h"
#include "wql/program.h"
#include "wql/sql.h"
#include "wql_tables.h"

enum { MEMORY = 16 << 20, MINUTES = 3 };

static struct db_conn *db;
static struct cim_instance *row;
static struct arena row_arena;

/* head, then item with its number as often as it fits with sep between, then tail; WQL_MAX_TEXT long at most. */
static struct str repeated(struct buf *b, const char *head, const char *item, const char *sep, const char *tail)
{
        char one[200];
        size_t n = strlen(head) + strlen(tail);

        buf_init(b, 0);
        buf_addz(b, head);
        for (int i = 0;; i++) {
                (void)snprintf(one, sizeof(one), "%s", i ? sep : "");
                (void)snprintf(one + strlen(one), sizeof(one) - strlen(one), item, i);
                n += strlen(one);
                if (n > WQL_MAX_TEXT)
                        break;
                buf_addz(b, one);
        }
        buf_addz(b, tail);
        assert_false(b->failed);
        assert_true(b->n <= WQL_MAX_TEXT && b->n + 200 > WQL_MAX_TEXT);
        return buf_str(b);
}

static struct str nested(struct buf *b, const char *head, const char *open, const char *inner, const char *close, int depth)
{
        buf_init(b, 0);
        buf_addz(b, head);
        for (int i = 0; i < depth; i++)
                buf_addz(b, open);
        buf_addz(b, inner);
        for (int i = 0; i < depth; i++)
                buf_addz(b, close);
        assert_false(b->failed);
        return buf_str(b);
}

static enum wbem_status run_by_sql(struct str text, const struct wql_binding *b, struct arena *a)
{
        struct wql_sql_opts opts = { .now_us = 1, .limit = 10 };
        struct wql_error e = { 0 };
        struct db_stmt *s = NULL;
        struct err why = { 0 };
        struct wql_sql *q;

        if (wql_sql_compile(b, &opts, a, &q, &e) < 0) {
                assert_int_equal(e.status, WBEM_E_QUOTA_VIOLATION);
                return e.status;
        }
        if (db_stmt_dynamic(&s, db, q->text, &why) < 0)
                fail_msg("the engine refuses what became of %.*s: %s", (int)MIN(text.n, 4000), text.p, why.text);
        wql_sql_bind(q, s);
        if (db_step(s, &why) < 0)
                fail_msg("%s", why.text);
        db_stmt_free(s);
        return WBEM_NO_ERROR;
}

static void run_by_program(const struct wql_binding *b, struct arena *a)
{
        struct wql_object o = { .self = row, .target = row, .previous = row };
        struct wql_error e = { 0 };
        struct wql_program *p;

        if (wql_compile(b, b->query->where, 1, a, &p, &e) < 0)
                assert_true(e.status == WBEM_E_QUOTA_VIOLATION || e.status == WBEM_E_INVALID_QUERY);
        else
                (void)wql_match(p, &o);
}

static bool is_documented(enum wbem_status s)
{
        return s == WBEM_E_QUOTA_VIOLATION || s == WBEM_E_INVALID_QUERY || s == WBEM_E_UNPARSABLE_QUERY ||
               s == WBEM_E_INVALID_CLASS || s == WBEM_E_NOT_EVENT_CLASS || s == WBEMESS_E_REGISTRATION_TOO_BROAD;
}

/* Answered in all that can answer it: 0; else the status. */
static enum wbem_status ask(struct str text, enum wql_dialect d)
{
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct buf canonical;
        struct arena a;

        arena_init(&a, MEMORY);
        if (wql_prepare(text, &wql_schema_site, d, &a, &b, &e) < 0) {
                if (!is_documented(e.status) || strstr(e.text, "memory"))
                        fail_msg("%.100s: %s (%s)", text.p, wbem_name(e.status), e.text);
        } else {
                buf_init(&canonical, 0);
                wql_print(b->query, &canonical);
                assert_false(canonical.failed);
                buf_fini(&canonical);
                if (b->query->kind == WQL_DATA)
                        e.status = run_by_sql(text, b, &a);
                if (d != WQL_DIALECT_EXTENDED)
                        run_by_program(b, &a);
                assert_true(a.used < a.limit);
        }
        arena_fini(&a);
        return e.status;
}

static void answered(struct str text, enum wql_dialect d, struct buf *b)
{
        enum wbem_status s = ask(text, d);

        if (s)
                fail_msg("%s: %.120s...", wbem_name(s), text.p);
        buf_fini(b);
}

static void refused(struct str text, enum wql_dialect d, enum wbem_status status, struct buf *b)
{
        enum wbem_status s = ask(text, d);

        if (s != status)
                fail_msg("%s instead of %s: %.120s...", wbem_name(s), wbem_name(status), text.p);
        buf_fini(b);
}

#define FROM "SELECT * FROM SMS_Package WHERE "
#define TARGET "SELECT * FROM __InstanceModificationEvent WITHIN 5 WHERE TargetInstance ISA 'SMS_Package' AND "

static void longest_conditions(void **state)
{
        struct buf b;

        answered(repeated(&b, FROM, "Name=''", " OR ", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM, "Priority>%d", " AND ", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM, "Name LIKE '%%a%d%%'", " OR NOT ", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM, "(Priority=%d AND Name='a')", "OR", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM, "Name IS NULL", " OR ", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Priority IN (", "%d", ",", ")"), WQL_DIALECT_EXTENDED, &b);
        answered(repeated(&b, FROM "NOT PackageID NOT IN (", "''", ",", ")"), WQL_DIALECT_EXTENDED, &b);
        answered(repeated(&b, FROM, "SourceDate>GetDate()", " OR ", ""), WQL_DIALECT_EXTENDED, &b);
        answered(repeated(&b, FROM, "PackageID IN (SELECT PackageID FROM SMS_Program)", " OR ", ""), WQL_DIALECT_EXTENDED, &b);
        answered(repeated(&b, TARGET "(", "TargetInstance.Priority>%d", " OR ", ")"), WQL_DIALECT_EVENT, &b);
        answered(repeated(&b, TARGET "(", "PreviousInstance.Name LIKE '%%a%d%%'", " OR ", ")"), WQL_DIALECT_EVENT, &b);
        answered(repeated(&b, "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE ", "TargetInstance ISA 'SMS_BaseClass'", " OR ", ""),
                 WQL_DIALECT_EVENT, &b);
        answered(repeated(&b, "SELECT * FROM meta_class WHERE ", "__this ISA 'SMS_BaseClass'", " OR ", ""), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, "SELECT * FROM SMS_BaseClass WHERE ", "__CLASS='a%d'", " OR ", ""), WQL_DIALECT_CORE, &b);
}

static void longest_lists(void **state)
{
        struct buf b;

        answered(repeated(&b, "SELECT ", "Name", ",", " FROM SMS_Package"), WQL_DIALECT_EXTENDED, &b);
        answered(repeated(&b, "SELECT DISTINCT ", "Name", ",", " FROM SMS_Package"), WQL_DIALECT_EXTENDED, &b);
        (void)ask(repeated(&b, "SELECT ", "UPPER(Name)", ",", " FROM SMS_Package"), WQL_DIALECT_EXTENDED);
        buf_fini(&b);
        answered(repeated(&b, "SELECT * FROM SMS_Package ORDER BY ", "Name", ",", ""), WQL_DIALECT_EXTENDED, &b);
        (void)ask(repeated(&b, "SELECT a.Name FROM SMS_Package a", " JOIN SMS_Package a%d ON a%1$d.Name=a.Name", "", ""),
                  WQL_DIALECT_EXTENDED);
        buf_fini(&b);
        refused(repeated(&b, "SELECT * FROM ", "SMS_Package a%d", ",", ""), WQL_DIALECT_EXTENDED, WBEM_E_QUOTA_VIOLATION, &b);
        answered(repeated(&b, "SELECT * FROM TM_PackageEvent GROUP WITHIN 9 BY ", "PackageID", ",", ""), WQL_DIALECT_EVENT, &b);
        refused(repeated(&b, "ASSOCIATORS OF {SMS_Package=1} WHERE ", "Role=a", " ", ""), WQL_DIALECT_CORE, WBEM_E_INVALID_QUERY, &b);
}

static void longest_words(void **state)
{
        struct buf b;

        answered(repeated(&b, FROM "Name='", "a", "", "'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Name='", "\\\\", "", "'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Name LIKE '", "%%", "", "'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Name LIKE '", "%%a_", "", "b'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Name LIKE '", "[a-z]", "", "'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Name LIKE '", "[", "", "'"), WQL_DIALECT_CORE, &b);
        answered(repeated(&b, FROM "Priority<", "9", "", ""), WQL_DIALECT_CORE, &b);
        (void)ask(repeated(&b, FROM "Priority<0.", "9", "", ""), WQL_DIALECT_CORE);
        buf_fini(&b);
        refused(repeated(&b, FROM, "a", "", "=1"), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(repeated(&b, FROM, "a", ".", "=1"), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(repeated(&b, "SELECT * FROM ", "a", "", ""), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(repeated(&b, "ASSOCIATORS OF {SMS_Package.PackageID='", "a", "", "'}"), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(repeated(&b, "", "(", "", ""), WQL_DIALECT_EXTENDED, WBEM_E_INVALID_QUERY, &b);
        refused(repeated(&b, FROM "SourceDate='", "1", "", "'"), WQL_DIALECT_CORE, WBEM_E_INVALID_QUERY, &b);
}

static void deepest_nesting(void **state)
{
        const int most = WQL_MAX_DEPTH, many = 60, few = 15;
        struct buf b;

        answered(nested(&b, FROM, "(", "Priority=1", ")", many), WQL_DIALECT_CORE, &b);
        refused(nested(&b, FROM, "(", "Priority=1", ")", most + 1), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(nested(&b, FROM, "(", "Priority=1", ")", 8000), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        answered(nested(&b, FROM, "NOT ", "Priority=1", "", many), WQL_DIALECT_CORE, &b);
        refused(nested(&b, FROM, "NOT ", "Priority=1", "", 4000), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        answered(nested(&b, FROM, "NOT (Name='a' AND ", "Priority=1", ")", few), WQL_DIALECT_CORE, &b);
        refused(nested(&b, FROM, "NOT (Name='a' AND ", "Priority=1", ")", 700), WQL_DIALECT_CORE, WBEM_E_QUOTA_VIOLATION, &b);
        refused(nested(&b, FROM, "UPPER(", "Name", ")", 2000), WQL_DIALECT_EXTENDED, WBEM_E_QUOTA_VIOLATION, &b);
        refused(nested(&b, TARGET, "NOT (TargetInstance.Name='a' OR ", "TargetInstance.Priority=1", ")", 400), WQL_DIALECT_EVENT,
                WBEM_E_QUOTA_VIOLATION, &b);
        refused(nested(&b, FROM "Name=", "UPPER(", "Name", ")", 2000), WQL_DIALECT_EXTENDED, WBEM_E_QUOTA_VIOLATION, &b);
        answered(nested(&b, FROM "Name=", "UPPER(", "Name", ")", few), WQL_DIALECT_EXTENDED, &b);
        answered(nested(&b, FROM, "PackageID IN (SELECT PackageID FROM SMS_Package WHERE ", "Priority=1", ")", few / 3),
                 WQL_DIALECT_EXTENDED, &b);
        (void)ask(nested(&b, FROM, "PackageID IN (SELECT PackageID FROM SMS_Package WHERE ", "Priority=1", ")", most - 1),
                  WQL_DIALECT_EXTENDED);
        buf_fini(&b);
        refused(nested(&b, FROM, "PackageID IN (SELECT PackageID FROM SMS_Package WHERE ", "Priority=1", ")", most + 1),
                WQL_DIALECT_EXTENDED, WBEM_E_QUOTA_VIOLATION, &b);
}

/* At every depth the compiler's own account of the engine's stack is right: what it gives, the engine takes. */
static void no_nesting_is_too_deep_for_the_engine(void **state)
{
        static const char *const openers[][2] = {
                { "(Name='a' AND ", ")" }, { "NOT (Name='a' OR ", ")" }, { "(Priority=1 OR Priority=2 AND ", ")" },
                { "PackageID IN (SELECT PackageID FROM SMS_Package WHERE ", ")" },
                { "PackageID NOT IN (SELECT DISTINCT PackageID FROM SMS_PackageBaseclass WHERE Name='a' AND ", ")" },
                { "PackageID=(SELECT PackageID FROM SMS_Package WHERE ", ")" },
        };
        static const char *const inner[] = {
                "Priority=1", "NOT DateAdd(dd, DateDiff(mi, SourceDate, GetDate()), SourceDate) > GetDate()",
                "SUBSTRING(SUBSTRING(UPPER(LOWER(Name)), 1, 2), 1, 1) NOT LIKE '[a-c]%'", "SourceDate > '20200101000000.000000+000'",
                "LocalizedCategoryInstanceNames NOT IN ('a', 'b')", "(Name IS NULL OR NOT PackageSize >= 5.5)",
        };
        struct buf b;

        for (size_t i = 0; i < ARRAY_SIZE(openers) * ARRAY_SIZE(inner); i++) {
                const char *const *o = openers[i / ARRAY_SIZE(inner)];

                for (int depth = 1; depth < 30; depth++) {
                        (void)ask(nested(&b, FROM, o[0], inner[i % ARRAY_SIZE(inner)], o[1], depth), WQL_DIALECT_EXTENDED);
                        buf_fini(&b);
                }
        }
        for (int depth = 1; depth < 25; depth++) {
                (void)ask(nested(&b, "SELECT a.Name FROM SMS_Package AS a LEFT JOIN SMS_PackageBaseclass AS b ON ", "(a.Name='a' OR ",
                                 "a.SourceDate>b.SourceDate AND a.Name=b.Name AND b.Name LIKE 'a%'", ")", depth), WQL_DIALECT_EXTENDED);
                buf_fini(&b);
        }
        (void)repeated(&b, "(", "Name='a' AND ", "", "");
        b.p[1 + 70 * strlen("Name='a' AND ")] = '\0';
        for (int depth = 1; depth < 17; depth++) {
                struct buf long_chains;

                (void)ask(nested(&long_chains, FROM, b.p, "LocalizedCategoryInstanceNames NOT IN ('a', 'b')", ")", depth), WQL_DIALECT_EXTENDED);
                buf_fini(&long_chains);
        }
        buf_fini(&b);
        for (int depth = 1; depth < 40; depth++) {
                (void)ask(nested(&b, FROM "SourceDate > ", "DateAdd(dd, 1, ", "SourceDate", ")", depth), WQL_DIALECT_EXTENDED);
                buf_fini(&b);
                (void)ask(nested(&b, FROM "Name = ", "SUBSTRING(", "Name", ", 1, 2)", depth), WQL_DIALECT_EXTENDED);
                buf_fini(&b);
        }
}

/* One character more than a query may have, in each dialect. */
static void too_long(void **state)
{
        struct buf b;

        for (int d = WQL_DIALECT_CORE; d <= WQL_DIALECT_EVENT; d++) {
                (void)repeated(&b, FROM "Name='", "a", "", "'");
                while (b.n <= WQL_MAX_TEXT)
                        buf_addc(&b, ' ');
                refused(buf_str(&b), (enum wql_dialect)d, WBEM_E_QUOTA_VIOLATION, &b);
        }
}

/* Patterns of the greatest length against long texts: the steps that like.h promises, counted. */
static void patterns_against_long_texts(void **state)
{
        static const char *const items[] = { "%%a", "%%_", "%%[ab]", "a%%", "%%aaaaaaab", "a", "_", "[ab]", "[^b]", "\xc3\xa4", "[\xc3\xa4-\xd1\x8f]" };
        static const struct {
                const char *begin, *end;
        } around[] = { { "", "b" }, { "%", "b%" } };
        static const char *const letters[] = { "a", "\xc3\xa4" };
        struct buf text, pattern;
        uint64_t steps;

        for (size_t k = 0; k < ARRAY_SIZE(items) * ARRAY_SIZE(around) * ARRAY_SIZE(letters); k++) {
                size_t i = k / ARRAY_SIZE(around) % ARRAY_SIZE(items), how = k % ARRAY_SIZE(around);
                struct str p = repeated(&pattern, around[how].begin, items[i], "", around[how].end);

                buf_init(&text, 0);
                while (text.n < 100000)
                        buf_addz(&text, letters[k / ARRAY_SIZE(around) / ARRAY_SIZE(items)]);
                assert_false(wql_like_counted(buf_str(&text), p, &steps));
                if (steps > 20 * text.n + 160 * p.n + text.n * p.n / 32 + 8192)
                        fail_msg("%s: %llu steps for %zu and %zu bytes", items[i], (unsigned long long)steps, text.n, p.n);
                buf_fini(&pattern);
                buf_fini(&text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(longest_conditions),
                cmocka_unit_test(longest_lists),
                cmocka_unit_test(longest_words),
                cmocka_unit_test(deepest_nesting),
                cmocka_unit_test(no_nesting_is_too_deep_for_the_engine),
                cmocka_unit_test(too_long),
                cmocka_unit_test(patterns_against_long_texts),
        };
        struct err e = { 0 };
        int r;

        (void)alarm(MINUTES * 60);
        arena_init(&row_arena, 0);
        row = cim_instance_new(cim_class_find(STR("SMS_Package")), &row_arena);
        cim_set_str(row, "PackageID", STR("P0100001"));
        cim_set_str(row, "Name", STR("a name"));
        cim_set_i64(row, "Priority", 2);
        if (tables_open(&db, &wql_schema_site, &e) < 0 || tables_insert(db, row, &e) < 0) {
                print_error("%s\n", e.text);
                return 1;
        }
        r = cmocka_run_group_tests(tests, NULL, NULL);
        db_conn_close(db);
        arena_fini(&row_arena);
        return r;
}
