/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf16.h"

enum { REPLACEMENT = 0xfffd };

static uint32_t unit(const uint8_t *p, size_t i)
{
        return (uint32_t)p[2 * i] | (uint32_t)p[2 * i + 1] << 8;
}

static uint32_t next_char(const uint8_t *p, size_t n, size_t *i)
{
        uint32_t u = unit(p, (*i)++), v;

        if (u < 0xd800 || u > 0xdfff)
                return u;
        if (u > 0xdbff || *i == n)
                return REPLACEMENT;
        v = unit(p, *i);
        if (v < 0xdc00 || v > 0xdfff)
                return REPLACEMENT;
        (*i)++;
        return 0x10000 + ((u - 0xd800) << 10) + (v - 0xdc00);
}

static size_t put_char(char *z, uint32_t c)
{
        if (c < 0x80) {
                z[0] = (char)c;
                return 1;
        }
        if (c < 0x800) {
                z[0] = (char)(0xc0 | c >> 6);
                z[1] = (char)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                z[0] = (char)(0xe0 | c >> 12);
                z[1] = (char)(0x80 | (c >> 6 & 0x3f));
                z[2] = (char)(0x80 | (c & 0x3f));
                return 3;
        }
        z[0] = (char)(0xf0 | c >> 18);
        z[1] = (char)(0x80 | (c >> 12 & 0x3f));
        z[2] = (char)(0x80 | (c >> 6 & 0x3f));
        z[3] = (char)(0x80 | (c & 0x3f));
        return 4;
}

struct str utf16_decode(const void *p, size_t n_units, struct arena *a)
{
        char space[4];
        size_t n = 0;
        char *z;

        for (size_t i = 0; i < n_units;)
                n += put_char(space, next_char(p, n_units, &i));
        z = arena_alloc(a, n + 1);
        if (!z)
                return STR_NULL;
        n = 0;
        for (size_t i = 0; i < n_units;)
                n += put_char(z + n, next_char(p, n_units, &i));
        return (struct str){ z, n };
}

/* The character at *at, and *at behind it. */
static uint32_t utf8_next(struct str s, size_t *at)
{
        uint8_t c = (uint8_t)s.p[(*at)++];
        size_t more = c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xc2 && c < 0xe0 ? 1 : 0;
        uint32_t v = more == 3 ? c & 7u : more == 2 ? c & 15u : c & 31u;

        if (c < 0x80)
                return c;
        if (!more || s.n - *at < more)
                return REPLACEMENT;
        for (size_t i = 0; i < more; i++) {
                uint8_t t = (uint8_t)s.p[*at + i];

                if ((t & 0xc0) != 0x80)
                        return REPLACEMENT;
                v = v << 6 | (t & 0x3f);
        }
        if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff) || (more == 2 && v < 0x800) || (more == 3 && v < 0x10000))
                return REPLACEMENT;
        *at += more;
        return v;
}

void utf16_encode(struct str s, struct buf *out)
{
        for (size_t at = 0; at < s.n;) {
                uint32_t c = utf8_next(s, &at);

                if (c < 0x10000) {
                        buf_le16(out, (uint16_t)c);
                } else {
                        buf_le16(out, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
                        buf_le16(out, (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff)));
                }
        }
}

size_t utf16_units(struct str s)
{
        size_t n = 0;

        for (size_t at = 0; at < s.n;)
                n += utf8_next(s, &at) < 0x10000 ? 1 : 2;
        return n;
}
