/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * context - context values, which travel beside a request
 *
 * A client says with them who it is and what it wants to see: a wire hands them
 * over by name (provider_context_set()), the provider acts on them.  Those that
 * travel with every request may be kept here once: SMS_ContextMethods.
 * GetContextHandle gives a handle that stands for them, which only the account
 * that got it may use; a value that is given beside the handle wins over the
 * kept one.  What is not used for a day, or is the oldest of too many, goes.
 *
 *      ApplicationName, MachineName    who calls; the raise status message methods want both
 *      LocaleID                        MS\1033 or MS\0x0409
 *      InstanceCount                   a query gives no more instances
 *      LimitToCollectionIDs            one id: resources of that collection only
 *      QueryQualifiers                 refused for classes that are not Secured
 *      ContextHandle                   see above
 *
 * Threads: a struct provider_contexts is the loop's; the rest is pure.
 * Source: Configuration Manager SDK "Context Qualifiers", "SMS_ContextMethods Class".
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct provider_context {               /* texts are borrowed; p NULL: not given */
        struct str application, machine, locale, collection, handle;
        uint64_t instance_count;        /* 0: not given */
        bool query_qualifiers;
};
enum { CONTEXT_TEXT_MAX = 260, CONTEXTS_MAX = 256, CONTEXT_HANDLE_MAX = 39 };

/* A value in words, names in any case. Names that mean nothing here are passed over, as WMI does. ERR_INVALID. */
MUST int provider_context_set(struct provider_context *c, struct str name, struct str value, struct err *e);
/* Name=value pairs with semicolons between, as an HTTP header has them; a value may stand in double quotes. */
MUST int provider_context_parse(struct str text, struct provider_context *out, struct err *e);

struct provider_contexts;
struct provider_contexts *provider_contexts_new(void);          /* NULL: out of memory */
void provider_contexts_free(struct provider_contexts *all);
/* A copy is kept; @handle_out is "{GUID}". */
MUST int provider_contexts_keep(struct provider_contexts *all, const char *who, const struct provider_context *c,
                                char handle_out[CONTEXT_HANDLE_MAX], struct err *e);
/* ERR_NOT_FOUND: no such handle of that account. */
MUST int provider_contexts_clear(struct provider_contexts *all, const char *who, struct str handle, struct err *e);
/* What a request has with what its handle stands for; texts in @a. ERR_INVALID: no such handle. */
MUST int provider_contexts_resolve(struct provider_contexts *all, const char *who, const struct provider_context *given,
                                   struct arena *a, struct provider_context *out, struct err *e);
