/* SPDX-License-Identifier: Apache-2.0 */
/* dp - distribution points: the servers, their enrolment and their presence */
#include <stdio.h>

#include "model/fields.h"
#include "model/shown.h"
#include "model/site.h"
#include "model/sql_site.h"
#include "model/status.h"

enum { DP_NUMBER_MAX = (1 << 20) - 1, DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63, URL_MAX = 299 };
#define SEEN_EVERY_US (60 * US_PER_SECOND)      /* LastSeen is written this often at most: presence is no news */

/* In the order of dp_update. */
static const struct field fields[] = {
        { "Description", 0 },      { "Priority", 0 },    { "HealthCheckEnabled", 0 }, { "HealthCheckPriority", 0 },
        { "HealthCheckSchedule", 0 }, { "IsProtected", 0 }, { "PreStagingAllowed", 0 },  { "RateLimitsEnabled", 0 },
};

/* ---- finding ---- */

struct found {
        struct model_dp dp;
        struct hash_id token;
        bool has_token;
        int64_t token_expires_us;
};

static void read_hash(struct db_stmt *s, int i, struct hash_id *out, bool *there)
{
        struct str blob = db_col_blob(s, i);

        *out = (struct hash_id){ 0 };
        if (blob.n == HASH_LEN)
                memcpy(out->b, blob.p, HASH_LEN);
        if (there)
                *there = blob.n == HASH_LEN;
}

static void read_dp(struct db_stmt *s, struct found *out)
{
        struct model_dp *d = &out->dp;

        d->dp_id = db_col_i64(s, 0);
        copy_text(db_col_text(s, 1), d->name, sizeof(d->name));
        copy_text(db_col_text(s, 2), d->site_code, sizeof(d->site_code));
        copy_text(db_col_text(s, 3), d->nal_path, sizeof(d->nal_path));
        copy_text(db_col_text(s, 4), d->url, sizeof(d->url));
        read_hash(s, 5, &d->cert, NULL);
        d->maintenance = db_col_i64(s, 6);
        d->last_seen_us = col_time(s, 7);
        read_hash(s, 8, &out->token, &out->has_token);
        out->token_expires_us = col_time(s, 9);
}

/* 0, or 1 when there is none. */
static int find(struct db_conn *c, struct str name, struct found *out, struct err *e)
{
        const int statements[] = { SQL_SITE_DP_BY_NAME, SQL_SITE_DP_BY_NAL, SQL_SITE_DP_BY_ID };
        int64_t number;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(statements) && r == 0; i++) {
                struct db_stmt *s;

                if (statements[i] == SQL_SITE_DP_BY_ID && str_to_i64(name, &number) < 0)
                        break;
                s = db_stmt(c, statements[i], e);
                if (!s)
                        return err_number(e->kind);
                if (statements[i] == SQL_SITE_DP_BY_ID)
                        db_bind_i64(s, 1, number);
                else
                        db_bind_text(s, 1, name);
                r = db_step(s, e);
                if (r > 0)
                        read_dp(s, out);
                db_reset(s);
        }
        return r < 0 ? r : !r;
}

int model_dp_find(struct db_conn *c, struct str name, struct model_dp *out, struct err *e)
{
        struct found f;
        int r = find(c, name, &f, e);

        if (!r)
                *out = f.dp;
        return r;
}

int model_dp_find_cert(struct db_conn *c, const struct hash_id *cert, struct model_dp *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_DP_BY_CERT, e);
        struct found f;
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_blob(s, 1, cert->b, HASH_LEN);
        r = db_step(s, e);
        if (r > 0) {
                read_dp(s, &f);
                *out = f.dp;
        }
        db_reset(s);
        return r < 0 ? r : !r;
}

static int must_find(struct tx *t, struct str name, struct found *out, struct err *e)
{
        int r = find(t->db, name, out, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no distribution point %.*s; \"tallyman dp list\" shows them", STR_ARG(name));
        return r;
}

static void touch(struct tx *t, const struct model_dp *d)
{
        const struct tx_key nal = TX_TEXT("NALPath", str_of(d->nal_path));

        tx_touch_where(t, "SMS_DistributionPointInfo", &nal, 1);
        tx_touch_where(t, "SMS_SystemResourceList", &nal, 1);
        tx_touch_where(t, "SMS_SCI_SysResUse", &nal, 1);
        shown_site_health(t, d->site_code);
        tx_touchz(t, "TM_DistributionPoint", d->name, NULL, NULL);
        shown_dp(t, d);
}

/* ---- creation ---- */

/* A host or DNS name: labels of letters, digits and hyphens (RFC 1123 section 2.1). */
static int check_dp_name(struct str name, struct err *e)
{
        size_t label = 0;
        bool good = name.n > 0 && name.n <= DNS_NAME_MAX;

        for (size_t i = 0; good && i < name.n; i++) {
                char c = name.p[i], l = (char)(c | 0x20);
                bool ends = i + 1 == name.n || name.p[i + 1] == '.';

                if (c == '.') {
                        good = label > 0;
                        label = 0;
                } else {
                        label++;
                        good = label <= DNS_LABEL_MAX && ((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
                                                          (c == '-' && label > 1 && !ends));
                }
        }
        if (good && label > 0)
                return 0;
        return err_set(e, ERR_INVALID,
                       "distribution point name \"%.*s\": use a host or DNS name, labels of letters, digits and hyphens, at most 63 "
                       "characters each and 253 in all",
                       (int)MIN(name.n, (size_t)80), name.p ? name.p : "");
}

static int check_url(struct str url, struct err *e)
{
        if (!url.n)
                return 0;
        if (url.n > URL_MAX)
                return err_set(e, ERR_INVALID, "url of a distribution point: %zu characters are more than the %d allowed", url.n,
                               URL_MAX);
        if (!str_starts(url, "https://") && !str_starts(url, "http://"))
                return err_set(e, ERR_INVALID, "url \"%.*s\" of a distribution point begins neither with https:// nor with http://",
                               STR_ARG(url));
        for (size_t i = 0; i < url.n; i++)
                if ((unsigned char)url.p[i] <= 0x20 || (unsigned char)url.p[i] >= 0x7f || url.p[i] == '"')
                        return err_set(e, ERR_INVALID, "url of a distribution point: character %zu is not allowed", i + 1);
        return 0;
}

static int find_site(struct tx *t, struct str code, int64_t *site_id, struct err *e)
{
        int r = row_of(t->db, SQL_SITE_SITE_ROW, code, site_id, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no site %.*s; \"tallyman site list\" shows them", STR_ARG(code));
        return r;
}

static int insert(struct tx *t, const struct model_dp *d, int64_t site_id, const struct model_dp_new *in,
                  const struct hash_id *token, int64_t expires_us, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_DP_INSERT, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, d->dp_id);
        db_bind_textz(s, 2, d->name);
        db_bind_textz(s, 3, d->nal_path);
        db_bind_i64(s, 4, site_id);
        db_bind_text(s, 5, in->url.p ? in->url : STR(""));
        db_bind_text(s, 6, in->description);
        if (token)
                db_bind_blob(s, 7, token->b, HASH_LEN);
        if (token)
                db_bind_i64(s, 8, expires_us);
        return db_run(s, e);
}

int model_dp_create(struct tx *t, const struct model_dp_new *in, const struct hash_id *token_hash,
                    int64_t token_expires_us, struct str *nal_path_out, struct err *e)
{
        struct model_dp d = { 0 }, other;
        int64_t site_id;
        int r = check_dp_name(in->name, e);

        if (!r)
                r = check_url(in->url, e);
        if (!r)
                r = find_site(t, in->site_code, &site_id, e);
        if (!r)
                r = model_dp_find(t->db, in->name, &other, e);
        if (r == 0)
                return err_set(e, ERR_EXISTS, "there is a distribution point %s in site %s already: names are unique in any case",
                               other.name, other.site_code);
        if (r < 0)
                return r;
        if (in->description.n > 255 || !str_is_utf8(in->description))
                return err_set(e, ERR_INVALID, "description of a distribution point: at most 255 bytes of UTF-8");
        r = counter_next(t, "dp", &d.dp_id, e);
        if (r)
                return r;
        if (d.dp_id > DP_NUMBER_MAX)
                return err_set(e, ERR_QUOTA, "all %d numbers of distribution points were given out", DP_NUMBER_MAX);
        copy_text(in->name, d.name, sizeof(d.name));
        copy_text(in->site_code, d.site_code, sizeof(d.site_code));
        for (char *c = d.site_code; *c; c++)
                *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        snprintf(d.nal_path, sizeof(d.nal_path), "[\"Display=\\\\%s\\\"]MSWNET:[\"SMS_SITE=%s\"]\\\\%s\\", d.name, d.site_code,
                 d.name);
        touch(t, &d);
        r = insert(t, &d, site_id, in, token_hash, token_expires_us, e);
        if (r)
                return r;
        tx_audit(t, "dp add", "%s to site %s", d.name, d.site_code);
        if (nal_path_out)
                *nal_path_out = arena_str(&t->arena, str_of(d.nal_path));
        return 0;
}

/* ---- change ---- */

int model_dp_put(struct tx *t, const struct cim_instance *info, struct err *e)
{
        struct tx_key key = TX_TEXT("NALPath", field_text(info, "NALPath"));
        struct cim_instance *was, *now;
        struct db_stmt *s;
        struct found f;
        int r = must_find(t, key.text, &f, e);

        if (r)
                return r;
        key.text = str_of(f.dp.nal_path);
        r = fields_load(t, "SMS_DistributionPointInfo", &key, 1, &was, e);
        if (!r)
                r = fields_merge(t, fields, ARRAY_SIZE(fields), was, info, &now, e);
        if (r)
                return r;
        touch(t, &f.dp);
        tx_touch_where(t, "SMS_DistributionPoint", &(struct tx_key)TX_TEXT("ServerNALPath", key.text), 1);
        tx_touch_where(t, "SMS_PackageContentServerInfo", &(struct tx_key)TX_TEXT("ContentServerID", key.text), 1);
        s = db_stmt(t->db, SQL_SITE_DP_UPDATE, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, f.dp.dp_id);
        r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), now, e);
        if (!r)
                r = db_run(s, e);
        if (!r)
                tx_audit(t, "dp set", "%s", f.dp.name);
        return r;
}

static int set_token(struct tx *t, int64_t dp_id, const struct hash_id *token, int64_t expires_us, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_DP_TOKEN, e);

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, dp_id);
        if (token) {
                db_bind_blob(s, 2, token->b, HASH_LEN);
                db_bind_i64(s, 3, expires_us);
        }
        return db_run(s, e);
}

int model_dp_token(struct tx *t, struct str name, const struct hash_id *token_hash, int64_t expires_us, struct err *e)
{
        struct found f;
        int r = must_find(t, name, &f, e);

        if (!r)
                r = set_token(t, f.dp.dp_id, token_hash, expires_us, e);
        if (!r)
                tx_audit(t, "dp token", "%s", f.dp.name);
        return r;
}

static int set_cert(struct tx *t, const struct model_dp *d, const struct hash_id *cert, struct str url, struct err *e)
{
        struct db_stmt *s;
        int r;

        touch(t, d);
        s = db_stmt(t->db, SQL_SITE_DP_CERT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, d->dp_id);
        db_bind_blob(s, 2, cert->b, HASH_LEN);
        db_bind_text(s, 3, url);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_DENIED, "the certificate is another distribution point's");
        }
        return r;
}

int model_dp_enrol(struct tx *t, struct str name, const struct hash_id *token_hash, const struct hash_id *cert,
                   struct str url, struct err *e)
{
        struct found f;
        int r = find(t->db, name, &f, e);

        if (r < 0)
                return r;
        /* One text for every reason a stranger could learn from; the person at the site sees the rest with "dp show". */
        if (r > 0 || !f.has_token || !hash_id_eq(&f.token, token_hash))
                return err_set(e, ERR_DENIED, "the enrolment token of %.*s is not valid: ask the site for a new one (tallyman dp token)",
                               STR_ARG(name));
        if (f.token_expires_us < t->now_us)
                return err_set(e, ERR_DENIED, "the enrolment token of %s has expired: ask the site for a new one (tallyman dp token)",
                               f.dp.name);
        r = check_url(url, e);
        if (!r)
                r = set_token(t, f.dp.dp_id, NULL, 0, e);
        if (!r)
                r = set_cert(t, &f.dp, cert, url.n ? url : str_of(f.dp.url), e);
        if (!r)
                r = status_raise_dp(t, STATUS_DP_INSTALLED, &f.dp, "it has enrolled", e);
        if (!r)
                tx_audit(t, "dp enrol", "%s", f.dp.name);
        return r;
}

int model_dp_renew(struct tx *t, struct str name, const struct hash_id *cert, struct err *e)
{
        struct found f;
        int r = must_find(t, name, &f, e);

        if (!r)
                r = set_cert(t, &f.dp, cert, str_of(f.dp.url), e);
        if (!r)
                tx_audit(t, "dp renew", "%s", f.dp.name);
        return r;
}

int model_dp_maintenance(struct tx *t, struct str name, bool on, struct err *e)
{
        struct found f;
        int r = must_find(t, name, &f, e);

        if (r)
                return r;
        touch(t, &f.dp);
        r = RUN(t, e, SQL_SITE_DP_MAINTENANCE, f.dp.dp_id, on);
        if (!r)
                tx_audit(t, "dp maintenance", "%s %s", f.dp.name, on ? "on" : "off");
        return r;
}

int model_dp_seen(struct tx *t, int64_t dp_id, struct str version, int64_t bytes_free, int64_t bytes_total, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_DP_SPACE, e);
        struct model_dp d;
        char number[24];
        bool news = true;
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, dp_id);
        r = db_step(s, e);
        if (r > 0 && !db_col_is_null(s, 0))
                news = db_col_i64(s, 0) + SEEN_EVERY_US <= t->now_us || db_col_i64(s, 0) > t->now_us ||
                       db_col_i64(s, 1) != bytes_free || db_col_i64(s, 2) != bytes_total || !str_eq(db_col_text(s, 3), version);
        db_reset(s);
        if (r <= 0 || !news)
                return r;
        snprintf(number, sizeof(number), "%lld", (long long)dp_id);
        r = model_dp_find(t->db, str_of(number), &d, e);
        if (r)
                return r < 0 ? r : 0;
        tx_touchz(t, "TM_DistributionPoint", d.name, NULL, NULL);
        shown_dp(t, &d);
        s = db_stmt(t->db, SQL_SITE_DP_SEEN, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, dp_id);
        db_bind_i64(s, 2, t->now_us);
        db_bind_text(s, 3, version.p ? version : STR(""));
        db_bind_i64(s, 4, bytes_free);
        db_bind_i64(s, 5, bytes_total);
        return db_run(s, e);
}

/* ---- deletion ---- */

/* The machine is gone, and with it what it held. */
static int forget_content(struct tx *t, const struct model_dp *d, const struct numbers *pairs, struct err *e)
{
        int r = 0;

        for (size_t i = 0; !r && i < pairs->n_rows; i++) {
                struct pkg p;
                struct pair was, now;

                r = pkg_get(t->db, pairs->v[i * 2], &p, e);
                if (!r)
                        r = pair_load(t, &p, d->dp_id, &was, e);
                if (!r)
                        r = job_drop(t, p.pkg_id, d->dp_id, SLOT_CONTENT, e);
                if (!r)
                        r = job_drop(t, p.pkg_id, d->dp_id, SLOT_VALIDATE, e);
                if (r)
                        break;
                now = was;
                now.state = STATE_NONE;
                r = pair_save(t, &p, &was, &now, e);
        }
        return r;
}

int model_dp_delete(struct tx *t, struct str name, bool force, struct err *e)
{
        struct numbers pairs;
        struct found f;
        int r = must_find(t, name, &f, e);

        if (!r)
                r = READ(t, e, &pairs, SQL_SITE_PAIRS_OF_DP, f.dp.dp_id);
        if (r)
                return r;
        if (pairs.n_rows && !force)
                return err_set(e, ERR_CONFLICT,
                               "%zu packages are on distribution point %s: remove them first, or use force when the machine is gone",
                               pairs.n_rows, f.dp.name);
        r = forget_content(t, &f.dp, &pairs, e);
        if (!r)
                r = group_dp_gone(t, &f.dp, e);
        if (r)
                return r;
        touch(t, &f.dp);
        r = RUN(t, e, SQL_SITE_DP_DELETE, f.dp.dp_id);
        if (!r)
                tx_audit(t, "dp remove", "%s%s", f.dp.name, force ? " (force)" : "");
        return r;
}
