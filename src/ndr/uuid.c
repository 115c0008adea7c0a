/* SPDX-License-Identifier: Apache-2.0 */
/* Text of identifiers. */
#include <errno.h>
#include <stdio.h>
#include "base/hex.h"
#include "ndr/uuid.h"

/* Which octet of the wire form each pair of digits is: three fields little-endian, the rest as it is. */
static const uint8_t place[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

bool uuid_is_nil(const struct uuid *u)
{
        static const struct uuid nil;

        return uuid_eq(u, &nil);
}

static bool dash_before(size_t i)
{
        return i == 4 || i == 6 || i == 8 || i == 10;
}

void uuid_format(const struct uuid *u, char out[UUID_TEXT_LEN + 1])
{
        char *p = out;

        for (size_t i = 0; i < 16; i++) {
                if (dash_before(i))
                        *p++ = '-';
                hex_encode(&u->b[place[i]], 1, p);
                p += 2;
        }
}

int uuid_parse(struct str s, struct uuid *out)
{
        if (s.n == UUID_TEXT_LEN + 2 && s.p[0] == '{' && s.p[s.n - 1] == '}')
                s = (struct str){ s.p + 1, UUID_TEXT_LEN };
        if (s.n != UUID_TEXT_LEN)
                return -EINVAL;
        for (size_t i = 0; i < 16; i++) {
                if (dash_before(i) && *s.p++ != '-')
                        return -EINVAL;
                if (hex_decode((struct str){ s.p, 2 }, &out->b[place[i]], 1) < 0)
                        return -EINVAL;
                s.p += 2;
        }
        return 0;
}
