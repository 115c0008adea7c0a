/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_instance - any text as a JSON instance
 *
 * The first byte chooses the class; what is read must be written and read again
 * as the same instance.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "cim/cim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct cim_class *c;
        struct cim_instance *in, *back;
        struct err e = { 0 };
        struct arena a;
        struct buf b;

        if (size == 0)
                return 0;
        c = cim_classes[data[0] % n_cim_classes];
        arena_init(&a, 8 << 20);
        buf_init(&b, 0);
        if (cim_json_read(c, (struct str){ (const char *)data + 1, size - 1 }, &a, &in, &e) == 0) {
                cim_json_write_some(in, in->given, &b);
                assert(cim_json_read(c, buf_str(&b), &a, &back, &e) == 0);
                for (size_t k = 0; k < c->n_properties; k++) {
                        assert(in->given[k] == back->given[k]);
                        assert(cim_value_eq(&c->properties[k], &in->values[k], &back->values[k]));
                }
        }
        buf_fini(&b);
        arena_fini(&a);
        return 0;
}
