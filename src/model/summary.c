/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary - the root's and the sites' counters, and Ready
 *
 * Counters move by the difference of one row only.  A site's row comes with its
 * first DP and goes with its last; Ready and offers turn when the sums pass the
 * line, in the same transaction.
 */
#include "model/pair.h"
#include "model/shown.h"
#include "model/sql_site.h"

void summary_touch(struct tx *t, const struct pkg *p, const char *site_code, bool row_comes_or_goes)
{
        const struct tx_key keys[] = { TX_TEXT("PackageID", str_of(p->package_id)), TX_TEXT("SiteCode", str_of(site_code)),
                                       TX_NUMBER("Type", 1) };

        tx_touch_where(t, "SMS_PackageStatusDetailSummarizer", keys, 2);
        if (row_comes_or_goes)
                tx_touch_where(t, "SMS_PackageStatus", keys, 3);
        tx_touch_where(t, "SMS_PackageStatusRootSummarizer", keys, 1);
        tx_touch_where(t, "TM_PackageCondition", keys, 1);
        shown_package(t, p);
}

static int turn_ready(struct tx *t, const struct pkg *p, const int64_t root[4], struct err *e)
{
        const bool ready = p->action != ACTION_DELETE && (!p->has_source || (root[0] > 0 && root[1] == root[0]));

        if (ready == (root[3] != 0))
                return 0;
        return RUN(t, e, SQL_SITE_ROOT_READY, p->pkg_id, ready, t->now_us);
}

int summary_ready(struct tx *t, const struct pkg *p, struct err *e)
{
        struct numbers root;
        int r = READ(t, e, &root, SQL_SITE_ROOT_GET, p->pkg_id);

        if (r < 0)
                return r;
        if (root.n_rows != 1)
                return err_set(e, ERR_INTERNAL, "package %s has no summary", p->package_id);
        tx_touchz(t, "TM_PackageCondition", p->package_id, NULL, NULL);
        return turn_ready(t, p, root.v, e);
}

int summary_bare(struct tx *t, const struct pkg *p, bool comes, struct err *e)
{
        summary_touch(t, p, p->site_code, true);
        return comes ? RUN(t, e, SQL_SITE_DETAIL_INSERT, p->pkg_id, p->site_id, t->now_us)
                     : RUN(t, e, SQL_SITE_DETAIL_DELETE, p->pkg_id, p->site_id);
}

/* Adds to the row and reads the sums in one statement. */
static int add(struct tx *t, int statement, const int64_t *v, size_t n, int64_t out[4], struct err *e)
{
        struct numbers sums;
        int r = read_numbers(t, statement, v, n, &sums, e);

        if (r < 0)
                return r;
        if (sums.n_rows != 1)
                return err_set(e, ERR_INTERNAL, "a summary row is missing: run \"tallyman verify\"");
        memcpy(out, sums.v, sums.n_cols * sizeof(*out));
        return 0;
}

int summary_apply(struct tx *t, const struct pkg *p, const struct pair *pair, const struct summary_change *c,
                  struct err *e)
{
        const int64_t targeted = c->after.targeted - c->before.targeted, installed = c->after.installed - c->before.installed,
                      retrying = c->after.retrying - c->before.retrying, failed = c->after.failed - c->before.failed;
        const int64_t detail_add[] = { p->pkg_id, pair->site_id, targeted, installed, retrying, failed, c->assigned, t->now_us };
        const int64_t root_add[] = { p->pkg_id, targeted, installed, retrying, failed, c->assigned };
        int64_t detail[4], root[4];
        bool was_ready, is_ready;
        int r = 0;

        if (c->assigned > 0)
                r = RUN(t, e, SQL_SITE_DETAIL_INSERT, p->pkg_id, pair->site_id, t->now_us);
        if (!r)
                r = add(t, SQL_SITE_DETAIL_ADD, detail_add, ARRAY_SIZE(detail_add), detail, e);
        if (!r && !detail[2])
                r = RUN(t, e, SQL_SITE_DETAIL_DELETE, p->pkg_id, pair->site_id);
        if (r || (!targeted && !installed && !retrying && !failed && !c->assigned))
                return r;
        r = add(t, SQL_SITE_ROOT_ADD, root_add, ARRAY_SIZE(root_add), root, e);
        if (!r)
                r = turn_ready(t, p, root, e);
        if (r)
                return r;
        is_ready = detail[0] > 0 && detail[1] == detail[0];
        was_ready = detail[0] - targeted > 0 && detail[1] - installed == detail[0] - targeted;
        if (is_ready != was_ready)
                r = offer_sync(t, p->pkg_id, p->pkg_id, pair->site_id, pair->site_id, e);
        if (!r && p->action == ACTION_DELETE && !root[2])
                r = pkg_vanish(t, p, e);
        return r;
}
