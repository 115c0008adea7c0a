/* SPDX-License-Identifier: Apache-2.0 */
/* Subject alternative names (RFC 5280 4.2.1.6): DNS names and addresses only. */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include "auth/pki_internal.h"

enum { DNS_NAME_MAX = 253 };

/* RFC 1123 letters, digits and hyphens, underscores as found in the field, and one leading "*.". */
static bool is_dns_name(const char *z)
{
        size_t n = strlen(z);

        if (n == 0 || n > DNS_NAME_MAX)
                return false;
        if (z[0] == '*' && z[1] == '.')
                z += 2;
        return strspn(z, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(z);
}

static GENERAL_NAME *name_of(const char *z)
{
        GENERAL_NAME *g = GENERAL_NAME_new();
        uint8_t ip[16];
        size_t n = inet_pton(AF_INET, z, ip) == 1 ? 4 : inet_pton(AF_INET6, z, ip) == 1 ? 16 : 0;
        ASN1_STRING *s = n ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

        if (!g || !s || !ASN1_STRING_set(s, n ? (const void *)ip : z, n ? (int)n : (int)strlen(z))) {
                GENERAL_NAME_free(g);
                ASN1_STRING_free(s);
                return NULL;
        }
        GENERAL_NAME_set0_value(g, n ? GEN_IPADD : GEN_DNS, s);
        return g;
}

int pki_alt_names(GENERAL_NAMES **out, const char *const *names, struct err *e)
{
        GENERAL_NAMES *all = GENERAL_NAMES_new();

        for (; all && names && *names; names++) {
                uint8_t ip[16];
                GENERAL_NAME *g;

                if (inet_pton(AF_INET, *names, ip) != 1 && inet_pton(AF_INET6, *names, ip) != 1 &&
                    !is_dns_name(*names)) {
                        GENERAL_NAMES_free(all);
                        return err_set(e, ERR_INVALID, "\"%s\" is neither a DNS name nor an IP address", *names);
                }
                g = name_of(*names);
                if (!g || !sk_GENERAL_NAME_push(all, g)) {
                        GENERAL_NAME_free(g);
                        GENERAL_NAMES_free(all);
                        all = NULL;
                }
        }
        *out = all;
        return all ? 0 : err_set(e, ERR_NOMEM, "out of memory for names");
}
