/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one shape of an error on our HTTP wires:
 * {"error":{"code":"NotFound","message":"..."}}.
 *
 * Messages name files, and file names are bytes: what is not UTF-8 is replaced
 * by U+FFFD, so that the body is JSON whatever was in it (RFC 8259 7, 8.1).
 */
#include "http/http.h"

/* Length of the UTF-8 character at p (RFC 3629 4), or 0 when there is none. */
static size_t utf8_len(const uint8_t *p, size_t n)
{
        for (size_t k = 1; k <= MIN(n, (size_t)4); k++)
                if (str_is_utf8((struct str){ (const char *)p, k }))
                        return k;
        return 0;
}

static void add_json_text(struct buf *b, struct str s)
{
        const uint8_t *p = (const uint8_t *)s.p;

        for (size_t i = 0; i < s.n;) {
                size_t k = utf8_len(p + i, s.n - i);

                if (k == 0) {
                        buf_addz(b, "\\ufffd");
                        i++;
                } else if (p[i] == '"' || p[i] == '\\') {
                        buf_addc(b, '\\');
                        buf_addc(b, (char)p[i++]);
                } else if (p[i] < 0x20) {
                        buf_printf(b, "\\u%04x", p[i++]);
                } else {
                        buf_add(b, p + i, k);
                        i += k;
                }
        }
}

struct str http_error_body(struct arena *a, enum err_kind kind, struct str message)
{
        struct buf b;
        struct str out;

        buf_init(&b, 1 << 20);
        buf_printf(&b, "{\"error\":{\"code\":\"%s\",\"message\":\"", err_kind_name(kind));
        add_json_text(&b, message);
        buf_addz(&b, "\"}}");
        out = b.failed ? STR_NULL : arena_str(a, buf_str(&b));
        buf_fini(&b);
        return out;
}
