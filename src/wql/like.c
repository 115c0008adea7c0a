/* SPDX-License-Identifier: Apache-2.0 */
/* like - matching with one place to come back to, the last %, as long as that is cheap */
#include "wql/like.h"

#include "base/fold.h"
#include "wql/like_long.h"

/* Coming back may look at each byte so often before like_long() takes over. */
enum { LOOKS = 16, LOOKS_FREE = 4096 };

static bool is_closed(struct str p)
{
        uint32_t low, high;

        for (size_t i = 0; i < p.n; i++) {
                if (p.p[i] != '[')
                        continue;
                (void)like_set_begin(p, &i);
                while (like_set_range(p, &i, &low, &high))
                        ;
                if (i >= p.n)
                        return false;
        }
        return true;
}

/* 1, 0, or -1: that takes more than @most steps. */
static int come_back(struct str text, struct str pattern, uint64_t most, uint64_t *steps)
{
        size_t t = 0, p = 0, back_t = 0, back_p = SIZE_MAX;

        while (t < text.n || p < pattern.n) {
                if (*steps > most)
                        return -1;
                ++*steps;
                if (p < pattern.n && pattern.p[p] == '%') {
                        back_p = ++p;
                        back_t = t;
                        continue;
                }
                if (t < text.n && p < pattern.n) {
                        size_t next_t = t, next_p = p;
                        bool holds = like_element_holds(pattern, &next_p, fold_char(fold_next(text, &next_t)));

                        *steps += next_p - p;
                        if (holds) {
                                t = next_t;
                                p = next_p;
                                continue;
                        }
                }
                if (back_p == SIZE_MAX || back_t >= text.n)
                        return 0;
                (void)fold_next(text, &back_t);
                t = back_t;
                p = back_p;
        }
        return 1;
}

bool wql_like_counted(struct str text, struct str pattern, uint64_t *steps)
{
        int r;

        *steps = pattern.n;
        if (!is_closed(pattern))
                return false;
        r = come_back(text, pattern, *steps + LOOKS_FREE + LOOKS * (uint64_t)(text.n + pattern.n), steps);
        if (r < 0)
                r = like_long(text, pattern, steps);
        if (r < 0)                      /* memory is out; the answer is owed all the same */
                r = come_back(text, pattern, UINT64_MAX, steps);
        return r > 0;
}

bool wql_like(struct str text, struct str pattern)
{
        uint64_t steps;

        return wql_like_counted(text, pattern, &steps);
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
