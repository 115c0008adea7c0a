/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer, cut anywhere, gives the same rows as in one piece, and never more memory than its limit. */
#include <assert.h>
#include "site/rows.h"

enum { LIMIT = 4096 };

static bool sum(void *ctx, const char *json)
{
        uint64_t *h = ctx;

        for (; *json; json++)
                *h = *h * 31 + (unsigned char)*json;
        *h += 1;
        return true;
}

static int feed_in(const uint8_t *p, size_t n, size_t piece, uint64_t *h)
{
        struct rows rows;
        int r = 0;

        rows_init(&rows, LIMIT);
        for (size_t at = 0; at < n && r == 0; at += piece)
                r = rows_feed(&rows, (const char *)p + at, MIN(piece, n - at), sum, h);
        assert(rows.row.n <= LIMIT);
        rows_fini(&rows);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        uint64_t whole = 0, pieces = 0;

        if (!n)
                return 0;
        assert(feed_in(p, n, n, &whole) == feed_in(p, n, 1 + p[0] % 7, &pieces));
        assert(whole == pieces);
        return 0;
}
