/* SPDX-License-Identifier: Apache-2.0 */
/* classes - /AdminService/class: what classes there are and what they hold */
#include "rest/private.h"

#define CLASS "/AdminService/class"

static void text_member(struct buf *b, const char *name, const char *text)
{
        buf_printf(b, ",\"%s\":", name);
        if (text)
                cim_json_string(b, str_of(text));
        else
                buf_addz(b, "null");
}

static void bool_member(struct buf *b, const char *name, bool v)
{
        buf_printf(b, ",\"%s\":%s", name, v ? "true" : "false");
}

/* {"0":"INSTALLED",...} */
static void words(struct buf *b, const char *name, const char *const *text, const int64_t *numbers)
{
        if (!text)
                return;
        buf_printf(b, ",\"%s\":{", name);
        for (size_t i = 0; text[i]; i++) {
                buf_printf(b, "%s\"%lld\":", i ? "," : "", (long long)numbers[i]);
                cim_json_string(b, str_of(text[i]));
        }
        buf_addc(b, '}');
}

static void property(struct buf *b, const struct cim_property *p)
{
        buf_printf(b, "{\"Name\":\"%s\",\"Type\":\"%s\"", p->name, cim_type_name(p->type));
        bool_member(b, "Array", p->array);
        bool_member(b, "Key", p->key);
        bool_member(b, "ReadOnly", p->read_only);
        bool_member(b, "Lazy", p->lazy);
        if (p->embedded)
                text_member(b, "Embedded", p->embedded);
        if (p->size_limit)
                buf_printf(b, ",\"SizeLimit\":%u", p->size_limit);
        if (p->default_)
                text_member(b, "Default", p->default_);
        words(b, "Values", p->values, p->value_map);
        words(b, "Bits", p->bit_values, p->bit_map);
        text_member(b, "Origin", p->origin);
        if (p->description)
                text_member(b, "Description", p->description);
        buf_addc(b, '}');
}

static void parameter(struct buf *b, const struct cim_parameter *p)
{
        buf_printf(b, "{\"Name\":\"%s\",\"Type\":\"%s\"", p->name, cim_type_name(p->type));
        bool_member(b, "Array", p->array);
        bool_member(b, "In", p->in);
        bool_member(b, "Out", p->out);
        bool_member(b, "Optional", p->optional);
        buf_addc(b, '}');
}

static void method(struct buf *b, const struct cim_method *m)
{
        buf_printf(b, "{\"Name\":\"%s\",\"ReturnType\":\"%s\"", m->name, cim_type_name(m->return_type));
        bool_member(b, "Static", m->static_);
        if (m->description)
                text_member(b, "Description", m->description);
        buf_addz(b, ",\"Parameters\":[");
        for (size_t i = 0; i < m->n_parameters; i++) {
                if (i)
                        buf_addc(b, ',');
                parameter(b, &m->parameters[i]);
        }
        buf_addz(b, "]}");
}

static void head(struct buf *b, const struct cim_class *c)
{
        buf_printf(b, "{\"Name\":\"%s\"", c->name);
        text_member(b, "Super", c->super ? c->super->name : NULL);
        bool_member(b, "Abstract", c->abstract);
        bool_member(b, "Embedded", c->embedded);
        bool_member(b, "HasInstances", c->view != NULL);
        text_member(b, "Description", c->description);
}

static void write_class(struct buf *b, const struct cim_class *c)
{
        head(b, c);
        buf_addz(b, ",\"Properties\":[");
        for (size_t i = 0; i < c->n_properties; i++) {
                if (i)
                        buf_addc(b, ',');
                property(b, &c->properties[i]);
        }
        buf_addz(b, "],\"Methods\":[");
        for (size_t i = 0; i < c->n_methods; i++) {
                if (i)
                        buf_addc(b, ',');
                method(b, &c->methods[i]);
        }
        buf_addz(b, "]}");
}

static void write_list(struct buf *b)
{
        buf_addz(b, "{\"value\":[");
        for (size_t i = 0; i < n_cim_classes; i++) {
                if (i)
                        buf_addc(b, ',');
                head(b, cim_classes[i]);
                buf_addc(b, '}');
        }
        buf_addz(b, "]}");
}

static void reply_mof(struct rest_call *c, const struct cim_class *class)
{
        struct buf b;

        buf_init(&b, 0);
        cim_mof_write(class, &b);
        http_reply(c->x, 200, "text/plain; charset=utf-8", buf_str(&b));
        buf_fini(&b);
        rest_call_end(c);
}

static void go(struct rest_call *c)
{
        struct str name = str_from(c->rq->path, sizeof CLASS - 1), format = http_query(c->x, "format");
        const struct cim_class *class = NULL;
        struct err e = { 0 };
        struct buf b;

        if (name.n > 1) {
                class = cim_class_find(str_from(name, 1));
                if (!class) {
                        (void)err_set(&e, ERR_NOT_FOUND, "there is no class \"%.*s\": /AdminService/class lists them",
                                      (int)MIN(name.n - 1, 120), name.p + 1);
                        rest_call_fail(c, &e);
                        return;
                }
        }
        if (class && format.p && str_eqz_nocase(format, "mof")) {
                reply_mof(c, class);
                return;
        }
        buf_init(&b, 0);
        if (class)
                write_class(&b, class);
        else
                write_list(&b);
        rest_reply_json(c, 200, &b);
}

void rest_classes(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, go);
}
