/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * piece - the record in which content lies in packs and travels on the wire
 *
 *      offset  size
 *      0       4       magic "TMPC"
 *      4       4       n: length of the piece, little-endian, 1..PIECE_MAX
 *      8       32      SHA-256 of the n bytes
 *      40      n       the bytes
 *
 * One form for both, so that a run of neighbours in a pack is sent as it lies
 * (sendfile) and received as it will lie, and an index can be rebuilt from
 * packs alone.  tallyman-store(5), tallyman-dp-wire(7).
 */
#include "hash/hash.h"

enum { PIECE_HEADER_LEN = 40 };

struct piece_header {
        uint32_t n;
        struct hash_id id;
};
void piece_header_encode(const struct piece_header *h, uint8_t out[PIECE_HEADER_LEN]);
MUST int piece_header_decode(const uint8_t in[PIECE_HEADER_LEN], struct piece_header *out);     /* 0 or -EINVAL */
