/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: hashed, verified, made up, taken from a header. */
#include <argon2.h>
#include <errno.h>
#include <openssl/crypto.h>
#include "auth/users.h"
#include "base/hex.h"
#include "os/os.h"

/* RFC 9106 4 says to take what one can afford; these are the least that OWASP's cheat sheet recommends, for a site
 * server that shares its machine. */
enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT_LEN = 16, TAG_LEN = 32 };

int users_hash(struct str password, char out[USER_HASH_MAX], struct err *e)
{
        uint8_t salt[SALT_LEN];
        int r;

        if (password.n == 0 || password.n > USER_PASSWORD_MAX)
                return err_set(e, ERR_INVALID, "a password has 1 to %d bytes", USER_PASSWORD_MAX);
        os_random(salt, sizeof(salt));
        r = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, sizeof(salt), TAG_LEN, out,
                                  USER_HASH_MAX);
        return r == ARGON2_OK ? 0 : err_set(e, ERR_NOMEM, "hash a password: %s", argon2_error_message(r));
}

bool users_verify(const char *hash, struct str password)
{
        uint8_t salt[SALT_LEN] = { 0 }, tag[TAG_LEN];

        if (password.n > USER_PASSWORD_MAX)
                return false;
        if (hash)
                return argon2id_verify(hash, password.p ? password.p : "", password.n) == ARGON2_OK;
        (void)argon2id_hash_raw(PASSES, MEMORY_KIB, LANES, password.p ? password.p : "", password.n, salt, sizeof(salt),
                                tag, sizeof(tag));
        return false;
}

void users_make_password(char out[21])
{
        static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

        for (size_t i = 0; i < 20;) {
                uint8_t b;

                os_random(&b, 1);
                if (b < 248)            /* 4 * 62: every character equally likely */
                        out[i++] = set[b % 62];
        }
        out[20] = '\0';
}

int basic_parse(struct str header, char buf[BASIC_MAX + 1], struct str *name_out, struct str *password_out)
{
        struct str scheme, coded = str_trim(str_cut(str_trim(header), ' ', &scheme));
        size_t n = 0;

        if (!str_eqz_nocase(scheme, "Basic"))
                return 1;
        if (coded.n == 0 || base64_decode(coded, buf, BASIC_MAX, &n) < 0)
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)     /* RFC 7617 2 */
                        return -EINVAL;
        buf[n] = '\0';
        *password_out = str_cut((struct str){ buf, n }, ':', name_out);
        if (!password_out->p || name_out->n > USER_NAME_MAX || password_out->n > USER_PASSWORD_MAX)
                return -EINVAL;
        return 0;
}
