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
 *                      u64 offset of the entry within the entries, u64 number of
 *                      the first piece behind it
 *
 * Paths are bytes, not text: no empty component, no "." or "..", no leading or
 * trailing '/', no NUL; at most 4096 bytes, components at most 255, at most 256
 * components.  The root folder itself is the entry with the empty path and
 * always first; a folder stands before what is in it, so that nothing can be
 * reached through a symbolic link.  A link's target is relative and does not
 * leave the tree.
 * Full description: tallyman-store(5).
 */
#include "base/buf.h"
#include "base/err.h"
#include "hash/hash.h"

enum manifest_type { MANIFEST_FILE = 1, MANIFEST_DIR = 2, MANIFEST_SYMLINK = 3 };
enum { MANIFEST_HEADER_LEN = 64, MANIFEST_PIECE_LEN = 36, MANIFEST_RESTART_EVERY = 64, MANIFEST_PATH_MAX = 4096,
       MANIFEST_NAME_MAX = 255, MANIFEST_DEPTH_MAX = 256 };

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
        bool fresh;                     /* nothing known of the entry before */
        bool dir;                       /* the entry before was a folder */
        size_t path_len;
        char path[MANIFEST_PATH_MAX + 1];
};
void manifest_first(const struct manifest *m, struct manifest_cursor *c);
/* 1: an entry (path borrows from the cursor until the next call). 0: the end. < 0: the manifest is damaged. */
MUST int manifest_next(struct manifest_cursor *c, struct manifest_entry *out, struct err *e);
/* By binary search over restarts. 0; 1: no such path; < 0 damaged.  @c keeps the path's bytes. */
MUST int manifest_find(const struct manifest *m, struct str path, struct manifest_cursor *c,
                       struct manifest_entry *out, struct err *e);
/* Whole check: order, counts, sizes equal the sums of their pieces, links stay inside. Needed once, before a
 * manifest from elsewhere is believed. */
MUST int manifest_check(const struct manifest *m, struct err *e);
/* The same a few entries at a time, for a caller who gives memory back in between. */
struct manifest_checker {
        struct manifest_cursor c;
        uint64_t files, bytes;
        bool inner_links;
};
void manifest_check_begin(const struct manifest *m, struct manifest_checker *k);
/* n more entries. 1: not at the end yet; 0: all of it is right; < 0. */
MUST int manifest_check_some(struct manifest_checker *k, unsigned n, struct err *e);
/* Tree order of two paths. */
int manifest_path_cmp(struct str a, struct str b);
bool manifest_path_ok(struct str path);
/*
 * manifest_path_text - a path for people: bytes that are no UTF-8 and control
 * characters as \xNN; when longer than cap, its end behind "...".
 */
void manifest_path_text(struct str path, char *out, size_t cap);
/* The same as a value, for the arguments of err_set(): manifest_shown(path).z */
struct manifest_shown {
        char z[200];
};
struct manifest_shown manifest_shown(struct str path);
/*
 * manifest_link_ok - may the symbolic link at @path point to @target?
 * Reads it as text: relative, never above the root.  A ".." behind a name
 * (a/../b) may still leave the tree when that name is a link itself; *inner_out
 * says that there is one, and manifest_check() looks such names up.
 */
bool manifest_link_ok(struct str path, struct str target, bool *inner_out);

/*
 * Building: in tree order; of a file first its pieces, then its entry (whose
 * n_pieces counts them), so that a file of any size can be written while it is
 * cut.  The caller spills `pieces` and `entries` to files whenever it likes
 * (buf_consume) and puts the parts together: header, pieces, entries, restarts.
 */
struct manifest_builder {
        struct buf pieces, entries, restarts;
        uint64_t n_entries, n_files, n_pieces, total_bytes;
        uint64_t entries_len;           /* bytes ever appended to entries */
        uint64_t open_pieces, open_bytes;       /* of the file whose entry is still to come */
        size_t path_len;
        char path[MANIFEST_PATH_MAX + 1];
};
void manifest_builder_init(struct manifest_builder *b);
void manifest_builder_fini(struct manifest_builder *b);
MUST int manifest_builder_piece(struct manifest_builder *b, const struct hash_id *id, uint32_t len, struct err *e);
/* Forget the pieces since the last entry; the caller takes their bytes back from what it spilled, or from `pieces`. */
void manifest_builder_drop_pieces(struct manifest_builder *b);
/* e->first_piece is ignored. ERR_INVALID names a bad path, wrong order or a size that is not that of its pieces. */
MUST int manifest_builder_entry(struct manifest_builder *b, const struct manifest_entry *en, struct err *e);
void manifest_builder_header(const struct manifest_builder *b, uint8_t out[MANIFEST_HEADER_LEN]);
