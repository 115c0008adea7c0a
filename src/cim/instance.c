/* SPDX-License-Identifier: Apache-2.0 */
/* instance - values of a class's properties, and their documented defaults */
#include <assert.h>
#include <errno.h>
#include "cim/private.h"

struct cim_instance *cim_instance_new(const struct cim_class *c, struct arena *a)
{
        struct cim_instance *i = arena_alloc(a, sizeof *i);

        if (!i)
                return NULL;
        i->class = c;
        i->values = arena_array(a, c->n_properties + 1, sizeof *i->values);
        if (!i->values)
                return NULL;
        for (size_t k = 0; k < c->n_properties; k++)
                i->values[k].null = true;
        return i;
}

/* MOF text of a string ("a\"b"), without its quotes and escapes. */
static struct str unquote(const char *mof, struct arena *a)
{
        size_t n = strlen(mof), used = 0;
        char *p = arena_alloc(a, n + 1);

        if (!p)
                return STR_NULL;
        for (size_t i = 1; i + 1 < n; i++) {
                if (mof[i] == '\\' && i + 2 < n)
                        i++;
                p[used++] = mof[i];
        }
        return (struct str){ p, used };
}

bool cim_default(const struct cim_property *p, struct arena *a, struct cim_value *out)
{
        struct err e = { 0 };
        struct str text;

        if (!p->default_)
                return false;
        text = p->default_[0] == '"' ? unquote(p->default_, a) : str_of(p->default_);
        return text.p && cim_value_parse(p, text, a, out, &e) == 0;
}

int cim_instance_defaults(struct cim_instance *i, struct arena *a)
{
        for (size_t k = 0; k < i->class->n_properties; k++) {
                const struct cim_property *p = &i->class->properties[k];
                struct cim_value v;

                if ((i->given && i->given[k]) || !i->values[k].null || !p->default_)
                        continue;
                if (!cim_default(p, a, &v))
                        return -ENOMEM;
                i->values[k] = v;
        }
        return 0;
}

const struct cim_value *cim_get(const struct cim_instance *i, const char *name)
{
        int k = cim_property_find(i->class, str_of(name));

        if (k < 0 || i->values[k].null)
                return NULL;
        return &i->values[k];
}

static struct cim_value *to_set(struct cim_instance *i, const char *name)
{
        int k = cim_property_find(i->class, str_of(name));

        assert(k >= 0);
        if (i->given)
                i->given[k] = true;
        return &i->values[k];
}

void cim_set_str(struct cim_instance *i, const char *name, struct str s)
{
        *to_set(i, name) = (struct cim_value){ .s = s };
}

void cim_set_i64(struct cim_instance *i, const char *name, int64_t v)
{
        *to_set(i, name) = (struct cim_value){ .i = v };
}
