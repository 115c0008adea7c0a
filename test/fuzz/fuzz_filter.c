/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_filter - any text as $filter, $orderby and $select; what parses must give a statement's text */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "rest/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct cim_class *c = cim_class_find(STR("SMS_PackageStatusDistPointsSummarizer"));
        struct str text = { (const char *)data, size };
        struct provider_query q = { .class = c };
        struct err e = { 0 };
        const bool *only;
        struct arena a;
        struct buf b;

        arena_init(&a, 8 << 20);
        buf_init(&b, 0);
        if (filter_parse(c, text, &a, &q.where, &e) == 0) {
                assert(provider_query_text(&q, &b, &e) == 0);
                assert(memchr(b.p, 0, b.n) == NULL);
        }
        err_clear(&e);
        if (filter_order(text, &q, &e) == 0)
                assert(provider_query_text(&q, &b, &e) == 0);
        err_clear(&e);
        (void)!filter_select(c, text, &a, &only, &e);
        buf_fini(&b);
        arena_fini(&a);
        return 0;
}
