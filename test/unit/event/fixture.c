/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "lib/tmpdir.h"
#include "model/sql_site.h"

struct loop *the_loop;
struct db *db;
struct event_hub *hub;
struct event_engine *engine;
static char *folder, *path;

static void committed(void *ctx, struct db_conn *c)
{
        if (hub)
                event_hub_committed(hub);
}

/* ---- changes ---- */

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

void run(void)
{
        for (int i = 0; i < 5; i++)
                loop_run_once(the_loop);
}

void change(enum verb verb, const char *id, const char *name)
{
        struct change ch = { .job = { .work = change_work, .done = change_done }, .verb = verb, .id = id, .name = name };

        db_write(db, &ch.job);
        run();
}

/* ---- a subscriber ---- */

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

int open_query(struct listener *l, const char *query, int64_t from, struct wql_error *w)
{
        struct event_subscription_opts o = { .query = str_of(query), .from = from, .deliver = deliver, .caught_up = caught_up,
                                             .gone = gone, .ctx = l };

        *l = (struct listener){ .room = -1, .caught_up = -1 };
        return event_subscription_open(&l->s, engine, &o, w);
}

void listen_to(struct listener *l, const char *query, int64_t from)
{
        struct wql_error w = { 0 };

        if (open_query(l, query, from, &w) < 0)
                fail_msg("%s: %s", query, w.text);
        run();
}

void has(const struct listener *l, int i, const char *class_name, const char *text)
{
        assert_true(i < l->n);
        assert_string_equal(l->class[i], class_name);
        if (!strstr(l->json[i], text))
                fail_msg("\"%s\" is not in %s", text, l->json[i]);
}

void new_engine(int64_t spacing_us, bool interval, size_t memory)
{
        struct event_engine_opts o = { .loop = the_loop, .hub = hub, .spacing_us = spacing_us, .interval = interval,
                                       .memory = memory };
        struct err e = { 0 };

        event_engine_free(engine);
        assert_int_equal(event_engine_new(&engine, &o, &e), 0);
}

int set_up(void **state)
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

int tear_down(void **state)
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

void run_until(struct listener *l, int n)
{
        for (int i = 0; l->n < n && i < 20000; i++) {
                loop_run_once(the_loop);
                usleep(100);
        }
        assert_int_equal(l->n, n);
}
