/* SPDX-License-Identifier: Apache-2.0 */
/* Making certificates and requests: the authority, listeners, distribution points. */
#include <openssl/x509v3.h>
#include "auth/pki_internal.h"
#include "base/time.h"
#include "os/os.h"

enum { YEARS_CA = 20, YEARS_LEAF = 2, ALT_NAMES_MAX = 32, CN_MAX = 64 };

/* 64 random bits: positive, never zero, more than RFC 5280 4.1.2.2 asks. */
static bool set_serial(X509 *c)
{
        return ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), (os_random_u64() >> 1) | 1) == 1;
}

static bool set_validity(X509 *c, int years)
{
        time_t now = (time_t)(os_now_us() / US_PER_SECOND);

        return ASN1_TIME_adj(X509_getm_notBefore(c), now, -1, 0) != NULL &&
               ASN1_TIME_adj(X509_getm_notAfter(c), now, years * 365 + years / 4, 0) != NULL;
}

/* RFC 5280 upper bound ub-common-name: the first 64 bytes; the whole name is in the alternative names. */
static bool set_cn(X509_NAME *n, const char *cn)
{
        return X509_NAME_add_entry_by_NID(n, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn,
                                          (int)MIN(strlen(cn), (size_t)CN_MAX), -1, 0) == 1;
}

static bool add_ext(X509 *c, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX ctx;
        X509_EXTENSION *x;
        bool ok;

        X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
        X509V3_set_ctx_nodb(&ctx);
        x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
        ok = x && X509_add_ext(c, x, -1);
        X509_EXTENSION_free(x);
        return ok;
}

struct profile {
        int years;
        const char *constraints, *usage, *extended;     /* extended NULL: none */
};

static const struct profile profile_ca = { YEARS_CA, "critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL };
static const struct profile profile_server = { YEARS_LEAF, "critical,CA:FALSE", "critical,digitalSignature",
                                               "serverAuth" };
static const struct profile profile_dp = { YEARS_LEAF, "critical,CA:FALSE", "critical,digitalSignature",
                                           "clientAuth,serverAuth" };

/* Everything but the signature.  issuer NULL: self-signed. */
static X509 *draft(const struct profile *p, const char *cn, EVP_PKEY *key, X509 *issuer, GENERAL_NAMES *names)
{
        _cleanup_(X509_freep) X509 *c = X509_new();

        if (!c || !X509_set_version(c, X509_VERSION_3) || !set_serial(c) || !set_validity(c, p->years) ||
            !set_cn(X509_get_subject_name(c), cn) || !X509_set_pubkey(c, key) ||
            !X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)))
                return NULL;
        if (!add_ext(c, issuer ? issuer : c, NID_basic_constraints, p->constraints) ||
            !add_ext(c, issuer ? issuer : c, NID_key_usage, p->usage) ||
            (p->extended && !add_ext(c, issuer, NID_ext_key_usage, p->extended)) ||
            !add_ext(c, issuer ? issuer : c, NID_subject_key_identifier, "hash") ||
            !add_ext(c, issuer ? issuer : c, NID_authority_key_identifier, "keyid:always"))
                return NULL;
        if (names && sk_GENERAL_NAME_num(names) > 0 && X509_add1_ext_i2d(c, NID_subject_alt_name, names, 0, 0) != 1)
                return NULL;
        return steal(&c);
}

static int sign(char **pem_out, X509 *c, EVP_PKEY *key, const char *what, struct err *e)
{
        if (!c || !X509_sign(c, key, EVP_sha256()))
                return pki_fail(e, ERR_INTERNAL, what);
        return pki_write_cert(pem_out, c, e);
}

int pki_make_ca(struct pki_pair *out, const char *cn, struct err *e)
{
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = pki_new_key();
        _cleanup_(X509_freep) X509 *c = NULL;
        int r;

        *out = (struct pki_pair){ 0 };
        if (!key)
                return pki_fail(e, ERR_INTERNAL, "make the authority's key");
        c = draft(&profile_ca, cn, key, NULL, NULL);
        r = sign(&out->cert_pem, c, key, "make the authority's certificate", e);
        if (r == 0)
                r = pki_write_key(&out->key_pem, key, e);
        if (r < 0)
                pki_pair_fini(out);
        return r;
}

static int read_ca(const struct pki_pair *ca, X509 **cert, EVP_PKEY **key, struct err *e)
{
        int r = pki_read_cert(cert, str_of(ca->cert_pem), e);

        if (r == 0)
                r = pki_read_key(key, str_of(ca->key_pem), e);
        return r < 0 ? err_prefix(e, "the site's authority") : 0;
}

int pki_issue_server(struct pki_pair *out, const struct pki_pair *ca, const char *const *names, struct err *e)
{
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = pki_new_key();
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *ca_key = NULL;
        _cleanup_(X509_freep) X509 *ca_cert = NULL;
        _cleanup_(X509_freep) X509 *c = NULL;
        GENERAL_NAMES *alt = NULL;
        int r;

        *out = (struct pki_pair){ 0 };
        if (!names || !names[0])
                return err_set(e, ERR_INVALID, "a server's certificate needs a name or an address");
        r = read_ca(ca, &ca_cert, &ca_key, e);
        if (r < 0)
                return r;
        r = pki_alt_names(&alt, names, e);
        if (r < 0)
                return r;
        c = key ? draft(&profile_server, names[0], key, ca_cert, alt) : NULL;
        GENERAL_NAMES_free(alt);
        r = sign(&out->cert_pem, c, ca_key, "make the server's certificate", e);
        if (r == 0)
                r = pki_write_key(&out->key_pem, key, e);
        if (r < 0)
                pki_pair_fini(out);
        return r;
}

static bool request_names(X509_REQ *q, GENERAL_NAMES *alt)
{
        STACK_OF(X509_EXTENSION) *list = NULL;
        bool ok = true;

        if (sk_GENERAL_NAME_num(alt) > 0) {
                ok = X509V3_add1_i2d(&list, NID_subject_alt_name, alt, 0, X509V3_ADD_DEFAULT) == 1 &&
                     X509_REQ_add_extensions(q, list) == 1;
                sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
        }
        return ok;
}

int pki_make_csr(char **key_pem_out, char **csr_pem_out, const char *cn, const char *const *names, struct err *e)
{
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = pki_new_key();
        _cleanup_(X509_REQ_freep) X509_REQ *q = X509_REQ_new();
        GENERAL_NAMES *alt = NULL;
        bool ok;
        int r;

        *key_pem_out = *csr_pem_out = NULL;
        r = pki_alt_names(&alt, names, e);
        if (r < 0)
                return r;
        ok = key && q && set_cn(X509_REQ_get_subject_name(q), cn) && X509_REQ_set_pubkey(q, key) &&
             request_names(q, alt) && X509_REQ_sign(q, key, EVP_sha256());
        GENERAL_NAMES_free(alt);
        if (!ok)
                return pki_fail(e, ERR_INTERNAL, "make a signing request");
        r = pki_write_csr(csr_pem_out, q, e);
        if (r == 0)
                r = pki_write_key(key_pem_out, key, e);
        if (r < 0) {
                free(*csr_pem_out);
                *csr_pem_out = NULL;
        }
        return r;
}

/* DNS names and addresses of the request, at most ALT_NAMES_MAX; everything else is dropped. */
static int wanted_names(X509_REQ *q, GENERAL_NAMES **out, struct err *e)
{
        STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(q);
        GENERAL_NAMES *asked = list ? X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL) : NULL;
        GENERAL_NAMES *kept = GENERAL_NAMES_new();
        bool ok = kept != NULL;

        for (int i = 0; ok && asked && i < sk_GENERAL_NAME_num(asked); i++) {
                GENERAL_NAME *g = sk_GENERAL_NAME_value(asked, i), *copy;

                if ((g->type != GEN_DNS && g->type != GEN_IPADD) || sk_GENERAL_NAME_num(kept) >= ALT_NAMES_MAX)
                        continue;
                copy = GENERAL_NAME_dup(g);
                ok = copy && sk_GENERAL_NAME_push(kept, copy);
                if (!ok)
                        GENERAL_NAME_free(copy);
        }
        GENERAL_NAMES_free(asked);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
        if (!ok)
                GENERAL_NAMES_free(kept);
        *out = ok ? kept : NULL;
        return ok ? 0 : err_set(e, ERR_NOMEM, "out of memory for names");
}

static int check_request(X509_REQ *q, EVP_PKEY **key_out, struct err *e)
{
        EVP_PKEY *key = X509_REQ_get0_pubkey(q);
        char group[32] = "";

        if (!key)
                return pki_fail(e, ERR_INVALID, "the signing request's key");
        if (EVP_PKEY_is_a(key, "EC"))
                (void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
        if (!(EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048 && EVP_PKEY_get_bits(key) <= 8192) &&
            strcmp(group, "prime256v1") != 0 && strcmp(group, "secp384r1") != 0)
                return err_set(e, ERR_INVALID, "the signing request's key is neither EC P-256 or P-384 nor RSA of "
                                               "2048 to 8192 bits");
        if (X509_REQ_verify(q, key) != 1)
                return pki_fail(e, ERR_DENIED, "the signing request is not signed by its own key");
        *key_out = key;
        return 0;
}

int pki_issue_dp(char **cert_pem_out, const struct pki_pair *ca, struct str csr_pem, const char *cn, struct err *e)
{
        _cleanup_(X509_REQ_freep) X509_REQ *q = NULL;
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *ca_key = NULL;
        _cleanup_(X509_freep) X509 *ca_cert = NULL;
        _cleanup_(X509_freep) X509 *c = NULL;
        EVP_PKEY *key = NULL;
        GENERAL_NAMES *alt = NULL;
        int r;

        *cert_pem_out = NULL;
        r = pki_read_csr(&q, csr_pem, e);
        if (r == 0)
                r = check_request(q, &key, e);
        if (r == 0)
                r = read_ca(ca, &ca_cert, &ca_key, e);
        if (r == 0)
                r = wanted_names(q, &alt, e);
        if (r < 0)
                return r;
        c = draft(&profile_dp, cn, key, ca_cert, alt);
        GENERAL_NAMES_free(alt);
        return sign(cert_pem_out, c, ca_key, "make the distribution point's certificate", e);
}
