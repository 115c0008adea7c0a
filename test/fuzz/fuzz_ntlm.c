/* SPDX-License-Identifier: Apache-2.0 */
/* The first octet says which message the rest is; nobody is let in, and what is decoded lies inside. */
#include <assert.h>
#include "ntlm/ntlm.h"

static void inside(struct str whole, struct str part)
{
        assert(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void as_authenticate(struct str m)
{
        static const uint8_t nonce[8] = { 1 }, hash[NTLM_HASH_LEN] = { 2 };
        static const struct ntlm_names names = { { "S", 1 }, { "S", 1 }, { "s", 1 }, { "s", 1 } };
        struct ntlm_acceptor a;
        struct ntlm_authenticate d;
        struct ntlm_session s;
        struct ntlm_claim claim;
        struct arena mem;
        struct buf hello, out;
        struct err e = { 0 };

        if (ntlm_decode_authenticate(m, &d, &e) == 0) {
                inside(m, d.nt);
                inside(m, d.user);
                inside(m, d.session_key);
        }
        e = (struct err){ 0 };
        arena_init(&mem, 1 << 20);
        buf_init(&hello, 0);
        buf_init(&out, 0);
        ntlm_acceptor_init(&a, nonce);
        ntlm_encode_negotiate(&hello, 0xe2088297);
        assert(ntlm_acceptor_negotiate(&a, buf_str(&hello), &names, 0, &out, &e) == 0);
        if (ntlm_acceptor_claim(&a, m, &mem, &claim, &e) == 0)
                assert(ntlm_acceptor_check(&a, hash, &s, NULL, &e) < 0);
        ntlm_acceptor_fini(&a);
        buf_fini(&hello);
        buf_fini(&out);
        arena_fini(&mem);
}

static void as_challenge(struct str m)
{
        const struct ntlm_logon who = { .user = STR("u"), .domain = STR("d"), .workstation = STR("w") };
        const struct ntlm_secrets secrets = { .now_us = 1 };
        struct ntlm_initiator i;
        struct ntlm_authenticate d;
        struct ntlm_session s;
        struct buf out;
        struct err e = { 0 };

        buf_init(&out, 0);
        ntlm_initiator_init(&i);
        ntlm_initiator_negotiate(&i, &out);
        buf_reset(&out);
        if (ntlm_initiator_respond(&i, m, &who, &secrets, &out, &s, &e) == 0 && out.n <= NTLM_MESSAGE_MAX)
                assert(ntlm_decode_authenticate(buf_str(&out), &d, &e) == 0);
        ntlm_initiator_fini(&i);
        buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct str m = { (const char *)p + 1, n - 1 };
        struct err e = { 0 };
        uint32_t flags;

        if (n < 1)
                return 0;
        if (p[0] % 3 == 0)
                as_authenticate(m);
        else if (p[0] % 3 == 1)
                as_challenge(m);
        else if (ntlm_decode_negotiate(m, &flags, &e) < 0)
                assert(e.kind == ERR_INVALID);
        return 0;
}
