/* SPDX-License-Identifier: Apache-2.0 */
/* lookup - what people call things, to what the database calls them */
#include <assert.h>
#include "provider/private.h"
#include "provider/view.h"

const struct cim_class *provider_class(const char *name)
{
        const struct cim_class *c = cim_class_find(str_of(name));

        assert(c);
        return c;
}

struct provider_expr provider_text_is(const struct cim_class *c, const char *property, struct str text)
{
        int k = cim_property_find(c, str_of(property));

        assert(k >= 0);
        return (struct provider_expr){ .op = PROVIDER_EQ, .property = k, .value = { .s = text } };
}

struct provider_expr provider_number_is(const struct cim_class *c, const char *property, int64_t v)
{
        int k = cim_property_find(c, str_of(property));

        assert(k >= 0);
        return (struct provider_expr){ .op = PROVIDER_EQ, .property = k, .value = { .i = v } };
}

/* 0, or 1: in none of the caller's scopes. */
static int dp_seen(struct db_conn *c, const struct model_dp *dp, struct err *e)
{
        struct arena a;
        struct cim_instance *i;
        int r;

        arena_init(&a, 0);
        i = cim_instance_new(provider_class("SMS_DistributionPointInfo"), &a);
        if (i)
                cim_set_str(i, "NALPath", str_of(dp->nal_path));
        r = i ? view_sees(c, i, e) : err_set(e, ERR_NOMEM, "out of memory");
        arena_fini(&a);
        return r;
}

int provider_dp(struct db_conn *c, struct str name, struct model_dp *out, struct err *e)
{
        int r = model_dp_find(c, name, out, e);

        if (r == 0 && view_is_restricted())
                r = dp_seen(c, out, e);
        if (r <= 0)
                return r;
        return err_set(e, ERR_NOT_FOUND,
                       "there is no distribution point %.*s: SMS_DistributionPointInfo (tallyman dp list) lists them",
                       (int)MIN(name.n, 200), name.p ? name.p : "");
}

static bool first(void *ctx, struct cim_instance *i)
{
        *(struct cim_instance **)ctx = i;
        return false;
}

/* The first instance that fits, or NULL. */
static int one(struct db_conn *c, const struct cim_class *class, const struct provider_expr *where, struct arena *a,
               struct cim_instance **out, struct err *e)
{
        struct provider_query q = { .class = class, .where = where };

        *out = NULL;
        return provider_query_run(c, &q, a, first, out, e);
}

int provider_package(struct db_conn *c, struct str id, struct arena *a, struct str *out, struct err *e)
{
        const struct cim_class *class = provider_class("TM_PackageCondition");
        struct provider_expr x = provider_text_is(class, "PackageID", id);
        struct cim_instance *i;
        int r = one(c, class, &x, a, &i, e);

        if (r < 0)
                return r;
        if (!i)
                return err_set(e, ERR_NOT_FOUND, "there is no package %.*s: SMS_Package (tallyman package list) lists them",
                               (int)MIN(id.n, 60), id.p ? id.p : "");
        *out = cim_get(i, "PackageID")->s;
        return 0;
}

int provider_group(struct db_conn *c, struct str name, struct arena *a, struct str *out, struct err *e)
{
        const struct cim_class *class = provider_class("SMS_DistributionPointGroup");
        struct provider_expr id = provider_text_is(class, "GroupID", name), called = provider_text_is(class, "Name", name);
        struct provider_expr either = { .node = PROVIDER_OR, .left = &id, .right = &called };
        struct cim_instance *i;
        int r = one(c, class, &either, a, &i, e);

        if (r < 0)
                return r;
        if (!i)
                return err_set(e, ERR_NOT_FOUND,
                               "there is no distribution point group %.*s: tallyman group list shows them",
                               (int)MIN(name.n, 200), name.p ? name.p : "");
        *out = cim_get(i, "GroupID")->s;
        return 0;
}

struct cim_value provider_key(const struct cim_instance *i, uint16_t property, struct arena *a)
{
        struct cim_value v = i->values[property];
        struct cim_instance *keys;
        struct cim_path path;
        struct err e = { 0 };
        struct buf b;

        if (i->class->properties[property].type != CIM_REFERENCE || v.null || cim_path_parse(v.s, a, &path, &e) < 0 ||
            cim_path_bind(&path, a, &keys, &e) < 0)
                return v;
        buf_init(&b, CIM_PATH_MAX);
        if (cim_path_format(keys, &b) == 0) {
                struct str text = arena_str(a, buf_str(&b));

                v.s = text.p ? text : v.s;
        }
        buf_fini(&b);
        return v;
}
