/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resource - any text as a resource name below /AdminService/wmi/ */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "rest/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct err e = { 0 };
        struct url_target t;
        struct arena a;

        arena_init(&a, 1 << 20);
        if (url_parse((struct str){ (const char *)data, size }, &a, &t, &e) == 0) {
                assert(t.class);
                assert(!t.keys || t.keys->class == t.class);
                assert(!t.method || t.method->static_ || t.keys);
        }
        arena_fini(&a);
        return 0;
}
