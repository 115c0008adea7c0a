/* SPDX-License-Identifier: Apache-2.0 */
/* job_get - single things the Distribution Manager asks for */
#include <stdio.h>
#include "model/pair.h"
#include "model/sql_site.h"
#include "os/os.h"

static void fill(struct db_stmt *s, struct model_job *out)
{
        struct str manifest = db_col_blob(s, 12);

        *out = (struct model_job){
                .job_id = db_col_i64(s, 0),
                .pkg_id = db_col_i64(s, 1),
                .dp_id = db_col_i64(s, 2),
                .action = (enum job_action)db_col_i64(s, 5),
                .state = (enum job_state)db_col_i64(s, 6),
                .version = (uint32_t)db_col_i64(s, 7),
                .priority = (uint32_t)db_col_i64(s, 8),
                .tries = (uint32_t)db_col_i64(s, 9),
                .next_try_us = db_col_i64(s, 10),
                .redistribute = db_col_i64(s, 11),
                .has_manifest = manifest.n == HASH_LEN,
                .total_bytes = (uint64_t)db_col_i64(s, 13),
        };
        copy_text(db_col_text(s, 3), out->package_id, sizeof(out->package_id));
        copy_text(db_col_text(s, 4), out->dp_name, sizeof(out->dp_name));
        copy_text(db_col_text(s, 14), out->source, sizeof(out->source));
        if (out->has_manifest)
                memcpy(out->manifest.b, manifest.p, HASH_LEN);
}

int model_job_get(struct db_conn *c, int64_t job_id, struct model_job *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOB_WHOLE, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, job_id);
        r = db_step(s, e);
        if (r > 0)
                fill(s, out);
        db_reset(s);
        return r < 0 ? r : r == 0;
}

int model_jobs_ready(struct db_conn *c, bool (*fn)(void *ctx, const struct model_ready *j), void *ctx, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_JOBS_READY, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, os_now_us());
        while ((r = db_step(s, e)) > 0) {
                struct model_ready j = {
                        .job_id = db_col_i64(s, 0), .pkg_id = db_col_i64(s, 1), .dp_id = db_col_i64(s, 2),
                        .action = (enum job_action)db_col_i64(s, 3), .version = (uint32_t)db_col_i64(s, 4),
                        .tries = (uint32_t)db_col_i64(s, 5),
                };

                if (!fn(ctx, &j)) {
                        r = 0;
                        break;
                }
        }
        db_reset(s);
        return r;
}

int model_snapshots_due(struct db_conn *c, size_t max, int64_t *job_ids, size_t *n_out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_SNAPSHOTS_DUE, e);
        int r = 0;

        *n_out = 0;
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, os_now_us());
        while (*n_out < max && (r = db_step(s, e)) > 0)
                job_ids[(*n_out)++] = db_col_i64(s, 0);
        db_reset(s);
        return r < 0 ? r : 0;
}

int model_jobs_clock_set_back(struct tx *t, int64_t longest_delay_us, struct err *e)
{
        struct numbers jobs;
        int r = READ(t, e, &jobs, SQL_SITE_JOBS_BEYOND, t->now_us + longest_delay_us);

        for (size_t i = 0; r >= 0 && i < jobs.n_rows; i++)
                r = model_job_put_back(t, jobs.v[i], STR_NULL, e);
        return r < 0 ? r : 0;
}

int model_dp_spoke(struct tx *t, int64_t dp_id, int64_t when_us, struct err *e)
{
        struct model_dp d;
        char number[24];
        int r;

        snprintf(number, sizeof(number), "%lld", (long long)dp_id);
        r = model_dp_find(t->db, str_of(number), &d, e);
        if (r)
                return r < 0 ? r : 0;
        tx_touchz(t, "TM_DistributionPoint", d.name, NULL, NULL);
        return RUN(t, e, SQL_SITE_DP_SPOKE, dp_id, when_us);
}

int model_package_exists(struct db_conn *c, struct str id, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_PACKAGE_EXISTS, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, id);
        r = db_step(s, e);
        db_reset(s);
        return r < 0 ? r : r == 0;
}

int model_dps_each(struct db_conn *c, bool (*fn)(void *ctx, const struct model_dp *dp), void *ctx, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_DPS_ENROLLED, e);
        int r;

        if (!s)
                return err_number(e->kind);
        while ((r = db_step(s, e)) > 0) {
                struct model_dp dp = { .dp_id = db_col_i64(s, 0) };

                copy_text(db_col_text(s, 1), dp.name, sizeof(dp.name));
                if (!fn(ctx, &dp))
                        break;
        }
        db_reset(s);
        return r < 0 ? r : 0;
}
