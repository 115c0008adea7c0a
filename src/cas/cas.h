/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cas - the content library: pieces in packs, manifests, versions
 *
 * A single-instance store named by SHA-256, the same on the site server and on
 * a distribution point:
 *
 *      library.db              index: piece -> pack, offset, length, references; versions
 *      packs/NNNNNNNN.pack     piece records (codec/piece.h), appended, never changed
 *      manifests/<sha256>      one file a package version's manifest
 *
 * A piece is found only when the index says so, and the index says so only after
 * the pack's bytes were synced.  A version becomes visible in one index
 * transaction.  After a crash the tail of each open pack (bytes behind its last
 * checkpoint) is read again, and every record whose hash is right is kept, so
 * nothing that was received is asked for twice.
 *
 * Fsync discipline: bytes to pack -> fdatasync(pack) [-> fsync(packs/) when new]
 * -> index COMMIT.  Manifest: write, fsync, rename, fsync(manifests/).
 *
 * Threads    A cas may be used from any worker, several at once: pack writes go on
 *            in parallel (one cas_writer a thread), the index is behind a lock.
 *            Never on the loop thread except cas_extent_open() and cas_read(),
 *            which touch no index (cas_read() of a piece put a moment ago may wait
 *            for its writer; a committed version has none such).
 * On disk    tallyman-store(5).
 */
#include <sys/types.h>
#include "base/err.h"
#include "codec/manifest.h"
#include "hash/hash.h"

/*
 * What keeps a piece alive: a version whose manifest names it; a manifest that
 * was published and has no version yet (an order in progress, for hold_us or
 * until cas_manifest_drop()); a writer that has put it or was told it is PRESENT,
 * until cas_checkpoint() or the writer's end.  So: publish the manifest first,
 * and what was received stays through restarts; or publish it before the last
 * cas_checkpoint(), as snapshot does.
 */

enum { CAS_OK = 0, CAS_E_ABSENT = 1, CAS_E_PRESENT = 2, CAS_E_MISMATCH = 3 };

struct cas;
struct cas_writer;

struct cas_opts {
        uint64_t pack_bytes;            /* a pack is closed when it passes this; 0: 256 MiB */
        uint64_t reserve_bytes;         /* keep that much of the file system free; less: ERR_NO_SPACE */
        bool small;                     /* tallyman-dp: little memory (3 MB with one writer) */
        int64_t hold_us;                /* how long a manifest without a version keeps its pieces; 0: 7 days */
};
/*
 * cas_open - open the library under @dir, created when it is not there.
 * Recovers what an earlier life left: see above.  ERR_CONFLICT when another
 * process has it open.
 */
MUST int cas_open(struct cas **out, const char *dir, const struct cas_opts *o, struct err *e);
void cas_close(struct cas *c);
DEFINE_FREEP(struct cas *, cas_close)

/* ---- pieces ---- */
struct cas_extent {                     /* where a piece's record lies */
        uint32_t pack;
        uint32_t len;                   /* of the bytes, without header */
        uint64_t at;                    /* of the header in the pack */
};
/* CAS_OK, CAS_E_ABSENT (also when known to be damaged), < 0. Counts pieces not yet checkpointed. */
MUST int cas_find(struct cas *c, const struct hash_id *id, struct cas_extent *out, struct err *e);
/* Many at once, in the order given: len 0 marks an absent one. One lock, one statement. */
MUST int cas_find_many(struct cas *c, const struct hash_id *ids, size_t n, struct cas_extent *out, struct err *e);
/*
 * Descriptor of a pack, cached; borrowed until cas_close().  A pack that garbage
 * collection removed reads on for ten minutes, then as empty.  ERR_GONE: removed
 * before it was opened; find the piece again.
 */
MUST int cas_extent_open(struct cas *c, uint32_t pack, int *fd_out, struct err *e);
/* Bytes of a piece into p (len of them) with its hash checked: CAS_OK, CAS_E_MISMATCH, < 0. */
MUST int cas_read(struct cas *c, struct hasher *h, const struct cas_extent *x, const struct hash_id *id, void *p,
                  struct err *e);

/* ---- writing ---- */
MUST int cas_writer_new(struct cas_writer **out, struct cas *c, struct err *e);         /* takes a pack of its own */
/*
 * cas_put - append one piece whose id the caller has just computed from these bytes.
 * CAS_E_PRESENT: it was there (and sound), nothing was written.  A damaged
 * copy is replaced: the index points to the new one.
 */
MUST int cas_put(struct cas_writer *w, const struct hash_id *id, const void *p, uint32_t n, struct err *e);
/*
 * cas_checkpoint - sync what this writer appended and put it into the index: it survives power loss now.
 * The writer also does so by itself now and then.  Ends its protection of pieces
 * from garbage collection; cas_writer_sync() does the same and keeps it.
 */
MUST int cas_checkpoint(struct cas_writer *w, struct err *e);
MUST int cas_writer_sync(struct cas_writer *w, struct err *e);
/* Tries a checkpoint; when that fails, what reached the disk is found again by recovery. */
void cas_writer_free(struct cas_writer *w);
DEFINE_FREEP(struct cas_writer *, cas_writer_free)
uint64_t cas_writer_unsynced(struct cas_writer *w);       /* bytes since the last checkpoint */
/* Only the bytes, for a commit to come: the index learns of the pieces in its transaction. */
MUST int cas_writer_flush(struct cas_writer *w, struct err *e);
/*
 * cas_put_run - append records that lie one behind the other, as they came over the wire, in one write.
 * @run     n bytes, whole records, whose hashes the caller has just computed
 * @absent  a cas_generation() from before the caller asked for these pieces and found them absent; 0: he did not
 * Pieces that are there already are left out.  0 or < 0.
 */
MUST int cas_put_run(struct cas_writer *w, const uint8_t *run, size_t n, uint64_t absent, struct err *e);
/* As long as it is the same, what was absent is absent, but for what writers have put. 0: no such thing can be said. */
uint64_t cas_generation(struct cas *c);

/* ---- manifests and versions ---- */
/* Descriptor for an unnamed or temporary file in the library to write a manifest to. */
MUST int cas_manifest_temp(struct cas *c, int *fd_out, struct err *e);
/* Check structure and that its SHA-256 is @id, then publish (idempotent). Consumes fd. CAS_E_MISMATCH when not. */
MUST int cas_manifest_put(struct cas *c, int fd, const struct hash_id *id, struct err *e);
/* Remove a manifest that no version uses (an order was cancelled): its pieces may go. CAS_OK also when absent. */
MUST int cas_manifest_drop(struct cas *c, const struct hash_id *id, struct err *e);
struct cas_manifest {                   /* mapped, read-only */
        struct manifest m;
        struct hash_id id;
        void *map;
        size_t map_len;
};
/* CAS_OK, CAS_E_ABSENT, < 0 */
MUST int cas_manifest_open(struct cas *c, const struct hash_id *id, struct cas_manifest *out, struct err *e);
void cas_manifest_close(struct cas_manifest *m);
/* Give back the memory of the mapping's pages after a long scan; they are read again when needed. */
void cas_manifest_trim(const struct cas_manifest *m);
/* Path of the file, for sending it as it is. */
MUST int cas_manifest_fd(struct cas *c, const struct hash_id *id, int *fd_out, uint64_t *size_out, struct err *e);

struct cas_version {
        char package[16];
        uint32_t version;
        struct hash_id manifest;
        int64_t committed_us;
        uint64_t n_files, total_bytes;
};
/*
 * cas_version_commit - make a version visible; what writers have put until now is synced and becomes part of the
 * index in the same transaction.
 * @replace  drop other versions of the package in the same transaction (a DP keeps one)
 * CAS_E_ABSENT: a piece is missing or damaged (nothing changed; @e names its file).
 * Committing what is committed already is CAS_OK.
 */
MUST int cas_version_commit(struct cas *c, const char *package, uint32_t version, const struct hash_id *manifest,
                            bool replace, struct err *e);
/* The newest, or one: CAS_OK, CAS_E_ABSENT, < 0. */
MUST int cas_version_find(struct cas *c, const char *package, struct cas_version *newest_out, struct err *e);
MUST int cas_version_get(struct cas *c, const char *package, uint32_t version, struct cas_version *out, struct err *e);
/* fn returns false to stop. */
MUST int cas_version_each(struct cas *c, bool (*fn)(void *ctx, const struct cas_version *v), void *ctx, struct err *e);
/* Drop one version, or all of the package (version 0). CAS_E_ABSENT when there is none. */
MUST int cas_version_drop(struct cas *c, const char *package, uint32_t version, struct err *e);

/* ---- truth and tidiness ---- */
/*
 * cas_verify - read every byte of a version from disk and check its hash.
 * @bad  called for each damaged or missing file; the pieces are marked damaged,
 *       so that cas_find() no longer answers for them.
 * @stop polled; true ends early with ERR_CANCELLED.  rate_Bps 0: as fast as it goes.
 */
MUST int cas_verify(struct cas *c, const struct cas_version *v, uint64_t rate_Bps,
                    void (*bad)(void *ctx, struct str path), bool (*stop)(void *ctx), void *ctx,
                    uint64_t *bytes_out, struct err *e);
/* Mark one piece damaged (its bytes turned out wrong when read). */
MUST int cas_mark_damaged(struct cas *c, const struct hash_id *id, struct err *e);
/* Is all of the version sound, as far as the index knows?  CAS_OK, CAS_E_ABSENT: no. No byte of content is read. */
MUST int cas_version_sound(struct cas *c, const struct cas_version *v, struct err *e);
struct cas_gc_stats {
        uint64_t pieces_dropped, bytes_freed;
        uint64_t packs_removed;         /* rewritten ones among them */
        uint64_t packs_rewritten, manifests_removed;
};
/* Do now what would else be done in somebody's way: the index's log is emptied. */
void cas_tidy(struct cas *c);
/* Drop pieces that nothing keeps, remove empty packs, rewrite those more than half dead. dry_run only counts. */
MUST int cas_gc(struct cas *c, bool dry_run, struct cas_gc_stats *out, struct err *e);
struct cas_stats {
        uint64_t n_pieces, n_packs, n_versions, bytes_packs, bytes_live;
};
MUST int cas_stats(struct cas *c, struct cas_stats *out, struct err *e);
/* Is that directory the library itself or one of its folders?  (A package must not contain its own library.) */
bool cas_is_inside(const struct cas *c, dev_t dev, ino_t ino);
/* Write a version out as a plain tree (modes, times, links) under an empty or new directory. */
MUST int cas_extract(struct cas *c, const struct cas_version *v, const char *target, struct err *e);
