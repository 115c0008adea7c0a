/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * client - inside of struct tallyman: one transfer at a time, with a deadline
 *
 * Transfers are libcurl easy handles driven by client_perform(), which waits in
 * one place for the socket, the deadline and tallyman_cancel() (an eventfd, so
 * that a signal handler may call it).
 */
#include <curl/curl.h>
#include <stdatomic.h>
#include "base/buf.h"
#include "base/err.h"
#include "tallyman/tallyman.h"

enum { CLIENT_CONTEXT_MAX = 16 };
struct tallyman {
        char *server;                   /* as given, for messages */
        char *base_url;                 /* "http://localhost" for a socket, else the server without its last '/' */
        char *socket_path;              /* NULL: TCP */
        char *cacert, *user, *password;
        int64_t timeout_us;
        CURL *easy;                     /* requests; keeps the connection alive between them */
        CURLM *multi;
        int cancel_fd;
        atomic_bool cancelled;
        struct client_context {
                char *name, *value;
        } context[CLIENT_CONTEXT_MAX];
        size_t n_context;
};

enum { CLIENT_REPLY_LIMIT = 512 << 20 };

/* Server, credentials and safety options of a fresh or reset handle. */
void client_prepare(struct tallyman *t, CURL *h);
/* Run to the end. 0; CLIENT_TIME_UP at @deadline_us (of os_mono_us()); -1 with *e (no connection, broken, cancelled). */
enum { CLIENT_TIME_UP = 1 };
int client_perform(struct tallyman *t, CURL *h, int64_t deadline_us, struct tallyman_error *e);
/* What libcurl's code of a transfer means, in words; returns -1. */
int client_explain(const struct tallyman *t, CURL *h, CURLcode code, struct tallyman_error *e);

struct client_reply {
        struct buf body;
        int64_t sequence;               /* X-Tallyman-Sequence, -1 when absent */
};
struct client_call {
        const char *verb;
        const char *url;                /* path and query */
        const char *body;               /* NULL: none */
        const char *content_type;       /* of body; NULL: application/json */
        /* Bytes of a good answer as they come, instead of gathering them in the reply; false breaks the call off. */
        bool (*sink)(void *ctx, const char *p, size_t n);
        void *ctx;
};
enum { CLIENT_STOPPED = 2 };
/*
 * One request: anything but 2xx is an error. The caller runs buf_fini(&r->body) in every case.
 * 0; CLIENT_STOPPED when sink() said false; -1.
 */
int client_request(struct tallyman *t, const struct client_call *q, struct client_reply *r, struct tallyman_error *e);
/* X-Tallyman-Sequence of one header line, or -1. */
int64_t client_header_sequence(struct str line);

/* context.c: the header with the context values, if there are any */
struct curl_slist *client_add_context(const struct tallyman *t, struct curl_slist *headers);
void client_forget_context(struct tallyman *t);

/* error.c: fill *e, return -1. e NULL is allowed. */
int error_set(struct tallyman_error *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
int error_from(struct tallyman_error *e, const struct err *from);
/* What an answer other than 2xx says: {"error":{"code","message",...}}, or its status when it says nothing. */
int error_from_reply(struct tallyman_error *e, const struct tallyman *t, long status, struct str body);
