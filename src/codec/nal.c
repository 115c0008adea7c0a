/* SPDX-License-Identifier: Apache-2.0 */
/* nal - NAL paths */
#include <string.h>

#include "codec/nal.h"

static bool is_type(struct str s)
{
        return str_eqz_nocase(s, "MSWNET") || str_eqz_nocase(s, "GENERIC");
}

static bool is_plain(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '"')
                        return false;
        return s.n > 0;
}

static int check_qualifiers(const struct str *q, size_t n, const char *what, struct err *e)
{
        if (n > NAL_MAX_QUALIFIERS)
                return err_set(e, ERR_INVALID, "%s: %zu are more than the %d allowed", what, n, NAL_MAX_QUALIFIERS);
        for (size_t i = 0; i < n; i++)
                if (!is_plain(q[i]))
                        return err_set(e, ERR_INVALID, "%s: number %zu is empty or holds a quote or control character", what, i + 1);
        return 0;
}

static int check(const struct nal_path *p, struct err *e)
{
        int r = check_qualifiers(p->display, p->n_display, "DisplayQualifiers", e);

        if (!r)
                r = check_qualifiers(p->connection, p->n_connection, "NetworkConnectionQualifiers", e);
        if (r)
                return r;
        if (!is_type(p->type))
                return err_set(e, ERR_INVALID, "NALType is MSWNET or GENERIC, not \"%.*s\"", (int)MIN(p->type.n, (size_t)40),
                               p->type.p ? p->type.p : "");
        if (!is_plain(p->path) || p->path.p[0] == '[')
                return err_set(e, ERR_INVALID, "NetworkOSPath is empty, begins with '[', or holds a quote or control character");
        return 0;
}

static void add_qualifiers(const struct str *q, size_t n, struct buf *out)
{
        for (size_t i = 0; i < n; i++)
                buf_printf(out, "[\"%.*s\"]", STR_ARG(q[i]));
}

int nal_pack(const struct nal_path *p, struct buf *out, struct err *e)
{
        const size_t before = out->n;
        int r = check(p, e);

        if (r)
                return r;
        add_qualifiers(p->display, p->n_display, out);
        buf_adds(out, p->type);
        buf_addc(out, ':');
        add_qualifiers(p->connection, p->n_connection, out);
        buf_adds(out, p->path);
        if (out->failed)
                return err_set(e, ERR_NOMEM, "write NAL path: out of memory");
        return out->n - before <= NAL_MAX_LEN
                       ? 0
                       : err_set(e, ERR_INVALID, "the NAL path would be longer than %d characters", NAL_MAX_LEN);
}

static int bad(struct str text, size_t at, struct err *e)
{
        return err_set(e, ERR_INVALID, "\"%.*s\" is no NAL path: see character %zu", (int)MIN(text.n, (size_t)200),
                       text.p ? text.p : "", at + 1);
}

/* ["..."] as often as it stands there.  0, or -1 with *at where it is wrong. */
static int qualifiers(struct str text, size_t *at, struct str *out, size_t *n)
{
        *n = 0;
        while (*at < text.n && text.p[*at] == '[') {
                const size_t from = *at + 2;
                const char *quote;

                if (*n == NAL_MAX_QUALIFIERS || from >= text.n || text.p[from - 1] != '"')
                        return -1;
                quote = memchr(text.p + from, '"', text.n - from);
                if (!quote || (size_t)(quote - text.p) + 1 >= text.n || quote[1] != ']')
                        return -1;
                out[(*n)++] = (struct str){ text.p + from, (size_t)(quote - text.p) - from };
                *at = (size_t)(quote - text.p) + 2;
        }
        return 0;
}

int nal_unpack(struct str text, struct nal_path *out, struct err *e)
{
        const char *colon;
        size_t at = 0;

        if (text.n > NAL_MAX_LEN)
                return err_set(e, ERR_INVALID, "a NAL path has at most %d characters, this one has %zu", NAL_MAX_LEN, text.n);
        if (qualifiers(text, &at, out->display, &out->n_display) < 0)
                return bad(text, at, e);
        colon = at < text.n ? memchr(text.p + at, ':', text.n - at) : NULL;
        if (!colon)
                return bad(text, at, e);
        out->type = (struct str){ text.p + at, (size_t)(colon - text.p) - at };
        at = (size_t)(colon - text.p) + 1;
        if (!is_type(out->type) || qualifiers(text, &at, out->connection, &out->n_connection) < 0)
                return bad(text, at, e);
        out->path = (struct str){ text.p + at, text.n - at };
        return check(out, e) < 0 ? bad(text, at, e) : 0;
}
