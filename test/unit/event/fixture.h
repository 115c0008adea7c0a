/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* fixture - a site's database, the hub and the engine over it, changes of packages, and who listens; all on one loop */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "event/timers.h"

extern struct loop *the_loop;
extern struct db *db;
extern struct event_hub *hub;
extern struct event_engine *engine;

int set_up(void **state);
int tear_down(void **state);
void run(void);                         /* what is ready now */
void new_engine(int64_t spacing_us, bool interval, size_t memory);

enum verb { INIT, CREATE, RENAME, DELETE, TRIM };
/* One transaction. */
void change(enum verb verb, const char *id, const char *name);

struct listener {
        struct event_subscription *s;
        int room;                       /* < 0: never full */
        int n;
        char class[32][40], json[32][4096];
        int64_t sequence, caught_up;
        enum err_kind gone;
};

int open_query(struct listener *l, const char *query, int64_t from, struct wql_error *w);
void listen_to(struct listener *l, const char *query, int64_t from);
void run_until(struct listener *l, int n);      /* it has so many events */
void has(const struct listener *l, int i, const char *class_name, const char *text);
