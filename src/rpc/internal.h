/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* internal - the parts of a connection; for the files of rpc alone */
#include "base/list.h"
#include "rpc/pdu.h"
#include "rpc/rpc.h"

enum {
        RPC_ADDRESS_MAX = 64,           /* text of an IPv6 address with its zone */
        RPC_REFUSALS_MAX = 3,           /* logons refused on one connection before it is closed */
        RPC_KEEP_CAPACITY = 8 << 10,    /* buffers of an idle connection that are larger are freed */
};

struct rpc_registered {
        const struct rpc_interface *iface;
        void *arg;
};
struct rpc_group {                      /* an association group lives as long as a connection of it */
        struct list link;
        uint32_t id;
        unsigned refs;
};
struct rpc_server {
        struct rpc_limits limits;       /* no zeros */
        struct rpc_server_ops ops;
        struct rpc_mech *const *mechs;
        struct rpc_registered *v;
        size_t n;
        struct list groups;
        uint64_t n_connections;         /* ever */
        size_t partial;                 /* octets of unfinished requests */
        struct rpc_caller *nobody;
};
const struct rpc_registered *rpc_server_find(const struct rpc_server *s, const struct rpc_syntax *syntax);
struct rpc_group *rpc_group_join(struct rpc_server *s, uint32_t id);    /* NULL: out of memory */
void rpc_group_leave(struct rpc_group *g);

struct rpc_context {                    /* presentation */
        uint16_t id;
        const struct rpc_registered *to;
};

enum rpc_security_state { RPC_SECURITY_STEPPING, RPC_SECURITY_ESTABLISHED, RPC_SECURITY_FAILED };
struct rpc_security {
        struct list link;               /* rpc_conn.securities */
        uint32_t id;
        enum rpc_auth auth;
        enum rpc_level level;
        enum rpc_security_state state;
        struct rpc_sec *sec;
        struct rpc_caller *caller;      /* once established */
};

/* The leg of a logon that is being taken: its PDU is answered when the step has ended. */
struct rpc_leg {
        struct rpc_security *security;  /* NULL: none in progress */
        uint8_t type, flags;            /* of the PDU */
        uint32_t call_id;
        struct buf answer;              /* header and body of the ack; no trailer yet */
        struct buf token;               /* the mechanism's */
};

struct rpc_call {
        struct list link;               /* rpc_conn.calls */
        struct rpc_conn *conn;          /* NULL: the connection has gone */
        uint32_t id;
        uint16_t context;
        struct rpc_security *security;  /* NULL: unauthenticated */
        void *arg;                      /* the handler's */
        struct rpc_request request;
        struct buf stub;
        char peer[RPC_ADDRESS_MAX], local[RPC_ADDRESS_MAX];
        bool unfinished;                /* fragments are missing */
        bool doomed;                    /* was faulted; its other fragments are thrown away */
        bool dispatched;                /* a handler has it */
        void (*cancel)(struct rpc_call *c, void *arg);
        void *cancel_arg;
};

struct rpc_conn {
        struct rpc_server *server;
        struct rpc_conn_ops ops;
        uint64_t number;
        char peer[RPC_ADDRESS_MAX], local[RPC_ADDRESS_MAX];
        uint16_t local_port;
        struct buf in, out;
        size_t out_from;                /* octets of out that were taken */
        char why[160];                  /* why it ends; empty while alive */
        bool bound, header_sign, in_input;
        uint16_t max_xmit, max_recv;
        struct rpc_group *group;
        struct rpc_context *contexts;
        unsigned n_contexts;
        struct list securities, calls;
        unsigned n_securities, n_calls, n_refused;
        size_t partial;                 /* octets of unfinished requests */
        uint64_t n_pdus;
        struct rpc_leg leg;
};

void rpc_conn_end(struct rpc_conn *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void rpc_conn_wake(struct rpc_conn *c);
/* After a put-off step: go on with what was received meanwhile. */
void rpc_conn_resume(struct rpc_conn *c);

/* One whole PDU each; it may be changed in place. */
void rpc_on_bind(struct rpc_conn *c, struct str pdu, const struct rpc_head *h);          /* and alter_context */
void rpc_on_auth3(struct rpc_conn *c, struct str pdu, const struct rpc_head *h);
void rpc_on_request(struct rpc_conn *c, struct str pdu, const struct rpc_head *h);
void rpc_on_cancel(struct rpc_conn *c, struct str pdu, const struct rpc_head *h);        /* and orphaned */

struct rpc_security *rpc_security_find(const struct rpc_conn *c, uint32_t id);
void rpc_security_free(struct rpc_security *s);
/* Take a leg.  answer: the ack that waits for the token, consumed; an empty one for auth3. */
void rpc_leg_begin(struct rpc_conn *c, struct rpc_security *s, struct str token, const struct rpc_head *h,
                   struct buf *answer);
void rpc_leg_drop(struct rpc_conn *c);
/* The security context for a bind's trailer, new or under way; NULL after having refused it. */
struct rpc_security *rpc_security_for(struct rpc_conn *c, const struct rpc_trailer *t, const struct rpc_head *h);
void rpc_refuse_bind(struct rpc_conn *c, const struct rpc_head *h, uint16_t nak_reason, const char *why);

/* Fragments of an answer; head_status only with RPC_FAULT. */
void rpc_send(struct rpc_conn *c, enum rpc_ptype type, uint8_t flags, uint32_t call_id, uint16_t context,
              struct rpc_security *s, struct str stub);
void rpc_send_fault(struct rpc_conn *c, uint32_t call_id, uint16_t context, uint32_t status, bool executed);
void rpc_call_free(struct rpc_call *c);
/* Nobody wants the answer any more. */
void rpc_call_abandon(struct rpc_call *c);
static inline bool rpc_is_protected(enum rpc_level level)
{
        return level >= RPC_LEVEL_CALL;
}
