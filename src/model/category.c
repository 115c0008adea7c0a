/* SPDX-License-Identifier: Apache-2.0 */
/* category - security scopes, what is in them, and who sees them; what that means for rows is scope.c */
#include <stdio.h>

#include "model/fields.h"
#include "model/pair.h"
#include "model/sql_site.h"

enum { OBJECT_PACKAGE = 2, OBJECT_SITE = 6, OBJECT_DP = 42, OBJECT_GROUP = 43 };

struct category {
        int64_t row, builtin, n_accounts;
};

static int find(struct tx *t, struct str id, struct category *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_CATEGORY_ROW, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, id);
        r = db_step(s, e);
        if (r > 0)
                *out = (struct category){ db_col_i64(s, 0), db_col_i64(s, 1), db_col_i64(s, 2) };
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no security scope %.*s: SMS_SecuredCategory lists them",
                               (int)MIN(id.n, (size_t)60), id.p ? id.p : "");
        return r < 0 ? r : 0;
}

static void touch(struct tx *t, struct str id)
{
        tx_touch_where(t, "SMS_SecuredCategory", &(struct tx_key)TX_TEXT("CategoryID", id), 1);
}

static int insert(struct tx *t, struct str id, struct str name, struct str description, bool builtin, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_CATEGORY_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        touch(t, id);
        db_bind_text(s, 1, id);
        db_bind_text(s, 2, name);
        db_bind_text(s, 3, description);
        db_bind_i64(s, 4, builtin);
        db_bind_textz(s, 5, t->actor.who);
        db_bind_i64(s, 6, t->now_us);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "there is a security scope %.*s already", (int)MIN(name.n, (size_t)60), name.p);
        }
        return r;
}

int category_init(struct tx *t, struct err *e)
{
        int r = insert(t, STR("SMS00ALL"), STR("All"), STR("Everything"), true, e);

        return r ? r : insert(t, STR("SMS00UNA"), STR("Default"), STR("What is in no other scope"), true, e);
}

static int new_id(struct tx *t, char id[9], struct err *e)
{
        char code[SITE_CODE_LEN + 1];
        int64_t site_id, number;
        int r = site_own(t->db, &site_id, code, e);

        if (!r)
                r = counter_next(t, "category", &number, e);
        if (r)
                return r;
        if (number > 0xFFFFF)
                return err_set(e, ERR_QUOTA, "all CategoryIDs of site %s were given out", code);
        snprintf(id, 9, "%.3s%05X", code, (unsigned)number & 0xFFFFF);
        return 0;
}

/* Names are put into JSON by a view (0016). */
static int check_name(struct str name, struct err *e)
{
        for (size_t i = 0; i < name.n; i++) {
                if ((unsigned char)name.p[i] < 0x20)
                        return err_set(e, ERR_INVALID, "SMS_SecuredCategory.CategoryName has a control character at byte %zu", i + 1);
        }
        return 0;
}

int model_category_create(struct tx *t, const struct cim_instance *in, struct str *id_out, struct err *e)
{
        struct str name = field_text(in, "CategoryName");
        char id[9];
        int r;

        if (!str_trim(name).n)
                return err_set(e, ERR_INVALID, "SMS_SecuredCategory.CategoryName is missing");
        r = check_name(name, e);
        if (!r)
                r = new_id(t, id, e);
        if (r)
                return r;
        *id_out = arena_str(&t->arena, str_of(id));
        r = insert(t, *id_out, name, field_text(in, "CategoryDescription"), false, e);
        if (!r)
                tx_audit(t, "scope create", "%s %.*s", id, (int)MIN(name.n, (size_t)256), name.p);
        return r;
}

/* Their SecuredScopeNames will not be what they were. */
static int touch_packages(struct tx *t, int64_t category_row, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_CATEGORY_PACKAGES, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, category_row);
        while ((r = db_step(s, e)) > 0)
                tx_touch_where(t, "SMS_Package",
                               &(struct tx_key)TX_TEXT("PackageID", arena_str(&t->arena, db_col_text(s, 0))), 1);
        db_reset(s);
        return r;
}

int model_category_put(struct tx *t, const struct cim_instance *in, struct err *e)
{
        struct str id = field_text(in, "CategoryID");
        const struct tx_key key = TX_TEXT("CategoryID", id);
        static const struct field fields[] = { { "CategoryName", FIELD_NEEDED }, { "CategoryDescription", 0 } };
        struct cim_instance *was, *now;
        struct category c;
        struct db_stmt *s;
        int r = find(t, id, &c, e);

        if (!r && c.builtin)
                r = err_set(e, ERR_CONFLICT, "security scope %.*s is built in", STR_ARG(id));
        if (!r)
                r = check_name(field_text(in, "CategoryName"), e);
        if (!r)
                r = fields_load(t, "SMS_SecuredCategory", &key, 1, &was, e);
        if (!r)
                r = fields_merge(t, fields, ARRAY_SIZE(fields), was, in, &now, e);
        if (r)
                return r;
        touch(t, id);
        r = touch_packages(t, c.row, e);
        if (r)
                return r;
        s = db_stmt(t->db, SQL_SITE_CATEGORY_UPDATE, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, c.row);
        r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), now, e);
        db_bind_textz(s, 4, t->actor.who);
        db_bind_i64(s, 5, t->now_us);
        if (!r)
                r = db_run(s, e);
        if (!r)
                tx_audit(t, "scope set", "%.*s", STR_ARG(id));
        return r;
}

int model_category_delete(struct tx *t, struct str id, struct err *e)
{
        struct category c;
        int r = find(t, id, &c, e);

        if (!r && c.builtin)
                r = err_set(e, ERR_CONFLICT, "security scope %.*s is built in and cannot be deleted", STR_ARG(id));
        if (!r && c.n_accounts)
                r = err_set(e, ERR_CONFLICT, "security scope %.*s is %lld accounts': take it from them first (TM_AccountScope)",
                            STR_ARG(id), (long long)c.n_accounts);
        if (r)
                return r;
        touch(t, id);
        tx_touch_where(t, "SMS_SecuredCategoryMembership", &(struct tx_key)TX_TEXT("CategoryID", id), 1);
        r = touch_packages(t, c.row, e);
        if (!r)
                r = RUN(t, e, SQL_SITE_CATEGORY_DELETE, c.row);
        if (!r)
                tx_audit(t, "scope delete", "%.*s", STR_ARG(id));
        return r;
}

/* ---- objects ---- */

/* Its key as stored: what joins must be there. */
static int object_key(struct tx *t, int64_t type, struct str key, struct str *out, struct err *e)
{
        static const struct {
                int64_t type;
                const char *class, *property;
        } kinds[] = {
                { OBJECT_PACKAGE, "SMS_Package", "PackageID" },
                { OBJECT_SITE, "SMS_Site", "SiteCode" },
                { OBJECT_DP, "SMS_DistributionPointInfo", "NALPath" },
                { OBJECT_GROUP, "SMS_DistributionPointGroup", "GroupID" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const struct tx_key k = TX_TEXT(kinds[i].property, key);
                struct cim_instance *found;
                int r;

                if (kinds[i].type != type)
                        continue;
                r = fields_load(t, kinds[i].class, &k, 1, &found, e);
                if (r > 0)
                        return err_set(e, ERR_NOT_FOUND, "there is no %s %.*s", kinds[i].class, (int)MIN(key.n, (size_t)200), key.p);
                if (r == 0)
                        *out = field_text(found, kinds[i].property);
                return r;
        }
        return err_set(e, ERR_INVALID, "ObjectTypeID %lld: 2 package, 6 site, 42 distribution point or 43 group", (long long)type);
}

int model_membership(struct tx *t, struct str category, int64_t type, struct str key, bool add, struct err *e)
{
        struct category c;
        struct db_stmt *s;
        int r = find(t, category, &c, e);

        if (!r && c.builtin)
                r = err_set(e, ERR_CONFLICT, "security scope %.*s has its members by itself", STR_ARG(category));
        if (!r && add)
                r = object_key(t, type, key, &key, e);
        if (r)
                return r;
        touch(t, category);
        if (type == OBJECT_PACKAGE)
                tx_touch_where(t, "SMS_Package", &(struct tx_key)TX_TEXT("PackageID", key), 1);
        tx_touch_where(t, "SMS_SecuredCategoryMembership",
                       (struct tx_key[]){ TX_TEXT("CategoryID", category), TX_TEXT("ObjectKey", key), TX_NUMBER("ObjectTypeID", type) }, 3);
        s = db_stmt(t->db, add ? SQL_SITE_MEMBERSHIP_INSERT : SQL_SITE_MEMBERSHIP_DELETE, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, c.row);
        db_bind_i64(s, 2, type);
        db_bind_text(s, 3, key);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "%.*s is in security scope %.*s already", STR_ARG(key), STR_ARG(category));
        }
        if (!r && !db_changes(t->db))
                r = err_set(e, ERR_NOT_FOUND, "%.*s is not in security scope %.*s", STR_ARG(key), STR_ARG(category));
        if (!r)
                tx_audit(t, add ? "scope add" : "scope remove", "%.*s %.*s", STR_ARG(category), STR_ARG(key));
        return r;
}

/* ---- accounts ---- */

static int account(struct tx *t, struct str name, int64_t out[2], struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_SCOPE_ACCOUNT_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, name);
        r = db_run(s, e);
        s = r ? NULL : db_stmt(t->db, SQL_SITE_SCOPE_ACCOUNT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, name);
        r = db_step(s, e);
        out[0] = db_col_i64(s, 0);
        out[1] = db_col_i64(s, 1);
        db_reset(s);
        return r < 0 ? r : 0;
}

int model_account_scope(struct tx *t, struct str name, struct str category, bool add, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("LogonName", name), TX_TEXT("CategoryID", category) };
        int64_t a[2];
        struct category c;
        int r = find(t, category, &c, e);

        if (!r && (!str_trim(name).n || name.n >= sizeof(t->actor.who) || !str_is_utf8(name)))
                r = err_set(e, ERR_INVALID, "LogonName has 1 to %zu bytes of UTF-8", sizeof(t->actor.who) - 1);
        if (!r)
                r = account(t, name, a, e);
        if (!r && !add && a[1] == 1)    /* an account without scopes sees everything: never by accident */
                r = err_set(e, ERR_CONFLICT, "it is the last scope of %.*s: give it SMS00ALL if it shall see everything", STR_ARG(name));
        if (r)
                return r;
        tx_touch_where(t, "TM_AccountScope", keys, 2);
        touch(t, category);
        r = RUN(t, e, add ? SQL_SITE_SCOPE_ACCOUNT_ADD : SQL_SITE_SCOPE_ACCOUNT_REMOVE, a[0], c.row);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "%.*s has security scope %.*s already", STR_ARG(name), STR_ARG(category));
        }
        if (!r && !db_changes(t->db))
                r = err_set(e, ERR_NOT_FOUND, "%.*s has no security scope %.*s", STR_ARG(name), STR_ARG(category));
        if (!r)
                tx_audit(t, add ? "scope grant" : "scope revoke", "%.*s %.*s", STR_ARG(name), STR_ARG(category));
        return r;
}
