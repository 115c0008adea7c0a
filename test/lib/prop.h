/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * prop - property tests: many random cases, and the smallest one that fails
 *
 * A property is a function that draws what it needs and says whether the law
 * holds:
 *
 *      static bool hex_round_trips(struct prop *p)
 *      {
 *              uint8_t in[64], out[64];
 *              size_t n = prop_bytes(p, in, sizeof in);
 *              ...
 *              prop_note(p, "%zu bytes", n);
 *              return memcmp(in, out, n) == 0;
 *      }
 *      assert_true(prop_check("hex round trip", 500, hex_round_trips));
 *
 * Every draw is written down as a number.  To shrink a failing case its numbers
 * are dropped or made smaller and the property runs again on them; so any
 * generator shrinks without a shrinker of its own, when smaller numbers mean
 * simpler cases.
 *
 * The seed is made of the name, so a run repeats itself.  PROP_SEED=N gives
 * another, PROP_RUNS=N more runs.  A property returns, it does not assert: an
 * assertion's jump would leave the shrinker.
 */
#include "base/arena.h"

struct prop;

/* 0..max, both ends included; small numbers and the ends come more often. */
uint64_t prop_u64(struct prop *p, uint64_t max);
int64_t prop_range(struct prop *p, int64_t lo, int64_t hi);
bool prop_bool(struct prop *p);
/* One in n: false when shrunk. */
bool prop_one_in(struct prop *p, unsigned n);
/* 0..max bytes into out; returns how many. */
size_t prop_bytes(struct prop *p, void *out, size_t max);
/* 0..max characters of the alphabet; NUL-terminated, in the arena. NULL alphabet: any byte but NUL. */
struct str prop_str(struct prop *p, struct arena *a, size_t max, const char *alphabet);
/* Printed for the smallest failing case only. */
void prop_note(struct prop *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* True when the property held in all runs; else prints the smallest case and the seed. */
MUST bool prop_check(const char *name, unsigned runs, bool (*holds)(struct prop *p));
