/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fixture - a site's database in memory, and short words for what tests do with it
 *
 * Every order runs as the daemon runs it: a transaction, a savepoint, tx_begin,
 * the model, tx_end or tx_abort.  The clock stands still until fault_clock_*().
 */
#include "model/model.h"
#include "model/sql_site.h"

struct fixture {
        struct db_conn *db;
        struct arena arena;             /* for what tests read */
        struct err err;                 /* of the last order */
};

void fixture_open(struct fixture *f);           /* site P01 with child S01, clock at 2026-01-01 */
void fixture_close(struct fixture *f);
/* Everything goes but the prepared statements; then as after fixture_open(). Quicker by far. */
void fixture_again(struct fixture *f);

/* One order: 0, > 0 or < 0 as the model says; f->err has the words. */
typedef int fixture_fn(struct tx *t, void *arg, struct err *e);
int fixture_do(struct fixture *f, fixture_fn *fn, void *arg);

struct cim_instance *instance(struct fixture *f, const char *class_name, const char *json);
int64_t add_dp(struct fixture *f, const char *name, const char *site);
/* PackageID, with source files, not yet snapshot. */
const char *add_package(struct fixture *f, const char *name);
int put(struct fixture *f, const char *class_name, const char *json);           /* create by class; id in f->id */
extern char fixture_id[64];                                                    /* of the last creation */

int assign(struct fixture *f, const char *package, int64_t dp);
int refresh(struct fixture *f, const char *package, int64_t dp);
int unassign(struct fixture *f, const char *package, int64_t dp);
int cancel(struct fixture *f, const char *package, int64_t dp);
int validate(struct fixture *f, const char *package, int64_t dp);
int update(struct fixture *f, const char *package);
int snapshot_done(struct fixture *f, const char *package);      /* manifest as manifest_of(package, version) */
struct hash_id manifest_of(const char *package, uint32_t version);
/* The order of a pair that waits (0: none), by action class: content or validation. */
int64_t order_of(struct fixture *f, const char *package, int64_t dp, bool validation);
int installed(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order);
int removed(struct fixture *f, const char *package, int64_t dp, int64_t order);
int invalid(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order, const char *file);
int valid(struct fixture *f, const char *package, int64_t dp, uint32_t version, int64_t order);
int fail_job(struct fixture *f, int64_t job, const char *code, bool for_good, uint32_t max_tries);
/* Snapshot, then every DP reports what it was ordered. */
void settle(struct fixture *f, const char *package);

/* One value of one instance of a view: number, or text in the fixture's arena. INT64_MIN / NULL: no such row. */
int64_t number(struct fixture *f, const char *view, const char *column, const char *where);
const char *text(struct fixture *f, const char *view, const char *column, const char *where);
const char *where(const char *fmt, ...) PRINTF_LIKE(1, 2);      /* one of four static buffers */

/* Differences that model_verify_counters finds; the last one's words in fixture_difference. */
int n_differences(struct fixture *f);
extern char fixture_difference[1000];
/* NULL when the change log, replayed from 0, gives exactly the rows of all views; else what differs. */
const char *replay(struct fixture *f);
