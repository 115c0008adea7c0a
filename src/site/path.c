/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include "site/path.h"

#define KEEP_IN_KEYS "(),='"

void site_url_escape(struct buf *out, struct str s, const char *keep)
{
        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];

                if (isalnum(c) || (c && (strchr("-._~", c) || strchr(keep, c))))
                        buf_addc(out, (char)c);
                else
                        buf_printf(out, "%%%02X", c);
        }
}

static size_t name_length(struct str s)
{
        size_t n = 0;

        while (n < s.n && (isalnum((unsigned char)s.p[n]) || s.p[n] == '_'))
                n++;
        return n;
}

/* Without the server and namespace before the class. */
static struct str relative(struct str path)
{
        for (size_t i = 0; i < path.n && path.p[i] != '"' && path.p[i] != '\'' && path.p[i] != '='; i++)
                if (path.p[i] == ':')
                        return str_from(path, i + 1);
        return path;
}

struct str site_path_class(struct str path)
{
        struct str s = relative(path);

        s.n = name_length(s);
        return s;
}

static int bad(struct str path, struct str rest, const char *what, struct err *e)
{
        return err_set(e, ERR_INVALID, "path %.*s: %s at character %zu. Write it like SMS_Package.PackageID=\"P0100001\"",
                       STR_ARG(path), what, path.n - rest.n + 1);
}

/* One value, quoted or not, as an OData literal; *rest moves behind it. */
static int value_url(struct str path, struct str *rest, struct buf *out, struct err *e)
{
        struct str s = *rest;
        char quote = s.n ? s.p[0] : 0;
        size_t i;

        if (quote != '"' && quote != '\'') {
                for (i = 0; i < s.n && s.p[i] != ','; i++)
                        ;
                if (!i)
                        return bad(path, s, "a value is missing", e);
                site_url_escape(out, (struct str){ s.p, i }, "");
                *rest = str_from(s, i);
                return 0;
        }
        buf_addc(out, '\'');
        for (i = 1; i < s.n && s.p[i] != quote; i++) {
                if (s.p[i] == '\\' && i + 1 < s.n)
                        i++;
                if (s.p[i] == '\'')
                        buf_addc(out, '\'');
                site_url_escape(out, (struct str){ s.p + i, 1 }, "'");
        }
        if (i >= s.n)
                return bad(path, s, "the quote is not closed", e);
        buf_addc(out, '\'');
        *rest = str_from(s, i + 1);
        return 0;
}

static int keys_url(struct str path, struct str rest, struct buf *out, struct err *e)
{
        buf_addc(out, '(');
        for (;;) {
                size_t n = name_length(rest);
                int r;

                if (!n || n >= rest.n || rest.p[n] != '=')
                        return bad(path, rest, "Key=value is missing", e);
                buf_add(out, rest.p, n + 1);
                rest = str_from(rest, n + 1);
                r = value_url(path, &rest, out, e);
                if (r < 0)
                        return r;
                if (!rest.n)
                        break;
                if (rest.p[0] != ',')
                        return bad(path, rest, "a comma is missing", e);
                buf_addc(out, ',');
                rest = str_from(rest, 1);
        }
        buf_addc(out, ')');
        return 0;
}

int site_path_url(struct str path, struct buf *out, bool *class_only_out, struct err *e)
{
        struct str rest = relative(path);
        size_t n = name_length(rest);
        int r;

        if (!n)
                return bad(path, rest, "a class name is missing", e);
        buf_add(out, rest.p, n);
        rest = str_from(rest, n);
        if (class_only_out)
                *class_only_out = !rest.n;
        if (!rest.n)
                return 0;
        switch (rest.p[0]) {
        case '.':
                return keys_url(path, str_from(rest, 1), out, e);
        case '(':
                if (rest.p[rest.n - 1] != ')')
                        return bad(path, rest, "the bracket is not closed", e);
                site_url_escape(out, rest, KEEP_IN_KEYS);
                return 0;
        case '=':
                rest = str_from(rest, 1);
                buf_addc(out, '(');
                if (!str_eqz(rest, "@")) {              /* Class=@, a singleton: no keys */
                        r = value_url(path, &rest, out, e);
                        if (r < 0)
                                return r;
                        if (rest.n)
                                return bad(path, rest, "nothing may follow the value", e);
                }
                buf_addc(out, ')');
                return 0;
        default:
                return bad(path, rest, "a dot or '=' is missing", e);
        }
}
