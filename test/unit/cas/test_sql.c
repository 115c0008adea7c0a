/* SPDX-License-Identifier: Apache-2.0 */
/* The library's statements: each prepares, those marked hot never scan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "db/db.h"
#include "sql_library.h"

static struct db_conn *open_db(void)
{
        struct db_conn *c = NULL;
        struct err e = { 0 };

        if (db_conn_open(&c, ":memory:", &sql_library, DB_WRITER, &e) != 0)
                fail_msg("%s", e.text);
        return c;
}

static void every_statement_prepares(void **state)
{
        struct db_conn *c = open_db();

        for (int i = 0; i < N_SQL_LIBRARY; i++) {
                struct err e = { 0 };

                if (!db_stmt(c, i, &e))
                        fail_msg("%s: %s", sql_library.statements[i].name, e.text);
        }
        db_conn_close(c);
}

static void hot_statements_use_an_index(void **state)
{
        struct db_conn *c = open_db();
        unsigned hot = 0;

        for (size_t i = 0; i < sql_library.n_statements; i++) {
                const struct db_statement *s = &sql_library.statements[i];
                _cleanup_(freep) char *text = str_printf("EXPLAIN QUERY PLAN %s", s->text);
                struct db_stmt *plan = NULL;
                struct err e = { 0 };

                if (!s->hot)
                        continue;
                hot++;
                assert_int_equal(db_stmt_dynamic(&plan, c, str_of(text), &e), 0);
                while (db_step(plan, &e) > 0) {
                        struct str step = db_col_text(plan, 3);
                        bool by_index = !str_starts(step, "SCAN") || str_starts(step, "SCAN piece USING INDEX piece_d");

                        if (!by_index)
                                fail_msg("%s: %.*s", s->name, STR_ARG(step));
                }
                db_stmt_free(plan);
        }
        assert_true(hot > 10);
        db_conn_close(c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_statement_prepares),
                cmocka_unit_test(hot_statements_use_an_index),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
