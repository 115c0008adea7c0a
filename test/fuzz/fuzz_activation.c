/* SPDX-License-Identifier: Apache-2.0 */
/* Activation blobs, as OBJREFs and as the parameters of IActivation: what is read has what it says. */
#include <assert.h>
#include "dcom/activation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str s = { (const char *)data, size };
        struct ndr_in in = ndr_in_of(s);
        struct dcom_activation asked;
        struct err e = { 0 };
        struct arena a;

        arena_init(&a, 1 << 20);
        if (dcom_activation_read(s, &a, &asked, &e) == 0)
                assert(asked.n_iids > 0 && asked.n_iids <= DCOM_ACTIVATION_IIDS_MAX);
        else
                assert(e.text[0]);
        dcom_activation_read_old(&in, &asked);
        if (ndr_in_ok(&in))
                assert(asked.n_iids > 0 && asked.n_iids <= DCOM_ACTIVATION_IIDS_MAX);
        arena_fini(&a);
        return 0;
}
