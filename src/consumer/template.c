/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/template.h"

enum { PARTS_MAX = 16, ITEMS_MAX = 1000 };

static bool is_name_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
        return is_name_start(c) || (c >= '0' && c <= '9');
}

/* ---- finding ---- */

static json_t *member(const json_t *object, struct str name)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value) {
                if (str_eqz_nocase(name, key))
                        return value;
        }
        return NULL;
}

/* A property of an array of objects is the array of their properties. */
static json_t *member_of_each(const json_t *array, struct str name)
{
        json_t *out = json_array();
        size_t i;
        json_t *item;

        json_array_foreach(array, i, item) {
                json_t *v = json_is_object(item) ? member(item, name) : NULL;

                if (out && v && i < ITEMS_MAX)
                        (void)json_array_append(out, v);
        }
        return out;
}

json_t *template_value(const json_t *event, struct str name)
{
        json_t *at = json_incref((json_t *)event);

        for (unsigned n = 0; at && name.p && n < PARTS_MAX; n++) {
                struct str part;
                json_t *next;

                name = str_cut(name, '.', &part);
                if (json_is_object(at))
                        next = json_incref(member(at, part));
                else
                        next = json_is_array(at) ? member_of_each(at, part) : NULL;
                json_decref(at);
                at = next;
        }
        if (name.p) {                   /* too many parts */
                json_decref(at);
                return NULL;
        }
        return at;
}

/* ---- writing ---- */

static void write_text(struct str s, bool quoted, unsigned flags, struct buf *out)
{
        if (quoted)
                buf_addc(out, '"');
        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];

                if ((flags & (TEMPLATE_ONE_LINE | TEMPLATE_ADDRESS)) && ((unsigned char)c < 0x20 || c == 0x7f))
                        c = ' ';
                if ((flags & TEMPLATE_ADDRESS) && c && strchr("<>,;\"", c))
                        c = ' ';
                if (quoted && (c == '"' || c == '\\'))
                        buf_addc(out, '\\');
                buf_addc(out, c);
        }
        if (quoted)
                buf_addc(out, '"');
}

static void write_value(const json_t *v, bool in_array, bool mof, unsigned flags, unsigned depth, struct buf *out);

static void write_array(const json_t *v, bool mof, unsigned flags, unsigned depth, struct buf *out)
{
        size_t n = json_array_size(v);
        bool bare = n == 1 && !mof;

        if (!bare)
                buf_addc(out, mof ? '{' : '(');
        for (size_t i = 0; i < n && !out->failed; i++) {
                if (i)
                        buf_addc(out, ',');
                write_value(json_array_get(v, i), !bare, mof, flags, depth, out);
        }
        if (!bare)
                buf_addc(out, mof ? '}' : ')');
}

/* As IWbemClassObject::GetObjectText() writes an instance. */
static void write_object(const json_t *v, unsigned flags, unsigned depth, struct buf *out)
{
        const char *key, *eol = flags & TEMPLATE_ONE_LINE ? " " : "\n";
        json_t *item;

        if (depth >= TEMPLATE_DEPTH)
                return;
        buf_printf(out, "instance of %s%s{%s", json_string_value(json_object_get(v, "__CLASS")) ?: "__Generic", eol, eol);
        json_object_foreach((json_t *)v, key, item) {
                if (out->failed)
                        return;
                if (key[0] == '_' && key[1] == '_')
                        continue;
                if (json_is_null(item))
                        continue;
                buf_printf(out, "%s%s = ", *eol == '\n' ? "\t" : "", key);
                write_value(item, true, true, flags, depth + 1, out);
                buf_printf(out, ";%s", eol);
        }
        buf_addz(out, "}");
        if (depth == 0)
                buf_printf(out, ";%s", eol);
}

static void write_value(const json_t *v, bool in_array, bool mof, unsigned flags, unsigned depth, struct buf *out)
{
        switch (json_typeof(v)) {
        case JSON_STRING:
                write_text((struct str){ json_string_value(v), json_string_length(v) }, in_array, flags, out);
                return;
        case JSON_INTEGER:
                buf_printf(out, "%lld", (long long)json_integer_value(v));
                return;
        case JSON_REAL:
                buf_printf(out, "%.17g", json_real_value(v));
                return;
        case JSON_TRUE:
        case JSON_FALSE:
                buf_addz(out, json_is_true(v) ? "TRUE" : "FALSE");
                return;
        case JSON_ARRAY:
                write_array(v, mof, flags, depth, out);
                return;
        case JSON_OBJECT:
                write_object(v, flags, depth, out);
                return;
        case JSON_NULL:
                return;
        }
}

/* ---- templates ---- */

/* The name behind the per cent sign at s, when there is one, with its per cent sign behind: how long; else 0. */
static size_t name_at(struct str s)
{
        size_t i = 1;

        while (i < s.n && is_name_start(s.p[i])) {
                while (i < s.n && is_name(s.p[i]))
                        i++;
                if (i < s.n && s.p[i] == '%')
                        return i - 1;
                if (i >= s.n || s.p[i] != '.')
                        return 0;
                i++;
        }
        return 0;
}

void template_expand(struct str text, const json_t *event, unsigned flags, struct buf *out)
{
        bool literal = false;

        for (size_t i = 0; i < text.n && !out->failed; i++) {
                struct str rest = str_from(text, i);
                size_t n = 0;

                if (text.p[i] == '"')
                        literal = !literal;
                if (text.p[i] != '%' || literal) {
                        buf_addc(out, text.p[i]);
                } else if (rest.n > 1 && rest.p[1] == '%') {
                        buf_addc(out, '%');
                        i++;
                } else if ((n = name_at(rest)) > 0) {
                        json_t *v = template_value(event, (struct str){ rest.p + 1, n });

                        if (v)
                                write_value(v, false, false, flags, 0, out);
                        json_decref(v);
                        i += n + 1;
                } else {
                        buf_addc(out, '%');
                }
        }
}
