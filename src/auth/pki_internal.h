/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* pki_internal - what the files of pki share: OpenSSL types in and out of PEM */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "auth/pki.h"
#include "base/macros.h"

DEFINE_FREEP(X509 *, X509_free)
DEFINE_FREEP(X509_REQ *, X509_REQ_free)
DEFINE_FREEP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_FREEP(BIO *, BIO_free_all)

/* "what: <OpenSSL's reason>" with kind; empties OpenSSL's queue. */
int pki_fail(struct err *e, enum err_kind kind, const char *what);

MUST int pki_read_cert(X509 **out, struct str pem, struct err *e);
MUST int pki_read_key(EVP_PKEY **out, struct str pem, struct err *e);
MUST int pki_read_csr(X509_REQ **out, struct str pem, struct err *e);
MUST int pki_write_cert(char **out, X509 *c, struct err *e);
MUST int pki_write_key(char **out, EVP_PKEY *k, struct err *e);
MUST int pki_write_csr(char **out, X509_REQ *q, struct err *e);

EVP_PKEY *pki_new_key(void);                    /* EC P-256; NULL on failure */
/* "DNS:a,IP:1.2.3.4" as a GENERAL_NAMES; NULL names gives an empty stack. */
MUST int pki_alt_names(GENERAL_NAMES **out, const char *const *names, struct err *e);
