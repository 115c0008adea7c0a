/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the RPC server fed with any octets, in two pieces; what comes out are PDUs, and nothing is kept past limits. */
#include <assert.h>
#include "ntlm/ntlm.h"
#include "rpc/mech.h"
#include "rpc/pdu.h"
#include "rpc/rpc.h"

static void answer(struct rpc_call *c, void *arg)
{
        if (rpc_call_request(c)->opnum == 1)
                rpc_call_fault(c, 1);
        else
                rpc_call_reply(c, rpc_call_request(c)->stub);
}

static int find(void *arg, struct str user, struct str domain, const char *peer, struct buf *account, uint8_t hash[NTLM_HASH_LEN],
                struct err *e)
{
        return 1;
}

static void note(void *arg, struct str user, const char *peer, bool right)
{
        assert(!right);
}

static void wake(void *arg)
{
}

static const struct rpc_interface open_interface = { .name = "open", .uuid = UUID_INIT(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
                                                     .major = 1, .min_level = RPC_LEVEL_NONE, .call = answer };

/* Every octet of the output belongs to a well-formed PDU. */
static void check_output(struct str s)
{
        while (s.n > 0) {
                struct rpc_head h;
                struct err e = { 0 };

                assert(rpc_head_decode(s, UINT16_MAX, &h, &e) == 0 && h.frag_len <= s.n);
                s = str_from(s, h.frag_len);
        }
}

static void feed(struct rpc_conn *c, const uint8_t *p, size_t n)
{
        char *copy = malloc(n + 1);

        assert(copy);
        memcpy(copy, p, n);
        rpc_conn_input(c, (struct str){ copy, n });
        free(copy);
        check_output(rpc_conn_output(c));
        rpc_conn_taken(c, rpc_conn_output(c).n);
        assert(rpc_conn_calls(c) <= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        static const struct ntlm_names names = { { "S", 1 }, { "S", 1 }, { "s", 1 }, { "s", 1 } };
        const struct rpc_logon_ops logon = { .ntlm = find, .note = note };
        const struct rpc_limits limits = { .max_calls = 4, .max_contexts = 4, .max_security = 4, .max_stub = 20000 };
        const struct rpc_addresses at = { "192.0.2.1", "192.0.2.2", 135 };
        const struct rpc_conn_ops ops = { .wake = wake };
        struct rpc_mech *mechs[3] = { NULL };
        struct rpc_server *s;
        struct rpc_conn *c;
        struct err e = { 0 };
        size_t cut = n > 0 ? p[n - 1] % n : 0;
        int r = rpc_mech_ntlm_new(&mechs[0], &names, &logon);

        r = r == 0 ? rpc_mech_spnego_new(&mechs[1], NULL, mechs[0]) : r;
        r = r == 0 ? rpc_server_new(&s, &limits, mechs, NULL) : r;
        assert(r == 0);
        r = rpc_server_add(s, &open_interface, NULL, &e);
        r = r == 0 ? rpc_conn_new(&c, s, &at, &ops) : r;
        assert(r == 0);
        feed(c, p, cut);
        feed(c, p + cut, n - cut);
        rpc_conn_free(c);
        rpc_server_free(s);
        rpc_mech_spnego_free(mechs[1]);
        rpc_mech_ntlm_free(mechs[0]);
        return 0;
}
