/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pki - the site's certificate authority
 *
 * A site is its own authority: it issues the certificate of its HTTPS listeners
 * and those of its distribution points.  Keys are EC P-256, signatures
 * ECDSA with SHA-256, certificates X.509 v3 (RFC 5280).  Every certificate is valid from one
 * day back, so that a peer whose clock is a little slow still takes it.
 *
 * Everything passes through as PEM text (malloc'ed, NUL-terminated, the
 * caller's to free) or as DER bytes; OpenSSL is seen by pki_*.c only.
 * Private keys never leave the machine they were made on: a distribution point
 * sends a signing request.
 *
 * Threads    Pure functions of their arguments, the clock and randomness of
 *            os/os.h aside (key generation uses OpenSSL's own generator); any
 *            thread.  Making a key or checking a signature takes well under a
 *            millisecond.
 * Errors     ERR_INVALID for text that is not what it should be, ERR_DENIED for
 *            certificates that are not to be trusted; texts say why.
 */
#include "base/err.h"
#include "base/str.h"

enum { PKI_SHA256_LEN = 32 };

struct pki_pair {
        char *cert_pem;
        char *key_pem;
};
void pki_pair_fini(struct pki_pair *p);

/*
 * pki_make_ca - a new authority, valid 20 years.
 * @cn  "Tallyman site P01"
 */
MUST int pki_make_ca(struct pki_pair *out, const char *cn, struct err *e);

/*
 * pki_issue_server - a key and certificate for a listener, valid 2 years.
 * @names  DNS names and IP addresses it is reached by, NULL-terminated; the
 *         first is the common name too
 */
MUST int pki_issue_server(struct pki_pair *out, const struct pki_pair *ca, const char *const *names, struct err *e);

/*
 * pki_make_csr - a distribution point's new key and its signing request (PKCS #10, RFC 2986).
 * @names  what it serves content as, NULL-terminated; may be empty
 */
MUST int pki_make_csr(char **key_pem_out, char **csr_pem_out, const char *cn, const char *const *names, struct err *e);

/*
 * pki_issue_dp - sign a distribution point's request, valid 2 years, for TLS clients and servers.
 * @cn  the name it gets, whatever the request says: the name it was enrolled
 *      under.  The request's alternative names are taken over when they are DNS
 *      names or IP addresses, at most 32; everything else in it is ignored.
 *
 * The request must be signed by its own key (proof of possession), which must
 * be EC P-256 or P-384, or RSA of 2048 bits or more.
 */
MUST int pki_issue_dp(char **cert_pem_out, const struct pki_pair *ca, struct str csr_pem, const char *cn, struct err *e);

/*
 * pki_check_client - is this certificate one of ours, and valid now?
 * @der    as handed over by TLS, hostile until checked
 * @cn     receives the common name (NUL-terminated, at most cap - 1 bytes), also of
 *         a certificate that is refused, so that the refusal can be told of
 *
 * Whether it was revoked is the caller's to know: compare pki_sha256() with
 * what is on record.  ERR_DENIED: "not issued by this site's authority",
 * "has expired ...", "is not yet valid: is this machine's clock right?".
 */
MUST int pki_check_client(const char *ca_pem, struct str der, char *cn, size_t cap, struct err *e);

/* SHA-256 of DER bytes, or of the first certificate in a PEM text (its DER). */
void pki_sha256(struct str der, uint8_t out[PKI_SHA256_LEN]);
MUST int pki_sha256_pem(struct str cert_pem, uint8_t out[PKI_SHA256_LEN], struct err *e);
/* notBefore and notAfter of the first certificate in a PEM text, as instants. */
MUST int pki_validity_pem(struct str cert_pem, int64_t *from_us_out, int64_t *until_us_out, struct err *e);
/* Does the key belong to the certificate?  0, or ERR_INVALID. */
MUST int pki_match(const struct pki_pair *p, struct err *e);

/*
 * PEM files of a pair in a directory: certificate 0644, key 0600, the key first,
 * so that a certificate on disk always has its key.  With one name for both,
 * they share a file (0600) and are replaced together or not at all: use that
 * where pairs are renewed.
 * pki_load_pair returns 0, or 1 when the certificate's file is not there (a key
 * alone is left over from a crash before the first certificate and counts as
 * nothing).  ERR_INVALID when key and certificate do not belong together.
 */
MUST int pki_store_pair(int dirfd, const char *cert_name, const char *key_name, const struct pki_pair *p, struct err *e);
MUST int pki_load_pair(struct pki_pair *out, int dirfd, const char *cert_name, const char *key_name, struct err *e);
