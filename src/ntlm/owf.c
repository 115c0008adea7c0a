/* SPDX-License-Identifier: Apache-2.0 */
/* One-way functions of a password: NT hash and NTOWFv2. */
#include "base/fold.h"
#include "base/utf16.h"
#include "ntlm/ntlm.h"

void ntlm_hash(struct str password, uint8_t out[NTLM_HASH_LEN])
{
        struct buf b;

        buf_init(&b, 4096);
        utf16_encode(password, &b);
        md4_of(&(struct str){ b.p, b.n }, 1, out);
        if (b.p)
                explicit_bzero(b.p, b.cap);
        buf_fini(&b);
}

/* Windows folds code unit by code unit, so half a surrogate pair stays what it is. */
static void upper(struct str s, uint8_t out[NTLM_NAME_MAX])
{
        for (size_t i = 0; i + 1 < s.n; i += 2) {
                const uint8_t *p = (const uint8_t *)s.p + i;
                uint32_t c = fold_char((uint32_t)p[0] | (uint32_t)p[1] << 8);

                out[i] = (uint8_t)c;
                out[i + 1] = (uint8_t)(c >> 8);
        }
}

void ntlm_owf(const uint8_t nt_hash[NTLM_HASH_LEN], struct str user, struct str domain, uint8_t out[NTLM_HASH_LEN])
{
        uint8_t name[NTLM_NAME_MAX] = { 0 };
        struct str v[] = { { (const char *)name, MIN(user.n, (size_t)NTLM_NAME_MAX) }, domain };

        user.n = v[0].n;
        upper(user, name);
        hmac_md5(nt_hash, NTLM_HASH_LEN, v, 2, out);
}
