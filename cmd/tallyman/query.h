/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* query - what the verbs that take WQL share */
#include "cli.h"

/* A query was refused: the mistake, its status, and a mark under the place. Returns the exit code. */
int query_fail(struct cli *c, const char *text, const struct tallyman_error *e);
bool is_select(const char *word);       /* begins with the word SELECT */
