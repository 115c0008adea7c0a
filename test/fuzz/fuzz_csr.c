/* SPDX-License-Identifier: Apache-2.0 */
/* Signing requests and client certificates from strangers: a request either gives a certificate of ours or a reason. */
#include <assert.h>
#include "auth/pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        static struct pki_pair ca;
        struct str in = { (const char *)p, n };
        struct err e = { 0 };
        char cn[70], *pem;

        if (!ca.cert_pem && pki_make_ca(&ca, "Tallyman site P01", &e) < 0)
                abort();
        assert(pki_check_client(ca.cert_pem, in, cn, sizeof(cn), &e) < 0 && e.kind == ERR_DENIED);
        e = (struct err){ 0 };
        if (pki_issue_dp(&pem, &ca, in, "DP1", &e) == 0) {
                uint8_t digest[PKI_SHA256_LEN];

                assert(pki_sha256_pem(str_of(pem), digest, &e) == 0);
                free(pem);
        } else {
                assert(e.kind != ERR_NONE && !pem);
        }
        return 0;
}
