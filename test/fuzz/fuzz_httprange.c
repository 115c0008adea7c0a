/* SPDX-License-Identifier: Apache-2.0 */
/* A range is inside the size, whatever the header says. */
#include <assert.h>
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        static const uint64_t sizes[] = { 0, 1, 500, UINT64_C(1) << 40, UINT64_MAX };

        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                uint64_t first, last;

                if (http_range_parse((struct str){ (const char *)p, n }, sizes[i], &first, &last) == 0)
                        assert(first <= last && last < sizes[i]);
        }
        return 0;
}
