/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as either message; what was read is written and read again the same. */
#include <assert.h>
#include "spnego/spnego.h"

static void as_resp(struct str s)
{
        struct spnego_resp a, b;
        struct err e = { 0 };
        struct buf out;

        if (spnego_decode_resp(s, &a, &e) < 0)
                return;
        buf_init(&out, 0);
        spnego_encode_resp(&out, &a);
        assert(!out.failed && spnego_decode_resp(buf_str(&out), &b, &e) == 0);
        assert(a.state == b.state && a.mech == b.mech && str_eq(a.token, b.token) && str_eq(a.mic, b.mic));
        buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct str s = { (const char *)p, n };
        struct spnego_init a, b;
        struct err e = { 0 };
        struct buf out;

        as_resp(s);
        if (spnego_decode_init(s, &a, &e) < 0)
                return 0;
        assert(a.n_mechs > 0 && a.mech_list.p >= s.p && a.mech_list.p + a.mech_list.n <= s.p + s.n);
        buf_init(&out, 0);
        spnego_encode_init(&out, a.mechs, a.n_mechs, a.token);
        if (!out.failed && spnego_decode_init(buf_str(&out), &b, &e) == 0)
                assert(str_eq(a.token, b.token));
        buf_fini(&out);
        return 0;
}
