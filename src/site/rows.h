/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * rows - {"value":[{...},{...}]} taken apart while it arrives
 *
 * Bytes go in as they come off the wire, in pieces of any size; whole elements
 * of the array come out, as they were written.  Only brackets and quotes are
 * looked at: what an element holds is for its reader to parse.  Pure.  An
 * element larger than the limit is an error, never memory without end.
 */
#include "base/buf.h"

struct rows {
        struct buf row;                 /* the element that is still open */
        bool in_array, done;
        bool in_string, escaped;
        unsigned depth;                 /* of brackets within the array */
};
typedef bool (*rows_fn)(void *ctx, const char *json);

void rows_init(struct rows *r, size_t limit);
void rows_fini(struct rows *r);
/* 0; ROWS_STOPPED when fn said false; -EMSGSIZE, -EBADMSG. */
enum { ROWS_STOPPED = 1 };
MUST int rows_feed(struct rows *r, const char *p, size_t n, rows_fn fn, void *ctx);
bool rows_whole(const struct rows *r);  /* the array has ended */
