/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * client - the client half of connection-oriented DCE RPC, without sockets
 *
 * For the calls that the server makes itself: ResolveOxid2 at a client's
 * resolver, Indicate and SetStatus at its sink.  One struct rpc_client is one
 * connection; it binds as many interfaces as it is asked for and has at most
 * one security context, chosen when it is made.  Octets go in and out as with
 * struct rpc_conn; rpcd carries it (rpcd_dial()).
 *
 * Stepping down ([MS-WMI] 3.1.1.1 asks for PKT_PRIVACY first): try the levels
 * you want in order, each with a client of its own.  With credentials NTLM at
 * PRIVACY; without, anonymous NTLM is refused by nearly everybody and is not
 * tried: RPC_LEVEL_NONE is what remains.
 *
 * Threads    One thread.
 * Source     [C706] 12; [MS-RPCE] 3.3.2; [MS-NLMP] 3.1.
 */
#include "base/err.h"
#include "base/str.h"
#include "ndr/uuid.h"
#include "rpc/level.h"

struct rpc_client;

struct rpc_credentials {                /* copied; wiped when no longer needed */
        struct str user, domain;        /* UTF-8 */
        uint8_t nt_hash[16];
};
struct rpc_client_opts {
        enum rpc_level level;           /* NONE: no authentication and credentials is not looked at */
        const struct rpc_credentials *credentials;      /* needed at every other level: -EINVAL without */
        uint16_t max_frag;              /* 0: 5840 */
        uint32_t max_stub;              /* 0: 1 MiB, of an answer */
        uint16_t max_calls;             /* 0: 16 */
        void (*wake)(void *arg);        /* as struct rpc_conn_ops */
        void *arg;
};

/* How a call or a bind ended.  kind 0: an answer with its stub (until the function returns). */
struct rpc_result {
        enum {
                RPC_RESULT_OK = 0,
                RPC_RESULT_FAULT,       /* the server's status */
                RPC_RESULT_REFUSED,     /* the bind, the interface or the logon was refused */
                RPC_RESULT_LOST,        /* the connection ended or spoke nonsense */
                RPC_RESULT_CANCELLED,   /* rpc_client_free() */
        } kind;
        uint32_t status;
        struct str stub;
        const char *why;                /* words for a log, never NULL */
};

MUST int rpc_client_new(struct rpc_client **out, const struct rpc_client_opts *opts);
void rpc_client_free(struct rpc_client *c);     /* open calls end with RPC_RESULT_CANCELLED first; NULL is harmless */
/*
 * rpc_client_call - call a method.  Binds the interface first where that was not done yet.
 * @object  the IPID, or NULL
 * @done    runs exactly once, never before the function has returned; may make further calls, must not free @c
 * Calls of one client are sent in order; the answers come in the server's.
 * 0, or < 0 with nothing sent: -ENOMEM, -EAGAIN when max_calls are open, -ENOTCONN when the client has ended.
 */
MUST int rpc_client_call(struct rpc_client *c, const struct uuid *iface, uint16_t major, uint16_t minor,
                         const struct uuid *object, uint16_t opnum, struct str stub,
                         void (*done)(void *arg, const struct rpc_result *r), void *arg);

/* ---- for the carrier ---- */
/* Sets anew what is called when there is output or the client ended. */
void rpc_client_on_wake(struct rpc_client *c, void (*wake)(void *arg), void *arg);
void rpc_client_input(struct rpc_client *c, struct str octets);
struct str rpc_client_output(const struct rpc_client *c);
void rpc_client_taken(struct rpc_client *c, size_t n);
const char *rpc_client_ended(const struct rpc_client *c);
/* The transport failed or closed: every open call ends with RPC_RESULT_LOST.  why is copied. */
void rpc_client_lost(struct rpc_client *c, const char *why);
