/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* private - what the files of rest share */
#include "rest/filter.h"
#include "rest/rest.h"
#include "rest/url.h"
#include "wql/wql.h"

enum { REST_BODY_MAX = 16 << 20, REST_KEEPALIVE_MS = 25000, REST_WQL_TEXT_MAX = 256 << 10,
       REST_WQL_PAGE_MAX = 16 << 20 };

struct rest {
        struct rest_opts o;
        struct gate *gate;
        struct workers *workers;        /* argon2: ~25 ms that the loop does not have */
        struct list streams;            /* struct event_stream, for keep-alive comments */
        struct loop_timer *keepalive;
        struct http_route routes[24];
        size_t n_routes;
};

/*
 * call - one exchange on its way through authentication, provider and reply.
 * rest_call_begin() finds out who asks, then runs go(); go() or what it starts
 * ends the call with rest_call_end() (after the reply) or hands the exchange on.
 */
struct rest_call {
        struct rest *rest;
        struct http_exchange *x;
        const struct http_request *rq;
        void (*go)(struct rest_call *c);
        struct provider_request q;      /* q.arena is the call's memory, q.caller who asks */
        struct provider_context context;        /* of the header X-Tallyman-Context; q.context is NULL without it */
        struct url_target target;
        const struct cim_class *parameters;     /* of a method */
        struct list_reply *list;
        struct job job;                 /* verifying a password */
        char name[USER_NAME_MAX + 1];
        char hash[USER_HASH_MAX];
        char password[BASIC_MAX + 1];
        struct str secret;              /* within password */
        bool right;
};
void rest_call_begin(struct rest *r, struct http_exchange *x, void (*go)(struct rest_call *c));
void rest_call_end(struct rest_call *c);
/* {"error":{"code","message","extendedStatus":{"__CLASS":"SMS_ExtendedStatus",...}}} */
void rest_reply_err(struct rest_call *c, const struct err *e);
void rest_call_fail(struct rest_call *c, const struct err *e);   /* that, and end */
/* ,"extendedStatus":{...}: @kind ERR_NONE: WMI's own refusal, with @status */
void rest_add_extended(struct rest_call *c, enum err_kind kind, uint32_t status, struct str text, struct buf *out);
void rest_reply_json(struct rest_call *c, int status, struct buf *b);    /* reply, fini b and end */
void rest_sequence_header(struct http_exchange *x, int64_t seq);

/* auth.c: finds out who asks, then c->go(c); or replies 401/403. */
void rest_authenticate(struct rest_call *c);

/* handlers */
void rest_wmi(void *ctx, struct http_exchange *x);      /* wmi.c */
void rest_list(struct rest_call *c);                    /* list.c: GET of a class */
void rest_classes(void *ctx, struct http_exchange *x);  /* classes.c */
void rest_events(void *ctx, struct http_exchange *x);   /* events.c */
void rest_wql(void *ctx, struct http_exchange *x);      /* wql.c */
void rest_wql_check(void *ctx, struct http_exchange *x);
/* {"error":{"code","wbem","hresult","column","message","extendedStatus"}} */
void rest_reply_wql_error(struct rest_call *c, const struct wql_error *why);
void rest_offers(void *ctx, struct http_exchange *x);   /* offers.c */
void rest_livez(void *ctx, struct http_exchange *x);
void rest_readyz(void *ctx, struct http_exchange *x);
void rest_keepalive(void *arg);                         /* events.c */
