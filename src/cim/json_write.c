/* SPDX-License-Identifier: Apache-2.0 */
/* json_write - instances and values as JSON text */
#include "cim/private.h"

/* Length of the UTF-8 sequence at the start of s, 0 when it is none. RFC 3629 */
static size_t utf8_len(struct str s)
{
        for (size_t n = 1; n <= MIN(s.n, 4); n++) {
                if (str_is_utf8((struct str){ s.p, n }))
                        return n;
        }
        return 0;
}

static void escape(struct buf *out, unsigned char c)
{
        switch (c) {
        case '"': buf_addz(out, "\\\""); return;
        case '\\': buf_addz(out, "\\\\"); return;
        case '\n': buf_addz(out, "\\n"); return;
        case '\r': buf_addz(out, "\\r"); return;
        case '\t': buf_addz(out, "\\t"); return;
        default: buf_printf(out, "\\u%04x", c); return;
        }
}

/* How many characters from i on stand for themselves. */
static size_t plain_len(struct str s, size_t i)
{
        size_t n = 0;

        while (i + n < s.n) {
                unsigned char c = (unsigned char)s.p[i + n];

                if (c == '"' || c == '\\' || c < 0x20 || c >= 0x7f)
                        break;
                n++;
        }
        return n;
}

void cim_json_string(struct buf *out, struct str s)
{
        size_t i = 0;

        buf_addc(out, '"');
        while (i < s.n) {
                unsigned char c = (unsigned char)s.p[i];
                size_t n = plain_len(s, i);

                if (n > 0) {
                        buf_add(out, s.p + i, n);
                } else if (c < 0x80) {
                        escape(out, c);
                        n = 1;
                } else {
                        n = utf8_len(str_from(s, i));
                        if (n)
                                buf_add(out, s.p + i, n);
                        else
                                buf_addz(out, "\xef\xbf\xbd");
                        n = n ? n : 1;
                }
                i += n;
        }
        buf_addc(out, '"');
}

/* printf costs more than all the rest of a number. */
static void write_unsigned(struct buf *out, uint64_t v)
{
        char text[20], *p = text + sizeof(text);

        do {
                *--p = (char)('0' + v % 10);
                v /= 10;
        } while (v > 0);
        buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

static void write_signed(struct buf *out, int64_t v)
{
        if (v < 0)
                buf_addc(out, '-');
        write_unsigned(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

static void write_real(struct buf *out, double d)
{
        if (d - d == 0)
                buf_printf(out, "%.17g", d);
        else
                buf_addz(out, "null");          /* JSON has no infinity */
}

static void write_item(const struct cim_property *p, const struct cim_value *v, struct buf *out)
{
        char text[RFC3339_LEN + 1];

        if (v->null) {
                buf_addz(out, "null");
                return;
        }
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE: cim_json_string(out, v->s); return;
        case CIM_OBJECT: buf_adds(out, v->s); return;
        case CIM_BOOLEAN: buf_addz(out, v->i ? "true" : "false"); return;
        case CIM_UINT64:
                if (v->u > INT64_MAX)
                        buf_addc(out, '"');
                write_unsigned(out, v->u);
                if (v->u > INT64_MAX)
                        buf_addc(out, '"');
                return;
        case CIM_REAL32:
        case CIM_REAL64: write_real(out, v->d); return;
        case CIM_DATETIME:
                time_format_rfc3339(v->i, text);
                buf_addc(out, '"');
                buf_addz(out, text);
                buf_addc(out, '"');
                return;
        default: write_signed(out, v->i); return;
        }
}

void cim_json_value_write(const struct cim_property *p, const struct cim_value *v, struct buf *out)
{
        if (!p->array || v->null) {
                write_item(p, v, out);
                return;
        }
        buf_addc(out, '[');
        for (size_t i = 0; i < v->array.n; i++) {
                if (i)
                        buf_addc(out, ',');
                write_item(p, &v->array.items[i], out);
        }
        buf_addc(out, ']');
}

void cim_json_member(struct buf *out, char before, const char *name)
{
        const size_t n = strlen(name);
        char *p;

        if (!buf_reserve(out, n + 4))
                return;
        p = out->p + out->n;
        p[0] = before;
        p[1] = '"';
        memcpy(p + 2, name, n);
        memcpy(p + 2 + n, "\":", sizeof("\":"));
        out->n += n + 4;
}

void cim_json_write_some(const struct cim_instance *i, const bool *only, struct buf *out)
{
        char before = '{';

        for (size_t k = 0; k < i->class->n_properties; k++) {
                if (only && !only[k])
                        continue;
                cim_json_member(out, before, i->class->properties[k].name);
                cim_json_value_write(&i->class->properties[k], &i->values[k], out);
                before = ',';
        }
        buf_addz(out, before == '{' ? "{}" : "}");
}

void cim_json_write(const struct cim_instance *i, struct buf *out)
{
        cim_json_write_some(i, NULL, out);
}
