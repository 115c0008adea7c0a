/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wmio_print - what the encoder makes, as hexadecimal lines for tests in Python
 *
 *      wmio_print              KIND NAME HEX a line
 *      wmio_print decode       reads "instance - HEX" or "arguments CLASS.METHOD HEX" a line (of an EncodingUnit);
 *                              prints what came as JSON, or "error: ..."
 *
 * Classes plain and amended, an instance of each with made-up values (the rule is
 * sample_item(), known to test/lib/wmio_reference.py too) and one of NULLs,
 * parameters of methods, an event, a join, a packet.  Of the class TypesOfAll,
 * which is not in the schema, every CIM type, and every one as an array.
 */
#include <stdio.h>
#include "base/hex.h"
#include "wmio/wmio.h"

static const struct wmio_decoration site = { STR("SITESRV"), STR("ROOT\\SMS\\site_P01") };
static struct wmio_images *images;
static struct arena arena;
static struct err err;

static void must(int r)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "wmio_print: %s\n", err.text);
        exit(1);
}

static void print(const char *kind, const char *name, struct buf *b)
{
        char *hex = malloc(2 * b->n + 1);

        if (!hex)
                exit(1);
        hex_encode(b->p, b->n, hex);
        printf("%s %s %s\n", kind, name, hex);
        free(hex);
        buf_fini(b);
}

/* ---- made-up values ---- */

/* The first class by name that is, or is derived of, that one and has instances. */
static const struct cim_class *concrete(const char *name)
{
        const struct cim_class *base = cim_class_find(str_of(name ? name : "SMS_OS_Details"));

        for (size_t i = 0; i < n_cim_classes; i++) {
                if (!cim_classes[i]->abstract && cim_class_isa(cim_classes[i], base))
                        return cim_classes[i];
        }
        return base;
}

static struct str sample_object(const struct cim_property *p)
{
        struct cim_property one = *p;
        struct cim_value v;

        one.array = false;
        must(cim_json_value_read(
            &one, str_of(arena_printf(&arena, "{\"__CLASS\":\"%s\"}", concrete(p->embedded)->name)), &arena, &v, &err));
        return v.s;
}

static struct cim_value sample_item(const struct cim_property *p, size_t k, size_t j)
{
        static const char *const texts[] = { "text %d", "t\xc3\xa9xt %d", "\xe6\x97\xa5 %d" };
        int n = (int)((7 * k + 3 * j) % 100 + 1);
        struct cim_value v = { .i = n };

        switch (p->type) {
        case CIM_SINT8:
        case CIM_SINT16:
        case CIM_SINT32:
        case CIM_SINT64: v.i = -n; break;
        case CIM_BOOLEAN: v.i = n % 2; break;
        case CIM_REAL32: v.d = n + 0.5; break;
        case CIM_REAL64: v.d = n + 0.25; break;
        case CIM_STRING: v.s = str_of(arena_printf(&arena, texts[n % 3], n)); break;
        case CIM_DATETIME: v.i = (INT64_C(1795395723) + n) * US_PER_SECOND; break;
        case CIM_REFERENCE: v.s = str_of(arena_printf(&arena, "SMS_Package.PackageID=\"P01%05d\"", n)); break;
        case CIM_OBJECT: v.s = sample_object(p); break;
        default: break;
        }
        return v;
}

/* Of every fifth property NULL; of arrays 0 to 2 items. */
static struct cim_value sample(const struct cim_property *p, size_t k)
{
        struct cim_value *items;

        if (k % 5 == 4)
                return (struct cim_value){ .null = true };
        if (!p->array)
                return sample_item(p, k, 0);
        items = arena_array(&arena, 3, sizeof *items);
        for (size_t j = 0; j < k % 3; j++)
                items[j] = sample_item(p, k, j);
        return (struct cim_value){ .array = { items, k % 3 } };
}

static struct cim_value *samples(const struct cim_property *p, size_t n, bool null)
{
        struct cim_value *v = arena_array(&arena, n + 2, sizeof *v);

        for (size_t k = 0; k < n; k++)
                v[k] = null ? (struct cim_value){ .null = true } : sample(&p[k], k);
        return v;
}

/* ---- what is printed ---- */

static void print_class(const char *kind, const struct wmio_image *i, const char *name)
{
        struct buf b;

        buf_init(&b, 0);
        must(wmio_encode_class(i, &site, 0, WMIO_UNIT, &b, &err));
        print(kind, name, &b);
}

static void print_object(const char *kind, const struct wmio_object *o, const struct wmio_decoration *d,
                         const char *name)
{
        struct buf b;

        buf_init(&b, 0);
        must(wmio_encode_instance(o, d, WMIO_UNIT, &b, &err));
        print(kind, name, &b);
}

static void print_parameters(const struct cim_class *c, const struct cim_method *m, bool out)
{
        const struct cim_class *parameters = cim_method_parameters(c, m, &arena);
        struct cim_value *v = samples(parameters->properties, m->n_parameters, false);
        struct wmio_image *i;

        must(wmio_image_new_parameters(&i, images, m, out, &err));
        v[m->n_parameters] = (struct cim_value){ .i = 0 };
        print_object(out ? "results" : "arguments", &(struct wmio_object){ .image = i, .values = v }, NULL,
                     parameters->name);
        wmio_image_free(i);
}

static void print_of_class(const struct cim_class *c)
{
        const struct wmio_image *plain = wmio_images_get(images, c);
        struct wmio_image *amended;

        must(wmio_image_new(&amended, images, &(struct wmio_image_opts){ .class = c, .amended = true }, &err));
        print_class("class", plain, c->name);
        print_class("amended", amended, c->name);
        wmio_image_free(amended);
        for (int null = 0; null < 2; null++)
                print_object(
                    null ? "nulls" : "instance",
                    &(struct wmio_object){ .image = plain, .values = samples(c->properties, c->n_properties, null) },
                    &site, c->name);
        for (size_t i = 0; i < c->n_methods; i++) {
                print_parameters(c, &c->methods[i], false);
                print_parameters(c, &c->methods[i], true);
        }
}

/* The same without reals, on which some readers stumble. */
static void print_but_reals(const struct cim_class *c, const struct cim_value *v)
{
        bool only[64];
        struct wmio_image *i;

        for (size_t k = 0; k < c->n_properties; k++)
                only[k] = c->properties[k].array ||
                          (c->properties[k].type != CIM_REAL32 && c->properties[k].type != CIM_REAL64);
        must(wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = c, .only = only }, &err));
        print_object("types-but-reals", &(struct wmio_object){ .image = i, .values = v }, &site, c->name);
        wmio_image_free(i);
}

/* Every type, plain and as an array; no two of the same index are NULL. */
static void print_types(void)
{
        static const enum cim_type types[] = { CIM_SINT8, CIM_UINT8, CIM_SINT16, CIM_UINT16, CIM_SINT32, CIM_UINT32,
                                               CIM_SINT64, CIM_UINT64, CIM_REAL32, CIM_REAL64, CIM_BOOLEAN, CIM_STRING,
                                               CIM_DATETIME, CIM_REFERENCE, CIM_CHAR16, CIM_OBJECT };
        struct cim_property p[2 * ARRAY_SIZE(types)];
        struct cim_value v[2 * ARRAY_SIZE(types)];
        struct cim_class c = { .name = "TypesOfAll", .properties = p, .n_properties = ARRAY_SIZE(p) };
        struct wmio_image *i;

        for (size_t k = 0; k < ARRAY_SIZE(p); k++) {
                bool array = k >= ARRAY_SIZE(types);
                enum cim_type t = types[k % ARRAY_SIZE(types)];

                p[k] =
                    (struct cim_property){ .name = arena_printf(&arena, "%s_%s", cim_type_name(t), array ? "s" : "one"),
                                           .type = t,
                                           .array = array,
                                           .class_name = c.name,
                                           .origin = c.name };
                v[k] = sample_item(&p[k], k, 0);
                if (array) {
                        struct cim_value *items = arena_array(&arena, 2, sizeof *items);

                        items[0] = v[k];
                        items[1] = sample_item(&p[k], k, 1);
                        v[k] = (struct cim_value){ .array = { items, 2 } };
                }
        }
        must(wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = &c }, &err));
        print_class("class", i, c.name);
        print_object("types", &(struct wmio_object){ .image = i, .values = v }, &site, c.name);
        print_but_reals(&c, v);
        wmio_image_free(i);
}

static struct wmio_object object_of(const char *class)
{
        const struct cim_class *c = cim_class_find(str_of(class));

        return (struct wmio_object){ .image = wmio_images_get(images, c),
                                     .values = samples(c->properties, c->n_properties, false) };
}

static void print_event(const char *class)
{
        const struct cim_class *c = cim_class_find(str_of(class));
        struct wmio_object row = object_of("SMS_PackageStatusRootSummarizer"), event = object_of(class);
        const struct wmio_object *objects[8] = { NULL };

        for (size_t k = 0; k < c->n_properties; k++)
                objects[k] = c->properties[k].type == CIM_OBJECT ? &row : NULL;
        event.objects = objects;
        print_object("event", &event, &site, class);
}

static void print_join(void)
{
        const struct wmio_field fields[] = { { STR("p"), CIM_OBJECT, false, "SMS_Package" },
                                             { STR("s"), CIM_OBJECT, false, "SMS_PackageStatusRootSummarizer" },
                                             { STR("Count"), CIM_UINT32, false, NULL } };
        const struct cim_class *c = wmio_generic_class(fields, ARRAY_SIZE(fields), &arena);
        struct wmio_object package = object_of("SMS_Package"), status = object_of("SMS_PackageStatusRootSummarizer");
        const struct wmio_object *objects[] = { &package, &status, NULL };
        const struct cim_value values[] = { { .null = true }, { .null = true }, { .i = 42 } };
        struct wmio_image *i;

        must(wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = c }, &err));
        print_object("join", &(struct wmio_object){ .image = i, .values = values, .objects = objects }, &site, c->name);
        wmio_image_free(i);
}

/* Some properties of a class, as a query with a list gives them. */
static void print_list(void)
{
        const struct cim_class *c = cim_class_find(STR("SMS_PackageStatusRootSummarizer"));
        bool only[64] = { false };
        struct wmio_image *i;

        only[cim_property_find(c, STR("PackageID"))] = only[cim_property_find(c, STR("Targeted"))] = true;
        must(wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = c, .only = only }, &err));
        print_class("prototype", i, c->name);
        print_object("list",
                     &(struct wmio_object){ .image = i, .values = samples(c->properties, c->n_properties, false) },
                     &site, c->name);
        wmio_image_free(i);
}

static void print_packet(void)
{
        struct wmio_object row = object_of("SMS_PackageStatusRootSummarizer"), other = object_of("SMS_Package");
        struct wmio_packet p;
        struct wmio_sent sent;
        struct buf b;

        buf_init(&b, 0);
        wmio_sent_init(&sent, (const uint8_t *)"0123456789abcdef");
        wmio_packet_begin(&p, WMIO_NEXT, &sent, &b);
        must(wmio_packet_instance(&p, &row, &site, &err));
        must(wmio_packet_instance(&p, &other, &site, &err));
        must(wmio_packet_instance(&p, &row, &site, &err));
        must(wmio_packet_class(&p, row.image, &site, &err));
        must(wmio_packet_end(&p, &err));
        print("packet", "-", &b);
        wmio_sent_fini(&sent);
}

/* ---- what came ---- */

static int decode_instance(const struct wmio_decoded *d, struct buf *out)
{
        struct cim_instance *in;
        int r = wmio_to_instance(d, &arena, &in, &err);

        if (r == 0) {
                buf_printf(out, "%s ", in->class->name);
                cim_json_write_some(in, in->given, out);
        }
        return r;
}

static int decode_arguments(const struct wmio_decoded *d, struct str name, struct buf *out)
{
        struct str class_name, method = str_cut(name, '.', &class_name);
        const struct cim_class *c = cim_class_find(class_name), *parameters;
        const struct cim_method *m = c ? cim_method_find(c, method) : NULL;
        struct cim_instance *in;
        int r;

        if (!m)
                return err_set(&err, ERR_NOT_FOUND, "no method %.*s", STR_ARG(name));
        parameters = cim_method_parameters(c, m, &arena);
        in = cim_instance_new(parameters, &arena);
        r = wmio_to_arguments(d, c, m, &arena, in->values, &err);
        if (r == 0) {
                buf_printf(out, "%s ", parameters->name);
                cim_json_write(in, out);
        }
        return r;
}

static void decode_line(struct str line)
{
        struct str kind, name, hex = str_cut(line, ' ', &kind);
        struct wmio_decoded *d;
        struct buf out;
        char *octets;
        int r;

        hex = str_trim(str_cut(hex, ' ', &name));
        octets = arena_alloc(&arena, hex.n / 2 + 1);
        buf_init(&out, 0);
        err_clear(&err);
        r = octets ? hex_decode(hex, octets, hex.n / 2) : -1;
        if (r == 0)
                r = wmio_decode((struct str){ octets, hex.n / 2 }, &arena, &d, &err);
        if (r == 0)
                r = str_eqz(kind, "instance") ? decode_instance(d, &out) : decode_arguments(d, name, &out);
        printf("%s%s\n", r < 0 ? "error: " : "", r < 0 ? err.text : out.p);
        buf_fini(&out);
}

static void decode_lines(void)
{
        char *line = NULL;
        size_t cap = 0;
        ssize_t n;

        while ((n = getline(&line, &cap, stdin)) > 0)
                decode_line((struct str){ line, (size_t)n });
        free(line);
}

static void print_all(void)
{
        for (size_t i = 0; i < n_cim_classes; i++)
                print_of_class(cim_classes[i]);
        print_types();
        print_event("__InstanceCreationEvent");
        print_event("__InstanceModificationEvent");
        print_join();
        print_list();
        print_packet();
}

int main(int argc, char **argv)
{
        arena_init(&arena, 0);
        must(wmio_images_new(&images, &err));
        if (argc > 1 && strcmp(argv[1], "decode") == 0)
                decode_lines();
        else
                print_all();
        wmio_images_free(images);
        arena_fini(&arena);
        return 0;
}
