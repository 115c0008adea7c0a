/* SPDX-License-Identifier: Apache-2.0 */
/* test_ntlm - the examples of RFC 1320, 1321, 2202 and [MS-NLMP] 4.2.4; logons of our two ends; what is refused */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/hex.h"
#include "base/utf16.h"
#include "ntlm/ntlm.h"

static struct err err;
static const uint8_t nonce[8] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
static const struct ntlm_names names = {
        { "SITESRV", 7 }, { "SITE", 4 }, { "sitesrv.example", 15 }, { "example", 7 },
};

static int setup(void **state)
{
        err_clear(&err);
        return 0;
}

/* Hexadecimal text, blanks between, as bytes in a static buffer. */
static struct str bytes(const char *text)
{
        static uint8_t space[4][1024];
        static unsigned turn;
        uint8_t *out = space[turn++ % 4];
        size_t n = 0;

        for (; *text; text++) {
                if (*text == ' ')
                        continue;
                assert_int_equal(hex_decode((struct str){ text++, 2 }, out + n++, 1), 0);
        }
        return (struct str){ (const char *)out, n };
}

static void is(const void *got, const char *want)
{
        struct str w = bytes(want);

        assert_memory_equal(got, w.p, w.n);
}

static void digests(void **state)
{
        static const struct {
                const char *text, *md4, *md5;
        } cases[] = {
                { "", "31d6cfe0d16ae931b73c59d7e0c089c0", "d41d8cd98f00b204e9800998ecf8427e" },
                { "abc", "a448017aaf21d8525fc10ae87aa6729d", "900150983cd24fb0d6963f7d28e17f72" },
                { "message digest", "d9130a8164549fe818874806e1c7014b", "f96b697d7cb7938d525a2f31aaf161d0" },
                { "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                  "e33b4ddc9c38f2199c3e7b164fcc0536", "57edf4a22be3c955ac49da2e2107b67a" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct str s = str_of(cases[i].text), halves[2] = { { s.p, s.n / 2 }, str_from(s, s.n / 2) };
                uint8_t got[MD_LEN];

                md4_of(&s, 1, got);
                is(got, cases[i].md4);
                md5_of(halves, 2, got);
                is(got, cases[i].md5);
        }
}

/* Every length around the block's edge, whole and octet by octet. */
static void digests_of_every_length(void **state)
{
        uint8_t data[150], whole[MD_LEN], pieces[MD_LEN];

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)(i * 7);
        for (size_t n = 0; n <= sizeof(data); n++) {
                struct md m;

                md5_init(&m);
                for (size_t i = 0; i < n; i++)
                        md_add(&m, data + i, 1);
                md_end(&m, pieces);
                md5_of(&(struct str){ (const char *)data, n }, 1, whole);
                assert_memory_equal(whole, pieces, MD_LEN);
        }
}

/* RFC 2202 section 2 */
static void keyed_digests(void **state)
{
        uint8_t got[MD_LEN], key[80];
        struct str s = STR("what do ya want for nothing?");

        hmac_md5("Jefe", 4, &s, 1, got);
        is(got, "750c783e6ab0b503eaa86e310a5db738");
        memset(key, 0xaa, sizeof(key));
        s = STR("Test Using Larger Than Block-Size Key - Hash Key First");
        hmac_md5(key, sizeof(key), &s, 1, got);
        is(got, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
}

/* RFC 6229: 128-bit key 0102..10 */
static void stream(void **state)
{
        uint8_t key[16], out[32] = { 0 };
        struct rc4 c;

        for (unsigned i = 0; i < 16; i++)
                key[i] = (uint8_t)(i + 1);
        rc4_init(&c, key, sizeof(key));
        rc4_apply(&c, out, 7);
        rc4_apply(&c, out + 7, 25);
        is(out, "9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c");
}

/* [MS-NLMP] 4.2.2.1.2, 4.2.4.1.1 */
static void one_way_functions(void **state)
{
        uint8_t hash[NTLM_HASH_LEN], owf[NTLM_HASH_LEN];

        ntlm_hash(STR("Password"), hash);
        is(hash, "a4f49c406510bdcab6824ee7c30fd852");
        ntlm_owf(hash, bytes("5500 7300 6500 7200"), bytes("4400 6f00 6d00 6100 6900 6e00"), owf);
        is(owf, "0c868a403bfd7a93a3001ef22ef02e3f");
}

/* [MS-NLMP] 4.2.4.3 */
static const char spec_challenge[] =
        "4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000 2400240044000000"
        "0600701700 00000f 530065007200760065007200 02000c0044006f006d00610069006e00 01000c00530065007200760065007200"
        "00000000";
static const char spec_authenticate[] =
        "4e544c4d53535000 03000000 180018006c000000 5400540084000000 0c000c0048000000 0800080054000000 100010005c000000"
        "10001000d8000000 358288e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200"
        "43004f004d0050005500540045005200 86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
        "68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000"
        "02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000"
        "c5dad2544fc9799094ce1ce90bc9d03e";

static void example_messages(void **state)
{
        struct ntlm_challenge c;
        struct ntlm_authenticate a;
        struct str value, pairs;

        assert_int_equal(ntlm_decode_challenge(bytes(spec_challenge), &c, &err), 0);
        assert_int_equal(c.flags, 0xe28a8233);
        assert_memory_equal(c.challenge, nonce, 8);
        assert_int_equal(c.target_name.n, 12);
        assert_true(ntlm_av_find(c.target_info, NTLM_AV_COMPUTER, &value));
        is(value.p, "530065007200760065007200");
        assert_false(ntlm_av_find(c.target_info, NTLM_AV_TIMESTAMP, &value));

        assert_int_equal(ntlm_decode_authenticate(bytes(spec_authenticate), &a, &err), 0);
        assert_int_equal(a.nt.n, 84);
        assert_int_equal(a.user.n, 8);
        assert_false(a.has_mic);
        pairs = str_from(a.nt, NTLM_PROOF_LEN + NTLM_BLOB_MIN);
        assert_true(ntlm_av_find(pairs, NTLM_AV_DOMAIN, &value));
        assert_int_equal(value.n, 12);
}

static struct ntlm_acceptor challenged(uint32_t flags)
{
        struct ntlm_acceptor a;
        struct buf negotiate, out;

        buf_init(&negotiate, 0);
        buf_init(&out, 0);
        ntlm_acceptor_init(&a, nonce);
        ntlm_encode_negotiate(&negotiate, flags);
        assert_int_equal(ntlm_acceptor_negotiate(&a, buf_str(&negotiate), &names, 0, &out, &err), 0);
        assert_true(str_eq(buf_str(&out), buf_str(&a.challenge)));
        buf_fini(&negotiate);
        buf_fini(&out);
        return a;
}

/* The example's client logs on; then [MS-NLMP] 4.2.4.4: what it seals we read, and what it would sign is ours. */
static void example_logon(void **state)
{
        struct ntlm_acceptor a = challenged(0xe2088297);
        struct ntlm_session s;
        struct ntlm_claim claim;
        struct arena mem;
        uint8_t hash[NTLM_HASH_LEN], key[NTLM_KEY_LEN], sealed[18];

        arena_init(&mem, 0);
        ntlm_hash(STR("Password"), hash);
        assert_int_equal(ntlm_acceptor_claim(&a, bytes(spec_authenticate), &mem, &claim, &err), 0);
        assert_true(str_eqz(claim.user, "User"));
        assert_true(str_eqz(claim.domain, "Domain"));
        assert_true(str_eqz(claim.workstation, "COMPUTER"));
        assert_int_equal(ntlm_acceptor_check(&a, hash, &s, key, &err), 0);
        is(key, "55555555555555555555555555555555");
        is(s.in.sign_key, "4788dc861b4782f35d43fd98fe1a2d39");
        memcpy(sealed, bytes("54e50165bf1936dc996020c1811b0f06fb5f").p, sizeof(sealed));
        assert_int_equal(ntlm_unseal(&s, sealed, sizeof(sealed), 0, sizeof(sealed),
                                     (const uint8_t *)bytes("01000000 7fb38ec5c55d4976 00000000").p),
                         0);
        is(sealed, "50006c00610069006e007400650078007400");
        ntlm_session_fini(&s);
        ntlm_acceptor_fini(&a);
        arena_fini(&mem);
}

/* ---- our client against our server ---- */

struct logon {
        struct ntlm_acceptor a;
        struct ntlm_initiator i;
        struct ntlm_session server, client;
        struct ntlm_claim claim;
        struct arena mem;
        struct buf token;               /* AUTHENTICATE */
};

/* Everything up to the AUTHENTICATE, which a test may spoil. */
static void begin(struct logon *l, const char *user, const char *password)
{
        struct ntlm_logon who = { .user = str_of(user), .domain = STR("B\xc3\xbcro"), .workstation = STR("WS") };
        struct ntlm_secrets secrets = { .nonce = { 1 }, .key = { 2 } };
        struct buf out;

        memset(l, 0, sizeof(*l));
        arena_init(&l->mem, 0);
        buf_init(&l->token, 0);
        buf_init(&out, 0);
        ntlm_acceptor_init(&l->a, nonce);
        ntlm_initiator_init(&l->i);
        ntlm_hash(str_of(password), who.nt_hash);
        ntlm_initiator_negotiate(&l->i, &out);
        assert_int_equal(ntlm_acceptor_negotiate(&l->a, buf_str(&out), &names, 1000000, &l->token, &err), 0);
        buf_reset(&out);
        assert_int_equal(ntlm_initiator_respond(&l->i, buf_str(&l->token), &who, &secrets, &out, &l->client, &err), 0);
        buf_fini(&l->token);
        l->token = out;
}

static int accept(struct logon *l, const char *password)
{
        uint8_t hash[NTLM_HASH_LEN];
        int r = ntlm_acceptor_claim(&l->a, buf_str(&l->token), &l->mem, &l->claim, &err);

        if (r < 0)
                return r;
        ntlm_hash(str_of(password), hash);
        return ntlm_acceptor_check(&l->a, password ? hash : NULL, &l->server, NULL, &err);
}

static void end(struct logon *l)
{
        ntlm_acceptor_fini(&l->a);
        ntlm_initiator_fini(&l->i);
        arena_fini(&l->mem);
        buf_fini(&l->token);
}

static void own_logon(void **state)
{
        struct logon l;

        begin(&l, "\xc3\xa4nne", "p\xc3\xa4ss");
        assert_int_equal(accept(&l, "p\xc3\xa4ss"), 0);
        assert_true(str_eqz(l.claim.user, "\xc3\xa4nne"));
        assert_true(str_eqz(l.claim.domain, "B\xc3\xbcro"));
        for (unsigned i = 0; i < 50; i++) {
                uint8_t text[64] = "octets before|these are sealed|and after", sig[NTLM_SIGNATURE_LEN];
                struct ntlm_session *from = i % 3 ? &l.client : &l.server, *to = i % 3 ? &l.server : &l.client;
                size_t cut = i % 2 ? 14 : 30;

                ntlm_seal(from, text, 40, 14, 14 + (30 - cut), sig);
                assert_int_equal(ntlm_unseal(to, text, 40, 14, 14 + (30 - cut), sig), 0);
                assert_string_equal((char *)text, "octets before|these are sealed|and after");
        }
        end(&l);
}

static void changed_octets_are_noticed(void **state)
{
        for (unsigned at = 0; at < 40 + NTLM_SIGNATURE_LEN; at++) {
                struct logon l;
                uint8_t text[64] = "octets before|these are sealed|and after", sig[NTLM_SIGNATURE_LEN];

                begin(&l, "u", "p");
                assert_int_equal(accept(&l, "p"), 0);
                ntlm_seal(&l.client, text, 40, 14, 30, sig);
                if (at < 40)
                        text[at] ^= 1;
                else
                        sig[at - 40] ^= 1;
                assert_int_equal(ntlm_unseal(&l.server, text, 40, 14, 30, sig), -EBADMSG);
                end(&l);
        }
}

static void wrong_passwords_and_nobody(void **state)
{
        struct logon l;

        begin(&l, "u", "wrong");
        assert_true(accept(&l, "right") < 0);
        assert_int_equal(err.kind, ERR_DENIED);
        end(&l);
        err_clear(&err);
        begin(&l, "nobody", "x");
        assert_true(accept(&l, NULL) < 0);
        assert_int_equal(err.kind, ERR_DENIED);
        end(&l);
}

/* Whatever octet of the three messages is changed, nobody gets in. */
static void the_mic_holds_all_three(void **state)
{
        struct logon l;
        size_t n;

        begin(&l, "u", "p");
        n = l.token.n;
        end(&l);
        for (size_t at = 0; at < n; at++) {
                begin(&l, "u", "p");
                l.token.p[at] ^= 4;
                assert_true(accept(&l, "p") < 0);
                err_clear(&err);
                end(&l);
        }
        begin(&l, "u", "p");
        l.a.negotiate.p[12] ^= 0x20;            /* a client that asked for less, on the way */
        assert_true(accept(&l, "p") < 0);
        end(&l);
}

static void refused_flags(void **state)
{
        static const uint32_t flags[] = { 0, NTLM_UNICODE | NTLM_128, NTLM_UNICODE | NTLM_ESS, NTLM_ESS | NTLM_128 };

        for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
                struct ntlm_acceptor a;
                struct buf negotiate, out;

                buf_init(&negotiate, 0);
                buf_init(&out, 0);
                ntlm_acceptor_init(&a, nonce);
                ntlm_encode_negotiate(&negotiate, flags[i]);
                assert_true(ntlm_acceptor_negotiate(&a, buf_str(&negotiate), &names, 0, &out, &err) < 0);
                assert_int_equal(err.kind, ERR_NOT_SUPPORTED);
                assert_int_equal(out.n, 0);
                err_clear(&err);
                ntlm_acceptor_fini(&a);
                buf_fini(&negotiate);
                buf_fini(&out);
        }
}

static void refuse(struct ntlm_authenticate *m, enum err_kind kind)
{
        struct ntlm_acceptor a = challenged(0xe2088297);
        struct ntlm_claim claim;
        struct arena mem;
        struct buf b;

        arena_init(&mem, 0);
        buf_init(&b, 0);
        ntlm_encode_authenticate(&b, m);
        err_clear(&err);
        assert_true(ntlm_acceptor_claim(&a, buf_str(&b), &mem, &claim, &err) < 0);
        assert_int_equal(err.kind, kind);
        buf_fini(&b);
        arena_fini(&mem);
        ntlm_acceptor_fini(&a);
}

static void refused_responses(void **state)
{
        static const char zeros[64];
        struct ntlm_authenticate good = {
                .nt = { zeros, 60 }, .user = { "u\0", 2 }, .session_key = { zeros, 16 }, .flags = 0xe2088297,
        };
        struct ntlm_authenticate m = good;

        m.nt.n = 24;                            /* NTLMv1 */
        refuse(&m, ERR_NOT_SUPPORTED);
        m.nt.n = 0;                             /* anonymous, both ways of saying so */
        refuse(&m, ERR_NOT_SUPPORTED);
        m = good;
        m.flags |= NTLM_ANONYMOUS;
        refuse(&m, ERR_NOT_SUPPORTED);
        m = good;
        m.user.n = 0;
        refuse(&m, ERR_NOT_SUPPORTED);
        m = good;
        m.flags &= ~NTLM_ESS;                   /* the downgrade */
        refuse(&m, ERR_NOT_SUPPORTED);
        m = good;
        m.session_key.n = 8;
        refuse(&m, ERR_INVALID);
        m = good;
        m.user.n = 1;
        refuse(&m, ERR_INVALID);
}

static void order_of_messages(void **state)
{
        struct ntlm_acceptor a;
        struct ntlm_claim claim;
        struct arena mem;
        struct buf out, negotiate;

        arena_init(&mem, 0);
        buf_init(&out, 0);
        buf_init(&negotiate, 0);
        ntlm_acceptor_init(&a, nonce);
        assert_true(ntlm_acceptor_claim(&a, bytes(spec_authenticate), &mem, &claim, &err) < 0);
        ntlm_acceptor_fini(&a);
        err_clear(&err);
        a = challenged(0xe2088297);
        ntlm_encode_negotiate(&negotiate, 0xe2088297);
        assert_true(ntlm_acceptor_negotiate(&a, buf_str(&negotiate), &names, 0, &out, &err) < 0);
        err_clear(&err);
        assert_int_equal(ntlm_acceptor_claim(&a, bytes(spec_authenticate), &mem, &claim, &err), 0);
        assert_true(ntlm_acceptor_claim(&a, bytes(spec_authenticate), &mem, &claim, &err) < 0);
        ntlm_acceptor_fini(&a);
        buf_fini(&out);
        buf_fini(&negotiate);
        arena_fini(&mem);
}

static void every_cut_is_refused_or_harmless(void **state)
{
        struct str whole = bytes(spec_authenticate);

        for (size_t n = 0; n < whole.n; n++) {
                struct ntlm_authenticate m;
                struct err e = { 0 };
                char *copy = malloc(n + 1);

                assert_non_null(copy);
                memcpy(copy, whole.p, n);
                assert_true(ntlm_decode_authenticate((struct str){ copy, n }, &m, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
                free(copy);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(digests, setup),
                cmocka_unit_test_setup(digests_of_every_length, setup),
                cmocka_unit_test_setup(keyed_digests, setup),
                cmocka_unit_test_setup(stream, setup),
                cmocka_unit_test_setup(one_way_functions, setup),
                cmocka_unit_test_setup(example_messages, setup),
                cmocka_unit_test_setup(example_logon, setup),
                cmocka_unit_test_setup(own_logon, setup),
                cmocka_unit_test_setup(changed_octets_are_noticed, setup),
                cmocka_unit_test_setup(wrong_passwords_and_nobody, setup),
                cmocka_unit_test_setup(the_mic_holds_all_three, setup),
                cmocka_unit_test_setup(refused_flags, setup),
                cmocka_unit_test_setup(refused_responses, setup),
                cmocka_unit_test_setup(order_of_messages, setup),
                cmocka_unit_test_setup(every_cut_is_refused_or_harmless, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
