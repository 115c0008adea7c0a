/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fold - text compared as WMI compares it: without regard to case
 *
 * Each character becomes its upper-case one (Unicode's simple mapping; what
 * would become several letters stays), and the rest is a comparison of code
 * units.  As in .NET's ordinal comparison no character beyond ASCII becomes an
 * ASCII one (dotless i, long s), so text of ASCII alone equals only text of
 * ASCII alone, and an index that knows ASCII case answers for it.
 * Bytes that are not UTF-8 stand for themselves.
 *
 * Threads: pure; any thread.
 * Source: Unicode 14 UnicodeData.txt, Simple_Uppercase_Mapping.
 */
#include "base/buf.h"

uint32_t fold_char(uint32_t c);         /* the upper-case character */
uint32_t fold_lower(uint32_t c);        /* the other way; fold_char of it is fold_char(c) */
/* The character at *at (which must be < s.n), and *at behind it. */
uint32_t fold_next(struct str s, size_t *at);
/* < 0, 0, > 0: by UTF-16 code units after folding, the shorter first. */
int fold_cmp(struct str a, struct str b);
bool fold_eq(struct str a, struct str b);
/* The text in upper or lower case. */
void fold_upper_text(struct str s, struct buf *out);
void fold_lower_text(struct str s, struct buf *out);
bool fold_is_ascii(struct str s);
size_t fold_length(struct str s);       /* in characters */
