/* SPDX-License-Identifier: Apache-2.0 */
/* prop_like - LIKE, its fast way and its long one, against a table of every place of the pattern and of the text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/fold.h"
#include "lib/prop.h"
#include "wql/like.h"
#include "wql/like_long.h"

enum { MOST = 400 };
static unsigned seen[2];

/* One thing of a pattern, as it is written and as it is understood, made together. */
struct piece {
        bool any, one, negated;         /* %, _, [^...] */
        struct {
                uint32_t low, high;
        } range[3];
        unsigned n_ranges;
};

static const struct {
        const char *text;
        uint32_t folded;
} letters[] = {
        { "a", 'A' }, { "b", 'B' }, { "B", 'B' }, { "c", 'C' }, { "z", 'Z' }, { "7", '7' }, { "\xc3\xa4", 0xc4 }, { "\xc3\x84", 0xc4 },
        { "\xd1\x8f", 0x42f }, { "\xf0\x9f\x98\x80", 0x1f600 }, { "\xe4", 0xdce4 }, { "\xff", 0xdcff },
};

static size_t letter(struct prop *p, size_t kinds)
{
        return (size_t)prop_range(p, 0, (int64_t)kinds - 1);
}

static void add_set(struct prop *p, size_t kinds, struct piece *e, struct buf *b)
{
        e->negated = prop_bool(p);
        e->n_ranges = (unsigned)prop_range(p, 1, 3);
        buf_addz(b, e->negated ? "[^" : "[");
        for (unsigned i = 0; i < e->n_ranges; i++) {
                size_t low = letter(p, kinds), high = low;

                buf_addz(b, letters[low].text);
                if (prop_bool(p)) {
                        high = letter(p, kinds);
                        buf_addc(b, prop_bool(p) ? '-' : '=');
                        buf_addz(b, letters[high].text);
                }
                e->range[i].low = letters[low].folded;
                e->range[i].high = letters[high].folded;
        }
        buf_addc(b, ']');
}

static void add_piece(struct prop *p, size_t kinds, struct piece *e, struct buf *b)
{
        int64_t what = prop_range(p, 0, 9);
        size_t l = letter(p, kinds);

        *e = (struct piece){ .any = what == 7, .one = what == 8 };
        if (what == 9) {
                add_set(p, kinds, e, b);
        } else if (what < 7) {
                e->n_ranges = 1;
                e->range[0].low = e->range[0].high = letters[l].folded;
                buf_addz(b, letters[l].text);
        } else {
                buf_addc(b, e->any ? '%' : '_');
        }
}

static bool holds(const struct piece *e, uint32_t c)
{
        bool in = false;

        for (unsigned i = 0; i < e->n_ranges; i++)
                in |= c >= e->range[i].low && c <= e->range[i].high;
        return e->one || in != e->negated;
}

/* can[t]: the pieces so far hold the first t characters. */
static bool matches(const struct piece *e, size_t n_pieces, const uint32_t *text, size_t n)
{
        bool can[MOST + 1] = { true };

        for (size_t i = 0; i < n_pieces; i++) {
                for (size_t t = 1; e[i].any && t <= n; t++)
                        can[t] |= can[t - 1];
                for (size_t t = n; !e[i].any && t > 0; t--)
                        can[t] = can[t - 1] && holds(&e[i], text[t - 1]);
                can[0] &= e[i].any;
        }
        return can[n];
}

/* A character the piece holds, so that long pieces have a chance. */
static size_t fitting(struct prop *p, size_t kinds, const struct piece *e)
{
        for (int tries = 0; tries < 8; tries++) {
                size_t l = letter(p, kinds);

                if (holds(e, letters[l].folded))
                        return l;
        }
        return letter(p, kinds);
}

static bool like_is_what_a_table_of_all_places_says(struct prop *p)
{
        size_t kinds = (size_t)prop_range(p, 1, ARRAY_SIZE(letters)), n = 0, n_pieces = (size_t)prop_range(p, 0, prop_bool(p) ? 12 : 200);
        struct piece pieces[MOST];
        uint32_t chars[MOST];
        struct buf text, pattern;
        uint64_t steps = 0;
        bool want, same;

        buf_init(&text, 0);
        buf_init(&pattern, 0);
        for (size_t i = 0; i < n_pieces; i++) {
                int64_t times;

                add_piece(p, kinds, &pieces[i], &pattern);
                times = pieces[i].any ? prop_range(p, 0, 3) : prop_range(p, 0, 400) != 0;
                for (; times > 0 && n < MOST; times--) {
                        size_t l = fitting(p, kinds, &pieces[i]);

                        chars[n++] = letters[l].folded;
                        buf_addz(&text, letters[l].text);
                }
        }
        want = matches(pieces, n_pieces, chars, n);
        prop_note(p, "'%.*s' LIKE '%.*s' is %d", (int)text.n, text.n ? text.p : "", (int)pattern.n, pattern.n ? pattern.p : "", want);
        same = wql_like(buf_str(&text), buf_str(&pattern)) == want && like_long(buf_str(&text), buf_str(&pattern), &steps) == want;
        seen[want]++;
        buf_fini(&pattern);
        buf_fini(&text);
        return same;
}

static void laws(void **state)
{
        assert_true(prop_check("LIKE is what a table of all places says", 3000, like_is_what_a_table_of_all_places_says));
        assert_true(seen[false] > 300 && seen[true] > 300);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };

        return cmocka_run_group_tests_name("wql-like", tests, NULL, NULL);
}
