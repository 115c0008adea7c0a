/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a session, and what is done with them. */
#include <assert.h>
#include <errno.h>
#include "base/buf.h"
#include "ntlm/message.h"
#include "ntlm/session.h"

/* [MS-NLMP] 3.4.5.2, 3.4.5.3; the NUL counts */
static const struct {
        char sign[59], seal[59];
} magic[2] = {
        { "session key to client-to-server signing key magic constant",
          "session key to client-to-server sealing key magic constant" },
        { "session key to server-to-client signing key magic constant",
          "session key to server-to-client sealing key magic constant" },
};

static void derive(const uint8_t *key, size_t n, const char constant[59], uint8_t out[NTLM_KEY_LEN])
{
        const struct str v[] = { { (const char *)key, n }, { constant, 59 } };

        md5_of(v, 2, out);
}

static void direction_init(struct ntlm_direction *d, const uint8_t key[NTLM_KEY_LEN], uint32_t flags, unsigned from_server)
{
        uint8_t seal[NTLM_KEY_LEN];
        size_t strength = flags & NTLM_128 ? 16 : flags & NTLM_56 ? 7 : 5;

        derive(key, NTLM_KEY_LEN, magic[from_server].sign, d->sign_key);
        derive(key, strength, magic[from_server].seal, seal);
        rc4_init(&d->stream, seal, sizeof(seal));
        d->sequence = 0;
        explicit_bzero(seal, sizeof(seal));
}

void ntlm_session_init(struct ntlm_session *s, const uint8_t key[NTLM_KEY_LEN], uint32_t flags, bool server)
{
        assert(flags & NTLM_ESS);
        direction_init(&s->out, key, flags, server ? 1 : 0);
        direction_init(&s->in, key, flags, server ? 0 : 1);
        s->key_exchange = flags & NTLM_KEY_EXCH;
}

void ntlm_session_fini(struct ntlm_session *s)
{
        explicit_bzero(s, sizeof(*s));
}

bool ntlm_same(const void *a, const void *b, size_t n)
{
        const uint8_t *x = a, *y = b;
        volatile uint8_t differ = 0;

        for (size_t i = 0; i < n; i++)
                differ |= x[i] ^ y[i];
        return differ == 0;
}

/* The checksum of a message in the clear, before it is encrypted itself. */
static void checksum(const struct ntlm_direction *d, const uint8_t *p, size_t n, uint8_t out[MD_LEN])
{
        uint8_t sequence[4];
        const struct str v[] = { { (const char *)sequence, 4 }, { (const char *)p, n } };

        put_le32(sequence, d->sequence);
        hmac_md5(d->sign_key, sizeof(d->sign_key), v, 2, out);
}

/* [MS-NLMP] 2.2.2.9.2: version 1, eight octets of checksum, sequence number */
static void finish(struct ntlm_session *s, struct ntlm_direction *d, uint8_t sum[MD_LEN], uint8_t sig[NTLM_SIGNATURE_LEN])
{
        if (s->key_exchange)
                rc4_apply(&d->stream, sum, 8);
        put_le32(sig, 1);
        memcpy(sig + 4, sum, 8);
        put_le32(sig + 12, d->sequence++);
}

void ntlm_seal(struct ntlm_session *s, uint8_t *p, size_t n, size_t from, size_t to, uint8_t sig[NTLM_SIGNATURE_LEN])
{
        uint8_t sum[MD_LEN];

        assert(from <= to && to <= n);
        checksum(&s->out, p, n, sum);
        rc4_apply(&s->out.stream, p + from, to - from);
        finish(s, &s->out, sum, sig);
}

int ntlm_unseal(struct ntlm_session *s, uint8_t *p, size_t n, size_t from, size_t to,
                const uint8_t sig[NTLM_SIGNATURE_LEN])
{
        uint8_t sum[MD_LEN], want[NTLM_SIGNATURE_LEN];

        assert(from <= to && to <= n);
        rc4_apply(&s->in.stream, p + from, to - from);
        checksum(&s->in, p, n, sum);
        finish(s, &s->in, sum, want);
        return ntlm_same(want, sig, sizeof(want)) ? 0 : -EBADMSG;
}
