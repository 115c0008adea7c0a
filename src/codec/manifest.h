/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * manifest - what a package version is: every path, mode, size and hash
 *
 * Bytes in, values out; no file is opened here.  The SHA-256 of the whole
 * manifest is the identity of the version.  Little-endian throughout.
 *
 *      header   64 B   magic "TMANIF01"; u64 n_entries, n_files, n_pieces, total_bytes;
 *                      u64 offset of entries, u64 offset of restarts; u32 n_restarts, u32 zero
 *      pieces   36 B each: u32 length, 32 B SHA-256; in order of the files that
 *                      use them, a piece used twice stands twice
 *      entries  in tree order (components compared bytewise); each:
 *                      u8 type, varint mode (07777), varint zigzag mtime in ns,
 *                      varint shared, varint n, n bytes: path = first `shared`
 *                      bytes of the previous path + these;
 *                      file: varint size, varint n_pieces (pieces follow each other in the table)
 *                      symlink: varint n, n bytes of target
 *      restarts 16 B each, one for every 64th entry (whose `shared` is 0):
 *                      u64 offset of the entry, u64 number of its first piece
 *
 * Paths are bytes, not text: no empty component, no "." or "..", no leading or
 * trailing '/', no NUL; at most 4096 bytes, components at most 255.  The root
 * folder itself is the entry with the empty path and always first.
 * Full description: tallyman-store(5).
 */
#include "base/buf.h"
#include "base/err.h"
#include "hash/hash.h"

enum manifest_type { MANIFEST_FILE = 1, MANIFEST_DIR = 2, MANIFEST_SYMLINK = 3 };
enum { MANIFEST_HEADER_LEN = 64, MANIFEST_PIECE_LEN = 36, MANIFEST_RESTART_EVERY = 64, MANIFEST_PATH_MAX = 4096 };

struct manifest_entry {
        enum manifest_type type;
        uint32_t mode;                  /* permission, setuid, setgid and sticky bits */
        int64_t mtime_ns;
        struct str path;
        struct str target;              /* symlink */
        uint64_t size;                  /* file, bytes */
        uint64_t first_piece;           /* file: number in the piece table */
        uint64_t n_pieces;              /* 0 for an empty file */
};

/* A manifest in memory (usually mapped).  Borrows the bytes. */
struct manifest {
        const uint8_t *p;
        size_t len;
        uint64_t n_entries, n_files, n_pieces, total_bytes;
        uint64_t entries_at, restarts_at;
        uint32_t n_restarts;
};
/* Checks header, bounds and section order; entries are checked as they are read. */
MUST int manifest_open(struct manifest *m, const void *p, size_t len, struct err *e);
/* Piece i < n_pieces. */
void manifest_piece(const struct manifest *m, uint64_t i, struct hash_id *id_out, uint32_t *len_out);

struct manifest_cursor {
        const struct manifest *m;
        struct cursor c;
        uint64_t entry, piece;          /* numbers of the next ones */
        size_t path_len;
        char path[MANIFEST_PATH_MAX + 1];
};
void manifest_first(const struct manifest *m, struct manifest_cursor *c);
/* 1: an entry (path borrows from the cursor until the next call). 0: the end. < 0: the manifest is damaged. */
MUST int manifest_next(struct manifest_cursor *c, struct manifest_entry *out, struct err *e);
/* By binary search over restarts. 0; 1: no such path; < 0 damaged.  @c keeps the path's bytes. */
MUST int manifest_find(const struct manifest *m, struct str path, struct manifest_cursor *c,
                       struct manifest_entry *out, struct err *e);
/* Whole check: order, counts, sizes equal the sums of their pieces. */
MUST int manifest_check(const struct manifest *m, struct err *e);
/* Tree order of two paths. */
int manifest_path_cmp(struct str a, struct str b);
bool manifest_path_ok(struct str path);

/*
 * Building: call in tree order; the caller spills `pieces` and `entries` to
 * files whenever it likes (buf_consume) and puts the parts together:
 * header, pieces, entries, restarts.
 */
struct manifest_builder {
        struct buf pieces, entries, restarts;
        uint64_t n_entries, n_files, n_pieces, total_bytes;
        uint64_t entries_len;           /* bytes ever appended to entries */
        size_t path_len;
        char path[MANIFEST_PATH_MAX + 1];
};
void manifest_builder_init(struct manifest_builder *b);
void manifest_builder_fini(struct manifest_builder *b);
/* Entry first, then its pieces; e->first_piece is ignored. ERR_INVALID names a bad path or wrong order. */
MUST int manifest_builder_entry(struct manifest_builder *b, const struct manifest_entry *en, struct err *e);
MUST int manifest_builder_piece(struct manifest_builder *b, const struct hash_id *id, uint32_t len, struct err *e);
void manifest_builder_header(const struct manifest_builder *b, uint8_t out[MANIFEST_HEADER_LEN]);
