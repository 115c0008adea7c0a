/* SPDX-License-Identifier: Apache-2.0 */
#include "wql/like_long.h"

#include <stdlib.h>
#include "base/fold.h"

enum { BLOCK = 64, ASCII = 128 };

/* From this character on an element holds one range more, or one fewer. */
struct change {
        uint32_t at;
        uint8_t element;
        int8_t by;
};
/* From this character to the next spot these elements hold it. */
struct spot {
        uint32_t from;
        uint64_t mask;
};

struct search {
        struct str pattern;
        uint32_t *text;                 /* folded */
        size_t n;                       /* characters, without what the last piece took */
        uint8_t *carry;                 /* the blocks before hold the text that ends before this character */
        struct change *changes;
        struct spot *spots;
        size_t n_changes, n_spots;
        uint64_t ascii[ASCII];
        unsigned n_elements;            /* of the block at hand */
        uint64_t negated;
        uint64_t *steps;
};

/* ---- elements ---- */

bool like_set_begin(struct str p, size_t *at)
{
        bool negated = *at + 2 < p.n && p.p[*at + 1] == '^' && p.p[*at + 2] != ']';

        *at += negated ? 2 : 1;
        return negated;
}

bool like_set_range(struct str p, size_t *at, uint32_t *low, uint32_t *high)
{
        if (*at >= p.n || p.p[*at] == ']')
                return false;
        *low = *high = fold_char(fold_next(p, at));
        if (*at + 1 < p.n && (p.p[*at] == '-' || p.p[*at] == '=') && p.p[*at + 1] != ']') {
                ++*at;
                *high = fold_char(fold_next(p, at));
        }
        return true;
}

bool like_element_holds(struct str p, size_t *at, uint32_t c)
{
        uint32_t low, high;
        bool negated, in = false;

        if (p.p[*at] == '_') {
                ++*at;
                return true;
        }
        if (p.p[*at] != '[')
                return fold_char(fold_next(p, at)) == c;
        negated = like_set_begin(p, at);
        while (like_set_range(p, at, &low, &high))
                in |= c >= low && c <= high;
        ++*at;
        return in != negated;
}

/* ---- a block: up to 64 elements as masks by character ---- */

static void add_range(struct search *s, uint32_t low, uint32_t high)
{
        if (low > high)
                return;
        s->changes[s->n_changes++] = (struct change){ low, (uint8_t)s->n_elements, 1 };
        s->changes[s->n_changes++] = (struct change){ high + 1, (uint8_t)s->n_elements, -1 };
}

static void add_element(struct search *s, size_t *at)
{
        struct str p = s->pattern;
        uint32_t low, high;
        bool negated = false;

        if (p.p[*at] == '_') {                  /* one of what is not in nothing */
                negated = true;
                ++*at;
        } else if (p.p[*at] == '[') {
                negated = like_set_begin(p, at);
                while (like_set_range(p, at, &low, &high))
                        add_range(s, low, high);
                ++*at;
        } else {
                low = fold_char(fold_next(p, at));
                add_range(s, low, low);
        }
        s->negated |= (uint64_t)negated << s->n_elements++;
}

static int by_character(const void *a, const void *b)
{
        const struct change *x = a, *y = b;

        return x->at < y->at ? -1 : x->at > y->at;
}

static void make_spots(struct search *s)
{
        int32_t held[BLOCK] = { 0 };
        uint64_t mask = s->negated;

        s->spots[0] = (struct spot){ 0, mask };
        s->n_spots = 1;
        for (size_t i = 0; i < s->n_changes; i++) {
                const struct change *c = &s->changes[i];
                uint64_t bit = UINT64_C(1) << c->element;

                held[c->element] += c->by;
                mask = (held[c->element] > 0) != ((s->negated & bit) != 0) ? mask | bit : mask & ~bit;
                if (s->spots[s->n_spots - 1].from != c->at)
                        s->spots[s->n_spots++].from = c->at;
                s->spots[s->n_spots - 1].mask = mask;
        }
        for (size_t c = 0, i = 0; c < ASCII; c++) {
                while (i + 1 < s->n_spots && s->spots[i + 1].from <= c)
                        i++;
                s->ascii[c] = s->spots[i].mask;
        }
}

/* The elements at *at up to the 64th or a %. */
static void read_block(struct search *s, size_t *at)
{
        size_t begin = *at;

        s->n_changes = 0;
        s->n_elements = 0;
        s->negated = 0;
        while (*at < s->pattern.n && s->pattern.p[*at] != '%' && s->n_elements < BLOCK)
                add_element(s, at);
        if (s->n_changes)
                qsort(s->changes, s->n_changes, sizeof(*s->changes), by_character);
        make_spots(s);
        *s->steps += *at - begin + s->n_changes + ASCII;
}

static uint64_t mask_of(const struct search *s, uint32_t c)
{
        size_t low = 0, high = s->n_spots;

        if (c < ASCII)
                return s->ascii[c];
        while (high - low > 1) {
                size_t mid = (low + high) / 2;

                if (s->spots[mid].from <= c)
                        low = mid;
                else
                        high = mid;
        }
        return s->spots[low].mask;
}

/* One pass. The end of the leftmost place if the block is its piece's @last; else 0, unless it is nowhere. SIZE_MAX: nowhere. */
static size_t run_block(struct search *s, size_t from, bool first, bool last)
{
        uint64_t state = 0, end = UINT64_C(1) << (s->n_elements - 1);
        bool out = false, found = false;
        size_t i;

        for (i = from; i < s->n; i++) {
                state = (state << 1 | (first || s->carry[i])) & mask_of(s, s->text[i]);
                s->carry[i] = out;
                out = (state & end) != 0;
                found |= out;
                if (out && last) {
                        i++;
                        break;
                }
        }
        *s->steps += i - from;
        return !found ? SIZE_MAX : last ? i : 0;
}

/* ---- pieces ---- */

static size_t piece_end(struct str p, size_t at)
{
        while (at < p.n && p.p[at] != '%')
                (void)like_element_holds(p, &at, 0);
        return at;
}

/* The piece at *at, *at behind it; the end of its leftmost place at @from or behind it, or SIZE_MAX. */
static size_t find_piece(struct search *s, size_t *at, size_t from)
{
        size_t to = 0;

        for (bool first = true, last = false; !last && to != SIZE_MAX; first = false) {
                read_block(s, at);
                last = *at >= s->pattern.n || s->pattern.p[*at] == '%';
                to = run_block(s, from, first, last);
        }
        return to;
}

/* The piece from @at to @end holds the text at @from; *to behind it. */
static bool stands_at(const struct search *s, size_t at, size_t end, size_t from, size_t *to)
{
        while (at < end) {
                if (from >= s->n || !like_element_holds(s->pattern, &at, s->text[from]))
                        return false;
                from++;
        }
        *to = from;
        return true;
}

static bool run(struct search *s)
{
        size_t tail = 0, at = piece_end(s->pattern, 0), place, count = 0, end;

        *s->steps += 4 * s->pattern.n;
        if (!stands_at(s, 0, at, 0, &place))
                return false;
        if (at == s->pattern.n)
                return place == s->n;
        for (size_t i = at; i < s->pattern.n; tail = i, i = piece_end(s->pattern, i))
                i++;
        for (size_t i = tail; i < s->pattern.n; count++)
                (void)like_element_holds(s->pattern, &i, 0);
        if (count > s->n - place || !stands_at(s, tail, s->pattern.n, s->n - count, &end))
                return false;
        s->n -= count;
        while (at < tail && place != SIZE_MAX) {
                if (s->pattern.p[at] == '%')
                        at++;
                else
                        place = find_piece(s, &at, place);
        }
        return place != SIZE_MAX;
}

static void read_text(struct search *s, struct str text)
{
        for (size_t i = 0; i < text.n;)
                s->text[s->n++] = fold_char(fold_next(text, &i));
        *s->steps += text.n;
}

int like_long(struct str text, struct str pattern, uint64_t *steps)
{
        struct search s = { .pattern = pattern, .steps = steps };
        int r = -1;

        s.text = calloc(text.n + 1, sizeof(*s.text));
        s.carry = calloc(text.n + 1, 1);
        s.changes = calloc(2 * pattern.n + 1, sizeof(*s.changes));
        s.spots = calloc(2 * pattern.n + 1, sizeof(*s.spots));
        if (s.text && s.carry && s.changes && s.spots) {
                read_text(&s, text);
                r = run(&s);
        }
        free(s.text);
        free(s.carry);
        free(s.changes);
        free(s.spots);
        return r;
}
