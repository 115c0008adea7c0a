/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * serve - content over HTTP: lookups, listings, files
 *
 *      GET|HEAD /SMS_DP_SMSPKG$/                       what is held
 *      GET|HEAD /SMS_DP_SMSPKG$/<PackageID>/[path/]    a folder
 *      GET|HEAD /SMS_DP_SMSPKG$/<PackageID>/path       a file, with ranges
 *
 * A request is looked up on the `read` worker: version, manifest, path (symbolic
 * links followed inside the package), conditions and range, and where the first
 * pieces lie.  The bytes themselves are read on the loop, a piece at a time, each
 * piece hash-checked (cas_read); of where later pieces lie the worker is asked a
 * window at a time.  A piece that is wrong breaks the connection, is marked in the
 * library and reported to the site: bad bytes are never served as good.
 *
 * Memory     A stream costs its window (about 2 KB); pieces are shared by all
 *            streams in a cache of SERVE_CACHE bytes.
 * Source     RFC 9110 (8.8 validators, 13 conditions, 14 ranges)
 */
#include "base/buf.h"
#include "cas/cas.h"
#include "http/http.h"

#define SERVE_PREFIX "/SMS_DP_SMSPKG$/"
enum {
        SERVE_WINDOW = 32,              /* pieces */
        SERVE_CACHE = 2 << 20,          /* bytes of pieces kept, all streams together */
        SERVE_LISTING = 2000,           /* entries of one page */
        SERVE_LINKS = 16,               /* symbolic links followed for one path */
};

/* ---- serve_path.c: pure over a manifest ---- */
/*
 * serve_resolve - the entry a path means, links followed.
 * @path  bytes, may end with '/'; receives the resolved path (MANIFEST_PATH_MAX + 1 bytes)
 * 0; 1: there is no such thing in the package; < 0: the manifest is damaged.
 */
MUST int serve_resolve(const struct manifest *m, char *path, struct manifest_cursor *c, struct manifest_entry *out,
                       struct err *e);
/* Percent-encode what is not unreserved (RFC 3986 2.3); '/' stays. */
void serve_encode_path(struct buf *b, struct str path);

/* ---- serve_list.c: pure ---- */
struct serve_listing {
        struct buf *out;
        bool json;
        size_t n;                       /* entries written */
};
void serve_packages_begin(struct serve_listing *l);
void serve_packages_add(struct serve_listing *l, const struct cas_version *v);
void serve_packages_end(struct serve_listing *l);
/*
 * serve_folder - one page of a folder's listing.
 * @c      stands right behind the folder's own entry
 * @after  only names behind this one in the folder's order; n 0: from the start
 */
MUST int serve_folder(struct serve_listing *l, const struct cas_version *v, struct str dir, struct str after,
                      struct manifest_cursor *c, struct err *e);

/* ---- serve_headers.c: pure ---- */
enum { SERVE_ETAG_LEN = 35, SERVE_DATE_LEN = 30 };
/* Entity tag of a file: a digest of its lengths and hashes, so it changes exactly when the bytes do. */
void serve_etag(struct hasher *h, const struct manifest *m, const struct manifest_entry *en, char out[SERVE_ETAG_LEN]);
/* IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
void serve_date(int64_t us, char out[SERVE_DATE_LEN]);
/* Is one of the tags of If-None-Match this one? (weak comparison, 13.1.2) */
bool serve_none_match(struct str header, const char *etag);
/* May a range be given, as If-Range says? (13.1.5; absent: yes) */
bool serve_if_range(struct str header, const char *etag, const char *date);

/* ---- serve_cache.c: loop thread ---- */
struct serve_cache;
struct serve_cache *serve_cache_new(struct cas *c);             /* NULL: memory */
void serve_cache_free(struct serve_cache *k);
/* Bytes of a piece, checked; borrowed until the next call. CAS_OK, CAS_E_MISMATCH, < 0. */
MUST int serve_cache_get(struct serve_cache *k, const struct cas_extent *x, const struct hash_id *id,
                         const uint8_t **p_out, struct err *e);

/* ---- serve_file.c ---- */
struct serve_window {
        uint64_t first;                 /* piece */
        size_t n;
        struct hash_id ids[SERVE_WINDOW];
        struct cas_extent x[SERVE_WINDOW];
};
/* Any worker. ERR_UNAVAILABLE when one of the pieces is missing or damaged. */
MUST int serve_window_fill(struct cas *c, const struct manifest *m, uint64_t piece, uint64_t end,
                           struct serve_window *w, struct err *e);
struct dp;
struct serve_part {                     /* what of which file */
        struct cas_version v;
        char path[MANIFEST_PATH_MAX + 1];
        uint64_t piece, end;            /* the piece at hand, the file's last + 1 */
        uint64_t skip;                  /* bytes of that piece that are not wanted */
        uint64_t left;                  /* bytes to send */
        struct serve_window w;
};
/* Consumes @man whatever happens; copies @part. NULL: memory. */
struct http_stream *serve_file_new(struct dp *d, struct cas_manifest *man, const struct serve_part *part);
