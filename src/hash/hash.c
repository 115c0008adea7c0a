/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by OpenSSL's EVP with a context that is set up once: EVP_DigestInit_ex
 * with a NULL type starts the same digest again without a fetch, which matters
 * when a piece is a few hundred bytes.
 *
 * OpenSSL can fail here only when its provider cannot be loaded, which
 * hasher_new() has found out; afterwards a failure is an abort, never a wrong id.
 */
#include <openssl/evp.h>
#include "base/hex.h"
#include "hash/hash.h"

struct hasher {
        EVP_MD_CTX *ctx;
};

void hash_id_hex(const struct hash_id *id, char out[HASH_HEX_LEN + 1])
{
        hex_encode(id->b, HASH_LEN, out);
}

int hash_id_parse(struct str hex, struct hash_id *out)
{
        return hex_decode(hex, out->b, HASH_LEN);
}

struct hasher *hasher_new(void)
{
        struct hasher *h = calloc(1, sizeof(*h));

        if (!h)
                return NULL;
        h->ctx = EVP_MD_CTX_new();
        if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
                hasher_free(h);
                return NULL;
        }
        return h;
}

void hasher_free(struct hasher *h)
{
        if (!h)
                return;
        EVP_MD_CTX_free(h->ctx);
        free(h);
}

void hasher_begin(struct hasher *h)
{
        if (EVP_DigestInit_ex(h->ctx, NULL, NULL) != 1)
                abort();
}

void hasher_add(struct hasher *h, const void *p, size_t n)
{
        if (n > 0 && EVP_DigestUpdate(h->ctx, p, n) != 1)
                abort();
}

void hasher_end(struct hasher *h, struct hash_id *out)
{
        unsigned len = 0;

        if (EVP_DigestFinal_ex(h->ctx, out->b, &len) != 1 || len != HASH_LEN)
                abort();
}

void hash_bytes_id(struct hasher *h, const void *p, size_t n, struct hash_id *out)
{
        hasher_begin(h);
        hasher_add(h, p, n);
        hasher_end(h, out);
}
