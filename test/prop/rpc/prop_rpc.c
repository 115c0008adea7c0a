/* SPDX-License-Identifier: Apache-2.0 */
/* prop_rpc - whatever is sent comes back, at any level, in fragments of any size, octets arriving in any portions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "lib/prop.h"
#include "pair.h"

enum { STUB_MAX = 20000 };

static bool echo(struct prop *p)
{
        static uint8_t stub[STUB_MAX];
        static const enum rpc_level levels[] = { RPC_LEVEL_PRIVACY, RPC_LEVEL_INTEGRITY };
        struct rpc_limits limits = { .max_frag = (uint16_t)prop_range(p, 1432, 8000) };
        enum rpc_level level = levels[prop_u64(p, 1)];
        size_t chunk = prop_bool(p) ? SIZE_MAX : 1 + prop_u64(p, 3000);
        unsigned n_calls = 1 + (unsigned)prop_u64(p, 4);
        struct pair pair;
        bool ok = true;

        pair_init(&pair, &limits, level, "admin", "secret");
        prop_note(p, "level %d, fragments of %u, portions of %zu, %u calls", level, limits.max_frag, chunk, n_calls);
        for (unsigned i = 0; ok && i < n_calls; i++) {
                size_t n = prop_u64(p, STUB_MAX);

                for (size_t k = 0; k < n; k++)
                        stub[k] = (uint8_t)(k * 7 + i);
                prop_note(p, "%zu octets", n);
                pair_call(&pair, &pair_echo, NULL, 0, (struct str){ (const char *)stub, n });
                pair_run(&pair, chunk);
                ok = pair.n_results == i + 1 && pair.last.kind == RPC_RESULT_OK && pair.last.stub.n == n &&
                     (n == 0 || memcmp(pair.last.stub.p, stub, n) == 0) && rpc_conn_calls(pair.conn) == 0 &&
                     !rpc_conn_in_pdu(pair.conn);
        }
        pair_fini(&pair);
        return ok;
}

/* Any octet of what a client sends after its bind is changed: the server runs nothing that was not sent. */
static bool changed(struct prop *p)
{
        struct pair pair;
        struct str s;
        char *copy;
        size_t at;
        bool ok;

        pair_init(&pair, NULL, prop_bool(p) ? RPC_LEVEL_PRIVACY : RPC_LEVEL_INTEGRITY, "admin", "secret");
        pair_call(&pair, &pair_echo, NULL, 0, STR("first"));
        pair_run(&pair, SIZE_MAX);
        pair_call(&pair, &pair_echo, NULL, 1, STR("a call that a handler would keep"));
        s = rpc_client_output(pair.client);
        copy = str_dup(s);
        at = prop_u64(p, s.n - 1);
        prop_note(p, "octet %zu of %zu", at, s.n);
        if (copy)
                copy[at] ^= (char)(1 << prop_u64(p, 7));
        rpc_client_taken(pair.client, s.n);
        rpc_conn_input(pair.conn, (struct str){ copy, copy ? s.n : 0 });
        ok = pair.n_kept == 0;
        free(copy);
        pair_fini(&pair);
        return ok;
}

static void everything_comes_back(void **state)
{
        assert_true(prop_check("echo", 150, echo));
}

static void nothing_changed_is_run(void **state)
{
        assert_true(prop_check("changed", 300, changed));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything_comes_back),
                cmocka_unit_test(nothing_changed_is_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
