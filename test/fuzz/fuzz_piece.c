/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a run of piece records: what is taken for a header is written again the same. */
#include <stdlib.h>
#include "codec/piece.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct piece_header head;
        uint8_t back[PIECE_HEADER_LEN];

        while (size >= PIECE_HEADER_LEN && piece_header_decode(data, &head) == 0) {
                size_t n = PIECE_HEADER_LEN + head.n;

                if (head.n == 0 || head.n > PIECE_MAX)
                        abort();
                piece_header_encode(&head, back);
                if (memcmp(back, data, PIECE_HEADER_LEN) != 0)
                        abort();
                if (n > size)
                        break;
                if (cut_next(data + PIECE_HEADER_LEN, head.n, true) > head.n)
                        abort();
                data += n;
                size -= n;
        }
        return 0;
}
