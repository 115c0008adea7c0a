/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dpwire - the words a distribution point and its site say to each other
 *
 * Every JSON body of /dp/v1/... and the binary want list, bytes in, values out
 * and back.  distmgr (site) and dp (distribution point) both use these and
 * nothing else, so the two sides cannot drift apart.  The wire itself, its
 * order and its time-outs are told by tallyman-dp-wire(7).
 *
 * Decoding   What comes is hostile until checked: a body is bounded in bytes and
 *            in depth before the JSON parser sees it, arrays in elements, texts
 *            in bytes; numbers are whole and never negative; PackageIDs, hashes,
 *            kinds and results have one form.  A member we do not know is
 *            ignored, so that either side may be newer than the other.  A
 *            failure is ERR_INVALID (ERR_TOO_LARGE past a limit) and names the
 *            message and the member.
 * Ownership  Decoded texts and arrays live in the arena given.  Encoding appends
 *            to a buf, whose `failed` says in the end whether it all fitted.
 * Threads    Pure; any thread.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "hash/hash.h"

/* ---- where things are ---- */
#define DPWIRE_PATH_CA "/dp/v1/ca"
#define DPWIRE_PATH_ENROLL "/dp/v1/enroll"
#define DPWIRE_PATH_RENEW "/dp/v1/renew"
#define DPWIRE_PATH_ORDERS "/dp/v1/orders"
#define DPWIRE_PATH_MANIFEST "/dp/v1/manifest/"         /* and 64 hexadecimal digits */
#define DPWIRE_PATH_CONTENT "/dp/v1/content/"           /* and 64 hexadecimal digits, ?offset=K */
#define DPWIRE_PATH_PROGRESS "/dp/v1/progress"
#define DPWIRE_PATH_REPORT "/dp/v1/report"
#define DPWIRE_PATH_INVENTORY "/dp/v1/inventory"
#define DPWIRE_CLOCK_HEADER "X-Tallyman-Clock"          /* microseconds since 1970 UTC, decimal */
#define DPWIRE_TYPE_JSON "application/json"
#define DPWIRE_TYPE_WANT "application/vnd.tallyman.want"
#define DPWIRE_TYPE_PIECES "application/vnd.tallyman.pieces"

/* ---- limits; both sides keep to them, a body beyond one is refused ---- */
enum {
        DPWIRE_JSON_DEPTH = 8,
        DPWIRE_SMALL_BODY = 1 << 20,             /* enroll, renew, orders, progress, report */
        DPWIRE_INVENTORY_BODY = 32 << 20,
        DPWIRE_WANT_BODY = 1 << 20,
        DPWIRE_MAX_ORDERS = 256,                /* in one answer, in active=, in one progress */
        DPWIRE_MAX_FILES = 64,                  /* names in one report */
        DPWIRE_MAX_PACKAGES = 100000,           /* in one inventory */
        DPWIRE_MAX_NAME = 255,
        DPWIRE_MAX_URL = 1024,
        DPWIRE_MAX_TEXT = 2048,                 /* the words of a failure */
        DPWIRE_MAX_PATH = 4 * 4096,             /* a file's name as text, escapes included */
        DPWIRE_MAX_PEM = 32 << 10,
        DPWIRE_PACKAGE_LEN = 8,
        DPWIRE_WAIT_MAX_S = 60,                 /* longest wait= of a long poll */
};

/* Site code of three of A-Z0-9 and five upper-case hexadecimal digits: "P0100012". */
bool dpwire_package_ok(struct str s);

/* ---- POST enroll, POST renew ---- */
struct dpwire_enroll {
        struct str name;                /* of the DP, as `dp add` named it; empty: the token says */
        struct str token;
        struct str csr;                 /* PEM */
        struct str url;                 /* where clients fetch content; may be empty */
};
struct dpwire_enrolled {
        struct str certificate, ca;     /* PEM */
        struct str nal_path;            /* "nalPath" */
        struct str site_code;           /* "siteCode" */
        struct str package_path;        /* "package_path": "/SMS_DP_SMSPKG$/", where clients look */
};
void dpwire_enroll_encode(struct buf *b, const struct dpwire_enroll *m);
MUST int dpwire_enroll_decode(struct arena *a, struct str body, struct dpwire_enroll *out, struct err *e);
void dpwire_enrolled_encode(struct buf *b, const struct dpwire_enrolled *m);
MUST int dpwire_enrolled_decode(struct arena *a, struct str body, struct dpwire_enrolled *out, struct err *e);
/* {"csr"} and {"certificate"}: one member each. */
void dpwire_renew_encode(struct buf *b, struct str csr);
MUST int dpwire_renew_decode(struct arena *a, struct str body, struct str *csr_out, struct err *e);
void dpwire_renewed_encode(struct buf *b, struct str certificate);
MUST int dpwire_renewed_decode(struct arena *a, struct str body, struct str *certificate_out, struct err *e);

/* ---- GET orders ---- */
enum dpwire_kind {
        DPWIRE_INSTALL,                 /* hold this version, report installed */
        DPWIRE_REMOVE,                  /* hold nothing of the package, report removed */
        DPWIRE_VALIDATE,                /* read it all again, report valid or invalid */
        DPWIRE_INVENTORY,               /* say all you hold (POST inventory is the report) */
        DPWIRE_CANCEL,                  /* stop the order whose id this is; nothing is reported */
        N_DPWIRE_KINDS
};
const char *dpwire_kind_name(enum dpwire_kind k);       /* "install" */

/*
 * An order.  @id is the site's number of the job, never 0; the DP names it in
 * active= for as long as it works on it and in the report.  A cancel bears the
 * id of the order that is to stop: the next active= no longer names it, which is
 * the answer.  @manifest is given with install and validate; @size is the
 * version's content in bytes, for progress and for a look at the free space.
 */
struct dpwire_order {
        uint64_t id;
        enum dpwire_kind kind;
        char package[DPWIRE_PACKAGE_LEN + 1];   /* "" only with inventory and cancel */
        uint32_t version;
        bool has_manifest;
        struct hash_id manifest;
        uint64_t size;
        bool redistribute;              /* the same version again: what is held and sound need not move */
};
struct dpwire_orders {
        struct dpwire_order *v;
        size_t n;
};
void dpwire_orders_encode(struct buf *b, const struct dpwire_orders *m);
MUST int dpwire_orders_decode(struct arena *a, struct str body, struct dpwire_orders *out, struct err *e);
/* "12,15", the value of active=; an empty text is no ids. */
void dpwire_active_encode(struct buf *b, const uint64_t *ids, size_t n);
MUST int dpwire_active_decode(struct str s, uint64_t *ids, size_t cap, size_t *n_out, struct err *e);

/* ---- POST progress ---- */
struct dpwire_progress {
        uint64_t id;
        uint64_t bytes_done;            /* of the version: held before or arrived since */
        uint64_t bytes_total;
        uint64_t bytes_held;            /* what was here before the order began; never sent again */
        uint64_t files_total;
};
struct dpwire_progresses {
        struct dpwire_progress *v;
        size_t n;
};
void dpwire_progress_encode(struct buf *b, const struct dpwire_progresses *m);
MUST int dpwire_progress_decode(struct arena *a, struct str body, struct dpwire_progresses *out, struct err *e);

/* ---- POST report ---- */
enum dpwire_result {
        DPWIRE_INSTALLED,               /* every byte checked, synced, visible */
        DPWIRE_REMOVED,
        DPWIRE_VALID,
        DPWIRE_INVALID,                 /* files[] names what is damaged or missing */
        DPWIRE_FAILED,                  /* code and text say why; the site decides about trying again */
        N_DPWIRE_RESULTS
};
const char *dpwire_result_name(enum dpwire_result r);   /* "installed" */

enum dpwire_code {
        DPWIRE_CODE_NONE,               /* "": nothing went wrong */
        DPWIRE_DISK_FULL,               /* "DiskFull": no space, or the reserve would be passed */
        DPWIRE_HASH_MISMATCH,           /* "HashMismatch": bytes came that are not what the manifest promises */
        DPWIRE_SOURCE_GONE,             /* "SourceGone": the site no longer has the manifest or a piece */
        DPWIRE_IO,                      /* "Io": a read or write failed */
        DPWIRE_STALLED,                 /* "Stalled": no byte came for too long, again and again */
        DPWIRE_CLOCK_SKEW,              /* "ClockSkew": certificates seem not yet or no longer valid */
        DPWIRE_DAMAGED,                 /* "Damaged": with invalid */
        DPWIRE_INTERNAL,                /* "Internal" */
        DPWIRE_CODE_OTHER,              /* a word we do not know; only from decoding */
        N_DPWIRE_CODES
};
const char *dpwire_code_name(enum dpwire_code c);

/*
 * What became of an order.  @order 0: of the DP's own accord (its own schedule,
 * or bytes that turned out wrong while a client read them); then @result is
 * invalid or valid.  @kind is the order's.  May be sent any number of times.
 * File names are bytes; what is not UTF-8 in them travels as the text "\xHH".
 */
struct dpwire_report {
        uint64_t order;
        enum dpwire_kind kind;
        char package[DPWIRE_PACKAGE_LEN + 1];
        uint32_t version;
        bool has_manifest;
        struct hash_id manifest;
        enum dpwire_result result;
        enum dpwire_code code;
        struct str text;
        const struct str *files;
        size_t n_files;                 /* at most DPWIRE_MAX_FILES; more than that are not named */
        uint64_t bytes_received;        /* piece bytes that came over the wire for this order */
        uint64_t bytes_reused;          /* piece bytes that were here already */
        uint64_t duration_ms;           /* "seconds", a number with a fraction */
};
void dpwire_report_encode(struct buf *b, const struct dpwire_report *m);
MUST int dpwire_report_decode(struct arena *a, struct str body, struct dpwire_report *out, struct err *e);
/* {"applied":true}: false says that it was stale; either way the DP may forget it. */
void dpwire_reported_encode(struct buf *b, bool applied);
MUST int dpwire_reported_decode(struct str body, bool *applied_out, struct err *e);

/* ---- POST inventory ---- */
struct dpwire_held {
        char package[DPWIRE_PACKAGE_LEN + 1];
        uint32_t version;
        struct hash_id manifest;
        bool sound;                     /* no piece known to be damaged or missing */
};
struct dpwire_inventory {
        uint64_t order;                 /* 0: on connecting */
        struct str version;             /* of the DP's program */
        uint64_t bytes_free, bytes_total;       /* of the file system the library is on */
        const struct dpwire_held *packages;
        size_t n_packages;
};
void dpwire_inventory_encode(struct buf *b, const struct dpwire_inventory *m);
MUST int dpwire_inventory_decode(struct arena *a, struct str body, struct dpwire_inventory *out, struct err *e);

/* {"error":{"code","message"}}, what a request that failed is answered with. 1: the body is not such. */
MUST int dpwire_error_decode(struct arena *a, struct str body, struct str *code_out, struct str *message_out);

/*
 * ---- the want list ----
 *
 * Which pieces of a manifest's piece table are wanted, ascending: LEB128 pairs
 * (skip, take), skip counted from the end of the run before.  take is never 0,
 * skip only in the first pair may be; so a set of pieces has one list.
 *
 * The answer is the wanted pieces' records (codec/piece.h) in that order.  With
 * offset=K > 0 the first record is the rest of one that broke off: its header in
 * full (n is the piece's whole length), then its bytes from K on.
 */
struct dpwire_want_writer {
        struct buf *out;
        uint64_t end;                   /* of the last run written */
        uint64_t first, count;          /* the run that still grows; count 0: none */
};
void dpwire_want_begin(struct dpwire_want_writer *w, struct buf *out);
void dpwire_want_add(struct dpwire_want_writer *w, uint64_t piece);     /* ascending (asserted) */
void dpwire_want_run(struct dpwire_want_writer *w, uint64_t first, uint64_t count);
void dpwire_want_end(struct dpwire_want_writer *w);                     /* writes the last run */

struct dpwire_want_reader {
        struct cursor c;
        uint64_t n_pieces;
        uint64_t next;                  /* end of the last run */
        bool begun;
};
void dpwire_want_open(struct dpwire_want_reader *r, struct str list, uint64_t n_pieces);
/* 1: a run of count >= 1 pieces from first, all below n_pieces. 0: the end. < 0: not a want list. */
MUST int dpwire_want_next(struct dpwire_want_reader *r, uint64_t *first_out, uint64_t *count_out, struct err *e);
