/* SPDX-License-Identifier: Apache-2.0 */
/* tx_fact - reading, dissolving and logging a transaction's fact */
#include "model/tx_fact.h"

#include "model/pair.h"
#include "model/shown.h"
#include "model/sql_site.h"

struct tx_fact {
        int64_t pkg_id, dp_id;
        struct fact fact;
};

static int read_value(struct tx *t, struct db_stmt *s, int i, bool is_text, struct fact_value *out)
{
        *out = (struct fact_value){ .null = db_col_is_null(s, i) };
        if (out->null)
                return 0;
        if (is_text) {
                out->s = arena_str(&t->arena, db_col_text(s, i));
                return out->s.p ? 0 : -1;
        }
        out->i = db_col_i64(s, i);
        return 0;
}

static int read_row(struct tx *t, struct db_stmt *s, enum fact_kind kind, struct fact_value *out, struct err *e)
{
        const size_t n = fact_n_columns(kind);

        if ((size_t)db_n_cols(s) != n)
                return err_set(e, ERR_INTERNAL, "a fact has %zu columns, its statement %d", n, db_n_cols(s));
        for (size_t i = 0; i < n; i++)
                if (read_value(t, s, (int)i, fact_is_text(kind, i), &out[i]) < 0)
                        return err_set(e, ERR_NOMEM, "read a fact: out of memory");
        return 0;
}

/* 1: there is no such pair. */
static int read_pair(struct tx *t, const struct tx_fact *f, struct fact_value *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_FACT_PAIR, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, f->pkg_id);
        db_bind_i64(s, 2, f->dp_id);
        r = db_step(s, e);
        r = r > 0 ? read_row(t, s, FACT_PAIR, out, e) : r == 0 ? 1 : r;
        db_reset(s);
        return r;
}

static void failed(struct tx *t)
{
        t->failed = true;
}

bool tx_fact_pair(struct tx *t, int64_t pkg_id, int64_t dp_id)
{
        struct tx_fact *f = t->fact;
        int r;

        if (t->failed)
                return true;
        if (f && f->pkg_id == pkg_id && f->dp_id == dp_id)
                return true;
        if (f || tx_touched_shown(t))
                return false;
        f = arena_alloc(&t->arena, sizeof(*f));
        if (!f) {
                (void)err_set(&t->err, ERR_NOMEM, "read a fact: out of memory");
                failed(t);
                return true;
        }
        *f = (struct tx_fact){ .pkg_id = pkg_id, .dp_id = dp_id, .fact.kind = FACT_PAIR };
        r = read_pair(t, f, f->fact.before, &t->err);
        if (r < 0)
                failed(t);
        else if (!r)
                t->fact = f;
        return r <= 0;
}

void tx_fact_dissolve(struct tx *t)
{
        struct tx_fact *f = steal(&t->fact);
        const struct fact_value *v = f->fact.before;
        struct cim_instance *in;
        int r = 0;

        for (size_t i = 0; i < fact_n_slots(FACT_PAIR) && r == 0; i++) {
                r = fact_instance(&f->fact, false, i, &t->arena, &in);
                if (r < 0)
                        r = err_set(&t->err, ERR_NOMEM, "keep images: out of memory");
                else if (in)
                        r = tx_keep_image(t, in, &t->err);
        }
        if (r < 0) {
                failed(t);
                return;
        }
        t->kept = true;
        shown_rows(t, v[P_PACKAGE].s, v[P_NAL_PATH].s, v[P_SITE].s);
        t->kept = false;
}

static int write_fact(struct tx *t, const struct fact *f, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_CHANGE_FACT, e);
        struct buf record;
        int r;

        if (!s)
                return err_number(e->kind);
        buf_init(&record, 0);
        fact_encode(f, &record);
        db_bind_i64(s, 1, (int64_t)fact_n_slots(f->kind));
        db_bind_i64(s, 2, t->now_us);
        db_bind_blob(s, 3, record.p, record.n);
        r = record.failed ? err_set(e, ERR_NOMEM, "write a fact: out of memory") : db_run(s, e);
        buf_fini(&record);
        return r;
}

int tx_fact_end(struct tx *t, struct err *e)
{
        struct tx_fact *f = t->fact;
        bool differs = false;
        int r = read_pair(t, f, f->fact.after, e);

        if (r)
                return r < 0 ? r : err_set(e, ERR_INTERNAL, "package number %lld on distribution point number %lld went unnoticed",
                                           (long long)f->pkg_id, (long long)f->dp_id);
        for (size_t i = 0; i < N_PAIR_COLUMNS && !differs; i++)
                differs = !fact_value_eq(&f->fact.before[i], &f->fact.after[i]);
        return differs ? write_fact(t, &f->fact, e) : 0;
}

int tx_fact_message(struct tx *t, struct db_stmt *s, struct err *e)
{
        struct fact *f = arena_alloc(&t->arena, sizeof(*f));
        int r;

        if (!f)
                return err_set(e, ERR_NOMEM, "write a fact: out of memory");
        f->kind = FACT_MESSAGE;
        r = read_row(t, s, FACT_MESSAGE, f->after, e);
        return r ? r : write_fact(t, f, e);
}
