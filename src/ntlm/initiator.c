/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of a logon. */
#include "base/utf16.h"
#include "ntlm/ntlm.h"

#define WANTED                                                                                                        \
        (NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_SIGN | NTLM_SEAL | NTLM_NTLM | NTLM_ALWAYS_SIGN | NTLM_ESS |       \
         NTLM_TARGET_INFO | NTLM_VERSION | NTLM_128 | NTLM_KEY_EXCH)
#define SECONDS_1601_TO_1970 INT64_C(11644473600)

void ntlm_initiator_init(struct ntlm_initiator *i)
{
        *i = (struct ntlm_initiator){ 0 };
        buf_init(&i->negotiate, 256);
}

void ntlm_initiator_fini(struct ntlm_initiator *i)
{
        buf_fini(&i->negotiate);
}

void ntlm_initiator_negotiate(struct ntlm_initiator *i, struct buf *out)
{
        buf_reset(&i->negotiate);
        ntlm_encode_negotiate(&i->negotiate, WANTED);
        buf_adds(out, buf_str(&i->negotiate));
}

/* [MS-NLMP] 2.2.2.7: what the response is made over.  True when the server told the time, so a MIC is due. */
static bool make_blob(struct buf *blob, struct str info, const struct ntlm_logon *who, const struct ntlm_secrets *s)
{
        static const char head[8] = { 1, 1 }, zeros[4];
        uint8_t now[8], flags[4];
        uint16_t id;
        struct str time, value;
        bool timed = ntlm_av_find(info, NTLM_AV_TIMESTAMP, &time) && time.n == sizeof(now);

        put_le64(now, (uint64_t)(s->now_us + SECONDS_1601_TO_1970 * 1000000) * 10);
        put_le32(flags, NTLM_AV_FLAG_MIC);
        buf_add(blob, head, sizeof(head));
        buf_adds(blob, timed ? time : (struct str){ (const char *)now, sizeof(now) });
        buf_add(blob, s->nonce, sizeof(s->nonce));
        buf_add(blob, zeros, 4);
        while (ntlm_av_next(&info, &id, &value))
                if (id != NTLM_AV_FLAGS && id != NTLM_AV_TARGET_NAME)
                        ntlm_av_add(blob, id, value);
        if (timed)
                ntlm_av_add(blob, NTLM_AV_FLAGS, (struct str){ (const char *)flags, 4 });
        if (who->target_name.n > 0) {
                struct buf name;

                buf_init(&name, NTLM_NAME_MAX);
                utf16_encode(who->target_name, &name);
                ntlm_av_add(blob, NTLM_AV_TARGET_NAME, buf_str(&name));
                blob->failed |= name.failed;
                buf_fini(&name);
        }
        ntlm_av_add(blob, NTLM_AV_END, STR_NULL);
        buf_add(blob, zeros, 4);
        return timed;
}

struct names {
        struct buf user, domain, workstation;
};

static bool names_init(struct names *n, const struct ntlm_logon *who)
{
        buf_init(&n->user, NTLM_NAME_MAX);
        buf_init(&n->domain, NTLM_NAME_MAX);
        buf_init(&n->workstation, NTLM_NAME_MAX);
        utf16_encode(who->user, &n->user);
        utf16_encode(who->domain, &n->domain);
        utf16_encode(who->workstation, &n->workstation);
        return !n->user.failed && !n->domain.failed && !n->workstation.failed;
}

static void names_fini(struct names *n)
{
        buf_fini(&n->user);
        buf_fini(&n->domain);
        buf_fini(&n->workstation);
}

/* Proof and blob as the NT response; the session key encrypted with the session base key. */
static void make_response(const struct ntlm_challenge *c, const struct names *names, const struct ntlm_logon *who,
                          const struct ntlm_secrets *s, struct buf *nt, struct str blob, uint8_t sealed[NTLM_KEY_LEN])
{
        uint8_t owf[NTLM_HASH_LEN], proof[NTLM_PROOF_LEN], base[NTLM_KEY_LEN];
        const struct str v[] = { { (const char *)c->challenge, sizeof(c->challenge) }, blob };
        struct rc4 stream;

        ntlm_owf(who->nt_hash, buf_str(&names->user), buf_str(&names->domain), owf);
        hmac_md5(owf, sizeof(owf), v, 2, proof);
        hmac_md5(owf, sizeof(owf), &(struct str){ (const char *)proof, sizeof(proof) }, 1, base);
        buf_add(nt, proof, sizeof(proof));
        buf_adds(nt, blob);
        memcpy(sealed, s->key, NTLM_KEY_LEN);
        rc4_init(&stream, base, sizeof(base));
        rc4_apply(&stream, sealed, NTLM_KEY_LEN);
        explicit_bzero(owf, sizeof(owf));
        explicit_bzero(base, sizeof(base));
        explicit_bzero(&stream, sizeof(stream));
}

/* Write the message and, where it is due, its MIC. */
static int finish(struct ntlm_initiator *i, struct str challenge, struct ntlm_authenticate *m, bool mic,
                  const uint8_t key[NTLM_KEY_LEN], struct buf *out, struct err *e)
{
        size_t from = out->n;
        uint8_t sum[MD_LEN];

        ntlm_encode_authenticate(out, m);
        if (out->failed)
                return err_set(e, ERR_NOMEM, "out of memory for an NTLM AUTHENTICATE");
        if (mic) {
                const struct str v[] = { buf_str(&i->negotiate), challenge, { out->p + from, out->n - from } };

                hmac_md5(key, NTLM_KEY_LEN, v, 3, sum);
                memcpy(out->p + from + NTLM_MIC_AT, sum, NTLM_MIC_LEN);
        }
        return 0;
}

int ntlm_initiator_respond(struct ntlm_initiator *i, struct str challenge, const struct ntlm_logon *who,
                           const struct ntlm_secrets *secrets, struct buf *out, struct ntlm_session *session,
                           struct err *e)
{
        static const char no_lm[24];
        struct ntlm_challenge c;
        struct ntlm_authenticate m = { .lm = { no_lm, sizeof(no_lm) } };
        struct names names;
        struct buf blob, nt;
        uint8_t sealed[NTLM_KEY_LEN];
        bool mic;
        int r = ntlm_decode_challenge(challenge, &c, e);

        if (r < 0)
                return r;
        if ((c.flags & (NTLM_ESS | NTLM_128 | NTLM_KEY_EXCH)) != (NTLM_ESS | NTLM_128 | NTLM_KEY_EXCH))
                return err_set(e, ERR_NOT_SUPPORTED, "the NTLM server grants no extended session security with 128-bit "
                                                     "keys (flags 0x%08x)", c.flags);
        buf_init(&blob, NTLM_MESSAGE_MAX);
        buf_init(&nt, NTLM_MESSAGE_MAX);
        r = names_init(&names, who) ? 0 : err_set(e, ERR_INVALID, "the account's name is too long for NTLM");
        mic = make_blob(&blob, c.target_info, who, secrets);
        make_response(&c, &names, who, secrets, &nt, buf_str(&blob), sealed);
        m.nt = buf_str(&nt);
        m.user = buf_str(&names.user);
        m.domain = buf_str(&names.domain);
        m.workstation = buf_str(&names.workstation);
        m.session_key = (struct str){ (const char *)sealed, sizeof(sealed) };
        m.flags = c.flags & WANTED;
        if (r == 0 && (blob.failed || nt.failed))
                r = err_set(e, ERR_NOMEM, "out of memory for an NTLM response");
        if (r == 0)
                r = finish(i, challenge, &m, mic, secrets->key, out, e);
        if (r == 0)
                ntlm_session_init(session, secrets->key, m.flags, false);
        names_fini(&names);
        buf_fini(&blob);
        buf_fini(&nt);
        return r;
}
