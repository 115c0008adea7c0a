/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fetch - HTTP requests of the daemons over libcurl, on our loop; and mail
 *
 * Only this folder includes curl/curl.h in a daemon.  One fetch_pool a trust
 * (CA, client certificate); connections are kept and reused.  HTTP/1.1, TLS 1.2
 * and up, http and https only; no proxy from the environment, no redirect is
 * followed, no cookie kept: what is asked for is what is asked.
 *
 * Callbacks run on the loop thread, never from within a function of this header
 * but fetch_pool_free().  A callback may start, resume and cancel fetches (its own, too) and
 * done may free the pool; head and data may not.
 *
 * Errors     ERR_UNAVAILABLE  no connection, or it broke ("connect to 127.0.0.1:8443: Connection refused")
 *            ERR_DENIED       TLS: one side did not take the other's certificate; the text says why and,
 *                             where dates are the reason, asks for the clock
 *            ERR_TIMEOUT      nothing moved for the stall timeout, or connecting took too long
 *            ERR_TOO_LARGE    a collected body passed body_limit
 *            ERR_CANCELLED    the pool was freed
 */
#include <sys/socket.h>
#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

struct fetch_pool;
struct fetch;

struct fetch_pool_opts {
        const char *ca_file;            /* NULL: plain http only, or `insecure` */
        const char *cert_file, *key_file;       /* client certificate; both or neither */
        const char *header;             /* "Name: value" that every request bears; NULL: none */
        bool insecure;                  /* do not verify: only to fetch a CA whose hash is known */
        unsigned connect_timeout_s;     /* 0: 10 */
        unsigned stall_timeout_s;       /* 0: 60; no byte for that long fails a fetch with ERR_TIMEOUT */
        /* Asked with each address before it is connected to; false: ERR_DENIED. NULL: any. */
        bool (*allow)(void *ctx, const struct sockaddr *to);
        void *allow_ctx;
};
MUST int fetch_pool_new(struct fetch_pool **out, struct loop *l, const struct fetch_pool_opts *o, struct err *e);
/* Ends what runs: done is called with ERR_CANCELLED, and must not start another.  NULL is harmless. */
void fetch_pool_free(struct fetch_pool *p);
DEFINE_FREEP(struct fetch_pool *, fetch_pool_free)

struct fetch_req {
        const char *method;             /* "GET", "POST" */
        const char *url;
        const char *const *headers;     /* "Name: value", NULL-terminated; may be NULL */
        struct str body;                /* copied */
        bool long_poll;                 /* no stall timeout */
        unsigned timeout_s;             /* of the whole; 0: none */
        /* Head arrived.  May be NULL. */
        void (*head)(void *ctx, int status);
        /* Body bytes.  Returns true to go on; false pauses until fetch_resume(), and the same
         * bytes are delivered again (perhaps in other portions).  NULL: collected for done, at most body_limit bytes. */
        bool (*data)(void *ctx, const uint8_t *p, size_t n);
        size_t body_limit;              /* 0: 16 MiB */
        /* Once.  e->kind ERR_NONE means a complete answer arrived, whatever its status; body is
         * borrowed.  ERR_UNAVAILABLE: no connection; ERR_DENIED: TLS refused, the text says why. */
        void (*done)(void *ctx, int status, struct str body, const struct err *e);
        void *ctx;
};
MUST int fetch_start(struct fetch **out, struct fetch_pool *p, const struct fetch_req *r, struct err *e);
void fetch_resume(struct fetch *f);     /* deliver again what data refused; harmless when not paused */
void fetch_cancel(struct fetch *f);     /* done is not called; f is gone.  NULL is harmless */
/* A header of the answer, from head on until done returns; p NULL when absent. */
struct str fetch_header(struct fetch *f, const char *name);

/*
 * A message to a mail server: SMTP, with STARTTLS as far as tls says.  done is told the server's last status; an answer
 * of 4xx or 5xx is ERR_UNAVAILABLE with that status, 0 when there was no answer.  fetch_cancel() as for requests.
 */
enum fetch_tls { FETCH_TLS_NO, FETCH_TLS_TRY, FETCH_TLS_REQUIRED };     /* TRY verifies nothing: it is against listeners only */
struct fetch_mail {
        const char *url;                /* smtp://HOST:PORT */
        const char *from;               /* an address, without brackets */
        const char *const *to;          /* NULL-terminated */
        struct str message;             /* RFC 5322, lines end with CR LF; copied */
        enum fetch_tls tls;
        unsigned timeout_s;             /* of the whole; 0: none */
        void (*done)(void *ctx, int status, struct str body, const struct err *e);
        void *ctx;
};
MUST int fetch_mail_start(struct fetch **out, struct fetch_pool *p, const struct fetch_mail *m, struct err *e);
