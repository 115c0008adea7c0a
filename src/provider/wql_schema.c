/* SPDX-License-Identifier: Apache-2.0 */
/* wql_schema - SELECT * FROM meta_class: the classes that match are the rows */
#include "os/os.h"
#include "provider/wql_private.h"
#include "wql/program.h"

int provider_wql_schema(const struct wql_binding *b, uint64_t skip, struct arena *a,
                        bool (*fn)(void *ctx, const struct provider_wql_row *row), void *ctx, struct wql_error *why)
{
        struct wql_program *p;

        if (wql_compile(b, b->query->where, os_now_us(), a, &p, why) < 0)
                return -1;
        for (size_t i = 0; i < n_cim_classes; i++) {
                struct provider_wql_row row = { .binding = b, .class = cim_classes[i] };
                struct arena own;
                struct wql_object o;
                bool go_on = true;

                arena_init(&own, 0);
                o = (struct wql_object){ .self = cim_instance_new(cim_classes[i], &own) };
                if (!o.self) {
                        arena_fini(&own);
                        return wql_fail(why, WBEM_E_OUT_OF_MEMORY, 0, "out of memory");
                }
                if (wql_match(p, &o)) {
                        if (skip)
                                skip--;
                        else
                                go_on = fn(ctx, &row);
                }
                arena_fini(&own);
                if (!go_on)
                        break;
        }
        return 0;
}
