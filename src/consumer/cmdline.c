/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/cmdline.h"

#include "consumer/template.h"

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from @at on, expanded into @out; returns where it ends. -1: a quote does not close. */
static ssize_t word(struct str t, size_t at, const json_t *event, struct buf *out)
{
        size_t plain = at;
        bool quoted = false;

        for (;; at++) {
                bool end = at == t.n || (!quoted && is_blank(t.p[at]));
                bool escaped = !end && t.p[at] == '\\' && at + 1 < t.n && t.p[at + 1] == '"';

                if (!end && !escaped && t.p[at] != '"')
                        continue;
                if (quoted)
                        buf_add(out, t.p + plain, at - plain);
                else
                        template_expand((struct str){ t.p + plain, at - plain }, event, 0, out);
                if (end)
                        return quoted ? -1 : (ssize_t)at;
                if (escaped) {
                        buf_addc(out, '"');
                        at++;
                } else {
                        quoted = !quoted;
                }
                plain = at + 1;
        }
}

int cmdline_split(struct str t, const json_t *event, struct arena *a, char ***argv_out, struct err *e)
{
        char **argv = arena_array(a, CMDLINE_ARGS + 1, sizeof(*argv));
        size_t n = 0;
        struct buf b;
        int r = argv ? 0 : err_set(e, ERR_NOMEM, "out of memory");

        buf_init(&b, CMDLINE_BYTES);
        for (size_t at = 0; r == 0;) {
                ssize_t next;

                while (at < t.n && is_blank(t.p[at]))
                        at++;
                if (at == t.n)
                        break;
                buf_reset(&b);
                next = word(t, at, event, &b);
                if (next < 0) {
                        r = err_set(e, ERR_INVALID, "the command line has a quote that does not close");
                } else if (b.failed || n == CMDLINE_ARGS) {
                        r = err_set(e, ERR_TOO_LARGE, "the command line has more than %d arguments, or one of more than %d bytes",
                                    CMDLINE_ARGS, CMDLINE_BYTES);
                } else {
                        argv[n] = (char *)arena_str(a, b.n ? buf_str(&b) : STR("")).p;
                        r = argv[n++] ? 0 : err_set(e, ERR_TOO_LARGE, "the command line is too long");
                        at = (size_t)next;
                }
        }
        buf_fini(&b);
        if (r < 0)
                return r;
        if (!n)
                return err_set(e, ERR_INVALID, "the command line is empty");
        argv[n] = NULL;
        *argv_out = argv;
        return 0;
}
