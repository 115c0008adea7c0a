/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read as a fact gives instances of every slot, and written again it says the same. */
#include <assert.h>
#include "model/fact.h"

static void same_sides(const struct fact *a, const struct fact *b)
{
        for (size_t i = 0; i < fact_n_columns(a->kind); i++) {
                assert(fact_value_eq(&a->after[i], &b->after[i]));
                assert(a->kind != FACT_PAIR || fact_value_eq(&a->before[i], &b->before[i]));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct fact f, again;
        struct cim_instance *i;
        struct err e = { 0 };
        struct arena a;
        struct buf b;

        if (fact_decode((struct str){ (const char *)p, n }, &f, &e) < 0)
                return 0;
        arena_init(&a, 0);
        buf_init(&b, 0);
        for (size_t slot = 0; slot < fact_n_slots(f.kind); slot++) {
                for (int after = 0; after < 2; after++) {
                        buf_reset(&b);
                        if (fact_instance(&f, after, slot, &a, &i) == 0 && i)
                                cim_json_write(i, &b);
                }
        }
        buf_reset(&b);
        fact_encode(&f, &b);
        assert(!b.failed && fact_decode(buf_str(&b), &again, &e) == 0);
        same_sides(&f, &again);
        buf_fini(&b);
        arena_fini(&a);
        return 0;
}
