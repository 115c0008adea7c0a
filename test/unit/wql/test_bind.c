/* SPDX-License-Identifier: Apache-2.0 */
/* bind - mistakes and their status, what filters are about, programs as text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "wql/diff.h"
#include "wql/group.h"
#include "wql/program.h"
#include "wql_catalog.h"

static const char classes[] =
        "{\"B_Base\":{\"superclass\":null,\"abstract\":true,\"properties\":{\"Id\":\"string\"},\"key\":[\"Id\"]},"
        "\"B_Thing\":{\"superclass\":\"B_Base\",\"dynamic\":true,\"properties\":{\"Name\":\"string\",\"Size\":\"uint32\","
        "\"On\":\"boolean\",\"Part\":\"object:B_Part\",\"Tags\":\"string[]\",\"When\":\"datetime\"}},"
        "\"B_More\":{\"superclass\":\"B_Thing\",\"properties\":{\"Extra\":\"string\"}},"
        "\"B_Part\":{\"superclass\":null,\"properties\":{\"Model\":\"string\"}},"
        "\"B_Stored\":{\"superclass\":null,\"storage\":\"repository\",\"key\":[\"Id\"],\"properties\":{\"Id\":\"uint32\",\"Name\":\"string\"}},"
        "\"__Event\":{\"superclass\":null,\"properties\":{}},"
        "\"B_Alert\":{\"superclass\":\"__Event\",\"properties\":{\"Sender\":\"string\",\"Level\":\"uint32\",\"Info\":\"object:B_Part\"}},"
        "\"__InstanceOperationEvent\":{\"superclass\":\"__Event\",\"properties\":{\"TargetInstance\":\"object\"}},"
        "\"__InstanceCreationEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":{}},"
        "\"__InstanceModificationEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":{\"PreviousInstance\":\"object\"}},"
        "\"__InstanceDeletionEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":{}}}";

static struct catalog catalog;
static struct arena memory;

static struct wql_binding *bound(const char *text, enum wql_dialect d)
{
        struct wql_error e = { 0 };
        struct wql_binding *b = NULL;

        if (wql_prepare(str_of(text), &catalog.schema, d, &memory, &b, &e) < 0)
                fail_msg("%s: %s: %s", text, wbem_name(e.status), e.text);
        return b;
}

static struct wql_program *program_of(const char *text, enum wql_dialect d)
{
        struct wql_binding *b = bound(text, d);
        struct wql_error e = { 0 };
        struct wql_program *p = NULL;

        assert_int_equal(wql_compile(b, b->query->where, 0, &memory, &p, &e), 0);
        return p;
}

static const struct {
        enum wql_dialect dialect;
        const char *text;
        enum wbem_status status;
        const char *words;
} mistakes[] = {
        { WQL_DIALECT_CORE, "SELECT * FROM B_No WHERE X = 1", WBEM_E_INVALID_CLASS, "no class B_No at column 15" },
        { WQL_DIALECT_CORE, "SELECT Nam FROM B_Thing", WBEM_E_INVALID_QUERY, "B_Thing has no property Nam at column 8" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Name = 5", WBEM_E_INVALID_QUERY, "text needs quotes at column 36" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Size = 'x'", WBEM_E_INVALID_QUERY, "it is no number" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE On > FALSE", WBEM_E_INVALID_QUERY, "only = or <>" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Tags = 'x'", WBEM_E_INVALID_QUERY, "an array cannot be compared" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Size LIKE '1%'", WBEM_E_INVALID_QUERY, "patterns are for text" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Part.Model = 5", WBEM_E_INVALID_QUERY, "text needs quotes" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Name.X = 5", WBEM_E_INVALID_QUERY, "Name is no object" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE Name ISA 'B_Part'", WBEM_E_INVALID_QUERY, "ISA is for objects" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE __THIS ISA 'B_Part'", WBEM_E_INVALID_QUERY, "schema queries" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE When > '20240101******.000000+***'", WBEM_E_INVALID_QUERY, "asterisks" },
        { WQL_DIALECT_CORE, "SELECT * FROM B_Thing WHERE When = '00000001000000.000000:000'", WBEM_E_INVALID_QUERY, "interval" },
        { WQL_DIALECT_CORE, "ASSOCIATORS OF {B_Thing.Id=\"a\"} WHERE AssocClass = B_No", WBEM_E_INVALID_CLASS, "B_No" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing WHERE __CLASS = 'x'", WBEM_E_INVALID_QUERY, "no system properties" },
        { WQL_DIALECT_EXTENDED, "SELECT Name FROM B_Thing, B_Stored", WBEM_E_INVALID_QUERY, "in several classes" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing, B_Thing", WBEM_E_INVALID_QUERY, "stands twice" },
        { WQL_DIALECT_EXTENDED, "SELECT x.Name FROM B_Thing AS t", WBEM_E_INVALID_QUERY, "no property x" },
        { WQL_DIALECT_EXTENDED, "SELECT x.* FROM B_Thing AS t", WBEM_E_INVALID_QUERY, "no class or alias" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing WHERE Name = Size", WBEM_E_INVALID_QUERY, "cannot be compared" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing WHERE Size IN (SELECT Name FROM B_Stored)", WBEM_E_INVALID_QUERY, "sub-select" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing ORDER BY Tags", WBEM_E_INVALID_QUERY, "no order" },
        { WQL_DIALECT_EXTENDED, "SELECT * FROM B_Thing WHERE DATEPART(dd, Name) = 1", WBEM_E_INVALID_QUERY, "wants a datetime" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_No WHERE X = 1", WBEM_E_INVALID_CLASS, "B_No" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_Thing WHERE X = 1", WBEM_E_INVALID_QUERY, "no property X" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_Thing WHERE Size = 1", WBEM_E_NOT_EVENT_CLASS, "no event class" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WITHIN 5", WBEMESS_E_REGISTRATION_TOO_BROAD, "of which class" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE NOT TargetInstance ISA 'B_Thing'",
          WBEMESS_E_REGISTRATION_TOO_BROAD, "of which class" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE TargetInstance ISA 'B_Thing' OR TargetInstance.Id = 'a'",
          WBEMESS_E_REGISTRATION_TOO_BROAD, "of which class" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'B_Base'",
          WBEMESS_E_REGISTRATION_TOO_PRECISE, "say WITHIN" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE TargetInstance ISA 'B_No'", WBEM_E_INVALID_CLASS, "B_No" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_Alert GROUP WITHIN 5 BY Info", WBEM_E_AGGREGATING_BY_OBJECT, "Info is an object" },
        { WQL_DIALECT_EVENT, "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE TargetInstance ISA 'B_Thing' GROUP WITHIN 9 BY TargetInstance",
          WBEM_E_AGGREGATING_BY_OBJECT, "TargetInstance" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_Alert WHERE Sender.Name = 'x'", WBEM_E_PROPERTY_NOT_AN_OBJECT, "Sender is no object" },
        { WQL_DIALECT_EVENT, "SELECT * FROM B_Alert WHERE Sender.Name = 'x' GROUP WITHIN 5 BY Info", WBEM_E_AGGREGATING_BY_OBJECT, "Info" },
};

static void mistakes_have_their_status_and_say_where(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
                struct wql_error e = { 0 };
                struct wql_binding *b;

                if (wql_prepare(str_of(mistakes[i].text), &catalog.schema, mistakes[i].dialect, &memory, &b, &e) == 0)
                        fail_msg("%s: valid", mistakes[i].text);
                if (e.status != mistakes[i].status || !strstr(e.text, mistakes[i].words))
                        fail_msg("%s: %s: %s", mistakes[i].text, wbem_name(e.status), e.text);
        }
}

#define EVENTS "SELECT * FROM __InstanceOperationEvent WITHIN 5 WHERE "

static const struct {
        const char *text, *targets;
} abouts[] = {
        { EVENTS "TargetInstance ISA 'B_Thing'", "B_Thing+" },
        { EVENTS "TargetInstance.__CLASS = 'b_thing'", "B_Thing" },
        { EVENTS "TargetInstance ISA 'B_More' OR TargetInstance ISA 'B_Stored'", "B_More+ B_Stored+" },
        { EVENTS "TargetInstance ISA 'B_Thing' OR TargetInstance ISA 'B_More'", "B_Thing+" },
        { EVENTS "TargetInstance ISA 'B_Base' AND TargetInstance.__CLASS = 'B_More'", "B_More" },
        { EVENTS "TargetInstance.Id = 'a' AND (TargetInstance ISA 'B_More' OR TargetInstance ISA 'B_Stored')", "B_More+ B_Stored+" },
        { EVENTS "(TargetInstance ISA 'B_More' OR TargetInstance ISA 'B_Stored') AND TargetInstance ISA 'B_Thing'", "B_More+" },
};

static void filters_are_about_classes(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(abouts); i++) {
                const struct wql_binding *b = bound(abouts[i].text, WQL_DIALECT_EVENT);
                struct buf list;

                buf_init(&list, 0);
                for (size_t k = 0; k < b->n_targets; k++)
                        buf_printf(&list, "%s%s%s", k ? " " : "", b->targets[k].class->name, b->targets[k].exact ? "" : "+");
                if (!str_eqz(buf_str(&list), abouts[i].targets))
                        fail_msg("%s: %s", abouts[i].text, list.p);
                buf_fini(&list);
        }
}

static void keys_that_must_be_equal_are_terms(void **state)
{
        const struct wql_binding *b = bound(EVENTS "TargetInstance ISA 'B_Thing' AND TargetInstance.Id = 'x1' AND TargetInstance.Size > 5",
                                            WQL_DIALECT_EVENT);

        assert_int_equal(b->n_terms, 1);
        assert_int_equal(b->terms[0].property, 0);
        assert_true(str_eqz(b->terms[0].s, "x1"));
        b = bound(EVENTS "TargetInstance ISA 'B_Stored' AND TargetInstance.Id = '7'", WQL_DIALECT_EVENT);
        assert_int_equal(b->n_terms, 1);
        assert_int_equal(b->terms[0].domain, WQL_AS_INT);
        assert_int_equal(b->terms[0].i, 7);
        b = bound(EVENTS "TargetInstance ISA 'B_Thing' AND (TargetInstance.Id = 'a' OR TargetInstance.Id = 'b')", WQL_DIALECT_EVENT);
        assert_int_equal(b->n_terms, 0);
}

static void shapes_follow_the_list(void **state)
{
        static const struct {
                const char *text;
                enum wql_shape shape;
        } shapes[] = {
                { "SELECT * FROM B_Thing", WQL_SHAPE_CLASS },
                { "SELECT t.* FROM B_Thing AS t INNER JOIN B_Stored AS s ON t.Size = s.Id", WQL_SHAPE_CLASS },
                { "SELECT * FROM B_Thing AS t INNER JOIN B_Stored AS s ON t.Size = s.Id", WQL_SHAPE_GENERIC },
                { "SELECT t.Name, s.Name FROM B_Thing AS t INNER JOIN B_Stored AS s ON t.Size = s.Id", WQL_SHAPE_GENERIC },
                { "SELECT COUNT(*) FROM B_Thing", WQL_SHAPE_COUNT },
        };

        for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
                assert_int_equal(bound(shapes[i].text, WQL_DIALECT_EXTENDED)->shape, shapes[i].shape);
}

/* ---- programs ---- */

static void programs_jump_over_what_is_decided(void **state)
{
        struct wql_program *p = program_of("SELECT * FROM B_Thing WHERE NOT (Size = 1 AND (Name = 'a' OR On = TRUE)) AND Id <> 'x'",
                                           WQL_DIALECT_CORE);
        struct buf b;

        buf_init(&b, 0);
        wql_program_print(p, &b);
        assert_string_equal(b.p, "0: Size = 1 ? 1 : 3\n"
                                 "1: Name = \"a\" ? reject : 2\n"
                                 "2: On = TRUE ? reject : 3\n"
                                 "3: Id <> \"x\" ? accept : reject\n");
        buf_reset(&b);
        wql_program_print(program_of("SELECT * FROM B_Thing", WQL_DIALECT_CORE), &b);
        assert_string_equal(b.p, "accept\n");
        buf_fini(&b);
}

static void sub_selects_are_not_for_programs(void **state)
{
        const struct wql_binding *b = bound("SELECT * FROM B_Thing WHERE Size IN (SELECT Id FROM B_Stored)", WQL_DIALECT_EXTENDED);
        struct wql_error e = { 0 };
        struct wql_program *p;

        assert_true(wql_compile(b, b->query->where, 0, &memory, &p, &e) < 0);
        assert_int_equal(e.status, WBEM_E_INVALID_QUERY);
}

/* A filter over several classes reads each one's own property. */
static void properties_are_found_in_the_class_that_comes(void **state)
{
        struct wql_program *p = program_of(EVENTS "(TargetInstance ISA 'B_More' OR TargetInstance ISA 'B_Stored') AND TargetInstance.Name = 'N'",
                                           WQL_DIALECT_EVENT);
        struct cim_instance *more = cim_instance_new(catalog.schema.find(&catalog, STR("B_More")), &memory);
        struct cim_instance *stored = cim_instance_new(catalog.schema.find(&catalog, STR("B_Stored")), &memory);

        cim_set_str(more, "Name", STR("n"));
        cim_set_str(stored, "Name", STR("n"));
        assert_true(wql_event_matches(p, &(struct wql_event){ WQL_CREATION, more, NULL }));
        assert_true(wql_event_matches(p, &(struct wql_event){ WQL_DELETION, stored, NULL }));
        cim_set_str(stored, "Name", STR("m"));
        assert_false(wql_event_matches(p, &(struct wql_event){ WQL_MODIFICATION, stored, more }));
}

static void count_aggregate(void *ctx, void *event, uint32_t n)
{
        *(size_t *)ctx += n;
}

static void groups_are_bounded(void **state)
{
        const struct wql_binding *b = bound("SELECT * FROM B_Alert GROUP WITHIN 10 BY Level", WQL_DIALECT_EVENT);
        struct cim_instance *alert = cim_instance_new(b->event, &memory);
        _cleanup_(wql_group_freep) struct wql_group *g = NULL;
        size_t total = 0;

        assert_int_equal(wql_group_new(&g, b, free), 0);
        for (int i = 0; i < WQL_MAX_GROUPS; i++) {
                cim_set_i64(alert, "Level", i);
                assert_int_equal(wql_group_add(g, 5, &(struct wql_object){ .self = alert }, calloc(1, 1)), 0);
        }
        assert_int_equal(wql_group_add(g, 6, &(struct wql_object){ .self = alert }, calloc(1, 1)), 0);
        cim_set_i64(alert, "Level", -1);
        assert_int_equal(wql_group_add(g, 7, &(struct wql_object){ .self = alert }, calloc(1, 1)), 1);
        assert_int_equal(wql_group_due(g), 10000005);
        wql_group_take(g, 10000004, count_aggregate, &total);
        assert_int_equal(total, 0);
        wql_group_take(g, 10000005, count_aggregate, &total);
        assert_int_equal(total, WQL_MAX_GROUPS + 1);
        assert_int_equal(wql_group_due(g), INT64_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(mistakes_have_their_status_and_say_where),
                cmocka_unit_test(filters_are_about_classes),
                cmocka_unit_test(keys_that_must_be_equal_are_terms),
                cmocka_unit_test(shapes_follow_the_list),
                cmocka_unit_test(programs_jump_over_what_is_decided),
                cmocka_unit_test(sub_selects_are_not_for_programs),
                cmocka_unit_test(properties_are_found_in_the_class_that_comes),
                cmocka_unit_test(groups_are_bounded),
        };
        json_t *j = json_loads(classes, 0, NULL);
        int r = 1;

        arena_init(&memory, 0);
        if (j && catalog_load(&catalog, j)) {
                r = cmocka_run_group_tests_name("wql-bind", tests, NULL, NULL);
                catalog_fini(&catalog);
        }
        arena_fini(&memory);
        json_decref(j);
        return r;
}
