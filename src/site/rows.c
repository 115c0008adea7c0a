/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "site/rows.h"

enum { DEPTH_MAX = 1000 };

void rows_init(struct rows *r, size_t limit)
{
        *r = (struct rows){ 0 };
        buf_init(&r->row, limit);
}

void rows_fini(struct rows *r)
{
        buf_fini(&r->row);
}

bool rows_whole(const struct rows *r)
{
        return r->done;
}

static int give(struct rows *r, rows_fn fn, void *ctx)
{
        bool go_on;

        if (!r->row.n)
                return 0;
        go_on = fn(ctx, r->row.p);
        buf_reset(&r->row);
        return go_on ? 0 : ROWS_STOPPED;
}

static void in_string(struct rows *r, char c)
{
        if (r->escaped)
                r->escaped = false;
        else if (c == '\\')
                r->escaped = true;
        else if (c == '"')
                r->in_string = false;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A character of the array outside a text. */
static int in_array(struct rows *r, char c, rows_fn fn, void *ctx)
{
        if (!r->depth && (c == ',' || c == ']')) {
                r->done = c == ']';
                return give(r, fn, ctx);
        }
        if (!r->depth && is_blank(c))
                return 0;
        if (c == '{' || c == '[')
                r->depth++;
        else if (c == '}' || c == ']')
                r->depth--;
        r->in_string = c == '"';
        buf_addc(&r->row, c);
        return r->depth > DEPTH_MAX ? -EBADMSG : 0;
}

int rows_feed(struct rows *r, const char *p, size_t n, rows_fn fn, void *ctx)
{
        for (size_t i = 0; i < n && !r->done; i++) {
                int rc = 0;

                if (r->in_string) {
                        in_string(r, p[i]);
                        if (r->in_array)
                                buf_addc(&r->row, p[i]);
                } else if (r->in_array) {
                        rc = in_array(r, p[i], fn, ctx);
                } else {
                        r->in_string = p[i] == '"';
                        r->in_array = p[i] == '[';
                }
                if (rc)
                        return rc;
                if (r->row.failed)
                        return -EMSGSIZE;
        }
        return 0;
}
