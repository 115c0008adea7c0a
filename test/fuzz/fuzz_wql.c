/* SPDX-License-Identifier: Apache-2.0 */
/* wql - any text, every dialect; what parses prints, and what was printed parses to the same text */
#include "wql/wql.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        for (int dialect = WQL_DIALECT_CORE; dialect <= WQL_DIALECT_EVENT; dialect++) {
                struct wql_error e = { 0 };
                struct wql_query *q;
                struct buf first, second;
                struct arena a;

                arena_init(&a, 8 << 20);
                buf_init(&first, 1 << 20);
                buf_init(&second, 1 << 20);
                if (wql_parse((struct str){ (const char *)p, n }, (enum wql_dialect)dialect, &a, &q, &e) == 0) {
                        wql_print(q, &first);
                        /* canonical text may be longer than a query may be */
                        if (first.n <= WQL_MAX_TEXT) {
                                if (wql_parse(buf_str(&first), (enum wql_dialect)dialect, &a, &q, &e) < 0)
                                        abort();
                                wql_print(q, &second);
                                if (!str_eq(buf_str(&first), buf_str(&second)))
                                        abort();
                        }
                }
                buf_fini(&first);
                buf_fini(&second);
                arena_fini(&a);
        }
        return 0;
}
