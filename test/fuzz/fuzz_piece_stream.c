/* SPDX-License-Identifier: Apache-2.0 */
/* Content as it may come: in any portions, broken off anywhere, or no content at all. */
#include <assert.h>
#include "dp/piece_stream.h"

/* Feeds one portion; false when the stream is bad. */
static bool feed(struct piece_stream *s, const uint8_t *p, size_t n)
{
        const uint8_t *end = p + n;
        struct str bytes;

        for (;;) {
                switch (piece_stream_step(s, &p, &n, &bytes)) {
                case PIECE_STREAM_MORE:
                        assert(n == 0 && p == end);
                        return true;
                case PIECE_STREAM_HEADER:
                        assert(s->h.n > 0 && s->h.n <= PIECE_MAX && s->done == 0);
                        break;
                case PIECE_STREAM_BYTES:
                        assert(bytes.n > 0 && s->done <= s->h.n && (const uint8_t *)bytes.p + bytes.n <= end);
                        break;
                case PIECE_STREAM_END:
                        assert(s->done == s->h.n && piece_stream_offset(s) == 0);
                        break;
                case PIECE_STREAM_BAD:
                        return false;
                }
        }
}

/* The first byte is the size of a portion, and says whether the stream breaks off between portions. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct piece_stream s;
        size_t portion;
        bool breaks;

        if (n == 0)
                return 0;
        portion = (p[0] & 0x7f) + 1u;
        breaks = p[0] & 0x80;
        piece_stream_init(&s);
        for (size_t at = 1; at < n; at += portion) {
                if (!feed(&s, p + at, MIN(portion, n - at)))
                        break;
                if (breaks)
                        piece_stream_resume(&s);
        }
        return 0;
}
