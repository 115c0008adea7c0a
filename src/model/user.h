/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * user - accounts of the site as rows
 *
 * The list that wires ask (auth/users.h) is read from here at start and after
 * every change of TM_User.  The site never loses its last administrator that may
 * log on: what would is ERR_CONFLICT.
 *
 * Passwords come hashed; hashing takes ~25 ms by design.
 *
 * Threads: those with a struct tx on the db writer, the others wherever the connection is owned.
 */
#include "auth/users.h"
#include "model/tx.h"

/* ERR_EXISTS when there is one of that name. */
MUST int model_user_create(struct tx *t, const struct user *u, struct err *e);
MUST int model_user_set(struct tx *t, struct str name, enum user_role role, bool disabled, struct err *e);
/* nt_hash NULL: the account is not allowed NTLM. */
MUST int model_user_password(struct tx *t, struct str name, const char *hash, const uint8_t *nt_hash, struct err *e);
MUST int model_user_ntlm(struct tx *t, struct str name, const uint8_t *nt_hash, struct err *e);
MUST int model_user_delete(struct tx *t, struct str name, struct err *e);
/* The argon2id hash of an account.  ERR_NOT_FOUND. */
MUST int model_user_hash(struct db_conn *c, struct str name, char out[USER_HASH_MAX], struct err *e);
/* All accounts; users_fini() them.  ERR_CORRUPT when a row cannot be one. */
MUST int model_users_load(struct db_conn *c, struct users *out, struct err *e);
