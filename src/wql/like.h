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
 * A bracket that is not closed matches nothing.  Time is bounded by the product
 * of both lengths.
 *
 * Threads: pure; any thread.
 * Source: win32 WmiSdk "LIKE Operator"; [MS-WMI] 2.2.1.
 */
#include "base/buf.h"

bool wql_like(struct str text, struct str pattern);
bool wql_like_is_plain(struct str pattern);     /* no % _ [ in it: LIKE means = */
/* A pattern whose brackets hold one character each and that has no % or _ matches one text: written to @out. */
bool wql_like_literal(struct str pattern, struct buf *out);
/* What every match begins with, in whole characters; may be empty. */
struct str wql_like_prefix(struct str pattern);
