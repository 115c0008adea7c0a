/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sched - which waiting jobs may start now
 *
 * A pure, stepped machine: no clock, no database, no socket.  A pass begins with
 * what is in work, is offered the due jobs in the order of work, and answers for
 * each whether to start it, to leave it, or to fail it because its DP cannot be
 * reached.  The order of work itself (manual order, package priority, DP
 * priority, age) is the model's, and so is what is due and has its content
 * (model_jobs_ready); a pass takes jobs as they come.
 *
 * Limits: packages processed at once, and DPs at once per package (3 and 5 are
 * Distribution Manager's documented defaults; 15 sendings in all), and snapshots
 * at once (one per site).  A package counts as in work while one of its DP jobs
 * runs.  Snapshots have their own limit and count for no package.
 *
 * Threads: a struct sched belongs to one thread at a time.
 */
#include "model/model.h"

struct sched_limits {
        unsigned max_packages;
        unsigned max_dps_per_package;
        unsigned max_snapshots;
};

/* What can be said of a job's DP at this moment. */
enum sched_dp {
        SCHED_DP_READY,                 /* connected, in time, not in maintenance */
        SCHED_DP_WAIT,                  /* leave its jobs alone: grace, maintenance, or counted recently */
        SCHED_DP_FAIL,                  /* its jobs fail with the DP's reason */
};

enum sched_verdict {
        SCHED_START,                    /* and it counts as in work from now on */
        SCHED_LEAVE,
        SCHED_FAIL,
};

struct sched_package;
struct sched {
        struct sched_limits limits;
        struct map packages;            /* pkg_id -> struct sched_package */
        unsigned n_packages, n_full, n_snapshots;
};

void sched_begin(struct sched *s, const struct sched_limits *l);
void sched_end(struct sched *s);
/* A DP job that is in work already. 0, or -ENOMEM. */
MUST int sched_running(struct sched *s, int64_t pkg_id);
/* The next due DP job that is not in work. */
enum sched_verdict sched_offer(struct sched *s, int64_t pkg_id, enum sched_dp dp);
/* No DP job of any package can start any more in this pass. */
bool sched_full(const struct sched *s);
/* A snapshot is in work. */
void sched_snapshot_running(struct sched *s);
/* How many more may start. */
unsigned sched_snapshots_free(const struct sched *s);
