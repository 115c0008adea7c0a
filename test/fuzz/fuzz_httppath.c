/* SPDX-License-Identifier: Apache-2.0 */
/* A decoded path starts with '/', holds no NUL and no ".." or "." segment, and decodes to no more than it was. */
#include <assert.h>
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct arena a;
        struct str out;

        arena_init(&a, 0);
        if (http_path_decode(&a, (struct str){ (const char *)p, n }, &out) == 0) {
                struct str rest = out, segment;

                assert(out.n > 0 && out.n <= n && out.p[0] == '/' && out.p[out.n] == '\0');
                assert(!memchr(out.p, '\0', out.n));
                while (rest.n > 0) {
                        rest = str_cut(rest, '/', &segment);
                        assert(!str_eqz(segment, "..") && !str_eqz(segment, "."));
                }
        }
        arena_fini(&a);
        return 0;
}
