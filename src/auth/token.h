/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * token - what an administrator carries from the site to a new distribution point
 *
 *      tm1.<name, base64url>.<SHA-256 of the authority's DER, base64url>.<24 random bytes, base64url>
 *
 * The name says who enrols, the digest lets the distribution point know the
 * right site before it trusts anything, the secret lets the site know the
 * distribution point, once.  The site keeps token_hash() of it only.
 * Pure functions; any thread.
 */
#include "base/err.h"
#include "base/str.h"

enum {
        TOKEN_SECRET_LEN = 24,
        TOKEN_NAME_MAX = 255,           /* bytes */
        TOKEN_TEXT_MAX = 4 + 340 + 1 + 43 + 1 + 32 + 1,         /* with the NUL */
};

struct token {
        char name[TOKEN_NAME_MAX + 1];
        uint8_t ca_sha256[32];
        uint8_t secret[TOKEN_SECRET_LEN];
};

/* A token with a fresh secret.  ERR_INVALID when the name is empty, too long or holds a NUL. */
MUST int token_make(struct token *out, struct str name, const uint8_t ca_sha256[32], struct err *e);
void token_format(const struct token *t, char out[TOKEN_TEXT_MAX]);
/* Blanks and line ends around the text are forgiven.  ERR_INVALID says which part is wrong, never what it holds. */
MUST int token_parse(struct str text, struct token *out, struct err *e);
/* SHA-256 of name and secret: what the site keeps and compares. */
void token_hash(const struct token *t, uint8_t out[32]);
/* Bytewise equality in constant time. */
bool secret_eq(const void *a, const void *b, size_t n);
