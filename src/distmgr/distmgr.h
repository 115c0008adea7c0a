/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * distmgr - the Distribution Manager: from a job in the database to a DP's report
 *
 * It takes snapshots of package sources into the site's content library, hands
 * orders to distribution points over the long poll each of them keeps open,
 * streams the pieces they lack, and applies what they report.  Everything that
 * must survive is in the database (jobs) or in the library (pieces); what is
 * kept here is who is connected and what is in work, and both sides can rebuild
 * that from one poll: the DP says which orders it works on, the site hands out
 * those it does not.
 *
 * It wakes on four things only: a committed change of jobs (distmgr_changed), a
 * DP that connects, a job that ends, a retry that falls due.  Nothing polls.
 *
 * A job is started in the database before its order goes out; a report is
 * acknowledged only after COMMIT.  So a kill at any moment costs at most an order
 * sent twice, and an order sent twice costs one round trip.
 *
 * Threads    Everything here is for the loop thread.
 * Wire       tallyman-dp-wire(7), codec/dpwire.h.
 */
#include "auth/pki.h"
#include "cas/cas.h"
#include "http/http.h"
#include "loop/loop.h"
#include "model/model.h"

struct distmgr;

struct distmgr_opts {
        struct loop *loop;              /* these are borrowed and must outlive it */
        struct db *db;
        struct cas *cas;                /* the site's content library */
        const struct pki_pair *ca;      /* the site's authority */
        bool plain_peers;               /* believe the header X-Tallyman-DP on plain connections: benchmarks only */
        unsigned max_packages, max_dps_per_package, max_snapshots, snapshot_threads;
        bool refuse_case_collisions;
        unsigned library_keep_versions; /* current version and so many before it stay in the library */
        struct model_retry retry;
        int64_t dp_offline_grace_us;    /* no poll outstanding for so long: offline */
        int64_t job_stall_timeout_us;   /* no progress on a DP for so long: the attempt failed */
        int64_t clock_skew_limit_us;
        int64_t audit_interval_us;      /* 0: never */
        int64_t change_log_keep;        /* rows of the change log, and status messages, that stay */
        int64_t verify_timeout_us;      /* how long a deep verification waits for inventories */
        int64_t gc_interval_us;         /* unused content is collected at most that often; 0: never */
        int64_t order_wait_us;          /* polls are answered after this at the latest */
};
MUST int distmgr_new(struct distmgr **out, const struct distmgr_opts *o, struct err *e);
/* Jobs of an earlier life become pending again, then work begins. */
void distmgr_start(struct distmgr *d);
/*
 * No new work; snapshots are stopped, polls are answered.  Call while httpd still runs; then close
 * the listeners, distmgr_free() (which waits for its workers), db_close(), and run the loop until idle.
 */
void distmgr_stop(struct distmgr *d);
/* After distmgr_stop(): every report that came has its answer; the listeners may close. */
bool distmgr_settled(const struct distmgr *d);
/* Until this is true the loop must run on: work that was begun still has to end. */
bool distmgr_idle(const struct distmgr *d);
void distmgr_free(struct distmgr *d);   /* NULL is harmless; only when idle */

/* The routes of /dp/v1; valid as long as d. */
const struct http_route *distmgr_routes(struct distmgr *d, size_t *n_out);

/* A committed change, in order; c NULL: some were missed, look at everything. */
void distmgr_changed(struct distmgr *d, const struct model_change *c);

/*
 * Recount every counter from rows; with @deep also ask every online DP for an inventory, wait at
 * most verify_timeout, and compare.  done is called once with all differences (borrowed); a DP
 * that did not answer is one of kind "DpSilent".
 */
void distmgr_verify(struct distmgr *d, bool deep,
                    void (*done)(void *arg, const struct model_difference *v, size_t n, const struct err *e), void *arg);

/* For /readyz and tests. */
struct distmgr_status {
        unsigned n_online, n_orders, n_snapshots;
        uint64_t bytes_sent;            /* content, since start */
        int64_t audited_us;             /* last background audit, TIME_NONE_US: none yet */
        uint64_t n_differences;         /* it found */
        char difference[480];           /* the first one, in words */
};
void distmgr_status(const struct distmgr *d, struct distmgr_status *out);
