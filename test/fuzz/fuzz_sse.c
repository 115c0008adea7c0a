/* SPDX-License-Identifier: Apache-2.0 */
/* Any stream, cut anywhere, gives the same events as in one piece, and never more memory than its limit. */
#include <assert.h>
#include "site/sse.h"

enum { LIMIT = 4096 };

static int sum(void *ctx, const struct sse_event *ev)
{
        uint64_t *h = ctx;

        for (size_t i = 0; i < ev->id.n; i++)
                *h = *h * 31 + (unsigned char)ev->id.p[i];
        for (size_t i = 0; i < ev->type.n; i++)
                *h = *h * 37 + (unsigned char)ev->type.p[i];
        for (size_t i = 0; i < ev->data.n; i++)
                *h = *h * 41 + (unsigned char)ev->data.p[i];
        *h += 1;
        return 0;
}

static int feed_in(const uint8_t *p, size_t n, size_t piece, uint64_t *h)
{
        struct sse s;
        int r = 0;

        sse_init(&s, LIMIT);
        for (size_t at = 0; at < n && r == 0; at += piece)
                r = sse_feed(&s, p + at, MIN(piece, n - at), sum, h);
        assert(s.data.n <= LIMIT && s.line.n <= LIMIT);
        sse_fini(&s);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        uint64_t whole = 0, pieces = 0;

        if (!n)
                return 0;
        if (feed_in(p, n, n, &whole) == 0 && feed_in(p, n, 1 + p[0] % 7, &pieces) == 0)
                assert(whole == pieces);
        return 0;
}
