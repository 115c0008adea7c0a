/* SPDX-License-Identifier: Apache-2.0 */
/* PEM text to OpenSSL's structs and back. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "auth/pki_internal.h"

enum { PEM_MAX = 64 << 10 };

int pki_fail(struct err *e, enum err_kind kind, const char *what)
{
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());

        ERR_clear_error();
        return err_set(e, kind, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}

static BIO *reader(struct str pem)
{
        return pem.p && pem.n <= PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* An encrypted key is refused rather than asked for on the terminal. */
static int no_password(char *p, int n, int w, void *u)
{
        return -1;
}

int pki_read_cert(X509 **out, struct str pem, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = reader(pem);

        *out = b ? PEM_read_bio_X509(b, NULL, no_password, NULL) : NULL;
        return *out ? 0 : pki_fail(e, ERR_INVALID, "not a certificate in PEM form");
}

int pki_read_key(EVP_PKEY **out, struct str pem, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = reader(pem);

        *out = b ? PEM_read_bio_PrivateKey(b, NULL, no_password, NULL) : NULL;
        return *out ? 0 : pki_fail(e, ERR_INVALID, "not a private key in PEM form");
}

int pki_read_csr(X509_REQ **out, struct str pem, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = reader(pem);

        *out = b ? PEM_read_bio_X509_REQ(b, NULL, no_password, NULL) : NULL;
        return *out ? 0 : pki_fail(e, ERR_INVALID, "not a certificate signing request in PEM form");
}

static int take_text(char **out, BIO *b, bool ok, const char *what, struct err *e)
{
        char *p = NULL;
        long n = ok ? BIO_get_mem_data(b, &p) : 0;

        *out = n > 0 ? str_dup((struct str){ p, (size_t)n }) : NULL;
        return *out ? 0 : pki_fail(e, ERR_INTERNAL, what);
}

int pki_write_cert(char **out, X509 *c, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = BIO_new(BIO_s_mem());

        return take_text(out, b, b && PEM_write_bio_X509(b, c), "write a certificate", e);
}

int pki_write_key(char **out, EVP_PKEY *k, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = BIO_new(BIO_s_secmem());

        return take_text(out, b, b && PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL), "write a key", e);
}

int pki_write_csr(char **out, X509_REQ *q, struct err *e)
{
        _cleanup_(BIO_free_allp) BIO *b = BIO_new(BIO_s_mem());

        return take_text(out, b, b && PEM_write_bio_X509_REQ(b, q), "write a signing request", e);
}

void pki_pair_fini(struct pki_pair *p)
{
        free(p->cert_pem);
        if (p->key_pem)
                explicit_bzero(p->key_pem, strlen(p->key_pem));
        free(p->key_pem);
        *p = (struct pki_pair){ 0 };
}

EVP_PKEY *pki_new_key(void)
{
        return EVP_EC_gen("P-256");
}
