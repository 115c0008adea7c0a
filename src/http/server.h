/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * server - what stands behind an exchange
 *
 * http.h is what handlers see; this is what a server fills in: the request's
 * parts and a table of functions that carry out a reply.  httpd is one such
 * server, a unit test of a handler may be another: embed struct http_exchange
 * at the head of your own struct, fill request and headers, call the route.
 *
 * Contract   Exactly one of reply, stream and fd is called, once, on the loop,
 *            either while the handler runs or later.
 * Ownership  The server owns the exchange; it keeps it at least until the
 *            reply was made, also when the peer has gone.
 */
#include "http/http.h"

struct http_field {
        struct http_field *next;
        struct str name, value;         /* in the exchange's arena, NUL-terminated */
};

struct http_server_ops {
        void (*reply)(struct http_exchange *x, int status, const char *type, struct str body);  /* type NULL: none */
        void (*stream)(struct http_exchange *x, int status, const char *type, uint64_t size, struct http_stream *s);
        void (*fd)(struct http_exchange *x, int status, const char *type, int fd, uint64_t at, uint64_t n);
        void (*wake)(struct http_exchange *x);
};

struct http_exchange {
        const struct http_server_ops *ops;
        struct http_request request;    /* request.arena points to arena below */
        struct arena arena;
        struct http_field *headers;     /* of the request */
        struct http_field *reply_headers;       /* collected by http_reply_header(), last first */
        void (*gone_fn)(void *arg);     /* set by http_on_gone() */
        void *gone_arg;
};

/* Zero the exchange and give it an arena of at most limit bytes (0: the arena's default). */
void http_exchange_init(struct http_exchange *x, const struct http_server_ops *ops, size_t arena_limit);
void http_exchange_fini(struct http_exchange *x);
/* Add a request header, copied into the arena.  -ENOMEM when the arena is full. */
MUST int http_exchange_add_header(struct http_exchange *x, struct str name, struct str value);
/* Call what http_on_gone() left, at most once. */
void http_exchange_tell_gone(struct http_exchange *x);
