/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wql_vectors - every vector of a file against the front end
 *
 *      wql_vectors FILE...
 *
 * Files have the format of test/data/wql_vectors.json (its meta.notes explain
 * it).  Syntax: the symbol of the error, or that both compilers and the SQL
 * engine take the query.  Evaluation: by bytecode and by SQL.  Prints each
 * vector that fails, ends with "N passed, N failed"; exits 1 when any failed.
 *
 * Judgement calls (confidence low) count as the others: we decide none of
 * ours otherwise.
 */
#include <stdarg.h>
#include <stdio.h>
#include "db/db.h"
#include "wql/diff.h"
#include "wql/event_text.h"
#include "wql/group.h"
#include "wql/sql.h"
#include "wql_catalog.h"
#include "wql_tables.h"

struct run {
        struct catalog catalog;
        struct db_conn *db;
        size_t passed, failed;
        /* the vector at hand */
        struct arena a;
        json_t *vector;
        const char *kind;
        char why[600];
};

static const char *text_of(json_t *j, const char *name)
{
        return json_string_value(json_object_get(j, name));
}

static bool wrong(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool wrong(struct run *r, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(r->why, sizeof(r->why), fmt, ap);
        va_end(ap);
        return false;
}

/* ---- the engine ---- */

static struct db_conn *open_tables(struct run *r, const struct catalog *c)
{
        struct db_conn *db = NULL;
        struct err e = { 0 };

        if (tables_open(&db, &c->schema, &e) < 0)
                (void)wrong(r, "%s", e.text);
        return db;
}

static struct wql_sql *compile_sql(struct run *r, const struct wql_binding *b)
{
        static const struct wql_sql_opts opts = { .ns = { "root\\test", 9 }, .server = { "SERVER", 6 } };
        struct wql_error e = { 0 };
        struct wql_sql *q;

        if (wql_sql_compile(b, &opts, &r->a, &q, &e) == 0)
                return q;
        (void)wrong(r, "no SQL: %s (%s)", wbem_name(e.status), e.text);
        return NULL;
}

static struct db_stmt *prepare_sql(struct run *r, struct db_conn *db, const struct wql_sql *q)
{
        struct db_stmt *s = NULL;
        struct err e = { 0 };

        if (db_stmt_dynamic(&s, db, q->text, &e) < 0) {
                (void)wrong(r, "%s (%.*s)", e.text, (int)MIN(q->text.n, 300), q->text.p);
                return NULL;
        }
        wql_sql_bind(q, s);
        return s;
}

/* ---- syntax ---- */

static enum wql_dialect dialect_of(const char *kind)
{
        return strcmp(kind, "event") == 0      ? WQL_DIALECT_EVENT
               : strcmp(kind, "extended") == 0 ? WQL_DIALECT_EXTENDED
                                               : WQL_DIALECT_CORE;
}

static bool is_expected(json_t *v, const char *expected, enum wbem_status got)
{
        size_t i;
        json_t *other;

        if (strcmp(expected, wbem_name(got)) == 0)
                return true;
        json_array_foreach(json_object_get(v, "also"), i, other) {
                if (strcmp(json_string_value(other), wbem_name(got)) == 0)
                        return true;
        }
        return false;
}

/* What is valid must also run. */
static bool check_compilers(struct run *r, const struct catalog *c, const struct wql_binding *b)
{
        struct wql_error e = { 0 };
        struct wql_program *p;
        struct db_conn *db = r->db;
        struct db_stmt *s = NULL;
        struct wql_sql *q;

        if (b->query->kind == WQL_ASSOCIATORS || b->query->kind == WQL_REFERENCES)
                return true;
        if (b->dialect != WQL_DIALECT_EXTENDED && wql_compile(b, b->query->where, 0, &r->a, &p, &e) < 0)
                return wrong(r, "no bytecode: %s", e.text);
        if (b->query->kind != WQL_DATA)
                return true;
        q = compile_sql(r, b);
        if (q && c != &r->catalog)
                db = open_tables(r, c);
        if (q && db)
                s = prepare_sql(r, db, q);
        db_stmt_free(s);
        if (db != r->db)
                db_conn_close(db);
        return s != NULL;
}

static bool check_text(struct run *r, struct catalog *c, enum wql_dialect d, const char *expected)
{
        struct str text = str_of(text_of(r->vector, "query"));
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct wql_query *q;
        int result = wql_parse(text, d, &r->a, &q, &e);

        if (!result && c != &r->catalog)
                catalog_invent(c, q);
        if (!result)
                result = wql_bind(q, &c->schema, d, &r->a, &b, &e);
        if (result < 0 && !expected)
                return wrong(r, "%s: %s", wbem_name(e.status), e.text);
        if (result < 0)
                return is_expected(r->vector, expected, e.status) || wrong(r, "%s (%s) instead of %s", wbem_name(e.status), e.text, expected);
        if (expected)
                return wrong(r, "valid instead of %s", expected);
        return check_compilers(r, c, b);
}

static bool check_extended(struct run *r)
{
        const char *core_error = text_of(r->vector, "core_error");
        bool valid = json_is_true(json_object_get(r->vector, "valid")), ok;
        struct catalog made_up;

        if (!catalog_load(&made_up, NULL))
                return wrong(r, "no memory");
        ok = check_text(r, &made_up, WQL_DIALECT_EXTENDED, valid ? NULL : text_of(r->vector, "error"));
        if (ok && json_object_get(r->vector, "core_valid"))
                ok = check_text(r, &made_up, WQL_DIALECT_CORE, core_error);
        catalog_fini(&made_up);
        return ok;
}

static bool check_syntax(struct run *r)
{
        const char *kind = text_of(r->vector, "kind");
        bool valid = json_is_true(json_object_get(r->vector, "valid"));

        if (strcmp(kind, "extended") == 0)
                return check_extended(r);
        return check_text(r, &r->catalog, dialect_of(kind), valid ? NULL : text_of(r->vector, "error"));
}

/* ---- evaluation ---- */

static struct wql_binding *prepare(struct run *r, enum wql_dialect d)
{
        struct wql_error e = { 0 };
        struct wql_binding *b;

        if (wql_prepare(str_of(text_of(r->vector, "query")), &r->catalog.schema, d, &r->a, &b, &e) == 0)
                return b;
        (void)wrong(r, "%s: %s", wbem_name(e.status), e.text);
        return NULL;
}

static struct wql_program *compile(struct run *r, const struct wql_binding *b)
{
        struct wql_error e = { 0 };
        struct wql_program *p;

        if (b && wql_compile(b, b->query->where, 0, &r->a, &p, &e) == 0)
                return p;
        if (b)
                (void)wrong(r, "%s: %s", wbem_name(e.status), e.text);
        return NULL;
}

static bool is_match(json_t *vector, size_t n)
{
        size_t i;
        json_t *m;

        json_array_foreach(json_object_get(vector, "matches"), i, m) {
                if ((size_t)json_integer_value(m) == n)
                        return true;
        }
        return false;
}

/* Bytecode decides of an instance; the class of FROM is the executor's part. */
static bool matches_program(const struct wql_program *p, const struct cim_instance *in)
{
        const struct wql_query *q = p->binding->query;
        struct wql_object o = { .self = in, .ns = STR("root\\test"), .server = STR("SERVER") };

        return (q->kind == WQL_SCHEMA || cim_class_isa(in->class, q->sources[0].class)) && wql_match(p, &o);
}

/* 1, 0, or -1: the engine failed. The table holds this row alone. */
static int matches_sql(struct run *r, struct db_stmt *s, const struct wql_sql *q, const struct cim_instance *in)
{
        struct err e = { 0 };
        int result;

        result = tables_insert(r->db, in, &e);
        if (!result) {
                db_reset(s);
                wql_sql_bind(q, s);
                result = db_step(s, &e);
                db_reset(s);
        }
        if (tables_empty(r->db, in->class, &e) < 0 || result < 0) {
                (void)wrong(r, "%s", e.text);
                return -1;
        }
        return result;
}

static bool check_instance(struct run *r, const struct wql_program *p, struct db_stmt *s, const struct wql_sql *q, size_t n,
                           json_t *object)
{
        bool want = is_match(r->vector, n);
        struct cim_instance *in, class_only = { 0 };
        int by_sql = want;

        if (json_is_string(object)) {
                class_only.class = r->catalog.schema.find(&r->catalog, str_of(json_string_value(object)));
                in = class_only.class ? &class_only : NULL;
        } else {
                in = catalog_instance(&r->catalog, NULL, object, &r->a);
        }
        if (!in)
                return wrong(r, "instance %zu is malformed", n);
        if (s)
                by_sql = matches_sql(r, s, q, in);
        if (by_sql < 0)
                return false;
        if (matches_program(p, in) != want)
                return wrong(r, "bytecode %s instance %zu", want ? "misses" : "matches", n);
        return by_sql == want || wrong(r, "SQL %s instance %zu (%.*s)", want ? "misses" : "matches", n, STR_ARG(q->text));
}

static bool check_evaluation(struct run *r)
{
        struct wql_binding *b = prepare(r, WQL_DIALECT_CORE);
        struct wql_program *p = compile(r, b);
        struct wql_sql *q = NULL;
        struct db_stmt *s = NULL;
        json_t *object;
        bool ok = p;
        size_t i;

        if (ok && b->query->kind == WQL_DATA) {
                q = compile_sql(r, b);
                s = q ? prepare_sql(r, r->db, q) : NULL;
                ok = s;
        }
        json_array_foreach(json_object_get(r->vector, "instances"), i, object) {
                ok = ok && check_instance(r, p, s, q, i, object);
        }
        db_stmt_free(s);
        return ok;
}

/* ---- polling ---- */

struct poll {
        struct run *r;
        json_t *expected;               /* each is taken away when it comes */
        bool ok;
};

static bool same_instance(struct run *r, const struct cim_instance *in, json_t *object)
{
        struct cim_instance *want = object ? catalog_instance(&r->catalog, NULL, object, &r->a) : NULL;

        if (!in || !want || in->class != want->class)
                return !in && !want;
        for (size_t i = 0; i < in->class->n_properties; i++) {
                if (!cim_value_eq(&in->class->properties[i], &in->values[i], &want->values[i]))
                        return false;
        }
        return true;
}

static void take_event(void *ctx, const struct wql_event *ev)
{
        struct poll *p = ctx;
        json_t *want;
        size_t i;

        json_array_foreach(p->expected, i, want) {
                if (strcmp(text_of(want, "type"), wql_change_class(ev->change)) == 0 &&
                    same_instance(p->r, ev->target, json_object_get(want, "target")) &&
                    same_instance(p->r, ev->previous, json_object_get(want, "previous"))) {
                        json_array_remove(p->expected, i);
                        return;
                }
        }
        p->ok = wrong(p->r, "an unexpected %s", wql_change_class(ev->change));
}

static bool read_snapshot(struct run *r, json_t *list, struct wql_snapshot *out)
{
        const struct cim_instance **items = arena_array(&r->a, json_array_size(list) + 1, sizeof(*items));

        *out = (struct wql_snapshot){ items, json_array_size(list) };
        for (size_t i = 0; i < out->n; i++) {
                items[i] = catalog_instance(&r->catalog, NULL, json_array_get(list, i), &r->a);
                if (!items[i])
                        return wrong(r, "a snapshot is malformed");
        }
        return true;
}

static bool check_polling(struct run *r)
{
        struct wql_program *p = compile(r, prepare(r, WQL_DIALECT_EVENT));
        json_t *snapshots = json_object_get(r->vector, "snapshots");
        struct poll poll = { .r = r, .ok = p };

        for (size_t i = 1; i < json_array_size(snapshots) && poll.ok; i++) {
                struct wql_snapshot before, now;

                if (!read_snapshot(r, json_array_get(snapshots, i - 1), &before) ||
                    !read_snapshot(r, json_array_get(snapshots, i), &now))
                        return false;
                poll.expected = json_deep_copy(json_array_get(json_object_get(r->vector, "events"), i - 1));
                if (wql_diff(p, before, now, take_event, &poll) < 0)
                        poll.ok = wrong(r, "no memory");
                if (poll.ok && json_array_size(poll.expected))
                        poll.ok = wrong(r, "poll %zu: %zu events did not come", i, json_array_size(poll.expected));
                json_decref(poll.expected);
        }
        return poll.ok;
}

/* ---- grouping ---- */

struct aggregates {
        struct run *r;
        json_t *events, *expected;
        int64_t at_us;
        size_t n;
        bool ok;
};

static void take_aggregate(void *ctx, void *event, uint32_t n_events)
{
        struct aggregates *g = ctx;
        json_t *want = json_array_get(g->expected, g->n++);

        if (!want || json_integer_value(json_object_get(want, "NumberOfEvents")) != n_events ||
            json_array_get(g->events, (size_t)json_integer_value(json_object_get(want, "representative"))) != event ||
            json_number_value(json_object_get(want, "at")) * 1e6 != (double)g->at_us)
                g->ok = wrong(g->r, "aggregate %zu is another", g->n);
}

static void close_window(struct wql_group *group, struct aggregates *g, int64_t until_us)
{
        g->at_us = wql_group_due(group);
        if (g->at_us <= until_us)
                wql_group_take(group, g->at_us, take_aggregate, g);
}

static bool check_grouping(struct run *r)
{
        struct wql_binding *b = prepare(r, WQL_DIALECT_EVENT);
        struct wql_program *p = compile(r, b);
        struct aggregates g = { .r = r, .events = json_object_get(r->vector, "events"),
                                .expected = json_object_get(r->vector, "aggregates"), .ok = p };
        _cleanup_(wql_group_freep) struct wql_group *group = NULL;
        json_t *event;
        size_t i;

        if (!p || wql_group_new(&group, b, NULL) < 0)
                return false;
        json_array_foreach(g.events, i, event) {
                int64_t now_us = (int64_t)(json_number_value(json_object_get(event, "t")) * 1e6);
                struct cim_instance *in = catalog_instance(&r->catalog, b->event, event, &r->a);
                json_t *target = json_object_get(event, "TargetInstance"), *previous = json_object_get(event, "PreviousInstance");
                struct wql_object o = { .self = in };

                if (json_is_object(target))
                        o.target = catalog_instance(&r->catalog, NULL, target, &r->a);
                if (json_is_object(previous))
                        o.previous = catalog_instance(&r->catalog, NULL, previous, &r->a);
                close_window(group, &g, now_us);
                if (in && wql_match(p, &o) && wql_group_add(group, now_us, &o, event) != 0)
                        return wrong(r, "the group takes no event");
        }
        close_window(group, &g, INT64_MAX - 1);
        return g.ok && (g.n == json_array_size(g.expected) || wrong(r, "%zu aggregates came", g.n));
}

/* ---- texts ---- */

static bool check_event_text(struct run *r)
{
        json_t *p = json_object_get(r->vector, "properties"), *by = json_object_get(p, "GroupByPropertyList");
        struct str names[8];
        struct wql_event_parts parts = {
                .event_class = str_of(text_of(p, "EventClassName")),
                .within_s = json_number_value(json_object_get(p, "WithinInterval")),
                .condition = str_of(text_of(p, "Condition")),
                .group_within_s = json_number_value(json_object_get(p, "GroupWithinInterval")),
                .by = names,
                .n_by = MIN(json_array_size(by), ARRAY_SIZE(names)),
                .having = str_of(text_of(p, "HavingCondition")),
        };
        struct buf b;
        bool ok;

        for (size_t i = 0; i < parts.n_by; i++)
                names[i] = str_of(json_string_value(json_array_get(by, i)));
        buf_init(&b, 0);
        wql_event_query_text(&parts, &b);
        ok = str_eqz(buf_str(&b), text_of(r->vector, "text"));
        if (!ok)
                (void)wrong(r, "%s", b.p);
        buf_fini(&b);
        return ok;
}

/* ---- files ---- */

static void check_all(struct run *r, json_t *list, const char *kind, bool (*check)(struct run *r))
{
        size_t i;

        json_array_foreach(list, i, r->vector) {
                const char *query = text_of(r->vector, "query"), *confidence = text_of(r->vector, "confidence");

                arena_init(&r->a, 0);
                r->why[0] = '\0';
                if (check(r)) {
                        r->passed++;
                } else {
                        r->failed++;
                        printf("%s %zu%s: %.300s\n        %s; %s\n", kind, i, confidence ? " (low confidence)" : "",
                               query ? query : text_of(r->vector, "text"), text_of(r->vector, "why"), r->why);
                }
                arena_fini(&r->a);
        }
}

static bool check_file(struct run *r, const char *path)
{
        json_error_t why;
        json_t *file = json_load_file(path, JSON_ALLOW_NUL, &why);

        if (!file || !catalog_load(&r->catalog, json_object_get(file, "catalog"))) {
                printf("%s: %s\n", path, file ? "its catalog has a type nobody knows" : why.text);
                return false;
        }
        r->db = open_tables(r, &r->catalog);
        if (r->db) {
                check_all(r, json_object_get(file, "syntax"), "syntax", check_syntax);
                check_all(r, json_object_get(file, "evaluation"), "evaluation", check_evaluation);
                check_all(r, json_object_get(file, "polling"), "polling", check_polling);
                check_all(r, json_object_get(file, "grouping"), "grouping", check_grouping);
                check_all(r, json_object_get(file, "wql_event_query_text"), "text", check_event_text);
        } else {
                printf("%s: %s\n", path, r->why);
        }
        db_conn_close(r->db);
        catalog_fini(&r->catalog);
        json_decref(file);
        return r->db != NULL;
}

int main(int argc, char **argv)
{
        struct run r = { .passed = 0 };

        if (argc < 2) {
                (void)fprintf(stderr, "usage: wql_vectors FILE...\n");
                return 2;
        }
        for (int i = 1; i < argc; i++)
                r.failed += !check_file(&r, argv[i]);
        printf("%zu passed, %zu failed\n", r.passed, r.failed);
        return r.failed > 0;
}
