/* SPDX-License-Identifier: Apache-2.0 */
/* user - accounts: TM_User */
#include <stdio.h>
#include "model/sql_site.h"
#include "model/user.h"

static void touch(struct tx *t, struct str name)
{
        const struct tx_key key = TX_TEXT("UserName", name);

        tx_touch_where(t, "TM_User", &key, 1);
}

static void bind_hash(struct db_stmt *s, int i, const uint8_t *nt_hash)
{
        if (nt_hash)
                db_bind_blob(s, i, nt_hash, USER_NT_HASH_LEN);
        else
                db_bind_null(s, i);
}

int model_user_create(struct tx *t, const struct user *u, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ACCOUNT_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        touch(t, str_of(u->name));
        db_bind_textz(s, 1, u->name);
        db_bind_i64(s, 2, u->role);
        db_bind_textz(s, 3, u->hash);
        bind_hash(s, 4, u->ntlm ? u->nt_hash : NULL);
        db_bind_i64(s, 5, t->now_us);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "there is an account %s already", u->name);
        }
        if (r == 0)
                tx_audit(t, "user create", "%s as %s%s", u->name, user_role_name(u->role), u->ntlm ? ", NTLM" : "");
        return r;
}

/* May the site do without this one? */
static int check_others(struct tx *t, struct str name, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ACCOUNT_OTHER_ADMINISTRATORS, e);
        int64_t others = 0;
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, name);
        r = db_step(s, e);
        if (r > 0)
                others = db_col_i64(s, 0);
        db_reset(s);
        if (r >= 0 && others == 0)
                return err_set(e, ERR_CONFLICT, "%.*s is the last administrator: make another one first", STR_ARG(name));
        return r < 0 ? r : 0;
}

int model_user_set(struct tx *t, struct str name, enum user_role role, bool disabled, struct err *e)
{
        struct db_stmt *s;
        int r = role == USER_ADMINISTRATOR && !disabled ? 0 : check_others(t, name, e);

        if (r < 0)
                return r;
        s = db_stmt(t->db, SQL_SITE_ACCOUNT_SET, e);
        if (!s)
                return err_number(e->kind);
        touch(t, name);
        db_bind_text(s, 1, name);
        db_bind_i64(s, 2, role);
        db_bind_i64(s, 3, disabled);
        tx_audit(t, "user set", "%.*s as %s%s", STR_ARG(name), user_role_name(role), disabled ? ", disabled" : "");
        return db_run(s, e);
}

int model_user_password(struct tx *t, struct str name, const char *hash, const uint8_t *nt_hash, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ACCOUNT_PASSWORD, e);

        if (!s)
                return err_number(e->kind);
        touch(t, name);
        db_bind_text(s, 1, name);
        db_bind_textz(s, 2, hash);
        bind_hash(s, 3, nt_hash);
        db_bind_i64(s, 4, t->now_us);
        tx_audit(t, "user password", "%.*s", STR_ARG(name));
        return db_run(s, e);
}

int model_user_ntlm(struct tx *t, struct str name, const uint8_t *nt_hash, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ACCOUNT_NTLM, e);

        if (!s)
                return err_number(e->kind);
        touch(t, name);
        db_bind_text(s, 1, name);
        bind_hash(s, 2, nt_hash);
        tx_audit(t, "user ntlm", "%.*s %s", STR_ARG(name), nt_hash ? "on" : "off");
        return db_run(s, e);
}

int model_user_delete(struct tx *t, struct str name, struct err *e)
{
        struct db_stmt *s;
        int r = check_others(t, name, e);

        if (r < 0)
                return r;
        s = db_stmt(t->db, SQL_SITE_ACCOUNT_DELETE, e);
        if (!s)
                return err_number(e->kind);
        touch(t, name);
        db_bind_text(s, 1, name);
        tx_audit(t, "user delete", "%.*s", STR_ARG(name));
        return db_run(s, e);
}

int model_user_hash(struct db_conn *c, struct str name, char out[USER_HASH_MAX], struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_ACCOUNT_HASH, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, name);
        r = db_step(s, e);
        if (r > 0)
                (void)snprintf(out, USER_HASH_MAX, "%.*s", STR_ARG(db_col_text(s, 0)));
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no account %.*s", STR_ARG(name));
        return r < 0 ? r : 0;
}

static int read_one(struct db_stmt *s, struct user *u, struct err *e)
{
        struct str name = db_col_text(s, 0), hash = db_col_text(s, 3), nt = db_col_blob(s, 4);
        int64_t role = db_col_i64(s, 1);

        if (name.n > USER_NAME_MAX || hash.n >= USER_HASH_MAX || role < USER_ANALYST || role > USER_ADMINISTRATOR ||
            (nt.n > 0 && nt.n != USER_NT_HASH_LEN))
                return err_set(e, ERR_CORRUPT, "the row of account %.*s", STR_ARG(name));
        *u = (struct user){ .role = (enum user_role)role, .disabled = db_col_i64(s, 2) != 0, .ntlm = nt.n > 0 };
        memcpy(u->name, name.p, name.n);
        memcpy(u->hash, hash.p, hash.n);
        if (u->ntlm)
                memcpy(u->nt_hash, nt.p, nt.n);
        return 0;
}

int model_users_load(struct db_conn *c, struct users *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_ACCOUNTS, e);
        struct user u;
        int r;

        *out = (struct users){ 0 };
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, USERS_MAX);
        while ((r = db_step(s, e)) > 0) {
                r = read_one(s, &u, e);
                if (r == 0 && users_put(out, &u) < 0)
                        r = err_set(e, ERR_NOMEM, "out of memory for the accounts");
                if (r < 0)
                        break;
        }
        db_reset(s);
        explicit_bzero(&u, sizeof(u));
        if (r < 0)
                users_fini(out);
        return r;
}
