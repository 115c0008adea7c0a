/* SPDX-License-Identifier: Apache-2.0 */
/* conn - connections: statement cache, migrations, transactions */
#include "base/map.h"
#include "db/engine.h"
#include "os/os.h"

#include <assert.h>
#include <stdio.h>

struct db_stmt {
        struct db_conn *conn;
        void *handle;
};

/* Words that every job needs: prepared once, for parsing them costs more than what they do. */
enum word { BEGIN_WRITE, BEGIN_READ, COMMIT, SAVEPOINT, RELEASE, ROLLBACK_TO, N_WORDS };
static const char *const words[N_WORDS] = {
        [BEGIN_WRITE] = "BEGIN IMMEDIATE", [BEGIN_READ] = "BEGIN", [COMMIT] = "COMMIT", [SAVEPOINT] = "SAVEPOINT job",
        [RELEASE] = "RELEASE job", [ROLLBACK_TO] = "ROLLBACK TO job",
};

struct db_conn {
        const struct db_engine *engine;
        const struct db_schema *schema;
        void *handle;
        bool writer;
        struct db_stmt **cache;         /* by statement number */
        struct map kept;                /* name -> struct db_stmt */
        void *words[N_WORDS];
        int64_t deadline_us;            /* 0: none */
        const atomic_bool *unwanted;    /* or NULL */
};

/* Reads the one number a statement gives. */
static int read_number(struct db_conn *c, const char *text, int64_t *out, struct err *e)
{
        void *stmt;
        int r = c->engine->prepare(c->handle, str_of(text), &stmt, e);

        if (r < 0)
                return r;
        r = c->engine->step(c->handle, stmt, e);
        if (r > 0)
                *out = c->engine->col_i64(stmt, 0);
        c->engine->finalize(stmt);
        if (r == 0)
                return err_set(e, ERR_INTERNAL, "database: %s gave no row", text);
        return r < 0 ? r : 0;
}

static int run_migration(struct db_conn *c, const struct db_migration *m, struct err *e)
{
        char mark[64];
        int r;

        r = c->engine->exec(c->handle, "BEGIN IMMEDIATE", e);
        if (r < 0)
                return r;
        snprintf(mark, sizeof(mark), "PRAGMA user_version=%d", m->version);
        r = c->engine->exec(c->handle, m->text, e);
        if (!r)
                r = c->engine->exec(c->handle, mark, e);
        if (!r)
                r = c->engine->exec(c->handle, "COMMIT", e);
        if (r < 0) {
                db_rollback(c);
                return err_prefix(e, "migration %04d-%s", m->version, m->name);
        }
        return 0;
}

/* A newer database is refused before anything is touched; an older one is brought up step by step. */
static int migrate(struct db_conn *c, struct err *e)
{
        const struct db_schema *s = c->schema;
        int64_t have = 0;
        int r = read_number(c, "PRAGMA user_version", &have, e);

        if (r < 0)
                return r;
        if (have > (int64_t)s->n_migrations)
                return err_set(e, ERR_CONFLICT,
                               "the %s database has schema %lld, this program knows %zu: use the newer program",
                               s->name, (long long)have, s->n_migrations);
        if (!c->writer && have < (int64_t)s->n_migrations)
                return err_set(e, ERR_CONFLICT, "the %s database has schema %lld, %zu is needed: open it for writing first",
                               s->name, (long long)have, s->n_migrations);
        for (size_t i = (size_t)have; i < s->n_migrations && !r; i++)
                r = run_migration(c, &s->migrations[i], e);
        return r;
}

int db_conn_open(struct db_conn **out, const char *path, const struct db_schema *schema, unsigned flags, struct err *e)
{
        _cleanup_(db_conn_closep) struct db_conn *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return err_set(e, ERR_NOMEM, "open %s: out of memory", path);
        c->engine = &db_engine_sqlite;
        c->schema = schema;
        c->writer = flags & DB_WRITER;
        map_init(&c->kept, false);
        c->cache = calloc(schema->n_statements ? schema->n_statements : 1, sizeof(*c->cache));
        if (!c->cache)
                return err_set(e, ERR_NOMEM, "open %s: out of memory", path);
        r = c->engine->open(&c->handle, path, flags, e);
        if (!r)
                r = migrate(c, e);
        if (r < 0)
                return r;
        *out = steal(&c);
        return 0;
}

static void free_kept(void *s)
{
        db_stmt_free(s);
}

void db_conn_close(struct db_conn *c)
{
        if (!c)
                return;
        for (size_t i = 0; c->cache && i < c->schema->n_statements; i++)
                db_stmt_free(c->cache[i]);
        free(c->cache);
        map_fini(&c->kept, free_kept);
        for (size_t i = 0; i < N_WORDS; i++)
                if (c->words[i])
                        c->engine->finalize(c->words[i]);
        if (c->handle)
                c->engine->close(c->handle);
        free(c);
}

int db_tidy(struct db_conn *c, struct err *e)
{
        return c->engine->tidy(c->handle, e);
}

int db_extend(struct db_conn *c, const struct db_extension *x, struct err *e)
{
        return c->engine->extend(c->handle, x, e);
}

static int is_over(void *ctx)
{
        const struct db_conn *c = ctx;

        return (c->unwanted && atomic_load(c->unwanted)) || (c->deadline_us && os_mono_us() >= c->deadline_us);
}

void db_time_limit(struct db_conn *c, int64_t deadline_us)
{
        c->deadline_us = deadline_us;
        c->engine->stop_when(c->handle, is_over, c);
}

void db_conn_wanted(struct db_conn *c, const atomic_bool *unwanted)
{
        c->unwanted = unwanted;
        c->engine->stop_when(c->handle, is_over, c);
}

/* ---- statements ---- */

int db_stmt_dynamic(struct db_stmt **out, struct db_conn *c, struct str text, struct err *e)
{
        struct db_stmt *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return err_set(e, ERR_NOMEM, "database: out of memory");
        s->conn = c;
        r = c->engine->prepare(c->handle, text, &s->handle, e);
        if (r < 0) {
                free(s);
                return r;
        }
        *out = s;
        return 0;
}

void db_stmt_free(struct db_stmt *s)
{
        if (!s)
                return;
        s->conn->engine->finalize(s->handle);
        free(s);
}

struct db_stmt *db_stmt(struct db_conn *c, int statement, struct err *e)
{
        const struct db_statement *text;

        assert(statement >= 0 && (size_t)statement < c->schema->n_statements);
        text = &c->schema->statements[statement];
        assert(c->writer || !text->writes);
        if (!c->cache[statement] && db_stmt_dynamic(&c->cache[statement], c, str_of(text->text), e) < 0) {
                err_prefix(e, "%s", text->name);
                return NULL;
        }
        db_reset(c->cache[statement]);
        return c->cache[statement];
}

struct db_stmt *db_kept(struct db_conn *c, struct str name)
{
        struct db_stmt *s = map_get(&c->kept, name);

        if (s)
                db_reset(s);
        return s;
}

struct db_stmt *db_keep(struct db_conn *c, struct str name, struct str text, struct err *e)
{
        struct db_stmt *s;
        void *old;

        if (db_stmt_dynamic(&s, c, text, e) < 0)
                return NULL;
        if (map_put(&c->kept, name, s, &old) < 0) {
                db_stmt_free(s);
                err_set(e, ERR_NOMEM, "database: out of memory");
                return NULL;
        }
        db_stmt_free(old);
        return s;
}

void db_reset(struct db_stmt *s)
{
        s->conn->engine->reset(s->handle);
}

int db_step(struct db_stmt *s, struct err *e)
{
        return s->conn->engine->step(s->conn->handle, s->handle, e);
}

int db_run(struct db_stmt *s, struct err *e)
{
        int r = db_step(s, e);

        db_reset(s);
        if (r > 0)
                return err_set(e, ERR_INTERNAL, "database: a row from a statement that gives none");
        return r;
}

void db_bind_i64(struct db_stmt *s, int i, int64_t v)
{
        s->conn->engine->bind_i64(s->handle, i, v);
}

void db_bind_double(struct db_stmt *s, int i, double v)
{
        s->conn->engine->bind_double(s->handle, i, v);
}

void db_bind_text(struct db_stmt *s, int i, struct str v)
{
        s->conn->engine->bind_text(s->handle, i, v);
}

void db_bind_textz(struct db_stmt *s, int i, const char *z)
{
        db_bind_text(s, i, str_of(z));
}

void db_bind_blob(struct db_stmt *s, int i, const void *p, size_t n)
{
        s->conn->engine->bind_blob(s->handle, i, p, n);
}

void db_bind_borrowed(struct db_stmt *s, int i, const void *p, size_t n)
{
        s->conn->engine->bind_borrowed(s->handle, i, p, n);
}

void db_bind_null(struct db_stmt *s, int i)
{
        s->conn->engine->bind_null(s->handle, i);
}

int64_t db_col_i64(struct db_stmt *s, int i)
{
        return s->conn->engine->col_i64(s->handle, i);
}

double db_col_double(struct db_stmt *s, int i)
{
        return s->conn->engine->col_double(s->handle, i);
}

struct str db_col_text(struct db_stmt *s, int i)
{
        return s->conn->engine->col_text(s->handle, i);
}

struct str db_col_blob(struct db_stmt *s, int i)
{
        return s->conn->engine->col_blob(s->handle, i);
}

bool db_col_is_null(struct db_stmt *s, int i)
{
        return s->conn->engine->col_is_null(s->handle, i);
}

int db_n_cols(struct db_stmt *s)
{
        return s->conn->engine->n_cols(s->handle);
}

int64_t db_changes(struct db_conn *c)
{
        return c->engine->changes(c->handle);
}

int64_t db_last_rowid(struct db_conn *c)
{
        return c->engine->last_rowid(c->handle);
}

/* ---- transactions ---- */

static int say(struct db_conn *c, enum word w, struct err *e)
{
        int r = c->words[w] ? 0 : c->engine->prepare(c->handle, str_of(words[w]), &c->words[w], e);

        if (r < 0)
                return r;
        r = c->engine->step(c->handle, c->words[w], e);
        c->engine->reset(c->words[w]);
        return r < 0 ? r : 0;
}

int db_begin(struct db_conn *c, struct err *e)
{
        return say(c, BEGIN_WRITE, e);
}

int db_begin_read(struct db_conn *c, struct err *e)
{
        return say(c, BEGIN_READ, e);
}

bool db_in_transaction(struct db_conn *c)
{
        return c->engine->in_transaction(c->handle);
}

void db_end_read(struct db_conn *c)
{
        if (say(c, COMMIT, &(struct err){ 0 }) < 0)
                db_rollback(c);
}

int db_commit(struct db_conn *c, struct err *e)
{
        int r = say(c, COMMIT, e);

        if (r < 0) {
                db_rollback(c);
                return err_prefix(e, "commit");
        }
        return 0;
}

/* Fails when there is no transaction any more (a full disk may have ended it): that is what is wanted. */
void db_rollback(struct db_conn *c)
{
        (void)!c->engine->exec(c->handle, "ROLLBACK", &(struct err){ 0 });
}

int db_savepoint(struct db_conn *c, struct err *e)
{
        return say(c, SAVEPOINT, e);
}

int db_release(struct db_conn *c, struct err *e)
{
        return say(c, RELEASE, e);
}

void db_rollback_to(struct db_conn *c)
{
        (void)!say(c, ROLLBACK_TO, &(struct err){ 0 });
        (void)!say(c, RELEASE, &(struct err){ 0 });
}
