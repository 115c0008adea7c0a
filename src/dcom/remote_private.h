/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* remote_private - exporters of clients, and calls on their way to them */
#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "dcom/ids.h"
#include "dcom/remote.h"
#include "rpcd/rpcd.h"

enum { REMOTE_ADDRESSES_MAX = 8, REMOTE_RESOLVER_PORT = 135, REMOTE_DIAL_MS = 5000, REMOTE_TICK_MS = 1000,
       REMOTE_PING_S = 120, REMOTE_IN_FLIGHT_MAX = 32, REMOTE_ABANDONED_MAX = 16, REMOTE_EXPORTERS_MAX = 4096 };

/* An rpc_client with the socket under it; freed in the loop's next turn, for its callbacks may not free it. */
struct remote_link {
        struct list link;               /* remotes->broken, else alone */
        struct remote_exporter *exporter;       /* NULL: given up, its calls' ends are of no interest */
        struct rpc_client *client;
        struct rpcd_dialled *dialled;
};
enum remote_state { REMOTE_IDLE, REMOTE_RESOLVING, REMOTE_PROBING, REMOTE_READY, REMOTE_DEAD };

struct remote_call {
        struct list link;               /* exporter->waiting or ->flying */
        struct remote_exporter *exporter;       /* NULL: its end was told; freed when rpc has ended it, too */
        struct dcom_remote *remote;     /* NULL: the exporter's own (RemRelease) */
        const struct uuid *iid;
        struct uuid ipid;
        uint16_t opnum;
        struct buf stub;
        int64_t since_us;
        bool abandoned;
        void (*done)(void *arg, struct ndr_in *in, const char *why);    /* NULL: nobody asks */
        void *arg;
};
/* A process of a client: everything with one OXID. */
struct remote_exporter {
        struct list link;
        struct list due;                /* remotes->due, else alone: there are calls to be made */
        struct dcom_remotes *all;
        uint64_t oxid;
        unsigned refs;                  /* remotes */
        enum remote_state state;
        struct arena arena;             /* of the addresses */
        struct {
                struct str host;
                uint16_t port;
        } resolvers[REMOTE_ADDRESSES_MAX];
        size_t n_resolvers, at;
        size_t good;                    /* the resolver that answered */
        char *host;                     /* of the exporter */
        uint16_t port;
        struct uuid ipid_rem_unknown;
        enum rpc_level level;
        struct remote_link *resolver, *conn, *ping;
        int64_t since_us;               /* of the step under way */
        struct list remotes;            /* struct dcom_remote */
        struct list waiting, flying;
        size_t n_flying, n_abandoned;
        uint64_t ping_set;
        int64_t pinged_us;
};
struct dcom_remote {
        struct list link;
        struct remote_exporter *exporter;
        struct uuid iid;
        struct dcom_stdobjref std;
        bool told;                      /* to the client's resolver, in a ping */
};
struct dcom_remotes {
        struct dcom_remotes_opts o;
        struct list exporters;
        size_t n_exporters;
        struct list broken;             /* struct remote_link, to be freed */
        struct list due;                /* struct remote_exporter */
        struct loop_soon *soon;
        struct loop_timer *tick;
        bool ticking;
};

/* ---- remote_link.c ---- */
struct remote_link *remote_link_new(struct remote_exporter *x, const char *host, uint16_t port, enum rpc_level level);
void remote_link_drop(struct dcom_remotes *all, struct remote_link **l);        /* *l may be NULL; is after */
void remote_reap(struct dcom_remotes *all);

/* ---- remote_find.c: from an OXID to a connection that takes calls ---- */
void remote_find(struct remote_exporter *x);
void remote_ping(struct remote_exporter *x);

/* ---- remote.c ---- */
void remote_dead(struct remote_exporter *x, const char *why);   /* every call fails; it is found anew by the next */
void remote_go_on(struct remote_exporter *x);                   /* calls that wait are made */
/* Appends ORPCTHIS. */
void remote_begin_stub(struct buf *b);
