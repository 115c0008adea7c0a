/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * db - named statements, transactions, migrations; one writer, many readers
 *
 * Statements live in sql/<schema>/query/ under names; tools/sqlgen.py turns
 * them and sql/<schema>/schema/NNNN-*.sql into const tables at build time
 * (gen/sql_site.h: enum sql_site { SQL_SITE_PACKAGE_INSERT, ... }).  No C file
 * holds SQL text; lint checks it.  SQLite stands behind `struct db_engine`, a
 * vtable that PostgreSQL will join.
 *
 * Threads: a db_conn belongs to one thread at a time.  struct db (below) owns a
 * writer thread and reader threads and hands connections to jobs.
 */
#include <stdatomic.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

struct db_conn;
struct db_stmt;

/* What sqlgen.py makes of one folder sql/<name>/. */
struct db_statement {
        const char *name;               /* "package_insert" */
        const char *text;
        bool writes;                    /* role: writer */
        bool hot;                       /* a test demands an index in its query plan */
};
struct db_migration {
        int version;                    /* NNNN of the file name, from 1, dense */
        const char *name;
        const char *text;               /* one or more statements */
};
struct db_schema {
        const char *name;               /* "site", "library" */
        const struct db_statement *statements;
        size_t n_statements;
        const struct db_migration *migrations;
        size_t n_migrations;
};

enum db_open_flags {
        DB_WRITER = 1,                  /* creates the file, runs migrations; else query_only */
        DB_FULL_SYNC = 2,               /* synchronous=FULL; else NORMAL */
        DB_SMALL_CACHE = 4,             /* at most 512 KiB of page cache (tallyman-dp) */
        DB_ALONE = 8,                   /* a writer that no other connection joins, the caller has seen to that: no
                                         * locks and no shared memory; the log grows to 16 MiB or until db_tidy() */
};

/*
 * db_conn_open - one connection; WAL, foreign keys on, busy timeout 10 s.
 * @path  file, or ":memory:"
 * A database of a newer schema than ours is refused (ERR_CONFLICT).
 */
MUST int db_conn_open(struct db_conn **out, const char *path, const struct db_schema *schema,
                      unsigned flags, struct err *e);
void db_conn_close(struct db_conn *c);          /* NULL is harmless */
/* Move what the log holds into the file, so that it need not be done in somebody's way. Outside a transaction. */
MUST int db_tidy(struct db_conn *c, struct err *e);
DEFINE_FREEP(struct db_conn *, db_conn_close)

/*
 * db_stmt - the prepared statement of that number, reset and unbound.
 * Cached by the connection; valid until db_conn_close().  One use at a time:
 * asking again for the same number resets it.  NULL (and @e) when it cannot be
 * prepared, which a test proves impossible for every statement of the schema.
 */
struct db_stmt *db_stmt(struct db_conn *c, int statement, struct err *e);
/*
 * db_stmt_dynamic - a statement put together from trusted parts (generated text
 * and schema names, never a user's words; those are bound).  Release with
 * db_stmt_free().
 */
MUST int db_stmt_dynamic(struct db_stmt **out, struct db_conn *c, struct str text, struct err *e);
void db_stmt_free(struct db_stmt *s);
DEFINE_FREEP(struct db_stmt *, db_stmt_free)

/*
 * Dynamic statements worth keeping: the connection owns them under a name of the
 * caller's; valid until db_conn_close(), one use at a time.  db_kept() gives it
 * reset and unbound, NULL when it was not kept yet; db_keep() prepares and keeps.
 */
struct db_stmt *db_kept(struct db_conn *c, struct str name);
struct db_stmt *db_keep(struct db_conn *c, struct str name, struct str text, struct err *e);

/*
 * Functions and collations of the caller's own, for statements he makes (wql/sql.h).  Both must give the same answer
 * for the same arguments.  Texts of a result may live in the arena, which goes after the call.
 */
struct db_arg {
        enum { DB_NULL, DB_INT, DB_REAL, DB_TEXT } type;
        int64_t i;
        double d;
        struct str s;
};
struct db_extension {
        const struct db_function {
                const char *name;
                int n_args;
                void (*call)(const struct db_arg *args, struct db_arg *out, struct arena *a);
        } *functions;
        size_t n_functions;
        const struct db_collation {
                const char *name;
                int (*compare)(struct str a, struct str b);
        } *collations;
        size_t n_collations;
};
/* The tables must stay; before the first statement that uses them. */
MUST int db_extend(struct db_conn *c, const struct db_extension *x, struct err *e);

/* Parameters count from 1 (?1 in the text).  Text and blobs are copied. */
void db_bind_i64(struct db_stmt *s, int i, int64_t v);
void db_bind_text(struct db_stmt *s, int i, struct str v);      /* p NULL binds NULL */
void db_bind_textz(struct db_stmt *s, int i, const char *z);    /* NULL binds NULL */
void db_bind_blob(struct db_stmt *s, int i, const void *p, size_t n);
void db_bind_borrowed(struct db_stmt *s, int i, const void *p, size_t n);       /* a blob that stays until the reset */
void db_bind_null(struct db_stmt *s, int i);
void db_bind_double(struct db_stmt *s, int i, double v);

/* From @deadline_us (of os_mono_us()) on, statements of this connection end with ERR_TIMEOUT; 0: no limit. */
void db_time_limit(struct db_conn *c, int64_t deadline_us);

/* 1: a row is there.  0: done.  < 0: failure; a constraint is ERR_EXISTS or ERR_CONFLICT, a full disk ERR_NO_SPACE. */
MUST int db_step(struct db_stmt *s, struct err *e);
/* For statements that give no row: step, reset. 0 or < 0. */
MUST int db_run(struct db_stmt *s, struct err *e);
void db_reset(struct db_stmt *s);
int64_t db_changes(struct db_conn *c);          /* rows of the last INSERT, UPDATE, DELETE */
int64_t db_last_rowid(struct db_conn *c);

/* Columns count from 0; text and blobs borrow until the next step or reset. */
int64_t db_col_i64(struct db_stmt *s, int i);   /* NULL gives 0 */
double db_col_double(struct db_stmt *s, int i);
struct str db_col_text(struct db_stmt *s, int i);       /* NULL gives STR_NULL */
struct str db_col_blob(struct db_stmt *s, int i);
bool db_col_is_null(struct db_stmt *s, int i);
int db_n_cols(struct db_stmt *s);

MUST int db_begin(struct db_conn *c, struct err *e);    /* BEGIN IMMEDIATE */
MUST int db_commit(struct db_conn *c, struct err *e);
void db_rollback(struct db_conn *c);                    /* harmless outside a transaction */
bool db_in_transaction(struct db_conn *c);               /* false also when a full disk ended it under us */
MUST int db_savepoint(struct db_conn *c, struct err *e);
MUST int db_release(struct db_conn *c, struct err *e);
void db_rollback_to(struct db_conn *c);                 /* back to the savepoint, which ends */
/* A snapshot for several reads that must agree with each other. */
MUST int db_begin_read(struct db_conn *c, struct err *e);
void db_end_read(struct db_conn *c);

/* ---- the pool: one writer thread with group commit, N readers ---- */

struct db;
struct db_job {
        struct list link;
        /* Runs on a db thread.  For writers inside a savepoint of a group transaction: a
         * negative return undoes this job alone. */
        int (*work)(struct db_job *j, struct db_conn *c, struct err *e);
        /* A writer that comes by the thousand and is not waited for by a person: it may wait a few milliseconds after
         * a commit, so that others share the next one. */
        bool patient;
        /* Runs on the loop, for writers after COMMIT was made durable.  r and err are work's,
         * or the commit's own failure. */
        void (*done)(struct db_job *j);
        int r;
        struct err err;
        atomic_bool unwanted;           /* db_abandon() */
};

struct db_opts {
        const char *path;
        const struct db_schema *schema;
        unsigned readers;               /* 0: two */
        const struct db_extension *extension;   /* of every connection; may be NULL */
        bool inline_;                   /* unit tests: jobs run at once on the caller */
        /* On the writer thread, after each successful COMMIT of a group; may be NULL. */
        void (*after_commit)(void *ctx, struct db_conn *c);
        void *ctx;
};

MUST int db_open(struct db **out, struct loop *l, const struct db_opts *o, struct err *e);
void db_close(struct db *d);            /* finishes queued writes first */
void db_write(struct db *d, struct db_job *j);  /* loop thread; in order of submission */
void db_read(struct db *d, struct db_job *j);   /* loop thread; inside a read snapshot */
/*
 * Nobody waits for this reading any more: it does not begin, or its statement ends, with ERR_CANCELLED.  done runs
 * as always, unless it has.  Any thread.
 */
void db_abandon(struct db_job *j);
