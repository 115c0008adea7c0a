/* SPDX-License-Identifier: Apache-2.0 */
/* status - raising messages; what each says is in the table status_kind */
#include "model/shown.h"
#include "model/sql_site.h"
#include "model/status.h"
#include "model/tx_fact.h"

static const char *const classes[] = { "SMS_StatusMessage", "SMS_StatMsgInsStrings", "SMS_StatMsgAttributes",
                                       "TM_StatusMessage" };

void status_touch(struct tx *t, int64_t record_id)
{
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                tx_touch_where(t, classes[i], &(struct tx_key)TX_NUMBER("RecordID", record_id), 1);
}

void status_touch_new(struct tx *t, int64_t record_id)
{
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                tx_touch_new(t, classes[i], &(struct tx_key)TX_NUMBER("RecordID", record_id), 1);
}

/* What a row is made of: attributes 400 Package ID, 404 Distribution Point, 410 Package Version. */
struct message {
        enum status_id id;
        const char *site_code, *package_id, *nal_path, *dp_name, *text;
        int64_t version;                        /* 0: none */
};

/* The DP status classes show the latest one. */
static int show(struct tx *t, const struct message *m, const struct pkg *p, const struct pair *pair, int64_t record_id,
                struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_PAIR_STATUS_PUT, e);

        if (!s)
                return err_number(e->kind);
        shown_message(t, p, pair);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_i64(s, 2, pair->dp_id);
        db_bind_i64(s, 3, record_id);
        db_bind_i64(s, 4, m->id);
        db_bind_i64(s, 5, t->now_us);
        db_bind_textz(s, 6, m->text);
        return db_run(s, e);
}

static int insert(struct tx *t, const struct message *m, int64_t *record_id, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_STATUS_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, m->id);
        db_bind_textz(s, 2, m->site_code);
        db_bind_i64(s, 3, t->now_us);
        db_bind_textz(s, 4, m->package_id);
        db_bind_textz(s, 5, m->nal_path);
        if (m->version)
                db_bind_i64(s, 6, m->version);
        db_bind_textz(s, 7, m->dp_name);
        db_bind_textz(s, 8, m->text);
        r = db_step(s, e);
        if (r == 0)
                r = err_set(e, ERR_INTERNAL, "status message %d is in no table", m->id);
        if (r > 0) {
                *record_id = db_col_i64(s, 0);
                r = tx_fact_message(t, s, e);
        }
        db_reset(s);
        return r;
}

int status_raise(struct tx *t, enum status_id id, const struct pkg *p, const struct pair *pair, const char *text,
                 struct err *e)
{
        const struct message m = {
                .id = id,
                .site_code = pair ? pair->site_code : p->site_code,
                .package_id = p->package_id,
                .nal_path = pair ? pair->nal_path : NULL,
                .dp_name = pair ? pair->dp_name : NULL,
                .version = p->version,
                .text = text,
        };
        int64_t record_id;
        int r = insert(t, &m, &record_id, e);

        return r || !pair ? r : show(t, &m, p, pair, record_id, e);
}

int status_raise_dp(struct tx *t, enum status_id id, const struct model_dp *dp, const char *text, struct err *e)
{
        const struct message m = { .id = id, .site_code = dp->site_code, .nal_path = dp->nal_path, .dp_name = dp->name,
                                   .text = text };
        int64_t record_id;

        return insert(t, &m, &record_id, e);
}

int status_raise_site(struct tx *t, enum status_id id, const char *text, struct err *e)
{
        char code[SITE_CODE_LEN + 1];
        const struct message m = { .id = id, .site_code = code, .text = text };
        int64_t record_id;
        int r = site_own(t->db, &record_id, code, e);

        return r < 0 ? r : insert(t, &m, &record_id, e);
}
