/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * daemon - the parts of tallymand, wired together
 *
 * Built from the lowest rank up, taken down the other way round.  Listeners come
 * last: whoever can connect finds everything there.  On SIGTERM polls are
 * answered, what was begun in the database ends, listeners close, and the loop
 * runs until nothing is in flight.
 */
#include "conf/settings.h"
#include "setup.h"

struct daemon;
/* The accounts of @s become the daemon's. */
MUST int daemon_new(struct daemon **out, const struct conf_site *cfg, struct setup *s, struct err *e);
/* Until SIGTERM or SIGINT. */
void daemon_run(struct daemon *d);
void daemon_free(struct daemon *d);     /* NULL is harmless */
