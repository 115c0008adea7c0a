/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * engine - what an SQL engine must do for db
 *
 * conn.c and pool.c speak only to this table, so that a second engine is one
 * more file.  Handles are the engine's own; every function follows base/err.h.
 *
 * Threads: as db.h; an engine handle belongs to one thread at a time.
 */
#include "db/db.h"

struct db_engine {
        const char *name;
        MUST int (*open)(void **handle, const char *path, unsigned flags, struct err *e);
        void (*close)(void *handle);
        /* One or more statements without parameters (migrations, BEGIN, ...). */
        MUST int (*exec)(void *handle, const char *text, struct err *e);
        MUST int (*tidy)(void *handle, struct err *e);
        MUST int (*extend)(void *handle, const struct db_extension *x, struct err *e);
        /* Asked now and then while a statement runs; not 0 ends it with ERR_TIMEOUT. */
        void (*stop_when)(void *handle, int (*over)(void *ctx), void *ctx);
        MUST int (*prepare)(void *handle, struct str text, void **stmt, struct err *e);
        void (*finalize)(void *stmt);
        void (*reset)(void *stmt);      /* and forget what was bound */
        MUST int (*step)(void *handle, void *stmt, struct err *e);      /* 1 row, 0 done */

        void (*bind_i64)(void *stmt, int i, int64_t v);
        void (*bind_double)(void *stmt, int i, double v);
        void (*bind_text)(void *stmt, int i, struct str v);
        void (*bind_blob)(void *stmt, int i, const void *p, size_t n);
        void (*bind_borrowed)(void *stmt, int i, const void *p, size_t n);      /* a blob that stays until the reset */
        void (*bind_null)(void *stmt, int i);

        int64_t (*col_i64)(void *stmt, int i);
        double (*col_double)(void *stmt, int i);
        struct str (*col_text)(void *stmt, int i);
        struct str (*col_blob)(void *stmt, int i);
        bool (*col_is_null)(void *stmt, int i);
        int (*n_cols)(void *stmt);

        /* False also after the engine ended a transaction by itself (full disk, I/O error). */
        bool (*in_transaction)(void *handle);
        int64_t (*changes)(void *handle);
        int64_t (*last_rowid)(void *handle);
};

extern const struct db_engine db_engine_sqlite;

/* For the pool: while the flag is set, what this connection reads is not wanted. NULL: always wanted. */
void db_conn_wanted(struct db_conn *c, const atomic_bool *unwanted);
