/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wql - any text, every dialect; what parses prints, and what was printed parses to the same text; what can be bound
 * to the site's classes compiles or is refused, and matches or not
 */
#include "wql/program.h"
#include "wql/sql.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void compile(const struct wql_binding *b, struct arena *a)
{
        struct cim_instance *in = cim_instance_new(cim_class_find((struct str){ "SMS_Package", 11 }), a);
        struct wql_sql_opts opts = { .now_us = 1 };
        struct wql_error e = { 0 };
        struct wql_program *program;
        struct wql_sql *sql;

        if (in && wql_compile(b, b->query->where, 1, a, &program, &e) == 0)
                (void)wql_match(program, &(struct wql_object){ .self = in, .target = in });
        e = (struct wql_error){ 0 };
        if (b->query->kind == WQL_DATA && wql_sql_compile(b, &opts, a, &sql, &e) < 0 && e.status != WBEM_E_QUOTA_VIOLATION)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        for (int dialect = WQL_DIALECT_CORE; dialect <= WQL_DIALECT_EVENT; dialect++) {
                struct wql_error e = { 0 };
                struct wql_binding *b;
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
                e = (struct wql_error){ 0 };
                if (wql_prepare((struct str){ (const char *)p, n }, &wql_schema_site, (enum wql_dialect)dialect, &a, &b, &e) == 0)
                        compile(b, &a);
                else if (!e.status || !e.text[0])
                        abort();
                buf_fini(&first);
                buf_fini(&second);
                arena_fini(&a);
        }
        return 0;
}
