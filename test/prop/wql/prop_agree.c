/* SPDX-License-Identifier: Apache-2.0 */
/* prop_agree - bytecode and SQL say the same of random rows under random conditions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "catalog_text.h"
#include "lib/prop.h"
#include "wql/program.h"
#include "wql/sql.h"
#include "wql_catalog.h"
#include "wql_tables.h"

static struct catalog catalog;
static struct db_conn *db;
static const int64_t now_us = INT64_C(1732300000000000);

static const char *const texts[] = { "", "a", "A", "b", "_x", "10", "abc", "a%c", "[x]", "\\", "it's \"q\"", "\xc3\xa4", "\xc3\x84",
                                     "\xc5\xbf", "S", "s", "\xf0\x9f\x98\x80", "\xef\xbc\xa1", " a", "true" };
static const char *const numbers[] = { "0", "1", "-1", "5", "10", "255", "256", "2147483647", "2147483648", "-2147483648",
                                       "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
                                       "-9223372036854775808", "18446744073709551615", "18446744073709551616", "0.5", "-.5",
                                       "5.0", "2.5", "99999999999999999999999" };
static const char *const times[] = { "20240101110000.000000+000", "20240101120000.000000+060", "20240229******.000000+***",
                                     "20240101110000.000000+***", "March 5, 1998", "1998.10.31", "19990101 7:08 PM" };
static const char *const patterns[] = { "%", "", "a%", "%c", "_", "[a-c]%", "[^a]", "[[]x]", "%[%]%", "a[", "abc", "%\xc3\xa4%", "\\" };

#define PICK(p, list) ((list)[prop_u64(p, ARRAY_SIZE(list) - 1)])

/* ---- conditions ---- */

static void write_text(struct buf *b, const char *s)
{
        buf_addc(b, '\'');
        for (; *s; s++) {
                if (*s == '\'' || *s == '\\')
                        buf_addc(b, '\\');
                buf_addc(b, *s);
        }
        buf_addc(b, '\'');
}

static void write_const(struct prop *p, struct buf *b, enum cim_type t)
{
        switch (t) {
        case CIM_STRING:
        case CIM_REFERENCE:
                write_text(b, PICK(p, texts));
                break;
        case CIM_DATETIME:
                write_text(b, PICK(p, times));
                break;
        case CIM_BOOLEAN:
                buf_addz(b, prop_bool(p) ? "TRUE" : prop_bool(p) ? "'false'" : "1");
                break;
        case CIM_CHAR16:
                buf_addz(b, prop_bool(p) ? "'A'" : "66");
                break;
        default:
                buf_printf(b, prop_one_in(p, 4) ? "'%s'" : "%s", PICK(p, numbers));
        }
}

static const char *relation(struct prop *p, enum cim_type t)
{
        static const char *const ops[] = { "=", "<>", "<", "<=", ">", ">=" };

        return ops[prop_u64(p, t == CIM_BOOLEAN || t == CIM_REFERENCE ? 1 : 5)];
}

static void write_embedded(struct prop *p, struct buf *b, bool extended)
{
        static const char *const paths[] = { "Part.Model", "part.MODEL", "Part.Serial", "Part.Inner.Serial", "Part.Inner", "Part.No",
                                             "Any.Model", "Any.x", "Any.__CLASS", "Part", "Any" };
        const char *path = PICK(p, paths);

        buf_addz(b, path);
        switch (prop_u64(p, 4)) {
        case 0:
                buf_addz(b, prop_bool(p) ? " IS NULL" : " IS NOT NULL");
                break;
        case 1:
                buf_addz(b, prop_bool(p) ? " ISA 'P_Part'" : " ISA 'P_Base'");
                break;
        case 2:
                buf_addz(b, " LIKE ");
                write_text(b, PICK(p, patterns));
                break;
        case 3:
                buf_printf(b, " %s ", relation(p, CIM_STRING));
                write_const(p, b, prop_bool(p) ? CIM_STRING : CIM_UINT32);
                break;
        default:
                buf_printf(b, extended ? " IN (1, 'x1', NULL)" : " = TRUE");
        }
}

static void write_array(struct prop *p, struct buf *b)
{
        bool codes = prop_bool(p);

        buf_addz(b, codes ? "Codes" : "Tags");
        if (prop_bool(p)) {
                buf_printf(b, " %s ", relation(p, CIM_STRING));
                write_const(p, b, codes ? CIM_UINT8 : CIM_STRING);
        } else {
                buf_addz(b, prop_bool(p) ? " NOT IN (" : " IN (");
                write_const(p, b, codes ? CIM_UINT8 : CIM_STRING);
                buf_addz(b, ", ");
                write_const(p, b, codes ? CIM_UINT8 : CIM_STRING);
                buf_addc(b, ')');
        }
}

static void write_function(struct prop *p, struct buf *b)
{
        static const char *const calls[] = {
                "DATEPART(yy, When) = 2024", "DATEPART(ms, When) >= 0", "DateDiff(dd, When, GetDate()) < 300",
                "DateDiff(mm, When, '2024-03-01') = 2", "DATEADD(mm, 1, When) > GetDate()", "UPPER(Name) = 'A'",
                "LOWER(Name) LIKE '%a%'", "SUBSTRING(Name, 1, 1) = 'a'", "SUBSTRING(Name, 0, 2) < Name", "When < GetDate()",
                "Size = Temp", "Big > Far", "Small <> Size", "Name >= Id", "Ratio <= Size", "Big >= Big", "Name = Ref", "Big = Far", "Big <> Far", "Ratio < Big", "Far <> Big",
        };

        buf_addz(b, PICK(p, calls));
}

static void write_predicate(struct prop *p, struct buf *b, bool extended)
{
        const struct cim_class *c = catalog.schema.find(&catalog, STR("P_Thing"));
        const struct cim_property *d = &c->properties[prop_u64(p, c->n_properties - 1)];

        if (extended && prop_one_in(p, 5)) {
                write_function(p, b);
        } else if (d->type == CIM_OBJECT) {
                write_embedded(p, b, extended);
        } else if (d->array) {
                if (extended)
                        write_array(p, b);
                else
                        buf_printf(b, "%s IS NULL", d->name);
        } else if (prop_one_in(p, 8)) {
                buf_printf(b, "%s %s", d->name, prop_bool(p) ? "IS NULL" : "<> NULL");
        } else if (prop_one_in(p, 6) && d->type != CIM_REFERENCE) {
                buf_printf(b, "%s %sLIKE ", d->name, extended && prop_bool(p) ? "NOT " : "");
                write_text(b, d->type == CIM_STRING ? PICK(p, patterns) : "10");
        } else if (extended && prop_one_in(p, 4)) {
                buf_printf(b, "%s %s (", d->name, prop_bool(p) ? "IN" : "NOT IN");
                for (size_t n = prop_u64(p, 3) + 1; n; n--) {
                        write_const(p, b, d->type);
                        buf_addz(b, n > 1 ? ", " : ")");
                }
        } else if (!extended && prop_one_in(p, 8)) {
                buf_addz(b, prop_bool(p) ? "__CLASS = 'P_More'" : prop_bool(p) ? "__RELPATH LIKE '%Id=\"a%'" : "__SUPERCLASS <> 'P_Base'");
        } else {
                buf_printf(b, "%s %s ", d->name, relation(p, d->type));
                write_const(p, b, d->type);
        }
}

static void write_condition(struct prop *p, struct buf *b, bool extended, unsigned depth)
{
        size_t n = depth ? prop_u64(p, 3) : 0;

        if (prop_one_in(p, 5))
                buf_addz(b, "NOT ");
        if (n < 2) {
                write_predicate(p, b, extended);
                return;
        }
        buf_addc(b, '(');
        for (size_t i = 0; i < n; i++) {
                buf_addz(b, i ? (prop_bool(p) ? " AND " : " OR ") : "");
                write_condition(p, b, extended, depth - 1);
        }
        buf_addc(b, ')');
}

/* ---- rows ---- */

static int64_t integer_in(struct prop *p, int64_t low, int64_t high)
{
        static const int64_t edges[] = { 0, 1, -1, 5, 10, 255, 2147483647, 2147483648, 4294967295, INT64_MAX, INT64_MIN, -2147483648 };
        int64_t v = PICK(p, edges);

        return v < low || v > high ? (prop_bool(p) ? high : MAX(low, 0)) : v;
}

static struct cim_value random_value(struct prop *p, struct arena *a, const struct cim_property *d)
{
        static const char *const parts[] = { "{\"__CLASS\":\"P_Part\",\"Model\":\"abc\",\"Serial\":1}",
                                             "{\"__CLASS\":\"P_Part\",\"Model\":null,\"Serial\":5,\"Inner\":{\"__CLASS\":\"P_Part\",\"Serial\":10}}",
                                             "{\"x\":\"a\",\"Model\":true}", "{}" };
        struct cim_property item = *d;
        struct cim_value *items;
        size_t n;

        if (prop_one_in(p, 5))
                return (struct cim_value){ .null = true };
        if (d->array) {
                n = prop_u64(p, 2);
                items = arena_array(a, n + 1, sizeof(*items));
                item.array = false;
                for (size_t i = 0; i < n; i++) {
                        do
                                items[i] = random_value(p, a, &item);
                        while (items[i].null && prop_bool(p));
                        if (items[i].null)
                                items[i] = d->type == CIM_STRING ? (struct cim_value){ .s = STR("a") } : (struct cim_value){ .i = 1 };
                }
                return (struct cim_value){ .array = { items, n } };
        }
        switch (d->type) {
        case CIM_STRING:
        case CIM_REFERENCE: return (struct cim_value){ .s = str_of(PICK(p, texts)) };
        case CIM_OBJECT: return (struct cim_value){ .s = str_of(PICK(p, parts)) };
        case CIM_REAL64: return (struct cim_value){ .d = (double)prop_range(p, -10, 20) / 2 };
        case CIM_BOOLEAN: return (struct cim_value){ .i = prop_bool(p) };
        case CIM_DATETIME:
                if (prop_one_in(p, 6))
                        return (struct cim_value){ .text = true, .s = STR("20240229******.000000+***") };
                return (struct cim_value){ .i = prop_bool(p) ? INT64_C(1704106800000000) : prop_range(p, 0, 2 * now_us) };
        case CIM_UINT8: return (struct cim_value){ .i = integer_in(p, 0, 255) };
        case CIM_CHAR16: return (struct cim_value){ .i = integer_in(p, 65, 66) };
        case CIM_UINT32: return (struct cim_value){ .i = integer_in(p, 0, UINT32_MAX) };
        case CIM_SINT32: return (struct cim_value){ .i = integer_in(p, INT32_MIN, INT32_MAX) };
        default: return (struct cim_value){ .i = integer_in(p, INT64_MIN, INT64_MAX) };
        }
}

static struct cim_instance *random_row(struct prop *p, struct arena *a)
{
        const struct cim_class *c = catalog.schema.find(&catalog, prop_bool(p) ? STR("P_More") : STR("P_Thing"));
        struct cim_instance *i = cim_instance_new(c, a);

        for (size_t k = 0; k < c->n_properties; k++)
                i->values[k] = random_value(p, a, &c->properties[k]);
        i->values[0] = (struct cim_value){ .s = STR("a\"1\\") };
        return i;
}

/* ---- the law ---- */

static int by_sql(struct prop *p, const struct wql_sql *q, const struct cim_instance *row)
{
        struct db_stmt *s = NULL;
        struct err e = { 0 };
        int r = tables_insert(db, row, &e);

        if (!r)
                r = db_stmt_dynamic(&s, db, q->text, &e);
        if (!r) {
                wql_sql_bind(q, s);
                r = db_step(s, &e);
        }
        db_stmt_free(s);
        if (tables_empty(db, row->class, &e) < 0 || r < 0) {
                prop_note(p, "%s", e.text);
                return -1;
        }
        return r;
}

static bool agrees(struct prop *p, const struct wql_binding *b, struct arena *a, struct wql_error *e)
{
        struct wql_sql_opts opts = { .now_us = now_us };
        struct wql_program *program;
        struct wql_sql *q;

        if (wql_compile(b, b->query->where, now_us, a, &program, e) < 0 || wql_sql_compile(b, &opts, a, &q, e) < 0)
                return false;
        for (int i = 0; i < 3; i++) {
                struct cim_instance *row = random_row(p, a);
                bool matched = wql_match(program, &(struct wql_object){ .self = row });

                if (by_sql(p, q, row) != matched) {
                        struct buf json;

                        buf_init(&json, 0);
                        cim_json_write(row, &json);
                        prop_note(p, "bytecode says %d of %s\n%.*s", matched, json.p, STR_ARG(q->text));
                        buf_fini(&json);
                        return false;
                }
        }
        return true;
}

static bool compilers_agree(struct prop *p)
{
        bool extended = prop_bool(p), ok = true;
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct arena a;
        struct buf text;

        arena_init(&a, 0);
        buf_init(&text, 0);
        buf_addz(&text, "SELECT Id FROM P_Thing WHERE ");
        write_condition(p, &text, extended, 3);
        prop_note(p, "%s", text.p);
        /* some constants do not fit their property: refused, and nothing to compare */
        if (wql_prepare(buf_str(&text), &catalog.schema, extended ? WQL_DIALECT_EXTENDED : WQL_DIALECT_CORE, &a, &b, &e) == 0)
                ok = agrees(p, b, &a, &e);
        else
                ok = e.status == WBEM_E_INVALID_QUERY;
        prop_note(p, "%s", e.text);
        buf_fini(&text);
        arena_fini(&a);
        return ok;
}

static void laws(void **state)
{
        assert_true(prop_check("bytecode and SQL agree", 1500, compilers_agree));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };
        json_t *classes = json_loads(CATALOG_TEXT, 0, NULL);
        struct err e = { 0 };
        int r;

        if (!classes || !catalog_load(&catalog, classes) || tables_open(&db, &catalog.schema, &e) < 0)
                return 1;
        r = cmocka_run_group_tests_name("wql-agree", tests, NULL, NULL);
        db_conn_close(db);
        catalog_fini(&catalog);
        json_decref(classes);
        return r;
}
