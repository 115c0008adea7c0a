/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * internal - what the files of distmgr share
 *
 * Three kinds of things are kept in memory: a session for each DP that has work
 * or has connected, an order for each DP job in work, a snapshot for each one in
 * work.  None of them outlives what the database says: a pass over the jobs
 * (scan.c) compares both and drops what is no longer there.
 *
 * Nothing keeps a pointer to a session, an order or a snapshot across an
 * asynchronous step; it keeps the number and looks again.
 */
#include <stdatomic.h>
#include "codec/dpwire.h"
#include "db/db.h"
#include "distmgr/distmgr.h"
#include "distmgr/sched.h"
#include "os/os.h"

#define LOG "distmgr"

enum {
        DM_RETAIN_MS = 600000,          /* the logs are cut so often */
        DM_RESEND_MS = 2000,            /* an order not in active= so long after it was sent is sent again */
        DM_MAX_CANCELS = 64,
        DM_FAILS_A_PASS = 100000,       /* jobs of unreachable DPs one pass takes along, 16 B each */
        DM_NAME = 256,
};

/* Orders of inventories are no jobs; their numbers start here (numbers of jobs stay far below, JSON holds both). */
#define DM_INVENTORY_IDS (UINT64_C(1) << 52)

/* How often a moving order's progress goes into the database at most; all of them together. */
#define DM_NOTE_EVERY_US (2 * US_PER_SECOND)
#define DM_NOTES_PER_SECOND 50

enum order_state {
        ORDER_STARTING,                 /* its job is being started in the database */
        ORDER_QUEUED,                   /* goes out with the next poll */
        ORDER_SENT,
        ORDER_ENDING,                   /* its end is being written */
};

struct order {
        struct list link;               /* the session's */
        int64_t job_id, pkg_id, dp_id;
        char package_id[PACKAGE_ID_LEN + 1];
        enum job_action action;
        uint32_t version;
        bool redistribute, has_manifest;
        struct hash_id manifest;
        uint64_t total_bytes;
        enum order_state state;
        bool announced;                 /* sent at least once: the DP must be told if it is void */
        int64_t sent_mono_us;
        uint64_t bytes_done, bytes_sent;
        uint64_t bytes_noted;           /* of bytes_done, what the database was told, and when */
        int64_t noted_mono_us;
};

struct cancel {
        uint64_t id;
        bool told;
};

struct session {
        int64_t dp_id;
        char name[DM_NAME];
        struct hash_id cert, old_cert;  /* old_cert: valid for a renewal whose answer was lost */
        bool enrolled, maintenance;
        bool fresh;                     /* the fields above are what the database says */
        uint64_t stale_since;           /* the news (distmgr.n_news) after which a row must have been read to be fresh */
        bool online;
        bool skewed;
        int64_t skew_us;                /* the DP's clock minus ours */
        int64_t last_seen_us;           /* wall clock, TIME_NONE_US: never */
        int64_t gone_mono_us;           /* since when no poll has been outstanding */
        int64_t checked_mono_us;        /* when its certificate was checked last */
        int64_t counted_us;             /* when its being unreachable was last counted as a try; TIME_NONE_US */
        const char *counted_for;        /* the reason's code then */
        int64_t progress_mono_us;       /* last sign that its work goes on */
        char refused[400];              /* why its certificate was refused last; "" since it was accepted */
        struct http_exchange *poll;     /* outstanding, or NULL */
        int64_t poll_until_mono_us;
        struct loop_timer *timer;       /* the nearest of: poll's end, resend, grace, stall */
        struct distmgr *d;
        struct list orders;
        uint64_t active[DPWIRE_MAX_ORDERS];     /* what the last poll named */
        size_t n_active;
        struct cancel cancels[DM_MAX_CANCELS];
        size_t n_cancels;
        uint64_t inventory;             /* asked for under this number, 0: not */
        bool inventory_told;
        int64_t inventory_mono_us;
};

struct failing {                        /* a job whose DP cannot be reached */
        int64_t job_id, dp_id;
};

enum snapshot_state { SNAPSHOT_STARTING, SNAPSHOT_TAKING, SNAPSHOT_ENDING };
struct snapshot_run {
        struct list link;
        int64_t job_id;
        uint32_t version;
        enum snapshot_state state;
        atomic_bool stop;
};
struct verify_run;
struct locator;

struct distmgr {
        struct distmgr_opts o;
        struct loop *loop;
        struct db *db;
        struct cas *cas;
        struct workers *store, *locate;
        struct map by_dp, by_cert;      /* dp_id, SHA-256 of certificate -> session */
        struct map orders;              /* job_id -> order */
        struct list snapshots;          /* struct snapshot_run */
        struct list verifies;           /* struct verify_run */
        struct locator *locator;
        unsigned n_pending;             /* database and worker jobs in flight */
        unsigned n_writes;              /* of them, database writes */
        unsigned n_streams;
        unsigned n_online;
        bool started, stopping;
        atomic_bool stop_work;          /* the same for workers */
        bool scanning, scan_again;
        int64_t scan_end_mono_us, scan_cost_us;
        struct loop_timer *pause;       /* between costly passes */
        bool failing;                   /* failures of a pass are being written: no other pass may add to them */
        struct failing *fails;
        size_t n_fails, fails_at;
        int64_t clock_apart_us;         /* wall clock minus monotonic, when looked at last */
        int64_t started_mono_us;
        uint64_t next_inventory;
        uint64_t bytes_sent;
        /* the site library's housekeeping (library.c) */
        bool gc_wanted, gc_running;
        int64_t gc_mono_us;             /* when it ran last, or we started */
        struct list gc_waiters;         /* content requests that wait for the collector */
        struct loop_timer *due, *offers, *audit, *retain, *gc;
        bool refreshing_offers, refresh_offers_again;
        uint64_t n_news;                /* changes of DP rows heard of so far */
        int64_t audited_us;
        uint64_t n_differences;
        char difference[480];
        struct http_route routes[16];
        size_t n_routes;
};

/* ---- db.c: jobs of the database with a transaction of the model around them ---- */
struct dm_write {
        struct db_job job;
        struct distmgr *d;
        uint64_t news;                  /* distmgr.n_news when it was asked for */
        struct actor actor;
        int (*fn)(struct dm_write *w, struct tx *t, struct err *e);     /* writer thread */
        void (*then)(struct dm_write *w);       /* loop, after COMMIT; w->job.r and err; frees the container */
};
/* @who "distmgr" or "dp:NAME"; @from the peer's address or "". */
void dm_write(struct distmgr *d, struct dm_write *w, const char *who, const char *from);
struct dm_read {
        struct db_job job;
        struct distmgr *d;
        uint64_t news;                  /* distmgr.n_news when it was asked for */
        int (*fn)(struct dm_read *r, struct db_conn *c, struct err *e); /* reader thread */
        void (*then)(struct dm_read *r);
};
void dm_read(struct distmgr *d, struct dm_read *r);
/* Jobs of workers, counted so that distmgr_idle() knows of them. */
struct dm_work {
        struct job job;
        struct distmgr *d;
        void (*fn)(struct dm_work *w);
        void (*then)(struct dm_work *w);
};
void dm_work(struct distmgr *d, struct workers *on, struct dm_work *w);
/* Fails or puts back one job; forgotten when it is done. code NULL: put back. */
void dm_end_job(struct distmgr *d, int64_t job_id, const char *code, const char *text, void (*then)(struct distmgr *d, int64_t job_id));

/* ---- scan.c ---- */
void dm_wake(struct distmgr *d);        /* look at the due jobs */

/* ---- fail.c ---- */
void dm_fail_jobs(struct distmgr *d, struct failing *v, size_t n);      /* takes v */
/* When the clock was set back since the last call: what waits for an instant now far away is due. */
void dm_mind_the_clock(struct distmgr *d);
int64_t dm_longest_delay(const struct distmgr *d);      /* of a retry */

/* ---- order.c ---- */
struct order *dm_order(const struct distmgr *d, int64_t job_id);
void dm_order_start(struct distmgr *d, const struct model_job *j);
/* The DP works on it already (after our restart): starts it without sending. */
void dm_order_adopt(struct distmgr *d, const struct model_job *j);
void dm_order_free(struct distmgr *d, struct order *o);
/* The database no longer wants it: forget it, and have the DP stop. */
void dm_order_void(struct distmgr *d, struct order *o);
/* Ends the attempt as failed (counted) and has the DP stop. */
void dm_order_fail(struct distmgr *d, struct order *o, const char *code, const char *text);
void dm_order_put_back(struct distmgr *d, struct order *o, const char *text);
struct order *dm_order_of_manifest(struct session *s, const struct hash_id *manifest);

/* ---- session.c ---- */
struct session *dm_session(const struct distmgr *d, int64_t dp_id);
struct session *dm_session_by_cert(const struct distmgr *d, const struct hash_id *cert);
/*
 * The session of that row, made or brought up to date; NULL when memory is out.
 * @news: of the job that read the row.  A change heard of since then leaves the
 * session stale, for the row may be from before it: a revoked certificate or a
 * deleted DP must not come back by a slow reader.
 */
struct session *dm_session_put(struct distmgr *d, const struct model_dp *row, uint64_t news);
/* What is known of it may be out of date; it is read again by the next pass, or when it calls. */
void dm_session_stale(struct session *s);
void dm_session_free(struct session *s);
/* Its DP was deleted: polls are answered, orders forgotten. */
void dm_session_gone(struct session *s);
/* A poll is outstanding.  @mended: its clock was wrong until this one. */
void dm_session_connected(struct session *s, bool mended);
/* Its certificate was refused for the first time: its waiting jobs are to say so. */
void dm_session_refused(struct session *s);
/* Its clock turned out to be wrong: what it works on fails. */
void dm_session_skewed(struct session *s);
/* A try was counted because it cannot be reached. */
void dm_session_counted(struct session *s);
void dm_session_progress(struct session *s);
void dm_session_arm(struct session *s);
void dm_session_cancel(struct session *s, uint64_t id);
/* What the scheduler may do with its jobs; *held_out: only those never tried may fail now. */
enum sched_dp dm_session_says(const struct session *s, bool *held_out, int64_t *held_until_out);
/* Code and words for SCHED_DP_FAIL. */
const char *dm_session_reason(const struct session *s, struct buf *text);
bool dm_session_is_active(const struct session *s, uint64_t id);

/* ---- poll.c ---- */
void dm_session_kick(struct session *s);        /* answer the poll if there is something to say */
void dm_poll_end(struct session *s);            /* answer it with nothing */
void dm_handle_orders(void *ctx, struct http_exchange *x);

/* ---- identify.c ---- */
/* fn runs once the DP is known; otherwise the exchange was answered with 403 and the reason. */
void dm_identify(struct distmgr *d, struct http_exchange *x,
                 void (*fn)(struct distmgr *d, struct http_exchange *x, struct session *s));

/* ---- handlers ---- */
void dm_handle_ca(void *ctx, struct http_exchange *x);
void dm_handle_enroll(void *ctx, struct http_exchange *x);
void dm_handle_renew(void *ctx, struct http_exchange *x);
void dm_handle_manifest(void *ctx, struct http_exchange *x);
void dm_handle_content(void *ctx, struct http_exchange *x);
void dm_handle_progress(void *ctx, struct http_exchange *x);
void dm_handle_report(void *ctx, struct http_exchange *x);
void dm_handle_inventory(void *ctx, struct http_exchange *x);

/* Content requests that waited for the collector go on. */
void dm_content_resume(struct distmgr *d);

/* ---- snap.c ---- */
void dm_snapshot_start(struct distmgr *d, const struct model_job *j);
void dm_snapshot_void(struct distmgr *d, int64_t job_id);  /* the database no longer wants it */
void dm_snapshots_stop(struct distmgr *d);

/* ---- library.c ---- */
void dm_library_trim(struct distmgr *d, const char *package_id);        /* versions beyond library_keep_versions */
void dm_library_forget(struct distmgr *d, const char *package_id);      /* the package is gone */
void dm_library_suspect(struct distmgr *d, const char *package_id, uint32_t version);   /* read it all again */
void dm_library_sweep(struct distmgr *d);       /* content of packages that are gone */
void dm_library_want_gc(struct distmgr *d);
void dm_library_gc_tick(void *arg);

/* ---- verify.c ---- */
void dm_audit_tick(void *arg);
void dm_retain_tick(void *arg);         /* retain.c */
/*
 * An inventory came.  When it was asked for it is compared with the rows first; then then(d, arg)
 * runs, which may apply it.  @held must live until then.
 */
void dm_verify_inventory(struct distmgr *d, const struct session *s, uint64_t order, const struct model_held *held,
                         size_t n, void (*then)(struct distmgr *d, void *arg), void *arg);
void dm_verify_dp_gone(struct distmgr *d, int64_t dp_id);
void dm_verify_stop(struct distmgr *d);

/* ---- offers.c ---- */
void dm_offers_refresh(void *arg);
