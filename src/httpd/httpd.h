/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * httpd - libmicrohttpd turned into http exchanges on our loop
 *
 * The only file that includes microhttpd.h is httpd.c.  Listeners run in
 * external-epoll mode under the loop, so handlers run on the loop thread.
 */
#include "http/http.h"
#include "loop/loop.h"

struct httpd;
struct httpd_opts {
        const char *address;            /* "127.0.0.1", "::1", "0.0.0.0"; or "unix:/path" (mode 0600) */
        uint16_t port;                  /* 0: the kernel chooses, see httpd_port() */
        const char *cert_pem, *key_pem; /* both NULL: plain HTTP */
        const char *client_ca_pem;      /* ask for (not demand) a client certificate; checking is auth's */
        unsigned max_connections;       /* 0: 4096 */
        unsigned idle_timeout_s;        /* 0: 120 */
        const struct http_router *router;       /* borrowed */
};
MUST int httpd_new(struct httpd **out, struct loop *l, const struct httpd_opts *o, struct err *e);
uint16_t httpd_port(const struct httpd *h);
void httpd_free(struct httpd *h);       /* closes connections; streams are freed */
