/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * index - which subscriptions a change may concern
 *
 * By class, and within a class by the value of one key property, which is read
 * from the change's path (no image is looked into).  So a change costs what it
 * concerns, not how many listen.  An interest may be found for a change that does
 * not concern it (a key with letters beyond ASCII), never the reverse.
 *
 * Memory: interests belong to their subscriptions; nodes go when they are empty.
 */
#include "base/list.h"
#include "base/map.h"

enum { EVENT_INDEX_KEYS = 4 };          /* key properties of a class that have an index; more are looked at each time */

struct event_interest {
        struct list link;
        void *owner;
        struct event_class_node *class;
        struct event_value_node *value; /* NULL: of the whole class */
};

struct event_index {
        struct list any;                /* interested in every class */
        struct map classes;             /* name -> struct event_class_node */
};

void event_index_init(struct event_index *x);
void event_index_fini(struct event_index *x);   /* no interest may be left */
/* class_name n 0: every class. property n 0: every instance. 0 or -ENOMEM. */
MUST int event_index_add(struct event_index *x, struct event_interest *i, struct str class_name, struct str property,
                         struct str value);
void event_index_del(struct event_index *x, struct event_interest *i);  /* harmless when it was not added */
/* fn is called once for each interest found; it deletes none. */
void event_index_find(struct event_index *x, struct str class_name, struct str path,
                      void (*fn)(void *ctx, struct event_interest *i), void *ctx);
/* The value of a key in CLASS.KEY="value",KEY2=5; at most max bytes, unescaped. False: it has no such key, or a longer one. */
bool event_path_key(struct str path, struct str property, char *out, size_t max, size_t *n_out);
