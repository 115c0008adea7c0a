/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * rpc - the server half of connection-oriented DCE RPC, without sockets
 *
 * A struct rpc_server holds interfaces, authentication and limits.  Each
 * transport connection is a struct rpc_conn: octets of the peer go in by
 * rpc_conn_input(), octets for the peer come out of rpc_conn_output(), and
 * nothing here waits, reads a clock or opens a socket (rpcd does that).
 *
 * What it does: bind, alter_context and auth3; any number (up to the limits) of
 * presentation and security contexts a connection; association groups;
 * fragments put together and cut; concurrent multiplexing: calls of one
 * connection may be answered in any order; header signing; bind-time feature
 * negotiation; co_cancel and orphaned.  A request is checked with the security
 * context that its own trailer names, whatever its presentation context.
 *
 * Interfaces
 *
 *      static void answer(struct rpc_call *c, void *arg)
 *      {
 *              const struct rpc_request *rq = rpc_call_request(c);
 *              ...
 *              rpc_call_reply(c, stub);        now, or any later time on the loop
 *      }
 *      static const struct rpc_interface mgmt = { .uuid = ..., .major = 1, .n_ops = 5, .call = answer, ... };
 *      rpc_server_add(s, &mgmt, arg, e);
 *
 * Every call that a handler got is answered exactly once, with rpc_call_reply()
 * or rpc_call_fault(), even after its connection has gone: the answer is then
 * thrown away and the call freed.  Answering frees the call; the request and
 * its stub die with it.  A handler that waits gives rpc_call_on_cancel(), to
 * be told that nobody wants the answer any more.
 *
 * Objects ([MS-DCOM] 3.1.1.5.4): a request may carry an object UUID (the IPID).
 * Clients call any interface over any presentation context they have, so an
 * ORPC handler looks at rq->object, not at rq->interface; register all ORPC
 * interfaces with one handler and n_ops 0, which leaves the check of the opnum
 * to the handler.
 *
 * Security: below interface->min_level a call is answered with fault 5 before
 * the handler sees it.  min_level is RPC_LEVEL_INTEGRITY unless an interface
 * must serve strangers (the OXID resolver, which says RPC_LEVEL_NONE).
 *
 * Threads    Everything on one thread (the loop).
 * Source     [C706] chapters 9, 10, 12; [MS-RPCE] 2.2.2, 3.3.
 */
#include "base/err.h"
#include "base/str.h"
#include "ndr/uuid.h"
#include "rpc/level.h"
#include "rpc/sec.h"

struct rpc_server;
struct rpc_conn;
struct rpc_call;

struct rpc_interface {
        const char *name;               /* for logs: "IObjectExporter" */
        struct uuid uuid;
        uint16_t major, minor;          /* accepted: same major, client's minor at most this */
        uint16_t n_ops;                 /* opnums >= this are refused; 0: the handler checks */
        enum rpc_level min_level;
        void (*call)(struct rpc_call *c, void *arg);
};

/* Who calls.  Reference counted; what a handler keeps it must rpc_caller_ref(). */
struct rpc_caller {
        unsigned refs;
        enum rpc_auth auth;             /* NONE: nobody */
        enum rpc_level level;           /* of the security context of this call */
        char *account;                  /* the site's account ("admin"), or NULL */
        char *display;                  /* as the client said it: "DOMAIN\\user", "user@REALM", or NULL */
};
struct rpc_caller *rpc_caller_ref(const struct rpc_caller *c);
void rpc_caller_unref(struct rpc_caller *c);    /* NULL is harmless */

struct rpc_request {
        const struct rpc_interface *interface;  /* of the presentation context */
        uint16_t opnum;
        bool has_object;
        struct uuid object;                     /* IPID */
        struct str stub;                        /* little-endian NDR; lives until the call is answered */
        const struct rpc_caller *caller;        /* never NULL; auth NONE when the call is not authenticated */
        const char *peer, *local;               /* addresses without ports; local is the one the client dialled */
        uint16_t local_port;
        uint64_t connection;                    /* a number no other connection of this server ever has */
};

const struct rpc_request *rpc_call_request(const struct rpc_call *c);
/* Both free the call.  The stub is copied (and cut, signed, sealed) before the function returns. */
void rpc_call_reply(struct rpc_call *c, struct str stub);
void rpc_call_fault(struct rpc_call *c, uint32_t status);
/*
 * Tell a waiting handler that the answer is wanted no more: the client cancelled or orphaned the call, or its
 * connection ended.  fn runs at most once, and may answer the call.  NULL takes it back.
 */
void rpc_call_on_cancel(struct rpc_call *c, void (*fn)(struct rpc_call *c, void *arg), void *arg);

struct rpc_limits {                     /* 0: the default */
        uint16_t max_frag;              /* 5840: what we offer as max_recv_frag and max_xmit_frag */
        uint32_t max_stub;              /* 4 MiB: of one request, put together */
        uint32_t max_reply;             /* 16 MiB: of one answer; longer ones are faulted */
        uint32_t max_partial;           /* 8 MiB: all unfinished requests of a connection */
        uint32_t max_partial_total;     /* 64 MiB: those of all connections */
        uint32_t max_queued;            /* 16 MiB: output not yet taken, past which no further request is read */
        uint16_t max_contexts;          /* 64 presentation contexts a connection; one more, and the oldest goes */
        uint16_t max_security;          /* 64 security contexts a connection; one more, and the one unused for longest goes */
        uint16_t max_calls;             /* 64 calls in progress a connection, unfinished ones included */
};

/* What the server asks of its owner. */
struct rpc_server_ops {
        /*
         * A security context was refused or accepted: for the audit.  e is NULL on success.
         * peer as in struct rpc_request; display as in struct rpc_caller or NULL.
         */
        void (*logon)(void *arg, const struct rpc_caller *caller, const char *peer, const struct err *e);
        /*
         * A connection has gone (rpc_conn_free(), its calls are cancelled): no request of that number comes any more.
         * For DCOM, whose objects outlive connections but not their silence.  May be NULL.
         */
        void (*closed)(void *arg, uint64_t connection);
        void *arg;
};

/* mechs: borrowed for the server's life, ended by NULL; which authentication types there are (rpc/sec.h). */
MUST int rpc_server_new(struct rpc_server **out, const struct rpc_limits *limits, struct rpc_mech *const *mechs,
                        const struct rpc_server_ops *ops);
void rpc_server_free(struct rpc_server *s);     /* after its connections; NULL is harmless */
/* iface is borrowed for the server's life.  ERR_EXISTS when UUID and major version are there already. */
MUST int rpc_server_add(struct rpc_server *s, const struct rpc_interface *iface, void *arg, struct err *e);
/* The i-th interface, NULL past the last: for mgmt's inq_if_ids and the endpoint mapper. */
const struct rpc_interface *rpc_server_interface(const struct rpc_server *s, size_t i);

/* ---- connections: for the carrier (rpcd) and for tests ---- */

struct rpc_conn_ops {
        /* There is output or the connection wants to end: look at rpc_conn_output() and rpc_conn_ended() soon. */
        void (*wake)(void *arg);
        void *arg;
};
struct rpc_addresses {
        const char *peer, *local;       /* without ports; copied */
        uint16_t local_port;
};
MUST int rpc_conn_new(struct rpc_conn **out, struct rpc_server *s, const struct rpc_addresses *at,
                      const struct rpc_conn_ops *ops);
/* Cancels what is in progress.  Handlers may still answer; nothing is heard of it.  NULL is harmless. */
void rpc_conn_free(struct rpc_conn *c);
/* Octets of the peer.  All are taken; what is broken makes the connection end. */
void rpc_conn_input(struct rpc_conn *c, struct str octets);
/* Octets for the peer that were not taken yet; n 0 when none. */
struct str rpc_conn_output(const struct rpc_conn *c);
void rpc_conn_taken(struct rpc_conn *c, size_t n);
/* False while the connection should be read no further: too much output, or a logon is being looked up. */
bool rpc_conn_wants_input(const struct rpc_conn *c);
/* NULL while alive; else why it should be closed once the output is taken: "fragment of 9000 octets; 5840 offered". */
const char *rpc_conn_ended(const struct rpc_conn *c);
/* False until a bind has been answered (with its third leg where there is one): for the handshake time-out. */
bool rpc_conn_established(const struct rpc_conn *c);
/* A PDU, or a request of several, has begun and its end is missing; how many PDUs there were: for the fragment time-out. */
bool rpc_conn_in_pdu(const struct rpc_conn *c);
uint64_t rpc_conn_pdus(const struct rpc_conn *c);
/* Calls that a handler has or that are unfinished: a connection with none is idle. */
size_t rpc_conn_calls(const struct rpc_conn *c);
