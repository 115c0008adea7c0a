/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * http - what a handler sees: request, reply, stream, routes
 *
 * No server inside: httpd (libmicrohttpd) drives these, tests may too.
 * A handler runs on the loop thread.  It either replies before it returns or
 * keeps the exchange and replies later, on the loop; until then the connection
 * is suspended and costs a socket and some memory.  Every exchange is replied
 * to exactly once.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum http_peer_kind { HTTP_PEER_UNIX, HTTP_PEER_PLAIN, HTTP_PEER_TLS };

struct http_peer {
        enum http_peer_kind kind;
        char address[64];               /* "127.0.0.1:40112", "unix" */
        uid_t uid;                      /* unix only, from SO_PEERCRED */
        int64_t pid;
        struct str cert_der;            /* TLS with a client certificate: its DER, else p NULL */
};

struct http_exchange;                   /* one request and its reply */

struct http_request {
        struct str method;              /* "GET" */
        struct str path;                /* percent-decoded, starts with '/', no ".." segment, no NUL; NUL behind */
        struct str raw_query;
        struct str body;                /* whole; at most the route's body limit (413 beyond) */
        const struct http_peer *peer;
        struct arena *arena;            /* lives as long as the exchange */
};

const struct http_request *http_request(struct http_exchange *x);
/* First parameter of that name, decoded ("+" is a blank).  p NULL when absent or badly escaped. */
struct str http_query(struct http_exchange *x, const char *name);
/* First header of that name, ASCII case ignored.  p NULL when absent.  Lives as long as the exchange. */
struct str http_header(struct http_exchange *x, const char *name);

/* Control characters in a value become '?', so that no value can add a header of its own. */
void http_reply_header(struct http_exchange *x, const char *name, const char *value);   /* before the reply */
void http_reply(struct http_exchange *x, int status, const char *type, struct str body);        /* copies */
void http_reply_empty(struct http_exchange *x, int status);
/* {"error":{"code":"NotFound","message":"..."}} with err_http_status(e->kind) */
void http_reply_err(struct http_exchange *x, const struct err *e);

/*
 * A streamed reply.  read() fills at most max bytes and returns how many; 0 is
 * "nothing now" (the connection is suspended until http_stream_wake()),
 * HTTP_STREAM_END the end, HTTP_STREAM_ABORT breaks the connection so that the
 * peer cannot take what came for the whole.  free() runs once, in the end or
 * when the peer went away (while a stream has nothing to say, a peer that closed
 * its sending half counts as gone).  Both run on the loop thread.
 */
enum { HTTP_STREAM_END = -1, HTTP_STREAM_ABORT = -2 };
struct http_extent {                    /* bytes of an open file; the descriptor is borrowed until the next call */
        int fd;
        uint64_t at, n;
};
struct http_stream {
        ssize_t (*read)(struct http_stream *s, uint64_t at, void *p, size_t max);
        void (*free)(struct http_stream *s);
        /*
         * Both or neither, for a stream of known size: a server without TLS may ask where the next bytes lie, send
         * them from there uncopied, and say how many went, instead of calling read(); the connection ends with such
         * an answer.  where() returns 1, 0 "nothing now" or HTTP_STREAM_ABORT.
         */
        int (*where)(struct http_stream *s, struct http_extent *out);
        void (*sent)(struct http_stream *s, size_t n);
        struct http_exchange *x;        /* set by http_reply_stream */
};
/* A stream of known size is asked for up to 256 KiB at a time; one of unknown size travels in
 * chunks of at most 16 KiB, so say the size wherever it is known and much is to be sent. */
#define HTTP_SIZE_UNKNOWN UINT64_MAX
void http_reply_stream(struct http_exchange *x, int status, const char *type, uint64_t size, struct http_stream *s);
void http_stream_wake(struct http_stream *s);
/* The bytes [at, at+n) of an open file, by sendfile where there is no TLS; the descriptor is consumed.
 * A file that ends early breaks the connection. */
void http_reply_fd(struct http_exchange *x, int status, const char *type, int fd, uint64_t at, uint64_t n);

/* The peer went away before a kept exchange was replied to: called once, on the loop; the handler must
 * still call a reply function (whose bytes are thrown away) to release it, then or later.  A peer that
 * closed its sending half counts as gone.  httpd_free() counts as gone, too. */
void http_on_gone(struct http_exchange *x, void (*fn)(void *arg), void *arg);

struct http_route {
        const char *method;             /* NULL: any */
        const char *prefix;             /* longest match wins, whatever its method; "/x/" takes what is below,
                                         * "/x" only itself.  A HEAD without a route of its own takes GET's */
        size_t body_limit;              /* bytes */
        void (*handle)(void *ctx, struct http_exchange *x);
        void *ctx;
};
struct http_router {
        const struct http_route *routes;
        size_t n;
};
/* Used by servers: the route, or NULL (then *allow_out says whether another method would fit). */
const struct http_route *http_route_find(const struct http_router *r, struct str method, struct str path,
                                         bool *other_method_out);
/* "GET, HEAD, POST": what the Allow header of a 405 says (RFC 9110 15.5.6).  NULL: arena is full. */
const char *http_route_allow(const struct http_router *r, struct arena *a, struct str path);

/* "bytes=0-499" against a size. 0: one range; > 0 HTTP_RANGE_NONE (ignore), HTTP_RANGE_UNSATISFIABLE (416). RFC 9110 14.2 */
enum { HTTP_RANGE_NONE = 1, HTTP_RANGE_UNSATISFIABLE = 2 };
MUST int http_range_parse(struct str header, uint64_t size, uint64_t *first_out, uint64_t *last_out);
/* Percent-decode a path into the arena and take "." segments out; a ".." segment (before or after decoding),
 * a NUL or a bad escape gives -EINVAL, a full arena -ENOMEM.  Empty segments stay: keys may hold "//". */
MUST int http_path_decode(struct arena *a, struct str raw, struct str *out);
/* First value of a parameter in "a=1&b=2", decoded into the arena.  0; 1 absent; -EINVAL bad escape or NUL; -ENOMEM. */
MUST int http_query_find(struct arena *a, struct str raw_query, const char *name, struct str *out);
/* Decode %XX (and "+", if asked) into the arena, NUL behind.  -EINVAL on a bad escape or a NUL, -ENOMEM. */
MUST int http_unescape(struct arena *a, struct str raw, bool plus_is_blank, struct str *out);
/* The JSON body of http_reply_err(), in the arena.  p NULL: arena is full. */
struct str http_error_body(struct arena *a, enum err_kind kind, struct str message);
