/* SPDX-License-Identifier: Apache-2.0 */
/* test_rpc - calls between our two ends: levels, fragments, order, refusals, limits */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "pair.h"
#include "tests.h"

static struct pair p;

static void call_is(const struct uuid *iface, uint16_t opnum, const char *stub, const char *want)
{
        pair_call(&p, iface, NULL, opnum, str_of(stub));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.kind, RPC_RESULT_OK);
        assert_true(str_eqz(p.last.stub, want));
}

static void every_level(void **state)
{
        for (enum rpc_level level = RPC_LEVEL_INTEGRITY; level <= RPC_LEVEL_PRIVACY; level++) {
                pair_init(&p, NULL, level, "ADMIN", "secret");
                call_is(&pair_echo, 0, "hello", "hello");
                assert_string_equal(p.account, "admin");
                assert_string_equal(p.display, "D\\ADMIN");
                for (unsigned i = 0; i < 20; i++)
                        call_is(&pair_echo, 0, "again", "again");
                call_is(&pair_open, 0, "another interface", "another interface");
                assert_int_equal(p.n_logons, 1);
                assert_true(rpc_conn_established(p.conn));
                pair_fini(&p);
        }
}

static void sealed_octets_are_not_readable(void **state)
{
        struct str s;

        pair_init(&p, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        call_is(&pair_echo, 0, "x", "x");
        pair_call(&p, &pair_echo, NULL, 0, STR("a secret message"));
        s = rpc_client_output(p.client);
        assert_null(memmem(s.p, s.n, "secret", 6));
        pair_run(&p, SIZE_MAX);
        pair_fini(&p);
}

static void too_low(void **state)
{
        static const enum rpc_level levels[] = { RPC_LEVEL_CONNECT, RPC_LEVEL_CALL, RPC_LEVEL_PKT };

        for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
                pair_init(&p, NULL, levels[i], "admin", "secret");
                call_is(&pair_open, 0, "open", "open");
                assert_string_equal(p.account, "admin");
                pair_call(&p, &pair_echo, NULL, 0, STR("closed"));
                pair_run(&p, SIZE_MAX);
                assert_int_equal(p.last.kind, RPC_RESULT_FAULT);
                assert_int_equal(p.last.status, RPC_S_ACCESS_DENIED);
                call_is(&pair_open, 0, "still open", "still open");
                pair_fini(&p);
        }
        pair_init(&p, NULL, RPC_LEVEL_NONE, NULL, NULL);
        call_is(&pair_open, 0, "open", "open");
        assert_string_equal(p.account, "");
        pair_call(&p, &pair_echo, NULL, 0, STR("closed"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.status, RPC_S_ACCESS_DENIED);
        pair_fini(&p);
}

static void wrong_password(void **state)
{
        static const char *const who[][2] = { { "admin", "wrong" }, { "nobody", "secret" } };

        for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
                pair_init(&p, NULL, RPC_LEVEL_PRIVACY, who[i][0], who[i][1]);
                pair_call(&p, &pair_echo, NULL, 0, STR("x"));
                pair_run(&p, SIZE_MAX);
                assert_int_equal(p.last.kind, RPC_RESULT_FAULT);
                assert_int_equal(p.last.status, RPC_S_ACCESS_DENIED);
                assert_int_equal(p.n_refused, 1);
                assert_int_equal(p.n_notes_wrong, 1);
                assert_int_equal(p.n_logons, 0);
                /* and the connection does not serve as an oracle for long */
                for (unsigned k = 0; k < 3 && !rpc_conn_ended(p.conn); k++) {
                        pair_call(&p, &pair_echo, NULL, 0, STR("x"));
                        pair_run(&p, SIZE_MAX);
                }
                pair_fini(&p);
        }
}

static void unknown_things(void **state)
{
        const struct uuid nothing = UUID_INIT(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9);

        pair_init(&p, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        call_is(&pair_echo, 0, "x", "x");
        pair_call(&p, &nothing, NULL, 0, STR("x"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.kind, RPC_RESULT_REFUSED);
        pair_call(&p, &pair_echo, NULL, 11, STR("x"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.status, RPC_S_OP_RANGE);
        pair_call(&p, &pair_echo, NULL, 2, STR("x"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.kind, RPC_RESULT_FAULT);
        assert_int_equal(p.last.status, 0x1234);
        call_is(&pair_echo, 0, "still there", "still there");
        pair_fini(&p);
}

static void objects_arrive(void **state)
{
        const struct uuid ipid = UUID_INIT(7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7);

        pair_init(&p, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        pair_call(&p, &pair_echo, &ipid, 3, STR("some argument"));
        pair_run(&p, 100);
        assert_int_equal(p.last.stub.n, 16);
        assert_memory_equal(p.last.stub.p, ipid.b, 16);
        call_is(&pair_echo, 3, "", "none");
        pair_fini(&p);
}

/* Calls that wait do not hold up others, and may be answered in any order. */
static void answers_in_any_order(void **state)
{
        pair_init(&p, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        for (unsigned i = 0; i < 10; i++)
                pair_call(&p, &pair_echo, NULL, 1, STR("wait"));
        pair_run(&p, 7);
        assert_int_equal(p.n_kept, 10);
        assert_int_equal(p.n_results, 0);
        call_is(&pair_echo, 0, "quick", "quick");
        for (unsigned i = 0; i < 10; i++) {
                unsigned k = (i * 7 + 3) % 10;

                rpc_call_reply(steal(&p.kept[k]), STR("at last"));
                pair_run(&p, SIZE_MAX);
                assert_int_equal(p.n_results, i + 2);
                assert_true(str_eqz(p.last.stub, "at last"));
        }
        assert_int_equal(rpc_conn_calls(p.conn), 0);
        pair_fini(&p);
}

static void a_lost_connection_cancels(void **state)
{
        pair_init(&p, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        pair_call(&p, &pair_echo, NULL, 1, STR("wait"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.n_kept, 1);
        rpc_conn_free(steal(&p.conn));
        assert_int_equal(p.n_cancelled, 1);
        assert_true(str_eqz(rpc_call_request(p.kept[0])->stub, "wait"));       /* still his to read, and to answer */
        rpc_client_lost(p.client, "gone");
        assert_int_equal(p.last.kind, RPC_RESULT_LOST);
        assert_int_equal(rpc_client_call(p.client, &pair_echo, 1, 0, NULL, 0, STR(""), NULL, NULL), -ENOTCONN);
        pair_fini(&p);
}

static void limits_of_stubs(void **state)
{
        const struct rpc_limits limits = { .max_stub = 20000, .max_reply = 15000 };
        char *big = calloc(1, 30000);

        assert_non_null(big);
        pair_init(&p, &limits, RPC_LEVEL_PRIVACY, "admin", "secret");
        pair_call(&p, &pair_echo, NULL, 0, (struct str){ big, 15000 });
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.last.stub.n, 15000);
        for (size_t n = 18000; n < 25000; n += 6000) {  /* the answer too long, then the request */
                pair_call(&p, &pair_echo, NULL, 0, (struct str){ big, n });
                pair_run(&p, SIZE_MAX);
                assert_int_equal(p.last.kind, RPC_RESULT_FAULT);
                assert_int_equal(p.last.status, RPC_S_OUT_OF_MEMORY);
                call_is(&pair_echo, 0, "still there", "still there");
        }
        assert_int_equal(rpc_conn_calls(p.conn), 0);
        free(big);
        pair_fini(&p);
}

static void limit_of_calls(void **state)
{
        const struct rpc_limits limits = { .max_calls = 3 };

        pair_init(&p, &limits, RPC_LEVEL_PRIVACY, "admin", "secret");
        for (unsigned i = 0; i < 4; i++)
                pair_call(&p, &pair_echo, NULL, 1, STR("wait"));
        pair_run(&p, SIZE_MAX);
        assert_int_equal(p.n_kept, 3);
        assert_non_null(rpc_conn_ended(p.conn));
        pair_fini(&p);
}

/* Output that nobody takes stops the reading, not the memory. */
static void slow_readers_are_not_read(void **state)
{
        const struct rpc_limits limits = { .max_queued = 10000 };
        char big[6000] = { 0 };

        pair_init(&p, &limits, RPC_LEVEL_PRIVACY, "admin", "secret");
        call_is(&pair_echo, 0, "x", "x");
        for (unsigned i = 0; i < 3; i++)
                pair_call(&p, &pair_echo, NULL, 0, (struct str){ big, sizeof(big) });
        assert_true(rpc_conn_wants_input(p.conn));
        while (rpc_client_output(p.client).n > 0) {
                struct str s = rpc_client_output(p.client);
                char *copy = str_dup(s);

                assert_non_null(copy);
                rpc_client_taken(p.client, s.n);
                rpc_conn_input(p.conn, (struct str){ copy, s.n });
                free(copy);
        }
        assert_false(rpc_conn_wants_input(p.conn));
        pair_run(&p, SIZE_MAX);
        assert_true(rpc_conn_wants_input(p.conn));
        assert_int_equal(p.n_results, 4);
        pair_fini(&p);
}

/* One octet of a call changed on its way: it is not executed, and the connection goes. */
static void changed_requests(void **state)
{
        for (size_t at = 0; at < 64; at++) {
                struct str s;
                char *copy;

                pair_init(&p, NULL, RPC_LEVEL_INTEGRITY, "admin", "secret");
                call_is(&pair_open, 0, "x", "x");
                call_is(&pair_echo, 0, "x", "x");
                pair_call(&p, &pair_echo, NULL, 1, STR("do not do this"));
                s = rpc_client_output(p.client);
                copy = str_dup(s);
                assert_non_null(copy);
                if (at < s.n)
                        copy[at] ^= 1;
                rpc_client_taken(p.client, s.n);
                rpc_conn_input(p.conn, (struct str){ copy, s.n });
                assert_int_equal(p.n_kept, 0);
                free(copy);
                pair_fini(&p);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_level),
                cmocka_unit_test(sealed_octets_are_not_readable),
                cmocka_unit_test(too_low),
                cmocka_unit_test(wrong_password),
                cmocka_unit_test(unknown_things),
                cmocka_unit_test(objects_arrive),
                cmocka_unit_test(answers_in_any_order),
                cmocka_unit_test(a_lost_connection_cancels),
                cmocka_unit_test(limits_of_stubs),
                cmocka_unit_test(limit_of_calls),
                cmocka_unit_test(slow_readers_are_not_read),
                cmocka_unit_test(changed_requests),
        };
        int r = cmocka_run_group_tests_name("rpc", tests, NULL, NULL);

        return r + test_pdus();
}
