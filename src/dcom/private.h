/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* private - what the files of dcom share */
#include "base/map.h"
#include "dcom/dcom.h"
#include "dcom/ids.h"

enum { COLLECT_MS = 30000, PING_TIMEOUT_S = 480, OBJECTS_MAX = 65536, PING_SETS_MAX = 4096,
       PING_OIDS_MAX = 4096, AUTHN_HINT = RPC_LEVEL_INTEGRITY, INTERFACES_MAX = 32 };

struct dcom_ipid {
        struct dcom_ipid *next;         /* of the same object */
        struct uuid ipid;
        struct dcom_object *object;
        const struct dcom_interface *interface;
        uint64_t refs;                  /* public and private, of clients */
};
struct dcom_connection {
        uint64_t number;
        struct list objects;
};
struct ping_set {
        uint64_t id;
        uint64_t *oids;
        size_t n, cap;
        int64_t seen_us;
};

struct dcom {
        struct dcom_opts o;
        uint64_t oxid;
        struct uuid ipid_rem_unknown;
        struct map ipids;               /* struct dcom_ipid by IPID */
        struct map oids;                /* struct dcom_object by OID */
        struct map connections;         /* struct dcom_connection by number */
        struct map sets;                /* struct ping_set by id */
        struct list adrift;             /* objects on no live connection */
        bool closed;                    /* dcom_free() was called: goes with its last object */
        struct loop_timer *timer;
        struct rpc_interface rpc[INTERFACES_MAX];
        size_t n_rpc;
};

static inline struct str key64(const uint64_t *v)
{
        return (struct str){ (const char *)v, sizeof *v };
}
static inline struct str key_uuid(const struct uuid *u)
{
        return (struct str){ (const char *)u->b, sizeof u->b };
}

/* ---- table.c ---- */
struct dcom_ipid *dcom_ipid_find(const struct dcom *d, const struct uuid *ipid);
/* The object's IPID for an interface, with refs more references. -ENOMEM; -ENOENT: it has no such interface. */
MUST int dcom_ipid_get(struct dcom_object *o, const struct uuid *iid, uint32_t refs, struct dcom_ipid **out);
void dcom_ipid_release(struct dcom_ipid *p, uint64_t refs);     /* may free the object */
void dcom_object_seen(struct dcom_object *o, uint64_t connection);
bool dcom_owned_by(const struct dcom_object *o, const struct rpc_caller *caller);
void dcom_object_drop(struct dcom_object *o);   /* as if every reference of clients were released */
void dcom_really_free(struct dcom *d);          /* dcom.c */

/* ---- bindings.c ---- */
/* What clients are told, @port 0: without ports. Texts in @a; false: it is full. */
MUST bool dcom_bindings(const struct dcom *d, const char *dialled, uint16_t port, struct arena *a, struct dcom_dualstring *out);
/* For the resolver: its port, where it is not 135. */
MUST bool dcom_bindings_resolver(const struct dcom *d, const char *dialled, struct arena *a, struct dcom_dualstring *out);
void dcom_dualstring_answer(const struct dcom_dualstring *d, struct ndr_out *o);        /* as a parameter of NDR */

/* ---- calls ---- */
void dcom_orpc(struct rpc_call *rpc, void *arg);                /* call.c: everything with an IPID */
/* A call of an interface that is found without an IPID; NULL: it was faulted. */
struct dcom_call *dcom_call_begin(struct dcom *d, struct rpc_call *rpc, struct dcom_object *o);
void dcom_rem_unknown(struct dcom_call *c);                     /* remunknown.c */
void dcom_object_exporter(struct rpc_call *rpc, void *arg);     /* resolver.c */
void dcom_scm_activator(struct rpc_call *rpc, void *arg);       /* activator.c */
void dcom_activation(struct rpc_call *rpc, void *arg);

/* ---- ping.c ---- */
/* SimplePing, ComplexPing; [MS-DCOM] 3.1.2.5.1.2, 3.1.2.5.1.3. The status. */
uint32_t dcom_ping_simple(struct dcom *d, uint64_t id);
uint32_t dcom_ping_complex(struct dcom *d, uint64_t *id, const uint64_t *add, size_t n_add, const uint64_t *del, size_t n_del);
void dcom_ping_collect(struct dcom *d, int64_t before_us);
void dcom_ping_fini(struct dcom *d);
