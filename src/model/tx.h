/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tx - one change of the site database, with its change log
 *
 * Every function of the model that writes takes a struct tx.  Before it changes
 * rows behind instances of a class it touches those instances: the touch keeps
 * them as the class's view shows them now (the before image, once a
 * transaction).  tx_end() reads every touched set again; where an instance
 * differs, came or went, a row goes into the change log with class, path, before
 * and after.  So an event can be neither invented nor forgotten by halves,
 * states and counters and log commit together, and A -> B -> A inside one
 * transaction is no event.
 *
 * A touch names properties that do not change in the life of an instance (keys,
 * or another one that is fixed), usually all keys: one instance; or fewer: a
 * set, read in one go (all distribution points of a package).  A touch inside a
 * set that is touched already costs nothing.
 *
 * A transaction about one package on one distribution point, which is what reports
 * are, is logged in short (tx_fact.h); touching is the same.
 *
 * Threads: on the db writer thread (inside db_write() jobs).
 * Ownership: strings given to touches are copied.
 */
#include "base/list.h"
#include "base/map.h"
#include "cim/cim.h"
#include "db/db.h"

struct actor {                          /* who asked, for the audit row */
        char who[96];                   /* "root", "admin", "dp:PAR01", "distmgr" */
        char from[64];                  /* peer address */
        char wire[16];                  /* "unix", "rest", "dp", "internal" */
};

struct tx_fact;

struct tx {
        struct db_conn *db;
        int64_t now_us;
        struct actor actor;
        struct arena arena;
        struct list sets;               /* struct tx_set, in order of touching */
        struct list shapes;             /* the first struct tx_set of each class and choice of properties */
        struct map set_names;           /* what was touched -> struct tx_set */
        struct map images;              /* relpath, which begins with the class -> struct tx_image */
        struct list image_list;         /* the same in order */
        struct tx_fact *fact;           /* tx_fact.h; NULL: none */
        bool kept;                      /* what is touched now has its before images already */
        bool failed;                    /* a touch failed; tx_end reports it */
        struct err err;
};

void tx_begin(struct tx *t, struct db_conn *c, const struct actor *a);  /* now_us from os_now_us() */

struct tx_key {
        const char *property;           /* static text */
        struct str text;                /* p NULL: number is the value */
        int64_t number;
};
#define TX_TEXT(name, value) { (name), (value), 0 }
#define TX_NUMBER(name, value) { (name), STR_NULL, (value) }

/* At most 4 keys, AND between them. */
void tx_touch_where(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys);
/* The instance is about to be created: there is no before image, and none is looked for. */
void tx_touch_new(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys);
/* Keys as values in schema order of the key properties; text or integers as the class has them. */
void tx_touch(struct tx *t, const char *class_name, const struct cim_value *keys, size_t n_keys);
void tx_touchz(struct tx *t, const char *class_name, const char *key1, const char *key2, const char *key3);      /* text keys; NULL ends */
/* One audit row: verb and object in words of the CLI ("distribute", "P0100001 to PAR01"). */
void tx_audit(struct tx *t, const char *verb, const char *fmt, ...) PRINTF_LIKE(3, 4);
MUST int tx_end(struct tx *t, struct err *e);   /* writes change rows; frees */
/* For tx_fact.c: has any class been touched that facts show?  Keep a before image that was not read by a touch. */
bool tx_touched_shown(const struct tx *t);
MUST int tx_keep_image(struct tx *t, const struct cim_instance *in, struct err *e);
void tx_abort(struct tx *t);                    /* frees; the caller's savepoint undoes the rows */
