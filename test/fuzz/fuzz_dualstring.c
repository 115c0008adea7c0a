/* SPDX-License-Identifier: Apache-2.0 */
/* DUALSTRINGARRAYs: what is read is text, and addresses fall into hosts and ports or are refused. */
#include <assert.h>
#include "dcom/dualstring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cursor c = cursor_of(data, size);
        struct dcom_dualstring *d;
        struct arena a;

        arena_init(&a, 4 << 20);
        d = arena_alloc(&a, sizeof *d);
        if (d)
                dcom_dualstring_read(&c, &a, d);
        for (size_t i = 0; d && i < d->n_strings; i++) {
                struct str host;
                uint16_t port;

                assert(str_is_utf8(d->strings[i].address));
                if (dcom_address_split(d->strings[i].address, 135, &host, &port) == 0)
                        assert(host.n > 0 && host.n <= d->strings[i].address.n && port > 0);
        }
        arena_fini(&a);
        return 0;
}
