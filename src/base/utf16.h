/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * utf16 - text of Microsoft's wires: UTF-16, little-endian
 *
 * Lenient both ways, for such text is shown and compared, never executed: an
 * unpaired surrogate, or bytes that are no UTF-8, become U+FFFD.
 *
 * Source: [MS-DTYP] 2.3.1.1; The Unicode Standard 3.9.
 */
#include "base/arena.h"
#include "base/buf.h"

/* n_units code units at @p (no alignment needed) as UTF-8 in @a, NUL behind; p NULL: @a is full. */
struct str utf16_decode(const void *p, size_t n_units, struct arena *a);
void utf16_encode(struct str s, struct buf *out);       /* without a NUL */
size_t utf16_units(struct str s);                       /* how many code units utf16_encode() makes */
