/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - a wire's request, run where it belongs and finished on the loop
 *
 * Readings are db_read jobs, changes db_write jobs (done after COMMIT), a look
 * at a source folder goes to our own worker first, since a dead mount may hold
 * it for minutes and must not hold the database.
 */
#include <errno.h>
#include "provider/private.h"
#include "provider/view.h"
#include "snapshot/snapshot.h"

enum { PAGE_BYTES = 1 << 20, PAGE_ROWS = 20000 };

static struct provider_request *of_db_job(struct db_job *j)
{
        return container_of(j, struct provider_request, db_job);
}

static void finish(struct provider_request *q, int r, const struct err *e)
{
        q->r = r;
        if (e)
                q->err = *e;
        q->done(q);
}

static void db_done(struct db_job *j)
{
        finish(of_db_job(j), j->r, &j->err);
}

/* ---- reading ---- */

struct page {
        struct provider_request *q;
        size_t bytes;
        bool full;
};

/* The last row of a page is kept in the request's arena, the others die with the page. */
static bool keep_last(struct provider_request *q, const struct cim_instance *i)
{
        struct cim_instance *last = q->last;

        if (!last) {
                last = q->last = cim_instance_new(q->class, &q->arena);
                if (!last)
                        return false;
        }
        for (size_t k = 0; k < q->class->n_keys; k++) {
                const struct cim_property *p = &q->class->properties[q->class->keys[k]];
                struct cim_value *v = &last->values[q->class->keys[k]];

                *v = i->values[q->class->keys[k]];
                if (p->type == CIM_STRING && !v->null) {
                        v->s = arena_str(&q->arena, v->s);
                        if (!v->s.p)
                                return false;
                }
        }
        return true;
}

static bool add_row(void *ctx, struct cim_instance *i)
{
        struct page *p = ctx;
        struct provider_request *q = p->q;

        if (p->full) {
                q->more = true;
                return false;
        }
        if (q->n_rows)
                buf_addc(&q->json, ',');
        cim_json_write_some(i, q->only, &q->json);
        q->n_rows++;
        p->full = q->json.n >= p->bytes || q->n_rows >= PAGE_ROWS;
        if (p->full && !keep_last(q, i))
                q->json.failed = true;
        return !q->json.failed;
}

static int work_query(struct provider_request *q, struct db_conn *c, struct err *e)
{
        struct page p = { .q = q, .bytes = q->page_bytes ? q->page_bytes : PAGE_BYTES };
        const uint64_t most = q->context ? q->now.instance_count : 0;
        int r;

        if (most && q->n_given >= most)
                return 0;
        if (most && (!q->query.top || q->query.top > most - q->n_given))
                q->query.top = most - q->n_given;

        q->query.class = q->class;
        q->query.passing = true;
        buf_init(&q->json, 0);
        arena_init(&q->page_arena, 0);
        r = provider_query_run(c, &q->query, &q->page_arena, add_row, &p, e);
        arena_fini(&q->page_arena);
        if (r == 0 && q->json.failed)
                r = err_set(e, ERR_NOMEM, "out of memory");
        q->n_given += q->n_rows;
        return r;
}

static int work_read(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct provider_request *q = of_db_job(j);
        int r = model_changes_last(c, &q->seq, e);

        if (r == 0)
                r = view_begin(c, &q->caller, q->context ? &q->now : NULL, q->ns, e);
        if (r == 0)
                r = q->op == PROVIDER_QUERY ? work_query(q, c, e) : provider_get(c, q->object, &q->arena, &q->result, e);
        view_end();
        return r;
}

/* ---- writing ---- */

static int run_method(struct provider_request *q, struct tx *t, struct err *e)
{
        struct provider_call c = { .class = q->class, .method = q->method, .self = q->object, .args = q->args,
                                   .context = q->context ? &q->now : NULL, .role = q->caller.role, .out_args = q->out_args };
        int r = provider_invoke(q->provider, t, &c, &q->arena, e);

        q->return_value = c.return_value;
        return r;
}

static int invoke(struct provider_request *q, struct tx *t, struct err *e)
{
        q->out_args = arena_array(&q->arena, q->method->n_parameters + 1, sizeof *q->out_args);
        if (!q->out_args)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < q->method->n_parameters; i++)
                q->out_args[i].null = true;
        return run_method(q, t, e);
}

static int change(struct provider_request *q, struct tx *t, struct err *e)
{
        switch (q->op) {
        case PROVIDER_CREATE: return provider_create(t, q->object, &q->arena, &q->result, e);
        case PROVIDER_PUT: return provider_put(t, q->object, q->strict, &q->arena, &q->result, e);
        case PROVIDER_DELETE: return provider_delete(t, q->object, e);
        default: return invoke(q, t, e);
        }
}

static int work_write(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct provider_request *q = of_db_job(j);
        struct tx t;
        int r;

        tx_begin(&t, c, &q->caller.actor);
        r = view_begin(c, &q->caller, q->context ? &q->now : NULL, q->ns, e);
        if (r == 0)
                r = change(q, &t, e);
        view_end();
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        r = tx_end(&t, e);
        return r < 0 ? r : model_changes_last(c, &q->seq, e);
}

static void start_write(struct provider_request *q)
{
        q->db_job = (struct db_job){ .work = work_write, .done = db_done };
        db_write(q->provider->db, &q->db_job);
}

/* ---- a look at the source folder first ---- */

static const struct cim_value *given(const struct cim_instance *i, const char *name)
{
        int k = cim_property_find(i->class, str_of(name));

        return (!i->given || i->given[k]) && !i->values[k].null ? &i->values[k] : NULL;
}

bool provider_wants_source_check(const struct provider_request *q)
{
        const struct cim_value *flag, *path;

        if ((q->op != PROVIDER_CREATE && q->op != PROVIDER_PUT) || strcmp(q->class->name, "SMS_Package") != 0)
                return false;
        flag = given(q->object, "PkgSourceFlag");
        path = given(q->object, "PkgSourcePath");
        return path && path->s.n > 0 && (!flag || flag->i > 1);
}

int provider_check_source(const struct provider_request *q, struct err *e)
{
        _cleanup_(freep) char *path = str_dup(given(q->object, "PkgSourcePath")->s);

        if (!path)
                return err_set(e, ERR_NOMEM, "out of memory");
        return snapshot_check_source(path, e);
}

static void check_work(struct job *j)
{
        struct provider_request *q = container_of(j, struct provider_request, job);

        q->r = provider_check_source(q, &q->err);
}

static void check_done(struct job *j)
{
        struct provider_request *q = container_of(j, struct provider_request, job);

        if (q->r < 0)
                finish(q, q->r, NULL);
        else
                start_write(q);
}

/* ---- TM_Site.Verify: the daemon asks around ---- */

static void verified(void *arg, const struct model_difference *d, size_t n, const struct err *e)
{
        struct provider_request *q = arg;
        struct cim_value *items = arena_array(&q->arena, n + 1, sizeof *items);

        if (e && e->kind != ERR_NONE) {
                finish(q, err_number(e->kind), e);
                return;
        }
        q->out_args = arena_array(&q->arena, q->method->n_parameters + 1, sizeof *q->out_args);
        for (size_t i = 0; items && i < n; i++) {
                items[i].s = str_of(arena_printf(&q->arena, "%s: %s: %s", d[i].kind, d[i].object, d[i].text));
                items[i].null = !items[i].s.p;
        }
        if (!items || !q->out_args) {
                finish(q, err_set(&q->err, ERR_NOMEM, "out of memory"), NULL);
                return;
        }
        for (size_t i = 0; i < q->method->n_parameters; i++) {
                q->out_args[i].null = !q->method->parameters[i].out;
                if (q->method->parameters[i].out)
                        q->out_args[i] = (struct cim_value){ .array = { items, n } };
        }
        finish(q, 0, NULL);
}

static bool is_verify(const struct provider_request *q)
{
        return q->op == PROVIDER_INVOKE && strcmp(q->class->name, "TM_Site") == 0 && strcmp(q->method->name, "Verify") == 0;
}

static void start_verify(struct provider_request *q)
{
        const struct site_actions *a = q->provider->actions;
        bool deep = q->method->n_parameters && !q->args[0].null && q->args[0].i;

        if (!a || !a->verify)
                finish(q, err_set(&q->err, ERR_UNAVAILABLE, "verification is not possible while the site starts: try again"),
                       NULL);
        else
                a->verify(a->ctx, deep, verified, q);
}

/* Differences name what they are about in words, so they are for who sees everything. */
static int work_guard(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct provider_request *q = of_db_job(j);
        int r = view_begin(c, &q->caller, NULL, q->ns, e);

        if (r == 0 && view_is_restricted())
                r = err_set(e, ERR_DENIED, "TM_Site.Verify recounts the whole site: the account's security scopes "
                            "(TM_AccountScope) leave this to accounts that see everything");
        view_end();
        return r;
}

static void guarded(struct db_job *j)
{
        struct provider_request *q = of_db_job(j);

        if (j->r < 0)
                finish(q, j->r, &j->err);
        else
                start_verify(q);
}

/* ---- context values ---- */

static bool is_context_method(const struct provider_request *q)
{
        return q->op == PROVIDER_INVOKE && strcmp(q->class->name, "SMS_ContextMethods") == 0;
}

static int check_context(struct provider_request *q)
{
        if (!q->context || !q->now.query_qualifiers || q->op != PROVIDER_QUERY || provider_is_secured(q->class))
                return 0;
        return err_set(&q->err, ERR_INVALID, "context value QueryQualifiers: %s is not Secured", q->class->name);
}

/* They are about the provider's memory, not about the database. */
static int context_method(struct provider_request *q)
{
        char handle[CONTEXT_HANDLE_MAX];
        int r;

        q->out_args = arena_array(&q->arena, q->method->n_parameters, sizeof *q->out_args);
        if (!q->out_args)
                return err_set(&q->err, ERR_NOMEM, "out of memory");
        q->out_args[0].null = true;
        if (strcmp(q->method->name, "ClearContextHandle") == 0) {
                if (q->args[0].null)
                        return err_set(&q->err, ERR_INVALID, "ClearContextHandle wants the parameter ContextHandle");
                return provider_contexts_clear(q->provider->contexts, q->caller.actor.who, q->args[0].s, &q->err);
        }
        r = provider_contexts_keep(q->provider->contexts, q->caller.actor.who, &q->now, handle, &q->err);
        q->out_args[0] = (struct cim_value){ .s = arena_str(&q->arena, str_of(handle)) };
        if (r == 0 && !q->out_args[0].s.p)
                r = err_set(&q->err, ERR_NOMEM, "out of memory");
        return r;
}

/* ---- life ---- */

void provider_abandon(struct provider_request *q)
{
        if (q->op == PROVIDER_GET || q->op == PROVIDER_QUERY)
                db_abandon(&q->db_job);
}

void provider_submit(struct provider *p, struct provider_request *q)
{
        int r = provider_allowed(&q->caller, q->op, q->class, q->method, &q->err);

        q->provider = p;
        if (r == 0 && q->context)
                r = provider_contexts_resolve(p->contexts, q->caller.actor.who, q->context, &q->arena, &q->now, &q->err);
        if (r == 0)
                r = check_context(q);
        if (r < 0) {
                finish(q, r, NULL);
        } else if (is_context_method(q)) {
                finish(q, context_method(q), NULL);
        } else if (q->op == PROVIDER_GET || q->op == PROVIDER_QUERY) {
                q->db_job = (struct db_job){ .work = work_read, .done = db_done };
                db_read(p->db, &q->db_job);
        } else if (is_verify(q)) {
                q->db_job = (struct db_job){ .work = work_guard, .done = guarded };
                db_read(p->db, &q->db_job);
        } else if (provider_wants_source_check(q)) {
                q->job = (struct job){ .work = check_work, .done = check_done };
                workers_submit(p->workers, &q->job);
        } else {
                start_write(q);
        }
}

int provider_new(struct provider **out, const struct provider_opts *o, struct err *e)
{
        struct provider *p = calloc(1, sizeof *p);
        int r;

        if (!p)
                return err_set(e, ERR_NOMEM, "out of memory");
        *p = (struct provider){ .loop = o->loop, .db = o->db, .actions = o->actions,
                                 .query_timeout_us = o->query_timeout_s * US_PER_SECOND };
        p->contexts = provider_contexts_new();
        if (!p->contexts) {
                free(p);
                return err_set(e, ERR_NOMEM, "out of memory");
        }
        r = workers_new(&p->workers, o->loop, "provider", o->inline_ ? 0 : 1);
        if (r < 0) {
                provider_contexts_free(p->contexts);
                free(p);
                return err_sys(e, -r, "start the provider's worker");
        }
        *out = p;
        return 0;
}

void provider_free(struct provider *p)
{
        if (!p)
                return;
        workers_free(p->workers);
        provider_contexts_free(p->contexts);
        free(p);
}
