/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * internal - the structs that the files of fetch share
 *
 * libcurl forbids most calls from within its callbacks.  So what a callback of
 * ours asks for (resume, cancel) is noted in the fetch and done by pool_work(),
 * which runs in the loop's next turn or after libcurl has returned.
 */
#include <curl/curl.h>
#include "base/list.h"
#include "fetch/fetch.h"

enum {
        FETCH_BODY_LIMIT = 16 << 20,
        FETCH_BUFFER = 256 << 10,
        FETCH_BUFFER_SMALL = 16 << 10,          /* for collected answers and long polls */
        FETCH_KEEP = 8,                         /* idle connections a pool keeps */
};

struct fetch_pool {
        struct loop *loop;
        CURLM *multi;
        struct loop_timer *timer;               /* libcurl's */
        struct loop_soon *work;                 /* resume, cancel, reap; libcurl's "at once" too */
        bool due;                               /* libcurl asked for "at once" */
        struct list fetches;
        char *ca_file, *cert_file, *key_file, *header;
        bool insecure;
        unsigned connect_timeout_s, stall_timeout_s;
        unsigned busy;                          /* depth of calls into libcurl */
        unsigned reaping;                       /* depth of calls of done */
        bool dead;                              /* freed from within done */
        bool (*allow)(void *ctx, const struct sockaddr *to);
        void *allow_ctx;
};

struct fetch {
        struct list link;
        struct fetch_pool *pool;
        CURL *easy;
        struct curl_slist *headers;
        bool (*data)(void *ctx, const uint8_t *p, size_t n);
        void (*head)(void *ctx, int status);
        void (*done)(void *ctx, int status, struct str body, const struct err *e);
        void *ctx;
        struct buf body;
        size_t body_limit;
        struct buf upload;                      /* mail.c */
        size_t uploaded;
        struct curl_slist *recipients;
        struct err own;                         /* a failure found on this side */
        char words[CURL_ERROR_SIZE];            /* libcurl's */
        bool paused, resume, cancelled, headed;
        bool finished;                          /* done runs or ran */
};

/* pool.c */
void pool_work_soon(struct fetch_pool *p);

/* request.c */
/* Owned by the pool and started, or freed with what libcurl said. */
MUST int fetch_launch(struct fetch *f, const char *url, struct fetch **out, struct err *e);
MUST int fetch_setup(struct fetch *f, const struct fetch_req *r, struct err *e);
MUST int fetch_set_allowed(struct fetch *f);    /* no address but what the pool's rule allows is connected to */
void fetch_destroy(struct fetch *f);            /* off the pool and freed; not from within libcurl */

/* words.c */
void fetch_explain(struct fetch *f, CURLcode code, struct err *e);
