/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_objectpath - any text as an object path; what parses and binds must print and parse to the same keys */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "cim/cim.h"

static void round_trip(const struct cim_instance *in, struct arena *a)
{
        struct cim_instance *back;
        struct err e = { 0 };
        struct cim_path p;
        struct buf b;

        buf_init(&b, 0);
        if (cim_path_format(in, &b) == 0 && b.n <= CIM_PATH_MAX) {
                assert(cim_path_parse(buf_str(&b), a, &p, &e) == 0);
                assert(cim_path_bind(&p, a, &back, &e) == 0);
                for (size_t k = 0; k < in->class->n_keys; k++)
                        assert(cim_value_eq(&in->class->properties[in->class->keys[k]], &in->values[in->class->keys[k]],
                                            &back->values[in->class->keys[k]]));
        }
        buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cim_instance *in;
        struct err e = { 0 };
        struct cim_path p;
        struct arena a;

        arena_init(&a, 1 << 20);
        if (cim_path_parse((struct str){ (const char *)data, size }, &a, &p, &e) == 0 &&
            cim_path_bind(&p, &a, &in, &e) == 0)
                round_trip(in, &a);
        arena_fini(&a);
        return 0;
}
