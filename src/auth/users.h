/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * users - local accounts
 *
 * Accounts live in one small text file, one a line,
 *
 *      # tallyman users 1
 *      admin:administrator:$argon2id$v=19$m=19456,t=2,p=1$...$...
 *
 * replaced as a whole on every change (os_write_file), mode 0600.  Names are
 * compared without ASCII case, hold letters, digits and "._@-" only, and are at
 * most 64 bytes.  Passwords are argon2id hashes (RFC 9106) that carry their own
 * parameters.
 *
 * gate is what stands before them on a wire.  Verifying costs ~25 ms and 19 MiB
 * by design, so a gate remembers for a while that a pair was right (a keyed
 * digest of it, never the pair), and slows guessing down: after GATE_FREE_TRIES failures
 * of a name from an address every further one doubles the wait, up to
 * GATE_WAIT_MAX_S.  Both tables are bounded.
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

/* The file as text and back.  users_parse: ERR_CORRUPT names the line. */
MUST int users_parse(struct users *out, struct str text, struct err *e);
MUST int users_format(const struct users *u, char **out);       /* 0 or -ENOMEM */
/* A file that is not there gives no users.  */
MUST int users_load(struct users *out, int dirfd, const char *name, struct err *e);
MUST int users_save(const struct users *u, int dirfd, const char *name, struct err *e);
void users_fini(struct users *u);

const struct user *users_find(const struct users *u, struct str name);  /* NULL: none; lives until the next change */
/* In memory; users_save() makes them last. ERR_EXISTS, ERR_NOT_FOUND, ERR_INVALID; users_remove and
 * users_set_role refuse to leave no administrator: ERR_CONFLICT. */
MUST int users_add(struct users *u, struct str name, enum user_role role, struct str password, struct err *e);
MUST int users_set_password(struct users *u, struct str name, struct str password, struct err *e);
MUST int users_set_role(struct users *u, struct str name, enum user_role role, struct err *e);
MUST int users_remove(struct users *u, struct str name, struct err *e);
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
 * gate_check - the three steps in one, on the caller's thread.
 * @user_out  the account, on success
 * ERR_DENIED: wrong name or password (one text for both).  ERR_QUOTA: too many failures, with the wait.
 */
MUST int gate_check(struct gate *g, const struct users *u, struct str name, struct str password, struct str address,
                    const struct user **user_out, struct err *e);
