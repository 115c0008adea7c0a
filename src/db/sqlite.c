/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite - the embedded engine
 *
 * WAL, foreign keys on, synchronous FULL for the site (an acknowledged report
 * survives power loss: https://www.sqlite.org/pragma.html#pragma_synchronous)
 * or NORMAL where the caller syncs by other means.
 */
#include "db/engine.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum { BUSY_TIMEOUT_MS = 10000 };

static enum err_kind kind_of(int code)
{
        switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
                return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? ERR_EXISTS : ERR_CONFLICT;
        case SQLITE_FULL:
                return ERR_NO_SPACE;
        case SQLITE_NOMEM:
                return ERR_NOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return ERR_TIMEOUT;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return ERR_CORRUPT;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
                return ERR_DENIED;
        case SQLITE_IOERR:
                return ERR_IO;
        case SQLITE_TOOBIG:
                return ERR_TOO_LARGE;
        case SQLITE_INTERRUPT:          /* nothing but stop_when() interrupts */
                return ERR_TIMEOUT;
        default:
                return ERR_INTERNAL;
        }
}

static int fail(sqlite3 *db, int code, const char *what, struct err *e)
{
        return err_set(e, kind_of(db ? sqlite3_extended_errcode(db) : code), "database: %s: %s", what,
                       db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

static int exec(void *handle, const char *text, struct err *e)
{
        if (sqlite3_exec(handle, text, NULL, NULL, NULL) != SQLITE_OK)
                return fail(handle, 0, "run statement", e);
        return 0;
}

static int tidy(void *handle, struct err *e)
{
        int r = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

        return r == SQLITE_OK || r == SQLITE_BUSY ? 0 : fail(handle, r, "empty the log", e);
}

static int set_up(sqlite3 *db, unsigned flags, struct err *e)
{
        static const char common[] = "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;";
        int r;

        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
        r = exec(db, common, e);
        if (!r && (flags & DB_ALONE))   /* before the log is first used: then there is no shared memory at all */
                r = exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=4096;", e);
        if (!r && (flags & DB_WRITER))
                r = exec(db, "PRAGMA journal_mode=WAL;", e);
        if (!r)
                r = exec(db, flags & DB_FULL_SYNC ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=NORMAL;", e);
        if (!r)
                r = exec(db, flags & DB_SMALL_CACHE ? "PRAGMA cache_size=-384;" : "PRAGMA cache_size=-8192;", e);
        if (!r && !(flags & DB_WRITER))
                r = exec(db, "PRAGMA query_only=ON;", e);
        return r;
}

/* Nobody asks SQLite how much memory it uses; keeping count takes a lock for each allocation. */
static void configure(void)
{
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_db(void **handle, const char *path, unsigned flags, struct err *e)
{
        int mode = flags & DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        sqlite3 *db = NULL;
        int r;

        (void)pthread_once(&once, configure);
        r = sqlite3_open_v2(path, &db, mode | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK) {
                r = fail(db, r, path, e);
                sqlite3_close_v2(db);
                return r;
        }
        r = set_up(db, flags, e);
        if (r < 0) {
                sqlite3_close_v2(db);
                return err_prefix(e, "open %s", path);
        }
        *handle = db;
        return 0;
}

static void close_db(void *handle)
{
        sqlite3_close_v2(handle);
}

/* https://www.sqlite.org/c3ref/progress_handler.html; 20,000 steps of its machine take about a millisecond. */
static void stop_when(void *handle, int (*over)(void *ctx), void *ctx)
{
        sqlite3_progress_handler(handle, 20000, over, ctx);
}

/* ---- functions and collations of the caller ---- */

static struct db_arg arg_of(sqlite3_value *v)
{
        struct db_arg a = { .type = DB_NULL };

        switch (sqlite3_value_type(v)) {
        case SQLITE_INTEGER:
                a.type = DB_INT;
                a.i = sqlite3_value_int64(v);
                break;
        case SQLITE_FLOAT:
                a.type = DB_REAL;
                a.d = sqlite3_value_double(v);
                break;
        case SQLITE_NULL:
                break;
        default:
                a.type = DB_TEXT;
                a.s.p = (const char *)sqlite3_value_text(v);
                a.s.n = a.s.p ? (size_t)sqlite3_value_bytes(v) : 0;
        }
        return a;
}

static void call_function(sqlite3_context *ctx, int n, sqlite3_value **values)
{
        const struct db_function *f = sqlite3_user_data(ctx);
        struct db_arg args[8], out = { .type = DB_NULL };
        struct arena a;

        for (int i = 0; i < n; i++)
                args[i] = arg_of(values[i]);
        arena_init(&a, 0);
        f->call(args, &out, &a);
        if (out.type == DB_INT)
                sqlite3_result_int64(ctx, out.i);
        else if (out.type == DB_REAL)
                sqlite3_result_double(ctx, out.d);
        else if (out.type == DB_TEXT)
                sqlite3_result_text64(ctx, out.s.p, out.s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
        arena_fini(&a);
}

static int call_collation(void *ctx, int na, const void *a, int nb, const void *b)
{
        const struct db_collation *c = ctx;

        return c->compare((struct str){ a, (size_t)na }, (struct str){ b, (size_t)nb });
}

static int extend(void *handle, const struct db_extension *x, struct err *e)
{
        for (size_t i = 0; i < x->n_functions; i++) {
                const struct db_function *f = &x->functions[i];

                if (f->n_args > 8 || sqlite3_create_function_v2(handle, f->name, f->n_args,
                                                                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                                                (void *)f, call_function, NULL, NULL, NULL) != SQLITE_OK)
                        return fail(handle, 0, f->name, e);
        }
        for (size_t i = 0; i < x->n_collations; i++) {
                if (sqlite3_create_collation_v2(handle, x->collations[i].name, SQLITE_UTF8, (void *)&x->collations[i],
                                                call_collation, NULL) != SQLITE_OK)
                        return fail(handle, 0, x->collations[i].name, e);
        }
        return 0;
}

static int prepare(void *handle, struct str text, void **stmt, struct err *e)
{
        sqlite3_stmt *s;

        if (sqlite3_prepare_v3(handle, text.p, (int)text.n, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
                return fail(handle, 0, "prepare", e);
        *stmt = s;
        return 0;
}

static void finalize(void *stmt)
{
        sqlite3_finalize(stmt);
}

static void reset(void *stmt)
{
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
}

static int step(void *handle, void *stmt, struct err *e)
{
        int r = sqlite3_step(stmt);

        if (r == SQLITE_ROW)
                return 1;
        if (r == SQLITE_DONE)
                return 0;
        return fail(handle, r, "step", e);
}

static void bind_i64(void *stmt, int i, int64_t v)
{
        sqlite3_bind_int64(stmt, i, v);
}

static void bind_double(void *stmt, int i, double v)
{
        sqlite3_bind_double(stmt, i, v);
}

static void bind_text(void *stmt, int i, struct str v)
{
        if (!v.p)
                sqlite3_bind_null(stmt, i);
        else
                sqlite3_bind_text64(stmt, i, v.p, v.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void bind_blob(void *stmt, int i, const void *p, size_t n)
{
        if (n)
                sqlite3_bind_blob64(stmt, i, p, n, SQLITE_TRANSIENT);
        else
                sqlite3_bind_zeroblob(stmt, i, 0);
}

static void bind_borrowed(void *stmt, int i, const void *p, size_t n)
{
        sqlite3_bind_blob64(stmt, i, p, n, SQLITE_STATIC);
}

static void bind_null(void *stmt, int i)
{
        sqlite3_bind_null(stmt, i);
}

static int64_t col_i64(void *stmt, int i)
{
        return sqlite3_column_int64(stmt, i);
}

static double col_double(void *stmt, int i)
{
        return sqlite3_column_double(stmt, i);
}

static struct str col_text(void *stmt, int i)
{
        const char *p = (const char *)sqlite3_column_text(stmt, i);

        return p ? (struct str){ p, (size_t)sqlite3_column_bytes(stmt, i) } : STR_NULL;
}

static struct str col_blob(void *stmt, int i)
{
        const char *p = sqlite3_column_blob(stmt, i);

        return (struct str){ p, (size_t)sqlite3_column_bytes(stmt, i) };
}

static bool col_is_null(void *stmt, int i)
{
        return sqlite3_column_type(stmt, i) == SQLITE_NULL;
}

static int n_cols(void *stmt)
{
        return sqlite3_column_count(stmt);
}

static bool in_transaction(void *handle)
{
        return !sqlite3_get_autocommit(handle);
}

static int64_t changes(void *handle)
{
        return sqlite3_changes64(handle);
}

static int64_t last_rowid(void *handle)
{
        return sqlite3_last_insert_rowid(handle);
}

const struct db_engine db_engine_sqlite = {
        .name = "sqlite",
        .open = open_db,
        .close = close_db,
        .exec = exec,
        .tidy = tidy,
        .extend = extend,
        .stop_when = stop_when,
        .prepare = prepare,
        .finalize = finalize,
        .reset = reset,
        .step = step,
        .bind_i64 = bind_i64,
        .bind_double = bind_double,
        .bind_text = bind_text,
        .bind_blob = bind_blob,
        .bind_borrowed = bind_borrowed,
        .bind_null = bind_null,
        .col_i64 = col_i64,
        .col_double = col_double,
        .col_text = col_text,
        .col_blob = col_blob,
        .col_is_null = col_is_null,
        .n_cols = n_cols,
        .in_transaction = in_transaction,
        .changes = changes,
        .last_rowid = last_rowid,
};
