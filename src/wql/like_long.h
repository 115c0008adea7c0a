/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * like_long - LIKE for patterns and texts that make coming back expensive
 *
 * The pattern is cut at its percent signs.  The first and the last piece stand at
 * the text's ends and are compared once.  Every other piece is looked for from
 * where the one before ended, the leftmost place being as good as any; all its
 * elements are one character long, so 64 of them are tried at all places of the
 * text in one pass, a bit each (Shift-And), and a longer piece is a chain of such
 * passes.  A pass ends at the first place found if it is the piece's only one.
 *
 * With n bytes of text and m of pattern that is at most n (m / 32 + 2) steps and
 * 128 m for the tables; memory is 5 n + 32 m bytes.
 *
 * Threads: pure; any thread.
 * Source: Baeza-Yates and Gonnet, "A new approach to text searching" (CACM 35:10, 1992).
 */
#include "base/str.h"

/* At "[": whether the set is one of what is not in it, *at at its first range. */
bool like_set_begin(struct str p, size_t *at);
/* The next range, folded; low > high holds nothing. false: *at is at the closing bracket, or at the end of @p for want of one. */
bool like_set_range(struct str p, size_t *at, uint32_t *low, uint32_t *high);
/* One element that is no % at *at (its brackets are closed) holds c, which is folded; *at behind it. */
bool like_element_holds(struct str p, size_t *at, uint32_t c);

/* Every bracket of @pattern is closed. -1: memory is out. Adds to *steps what was looked at. */
int like_long(struct str text, struct str pattern, uint64_t *steps);
