/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/mail.h"

#include <time.h>
#include "base/hex.h"
#include "base/time.h"

enum { LINE_MAX_BYTES = 900, WORD_BYTES = 45, BASE64_LINE = 57 };

/* ---- texts in headers ---- */

static bool is_plain(struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] < 0x20 || s.p[i] > 0x7e)
                        return false;
        }
        return s.n <= LINE_MAX_BYTES;
}

/* Control characters become blanks: they are what could end a line. */
static struct str flat(struct str s, struct arena *a)
{
        struct str out = str_trim(arena_str(a, s.n ? s : STR("")));

        for (size_t i = 0; i < out.n; i++) {
                if ((unsigned char)out.p[i] < 0x20 || out.p[i] == 0x7f)
                        ((char *)out.p)[i] = ' ';
        }
        return str_trim(out);
}

/* How much of s is one encoded word: it ends between two characters. */
static size_t word_length(struct str s)
{
        size_t n = MIN(s.n, (size_t)WORD_BYTES);

        while (n < s.n && n > 1 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
                n--;
        return n;
}

static void add_encoded(struct buf *out, struct str s)
{
        for (bool first = true; s.n; first = false) {
                size_t n = word_length(s);
                char text[4 * (WORD_BYTES / 3 + 1) + 1];

                base64_encode(s.p, n, text);
                buf_printf(out, "%s=?utf-8?B?%s?=", first ? "" : "\r\n ", text);
                s = str_from(s, n);
        }
}

static void add_text(struct buf *out, struct str s)
{
        if (is_plain(s))
                buf_adds(out, s);
        else
                add_encoded(out, s);
}

static void add_name(struct buf *out, struct str s)
{
        if (!is_plain(s)) {
                add_encoded(out, s);
                return;
        }
        buf_addc(out, '"');
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '"' || s.p[i] == '\\')
                        buf_addc(out, '\\');
                buf_addc(out, s.p[i]);
        }
        buf_addc(out, '"');
}

/* ---- addresses ---- */

static bool is_address(struct str s)
{
        size_t at = 0;

        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] <= 0x20 || s.p[i] > 0x7e || strchr("<>()[],;:\\\"", s.p[i]))
                        return false;
                at += s.p[i] == '@';
        }
        return s.n && s.n <= 254 && s.p[0] != '-' && s.p[0] != '@' && s.p[s.n - 1] != '@' && at <= 1;
}

/* The next part of a list, up to a comma or semicolon that is in no quotes. */
static struct str next_part(struct str *rest)
{
        struct str part = *rest;
        bool quoted = false;
        size_t i = 0;

        for (; i < part.n && (quoted || (part.p[i] != ',' && part.p[i] != ';')); i++)
                quoted ^= part.p[i] == '"';
        *rest = str_from(part, i < part.n ? i + 1 : i);
        return str_trim((struct str){ part.p, i });
}

static void split_part(struct str part, struct str *name, struct str *address)
{
        struct str behind = str_cut(part, '<', name);

        *address = part;
        if (!behind.p) {
                *name = STR("");
                return;
        }
        (void)str_cut(behind, '>', address);
        *address = str_trim(*address);
        *name = str_trim(*name);
        if (name->n >= 2 && name->p[0] == '"' && name->p[name->n - 1] == '"')
                *name = (struct str){ name->p + 1, name->n - 2 };
}

struct envelope {
        struct arena *a;
        const char **recipients;        /* NULL: these receive nothing, they only stand in the header */
        size_t n;
};

/* "To: a, b" when header is not NULL, and the addresses into the envelope. */
static int add_list(struct envelope *v, const char *header, const char *what, struct str line, struct buf *out, struct err *e)
{
        bool first = true;

        line = flat(line, v->a);
        while (line.n) {
                struct str part = next_part(&line), name, address;

                if (!part.n)
                        continue;
                split_part(part, &name, &address);
                if (!is_address(address))
                        return err_set(e, ERR_INVALID, "%s: \"%.*s\" is no mail address", what, (int)MIN(part.n, 100), part.p);
                if (v->recipients && v->n == MAIL_RECIPIENTS)
                        return err_set(e, ERR_TOO_LARGE, "%s: more than %d recipients", what, MAIL_RECIPIENTS);
                if (v->recipients)
                        v->recipients[v->n++] = arena_str(v->a, address).p;
                if (header) {
                        buf_printf(out, "%s%s", first ? header : ",\r\n ", first ? ": " : "");
                        if (name.n) {
                                add_name(out, name);
                                buf_addc(out, ' ');
                        }
                        buf_printf(out, "<%.*s>", STR_ARG(address));
                }
                first = false;
        }
        if (header && !first)
                buf_addz(out, "\r\n");
        return 0;
}

/* ---- text ---- */

static bool is_7bit(struct str s)
{
        size_t line = 0;

        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];

                if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
                        return false;
                line = c == '\n' ? 0 : line + 1;
                if (line > LINE_MAX_BYTES)
                        return false;
        }
        return true;
}

static void add_body(struct buf *out, struct str text)
{
        if (is_7bit(text)) {
                buf_addz(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
                for (size_t i = 0; i < text.n; i++) {
                        if (text.p[i] == '\n')
                                buf_addz(out, "\r\n");
                        else if (text.p[i] != '\r')
                                buf_addc(out, text.p[i]);
                }
                buf_addz(out, "\r\n");
                return;
        }
        buf_addz(out, "Content-Transfer-Encoding: base64\r\n\r\n");
        while (text.n) {
                char line[BASE64_LINE / 3 * 4 + 1];
                size_t n = MIN(text.n, (size_t)BASE64_LINE);

                base64_encode(text.p, n, line);
                buf_printf(out, "%s\r\n", line);
                text = str_from(text, n);
        }
}

static void add_date(struct buf *out, int64_t now_us)
{
        static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t s = (time_t)(now_us / US_PER_SECOND);
        struct tm tm;

        gmtime_r(&s, &tm);
        buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int mail_compose(const struct mail *m, struct arena *a, struct mail_out *out, struct err *e)
{
        struct envelope to = { a, arena_array(a, MAIL_RECIPIENTS + 1, sizeof(*to.recipients)), 0 };
        const char **from = arena_array(a, MAIL_RECIPIENTS + 1, sizeof(*from));
        struct envelope sender = { a, from, 0 };
        struct buf *b = &out->message;
        int r = 0;

        buf_init(b, 4 << 20);
        if (!to.recipients || !from)
                return err_set(e, ERR_NOMEM, "out of memory");
        add_date(b, m->now_us);
        r = add_list(&sender, "From", "FromLine", m->from, b, e);
        if (r == 0 && sender.n != 1)
                r = err_set(e, ERR_INVALID, "FromLine must be one mail address");
        if (r == 0)
                r = add_list(&to, "To", "ToLine", m->to, b, e);
        if (r == 0)
                r = add_list(&to, "Cc", "CcLine", m->cc, b, e);
        if (r == 0)
                r = add_list(&to, NULL, "BccLine", m->bcc, b, e);
        if (r == 0)
                r = add_list(&(struct envelope){ a, NULL, 0 }, "Reply-To", "ReplyToLine", m->reply_to, b, e);
        if (r == 0 && !to.n)
                r = err_set(e, ERR_INVALID, "there is no recipient: ToLine, CcLine and BccLine are empty");
        if (r < 0)
                return r;
        buf_addz(b, "Subject: ");
        add_text(b, flat(m->subject, a));
        buf_printf(b, "\r\nMessage-ID: <%.*s@%.*s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n", STR_ARG(m->id),
                   STR_ARG(m->host));
        for (size_t i = 0; i < m->n_headers; i++) {
                struct str h = flat(m->headers[i], a);

                if (h.n <= LINE_MAX_BYTES)
                        buf_printf(b, "%.*s\r\n", STR_ARG(h));
        }
        buf_addz(b, "Content-Type: text/plain; charset=utf-8\r\n");
        add_body(b, m->text);
        to.recipients[to.n] = NULL;
        out->from = from[0];
        out->recipients = to.recipients;
        return b->failed ? err_set(e, ERR_TOO_LARGE, "the message is too large") : 0;
}
