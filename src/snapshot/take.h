/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * take - what the files of snapshot share: one snapshot being taken
 *
 *      walk.c       lists folders in tree order and fills batches
 *      pipe.c       a ring of batches: the walker fills and later empties them in
 *                   order, workers do the reading, hashing and writing in between
 *      read.c       one file, read so that it cannot change unnoticed
 *      assemble.c   pieces and entries become the manifest, spilled to files
 *
 * The thread that called snapshot_take() walks and assembles; the others only
 * ever touch the batch they were given, their own writer and buffers.
 */
#include <pthread.h>
#include "os/os.h"
#include "snapshot/snapshot.h"

enum {
        BATCH_ITEMS = 256,
        BATCH_FOLDERS = 32,                     /* open folders a batch may need: bounds descriptors */
        BATCH_BYTES = 4 << 20,                  /* of files, by their size when listed */
        SEGMENT = 2 << 20,                      /* of a large file */
        SEGMENT_PIECES = SEGMENT / PIECE_MIN + 1,
        THREADS_MAX = 4,
        RING_MAX = THREADS_MAX + 2,
        REREADS = 3,
};

struct folder {                                 /* counted by the walking thread alone */
        int fd;
        unsigned refs;
};

enum item_state {
        ITEM_PLAIN,                             /* folder or link: nothing to read */
        ITEM_SMALL,                             /* a worker reads it: one piece, or none */
        ITEM_AGAIN,                             /* changed while it was read: read it in order, alone */
        ITEM_LARGE,                             /* its pieces were in the segments before */
        ITEM_LARGE_AGAIN,                       /* the same, but it changed: forget them and read again */
};

struct item {
        struct manifest_entry en;               /* path and target by offset into the batch's text */
        size_t path_at, target_at, name_at;
        struct folder *folder;                  /* of files */
        enum item_state state;
        struct hash_id id;                      /* of ITEM_SMALL */
};

struct segment_piece {
        uint32_t at, len;
        struct hash_id id;
};

struct batch {
        bool done;                              /* under pipe.lock */
        bool segment;
        int r;                                  /* what the worker met */
        struct err err;
        /* items */
        struct item items[BATCH_ITEMS];
        unsigned n_items, n_folders;
        uint64_t bytes;
        struct buf text;
        /* a segment */
        uint8_t *data;
        size_t n_data;
        struct segment_piece pieces[SEGMENT_PIECES];
        unsigned n_pieces;
};

/* What a thread needs to turn bytes into pieces in the library. */
struct putter {
        struct cas_writer *writer;
        struct hasher *hasher;
        uint8_t *buf;                           /* SEGMENT */
        uint64_t new_bytes;
};

struct worker {
        struct take *t;
        pthread_t thread;
        struct putter p;
        int r;
        struct err err;
};

struct take {
        struct cas *c;
        const struct snapshot_opts *o;
        /* pipe.c */
        pthread_mutex_t lock;
        pthread_cond_t work, done;
        struct batch *ring;
        unsigned n_ring;
        uint64_t head, next, tail;              /* to assemble, to work on, to fill */
        bool closing;
        struct worker workers[THREADS_MAX];
        unsigned n_workers;
        struct putter own;                      /* of the walking thread */
        /* walk.c */
        char path[MANIFEST_PATH_MAX + 2];
        uint8_t *carry;                         /* PIECE_MAX: what a segment left for the next one */
        /* assemble.c */
        struct manifest_builder b;
        int manifest_fd, entries_fd;
        uint64_t pieces_spilled, entries_spilled;
        uint64_t files, bytes;
};

/* ---- read.c ---- */
MUST int putter_init(struct putter *p, struct cas *c, struct err *e);
void putter_fini(struct putter *p);
MUST int put_piece(struct putter *p, const void *bytes, uint32_t n, struct hash_id *id_out, struct err *e);
bool stat_same(const struct stat *a, const struct stat *b);     /* size, mtime, ctime, inode */
void entry_from_stat(struct manifest_entry *en, const struct stat *st);
/* Open for reading, a regular file or an error that names it. */
MUST int open_file(int dirfd, const char *name, struct str path, int *fd_out, struct stat *st_out, struct err *e);
/* A file of one piece: fills id, size, mode, time; 1 when it changed or is too large for that. */
MUST int read_small(struct putter *p, struct item *it, const char *text, struct err *e);
/* Any file, alone and in order, re-read when it changes; its pieces go to the manifest. */
MUST int read_in_order(struct take *t, struct item *it, const char *text, struct err *e);
/* Up to n bytes at an offset: fewer at the end of the file. */
MUST int read_at(int fd, void *p, size_t n, off_t at, size_t *n_out);
int changed_error(struct str path, struct err *e);

/* ---- pipe.c ---- */
MUST int pipe_start(struct take *t, unsigned threads, struct err *e);
/* Ends the threads, which sync the bytes they wrote. Returns the first failure. */
MUST int pipe_end(struct take *t, bool abandon, struct err *e);
void pipe_free(struct take *t);
/* The batch to fill next, empty; assembles the oldest when the ring is full. */
MUST int pipe_batch(struct take *t, struct batch **out, struct err *e);
void pipe_submit(struct take *t);               /* what pipe_batch() gave */
MUST int pipe_drain(struct take *t, struct err *e);     /* assemble all that was submitted */
void folder_unref(struct folder *f);

/* ---- walk.c ---- */
MUST int walk(struct take *t, int root_fd, struct err *e);

/* ---- assemble.c ---- */
MUST int assemble_start(struct take *t, struct err *e);
MUST int assemble_batch(struct take *t, struct batch *b, struct err *e);
void assemble_forget_pieces(struct take *t);
/* Put the parts together; the manifest's identity, and its descriptor, which the caller owns then. */
MUST int assemble_end(struct take *t, struct hash_id *id_out, int *fd_out, struct err *e);
void assemble_free(struct take *t);
