/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tx - one change of the site database, with its change log
 *
 * Every function of the model that writes takes a struct tx.  Before it changes
 * rows behind an instance of a class it touches that instance: tx_touch() keeps
 * the instance as the class's view shows it now (the before image, once per
 * transaction).  tx_end() reads each touched instance again; where it differs, a
 * row goes into the change log with class, path, before and after.  So an event
 * can be neither invented nor forgotten by halves, states and counters and log
 * commit together, and A -> B -> A inside one transaction is no event.
 *
 * Threads: on the db writer thread (inside db_write() jobs).
 */
#include "base/map.h"
#include "cim/cim.h"
#include "db/db.h"

struct actor {                          /* who asked, for the audit row */
        char who[96];                   /* "root", "admin", "dp:PAR01", "distmgr" */
        char from[64];                  /* peer address */
        char wire[16];                  /* "unix", "rest", "dp", "internal" */
};

struct tx {
        struct db_conn *db;
        int64_t now_us;
        struct actor actor;
        struct arena arena;
        struct map touched;             /* relpath -> struct tx_touched */
        bool failed;                    /* a touch failed; tx_end reports it */
        struct err err;
};

void tx_begin(struct tx *t, struct db_conn *c, const struct actor *a);  /* now_us from os_now_us() */
/* Keys as values in schema order of the key properties; text or integers as the class has them. */
void tx_touch(struct tx *t, const char *class_name, const struct cim_value *keys, size_t n_keys);
void tx_touchz(struct tx *t, const char *class_name, const char *key1, const char *key2, const char *key3);      /* text keys; NULL ends */
/* One audit row: verb and object in words of the CLI ("distribute", "P0100001 to PAR01"). */
void tx_audit(struct tx *t, const char *verb, const char *fmt, ...) PRINTF_LIKE(3, 4);
MUST int tx_end(struct tx *t, struct err *e);   /* writes change rows; frees */
void tx_abort(struct tx *t);                    /* frees; the caller's savepoint undoes the rows */
