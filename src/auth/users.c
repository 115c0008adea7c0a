/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts in memory. */
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

const struct user *users_find(const struct users *u, struct str name)
{
        for (size_t i = 0; i < u->n; i++)
                if (str_eqz_nocase(name, u->v[i].name))
                        return u->v[i].disabled ? NULL : &u->v[i];
        return NULL;
}

static int check_name(struct str name, struct err *e)
{
        bool ok = name.n > 0 && name.n <= USER_NAME_MAX;

        for (size_t i = 0; ok && i < name.n; i++)
                ok = memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-", name.p[i], 66) != NULL;
        return ok ? 0 : err_set(e, ERR_INVALID, "an account's name has 1 to %d of the characters a-z A-Z 0-9 . _ @ -",
                                USER_NAME_MAX);
}

int user_make(struct user *out, struct str name, enum user_role role, struct str password, struct err *e)
{
        int r = check_name(name, e);

        if (r < 0)
                return r;
        *out = (struct user){ .role = role };
        memcpy(out->name, name.p, name.n);
        return users_hash(password, out->hash, e);
}

int users_put(struct users *u, const struct user *one)
{
        struct user *v = malloc((u->n + 1) * sizeof(*v));

        if (!v)
                return -ENOMEM;
        if (u->n > 0)
                memcpy(v, u->v, u->n * sizeof(*v));
        v[u->n] = *one;
        if (u->n > 0)
                explicit_bzero(u->v, u->n * sizeof(*v));
        free(u->v);
        u->v = v;
        u->n++;
        return 0;
}

void users_fini(struct users *u)
{
        if (u->v)
                explicit_bzero(u->v, u->n * sizeof(*u->v));
        free(u->v);
        *u = (struct users){ 0 };
}
