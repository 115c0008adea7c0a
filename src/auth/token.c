/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment tokens: made, written, read. */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include "auth/token.h"
#include "base/hex.h"
#include "os/os.h"

int token_make(struct token *out, struct str name, const uint8_t ca_sha256[32], struct err *e)
{
        memset(out, 0, sizeof(*out));
        if (name.n == 0 || name.n > TOKEN_NAME_MAX || memchr(name.p, '\0', name.n))
                return err_set(e, ERR_INVALID, "a distribution point's name has 1 to %d bytes", TOKEN_NAME_MAX);
        memcpy(out->name, name.p, name.n);
        memcpy(out->ca_sha256, ca_sha256, sizeof(out->ca_sha256));
        os_random(out->secret, sizeof(out->secret));
        return 0;
}

void token_format(const struct token *t, char out[TOKEN_TEXT_MAX])
{
        size_t n = strlen(t->name);

        memcpy(out, "tm1.", 4);
        out += 4;
        base64url_encode(t->name, n, out);
        out += base64url_len(n);
        *out++ = '.';
        base64url_encode(t->ca_sha256, sizeof(t->ca_sha256), out);
        out += base64url_len(sizeof(t->ca_sha256));
        *out++ = '.';
        base64url_encode(t->secret, sizeof(t->secret), out);
}

static int part(struct str text, void *out, size_t cap, size_t exact, const char *what, struct err *e)
{
        size_t n = 0;

        if (base64url_decode(text, out, cap, &n) < 0 || (exact ? n != exact : n == 0 || memchr(out, '\0', n)))
                return err_set(e, ERR_INVALID, "the enrolment token's %s is damaged: copy the token again", what);
        return 0;
}

int token_parse(struct str text, struct token *out, struct err *e)
{
        struct str name, digest, secret;
        int r;

        memset(out, 0, sizeof(*out));
        text = str_trim(text);
        if (!str_starts(text, "tm1."))
                return err_set(e, ERR_INVALID, "this is not an enrolment token: it begins with \"tm1.\"");
        secret = str_cut(str_cut(str_from(text, 4), '.', &name), '.', &digest);
        r = part(name, out->name, TOKEN_NAME_MAX, 0, "name", e);
        if (r == 0)
                r = part(digest, out->ca_sha256, sizeof(out->ca_sha256), sizeof(out->ca_sha256), "site digest", e);
        if (r == 0)
                r = part(secret, out->secret, sizeof(out->secret), sizeof(out->secret), "secret", e);
        return r;
}

void token_hash(const struct token *t, uint8_t out[32])
{
        uint8_t all[TOKEN_NAME_MAX + 1 + TOKEN_SECRET_LEN];
        size_t n = strlen(t->name) + 1;         /* the NUL keeps name and secret apart */

        memcpy(all, t->name, n);
        memcpy(all + n, t->secret, TOKEN_SECRET_LEN);
        SHA256(all, n + TOKEN_SECRET_LEN, out);
        OPENSSL_cleanse(all, sizeof(all));
}

bool secret_eq(const void *a, const void *b, size_t n)
{
        return CRYPTO_memcmp(a, b, n) == 0;
}
