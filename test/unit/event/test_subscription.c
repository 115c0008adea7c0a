/* SPDX-License-Identifier: Apache-2.0 */
/* subscription - event queries over the real model: what comes, when, and what is refused */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "event/timers.h"
#include "lib/tmpdir.h"
#include "model/sql_site.h"

static struct loop *the_loop;
static struct db *db;
static struct event_hub *hub;
static struct event_engine *engine;
static char *folder, *path;

static void committed(void *ctx, struct db_conn *c)
{
        if (hub)
                event_hub_committed(hub);
}

/* ---- changes ---- */

enum verb { INIT, CREATE, RENAME, DELETE, TRIM };
struct change {
        struct db_job job;
        enum verb verb;
        const char *id, *name;
};

static int package(struct change *ch, struct tx *t, struct err *e)
{
        struct cim_instance *in;
        char id[PACKAGE_ID_LEN + 1], json[128];
        int r;

        snprintf(json, sizeof(json), "{\"Name\":\"%s\"%s}", ch->name, ch->verb == CREATE ? ",\"PkgSourceFlag\":1" : "");
        r = cim_json_read(cim_class_find(STR("SMS_Package")), str_of(json), &t->arena, &in, e);
        if (r < 0)
                return r;
        return ch->verb == CREATE ? model_package_create(t, in, id, e) : model_package_put(t, str_of(ch->id), in, e);
}

static int change_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct model_site_opts site = { "P01", "Paris", "SITE", "/opt" };
        static const struct actor tester = { "tester", "here", "test" };
        struct change *ch = container_of(j, struct change, job);
        struct tx t;
        int r;

        tx_begin(&t, c, &tester);
        if (ch->verb == INIT)
                r = model_init(&t, &site, e);
        else if (ch->verb == DELETE)
                r = model_package_delete(&t, str_of(ch->id), e);
        else if (ch->verb == TRIM)
                r = model_changes_trim(&t, 0, e);
        else
                r = package(ch, &t, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void change_done(struct db_job *j)
{
        if (j->r < 0)
                fail_msg("%s", j->err.text);
}

static void run(void)
{
        for (int i = 0; i < 5; i++)
                loop_run_once(the_loop);
}

static void change(enum verb verb, const char *id, const char *name)
{
        struct change ch = { .job = { .work = change_work, .done = change_done }, .verb = verb, .id = id, .name = name };

        db_write(db, &ch.job);
        run();
}

/* ---- a subscriber ---- */

struct listener {
        struct event_subscription *s;
        int room;                       /* < 0: never full */
        int n;
        char class[32][40], json[32][4096];
        int64_t sequence, caught_up;
        enum err_kind gone;
};

static bool deliver(void *ctx, const struct event_notice *n)
{
        struct listener *l = ctx;

        if (l->room == 0)
                return false;
        l->room--;
        assert_true(l->n < 32 && n->json.n < sizeof(l->json[0]));
        snprintf(l->class[l->n], sizeof(l->class[0]), "%s", n->class->name);
        snprintf(l->json[l->n++], sizeof(l->json[0]), "%.*s", STR_ARG(n->json));
        l->sequence = n->sequence;
        return true;
}

static void caught_up(void *ctx, int64_t seq)
{
        ((struct listener *)ctx)->caught_up = seq;
}

static void gone(void *ctx, const struct err *e)
{
        ((struct listener *)ctx)->gone = e->kind;
}

static int open_query(struct listener *l, const char *query, int64_t from, struct wql_error *w)
{
        struct event_subscription_opts o = { .query = str_of(query), .from = from, .deliver = deliver, .caught_up = caught_up,
                                             .gone = gone, .ctx = l };

        *l = (struct listener){ .room = -1, .caught_up = -1 };
        return event_subscription_open(&l->s, engine, &o, w);
}

static void listen_to(struct listener *l, const char *query, int64_t from)
{
        struct wql_error w = { 0 };

        if (open_query(l, query, from, &w) < 0)
                fail_msg("%s: %s", query, w.text);
        run();
}

static void has(const struct listener *l, int i, const char *class_name, const char *text)
{
        assert_true(i < l->n);
        assert_string_equal(l->class[i], class_name);
        if (!strstr(l->json[i], text))
                fail_msg("\"%s\" is not in %s", text, l->json[i]);
}

static void new_engine(int64_t spacing_us, bool interval, size_t memory)
{
        struct event_engine_opts o = { .loop = the_loop, .hub = hub, .spacing_us = spacing_us, .interval = interval,
                                       .memory = memory };
        struct err e = { 0 };

        event_engine_free(engine);
        assert_int_equal(event_engine_new(&engine, &o, &e), 0);
}

static int set_up(void **state)
{
        struct db_opts o = { .schema = &sql_site, .after_commit = committed, .inline_ = true };
        struct err e = { 0 };

        folder = tmpdir_new();
        o.path = path = tmpdir_path(folder, "site.db");
        hub = NULL;
        engine = NULL;
        assert_int_equal(loop_new(&the_loop), 0);
        if (db_open(&db, the_loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(event_hub_new(&hub, the_loop, db, &e), 0);
        new_engine(20000, false, 0);
        change(INIT, NULL, NULL);
        return 0;
}

static int tear_down(void **state)
{
        event_engine_free(engine);
        event_hub_free(hub);
        hub = NULL;
        db_close(db);
        loop_free(the_loop);
        tmpdir_free(folder);
        free(path);
        return 0;
}

static void run_until(struct listener *l, int n)
{
        for (int i = 0; l->n < n && i < 20000; i++) {
                loop_run_once(the_loop);
                usleep(100);
        }
        assert_int_equal(l->n, n);
}

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

static void timers_wait_for_who_is_full(void **state)
{
        struct listener a, b, grouped;

        listen_to(&a, "SELECT * FROM __TimerEvent WHERE TimerId = 'Nightly'", EVENT_FROM_NOW);
        listen_to(&b, "SELECT * FROM __TimerEvent", EVENT_FROM_NOW);
        listen_to(&grouped, "SELECT * FROM __TimerEvent GROUP WITHIN 0.1 BY TimerId", EVENT_FROM_NOW);
        b.room = 0;
        event_engine_timer(engine, STR("nightly"), 1);
        event_engine_timer(engine, STR("hourly"), 1);
        event_engine_timer(engine, STR("hourly"), 2);
        assert_int_equal(a.n, 1);
        has(&a, 0, "__TimerEvent", "\"TimerId\":\"nightly\",\"NumFirings\":1");
        assert_int_equal(b.n, 0);
        b.room = -1;
        event_subscription_room(b.s);
        assert_int_equal(b.n, 2);
        has(&b, 1, "__TimerEvent", "\"TimerId\":\"hourly\",\"NumFirings\":3");
        run_until(&grouped, 2);
        has(&grouped, 1, "__AggregateEvent", "\"NumberOfEvents\":2,\"Representative\":{\"__CLASS\":\"__TimerEvent\"");
        event_subscription_close(a.s);
        event_subscription_close(b.s);
        event_subscription_close(grouped.s);
}

/* ---- instructions ---- */

struct instruction {
        struct db_job job;
        const char *class_name, *json;
        bool delete_;
        enum err_kind refused;
};

static int instruction_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct actor tester = { "tester", "here", "test" };
        struct instruction *i = container_of(j, struct instruction, job);
        struct cim_instance *in;
        struct tx t;
        int r;

        tx_begin(&t, c, &tester);
        r = cim_json_read(cim_class_find(str_of(i->class_name)), str_of(i->json), &t.arena, &in, e);
        if (r == 0)
                r = i->delete_ ? model_timer_delete(&t, in, e) : model_timer_put(&t, in, true, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void instruction_done(struct db_job *j)
{
        container_of(j, struct instruction, job)->refused = j->r < 0 ? j->err.kind : ERR_NONE;
}

static enum err_kind instruct(const char *class_name, const char *json, bool delete_)
{
        struct instruction i = { .job = { .work = instruction_work, .done = instruction_done }, .class_name = class_name,
                                 .json = json, .delete_ = delete_ };

        db_write(db, &i.job);
        run();
        return i.refused;
}

#define INTERVAL "__IntervalTimerInstruction"
#define ABSOLUTE "__AbsoluteTimerInstruction"

static struct event_timers *start_timers(void)
{
        struct event_timers_opts o = { .loop = the_loop, .db = db, .hub = hub, .engine = engine };
        struct event_timers *t;
        struct err e = { 0 };

        assert_int_equal(event_timers_new(&t, &o, &e), 0);
        run();
        return t;
}

static void instructions_are_obeyed(void **state)
{
        struct event_timers *t = start_timers();
        struct listener l;

        listen_to(&l, "SELECT * FROM __TimerEvent", EVENT_FROM_NOW);
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\"beat\",\"IntervalBetweenEvents\":20}", false), ERR_NONE);
        run_until(&l, 3);
        has(&l, 2, "__TimerEvent", "\"TimerId\":\"beat\"");
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\"beat\"}", true), ERR_NONE);
        l.n = 0;
        usleep(50000);
        run();
        assert_int_equal(l.n, 0);
        event_timers_free(t);
        event_subscription_close(l.s);
}

static void an_instant_is_told_once(void **state)
{
        struct event_timers *t = start_timers();
        struct listener l, again;

        listen_to(&l, "SELECT * FROM __TimerEvent", EVENT_FROM_NOW);
        instruct(ABSOLUTE, "{\"TimerId\":\"late\",\"EventDateTime\":\"2020-01-01T00:00:00Z\"}", false);
        instruct(ABSOLUTE, "{\"TimerId\":\"passed\",\"EventDateTime\":\"2020-01-01T00:00:00Z\",\"SkipIfPassed\":true}", false);
        instruct(ABSOLUTE, "{\"TimerId\":\"future\",\"EventDateTime\":\"2999-01-01T00:00:00Z\"}", false);
        run_until(&l, 1);
        has(&l, 0, "__TimerEvent", "\"TimerId\":\"late\",\"NumFirings\":1");
        event_timers_free(t);
        listen_to(&again, "SELECT * FROM __TimerEvent", EVENT_FROM_NOW);
        t = start_timers();
        run();
        assert_int_equal(again.n, 0);
        assert_int_equal(l.n, 1);
        event_timers_free(t);
        event_subscription_close(l.s);
        event_subscription_close(again.s);
}

static void instructions_are_checked(void **state)
{
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\"a\"}", false), ERR_INVALID);
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\"a\",\"IntervalBetweenEvents\":0}", false), ERR_INVALID);
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\" \",\"IntervalBetweenEvents\":10}", false), ERR_INVALID);
        assert_int_equal(instruct(ABSOLUTE, "{\"TimerId\":\"a\"}", false), ERR_INVALID);
        assert_int_equal(instruct(INTERVAL, "{\"TimerId\":\"a\",\"IntervalBetweenEvents\":10}", false), ERR_NONE);
        assert_int_equal(instruct(ABSOLUTE, "{\"TimerId\":\"A\",\"EventDateTime\":\"2999-01-01T00:00:00Z\"}", false), ERR_EXISTS);
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
                { "SELECT * FROM __EventDroppedEvent", WBEM_E_NOT_SUPPORTED },
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
                T(timers_wait_for_who_is_full),
                T(instructions_are_obeyed),
                T(an_instant_is_told_once),
                T(instructions_are_checked),
                T(what_retention_passed_is_gone),
                T(there_may_be_so_many),
                T(mistakes_are_refused_with_their_status),
#undef T
        };

        return cmocka_run_group_tests_name("subscription", tests, NULL, NULL);
}
