/* SPDX-License-Identifier: Apache-2.0 */
/* change - reading and trimming the change log and other histories */
#include "model/pair.h"
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

int model_changes(struct db_conn *c, int64_t from, size_t max, bool (*fn)(void *ctx, const struct model_change *ch),
                  void *ctx, struct err *e)
{
        struct db_stmt *s;
        int64_t floor = 0;
        int r = read_number(c, SQL_SITE_CHANGE_FLOOR, &floor, e);

        if (r)
                return r;
        if (from < floor)
                return CHANGE_E_GONE;
        s = db_stmt(c, SQL_SITE_CHANGES_AFTER, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, from);
        db_bind_i64(s, 2, (int64_t)MIN(max, (size_t)INT32_MAX));
        while ((r = db_step(s, e)) > 0) {
                const struct model_change ch = { db_col_i64(s, 0),  db_col_i64(s, 1),  db_col_text(s, 2),
                                                 db_col_text(s, 3), db_col_text(s, 4), db_col_text(s, 5) };

                if (!fn(ctx, &ch)) {
                        r = 0;
                        break;
                }
        }
        db_reset(s);
        return r;
}

int model_changes_last(struct db_conn *c, int64_t *seq_out, struct err *e)
{
        return read_number(c, SQL_SITE_CHANGE_LAST, seq_out, e);
}

int model_changes_trim(struct tx *t, int64_t keep_rows, struct err *e)
{
        struct db_stmt *s;
        int64_t last, floor = 0;
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
