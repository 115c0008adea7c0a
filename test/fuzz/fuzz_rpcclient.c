/* SPDX-License-Identifier: Apache-2.0 */
/* A client that bound and called, fed with any octets of a server: every call ends exactly once. */
#include <assert.h>
#include "rpc/client.h"

static unsigned ended;

static void done(void *arg, const struct rpc_result *r)
{
        assert(r->why);
        ended++;
}

static void wake(void *arg)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        const struct uuid iface = UUID_INIT(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        const struct rpc_credentials who = { .user = STR("u"), .domain = STR("D") };
        const struct rpc_client_opts opts = { .level = n > 0 && p[0] & 1 ? RPC_LEVEL_PRIVACY : RPC_LEVEL_NONE,
                                              .credentials = &who, .wake = wake };
        struct rpc_client *c;
        unsigned made = 0;
        char *copy;

        ended = 0;
        if (n == 0 || rpc_client_new(&c, &opts) < 0)
                return 0;
        for (; made < 3; made++)
                assert(rpc_client_call(c, &iface, 1, 0, NULL, (uint16_t)made, STR("stub"), done, NULL) == 0);
        copy = malloc(n);
        assert(copy);
        memcpy(copy, p, n);
        rpc_client_input(c, (struct str){ copy + 1, n - 1 });
        free(copy);
        rpc_client_taken(c, rpc_client_output(c).n);
        rpc_client_free(c);
        assert(ended == made);
        return 0;
}
