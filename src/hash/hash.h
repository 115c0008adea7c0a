/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * hash - content identity: SHA-256 and content-defined cutting
 *
 * SHA-256 is what ConfigMgr's content library uses (algorithm id 0x800C).  A
 * hasher keeps its OpenSSL context, so a piece costs no allocation.
 */
#include "base/macros.h"
#include "base/str.h"

enum { HASH_LEN = 32, HASH_HEX_LEN = 64 };

struct hash_id {
        uint8_t b[HASH_LEN];
};
static inline bool hash_id_eq(const struct hash_id *a, const struct hash_id *b)
{
        return memcmp(a->b, b->b, HASH_LEN) == 0;
}
void hash_id_hex(const struct hash_id *id, char out[HASH_HEX_LEN + 1]);
MUST int hash_id_parse(struct str hex, struct hash_id *out);    /* 0 or -EINVAL */

struct hasher;                          /* one thread at a time */
struct hasher *hasher_new(void);        /* NULL: out of memory */
void hasher_free(struct hasher *h);
DEFINE_FREEP(struct hasher *, hasher_free)
void hasher_begin(struct hasher *h);
void hasher_add(struct hasher *h, const void *p, size_t n);
void hasher_end(struct hasher *h, struct hash_id *out);
void hash_bytes_id(struct hasher *h, const void *p, size_t n, struct hash_id *out);     /* begin, add, end */

/*
 * Where to cut a large file into pieces (FastCDC-class gear hash, normalised;
 * parameters argued in docs/decisions/).  Files of at most PIECE_WHOLE bytes are
 * one piece.
 * cut_next - length of the first piece of the n bytes at p.
 * @last  no more bytes follow; otherwise n must be at least PIECE_MAX.
 */
enum { PIECE_MIN = 32 << 10, PIECE_AVG = 128 << 10, PIECE_MAX = 512 << 10, PIECE_WHOLE = 256 << 10 };
size_t cut_next(const uint8_t *p, size_t n, bool last);
