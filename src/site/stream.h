/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * stream - server-sent events of a site, pulled one at a time
 *
 * A stream owns its connection, so that requests may be made on the same struct
 * tallyman between two events.  When the connection breaks it is made again
 * behind the last event that was received; pauses between tries grow to five
 * seconds.  A site that refuses the first connection is an error at once.
 *
 * What came and was not asked for yet waits in the stream, at most what one
 * reading of the socket gave; beyond that the site waits.
 */
#include "site/client.h"

struct stream_event {
        int64_t sequence;               /* the event's id; the position before it when it has none */
        char *type;
        char *data;                     /* NUL-terminated */
};
void stream_event_free(struct stream_event *ev);
DEFINE_FREEP(struct stream_event *, stream_event_free)

struct stream;
/* @resource  "/AdminService/events?class=..."; @from: behind this position, or TALLYMAN_FROM_NOW. Does not connect yet. */
int stream_open(struct stream **out, struct tallyman *t, const char *resource, int64_t from, struct tallyman_error *e);
void stream_close(struct stream *s);    /* NULL is harmless */
DEFINE_FREEP(struct stream *, stream_close)
/*
 * The next event; 0, STREAM_TIME_UP at @deadline_us (of os_mono_us()), or -1: refused, gone, cancelled.
 * A deadline in the past takes only what is there.
 */
enum { STREAM_TIME_UP = 1 };
int stream_next(struct stream *s, int64_t deadline_us, struct stream_event **out, struct tallyman_error *e);
/* Connect and wait until the site has accepted; results as of stream_next(). */
int stream_ready(struct stream *s, int64_t deadline_us, struct tallyman_error *e);
/* Behind everything received; TALLYMAN_FROM_NOW before the first answer. */
int64_t stream_position(const struct stream *s);
