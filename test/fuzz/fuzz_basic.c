/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed Basic header gives bounded texts without control characters, inside the caller's buffer. */
#include <assert.h>
#include "auth/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        char buf[BASIC_MAX + 1];
        struct str name, password;

        if (basic_parse((struct str){ (const char *)p, n }, buf, &name, &password) == 0) {
                assert(name.p == buf && name.n <= USER_NAME_MAX && !memchr(name.p, ':', name.n));
                assert(password.p == buf + name.n + 1 && password.n <= USER_PASSWORD_MAX);
                for (size_t i = 0; i < name.n + 1 + password.n; i++)
                        assert((unsigned char)buf[i] >= 0x20 && buf[i] != 0x7f);
        }
        return 0;
}
