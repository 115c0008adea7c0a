/* SPDX-License-Identifier: Apache-2.0 */
/* like - matching with one place to come back to: the last % */
#include "wql/like.h"

#include "base/fold.h"

/* At "[": whether c is in the set, *at behind the closing bracket. -1: there is none. */
static int match_set(struct str p, size_t *at, uint32_t c)
{
        size_t i = *at + 1;
        bool negated = false, in = false;

        if (i + 1 < p.n && p.p[i] == '^' && p.p[i + 1] != ']') {
                negated = true;
                i++;
        }
        for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first);) {
                uint32_t low, high;

                if (p.p[i] == ']')              /* [] holds nothing */
                        break;
                low = high = fold_char(fold_next(p, &i));
                if (i + 1 < p.n && (p.p[i] == '-' || p.p[i] == '=') && p.p[i + 1] != ']') {
                        i++;
                        high = fold_char(fold_next(p, &i));
                }
                in |= c >= low && c <= high;
        }
        if (i >= p.n)
                return -1;
        *at = i + 1;
        return in != negated;
}

/* One pattern element against one character: 1, 0, or -1 for a broken pattern. */
static int match_one(struct str p, size_t *at, uint32_t c)
{
        if (p.p[*at] == '[')
                return match_set(p, at, c);
        if (p.p[*at] == '_') {
                ++*at;
                return 1;
        }
        return fold_char(fold_next(p, at)) == c;
}

static bool is_closed(struct str p)
{
        for (size_t i = 0; i < p.n;) {
                if (p.p[i] == '[') {
                        if (match_set(p, &i, 0) < 0)
                                return false;
                } else {
                        i++;
                }
        }
        return true;
}

bool wql_like(struct str text, struct str pattern)
{
        size_t t = 0, p = 0, back_t = 0, back_p = SIZE_MAX;

        if (!is_closed(pattern))
                return false;
        while (t < text.n || p < pattern.n) {
                if (p < pattern.n && pattern.p[p] == '%') {
                        back_p = ++p;
                        back_t = t;
                        continue;
                }
                if (t < text.n && p < pattern.n) {
                        size_t next_t = t, next_p = p;

                        if (match_one(pattern, &next_p, fold_char(fold_next(text, &next_t))) > 0) {
                                t = next_t;
                                p = next_p;
                                continue;
                        }
                }
                if (back_p == SIZE_MAX || back_t >= text.n)
                        return false;
                (void)fold_next(text, &back_t);
                t = back_t;
                p = back_p;
        }
        return true;
}

bool wql_like_is_plain(struct str pattern)
{
        return wql_like_prefix(pattern).n == pattern.n;
}

struct str wql_like_prefix(struct str pattern)
{
        size_t i = 0;

        while (i < pattern.n && pattern.p[i] != '%' && pattern.p[i] != '_' && pattern.p[i] != '[')
                i++;
        return (struct str){ pattern.p, i };
}

bool wql_like_literal(struct str pattern, struct buf *out)
{
        for (size_t i = 0; i < pattern.n; i++) {
                if (pattern.p[i] == '%' || pattern.p[i] == '_')
                        return false;
                if (pattern.p[i] == '[') {      /* [c]: 'c' of one byte, for others are rarely bracketed */
                        if (i + 2 >= pattern.n || pattern.p[i + 2] != ']' || pattern.p[i + 1] == ']' ||
                            (unsigned char)pattern.p[i + 1] >= 0x80)
                                return false;
                        buf_addc(out, pattern.p[i + 1]);
                        i += 2;
                } else {
                        buf_addc(out, pattern.p[i]);
                }
        }
        return !out->failed;
}
