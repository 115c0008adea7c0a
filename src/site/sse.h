/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sse - a stream of server-sent events, taken apart
 *
 * Bytes go in as they come off the wire, in pieces of any size; whole events
 * come out.  Pure: no clock, no socket.  What the peer sends is hostile: an
 * event larger than the limit is an error, never memory without end.
 *
 * Source: WHATWG HTML 9.2 "Server-sent events" (fields id, event, data; comment
 * lines; CR, LF and CRLF; an event without data is none).  `retry` is ignored:
 * the reader has its own pace.
 */
#include "base/buf.h"

struct sse_event {
        struct str id;                  /* last one seen on the stream; may be empty */
        struct str type;                /* "message" when none was given */
        struct str data;                /* lines joined by '\n', NUL behind */
};

struct sse {
        struct buf line;                /* of the line that is still open */
        struct buf data, type, id;
        bool has_data;
        bool after_cr;                  /* the next LF belongs to the CR before it */
};

void sse_init(struct sse *s, size_t limit);
void sse_fini(struct sse *s);
/* fn non-zero ends the feeding; its value is returned. -EMSGSIZE when an event passes the limit. */
MUST int sse_feed(struct sse *s, const void *p, size_t n, int (*fn)(void *ctx, const struct sse_event *ev), void *ctx);
