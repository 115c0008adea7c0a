/* SPDX-License-Identifier: Apache-2.0 */
/* change - reading and trimming the change log and other histories */
#include "model/fact.h"
#include "model/pair.h"
#include "model/row.h"
#include "model/sql_site.h"
#include "model/status.h"

enum { STATUS_TRIM_AT_ONCE = 1000 };

static int read_number(struct db_conn *c, int statement, int64_t *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, statement, e);
        int r;

        if (!s)
                return err_number(e->kind);
        r = db_step(s, e);
        if (r > 0)
                *out = db_col_i64(s, 0);
        db_reset(s);
        return r < 0 ? r : 0;
}

/* One reading of the log. */
struct reading {
        const struct model_changes_query *q;
        struct db_stmt *s;
        struct arena arena;             /* of one row */
        struct buf path, before, after;
        int64_t seq, when_us;           /* of the row */
        bool stop;
};

static bool wanted(const struct reading *g, struct str class_name)
{
        return !g->q->wanted || g->q->wanted(g->q->ctx, class_name);
}

static bool as_json(const struct cim_instance *i, struct buf *b, struct str *out)
{
        *out = STR_NULL;
        buf_reset(b);
        if (!i)
                return true;
        cim_json_write(i, b);
        *out = buf_str(b);
        return !b->failed;
}

/* One slot of a fact, when it makes a difference. */
static int tell_slot(struct reading *g, const struct fact *f, size_t slot, struct err *e)
{
        const int64_t seq = g->seq - (int64_t)fact_n_slots(f->kind) + 1 + (int64_t)slot;
        struct model_change ch = { .seq = seq, .when_us = g->when_us, .class_name = str_of(fact_class_name(f->kind, slot)) };
        struct cim_instance *before, *after;
        int r;

        if (seq <= g->q->from || !wanted(g, ch.class_name))
                return 0;
        r = fact_instance(f, false, slot, &g->arena, &before);
        if (!r)
                r = fact_instance(f, true, slot, &g->arena, &after);
        if (!r && ((!before && !after) || (before && after && !row_differs(before, after))))
                return 0;
        buf_reset(&g->path);
        if (!r && (cim_path_format(after ? after : before, &g->path) < 0 || g->path.failed ||
                   !as_json(before, &g->before, &ch.before) || !as_json(after, &g->after, &ch.after)))
                r = -1;
        if (r < 0)
                return err_set(e, ERR_NOMEM, "change %lld of %s: out of memory or no key", (long long)seq,
                               fact_class_name(f->kind, slot));
        ch.path = buf_str(&g->path);
        g->stop = !g->q->fn(g->q->ctx, &ch);
        return 0;
}

static int tell_fact(struct reading *g, struct err *e)
{
        struct fact f;
        int r;

        r = fact_decode(db_col_blob(g->s, 6), &f, e);
        arena_init(&g->arena, 0);
        for (size_t i = 0; !r && !g->stop && i < fact_n_slots(f.kind); i++)
                r = tell_slot(g, &f, i, e);
        arena_fini(&g->arena);
        return r;
}

static int tell_row(struct reading *g, struct err *e)
{
        struct db_stmt *s = g->s;
        struct model_change ch;

        g->seq = db_col_i64(s, 0);
        g->when_us = db_col_i64(s, 1);
        if (!db_col_is_null(s, 6))
                return tell_fact(g, e);
        ch = (struct model_change){ g->seq, g->when_us, db_col_text(s, 2), db_col_text(s, 3), db_col_text(s, 4), db_col_text(s, 5) };
        g->stop = wanted(g, ch.class_name) && !g->q->fn(g->q->ctx, &ch);
        return 0;
}

static int tell_rows(struct reading *g, struct model_changes_end *end, struct err *e)
{
        int r = 0;

        while (!g->stop && (r = db_step(g->s, e)) > 0) {
                r = tell_row(g, e);
                if (r < 0)
                        return r;
                if (!g->stop)
                        end->last = g->seq;
                end->n_rows++;
        }
        end->stopped = g->stop;
        return r < 0 ? r : 0;
}

int model_changes(struct db_conn *c, const struct model_changes_query *q, struct model_changes_end *end, struct err *e)
{
        struct reading g = { .q = q };
        int64_t floor = 0;
        int r = read_number(c, SQL_SITE_CHANGE_FLOOR, &floor, e);

        *end = (struct model_changes_end){ .last = q->from };
        if (r)
                return r;
        if (q->from < floor)
                return CHANGE_E_GONE;
        g.s = db_stmt(c, SQL_SITE_CHANGES_AFTER, e);
        if (!g.s)
                return err_number(e->kind);
        db_bind_i64(g.s, 1, q->from);
        db_bind_i64(g.s, 2, (int64_t)MIN(q->max, (size_t)INT32_MAX));
        buf_init(&g.path, 0);
        buf_init(&g.before, 0);
        buf_init(&g.after, 0);
        r = tell_rows(&g, end, e);
        db_reset(g.s);
        buf_fini(&g.path);
        buf_fini(&g.before);
        buf_fini(&g.after);
        return r;
}

int model_changes_last(struct db_conn *c, int64_t *seq_out, struct err *e)
{
        return read_number(c, SQL_SITE_CHANGE_LAST, seq_out, e);
}

int model_changes_trim(struct tx *t, int64_t keep_rows, struct err *e)
{
        struct db_stmt *s;
        int64_t last = 0, floor = 0;
        int r = read_number(t->db, SQL_SITE_CHANGE_LAST, &last, e);

        if (!r)
                r = read_number(t->db, SQL_SITE_CHANGE_FLOOR, &floor, e);
        if (r || last - keep_rows <= floor)
                return r;
        s = db_stmt(t->db, SQL_SITE_COUNTER_SET, e);
        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, "change_floor");
        db_bind_i64(s, 2, last - keep_rows);
        r = db_run(s, e);
        return r ? r : RUN(t, e, SQL_SITE_CHANGE_TRIM, last - keep_rows);
}

int model_status_trim(struct tx *t, int64_t keep_rows, struct err *e)
{
        struct numbers old;
        int64_t last = 0;
        int r = read_number(t->db, SQL_SITE_STATUS_LAST, &last, e);

        if (!r)
                r = READ(t, e, &old, SQL_SITE_STATUS_OLDEST, last - keep_rows, STATUS_TRIM_AT_ONCE);
        for (size_t i = 0; !r && i < old.n_rows; i++) {
                status_touch(t, old.v[i]);
                r = RUN(t, e, SQL_SITE_STATUS_DELETE, old.v[i]);
        }
        return r;
}
