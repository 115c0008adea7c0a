/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * retry - when a delivery is tried again, and when it is given up
 *
 * The n-th pause is first * 2^(n-1), at most longest, moved by chance by up to a
 * quarter so that many do not come at once.  After `tries` tries the event is
 * given up.  A binding whose events fail one after the other pauses before the
 * next in the same way, so a consumer that is fed by its own failures comes to
 * rest.
 *
 * Pure: chance comes from outside, time is only a number of microseconds.
 */
#include "base/macros.h"

struct retry_policy {
        unsigned tries;                 /* >= 1 */
        int64_t first_us, longest_us;   /* > 0 */
};

/* The pause after @n >= 1 failures in a row; @chance is any number. */
int64_t retry_pause_us(const struct retry_policy *p, unsigned n, uint64_t chance);

enum delivery_end {
        DELIVERY_DONE,
        DELIVERY_AGAIN,                 /* may work later */
        DELIVERY_REFUSED,               /* would fail in the same way again */
};
/* True: the event is given up. @tries: made so far, this one included. */
static inline bool retry_gives_up(const struct retry_policy *p, enum delivery_end how, unsigned tries)
{
        return how == DELIVERY_REFUSED || (how == DELIVERY_AGAIN && tries >= p->tries);
}

/* What an HTTP status says: 2xx done; 408, 429 and 5xx again; others refused. */
enum delivery_end retry_of_http(int status);
/* What an SMTP status says: 2xx done; 4xx again; 5xx refused; 0: no answer, again. */
enum delivery_end retry_of_smtp(int status);
/* What a program's exit status says: 0 done; 75 (EX_TEMPFAIL of sysexits(3)) again; others refused. */
enum delivery_end retry_of_exit(int status);
