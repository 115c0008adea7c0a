/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * transfer - one slice of a version from the site into the library
 *
 * One POST content a slice.  Bytes pass piece_stream into blocks of whole records
 * on the loop; the check worker passes them through plan_check() and the store
 * worker writes what is right, each in the order of arrival.  When there is no
 * free block the connection is paused, so a slow disk slows the sender and
 * nothing piles up.
 *
 * A connection that is lost is made again with back-off, with what is left of
 * the want list and offset=K into the record that was under way, whose first K
 * bytes stay in their block.  It goes on like that for as long as the order
 * stands: whether a site that cannot be reached is a failure is for the site to
 * say.  What ends a transfer are answers (the content is gone: ERR_GONE), bytes
 * that are wrong (ERR_CORRUPT), the disk (ERR_NO_SPACE, ERR_IO), and a peer that
 * holds the connection without sending, TRANSFER_STALLS times in a row
 * (ERR_TIMEOUT).
 *
 * Threads    The loop; transfer.c says where the workers have their turns.
 */
#include "base/err.h"

enum { TRANSFER_STALLS = 5, TRANSFER_REFUSALS = 20 };

struct order;
struct transfer;

/* The slice in order.plan; ends with install_transferred() unless cancelled. */
MUST int transfer_start(struct order *o, struct err *e);
void transfer_kick(struct transfer *t);         /* waits for its back-off: try now */
/* Stops the wire at once; frees itself when its blocks are back, then calls orders_schedule() only. */
void transfer_cancel(struct transfer *t);
