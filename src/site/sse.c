/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "site/sse.h"

void sse_init(struct sse *s, size_t limit)
{
        *s = (struct sse){ 0 };
        buf_init(&s->line, limit);
        buf_init(&s->data, limit);
        buf_init(&s->type, 256);
        buf_init(&s->id, 256);
}

void sse_fini(struct sse *s)
{
        buf_fini(&s->line);
        buf_fini(&s->data);
        buf_fini(&s->type);
        buf_fini(&s->id);
}

static int dispatch(struct sse *s, int (*fn)(void *ctx, const struct sse_event *ev), void *ctx)
{
        int r = 0;

        if (s->has_data) {
                struct sse_event ev = { .id = buf_str(&s->id), .type = buf_str(&s->type), .data = buf_str(&s->data) };

                if (!ev.type.n)
                        ev.type = STR("message");
                if (!ev.data.n)
                        ev.data = STR("");
                r = fn(ctx, &ev);
        }
        buf_reset(&s->data);
        buf_reset(&s->type);
        s->has_data = false;
        return r;
}

static void field(struct sse *s, struct str name, struct str value)
{
        if (str_eqz(name, "data")) {
                if (s->has_data)
                        buf_addc(&s->data, '\n');
                buf_adds(&s->data, value);
                s->has_data = true;
        } else if (str_eqz(name, "event")) {
                buf_reset(&s->type);
                buf_adds(&s->type, value);
        } else if (str_eqz(name, "id")) {
                buf_reset(&s->id);
                buf_adds(&s->id, value);
        }
}

static int end_of_line(struct sse *s, int (*fn)(void *ctx, const struct sse_event *ev), void *ctx)
{
        struct str line = buf_str(&s->line), name, value;

        if (!line.n)
                return dispatch(s, fn, ctx);
        value = str_cut(line, ':', &name);
        if (name.n) {                                   /* a line that starts with ':' is a comment */
                if (str_starts(value, " "))
                        value = str_from(value, 1);
                field(s, name, value);
        }
        buf_reset(&s->line);
        return 0;
}

int sse_feed(struct sse *s, const void *p, size_t n, int (*fn)(void *ctx, const struct sse_event *ev), void *ctx)
{
        const char *at = p, *end = at + n;

        while (at < end) {
                const char *stop = at;
                int r;

                if (s->after_cr && *at == '\n') {
                        s->after_cr = false;
                        at++;
                        continue;
                }
                s->after_cr = false;
                while (stop < end && *stop != '\n' && *stop != '\r')
                        stop++;
                buf_add(&s->line, at, (size_t)(stop - at));
                if (stop == end)
                        at = stop;
                else {
                        s->after_cr = *stop == '\r';
                        at = stop + 1;
                        r = end_of_line(s, fn, ctx);
                        if (r)
                                return r;
                }
                if (s->line.failed || s->data.failed || s->type.failed || s->id.failed)
                        return -EMSGSIZE;
        }
        return 0;
}
