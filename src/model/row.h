/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * row - a row of a class's view becomes an instance
 *
 * The statement's columns are the class's properties in schema order, as
 * cim_class.select gives them: integers, booleans and datetimes (microseconds)
 * as numbers, arrays and embedded objects as JSON text, NULL as NULL.
 */
#include "cim/cim.h"
#include "db/db.h"

/* Two instances of one class. */
bool row_differs(const struct cim_instance *a, const struct cim_instance *b);
/* Everything is copied into @a. -ENOMEM, or ERR_CORRUPT when a column's text is not what its type says. */
MUST int row_read(struct db_stmt *s, const struct cim_class *c, struct arena *a, struct cim_instance **out, struct err *e);
