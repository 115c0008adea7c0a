/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * piece_stream - where records begin and end in a stream of bytes
 *
 * Bytes in, events out; nothing is allocated and nothing is copied but the 40
 * bytes of a header.  Hashes are not looked at here: whoever takes the bytes
 * checks them (plan.h).
 *
 * A stream that broke off may be continued: piece_stream_resume() says that what
 * comes next is a new answer whose first record is the one under way, its full
 * header first, its bytes from piece_stream_offset() on.
 *
 * Source  tallyman-dp-wire(7), "CONTENT"; codec/piece.h
 */
#include "base/str.h"
#include "codec/piece.h"

enum piece_stream_event {
        PIECE_STREAM_MORE,      /* all input is used up */
        PIECE_STREAM_HEADER,    /* a record begins: raw, h */
        PIECE_STREAM_BYTES,     /* some of its bytes, borrowed from the input */
        PIECE_STREAM_END,       /* it is complete */
        PIECE_STREAM_BAD,       /* this is no piece stream; nothing follows */
};

struct piece_stream {
        uint8_t raw[PIECE_HEADER_LEN];  /* header of the record under way */
        struct piece_header h;
        uint32_t have;                  /* header bytes collected */
        uint32_t done;                  /* bytes of the record that came */
        bool open;                      /* a header was accepted, its record is not complete */
        bool again;                     /* the header of an open record is being repeated */
        bool bad;
};

void piece_stream_init(struct piece_stream *s);
/* Consumes from *p, *n up to the next event; call until PIECE_STREAM_MORE or BAD. */
enum piece_stream_event piece_stream_step(struct piece_stream *s, const uint8_t **p, size_t *n, struct str *bytes_out);
void piece_stream_resume(struct piece_stream *s);
/* Bytes of the record under way that came already; 0 between records. */
static inline uint32_t piece_stream_offset(const struct piece_stream *s)
{
        return s->open ? s->done : 0;
}
