/* SPDX-License-Identifier: Apache-2.0 */
/* RC4: one continuous stream a handle. */
#include <assert.h>
#include "ntlm/crypt.h"

static void swap(struct rc4 *c, uint8_t a, uint8_t b)
{
        uint8_t t = c->s[a];

        c->s[a] = c->s[b];
        c->s[b] = t;
}

void rc4_init(struct rc4 *c, const void *key, size_t n)
{
        const uint8_t *k = key;
        uint8_t j = 0;

        assert(n > 0 && n <= RC4_KEY_MAX);
        for (unsigned i = 0; i < 256; i++)
                c->s[i] = (uint8_t)i;
        for (unsigned i = 0; i < 256; i++) {
                j = (uint8_t)(j + c->s[i] + k[i % n]);
                swap(c, (uint8_t)i, j);
        }
        c->i = c->j = 0;
}

void rc4_apply(struct rc4 *c, uint8_t *p, size_t n)
{
        for (size_t at = 0; at < n; at++) {
                c->i++;
                c->j = (uint8_t)(c->j + c->s[c->i]);
                swap(c, c->i, c->j);
                p[at] ^= c->s[(uint8_t)(c->s[c->i] + c->s[c->j])];
        }
}
