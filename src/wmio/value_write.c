/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_write - one value: into its slot, and into the heap what does not fit
 *
 * Source: [MS-WMIO] 2.2.71 EncodedValue, 2.2.79 Encoded-Array, 2.3.1.
 */
#include "wmio/private.h"

/* The octets of a number or boolean; returns how many. */
static size_t number_octets(enum cim_type t, const struct cim_value *v, uint8_t out[8])
{
        uint64_t bits = v->u;

        if (t == CIM_BOOLEAN) {
                bits = v->i ? 0xffff : 0;
        } else if (t == CIM_REAL64) {
                memcpy(&bits, &v->d, sizeof bits);
        } else if (t == CIM_REAL32) {
                float f = (float)v->d;
                uint32_t b32;

                memcpy(&b32, &f, sizeof b32);
                bits = b32;
        }
        put_le64(out, bits);
        return wmio_slot_size(t, false);
}

static bool is_text(enum cim_type t)
{
        return t == CIM_STRING || t == CIM_DATETIME || t == CIM_REFERENCE;
}

static void put_text(struct buf *b, enum cim_type t, bool no_offset, const struct cim_value *v)
{
        char text[CIM_DATETIME_LEN + 1];

        if (t != CIM_DATETIME || v->text) {
                wmio_put_string(b, v->s);
                return;
        }
        time_format_cim(v->i, no_offset ? TIME_CIM_NO_OFFSET : 0, text);
        wmio_put_string(b, str_of(text));
}

/* An item behind the heap's end. */
static void put_item(struct wmio_enc *x, enum cim_type t, bool no_offset, const struct cim_value *v)
{
        uint8_t octets[8];

        if (is_text(t))
                put_text(x->b, t, no_offset, v);
        else if (t == CIM_OBJECT)
                wmio_put_embedded(x, v->s);
        else
                buf_add(x->b, octets, number_octets(t, v, octets));
}

/* Of what is no number: the references first, then at once and in their order what they refer to. */
static void put_array(struct wmio_enc *x, const struct wmio_heap *h, enum cim_type t, bool no_offset,
                      const struct cim_value *v)
{
        bool refs = is_text(t) || t == CIM_OBJECT;
        size_t n = v->array.n, at;

        buf_le32(x->b, (uint32_t)n);
        at = x->b->n;
        if (refs)
                wmio_put_zeros(x->b, 4 * n, 0);
        for (size_t i = 0; i < n && !x->b->failed && x->r == 0; i++) {
                const struct cim_value *item = &v->array.items[i];

                if (refs)
                        wmio_patch_le32(x->b, at + 4 * i, item->null ? WMIO_NO_REF : wmio_ref(x, h));
                if (!refs || !item->null)
                        put_item(x, t, no_offset, item);
        }
}

void wmio_put_value(struct wmio_enc *x, const struct wmio_heap *h, size_t at, enum cim_type t, bool array,
                    bool no_offset, const struct cim_value *v)
{
        uint8_t octets[8];

        if (array || is_text(t) || t == CIM_OBJECT) {
                wmio_patch_le32(x->b, at, v->null ? WMIO_NO_REF : wmio_ref(x, h));
                if (!v->null && array)
                        put_array(x, h, t, no_offset, v);
                else if (!v->null)
                        put_item(x, t, no_offset, v);
        } else if (!x->b->failed) {
                size_t n = number_octets(t, v, octets);

                memcpy(x->b->p + at, octets, n);
        }
}
