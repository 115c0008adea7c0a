/* SPDX-License-Identifier: Apache-2.0 */
/* NEGOTIATE, CHALLENGE, AUTHENTICATE and their AV pairs. */
#include "ntlm/message.h"

enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };
enum { HEAD = 12, CHALLENGE_FIXED = 56, AUTHENTICATE_FIXED = 64, AUTHENTICATE_WITH_MIC = NTLM_MIC_AT + NTLM_MIC_LEN };

static const char signature[8] = "NTLMSSP";
/* [MS-NLMP] 2.2.2.10: 10.0 build 20348, revision 15 of NTLMSSP */
static const char version[8] = { 10, 0, 0x7c, 0x4f, 0, 0, 0, 15 };

static int check_head(struct str m, uint32_t type, size_t fixed, const char *name, struct err *e)
{
        if (m.n < fixed || m.n > NTLM_MESSAGE_MAX)
                return err_set(e, ERR_INVALID, "NTLM %s of %zu octets", name, m.n);
        if (memcmp(m.p, signature, sizeof(signature)) != 0 || get_le32(m.p + 8) != type)
                return err_set(e, ERR_INVALID, "not an NTLM %s message", name);
        return 0;
}

/* The payload that the field {u16 length, u16 maximum, u32 offset} at `at` describes; false when it is not inside. */
static bool field(struct str m, size_t at, struct str *out)
{
        struct cursor c = cursor_of(m.p + at, 8);
        uint16_t n = cursor_le16(&c);
        uint32_t from;

        (void)cursor_le16(&c);
        from = cursor_le32(&c);
        *out = STR_NULL;
        if (n == 0)
                return true;
        if (from > m.n || n > m.n - from)
                return false;
        *out = (struct str){ m.p + from, n };
        return true;
}

int ntlm_decode_negotiate(struct str m, uint32_t *flags_out, struct err *e)
{
        int r = check_head(m, NEGOTIATE, HEAD + 4, "NEGOTIATE", e);

        if (r < 0)
                return r;
        *flags_out = get_le32(m.p + HEAD);
        return 0;
}

int ntlm_decode_challenge(struct str m, struct ntlm_challenge *out, struct err *e)
{
        int r = check_head(m, CHALLENGE, 48, "CHALLENGE", e);

        *out = (struct ntlm_challenge){ 0 };
        if (r < 0)
                return r;
        out->flags = get_le32(m.p + 20);
        memcpy(out->challenge, m.p + 24, sizeof(out->challenge));
        if (!field(m, 12, &out->target_name) || !field(m, 40, &out->target_info))
                return err_set(e, ERR_INVALID, "a field of the NTLM CHALLENGE lies outside of it");
        return 0;
}

int ntlm_decode_authenticate(struct str m, struct ntlm_authenticate *out, struct err *e)
{
        int r = check_head(m, AUTHENTICATE, AUTHENTICATE_FIXED, "AUTHENTICATE", e);
        struct str pairs, flags;

        *out = (struct ntlm_authenticate){ 0 };
        if (r < 0)
                return r;
        if (!field(m, 12, &out->lm) || !field(m, 20, &out->nt) || !field(m, 28, &out->domain) ||
            !field(m, 36, &out->user) || !field(m, 44, &out->workstation) || !field(m, 52, &out->session_key))
                return err_set(e, ERR_INVALID, "a field of the NTLM AUTHENTICATE lies outside of it");
        if (out->user.n % 2 || out->domain.n % 2 || out->workstation.n % 2)
                return err_set(e, ERR_INVALID, "a name of the NTLM AUTHENTICATE is not UTF-16");
        out->flags = get_le32(m.p + 60);
        pairs = str_from(out->nt, MIN(out->nt.n, (size_t)NTLM_PROOF_LEN + NTLM_BLOB_MIN));
        out->has_mic = ntlm_av_find(pairs, NTLM_AV_FLAGS, &flags) && flags.n == 4 && (get_le32(flags.p) & NTLM_AV_FLAG_MIC);
        if (out->has_mic && m.n < AUTHENTICATE_WITH_MIC)
                return err_set(e, ERR_INVALID, "the NTLM AUTHENTICATE promises a MIC and has no room for one");
        return 0;
}

static void head(struct buf *out, uint32_t type)
{
        buf_add(out, signature, sizeof(signature));
        buf_le32(out, type);
}

/* A field whose payload will lie at *at. */
static void describe(struct buf *out, struct str payload, uint32_t *at)
{
        buf_le16(out, (uint16_t)payload.n);
        buf_le16(out, (uint16_t)payload.n);
        buf_le32(out, *at);
        *at += (uint32_t)payload.n;
}

void ntlm_encode_negotiate(struct buf *out, uint32_t flags)
{
        uint32_t at = HEAD + 4 + 16 + sizeof(version);

        head(out, NEGOTIATE);
        buf_le32(out, flags);
        describe(out, STR_NULL, &at);
        describe(out, STR_NULL, &at);
        buf_add(out, version, sizeof(version));
}

void ntlm_encode_challenge(struct buf *out, const struct ntlm_challenge *c)
{
        static const char reserved[8];
        uint32_t at = CHALLENGE_FIXED;

        head(out, CHALLENGE);
        describe(out, c->target_name, &at);
        buf_le32(out, c->flags);
        buf_add(out, c->challenge, sizeof(c->challenge));
        buf_add(out, reserved, sizeof(reserved));
        describe(out, c->target_info, &at);
        buf_add(out, version, sizeof(version));
        buf_adds(out, c->target_name);
        buf_adds(out, c->target_info);
}

void ntlm_encode_authenticate(struct buf *out, const struct ntlm_authenticate *a)
{
        static const char no_mic[NTLM_MIC_LEN];
        const struct str fields[] = { a->lm, a->nt, a->domain, a->user, a->workstation, a->session_key };
        uint32_t at = AUTHENTICATE_WITH_MIC;

        head(out, AUTHENTICATE);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                describe(out, fields[i], &at);
        buf_le32(out, a->flags);
        buf_add(out, version, sizeof(version));
        buf_add(out, no_mic, sizeof(no_mic));
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                buf_adds(out, fields[i]);
}

bool ntlm_av_next(struct str *pairs, uint16_t *id, struct str *value)
{
        struct cursor c = cursor_of(pairs->p, pairs->n);
        uint16_t n;

        *id = cursor_le16(&c);
        n = cursor_le16(&c);
        *value = cursor_bytes(&c, n);
        if (c.bad)
                return false;
        *pairs = str_from(*pairs, (size_t)n + 4);
        return *id != NTLM_AV_END;
}

bool ntlm_av_find(struct str pairs, uint16_t id, struct str *value)
{
        uint16_t found;

        while (ntlm_av_next(&pairs, &found, value))
                if (found == id)
                        return true;
        return false;
}

void ntlm_av_add(struct buf *out, uint16_t id, struct str value)
{
        buf_le16(out, id);
        buf_le16(out, (uint16_t)value.n);
        buf_adds(out, value);
}
