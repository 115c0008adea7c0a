/* SPDX-License-Identifier: Apache-2.0 */
/* mof - a class as MOF text, for people and for `class show`; [DSP0004] clause 7 */
#include "cim/private.h"

static void qualifiers(const struct cim_qualifier *q, size_t n, const char *indent, struct buf *out)
{
        if (n == 0)
                return;
        buf_printf(out, "%s[", indent);
        for (size_t i = 0; i < n; i++) {
                buf_printf(out, "%s%s", i ? ", " : "", q[i].name);
                if (q[i].value[0] == '{')
                        buf_addz(out, q[i].value);
                else if (strcmp(q[i].value, "TRUE") != 0)
                        buf_printf(out, "(%s)", q[i].value);
        }
        buf_addz(out, "]\n");
}

static void property(const struct cim_property *p, struct buf *out)
{
        qualifiers(p->qualifiers, p->n_qualifiers, "        ", out);
        if (p->reference)
                buf_printf(out, "        %s ref %s", p->reference, p->name);
        else
                buf_printf(out, "        %s %s%s", p->embedded ? p->embedded : cim_type_name(p->type), p->name,
                           p->array ? "[]" : "");
        if (p->default_)
                buf_printf(out, " = %s", p->default_);
        buf_addz(out, ";\n");
}

static void parameter(const struct cim_parameter *p, struct buf *out)
{
        const char *comma = "";

        buf_addc(out, '[');
        if (p->in) {
                buf_addz(out, "in");
                comma = ", ";
        }
        if (p->out) {
                buf_printf(out, "%sout", comma);
                comma = ", ";
        }
        if (p->optional)
                buf_printf(out, "%soptional", comma);
        buf_printf(out, "] %s %s%s", p->embedded ? p->embedded : cim_type_name(p->type), p->name, p->array ? "[]" : "");
}

static void method(const struct cim_method *m, struct buf *out)
{
        buf_printf(out, "        [%simplemented", m->static_ ? "static, " : "");
        if (m->description) {
                buf_addz(out, ", Description(");
                cim_json_string(out, str_of(m->description));
                buf_addc(out, ')');
        }
        buf_printf(out, "]\n        %s %s(", cim_type_name(m->return_type), m->name);
        for (size_t i = 0; i < m->n_parameters; i++) {
                if (i)
                        buf_addz(out, ", ");
                parameter(&m->parameters[i], out);
        }
        buf_addz(out, ");\n");
}

void cim_mof_write(const struct cim_class *c, struct buf *out)
{
        qualifiers(c->qualifiers, c->n_qualifiers, "", out);
        buf_printf(out, "class %s", c->name);
        if (c->super)
                buf_printf(out, " : %s", c->super->name);
        buf_addz(out, "\n{\n");
        for (size_t i = 0; i < c->n_properties; i++) {
                if (strcmp(c->properties[i].origin, c->name) == 0)
                        property(&c->properties[i], out);
        }
        for (size_t i = 0; i < c->n_methods; i++) {
                if (strcmp(c->methods[i].origin, c->name) == 0)
                        method(&c->methods[i], out);
        }
        buf_addz(out, "};\n");
}
