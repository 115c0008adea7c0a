/* SPDX-License-Identifier: Apache-2.0 */
/* call - the life of one exchange: memory, replies, errors */
#include <stdio.h>
#include "rest/private.h"

static int read_context(struct rest_call *c, struct err *e)
{
        struct str text = http_header(c->x, "X-Tallyman-Context");

        if (!text.p)
                return 0;
        c->q.context = &c->context;
        return provider_context_parse(text, &c->context, e);
}

void rest_call_begin(struct rest *r, struct http_exchange *x, void (*go)(struct rest_call *c))
{
        struct rest_call *c = calloc(1, sizeof *c);
        struct err e = { 0 };

        if (!c) {
                (void)err_set(&e, ERR_NOMEM, "out of memory");
                http_reply_err(x, &e);
                return;
        }
        c->rest = r;
        c->x = x;
        c->rq = http_request(x);
        c->go = go;
        arena_init(&c->q.arena, 0);
        c->q.ctx = c;
        if (read_context(c, &e) < 0)
                rest_call_fail(c, &e);
        else
                rest_authenticate(c);
}

void rest_call_end(struct rest_call *c)
{
        explicit_bzero(c->password, sizeof c->password);
        arena_fini(&c->q.arena);
        free(c);
}

void rest_call_fail(struct rest_call *c, const struct err *e)
{
        http_reply_err(c->x, e);
        rest_call_end(c);
}

void rest_reply_json(struct rest_call *c, int status, struct buf *b)
{
        struct err e = { 0 };

        if (b->failed) {
                (void)err_set(&e, ERR_TOO_LARGE, "the answer is too large to be built: ask for less");
                http_reply_err(c->x, &e);
        } else {
                http_reply(c->x, status, "application/json", buf_str(b));
        }
        buf_fini(b);
        rest_call_end(c);
}

void rest_sequence_header(struct http_exchange *x, int64_t seq)
{
        char text[24];

        (void)snprintf(text, sizeof text, "%lld", (long long)seq);
        http_reply_header(x, "X-Tallyman-Sequence", text);
}
