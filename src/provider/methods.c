/* SPDX-License-Identifier: Apache-2.0 */
/* methods - finding a method's function, checking its parameters, handing them over by name */
#include <assert.h>
#include "provider/private.h"
#include "provider/view.h"

static const struct provider_method *const tables[] = { provider_package_methods, provider_dp_methods,
                                                        provider_group_methods, provider_site_methods,
                                                        provider_order_methods, provider_text_methods,
                                                        provider_advert_methods, provider_collection_methods,
                                                        provider_status_methods, provider_system_methods,
                                                        provider_user_methods };

static const struct provider_method *find(const char *class, const char *method)
{
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                for (const struct provider_method *m = tables[i]; m->class; m++) {
                        if (strcmp(m->class, class) == 0 && strcmp(m->method, method) == 0)
                                return m;
                }
        }
        return NULL;
}

static int check_arguments(const struct cim_class *c, const struct cim_method *m, const struct cim_value *args,
                           struct err *e)
{
        for (size_t i = 0; i < m->n_parameters; i++) {
                const struct cim_parameter *p = &m->parameters[i];

                if (p->in && !p->optional && args[i].null)
                        return err_set(e, ERR_INVALID, "%s.%s wants the parameter %s", c->name, m->name, p->name);
        }
        return 0;
}

int provider_invoke(struct provider *p, struct tx *t, struct provider_call *in, struct arena *a, struct err *e)
{
        const struct cim_class *c = in->class;
        const struct cim_method *m = in->method;
        struct call call = { .p = p, .t = t, .class = c, .m = m, .args = in->args, .context = in->context, .role = in->role, .a = a,
                             .out = in->out_args };
        const struct provider_method *row = find(c->name, m->name);
        struct cim_instance *now = NULL;
        int r;

        if (!row)
                return err_set(e, ERR_NOT_SUPPORTED, "%s.%s is not to be called this way", c->name, m->name);
        if (!m->static_ && !in->self)
                return err_set(e, ERR_INVALID, "%s.%s is a method of an instance: name one", c->name, m->name);
        r = view_guards(c, e);
        if (r == 0)
                r = check_arguments(c, m, in->args, e);
        if (r == 0 && !m->static_)
                r = provider_get(t->db, in->self, a, &now, e);
        if (r < 0)
                return r;
        call.self = now;
        r = row->run(&call, e);
        in->return_value = call.return_value;
        return r;
}

static size_t index_of(const struct call *c, const char *name)
{
        size_t i = 0;

        while (i < c->m->n_parameters && strcmp(c->m->parameters[i].name, name) != 0)
                i++;
        assert(i < c->m->n_parameters);
        return i;
}

struct str call_str(const struct call *c, const char *name)
{
        const struct cim_value *v = &c->args[index_of(c, name)];

        return v->null ? STR_NULL : v->s;
}

bool call_bool(const struct call *c, const char *name, bool absent)
{
        const struct cim_value *v = &c->args[index_of(c, name)];

        return v->null ? absent : v->i != 0;
}

uint32_t call_u32(const struct call *c, const char *name)
{
        const struct cim_value *v = &c->args[index_of(c, name)];

        return v->null ? 0 : (uint32_t)v->i;
}

int64_t call_time(const struct call *c, const char *name, int64_t absent)
{
        const struct cim_value *v = &c->args[index_of(c, name)];

        return v->null || v->text ? absent : v->i;
}

int call_embedded(const struct call *c, struct str text, const char *base, struct cim_instance **out, struct err *e)
{
        const struct str head = STR("{\"__CLASS\":\"");
        struct str name = str_from(text, MIN(head.n, text.n));
        const char *end = name.n ? memchr(name.p, '"', name.n) : NULL;
        const struct cim_class *class;

        name.n = end ? (size_t)(end - name.p) : 0;
        class = cim_class_find(name);
        if (!class || !cim_class_isa(class, provider_class(base)))
                return err_set(e, ERR_INVALID, "%s.%s wants objects of %s", c->class->name, c->m->name, base);
        return cim_json_read(class, text, c->a, out, e);
}

bool call_list(const struct call *c, const char *name, const struct cim_value **items, size_t *n)
{
        const struct cim_value *v = &c->args[index_of(c, name)];

        *items = v->null ? NULL : v->array.items;
        *n = v->null ? 0 : v->array.n;
        return !v->null;
}

void call_out_str(const struct call *c, const char *name, struct str s)
{
        struct str copy = arena_str(c->a, s.p ? s : STR(""));

        c->out[index_of(c, name)] = (struct cim_value){ .null = !copy.p, .s = copy };
}

void call_out_i64(const struct call *c, const char *name, int64_t v)
{
        c->out[index_of(c, name)] = (struct cim_value){ .i = v };
}

void call_out_list(const struct call *c, const char *name, const struct cim_value *items, size_t n)
{
        c->out[index_of(c, name)] = (struct cim_value){ .array = { items, n } };
}

struct str self_str(const struct call *c, const char *property)
{
        const struct cim_value *v = cim_get(c->self, property);

        return v ? v->s : STR_NULL;
}
