/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dcom - the object exporter: objects that clients reach by ORPC
 *
 *      resolver port (135)   IObjectExporter, IRemoteSCMActivator, IActivation
 *      object port           every ORPC interface, found by the IPID of the request
 *
 * An object is a struct dcom_object within a struct of its owner, a table of
 * interfaces, and whoever made it: IPIDs are random, and a call, a reference or
 * a release by another account than the maker's is refused.  An object lives
 * while a client holds references to one of its IPIDs or its owner holds it
 * (dcom_object_ref()).  When the last client has gone, unreferenced() runs: the
 * owner ends what the object was about.  Clients go by RemRelease, or silently: an
 * object that is on no live connection and was neither pinged nor called for
 * ping_timeout is collected.
 *
 * A call is read, answered now or later, and ends with dcom_call_end() or
 * dcom_call_fault(), once.  It keeps its object alive.
 *
 * Threads: the loop's.
 * Source: [MS-DCOM] 3.1.1 (object exporter), 3.1.2 (object resolver).
 */
#include "base/arena.h"
#include "base/list.h"
#include "dcom/dualstring.h"
#include "dcom/objref.h"
#include "dcom/orpc.h"
#include "loop/loop.h"
#include "ndr/ndr.h"
#include "rpc/rpc.h"

struct dcom;
struct dcom_call;
struct dcom_object;

struct dcom_interface {
        const struct uuid *iid;
        const char *name;               /* "IWbemServices" */
        /* Reads c->in by c->opnum and answers c, now or later. NULL: IUnknown, which has no calls of its own. */
        void (*call)(struct dcom_call *c);
};
struct dcom_class {
        const struct dcom_interface *const *interfaces;
        size_t n_interfaces;
        /* No client has a reference any more: end parked calls, subscriptions. May be NULL. */
        void (*unreferenced)(struct dcom_object *o);
        void (*free)(struct dcom_object *o);    /* nobody has */
};

struct dcom_ipid;
struct dcom_object {                    /* private */
        const struct dcom_class *class;
        struct dcom *dcom;
        uint64_t oid;
        unsigned refs;                  /* calls, owners, and one while a client has references */
        struct dcom_ipid *ipids;
        struct rpc_caller *owner;
        struct list link;               /* of its connection, or of those without one */
        struct dcom_connection *connection;
        int64_t seen_us;
};

/* What a CLSID makes. 0 with an object that has one reference, given to the caller; else an HRESULT. */
struct dcom_factory {
        struct uuid clsid;
        uint32_t (*create)(void *ctx, struct dcom_call *c, struct dcom_object **out);
        void *ctx;
};

struct dcom_opts {
        struct loop *loop;              /* NULL: no collection by itself; tests call dcom_collect() */
        struct rpc_server *rpc;         /* outlives; gets our interfaces */
        const struct dcom_factory *factories;   /* borrowed */
        size_t n_factories;
        const struct dcom_interface *const *interfaces; /* all that objects may have, besides IUnknown: to be bound */
        size_t n_interfaces;
        /* Names and addresses told to clients, in their order; "*" is the address the client dialled. Borrowed. */
        const char *const *bindings;
        size_t n_bindings;
        const uint16_t *authn;          /* authentication services told, [MS-RPCE] 2.2.1.1.7; borrowed */
        size_t n_authn;
        uint16_t resolver_port, port;
        int64_t ping_timeout_us;        /* 0: 8 minutes */
        size_t max_objects;             /* 0: 65536 */
        int64_t (*now_us)(void);        /* NULL: os_mono_us */
};
MUST int dcom_new(struct dcom **out, const struct dcom_opts *o, struct err *e);
/* All objects become unreferenced; those that owners or calls still hold may go later.  Before the rpc_server. */
void dcom_free(struct dcom *d);
DEFINE_FREEP(struct dcom *, dcom_free)
void dcom_connection_closed(struct dcom *d, uint64_t connection);       /* rpc_server_ops.closed */
void dcom_collect(struct dcom *d);
size_t dcom_objects(const struct dcom *d);
uint64_t dcom_oxid(const struct dcom *d);

/* ---- objects ---- */

/*
 * dcom_object_init - export an object; it has one reference, the caller's
 * c is the call that makes it: its account owns it, its connection keeps it.
 * 0, or -ENOSPC when there are max_objects: nothing was begun then.
 */
MUST int dcom_object_init(struct dcom_object *o, const struct dcom_class *class, const struct dcom_call *c);
struct dcom_object *dcom_object_ref(struct dcom_object *o);
void dcom_object_unref(struct dcom_object *o);  /* NULL is harmless */
/* An OBJREF with five public references, for the client of @c. -ENOMEM; -ENOENT: the object has no such interface. */
MUST int dcom_object_marshal(struct dcom_object *o, const struct uuid *iid, const struct dcom_call *c, struct buf *out);

/* ---- calls ---- */

struct dcom_call {
        struct dcom *dcom;
        struct dcom_object *object;     /* NULL: an activation */
        const struct rpc_request *rq;
        uint16_t opnum;
        struct ndr_in in;               /* behind ORPCTHIS */
        struct arena arena;             /* of the call */
        /* Private. */
        struct rpc_call *rpc;
        struct buf reply;
        struct ndr_out out;
        bool begun;
        bool cancelled;                 /* nobody waits for the answer; the connection may have gone */
        void (*on_cancel)(struct dcom_call *c, void *arg);
        void *cancel_arg;
};
/* The stub to write the answer to; ORPCTHAT stands there already. Asked again, it goes on. */
struct ndr_out *dcom_call_answer(struct dcom_call *c);
/* Error information beside the answer: an OBJREF of IErrorInfo, [MS-DCOM] 2.2.21.1. Before dcom_call_answer(). */
void dcom_call_error_info(struct dcom_call *c, struct str objref);
void dcom_call_end(struct dcom_call *c);                        /* sends the answer */
void dcom_call_end_hresult(struct dcom_call *c, uint32_t hr);   /* an HRESULT behind what was written, and sends */
void dcom_call_fault(struct dcom_call *c, uint32_t status);
/* As rpc_call_on_cancel(): the answer is wanted no more; fn may end the call. */
void dcom_call_on_cancel(struct dcom_call *c, void (*fn)(struct dcom_call *c, void *arg), void *arg);
/* Writes an interface pointer to the object and gives the caller's reference to the client: MInterfacePointer or NULL. */
MUST int dcom_call_answer_object(struct dcom_call *c, struct dcom_object *o, const struct uuid *iid);
