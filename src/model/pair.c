/* SPDX-License-Identifier: Apache-2.0 */
/* pair - loading, moving and saving a package on a DP */
#include "model/pair.h"
#include "model/shown.h"
#include "model/sql_site.h"
#include "os/os.h"

int pair_load(struct tx *t, const struct pkg *p, int64_t dp_id, struct pair *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_PAIR_LOAD, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_i64(s, 2, dp_id);
        r = db_step(s, e);
        if (r <= 0) {
                db_reset(s);
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "there is no distribution point number %lld", (long long)dp_id);
        }
        *out = (struct pair){ .dp_id = dp_id, .site_id = db_col_i64(s, 0) };
        copy_text(db_col_text(s, 1), out->site_code, sizeof(out->site_code));
        copy_text(db_col_text(s, 2), out->dp_name, sizeof(out->dp_name));
        copy_text(db_col_text(s, 3), out->nal_path, sizeof(out->nal_path));
        out->state = db_col_is_null(s, 4) ? STATE_NONE : (int)db_col_i64(s, 4);
        out->held = (uint32_t)db_col_i64(s, 5);
        out->tries = (uint32_t)db_col_i64(s, 6);
        out->next_try_us = col_time(s, 7);
        out->copied_us = col_time(s, 8);
        out->since = db_col_i64(s, 9);
        out->received = (uint64_t)db_col_i64(s, 10);
        out->reused = (uint64_t)db_col_i64(s, 11);
        if (!db_col_is_null(s, 12))
                out->reason_code = arena_str(&t->arena, db_col_text(s, 12));
        if (!db_col_is_null(s, 13))
                out->reason = arena_str(&t->arena, db_col_text(s, 13));
        db_reset(s);
        return 0;
}

static int refuse_move(const struct pkg *p, const struct pair *pair, enum dp_event ev, struct err *e)
{
        const char *id = p->package_id, *dp = pair->dp_name;

        if (pair->state == STATE_NONE)
                return err_set(e, ERR_NOT_FOUND, "package %s is not assigned to %s: distribute it first", id, dp);
        if (ev == EV_ORDER_INSTALL)
                return err_set(e, ERR_EXISTS, "package %s is assigned to %s already; redistribute sends it again", id, dp);
        if (state_is_removal(pair->state))
                return err_set(e, ERR_CONFLICT, "package %s is being removed from %s (%s): distribute it again instead", id, dp,
                               state_name(pair->state));
        if (ev == EV_CANCEL)
                return err_set(e, ERR_CONFLICT, "nothing is being distributed of package %s to %s (%s)", id, dp,
                               state_name(pair->state));
        return err_set(e, ERR_CONFLICT, "package %s on %s: %s is not possible in state %s", id, dp, event_name(ev),
                       state_name(pair->state));
}

int pair_move(const struct pkg *p, struct pair *pair, enum dp_event ev, struct err *e)
{
        int to = state_next(pair->state, ev, pair->held > 0);

        if (to == STATE_ILLEGAL)
                return refuse_move(p, pair, ev, e);
        pair->state = to;
        return 0;
}

void pair_clear(struct pair *pair)
{
        pair->tries = 0;
        pair->next_try_us = TIME_NONE_US;
        pair->reason_code = pair->reason = STR_NULL;
}

/* What must hold of every row, whatever led to it. */
static int check_invariants(const struct pkg *p, const struct pair *now, struct err *e)
{
        const char *broken = NULL;

        if (now->state == STATE_INSTALLED && now->held != p->version)
                broken = "INSTALLED without the current version";
        else if (now->state == STATE_INSTALLED && !p->has_manifest)
                broken = "INSTALLED of a version that was never published";
        else if (now->state == STATE_CONTENT_UPDATING && !now->held)
                broken = "CONTENT_UPDATING without an older version";
        else if (now->held > p->version)
                broken = "a version that does not exist";
        if (!broken)
                return 0;
        log_error("model", "invariant: package %s on %s: %s (state %d, holds %u, current %u)", p->package_id,
                  now->dp_name, broken, now->state, now->held, p->version);
        return err_set(e, ERR_INTERNAL, "package %s on %s: %s; nothing was changed", p->package_id, now->dp_name, broken);
}

static bool same_text(struct str a, struct str b)
{
        return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

static bool shows_same(const struct pair *a, const struct pair *b)
{
        return a->state == b->state && a->held == b->held && a->tries == b->tries && a->next_try_us == b->next_try_us &&
               a->copied_us == b->copied_us && a->received == b->received && a->reused == b->reused &&
               same_text(a->reason_code, b->reason_code) && same_text(a->reason, b->reason);
}

static int write_row(struct tx *t, const struct pkg *p, const struct pair *now, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_PAIR_PUT, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_i64(s, 2, now->dp_id);
        db_bind_i64(s, 3, now->state);
        db_bind_i64(s, 4, now->held);
        db_bind_i64(s, 5, now->tries);
        bind_time(s, 6, now->next_try_us);
        bind_time(s, 7, now->copied_us);
        db_bind_i64(s, 8, now->since);
        db_bind_i64(s, 9, (int64_t)now->received);
        db_bind_i64(s, 10, (int64_t)now->reused);
        db_bind_text(s, 11, now->reason_code);
        db_bind_text(s, 12, now->reason);
        db_bind_i64(s, 13, t->now_us);
        return db_run(s, e);
}

/* What counts against a site's health: 2 failed, 1 tried again. */
static int trouble(int state)
{
        switch (state) {
        case STATE_INSTALL_FAILED:
        case STATE_REMOVAL_FAILED:
        case STATE_CONTENT_MONITORING: return 2;
        case STATE_INSTALL_RETRYING:
        case STATE_REMOVAL_RETRYING: return 1;
        default: return 0;
        }
}

static bool is_current(const struct pkg *p, const struct pair *pair)
{
        return pair->held == p->version;
}

int pair_save(struct tx *t, const struct pkg *p, const struct pair *was, const struct pair *now, struct err *e)
{
        const bool came = was->state == STATE_NONE, goes = now->state == STATE_NONE;
        const struct summary_change change = {
                /* A row that was INSTALLED counted as such, whatever version has been ordered since. */
                .before = state_counts(was->state, true),
                .after = state_counts(now->state, is_current(p, now)),
                .assigned = came - goes,
        };
        int r = goes ? 0 : check_invariants(p, now, e);

        if (r < 0)
                return r;
        if (shows_same(was, now))
                return was->since == now->since ? 0 : RUN(t, e, SQL_SITE_PAIR_SINCE, p->pkg_id, now->dp_id, now->since);
        shown_pair(t, p, now, came || goes);
        if (trouble(was->state) != trouble(now->state))
                shown_site_health(t, now->site_code);
        r = goes ? RUN(t, e, SQL_SITE_PAIR_DELETE, p->pkg_id, now->dp_id) : write_row(t, p, now, e);
        if (!r)
                r = summary_apply(t, p, now, &change, e);
        if (!r && change.before.installed != change.after.installed)
                r = group_installed(t, p, now->dp_id, change.after.installed - change.before.installed, e);
        return r;
}
