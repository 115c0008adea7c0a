/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fault - the os table with faults: the k-th call fails, writes fall short, the disk is full
 *
 *      fault_install(&(struct fault_plan){ .mask = FAULT_ALL, .k = 3, .error = EIO });
 *      r = thing_under_test();
 *      fault_remove();
 *
 * or all k in turn, until the thing runs through untouched:
 *
 *      fault_sweep(&(struct fault_plan){ .mask = FAULT_ALL, .error = EIO }, 1000, attempt, arg);
 *
 * Calls are counted in the order they come, by whatever thread.  A failing
 * close has closed all the same.  The clock is real until fault_clock_set().
 *
 * Threads: install and remove while nothing else runs; the rest from any.
 */
#include "os/os.h"

enum fault_call {
        FAULT_OPENAT, FAULT_CLOSE, FAULT_READ, FAULT_PREAD, FAULT_WRITE, FAULT_PWRITE, FAULT_PWRITEV, FAULT_FSTAT,
        FAULT_FSTATAT, FAULT_FSYNC, FAULT_FDATASYNC, FAULT_FTRUNCATE, FAULT_RENAMEAT, FAULT_LINKAT, FAULT_UNLINKAT,
        FAULT_MKDIRAT, FAULT_SYMLINKAT, FAULT_READLINKAT, FAULT_FCHMODAT, FAULT_UTIMENSAT, FAULT_FDOPENDIR,
        FAULT_READDIR, FAULT_CALLS_
};

#define FAULT_BIT(call) (UINT32_C(1) << (call))
#define FAULT_ALL (FAULT_BIT(FAULT_CALLS_) - 1)
#define FAULT_WRITES (FAULT_BIT(FAULT_WRITE) | FAULT_BIT(FAULT_PWRITE) | FAULT_BIT(FAULT_PWRITEV))
#define FAULT_READS (FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_PREAD))
#define FAULT_SYNCS (FAULT_BIT(FAULT_FSYNC) | FAULT_BIT(FAULT_FDATASYNC))

struct fault_plan {
        uint32_t mask;                  /* calls that count and may fail */
        uint64_t k;                     /* the k-th of them fails, from 1; 0: none */
        int error;                      /* with this errno */
        bool persistent;                /* so do all after it */
        bool short_counts;              /* reads and writes of more than one byte do half of it */
        bool limited;                   /* the disk holds space_bytes more, then ENOSPC */
        uint64_t space_bytes;
};

void fault_install(const struct fault_plan *plan);      /* counts start at 0 */
void fault_remove(void);                                /* the real table and clock again */
uint64_t fault_calls(enum fault_call call);             /* seen since install */
uint64_t fault_hits(void);                              /* calls that were made to fail */

/* Attempts with k = 1, 2, ... until one is not hit, or max; returns how many were hit. */
unsigned fault_sweep(const struct fault_plan *plan, unsigned max, void (*attempt)(void *arg, unsigned k), void *arg);

/* Both clocks stand at us (the monotonic one never goes back) until moved. Any time, installed or not. */
void fault_clock_set(int64_t us);
void fault_clock_advance(int64_t us);
