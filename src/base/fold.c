/* SPDX-License-Identifier: Apache-2.0 */
/* fold - upper-casing by a table of runs: first to last by step, each moved by delta */
#include "base/fold.h"

static const struct {
        uint32_t first, last;
        int32_t delta;
        uint8_t step;
} runs[] = {
        { 0xb5, 0xb5, 743, 1 }, { 0xe0, 0xf6, -32, 1 }, { 0xf8, 0xfe, -32, 1 }, { 0xff, 0xff, 121, 1 },
        { 0x101, 0x12f, -1, 2 }, { 0x133, 0x137, -1, 2 }, { 0x13a, 0x148, -1, 2 }, { 0x14b, 0x177, -1, 2 },
        { 0x17a, 0x17e, -1, 2 }, { 0x180, 0x180, 195, 1 }, { 0x183, 0x185, -1, 2 }, { 0x188, 0x188, -1, 1 },
        { 0x18c, 0x18c, -1, 1 }, { 0x192, 0x192, -1, 1 }, { 0x195, 0x195, 97, 1 }, { 0x199, 0x199, -1, 1 },
        { 0x19a, 0x19a, 163, 1 }, { 0x19e, 0x19e, 130, 1 }, { 0x1a1, 0x1a5, -1, 2 }, { 0x1a8, 0x1a8, -1, 1 },
        { 0x1ad, 0x1ad, -1, 1 }, { 0x1b0, 0x1b0, -1, 1 }, { 0x1b4, 0x1b6, -1, 2 }, { 0x1b9, 0x1b9, -1, 1 },
        { 0x1bd, 0x1bd, -1, 1 }, { 0x1bf, 0x1bf, 56, 1 }, { 0x1c5, 0x1c5, -1, 1 }, { 0x1c6, 0x1c6, -2, 1 },
        { 0x1c8, 0x1c8, -1, 1 }, { 0x1c9, 0x1c9, -2, 1 }, { 0x1cb, 0x1cb, -1, 1 }, { 0x1cc, 0x1cc, -2, 1 },
        { 0x1ce, 0x1dc, -1, 2 }, { 0x1dd, 0x1dd, -79, 1 }, { 0x1df, 0x1ef, -1, 2 }, { 0x1f2, 0x1f2, -1, 1 },
        { 0x1f3, 0x1f3, -2, 1 }, { 0x1f5, 0x1f5, -1, 1 }, { 0x1f9, 0x21f, -1, 2 }, { 0x223, 0x233, -1, 2 },
        { 0x23c, 0x23c, -1, 1 }, { 0x23f, 0x240, 10815, 1 }, { 0x242, 0x242, -1, 1 }, { 0x247, 0x24f, -1, 2 },
        { 0x250, 0x250, 10783, 1 }, { 0x251, 0x251, 10780, 1 }, { 0x252, 0x252, 10782, 1 },
        { 0x253, 0x253, -210, 1 }, { 0x254, 0x254, -206, 1 }, { 0x256, 0x257, -205, 1 }, { 0x259, 0x259, -202, 1 },
        { 0x25b, 0x25b, -203, 1 }, { 0x25c, 0x25c, 42319, 1 }, { 0x260, 0x260, -205, 1 }, { 0x261, 0x261, 42315, 1 },
        { 0x263, 0x263, -207, 1 }, { 0x265, 0x265, 42280, 1 }, { 0x266, 0x266, 42308, 1 }, { 0x268, 0x268, -209, 1 },
        { 0x269, 0x269, -211, 1 }, { 0x26a, 0x26a, 42308, 1 }, { 0x26b, 0x26b, 10743, 1 },
        { 0x26c, 0x26c, 42305, 1 }, { 0x26f, 0x26f, -211, 1 }, { 0x271, 0x271, 10749, 1 }, { 0x272, 0x272, -213, 1 },
        { 0x275, 0x275, -214, 1 }, { 0x27d, 0x27d, 10727, 1 }, { 0x280, 0x280, -218, 1 }, { 0x282, 0x282, 42307, 1 },
        { 0x283, 0x283, -218, 1 }, { 0x287, 0x287, 42282, 1 }, { 0x288, 0x288, -218, 1 }, { 0x289, 0x289, -69, 1 },
        { 0x28a, 0x28b, -217, 1 }, { 0x28c, 0x28c, -71, 1 }, { 0x292, 0x292, -219, 1 }, { 0x29d, 0x29d, 42261, 1 },
        { 0x29e, 0x29e, 42258, 1 }, { 0x345, 0x345, 84, 1 }, { 0x371, 0x373, -1, 2 }, { 0x377, 0x377, -1, 1 },
        { 0x37b, 0x37d, 130, 1 }, { 0x3ac, 0x3ac, -38, 1 }, { 0x3ad, 0x3af, -37, 1 }, { 0x3b1, 0x3c1, -32, 1 },
        { 0x3c2, 0x3c2, -31, 1 }, { 0x3c3, 0x3cb, -32, 1 }, { 0x3cc, 0x3cc, -64, 1 }, { 0x3cd, 0x3ce, -63, 1 },
        { 0x3d0, 0x3d0, -62, 1 }, { 0x3d1, 0x3d1, -57, 1 }, { 0x3d5, 0x3d5, -47, 1 }, { 0x3d6, 0x3d6, -54, 1 },
        { 0x3d7, 0x3d7, -8, 1 }, { 0x3d9, 0x3ef, -1, 2 }, { 0x3f0, 0x3f0, -86, 1 }, { 0x3f1, 0x3f1, -80, 1 },
        { 0x3f2, 0x3f2, 7, 1 }, { 0x3f3, 0x3f3, -116, 1 }, { 0x3f5, 0x3f5, -96, 1 }, { 0x3f8, 0x3f8, -1, 1 },
        { 0x3fb, 0x3fb, -1, 1 }, { 0x430, 0x44f, -32, 1 }, { 0x450, 0x45f, -80, 1 }, { 0x461, 0x481, -1, 2 },
        { 0x48b, 0x4bf, -1, 2 }, { 0x4c2, 0x4ce, -1, 2 }, { 0x4cf, 0x4cf, -15, 1 }, { 0x4d1, 0x52f, -1, 2 },
        { 0x561, 0x586, -48, 1 }, { 0x10d0, 0x10fa, 3008, 1 }, { 0x10fd, 0x10ff, 3008, 1 },
        { 0x13f8, 0x13fd, -8, 1 }, { 0x1c80, 0x1c80, -6254, 1 }, { 0x1c81, 0x1c81, -6253, 1 },
        { 0x1c82, 0x1c82, -6244, 1 }, { 0x1c83, 0x1c84, -6242, 1 }, { 0x1c85, 0x1c85, -6243, 1 },
        { 0x1c86, 0x1c86, -6236, 1 }, { 0x1c87, 0x1c87, -6181, 1 }, { 0x1c88, 0x1c88, 35266, 1 },
        { 0x1d79, 0x1d79, 35332, 1 }, { 0x1d7d, 0x1d7d, 3814, 1 }, { 0x1d8e, 0x1d8e, 35384, 1 },
        { 0x1e01, 0x1e95, -1, 2 }, { 0x1e9b, 0x1e9b, -59, 1 }, { 0x1ea1, 0x1eff, -1, 2 }, { 0x1f00, 0x1f07, 8, 1 },
        { 0x1f10, 0x1f15, 8, 1 }, { 0x1f20, 0x1f27, 8, 1 }, { 0x1f30, 0x1f37, 8, 1 }, { 0x1f40, 0x1f45, 8, 1 },
        { 0x1f51, 0x1f57, 8, 2 }, { 0x1f60, 0x1f67, 8, 1 }, { 0x1f70, 0x1f71, 74, 1 }, { 0x1f72, 0x1f75, 86, 1 },
        { 0x1f76, 0x1f77, 100, 1 }, { 0x1f78, 0x1f79, 128, 1 }, { 0x1f7a, 0x1f7b, 112, 1 },
        { 0x1f7c, 0x1f7d, 126, 1 }, { 0x1fb0, 0x1fb1, 8, 1 }, { 0x1fbe, 0x1fbe, -7205, 1 }, { 0x1fd0, 0x1fd1, 8, 1 },
        { 0x1fe0, 0x1fe1, 8, 1 }, { 0x1fe5, 0x1fe5, 7, 1 }, { 0x214e, 0x214e, -28, 1 }, { 0x2170, 0x217f, -16, 1 },
        { 0x2184, 0x2184, -1, 1 }, { 0x24d0, 0x24e9, -26, 1 }, { 0x2c30, 0x2c5f, -48, 1 }, { 0x2c61, 0x2c61, -1, 1 },
        { 0x2c65, 0x2c65, -10795, 1 }, { 0x2c66, 0x2c66, -10792, 1 }, { 0x2c68, 0x2c6c, -1, 2 },
        { 0x2c73, 0x2c73, -1, 1 }, { 0x2c76, 0x2c76, -1, 1 }, { 0x2c81, 0x2ce3, -1, 2 }, { 0x2cec, 0x2cee, -1, 2 },
        { 0x2cf3, 0x2cf3, -1, 1 }, { 0x2d00, 0x2d25, -7264, 1 }, { 0x2d27, 0x2d27, -7264, 1 },
        { 0x2d2d, 0x2d2d, -7264, 1 }, { 0xa641, 0xa66d, -1, 2 }, { 0xa681, 0xa69b, -1, 2 },
        { 0xa723, 0xa72f, -1, 2 }, { 0xa733, 0xa76f, -1, 2 }, { 0xa77a, 0xa77c, -1, 2 }, { 0xa77f, 0xa787, -1, 2 },
        { 0xa78c, 0xa78c, -1, 1 }, { 0xa791, 0xa793, -1, 2 }, { 0xa794, 0xa794, 48, 1 }, { 0xa797, 0xa7a9, -1, 2 },
        { 0xa7b5, 0xa7c3, -1, 2 }, { 0xa7c8, 0xa7ca, -1, 2 }, { 0xa7d1, 0xa7d1, -1, 1 }, { 0xa7d7, 0xa7d9, -1, 2 },
        { 0xa7f6, 0xa7f6, -1, 1 }, { 0xab53, 0xab53, -928, 1 }, { 0xab70, 0xabbf, -38864, 1 },
        { 0xff41, 0xff5a, -32, 1 }, { 0x10428, 0x1044f, -40, 1 }, { 0x104d8, 0x104fb, -40, 1 },
        { 0x10597, 0x105a1, -39, 1 }, { 0x105a3, 0x105b1, -39, 1 }, { 0x105b3, 0x105b9, -39, 1 },
        { 0x105bb, 0x105bc, -39, 1 }, { 0x10cc0, 0x10cf2, -64, 1 }, { 0x118c0, 0x118df, -32, 1 },
        { 0x16e60, 0x16e7f, -32, 1 }, { 0x1e922, 0x1e943, -34, 1 },
};

uint32_t fold_char(uint32_t c)
{
        size_t low = 0, high = ARRAY_SIZE(runs);

        if (c < 0x80)
                return c >= 'a' && c <= 'z' ? c - 32 : c;
        while (low < high) {
                size_t mid = (low + high) / 2;

                if (c > runs[mid].last)
                        low = mid + 1;
                else
                        high = mid;
        }
        if (low == ARRAY_SIZE(runs) || c < runs[low].first || (c - runs[low].first) % runs[low].step)
                return c;
        return (uint32_t)((int32_t)c + runs[low].delta);
}

uint32_t fold_lower(uint32_t c)
{
        if (c < 0x80)
                return c >= 'A' && c <= 'Z' ? c + 32 : c;
        for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
                int64_t small = (int64_t)c - runs[i].delta;

                if (small >= runs[i].first && small <= runs[i].last && (small - runs[i].first) % runs[i].step == 0)
                        return (uint32_t)small;
        }
        return c;
}

uint32_t fold_next(struct str s, size_t *at)
{
        const unsigned char *p = (const unsigned char *)s.p + *at;
        size_t left = s.n - *at, n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 1;
        uint32_t c;

        if (n == 1 || n > left || p[0] > 0xf4) {
                *at += 1;
                return p[0] < 0x80 ? p[0] : 0xdc00u | p[0];     /* a lone surrogate: equals no character */
        }
        c = p[0] & (0x7f >> n);
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80) {
                        *at += 1;
                        return 0xdc00u | p[0];
                }
                c = c << 6 | (p[i] & 0x3f);
        }
        *at += n;
        return c;
}

/* A number that sorts as the character's UTF-16 code units do: surrogates stand below U+E000. */
static uint32_t utf16_order(uint32_t c)
{
        return c < 0xd800 ? c : c >= 0x10000 ? c - 0x10000 + 0xd800 : c + 0x110000;
}

int fold_cmp(struct str a, struct str b)
{
        size_t i = 0, k = 0;

        while (i < a.n && k < b.n) {
                uint32_t x = fold_char(fold_next(a, &i)), y = fold_char(fold_next(b, &k));

                if (x != y)
                        return utf16_order(x) < utf16_order(y) ? -1 : 1;
        }
        return i < a.n ? 1 : k < b.n ? -1 : 0;
}

bool fold_eq(struct str a, struct str b)
{
        return fold_cmp(a, b) == 0;
}

static void add_char(struct buf *out, uint32_t c)
{
        if (c < 0x80) {
                buf_addc(out, (char)c);
        } else if (c < 0x800) {
                buf_addc(out, (char)(0xc0 | c >> 6));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buf_addc(out, (char)(0xe0 | c >> 12));
                buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        } else {
                buf_addc(out, (char)(0xf0 | c >> 18));
                buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        }
}

static void change_text(struct str s, uint32_t (*change)(uint32_t c), struct buf *out)
{
        for (size_t i = 0; i < s.n;) {
                size_t at = i;
                uint32_t c = fold_next(s, &at);

                if (at == i + 1)                /* ASCII, or a byte that is not UTF-8 */
                        buf_addc(out, (unsigned char)s.p[i] < 0x80 ? (char)change(c) : s.p[i]);
                else
                        add_char(out, change(c));
                i = at;
        }
}

void fold_upper_text(struct str s, struct buf *out)
{
        change_text(s, fold_char, out);
}

void fold_lower_text(struct str s, struct buf *out)
{
        change_text(s, fold_lower, out);
}

bool fold_is_ascii(struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                if ((unsigned char)s.p[i] >= 0x80)
                        return false;
        }
        return true;
}

size_t fold_length(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; n++)
                (void)fold_next(s, &i);
        return n;
}
