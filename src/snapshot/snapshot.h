/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * snapshot - a source folder becomes a package version in the content library
 *
 * Walks the folder through directory descriptors (openat, O_NOFOLLOW), reads and
 * hashes in parallel, puts new pieces into the library, writes the manifest and
 * commits the version.  A file that changes while it is read is read again, three
 * times; then the snapshot fails with its name.  Devices, sockets and FIFOs,
 * symbolic links that leave the tree, case collisions (when asked) and over-long
 * names are refused with the path named.  Either the version is wholly there
 * afterwards or not at all.  Memory does not grow with the tree.
 *
 * Threads: blocks; call from a worker.  Starts `threads` threads of its own.
 */
#include "cas/cas.h"

struct snapshot_opts {
        const char *source;             /* absolute path of a directory */
        const char *package;
        uint32_t version;
        unsigned threads;               /* 0: number of processors, at most 4 */
        bool refuse_case_collisions;
        bool (*stop)(void *ctx);        /* polled; may be NULL */
        void (*progress)(void *ctx, uint64_t files, uint64_t bytes);    /* now and then, from one thread */
        void *ctx;
};
struct snapshot_result {
        struct hash_id manifest;
        uint64_t n_entries, n_files, total_bytes;
        uint64_t new_bytes;             /* that the library did not hold before */
};
MUST int snapshot_take(struct cas *c, const struct snapshot_opts *o, struct snapshot_result *out, struct err *e);
/* Can this be a package source?  Absolute, a directory, readable: ERR_INVALID / ERR_NOT_FOUND / ERR_DENIED in words. */
MUST int snapshot_check_source(const char *source, struct err *e);
