/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * offline - the commands that work on a stopped DP's library
 *
 * Each opens the library by itself (which refuses when a process has it open),
 * writes what it found to @out, and blocks as long as it takes.
 */
#include <stdio.h>
#include "base/err.h"

struct offline {
        const char *dir;                /* the data folder */
        bool json;
        FILE *out;
};

/* What is held, one version a line. */
MUST int offline_list(const struct offline *o, struct err *e);
/* The package as a plain tree under @target, which must be empty or absent. ERR_NOT_FOUND when it is not held. */
MUST int offline_extract(const struct offline *o, const char *package, const char *target, struct err *e);
/* Read everything again (or one package). *damaged_out: versions that are not sound. */
MUST int offline_validate(const struct offline *o, const char *package_or_null, uint64_t *damaged_out, struct err *e);
MUST int offline_gc(const struct offline *o, bool dry_run, struct err *e);
