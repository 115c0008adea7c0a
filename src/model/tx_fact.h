/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tx_fact - a transaction about one pair logs a fact instead of images; inside the model
 *
 * The first to touch what shows a pair asks tx_fact_pair().  While the transaction
 * has touched none of the classes that a fact shows, the pair becomes its fact: one
 * statement reads the columns, tx_end() reads them again and logs what differs.  As
 * soon as something else of those classes is touched (another pair, a whole
 * package), the fact dissolves into the before images of its instances, and the
 * transaction goes on as if it had touched them one by one.  So no writer has to
 * know which of the two it is.
 */
#include "model/fact.h"
#include "model/tx.h"

/* True: the pair is the transaction's fact, there is nothing more to touch. */
bool tx_fact_pair(struct tx *t, int64_t pkg_id, int64_t dp_id);
/* A class that facts show is about to be touched otherwise. */
void tx_fact_dissolve(struct tx *t);
MUST int tx_fact_end(struct tx *t, struct err *e);
/* The row that @s has stepped on, a status message that came, goes into the log. */
MUST int tx_fact_message(struct tx *t, struct db_stmt *s, struct err *e);
