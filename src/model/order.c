/* SPDX-License-Identifier: Apache-2.0 */
/* order - distribute, redistribute, remove, cancel, validate: one package on one DP */
#include "model/order.h"
#include "model/sql_site.h"
#include "model/status.h"

static int install(struct tx *t, const struct pkg *p, const struct pair *was, enum dp_event ev, enum job_action action,
                   bool redistribute, struct err *e)
{
        struct pair now = *was;
        int r = pair_move(p, &now, ev, e);

        if (r)
                return r;
        pair_clear(&now);
        /* What was reported INSTALLED for earlier orders does not answer this one. */
        r = job_last(t->db, &now.since, e);
        if (was->state == STATE_NONE)
                now.copied_us = TIME_NONE_US;
        if (!r)
                r = pair_save(t, p, was, &now, e);
        if (!r)
                r = job_drop(t, p->pkg_id, was->dp_id, SLOT_VALIDATE, e);
        if (!r)
                r = job_put(t, p, was->dp_id, SLOT_CONTENT, action, redistribute, e);
        if (!r)
                r = job_need_snapshot(t, p, e);
        return r;
}

static int begin(struct tx *t, struct str package_id, int64_t dp_id, struct pkg *p, struct pair *pair, struct err *e)
{
        int r = pkg_find(t->db, package_id, p, e);

        return r ? r : pair_load(t, p, dp_id, pair, e);
}

int model_assign(struct tx *t, struct str package_id, int64_t dp_id, struct err *e)
{
        struct pkg p;
        struct pair was;
        int r = begin(t, package_id, dp_id, &p, &was, e);

        if (!r)
                r = pkg_takes_orders(&p, e);
        if (!r)
                r = install(t, &p, &was, EV_ORDER_INSTALL, JOB_ADD, false, e);
        if (!r)
                tx_audit(t, "distribute", "%s to %s", p.package_id, was.dp_name);
        return r;
}

int model_refresh(struct tx *t, struct str package_id, int64_t dp_id, struct err *e)
{
        struct pkg p;
        struct pair was;
        int r = begin(t, package_id, dp_id, &p, &was, e);

        if (!r)
                r = pkg_takes_orders(&p, e);
        if (!r)
                r = install(t, &p, &was, EV_ORDER_REFRESH, JOB_ADD, true, e);
        if (!r)
                tx_audit(t, "redistribute", "%s to %s", p.package_id, was.dp_name);
        return r;
}

static int unassign(struct tx *t, const struct pkg *p, const struct pair *was, struct err *e)
{
        struct pair now = *was;
        int r = pair_move(p, &now, EV_ORDER_REMOVE, e);

        if (r || was->state == STATE_REMOVAL_PENDING)
                return r;
        pair_clear(&now);
        r = pair_save(t, p, was, &now, e);
        if (!r)
                r = job_drop(t, p->pkg_id, was->dp_id, SLOT_VALIDATE, e);
        if (!r)
                r = job_put(t, p, was->dp_id, SLOT_CONTENT, JOB_REMOVE, false, e);
        return r;
}

int model_unassign(struct tx *t, struct str package_id, int64_t dp_id, struct err *e)
{
        struct pkg p;
        struct pair was;
        int r = begin(t, package_id, dp_id, &p, &was, e);

        if (!r)
                r = unassign(t, &p, &was, e);
        if (!r)
                tx_audit(t, "remove", "%s from %s", p.package_id, was.dp_name);
        return r;
}

int order_remove_all(struct tx *t, const struct pkg *p, struct err *e)
{
        struct numbers pairs;
        int r;

        pkg_touch_pairs(t, p);
        r = READ(t, e, &pairs, SQL_SITE_PAIRS_OF_PACKAGE, p->pkg_id);
        for (size_t i = 0; !r && i < pairs.n_rows; i++) {
                struct pair was;

                r = pair_load(t, p, pairs.v[i * 2], &was, e);
                if (!r)
                        r = unassign(t, p, &was, e);
        }
        return r;
}

int model_cancel(struct tx *t, struct str package_id, int64_t dp_id, struct err *e)
{
        struct pkg p;
        struct pair was, now;
        int r = begin(t, package_id, dp_id, &p, &was, e);

        if (r)
                return r;
        now = was;
        r = pair_move(&p, &now, EV_CANCEL, e);
        if (r)
                return r;
        pair_clear(&now);
        now.reason_code = STR("Cancelled");
        now.reason = str_of(arena_printf(&t->arena, "cancelled by %s", t->actor.who));
        r = pair_save(t, &p, &was, &now, e);
        if (!r)
                r = job_drop(t, p.pkg_id, dp_id, SLOT_CONTENT, e);
        if (!r)
                tx_audit(t, "cancel", "%s to %s", p.package_id, was.dp_name);
        return r;
}

int model_validate(struct tx *t, struct str package_id, int64_t dp_id, struct err *e)
{
        struct pkg p;
        struct pair pair;
        struct numbers works;
        int r = begin(t, package_id, dp_id, &p, &pair, e);

        if (r)
                return r;
        if (pair.state == STATE_NONE)
                return err_set(e, ERR_NOT_FOUND, "package %s is not assigned to %s: distribute it first", p.package_id,
                               pair.dp_name);
        if (pair.state != STATE_INSTALLED && pair.state != STATE_CONTENT_MONITORING)
                return err_set(e, ERR_CONFLICT,
                               "package %s is not installed on %s (%s), so there is nothing to validate: wait until it is",
                               p.package_id, pair.dp_name, state_name(pair.state));
        r = READ(t, e, &works, SQL_SITE_JOB_DP_WORKS, dp_id);
        if (!r)
                r = job_put(t, &p, dp_id, SLOT_VALIDATE, JOB_VALIDATE, false, e);
        if (!r && works.v[0])
                r = status_raise(t, STATUS_VALIDATION_WAITS, &p, &pair, NULL, e);
        if (!r)
                tx_audit(t, "validate", "%s on %s", p.package_id, pair.dp_name);
        return r;
}

/* ---- retry --failed ---- */

static int retry_one(struct tx *t, const struct pkg *p, int64_t dp_id, uint64_t *n, struct err *e)
{
        struct pair was;
        int r = pair_load(t, p, dp_id, &was, e);

        if (r)
                return r;
        if (was.state == STATE_REMOVAL_FAILED)
                r = unassign(t, p, &was, e);
        else if (was.state == STATE_INSTALL_FAILED || was.state == STATE_CONTENT_MONITORING)
                r = install(t, p, &was, EV_ORDER_REFRESH, JOB_ADD, true, e);
        else
                return 0;
        *n += r == 0;
        return r;
}

int model_retry_failed(struct tx *t, struct str package_id, int64_t dp_id_or_0, uint64_t *n_out, struct err *e)
{
        struct numbers pairs;
        struct pkg p = { 0 };
        int r = READ(t, e, &pairs, SQL_SITE_PAIRS_IN_TROUBLE);

        *n_out = 0;
        if (!r && package_id.p)
                r = pkg_find(t->db, package_id, &p, e);
        for (size_t i = 0; !r && i < pairs.n_rows; i++) {
                const int64_t *v = &pairs.v[i * 3];

                if ((package_id.p && v[0] != p.pkg_id) || (dp_id_or_0 && v[1] != dp_id_or_0))
                        continue;
                if (v[0] != p.pkg_id)
                        r = pkg_get(t->db, v[0], &p, e);
                if (!r)
                        r = retry_one(t, &p, v[1], n_out, e);
        }
        if (!r)
                tx_audit(t, "retry", "%.*s: %llu of the failed again", STR_ARG(package_id.p ? package_id : STR("all packages")),
                         (unsigned long long)*n_out);
        return r;
}
