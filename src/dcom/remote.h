/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * remote - objects of clients that the server calls
 *
 * A client passes a reference to an object of its own (a sink).  Where it lives
 * is asked of the client's resolver (ResolveOxid2 on its port 135, by the
 * addresses of the reference in their order, the one it calls from first); then
 * one connection serves all objects of that exporter.  Authentication steps
 * down: PKT_PRIVACY, PKT_INTEGRITY with the configured account, then none;
 * what the client takes is found by a call that does nothing.
 *
 * While an object is held its client's resolver is pinged; when it is let go its
 * references are given back.
 *
 * Calls of one object are made one after the other by its holder; those of
 * several objects go side by side.  A call that is not answered in time has
 * failed, and so have all when the connection breaks; nothing is tried twice.
 *
 * Threads: the loop's.
 * Source: [MS-DCOM] 3.2 (client); [MS-WMI] 3.1.1.1.3, 3.2.4.2.
 */
#include "dcom/objref.h"
#include "dcom/orpc.h"
#include "loop/loop.h"
#include "rpc/client.h"

struct dcom_remotes;
struct dcom_remote;

struct dcom_remotes_opts {
        struct loop *loop;
        const struct rpc_credentials *account;  /* NULL: without authentication only; copied by rpc */
        const char *from;               /* address to dial from; NULL: any */
        unsigned timeout_s;             /* of a call, and of each step on the way; 0: 30 */
};
MUST int dcom_remotes_new(struct dcom_remotes **out, const struct dcom_remotes_opts *o, struct err *e);
void dcom_remotes_free(struct dcom_remotes *all);       /* calls under way are not heard of again; no remote may be left */

/*
 * dcom_remote_new - hold an object of a client.
 * @objref  a standard one, of interface @iid
 * @peer    the address the client calls from
 * 0; -EINVAL: no such reference; -ENOMEM. Nothing is dialled before the first call.
 */
MUST int dcom_remote_new(struct dcom_remote **out, struct dcom_remotes *all, struct str objref, const struct uuid *iid,
                         const char *peer);
void dcom_remote_free(struct dcom_remote *r);   /* gives the references back; NULL is harmless */
bool dcom_remote_is(const struct dcom_remote *r, uint64_t oxid, uint64_t oid);
enum rpc_level dcom_remote_level(const struct dcom_remote *r);          /* 0: not connected */

/*
 * dcom_remote_call - call a method.
 * @args  its parameters, behind ORPCTHIS, aligned as behind 32 octets; copied
 * @done  once, later, unless the remote is freed before.  @why NULL: answered, @in is behind ORPCTHAT; else words for a log.
 * 0, or -ENOMEM: it will not be made.
 */
MUST int dcom_remote_call(struct dcom_remote *r, uint16_t opnum, struct str args,
                          void (*done)(void *arg, struct ndr_in *in, const char *why), void *arg);
