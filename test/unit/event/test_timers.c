/* SPDX-License-Identifier: Apache-2.0 */
/* timers - timer instructions and the events they make */
#include "fixture.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
                T(timers_wait_for_who_is_full),
                T(instructions_are_obeyed),
                T(an_instant_is_told_once),
                T(instructions_are_checked),
#undef T
        };

        return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
