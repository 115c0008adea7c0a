/* SPDX-License-Identifier: Apache-2.0 */
/* subscription - event queries over the real model: what comes, when, and what is refused */
#include "fixture.h"

/* ---- tests ---- */

#define PACKAGE " WHERE TargetInstance ISA 'SMS_Package'"

static void each_kind_has_its_events(void **state)
{
        struct listener created, modified, deleted, all;

        listen_to(&created, "SELECT * FROM __InstanceCreationEvent" PACKAGE, EVENT_FROM_NOW);
        listen_to(&modified, "SELECT * FROM __InstanceModificationEvent" PACKAGE, EVENT_FROM_NOW);
        listen_to(&deleted, "SELECT * FROM __InstanceDeletionEvent" PACKAGE, EVENT_FROM_NOW);
        listen_to(&all, "SELECT * FROM __InstanceOperationEvent" PACKAGE, EVENT_FROM_NOW);
        change(CREATE, NULL, "Office");
        change(RENAME, "P0100001", "Office 2");
        change(DELETE, "P0100001", NULL);
        assert_int_equal(created.n, 1);
        has(&created, 0, "__InstanceCreationEvent", "\"TargetInstance\":{\"__CLASS\":\"SMS_Package\",");
        has(&created, 0, "__InstanceCreationEvent", "\"TIME_CREATED\":1");
        assert_null(strstr(created.json[0], "PreviousInstance"));
        has(&modified, 0, "__InstanceModificationEvent", "\"Name\":\"Office 2\"");
        has(&modified, 0, "__InstanceModificationEvent", "\"PreviousInstance\":{\"__CLASS\":\"SMS_Package\",");
        assert_int_equal(deleted.n, 1);
        has(&deleted, 0, "__InstanceDeletionEvent", "\"Name\":\"Office 2\"");
        assert_int_equal(all.n, created.n + modified.n + deleted.n);
        event_subscription_close(created.s);
        event_subscription_close(modified.s);
        event_subscription_close(deleted.s);
        event_subscription_close(all.s);
}

static void the_condition_decides(void **state)
{
        struct listener edge, key, other, part;

        listen_to(&edge, "SELECT * FROM __InstanceModificationEvent" PACKAGE " AND TargetInstance.Name LIKE 'b%' "
                         "AND PreviousInstance.Name LIKE 'a%'", EVENT_FROM_NOW);
        listen_to(&key, "SELECT * FROM __InstanceOperationEvent" PACKAGE " AND TargetInstance.PackageID = 'p0100002'",
                  EVENT_FROM_NOW);
        listen_to(&other, "SELECT * FROM __InstanceOperationEvent WHERE TargetInstance ISA 'SMS_Program'", EVENT_FROM_NOW);
        listen_to(&part, "SELECT TargetInstance.Name FROM __InstanceCreationEvent" PACKAGE, EVENT_FROM_NOW);
        change(CREATE, NULL, "Apple");
        change(CREATE, NULL, "Banana");
        change(RENAME, "P0100001", "Blueberry");
        change(RENAME, "P0100001", "Brick");
        assert_int_equal(edge.n, 1);
        has(&edge, 0, "__InstanceModificationEvent", "\"Name\":\"Blueberry\"");
        assert_int_equal(key.n, 1);
        has(&key, 0, "__InstanceCreationEvent", "\"Name\":\"Banana\"");
        assert_int_equal(other.n, 0);
        assert_string_equal(part.json[0], "{\"__CLASS\":\"__InstanceCreationEvent\","
                                          "\"TargetInstance\":{\"__CLASS\":\"SMS_Package\",\"Name\":\"Apple\"}}");
        event_subscription_close(edge.s);
        event_subscription_close(key.s);
        event_subscription_close(other.s);
        event_subscription_close(part.s);
}

static void within_is_prompt_and_ends_with_the_latest(void **state)
{
        struct listener l, every;

        new_engine(300000, false, 0);
        listen_to(&l, "SELECT * FROM __InstanceModificationEvent WITHIN 5" PACKAGE, EVENT_FROM_NOW);
        listen_to(&every, "SELECT * FROM __InstanceModificationEvent" PACKAGE, EVENT_FROM_NOW);
        change(CREATE, NULL, "A");
        change(RENAME, "P0100001", "B");
        assert_int_equal(l.n, 1);
        for (char name[] = "C"; name[0] <= 'F'; name[0]++)
                change(RENAME, "P0100001", name);
        run_until(&l, 2);
        has(&l, 1, "__InstanceModificationEvent", "\"PreviousInstance\":{\"__CLASS\":\"SMS_Package\",");
        assert_non_null(strstr(strstr(l.json[1], "TargetInstance"), "\"Name\":\"F\""));
        assert_non_null(strstr(strstr(l.json[1], "PreviousInstance"), "\"Name\":\"B\""));
        assert_int_equal(every.n, 5);
        event_subscription_close(l.s);
        event_subscription_close(every.s);
}

static void the_interval_is_wmis(void **state)
{
        struct listener l;

        new_engine(1, true, 0);
        listen_to(&l, "SELECT * FROM __InstanceOperationEvent WITHIN 0.5" PACKAGE, EVENT_FROM_NOW);
        change(CREATE, NULL, "A");
        change(RENAME, "P0100001", "B");
        change(CREATE, NULL, "never seen");
        change(DELETE, "P0100002", NULL);
        assert_int_equal(l.n, 0);
        run_until(&l, 1);
        has(&l, 0, "__InstanceCreationEvent", "\"Name\":\"B\"");
        event_subscription_close(l.s);
}

static void a_package_becomes_ready(void **state)
{
        struct listener ready, any;

        listen_to(&ready, "SELECT * FROM TM_PackageReady WHERE Name = 'office'", EVENT_FROM_NOW);
        listen_to(&any, "SELECT * FROM __ExtrinsicEvent", EVENT_FROM_NOW);
        change(CREATE, NULL, "Office");
        change(CREATE, NULL, "Visio");
        assert_int_equal(ready.n, 1);
        has(&ready, 0, "TM_PackageReady", "\"PackageID\":\"P0100001\",\"Name\":\"Office\"");
        change(DELETE, "P0100001", NULL);
        assert_int_equal(any.n, 3);
        has(&any, 2, "TM_PackageNotReady", "\"Name\":\"Office\"");
        event_subscription_close(ready.s);
        event_subscription_close(any.s);
}

static void a_full_one_gets_the_rest_later(void **state)
{
        struct listener l, late;

        listen_to(&l, "SELECT * FROM __InstanceOperationEvent" PACKAGE, EVENT_FROM_NOW);
        l.room = 1;
        change(CREATE, NULL, "A");
        change(CREATE, NULL, "B");
        change(CREATE, NULL, "C");
        assert_int_equal(l.n, 1);
        l.room = -1;
        event_subscription_room(l.s);
        run_until(&l, 3);
        has(&l, 2, "__InstanceCreationEvent", "\"Name\":\"C\"");
        change(CREATE, NULL, "D");
        listen_to(&late, "SELECT * FROM __InstanceOperationEvent" PACKAGE, l.sequence - 1);
        assert_true(late.n >= 1);
        has(&late, late.n - 1, "__InstanceCreationEvent", "\"Name\":\"D\"");
        event_subscription_close(l.s);
        event_subscription_close(late.s);
}

static void little_memory_delays_and_loses_nothing(void **state)
{
        struct listener l;

        new_engine(20000, false, 3000);
        listen_to(&l, "SELECT * FROM __InstanceCreationEvent WITHIN 1" PACKAGE, EVENT_FROM_NOW);
        for (char name[] = "A"; name[0] <= 'J'; name[0]++)
                change(CREATE, NULL, name);
        run_until(&l, 10);
        has(&l, 9, "__InstanceCreationEvent", "\"Name\":\"J\"");
        event_subscription_close(l.s);
}

static void the_same_filter_is_shared(void **state)
{
        struct listener a, b, c;

        listen_to(&a, "SELECT * FROM __InstanceCreationEvent" PACKAGE, EVENT_FROM_NOW);
        listen_to(&b, "SELECT * FROM __InstanceCreationEvent" PACKAGE, EVENT_FROM_NOW);
        listen_to(&c, "SELECT * FROM __InstanceDeletionEvent" PACKAGE, EVENT_FROM_NOW);
        assert_int_equal(event_filters_count(event_engine_filters(engine)), 2);
        change(CREATE, NULL, "A");
        assert_int_equal(a.n, 1);
        assert_string_equal(a.json[0], b.json[0]);
        event_subscription_close(a.s);
        event_subscription_close(c.s);
        change(CREATE, NULL, "B");
        assert_int_equal(b.n, 2);
        event_subscription_close(b.s);
        assert_int_equal(event_filters_count(event_engine_filters(engine)), 0);
}

static void groups_come_as_one(void **state)
{
        struct listener l, by, having;

        listen_to(&l, "SELECT * FROM __InstanceCreationEvent" PACKAGE " GROUP WITHIN 0.3", EVENT_FROM_NOW);
        listen_to(&by, "SELECT * FROM __InstanceCreationEvent" PACKAGE " GROUP WITHIN 0.3 BY TargetInstance.Name",
                  EVENT_FROM_NOW);
        listen_to(&having, "SELECT * FROM __InstanceCreationEvent" PACKAGE " GROUP WITHIN 0.3 HAVING NumberOfEvents > 3",
                  EVENT_FROM_NOW);
        by.room = 1;
        change(CREATE, NULL, "A");
        change(CREATE, NULL, "B");
        change(CREATE, NULL, "a");
        assert_int_equal(l.n, 0);
        run_until(&l, 1);
        has(&l, 0, "__AggregateEvent", "{\"__CLASS\":\"__AggregateEvent\",\"NumberOfEvents\":3,"
                                       "\"Representative\":{\"__CLASS\":\"__InstanceCreationEvent\",");
        has(&l, 0, "__AggregateEvent", "\"Name\":\"A\"");
        run_until(&by, 1);
        has(&by, 0, "__AggregateEvent", "\"NumberOfEvents\":2,");
        by.room = -1;
        event_subscription_room(by.s);
        run_until(&by, 2);
        has(&by, 1, "__AggregateEvent", "\"NumberOfEvents\":1,");
        assert_int_equal(having.n, 0);
        event_subscription_close(l.s);
        event_subscription_close(by.s);
        event_subscription_close(having.s);
}

static void what_retention_passed_is_gone(void **state)
{
        struct listener l;

        change(CREATE, NULL, "A");
        change(TRIM, NULL, NULL);
        listen_to(&l, "SELECT * FROM __InstanceCreationEvent" PACKAGE, 0);
        assert_int_equal(l.gone, ERR_GONE);
        event_subscription_close(l.s);
}

static void there_may_be_so_many(void **state)
{
        struct listener *l = calloc(1, sizeof(*l));
        struct event_subscription **open = calloc(EVENT_SUBSCRIPTIONS_MAX, sizeof(struct event_subscription *));
        struct wql_error w = { 0 };

        for (size_t i = 0; i < EVENT_SUBSCRIPTIONS_MAX; i++) {
                assert_int_equal(open_query(l, "SELECT * FROM TM_PackageReady", EVENT_FROM_NOW, &w), 0);
                open[i] = l->s;
        }
        assert_true(open_query(l, "SELECT * FROM TM_PackageReady", EVENT_FROM_NOW, &w) < 0);
        assert_int_equal(w.status, WBEM_E_QUOTA_VIOLATION);
        for (size_t i = 0; i < EVENT_SUBSCRIPTIONS_MAX; i++)
                event_subscription_close(open[i]);
        free(open);
        free(l);
}

static void mistakes_are_refused_with_their_status(void **state)
{
        static const struct {
                const char *query;
                enum wbem_status status;
        } t[] = {
                { "", WBEM_E_INVALID_PARAMETER },
                { "SELECT * FRM x", WBEM_E_UNPARSABLE_QUERY },
                { "SELECT * FROM SMS_Package", WBEM_E_NOT_EVENT_CLASS },
                { "SELECT * FROM __InstanceCreationEvent WITHIN 5", WBEMESS_E_REGISTRATION_TOO_BROAD },
                { "SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE TargetInstance ISA 'No_Such'", WBEM_E_INVALID_CLASS },
                { "SELECT * FROM No_Such_Event", WBEM_E_INVALID_CLASS },
        };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                struct wql_error w = { 0 };
                struct listener l;

                assert_true(open_query(&l, t[i].query, EVENT_FROM_NOW, &w) < 0);
                if (w.status != t[i].status)
                        fail_msg("%s: %s (%s)", t[i].query, wbem_name(w.status), w.text);
                assert_true(w.text[0]);
                assert_null(l.s);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
                T(each_kind_has_its_events),
                T(the_condition_decides),
                T(within_is_prompt_and_ends_with_the_latest),
                T(the_interval_is_wmis),
                T(a_package_becomes_ready),
                T(a_full_one_gets_the_rest_later),
                T(little_memory_delays_and_loses_nothing),
                T(the_same_filter_is_shared),
                T(groups_come_as_one),
                T(what_retention_passed_is_gone),
                T(there_may_be_so_many),
                T(mistakes_are_refused_with_their_status),
#undef T
        };

        return cmocka_run_group_tests_name("subscription", tests, NULL, NULL);
}
