/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * crypt - the old algorithms that NTLM is made of
 *
 * MD4 and RC4 live in OpenSSL's legacy provider, which need not be there, and a
 * system in FIPS mode has no MD5 either; so all three are here, in the plain.
 * They serve NTLM alone; nothing else in this project may use them.
 *
 * Threads: pure; a context belongs to whoever holds it.
 * Source: RFC 1320 (MD4), RFC 1321 (MD5), RFC 2104 (HMAC); [MS-NLMP] 6 (RC4).
 */
#include "base/str.h"

enum { MD_LEN = 16, MD_BLOCK = 64, RC4_KEY_MAX = 256 };

struct md {
        uint32_t s[4];
        uint64_t n;                     /* octets so far */
        uint8_t block[MD_BLOCK];
        void (*compress)(uint32_t s[4], const uint8_t block[MD_BLOCK]);
};
void md4_init(struct md *m);
void md5_init(struct md *m);
void md_add(struct md *m, const void *p, size_t n);
void md_end(struct md *m, uint8_t out[MD_LEN]);         /* wipes the context */

/* Digest and keyed digest of several slices, one after another. */
void md4_of(const struct str *v, size_t n, uint8_t out[MD_LEN]);
void md5_of(const struct str *v, size_t n, uint8_t out[MD_LEN]);
void hmac_md5(const void *key, size_t key_n, const struct str *v, size_t n, uint8_t out[MD_LEN]);

struct rc4 {
        uint8_t s[256];
        uint8_t i, j;
};
void rc4_init(struct rc4 *c, const void *key, size_t n);        /* 1 <= n <= RC4_KEY_MAX */
void rc4_apply(struct rc4 *c, uint8_t *p, size_t n);            /* in place, in both directions */
