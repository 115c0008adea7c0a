/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/fault.h"
#include "model/row.h"

char fixture_id[64], fixture_difference[1000];

static const struct actor tester = { "tester", "127.0.0.1", "test" };

#define CHECK(x)                                                                                  \
        do {                                                                                      \
                if (!(x)) {                                                                       \
                        fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #x, f->err.text); \
                        abort();                                                                  \
                }                                                                                 \
        } while (0)

int fixture_do(struct fixture *f, fixture_fn *fn, void *arg)
{
        struct tx t;
        int r;

        err_clear(&f->err);
        CHECK(db_begin(f->db, &f->err) == 0);
        CHECK(db_savepoint(f->db, &f->err) == 0);
        tx_begin(&t, f->db, &tester);
        r = fn(&t, arg, &f->err);
        if (r >= 0) {
                int end = tx_end(&t, &f->err);

                r = end < 0 ? end : r;
        } else {
                tx_abort(&t);
        }
        if (r < 0)
                db_rollback_to(f->db);
        else
                CHECK(db_release(f->db, &f->err) == 0);
        /* A full disk may have ended the whole transaction. */
        if (db_in_transaction(f->db)) {
                int end = db_commit(f->db, r < 0 ? &(struct err){ 0 } : &f->err);

                r = end < 0 ? end : r;
        }
        return r;
}

/* ---- objects ---- */

struct cim_instance *instance(struct fixture *f, const char *class_name, const char *json)
{
        struct cim_instance *in = NULL;
        struct err e = { 0 };
        int r = cim_json_read(cim_class_find(str_of(class_name)), str_of(json), &f->arena, &in, &e);

        if (r < 0)
                fprintf(stderr, "%s: %s\n", json, e.text);
        CHECK(r == 0);
        return in;
}

static int do_put(struct tx *t, void *arg, struct err *e)
{
        struct cim_instance *in = arg;
        const char *c = in->class->name;
        struct str id = STR("");
        char package_id[PACKAGE_ID_LEN + 1] = "";
        int r;

        if (strcmp(c, "SMS_Package") == 0) {
                r = model_package_create(t, in, package_id, e);
                id = str_of(package_id);
        } else if (strcmp(c, "SMS_Program") == 0) {
                r = model_program_put(t, in, true, false, e);
        } else if (strcmp(c, "SMS_Collection") == 0) {
                r = model_collection_put(t, in, true, &id, e);
        } else if (strcmp(c, "SMS_Advertisement") == 0) {
                r = model_advert_put(t, in, true, &id, e);
        } else if (strcmp(c, "SMS_DistributionPointGroup") == 0) {
                r = model_group_put(t, in, true, &id, e);
        } else {
                r = model_site_put(t, in, e);
        }
        snprintf(fixture_id, sizeof(fixture_id), "%.*s", STR_ARG(id));
        return r;
}

int put(struct fixture *f, const char *class_name, const char *json)
{
        return fixture_do(f, do_put, instance(f, class_name, json));
}

const char *add_package(struct fixture *f, const char *name)
{
        char json[200];

        snprintf(json, sizeof(json), "{\"Name\":\"%s\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"/src\"}", name);
        CHECK(put(f, "SMS_Package", json) == 0);
        return arena_strz(&f->arena, fixture_id);
}

struct dp_arg {
        const char *name, *site;
};

static int do_add_dp(struct tx *t, void *arg, struct err *e)
{
        const struct dp_arg *a = arg;
        const struct model_dp_new in = { .name = str_of(a->name), .site_code = str_of(a->site), .url = STR("https://dp") };
        struct hash_id token = { { 1 } };

        return model_dp_create(t, &in, &token, t->now_us + 1000000, NULL, e);
}

int64_t add_dp(struct fixture *f, const char *name, const char *site)
{
        struct dp_arg a = { name, site };
        struct model_dp dp;

        if (fixture_do(f, do_add_dp, &a) < 0)
                return -1;
        CHECK(model_dp_find(f->db, str_of(name), &dp, &f->err) == 0);
        return dp.dp_id;
}

/* ---- orders and reports ---- */

struct order_arg {
        int (*fn)(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);
        const char *package;
        int64_t dp;
};

static int do_order(struct tx *t, void *arg, struct err *e)
{
        const struct order_arg *a = arg;

        return a->fn(t, str_of(a->package), a->dp, e);
}

#define ORDER(name, function)                                                         \
        int name(struct fixture *f, const char *package, int64_t dp)                  \
        {                                                                             \
                struct order_arg a = { function, package, dp };                       \
                                                                                      \
                return fixture_do(f, do_order, &a);                                   \
        }
ORDER(assign, model_assign)
ORDER(refresh, model_refresh)
ORDER(unassign, model_unassign)
ORDER(cancel, model_cancel)
ORDER(validate, model_validate)

static int do_update(struct tx *t, void *arg, struct err *e)
{
        uint32_t version;

        return model_package_update(t, str_of(arg), &version, e);
}

int update(struct fixture *f, const char *package)
{
        return fixture_do(f, do_update, (void *)package);
}

struct hash_id manifest_of(const char *package, uint32_t version)
{
        struct hash_id id = { { 0 } };

        snprintf((char *)id.b, sizeof(id.b), "%s.%u", package, version);
        return id;
}

static int do_snapshot(struct tx *t, void *arg, struct err *e)
{
        const struct model_job *j = arg;
        struct hash_id manifest = manifest_of(j->package_id, j->version);

        return model_snapshot_done(t, j->job_id, &manifest, 1000 * j->version, 3, e);
}

struct job_search {
        const char *package;
        int64_t dp;
        bool validation, found;
        struct model_job job;
};

static bool match_job(void *ctx, const struct model_job *j)
{
        struct job_search *s = ctx;

        if (strcmp(j->package_id, s->package) != 0 || j->dp_id != s->dp || (j->action == JOB_VALIDATE) != s->validation)
                return true;
        s->job = *j;
        s->found = true;
        return false;
}

int snapshot_done(struct fixture *f, const char *package)
{
        struct job_search s = { .package = package };

        CHECK(model_jobs_each(f->db, match_job, &s, &f->err) == 0);
        return s.found ? fixture_do(f, do_snapshot, &s.job) : 1;
}

int64_t order_of(struct fixture *f, const char *package, int64_t dp, bool validation)
{
        struct job_search s = { .package = package, .dp = dp, .validation = validation };

        CHECK(model_jobs_each(f->db, match_job, &s, &f->err) == 0);
        return s.found ? s.job.job_id : 0;
}

enum said { INSTALLED, REMOVED, INVALID, VALID };
struct report_arg {
        enum said said;
        struct model_report report;
        const char *file;
};

static int do_report(struct tx *t, void *arg, struct err *e)
{
        const struct report_arg *a = arg;
        struct str file = str_of(a->file);
        const char *what;

        switch (a->said) {
        case INSTALLED:
                return model_report_installed(t, &a->report, &what, e);
        case REMOVED:
                return model_report_removed(t, &a->report, e);
        case INVALID:
                return model_report_invalid(t, &a->report, &file, a->file ? 1 : 0, e);
        default:
                return model_report_valid(t, &a->report, e);
        }
}

static int say(struct fixture *f, enum said said, const char *package, int64_t dp, uint32_t version, int64_t order,
               const char *file)
{
        struct report_arg a = { said, { dp, order, str_of(package), version, manifest_of(package, version), 10, 20 }, file };

        return fixture_do(f, do_report, &a);
}

int installed(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order)
{
        return say(f, INSTALLED, package, dp, version, order, NULL);
}
int removed(struct fixture *f, const char *package, int64_t dp, int64_t order)
{
        return say(f, REMOVED, package, dp, 0, order, NULL);
}
int invalid(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order, const char *file)
{
        return say(f, INVALID, package, dp, version, order, file);
}
int valid(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order)
{
        return say(f, VALID, package, dp, version, order, NULL);
}

struct fail_arg {
        int64_t job;
        struct model_failure failure;
        struct model_retry retry;
};

static int do_fail(struct tx *t, void *arg, struct err *e)
{
        const struct fail_arg *a = arg;

        return model_job_failed(t, a->job, &a->failure, &a->retry, e);
}

int fail_job(struct fixture *f, int64_t job, const char *code, bool for_good, uint32_t max_tries)
{
        struct fail_arg a = { job, { str_of(code), STR("it did not work"), for_good }, { max_tries, 1800 * US_PER_SECOND, 10 } };

        return fixture_do(f, do_fail, &a);
}

struct job_list {
        struct model_job jobs[64];
        size_t n;
};

static bool collect(void *ctx, const struct model_job *j)
{
        struct job_list *l = ctx;

        l->jobs[l->n++] = *j;
        return l->n < ARRAY_SIZE(l->jobs);
}

void settle(struct fixture *f, const char *package)
{
        struct job_list l = { .n = 0 };

        (void)!snapshot_done(f, package);
        CHECK(model_jobs_each(f->db, collect, &l, &f->err) == 0);
        for (size_t i = 0; i < l.n; i++) {
                const struct model_job *j = &l.jobs[i];

                if (strcmp(j->package_id, package) != 0 || !j->dp_id)
                        continue;
                if (j->action == JOB_REMOVE)
                        CHECK(removed(f, package, j->dp_id, j->job_id) == 0);
                else
                        CHECK(installed(f, package, j->dp_id, j->version, j->job_id) == 0);
        }
}

/* ---- looking ---- */

static struct db_stmt *look(struct fixture *f, const char *view, const char *column, const char *condition)
{
        struct db_stmt *s;
        char sql[800];

        snprintf(sql, sizeof(sql), "SELECT \"%s\" FROM %s WHERE %s", column, view, condition ? condition : "1");
        CHECK(db_stmt_dynamic(&s, f->db, str_of(sql), &f->err) == 0);
        return s;
}

int64_t number(struct fixture *f, const char *view, const char *column, const char *condition)
{
        struct db_stmt *s = look(f, view, column, condition);
        int64_t v = INT64_MIN;

        if (db_step(s, &f->err) > 0)
                v = db_col_i64(s, 0);
        db_stmt_free(s);
        return v;
}

const char *text(struct fixture *f, const char *view, const char *column, const char *condition)
{
        struct db_stmt *s = look(f, view, column, condition);
        const char *v = NULL;

        if (db_step(s, &f->err) > 0 && !db_col_is_null(s, 0))
                v = arena_str(&f->arena, db_col_text(s, 0)).p;
        db_stmt_free(s);
        return v;
}

const char *where(const char *fmt, ...)
{
        static char texts[4][400];
        static unsigned next;
        char *out = texts[next++ % 4];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(out, sizeof(texts[0]), fmt, ap);
        va_end(ap);
        return out;
}

static void count_difference(void *ctx, const struct model_difference *d)
{
        ++*(int *)ctx;
        snprintf(fixture_difference, sizeof(fixture_difference), "%s %s: %s", d->kind, d->object, d->text);
}

int n_differences(struct fixture *f)
{
        int n = 0;

        fixture_difference[0] = 0;
        CHECK(model_verify_counters(f->db, count_difference, &n, &f->err) == 0);
        return n;
}

/* ---- replay ---- */

struct replayed {
        struct map rows;                /* path -> JSON text (arena) */
        struct arena arena;
        char problem[1500];
};

static void problem(struct replayed *r, const char *what, struct str path, struct str a, struct str b)
{
        if (!r->problem[0])
                snprintf(r->problem, sizeof(r->problem), "%s: %.*s\n  %.*s\n  %.*s", what, STR_ARG(path), STR_ARG(a), STR_ARG(b));
}

static bool apply_change(void *ctx, const struct model_change *ch)
{
        struct replayed *r = ctx;
        struct str *have = map_get(&r->rows, ch->path), *copy;

        if (!ch->before.p != !have)
                problem(r, ch->before.p ? "before image of nothing" : "creation of what is there", ch->path, ch->before, ch->after);
        else if (have && !str_eq(*have, ch->before))
                problem(r, "before image differs from the row", ch->path, *have, ch->before);
        if (ch->before.p && ch->after.p && str_eq(ch->before, ch->after))
                problem(r, "a change that changes nothing", ch->path, ch->before, ch->after);
        if (!ch->after.p) {
                (void)map_del(&r->rows, ch->path);
                return true;
        }
        copy = arena_alloc(&r->arena, sizeof(*copy));
        *copy = arena_str(&r->arena, ch->after);
        return map_put(&r->rows, ch->path, copy, NULL) == 0;
}

static void compare_class(struct fixture *f, struct replayed *r, const struct cim_class *c, size_t *n)
{
        struct db_stmt *s;
        struct buf path, json;

        CHECK(db_stmt_dynamic(&s, f->db, str_of(c->select), &f->err) == 0);
        buf_init(&path, 0);
        buf_init(&json, 0);
        while (db_step(s, &f->err) > 0) {
                struct cim_instance *in;
                struct str *have;

                CHECK(row_read(s, c, &r->arena, &in, &f->err) == 0);
                buf_reset(&path);
                buf_reset(&json);
                CHECK(cim_path_format(in, &path) == 0);
                cim_json_write(in, &json);
                have = map_get(&r->rows, buf_str(&path));
                if (!have)
                        problem(r, "a row the log does not know", buf_str(&path), buf_str(&json), STR_NULL);
                else if (!str_eq(*have, buf_str(&json)))
                        problem(r, "a row differs from the log", buf_str(&path), buf_str(&json), *have);
                ++*n;
        }
        buf_fini(&path);
        buf_fini(&json);
        db_stmt_free(s);
}

const char *replay(struct fixture *f)
{
        static struct replayed r;
        const struct model_changes_query q = { .max = SIZE_MAX, .fn = apply_change, .ctx = &r };
        struct model_changes_end end;
        size_t n = 0;

        r.problem[0] = 0;
        map_init(&r.rows, true);
        arena_init(&r.arena, 0);
        CHECK(model_changes(f->db, &q, &end, &f->err) == 0);
        for (size_t i = 0; i < n_cim_classes; i++)
                if (cim_classes[i]->view)
                        compare_class(f, &r, cim_classes[i], &n);
        if (!r.problem[0] && n != r.rows.n)
                snprintf(r.problem, sizeof(r.problem), "the log has %zu rows, the views have %zu", r.rows.n, n);
        map_fini(&r.rows, NULL);
        arena_fini(&r.arena);
        return r.problem[0] ? r.problem : NULL;
}

/* ---- opening ---- */

static int do_init(struct tx *t, void *arg, struct err *e)
{
        const struct model_site_opts o = { "P01", "Primary", "SITE", "/opt/tallyman" };

        return model_init(t, &o, e);
}

static void set_up(struct fixture *f)
{
        arena_init(&f->arena, 0);
        fault_clock_set(INT64_C(1767225600) * US_PER_SECOND);
        CHECK(fixture_do(f, do_init, NULL) == 0);
        CHECK(put(f, "SMS_Site", "{\"SiteCode\":\"S01\",\"SiteName\":\"Secondary\",\"ServerName\":\"SUB\","
                                 "\"ReportingSiteCode\":\"P01\"}") == 0);
}

void fixture_open(struct fixture *f)
{
        *f = (struct fixture){ 0 };
        CHECK(db_conn_open(&f->db, ":memory:", &sql_site, DB_WRITER, &f->err) == 0);
        set_up(f);
}

void fixture_again(struct fixture *f)
{
        static const char *const tables[] = {
                "offer", "advert", "job", "group_package", "group_member", "dp_group", "assignment", "detail_summary",
                "root_summary", "version", "program", "package", "collection_member", "collection", "dp", "site",
                "account_scope", "scoped_account", "secured_membership", "secured_category", "resource", "site_health",
                "status_attribute", "status_message", "audit", "change", "counter", "sqlite_sequence", "pair_status", "package_category",
        };

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;
                char sql[64];

                snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
                CHECK(db_stmt_dynamic(&s, f->db, str_of(sql), &f->err) == 0);
                CHECK(db_run(s, &f->err) == 0);
        }
        arena_fini(&f->arena);
        set_up(f);
}

void fixture_close(struct fixture *f)
{
        db_conn_close(f->db);
        arena_fini(&f->arena);
}
