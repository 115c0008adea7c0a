/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a logon. */
#include "base/utf16.h"
#include "ntlm/ntlm.h"

#define OFFERED                                                                                                       \
        (NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_SIGN | NTLM_SEAL | NTLM_NTLM | NTLM_ALWAYS_SIGN | NTLM_ESS |       \
         NTLM_TARGET_INFO | NTLM_VERSION | NTLM_128 | NTLM_KEY_EXCH | NTLM_56)
#define INSISTED (NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_TARGET_INFO | NTLM_TARGET_SERVER | NTLM_VERSION)
#define SECONDS_1601_TO_1970 INT64_C(11644473600)

enum { CHALLENGE_MAX = 4096, NTLMV1_LEN = 24 };

void ntlm_acceptor_init(struct ntlm_acceptor *a, const uint8_t nonce[NTLM_CHALLENGE_LEN])
{
        *a = (struct ntlm_acceptor){ 0 };
        buf_init(&a->negotiate, NTLM_MESSAGE_MAX);
        buf_init(&a->challenge, CHALLENGE_MAX);
        buf_init(&a->authenticate, NTLM_MESSAGE_MAX);
        memcpy(a->nonce, nonce, sizeof(a->nonce));
}

void ntlm_acceptor_fini(struct ntlm_acceptor *a)
{
        buf_fini(&a->negotiate);
        buf_fini(&a->challenge);
        buf_fini(&a->authenticate);
}

static void add_name(struct buf *out, enum ntlm_av id, struct str utf8)
{
        struct buf b;

        buf_init(&b, NTLM_NAME_MAX);
        utf16_encode(utf8, &b);
        out->failed |= b.failed;
        ntlm_av_add(out, (uint16_t)id, buf_str(&b));
        buf_fini(&b);
}

static void add_target_info(struct buf *out, const struct ntlm_names *n, int64_t now_us)
{
        uint8_t filetime[8];

        add_name(out, NTLM_AV_DOMAIN, n->netbios_domain);
        add_name(out, NTLM_AV_COMPUTER, n->netbios_computer);
        add_name(out, NTLM_AV_DNS_DOMAIN, n->dns_domain);
        add_name(out, NTLM_AV_DNS_COMPUTER, n->dns_computer);
        put_le64(filetime, (uint64_t)(now_us + SECONDS_1601_TO_1970 * 1000000) * 10);
        ntlm_av_add(out, NTLM_AV_TIMESTAMP, (struct str){ (const char *)filetime, sizeof(filetime) });
        ntlm_av_add(out, NTLM_AV_END, STR_NULL);
}

static void make_challenge(struct ntlm_acceptor *a, const struct ntlm_names *names, int64_t now_us, uint32_t flags)
{
        struct ntlm_challenge c = { .flags = (flags & OFFERED) | INSISTED };
        struct buf name, info;

        buf_init(&name, NTLM_NAME_MAX);
        buf_init(&info, CHALLENGE_MAX);
        utf16_encode(names->netbios_computer, &name);
        add_target_info(&info, names, now_us);
        memcpy(c.challenge, a->nonce, sizeof(a->nonce));
        c.target_name = buf_str(&name);
        c.target_info = buf_str(&info);
        ntlm_encode_challenge(&a->challenge, &c);
        a->challenge.failed |= name.failed || info.failed;
        buf_fini(&name);
        buf_fini(&info);
}

/* Extended session security and 128 bits: everything since Windows 2000 has them, less is not worth having. */
static int check_flags(uint32_t flags, struct err *e)
{
        if ((flags & (NTLM_ESS | NTLM_128 | NTLM_UNICODE)) == (NTLM_ESS | NTLM_128 | NTLM_UNICODE))
                return 0;
        return err_set(e, ERR_NOT_SUPPORTED, "the NTLM client offers no Unicode, extended session security or 128-bit "
                                             "keys (flags 0x%08x): allow NTLMv2 with 128-bit encryption there", flags);
}

int ntlm_acceptor_negotiate(struct ntlm_acceptor *a, struct str token, const struct ntlm_names *names,
                            int64_t now_us, struct buf *out, struct err *e)
{
        uint32_t flags;
        int r = ntlm_decode_negotiate(token, &flags, e);

        if (r == 0 && a->challenge.n > 0)
                r = err_set(e, ERR_INVALID, "a second NTLM NEGOTIATE in one logon");
        if (r == 0)
                r = check_flags(flags, e);
        if (r < 0)
                return r;
        buf_adds(&a->negotiate, token);
        make_challenge(a, names, now_us, flags);
        buf_adds(out, buf_str(&a->challenge));
        if (a->negotiate.failed || a->challenge.failed || out->failed)
                return err_set(e, ERR_NOMEM, "out of memory for an NTLM CHALLENGE");
        return 0;
}

static int check_response(const struct ntlm_authenticate *m, struct err *e)
{
        if (m->flags & NTLM_ANONYMOUS || m->user.n == 0 || m->nt.n == 0)
                return err_set(e, ERR_NOT_SUPPORTED, "anonymous NTLM logon: log on with an account of the site");
        if (m->nt.n <= NTLMV1_LEN || m->nt.n < NTLM_PROOF_LEN + NTLM_BLOB_MIN)
                return err_set(e, ERR_NOT_SUPPORTED, "NTLMv1 logon: allow NTLMv2 at the client");
        if (m->user.n > NTLM_NAME_MAX || m->domain.n > NTLM_NAME_MAX || m->workstation.n > NTLM_NAME_MAX)
                return err_set(e, ERR_INVALID, "a name of %zu octets in an NTLM logon",
                               MAX(MAX(m->user.n, m->domain.n), m->workstation.n));
        if (m->flags & NTLM_KEY_EXCH && m->session_key.n != NTLM_KEY_LEN)
                return err_set(e, ERR_INVALID, "an NTLM session key of %zu octets", m->session_key.n);
        return check_flags(m->flags, e);
}

int ntlm_acceptor_claim(struct ntlm_acceptor *a, struct str token, struct arena *mem, struct ntlm_claim *out,
                        struct err *e)
{
        struct ntlm_authenticate m;
        int r = ntlm_decode_authenticate(token, &m, e);

        if (r == 0 && (a->challenge.n == 0 || a->claimed))
                r = err_set(e, ERR_INVALID, "an NTLM AUTHENTICATE that no CHALLENGE asked for");
        if (r == 0)
                r = check_response(&m, e);
        if (r < 0)
                return r;
        a->claimed = true;
        buf_adds(&a->authenticate, token);
        out->user = utf16_decode(m.user.p, m.user.n / 2, mem);
        out->domain = utf16_decode(m.domain.p, m.domain.n / 2, mem);
        out->workstation = utf16_decode(m.workstation.p, m.workstation.n / 2, mem);
        if (a->authenticate.failed || !out->user.p || !out->domain.p || !out->workstation.p)
                return err_set(e, ERR_NOMEM, "out of memory for an NTLM logon");
        return 0;
}

/* [MS-NLMP] 3.2.5.1.2: over all three messages, the last with its MIC as zeros */
static bool mic_is_right(struct ntlm_acceptor *a, const uint8_t key[NTLM_KEY_LEN])
{
        uint8_t sent[NTLM_MIC_LEN], want[MD_LEN];
        char *mic = a->authenticate.p + NTLM_MIC_AT;
        const struct str v[] = { buf_str(&a->negotiate), buf_str(&a->challenge), buf_str(&a->authenticate) };

        memcpy(sent, mic, sizeof(sent));
        memset(mic, 0, sizeof(sent));
        hmac_md5(key, NTLM_KEY_LEN, v, 3, want);
        return ntlm_same(sent, want, sizeof(sent));
}

/* [MS-NLMP] 3.3.2: the proof of the response, and from it the session base key */
static bool prove(const struct ntlm_acceptor *a, const struct ntlm_authenticate *m, const uint8_t nt_hash[NTLM_HASH_LEN],
                  uint8_t base[NTLM_KEY_LEN])
{
        uint8_t owf[NTLM_HASH_LEN], proof[NTLM_PROOF_LEN];
        const struct str v[] = { { (const char *)a->nonce, sizeof(a->nonce) }, str_from(m->nt, NTLM_PROOF_LEN) };
        bool right;

        ntlm_owf(nt_hash, m->user, m->domain, owf);
        hmac_md5(owf, sizeof(owf), v, 2, proof);
        right = ntlm_same(proof, m->nt.p, sizeof(proof));
        hmac_md5(owf, sizeof(owf), &(struct str){ (const char *)proof, sizeof(proof) }, 1, base);
        explicit_bzero(owf, sizeof(owf));
        explicit_bzero(proof, sizeof(proof));
        return right;
}

int ntlm_acceptor_check(struct ntlm_acceptor *a, const uint8_t *nt_hash, struct ntlm_session *session,
                        uint8_t *key_out, struct err *e)
{
        static const uint8_t nobody[NTLM_HASH_LEN];
        struct ntlm_authenticate m;
        uint8_t key[NTLM_KEY_LEN];
        bool right;
        int r = ntlm_decode_authenticate(buf_str(&a->authenticate), &m, e);

        if (r < 0)
                return r;
        right = prove(a, &m, nt_hash ? nt_hash : nobody, key) && nt_hash;
        if (m.flags & NTLM_KEY_EXCH) {
                struct rc4 c;

                rc4_init(&c, key, sizeof(key));
                memcpy(key, m.session_key.p, sizeof(key));
                rc4_apply(&c, key, sizeof(key));
                explicit_bzero(&c, sizeof(c));
        }
        if (!right)
                r = err_set(e, ERR_DENIED, "wrong user name or password");
        else if (m.has_mic && !mic_is_right(a, key))
                r = err_set(e, ERR_DENIED, "the NTLM messages were changed on their way (MIC)");
        else
                ntlm_session_init(session, key, m.flags, true);
        if (r == 0 && key_out)
                memcpy(key_out, key, sizeof(key));
        explicit_bzero(key, sizeof(key));
        return r;
}
