/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_user - TM_User: accounts made, changed and allowed NTLM
 *
 * A password is given or made up; one that was made up is told once, in the
 * answer, and is nowhere else.
 */
#include "model/user.h"
#include "ntlm/ntlm.h"
#include "provider/private.h"

/* The password to use: what was given, or 20 fresh characters in made, which the caller is told. */
static struct str password_of(const struct call *c, char made[21])
{
        struct str given = call_str(c, "Password");

        if (given.p)
                return given;
        users_make_password(made);
        call_out_str(c, "NewPassword", (struct str){ made, 20 });
        return (struct str){ made, 20 };
}

static int create(struct call *c, struct err *e)
{
        uint32_t role = call_u32(c, "Role");
        struct user u = { 0 };
        char made[21] = "";
        struct str password = password_of(c, made);
        int r;

        if (role > USER_ADMINISTRATOR)
                return err_set(e, ERR_INVALID, "a Role is 0 (analyst), 1 (operator) or 2 (administrator)");
        r = user_make(&u, call_str(c, "UserName"), (enum user_role)role, password, e);
        if (r == 0 && call_bool(c, "Ntlm", false)) {
                u.ntlm = true;
                ntlm_hash(password, u.nt_hash);
        }
        if (r == 0)
                r = model_user_create(c->t, &u, e);
        explicit_bzero(&u, sizeof(u));
        explicit_bzero(made, sizeof(made));
        return r;
}

static bool has_ntlm(const struct call *c)
{
        const struct cim_value *v = cim_get(c->self, "NtlmEnabled");

        return v && v->i != 0;
}

static int store(struct call *c, struct str password, bool ntlm, struct err *e)
{
        char hash[USER_HASH_MAX];
        uint8_t nt[NTLM_HASH_LEN];
        int r = users_hash(password, hash, e);

        if (r < 0)
                return r;
        ntlm_hash(password, nt);
        r = model_user_password(c->t, self_str(c, "UserName"), hash, ntlm ? nt : NULL, e);
        explicit_bzero(nt, sizeof(nt));
        return r;
}

static int set_password(struct call *c, struct err *e)
{
        char made[21] = "";
        int r = store(c, password_of(c, made), has_ntlm(c), e);

        explicit_bzero(made, sizeof(made));
        return r;
}

/* With the password it has: that is checked and stays.  Without: it gets a new one. */
static int enable_ntlm(struct call *c, struct err *e)
{
        struct str name = self_str(c, "UserName"), given = call_str(c, "Password");
        char hash[USER_HASH_MAX], made[21] = "";
        uint8_t nt[NTLM_HASH_LEN];
        int r;

        if (!given.p) {
                r = store(c, password_of(c, made), true, e);
                explicit_bzero(made, sizeof(made));
                return r;
        }
        r = model_user_hash(c->t->db, name, hash, e);
        if (r < 0)
                return r;
        if (!users_verify(hash, given))
                return err_set(e, ERR_DENIED, "that is not the password of %.*s: NTLM needs the one it has, or set a new one",
                               STR_ARG(name));
        ntlm_hash(given, nt);
        r = model_user_ntlm(c->t, name, nt, e);
        explicit_bzero(nt, sizeof(nt));
        return r;
}

static int disable_ntlm(struct call *c, struct err *e)
{
        return model_user_ntlm(c->t, self_str(c, "UserName"), NULL, e);
}

const struct provider_method provider_user_methods[] = {
        { "TM_User", "Create", create },
        { "TM_User", "SetPassword", set_password },
        { "TM_User", "EnableNtlm", enable_ntlm },
        { "TM_User", "DisableNtlm", disable_ntlm },
        { 0 },
};
