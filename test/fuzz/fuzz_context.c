/* SPDX-License-Identifier: Apache-2.0 */
/* IWbemContext: what is read is text of a bounded number, or the failure says something. */
#include <assert.h>
#include "wmi/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wmi_context x;
        struct err e = { 0 };
        struct arena a;

        arena_init(&a, 16 << 20);
        if (wmi_context_read((struct str){ size ? (const char *)data : "", size }, &a, &x, &e) == 0) {
                assert(x.n_properties <= WMI_CONTEXT_ITEMS_MAX);
                for (size_t i = 0; i < x.n_properties; i++)
                        assert(x.properties[i].p);
        } else {
                assert(e.text[0]);
        }
        arena_fini(&a);
        return 0;
}
