/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * view - what of the rows there are a caller gets to see; inside the provider
 *
 * Three things narrow it: the security scopes of the account (model/scope.h), the
 * namespace that is connected (instances of __NAMESPACE), and the context value
 * LimitToCollectionIDs (resources).  The view is set for the thread while a request
 * runs there, and every reading of the request, its own, a method's, or one that
 * finds an association's ends, goes by it: provider_query_text() and the WQL
 * compiler ask view_where() for each class they read.  So no reading can forget it.
 *
 * Threads: each database thread has its own; set and ended by request.c and wql.c, and by wires that read by themselves.
 */
#include "model/scope.h"
#include "provider/provider.h"

struct view {
        struct scope scope;
        int64_t collection;             /* LimitToCollectionIDs as a row number; 0: none */
        const char *parent;             /* namespaces below this one; NULL: all */
};

/* @context may be NULL, @ns n 0 (none is connected). ERR_NOT_FOUND: no such collection. */
MUST int view_begin(struct db_conn *c, const struct provider_caller *who, const struct provider_context *context, struct str ns,
                    struct err *e);
void view_end(void);
/* Appends a condition on the columns of the class's view; false, and nothing is added: all rows are seen. */
bool view_where(const struct cim_class *c, struct buf *out);
/* The same as wql_sql_opts.narrow wants it. */
bool view_narrow(void *ctx, const struct cim_class *c, struct buf *out);
/* 0 yes, 1 no: an instance that is about to be, or that was found without view_where(). */
MUST int view_sees(struct db_conn *c, const struct cim_instance *i, struct err *e);
/* ERR_DENIED: who sees only a part must not decide what is seen, by instances or methods of such a class. */
MUST int view_guards(const struct cim_class *c, struct err *e);
bool view_is_restricted(void);          /* by scopes */
bool view_is_limited(void);             /* to a collection */
