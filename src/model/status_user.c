/* SPDX-License-Identifier: Apache-2.0 */
/* status_user - status messages that programs and people raise, and deleting messages */
#include "model/sql_site.h"
#include "model/status.h"

enum { ATTRIBUTE_PACKAGE = 400 };

/* The first package among the attributes, so that it is found by it as messages of the site are. */
static struct str package_of(const struct model_user_status *m)
{
        for (size_t i = 0; i < m->n_attributes; i++)
                if (m->attributes[i].i == ATTRIBUTE_PACKAGE && !m->values[i].null)
                        return m->values[i].s;
        return STR_NULL;
}

static int insert(struct tx *t, const struct model_user_status *m, struct str machine, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_STATUS_USER_INSERT, e);
        struct str package = package_of(m);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, m->message_id);
        db_bind_i64(s, 2, m->severity);
        db_bind_text(s, 3, m->component);
        db_bind_text(s, 4, machine);
        db_bind_i64(s, 5, m->when_us);
        db_bind_i64(s, 6, m->type);
        db_bind_text(s, 7, m->module.p ? m->module : STR(""));
        db_bind_i64(s, 8, m->process_id);
        db_bind_i64(s, 9, m->thread_id);
        db_bind_i64(s, 10, m->win32_error);
        if (package.p)
                db_bind_text(s, 11, package);
        if (m->text.p)
                db_bind_text(s, 12, m->text);
        return db_run(s, e);
}

static int attribute(struct tx *t, int64_t record_id, const struct cim_value *id, const struct cim_value *value, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_STATUS_ATTRIBUTE_INSERT, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, record_id);
        db_bind_i64(s, 2, id->i);
        db_bind_text(s, 3, value->s);
        return db_run(s, e);
}

int model_status_user(struct tx *t, const struct model_user_status *m, struct err *e)
{
        struct str package = package_of(m), machine = m->machine.p ? m->machine : STR("");
        int64_t record_id;
        int r = insert(t, m, machine, e);

        if (r)
                return r;
        record_id = db_last_rowid(t->db);
        status_touch_new(t, record_id);
        for (size_t i = 0; i < m->n_attributes && r == 0; i++) {
                if (m->attributes[i].null || m->values[i].null ||
                    (m->attributes[i].i == ATTRIBUTE_PACKAGE && str_eq_nocase(m->values[i].s, package)))
                        continue;
                r = attribute(t, record_id, &m->attributes[i], &m->values[i], e);
        }
        return r;
}

int model_status_delete(struct tx *t, int64_t record_id, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_STATUS_DELETE, e);

        if (!s)
                return err_number(e->kind);
        status_touch(t, record_id);
        db_bind_i64(s, 1, record_id);
        return db_run(s, e);
}
