/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * internal - what the files of dp share: the DP itself and its orders
 *
 * Who calls whom: link brings orders to orders.c, which starts them (install.c,
 * chores.c); they end in mail.c, whose acknowledgement ends the order.  gc.c runs
 * when nothing else does.  Nobody calls back upwards but through these functions.
 */
#include <stdatomic.h>
#include "base/list.h"
#include "cas/cas.h"
#include "codec/dpwire.h"
#include "dp/blocks.h"
#include "dp/dp.h"
#include "dp/order_state.h"
#include "dp/plan.h"
#include "dp/transfer.h"
#include "dp/verification.h"
#include "fetch/fetch.h"

/* Back-off with jitter: min, a few times, then 2 min, 4 min ... max, each shortened by up to a quarter. */
struct backoff {
        int64_t min_ms, max_ms;
        unsigned failures;
};
int64_t backoff_next(struct backoff *b);        /* counts a failure; milliseconds to wait */
void backoff_reset(struct backoff *b);

struct order {
        struct list link;               /* in dp.orders, by arrival */
        struct dp *dp;
        struct dpwire_order w;
        enum order_state state;
        atomic_bool cancelled;          /* verify worker polls it */
        bool busy;                      /* its job is on a worker */
        int64_t begun_us;               /* monotonic */
        /* install */
        struct job job;
        struct cas_manifest man;
        bool man_open;
        struct plan plan;
        struct transfer *transfer;
        struct manifest_fetch *mfetch;
        unsigned gaps;                  /* commits that found something missing */
        uint64_t received;              /* piece bytes over the wire */
        uint64_t told_done, told_held;  /* of the last progress */
        /* result of the last job, and what will be reported */
        int outcome;                    /* enum order_event, or < 0: err */
        struct err err;
        struct verification *verification;      /* validate */
        struct hash_id leftovers[4];    /* manifests of versions that will not be finished now */
        size_t n_leftovers;
};

enum link_state { LINK_NEW, LINK_UP, LINK_DOWN };

struct link {
        struct fetch *poll;
        struct loop_timer *timer;       /* back-off, or how long the answer may take */
        struct backoff backoff;
        enum link_state state;
        int64_t asked_us;               /* when the poll was sent, monotonic */
        bool asked_wait;                /* it may be held */
        unsigned hasty;                 /* held polls in a row that were answered at once with nothing new */
        bool inventory_told;
        uint64_t polls;
};

struct mail {
        struct list letters;            /* in order of writing; the first one is sent */
        uint64_t next_seq;
        struct fetch *post;
        bool preparing;                 /* the first letter's body is being made */
        struct loop_timer *timer;
        struct backoff backoff;
        unsigned jobs;                  /* letters at the store worker */
};

struct gc {
        struct loop_timer *timer;
        struct job job;
        int64_t wanted_us;              /* since when, monotonic */
        bool wanted, running;
};

struct dp {
        struct loop *loop;
        struct dp_settings set;
        char *dir, *site_url, *ca_file, *cert_file, *key_file, *name, *public_host;
        struct cas *cas;
        struct workers *check, *store, *verify, *read;
        struct cas_writer *writer;      /* store worker */
        struct hasher *check_hasher;    /* check worker */
        int dir_fd, outbox_fd;
        struct fetch_pool *pool;
        struct blocks blocks;
        struct list orders;
        struct list unfinished;
        size_t n_unfinished;
        struct link link;
        struct mail mail;
        struct gc gc;
        struct loop_timer *progress_timer;
        struct fetch *progress_post;
        bool progress_running;
        unsigned progress_ticks;
        struct schedule *schedule;
        struct serve *serve;
        struct renew *renew;
        void (*idle)(void *ctx);
        void *ctx;
        bool was_busy;
        uint64_t bytes_received;
        bool stopping;
};

/* ---- orders.c ---- */
/* True when it is new. */
bool orders_receive(struct dp *d, const struct dpwire_order *w);
void orders_schedule(struct dp *d);
/* Numbers of orders the DP works on or has a letter about. */
size_t orders_active(const struct dp *d, uint64_t *ids, size_t cap);
bool orders_idle(const struct dp *d);           /* none before its report */
void order_move(struct order *o, enum order_event ev);
/* What was under way for this order is back: was it cancelled meanwhile?  Then it is gone now. */
bool order_returned(struct order *o);
void order_fail(struct order *o);               /* report order.err */
/* @store  the report tells of a change on disk: write it down before it is sent */
void order_report(struct order *o, enum dpwire_result result, bool store);
void orders_acked(struct dp *d, uint64_t id);
void orders_kick(struct dp *d);                 /* the site is there again: what waits for its back-off tries now */
void orders_stop(struct dp *d);                 /* cancel all */
enum dpwire_code code_of(const struct err *e);

/* ---- install.c ---- */
void install_begin(struct order *o);
void install_cancel(struct order *o);           /* stops what moves; the order goes when it is back */
void install_kick(struct order *o);
void install_clear(struct order *o);            /* gives back what it holds */
void install_transferred(struct order *o, int r);       /* transfer.c: the slice is stored (0), or order.err */
void install_manifest_came(struct order *o, int r);     /* manifest_fetch.c */

/* ---- manifest_fetch.c ---- */
struct manifest_fetch;
MUST int manifest_fetch_start(struct order *o, struct err *e);
void manifest_fetch_kick(struct manifest_fetch *m);
void manifest_fetch_cancel(struct manifest_fetch *m);   /* ends with install_manifest_came(), now or later */

/* ---- chores.c: remove, validate ---- */
void chore_begin(struct order *o);

/* ---- progress.c ---- */
MUST int progress_init(struct dp *d, struct err *e);
void progress_stop(struct dp *d);
void progress_wake(struct dp *d);               /* bytes begin to move */

/* ---- link.c ---- */
MUST int link_start(struct dp *d, struct err *e);
void link_stop(struct dp *d);
void link_resume(struct dp *d);                 /* after link_stop() */
void link_poll_again(struct dp *d);             /* active= changed in a way the site waits for */
char *dp_url(const struct dp *d, const char *fmt, ...) PRINTF_LIKE(2, 3);       /* NULL: out of memory */

/* ---- mail.c ---- */
MUST int mail_start(struct dp *d, struct err *e);       /* reads what an earlier life left */
void mail_stop(struct dp *d);
void mail_free(struct dp *d);
void mail_kick(struct dp *d);
void mail_report(struct dp *d, const struct dpwire_report *r, bool store);
void mail_inventory(struct dp *d, uint64_t order);
size_t mail_orders(const struct dp *d, uint64_t *ids, size_t cap);
bool mail_has(const struct dp *d, uint64_t order);
size_t mail_count(const struct dp *d);

/* ---- inventory.c ---- */
MUST int inventory_body(struct dp *d, uint64_t order, struct buf *out, struct err *e);  /* store worker */

/* ---- unfinished.c ---- */
void unfinished_add(struct dp *d, const struct dpwire_order *w);        /* pieces of this version begin to arrive */
void unfinished_take(struct order *o);          /* the package's others become the order's leftovers */
void unfinished_drop(struct order *o);          /* store worker: they may go */
void unfinished_free(struct dp *d);

/* ---- gc.c ---- */
MUST int gc_start(struct dp *d, struct err *e);
void gc_stop(struct dp *d);
void gc_want(struct dp *d);

/* ---- schedule.c: validation by itself ---- */
MUST int schedule_start(struct dp *d, struct err *e);
void schedule_stop(struct dp *d);
void schedule_free(struct dp *d);

/* ---- renew.c ---- */
MUST int renew_start(struct dp *d, void (*renewed)(void *ctx), void *ctx, struct err *e);
void renew_stop(struct dp *d);

/* ---- serve.c ---- */
MUST int serve_start(struct dp *d, struct err *e);
void serve_free(struct dp *d);
size_t serve_streams(const struct dp *d);       /* open ones; gc waits a while for them */
