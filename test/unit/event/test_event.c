/* SPDX-License-Identifier: Apache-2.0 */
/* event - cursors in the change log: live, behind, full, resumed, gone; over the real pool and the real model */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "event/event.h"
#include "event/index.h"
#include "model/sql_site.h"
#include "lib/tmpdir.h"

static struct loop *the_loop;
static struct db *db;
static struct event_hub *hub;
static char *folder, *path;

/* The loop's one turn does not wait; the db's threads do their part meanwhile. */
static void turn(void)
{
        loop_run_once(the_loop);
        usleep(100);
}

static void committed(void *ctx, struct db_conn *c)
{
        if (hub)
                event_hub_committed(hub);
}

/* ---- changes: one package a job ---- */

struct change {
        struct db_job job;
        int number;
        int64_t trim;                   /* > 0: cut the log to so many rows instead */
        bool done;
};

static int change_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct model_site_opts site = { "P01", "Paris", "SITE", "/opt" };
        static const struct actor tester = { "tester", "here", "test" };
        struct change *ch = container_of(j, struct change, job);
        struct cim_instance *in;
        char id[PACKAGE_ID_LEN + 1], json[128];
        struct tx t;
        int r;

        tx_begin(&t, c, &tester);
        snprintf(json, sizeof(json), "{\"Name\":\"package %d\",\"PkgSourceFlag\":1}", ch->number);
        if (ch->trim)
                r = model_changes_trim(&t, ch->trim, e);
        else if (ch->number < 0)
                r = model_init(&t, &site, e);
        else if (!(r = cim_json_read(cim_class_find(STR("SMS_Package")), str_of(json), &t.arena, &in, e)))
                r = model_package_create(&t, in, id, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void change_done(struct db_job *j)
{
        container_of(j, struct change, job)->done = true;
}

static void change(struct change *ch)
{
        ch->job = (struct db_job){ .work = change_work, .done = change_done };
        ch->done = false;
        db_write(db, &ch->job);
        while (!ch->done)
                turn();
        if (ch->job.r < 0)
                fail_msg("%s", ch->job.err.text);
}

static void make_packages(int from, int n)
{
        for (int i = from; i < from + n; i++)
                change(&(struct change){ .number = i });
}

/* ---- a subscriber that notes what it got ---- */

struct listener {
        struct event_sub *sub;
        int room;                       /* takes so many, then is full; < 0: never full */
        int n;
        int64_t last, caught_up;
        bool in_order;
        enum err_kind gone;
        char names[64][32];
};

static bool deliver(void *ctx, const struct model_change *ch)
{
        struct listener *l = ctx;
        const char *name = memmem(ch->after.p, ch->after.n, "package ", 8);

        if (l->room == 0)
                return false;
        l->room--;
        l->in_order &= ch->seq > l->last;
        l->last = ch->seq;
        assert_non_null(name);
        snprintf(l->names[l->n++ % 64], sizeof(l->names[0]), "%.*s", (int)strcspn(name, "\""), name);
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

static void listen_with(struct listener *l, struct event_sub_opts o)
{
        struct err e = { 0 };

        o.deliver = deliver;
        o.caught_up = caught_up;
        o.gone = gone;
        o.ctx = l;
        *l = (struct listener){ .room = -1, .in_order = true, .caught_up = -1 };
        assert_int_equal(event_subscribe(&l->sub, hub, &o, &e), 0);
}

static void listen_to(struct listener *l, const char *class_name, int64_t from, int room)
{
        struct event_sub_opts o = { .class_name = class_name, .from = from, .deliver = deliver,
                                    .caught_up = caught_up, .gone = gone, .ctx = l };
        struct err e = { 0 };

        *l = (struct listener){ .room = room, .in_order = true, .caught_up = -1 };
        assert_int_equal(event_subscribe(&l->sub, hub, &o, &e), 0);
}

static void run_until(const struct listener *l, int n)
{
        while (l->n < n && !l->gone)
                turn();
        assert_int_equal(l->n, n);
}

static void run_until_caught_up(const struct listener *l)
{
        while (l->caught_up < 0)
                turn();
}

static int set_up(void **state)
{
        struct db_opts o = { .schema = &sql_site, .after_commit = committed };
        struct err e = { 0 };

        folder = tmpdir_new();
        o.path = path = tmpdir_path(folder, "site.db");
        hub = NULL;
        assert_int_equal(loop_new(&the_loop), 0);
        if (db_open(&db, the_loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(event_hub_new(&hub, the_loop, db, &e), 0);
        change(&(struct change){ .number = -1 });
        return 0;
}

static int tear_down(void **state)
{
        event_hub_free(hub);
        hub = NULL;
        db_close(db);
        loop_free(the_loop);
        tmpdir_free(folder);
        free(path);
        return 0;
}

/* ---- tests ---- */

static void from_now_hears_only_what_follows(void **state)
{
        struct listener l;

        make_packages(0, 3);
        listen_to(&l, "SMS_Package", EVENT_FROM_NOW, -1);
        run_until_caught_up(&l);
        assert_int_equal(l.n, 0);
        make_packages(3, 2);
        run_until(&l, 2);
        assert_string_equal(l.names[0], "package 3");
        assert_string_equal(l.names[1], "package 4");
        event_unsubscribe(l.sub);
}

static void from_a_sequence_hears_all_of_it_once(void **state)
{
        struct listener all, rest;

        make_packages(0, 4);
        listen_to(&all, "sms_package", 0, -1);
        run_until(&all, 4);
        listen_to(&rest, "SMS_Package", all.last, -1);
        make_packages(4, 2);
        run_until(&all, 6);
        run_until(&rest, 2);
        assert_true(all.in_order && rest.in_order);
        assert_string_equal(rest.names[0], "package 4");
        event_unsubscribe(all.sub);
        event_unsubscribe(rest.sub);
}

static void a_full_one_stops_and_goes_on_where_it_stopped(void **state)
{
        struct listener slow, quick;

        listen_to(&slow, "SMS_Package", 0, 2);
        listen_to(&quick, "SMS_Package", 0, -1);
        make_packages(0, 10);
        run_until(&quick, 10);
        run_until(&slow, 2);
        slow.room = 3;
        event_resume(slow.sub);
        run_until(&slow, 5);
        slow.room = -1;
        event_resume(slow.sub);
        run_until(&slow, 10);
        make_packages(10, 1);
        run_until(&slow, 11);
        assert_true(slow.in_order);
        for (int i = 0; i < 11; i++) {
                char want[32];

                snprintf(want, sizeof(want), "package %d", i);
                assert_string_equal(slow.names[i], want);
        }
        event_unsubscribe(slow.sub);
        event_unsubscribe(quick.sub);
}

static void one_class_does_not_hear_of_another(void **state)
{
        struct listener programs, packages;

        listen_to(&programs, "SMS_Program", 0, -1);
        listen_to(&packages, "SMS_Package", 0, -1);
        make_packages(0, 3);
        run_until(&packages, 3);
        assert_int_equal(programs.n, 0);
        event_unsubscribe(programs.sub);
        event_unsubscribe(packages.sub);
}

/* Live and from the log alike. */
static void a_key_and_several_classes_narrow_it(void **state)
{
        const struct cim_class *two[] = { cim_class_find(STR("SMS_Program")), cim_class_find(STR("SMS_Package")) };
        struct listener one, none, both, late;

        listen_with(&one, (struct event_sub_opts){ .class_name = "SMS_Package", .from = 0, .key_property = STR("packageid"),
                                                   .key_value = STR("p0100002") });
        listen_with(&none, (struct event_sub_opts){ .class_name = "SMS_Package", .from = 0, .key_property = STR("PackageID"),
                                                    .key_value = STR("P0100099") });
        listen_with(&both, (struct event_sub_opts){ .classes = two, .n_classes = 2, .from = 0 });
        run_until_caught_up(&one);
        run_until_caught_up(&none);
        run_until_caught_up(&both);
        make_packages(0, 4);
        run_until(&both, 4);
        run_until(&one, 1);
        assert_string_equal(one.names[0], "package 1");
        listen_with(&late, (struct event_sub_opts){ .class_name = "SMS_Package", .from = 0, .key_property = STR("PackageID"),
                                                    .key_value = STR("P0100003") });
        run_until_caught_up(&late);
        assert_int_equal(late.n, 1);
        assert_string_equal(late.names[0], "package 2");
        assert_int_equal(none.n, 0);
        event_unsubscribe(one.sub);
        event_unsubscribe(none.sub);
        event_unsubscribe(both.sub);
        event_unsubscribe(late.sub);
}

static void keys_of_paths(void **state)
{
        static const struct {
                const char *path, *key, *value;
        } t[] = {
                { "A.K=\"x\"", "k", "x" },
                { "A.K=\"x\",L=\"y\"", "L", "y" },
                { "A.K=\"a\\\\b\\\"c,L=1\",L=12", "K", "a\\b\"c,L=1" },
                { "A.K=\"a\\\\b\\\"c,L=1\",L=12", "L", "12" },
                { "A.K=\"x\"", "M", NULL },
                { "A.K=\"123456789\"", "K", NULL },     /* longer than there is room */
                { "A", "K", NULL },
                { "A.K=\"x", "K", "x" },
                { "A.K=", "K", "" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                char out[sizeof("a.b.c,L=1")];
                size_t n = 0;
                bool found = event_path_key(str_of(t[i].path), str_of(t[i].key), out, i == 5 ? 8 : sizeof(out), &n);

                assert_int_equal(found, t[i].value != NULL);
                if (found)
                        assert_true(str_eqz((struct str){ out, n }, t[i].value));
        }
}

static void what_retention_passed_is_said(void **state)
{
        struct listener l;

        make_packages(0, 6);
        change(&(struct change){ .trim = 2 });
        listen_to(&l, "SMS_Package", 0, -1);
        while (!l.gone)
                turn();
        assert_int_equal(l.gone, ERR_GONE);
        assert_int_equal(l.n, 0);
        event_unsubscribe(l.sub);
}

static void many_batches_arrive_whole(void **state)
{
        struct listener l;
        enum { MANY = 300 };            /* each makes several rows: more than one batch */

        make_packages(0, MANY);
        listen_to(&l, "SMS_Package", 0, -1);
        run_until(&l, MANY);
        assert_true(l.in_order);
        event_unsubscribe(l.sub);
}

static void leaving_while_reading_is_harmless(void **state)
{
        struct listener l;

        make_packages(0, 3);
        listen_to(&l, "SMS_Package", 0, -1);
        event_unsubscribe(l.sub);
        make_packages(3, 1);
        assert_int_equal(l.n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
                T(from_now_hears_only_what_follows),
                T(from_a_sequence_hears_all_of_it_once),
                T(a_full_one_stops_and_goes_on_where_it_stopped),
                T(one_class_does_not_hear_of_another),
                T(a_key_and_several_classes_narrow_it),
                cmocka_unit_test(keys_of_paths),
                T(what_retention_passed_is_said),
                T(many_batches_arrive_whole),
                T(leaving_while_reading_is_harmless),
#undef T
        };

        return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
