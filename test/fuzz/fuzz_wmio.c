/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_wmio - any bytes as an object of [MS-WMIO]
 *
 * The first byte says in which frame.  What is read must be written and read
 * again as the same class; of an instance, what fits the schema must be written
 * and read again as the same instance.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/wmio_equal.h"
#include "wmio/private.h"

static struct wmio_images *images;

/* A class may have been told with what we do not tell (methods without end), so it need not fit what we write. */
static void check_class(const struct wmio_decoded *d, struct arena *a)
{
        struct wmio_image *image;
        struct wmio_decoded *back;
        struct err e = { 0 };
        struct buf b;

        if (wmio_image_of(&image, images, d->class, d->parent, &e) < 0)
                return;
        buf_init(&b, 0);
        if (wmio_encode_class(image, NULL, d->flags, WMIO_UNIT, &b, &e) == 0 &&
            wmio_decode(buf_str(&b), a, &back, &e) == 0) {
                assert(wmio_class_eq(d->class, back->class, true));
                assert(wmio_class_eq(d->parent, back->parent, true));
        }
        buf_fini(&b);
        wmio_image_free(image);
}

static void check_instance(const struct wmio_decoded *d, struct arena *a)
{
        struct cim_instance *in, *back;
        struct wmio_decoded *came;
        struct err e = { 0 };
        struct buf b;

        if (wmio_to_instance(d, a, &in, &e) < 0) {
                assert(e.text[0]);
                return;
        }
        buf_init(&b, 0);
        assert(wmio_encode_instance(
                   &(struct wmio_object){ .image = wmio_images_get(images, in->class), .values = in->values }, NULL,
                   WMIO_BLOCK, &b, &e) == 0);
        assert(wmio_decode_block(buf_str(&b), a, &came, &e) == 0);
        assert(wmio_to_instance(came, a, &back, &e) == 0);
        for (size_t k = 0; k < in->class->n_properties; k++) {
                const struct cim_property *p = &in->class->properties[k];

                if (p->type == CIM_OBJECT)
                        assert(cim_value_eq(p, &in->values[k], &back->values[k]));
                else
                        assert(wmio_value_eq(p->type, p->array, &in->values[k], &back->values[k]));
        }
        buf_fini(&b);
}

static void check_arguments(const struct wmio_decoded *d, struct arena *a)
{
        const struct cim_class *c = cim_class_find(STR("TM_Site"));
        struct cim_value args[32];
        struct err e = { 0 };

        for (size_t i = 0; i < c->n_methods; i++) {
                for (size_t k = 0; k < ARRAY_SIZE(args); k++)
                        args[k] = (struct cim_value){ .null = true };
                assert(c->methods[i].n_parameters <= ARRAY_SIZE(args));
                assert(wmio_to_arguments(d, c, &c->methods[i], a, args, &e) == 0 || e.text[0]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str bytes = { (const char *)data + 1, size - 1 };
        struct wmio_decoded *d = NULL, **objects = NULL;
        struct wmio_received received = { 0 };
        struct err e = { 0 };
        struct arena a;
        size_t n = 0;
        int r;

        if (size == 0)
                return 0;
        if (!images && wmio_images_new(&images, &e) < 0)
                return 0;
        arena_init(&a, 32 << 20);
        received.a = &a;
        if (data[0] % 4 == 0) {
                r = wmio_decode_block(bytes, &a, &d, &e);
        } else if (data[0] % 4 == 1) {
                r = wmio_decode(bytes, &a, &d, &e);
        } else if (data[0] % 4 == 2) {
                r = wmio_objref_unit(bytes, &bytes, &e);
                r = r < 0 ? r : wmio_decode(bytes, &a, &d, &e);
        } else {
                r = wmio_packet_decode(bytes, data[0] & 4 ? WMIO_NEXT : WMIO_INDICATE, &received, &objects, &n, &e);
        }
        assert(r == 0 || (r < 0 && e.text[0]));
        if (r == 0 && d)
                objects = &d, n = 1;
        for (size_t i = 0; r == 0 && i < n; i++) {
                if (objects[i]->is_class) {
                        check_class(objects[i], &a);
                } else {
                        check_instance(objects[i], &a);
                        check_arguments(objects[i], &a);
                }
        }
        arena_fini(&a);
        return 0;
}
