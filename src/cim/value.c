/* SPDX-License-Identifier: Apache-2.0 */
/* value - single values: text to value and back, equality, documented limits */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "cim/private.h"

int cim_bad(const struct cim_property *p, struct err *e, const char *fmt, ...)
{
        char text[400];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        if (p->class_name)
                return err_set(e, ERR_INVALID, "%s.%s: %s", p->class_name, p->name, text);
        return err_set(e, ERR_INVALID, "%s: %s", p->name, text);
}

/* ---- limits ---- */

static size_t n_characters(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; i++)
                n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
        return n;
}

static int outside_enumeration(const struct cim_property *p, int64_t v, struct err *e)
{
        char list[256] = "";
        size_t n = 0;

        for (size_t i = 0; p->values[i] && n < sizeof list - 1; i++)
                n += (size_t)snprintf(list + n, sizeof list - n, "%s%lld (%s)", i ? ", " : "",
                                      (long long)p->value_map[i], p->values[i]);
        return cim_bad(p, e, "%lld is none of %s", (long long)v, list);
}

static int check_number(const struct cim_property *p, int64_t v, struct err *e)
{
        if (p->has_range && (v < p->range_low || v > p->range_high))
                return cim_bad(p, e, "%lld is outside %lld to %lld", (long long)v, (long long)p->range_low,
                               (long long)p->range_high);
        if (!p->values)
                return 0;
        for (size_t i = 0; p->values[i]; i++) {
                if (p->value_map[i] == v)
                        return 0;
        }
        return outside_enumeration(p, v, e);
}

static int check_item(const struct cim_property *p, const struct cim_value *v, struct err *e)
{
        if (v->null)
                return 0;
        if (cim_is_integer(p->type))
                return check_number(p, v->i, e);
        if (p->type == CIM_STRING && p->size_limit && n_characters(v->s) > p->size_limit)
                return cim_bad(p, e, "%zu characters are more than the %u allowed", n_characters(v->s), p->size_limit);
        return 0;
}

int cim_value_check(const struct cim_property *p, const struct cim_value *v, struct err *e)
{
        if (v->null)
                return p->not_null ? cim_bad(p, e, "must not be NULL") : 0;
        if (!p->array)
                return check_item(p, v, e);
        if (p->max_items && v->array.n > p->max_items)
                return cim_bad(p, e, "%zu items are more than the %u allowed", v->array.n, p->max_items);
        for (size_t i = 0; i < v->array.n; i++) {
                int r = check_item(p, &v->array.items[i], e);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- equality ---- */

static bool item_eq(enum cim_type t, const struct cim_value *a, const struct cim_value *b)
{
        if (a->null || b->null)
                return a->null == b->null;
        if (t == CIM_STRING || t == CIM_REFERENCE || t == CIM_OBJECT)
                return str_eq(a->s, b->s);
        if (t == CIM_REAL32 || t == CIM_REAL64)
                return a->d == b->d;
        return a->i == b->i;
}

bool cim_value_eq(const struct cim_property *p, const struct cim_value *a, const struct cim_value *b)
{
        if (!p->array || a->null || b->null)
                return item_eq(p->type, a, b);
        if (a->array.n != b->array.n)
                return false;
        for (size_t i = 0; i < a->array.n; i++) {
                if (!item_eq(p->type, &a->array.items[i], &b->array.items[i]))
                        return false;
        }
        return true;
}

/* ---- text to value ---- */

static bool enumeration_word(const struct cim_property *p, struct str text, int64_t *out)
{
        for (size_t i = 0; p->values && p->values[i]; i++) {
                if (str_eqz_nocase(text, p->values[i])) {
                        *out = p->value_map[i];
                        return true;
                }
        }
        return false;
}

/* "IMMEDIATE|ONUSERLOGON": every word must name a bit. */
static bool bit_words(const struct cim_property *p, struct str text, int64_t *out)
{
        *out = 0;
        if (!p->bit_values)
                return false;
        while (text.n > 0) {
                struct str word;
                bool known = false;

                text = str_cut(text, '|', &word);
                word = str_trim(word);
                for (size_t i = 0; p->bit_values[i]; i++) {
                        if (str_eqz_nocase(word, p->bit_values[i])) {
                                *out |= INT64_C(1) << p->bit_map[i];
                                known = true;
                        }
                }
                if (!known)
                        return false;
        }
        return true;
}

/* 0x hexadecimal digits. */
static bool hex_number(struct str text, uint64_t *out)
{
        uint64_t v = 0;

        if (text.n < 3 || text.n > 18 || text.p[0] != '0' || (text.p[1] | 0x20) != 'x')
                return false;
        for (size_t i = 2; i < text.n; i++) {
                char c = text.p[i];
                char l = (char)(c | 0x20);

                if (c >= '0' && c <= '9')
                        v = v << 4 | (uint64_t)(c - '0');
                else if (l >= 'a' && l <= 'f')
                        v = v << 4 | (uint64_t)(l - 'a' + 10);
                else
                        return false;
        }
        *out = v;
        return true;
}

static int parse_integer(const struct cim_property *p, struct str text, struct cim_value *out, struct err *e)
{
        int64_t low, high;
        uint64_t u = 0;
        bool hex = hex_number(text, &u);

        if (p->type == CIM_UINT64) {
                if (!hex && str_to_u64(text, &u) < 0)
                        return cim_bad(p, e, "\"%.*s\" is no uint64", (int)MIN(text.n, 40), text.p);
                out->u = u;
                return 0;
        }
        cim_integer_range(p->type, &low, &high);
        if (hex && u <= INT64_MAX)
                out->i = (int64_t)u;
        else if ((hex || str_to_i64(text, &out->i) < 0) && !enumeration_word(p, text, &out->i) &&
                 !bit_words(p, text, &out->i))
                return cim_bad(p, e, "\"%.*s\" is no %s", (int)MIN(text.n, 40), text.p, cim_type_name(p->type));
        if (out->i < low || out->i > high)
                return cim_bad(p, e, "%lld does not fit a %s", (long long)out->i, cim_type_name(p->type));
        return 0;
}

static int parse_boolean(const struct cim_property *p, struct str text, struct cim_value *out, struct err *e)
{
        if (str_eqz_nocase(text, "true") || str_eqz(text, "1"))
                out->i = 1;
        else if (str_eqz_nocase(text, "false") || str_eqz(text, "0"))
                out->i = 0;
        else
                return cim_bad(p, e, "\"%.*s\" is neither true nor false", (int)MIN(text.n, 40), text.p);
        return 0;
}

static int parse_datetime(const struct cim_property *p, struct str text, struct cim_value *out, struct err *e)
{
        int32_t offset;

        if (time_parse_rfc3339(text, &out->i) == 0)
                return 0;
        if (time_parse_cim(text, &out->i, &offset) == 0)
                return 0;
        return cim_bad(p, e, "\"%.*s\" is no datetime (2026-11-22T22:00:00Z or 20261122220000.000000+000)",
                       (int)MIN(text.n, 40), text.p);
}

static int parse_real(const struct cim_property *p, struct str text, struct cim_value *out, struct err *e)
{
        char z[64], *end;

        if (text.n == 0 || text.n >= sizeof z)
                return cim_bad(p, e, "no %s", cim_type_name(p->type));
        memcpy(z, text.p, text.n);
        z[text.n] = 0;
        out->d = strtod(z, &end);
        if (*end || !(out->d - out->d == 0))
                return cim_bad(p, e, "\"%s\" is no %s", z, cim_type_name(p->type));
        return 0;
}

static int parse_item(const struct cim_property *p, struct str text, struct arena *a, struct cim_value *out,
                      struct err *e)
{
        *out = (struct cim_value){ 0 };
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                if (!str_is_utf8(text))
                        return cim_bad(p, e, "the text is not UTF-8");
                out->s = arena_str(a, text);
                return out->s.p ? 0 : err_set(e, ERR_NOMEM, "out of memory");
        case CIM_BOOLEAN: return parse_boolean(p, text, out, e);
        case CIM_DATETIME: return parse_datetime(p, text, out, e);
        case CIM_REAL32:
        case CIM_REAL64: return parse_real(p, text, out, e);
        case CIM_OBJECT: return cim_json_value_read(p, text, a, out, e);
        default: return parse_integer(p, text, out, e);
        }
}

/* a,b,c: for people; a JSON array is the form for everything. */
static int parse_list(const struct cim_property *p, struct str text, struct arena *a, struct cim_value *out,
                      struct err *e)
{
        struct cim_property item = *p;
        struct cim_value *items;
        size_t n = text.n > 0, i = 0;

        item.array = false;
        for (size_t k = 0; k < text.n; k++)
                n += text.p[k] == ',';
        items = arena_array(a, n + 1, sizeof *items);
        if (!items)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (; i < n; i++) {
                struct str head;
                int r;

                text = str_cut(text, ',', &head);
                r = parse_item(&item, str_trim(head), a, &items[i], e);
                if (r < 0)
                        return r;
        }
        *out = (struct cim_value){ .array = { items, n } };
        return 0;
}

int cim_value_parse(const struct cim_property *p, struct str text, struct arena *a, struct cim_value *out, struct err *e)
{
        struct err ignored = { 0 };

        if (!p->array)
                return parse_item(p, text, a, out, e);
        if (text.n > 0 && text.p[0] == '[') {
                /* A NAL path starts with '[' as well, so what is no JSON may still be a list. */
                if (cim_json_value_read(p, text, a, out, p->type == CIM_STRING ? &ignored : e) == 0)
                        return 0;
                if (p->type != CIM_STRING)
                        return err_number(ERR_INVALID);
        }
        return parse_list(p, text, a, out, e);
}

/* ---- value to text ---- */

static void print_item(const struct cim_property *p, const struct cim_value *v, struct buf *out)
{
        char text[RFC3339_LEN + 1];

        if (v->null)
                return;
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
        case CIM_OBJECT: buf_adds(out, v->s); return;
        case CIM_BOOLEAN: buf_addz(out, v->i ? "true" : "false"); return;
        case CIM_UINT64: buf_printf(out, "%llu", (unsigned long long)v->u); return;
        case CIM_REAL32:
        case CIM_REAL64: buf_printf(out, "%.17g", v->d); return;
        case CIM_DATETIME:
                time_format_rfc3339(v->i, text);
                buf_addz(out, text);
                return;
        default: buf_printf(out, "%lld", (long long)v->i); return;
        }
}

void cim_value_print(const struct cim_property *p, const struct cim_value *v, struct buf *out)
{
        if (v->null)
                return;
        if (!p->array) {
                print_item(p, v, out);
                return;
        }
        for (size_t i = 0; i < v->array.n; i++) {
                if (i)
                        buf_addc(out, ',');
                print_item(p, &v->array.items[i], out);
        }
}
