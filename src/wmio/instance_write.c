/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance_write - ObjectBlock of an instance or a class, and the frames around it
 *
 * Source: [MS-WMIO] 2.2.1 to 2.2.11, 2.2.53 to 2.2.58; [MS-DCOM] 2.2.18.6.
 */
#include "wmio/private.h"

/* ---- instances ---- */

/* Where in an image's empty instance part things stand; [MS-WMIO] 2.2.53. */
enum { INSTANCE_ND = 9 };

static void put_decoration(struct wmio_enc *x)
{
        if (x->d) {
                wmio_put_string(x->b, x->d->server);
                wmio_put_string(x->b, x->d->ns);
        }
}

static void put_object_value(struct wmio_enc *x, const struct wmio_heap *h, size_t at, const struct wmio_object *o)
{
        size_t start;

        wmio_patch_le32(x->b, at, wmio_ref(x, h));
        start = x->b->n;
        buf_le32(x->b, 0);
        wmio_put_instance(x, o, true);
        wmio_patch_le32(x->b, start, (uint32_t)(x->b->n - start - 4));
}

static void put_slots(struct wmio_enc *x, const struct wmio_heap *h, const struct wmio_object *o, size_t start)
{
        const struct wmio_image *image = o->image;
        size_t nd = start + INSTANCE_ND, values = nd + wmio_nd_size(image->n_slots);

        for (size_t i = 0; i < image->n_slots && !x->b->failed && x->r == 0; i++) {
                const struct wmio_image_slot *s = &image->slots[i];
                const struct wmio_object *object = o->objects ? o->objects[s->ordinal] : NULL;
                const struct cim_value *v = &o->values[s->ordinal];

                if (object)
                        put_object_value(x, h, values + s->offset, object);
                else if (v->null)       /* its slot stays zero: some readers look at the bits of numbers alone */
                        x->b->p[nd + i / 4] = (char)((uint8_t)x->b->p[nd + i / 4] | WMIO_NULL << 2 * (i % 4));
                else
                        wmio_put_value(x, h, values + s->offset, s->type, s->array, s->no_offset, v);
        }
}

void wmio_put_instance(struct wmio_enc *x, const struct wmio_object *o, bool with_class)
{
        const struct wmio_image *image = o->image;
        struct buf *b = x->b;
        struct wmio_heap h;
        size_t start;

        if (++x->depth > WMIO_MAX_DEPTH) {
                x->r = err_set(x->e, ERR_TOO_LARGE, "more than %d objects within objects", WMIO_MAX_DEPTH);
                return;
        }
        buf_addc(b, WMIO_IS_INSTANCE | (x->d ? WMIO_DECORATED : 0));
        put_decoration(x);
        if (with_class)
                buf_adds(b, image->part);
        start = b->n;
        buf_add(b, image->instance.p, image->instance.n);
        h.base = start + image->heap;
        put_slots(x, &h, o, start);
        wmio_patch_le32(b, h.base - 4, WMIO_HIGH | wmio_ref(x, &h));
        wmio_patch_le32(b, start, (uint32_t)(b->n - start));
        x->depth--;
}

/* ---- classes ---- */

void wmio_put_class(struct wmio_enc *x, const struct wmio_image *i, unsigned flags)
{
        buf_addc(x->b,
                 (char)(WMIO_IS_CLASS | (x->d ? WMIO_DECORATED : 0) | (flags & (WMIO_PROTOTYPE | WMIO_KEY_MISSING))));
        put_decoration(x);
        buf_add(x->b, i->unit.p, i->unit.n);
}

/* ---- frames ---- */

/* OBJREF_CUSTOM up to the data's length: MEOW, kind, IWbemClassObject, CLSID_WbemClassObject, no extension. */
static const uint8_t objref_head[] = {
        0x4d, 0x45, 0x4f, 0x57, 0x04, 0x00, 0x00, 0x00,
        0x81, 0xa6, 0x12, 0xdc, 0x7f, 0x73, 0xcf, 0x11, 0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24,
        0x12, 0xf8, 0x90, 0x45, 0x3a, 0x1d, 0xd0, 0x11, 0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24,
        0x00, 0x00, 0x00, 0x00,
};

static void frame_begin(struct buf *b, enum wmio_frame frame)
{
        if (frame == WMIO_OBJREF) {
                buf_add(b, objref_head, sizeof objref_head);
                buf_le32(b, 0);
        }
        if (frame != WMIO_BLOCK) {
                buf_le32(b, WMIO_SIGNATURE);
                buf_le32(b, 0);
        }
}

static int frame_end(struct wmio_enc *x, enum wmio_frame frame, size_t start)
{
        size_t unit = start + (frame == WMIO_OBJREF ? sizeof objref_head + 4 : 0);

        if (frame == WMIO_OBJREF)
                wmio_patch_le32(x->b, unit - 4, (uint32_t)(x->b->n - unit));
        if (frame != WMIO_BLOCK)
                wmio_patch_le32(x->b, unit + 4, (uint32_t)(x->b->n - unit - 8));
        return wmio_finish(x, start);
}

static int full(struct err *e)
{
        return err_set(e, ERR_TOO_LARGE, "the answer has no room left");
}

int wmio_encode_instance(const struct wmio_object *o, const struct wmio_decoration *d, enum wmio_frame frame,
                         struct buf *out, struct err *e)
{
        struct wmio_enc x = { .b = out, .all = o->image->all, .d = d, .e = e };
        size_t start = out->n;

        if (out->failed)
                return full(e);
        frame_begin(out, frame);
        wmio_put_instance(&x, o, true);
        return frame_end(&x, frame, start);
}

int wmio_encode_class(const struct wmio_image *i, const struct wmio_decoration *d, unsigned flags,
                      enum wmio_frame frame, struct buf *out, struct err *e)
{
        struct wmio_enc x = { .b = out, .all = i->all, .d = d, .e = e };
        size_t start = out->n;

        if (out->failed)
                return full(e);
        frame_begin(out, frame);
        wmio_put_class(&x, i, flags);
        return frame_end(&x, frame, start);
}

int wmio_objref_unit(struct str objref, struct str *unit_out, struct err *e)
{
        const size_t size_at = sizeof objref_head;
        uint32_t extension;
        size_t at;

        /* The extension's length may differ, [MS-DCOM] 2.2.18.6; the size that follows is not to be trusted there. */
        if (objref.n < size_at + 4 || memcmp(objref.p, objref_head, size_at - 4) != 0)
                return err_set(e, ERR_INVALID,
                               "the reference is no marshalled WMI object (OBJREF_CUSTOM of IWbemClassObject)");
        extension = get_le32(objref.p + size_at - 4);
        at = size_at + 4;
        if (extension > objref.n - at)
                return err_set(e, ERR_INVALID, "the reference's extension of %u octets is longer than the reference",
                               extension);
        *unit_out = str_from(objref, at + extension);
        return 0;
}

/* ---- embedded objects kept as text ---- */

static int embedded_class(struct str json, const struct cim_class **out, struct err *e)
{
        static const char head[] = "{\"__CLASS\":\"";
        struct str name = STR_NULL;

        if (str_starts(json, head))
                (void)str_cut(str_from(json, sizeof head - 1), '"', &name);
        *out = name.n ? cim_class_find(name) : NULL;
        if (!*out)
                return err_set(e, ERR_INVALID, "the embedded object \"%.*s\" names no class of this site",
                               (int)MIN(json.n, 60), json.p ? json.p : "");
        return 0;
}

void wmio_put_embedded(struct wmio_enc *x, struct str json)
{
        const struct wmio_decoration *d = x->d;
        const struct cim_class *c;
        struct cim_instance *in;
        struct arena a;
        size_t at = x->b->n;

        arena_init(&a, 0);
        buf_le32(x->b, 0);
        x->d = NULL;
        x->r = embedded_class(json, &c, x->e);
        if (x->r == 0)
                x->r = cim_json_read(c, json, &a, &in, x->e);
        if (x->r == 0 && cim_instance_defaults(in, &a) < 0)
                x->r = wmio_no_memory(x->e);
        if (x->r == 0 && !x->all)
                x->r = err_set(x->e, ERR_NOT_SUPPORTED, "embedded objects need the schema's images");
        if (x->r == 0)
                wmio_put_instance(x, &(struct wmio_object){ .image = wmio_images_get(x->all, c), .values = in->values },
                                  true);
        x->d = d;
        wmio_patch_le32(x->b, at, (uint32_t)(x->b->n - at - 4));
        arena_fini(&a);
}
