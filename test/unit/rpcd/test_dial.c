/* SPDX-License-Identifier: Apache-2.0 */
/* test_dial - our client over TCP to our server: calls, refusals, time-outs, hanging up at any moment */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "pair.h"
#include "rpcd/rpcd.h"

struct world {
        struct loop *loop;
        struct pair pair;               /* its server and client; its connection is not used */
        struct rpcd *d;
        uint16_t port;
        struct rpcd_dialled *line;
};

static int setup(void **state)
{
        static struct world w;
        struct err e = { 0 };

        memset(&w, 0, sizeof(w));
        assert_int_equal(loop_new(&w.loop), 0);
        pair_init(&w.pair, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        assert_int_equal(rpcd_new(&w.d, w.loop, w.pair.server, NULL), 0);
        assert_int_equal(rpcd_listen(w.d, "127.0.0.1", 0, &w.port, &e), 0);
        *state = &w;
        return 0;
}

static int teardown(void **state)
{
        struct world *w = *state;

        rpcd_hang_up(w->line);
        rpcd_free(w->d);
        loop_free(w->loop);
        pair_fini(&w->pair);
        return 0;
}

static void dial(struct world *w, const char *address, uint16_t port, unsigned timeout_ms)
{
        assert_int_equal(rpcd_dial(&w->line, w->loop, address, port, NULL, w->pair.client, timeout_ms), 0);
}

/* Until so many calls have ended. */
static void wait_results(struct world *w, unsigned n)
{
        while (w->pair.n_results < n)
                (void)uv_run(loop_uv(w->loop), UV_RUN_ONCE);
}

static void calls(void **state)
{
        struct world *w = *state;
        char *big = calloc(1, 300000);

        assert_non_null(big);
        dial(w, "127.0.0.1", w->port, 60000);
        for (unsigned i = 0; i < 3; i++)
                pair_call(&w->pair, &pair_echo, NULL, 0, (struct str){ big, 300000 });
        wait_results(w, 3);
        assert_int_equal(w->pair.last.kind, RPC_RESULT_OK);
        assert_int_equal(w->pair.last.stub.n, 300000);
        assert_string_equal(w->pair.account, "admin");
        assert_int_equal(rpcd_connections(w->d), 1);
        free(big);
}

static void a_name_is_looked_up(void **state)
{
        struct world *w = *state;

        pair_call(&w->pair, &pair_echo, NULL, 0, STR("made before the connection"));
        dial(w, "localhost", w->port, 60000);
        wait_results(w, 1);
        /* where localhost is ::1 first, nobody listens there */
        assert_true(w->pair.last.kind == RPC_RESULT_OK || w->pair.last.kind == RPC_RESULT_LOST);
}

static void nobody_listens(void **state)
{
        struct world *w = *state;

        rpcd_free(w->d);
        w->d = NULL;
        loop_run_once(w->loop);
        pair_call(&w->pair, &pair_echo, NULL, 0, STR("x"));
        dial(w, "127.0.0.1", w->port, 60000);
        wait_results(w, 1);
        assert_int_equal(w->pair.last.kind, RPC_RESULT_LOST);
        assert_non_null(rpc_client_ended(w->pair.client));
}

static void the_server_goes(void **state)
{
        struct world *w = *state;

        dial(w, "127.0.0.1", w->port, 60000);
        pair_call(&w->pair, &pair_echo, NULL, 1, STR("kept"));
        while (w->pair.n_kept == 0)
                (void)uv_run(loop_uv(w->loop), UV_RUN_ONCE);
        rpcd_free(w->d);
        w->d = NULL;
        assert_int_equal(w->pair.n_cancelled, 1);
        wait_results(w, 1);
        assert_int_equal(w->pair.last.kind, RPC_RESULT_LOST);
}

/* At any stage of connecting. */
static void hanging_up_early(void **state)
{
        struct world *w = *state;

        for (unsigned turns = 0; turns < 6; turns++) {
                struct rpcd_dialled *line;

                assert_int_equal(rpcd_dial(&line, w->loop, turns % 2 ? "localhost" : "127.0.0.1", w->port, NULL,
                                           w->pair.client, 60000),
                                 0);
                for (unsigned i = 0; i < turns; i++)
                        loop_run_once(w->loop);
                rpcd_hang_up(line);
        }
        assert_int_equal(w->pair.n_results, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(calls), T(a_name_is_looked_up), T(nobody_listens), T(the_server_goes), T(hanging_up_early),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
