/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* watch - printing a stream of changes; for watch, events and status --watch */
#include "verbs.h"

typedef bool (*watch_filter)(void *ctx, const struct tallyman_event *ev);
/* Prints until count events (0: no end) or the stream's time. With a count, running out of time is EXIT_TIMED_OUT. */
int watch_stream(struct cli *c, const struct tallyman_stream *s, int64_t count, watch_filter filter, void *ctx);
int option_number(struct cli *c, const char *option, int64_t otherwise, int64_t *out);
/* --timeout in ms; 0 when not given. */
int option_timeout_ms(struct cli *c, int64_t *out);
