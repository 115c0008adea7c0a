/* SPDX-License-Identifier: Apache-2.0 */
/* fixture - see fixture.h */
#include "fixture.h"
#include "model/sql_site.h"
#include "wql/sql.h"

bool fixture_threads;
static bool initialised;

static int work_init(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct model_site_opts o = { "P01", "Paris", "SITE01", "/opt/tallyman" };
        static const struct actor a = { "test", "here", "unit" };
        struct tx t;
        int r;

        tx_begin(&t, c, &a);
        r = model_init(&t, &o, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void init_done(struct db_job *j)
{
        assert_string_equal(j->err.text, "");
        initialised = true;
}

static int new_token(void *ctx, struct str name, struct arena *a, struct str *token, struct hash_id *hash,
                     int64_t *expires_us, struct err *e)
{
        *token = str_of(arena_printf(a, "token of %.*s", STR_ARG(name)));
        memset(hash->b, 7, sizeof hash->b);
        *expires_us = INT64_C(4102444800000000);
        return 0;
}

static void verify(void *ctx, bool deep, site_verify_done done, void *arg)
{
        static const struct model_difference d = { "DpStranger", "P0100009 on PAR01", "held but not assigned" };
        struct err e = { 0 };

        done(arg, &d, deep, &e);
}

static void committed(void *ctx, struct db_conn *c)
{
        struct fixture *f = ctx;

        if (f->hub)
                event_hub_committed(f->hub);
}

int fixture_setup(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);
        struct db_job init = { .work = work_init, .done = init_done };
        struct err e = { 0 };
        struct db_opts o = { .path = ":memory:", .schema = &sql_site, .extension = &wql_sql_extension, .inline_ = !fixture_threads,
                             .readers = 1, .after_commit = committed, .ctx = f };
        char *path;

        f->dir = tmpdir_new();
        path = tmpdir_path(f->dir, "site.db");
        if (fixture_threads)
                o.path = path;
        f->actions = (struct site_actions){ .ctx = f, .new_token = new_token, .verify = verify };
        assert_int_equal(loop_new(&f->loop), 0);
        assert_int_equal(db_open(&f->db, f->loop, &o, &e), 0);
        free(path);
        initialised = false;
        db_write(f->db, &init);
        while (!initialised)
                loop_run_once(f->loop);
        assert_int_equal(event_hub_new(&f->hub, f->loop, f->db, &e), 0);
        struct provider_opts po = { .loop = f->loop, .db = f->db, .actions = &f->actions, .inline_ = true };

        assert_int_equal(provider_new(&f->provider, &po, &e), 0);
        arena_init(&f->q.arena, 0);
        fixture_role(f, USER_ADMINISTRATOR);
        *state = f;
        return 0;
}

static void forget(struct fixture *f)
{
        struct provider_caller who = f->q.caller;

        buf_fini(&f->q.json);
        arena_fini(&f->q.arena);
        f->q = (struct provider_request){ .caller = who };
        arena_init(&f->q.arena, 0);
}

int fixture_teardown(void **state)
{
        struct fixture *f = *state;

        forget(f);
        provider_free(f->provider);
        event_hub_free(f->hub);
        db_close(f->db);
        loop_free(f->loop);
        tmpdir_free(f->dir);
        free(f);
        return 0;
}

void fixture_role(struct fixture *f, enum user_role role)
{
        f->q.caller = (struct provider_caller){ .actor = { "ada", "127.0.0.1", "unit" }, .role = role };
}

static void answered(struct provider_request *q)
{
        ((struct fixture *)q->ctx)->answered = true;
}

int fixture_ask(struct fixture *f, enum provider_op op, const char *class, struct cim_instance *object)
{
        f->q.op = op;
        f->q.class = cim_class_find(str_of(class));
        f->q.object = object;
        f->q.done = answered;
        f->q.ctx = f;
        f->answered = false;
        provider_submit(f->provider, &f->q);
        for (int i = 0; i < 100000 && !f->answered; i++) {
                loop_run_once(f->loop);
                if (fixture_threads && !f->answered)
                        usleep(50);
        }
        assert_true(f->answered);
        return f->q.r;
}

static struct cim_instance *read_json(struct fixture *f, const char *class, const char *json)
{
        struct cim_instance *in;
        struct err e = { 0 };

        if (cim_json_read(cim_class_find(str_of(class)), str_of(json), &f->q.arena, &in, &e) < 0)
                fail_msg("%s", e.text);
        return in;
}

static struct cim_instance *read_path(struct fixture *f, const char *path)
{
        struct cim_instance *in = NULL;
        struct cim_path p;
        struct err e = { 0 };

        if (cim_path_parse(str_of(path), &f->q.arena, &p, &e) < 0 || cim_path_bind(&p, &f->q.arena, &in, &e) < 0)
                fail_msg("%s", e.text);
        return in;
}

int fixture_create(struct fixture *f, const char *class, const char *json)
{
        forget(f);
        return fixture_ask(f, PROVIDER_CREATE, class, read_json(f, class, json));
}

int fixture_change(struct fixture *f, const char *path, const char *json, bool strict)
{
        struct cim_instance *keys, *in;

        forget(f);
        keys = read_path(f, path);
        in = read_json(f, keys->class->name, json);
        for (size_t k = 0; k < in->class->n_keys; k++) {
                in->values[in->class->keys[k]] = keys->values[in->class->keys[k]];
                in->given[in->class->keys[k]] = true;
        }
        f->q.strict = strict;
        return fixture_ask(f, PROVIDER_PUT, in->class->name, in);
}

int fixture_delete(struct fixture *f, const char *path)
{
        struct cim_instance *keys;

        forget(f);
        keys = read_path(f, path);
        return fixture_ask(f, PROVIDER_DELETE, keys->class->name, keys);
}

int fixture_get(struct fixture *f, const char *path)
{
        struct cim_instance *keys;

        forget(f);
        keys = read_path(f, path);
        return fixture_ask(f, PROVIDER_GET, keys->class->name, keys);
}

int fixture_call(struct fixture *f, const char *path, const char *method, const char *json)
{
        bool on_instance = strchr(path, '.') != NULL;
        struct cim_instance *self = NULL, *args;
        const struct cim_class *c;
        struct err e = { 0 };

        forget(f);
        if (on_instance)
                self = read_path(f, path);
        c = self ? self->class : cim_class_find(str_of(path));
        f->q.method = cim_method_find(c, str_of(method));
        assert_non_null(f->q.method);
        if (cim_json_read(cim_method_parameters(c, f->q.method, &f->q.arena), str_of(json), &f->q.arena, &args, &e) < 0)
                fail_msg("%s", e.text);
        f->q.args = args->values;
        return fixture_ask(f, PROVIDER_INVOKE, c->name, self);
}

void fixture_fill(struct fixture *f)
{
        char json[600];

        assert_int_equal(fixture_call(f, "TM_Site", "AddDistributionPoint",
                                      "{\"Name\":\"PAR01\",\"SiteCode\":\"P01\",\"Url\":\"https://par01:8444\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_Site", "AddDistributionPoint", "{\"Name\":\"LYO01\",\"SiteCode\":\"P01\"}"), 0);
        assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"Bare\",\"PkgSourceFlag\":1}"), 0);
        (void)snprintf(json, sizeof json, "{\"Name\":\"Office\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"%s\"}", f->dir);
        assert_int_equal(fixture_create(f, "SMS_Package", json), 0);
}
