/* SPDX-License-Identifier: Apache-2.0 */
/* Judging certificates: signed by us, valid now, whose, until when. */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "auth/pki_internal.h"
#include "base/time.h"
#include "os/os.h"

enum { DER_MAX = 64 << 10 };

static int instant(const ASN1_TIME *t, int64_t *out_us)
{
        struct tm tm;

        if (ASN1_TIME_to_tm(t, &tm) != 1)
                return -1;
        *out_us = (int64_t)timegm(&tm) * US_PER_SECOND;
        return 0;
}

static int check_dates(X509 *c, struct err *e)
{
        int64_t from, until, now = os_now_us();
        char text[RFC3339_LEN + 1];

        if (instant(X509_get0_notBefore(c), &from) < 0 || instant(X509_get0_notAfter(c), &until) < 0)
                return err_set(e, ERR_DENIED, "the client's certificate has unreadable dates");
        if (now < from) {
                time_format_rfc3339(from, text);
                return err_set(e, ERR_DENIED, "the client's certificate is not yet valid (from %s): "
                                              "is this machine's clock right?", text);
        }
        if (now > until) {
                time_format_rfc3339(until, text);
                return err_set(e, ERR_DENIED, "the client's certificate has expired (on %s): renew it, or is this "
                                              "machine's clock right?", text);
        }
        return 0;
}

static int common_name(X509 *c, char *cn, size_t cap, struct err *e)
{
        int n = X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, cn, (int)cap);

        if (n <= 0 || strlen(cn) != (size_t)n)
                return err_set(e, ERR_DENIED, "the client's certificate has no usable name");
        return 0;
}

/* One level only: our authority signs leaves and nothing else (pathlen 0). */
static bool signed_by(X509 *c, X509 *ca)
{
        EVP_PKEY *key = X509_get0_pubkey(ca);
        bool ok = key && X509_NAME_cmp(X509_get_issuer_name(c), X509_get_subject_name(ca)) == 0 &&
                  X509_verify(c, key) == 1;

        ERR_clear_error();
        return ok;
}

int pki_check_client(const char *ca_pem, struct str der, char *cn, size_t cap, struct err *e)
{
        _cleanup_(X509_freep) X509 *ca = NULL;
        _cleanup_(X509_freep) X509 *c = NULL;
        const unsigned char *p = (const unsigned char *)der.p;
        struct err nameless = { 0 };
        int r;

        cn[0] = 0;
        if (!p)
                return err_set(e, ERR_DENIED, "no client certificate was shown");
        r = pki_read_cert(&ca, str_of(ca_pem), e);
        if (r < 0)
                return err_prefix(e, "the site's authority");
        c = der.n <= DER_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
        if (!c)
                return pki_fail(e, ERR_DENIED, "the client's certificate cannot be read");
        if (common_name(c, cn, cap, &nameless) < 0)
                cn[0] = 0;
        if (!signed_by(c, ca))
                return err_set(e, ERR_DENIED, "the client's certificate was not issued by this site's authority: "
                                              "enrol with a token of this site");
        if (X509_check_ca(c) != 0 || !(X509_get_extended_key_usage(c) & XKU_SSL_CLIENT))
                return err_set(e, ERR_DENIED, "the client's certificate was not issued for clients");
        r = check_dates(c, e);
        return r < 0 || cn[0] ? r : err_set(e, ERR_DENIED, "%s", nameless.text);
}

void pki_sha256(struct str der, uint8_t out[PKI_SHA256_LEN])
{
        SHA256((const unsigned char *)der.p, der.n, out);
}

int pki_sha256_pem(struct str cert_pem, uint8_t out[PKI_SHA256_LEN], struct err *e)
{
        _cleanup_(X509_freep) X509 *c = NULL;
        unsigned n = PKI_SHA256_LEN;
        int r = pki_read_cert(&c, cert_pem, e);

        if (r < 0)
                return r;
        return X509_digest(c, EVP_sha256(), out, &n) ? 0 : pki_fail(e, ERR_INTERNAL, "digest a certificate");
}

int pki_validity_pem(struct str cert_pem, int64_t *from_us_out, int64_t *until_us_out, struct err *e)
{
        _cleanup_(X509_freep) X509 *c = NULL;
        int r = pki_read_cert(&c, cert_pem, e);

        if (r < 0)
                return r;
        if (instant(X509_get0_notBefore(c), from_us_out) < 0 || instant(X509_get0_notAfter(c), until_us_out) < 0)
                return err_set(e, ERR_INVALID, "the certificate has unreadable dates");
        return 0;
}

int pki_match(const struct pki_pair *p, struct err *e)
{
        _cleanup_(X509_freep) X509 *c = NULL;
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
        int r = pki_read_cert(&c, str_of(p->cert_pem), e);

        if (r == 0)
                r = pki_read_key(&key, str_of(p->key_pem), e);
        if (r < 0)
                return r;
        return X509_check_private_key(c, key) == 1 ? 0 : pki_fail(e, ERR_INVALID, "the key is not the certificate's");
}
