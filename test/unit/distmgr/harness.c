/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "model/sql_site.h"

/* ---- the site ---- */

static void committed(void *ctx, struct db_conn *c)
{
        event_hub_committed(((struct site *)ctx)->events);
}

static bool on_change(void *ctx, const struct model_change *c)
{
        struct site *s = ctx;

        if (s->d)
                distmgr_changed(s->d, c);
        return true;
}

static void init_database(const char *path)
{
        struct model_site_opts o = { "P01", "Test", "server", "/var/lib/tallyman" };
        struct actor who = { "test", "", "internal" };
        struct db_conn *c;
        struct err e = { 0 };
        struct tx t;

        assert_int_equal(db_conn_open(&c, path, &sql_site, DB_WRITER, &e), 0);
        assert_int_equal(db_begin(c, &e), 0);
        tx_begin(&t, c, &who);
        if (model_init(&t, &o, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(tx_end(&t, &e), 0);
        assert_int_equal(db_commit(c, &e), 0);
        db_conn_close(c);
}

void site_open(struct site *s)
{
        struct err e = { 0 };
        char *path;

        *s = (struct site){ .dir = tmpdir_new() };
        s->source = tmpdir_path(s->dir, "source");
        path = tmpdir_path(s->dir, "site.db");
        init_database(path);
        assert_int_equal(loop_new(&s->loop), 0);
        if (db_open(&s->db, s->loop, &(struct db_opts){ .path = path, .schema = &sql_site, .after_commit = committed, .ctx = s }, &e))
                fail_msg("%s", e.text);
        free(path);
        path = tmpdir_path(s->dir, "library");
        if (cas_open(&s->cas, path, NULL, &e))
                fail_msg("%s", e.text);
        free(path);
        assert_int_equal(event_hub_new(&s->events, s->loop, s->db, &e), 0);
        assert_int_equal(pki_make_ca(&s->ca, "Tallyman site P01", &e), 0);
        assert_int_equal(event_subscribe(&s->sub, s->events,
                &(struct event_sub_opts){ .from = EVENT_FROM_NOW, .deliver = on_change, .ctx = s }, &e), 0);
        s->opts = (struct distmgr_opts){
                .loop = s->loop, .db = s->db, .cas = s->cas, .ca = &s->ca,
                .max_packages = 3, .max_dps_per_package = 5, .max_snapshots = 1, .snapshot_threads = 1,
                .library_keep_versions = 0, .retry = { 3, 3600 * US_PER_SECOND, 0 },
                .dp_offline_grace_us = 3600 * US_PER_SECOND, .job_stall_timeout_us = 3600 * US_PER_SECOND,
                .clock_skew_limit_us = 300 * US_PER_SECOND, .verify_timeout_us = 3600 * US_PER_SECOND,
                .order_wait_us = 60 * US_PER_SECOND,
        };
}

void site_start(struct site *s)
{
        struct err e = { 0 };

        if (distmgr_new(&s->d, &s->opts, &e))
                fail_msg("%s", e.text);
        distmgr_start(s->d);
}

void site_spin(struct site *s)
{
        loop_run_once(s->loop);
        usleep(200);
}

void site_stop(struct site *s)
{
        distmgr_stop(s->d);
        SITE_WAIT(s, distmgr_idle(s->d));
        distmgr_free(s->d);
        s->d = NULL;
}

void site_close(struct site *s)
{
        if (s->d)
                site_stop(s);
        event_unsubscribe(s->sub);
        event_hub_free(s->events);
        db_close(s->db);
        loop_run_once(s->loop);
        cas_close(s->cas);
        loop_free(s->loop);
        pki_pair_fini(&s->ca);
        free(s->source);
        tmpdir_free(s->dir);
}

/* ---- the model ---- */

struct change {
        struct db_job job;
        int (*fn)(struct tx *t, void *arg, struct err *e);
        void *arg;
        bool done;
};

static int change_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct change *h = container_of(j, struct change, job);
        struct actor who = { "test", "", "internal" };
        struct tx t;
        int r;

        tx_begin(&t, c, &who);
        r = h->fn(&t, h->arg, e);
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

void site_do(struct site *s, int (*fn)(struct tx *t, void *arg, struct err *e), void *arg)
{
        struct change h = { .job = { .work = change_work, .done = change_done }, .fn = fn, .arg = arg };

        db_write(s->db, &h.job);
        SITE_WAIT(s, h.done);
        if (h.job.r < 0)
                fail_msg("%s", h.job.err.text);
}

struct new_package {
        const char *name, *source;
        char *id;
};

static int package_fn(struct tx *t, void *arg, struct err *e)
{
        struct new_package *n = arg;
        struct cim_instance *in;
        char *json = arena_printf(&t->arena, "{\"Name\":\"%s\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"%s\"}", n->name, n->source);
        int r = cim_json_read(cim_class_find(STR("SMS_Package")), str_of(json), &t->arena, &in, e);

        return r < 0 ? r : model_package_create(t, in, n->id, e);
}

void site_package(struct site *s, const char *name, char id_out[PACKAGE_ID_LEN + 1])
{
        site_do(s, package_fn, &(struct new_package){ name, s->source, id_out });
}

struct pair_arg {
        const char *package;
        int64_t dp_id;
};

static int assign_fn(struct tx *t, void *arg, struct err *e)
{
        struct pair_arg *p = arg;

        return model_assign(t, str_of(p->package), p->dp_id, e);
}

void site_assign(struct site *s, const char *package, int64_t dp_id)
{
        site_do(s, assign_fn, &(struct pair_arg){ package, dp_id });
}

static int cancel_fn(struct tx *t, void *arg, struct err *e)
{
        struct pair_arg *p = arg;

        return model_cancel(t, str_of(p->package), p->dp_id, e);
}

void site_cancel(struct site *s, const char *package, int64_t dp_id)
{
        site_do(s, cancel_fn, &(struct pair_arg){ package, dp_id });
}

static int update_fn(struct tx *t, void *arg, struct err *e)
{
        uint32_t version;

        return model_package_update(t, str_of(arg), &version, e);
}

void site_update(struct site *s, const char *package)
{
        site_do(s, update_fn, (void *)package);
}

struct reading {
        struct db_job job;
        const char *class_name, *where, *is, *property;
        char value[600];
        unsigned n;
        bool done;
};

static void column_text(struct db_stmt *st, int i, char *out, size_t size)
{
        snprintf(out, size, "%.*s", STR_ARG(db_col_text(st, i)));
}

static int reading_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct reading *g = container_of(j, struct reading, job);
        const struct cim_class *k = cim_class_find(str_of(g->class_name));
        int where, what, r;
        struct db_stmt *st;
        char text[600];

        assert_non_null(k);
        where = cim_property_find(k, str_of(g->where));
        what = cim_property_find(k, str_of(g->property));
        assert_true(where >= 0 && what >= 0);
        r = db_stmt_dynamic(&st, c, str_of(k->select), e);
        if (r < 0)
                return r;
        while ((r = db_step(st, e)) > 0) {
                column_text(st, where, text, sizeof(text));
                if (strcmp(text, g->is) != 0)
                        continue;
                if (!g->n++)
                        column_text(st, what, g->value, sizeof(g->value));
        }
        db_stmt_free(st);
        return r;
}

static void reading_done(struct db_job *j)
{
        container_of(j, struct reading, job)->done = true;
}

const char *site_get(struct site *s, const char *class_name, const char *where, const char *is, const char *property)
{
        static struct reading g;

        g = (struct reading){ .job = { .work = reading_work, .done = reading_done }, .class_name = class_name,
                              .where = where, .is = is, .property = property };
        db_read(s->db, &g.job);
        SITE_WAIT(s, g.done);
        if (g.job.r < 0)
                fail_msg("%s", g.job.err.text);
        return g.value;
}

bool site_is(struct site *s, const char *class_name, const char *where, const char *is, const char *property, const char *value)
{
        return strcmp(site_get(s, class_name, where, is, property), value) == 0;
}

static void count_difference(void *ctx, const struct model_difference *m)
{
        print_message("difference: %s %s %s\n", m->kind, m->object, m->text);
        ++*(unsigned *)ctx;
}

static int differences_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        return model_verify_counters(c, count_difference, &container_of(j, struct reading, job)->n, e);
}

unsigned site_differences(struct site *s)
{
        struct reading g = { .job = { .work = differences_work, .done = reading_done } };

        db_read(s->db, &g.job);
        SITE_WAIT(s, g.done);
        assert_int_equal(g.job.r, 0);
        return g.n;
}

/* ---- the usual beginning ---- */

static void fill_source(struct site *s)
{
        static char big[300000];
        uint32_t x = 12345;

        for (size_t i = 0; i < sizeof(big); i++) {
                x = x * 1664525 + 1013904223;
                big[i] = (char)(x >> 24);
        }
        tmpdir_write(s->dir, "source/setup.exe", big, sizeof(big));
        tmpdir_write(s->dir, "source/docs/readme.txt", "read me", 7);
        tmpdir_write(s->dir, "source/empty", "", 0);
}

void open_fixture(struct fixture *f)
{
        site_open(&f->s);
        fill_source(&f->s);
}

void begin(struct fixture *f)
{
        site_start(&f->s);
        fake_dp_enrol(&f->dp, &f->s, "PAR01");
        site_package(&f->s, "Editor", f->package);
        site_assign(&f->s, f->package, f->dp.dp_id);
}

void end(struct fixture *f)
{
        if (f->s.d)
                assert_int_equal(site_differences(&f->s), 0);
        fake_dp_fini(&f->dp);
        site_close(&f->s);
}

const char *condition(struct fixture *f, const char *property)
{
        return site_get(&f->s, "TM_DistributionCondition", "PackageID", f->package, property);
}

bool condition_is(struct fixture *f, const char *property, const char *value)
{
        return strcmp(condition(f, property), value) == 0;
}

struct str want_all(const struct manifest *m, struct buf *b)
{
        struct dpwire_want_writer w;

        dpwire_want_begin(&w, b);
        for (uint64_t i = 0; i < m->n_pieces; i++)
                dpwire_want_add(&w, i);
        dpwire_want_end(&w);
        return buf_str(b);
}

void content_path(const struct hash_id *id, const char *prefix, char out[128])
{
        char hex[HASH_HEX_LEN + 1];

        hash_id_hex(id, hex);
        snprintf(out, 128, "%s%s", prefix, hex);
}
