/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * httpd - libmicrohttpd turned into http exchanges on our loop
 *
 * Only this folder includes microhttpd.h.  A listener runs in external-epoll
 * mode under the loop, so handlers run on the loop thread.
 *
 * Bounds     A connection costs about 33 KiB and at most max_connections are
 *            accepted; more wait in the kernel's queue.  One on which nothing
 *            moves for idle_timeout_s is closed, unless it is suspended for a
 *            handler or a stream that has nothing to say.  Bodies stop at the
 *            route's limit (413), heads at 32 KiB (431).
 * TLS        1.2 and 1.3.  The client's certificate is asked for when
 *            client_ca_pem is given, and handed to handlers as it came:
 *            possession of its key is proven, who issued it and whether it is
 *            still valid is for the handler to check (auth/pki.h).
 * Errors     Unknown paths (404), methods (405 with Allow) and over-long bodies
 *            are answered here, as JSON; what is not HTTP at all by
 *            libmicrohttpd.
 */
#include "http/http.h"
#include "loop/loop.h"

struct httpd;
struct httpd_opts {
        const char *address;            /* "127.0.0.1", "::1", "0.0.0.0"; or "unix:/path" (mode 0600) */
        uint16_t port;                  /* 0: the kernel chooses, see httpd_port() */
        const char *cert_pem, *key_pem; /* texts, not file names; both NULL: plain HTTP */
        const char *client_ca_pem;      /* ask for (not demand) a client certificate; checking is auth's */
        unsigned max_connections;       /* 0: 4096 */
        unsigned idle_timeout_s;        /* 0: 120 */
        size_t stream_block;            /* memory of a stream, the most it is asked for at once; 0: 256 KiB */
        const struct http_router *router;       /* borrowed */
};
/*
 * httpd_new - listen and serve.  The texts of @o are not needed afterwards, the
 * router and its routes are.  A stale socket file is replaced; one that a
 * running program serves is ERR_EXISTS.  SIGPIPE is ignored from here on.
 */
MUST int httpd_new(struct httpd **out, struct loop *l, const struct httpd_opts *o, struct err *e);
uint16_t httpd_port(const struct httpd *h);     /* 0 for a local socket */
/* Closes every connection; streams are freed.  Handlers that keep an exchange hear of it by http_on_gone()
 * and must still reply.  Not to be called from a handler.  NULL is harmless. */
void httpd_free(struct httpd *h);
DEFINE_FREEP(struct httpd *, httpd_free)
