/* SPDX-License-Identifier: Apache-2.0 */
/* query - WQL data queries; their text travels as a body, so that no URL limits it */
#include <errno.h>
#include <string.h>
#include "site/client.h"
#include "site/path.h"
#include "site/rows.h"

#define RESOURCE "/AdminService/wql"
#define ROW_LIMIT (16 << 20)

struct reader {
        struct rows rows;
        tallyman_row_fn fn;
        void *ctx;
        int r;                          /* of rows_feed() */
};

static bool give(void *ctx, const char *json)
{
        struct reader *rd = ctx;

        return rd->fn(rd->ctx, json) == 0;
}

static bool feed(void *ctx, const char *p, size_t n)
{
        struct reader *rd = ctx;

        rd->r = rows_feed(&rd->rows, p, n, give, rd);
        return rd->r == 0;
}

int tallyman_query(struct tallyman *t, const char *wql, tallyman_row_fn fn, void *ctx, int64_t *seq_out,
                   struct tallyman_error *e)
{
        struct reader rd = { .fn = fn, .ctx = ctx };
        struct client_call q = { .verb = "POST", .url = RESOURCE, .body = wql, .content_type = "text/plain; charset=utf-8",
                                 .sink = feed, .ctx = &rd };
        struct client_reply reply;
        int r;

        rows_init(&rd.rows, ROW_LIMIT);
        r = client_request(t, &q, &reply, e);
        if (r == CLIENT_STOPPED)
                r = rd.r == ROWS_STOPPED ? TALLYMAN_STOPPED
                                         : error_set(e, ERR_CORRUPT, "%s sent a row that cannot be read. Is it a Tallyman site?",
                                                     t->server);
        else if (r == 0 && !rows_whole(&rd.rows))
                r = error_set(e, ERR_CORRUPT, "%s sent no whole list of rows. Try again", t->server);
        if (r >= 0 && seq_out)
                *seq_out = reply.sequence;
        rows_fini(&rd.rows);
        buf_fini(&reply.body);
        return r;
}

static int text_of(struct tallyman *t, const struct client_call *q, char **json_out, int64_t *seq_out,
                   struct tallyman_error *e)
{
        struct client_reply reply;
        int r;

        *json_out = NULL;
        r = client_request(t, q, &reply, e);
        if (r == 0) {
                if (seq_out)
                        *seq_out = reply.sequence;
                buf_addz(&reply.body, "");
                *json_out = buf_steal(&reply.body);
                r = *json_out ? 0 : error_set(e, ERR_CORRUPT, "%s sent an empty answer. Is it a Tallyman site?", t->server);
        }
        buf_fini(&reply.body);
        return r;
}

int tallyman_query_json(struct tallyman *t, const char *wql, char **json_out, int64_t *seq_out, struct tallyman_error *e)
{
        struct client_call q = { .verb = "POST", .url = RESOURCE, .body = wql, .content_type = "text/plain; charset=utf-8" };

        return text_of(t, &q, json_out, seq_out, e);
}

int tallyman_check(struct tallyman *t, const char *wql, const char *kind, char **json_out, struct tallyman_error *e)
{
        struct client_call q = { .verb = "POST", .body = wql, .content_type = "text/plain; charset=utf-8" };
        struct buf url;
        int r;

        buf_init(&url, 1024);
        buf_addz(&url, RESOURCE "/check");
        if (kind) {
                buf_addz(&url, "?kind=");
                site_url_escape(&url, str_of(kind), "");
        }
        q.url = url.p;
        r = url.failed ? error_set(e, ERR_INVALID, "'%.20s...' is no kind of query: data or event", kind)
                       : text_of(t, &q, json_out, NULL, e);
        buf_fini(&url);
        return r;
}
