/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts in memory and their changes. */
#include <errno.h>
#include "auth/users.h"

static const char *const role_names[] = {
        [USER_ANALYST] = "analyst",
        [USER_OPERATOR] = "operator",
        [USER_ADMINISTRATOR] = "administrator",
};

const char *user_role_name(enum user_role r)
{
        return role_names[r];
}

int user_role_parse(struct str s, enum user_role *out)
{
        for (size_t i = 0; i < ARRAY_SIZE(role_names); i++) {
                if (str_eqz_nocase(s, role_names[i])) {
                        *out = (enum user_role)i;
                        return 0;
                }
        }
        return -EINVAL;
}

static struct user *find(const struct users *u, struct str name)
{
        for (size_t i = 0; i < u->n; i++)
                if (str_eqz_nocase(name, u->v[i].name))
                        return &u->v[i];
        return NULL;
}

const struct user *users_find(const struct users *u, struct str name)
{
        return find(u, name);
}

static int must_find(const struct users *u, struct str name, struct user **out, struct err *e)
{
        *out = find(u, name);
        return *out ? 0 : err_set(e, ERR_NOT_FOUND, "there is no account %.*s", (int)MIN(name.n, (size_t)100), name.p);
}

static int check_name(struct str name, struct err *e)
{
        bool ok = name.n > 0 && name.n <= USER_NAME_MAX;

        for (size_t i = 0; ok && i < name.n; i++)
                ok = memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-", name.p[i], 66) != NULL;
        return ok ? 0 : err_set(e, ERR_INVALID, "an account's name has 1 to %d of the characters a-z A-Z 0-9 . _ @ -",
                                USER_NAME_MAX);
}

/* Room for one more at the end of v. */
static struct user *append(struct users *u)
{
        struct user *v = realloc(u->v, (u->n + 1) * sizeof(*v));

        if (!v)
                return NULL;
        u->v = v;
        memset(&v[u->n], 0, sizeof(*v));
        return &v[u->n++];
}

int users_add(struct users *u, struct str name, enum user_role role, struct str password, struct err *e)
{
        char hash[USER_HASH_MAX];
        struct user *n;
        int r = check_name(name, e);

        if (r < 0)
                return r;
        if (find(u, name))
                return err_set(e, ERR_EXISTS, "there is an account %.*s already", STR_ARG(name));
        if (u->n >= USERS_MAX)
                return err_set(e, ERR_QUOTA, "there are %d accounts, the most there may be", USERS_MAX);
        r = users_hash(password, hash, e);
        if (r < 0)
                return r;
        n = append(u);
        if (!n)
                return err_set(e, ERR_NOMEM, "out of memory for an account");
        memcpy(n->name, name.p, name.n);
        n->role = role;
        memcpy(n->hash, hash, sizeof(hash));
        return 0;
}

int users_set_password(struct users *u, struct str name, struct str password, struct err *e)
{
        char hash[USER_HASH_MAX];
        struct user *a;
        int r = must_find(u, name, &a, e);

        if (r == 0)
                r = users_hash(password, hash, e);
        if (r == 0)
                memcpy(a->hash, hash, sizeof(hash));
        return r;
}

static int keep_an_administrator(const struct users *u, const struct user *leaving, struct err *e)
{
        for (size_t i = 0; i < u->n; i++)
                if (&u->v[i] != leaving && u->v[i].role == USER_ADMINISTRATOR)
                        return 0;
        if (leaving->role != USER_ADMINISTRATOR)
                return 0;
        return err_set(e, ERR_CONFLICT, "%s is the last administrator: make another one first", leaving->name);
}

int users_set_role(struct users *u, struct str name, enum user_role role, struct err *e)
{
        struct user *a;
        int r = must_find(u, name, &a, e);

        if (r == 0 && role != USER_ADMINISTRATOR)
                r = keep_an_administrator(u, a, e);
        if (r == 0)
                a->role = role;
        return r;
}

int users_remove(struct users *u, struct str name, struct err *e)
{
        struct user *a;
        int r = must_find(u, name, &a, e);

        if (r == 0)
                r = keep_an_administrator(u, a, e);
        if (r < 0)
                return r;
        *a = u->v[--u->n];
        return 0;
}

void users_fini(struct users *u)
{
        free(u->v);
        *u = (struct users){ 0 };
}
