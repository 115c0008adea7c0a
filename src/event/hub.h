/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* hub - what the files of the hub share: subscriptions, the hub, and one reading of the log (batch.c) */
#include <stdatomic.h>
#include "event/event.h"
#include "event/index.h"
#include "model/scope.h"

enum { BATCH_ROWS = 256, BATCH_BYTES = 8 << 20 };

enum sub_mode { SUB_LIVE, SUB_BEHIND, SUB_ALONE, SUB_WAITING, SUB_GONE };

struct event_sub {
        struct list link;               /* hub->subs */
        struct event_hub *hub;
        struct event_sub_opts opts;
        char *key_property, *key_value; /* NULL: every instance */
        struct event_interest *interests;       /* of each class; of all: one */
        char **classes;
        size_t n_classes;               /* 0: all */
        int64_t cursor;                 /* last sequence delivered or passed over */
        enum sub_mode mode;
        uint64_t born;                  /* the hub's reading that was under way then, which does not know what we want */
        bool reading;                   /* a job of ours is under way */
        bool told_caught_up;
        char *who;                      /* NULL: the site */
        uint64_t wake;                  /* the hub's when it began to read last */
        bool look_again;                /* scopes have changed */
        bool dead;                      /* unsubscribed while reading: freed when the job is back */
};

struct event_hub {
        struct loop *loop;
        struct db *db;
        struct list subs;
        struct event_index index;
        struct loop_timer *timer;       /* the next reading, when it has to wait */
        int64_t fed_us;                 /* when changes were handed out last */
        const struct model_change *feeding;     /* the change that is being handed out */
        unsigned n_live, n_alone;
        uint64_t wakes;                 /* how often something was committed */
        int64_t last;                   /* every live subscription has seen up to here */
        uint64_t round;                 /* number of its last reading */
        bool reading, again, ended;
        unsigned n_jobs;
        atomic_bool posted;             /* a wake is on its way to the loop */
};

/* One reading of the log, for the hub (sub NULL) or one subscription. */
struct batch {
        struct db_job job;
        struct event_hub *hub;
        struct event_sub *sub;
        int64_t from, last;
        struct arena arena;
        bool all;                       /* somebody wants changes of every class; else of these */
        struct map wanted;              /* class name -> anything */
        char *who;
        struct db_conn *db;             /* while it works */
        struct scope scope;
        struct err *err;
        int r;                          /* of looking whether a change is seen */
        struct model_change rows[BATCH_ROWS];
        size_t n;
        bool gone;
        bool full;
};

/*
 * Reads what follows @from on a database thread: for the hub (@s NULL) what anybody asks for, for a subscription
 * what it asks for and may see.  @done on the loop; it ends with batch_free().  -1: memory is out, nothing was begun.
 */
MUST int batch_start(struct event_hub *h, struct event_sub *s, int64_t from, void (*done)(struct db_job *j));
void batch_free(struct batch *b);
