/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * spnego - the two messages of SPNEGO, in and out
 *
 *      client                          server
 *      NegTokenInit(mechs, token)  ──▶
 *                                  ◀── NegTokenResp(incomplete, mech, token)
 *      NegTokenResp(token, MIC)    ──▶
 *                                  ◀── NegTokenResp(completed, MIC)
 *
 * The MIC is the chosen mechanism's, over the DER of the client's mechanism
 * list, so that nobody on the way can shorten it.  DER is read by hand: definite
 * lengths of at most three octets, nothing indefinite, nothing beyond the
 * enclosing element.
 *
 * Ownership  Slices point into the token.
 * Threads    Pure; any thread.
 * Source     RFC 4178 section 4.2; [MS-SPNG] 2.2.
 */
#include "base/buf.h"
#include "base/err.h"

enum spnego_mech {
        SPNEGO_OTHER = 0,
        SPNEGO_KERBEROS,                /* 1.2.840.113554.1.2.2 */
        SPNEGO_MS_KERBEROS,             /* 1.2.840.48018.1.2.2, an old mistake that Windows offers first */
        SPNEGO_NTLM,                    /* 1.3.6.1.4.1.311.2.2.10 */
};
enum spnego_state {
        SPNEGO_NO_STATE = -1,
        SPNEGO_COMPLETED = 0,
        SPNEGO_INCOMPLETE = 1,
        SPNEGO_REJECT = 2,
        SPNEGO_REQUEST_MIC = 3,
};
enum { SPNEGO_MECHS_MAX = 16, SPNEGO_TOKEN_MAX = 64 << 10 };

struct spnego_init {
        enum spnego_mech mechs[SPNEGO_MECHS_MAX];       /* in the client's order */
        size_t n_mechs;
        struct str mech_list;           /* the MechTypeList, tag and length included: what a MIC is over */
        struct str token;               /* of mechs[0]; p NULL when there is none */
};
struct spnego_resp {
        enum spnego_state state;
        enum spnego_mech mech;          /* OTHER when not said */
        struct str token, mic;          /* p NULL when not there */
};

/* Is it a NegTokenInit or NegTokenResp at all?  For telling SPNEGO from a bare mechanism's token. */
bool spnego_is_init(struct str token);
/* ERR_INVALID. */
MUST int spnego_decode_init(struct str token, struct spnego_init *out, struct err *e);
MUST int spnego_decode_resp(struct str token, struct spnego_resp *out, struct err *e);
/* Appends; state, mech OTHER, token and mic with p NULL are left out. */
void spnego_encode_resp(struct buf *out, const struct spnego_resp *r);
/* For clients; mechs OTHER are left out. */
void spnego_encode_init(struct buf *out, const enum spnego_mech *mechs, size_t n, struct str token);
