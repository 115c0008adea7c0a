/* SPDX-License-Identifier: Apache-2.0 */
/* Permanent subscriptions over a site's database: cursors, failures, changes of definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "consumer/consumer.h"
#include "lib/tmpdir.h"
#include "model/sql_site.h"
#include "os/os.h"
#include "provider/provider.h"

#define CREATED "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'SMS_Package'"

static struct loop *loop;
static struct db *db;
static struct event_hub *hub;
static struct event_engine *engine;
static struct consumers *consumers;
static char *folder, *path;

static void committed(void *ctx, struct db_conn *c)
{
        if (hub)
                event_hub_committed(hub);
}

/* ---- one transaction ---- */

struct write {
        struct db_job job;
        int (*fn)(struct tx *t, const char *a, const char *b, struct err *e);
        const char *a, *b;
        int r;
        struct err err;
};

static int write_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct actor tester = { "tester", "here", "test" };
        struct write *w = container_of(j, struct write, job);
        struct tx t;
        int r;

        tx_begin(&t, c, &tester);
        r = w->fn(&t, w->a, w->b, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void write_done(struct db_job *j)
{
        struct write *w = container_of(j, struct write, job);

        w->r = j->r;
        w->err = j->err;
}

static void run(void)
{
        for (int i = 0; i < 5; i++)
                loop_run_once(loop);
}

static struct write do_write(int (*fn)(struct tx *t, const char *a, const char *b, struct err *e), const char *a, const char *b)
{
        struct write w = { .job = { .work = write_work, .done = write_done }, .fn = fn, .a = a, .b = b };

        db_write(db, &w.job);
        run();
        return w;
}

static void written(int (*fn)(struct tx *t, const char *a, const char *b, struct err *e), const char *a, const char *b)
{
        struct write w = do_write(fn, a, b);

        if (w.r < 0)
                fail_msg("%s %s: %s", a, b, w.err.text);
}

static int init(struct tx *t, const char *a, const char *b, struct err *e)
{
        static const struct model_site_opts site = { "P01", "Paris", "SITE", "/opt" };

        return model_init(t, &site, e);
}

static int make(struct tx *t, const char *class, const char *json, struct err *e)
{
        struct cim_instance *in, *out;
        int r = cim_json_read(cim_class_find(str_of(class)), str_of(json), &t->arena, &in, e);

        return r < 0 ? r : provider_create(t, in, &t->arena, &out, e);
}

static int keys_of(struct tx *t, const char *object, struct cim_instance **keys, struct err *e)
{
        struct cim_path p;
        int r = cim_path_parse(str_of(object), &t->arena, &p, e);

        return r < 0 ? r : cim_path_bind(&p, &t->arena, keys, e);
}

static int change(struct tx *t, const char *object, const char *json, struct err *e)
{
        struct cim_instance *in, *keys, *out;
        int r = keys_of(t, object, &keys, e);

        if (r == 0)
                r = cim_json_read(keys->class, str_of(json), &t->arena, &in, e);
        for (size_t k = 0; r == 0 && k < keys->class->n_keys; k++) {
                in->values[keys->class->keys[k]] = keys->values[keys->class->keys[k]];
                in->given[keys->class->keys[k]] = true;
        }
        return r < 0 ? r : provider_put(t, in, true, &t->arena, &out, e);
}

static int remove_object(struct tx *t, const char *object, const char *b, struct err *e)
{
        struct cim_instance *keys;
        int r = keys_of(t, object, &keys, e);

        return r < 0 ? r : provider_delete(t, keys, e);
}

static int trim(struct tx *t, const char *a, const char *b, struct err *e)
{
        return model_changes_trim(t, 0, e);
}

static void package(const char *name)
{
        char json[200];

        snprintf(json, sizeof(json), "{\"Name\":\"%s\",\"PkgSourceFlag\":1}", name);
        written(make, "SMS_Package", json);
}

static const char *refused(const char *class, const char *json)
{
        static struct write w;

        w = do_write(make, class, json);
        if (w.r == 0)
                fail_msg("%s %s was taken", class, json);
        return w.err.text;
}

/* ---- reading ---- */

struct reading {
        struct db_job job;
        const char *class, *property;
        char out[20][2000];
        size_t n;
        struct arena arena;
};

static bool take(void *ctx, struct cim_instance *i)
{
        struct reading *r = ctx;
        int p = cim_property_find(i->class, str_of(r->property));
        struct buf b;

        buf_init(&b, 0);
        if (!i->values[p].null && i->class->properties[p].type == CIM_OBJECT)
                buf_adds(&b, i->values[p].s);
        else if (!i->values[p].null)
                cim_value_print(&i->class->properties[p], &i->values[p], &b);
        snprintf(r->out[r->n++], sizeof(r->out[0]), "%.*s", STR_ARG(buf_str(&b)));
        buf_fini(&b);
        return r->n < ARRAY_SIZE(r->out);
}

static int read_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct reading *r = container_of(j, struct reading, job);
        struct provider_query q = { .class = cim_class_find(str_of(r->class)), .lazy = true };

        return provider_query_run(c, &q, &r->arena, take, r, e);
}

static void read_done(struct db_job *j)
{
        if (j->r < 0)
                fail_msg("%s", j->err.text);
}

/* The property of each instance of the class; valid until the next call. */
static struct reading *all(const char *class, const char *property)
{
        static struct reading r;

        r = (struct reading){ .job = { .work = read_work, .done = read_done }, .class = class, .property = property };
        arena_init(&r.arena, 0);
        db_read(db, &r.job);
        run();
        arena_fini(&r.arena);
        return &r;
}

/* Turns the loop until the file has that text; what has no time limit here would hang for ever. */
static void until_log(const char *text)
{
        char *got = NULL;

        for (int i = 0; i < 60000; i++) {
                free(got);
                got = tmpdir_read(folder, "out.log", NULL);
                if (got && strcmp(got, text) == 0)
                        break;
                loop_run_once(loop);
                usleep(200);
        }
        assert_non_null(got);
        assert_string_equal(got, text);
        free(got);
        run();
}

static void until(const char *class, const char *property, size_t n)
{
        for (int i = 0; i < 60000 && all(class, property)->n < n; i++)
                usleep(200);
        assert_int_equal(all(class, property)->n, n);
}

/* ---- set-up ---- */

static void start(const char *log_folder)
{
        const struct consumer_opts o = {
                .loop = loop, .db = db, .hub = hub, .engine = engine, .site_code = "P01", .server_name = "site.example",
                .retry = { 2, 1000, 2000 }, .max_deliveries = 2, .log_folder = log_folder, .command_user = "",
                .command_timeout_s = 60, .smtp_server = "", .ca_file = "", .webhook_http = true,
        };
        struct err e = { 0 };

        if (consumers_new(&consumers, &o, &e) < 0)
                fail_msg("%s", e.text);
        run();
}

static void stop(void)
{
        consumers_free(consumers);
        consumers = NULL;
}

static int set_up(void **state)
{
        struct db_opts o = { .schema = &sql_site, .after_commit = committed, .inline_ = true };
        struct event_engine_opts eo = { .spacing_us = 20000 };
        struct err e = { 0 };

        folder = tmpdir_new();
        o.path = path = tmpdir_path(folder, "site.db");
        hub = NULL;
        assert_int_equal(loop_new(&loop), 0);
        if (db_open(&db, loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(event_hub_new(&hub, loop, db, &e), 0);
        eo.loop = loop;
        eo.hub = hub;
        assert_int_equal(event_engine_new(&engine, &eo, &e), 0);
        written(init, NULL, NULL);
        return 0;
}

static int tear_down(void **state)
{
        stop();
        event_engine_free(engine);
        event_hub_free(hub);
        hub = NULL;
        db_close(db);
        loop_free(loop);
        tmpdir_free(folder);
        free(path);
        return 0;
}

static void define(const char *consumer, const char *json)
{
        char binding[400];

        written(make, consumer, json);
        snprintf(binding, sizeof(binding), "{\"Consumer\":\"%s.Name=\\\"c\\\"\",\"Filter\":\"__EventFilter.Name=\\\"f\\\"\"}", consumer);
        written(make, "__FilterToConsumerBinding", binding);
}

static void define_log(void)
{
        written(make, "__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"" CREATED "\"}");
        define("LogFileEventConsumer", "{\"Name\":\"c\",\"Filename\":\"out.log\",\"Text\":\"%TargetInstance.Name%\"}");
}

/* ---- tests ---- */

static void events_are_delivered_in_order(void **state)
{
        start(folder);
        define_log();
        package("one");
        package("two");
        package("three");
        until_log("one\ntwo\nthree\n");
        assert_string_equal(all("TM_Subscription", "State")->out[0], "1");
        assert_int_equal(all("TM_EventFailure", "FailureID")->n, 0);
}

static void nothing_is_lost_while_nobody_delivers(void **state)
{
        start(folder);
        define_log();
        package("one");
        until_log("one\n");
        stop();
        package("two");
        package("three");
        start(folder);
        until_log("one\ntwo\nthree\n");
}

/* A binding begins when it is written, also before anybody delivers. */
static void a_binding_begins_when_it_is_written(void **state)
{
        package("before");
        define_log();
        package("after");
        start(folder);
        until_log("after\n");
}

static void definitions_change_while_it_runs(void **state)
{
        start(folder);
        define_log();
        package("one");
        until_log("one\n");
        written(change, "LogFileEventConsumer.Name=\"c\"", "{\"Text\":\"<%TargetInstance.Name%>\"}");
        package("two");
        until_log("one\n<two>\n");
        written(change, "__EventFilter.Name=\"f\"", "{\"Query\":\"" CREATED " AND TargetInstance.Name <> 'three'\"}");
        package("three");
        package("four");
        until_log("one\n<two>\n<four>\n");
        written(remove_object, "LogFileEventConsumer.Name=\"c\"", NULL);
        assert_string_equal(all("TM_Subscription", "State")->out[0], "0");
        package("five");
        written(make, "LogFileEventConsumer", "{\"Name\":\"c\",\"Filename\":\"out.log\",\"Text\":\"again %TargetInstance.Name%\"}");
        package("six");
        until_log("one\n<two>\n<four>\nagain six\n");
        written(remove_object, "__FilterToConsumerBinding.Consumer=\"root/subscription:logfileeventconsumer.name=\\\"C\\\"\",Filter=\"__EventFilter.Name=\\\"f\\\"\"", NULL);
        assert_int_equal(all("TM_Subscription", "State")->n, 0);
        package("seven");
        assert_int_equal(all("__FilterToConsumerBinding", "Filter")->n, 0);
}

static void what_is_refused_is_recorded(void **state)
{
        struct reading *r;

        start("");                      /* log files are off */
        define_log();
        package("one");
        until("TM_EventFailure", "FailureID", 1);
        assert_non_null(strstr(all("TM_EventFailure", "ErrorDescription")->out[0], "consumer_log_folder"));
        assert_non_null(strstr(all("TM_EventFailure", "Event")->out[0], "\"one\""));
        assert_string_equal(all("TM_EventFailure", "Tries")->out[0], "1");
        assert_string_equal(all("TM_Subscription", "State")->out[0], "2");
        r = all("TM_StatusMessage", "Text");
        assert_non_null(strstr(r->out[r->n - 1], "f to LogFileEventConsumer.Name=\"c\""));
        stop();
        start(folder);                  /* mended: the next event goes through, and the subscription says so */
        package("two");
        until_log("two\n");
        for (int i = 0; i < 60000 && strcmp(all("TM_Subscription", "State")->out[0], "1") != 0; i++)
                usleep(200);
        assert_string_equal(all("TM_Subscription", "LastError")->out[0], "");
}

/* Nobody listens there: two tries, then the next. */
static void what_is_dead_is_given_up(void **state)
{
        written(make, "__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"" CREATED "\"}");
        define("CommandLineEventConsumer", "{\"Name\":\"c\",\"CommandLineTemplate\":\"/bin/sh -c \\\"exit 75\\\"\"}");
        start(folder);
        if (geteuid() == 0) {           /* root without a user runs nothing */
                package("one");
                until("TM_EventFailure", "FailureID", 1);
                assert_non_null(strstr(all("TM_EventFailure", "ErrorDescription")->out[0], "command_user"));
                return;
        }
        package("one");
        package("two");
        until("TM_EventFailure", "FailureID", 2);
        assert_string_equal(all("TM_EventFailure", "Tries")->out[0], "2");
        assert_non_null(strstr(all("TM_EventFailure", "ErrorDescription")->out[0], "status 75"));
}

static void lost_events_are_told(void **state)
{
        define_log();
        package("one");
        package("two");
        written(trim, NULL, NULL);
        start(folder);
        until("TM_EventFailure", "FailureID", 1);
        assert_string_equal(all("TM_EventFailure", "Dropped")->out[0], "true");
        assert_non_null(strstr(all("TM_EventFailure", "ErrorDescription")->out[0], "no longer holds"));
        package("three");
        until_log("three\n");
}

/* No setting allows this machine's own addresses. */
static void webhooks_do_not_lead_back(void **state)
{
        written(make, "__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"" CREATED "\"}");
        define("TM_WebhookEventConsumer", "{\"Name\":\"c\",\"Url\":\"http://127.0.0.1:9/\"}");
        start("");
        package("one");
        until("TM_EventFailure", "FailureID", 1);
        assert_non_null(strstr(all("TM_EventFailure", "ErrorDescription")->out[0], "not allowed"));
        assert_string_equal(all("TM_EventFailure", "Tries")->out[0], "1");
}

/* The failure to tell a failure tells no other. */
static void failures_do_not_feed_themselves(void **state)
{
        static const char packages[] = "{\"Name\":\"g\",\"QueryLanguage\":\"WQL\",\"Query\":\"" CREATED "\"}";

        written(make, "__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"SELECT * FROM __ConsumerFailureEvent\"}");
        define("LogFileEventConsumer", "{\"Name\":\"c\",\"Filename\":\"out.log\",\"Text\":\"x\"}");
        written(make, "__EventFilter", packages);
        written(make, "__FilterToConsumerBinding",
                "{\"Consumer\":\"LogFileEventConsumer.Name=\\\"c\\\"\",\"Filter\":\"__EventFilter.Name=\\\"g\\\"\"}");
        start("");                      /* both fail: the event of the package, then the event of that failure */
        package("one");
        for (int i = 0; i < 60000; i++) {
                struct reading *r = all("TM_Subscription", "State");

                if (strcmp(r->out[0], "2") == 0 && strcmp(r->out[1], "2") == 0)
                        break;
                usleep(200);
        }
        assert_string_equal(all("TM_Subscription", "State")->out[0], "2");
        assert_int_equal(all("TM_EventFailure", "FailureID")->n, 1);
}

static void mistakes_are_refused_in_words(void **state)
{
        assert_non_null(strstr(refused("__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"SELECT * FRM x\"}"), "column"));
        assert_non_null(strstr(refused("__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"Query\":\"SELECT * FROM SMS_Package\"}"),
                               "WBEM_E_NOT_EVENT_CLASS"));
        assert_non_null(strstr(refused("__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"SQL\",\"Query\":\"" CREATED "\"}"), "WQL"));
        assert_non_null(strstr(refused("__EventFilter", "{\"Name\":\"f\",\"QueryLanguage\":\"WQL\",\"EventNamespace\":\"root\\\\cimv2\","
                                                        "\"Query\":\"" CREATED "\"}"), "raises no events"));
        assert_non_null(strstr(refused("CommandLineEventConsumer", "{\"Name\":\"c\",\"CommandLineTemplate\":\"sh x\"}"), "absolute"));
        assert_non_null(strstr(refused("CommandLineEventConsumer", "{\"Name\":\"c\"}"), "ExecutablePath"));
        assert_non_null(strstr(refused("LogFileEventConsumer", "{\"Name\":\"c\",\"Filename\":\"a/../b\",\"Text\":\"x\"}"), ".."));
        assert_non_null(strstr(refused("SMTPEventConsumer", "{\"Name\":\"c\",\"SMTPServer\":\"m\"}"), "address"));
        assert_non_null(strstr(refused("SMTPEventConsumer", "{\"Name\":\"c\",\"SMTPServer\":\"m/x\",\"ToLine\":\"a@b\"}"), "SMTPServer"));
        assert_non_null(strstr(refused("SMTPEventConsumer", "{\"Name\":\"c\",\"SMTPServer\":\"m\",\"ToLine\":\"a@b\","
                                                            "\"HeaderFields\":[\"bcc: x\"]}"), "set by the site"));
        assert_non_null(strstr(refused("TM_WebhookEventConsumer", "{\"Name\":\"c\",\"Url\":\"ftp://x/\"}"), "https"));
        assert_non_null(strstr(refused("TM_WebhookEventConsumer", "{\"Name\":\"c\",\"Url\":\"https://u:p@x/\"}"), "user names"));
        assert_non_null(strstr(refused("TM_WebhookEventConsumer", "{\"Name\":\"c\",\"Url\":\"https://x/\",\"HeaderFields\":[\"a\\nb: c\"]}"),
                               "header line"));
        assert_non_null(strstr(refused("ActiveScriptEventConsumer", "{\"Name\":\"c\",\"ScriptingEngine\":\"x\"}"), "no scripts"));
        written(make, "TM_WebhookEventConsumer", "{\"Name\":\"c\",\"Url\":\"https://x/\",\"Secret\":\"s\"}");
        assert_string_equal(all("TM_WebhookEventConsumer", "Secret")->out[0], "");
        assert_string_equal(all("TM_WebhookEventConsumer", "HasSecret")->out[0], "true");
        written(change, "TM_WebhookEventConsumer.Name=\"c\"", "{\"Url\":\"https://y/\"}");
        assert_string_equal(all("TM_WebhookEventConsumer", "HasSecret")->out[0], "true");
        written(change, "TM_WebhookEventConsumer.Name=\"c\"", "{\"Secret\":\"\"}");
        assert_string_equal(all("TM_WebhookEventConsumer", "HasSecret")->out[0], "false");
        assert_non_null(strstr(refused("TM_WebhookEventConsumer", "{\"Name\":\"C\",\"Url\":\"https://x/\"}"), "already"));
}

/* Everybody may read them, administrators alone may write. */
static void administrators_write_them(void **state)
{
        static const char *const classes[] = { "__EventFilter", "__FilterToConsumerBinding", "CommandLineEventConsumer",
                                               "LogFileEventConsumer", "SMTPEventConsumer", "TM_WebhookEventConsumer" };
        static const enum provider_op writing[] = { PROVIDER_CREATE, PROVIDER_PUT, PROVIDER_DELETE };

        for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
                const struct cim_class *c = cim_class_find(str_of(classes[i]));
                struct provider_caller who = { .role = USER_OPERATOR };
                struct err e = { 0 };

                for (size_t k = 0; k < ARRAY_SIZE(writing); k++) {
                        who.role = USER_OPERATOR;
                        assert_true(provider_allowed(&who, writing[k], c, NULL, &e) < 0);
                        e = (struct err){ 0 };
                        who.role = USER_ADMINISTRATOR;
                        assert_int_equal(provider_allowed(&who, writing[k], c, NULL, &e), 0);
                }
        }
}

static void wrong_settings_are_refused(void **state)
{
        static const char *const networks[] = { "10.0.0.0/8", "nowhere" };
        struct consumer_opts o = { .loop = loop, .db = db, .hub = hub, .engine = engine, .site_code = "P01", .server_name = "s",
                                   .retry = { 2, 1000, 2000 }, .max_deliveries = 2, .ca_file = "", .webhook_networks = networks,
                                   .n_webhook_networks = 2 };
        struct err e = { 0 };

        assert_true(consumers_new(&consumers, &o, &e) < 0 && strstr(e.text, "webhook_networks"));
        o.n_webhook_networks = 0;
        o.smtp_networks = networks;
        o.n_smtp_networks = 2;
        e = (struct err){ 0 };
        assert_true(consumers_new(&consumers, &o, &e) < 0 && strstr(e.text, "smtp_networks"));
        o.n_smtp_networks = 0;
        o.command_user = "nobody of that name";
        e = (struct err){ 0 };
        assert_true(consumers_new(&consumers, &o, &e) < 0 && strstr(e.text, "command_user"));
        o.command_user = "root";
        e = (struct err){ 0 };
        assert_true(consumers_new(&consumers, &o, &e) < 0 && strstr(e.text, "command_user"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(events_are_delivered_in_order), TEST(nothing_is_lost_while_nobody_delivers),
                TEST(a_binding_begins_when_it_is_written), TEST(definitions_change_while_it_runs),
                TEST(what_is_refused_is_recorded), TEST(what_is_dead_is_given_up), TEST(lost_events_are_told),
                TEST(webhooks_do_not_lead_back), TEST(failures_do_not_feed_themselves), TEST(mistakes_are_refused_in_words), cmocka_unit_test(administrators_write_them),
                TEST(wrong_settings_are_refused),
        };

        log_level_set(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
