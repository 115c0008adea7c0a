/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_wmio - decode after encode is the identity, and broken bytes are refused, never followed
 *
 * Over random classes that have every CIM type, array or not, with qualifiers,
 * defaults and methods of any kind, and over the schema's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "lib/prop.h"
#include "lib/wmio_equal.h"
#include "wmio/private.h"

static const enum cim_type types[] = { CIM_SINT8, CIM_UINT8, CIM_SINT16, CIM_UINT16, CIM_SINT32, CIM_UINT32, CIM_SINT64,
                                       CIM_UINT64, CIM_REAL32, CIM_REAL64, CIM_BOOLEAN, CIM_STRING, CIM_DATETIME,
                                       CIM_REFERENCE, CIM_CHAR16, CIM_OBJECT };
static struct wmio_images *images;

/* ---- random values ---- */

static struct str random_text(struct prop *p, struct arena *a)
{
        static const char *const words[] = {
                "", "P0100001", "key", "\xc3\xa9t\xc3\xbf", "\xe2\x82\xac 5", "\xf0\x9f\x93\xa6", "\""
        };

        return prop_bool(p) ? str_of(words[prop_u64(p, ARRAY_SIZE(words) - 1)])
                            : prop_str(p, a, 12, "abcXYZ019 _\\=\"");
}

static struct cim_value random_item(struct prop *p, struct arena *a, enum cim_type t, bool instant)
{
        struct cim_value v = { .i = 0 };

        switch (t) {
        case CIM_SINT8: v.i = prop_range(p, INT8_MIN, INT8_MAX); break;
        case CIM_UINT8: v.i = prop_range(p, 0, UINT8_MAX); break;
        case CIM_SINT16: v.i = prop_range(p, INT16_MIN, INT16_MAX); break;
        case CIM_CHAR16:
        case CIM_UINT16: v.i = prop_range(p, 0, UINT16_MAX); break;
        case CIM_SINT32: v.i = prop_range(p, INT32_MIN, INT32_MAX); break;
        case CIM_UINT32: v.i = prop_range(p, 0, UINT32_MAX); break;
        case CIM_SINT64: v.i = prop_range(p, INT64_MIN, INT64_MAX); break;
        case CIM_UINT64: v.u = prop_u64(p, UINT64_MAX); break;
        case CIM_BOOLEAN: v.i = prop_bool(p); break;
        case CIM_REAL32: v.d = (float)(prop_range(p, -1000000, 1000000) / 7.0); break;
        case CIM_REAL64: v.d = (double)prop_range(p, INT64_MIN, INT64_MAX) / 3.0; break;
        case CIM_DATETIME:
                v.text = !instant || prop_one_in(p, 3);
                if (v.text)
                        v.s = STR("2026**********.******+***");
                else
                        v.i = prop_range(p, INT64_C(-62135596800000000), INT64_C(253402300799999999));
                break;
        default: v.s = random_text(p, a);
        }
        return v;
}

static struct cim_value random_value(struct prop *p, struct arena *a, enum cim_type t, bool array, bool instant)
{
        size_t n = prop_u64(p, 3);
        struct cim_value *items;

        if (!array)
                return random_item(p, a, t, instant);
        items = arena_array(a, n + 1, sizeof *items);
        for (size_t i = 0; i < n; i++)
                items[i] = random_item(p, a, t, instant);
        return (struct cim_value){ .array = { items, n } };
}

/* ---- random classes ---- */

static struct str random_name(struct prop *p, struct arena *a, size_t i)
{
        struct str head = prop_str(p, a, 6, "abcXYZ_");

        return str_of(arena_printf(a, "%.*s%zu", STR_ARG(head), i));
}

static void random_qualifiers(struct prop *p, struct arena *a, const struct wmio_qualifier **out, size_t *n_out)
{
        size_t n = prop_u64(p, 4);
        struct wmio_qualifier *q = arena_array(a, n + 1, sizeof *q);

        for (size_t i = 0; i < n; i++) {
                q[i].name =
                    prop_bool(p) ? str_of(wmio_dictionary[prop_u64(p, WMIO_N_DICTIONARY - 1)]) : random_name(p, a, i);
                q[i].flavor = (uint8_t)prop_u64(p, 255);
                q[i].type = types[prop_u64(p, ARRAY_SIZE(types) - 2)];
                q[i].array = prop_one_in(p, 3);
                q[i].value = random_value(p, a, q[i].type, q[i].array, false);
        }
        *out = q;
        *n_out = n;
}

static void random_property(struct prop *p, struct arena *a, size_t i, struct wmio_property *out)
{
        *out = (struct wmio_property){ .name = random_name(p, a, i), .type = types[prop_u64(p, ARRAY_SIZE(types) - 1)],
                                       .array = prop_one_in(p, 3), .inherited = prop_bool(p),
                                       .origin = (uint32_t)prop_u64(p, 4), .default_inherited = prop_bool(p),
                                       .value.null = true };
        random_qualifiers(p, a, &out->qualifiers, &out->n_qualifiers);
        if (out->type != CIM_OBJECT && prop_bool(p))
                out->value = random_value(p, a, out->type, out->array, false);
}

static struct wmio_class *random_class(struct prop *p, struct arena *a, int depth)
{
        struct wmio_class *c = arena_alloc(a, sizeof *c);
        struct wmio_property *properties;
        struct wmio_method *methods;
        struct str *derivation;

        c->name = random_name(p, a, 0);
        c->n_derivation = prop_u64(p, 3);
        c->n_properties = prop_u64(p, 9);
        c->n_methods = depth ? 0 : prop_u64(p, 2);
        c->derivation = derivation = arena_array(a, c->n_derivation + 1, sizeof *derivation);
        c->properties = properties = arena_array(a, c->n_properties + 1, sizeof *properties);
        c->methods = methods = arena_array(a, c->n_methods + 1, sizeof *methods);
        random_qualifiers(p, a, &c->qualifiers, &c->n_qualifiers);
        for (size_t i = 0; i < c->n_derivation; i++)
                derivation[i] = random_name(p, a, i);
        for (size_t i = 0; i < c->n_properties; i++)
                random_property(p, a, i, &properties[i]);
        for (size_t i = 0; i < c->n_methods; i++) {
                methods[i] = (struct wmio_method){ .name = random_name(p, a, i), .inherited = prop_bool(p),
                                                   .origin = (uint32_t)prop_u64(p, 4) };
                random_qualifiers(p, a, &methods[i].qualifiers, &methods[i].n_qualifiers);
                methods[i].in = prop_bool(p) ? random_class(p, a, depth + 1) : NULL;
                methods[i].out = prop_bool(p) ? random_class(p, a, depth + 1) : NULL;
        }
        return c;
}

/* ---- random instances; their images are to be freed ---- */

enum { MOST_IMAGES = 64 };
struct made {
        struct wmio_image *images[MOST_IMAGES];
        size_t n;
};

static void made_fini(struct made *m)
{
        while (m->n)
                wmio_image_free(m->images[--m->n]);
}

static const struct wmio_image *random_image(struct prop *p, struct arena *a, struct made *m)
{
        struct err e = { 0 };

        if (m->n == MOST_IMAGES || (m->n && prop_one_in(p, 3)))
                return m->images[prop_u64(p, m->n - 1)];
        if (wmio_image_of(&m->images[m->n], images, random_class(p, a, 0), NULL, &e) < 0)
                abort();
        return m->images[m->n++];
}

static struct wmio_object *random_object(struct prop *p, struct arena *a, struct made *m, int depth)
{
        struct wmio_object *o = arena_alloc(a, sizeof *o);
        const struct wmio_image *image = random_image(p, a, m);
        struct cim_value *values = arena_array(a, image->n_values + 1, sizeof *values);
        const struct wmio_object **objects = arena_array(a, image->n_values + 1, sizeof(struct wmio_object *));

        *o = (struct wmio_object){ .image = image, .values = values, .objects = objects };
        for (size_t i = 0; i < image->n_slots; i++) {
                const struct wmio_image_slot *s = &image->slots[i];

                values[i].null = true;
                if (s->type == CIM_OBJECT && !s->array && depth < 3 && prop_bool(p))
                        objects[i] = random_object(p, a, m, depth + 1);
                else if (s->type != CIM_OBJECT && !prop_one_in(p, 4))
                        values[i] = random_value(p, a, s->type, s->array, true);
        }
        return o;
}

/* ---- laws ---- */

static const struct wmio_decoration site = { STR("SITESRV"), STR("ROOT\\SMS\\site_P01") };

static bool classes_go_round(struct prop *p)
{
        struct wmio_image *image, *again;
        const struct wmio_class *c, *parent;
        struct wmio_decoded *d;
        struct err e = { 0 };
        struct arena a;
        struct buf b, b2;
        bool ok;

        arena_init(&a, 0);
        buf_init(&b, 0);
        buf_init(&b2, 0);
        c = random_class(p, &a, 0);
        parent = prop_bool(p) ? random_class(p, &a, 0) : NULL;
        if (wmio_image_of(&image, NULL, c, parent, &e) < 0 || wmio_encode_class(image, &site, 0, WMIO_UNIT, &b, &e) < 0)
                abort();
        ok = wmio_decode(buf_str(&b), &a, &d, &e) == 0 && d->is_class && str_eq(d->server, site.server) &&
             str_eq(d->ns, site.ns) && wmio_class_eq(c, d->class, true) && wmio_class_eq(parent, d->parent, true);
        /* What came, encoded again, is the same octets. */
        if (ok && wmio_image_of(&again, NULL, d->class, d->parent, &e) == 0) {
                ok = wmio_encode_class(again, &site, 0, WMIO_UNIT, &b2, &e) == 0 && str_eq(buf_str(&b), buf_str(&b2));
                wmio_image_free(again);
        }
        prop_note(p, "%zu properties, %zu octets: %s", c->n_properties, b.n, e.text);
        wmio_image_free(image);
        buf_fini(&b);
        buf_fini(&b2);
        arena_fini(&a);
        return ok;
}

static bool instances_go_round(struct prop *p)
{
        const struct wmio_decoration *d = prop_bool(p) ? &site : NULL;
        struct made made = { 0 };
        struct wmio_decoded *came;
        struct wmio_object *o;
        struct err e = { 0 };
        struct str unit;
        struct arena a;
        struct buf b;
        bool ok;

        arena_init(&a, 0);
        buf_init(&b, 0);
        o = random_object(p, &a, &made, 0);
        ok = wmio_encode_instance(o, d, WMIO_OBJREF, &b, &e) == 0 && wmio_objref_unit(buf_str(&b), &unit, &e) == 0 &&
             wmio_decode(unit, &a, &came, &e) == 0 && !came->server.p == !d && wmio_object_eq(o, came);
        prop_note(p, "%zu octets: %s", b.n, e.text);
        buf_fini(&b);
        made_fini(&made);
        arena_fini(&a);
        return ok;
}

/* One packet: what is in it comes out; classes that went before are not sent again. */
static bool packet_goes_round(struct prop *p, struct arena *a, struct made *made, struct wmio_sent *sent,
                              struct wmio_received *received, struct buf *b, struct err *e)
{
        size_t n = prop_u64(p, 6), n_came = 0;
        struct wmio_decoded **came = NULL;
        struct wmio_packet packet;
        struct wmio_object *o[8];
        bool ok = true;

        wmio_packet_begin(&packet, WMIO_NEXT, sent, b);
        for (size_t i = 0; i < n && ok; i++) {
                o[i] = random_object(p, a, made, 1);
                ok = wmio_packet_instance(&packet, o[i], &site, e) == 0;
        }
        ok = ok && wmio_packet_end(&packet, e) == 0 &&
             wmio_packet_decode(buf_str(b), WMIO_NEXT, received, &came, &n_came, e) == 0 && n_came == n;
        for (size_t i = 0; i < n && ok; i++)
                ok = wmio_object_eq(o[i], came[i]);
        prop_note(p, "%zu objects, %zu octets: %s", n, b->n, e->text);
        return ok;
}

static bool packets_go_round(struct prop *p)
{
        struct wmio_received received = { 0 };
        struct made made = { 0 };
        struct wmio_sent sent;
        struct err e = { 0 };
        struct arena a;
        struct buf b[2];
        bool ok;

        arena_init(&a, 0);
        buf_init(&b[0], 0);
        buf_init(&b[1], 0);
        received.a = &a;
        wmio_sent_init(&sent, (const uint8_t *)"0123456789abcdef");
        ok = packet_goes_round(p, &a, &made, &sent, &received, &b[0], &e) &&
             packet_goes_round(p, &a, &made, &sent, &received, &b[1], &e);
        wmio_sent_fini(&sent);
        buf_fini(&b[0]);
        buf_fini(&b[1]);
        made_fini(&made);
        arena_fini(&a);
        return ok;
}

/* Octets of any object with some of them changed: an answer or an error, within the memory given. */
static bool broken_bytes_are_refused(struct prop *p)
{
        struct made made = { 0 };
        struct wmio_decoded *came;
        struct err e = { 0 };
        struct arena a, b_arena;
        struct buf b;
        int r;

        arena_init(&a, 0);
        arena_init(&b_arena, 8 << 20);
        buf_init(&b, 0);
        if (wmio_encode_instance(random_object(p, &a, &made, 0), &site, WMIO_UNIT, &b, &e) < 0)
                abort();
        for (size_t n = prop_u64(p, 6) + 1; n > 0; n--)
                b.p[prop_u64(p, b.n - 1)] = (char)prop_u64(p, 255);
        r = wmio_decode(buf_str(&b), &b_arena, &came, &e);
        prop_note(p, "%d %s", r, e.text);
        buf_fini(&b);
        made_fini(&made);
        arena_fini(&a);
        arena_fini(&b_arena);
        return r == 0 || e.text[0];
}

/* ---- the schema's own classes ---- */

static struct cim_value random_embedded(struct prop *p, struct arena *a, const struct cim_property *d)
{
        static const char *const tokens[] = { "{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"Day\":3}",
                                              "{\"__CLASS\":\"SMS_ST_NonRecurring\"}" };
        struct str class = d->embedded ? str_of(d->embedded) : STR("SMS_OS_Details");
        const char *text = str_eqz(class, "SMS_ScheduleToken") ? tokens[prop_bool(p)]
                           : str_eqz(class, "SMS_CollectionRule")
                               ? "{\"__CLASS\":\"SMS_CollectionRuleDirect\"}"
                               : arena_printf(a, "{\"__CLASS\":\"%.*s\"}", STR_ARG(class));
        struct cim_property one = *d;
        struct cim_value v = { .null = true };
        struct err e = { 0 };

        one.array = false;
        if (cim_json_value_read(&one, str_of(text), a, &v, &e) < 0)
                v.null = true;
        return v;
}

static struct cim_value random_of(struct prop *p, struct arena *a, const struct cim_property *d)
{
        size_t n = prop_u64(p, 3);
        struct cim_value *items;

        if (prop_one_in(p, 4))
                return (struct cim_value){ .null = true };
        if (d->type == CIM_DATETIME && !d->array)       /* of the schema, an instant */
                return (
                    struct cim_value){ .i = prop_range(p, INT64_C(-62135596800000000), INT64_C(253402300799999999)) };
        if (d->type != CIM_OBJECT)
                return random_value(p, a, d->type, d->array, true);
        items = arena_array(a, n + 1, sizeof *items);
        for (size_t i = 0; i <= n; i++)
                items[i] = random_embedded(p, a, d);
        if (!d->array)
                return items[0];
        return (struct cim_value){ .array = { items, items[0].null ? 0 : n } };
}

/* A datetime loses nothing either, whether it prints +000 or +***. */
static bool schema_goes_round(struct prop *p)
{
        const struct cim_class *c = cim_classes[prop_u64(p, n_cim_classes - 1)];
        struct wmio_object o = { .image = wmio_images_get(images, c) };
        struct cim_instance *in, *back = NULL;
        struct wmio_decoded *came;
        struct err e = { 0 };
        struct arena a;
        struct buf b;
        bool ok;

        arena_init(&a, 0);
        buf_init(&b, 0);
        in = cim_instance_new(c, &a);
        for (size_t k = 0; k < c->n_properties; k++)
                in->values[k] = random_of(p, &a, &c->properties[k]);
        o.values = in->values;
        ok = wmio_encode_instance(&o, &site, WMIO_BLOCK, &b, &e) == 0 &&
             wmio_decode_block(buf_str(&b), &a, &came, &e) == 0 && wmio_to_instance(came, &a, &back, &e) == 0 &&
             back->class == c;
        for (size_t k = 0; k < c->n_properties && ok; k++) {
                const struct cim_property *d = &c->properties[k];

                ok = back->given[k] &&
                     (d->type == CIM_OBJECT ? cim_value_eq(d, &in->values[k], &back->values[k])
                                            : wmio_value_eq(d->type, d->array, &in->values[k], &back->values[k]));
                prop_note(p, "%s.%s: %s", c->name, d->name, e.text);
        }
        buf_fini(&b);
        arena_fini(&a);
        return ok;
}

static void laws(void **state)
{
        struct err e = { 0 };

        assert_int_equal(wmio_images_new(&images, &e), 0);
        assert_true(prop_check("classes go round", 300, classes_go_round));
        assert_true(prop_check("instances go round", 300, instances_go_round));
        assert_true(prop_check("packets go round", 150, packets_go_round));
        assert_true(prop_check("broken bytes are refused", 1000, broken_bytes_are_refused));
        assert_true(prop_check("the schema goes round", 600, schema_goes_round));
        wmio_images_free(images);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
