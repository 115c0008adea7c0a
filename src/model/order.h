/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* order - orders that other orders are made of; inside the model */
#include "model/pair.h"

/* Every DP of the package is to lose it. */
MUST int order_remove_all(struct tx *t, const struct pkg *p, struct err *e);
/*
 * The package's source version becomes @version: all its DPs leave INSTALLED and
 * get jobs, which wait for the snapshot that is queued with them.
 * @why  JOB_ADD for a new package, JOB_UPDATE for another version
 */
MUST int order_version(struct tx *t, struct pkg *p, uint32_t version, enum job_action why, struct err *e);
