/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * model - the site's objects: invariants and state machines over the database
 *
 * Sites, DPs, DP groups, packages and versions, programs, collections,
 * advertisements, assignments (package on DP), jobs, summaries, ledger, offers.
 * Tables hold truth; views named after the WMI classes (SMS_Package, ...) show
 * it, and everything reads through them (provider).  Writers below check every
 * field and say what is wrong in words; nothing is half-written.
 *
 * Summaries: counters change only by the difference state_counts() makes of the
 * very row that changes, in its transaction.  model_verify() recounts.
 *
 * Threads: writers on the db writer thread inside a struct tx; readers take a
 * db_conn and run anywhere that owns one.
 */
#include "hash/hash.h"
#include "model/state.h"
#include "model/tx.h"

enum { PACKAGE_ID_LEN = 8, SITE_CODE_LEN = 3 };

/* ---- set-up ---- */
struct model_site_opts {
        const char *site_code, *site_name, *server_name, *install_dir;
};
/* First start: the own site's row, built-in collection SMS00001, id counters. Idempotent; ERR_CONFLICT when the
 * database belongs to another site code. */
MUST int model_init(struct tx *t, const struct model_site_opts *o, struct err *e);

/* ---- objects; instances carry given[] for partial updates ---- */
MUST int model_site_put(struct tx *t, const struct cim_instance *site, struct err *e);  /* SMS_Site: child sites, names */
MUST int model_site_delete(struct tx *t, struct str site_code, struct err *e);  /* refused while it has DPs or children */

struct model_dp_new {
        struct str name;                /* host or DNS name; unique, any case */
        struct str site_code;
        struct str url;                 /* where clients fetch content; may be empty until enrolment */
        struct str description;
};
/* token_hash: SHA-256 of the one-time enrolment token. nal_path_out in t->arena. */
MUST int model_dp_create(struct tx *t, const struct model_dp_new *in, const struct hash_id *token_hash,
                         int64_t token_expires_us, struct str *nal_path_out, struct err *e);
MUST int model_dp_put(struct tx *t, const struct cim_instance *info, struct err *e);    /* writable fields of SMS_DistributionPointInfo */
MUST int model_dp_token(struct tx *t, struct str name, const struct hash_id *token_hash, int64_t expires_us, struct err *e);
/* Enrolment: the token is right, unused, in time -> consumed; the DP's certificate becomes `cert`. ERR_DENIED otherwise. */
MUST int model_dp_enrol(struct tx *t, struct str name, const struct hash_id *token_hash, const struct hash_id *cert,
                        struct str url, struct err *e);
MUST int model_dp_renew(struct tx *t, struct str name, const struct hash_id *cert, struct err *e);
MUST int model_dp_maintenance(struct tx *t, struct str name, bool on, struct err *e);
/* Refused while content is assigned unless force (then its rows go: the machine is gone). Certificate is revoked. */
MUST int model_dp_delete(struct tx *t, struct str name, bool force, struct err *e);
struct model_dp {
        int64_t dp_id;
        char name[256], site_code[4], nal_path[600], url[300];
        struct hash_id cert;            /* SHA-256 of the certificate's DER; zero: not enrolled */
        bool maintenance;
        int64_t last_seen_us;
};
/* By name, NAL path or numeric id. 0, 1 when there is none. */
MUST int model_dp_find(struct db_conn *c, struct str name, struct model_dp *out, struct err *e);
MUST int model_dp_find_cert(struct db_conn *c, const struct hash_id *cert, struct model_dp *out, struct err *e);
/* The DP spoke.  Written, and told to watchers, at most once a minute unless space or version changed. */
/* Only when it spoke last; for one that went away. */
MUST int model_dp_spoke(struct tx *t, int64_t dp_id, int64_t when_us, struct err *e);
/* Every enrolled DP; of each row dp_id and name are filled.  fn false stops. */
MUST int model_dps_each(struct db_conn *c, bool (*fn)(void *ctx, const struct model_dp *dp), void *ctx, struct err *e);
MUST int model_dp_seen(struct tx *t, int64_t dp_id, struct str version, int64_t bytes_free, int64_t bytes_total, struct err *e);

/* SMS_Package. create: PackageID allocated; with source files the first version is ordered (a snapshot job). */
MUST int model_package_create(struct tx *t, const struct cim_instance *in, char id_out[PACKAGE_ID_LEN + 1], struct err *e);
MUST int model_package_put(struct tx *t, struct str id, const struct cim_instance *in, struct err *e);
/* Refused while advertisements refer to it (documented); then two-phase: ActionInProgress 3, content is removed from
 * every DP, the rows go with the last one. */
MUST int model_package_delete(struct tx *t, struct str id, struct err *e);
/* RefreshPkgSource: SourceVersion + 1 now, every holder leaves INSTALLED now, a snapshot job is queued. */
MUST int model_package_update(struct tx *t, struct str id, uint32_t *version_out, struct err *e);

/* 0: there is a package of that PackageID; 1: there is none. */
MUST int model_package_exists(struct db_conn *c, struct str id, struct err *e);

MUST int model_program_put(struct tx *t, const struct cim_instance *in, bool create, bool update, struct err *e);
MUST int model_program_delete(struct tx *t, struct str package_id, struct str name, struct err *e);
MUST int model_collection_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e);
MUST int model_collection_member(struct tx *t, struct str collection_id, struct str name, bool add, struct err *e);
MUST int model_collection_delete(struct tx *t, struct str id, struct err *e);
MUST int model_advert_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e);
MUST int model_advert_delete(struct tx *t, struct str id, struct err *e);
/* 0, or 1 when there is none. */
MUST int model_collection_row(struct db_conn *c, struct str id, int64_t *row_out, struct err *e);
/* RequestRefresh: direct members are up to date, so only LastRefreshTime moves. */
MUST int model_collection_refresh(struct tx *t, struct str id, struct err *e);
/* The number the next AdvertisementID shall have: not one that was given out already, else ERR_CONFLICT. */
MUST int model_advert_set_next(struct tx *t, int64_t next, struct err *e);
/* The number the next AdvertisementID will have; nothing is given out. */
MUST int model_advert_next(struct db_conn *c, int64_t *out, struct err *e);
MUST int model_group_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e);
MUST int model_group_delete(struct tx *t, struct str id, struct err *e);
MUST int model_group_member(struct tx *t, struct str group_id, int64_t dp_id, bool add, bool with_content, struct err *e);
MUST int model_group_package(struct tx *t, struct str group_id, struct str package_id, bool add, bool remove_from_dps,
                             struct err *e);
MUST int model_group_collection(struct tx *t, struct str group_id, struct str collection_id, bool add, struct err *e);

/* ---- orders on (package, DP) ---- */
/* Distribute; assigned already: ERR_EXISTS. */
MUST int model_assign(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);
MUST int model_refresh(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);      /* RefreshNow, redistribute */
MUST int model_unassign(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);     /* remove */
MUST int model_cancel(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);       /* CancelDistribution */
MUST int model_validate(struct tx *t, struct str package_id, int64_t dp_id, struct err *e);     /* queues a validation job */
/* Redistribute what is in a failed or attention state (3, 8; 6 again as removal); package_id NULL: all. n_out: how many. */
MUST int model_retry_failed(struct tx *t, struct str package_id, int64_t dp_id_or_0, uint64_t *n_out, struct err *e);

/* ---- jobs: the Distribution Manager's queue (SMS_DistributionJob) ---- */
enum job_action { JOB_UPDATE = 1, JOB_ADD = 2, JOB_REMOVE = 3, JOB_VALIDATE = 4, JOB_SNAPSHOT = 100 };
enum job_state {                        /* SMS_DistributionJob.State */
        JOB_PENDING = 0, JOB_READY = 1, JOB_STARTED = 2, JOB_INPROGRESS = 3, JOB_PENDING_RESTART = 4,
        JOB_COMPLETE = 5, JOB_FAILED = 6, JOB_CANCELLED = 7, JOB_SUSPENDED = 8,
};
struct model_job {
        int64_t job_id, pkg_id, dp_id;  /* dp_id 0: a snapshot */
        char package_id[PACKAGE_ID_LEN + 1];
        char dp_name[256];
        enum job_action action;
        enum job_state state;
        uint32_t version;
        uint32_t priority;              /* the package's: 1 high .. 3 low */
        uint32_t tries;
        int64_t next_try_us;
        bool redistribute;
        bool has_manifest;              /* the version's snapshot is in the library */
        struct hash_id manifest;
        uint64_t total_bytes;
        char source[1024];              /* snapshot: PkgSourcePath */
};
/* Due or running jobs in order of work (manual order, package priority, DP priority, age); fn false stops. */
MUST int model_jobs_each(struct db_conn *c, bool (*fn)(void *ctx, const struct model_job *j), void *ctx, struct err *e);
/*
 * Work that may start now: jobs on DPs that are due and whose content is there (or that remove content), of DPs
 * not in maintenance, in order of work.  Narrow, and looked up by when it is due: what waits costs nothing.
 */
struct model_ready {
        int64_t job_id, pkg_id, dp_id;
        enum job_action action;
        uint32_t version, tries;
};
MUST int model_jobs_ready(struct db_conn *c, bool (*fn)(void *ctx, const struct model_ready *j), void *ctx, struct err *e);
/* The first due snapshots in order of work, at most max. */
MUST int model_snapshots_due(struct db_conn *c, size_t max, int64_t *job_ids, size_t *n_out, struct err *e);
/* Jobs that wait longer than any retry can (the clock was set back since) are due now. */
MUST int model_jobs_clock_set_back(struct tx *t, int64_t longest_delay_us, struct err *e);
/* One job, whether due or not. 0; 1 when it is no longer in the queue (done, cancelled, replaced). */
MUST int model_job_get(struct db_conn *c, int64_t job_id, struct model_job *out, struct err *e);
/* The same for one DP. */
MUST int model_jobs_of_dp(struct db_conn *c, int64_t dp_id, bool (*fn)(void *ctx, const struct model_job *j), void *ctx,
                          struct err *e);
/*
 * What happens to a job.  These answer 1 when the job is over: cancelled, or another order took its place; whoever
 * worked on it stops.
 */
MUST int model_job_started(struct tx *t, int64_t job_id, struct err *e);
/* Its DP has so many bytes of the version by now; a job that has ended meanwhile is left alone. */
MUST int model_job_progress(struct tx *t, int64_t job_id, uint64_t done_bytes, struct err *e);
/* Back to pending without counting a try (daemon restart, window closed, DP offline in its grace). */
MUST int model_job_put_back(struct tx *t, int64_t job_id, struct str reason, struct err *e);
/* All started jobs of an earlier life become pending again. */
MUST int model_jobs_recover(struct tx *t, struct err *e);
struct model_retry {
        uint32_t max_tries;             /* documented default 100 */
        int64_t delay_us;               /* 30 minutes */
        uint32_t jitter_percent;        /* back-off of ours inside the delay */
};
struct model_failure {
        struct str code;                /* stable machine word: "DpOffline", "DiskFull", "HashMismatch", "ClockSkew", ... */
        struct str text;                /* cause in words, next step included */
        bool for_good;                  /* retrying cannot help */
};
MUST int model_job_failed(struct tx *t, int64_t job_id, const struct model_failure *f, const struct model_retry *r, struct err *e);
/* SMS_DistributionJob.DynamicOrder: lower goes first, before all that have none. */
MUST int model_job_order(struct tx *t, int64_t job_id, uint32_t place, struct err *e);
/* A DP became reachable: its waiting retries are due now. */
MUST int model_jobs_wake_dp(struct tx *t, int64_t dp_id, struct err *e);
MUST int model_jobs_next_due(struct db_conn *c, int64_t *us_out, struct err *e);        /* TIME_NONE_US when none waits */

/* The version is published: its DPs' jobs can run. 1: another update took the snapshot's place, the result is not wanted. */
MUST int model_snapshot_done(struct tx *t, int64_t job_id, const struct hash_id *manifest, uint64_t total_bytes,
                             uint64_t n_files, struct err *e);

/* ---- reports: the only way into INSTALLED ---- */
struct model_report {
        int64_t dp_id;                  /* whose certificate signed the connection */
        int64_t order;                  /* job_id it answers.  INSTALLED for an order from before the last redistribution
                                         * or the last report of damage is stale. 0: unknown; never mends damage. */
        struct str package_id;
        uint32_t version;
        struct hash_id manifest;        /* must be that version's */
        uint64_t bytes_received, bytes_reused;
};
/* Idempotent. 0 applied or already so; 1 stale (an older version, or no longer assigned): *what_out says; the caller acknowledges. */
MUST int model_report_installed(struct tx *t, const struct model_report *r, const char **what_out, struct err *e);
MUST int model_report_removed(struct tx *t, const struct model_report *r, struct err *e);
/* Validation found bad files (or the DP lost the package): state 8 naming the first ones. */
MUST int model_report_invalid(struct tx *t, const struct model_report *r, const struct str *files, size_t n_files, struct err *e);
MUST int model_report_valid(struct tx *t, const struct model_report *r, struct err *e);
/* What a DP says it holds, all of it, against what we believe: missing ones become state 8, strangers are listed. */
struct model_held {                     /* inventory line */
        struct str package_id;
        uint32_t version;
        struct hash_id manifest;
        bool sound;
};
MUST int model_inventory(struct tx *t, int64_t dp_id, const struct model_held *held, size_t n, struct err *e);

/* ---- truth ---- */
struct model_difference {
        char kind[32];                  /* "RootCounter", "DetailCounter", "DpMissing", "DpStranger", "DpVersion", ... */
        char object[400];
        char text[400];
};
/* Recount every counter from rows; fn gets each difference. Runs in a read snapshot. */
MUST int model_verify_counters(struct db_conn *c, void (*fn)(void *ctx, const struct model_difference *d), void *ctx, struct err *e);
/* The rows against one DP's inventory. */
MUST int model_verify_dp(struct db_conn *c, int64_t dp_id, const struct model_held *held, size_t n,
                         void (*fn)(void *ctx, const struct model_difference *d), void *ctx, struct err *e);

/* ---- offers ---- */
/* Recompute which advertisements are offered on which sites (times, readiness); instances of TM_Offer come and go.
 * next_us_out: when time alone may change it (PresentTime, ExpirationTime), or TIME_NONE_US.  Called by the writers
 * above for the package concerned, and by the daemon at next_us. */
MUST int model_offers_refresh(struct tx *t, struct str package_id_or_null, int64_t *next_us_out, struct err *e);

/* ---- change log ---- */
struct model_change {
        int64_t seq, when_us;
        struct str class_name, path, before, after;     /* JSON objects; before p NULL: creation; after p NULL: deletion */
};
struct model_changes_query {
        int64_t from;                   /* what has a sequence above this, in order */
        size_t max;                     /* rows of the log; one may bring some thirty changes (fact.h) */
        bool (*wanted)(void *ctx, struct str class_name);       /* NULL: changes of every class */
        bool (*fn)(void *ctx, const struct model_change *ch);   /* false: no more; the slices live during the call */
        void *ctx;
};
struct model_changes_end {
        int64_t last;                   /* everything up to here was told or not wanted; when stopped, the caller knows better */
        size_t n_rows;
        bool stopped;                   /* by fn */
};
/* 0; 1 = CHANGE_E_GONE: retention has passed `from`. */
enum { CHANGE_E_GONE = 1 };
MUST int model_changes(struct db_conn *c, const struct model_changes_query *q, struct model_changes_end *end, struct err *e);
MUST int model_changes_last(struct db_conn *c, int64_t *seq_out, struct err *e);
MUST int model_changes_trim(struct tx *t, int64_t keep_rows, struct err *e);

/* ---- timer instructions: __AbsoluteTimerInstruction, __IntervalTimerInstruction ---- */
MUST int model_timer_put(struct tx *t, const struct cim_instance *in, bool create, struct err *e);
MUST int model_timer_delete(struct tx *t, const struct cim_instance *keys, struct err *e);
struct model_timer {
        struct str id;
        bool skip_if_passed;
        int64_t event_us;               /* the instant; 0: every interval_ms */
        int64_t interval_ms;
};
/* Instants that were told already are left out. */
MUST int model_timers_each(struct db_conn *c, size_t max, void (*fn)(void *ctx, const struct model_timer *timer), void *ctx,
                           struct err *e);
MUST int model_timer_fired(struct tx *t, struct str id, int64_t event_us, struct err *e);        /* not logged: nothing shows it */

/* ---- security scopes; what they mean for rows: scope.h ---- */
MUST int model_category_create(struct tx *t, const struct cim_instance *in, struct str *id_out, struct err *e);
MUST int model_category_put(struct tx *t, const struct cim_instance *in, struct err *e);
MUST int model_category_delete(struct tx *t, struct str id, struct err *e);
/* @type  ObjectTypeID, @key  the object's: both must be there when it joins */
MUST int model_membership(struct tx *t, struct str category, int64_t type, struct str key, bool add, struct err *e);
/* The last scope of an account cannot be taken: ERR_CONFLICT. */
MUST int model_account_scope(struct tx *t, struct str name, struct str category, bool add, struct err *e);

/* ---- status messages of others ---- */
#define MODEL_STATUS_INFORMATIONAL 0x40000000u
#define MODEL_STATUS_WARNING 0x80000000u
#define MODEL_STATUS_ERROR 0xC0000000u
struct model_user_status {
        uint32_t message_id, severity, type;    /* type: SMS_StatusMessage.MessageType */
        struct str component, machine, module;  /* machine p NULL: the site server */
        uint32_t process_id, thread_id, win32_error;
        int64_t when_us;
        struct str text;                        /* insertion string 1; p NULL: none */
        const struct cim_value *attributes, *values;    /* numbers and texts, in parallel */
        size_t n_attributes;
};
MUST int model_status_user(struct tx *t, const struct model_user_status *m, struct err *e);
/* 0 also when there is none. */
MUST int model_status_delete(struct tx *t, int64_t record_id, struct err *e);

/* ---- permanent subscriptions: how far they are, how they do ---- */
struct model_subscription {
        int64_t id;
        int64_t cursor;                 /* delivered up to here; -1: begins with what comes next */
        bool failed;                    /* TM_Subscription.State is "failed last" */
        struct str filter, query;
        struct cim_instance *consumer;
        struct str secret;              /* the consumer's; p NULL: none */
};
/* Those that have both filter and consumer; all of it lives in @a. */
MUST int model_subscriptions(struct db_conn *c, size_t max, struct arena *a, struct model_subscription **out, size_t *n_out,
                             struct err *e);
MUST int model_subscription_cursor(struct tx *t, int64_t id, int64_t cursor, struct err *e);     /* not logged; never back */
/* @error p NULL: it delivers. */
MUST int model_subscription_state(struct tx *t, int64_t id, struct str error, struct err *e);
struct model_undelivered {
        struct str filter, consumer;    /* name; object path */
        bool dropped;                   /* lost unread, by retention */
        uint32_t code;
        struct str description;
        uint32_t tries;
        struct str event;               /* JSON; p NULL: not known */
};
/* A TM_EventFailure and a status message, which are events themselves; the last MODEL_FAILURES are kept. */
enum { MODEL_FAILURES = 1000 };
MUST int model_event_failure(struct tx *t, const struct model_undelivered *f, struct err *e);

/* The oldest status messages go, a thousand a call, until keep_rows are left. */
MUST int model_status_trim(struct tx *t, int64_t keep_rows, struct err *e);
