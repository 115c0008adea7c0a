/* SPDX-License-Identifier: Apache-2.0 */
/* str - comparing, cutting and reading slices */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/str.h"

static unsigned char fold(char c)
{
        return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq(struct str a, struct str b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqz(struct str a, const char *z)
{
        return str_eq(a, str_of(z));
}

bool str_eq_nocase(struct str a, struct str b)
{
        return a.n == b.n && str_cmp_nocase(a, b) == 0;
}

bool str_eqz_nocase(struct str a, const char *z)
{
        return str_eq_nocase(a, str_of(z));
}

int str_cmp(struct str a, struct str b)
{
        size_t n = MIN(a.n, b.n);
        int r = n ? memcmp(a.p, b.p, n) : 0;

        if (r != 0)
                return r;
        return (a.n > b.n) - (a.n < b.n);
}

int str_cmp_nocase(struct str a, struct str b)
{
        size_t n = MIN(a.n, b.n);

        for (size_t i = 0; i < n; i++) {
                int d = fold(a.p[i]) - fold(b.p[i]);

                if (d != 0)
                        return d;
        }
        return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, const char *prefix)
{
        size_t n = strlen(prefix);

        return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
        size_t n = strlen(suffix);

        return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
        while (s.n && is_blank(s.p[0])) {
                s.p++;
                s.n--;
        }
        while (s.n && is_blank(s.p[s.n - 1]))
                s.n--;
        return s;
}

struct str str_cut(struct str s, char c, struct str *head)
{
        const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

        if (!at) {
                *head = s;
                return STR_NULL;
        }
        head->p = s.p;
        head->n = (size_t)(at - s.p);
        return str_from(s, head->n + 1);
}

struct str str_from(struct str s, size_t at)
{
        if (at > s.n)
                at = s.n;
        return (struct str){ s.p ? s.p + at : NULL, s.n - at };
}

char *str_dup(struct str s)
{
        char *z = malloc(s.n + 1);

        if (!z)
                return NULL;
        if (s.n)
                memcpy(z, s.p, s.n);
        z[s.n] = '\0';
        return z;
}

char *str_printf(const char *fmt, ...)
{
        char *z = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&z, fmt, ap);
        va_end(ap);
        return n < 0 ? NULL : z;
}

int str_to_u64(struct str s, uint64_t *out)
{
        uint64_t v = 0;
        bool over = false;

        if (s.n == 0)
                return -EINVAL;
        for (size_t i = 0; i < s.n; i++) {
                unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

                if (digit > 9)
                        return -EINVAL;
                over = over || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
                       __builtin_add_overflow(v, (uint64_t)digit, &v);
        }
        if (over)
                return -ERANGE;
        *out = v;
        return 0;
}

int str_to_i64(struct str s, int64_t *out)
{
        bool minus = s.n && s.p[0] == '-';
        uint64_t v;
        int r = str_to_u64(minus ? str_from(s, 1) : s, &v);

        if (r < 0)
                return r;
        if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
                return -ERANGE;
        *out = minus ? (int64_t)(0 - v) : (int64_t)v;
        return 0;
}

/* Length of the well-formed sequence at p (The Unicode Standard, table 3-7), 0 when there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
        unsigned char lo = 0x80, hi = 0xbf;
        size_t n;

        if (p[0] < 0x80)
                return 1;
        if (p[0] >= 0xc2 && p[0] <= 0xdf) {
                n = 2;
        } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
                n = 3;
                lo = p[0] == 0xe0 ? 0xa0 : 0x80;
                hi = p[0] == 0xed ? 0x9f : 0xbf;        /* no surrogates */
        } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
                n = 4;
                lo = p[0] == 0xf0 ? 0x90 : 0x80;
                hi = p[0] == 0xf4 ? 0x8f : 0xbf;        /* up to U+10FFFF */
        } else {
                return 0;
        }
        if (left < n || p[1] < lo || p[1] > hi)
                return 0;
        for (size_t i = 2; i < n; i++)
                if (p[i] < 0x80 || p[i] > 0xbf)
                        return 0;
        return n;
}

bool str_is_utf8(struct str s)
{
        const unsigned char *p = (const unsigned char *)s.p;

        for (size_t i = 0; i < s.n;) {
                size_t n = utf8_sequence(p + i, s.n - i);

                if (n == 0)
                        return false;
                i += n;
        }
        return true;
}
