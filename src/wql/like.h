/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * like - the patterns of WQL's LIKE
 *
 *      %       any run of characters           [abc]   one of the set
 *      _       one character                   [a-f]   one of the range; = marks a range too
 *                                              [^...]  one not in the set; [^] is a caret
 *
 * Everything else is itself; case is folded, the ends of ranges too.  There is no
 * escape: the lexer has taken the backslashes, and [%] [_] [[] are the characters.
 * A bracket that is not closed matches nothing.
 *
 * Time: with n bytes of text and m of pattern fewer than 20 n + 160 m + n m / 32 +
 * 8192 steps, whatever is in them; far fewer for what people write (like_long.h).
 *
 * Threads: pure; any thread.
 * Source: win32 WmiSdk "LIKE Operator"; [MS-WMI] 2.2.1.
 */
#include "base/buf.h"

bool wql_like(struct str text, struct str pattern);
/* The same, and how many steps that took. */
bool wql_like_counted(struct str text, struct str pattern, uint64_t *steps);
bool wql_like_is_plain(struct str pattern);     /* no % _ [ in it: LIKE means = */
/* A pattern whose brackets hold one character each and that has no % or _ matches one text: written to @out. */
bool wql_like_literal(struct str pattern, struct buf *out);
/* What every match begins with, in whole characters; may be empty. */
struct str wql_like_prefix(struct str pattern);
