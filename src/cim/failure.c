/* SPDX-License-Identifier: Apache-2.0 */
#include "cim/failure.h"

enum { SEVERITY_ERROR = 3, FACILITY_PROVIDER = 1 };

/* From 1 on, by place: append only. */
static const char *const actions[] = { "GetObject", "ExecQuery", "CreateInstanceEnum", "PutInstance", "DeleteInstance",
                                       "ExecMethod", "ExecNotificationQuery" };

/* ObjectTypeID of the SDK's pages. */
static const struct {
        const char *class;
        uint8_t id;
} objects[] = {
        { "SMS_Collection", 1 },        { "SMS_Package", 2 },
        { "SMS_Advertisement", 3 },     { "SMS_StatusMessage", 4 },
        { "SMS_Site", 6 },              { "SMS_DistributionPointInfo", 42 },
        { "SMS_DistributionPointGroup", 43 },
};

static const struct cim_class *class_of(const struct cim_failure *f)
{
        struct str s = f->parameter;
        size_t n = 0;

        if (f->class)
                return f->class;
        while (n < s.n && s.p[n] != '.' && s.p[n] != '=' && s.p[n] != ':' && s.p[n] != ' ')
                n++;
        return cim_class_find((struct str){ s.p, n });
}

static uint32_t action_of(const char *operation)
{
        for (size_t i = 0; operation && i < ARRAY_SIZE(actions); i++)
                if (strcmp(actions[i], operation) == 0)
                        return (uint32_t)i + 1;
        return 0;
}

static uint32_t object_of(const struct cim_class *c)
{
        for (size_t i = 0; c && i < ARRAY_SIZE(objects); i++)
                if (cim_class_isa(c, cim_class_find(str_of(objects[i].class))))
                        return objects[i].id;
        return 0;
}

uint32_t cim_failure_code(const struct cim_failure *f)
{
        return (uint32_t)SEVERITY_ERROR << 30 | FACILITY_PROVIDER << 22 | action_of(f->operation) << 16 |
               object_of(class_of(f)) << 8 | (uint32_t)f->kind;
}

static void set(struct cim_instance *i, const char *name, struct str text)
{
        if (text.n)
                cim_set_str(i, name, text);
}

static int of_provider(const struct cim_failure *f, struct cim_instance *i, struct arena *a)
{
        const struct cim_class *c = class_of(f);

        cim_set_i64(i, "ErrorCode", cim_failure_code(f));
        cim_set_str(i, "CauseInfo", str_of(err_kind_name(f->kind)));
        set(i, "ObjectInfo", f->parameter.n || !c ? f->parameter : str_of(c->name));
        return cim_instance_defaults(i, a);
}

struct cim_instance *cim_failure_instance(const struct cim_failure *f, struct arena *a)
{
        struct str name = f->kind ? STR("SMS_ExtendedStatus") : STR("__ExtendedStatus");
        struct cim_instance *i = cim_instance_new(cim_class_find(name), a);

        if (!i)
                return NULL;
        cim_set_i64(i, "StatusCode", f->status ? f->status : err_hresult(f->kind));
        set(i, "Description", f->description);
        set(i, "Operation", f->operation ? str_of(f->operation) : STR_NULL);
        set(i, "ParameterInfo", f->parameter);
        cim_set_str(i, "ProviderName", f->kind ? STR("Tallyman") : STR("Windows Management"));
        return f->kind && of_provider(f, i, a) < 0 ? NULL : i;
}

void cim_failure_json(const struct cim_failure *f, struct buf *out)
{
        struct cim_instance *i;
        struct arena a;

        arena_init(&a, 0);
        i = cim_failure_instance(f, &a);
        if (i) {
                buf_printf(out, "{\"__CLASS\":\"%s\"", i->class->name);
                for (size_t k = 0; k < i->class->n_properties; k++) {
                        cim_json_member(out, ',', i->class->properties[k].name);
                        cim_json_value_write(&i->class->properties[k], &i->values[k], out);
                }
                buf_addc(out, '}');
        }
        arena_fini(&a);
}
