/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job - the Distribution Manager's queue
 *
 * A pair has at most one content job and one validation job, a package at most
 * one snapshot job; a new order takes the place of the old one under a new
 * number, so that whoever still works on the old one learns that it is over.
 * Finished jobs leave the queue: the outcome is in the pair's row and in status
 * messages.
 */
#include "model/pair.h"
#include "model/sql_site.h"
#include "model/status.h"
#include "os/os.h"

static void touch_job(struct tx *t, int64_t job_id)
{
        tx_touch_where(t, "SMS_DistributionJob", &(struct tx_key)TX_NUMBER("JobID", job_id), 1);
}

int job_last(struct db_conn *c, int64_t *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOB_LAST, e);
        int r;

        if (!s)
                return err_number(e->kind);
        r = db_step(s, e);
        if (r > 0)
                *out = db_col_i64(s, 0);
        db_reset(s);
        return r < 0 ? r : 0;
}

int job_drop_id(struct tx *t, int64_t job_id, struct err *e)
{
        touch_job(t, job_id);
        return RUN(t, e, SQL_SITE_JOB_DELETE, job_id);
}

int job_drop(struct tx *t, int64_t pkg_id, int64_t dp_id, enum job_slot slot, struct err *e)
{
        struct numbers jobs;
        int r = dp_id ? READ(t, e, &jobs, SQL_SITE_JOB_OF_PAIR, pkg_id, dp_id, slot)
                      : READ(t, e, &jobs, SQL_SITE_JOB_OF_SNAPSHOT, pkg_id);

        if (r < 0 || !jobs.n_rows)
                return r;
        return job_drop_id(t, jobs.v[0], e);
}

int job_put(struct tx *t, const struct pkg *p, int64_t dp_id, enum job_slot slot, enum job_action action,
            bool redistribute, struct err *e)
{
        struct db_stmt *s;
        int r = job_drop(t, p->pkg_id, dp_id, slot, e);

        if (r < 0)
                return r;
        s = db_stmt(t->db, SQL_SITE_JOB_INSERT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        if (dp_id)
                db_bind_i64(s, 2, dp_id);
        db_bind_i64(s, 3, slot);
        db_bind_i64(s, 4, action);
        db_bind_i64(s, 5, p->version);
        db_bind_i64(s, 6, redistribute);
        db_bind_i64(s, 7, t->now_us);
        r = db_run(s, e);
        if (r == 0)
                tx_touch_new(t, "SMS_DistributionJob", &(struct tx_key)TX_NUMBER("JobID", db_last_rowid(t->db)), 1);
        return r;
}

int job_need_snapshot(struct tx *t, const struct pkg *p, struct err *e)
{
        struct numbers jobs;
        int r;

        if (p->has_manifest || !p->has_source)
                return 0;
        r = READ(t, e, &jobs, SQL_SITE_JOB_OF_SNAPSHOT, p->pkg_id);
        if (r < 0 || jobs.n_rows)
                return r;
        return job_put(t, p, 0, SLOT_SNAPSHOT, JOB_SNAPSHOT, false, e);
}

/* ---- reading the queue ---- */

static void read_job(struct db_stmt *s, struct model_job *out)
{
        struct str manifest = db_col_blob(s, 12);

        *out = (struct model_job){ .job_id = db_col_i64(s, 0), .pkg_id = db_col_i64(s, 1), .dp_id = db_col_i64(s, 2) };
        copy_text(db_col_text(s, 3), out->package_id, sizeof(out->package_id));
        copy_text(db_col_text(s, 4), out->dp_name, sizeof(out->dp_name));
        out->action = (enum job_action)db_col_i64(s, 5);
        out->state = (enum job_state)db_col_i64(s, 6);
        out->version = (uint32_t)db_col_i64(s, 7);
        out->priority = (uint32_t)db_col_i64(s, 8);
        out->tries = (uint32_t)db_col_i64(s, 9);
        out->next_try_us = db_col_i64(s, 10);
        out->redistribute = db_col_i64(s, 11);
        out->has_manifest = manifest.n == HASH_LEN;
        if (out->has_manifest)
                memcpy(out->manifest.b, manifest.p, HASH_LEN);
        out->total_bytes = (uint64_t)db_col_i64(s, 13);
        copy_text(db_col_text(s, 14), out->source, sizeof(out->source));
}

static int each(struct db_stmt *s, bool (*fn)(void *ctx, const struct model_job *j), void *ctx, struct err *e)
{
        struct model_job j;
        int r;

        while ((r = db_step(s, e)) > 0) {
                read_job(s, &j);
                if (!fn(ctx, &j)) {
                        r = 0;
                        break;
                }
        }
        db_reset(s);
        return r;
}

int model_jobs_each(struct db_conn *c, bool (*fn)(void *ctx, const struct model_job *j), void *ctx, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOBS_DUE, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, os_now_us());
        return each(s, fn, ctx, e);
}

int model_jobs_of_dp(struct db_conn *c, int64_t dp_id, bool (*fn)(void *ctx, const struct model_job *j), void *ctx,
                     struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOBS_DUE_ON_DP, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, os_now_us());
        db_bind_i64(s, 2, dp_id);
        return each(s, fn, ctx, e);
}

int model_jobs_next_due(struct db_conn *c, int64_t *us_out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOBS_NEXT_DUE, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, os_now_us());
        r = db_step(s, e);
        if (r > 0)
                *us_out = col_time(s, 0);
        db_reset(s);
        return r < 0 ? r : 0;
}

/* ---- what happens to a job ---- */

struct job_row {
        int64_t job_id, pkg_id, dp_id, slot, action, state, version, tries, redistribute;
};

/* 0; 1: the job is over (another order took its place, it was cancelled). */
static int load(struct tx *t, int64_t job_id, struct job_row *out, struct err *e)
{
        struct numbers rows;
        int r = READ(t, e, &rows, SQL_SITE_JOB_GET, job_id);

        if (r < 0)
                return r;
        if (!rows.n_rows)
                return 1;
        memcpy(out, rows.v, sizeof(*out));
        return 0;
}

static int set(struct tx *t, const struct job_row *j, enum job_state state, int64_t tries, int64_t next_try_us,
               struct err *e)
{
        touch_job(t, j->job_id);
        return RUN(t, e, SQL_SITE_JOB_SET, j->job_id, state, tries, next_try_us, t->now_us);
}

int model_job_started(struct tx *t, int64_t job_id, struct err *e)
{
        struct job_row j;
        struct pkg p;
        struct pair pair;
        int r = load(t, job_id, &j, e);

        if (r)
                return r;
        if (j.state == JOB_STARTED)
                return 0;
        touch_job(t, job_id);
        r = RUN(t, e, SQL_SITE_JOB_START, job_id, t->now_us);
        if (!r)
                r = pkg_get(t->db, j.pkg_id, &p, e);
        if (r || j.action == JOB_REMOVE)
                return r;
        if (j.slot == SLOT_SNAPSHOT)
                return status_raise(t, STATUS_PACKAGE_STARTED, &p, NULL, NULL, e);
        r = pair_load(t, &p, j.dp_id, &pair, e);
        if (r)
                return r;
        if (j.slot == SLOT_VALIDATE)
                return status_raise(t, STATUS_VALIDATING, &p, &pair, NULL, e);
        return status_raise(t, j.action == JOB_UPDATE ? STATUS_SENDING : STATUS_DP_STARTED, &p, &pair, NULL, e);
}

int model_job_progress(struct tx *t, int64_t job_id, uint64_t done_bytes, struct err *e)
{
        touch_job(t, job_id);
        return RUN(t, e, SQL_SITE_JOB_PROGRESS, job_id, (int64_t)MIN(done_bytes, (uint64_t)INT64_MAX), t->now_us);
}

int model_job_put_back(struct tx *t, int64_t job_id, struct str reason, struct err *e)
{
        struct job_row j;
        struct pkg p;
        struct pair was, now;
        int r = load(t, job_id, &j, e);

        if (r)
                return r;
        r = set(t, &j, JOB_PENDING, j.tries, t->now_us, e);
        if (r || j.slot != SLOT_CONTENT || !reason.n)
                return r;
        r = pkg_get(t->db, j.pkg_id, &p, e);
        if (!r)
                r = pair_load(t, &p, j.dp_id, &was, e);
        if (r || was.state == STATE_NONE)
                return r;
        now = was;
        now.reason_code = STR("Waiting");
        now.reason = reason;
        return pair_save(t, &p, &was, &now, e);
}

int model_jobs_recover(struct tx *t, struct err *e)
{
        struct numbers jobs;
        int r = READ(t, e, &jobs, SQL_SITE_JOBS_STARTED);

        for (size_t i = 0; !r && i < jobs.n_rows; i++)
                r = model_job_put_back(t, jobs.v[i], STR_NULL, e);
        return r;
}

int model_job_order(struct tx *t, int64_t job_id, uint32_t place, struct err *e)
{
        struct job_row j;
        int r = load(t, job_id, &j, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no job %lld in the queue any more", (long long)job_id);
        if (r < 0)
                return r;
        touch_job(t, job_id);
        return RUN(t, e, SQL_SITE_JOB_ORDER, job_id, place, t->now_us);
}

/* The documented delay, and up to jitter_percent of it more, so that a thousand DPs do not come back in one second. */
static int64_t next_try(struct tx *t, const struct model_retry *retry)
{
        const int64_t spread = retry->delay_us / 100 * retry->jitter_percent;

        return t->now_us + retry->delay_us + (spread > 0 ? (int64_t)(os_random_u64() % (uint64_t)spread) : 0);
}

static struct str own_text(struct tx *t, struct str s)
{
        return s.n ? arena_str(&t->arena, s) : STR_NULL;
}

static int content_failed(struct tx *t, const struct job_row *j, const struct pkg *p, const struct model_failure *f,
                          bool last, int64_t next_us, struct err *e)
{
        struct pair was, now;
        enum status_id id = last ? STATUS_GAVE_UP : STATUS_UPDATE_FAILED;
        int r = pair_load(t, p, j->dp_id, &was, e);

        if (r)
                return r;
        now = was;
        r = pair_move(p, &now, last ? EV_GAVE_UP : EV_ATTEMPT_FAILED, e);
        if (r)
                return r;
        now.tries = (uint32_t)j->tries + 1;
        now.next_try_us = last ? TIME_NONE_US : next_us;
        now.reason_code = own_text(t, f->code);
        now.reason = own_text(t, f->text);
        r = pair_save(t, p, &was, &now, e);
        if (r)
                return r;
        if (!last && str_eqz(f->code, "DpOffline"))
                id = STATUS_DP_UNREACHABLE;
        return status_raise(t, id, p, &now, now.reason.p, e);
}

/* Nothing can be installed of a source that cannot be read: those who wait for it have failed with it. */
static int source_failed(struct tx *t, const struct pkg *p, const struct model_failure *f, bool last, struct err *e)
{
        struct db_stmt *s;
        struct numbers pairs;
        const char *text = arena_printf(&t->arena, "%.*s", STR_ARG(f->text));
        int r;

        pkg_touch(t, p);
        s = db_stmt(t->db, SQL_SITE_ROOT_SOURCE_ERROR, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_textz(s, 2, text);
        r = db_run(s, e);
        if (!r)
                r = status_raise(t, STATUS_PACKAGE_FAILED, p, NULL, text, e);
        if (r || !last)
                return r;
        pkg_touch_pairs(t, p);
        r = READ(t, e, &pairs, SQL_SITE_PAIRS_OF_PACKAGE, p->pkg_id);
        for (size_t i = 0; !r && i < pairs.n_rows; i++) {
                struct pair was, now;

                if (state_next((int)pairs.v[i * 2 + 1], EV_GAVE_UP, false) != STATE_INSTALL_FAILED)
                        continue;
                r = pair_load(t, p, pairs.v[i * 2], &was, e);
                if (r)
                        break;
                now = was;
                pair_clear(&now);
                now.state = STATE_INSTALL_FAILED;
                now.reason_code = own_text(t, f->code);
                now.reason = own_text(t, f->text);
                r = pair_save(t, p, &was, &now, e);
                if (!r)
                        r = job_drop(t, p->pkg_id, was.dp_id, SLOT_CONTENT, e);
        }
        return r;
}

int model_job_failed(struct tx *t, int64_t job_id, const struct model_failure *f, const struct model_retry *retry,
                     struct err *e)
{
        struct job_row j;
        struct pkg p;
        int64_t next_us;
        bool last;
        int r = load(t, job_id, &j, e);

        if (r)
                return r;
        r = pkg_get(t->db, j.pkg_id, &p, e);
        if (r)
                return r;
        last = f->for_good || j.tries + 1 > (int64_t)retry->max_tries;
        next_us = next_try(t, retry);
        if (j.slot == SLOT_CONTENT)
                r = content_failed(t, &j, &p, f, last, next_us, e);
        else if (j.slot == SLOT_SNAPSHOT)
                r = source_failed(t, &p, f, last, e);
        if (r)
                return r;
        return last ? job_drop_id(t, job_id, e) : set(t, &j, JOB_PENDING_RESTART, j.tries + 1, next_us, e);
}

int model_jobs_wake_dp(struct tx *t, int64_t dp_id, struct err *e)
{
        struct numbers jobs;
        int r = READ(t, e, &jobs, SQL_SITE_JOBS_OF_DP, dp_id, t->now_us);

        for (size_t i = 0; !r && i < jobs.n_rows; i++) {
                const int64_t *v = &jobs.v[i * 4];
                struct job_row j = { .job_id = v[0] };
                struct pkg p;
                struct pair was, now;

                r = set(t, &j, JOB_PENDING, v[3], t->now_us, e);
                if (r || v[2] != SLOT_CONTENT)
                        continue;
                r = pkg_get(t->db, v[1], &p, e);
                if (!r)
                        r = pair_load(t, &p, dp_id, &was, e);
                if (r || was.state == STATE_NONE)
                        continue;
                now = was;
                now.next_try_us = t->now_us;
                r = pair_save(t, &p, &was, &now, e);
        }
        return r;
}
