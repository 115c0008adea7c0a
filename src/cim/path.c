/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - object paths: text to parts, parts to keys, keys to text
 *
 *      [winmgmts:[{security}!]][\\server\][namespace:]Class
 *      ...Class=@    ...Class="value"    ...Class.Key="value",Key=7
 *
 * Source: [DSP0004] 8.2 and the Win32 documents on object paths; a backslash in
 * quotes escapes a quote or a backslash and stands for itself before others, as
 * WMI reads it.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include "cim/private.h"

static bool is_name(struct str s)
{
        if (s.n == 0 || s.n > 256 || (s.p[0] >= '0' && s.p[0] <= '9'))
                return false;
        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i], l = (char)(c | 0x20);

                if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_'))
                        return false;
        }
        return true;
}

struct scan {
        struct str text;
        size_t at;
        struct arena *a;
        struct err *e;
};

static int bad(struct scan *s, const char *what)
{
        return err_set(s->e, ERR_INVALID, "object path: %s at character %zu of \"%.*s\"", what, s->at + 1,
                       (int)MIN(s->text.n, 120), s->text.p);
}

static bool accept(struct scan *s, char c)
{
        if (s->at >= s->text.n || s->text.p[s->at] != c)
                return false;
        s->at++;
        return true;
}

static void blanks(struct scan *s)
{
        while (accept(s, ' '))
                ;
}

static struct str name(struct scan *s)
{
        size_t from = s->at;

        while (s->at < s->text.n && is_name((struct str){ s->text.p + from, s->at + 1 - from }))
                s->at++;
        return (struct str){ s->text.p + from, s->at - from };
}

static int quoted(struct scan *s, char quote, struct str *out)
{
        char *p = arena_alloc(s->a, s->text.n - s->at + 1);
        size_t n = 0;

        if (!p)
                return err_set(s->e, ERR_NOMEM, "out of memory");
        while (s->at < s->text.n) {
                char c = s->text.p[s->at++];

                if (c == quote) {
                        *out = (struct str){ p, n };
                        return 0;
                }
                if (c == '\\' && s->at < s->text.n && strchr("\\\"'", s->text.p[s->at]))
                        c = s->text.p[s->at++];
                p[n++] = c;
        }
        return bad(s, "the quote is not closed");
}

static int value(struct scan *s, struct cim_path_key *k)
{
        size_t from;

        if (accept(s, '"')) {
                k->quoted = true;
                return quoted(s, '"', &k->value);
        }
        if (accept(s, '\'')) {
                k->quoted = true;
                return quoted(s, '\'', &k->value);
        }
        for (from = s->at; s->at < s->text.n && s->text.p[s->at] != ',' && s->text.p[s->at] != ' '; s->at++) {
                if (strchr("\"'=\\", s->text.p[s->at]))
                        return bad(s, "a text value wants quotes");
        }
        k->value = arena_str(s->a, (struct str){ s->text.p + from, s->at - from });
        if (!k->value.p)
                return err_set(s->e, ERR_NOMEM, "out of memory");
        return k->value.n ? 0 : bad(s, "a key has no value");
}

static int keys(struct scan *s, struct cim_path *out)
{
        do {
                struct cim_path_key *k = &out->keys[out->n_keys];
                int r;

                if (out->n_keys == CIM_MAX_KEYS)
                        return bad(s, "too many keys");
                blanks(s);
                k->name = name(s);
                if (k->name.n == 0)
                        return bad(s, "the name of a key is missing");
                blanks(s);
                if (!accept(s, '='))
                        return bad(s, "'=' is missing");
                blanks(s);
                r = value(s, k);
                if (r < 0)
                        return r;
                out->n_keys++;
                blanks(s);
        } while (accept(s, ','));
        return 0;
}

/* Everything up to the colon before the class. Quotes and '=' cannot stand there. */
static int prefix(struct scan *s, struct cim_path *out)
{
        struct str rest = s->text, head;
        size_t colon = SIZE_MAX;

        if (rest.n >= 9 && str_eqz_nocase((struct str){ rest.p, 9 }, "winmgmts:")) {
                s->at = 9;
                if (accept(s, '{')) {
                        while (s->at < s->text.n && !accept(s, '}'))
                                s->at++;
                        if (!accept(s, '!'))
                                return bad(s, "'}!' is missing");
                }
        }
        for (size_t i = s->at; i < s->text.n && !strchr("\"'=", s->text.p[i]); i++) {
                if (s->text.p[i] == ':') {
                        colon = i;
                        break;
                }
        }
        if (colon == SIZE_MAX)
                return 0;
        head = (struct str){ s->text.p + s->at, colon - s->at };
        if (head.n >= 2 && (head.p[0] == '\\' || head.p[0] == '/') && head.p[1] == head.p[0]) {
                size_t n = 2;

                while (n < head.n && head.p[n] != '\\' && head.p[n] != '/')
                        n++;
                if (n == 2 || n >= head.n)
                        return bad(s, "\\\\server wants a namespace behind it");
                out->server = (struct str){ head.p + 2, n - 2 };
                head = str_from(head, n + 1);
        } else if (head.n && (head.p[0] == '\\' || head.p[0] == '/')) {
                head = str_from(head, 1);
        }
        if (head.n == 0)
                return bad(s, "the namespace is empty");
        out->ns = head;
        s->at = colon + 1;
        return 0;
}

int cim_path_parse(struct str text, struct arena *a, struct cim_path *out, struct err *e)
{
        struct scan s = { .text = str_trim(text), .a = a, .e = e };
        int r;

        *out = (struct cim_path){ 0 };
        if (s.text.n > CIM_PATH_MAX)
                return err_set(e, ERR_TOO_LARGE, "object path: longer than %d characters", CIM_PATH_MAX);
        if (memchr(s.text.p ? s.text.p : "", 0, s.text.n))
                return err_set(e, ERR_INVALID, "object path: holds a NUL");
        r = prefix(&s, out);
        if (r < 0)
                return r;
        out->class_name = name(&s);
        if (out->class_name.n == 0)
                return bad(&s, "the name of a class is missing");
        if (accept(&s, '.')) {
                r = keys(&s, out);
        } else if (accept(&s, '=')) {
                out->singleton = accept(&s, '@');
                if (!out->singleton) {
                        r = value(&s, &out->keys[0]);
                        out->n_keys = 1;
                }
        }
        if (r == 0 && s.at != s.text.n)
                r = bad(&s, "something unexpected");
        return r;
}

/* ---- keys as values ---- */

static int bind_key(struct cim_instance *i, const struct cim_path_key *k, struct arena *a, struct err *e)
{
        const struct cim_class *c = i->class;
        int n = k->name.n ? cim_property_find(c, k->name) : c->keys[0];

        if (n < 0 || !c->properties[n].key)
                return err_set(e, ERR_INVALID, "%s has no key \"%.*s\"", c->name, (int)MIN(k->name.n, 60), k->name.p);
        if (i->given[n])
                return err_set(e, ERR_INVALID, "key %s is given twice", c->properties[n].name);
        i->given[n] = true;
        return cim_value_parse(&c->properties[n], k->value, a, &i->values[n], e);
}

static int missing_keys(const struct cim_class *c, struct err *e)
{
        char list[240] = "";
        size_t n = 0;

        for (size_t k = 0; k < c->n_keys && n < sizeof list - 1; k++)
                n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", k ? ", " : "",
                                      c->properties[c->keys[k]].name);
        return err_set(e, ERR_INVALID, "an instance of %s is named by %s", c->name, n ? list : "no key at all");
}

int cim_path_bind(const struct cim_path *p, struct arena *a, struct cim_instance **out, struct err *e)
{
        const struct cim_class *c = cim_class_find(p->class_name);
        struct cim_instance *i;

        if (!c)
                return err_set(e, ERR_NOT_FOUND, "there is no class \"%.*s\"", (int)MIN(p->class_name.n, 120),
                               p->class_name.p);
        i = cim_instance_new(c, a);
        if (i)
                i->given = arena_array(a, c->n_properties + 1, sizeof *i->given);
        if (!i || !i->given)
                return err_set(e, ERR_NOMEM, "out of memory");
        if (!p->singleton && (p->n_keys != c->n_keys || c->n_keys == 0))
                return missing_keys(c, e);
        for (size_t k = 0; k < p->n_keys; k++) {
                int r = bind_key(i, &p->keys[k], a, e);

                if (r < 0)
                        return r;
        }
        *out = i;
        return 0;
}

/* ---- keys as text ---- */

static void add_quoted(struct buf *out, struct str s)
{
        size_t from = 0;

        buf_addc(out, '"');
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] != '"' && s.p[i] != '\\')
                        continue;
                buf_add(out, s.p + from, i - from);
                buf_addc(out, '\\');
                from = i;
        }
        buf_add(out, s.p + from, s.n - from);
        buf_addc(out, '"');
}

int cim_path_format(const struct cim_instance *i, struct buf *out)
{
        const struct cim_class *c = i->class;

        if (c->n_keys == 0)
                return -EINVAL;
        buf_addz(out, c->name);
        for (size_t k = 0; k < c->n_keys; k++) {
                const struct cim_property *p = &c->properties[c->keys[k]];
                const struct cim_value *v = &i->values[c->keys[k]];
                char text[CIM_DATETIME_LEN + 1];

                if (v->null)
                        return -EINVAL;
                buf_addc(out, k ? ',' : '.');
                buf_addz(out, p->name);
                buf_addc(out, '=');
                if (p->type == CIM_STRING || p->type == CIM_REFERENCE) {
                        add_quoted(out, v->s);
                } else if (p->type == CIM_DATETIME) {
                        time_format_cim(v->i, p->no_offset ? TIME_CIM_NO_OFFSET : 0, text);
                        add_quoted(out, str_of(text));
                } else if (p->type == CIM_BOOLEAN) {
                        buf_addz(out, v->i ? "TRUE" : "FALSE");
                } else {
                        cim_value_print(p, v, out);
                }
        }
        return out->failed ? -ENOMEM : 0;
}
