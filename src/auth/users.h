/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * users - local accounts
 *
 * Accounts are rows of the site database (model/user.h); here is what a wire
 * needs of them, in memory: a list that is read anew when they change.  Names
 * are compared without ASCII case, hold letters, digits and "._@-" only, and are
 * at most 64 bytes.  Passwords are argon2id hashes (RFC 9106) that carry their
 * own parameters.
 *
 * NTLM cannot be answered with such a hash.  An account that is allowed NTLM has
 * an NT hash besides: MD4 of the password, no salt, and as good as the password
 * to whoever steals it.  So it is made only for accounts that are told so, and
 * is gone when NTLM is taken from them.
 *
 * gate is what stands before them on a wire.  Verifying costs ~25 ms and 19 MiB
 * by design, so a gate remembers for a while that a pair was right (a keyed
 * digest of it, never the pair), and slows guessing down: after GATE_FREE_TRIES failures
 * of a name from an address every further one doubles the wait, up to
 * GATE_WAIT_MAX_S; so it is, after ten times as many, for all names from one
 * address, and for one name from all addresses, except from one where that name
 * was right within a day: guessing keeps nobody from work who is at work.  All tables are bounded.
 *
 * Threads    A struct users and a gate belong to one thread.  users_hash() and
 *            users_verify() are pure and may run on any: a gate's caller may
 *            split gate_check() into gate_recall(), users_verify() on a worker
 *            and gate_note().
 */
#include "base/err.h"
#include "base/str.h"

enum user_role { USER_ANALYST, USER_OPERATOR, USER_ADMINISTRATOR };

enum {
        USER_NAME_MAX = 64,
        USER_PASSWORD_MAX = 256,
        USER_HASH_MAX = 128,            /* with the NUL */
        USER_NT_HASH_LEN = 16,
        USERS_MAX = 10000,
        GATE_FREE_TRIES = 5,
        GATE_WAIT_MAX_S = 300,
        GATE_REMEMBER_S = 300,
        GATE_SLOTS = 256,               /* pairs remembered */
        GATE_FAIL_SLOTS = 1024,         /* name and address pairs counted */
};

struct user {
        char name[USER_NAME_MAX + 1];
        enum user_role role;
        char hash[USER_HASH_MAX];
        bool disabled;
        bool ntlm;
        uint8_t nt_hash[USER_NT_HASH_LEN];      /* when ntlm */
};

struct users {
        struct user *v;
        size_t n;
};

const char *user_role_name(enum user_role r);           /* "administrator" */
MUST int user_role_parse(struct str s, enum user_role *out);    /* 0 or -EINVAL */

/* Hash a password with a fresh salt.  ERR_INVALID when empty or longer than USER_PASSWORD_MAX. */
MUST int users_hash(struct str password, char out[USER_HASH_MAX], struct err *e);
/* True when the password is the hash's.  hash NULL costs the same and is false: an unknown name tells no time. */
bool users_verify(const char *hash, struct str password);

void users_fini(struct users *u);               /* wipes it */

/* NULL: none, or disabled.  Lives until the next change. */
const struct user *users_find(const struct users *u, struct str name);
/* An account with its password hashed.  ERR_INVALID: its name or password cannot be one. */
MUST int user_make(struct user *out, struct str name, enum user_role role, struct str password, struct err *e);
/* One more at the end of the list; its name is not looked for.  0 or -ENOMEM. */
MUST int users_put(struct users *u, const struct user *one);
/* 20 characters of [a-zA-Z0-9], 119 bits, for a first password. */
void users_make_password(char out[21]);

/*
 * basic_parse - "Basic dXNlcjpwYXNz" (RFC 7617).
 * @buf  receives the decoded text that the two slices point into; wipe it with
 *       explicit_bzero() after use
 * 0, 1 when the header is absent or another scheme, or -EINVAL.
 */
enum { BASIC_MAX = USER_NAME_MAX + 1 + USER_PASSWORD_MAX };
MUST int basic_parse(struct str header, char buf[BASIC_MAX + 1], struct str *name_out, struct str *password_out);

struct gate;
struct gate *gate_new(void);            /* NULL: out of memory */
void gate_free(struct gate *g);
DEFINE_FREEP(struct gate *, gate_free)

enum {
        GATE_RIGHT = 0,         /* seen right within GATE_REMEMBER_S */
        GATE_UNKNOWN,           /* ask users_verify() and tell gate_note() */
        GATE_WAIT,              /* too many failures; *wait_s_out says how long */
};
/* @address  the peer's address without its port; @user as found, or NULL */
int gate_recall(struct gate *g, const struct user *user, struct str name, struct str password, struct str address,
                unsigned *wait_s_out);
void gate_note(struct gate *g, const struct user *user, struct str name, struct str password, struct str address,
               bool right);
/*
 * The same for a wire that proves without showing a password (NTLM): how long such a logon must wait, 0 not at all;
 * and how it ended.
 */
unsigned gate_wait_s(struct gate *g, struct str name, struct str address);
void gate_count(struct gate *g, struct str name, struct str address, bool right);
/*
 * gate_check - the three steps in one, on the caller's thread.
 * @user_out  the account, on success
 * ERR_DENIED: wrong name or password (one text for both).  ERR_QUOTA: too many failures, with the wait.
 */
MUST int gate_check(struct gate *g, const struct users *u, struct str name, struct str password, struct str address,
                    const struct user **user_out, struct err *e);
