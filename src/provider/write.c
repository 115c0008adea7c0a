/* SPDX-License-Identifier: Apache-2.0 */
/* write - what holds for creating, changing and deleting instances of every class */
#include <errno.h>
#include "provider/private.h"
#include "provider/view.h"

static int read_only_class(const struct cim_class *c, const char *what, struct err *e)
{
        return err_set(e, ERR_READ_ONLY, "%s: instances cannot be %s, they show what is so", c->name, what);
}

static int give_all(struct cim_instance *in, struct arena *a, struct err *e)
{
        if (in->given)
                return 0;
        in->given = arena_array(a, in->class->n_properties + 1, sizeof *in->given);
        if (!in->given)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t k = 0; k < in->class->n_properties; k++)
                in->given[k] = true;
        return 0;
}

/* What only the provider may set is not the caller's to give; what must not be NULL must be there. */
static int prepare_new(struct cim_instance *in, struct arena *a, struct err *e)
{
        int r = give_all(in, a, e);

        if (r < 0)
                return r;
        for (size_t k = 0; k < in->class->n_properties; k++) {
                const struct cim_property *p = &in->class->properties[k];

                if (p->read_only) {
                        in->given[k] = false;
                        in->values[k] = (struct cim_value){ .null = true };
                } else if (p->not_null && in->values[k].null) {
                        return err_set(e, ERR_INVALID, "%s.%s must be given", in->class->name, p->name);
                }
        }
        return cim_instance_defaults(in, a) < 0 ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* A new instance about something the caller does not see. */
static int outside(struct tx *t, const struct cim_instance *in, struct err *e)
{
        int r = view_sees(t->db, in, e);

        if (r <= 0)
                return r;
        return err_set(e, ERR_NOT_FOUND, "%s: what it is about does not exist, or is in no security scope of the account",
                       in->class->name);
}

int provider_create(struct tx *t, struct cim_instance *in, struct arena *a, struct cim_instance **out, struct err *e)
{
        const struct provider_writer *w = provider_writer_find(in->class);
        int r;

        if (!w || !w->create)
                return read_only_class(in->class, "created", e);
        r = view_guards(in->class, e);
        if (r == 0)
                r = prepare_new(in, a, e);
        if (r == 0)
                r = outside(t, in, e);
        if (r == 0)
                r = w->create(t, in, e);
        return r < 0 ? r : provider_get(t->db, in, a, out, e);
}

/* SEDO: a put that was made from another state of the object must not win silently. */
static int check_version(const struct cim_instance *in, const struct cim_instance *now, struct err *e)
{
        int k = cim_property_find(in->class, STR("SedoObjectVersion"));

        if (k < 0 || !in->given[k] || in->values[k].null ||
            cim_value_eq(&in->class->properties[k], &in->values[k], &now->values[k]))
                return 0;
        return err_set(e, ERR_CONFLICT, "%s was changed meanwhile (SedoObjectVersion is %.*s): read it again",
                       in->class->name, STR_ARG(now->values[k].s));
}

/*
 * Leave only what really changes.  Queries do not fill lazy properties, so that a row put back has NULL there: it was not
 * read, and stays.  An empty list empties it.  Source: memdocs "Configuration Manager Lazy Properties".
 */
static int prepare_change(struct cim_instance *in, const struct cim_instance *now, bool strict, struct err *e)
{
        for (size_t k = 0; k < in->class->n_properties; k++) {
                const struct cim_property *p = &in->class->properties[k];

                if (!in->given[k] || p->key)
                        continue;
                if (cim_value_eq(p, &in->values[k], &now->values[k]) || (p->lazy && in->values[k].null)) {
                        in->given[k] = false;
                } else if (p->read_only) {
                        if (strict)
                                return err_set(e, ERR_READ_ONLY, "%s.%s is read-only", in->class->name, p->name);
                        in->given[k] = false;
                } else if (p->not_null && in->values[k].null) {
                        return err_set(e, ERR_INVALID, "%s.%s must not be NULL", in->class->name, p->name);
                }
        }
        return 0;
}

static bool changes_something(const struct cim_instance *in)
{
        for (size_t k = 0; k < in->class->n_properties; k++) {
                if (in->given[k] && !in->class->properties[k].key)
                        return true;
        }
        return false;
}

int provider_put(struct tx *t, struct cim_instance *in, bool strict, struct arena *a, struct cim_instance **out,
                 struct err *e)
{
        const struct provider_writer *w = provider_writer_find(in->class);
        struct cim_instance *now;
        int r;

        if (!w || !w->put)
                return read_only_class(in->class, "changed", e);
        r = view_guards(in->class, e);
        if (r == 0)
                r = give_all(in, a, e);
        if (r == 0)
                r = provider_get(t->db, in, a, &now, e);
        if (r == 0)
                r = check_version(in, now, e);
        if (r == 0)
                r = prepare_change(in, now, strict, e);
        if (r < 0)
                return r;
        for (size_t k = 0; k < in->class->n_keys; k++)          /* in the stored spelling */
                in->values[in->class->keys[k]] = now->values[in->class->keys[k]];
        if (!changes_something(in)) {
                *out = now;
                return 0;
        }
        r = w->put(t, in, e);
        return r < 0 ? r : provider_get(t->db, in, a, out, e);
}

int provider_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        const struct provider_writer *w = provider_writer_find(keys->class);
        struct cim_instance *now;
        int r;

        if (!w || !w->delete_)
                return read_only_class(keys->class, "deleted", e);
        r = view_guards(keys->class, e);
        if (r == 0)
                r = provider_get(t->db, keys, &t->arena, &now, e);
        return r < 0 ? r : w->delete_(t, now, e);
}
