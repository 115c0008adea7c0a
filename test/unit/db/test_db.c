/* SPDX-License-Identifier: Apache-2.0 */
/* db - statements, migrations, savepoints, group commit, snapshots */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <cmocka.h>

#include "db/db.h"
#include "os/os.h"
#include "sql_tiny.h"

static char folder[] = "/tmp/test-db-XXXXXX";
static char path[64];

static int set_up(void **state)
{
        memcpy(folder, "/tmp/test-db-XXXXXX", sizeof(folder));
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/tiny.db", folder);
        return 0;
}

static int tear_down(void **state)
{
        static const char *const suffixes[] = { "", "-wal", "-shm" };
        char name[80];

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
                unlink(name);
        }
        return rmdir(folder);
}

static struct db_conn *open_conn(unsigned flags)
{
        struct err e = { 0 };
        struct db_conn *c;

        if (db_conn_open(&c, path, &sql_tiny, flags, &e) < 0)
                fail_msg("%s", e.text);
        return c;
}

static int insert(struct db_conn *c, const char *name, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_TINY_THING_INSERT, e);

        db_bind_textz(s, 1, name);
        db_bind_blob(s, 2, "\0\1\2", 3);
        return db_run(s, e);
}

static int64_t number(struct db_conn *c, int statement)
{
        struct err e = { 0 };
        struct db_stmt *s = db_stmt(c, statement, &e);

        assert_int_equal(db_step(s, &e), 1);
        return db_col_i64(s, 0);
}

static void rows_come_back_as_they_went(void **state)
{
        _cleanup_(db_conn_closep) struct db_conn *c = open_conn(DB_WRITER);
        struct err e = { 0 };
        struct db_stmt *s;

        assert_int_equal(insert(c, "na\xc3\xafve", &e), 0);
        s = db_stmt(c, SQL_TINY_THING_BY_NAME, &e);
        db_bind_textz(s, 1, "na\xc3\xafve");
        assert_int_equal(db_step(s, &e), 1);
        assert_int_equal(db_n_cols(s), 3);
        assert_true(str_eqz(db_col_text(s, 1), "na\xc3\xafve"));
        assert_int_equal(db_col_blob(s, 2).n, 3);
        assert_memory_equal(db_col_blob(s, 2).p, "\0\1\2", 3);
        assert_int_equal(db_step(s, &e), 0);
}

/* No shared memory file, and what was moved out of the log is there afterwards. */
static void alone_means_alone(void **state)
{
        struct db_conn *c = open_conn(DB_WRITER | DB_FULL_SYNC | DB_ALONE), *other;
        struct err e = { 0 };
        char shm[80];

        assert_int_equal(insert(c, "one", &e), 0);
        snprintf(shm, sizeof(shm), "%s-shm", path);
        assert_int_equal(access(shm, F_OK), -1);
        assert_int_equal(db_tidy(c, &e), 0);
        db_conn_close(c);
        other = open_conn(DB_WRITER);
        assert_int_equal(db_tidy(other, &e), 0);
        assert_int_equal(number(other, SQL_TINY_THING_COUNT), 1);
        db_conn_close(other);
}

static void a_second_of_the_same_name_exists(void **state)
{
        _cleanup_(db_conn_closep) struct db_conn *c = open_conn(DB_WRITER);
        struct err e = { 0 };

        assert_int_equal(insert(c, "a", &e), 0);
        assert_true(insert(c, "a", &e) < 0);
        assert_int_equal(e.kind, ERR_EXISTS);
        err_clear(&e);
        assert_true(insert(c, NULL, &e) < 0);
        assert_int_equal(e.kind, ERR_CONFLICT);
}

static void a_newer_database_is_refused(void **state)
{
        struct db_schema older = sql_tiny;
        struct err e = { 0 };
        struct db_conn *c;

        db_conn_close(open_conn(DB_WRITER));
        older.n_migrations = 1;
        assert_true(db_conn_open(&c, path, &older, DB_WRITER, &e) < 0);
        assert_int_equal(e.kind, ERR_CONFLICT);
        assert_non_null(strstr(e.text, "use the newer program"));
}

static void an_older_database_is_brought_up(void **state)
{
        struct db_schema older = sql_tiny;
        struct err e = { 0 };
        struct db_conn *c;

        older.n_migrations = 1;
        assert_int_equal(db_conn_open(&c, path, &older, DB_WRITER, &e), 0);
        assert_int_equal(insert(c, "kept", &e), 0);
        db_conn_close(c);
        c = open_conn(DB_WRITER);
        assert_int_equal(number(c, SQL_TINY_THING_COUNT), 1);
        assert_int_equal(number(c, SQL_TINY_TALLY_READ), 0);
        db_conn_close(c);
}

static void a_failing_migration_leaves_nothing(void **state)
{
        static const struct db_migration broken[] = {
                { 1, "good", "CREATE TABLE a (b INTEGER) STRICT;" },
                { 2, "bad", "CREATE TABLE c (d INTEGER) STRICT; CREATE TABLE a (again INTEGER);" },
        };
        struct db_schema s = { "broken", NULL, 0, broken, 2 };
        struct err e = { 0 };
        struct db_conn *c;

        assert_true(db_conn_open(&c, path, &s, DB_WRITER, &e) < 0);
        assert_non_null(strstr(e.text, "migration 0002-bad"));
        s.n_migrations = 1;
        assert_int_equal(db_conn_open(&c, path, &s, DB_WRITER, &(struct err){ 0 }), 0);
        db_conn_close(c);
}

static void a_reader_cannot_write(void **state)
{
        struct db_conn *w = open_conn(DB_WRITER), *r = open_conn(0);
        struct db_stmt *s;
        struct err e = { 0 };

        assert_int_equal(db_stmt_dynamic(&s, r, STR("DELETE FROM thing"), &e), 0);
        assert_true(db_step(s, &e) < 0);
        db_stmt_free(s);
        db_conn_close(r);
        db_conn_close(w);
}

static void every_statement_prepares_and_hot_ones_use_an_index(void **state)
{
        _cleanup_(db_conn_closep) struct db_conn *c = open_conn(DB_WRITER);
        char text[1024];

        for (int i = 0; i < N_SQL_TINY; i++) {
                struct err e = { 0 };
                struct db_stmt *s;

                assert_non_null(db_stmt(c, i, &e));
                if (!sql_tiny.statements[i].hot)
                        continue;
                snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql_tiny.statements[i].text);
                assert_int_equal(db_stmt_dynamic(&s, c, str_of(text), &e), 0);
                while (db_step(s, &e) == 1)
                        assert_true(str_starts(db_col_text(s, 3), "SEARCH"));
                db_stmt_free(s);
        }
}

/* ---- the pool ---- */

struct note {
        struct db_job job;
        const char *name;
        bool fails;
        int64_t seen;
};

static struct loop *the_loop;
static int n_done, n_wanted;

static int write_thing_and_tally(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct note *n = container_of(j, struct note, job);
        struct db_stmt *s = db_stmt(c, SQL_TINY_TALLY_ADD, e);
        int r;

        db_bind_i64(s, 1, 1);
        r = db_run(s, e);
        if (!r)
                r = insert(c, n->name, e);
        if (!r && n->fails)
                r = err_set(e, ERR_INVALID, "this one is to fail");
        return r;
}

static int count_things(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct note *n = container_of(j, struct note, job);

        n->seen = number(c, SQL_TINY_THING_COUNT);
        assert_int_equal(n->seen, number(c, SQL_TINY_TALLY_READ));
        return 0;
}

static void is_done(struct db_job *j)
{
        if (++n_done == n_wanted)
                loop_stop(the_loop);
}

static void run_until(int wanted)
{
        n_wanted = wanted;
        if (n_done < n_wanted)
                loop_run(the_loop);
}

static struct db *open_pool(bool inline_)
{
        struct err e = { 0 };
        struct db_opts o = { .path = path, .schema = &sql_tiny, .inline_ = inline_ };
        struct db *d;

        n_done = n_wanted = 0;
        assert_int_equal(loop_new(&the_loop), 0);
        if (db_open(&d, the_loop, &o, &e) < 0)
                fail_msg("%s", e.text);
        return d;
}

static void a_failing_job_is_undone_alone(void **state)
{
        struct db *d = open_pool(false);
        struct note notes[3] = { { .name = "one" }, { .name = "two", .fails = true }, { .name = "three" } };
        struct note reader = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
                notes[i].job = (struct db_job){ .work = write_thing_and_tally, .done = is_done };
                db_write(d, &notes[i].job);
        }
        run_until(3);
        assert_int_equal(notes[0].job.r, 0);
        assert_int_equal(notes[1].job.err.kind, ERR_INVALID);
        assert_int_equal(notes[2].job.r, 0);
        reader.job = (struct db_job){ .work = count_things, .done = is_done };
        db_read(d, &reader.job);
        run_until(4);
        assert_int_equal(reader.seen, 2);
        db_close(d);
        loop_free(the_loop);
}

enum { MANY = 400 };

static void readers_never_see_half_a_group(void **state)
{
        static struct note writes[MANY], reads[MANY];
        static char names[MANY][16];
        struct db *d = open_pool(false);

        for (int i = 0; i < MANY; i++) {
                snprintf(names[i], sizeof(names[i]), "thing %d", i);
                writes[i] = (struct note){ .name = names[i] };
                writes[i].job = (struct db_job){ .work = write_thing_and_tally, .done = is_done };
                reads[i].job = (struct db_job){ .work = count_things, .done = is_done };
                db_write(d, &writes[i].job);
                db_read(d, &reads[i].job);
        }
        run_until(2 * MANY);
        for (int i = 0; i < MANY; i++)
                assert_int_equal(writes[i].job.r | reads[i].job.r, 0);
        db_close(d);
        loop_free(the_loop);
}

static atomic_int n_commits;

static void count_commit(void *ctx, struct db_conn *c)
{
        n_commits++;
}

/* Each group of patient jobs begins milliseconds after the one before, so four hundred at once are a handful of groups. */
static void patient_jobs_share_commits(void **state)
{
        static struct note writes[MANY + 1];
        static char names[MANY + 1][16];
        struct db_opts o = { .path = path, .schema = &sql_tiny, .after_commit = count_commit };
        struct err e = { 0 };
        struct db *d;

        n_done = n_wanted = 0;
        atomic_store(&n_commits, 0);
        assert_int_equal(loop_new(&the_loop), 0);
        assert_int_equal(db_open(&d, the_loop, &o, &e), 0);
        for (int i = 0; i <= MANY; i++) {
                snprintf(names[i], sizeof(names[i]), "patient %d", i);
                writes[i] = (struct note){ .name = names[i] };
                writes[i].job = (struct db_job){ .work = write_thing_and_tally, .done = is_done, .patient = i < MANY };
                db_write(d, &writes[i].job);
        }
        run_until(MANY + 1);
        for (int i = 0; i <= MANY; i++)
                assert_int_equal(writes[i].job.r, 0);
        assert_in_range(n_commits, 1, MANY / 2);
        db_close(d);
        loop_free(the_loop);
}

static int end_the_transaction(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct note *n = container_of(j, struct note, job);

        if (n->fails) {
                db_rollback(c);         /* what SQLite does by itself when the disk is full */
                return err_set(e, ERR_NO_SPACE, "no space");
        }
        return insert(c, n->name, e);
}

static atomic_bool gate_open;

static int wait_at_the_gate(struct db_job *j, struct db_conn *c, struct err *e)
{
        while (!atomic_load(&gate_open))
                usleep(1000);
        return 0;
}

/* The first job keeps the writer until the others are queued, so that these make one group. */
static void a_lost_transaction_fails_the_whole_group(void **state)
{
        struct db *d = open_pool(false);
        struct note gate = { 0 }, before = { .name = "before" }, loses = { .name = "loses", .fails = true };
        struct note after = { .name = "after" }, later = { .name = "later" }, reader = { 0 };

        atomic_store(&gate_open, false);
        gate.job = (struct db_job){ .work = wait_at_the_gate, .done = is_done };
        before.job = (struct db_job){ .work = write_thing_and_tally, .done = is_done };
        loses.job = (struct db_job){ .work = end_the_transaction, .done = is_done };
        after.job = (struct db_job){ .work = write_thing_and_tally, .done = is_done };
        later.job = (struct db_job){ .work = write_thing_and_tally, .done = is_done };
        reader.job = (struct db_job){ .work = count_things, .done = is_done };
        db_write(d, &gate.job);
        usleep(20000);                  /* let the writer take the gate alone */
        db_write(d, &before.job);
        db_write(d, &loses.job);
        db_write(d, &after.job);
        atomic_store(&gate_open, true);
        run_until(4);
        assert_int_equal(loses.job.err.kind, ERR_NO_SPACE);
        if (before.job.r < 0)           /* it shared the group: then it was told so */
                assert_int_equal(before.job.err.kind, ERR_NO_SPACE);
        db_write(d, &later.job);
        run_until(5);
        assert_int_equal(later.job.r, 0);
        db_read(d, &reader.job);
        run_until(6);
        assert_int_equal(reader.seen, 1 + (before.job.r == 0) + (after.job.r == 0));
        db_close(d);
        loop_free(the_loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
                T(rows_come_back_as_they_went),
                T(alone_means_alone),
                T(a_second_of_the_same_name_exists),
                T(a_newer_database_is_refused),
                T(an_older_database_is_brought_up),
                T(a_failing_migration_leaves_nothing),
                T(a_reader_cannot_write),
                T(every_statement_prepares_and_hot_ones_use_an_index),
                T(a_failing_job_is_undone_alone),
                T(readers_never_see_half_a_group),
                T(patient_jobs_share_commits),
                T(a_lost_transaction_fails_the_whole_group),
#undef T
        };

        return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
