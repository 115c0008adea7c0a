/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - what a DP says became of an order, and how far it is
 *
 * A report is applied in one transaction and answered after COMMIT; it may come
 * any number of times and from before a restart of either side.  Who says it is
 * known from the certificate; what it may say is the model's to judge.
 */
#include "distmgr/internal.h"
#include <stdio.h>

struct report {
        struct dm_write w;
        struct http_exchange *x;
        int64_t dp_id;
        char dp_name[DM_NAME];
        struct dpwire_report m;         /* texts live in the exchange's arena */
        bool applied;
        bool suspect;                   /* the site's own copy may be damaged */
};

static int failed(struct report *p, struct tx *t, struct err *e)
{
        struct model_job j;
        struct model_failure f = { 0 };
        const char *code = p->m.code == DPWIRE_CODE_OTHER || p->m.code == DPWIRE_CODE_NONE ? "DpError" :
                                                                                           dpwire_code_name(p->m.code);
        char *text;
        int r = model_job_get(t->db, (int64_t)p->m.order, &j, e);

        if (r < 0)
                return r;
        /* Failed already (stalled, offline), replaced, or not this DP's: nothing to count. */
        if (r > 0 || j.dp_id != p->dp_id || (j.state != JOB_STARTED && j.state != JOB_INPROGRESS))
                return 0;
        text = arena_printf(&t->arena, "DP %s: %.*s", p->dp_name, STR_ARG(p->m.text));
        if (!text)
                return err_set(e, ERR_NOMEM, "out of memory");
        f.code = str_of(code);
        f.text = str_of(text);
        p->applied = true;
        return model_job_failed(t, j.job_id, &f, &p->w.d->o.retry, e);
}

static int apply(struct report *p, struct tx *t, struct err *e)
{
        struct model_report r = {
                .dp_id = p->dp_id, .order = (int64_t)p->m.order, .package_id = str_of(p->m.package),
                .version = p->m.version, .manifest = p->m.manifest,
                .bytes_received = p->m.bytes_received, .bytes_reused = p->m.bytes_reused,
        };
        const char *what = NULL;
        int x;

        switch (p->m.result) {
        case DPWIRE_INSTALLED:
                x = model_report_installed(t, &r, &what, e);
                if (x > 0)
                        log_info(LOG, "DP %s: report on %s version %u is stale: %s", p->dp_name, p->m.package,
                                 p->m.version, what ? what : "");
                break;
        case DPWIRE_REMOVED:
                x = model_report_removed(t, &r, e);
                break;
        case DPWIRE_VALID:
                x = model_report_valid(t, &r, e);
                break;
        case DPWIRE_INVALID:
                x = model_report_invalid(t, &r, p->m.files, p->m.n_files, e);
                break;
        default:
                return failed(p, t, e);
        }
        p->applied = x == 0;
        return x < 0 ? x : 0;
}

static int report_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct report *p = container_of(w, struct report, w);
        int r = apply(p, t, e);

        /* Of something that no longer is: there is nothing to record, and the DP may forget it. */
        if (r < 0 && e->kind == ERR_NOT_FOUND) {
                p->applied = false;
                err_clear(e);
                return 0;
        }
        return r;
}

static void acknowledge(struct report *p)
{
        struct buf b;

        buf_init(&b, 0);
        dpwire_reported_encode(&b, p->applied);
        http_reply(p->x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
        buf_fini(&b);
}

static void log_report(const struct report *p, uint64_t sent)
{
        const struct dpwire_report *m = &p->m;

        if (m->result == DPWIRE_FAILED)
                log_warn(LOG, "DP %s: order %llu (%s version %u) failed: %s: %.*s", p->dp_name,
                         (unsigned long long)m->order, m->package, m->version, dpwire_code_name(m->code), STR_ARG(m->text));
        else
                log_info(LOG, "DP %s: %s version %u %s (%llu bytes received, %llu reused; %llu sent with headers)%s",
                         p->dp_name, m->package, m->version, dpwire_result_name(m->result),
                         (unsigned long long)m->bytes_received, (unsigned long long)m->bytes_reused,
                         (unsigned long long)sent, p->applied ? "" : ", stale");
}

static void report_then(struct dm_write *w)
{
        struct report *p = container_of(w, struct report, w);
        struct distmgr *d = w->d;
        struct order *o = dm_order(d, (int64_t)p->m.order);

        if (w->job.r < 0) {
                log_error(LOG, "DP %s: report on %s: %s", p->dp_name, p->m.package, w->job.err.text);
                if (o && o->dp_id == p->dp_id && o->state == ORDER_ENDING)
                        o->state = ORDER_SENT;
                http_reply_err(p->x, &w->job.err);
                free(p);
                return;
        }
        log_report(p, o && o->dp_id == p->dp_id ? o->bytes_sent : 0);
        if (o && o->dp_id == p->dp_id)
                dm_order_free(d, o);
        if (p->suspect)
                dm_library_suspect(d, p->m.package, p->m.version);
        acknowledge(p);
        dm_wake(d);
        free(p);
}

static bool is_complete(const struct dpwire_report *m, struct err *e)
{
        if (!m->package[0])
                (void)err_set(e, ERR_INVALID, "report: package is missing");
        else if (!m->has_manifest && (m->result == DPWIRE_INSTALLED || m->result == DPWIRE_VALID))
                (void)err_set(e, ERR_INVALID, "report: %s needs the manifest's hash", dpwire_result_name(m->result));
        else if (m->order > INT64_MAX)
                (void)err_set(e, ERR_INVALID, "report: order is out of range");
        return !e->kind;
}

static void report(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        const struct http_request *q = http_request(x);
        struct report *p = calloc(1, sizeof(*p));
        struct err e = { 0 };
        struct order *o;

        if (!p) {
                http_reply_empty(x, 503);
                return;
        }
        if (dpwire_report_decode(q->arena, q->body, &p->m, &e) || !is_complete(&p->m, &e)) {
                http_reply_err(x, &e);
                free(p);
                return;
        }
        p->x = x;
        p->dp_id = s->dp_id;
        memcpy(p->dp_name, s->name, sizeof(p->dp_name));
        p->suspect = p->m.result == DPWIRE_FAILED &&
                     (p->m.code == DPWIRE_HASH_MISMATCH || p->m.code == DPWIRE_SOURCE_GONE);
        dm_session_progress(s);
        o = dm_order(d, (int64_t)p->m.order);
        if (o && o->dp_id == s->dp_id && o->state == ORDER_SENT)
                o->state = ORDER_ENDING;        /* not sent again while its end is written */
        p->w.job.patient = true;
        p->w.fn = report_fn;
        p->w.then = report_then;
        dm_write(d, &p->w, arena_printf(q->arena, "dp:%s", s->name), q->peer->address);
}

void dm_handle_report(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, report);
}

/* ---- POST /dp/v1/progress ---- */

struct note {
        struct dm_write w;
        int64_t job_id;
        uint64_t done;
};

static int note_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct note *n = container_of(w, struct note, w);

        return model_job_progress(t, n->job_id, n->done, e);
}

static void note_then(struct dm_write *w)
{
        struct note *n = container_of(w, struct note, w);

        if (w->job.r < 0)
                log_warn(LOG, "job %lld: its progress could not be noted: %s", (long long)n->job_id, w->job.err.text);
        free(n);
}

/*
 * Into the database, so that SMS_DistributionJob.RemainingSize is true and its events tell how far it is: when
 * at least a hundredth has moved, and all orders together at most DM_NOTES_PER_SECOND times a second.
 */
static void note_progress(struct distmgr *d, struct order *o)
{
        int64_t now = os_mono_us();
        int64_t every = MAX(DM_NOTE_EVERY_US, (int64_t)d->orders.n * (US_PER_SECOND / DM_NOTES_PER_SECOND));
        struct note *n;

        if (now - MAX(o->noted_mono_us, o->sent_mono_us) < every || o->bytes_done < o->bytes_noted + o->total_bytes / 100)
                return;
        n = calloc(1, sizeof(*n));
        if (!n)
                return;                 /* the next one says more */
        o->noted_mono_us = now;
        o->bytes_noted = o->bytes_done;
        n->job_id = o->job_id;
        n->done = o->bytes_done;
        n->w.fn = note_fn;
        n->w.then = note_then;
        dm_write(d, &n->w, LOG, "");
}

static void progress(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        const struct http_request *q = http_request(x);
        struct dpwire_progresses m;
        struct err e = { 0 };

        if (dpwire_progress_decode(q->arena, q->body, &m, &e)) {
                http_reply_err(x, &e);
                return;
        }
        for (size_t i = 0; i < m.n; i++) {
                struct order *o = m.v[i].id <= INT64_MAX ? dm_order(d, (int64_t)m.v[i].id) : NULL;

                if (!o || o->dp_id != s->dp_id || m.v[i].bytes_done == o->bytes_done)
                        continue;
                o->bytes_done = m.v[i].bytes_done;
                dm_session_progress(s);
                if (o->state == ORDER_SENT)
                        note_progress(d, o);
        }
        http_reply_empty(x, 204);
}

void dm_handle_progress(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, progress);
}

/* ---- POST /dp/v1/inventory ---- */

struct inventory {
        struct dm_write w;
        struct http_exchange *x;
        int64_t dp_id;
        char dp_name[DM_NAME];
        struct dpwire_inventory m;
        struct model_held *held;        /* in the exchange's arena */
};

static int inventory_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct inventory *v = container_of(w, struct inventory, w);
        int r = model_dp_seen(t, v->dp_id, v->m.version, (int64_t)MIN(v->m.bytes_free, (uint64_t)INT64_MAX),
                              (int64_t)MIN(v->m.bytes_total, (uint64_t)INT64_MAX), e);

        if (r >= 0)
                r = model_inventory(t, v->dp_id, v->held, v->m.n_packages, e);
        /* Of its own accord it says so when it starts: what kept its jobs from working may be over. */
        if (r >= 0 && v->m.order == 0)
                r = model_jobs_wake_dp(t, v->dp_id, e);
        return r;
}

static void inventory_then(struct dm_write *w)
{
        struct inventory *v = container_of(w, struct inventory, w);
        struct session *s = dm_session(w->d, v->dp_id);

        if (w->job.r < 0) {
                log_error(LOG, "inventory of DP %s: %s", v->dp_name, w->job.err.text);
                http_reply_err(v->x, &w->job.err);
        } else {
                if (s && s->inventory && s->inventory == v->m.order)
                        s->inventory = 0;
                http_reply(v->x, 200, DPWIRE_TYPE_JSON, STR("{}"));
                dm_wake(w->d);
        }
        free(v);
}

/* Compared with the rows first, when a verification asked for it, then applied. */
static void inventory_apply(struct distmgr *d, void *arg)
{
        struct inventory *v = arg;
        const struct http_request *q = http_request(v->x);

        dm_write(d, &v->w, arena_printf(q->arena, "dp:%s", v->dp_name), q->peer->address);
}

static void inventory(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        const struct http_request *q = http_request(x);
        struct inventory *v = calloc(1, sizeof(*v));
        struct err e = { 0 };

        if (!v) {
                http_reply_empty(x, 503);
                return;
        }
        if (dpwire_inventory_decode(q->arena, q->body, &v->m, &e)) {
                http_reply_err(x, &e);
                free(v);
                return;
        }
        v->held = arena_array(q->arena, v->m.n_packages + 1, sizeof(*v->held));
        if (!v->held) {
                http_reply_empty(x, 503);
                free(v);
                return;
        }
        for (size_t i = 0; i < v->m.n_packages; i++) {
                const struct dpwire_held *h = &v->m.packages[i];

                v->held[i] = (struct model_held){ str_of(h->package), h->version, h->manifest, h->sound };
        }
        v->x = x;
        v->dp_id = s->dp_id;
        memcpy(v->dp_name, s->name, sizeof(v->dp_name));
        v->w.fn = inventory_fn;
        v->w.then = inventory_then;
        dm_session_progress(s);
        dm_verify_inventory(d, s, v->m.order, v->held, v->m.n_packages, inventory_apply, v);
}

void dm_handle_inventory(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, inventory);
}
