/* SPDX-License-Identifier: Apache-2.0 */
/* status - the table of messages and their rows */
#include "model/shown.h"
#include "model/sql_site.h"
#include "model/status.h"

#define INFO UINT32_C(0x40000000)
#define WARNING UINT32_C(0x80000000)
#define ERROR UINT32_C(0xC0000000)
#define DISTMGR "SMS_DISTRIBUTION_MANAGER"
#define PTM "SMS_PACKAGE_TRANSFER_MANAGER"

static const struct status_kind kinds[] = {
        { STATUS_PACKAGE_STARTED, INFO, DISTMGR, "Started processing package %1." },
        { STATUS_PACKAGE_DONE, INFO, DISTMGR, "Package %1 was processed." },
        { STATUS_PACKAGE_FAILED, ERROR, DISTMGR, "Package %1 could not be processed: %3" },
        { STATUS_REFRESHED, INFO, DISTMGR, "Package %1 was refreshed on %2." },
        { STATUS_PACKAGE_CHANGED, INFO, DISTMGR, "Package %1 was created or updated at this site: %3" },
        { STATUS_DISTRIBUTED, INFO, DISTMGR, "Package %1 was distributed to %2: %3" },
        { STATUS_REMOVED, INFO, DISTMGR, "Package %1 was removed from %2." },
        { STATUS_DP_STARTED, INFO, DISTMGR, "Started distributing package %1 to %2." },
        { STATUS_SNAPSHOT, INFO, DISTMGR, "The source of package %1 was taken into the content library: %3" },
        { STATUS_HASH_WRONG, ERROR, DISTMGR, "Package %1 on %2 has files with a wrong hash: %3" },
        { STATUS_CONTENT_MISSING, ERROR, DISTMGR, "Package %1 on %2 failed validation: %3" },
        { STATUS_HASH_VERIFIED, INFO, DISTMGR, "Every file of package %1 on %2 was verified." },
        { STATUS_DP_LIST_DIFFERS, WARNING, DISTMGR, "What %2 holds differs from what it should hold: %3" },
        { STATUS_DP_UNREACHABLE, ERROR, DISTMGR, "%2 cannot be reached for package %1: %3" },
        { STATUS_UPDATE_FAILED, ERROR, PTM, "The job for package %1 on %2 failed and is tried again: %3" },
        { STATUS_SENDING, INFO, PTM, "Package %1 is being sent to %2." },
        { STATUS_GAVE_UP, ERROR, PTM, "The job for package %1 on %2 failed for good: %3" },
};

const struct status_kind *status_kind(int64_t id)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kinds[i].id == id)
                        return &kinds[i];
        return NULL;
}

void status_format(int64_t id, const struct str strings[3], struct buf *out)
{
        const struct status_kind *k = status_kind(id);

        if (!k) {
                buf_printf(out, "status message %lld", (long long)id);
                return;
        }
        for (const char *p = k->text; *p; p++) {
                if (p[0] == '%' && p[1] >= '1' && p[1] <= '3')
                        buf_adds(out, strings[*++p - '1']);
                else
                        buf_addc(out, *p);
        }
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
        db_bind_i64(s, 5, status_kind(m->id)->severity);
        db_bind_i64(s, 6, t->now_us);
        db_bind_textz(s, 7, m->text);
        return db_run(s, e);
}

static int insert(struct tx *t, const struct message *m, int64_t *record_id, struct err *e)
{
        const struct status_kind *k = status_kind(m->id);
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_STATUS_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, k->id);
        db_bind_i64(s, 2, k->severity);
        db_bind_textz(s, 3, k->component);
        db_bind_textz(s, 4, m->site_code);
        db_bind_i64(s, 5, t->now_us);
        db_bind_textz(s, 6, m->package_id);
        db_bind_textz(s, 7, m->nal_path);
        if (m->version)
                db_bind_i64(s, 8, m->version);
        db_bind_textz(s, 9, m->package_id);
        db_bind_textz(s, 10, m->dp_name);
        db_bind_textz(s, 11, m->text);
        r = db_run(s, e);
        if (r)
                return r;
        *record_id = db_last_rowid(t->db);
        tx_touch_new(t, "SMS_StatusMessage", &(struct tx_key)TX_NUMBER("RecordID", *record_id), 1);
        return 0;
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
