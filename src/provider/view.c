/* SPDX-License-Identifier: Apache-2.0 */
/* view - see view.h */
#include "cim/namespace.h"
#include "provider/view.h"

static _Thread_local struct view now;

static const char *parent_of(struct str ns)
{
        enum cim_namespace n;

        if (!ns.n)
                return NULL;
        if (cim_namespace_find(ns, STR(""), &n) < 0)
                return "";              /* a site's has none below it */
        return n == CIM_NS_ROOT ? "root" : n == CIM_NS_SMS ? "root\\sms" : "";
}

static int find_collection(struct db_conn *c, struct str id, int64_t *out, struct err *e)
{
        int r = model_collection_row(c, id, out, e);

        return r > 0 ? err_set(e, ERR_NOT_FOUND, "context value LimitToCollectionIDs: there is no collection %.*s",
                               (int)MIN(id.n, (size_t)20), id.p) : r;
}

int view_begin(struct db_conn *c, const struct provider_caller *who, const struct provider_context *context, struct str ns,
               struct err *e)
{
        int r;

        now = (struct view){ .parent = parent_of(ns) };
        r = scope_load(c, who->actor.who, &now.scope, e);
        if (r == 0 && context && context->collection.n)
                r = find_collection(c, context->collection, &now.collection, e);
        return r;
}

void view_end(void)
{
        now = (struct view){ 0 };
}

static bool is_resource(const struct cim_class *c)
{
        return cim_class_isa(c, cim_class_find(STR("SMS_Resource")));
}

bool view_where(const struct cim_class *c, struct buf *out)
{
        if (now.parent && strcmp(c->name, "__NAMESPACE") == 0) {
                buf_printf(out, "\"__NAMESPACE\".Parent = '%s'", now.parent);
                return true;
        }
        if (now.collection && is_resource(c)) {
                buf_printf(out, "\"%s\".\"ResourceID\" IN (SELECT m.ResourceID FROM SMS_FullCollectionMembership m "
                                "WHERE m.collection_row = %lld)", c->view, (long long)now.collection);
                return true;            /* resources are in no scope */
        }
        return scope_where(&now.scope, c, out);
}

bool view_narrow(void *ctx, const struct cim_class *c, struct buf *out)
{
        return view_where(c, out);
}

int view_sees(struct db_conn *c, const struct cim_instance *i, struct err *e)
{
        return scope_sees(c, &now.scope, i, e);
}

bool view_is_restricted(void)
{
        return now.scope.account != 0;
}

bool view_is_limited(void)
{
        return now.collection != 0;
}

int view_guards(const struct cim_class *c, struct err *e)
{
        if (!view_is_restricted() || !scope_guards(c))
                return 0;
        return err_set(e, ERR_DENIED, "%s: the account's security scopes (TM_AccountScope) leave this to accounts that see everything",
                       c->name);
}
