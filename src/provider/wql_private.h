/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* wql_private - what the files of the provider's WQL share */
#include "provider/wql.h"

/* wql_schema.c: SELECT ... FROM meta_class. 0, or -1 with @why. */
MUST int provider_wql_schema(const struct wql_binding *b, uint64_t skip, struct arena *a,
                             bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why);
/* wql_assoc.c: ASSOCIATORS OF, REFERENCES OF. 0; < 0 with @why or @e. */
MUST int provider_wql_associations(struct db_conn *c, const struct wql_binding *b, const struct provider_wql_opts *o,
                                   struct arena *a, bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx,
                                   struct wql_error *why, struct err *e);
