/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wql_tables - a database in memory whose tables are the classes of a schema
 *
 * Each class with a view gets a table of that name, columns without a type,
 * values as row.h has them: numbers, text, JSON for arrays and objects.
 */
#include "db/db.h"
#include "wql/bind.h"

MUST int tables_open(struct db_conn **out, const struct wql_schema *schema, struct err *e);
MUST int tables_insert(struct db_conn *db, const struct cim_instance *in, struct err *e);
MUST int tables_empty(struct db_conn *db, const struct cim_class *c, struct err *e);
