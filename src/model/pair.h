/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pair - a package on a DP, and the counters that follow it; inside the model
 *
 * Every writer loads the package and the pair, moves the pair by an event of
 * state.h, and saves it.  pair_save() touches what shows the pair, writes the
 * row, carries the difference of state_counts() into the site's and the root's
 * counters, turns Ready, keeps DP groups' counts and offers, and ends the row
 * (and, with the last one, a package that is being deleted).  There is no other
 * way to change an assignment or a counter.
 */
#include "model/model.h"

enum { ACTION_NONE = 0, ACTION_UPDATE = 1, ACTION_ADD = 2, ACTION_DELETE = 3 };  /* ActionInProgress */
enum { SOURCE_NONE = 1 };                       /* PkgSourceFlag STORAGE_NO_SOURCE */

/* What orders need of a package. */
struct pkg {
        int64_t pkg_id, site_id;
        char package_id[PACKAGE_ID_LEN + 1];
        char site_code[SITE_CODE_LEN + 1];
        char name[256];
        uint32_t action, version, source_flag, priority;
        bool has_source;
        bool has_manifest;                      /* of the current version */
        struct hash_id manifest;
        char source[1024];
};
/* 0, or ERR_NOT_FOUND naming it. */
MUST int pkg_find(struct db_conn *c, struct str package_id, struct pkg *out, struct err *e);
MUST int pkg_get(struct db_conn *c, int64_t pkg_id, struct pkg *out, struct err *e);
/* Takes orders: has source files and is not being deleted; else ERR_CONFLICT in words. */
MUST int pkg_takes_orders(const struct pkg *p, struct err *e);
/* Touches what shows a package's own fields (name, version, counters, condition). */
void pkg_touch(struct tx *t, const struct pkg *p);
/* Touches, as sets, everything that shows any DP of the package. */
void pkg_touch_pairs(struct tx *t, const struct pkg *p);
/* The package's rows go: nothing is assigned any more. */
MUST int pkg_vanish(struct tx *t, const struct pkg *p, struct err *e);

struct pair {
        int64_t dp_id, site_id;
        char site_code[SITE_CODE_LEN + 1];
        char dp_name[256], nal_path[600];
        int state;                              /* STATE_NONE: not assigned */
        uint32_t held;                          /* version on the DP; 0: none */
        uint32_t tries;
        int64_t next_try_us;                    /* TIME_NONE_US: none */
        int64_t copied_us;                      /* last verified copy, TIME_NONE_US: never */
        int64_t since;                          /* INSTALLED for orders up to this one is stale */
        uint64_t received, reused;
        struct str reason_code, reason;         /* in the transaction's arena or static; p NULL: none */
};
/* 0, or ERR_NOT_FOUND naming the DP's number. */
MUST int pair_load(struct tx *t, const struct pkg *p, int64_t dp_id, struct pair *out, struct err *e);
/* The state of state_next(); ERR_CONFLICT in words when the move is not allowed. */
MUST int pair_move(const struct pkg *p, struct pair *pair, enum dp_event ev, struct err *e);
/* Clears tries, next try and reason: a new beginning, or the end of trouble. */
void pair_clear(struct pair *pair);
/* @was  the pair as loaded.  ERR_INTERNAL (and nothing written) when an invariant would break. */
MUST int pair_save(struct tx *t, const struct pkg *p, const struct pair *was, const struct pair *now, struct err *e);

/* ---- counters (summary.c) ---- */
struct summary_change {
        struct counters before, after;
        int assigned;                           /* +1: a row came, -1: it went */
};
void summary_touch(struct tx *t, const struct pkg *p, const char *site_code, bool row_comes_or_goes);
MUST int summary_apply(struct tx *t, const struct pkg *p, const struct pair *pair, const struct summary_change *c,
                       struct err *e);
/* The bare row of a package without source files comes or goes. */
MUST int summary_bare(struct tx *t, const struct pkg *p, bool comes, struct err *e);
/* Ready as its counters say, now. */
MUST int summary_ready(struct tx *t, const struct pkg *p, struct err *e);

/* ---- jobs (job.c) ---- */
enum job_slot { SLOT_CONTENT = 0, SLOT_VALIDATE = 1, SLOT_SNAPSHOT = 2 };
/* Puts a job into a slot of a pair (dp_id 0: the package's snapshot); what was there goes. */
MUST int job_put(struct tx *t, const struct pkg *p, int64_t dp_id, enum job_slot slot, enum job_action action,
                 bool redistribute, struct err *e);
MUST int job_drop(struct tx *t, int64_t pkg_id, int64_t dp_id, enum job_slot slot, struct err *e);
MUST int job_drop_id(struct tx *t, int64_t job_id, struct err *e);
/* The snapshot of the current version is queued, unless it is there or queued already. */
MUST int job_need_snapshot(struct tx *t, const struct pkg *p, struct err *e);
MUST int job_last(struct db_conn *c, int64_t *out, struct err *e);

/* ---- groups (group.c), offers (offer.c) ---- */
/* A member of groups gained (+1) or lost (-1) INSTALLED for the package. */
MUST int group_installed(struct tx *t, const struct pkg *p, int64_t dp_id, int by, struct err *e);
MUST int group_package_gone(struct tx *t, const struct pkg *p, struct err *e);
MUST int group_dp_gone(struct tx *t, const struct model_dp *dp, struct err *e);
MUST int group_collection_gone(struct tx *t, int64_t collection_row, struct err *e);
MUST int group_id_of(struct tx *t, int64_t row, struct str *out, struct err *e);
/* Offers of packages pkg_from..pkg_to on sites site_from..site_to as they must be now. */
MUST int offer_sync(struct tx *t, int64_t pkg_from, int64_t pkg_to, int64_t site_from, int64_t site_to, struct err *e);
static inline int offer_sync_package(struct tx *t, int64_t pkg_id, struct err *e)
{
        return offer_sync(t, pkg_id, pkg_id, 0, INT64_MAX, e);
}
/* An advertisement's offers go. */
MUST int offer_withdraw(struct tx *t, int64_t advert_row, const char *advert_id, struct err *e);
/* TM_Offer rows show package version and program: touched before those change. */
void offer_touch_package(struct tx *t, const struct pkg *p);

/* ---- security scopes (category.c) ---- */
MUST int category_init(struct tx *t, struct err *e);            /* those that are built in */

/* ---- small database helpers ---- */
/* This site's own number and code. */
MUST int site_own(struct db_conn *c, int64_t *id_out, char code_out[SITE_CODE_LEN + 1], struct err *e);
/* The row number behind a text key in a statement's first column: 0, or 1 when there is none. */
MUST int row_of(struct db_conn *c, int statement, struct str key, int64_t *out, struct err *e);
/* The next number of a counter. */
MUST int counter_next(struct tx *t, const char *name, int64_t *out, struct err *e);
/* One statement bound with numbers and run. */
MUST int run_numbers(struct tx *t, int statement, const int64_t *v, size_t n, struct err *e);
#define RUN(t, e, statement, ...) \
        run_numbers(t, statement, (const int64_t[]){ __VA_ARGS__ }, \
                    sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), e)
/* Numbers a reading gives, all rows, in @t's arena. */
struct numbers {
        int64_t *v;
        size_t n_rows, n_cols;
};
MUST int read_numbers(struct tx *t, int statement, const int64_t *bind, size_t n_bind, struct numbers *out, struct err *e);
#define READ(t, e, out, statement, ...) \
        read_numbers(t, statement, (const int64_t[]){ __VA_ARGS__ }, \
                     sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), out, e)
void copy_text(struct str s, char *out, size_t size);
void bind_time(struct db_stmt *s, int i, int64_t us);           /* TIME_NONE_US binds NULL */
int64_t col_time(struct db_stmt *s, int i);
