/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * store - what the files of cas share among themselves
 *
 * Three locks, taken in this order and never the other way round:
 *
 *      writer.lock     one writer's buffer, pending table and pack; held through
 *                      a put or a sync
 *      cas.lock        the index connection, the list of writers, epochs
 *      cas.packs_lock  the table of open descriptors
 *
 * Whoever holds cas.lock and needs a writer pins it (writer_pin), lets go of
 * cas.lock and takes the writer's; a pinned writer is not freed.
 */
#include <pthread.h>
#include "base/list.h"
#include "base/time.h"
#include "cas/cas.h"
#include "cas/pending.h"
#include "codec/piece.h"
#include "db/db.h"
#include "os/os.h"
#include "sql_library.h"

enum {
        PACK_NAME_LEN = 13,                     /* 0000002a.pack */
        RECORD_MAX = PIECE_HEADER_LEN + PIECE_MAX,
        PACK_STATE_OPEN = 0,
        PACK_STATE_SEALED = 1,
        PACK_STATE_REMOVING = 2,
};

#define PACK_BYTES_DEFAULT (UINT64_C(256) << 20)
#define PACK_BYTES_MAX (UINT64_C(2) << 30)      /* offsets are 32 bits of a place */
#define HOLD_DEFAULT_US (INT64_C(7) * 86400 * US_PER_SECOND)
#define RETIRE_US (600 * US_PER_SECOND)      /* how long a removed pack's descriptor still reads */

struct gathered;

struct pack_fd {
        uint32_t pack;
        int fd;
        int64_t retired_us;                     /* 0: in use; else when its pack was removed */
};

struct cas {
        char *dir;
        int dirfd, packs_fd, manifests_fd, lock_fd;
        struct cas_opts o;

        pthread_mutex_t lock;
        pthread_cond_t unpinned;
        struct db_conn *db;
        struct list writers;
        uint64_t epoch;                         /* grows with every batch of a writer and every collection */
        uint64_t generation;                    /* grows when the index learns of pieces */
        uint32_t gc_pack;                       /* being rewritten: no writer may take it */
        bool recount;                           /* references must be counted anew */
        const struct gathered *committing;      /* whose pending pieces the transaction under way will add, or NULL */

        pthread_mutex_t packs_lock;
        struct pack_fd *fds;                    /* sorted by pack */
        size_t n_fds, cap_fds;
};

struct cas_writer {
        struct list link;
        struct cas *c;
        unsigned pins;                          /* under cas.lock */
        uint64_t busy_epoch;                    /* under cas.lock; 0: nothing since the last cas_checkpoint() */

        pthread_mutex_t lock;
        uint32_t pack;
        int fd;                                 /* -1: no pack taken yet */
        bool new_pack;                          /* its name is not synced yet */
        uint64_t synced, durable, written, end; /* offsets: in the index, on disk, in the file, in the buffer behind it */
        uint64_t started;                       /* writeback was asked for up to here */
        uint8_t *buf;
        size_t n, cap;
        struct pending pending;
};

/* A place names a record: pack << 32 | offset. */
static inline int64_t place_of(uint32_t pack, uint64_t at)
{
        return (int64_t)((uint64_t)pack << 32 | at);
}
static inline uint32_t place_pack(int64_t place)
{
        return (uint32_t)((uint64_t)place >> 32);
}
static inline uint64_t place_at(int64_t place)
{
        return (uint64_t)place & 0xffffffffu;
}

/* ---- index.c: the index, all under cas.lock ---- */
struct index_row {
        int64_t place;                          /* < 0: lost */
        uint32_t len;
        bool damaged;
        int64_t refs;
        uint64_t epoch;
};
/* 1 found, 0 not, < 0 */
MUST int index_find(struct cas *c, const struct hash_id *id, struct index_row *out, struct err *e);
/* Put pending entries into the index in one transaction with the pack's new length. */
MUST int index_checkpoint(struct cas *c, struct cas_writer *w, struct err *e);
/*
 * The same inside a transaction of the caller's, in two steps: what the index knows already is touched and moved; new
 * pieces are added with the references counted in between.  Then index_added() or, after a rollback, index_not_added().
 */
struct grown {
        uint64_t live, pieces;                  /* what the pack holds more than before */
};
MUST int index_settle(struct cas *c, struct cas_writer *w, struct grown *g, struct err *e);
/* CAS_OK; CAS_E_ABSENT: the index knows a piece already, damaged. */
MUST int index_add(struct cas *c, struct cas_writer *w, struct grown *g, struct err *e);
void index_added(struct cas *c, struct cas_writer *w);
void index_not_added(struct cas_writer *w);
/* A record found on disk. Inside the caller's transaction; adds to what the pack holds. */
MUST int index_adopt(struct cas *c, const struct hash_id *id, int64_t place, uint32_t len, uint64_t *live,
                     uint64_t *pieces, struct err *e);
/* Keep an unused piece: whoever is young now may rely on it. */
MUST int index_touch(struct cas *c, const struct hash_id *id, struct err *e);
MUST int index_pack_shrink(struct cas *c, uint32_t pack, uint64_t bytes, uint64_t pieces, struct err *e);
MUST int index_pack_state(struct cas *c, uint32_t pack, int state, struct err *e);
MUST int index_any_damaged(struct cas *c, bool *out, struct err *e);
MUST int index_meta_get(struct cas *c, const char *name, int64_t *out, struct err *e);  /* 0 when unset */
MUST int index_meta_set(struct cas *c, const char *name, int64_t value, struct err *e);
/* A statement ready to bind, or NULL with @e set. */
struct db_stmt *index_stmt(struct cas *c, enum sql_library s, struct err *e);
/* End a transaction: commit when r is 0, else roll back. Returns r, or the commit's failure. */
MUST int index_end(struct cas *c, int r, struct err *e);

/* ---- pack.c: files under packs/ ---- */
void pack_name(uint32_t pack, char out[PACK_NAME_LEN + 1]);
MUST int pack_parse_name(const char *name, uint32_t *out);      /* 0 or -EINVAL */
/* A pack for a writer: one that has room, or a new one. Under cas.lock and w->lock. */
MUST int pack_take(struct cas *c, struct cas_writer *w, struct err *e);
/*
 * Remove a pack that no sound piece lies in; what is damaged there becomes lost.
 * Said in the index before the file goes, so that a crash in between resumes.
 */
MUST int pack_remove(struct cas *c, uint32_t pack, struct err *e);
void pack_close_retired(struct cas *c, int64_t now_us);
void pack_close_all(struct cas *c);

/* ---- recover.c ---- */
/* Compare packs/ with the index: read tails, cut torn records, note what is missing. Under no lock (cas_open). */
MUST int recover_all(struct cas *c, struct err *e);

/* ---- writer.c ---- */
/* Under w->lock: the bytes on disk, the index untouched. */
MUST int writer_sync_bytes(struct cas_writer *w, struct err *e);
/* Under w->lock: what is in the buffer and those parts behind it into the file. */
MUST int writer_write_out(struct cas_writer *w, const struct iovec *more, int n_more, struct err *e);
/* Under w->lock: checkpoint when the table or the pack cannot take one more piece of n bytes. */
MUST int writer_make_room(struct cas_writer *w, uint32_t n, struct err *e);
bool writer_needs_room(const struct cas_writer *w, uint32_t n);
/* Under both locks: is it there already?  CAS_E_PRESENT; or 0 and where a damaged copy lies (0: none). */
MUST int writer_knows(struct cas_writer *w, const struct hash_id *id, bool absent, int64_t *from_out, struct err *e);
/* Under both locks: give the record a place. */
MUST int writer_reserve(struct cas_writer *w, const struct hash_id *id, uint32_t n, int64_t from, struct err *e);
/* Write out the buffer of whoever owns that pack, so that its bytes can be read. */
MUST int writer_flush_pack(struct cas *c, uint32_t pack, struct err *e);
/* Copy a sound record to a new place (garbage collection). */
MUST int writer_move(struct cas_writer *w, const struct hash_id *id, int64_t from, const void *p, uint32_t n,
                     struct err *e);
bool writer_has(struct cas *c, const struct hash_id *id);       /* in anybody's pending table; under cas.lock */

/* ---- gather.c: every writer at once, for a commit ---- */
struct gathered {
        struct cas_writer **v;
        struct grown *grown;
        size_t n;
        struct err err;                         /* why a writer was left out */
};
/* Syncs each writer's bytes and holds its lock; one that fails is left out. Under no lock. */
MUST int writers_gather(struct cas *c, struct gathered *g, struct err *e);
void writers_release(struct cas *c, struct gathered *g);
/* A pending piece that the transaction under way will add, or NULL. Under cas.lock. */
struct pending_entry *writers_pending(struct cas *c, const struct hash_id *id);

/* ---- manifests.c ---- */
/* Open, and check that the file is what its name says. CAS_OK, CAS_E_ABSENT, CAS_E_MISMATCH, < 0. */
MUST int manifest_open_checked(struct cas *c, const struct hash_id *id, struct cas_manifest *out, struct err *e);
/* Give back the memory of what was read: pieces before number @piece, entries before @at. */
void manifest_behind(const struct cas_manifest *m, uint64_t piece, const uint8_t *at);
MUST int manifest_remove(struct cas *c, const struct hash_id *id, struct err *e);
void manifest_name(const struct hash_id *id, char out[HASH_HEX_LEN + 1]);

/* ---- refs.c: references of a manifest's pieces; inside a transaction, under cas.lock ---- */
/* CAS_OK; CAS_E_ABSENT: a piece is missing or damaged, @e names its file; < 0 */
MUST int refs_add(struct cas *c, const struct cas_manifest *m, struct err *e);
/* Every piece must be sound, nothing is counted. Same answers. */
MUST int refs_check(struct cas *c, const struct cas_manifest *m, struct err *e);
MUST int refs_drop(struct cas *c, const struct cas_manifest *m, struct err *e);
/* From @old to @now: only files that differ cost anything. @sound: no piece at all is damaged. */
MUST int refs_change(struct cas *c, const struct cas_manifest *old, const struct cas_manifest *now, bool sound,
                     struct err *e);
/* Count everything anew from the manifests of all versions. */
MUST int refs_recount(struct cas *c, struct err *e);
