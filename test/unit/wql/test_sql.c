/* SPDX-License-Identifier: Apache-2.0 */
/* sql - joins, lists, sub-selects, shapes: queries over tables, and the rows they give */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "wql/sql.h"
#include "wql_catalog.h"
#include "wql_tables.h"

static const char classes[] =
        "{\"Q_Base\":{\"superclass\":null,\"abstract\":true,\"properties\":{\"Id\":\"string\",\"Name\":\"string\"},\"key\":[\"Id\"]},"
        "\"Q_App\":{\"superclass\":\"Q_Base\",\"properties\":{\"Size\":\"uint32\",\"Big\":\"uint64\",\"Tags\":\"string[]\"}},"
        "\"Q_Tool\":{\"superclass\":\"Q_Base\",\"properties\":{\"Size\":\"uint32\",\"Edge\":\"string\"}},"
        "\"Q_Use\":{\"superclass\":null,\"key\":[\"Id\",\"Site\"],\"properties\":{\"Id\":\"string\",\"Site\":\"string\",\"At\":\"datetime\"}},"
        "\"Q_Void\":{\"superclass\":null,\"abstract\":true,\"properties\":{\"Id\":\"string\"}}}";
static const char rows[] =
        "[{\"__CLASS\":\"Q_App\",\"Id\":\"a1\",\"Name\":\"Alpha\",\"Size\":10,\"Big\":\"18446744073709551615\",\"Tags\":[\"x\",\"Y\"]},"
        "{\"__CLASS\":\"Q_App\",\"Id\":\"a2\",\"Name\":\"alpha\",\"Size\":20,\"Big\":\"5\"},"
        "{\"__CLASS\":\"Q_App\",\"Id\":\"a3\",\"Name\":\"\xc3\x84hre\",\"Big\":\"9223372036854775808\"},"
        "{\"__CLASS\":\"Q_Tool\",\"Id\":\"t1\",\"Name\":\"Beta\",\"Size\":20,\"Edge\":\"sharp\"},"
        "{\"__CLASS\":\"Q_Use\",\"Id\":\"A1\",\"Site\":\"P01\",\"At\":\"20240301120000.000000+000\"},"
        "{\"__CLASS\":\"Q_Use\",\"Id\":\"a1\",\"Site\":\"P02\",\"At\":\"20240302120000.000000+000\"},"
        "{\"__CLASS\":\"Q_Use\",\"Id\":\"zz\",\"Site\":\"P03\"}]";

static struct catalog catalog;
static struct db_conn *db;
static struct arena memory;

/* ---- a query's answer as text: "Class(Prop=value,...)", sources by '+', rows by ' ' ---- */

static void write_object(const struct cim_instance *i, struct buf *out)
{
        const char *comma = "";

        if (!i) {
                buf_addz(out, "NULL");
                return;
        }
        buf_printf(out, "%s(", i->class->name);
        for (size_t k = 0; k < i->class->n_properties; k++) {
                if (!i->given[k])
                        continue;
                buf_addz(out, comma);
                comma = ",";
                if (!i->values[k].null)
                        cim_value_print(&i->class->properties[k], &i->values[k], out);
        }
        buf_addc(out, ')');
}

static void write_row(const struct wql_sql *q, const struct wql_row *row, struct buf *out)
{
        const char *plus = "";

        if (q->binding->shape == WQL_SHAPE_COUNT)
                buf_printf(out, "%u", row->count);
        for (size_t i = 0; i < q->binding->query->n_sources; i++) {
                if (!q->binding->used[i])
                        continue;
                buf_addz(out, plus);
                plus = "+";
                write_object(row->objects[i], out);
        }
        for (size_t i = 0; i < row->n_values; i++) {
                buf_printf(out, ":%s=", row->values[i].name);
                if (!row->values[i].value.null)
                        cim_value_print(row->values[i].type, &row->values[i].value, out);
        }
}

static enum wbem_status answer(const char *text, enum wql_dialect d, const struct wql_sql_opts *o, struct buf *out)
{
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct db_stmt *s = NULL;
        struct wql_sql *q;
        struct err why = { 0 };
        int r = wql_prepare(str_of(text), &catalog.schema, d, &memory, &b, &e);

        if (r < 0 || wql_sql_compile(b, o, &memory, &q, &e) < 0)
                return e.status;
        r = db_stmt_dynamic(&s, db, q->text, &why);
        if (!r)
                wql_sql_bind(q, s);
        while (!r && (r = db_step(s, &why)) > 0) {
                struct wql_row row;

                buf_addz(out, out->n ? " " : "");
                r = wql_sql_row(q, s, &memory, &row, &why);
                if (!r)
                        write_row(q, &row, out);
        }
        db_stmt_free(s);
        if (r < 0)
                fail_msg("%s: %s: %.*s", text, why.text, STR_ARG(q->text));
        return WBEM_NO_ERROR;
}

static const struct {
        enum wql_dialect dialect;
        const char *text, *rows;
} answers[] = {
        { WQL_DIALECT_CORE, "SELECT Name FROM Q_App WHERE Id = 'A2'", "Q_App(alpha)" },
        { WQL_DIALECT_CORE, "SELECT * FROM Q_Base WHERE Name = 'beta'", "Q_Tool(t1,Beta,20,sharp)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_Base WHERE __CLASS = 'q_tool'", "Q_Tool(t1)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE __RELPATH = 'Q_App.Id=\"a3\"'", "Q_App(a3)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE __PATH LIKE '\\\\\\\\SRV\\\\root\\\\sms:Q_App.Id=\"a2%'", "Q_App(a2)" },
        { WQL_DIALECT_CORE, "SELECT * FROM Q_Void", "" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE Big > 9223372036854775807", "Q_App(a1) Q_App(a3)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE Size <> 10", "Q_App(a2) Q_App(a3)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE NOT Size > 10", "Q_App(a1) Q_App(a3)" },
        { WQL_DIALECT_CORE, "SELECT Id FROM Q_App WHERE Name = '\xc3\xa4HRE'", "Q_App(a3)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App ORDER BY Big DESC", "Q_App(a1) Q_App(a3) Q_App(a2)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_Base ORDER BY Name DESC, Id", "Q_App(a3) Q_Tool(t1) Q_App(a1) Q_App(a2)" },
        { WQL_DIALECT_EXTENDED, "SELECT DISTINCT Name FROM Q_App WHERE Size IS NOT NULL", "Q_App(Alpha)" },
        { WQL_DIALECT_EXTENDED, "SELECT COUNT(*) FROM Q_Base", "4" },
        { WQL_DIALECT_EXTENDED, "SELECT COUNT(Size) FROM Q_App", "2" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Tags = 'y'", "Q_App(a1)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Tags IN ('q', 'X')", "Q_App(a1)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Size NOT IN ('10', 30)", "Q_App(a2) Q_App(a3)" },
        { WQL_DIALECT_EXTENDED, "SELECT a.Id, u.Site FROM Q_App AS a INNER JOIN Q_Use AS u ON a.Id = u.Id ORDER BY u.Site",
          "Q_App(a1)+Q_Use(P01) Q_App(a1)+Q_Use(P02)" },
        { WQL_DIALECT_EXTENDED, "SELECT a.Id, u.Site FROM Q_App a LEFT OUTER JOIN Q_Use u ON a.Id = u.Id ORDER BY a.Id, u.Site",
          "Q_App(a1)+Q_Use(P01) Q_App(a1)+Q_Use(P02) Q_App(a2)+NULL Q_App(a3)+NULL" },
        { WQL_DIALECT_EXTENDED, "SELECT a.Id, u.Site FROM Q_App a RIGHT JOIN Q_Use u ON a.Id = u.Id ORDER BY u.Site",
          "Q_App(a1)+Q_Use(P01) Q_App(a1)+Q_Use(P02) NULL+Q_Use(P03)" },
        { WQL_DIALECT_EXTENDED, "SELECT a.Id, u.Site FROM Q_App a FULL JOIN Q_Use u ON a.Id = u.Id WHERE a.Id IS NULL OR u.Id IS NULL ORDER BY a.Id",
          "NULL+Q_Use(P03) Q_App(a2)+NULL Q_App(a3)+NULL" },
        { WQL_DIALECT_EXTENDED, "SELECT Q_App.Id FROM Q_App, Q_Use WHERE Q_App.Id = Q_Use.Id AND Site = 'p02'", "Q_App(a1)" },
        { WQL_DIALECT_EXTENDED, "SELECT b.Id, u.Site FROM Q_Use u LEFT JOIN Q_Base b ON b.Id = u.Id ORDER BY u.Site",
          "Q_Use(P01)+Q_App(a1) Q_Use(P02)+Q_App(a1) Q_Use(P03)+NULL" },
        { WQL_DIALECT_EXTENDED, "SELECT x.Id FROM Q_App AS x INNER JOIN Q_App AS y ON x.Name = y.Name AND x.Id <> y.Id ORDER BY x.Id",
          "Q_App(a1) Q_App(a2)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Id IN (SELECT Id FROM Q_Use WHERE Site LIKE 'P%')", "Q_App(a1)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Id NOT IN (SELECT Id FROM Q_Use)", "Q_App(a2) Q_App(a3)" },
        { WQL_DIALECT_EXTENDED, "SELECT Id FROM Q_App WHERE Name = (SELECT Name FROM Q_Tool WHERE Id = 'none')", "" },
        { WQL_DIALECT_EXTENDED, "SELECT Site FROM Q_Use WHERE DateDiff(dd, At, GetDate()) <= 1 ORDER BY Site", "Q_Use(P02)" },
        { WQL_DIALECT_EXTENDED, "SELECT Site FROM Q_Use WHERE At < DateAdd(hh, -36, GetDate())", "Q_Use(P01)" },
        { WQL_DIALECT_EXTENDED, "SELECT Site FROM Q_Use WHERE At > '2024.03.02'", "Q_Use(P02)" },
        { WQL_DIALECT_EXTENDED, "SELECT UPPER(Name), DATEPART(dd, At) FROM Q_App INNER JOIN Q_Use ON Q_App.Id = Q_Use.Id WHERE Site = 'P01'",
          "Q_App()+Q_Use():Expr1=ALPHA:Expr2=1" },
};

static void queries_give_their_rows(void **state)
{
        struct wql_sql_opts o = { .now_us = INT64_C(1709467200000000) /* 2024-03-03 12:00 */, .ns = STR("root\\sms"), .server = STR("SRV") };

        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                struct buf out;
                enum wbem_status s;

                buf_init(&out, 0);
                s = answer(answers[i].text, answers[i].dialect, &o, &out);
                if (s || strcmp(out.p ? out.p : "", answers[i].rows))
                        fail_msg("%s: %s %s", answers[i].text, wbem_name(s), out.p ? out.p : "");
                buf_fini(&out);
        }
}

static void rows_may_be_limited(void **state)
{
        struct wql_sql_opts o = { .limit = 1, .skip = 1 };
        struct buf out;

        buf_init(&out, 0);
        assert_int_equal(answer("SELECT Id FROM Q_App ORDER BY Id", WQL_DIALECT_EXTENDED, &o, &out), WBEM_NO_ERROR);
        assert_string_equal(out.p, "Q_App(a2)");
        buf_fini(&out);
}

/* ---- what the user wrote is a parameter ---- */

static void no_word_of_the_user_is_in_the_text(void **state)
{
        static const char text[] = "SELECT evil.Id FROM Q_App AS evil WHERE evil.Name = 'x\\' OR 1=1 --' OR evil.Name LIKE '%zap%' OR "
                                   "evil.Tags IN ('zip') ORDER BY evil.Id";
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct wql_sql *q;

        assert_int_equal(wql_prepare(str_of(text), &catalog.schema, WQL_DIALECT_EXTENDED, &memory, &b, &e), 0);
        assert_int_equal(wql_sql_compile(b, &(struct wql_sql_opts){ 0 }, &memory, &q, &e), 0);
        assert_null(strstr(q->text.p, "evil"));
        assert_null(strstr(q->text.p, "1=1"));
        assert_null(strstr(q->text.p, "zap"));
        assert_null(strstr(q->text.p, "zip"));
}

/* ---- bounds ---- */

static void what_is_large_runs_or_is_refused(void **state)
{
        struct wql_sql_opts o = { 0 };
        struct buf text, out;

        buf_init(&text, 0);
        buf_init(&out, 0);
        buf_addz(&text, "SELECT Id FROM Q_App WHERE Size=7");
        while (text.n < WQL_MAX_TEXT - 20)
                buf_addz(&text, " OR Size=8");
        assert_int_equal(answer(text.p, WQL_DIALECT_EXTENDED, &o, &out), WBEM_NO_ERROR);
        assert_int_equal(out.n, 0);

        buf_reset(&text);
        buf_addz(&text, "SELECT Id FROM Q_App WHERE Id IN ('a1'");
        while (text.n < WQL_MAX_TEXT - 20)
                buf_addz(&text, ",''");
        buf_addc(&text, ')');
        assert_int_equal(answer(text.p, WQL_DIALECT_EXTENDED, &o, &out), WBEM_NO_ERROR);
        assert_string_equal(out.p, "Q_App(a1)");

        buf_reset(&text);
        buf_reset(&out);
        buf_addz(&text, "SELECT Id FROM Q_App WHERE ");
        for (int i = 0; i < 20; i++)
                buf_addz(&text, i % 2 ? "(Size = 1 OR " : "(Size = 20 AND ");
        buf_addz(&text, "Id = 'a2'");
        for (int i = 0; i < 20; i++)
                buf_addc(&text, ')');
        assert_int_equal(answer(text.p, WQL_DIALECT_EXTENDED, &o, &out), WBEM_NO_ERROR);
        assert_string_equal(out.p, "Q_App(a2)");

        buf_reset(&text);
        buf_addz(&text, "SELECT Id FROM Q_App WHERE ");
        for (int i = 0; i < 90; i++)
                buf_addz(&text, i % 2 ? "(Size = 1 OR " : "(Size = 20 AND ");
        buf_addz(&text, "Id = 'a2'");
        for (int i = 0; i < 90; i++)
                buf_addc(&text, ')');
        assert_int_equal(answer(text.p, WQL_DIALECT_EXTENDED, &o, &out), WBEM_E_QUOTA_VIOLATION);

        buf_reset(&text);
        buf_reset(&out);
        for (int i = 0; i < 8; i++)
                buf_addz(&text, i ? "SELECT Id FROM Q_Base WHERE Id NOT IN (" : "SELECT Id FROM Q_App WHERE Id IN (");
        buf_addz(&text, "SELECT Id FROM Q_Base WHERE NOT SUBSTRING(UPPER(Name), 1, 9) = 'X'");
        for (int i = 0; i < 8; i++)
                buf_addc(&text, ')');
        assert_int_equal(answer(text.p, WQL_DIALECT_EXTENDED, &o, &out), WBEM_NO_ERROR);
        assert_string_equal(out.p, "");
        buf_fini(&out);
        buf_fini(&text);
}

/* ---- tables ---- */

static bool fill(void)
{
        json_t *list = json_loads(rows, 0, NULL), *row;
        struct err e = { 0 };
        bool ok = list && tables_open(&db, &catalog.schema, &e) == 0;
        size_t i;

        json_array_foreach(list, i, row) {
                struct cim_instance *in = catalog_instance(&catalog, NULL, row, &memory);

                ok = ok && in && tables_insert(db, in, &e) == 0;
        }
        json_decref(list);
        return ok;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(queries_give_their_rows),
                cmocka_unit_test(rows_may_be_limited),
                cmocka_unit_test(no_word_of_the_user_is_in_the_text),
                cmocka_unit_test(what_is_large_runs_or_is_refused),
        };
        json_t *j = json_loads(classes, 0, NULL);
        int r = 1;

        arena_init(&memory, 0);
        if (j && catalog_load(&catalog, j) && fill())
                r = cmocka_run_group_tests_name("wql-sql", tests, NULL, NULL);
        db_conn_close(db);
        catalog_fini(&catalog);
        arena_fini(&memory);
        json_decref(j);
        return r;
}
