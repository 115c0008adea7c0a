/* SPDX-License-Identifier: Apache-2.0 */
/* hex - hexadecimal, base64 and base64url; strict: one text for one run of bytes */
#include <errno.h>
#include "base/hex.h"

void hex_encode(const void *p, size_t n, char *out)
{
        static const char digits[] = "0123456789abcdef";
        const uint8_t *b = p;

        for (size_t i = 0; i < n; i++) {
                out[2 * i] = digits[b[i] >> 4];
                out[2 * i + 1] = digits[b[i] & 15];
        }
        out[2 * n] = '\0';
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int hex_decode(struct str s, void *out, size_t n)
{
        uint8_t *b = out;

        if (s.n / 2 != n || s.n % 2 != 0)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                int hi = hex_digit(s.p[2 * i]), lo = hex_digit(s.p[2 * i + 1]);

                if (hi < 0 || lo < 0)
                        return -EINVAL;
                b[i] = (uint8_t)(hi << 4 | lo);
        }
        return 0;
}

static const char alphabet_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode64(const uint8_t *b, size_t n, char *out, const char *alphabet, bool pad)
{
        for (; n >= 3; n -= 3, b += 3) {
                *out++ = alphabet[b[0] >> 2];
                *out++ = alphabet[(b[0] & 3) << 4 | b[1] >> 4];
                *out++ = alphabet[(b[1] & 15) << 2 | b[2] >> 6];
                *out++ = alphabet[b[2] & 63];
        }
        if (n) {
                uint8_t second = n == 2 ? b[1] : 0;

                *out++ = alphabet[b[0] >> 2];
                *out++ = alphabet[(b[0] & 3) << 4 | second >> 4];
                if (n == 2)
                        *out++ = alphabet[(second & 15) << 2];
                for (size_t i = n; pad && i < 3; i++)
                        *out++ = '=';
        }
        *out = '\0';
}

static int value64(char c, const char *alphabet)
{
        const char *at = c ? memchr(alphabet, c, 64) : NULL;

        return at ? (int)(at - alphabet) : -1;
}

/* RFC 4648 section 3.5: left-over bits must be zero, so that no two texts mean the same bytes. */
static int decode64(struct str s, uint8_t *out, size_t cap, size_t *n_out, const char *alphabet)
{
        size_t n = s.n / 4 * 3 + (s.n % 4 ? s.n % 4 - 1 : 0), at = 0;
        uint32_t bits = 0;
        unsigned have = 0;

        if (s.n % 4 == 1 || n > cap)
                return -EINVAL;
        for (size_t i = 0; i < s.n; i++) {
                int v = value64(s.p[i], alphabet);

                if (v < 0)
                        return -EINVAL;
                bits = bits << 6 | (uint32_t)v;
                have += 6;
                if (have >= 8) {
                        have -= 8;
                        out[at++] = (uint8_t)(bits >> have);
                        bits &= (1u << have) - 1;
                }
        }
        if (bits != 0)
                return -EINVAL;
        *n_out = at;
        return 0;
}

void base64url_encode(const void *p, size_t n, char *out)
{
        encode64(p, n, out, alphabet_url, false);
}

int base64url_decode(struct str s, void *out, size_t cap, size_t *n_out)
{
        return decode64(s, out, cap, n_out, alphabet_url);
}

void base64_encode(const void *p, size_t n, char *out)
{
        encode64(p, n, out, alphabet_std, true);
}

int base64_decode(struct str s, void *out, size_t cap, size_t *n_out)
{
        if (s.n % 4 != 0)
                return -EINVAL;
        for (int i = 0; i < 2 && s.n && s.p[s.n - 1] == '='; i++)
                s.n--;
        return decode64(s, out, cap, n_out, alphabet_std);
}
