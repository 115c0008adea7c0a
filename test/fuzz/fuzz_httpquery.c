/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for a parameter stays inside the query; a found value holds no NUL and is no longer than the query. */
#include <assert.h>
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        static const char *const names[] = { "a", "$filter", "" };
        struct arena a;
        struct str out;

        arena_init(&a, 0);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (http_query_find(&a, (struct str){ (const char *)p, n }, names[i], &out) == 0)
                        assert(out.n <= n && out.p[out.n] == '\0' && strlen(out.p) == out.n);
        arena_fini(&a);
        return 0;
}
