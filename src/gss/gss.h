/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * gss - Kerberos for RPC through MIT's library
 *
 * The acceptor works in DCE style ([MS-KILE] 3.4.5.1; RFC 4757 calls it
 * GSS_C_DCE_STYLE): three legs, and signatures that lie in the trailer of a PDU
 * while its octets stay in place.  Only clients of the acceptor's own realm are
 * accepted: a trust may make principals of other realms genuine, but whom they
 * are here is not said anywhere.
 *
 * Threads    gss_dce_step() may read files (keytab, replay cache) and so is for a
 *            worker; everything of one context happens on one thread at a time.
 * Source     RFC 2743, RFC 4121, RFC 6542; [MS-RPCE] 3.3.1.5.2.2.
 */
#include "base/buf.h"
#include "base/err.h"

struct gss_keys;
struct gss_dce;

/* The service keys of a keytab.  ERR_IO, ERR_DENIED, ERR_NOT_FOUND (no such file or no key in it): e names the file. */
MUST int gss_keys_open(struct gss_keys **out, const char *keytab, struct err *e);
void gss_keys_free(struct gss_keys *k);         /* after its contexts; NULL is harmless */

MUST int gss_dce_new(struct gss_dce **out, struct gss_keys *k); /* 0 or -ENOMEM */
void gss_dce_free(struct gss_dce *c);   /* NULL is harmless */
enum { GSS_STEP_DONE = 0, GSS_STEP_MORE = 1 };
/* Take a token, append the answer.  ERR_DENIED says what the library said. */
MUST int gss_dce_step(struct gss_dce *c, struct str token, struct buf *out, struct err *e);
/* "user@REALM" once established; lives as long as the context. */
struct str gss_dce_client(const struct gss_dce *c);

/* A PDU as in rpc/sec.h: [data, data_end) is what is encrypted. */
struct gss_pdu {
        uint8_t *p;
        size_t data, data_end, n;
};
/* Octets of a signature: sealed or only signed. 0: the library does not say. */
size_t gss_dce_signature_size(struct gss_dce *c, bool seal, bool header_sign);
/* sig has gss_dce_signature_size() octets.  header_sign: what is around the data is signed, too.  0 or -EBADMSG. */
MUST int gss_dce_protect(struct gss_dce *c, bool seal, bool header_sign, struct gss_pdu *pdu, uint8_t *sig);
MUST int gss_dce_unprotect(struct gss_dce *c, bool seal, bool header_sign, struct gss_pdu *pdu, struct str sig);
/* A MIC over any octets, for SPNEGO. */
MUST int gss_dce_sign(struct gss_dce *c, struct str message, struct buf *out);
MUST int gss_dce_check(struct gss_dce *c, struct str message, struct str mic);
