/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/buf.h"
#include "codec/piece.h"

static const uint8_t piece_magic[4] = { 'T', 'M', 'P', 'C' };

void piece_header_encode(const struct piece_header *h, uint8_t out[PIECE_HEADER_LEN])
{
        memcpy(out, piece_magic, sizeof(piece_magic));
        put_le32(out + 4, h->n);
        memcpy(out + 8, h->id.b, HASH_LEN);
}

int piece_header_decode(const uint8_t in[PIECE_HEADER_LEN], struct piece_header *out)
{
        uint32_t n = get_le32(in + 4);

        if (memcmp(in, piece_magic, sizeof(piece_magic)) != 0 || n == 0 || n > PIECE_MAX)
                return -EINVAL;
        out->n = n;
        memcpy(out->id.b, in + 8, HASH_LEN);
        return 0;
}
