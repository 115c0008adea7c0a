/* SPDX-License-Identifier: Apache-2.0 */
/* update - a new source version: ordered, and then published by the snapshot */
#include "model/order.h"
#include "model/shown.h"
#include "model/sql_site.h"
#include "model/status.h"

void pkg_touch(struct tx *t, const struct pkg *p)
{
        const struct tx_key key = TX_TEXT("PackageID", str_of(p->package_id));

        tx_touch_where(t, "SMS_Package", &key, 1);
        tx_touch_where(t, "SMS_PackageStatusRootSummarizer", &key, 1);
        tx_touch_where(t, "TM_PackageCondition", &key, 1);
        tx_touch_where(t, "SMS_PackageStatusDetailSummarizer", &key, 1);
        offer_touch_package(t, p);
        shown_package(t, p);
}

void pkg_touch_pairs(struct tx *t, const struct pkg *p)
{
        const struct tx_key key = TX_TEXT("PackageID", str_of(p->package_id));
        const struct tx_key job_key = TX_TEXT("PkgID", str_of(p->package_id));

        tx_touch_where(t, "SMS_PackageStatusDistPointsSummarizer", &key, 1);
        tx_touch_where(t, "TM_DistributionCondition", &key, 1);
        tx_touch_where(t, "SMS_DistributionPoint", &key, 1);
        tx_touch_where(t, "SMS_PackageStatus", &key, 1);
        tx_touch_where(t, "SMS_DistributionJob", &job_key, 1);
        shown_pairs(t, p);
}

/* Everybody who should hold the package now waits for the new version. */
static int order_all(struct tx *t, const struct pkg *p, struct err *e)
{
        struct numbers pairs;
        int r = READ(t, e, &pairs, SQL_SITE_PAIRS_OF_PACKAGE, p->pkg_id);

        for (size_t i = 0; !r && i < pairs.n_rows; i++) {
                struct pair was, now;

                if (state_is_removal((int)pairs.v[i * 2 + 1]))
                        continue;
                r = pair_load(t, p, pairs.v[i * 2], &was, e);
                if (r)
                        break;
                now = was;
                r = pair_move(p, &now, EV_ORDER_UPDATE, e);
                if (r)
                        break;
                pair_clear(&now);
                r = pair_save(t, p, &was, &now, e);
                if (!r)
                        r = job_drop(t, p->pkg_id, now.dp_id, SLOT_VALIDATE, e);
                if (!r)
                        r = job_put(t, p, now.dp_id, SLOT_CONTENT, now.held ? JOB_UPDATE : JOB_ADD, false, e);
        }
        return r;
}

int order_version(struct tx *t, struct pkg *p, uint32_t version, enum job_action why, struct err *e)
{
        int r;

        pkg_touch(t, p);
        pkg_touch_pairs(t, p);
        p->version = version;
        p->has_manifest = false;
        p->action = why == JOB_ADD ? ACTION_ADD : ACTION_UPDATE;
        r = RUN(t, e, SQL_SITE_PKG_SET_VERSION, p->pkg_id, p->version, t->now_us, p->action);
        if (!r)
                r = RUN(t, e, SQL_SITE_DETAIL_TOUCH, p->pkg_id, t->now_us);
        if (!r) {
                struct db_stmt *s = db_stmt(t->db, SQL_SITE_ROOT_SOURCE_ERROR, e);

                if (!s)
                        return err_number(e->kind);
                db_bind_i64(s, 1, p->pkg_id);
                r = db_run(s, e);
        }
        if (!r)
                r = order_all(t, p, e);
        if (!r)
                r = job_put(t, p, 0, SLOT_SNAPSHOT, JOB_SNAPSHOT, false, e);
        return r;
}

int model_package_update(struct tx *t, struct str id, uint32_t *version_out, struct err *e)
{
        struct pkg p;
        int r = pkg_find(t->db, id, &p, e);

        if (!r)
                r = pkg_takes_orders(&p, e);
        if (r)
                return r;
        if (p.version == UINT32_MAX)
                return err_set(e, ERR_CONFLICT, "package %s has used up its versions: create a new one", p.package_id);
        r = order_version(t, &p, p.version + 1, JOB_UPDATE, e);
        if (!r)
                r = status_raise(t, STATUS_PACKAGE_CHANGED, &p, NULL,
                                 arena_printf(&t->arena, "version %u was ordered", p.version), e);
        if (r)
                return r;
        *version_out = p.version;
        tx_audit(t, "update", "%s to version %u", p.package_id, p.version);
        return 0;
}

/* ---- the snapshot is in the library ---- */

static int publish(struct tx *t, struct pkg *p, const struct hash_id *manifest, uint64_t total_bytes, uint64_t n_files,
                   struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_VERSION_INSERT, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_i64(s, 2, p->version);
        db_bind_blob(s, 3, manifest->b, HASH_LEN);
        db_bind_i64(s, 4, (int64_t)total_bytes);
        db_bind_i64(s, 5, (int64_t)n_files);
        db_bind_i64(s, 6, t->now_us);
        p->has_manifest = true;
        p->manifest = *manifest;
        return db_run(s, e);
}

int model_snapshot_done(struct tx *t, int64_t job_id, const struct hash_id *manifest, uint64_t total_bytes,
                        uint64_t n_files, struct err *e)
{
        struct numbers job;
        struct db_stmt *s;
        struct pkg p;
        const char *text;
        int r = READ(t, e, &job, SQL_SITE_JOB_GET, job_id);

        if (r < 0)
                return r;
        if (!job.n_rows || job.v[3] != SLOT_SNAPSHOT)
                return 1;
        r = pkg_get(t->db, job.v[1], &p, e);
        if (r)
                return r;
        pkg_touch(t, &p);
        pkg_touch_pairs(t, &p);
        r = job_drop_id(t, job_id, e);
        if (!r)
                r = publish(t, &p, manifest, total_bytes, n_files, e);
        if (!r)
                r = RUN(t, e, SQL_SITE_PKG_SET_ACTION, p.pkg_id, ACTION_NONE);
        if (r)
                return r;
        s = db_stmt(t->db, SQL_SITE_ROOT_SOURCE_ERROR, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p.pkg_id);
        r = db_run(s, e);
        text = arena_printf(&t->arena, "version %u, %llu files, %llu bytes", p.version, (unsigned long long)n_files,
                            (unsigned long long)total_bytes);
        if (!r)
                r = status_raise(t, STATUS_SNAPSHOT, &p, NULL, text, e);
        if (!r)
                r = status_raise(t, STATUS_PACKAGE_DONE, &p, NULL, NULL, e);
        return r;
}
