/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * harness - a server and a client on one loop in one process
 *
 * Shared by the tests of httpd and fetch.  Everything waits by running the loop
 * until a flag is set; a guard fails the test after 30 s instead of hanging.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "fetch/fetch.h"
#include "http/http.h"
#include "httpd/httpd.h"
#include "loop/loop.h"

struct net {
        struct loop *loop;
        struct httpd *h;
        struct fetch_pool *pool;
        struct http_router router;
        char base[64];                  /* "http://127.0.0.1:PORT" */
};

/* Server with these routes on a free port of 127.0.0.1, and a pool. tls NULL: plain HTTP. */
void net_open(struct net *n, const struct http_route *routes, size_t n_routes, const struct httpd_opts *tls,
              const struct fetch_pool_opts *trust);
void net_close(struct net *n);
void net_wait(struct net *n, const bool *flag);
void net_wait_count(struct net *n, const unsigned *count, unsigned until);
void net_spin(struct net *n, unsigned turns);           /* let the loop see what is ready */

struct answer {                         /* of one fetch */
        struct fetch *f;
        bool done;
        int status;
        char *body;
        size_t n;
        struct err e;
        char content_type[64];
        unsigned *count;                /* incremented when done; may be NULL */
};
void answer_fini(struct answer *a);
/* Start; path is appended to base unless it is a whole address. */
void net_start(struct net *n, struct answer *a, const char *method, const char *path, struct str body);
/* Start and wait. */
void net_get(struct net *n, struct answer *a, const char *path);
void net_send(struct net *n, struct answer *a, const char *method, const char *path, struct str body);
void on_answer(void *ctx, int status, struct str body, const struct err *e);    /* done of a struct answer */
