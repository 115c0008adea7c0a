/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * plan - which pieces of a version are missing, slice by slice, and are these they?
 *
 * A version's piece table is walked once, in blocks, each block looked up in the
 * library with one statement.  Missing pieces are gathered into a want list until
 * the slice is large enough to be one request: bounded bytes, so that a broken
 * request costs little, and bounded pieces, so that memory does not grow with the
 * version.  A piece that stands twice in a slice is asked for once (64-bit
 * fingerprints: a collision only means that the commit finds a gap and the walk
 * starts again).
 *
 * plan_check() is the gate every arriving byte passes on its way to the library:
 * the record must be the next wanted piece and its bytes must have its hash.
 *
 * Threads    The store worker.  The loop reads want, want_count and the sums
 *            between its jobs.
 */
#include "base/buf.h"
#include "cas/cas.h"
#include "codec/dpwire.h"

enum {
        PLAN_BLOCK = 512,               /* pieces a lookup */
        PLAN_SLICE_PIECES = 32768,
        PLAN_SLICE_BYTES = 256 << 20,
        PLAN_SLICE_LIST = 128 << 10,    /* bytes of the want list */
};

struct plan {
        struct cas *cas;
        const struct cas_manifest *man; /* borrowed, stays open */
        uint64_t at;                    /* next piece to look at */
        uint64_t held_bytes;            /* of the pieces looked at so far, found here */
        struct buf want;                /* the slice's want list */
        uint64_t want_count, want_bytes;
        uint64_t generation;            /* of the library, when the slice's pieces were found absent */
        struct dpwire_want_reader check;        /* how far arrival has come */
        uint64_t run_next, run_left;
};

void plan_init(struct plan *p, struct cas *c, const struct cas_manifest *man);
void plan_fini(struct plan *p);
/* Start the walk again from the first piece. */
void plan_rewind(struct plan *p);

enum { PLAN_COMPLETE = 1 };
/* 0: want holds the next slice; PLAN_COMPLETE: nothing more is missing; < 0. */
MUST int plan_next(struct plan *p, struct err *e);

/*
 * plan_check - are these whole records (header and bytes) the next wanted pieces?
 * ERR_CORRUPT when one is not, or its bytes are wrong; the text names the file.
 * @good_out  bytes of the records before it, or all
 */
MUST int plan_check(struct plan *p, struct hasher *h, const uint8_t *records, size_t n, size_t *good_out, struct err *e);
/*
 * plan_take - records that were checked, into the library.
 * @taken_out  bytes of pieces that it has now, without headers
 */
MUST int plan_take(struct plan *p, struct cas_writer *w, const uint8_t *records, size_t n, size_t *taken_out, struct err *e);

/* The first file that uses piece i: its path into out (cut to cap - 1 bytes), "?" when there is none. */
void plan_file_of(const struct manifest *m, uint64_t piece, char *out, size_t cap);
