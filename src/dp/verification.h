/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * verification - a held version read again from disk, byte for byte
 *
 * What is damaged is marked in the library, so that it is no longer served and
 * the next install of the version fetches just that.  Runs on the verify worker;
 * it may take as long as the disk takes.
 */
#include <stdatomic.h>
#include "cas/cas.h"
#include "codec/dpwire.h"

struct verification {
        struct cas *cas;
        struct cas_version v;
        uint64_t rate_Bps;
        const atomic_bool *stop;        /* borrowed; polled */
        char *files[DPWIRE_MAX_FILES];  /* damaged or missing, the first ones */
        size_t n_files;
        uint64_t n_bad;                 /* all of them */
        uint64_t bytes;
};

struct verification *verification_new(struct cas *c, uint64_t rate_Bps, const atomic_bool *stop);  /* NULL: memory */
void verification_free(struct verification *v);
/* Reads v->v.  0 (n_bad says what was found) or a failure, ERR_CANCELLED when told to stop. */
MUST int verification_run(struct verification *v, struct err *e);
/* Report of the outcome: valid or invalid; borrows from @v and @files (DPWIRE_MAX_FILES of them). */
void verification_report(const struct verification *v, struct str *files, struct dpwire_report *out);
