/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * str - borrowed slices of text
 *
 * A struct str points into memory somebody else owns (an arena, a row, static
 * text).  It is not NUL-terminated.  Dup it to outlive its owner.
 * Comparisons named *_nocase fold ASCII only, as WMI class and property names
 * are ASCII.
 */
#include <string.h>
#include "base/macros.h"

struct str {
        const char *p;
        size_t n;
};

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_NULL ((struct str){ NULL, 0 })
/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *z)          /* NULL gives STR_NULL */
{
        return (struct str){ z, z ? strlen(z) : 0 };
}

bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
bool str_eq_nocase(struct str a, struct str b);
bool str_eqz_nocase(struct str a, const char *z);
int str_cmp(struct str a, struct str b);                /* bytewise, shorter first */
int str_cmp_nocase(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
struct str str_trim(struct str s);                      /* blanks, tabs, CR, LF */
/* Cut at the first c: *head gets what is before, returns what is after (n 0, p NULL when no c). */
struct str str_cut(struct str s, char c, struct str *head);
struct str str_from(struct str s, size_t at);           /* s without its first at bytes */

/* Heap copies, NUL-terminated; NULL only when memory is out. Caller frees. */
char *str_dup(struct str s);
char *str_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Whole slice as a decimal number. 0, or -EINVAL / -ERANGE. */
MUST int str_to_i64(struct str s, int64_t *out);
MUST int str_to_u64(struct str s, uint64_t *out);
bool str_is_utf8(struct str s);
