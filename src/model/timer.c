/* SPDX-License-Identifier: Apache-2.0 */
/* timer - instructions for __TimerEvent: __AbsoluteTimerInstruction, __IntervalTimerInstruction */
#include "model/fields.h"
#include "model/pair.h"
#include "model/sql_site.h"

enum { TIMER_ID_MAX = 255 };

static const struct field absolute[] = { { "TimerId", FIELD_FIXED | FIELD_NEEDED }, { "SkipIfPassed", 0 },
                                         { "EventDateTime", 0 } };
static const struct field interval[] = { { "TimerId", FIELD_FIXED | FIELD_NEEDED }, { "SkipIfPassed", 0 },
                                         { "IntervalBetweenEvents", 0 } };

static bool is_absolute(const struct cim_instance *i)
{
        return str_eqz(str_of(i->class->name), "__AbsoluteTimerInstruction");
}

/* One time, neither none nor a negative one. */
static int check(const struct cim_instance *i, struct str id, struct err *e)
{
        const char *when = is_absolute(i) ? "EventDateTime" : "IntervalBetweenEvents";
        const struct cim_value *v = cim_get(i, when);

        if (!str_trim(id).n || id.n > TIMER_ID_MAX || !str_is_utf8(id))
                return err_set(e, ERR_INVALID, "a TimerId has 1 to %d bytes of UTF-8", TIMER_ID_MAX);
        if (!v || v->text || v->i <= 0)
                return err_set(e, ERR_INVALID, "%s.%s must be given%s", i->class->name, when,
                               is_absolute(i) ? ", and be an instant" : ", in milliseconds, 1 or more");
        return 0;
}

static int write_row(struct tx *t, int statement, struct str id, const struct cim_instance *now, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, statement, e);

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, id);
        db_bind_i64(s, 2, field_number(now, "SkipIfPassed") != 0);
        if (is_absolute(now)) {
                db_bind_i64(s, 3, field_number(now, "EventDateTime"));
                db_bind_null(s, 4);
        } else {
                db_bind_null(s, 3);
                db_bind_i64(s, 4, field_number(now, "IntervalBetweenEvents"));
        }
        return db_run(s, e);
}

int model_timer_put(struct tx *t, const struct cim_instance *in, bool create, struct err *e)
{
        struct str id = field_text(in, "TimerId");
        const struct tx_key key = TX_TEXT("TimerId", id);
        struct cim_instance *was = NULL, *now;
        int r = create ? 0 : fields_load(t, in->class->name, &key, 1, &was, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no timer %.*s", STR_ARG(id));
        if (!r)
                r = fields_merge(t, is_absolute(in) ? absolute : interval, ARRAY_SIZE(absolute), was, in, &now, e);
        if (!r)
                r = check(now, id, e);
        if (r)
                return r;
        tx_touch_where(t, in->class->name, &key, 1);
        r = write_row(t, create ? SQL_SITE_TIMER_INSERT : SQL_SITE_TIMER_UPDATE, id, now, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "there is a timer %.*s already", STR_ARG(id));
        }
        if (!r)
                tx_audit(t, create ? "timer create" : "timer set", "%.*s", STR_ARG(id));
        return r;
}

int model_timer_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        struct str id = field_text(keys, "TimerId");
        const struct tx_key key = TX_TEXT("TimerId", id);
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_TIMER_DELETE, e);

        if (!s)
                return err_number(e->kind);
        tx_touch_where(t, keys->class->name, &key, 1);
        db_bind_text(s, 1, id);
        tx_audit(t, "timer delete", "%.*s", STR_ARG(id));
        return db_run(s, e);
}

int model_timer_fired(struct tx *t, struct str id, int64_t event_us, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_TIMER_FIRED, e);

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, id);
        db_bind_i64(s, 2, event_us);
        return db_run(s, e);
}

int model_timers_each(struct db_conn *c, size_t max, void (*fn)(void *ctx, const struct model_timer *timer), void *ctx,
                      struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_TIMERS, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, (int64_t)MIN(max, (size_t)INT32_MAX));
        while ((r = db_step(s, e)) > 0)
                fn(ctx, &(struct model_timer){ db_col_text(s, 0), db_col_i64(s, 1) != 0, db_col_i64(s, 2), db_col_i64(s, 3) });
        db_reset(s);
        return r;
}
