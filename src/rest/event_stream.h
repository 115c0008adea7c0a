/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * event_stream - what is common to changes (events.c) and event queries (event_query.c) as server-sent events
 *
 * Whoever listens writes into out and wakes the stream; when QUEUE_MAX bytes
 * wait it refuses, sets paused, and is asked to go on when the peer has read.
 */
#include "rest/private.h"

enum { EVENT_QUEUE_MAX = 256 << 10, EVENT_CLASSES_MAX = 32 };

struct event_stream {
        struct http_stream stream;      /* first */
        struct list link;               /* of rest.streams, while it streams */
        struct rest_call *call;
        struct event_sub *sub;          /* changes; or */
        struct event_subscription *query;
        struct buf out;
        size_t sent;
        const struct cim_class *classes[EVENT_CLASSES_MAX];
        size_t n_classes;               /* 0: all */
        int64_t from;
        bool replied, paused, ended;
        bool released;                  /* the peer is gone; everything is freed from the loop's next turn */
};

void event_stream_begin(struct event_stream *s, int64_t seq);          /* the head of the answer, once */
void event_stream_gone(struct event_stream *s, const struct err *e);   /* an error as the answer, or the last event */
bool event_stream_full(struct event_stream *s);                        /* then it is paused */
void event_stream_release(struct event_stream *s);                     /* in the loop's next turn */

/* event_query.c: listen. A mistake in the query is answered here. */
void event_stream_query(struct event_stream *s, struct str query);
