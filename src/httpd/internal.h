/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * internal - the structs that the files of httpd share
 *
 * Life of an exchange.  libmicrohttpd tells of a request line (httpd_uri), of
 * its head, its body and its end (httpd_access), and at last that the request
 * is over (httpd_completed).  Three parties may hold an exchange, each by one
 * reference:
 *
 *      the connection  from the request line to httpd_completed
 *      the handler     from the route's call to its reply
 *      the response    from a streamed reply to the freeing of its stream
 *
 * Suspending happens in two places only, both of them callbacks of
 * libmicrohttpd: at the end of httpd_access when the handler kept the exchange,
 * and in the content reader when the stream has nothing now or its bytes are
 * sent by other means (direct.c).  Resuming happens
 * from anywhere on the loop, and is followed by a run of the daemon.  While a
 * connection is suspended libmicrohttpd does not look at its socket, so we do
 * (watch), for the peer's going away only; from the first suspension to the end
 * of the request, for a stream of events is suspended after each.
 */
#include <microhttpd.h>
#include "base/list.h"
#include "http/server.h"
#include "httpd/httpd.h"

enum {
        HTTPD_MEMORY_LIMIT = 32 << 10,          /* a connection's buffers and the largest request head */
        HTTPD_BLOCK = 256 << 10,                /* the most asked of a stream at once */
        HTTPD_BLOCK_CHUNKED = 16 << 10,         /* the same when the size is unknown */
        HTTPD_DRAIN = 4 << 20,                  /* of a refused body this much is read and thrown away, so that the
                                                 * peer gets to see why; the rest is cut off */
        HTTPD_RUNS = 16,                        /* runs of libmicrohttpd before the loop has its turn again */
        HTTPD_STALL_MS = 200,                   /* next look at handshakes that do not move, see tls.c */
};

struct httpd_conn {                             /* a connection's socket context */
        struct httpd *h;
        struct http_peer peer;
        int fd;
        void *session;                          /* gnutls_session_t, or NULL */
        unsigned char *cert;                    /* backs peer.cert_der */
        bool cert_asked;
};

struct httpd_watch;

struct httpd_direct;

struct httpd_exchange {
        struct http_exchange base;
        struct list link;                       /* httpd.exchanges, while a connection holds it */
        struct httpd *h;                        /* NULL when c is */
        struct MHD_Connection *c;               /* NULL once the connection is done with it */
        unsigned refs;
        struct str target;                      /* the request line's, raw, in the arena */

        const struct http_route *route;
        struct err refusal;                     /* what to answer instead of calling the route */
        const char *allow;                      /* of a refusal by 405 */
        struct buf body;
        uint64_t body_seen;
        bool head_seen, handed, replied, suspended, gone;

        struct MHD_Response *response;          /* made, not yet queued */
        unsigned status;
        struct http_stream *stream;
        bool stream_waiting, in_read, woken;
        struct httpd_watch *watch;
        struct httpd_direct *direct;            /* or NULL */
};

struct httpd {
        struct loop *loop;
        struct MHD_Daemon *daemon;
        const struct http_router *router;
        struct loop_timer *timer;
        struct loop_soon *soon;
        uv_poll_t *poll;
        struct list exchanges;
        uint16_t port;
        bool tls, unix_socket, running, again;
        size_t stream_block;
        unsigned idle_timeout_s;
        bool moved;                             /* the run of libmicrohttpd had an effect */
        char *unix_path;
        char last_words[300];                   /* of libmicrohttpd */
};

/* listen.c */
MUST int httpd_listen(const struct httpd_opts *o, uint16_t *port_out, struct err *e);   /* descriptor or failure */

/* peer.c */
void httpd_connection(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_ConnectionNotificationCode code);
const struct http_peer *httpd_peer(struct httpd *h, struct MHD_Connection *c);  /* NULL: out of memory */

/* tls.c */
void httpd_tls_hook(struct httpd_conn *c);
void httpd_tls_certificate(struct httpd_conn *c);

/* request.c */
void *httpd_uri(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result httpd_access(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_n, void **ctx);
void httpd_completed(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why);
void httpd_exchange_unref(struct httpd_exchange *x);
void httpd_suspend(struct httpd_exchange *x);
void httpd_resume(struct httpd_exchange *x);

/* reply.c */
extern const struct http_server_ops httpd_ops;
enum MHD_Result httpd_queue(struct httpd_exchange *x);  /* hands the made response to libmicrohttpd */

/* watch.c */
void httpd_watch_start(struct httpd_exchange *x);
void httpd_watch_free(struct httpd_exchange *x);

/* direct.c */
bool httpd_direct_make(struct httpd_exchange *x, uint64_t size);        /* false: out of memory */
void httpd_direct_free(struct httpd_exchange *x);
int httpd_direct_run(struct httpd_exchange *x);         /* for the content reader. 1: all is sent; 0: suspended; < 0: broken */

/* httpd.c */
void httpd_kick(struct httpd *h);               /* run libmicrohttpd soon */
