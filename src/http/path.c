/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and queries as they come from the wire (RFC 3986 2.1, 3.3, 3.4):
 * hostile until decoded here, once.
 */
#include <errno.h>
#include "http/http.h"

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

int http_unescape(struct arena *a, struct str raw, bool plus_is_blank, struct str *out)
{
        char *p = arena_alloc(a, raw.n + 1);
        size_t n = 0;

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < raw.n; i++) {
                char c = raw.p[i];

                if (c == '%') {
                        int hi = raw.n - i > 2 ? hex_digit(raw.p[i + 1]) : -1;
                        int lo = hi >= 0 ? hex_digit(raw.p[i + 2]) : -1;

                        if (lo < 0)
                                return -EINVAL;
                        c = (char)(hi << 4 | lo);
                        i += 2;
                } else if (c == '+' && plus_is_blank) {
                        c = ' ';
                }
                if (c == '\0')
                        return -EINVAL;
                p[n++] = c;
        }
        p[n] = '\0';
        *out = (struct str){ p, n };
        return 0;
}

/* Takes "." segments out of p in place and refuses ".." ones. Returns the new length, or -EINVAL. */
static ssize_t normalise(char *p, size_t n)
{
        size_t to = 0;

        for (size_t at = 0; at < n;) {          /* p[at] is the '/' before a segment */
                size_t end = at + 1;

                while (end < n && p[end] != '/')
                        end++;
                if (end - at == 3 && p[at + 1] == '.' && p[at + 2] == '.')
                        return -EINVAL;
                if (end - at == 2 && p[at + 1] == '.') {
                        if (end == n)           /* "/a/." is "/a/" */
                                p[to++] = '/';
                } else {
                        memmove(p + to, p + at, end - at);
                        to += end - at;
                }
                at = end;
        }
        p[to] = '\0';
        return (ssize_t)to;
}

int http_path_decode(struct arena *a, struct str raw, struct str *out)
{
        struct str s;
        ssize_t n;
        int r;

        if (raw.n == 0 || raw.p[0] != '/')
                return -EINVAL;
        r = http_unescape(a, raw, false, &s);
        if (r < 0)
                return r;
        n = normalise((char *)s.p, s.n);
        if (n < 0)
                return (int)n;
        *out = (struct str){ s.p, (size_t)n };
        return 0;
}

int http_query_find(struct arena *a, struct str raw_query, const char *name, struct str *out)
{
        struct str rest = raw_query;

        while (rest.n > 0) {
                struct str pair, key, value, decoded;
                int r;

                rest = str_cut(rest, '&', &pair);
                value = str_cut(pair, '=', &key);
                if (key.n > 3 * strlen(name))   /* cannot be the name, however escaped */
                        continue;
                r = http_unescape(a, key, true, &decoded);
                if (r == -ENOMEM)
                        return r;
                if (r == 0 && str_eqz(decoded, name))
                        return http_unescape(a, value.p ? value : STR(""), true, out);
        }
        return 1;
}
