/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * scope - which rows an account sees
 *
 * Packages, sites, DPs and DP groups are members of security scopes, accounts are
 * given scopes (0013-scopes.sql, schema/12-security.mof).  What a row is about is
 * told by its class's properties: PackageID, ServerNALPath, GroupID, SiteCode and
 * their like; a row is seen when everything it is about is.  That is one condition
 * a class, and this is the one place that knows it.  It is ANDed to every reading
 * of the class's view, and asked of the images of a change before a subscriber gets
 * it.  Summaries over all DPs stay sums over all DPs: who sees the package sees them.
 *
 * Threads: scope_load() and scope_sees() where the connection is owned; the rest is pure.
 */
#include "model/model.h"

struct scope {
        int64_t account;                /* 0: sees everything */
        bool unassigned;                /* sees what is in no scope */
};
/* What the account called @who sees. */
MUST int scope_load(struct db_conn *c, const char *who, struct scope *out, struct err *e);
/*
 * Appends the condition under which rows of the class's view are seen, its columns named as they are.
 * False, and nothing is added: all are.
 */
bool scope_where(const struct scope *s, const struct cim_class *c, struct buf *out);
/* Is this instance, of a row that may be gone or still to come, seen?  0 yes, 1 no. */
MUST int scope_sees(struct db_conn *c, const struct scope *s, const struct cim_instance *i, struct err *e);
/* Classes by which a restricted account could widen what it sees: not its to write. */
bool scope_guards(const struct cim_class *c);
