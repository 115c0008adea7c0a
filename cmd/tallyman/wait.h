/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wait - the rows that a wait looks at: a snapshot, kept true by events
 *
 * Each part of a package (its root summary, its condition, its rows on DPs, its
 * transfers) remembers the position of its snapshot in the change log; an event
 * that is older is passed over.
 */
#include "progress.h"

enum part { PART_ROOT, PART_CONDITION, PART_DPS, PART_JOBS, N_PARTS };
#define WAIT_CLASSES "SMS_PackageStatusRootSummarizer,TM_PackageCondition,TM_DistributionCondition,SMS_DistributionJob"

struct target {
        const char *id;                 /* PackageID */
        json_t *rows[N_PARTS];          /* key -> instance */
        int64_t seq[N_PARTS];           /* the snapshot's position */
        int verdict;                    /* GOING_ON, or the exit code it ends with */
};
enum { GOING_ON = -1 };

/* Exit code; the error was printed. */
int target_load(struct cli *c, struct target *t);
void target_fini(struct target *t);
/* The part an event is of, N_PARTS when it is none of ours. */
enum part target_part(const struct tallyman_event *ev);
/* An event of that part; one that is older than the snapshot, or of another package, changes nothing. */
void target_apply(struct target *t, enum part part, const struct tallyman_event *ev, json_t *before, json_t *after);
/* The single row of PART_ROOT or PART_CONDITION; NULL when there is none. */
const json_t *target_row(const struct target *t, enum part part);
/* What one package adds to the sum; rows NULL: only that is wanted. Returns how many rows. */
size_t target_progress(const struct target *t, struct progress_sum *sum, struct progress_row *rows);
