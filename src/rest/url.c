/* SPDX-License-Identifier: Apache-2.0 */
/* url - resource names of the administration service */
#include "rest/url.h"

struct scan {
        struct str text;
        size_t at;
        struct arena *a;
        struct err *e;
};

static int bad(struct scan *s, const char *what)
{
        return err_set(s->e, ERR_INVALID, "%s at character %zu of \"%.*s\"", what, s->at + 1, (int)MIN(s->text.n, 160),
                       s->text.p);
}

static bool accept(struct scan *s, char c)
{
        if (s->at >= s->text.n || s->text.p[s->at] != c)
                return false;
        s->at++;
        return true;
}

static struct str word(struct scan *s)
{
        size_t from = s->at;

        for (; s->at < s->text.n; s->at++) {
                char c = s->text.p[s->at], l = (char)(c | 0x20);

                if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_'))
                        break;
        }
        return (struct str){ s->text.p + from, s->at - from };
}

static int text_value(struct scan *s, struct cim_path_key *k)
{
        char *p = arena_alloc(s->a, s->text.n - s->at + 1);
        size_t n = 0;

        if (!p)
                return err_set(s->e, ERR_NOMEM, "out of memory");
        while (s->at < s->text.n) {
                char c = s->text.p[s->at++];

                if (c == '\'' && !accept(s, '\'')) {
                        k->value = (struct str){ p, n };
                        k->quoted = true;
                        return 0;
                }
                p[n++] = c;
        }
        return bad(s, "the quote is not closed");
}

static int value(struct scan *s, struct cim_path_key *k)
{
        size_t from;

        if (accept(s, '\''))
                return text_value(s, k);
        for (from = s->at; s->at < s->text.n && !strchr(",)'=", s->text.p[s->at]); s->at++)
                ;
        k->value = str_trim((struct str){ s->text.p + from, s->at - from });
        return k->value.n ? 0 : bad(s, "a key has no value");
}

/* K=V or V */
static int key(struct scan *s, struct cim_path *p)
{
        struct cim_path_key *k = &p->keys[p->n_keys];
        size_t start = s->at;

        if (p->n_keys == CIM_MAX_KEYS)
                return bad(s, "too many keys");
        k->name = word(s);
        if (k->name.n == 0 || !accept(s, '=')) {
                k->name = STR_NULL;
                s->at = start;
        }
        p->n_keys++;
        return value(s, k);
}

static int keys(struct scan *s, struct cim_path *p)
{
        do {
                int r;

                while (accept(s, ' '))
                        ;
                r = key(s, p);
                if (r < 0)
                        return r;
        } while (accept(s, ','));
        return accept(s, ')') ? 0 : bad(s, "')' is missing");
}

static int method(struct scan *s, struct url_target *out)
{
        struct str name = word(s);

        if (out->keys == NULL && name.n == 0)
                return bad(s, "the name of a method is missing");
        out->method = cim_method_find(out->class, name);
        if (!out->method)
                return err_set(s->e, ERR_NOT_FOUND, "%s has no method \"%.*s\"", out->class->name, (int)MIN(name.n, 60),
                               name.p);
        if (!out->method->static_ && !out->keys)
                return err_set(s->e, ERR_INVALID, "%s.%s is a method of an instance: name one, as %s('key')/AdminService.%s",
                               out->class->name, out->method->name, out->class->name, out->method->name);
        return 0;
}

int url_parse(struct str path, struct arena *a, struct url_target *out, struct err *e)
{
        struct scan s = { .text = path, .a = a, .e = e };
        struct cim_path p = { .class_name = word(&s) };
        int r = 0;

        *out = (struct url_target){ .class = cim_class_find(p.class_name) };
        if (p.class_name.n == 0)
                return bad(&s, "the name of a class is missing");
        if (!out->class)
                return err_set(e, ERR_NOT_FOUND, "there is no class \"%.*s\": /AdminService/class lists them",
                               (int)MIN(p.class_name.n, 120), p.class_name.p);
        if (accept(&s, '(')) {
                r = keys(&s, &p);
                if (r == 0)
                        r = cim_path_bind(&p, a, &out->keys, e);
        }
        if (r == 0 && (accept(&s, '.') ||
                       (str_starts(str_from(path, s.at), "/AdminService.") && (s.at += 14) > 0)))
                r = method(&s, out);
        if (r == 0 && s.at != path.n)
                r = bad(&s, "something unexpected");
        return r;
}
