/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ntlm - both ends of an NTLMv2 logon
 *
 *      client                        server
 *      ntlm_initiator_negotiate ──▶ ntlm_acceptor_negotiate
 *      ntlm_initiator_respond   ◀──        (challenge)
 *               (authenticate)  ──▶ ntlm_acceptor_claim, then ntlm_acceptor_check
 *      session                       session
 *
 * What is refused: NTLMv1, LM, anonymous, a client without extended session
 * security or 128-bit keys, a MIC that was promised and is wrong.  What is not
 * asked for: SIGN and SEAL, which DCE RPC's levels say anew.
 *
 * An acceptor knows no accounts.  ntlm_acceptor_claim() tells who the client
 * says it is; the caller finds that account's NT hash and hands it to
 * ntlm_acceptor_check(), or NULL when there is none, which costs the same.
 *
 * Clock and randomness come from outside, so transcripts repeat in tests.
 *
 * Threads    A struct belongs to one thread at a time.
 * Source     [MS-NLMP] 3.1.5, 3.2.5, 3.3.2.
 */
#include "base/arena.h"
#include "base/err.h"
#include "ntlm/message.h"
#include "ntlm/session.h"

enum { NTLM_HASH_LEN = 16, NTLM_NAME_MAX = 512 };       /* a user or domain name, octets of UTF-16 */

/* MD4 of the password in UTF-16LE.  Equivalent to the password for whoever has it. */
void ntlm_hash(struct str password, uint8_t out[NTLM_HASH_LEN]);

struct ntlm_names {                     /* how the server calls itself; UTF-8, borrowed during the call */
        struct str netbios_computer, netbios_domain, dns_computer, dns_domain;
};

struct ntlm_acceptor {
        struct buf negotiate, challenge;        /* as they were, for the MIC */
        struct buf authenticate;
        uint8_t nonce[NTLM_CHALLENGE_LEN];
        bool claimed;
};
struct ntlm_claim {                     /* UTF-8 in the arena */
        struct str user, domain, workstation;
};

void ntlm_acceptor_init(struct ntlm_acceptor *a, const uint8_t nonce[NTLM_CHALLENGE_LEN]);
void ntlm_acceptor_fini(struct ntlm_acceptor *a);
/* Appends the CHALLENGE.  now_us: wall clock, us since 1970.  ERR_INVALID, ERR_NOT_SUPPORTED, ERR_NOMEM. */
MUST int ntlm_acceptor_negotiate(struct ntlm_acceptor *a, struct str token, const struct ntlm_names *names,
                                 int64_t now_us, struct buf *out, struct err *e);
/* ERR_INVALID, ERR_NOT_SUPPORTED (NTLMv1, anonymous, no ESS, weak keys), ERR_NOMEM. */
MUST int ntlm_acceptor_claim(struct ntlm_acceptor *a, struct str token, struct arena *mem, struct ntlm_claim *out,
                             struct err *e);
/*
 * Prove the claim.  nt_hash NULL: an account that is not there.
 * key_out, which may be NULL, receives the exported session key.
 * 0, or ERR_DENIED; session is initialised on 0 only.
 */
MUST int ntlm_acceptor_check(struct ntlm_acceptor *a, const uint8_t *nt_hash, struct ntlm_session *session,
                             uint8_t *key_out, struct err *e);

struct ntlm_initiator {
        struct buf negotiate;
        uint32_t flags;
};
struct ntlm_secrets {                   /* randomness and clock of one logon */
        uint8_t nonce[NTLM_CHALLENGE_LEN];
        uint8_t key[NTLM_KEY_LEN];
        int64_t now_us;                 /* used when the server tells no time */
};
struct ntlm_logon {
        struct str user, domain, workstation;   /* UTF-8 */
        uint8_t nt_hash[NTLM_HASH_LEN];
        struct str target_name;         /* SPN, "rpcss/host", or empty */
};
void ntlm_initiator_init(struct ntlm_initiator *i);
void ntlm_initiator_fini(struct ntlm_initiator *i);
void ntlm_initiator_negotiate(struct ntlm_initiator *i, struct buf *out);
/* Appends the AUTHENTICATE.  ERR_INVALID, ERR_NOT_SUPPORTED (a server without ESS or 128-bit keys), ERR_NOMEM. */
MUST int ntlm_initiator_respond(struct ntlm_initiator *i, struct str challenge, const struct ntlm_logon *who,
                                const struct ntlm_secrets *secrets, struct buf *out, struct ntlm_session *session,
                                struct err *e);

/* NTOWFv2 of UTF-16LE names ([MS-NLMP] 3.3.2): the user in upper case, the domain as it was sent. */
void ntlm_owf(const uint8_t nt_hash[NTLM_HASH_LEN], struct str user, struct str domain, uint8_t out[NTLM_HASH_LEN]);
