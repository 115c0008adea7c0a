/* SPDX-License-Identifier: Apache-2.0 */
#include "dp/piece_stream.h"

void piece_stream_init(struct piece_stream *s)
{
        *s = (struct piece_stream){ 0 };
}

void piece_stream_resume(struct piece_stream *s)
{
        s->have = 0;
        s->again = s->open;
}

static enum piece_stream_event bad(struct piece_stream *s)
{
        s->bad = true;
        return PIECE_STREAM_BAD;
}

enum piece_stream_event piece_stream_step(struct piece_stream *s, const uint8_t **p, size_t *n, struct str *bytes_out)
{
        size_t take;

        if (s->bad)
                return PIECE_STREAM_BAD;
        if (!s->open || s->again) {
                if (*n == 0)
                        return PIECE_STREAM_MORE;
                take = MIN((size_t)(PIECE_HEADER_LEN - s->have), *n);
                /* A repeated header is compared as it comes, so that the kept one stays. */
                if (s->again) {
                        if (memcmp(s->raw + s->have, *p, take) != 0)
                                return bad(s);
                } else {
                        memcpy(s->raw + s->have, *p, take);
                }
                s->have += (uint32_t)take;
                *p += take;
                *n -= take;
                if (s->have < PIECE_HEADER_LEN)
                        return PIECE_STREAM_MORE;
                s->have = 0;
                if (!s->again) {
                        if (piece_header_decode(s->raw, &s->h) != 0)
                                return bad(s);
                        s->open = true;
                        s->done = 0;
                        return PIECE_STREAM_HEADER;
                }
                s->again = false;
        }
        if (s->done == s->h.n) {
                s->open = false;
                return PIECE_STREAM_END;
        }
        if (*n == 0)
                return PIECE_STREAM_MORE;
        take = MIN((size_t)(s->h.n - s->done), *n);
        *bytes_out = (struct str){ (const char *)*p, take };
        s->done += (uint32_t)take;
        *p += take;
        *n -= take;
        return PIECE_STREAM_BYTES;
}
