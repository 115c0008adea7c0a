/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * message - the three messages of NTLM, in and out
 *
 * Decoding checks every offset and length against the message; slices point
 * into it.  Nothing is trusted beyond that: what the fields mean is the
 * acceptor's business.
 *
 * Threads: pure; any thread.
 * Source: [MS-NLMP] 2.2.
 */
#include "base/buf.h"
#include "base/err.h"

/* [MS-NLMP] 2.2.2.5 */
#define NTLM_UNICODE 0x00000001U
#define NTLM_REQUEST_TARGET 0x00000004U
#define NTLM_SIGN 0x00000010U
#define NTLM_SEAL 0x00000020U
#define NTLM_NTLM 0x00000200U
#define NTLM_ANONYMOUS 0x00000800U
#define NTLM_ALWAYS_SIGN 0x00008000U
#define NTLM_TARGET_SERVER 0x00020000U
#define NTLM_ESS 0x00080000U            /* extended session security */
#define NTLM_TARGET_INFO 0x00800000U
#define NTLM_VERSION 0x02000000U
#define NTLM_128 0x20000000U
#define NTLM_KEY_EXCH 0x40000000U
#define NTLM_56 0x80000000U

/* [MS-NLMP] 2.2.2.1 */
enum ntlm_av {
        NTLM_AV_END = 0,
        NTLM_AV_COMPUTER = 1,           /* NetBIOS */
        NTLM_AV_DOMAIN = 2,
        NTLM_AV_DNS_COMPUTER = 3,
        NTLM_AV_DNS_DOMAIN = 4,
        NTLM_AV_FLAGS = 6,
        NTLM_AV_TIMESTAMP = 7,
        NTLM_AV_TARGET_NAME = 9,        /* the SPN the client dialled */
        NTLM_AV_CHANNEL_BINDINGS = 10,
};
enum { NTLM_AV_FLAG_MIC = 2 };

enum {
        NTLM_MESSAGE_MAX = 16 << 10,    /* octets of a message we look at */
        NTLM_CHALLENGE_LEN = 8,
        NTLM_MIC_AT = 72,               /* of AUTHENTICATE, where it has one */
        NTLM_MIC_LEN = 16,
        NTLM_PROOF_LEN = 16,
        NTLM_BLOB_MIN = 28,             /* NTLMv2_CLIENT_CHALLENGE up to its AV pairs, [MS-NLMP] 2.2.2.7 */
};

struct ntlm_challenge {
        uint32_t flags;
        uint8_t challenge[NTLM_CHALLENGE_LEN];
        struct str target_name;         /* UTF-16LE */
        struct str target_info;         /* AV pairs */
};
struct ntlm_authenticate {
        struct str lm, nt;              /* responses */
        struct str domain, user, workstation;   /* UTF-16LE */
        struct str session_key;         /* encrypted, or empty */
        uint32_t flags;
        bool has_mic;                   /* the response's AV pairs say so; [MIC_AT, MIC_AT + 16) is then there */
};

/* ERR_INVALID names what is wrong. */
MUST int ntlm_decode_negotiate(struct str m, uint32_t *flags_out, struct err *e);
MUST int ntlm_decode_challenge(struct str m, struct ntlm_challenge *out, struct err *e);
MUST int ntlm_decode_authenticate(struct str m, struct ntlm_authenticate *out, struct err *e);

void ntlm_encode_negotiate(struct buf *out, uint32_t flags);
void ntlm_encode_challenge(struct buf *out, const struct ntlm_challenge *c);
/* With room for a MIC, all zeros. */
void ntlm_encode_authenticate(struct buf *out, const struct ntlm_authenticate *a);

/* The next AV pair of *pairs, which moves on.  False at the end, or at what is no pair (then *pairs is not empty). */
bool ntlm_av_next(struct str *pairs, uint16_t *id, struct str *value);
bool ntlm_av_find(struct str pairs, uint16_t id, struct str *value);
void ntlm_av_add(struct buf *out, uint16_t id, struct str value);
