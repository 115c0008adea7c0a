/* SPDX-License-Identifier: Apache-2.0 */
/* bind_assoc - ASSOCIATORS OF and REFERENCES OF: the path is one, the classes named exist */
#include "wql/binder.h"

static int check_class(struct wql_binder *b, struct str name)
{
        if (name.n && !b->out->schema->find(b->out->schema->ctx, name))
                return wql_fail(b->e, WBEM_E_INVALID_CLASS, 0, "there is no class %.*s", STR_ARG(name));
        return 0;
}

int wql_bind_association(struct wql_binder *b)
{
        const struct wql_query *q = b->q;
        struct err why = { 0 };
        struct cim_path path;
        int r = cim_path_parse(q->path, b->a, &path, &why);

        if (r < 0)
                return wql_invalid(b, q->path_at, "%s", why.text);
        if (q->terms.schema_only && (path.n_keys || path.singleton))
                return wql_invalid(b, q->path_at, "SchemaOnly asks about a class, not about one object");
        r = check_class(b, q->terms.assoc_class);
        return r < 0 ? r : check_class(b, q->terms.result_class);
}
