/* SPDX-License-Identifier: Apache-2.0 */
/* An accounts file that parses, formats to one that parses to the same accounts. */
#include <assert.h>
#include "auth/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct users u, v;
        struct err e = { 0 };
        char *text;

        if (users_parse(&u, (struct str){ (const char *)p, n }, &e) < 0) {
                assert(e.kind != ERR_NONE && !u.v);
                return 0;
        }
        assert(users_format(&u, &text) == 0);
        assert(users_parse(&v, str_of(text), &e) == 0);
        assert(u.n == v.n && (u.n == 0 || memcmp(u.v, v.v, u.n * sizeof(*u.v)) == 0));
        free(text);
        users_fini(&u);
        users_fini(&v);
        return 0;
}
