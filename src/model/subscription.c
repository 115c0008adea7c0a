/* SPDX-License-Identifier: Apache-2.0 */
/* subscription - how far permanent subscriptions are, how they do, and what they could not deliver */
#include "model/pair.h"
#include "model/row.h"
#include "model/sql_site.h"
#include "model/status.h"

enum { STATE_DELIVERING = 1, STATE_FAILED = 2, TRIM_AT_ONCE = 10 };

struct reader {
        struct arena *a;
        struct model_subscription *rows;
        size_t n, room;
};

/* A row and the names of its consumer, which is read when this reading is over. */
static int take_row(struct reader *r, struct db_stmt *s, struct err *e)
{
        const struct cim_class *class = cim_class_find(db_col_text(s, 5));
        struct model_subscription *row;

        if (r->n == r->room) {
                size_t room = MAX(2 * r->room, 16);
                struct model_subscription *more = arena_array(r->a, room, sizeof(*more));

                if (!more)
                        return err_set(e, ERR_NOMEM, "permanent subscriptions: out of memory");
                if (r->n)
                        memcpy(more, r->rows, r->n * sizeof(*more));
                r->rows = more;
                r->room = room;
        }
        row = &r->rows[r->n++];
        *row = (struct model_subscription){
                .id = db_col_i64(s, 0), .cursor = db_col_is_null(s, 1) ? -1 : db_col_i64(s, 1),
                .failed = db_col_i64(s, 2) == STATE_FAILED, .filter = arena_str(r->a, db_col_text(s, 3)),
                .query = arena_str(r->a, db_col_text(s, 4)), .consumer = class ? cim_instance_new(class, r->a) : NULL,
        };
        if (!db_col_is_null(s, 7))
                row->secret = arena_str(r->a, db_col_text(s, 7));
        if (row->consumer)
                cim_set_str(row->consumer, "Name", arena_str(r->a, db_col_text(s, 6)));
        return row->consumer && row->filter.p && row->query.p && cim_get(row->consumer, "Name")->s.p
                       ? 0 : err_set(e, ERR_NOMEM, "permanent subscriptions: out of memory");
}

static int read_consumer(struct db_conn *c, struct arena *a, struct model_subscription *row, struct err *e)
{
        const struct cim_class *class = row->consumer->class;
        struct db_stmt *s;
        struct buf text;
        int r;

        buf_init(&text, 0);
        buf_printf(&text, "%s WHERE \"Name\" = ?1", class->select);
        s = db_kept(c, buf_str(&text));
        if (!s)
                s = db_keep(c, buf_str(&text), buf_str(&text), e);
        buf_fini(&text);
        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, cim_get(row->consumer, "Name")->s);
        r = db_step(s, e);
        if (r > 0)
                r = row_read(s, class, a, &row->consumer, e);
        db_reset(s);
        return r;
}

int model_subscriptions(struct db_conn *c, size_t max, struct arena *a, struct model_subscription **out, size_t *n_out,
                        struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_SUBSCRIPTIONS, e);
        struct reader reader = { .a = a };
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, (int64_t)MIN(max, (size_t)INT32_MAX));
        while ((r = db_step(s, e)) > 0 && (r = take_row(&reader, s, e)) == 0)
                ;
        db_reset(s);
        for (size_t i = 0; r == 0 && i < reader.n; i++)
                r = read_consumer(c, a, &reader.rows[i], e);
        *out = reader.rows;
        *n_out = reader.n;
        return r;
}

int model_subscription_cursor(struct tx *t, int64_t id, int64_t cursor, struct err *e)
{
        return RUN(t, e, SQL_SITE_BINDING_CURSOR, id, cursor);
}

int model_subscription_state(struct tx *t, int64_t id, struct str error, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_BINDING_STATE, e);

        if (!s)
                return err_number(e->kind);
        tx_touch_where(t, "TM_Subscription", &(struct tx_key)TX_NUMBER("SubscriptionID", id), 1);
        db_bind_i64(s, 1, id);
        db_bind_i64(s, 2, error.p ? STATE_FAILED : STATE_DELIVERING);
        db_bind_i64(s, 3, t->now_us);
        db_bind_text(s, 4, error);
        return db_run(s, e);
}

static int insert(struct tx *t, const struct model_undelivered *f, int64_t *id, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_FAILURE_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, t->now_us);
        db_bind_text(s, 2, f->filter);
        db_bind_text(s, 3, f->consumer);
        db_bind_i64(s, 4, f->dropped);
        db_bind_i64(s, 5, f->code);
        db_bind_text(s, 6, f->description);
        db_bind_i64(s, 7, f->tries);
        db_bind_text(s, 8, f->event);
        r = db_run(s, e);
        *id = db_last_rowid(t->db);
        if (!r)
                tx_touch_new(t, "TM_EventFailure", &(struct tx_key)TX_NUMBER("FailureID", *id), 1);
        return r;
}

static int trim(struct tx *t, int64_t last, struct err *e)
{
        struct numbers old;
        int r = READ(t, e, &old, SQL_SITE_FAILURE_OLDEST, last - MODEL_FAILURES, TRIM_AT_ONCE);

        for (size_t i = 0; !r && i < old.n_rows; i++) {
                tx_touch_where(t, "TM_EventFailure", &(struct tx_key)TX_NUMBER("FailureID", old.v[i]), 1);
                r = RUN(t, e, SQL_SITE_FAILURE_DELETE, old.v[i]);
        }
        return r;
}

int model_event_failure(struct tx *t, const struct model_undelivered *f, struct err *e)
{
        const char *text = arena_printf(&t->arena, "%.*s to %.*s: %.*s", STR_ARG(f->filter), STR_ARG(f->consumer),
                                        STR_ARG(f->description));
        int64_t id;
        int r = text ? insert(t, f, &id, e) : err_set(e, ERR_NOMEM, "out of memory");

        if (!r)
                r = trim(t, id, e);
        return r ? r : status_raise_site(t, f->dropped ? STATUS_EVENTS_LOST : STATUS_EVENT_FAILED, text, e);
}
