/* SPDX-License-Identifier: Apache-2.0 */
/* prop - draws written down, cases shrunk by changing what was written */
#include <stdarg.h>
#include <stdio.h>
#include "base/map.h"
#include "lib/prop.h"

enum { DRAWS_MAX = 1 << 20, SHRINK_TRIES = 4000 };

struct draws {
        uint64_t *v;
        size_t n, cap;
};

struct prop {
        uint64_t rng;
        struct draws made;              /* by this run */
        const struct draws *replay;     /* NULL: draw from rng */
        bool speak;
};

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(struct prop *p)
{
        uint64_t z = (p->rng += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static void push(struct draws *d, uint64_t v)
{
        if (d->n == DRAWS_MAX) {
                (void)fprintf(stderr, "prop: a case of more than %d draws; make it smaller\n", DRAWS_MAX);
                abort();
        }
        if (d->n == d->cap) {
                d->cap = d->cap ? d->cap * 2 : 64;
                d->v = realloc(d->v, d->cap * sizeof *d->v);
                if (!d->v)
                        abort();
        }
        d->v[d->n++] = v;
}

static uint64_t fresh(struct prop *p, uint64_t max)
{
        uint64_t kind = next(p) % 16, v = next(p);

        if (kind == 0)
                return max;
        if (kind <= 4)
                max = MIN(max, 15);
        else if (kind <= 6)
                max = MIN(max, 255);
        return max == UINT64_MAX ? v : v % (max + 1);
}

uint64_t prop_u64(struct prop *p, uint64_t max)
{
        uint64_t v;

        if (!p->replay)
                v = fresh(p, max);
        else
                v = p->made.n < p->replay->n ? MIN(p->replay->v[p->made.n], max) : 0;
        push(&p->made, v);
        return v;
}

/* Shrinks towards the number nearest to 0. */
int64_t prop_range(struct prop *p, int64_t lo, int64_t hi)
{
        uint64_t v = prop_u64(p, (uint64_t)hi - (uint64_t)lo);
        uint64_t below = (uint64_t)0 - (uint64_t)lo;

        if (lo >= 0)
                return (int64_t)((uint64_t)lo + v);
        if (hi <= 0)
                return (int64_t)((uint64_t)hi - v);
        return (int64_t)(v <= (uint64_t)hi ? v : (uint64_t)lo + (v - (uint64_t)hi - 1) % below);
}

bool prop_bool(struct prop *p)
{
        return prop_u64(p, 1) != 0;
}

bool prop_one_in(struct prop *p, unsigned n)
{
        uint64_t v;

        if (!p->replay)
                v = next(p) % n == 0;
        else
                v = p->made.n < p->replay->n ? MIN(p->replay->v[p->made.n], 1) : 0;
        push(&p->made, v);
        return v != 0;
}

size_t prop_bytes(struct prop *p, void *out, size_t max)
{
        size_t n = (size_t)prop_u64(p, max);
        uint8_t *b = out;

        for (size_t i = 0; i < n; i++)
                b[i] = (uint8_t)prop_u64(p, 255);
        return n;
}

struct str prop_str(struct prop *p, struct arena *a, size_t max, const char *alphabet)
{
        size_t n = (size_t)prop_u64(p, max), letters = alphabet ? strlen(alphabet) : 255;
        char *z = arena_alloc(a, n + 1);

        if (!z)
                abort();
        for (size_t i = 0; i < n; i++) {
                uint64_t v = prop_u64(p, letters - 1);

                z[i] = alphabet ? alphabet[v] : (char)(v + 1);
        }
        return (struct str){ z, n };
}

void prop_note(struct prop *p, const char *fmt, ...)
{
        va_list ap;

        if (!p->speak)
                return;
        (void)fputs("    ", stderr);
        va_start(ap, fmt);
        (void)vfprintf(stderr, fmt, ap);
        va_end(ap);
        (void)fputc('\n', stderr);
}

/* Run on written draws; true when it still fails, then *best becomes what was really drawn. */
static bool still_fails(bool (*holds)(struct prop *p), const struct draws *try, struct draws *best)
{
        struct prop p = { .replay = try };
        bool fails = !holds(&p);

        if (fails) {
                free(best->v);
                *best = p.made;
        } else {
                free(p.made.v);
        }
        return fails;
}

static struct draws copy_without(const struct draws *d, size_t at, size_t n)
{
        struct draws c = { 0 };

        for (size_t i = 0; i < d->n; i++)
                if (i < at || i >= at + n)
                        push(&c, d->v[i]);
        return c;
}

static bool drop_some(bool (*holds)(struct prop *p), struct draws *best, unsigned *tries)
{
        bool better = false;

        for (size_t n = 32; n > 0; n /= 2) {
                for (size_t at = best->n; at-- > 0 && *tries > 0;) {
                        struct draws c;
                        size_t before = best->n;

                        if (at + n > best->n)
                                continue;
                        --*tries;
                        c = copy_without(best, at, n);
                        if (still_fails(holds, &c, best) && best->n < before)
                                better = true;
                        free(c.v);
                }
        }
        return better;
}

static bool lower_one(bool (*holds)(struct prop *p), struct draws *best, size_t at, unsigned *tries)
{
        bool better = false;
        uint64_t cut = best->v[at];

        while (at < best->n && cut > 0 && *tries > 0) {
                struct draws c = copy_without(best, 0, 0);
                uint64_t was = c.v[at];

                --*tries;
                c.v[at] = was >= cut ? was - cut : 0;
                if (c.v[at] == was || !still_fails(holds, &c, best))
                        cut /= 2;
                else
                        better = true;
                free(c.v);
        }
        return better;
}

static void shrink(bool (*holds)(struct prop *p), struct draws *best)
{
        unsigned tries = SHRINK_TRIES;
        bool better = true;

        while (better && tries > 0) {
                better = drop_some(holds, best, &tries);
                for (size_t at = 0; at < best->n && tries > 0; at++)
                        better |= lower_one(holds, best, at, &tries);
        }
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
        const char *text = getenv(variable);
        uint64_t v;

        return text && str_to_u64(str_of(text), &v) == 0 ? v : otherwise;
}

bool prop_check(const char *name, unsigned runs, bool (*holds)(struct prop *p))
{
        uint64_t seed = number_from("PROP_SEED", hash_bytes(name, strlen(name), 0));

        runs = (unsigned)number_from("PROP_RUNS", runs);
        for (unsigned i = 0; i < runs; i++) {
                struct prop p = { .rng = seed + i }, last = { .speak = true };

                if (holds(&p)) {
                        free(p.made.v);
                        continue;
                }
                shrink(holds, &p.made);
                (void)fprintf(stderr, "property \"%s\" does not hold; the smallest case found (PROP_SEED=%llu):\n", name,
                              (unsigned long long)(seed + i));
                last.replay = &p.made;
                (void)holds(&last);
                free(last.made.v);
                free(p.made.v);
                return false;
        }
        return true;
}
