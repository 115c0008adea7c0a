/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * session - signing and sealing with the keys an NTLM exchange left behind
 *
 * Extended session security only: one RC4 stream and one sequence number a
 * direction, data first and checksum second, MAC over the clear text.  The same
 * struct serves both ends; `server` says whose keys are "ours".
 *
 * Messages must be checked in the order in which they were made.
 *
 * Source: [MS-NLMP] 3.4.3, 3.4.4.2, 3.4.5.
 */
#include "ntlm/crypt.h"

enum { NTLM_SIGNATURE_LEN = 16, NTLM_KEY_LEN = 16 };

struct ntlm_direction {
        uint8_t sign_key[NTLM_KEY_LEN];
        struct rc4 stream;
        uint32_t sequence;
};
struct ntlm_session {
        struct ntlm_direction out, in;
        bool key_exchange;              /* NTLM_KEY_EXCH: the checksum is encrypted, too */
};

/* key: the exported session key.  flags: as negotiated; they must have NTLM_ESS. */
void ntlm_session_init(struct ntlm_session *s, const uint8_t key[NTLM_KEY_LEN], uint32_t flags, bool server);
void ntlm_session_fini(struct ntlm_session *s);         /* wipes it */
/*
 * MAC of message [p, p + n), as it is in the clear; its part [from, to) is then encrypted in place.
 * from == to: nothing is encrypted, the message is signed only.
 */
void ntlm_seal(struct ntlm_session *s, uint8_t *p, size_t n, size_t from, size_t to, uint8_t sig[NTLM_SIGNATURE_LEN]);
/* Decrypts [from, to) in place and compares in constant time.  0 or -EBADMSG. */
MUST int ntlm_unseal(struct ntlm_session *s, uint8_t *p, size_t n, size_t from, size_t to,
                     const uint8_t sig[NTLM_SIGNATURE_LEN]);

/* Equality in constant time. */
bool ntlm_same(const void *a, const void *b, size_t n);
