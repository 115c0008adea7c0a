/* SPDX-License-Identifier: Apache-2.0 */
#include "os/os.h"
#include "provider/private.h"
#include "provider/view.h"
#include "provider/wql_private.h"

enum { PAGE_BYTES = 1 << 20, PAGE_ROWS = 20000, QUERY_MEMORY = 32 << 20, ROW_MEMORY = 64 << 20, ROWS_MEMORY = 64 << 10 };

/* ---- running ---- */

static int too_long(const struct provider_wql_opts *o, struct err *e)
{
        *e = (struct err){ 0 };
        return err_set(e, ERR_TIMEOUT,
                       "the query ran longer than %lld s and was stopped: ask for less, or raise query_timeout",
                       (long long)(o->timeout_us / US_PER_SECOND));
}

static int read_rows(const struct wql_sql *q, struct db_stmt *s, bool (*fn)(void *ctx, const struct provider_wql_row *row),
                     void *ctx, struct err *e)
{
        struct provider_wql_row out = { .binding = q->binding };
        struct arena a;
        bool go_on = true;
        int r = 0;

        arena_init(&a, ROW_MEMORY);
        while (go_on && (r = db_step(s, e)) > 0) {
                struct wql_row row;

                r = wql_sql_row(q, s, &a, &row, e);
                if (r < 0)
                        break;
                out.row = &row;
                go_on = fn(ctx, &out);
                if (a.used > ROWS_MEMORY)       /* of many rows at once: giving it back costs more than using it */
                        arena_fini(&a);
        }
        arena_fini(&a);
        return r < 0 ? r : 0;
}

static int run_sql(struct db_conn *c, const struct wql_binding *b, const struct provider_wql_opts *o, struct arena *a,
                   bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why, struct err *e)
{
        struct wql_sql_opts so = { .now_us = os_now_us(), .ns = o->ns, .server = o->server, .skip = o->skip,
                                   .narrow = view_narrow };
        _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;
        struct wql_sql *q;
        int r;

        if (wql_sql_compile(b, &so, a, &q, why) < 0)
                return -1;
        r = db_stmt_dynamic(&s, c, q->text, e);
        if (r < 0)
                return r;
        wql_sql_bind(q, s);
        return read_rows(q, s, fn, ctx, e);
}

static int run(struct db_conn *c, const struct wql_binding *b, const struct provider_wql_opts *o, struct arena *a,
               bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why, struct err *e)
{
        int64_t deadline_us = o->timeout_us ? os_mono_us() + o->timeout_us : 0;
        int r;

        db_time_limit(c, deadline_us);
        if (b->query->kind == WQL_SCHEMA)
                r = provider_wql_schema(b, o->skip, a, fn, ctx, why);
        else if (b->query->kind == WQL_ASSOCIATORS || b->query->kind == WQL_REFERENCES)
                r = provider_wql_associations(c, b, o, a, fn, ctx, why, e);
        else
                r = run_sql(c, b, o, a, fn, ctx, why, e);
        db_time_limit(c, 0);
        if (r < 0 && e->kind == ERR_TIMEOUT && deadline_us && os_mono_us() >= deadline_us)
                return too_long(o, e);
        return r;
}

/* Documented: collections themselves cannot be limited to one. */
static int check_limit(const struct wql_binding *b, struct err *e)
{
        for (size_t i = 0; view_is_limited() && i < b->query->n_sources; i++) {
                if (b->query->sources[i].class && strcmp(b->query->sources[i].class->name, "SMS_Collection") == 0)
                        return err_set(e, ERR_INVALID, "context value LimitToCollectionIDs: collections cannot be limited by it");
        }
        return 0;
}

int provider_wql_run(struct db_conn *c, struct str text, const struct provider_wql_opts *o,
                     bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why, struct err *e)
{
        struct wql_binding *b;
        struct arena a;
        int r;

        arena_init(&a, QUERY_MEMORY);
        r = wql_prepare(text, &wql_schema_site, o->dialect, &a, &b, why);
        if (r == 0)
                r = check_limit(b, e);
        if (r == 0)
                r = run(c, b, o, &a, fn, ctx, why, e);
        arena_fini(&a);
        return r < 0 && why->status ? err_set(e, ERR_INVALID, "%s", why->text) : r;
}

/* ---- requests: a page of JSON ---- */

static bool add_row(void *ctx, const struct provider_wql_row *row)
{
        struct provider_wql_request *q = ctx;

        if (q->context && q->now.instance_count && q->skip + q->n_rows >= q->now.instance_count)
                return false;
        if (q->full) {
                q->more = true;
                return false;
        }
        if (q->row) {
                q->broken = !q->row(q->ctx, row, &q->full);
        } else {
                if (q->n_rows)
                        buf_addc(&q->json, ',');
                provider_wql_json(row, &q->json);
                q->full = q->json.n >= q->limit;
                q->broken = q->json.failed;
        }
        q->n_rows++;
        q->full |= q->n_rows >= PAGE_ROWS;
        return !q->broken;
}

static int work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct provider_wql_request *q = container_of(j, struct provider_wql_request, db_job);
        struct provider_wql_opts o = { .dialect = q->dialect, .timeout_us = q->provider->query_timeout_us, .skip = q->skip,
                                       .ns = q->ns, .server = q->server };
        int r = model_changes_last(c, &q->seq, e);

        if (r == 0)
                r = view_begin(c, &q->caller, q->context ? &q->now : NULL, q->ns, e);
        if (r == 0)
                r = provider_wql_run(c, q->text, &o, add_row, q, &q->why, e);
        view_end();
        if (r == 0 && q->broken)
                r = err_set(e, ERR_NOMEM, "out of memory");
        return r;
}

static void work_done(struct db_job *j)
{
        struct provider_wql_request *q = container_of(j, struct provider_wql_request, db_job);

        q->r = j->r;
        q->err = j->err;
        arena_fini(&q->arena);
        q->done(q);
}

void provider_wql_abandon(struct provider_wql_request *q)
{
        db_abandon(&q->db_job);
}

void provider_wql_submit(struct provider *p, struct provider_wql_request *q)
{
        q->provider = p;
        q->n_rows = 0;
        q->more = q->full = q->broken = false;
        q->why = (struct wql_error){ 0 };
        q->limit = q->page_bytes ? q->page_bytes : PAGE_BYTES;
        buf_init(&q->json, 0);
        arena_init(&q->arena, 0);
        if (q->context)
                q->r = provider_contexts_resolve(p->contexts, q->caller.actor.who, q->context, &q->arena, &q->now, &q->err);
        if (q->context && q->r < 0) {
                arena_fini(&q->arena);
                q->done(q);
                return;
        }
        q->db_job = (struct db_job){ .work = work, .done = work_done };
        db_read(p->db, &q->db_job);
}
