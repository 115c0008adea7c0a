/* SPDX-License-Identifier: Apache-2.0 */
/* test_spnego - messages octet by octet, long tokens, what is no DER */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/hex.h"
#include "spnego/spnego.h"

static struct err err;

static size_t octets(const char *text, char *out)
{
        size_t n = 0;

        for (; *text; text++)
                if (*text != ' ')
                        assert_int_equal(hex_decode((struct str){ text++, 2 }, out + n++, 1), 0);
        return n;
}

/* What Windows sends: MS Kerberos, Kerberos, NTLM, with a token for the first. */
static const char windows[] = "6037 06062b0601050502 a02d 302b a024 3022 06092a864882f712010202 06092a864886f712010202"
                              "060a2b06010401823702020a a203 0401 78";

static void init_of_windows(void **state)
{
        struct spnego_init i;
        char b[200];
        size_t n = octets(windows, b);

        assert_true(spnego_is_init((struct str){ b, n }));
        assert_int_equal(spnego_decode_init((struct str){ b, n }, &i, &err), 0);
        assert_int_equal(i.n_mechs, 3);
        assert_int_equal(i.mechs[0], SPNEGO_MS_KERBEROS);
        assert_int_equal(i.mechs[1], SPNEGO_KERBEROS);
        assert_int_equal(i.mechs[2], SPNEGO_NTLM);
        assert_true(str_eqz(i.token, "x"));
        assert_int_equal(i.mech_list.n, 36);
        assert_int_equal((uint8_t)i.mech_list.p[0], 0x30);
}

static void every_cut_is_refused(void **state)
{
        char b[200];
        size_t n = octets(windows, b);

        for (size_t k = 0; k < n; k++) {
                struct spnego_init i;
                struct err e = { 0 };

                assert_true(spnego_decode_init((struct str){ b, k }, &i, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
        }
}

static void answers(void **state)
{
        static const char want[] = "a11a3018a0030a0101a10c060a2b06010401823702020aa20304016b";
        const struct spnego_resp r = { SPNEGO_INCOMPLETE, SPNEGO_NTLM, STR("k"), STR_NULL };
        struct spnego_resp back;
        char got[200];
        struct buf b;

        buf_init(&b, 0);
        spnego_encode_resp(&b, &r);
        hex_encode(b.p, b.n, got);
        assert_string_equal(got, want);
        assert_int_equal(spnego_decode_resp(buf_str(&b), &back, &err), 0);
        assert_int_equal(back.state, SPNEGO_INCOMPLETE);
        assert_int_equal(back.mech, SPNEGO_NTLM);
        assert_true(str_eqz(back.token, "k"));
        assert_null(back.mic.p);
        buf_fini(&b);
}

/* Lengths of one, two and three octets. */
static void long_tokens(void **state)
{
        static char big[60000];
        static const size_t sizes[] = { 0, 1, 100, 127, 128, 255, 256, 3000, sizeof(big) };
        const enum spnego_mech mechs[] = { SPNEGO_NTLM, SPNEGO_KERBEROS };

        for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
                struct spnego_resp r = { SPNEGO_COMPLETED, SPNEGO_OTHER, { big, sizes[k] }, STR("mic") }, back;
                struct spnego_init i;
                struct buf b;

                buf_init(&b, 0);
                spnego_encode_resp(&b, &r);
                assert_int_equal(spnego_decode_resp(buf_str(&b), &back, &err), 0);
                assert_int_equal(back.token.n, sizes[k]);
                assert_true(str_eqz(back.mic, "mic"));
                buf_reset(&b);
                spnego_encode_init(&b, mechs, 2, r.token);
                assert_int_equal(spnego_decode_init(buf_str(&b), &i, &err), 0);
                assert_int_equal(i.n_mechs, 2);
                assert_int_equal(i.token.n, sizes[k]);
                buf_fini(&b);
        }
}

static void no_der(void **state)
{
        static const char *const texts[] = {
                "", "60", "6080", "608400000001", "a180", "a1843000000000", "a1053003a0030a01",
                "600a06062b0601050502a000",             /* no sequence inside */
                "600e06062b0601050502a0043002a000",     /* no mechanism at all */
                "4e544c4d53535000",                     /* a bare mechanism's token */
        };

        for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
                struct spnego_init i;
                struct spnego_resp r;
                struct err e = { 0 };
                char b[100];
                struct str s = { b, octets(texts[k], b) };

                assert_true(spnego_decode_init(s, &i, &e) < 0);
                assert_true(spnego_decode_resp(s, &r, &e) < 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(init_of_windows),
                cmocka_unit_test(every_cut_is_refused),
                cmocka_unit_test(answers),
                cmocka_unit_test(long_tokens),
                cmocka_unit_test(no_der),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
