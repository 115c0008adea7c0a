/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* client_internal - the parts of a client; for client*.c alone */
#include "base/list.h"
#include "ntlm/ntlm.h"
#include "rpc/client.h"
#include "rpc/pdu.h"

enum rpc_want {
        RPC_WANTED,             /* not bound yet, or refused the last time */
        RPC_OFFERED,            /* in the bind or alter_context that is under way */
        RPC_HAVE,
};
struct rpc_client_context {
        struct list link;
        struct rpc_syntax iface;
        uint16_t id;
        enum rpc_want state;
};
struct rpc_client_call {
        struct list link;
        uint32_t id;                            /* once sent */
        struct rpc_client_context *context;
        bool sent, has_object;
        struct uuid object;
        uint16_t opnum;
        struct buf stub;                        /* the request's until sent, then the answer's */
        void (*done)(void *arg, const struct rpc_result *r);
        void *arg;
};
struct rpc_client {
        struct rpc_client_opts opts;            /* no zeros; credentials not used from here */
        struct ntlm_logon logon;
        struct arena text;                      /* of logon */
        struct ntlm_initiator initiator;
        struct ntlm_session session;
        struct buf in, out;
        size_t out_from;
        char why[160];
        bool bound;                             /* a bind was answered and its logon finished */
        bool busy;                              /* a bind or alter_context is under way */
        uint32_t last_id, bind_id, group;
        uint16_t max_xmit;
        struct list contexts, calls;
        unsigned n_contexts, n_calls;
};

enum { RPC_CLIENT_SECURITY_ID = 1 };

void rpc_client_end(struct rpc_client *c, int kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Sends what can be sent: the bind, an alter_context, calls whose context is bound. */
void rpc_client_go_on(struct rpc_client *c);
void rpc_client_wake(struct rpc_client *c);

/* client_bind.c */
void rpc_client_send_bind(struct rpc_client *c);
void rpc_client_on_ack(struct rpc_client *c, struct str pdu, const struct rpc_head *h);
/* The interfaces of the bind under way are refused; their calls end. */
void rpc_client_refused(struct rpc_client *c, uint32_t status, const char *why);

/* client_call.c */
void rpc_client_send_call(struct rpc_client *c, struct rpc_client_call *call);
void rpc_client_on_answer(struct rpc_client *c, struct str pdu, const struct rpc_head *h);
/* Takes the call off the list, tells its maker, frees it. */
void rpc_client_finish(struct rpc_client *c, struct rpc_client_call *call, const struct rpc_result *r);
static inline bool rpc_client_is_protected(const struct rpc_client *c)
{
        return c->opts.level >= RPC_LEVEL_CALL;
}
