/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_spec - the octets of [MS-WMIO] section 3, and those that others' readers accepted
 *
 * The classes of the document are built here by hand and encoded; what differs
 * is named: octets that the document leaves as they happened to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/hex.h"
#include "lib/wmio_equal.h"
#include "wmio/private.h"

static const char *folder;              /* test/data/wmio */
static struct arena arena;
static struct err err;

/* A file of hexadecimal lines, and zeros up to @least octets. */
static struct str load(const char *name, size_t least)
{
        struct str path = str_of(arena_printf(&arena, "%s/%s", folder, name));
        FILE *f = fopen(path.p, "r");
        char *hex = arena_alloc(&arena, 1 << 16), *out;
        size_t n = 0;

        assert_non_null(f);
        for (int c; (c = getc(f)) != EOF && n < (1 << 16) - 1;) {
                if (c != '\n')
                        hex[n++] = (char)c;
        }
        (void)fclose(f);
        out = arena_alloc(&arena, MAX(n / 2, least) + 1);
        assert_int_equal(hex_decode((struct str){ hex, n }, out, n / 2), 0);
        return (struct str){ out, MAX(n / 2, least) };
}

#define Q_TRUE(n, f) { .name = STR(n), .flavor = f, .type = CIM_BOOLEAN, .value.i = 1 }
#define Q_TEXT(n, f, v) { .name = STR(n), .flavor = f, .type = CIM_STRING, .value.s = STR(v) }
#define QUALS(q) .qualifiers = (q), .n_qualifiers = ARRAY_SIZE(q)
#define PROPS(p) .properties = (p), .n_properties = ARRAY_SIZE(p)
#define NO_DEFAULT .value.null = true

/* ---- Base and MyClass ---- */

static const struct wmio_qualifier id_quals[] = { Q_TEXT("CIMTYPE", 0x03, "sint32"), Q_TRUE("key", 0x13) };
static const struct wmio_qualifier id_quals_inherited[] = { Q_TEXT("CIMTYPE", 0x23, "sint32"), Q_TRUE("key", 0x33) };
static const struct wmio_qualifier array_quals[] = { Q_TEXT("CIMTYPE", 0x03, "uint32") };
static const struct wmio_qualifier data1_quals[] = { Q_TEXT("CIMTYPE", 0x03, "string"), Q_TRUE("read", 0),
                                                     Q_TRUE("write", 0) };
static const struct wmio_qualifier data2_quals[] = { Q_TEXT("CIMTYPE", 0x03, "string") };
static const struct wmio_qualifier my_quals[] = { Q_TEXT("Description", 0, "MyClass Example") };
static const struct wmio_property base_properties[] = {
        { .name = STR("Id"), .type = CIM_SINT32, NO_DEFAULT, QUALS(id_quals) }
};
static const struct wmio_property my_properties[] = {
        { .name = STR("Id"),
          .type = CIM_SINT32,
          .inherited = true,
          .default_inherited = true,
          NO_DEFAULT,
          QUALS(id_quals_inherited) },
        { .name = STR("Data1"), .type = CIM_STRING, .origin = 1, NO_DEFAULT, QUALS(data1_quals) },
        { .name = STR("Data2"), .type = CIM_STRING, .origin = 1, .value.s = STR("defaultValue"), QUALS(data2_quals) },
        { .name = STR("Array"), .type = CIM_UINT32, .array = true, .origin = 1, NO_DEFAULT, QUALS(array_quals) },
};
static const struct str base_name = STR("Base");
static const struct wmio_class base = { .name = STR("Base"), PROPS(base_properties) };
static const struct wmio_class my_class = { .name = STR("MyClass"), .derivation = &base_name, .n_derivation = 1,
                                            QUALS(my_quals), PROPS(my_properties) };
static const struct wmio_decoration dev = { STR("DPRAVAT-DEV"), STR("ROOT") };

static struct buf encode_class(const struct wmio_class *c, const struct wmio_class *parent)
{
        struct wmio_image *i;
        struct buf b;

        buf_init(&b, 0);
        assert_int_equal(wmio_image_of(&i, NULL, c, parent, &err), 0);
        assert_int_equal(wmio_encode_class(i, &dev, 0, WMIO_UNIT, &b, &err), 0);
        wmio_image_free(i);
        return b;
}

/* [MS-WMIO] 3: Base.  Its last NdTable bits and the padding of its MethodCount "can have any value". */
static void the_documents_base_class(void **state)
{
        struct str spec = load("spec_base.hex", 216);
        struct buf b = encode_class(&base, NULL);
        size_t n_other = 0;

        assert_in_range(b.n, 180, spec.n);
        for (size_t i = 8; i < b.n; i++) {
                if (b.p[i] == spec.p[i])
                        continue;
                n_other++;
                if ((uint8_t)spec.p[i] == 0x05)                 /* the NdTable: two bits count */
                        assert_int_equal(b.p[i], 0x01);
                else
                        assert_int_equal((uint8_t)spec.p[i], 0x34);
        }
        assert_int_equal(n_other, 2);
        buf_fini(&b);
}

/* MyClass: the same octets, but that the document's heap has six spare ones at its end, and its lengths count them. */
static void the_documents_derived_class(void **state)
{
        struct str spec = load("spec_myclass.hex", 0);
        struct wmio_decoded *d;
        struct buf b = encode_class(&my_class, &base);
        size_t part = 8 + 20 + 102 + 12;        /* unit, flags and decoration, Base, no methods */
        enum { LENGTH = 0x176, HEAP_LENGTH = 0x176 - 0x111 - 4, SPARE = 6 };

        assert_int_equal(wmio_decode(spec, &arena, &d, &err), 0);
        assert_true(str_eq(d->server, dev.server) && str_eq(d->ns, dev.ns));
        assert_true(wmio_class_eq(&my_class, d->class, true));
        assert_true(wmio_class_eq(&base, d->parent, true));

        assert_int_equal(get_le32(spec.p + part), LENGTH);
        assert_int_equal(get_le32(b.p + part), LENGTH - SPARE);
        assert_int_equal(get_le32(spec.p + part + HEAP_LENGTH) - get_le32(b.p + part + HEAP_LENGTH), SPARE);
        assert_memory_equal(spec.p + part + 4, b.p + part + 4, HEAP_LENGTH - 4);
        assert_memory_equal(spec.p + part + HEAP_LENGTH + 4, b.p + part + HEAP_LENGTH + 4,
                            LENGTH - SPARE - HEAP_LENGTH - 4);
        buf_fini(&b);
}

/* 3.1: the instance; Data2 is left to the class.  What we write of it differs in the order of the heap only. */
static void the_documents_instance(void **state)
{
        const struct cim_value three[] = { { .i = 1 }, { .i = 2 }, { .i = 3 } };
        const struct cim_value values[] = { { .i = 123 }, { .s = STR("StringField") }, { .s = STR("defaultValue") },
                                            { .array = { three, 3 } } };
        struct wmio_object o = { .values = values };
        struct wmio_decoded *d;
        struct wmio_image *i;
        struct buf b;

        assert_int_equal(wmio_decode(load("spec_instance.hex", 0), &arena, &d, &err), 0);
        assert_false(d->is_class);
        assert_true(wmio_class_eq(&my_class, d->class, false));
        for (size_t k = 0; k < 4; k++) {
                const struct wmio_property *p = &d->class->properties[k];

                assert_int_equal(d->slots[k].from_class, k == 2);
                assert_true(wmio_value_eq(p->type, p->array, &values[k], &d->slots[k].value));
        }
        buf_init(&b, 0);
        assert_int_equal(wmio_image_of(&i, NULL, &my_class, &base, &err), 0);
        o.image = i;
        assert_int_equal(wmio_encode_instance(&o, &dev, WMIO_UNIT, &b, &err), 0);
        assert_int_equal(wmio_decode(buf_str(&b), &arena, &d, &err), 0);
        assert_true(wmio_object_eq(&o, d));
        wmio_image_free(i);
        buf_fini(&b);
}

/* 3.2: a method with signatures, in heaps full of what earlier edits left. */
static void the_documents_method(void **state)
{
        const struct wmio_qualifier *q;
        const struct wmio_method *m;
        struct wmio_decoded *d;

        assert_int_equal(wmio_decode(load("spec_methods.hex", 0), &arena, &d, &err), 0);
        assert_true(str_eqz(d->class->name, "MyClass2"));
        assert_int_equal(d->class->n_derivation, 2);
        assert_true(str_eqz(d->class->derivation[0], "MyClass") && str_eqz(d->class->derivation[1], "Base"));
        assert_true(wmio_class_eq(&my_class, d->parent, true));
        assert_int_equal(d->class->n_methods, 1);
        m = &d->class->methods[0];
        assert_true(str_eqz(m->name, "Restart") && !m->inherited && m->origin == 2);
        q = wmio_qualifier_find(m->qualifiers, m->n_qualifiers, "performance");
        assert_true(q && q->array && q->value.array.n == 2 && str_eqz(q->value.array.items[1].s, "sideffects"));
        assert_non_null(wmio_qualifier_find(m->qualifiers, m->n_qualifiers, "execute"));
        assert_true(str_eqz(m->in->name, "__PARAMETERS") && m->in->n_properties == 1);
        q = wmio_qualifier_find(m->in->properties[0].qualifiers, m->in->properties[0].n_qualifiers, "ID");
        assert_true(q && q->type == CIM_SINT32 && q->value.i == 0 && q->flavor == 0x11);
        assert_int_equal(m->out->n_properties, 2);
        assert_non_null(wmio_property_find(m->out, STR("status")));
        assert_true(str_eqz(m->out->properties[1].name, "ReturnValue"));
}

/* ---- what other readers accepted ---- */

static const struct wmio_decoration abc = { STR("SITESRV"), STR("ROOT\\SMS\\site_ABC") };
#define SUMMARIZER_PROPERTIES(X)                                                                                \
        X(PackageID, string, CIM_STRING) X(Failed, uint32, CIM_UINT32) X(Installed, uint32, CIM_UINT32)         \
        X(Name, string, CIM_STRING) X(PackageType, uint8, CIM_UINT8) X(Retrying, uint32, CIM_UINT32)            \
        X(SourceCompressedSize, uint32, CIM_UINT32) X(SourceDate, datetime, CIM_DATETIME)                       \
        X(SourceSize, uint32, CIM_UINT32) X(SourceVersion, uint32, CIM_UINT32) X(Targeted, uint32, CIM_UINT32)  \
        X(IsActive, boolean, CIM_BOOLEAN) X(Total64, uint64, CIM_UINT64) X(Comment, string, CIM_STRING)         \
        X(Sites, string, CIM_STRING) X(Nums, uint32, CIM_UINT32)

#define X(n, w, t) static const struct wmio_qualifier q_##n[] = { Q_TEXT("CIMTYPE", 0x03, #w), Q_TRUE("read", 0) };
SUMMARIZER_PROPERTIES(X)
#undef X
static const struct wmio_qualifier q_key[] = { Q_TEXT("CIMTYPE", 0x03, "string"), Q_TRUE("key", 0x13),
                                               Q_TRUE("read", 0), Q_TEXT("SizeLimit", 0, "8") };
static const struct wmio_qualifier sms_base_quals[] = { Q_TRUE("abstract", 0) };
static const struct wmio_qualifier summarizer_quals[] = { Q_TEXT("provider", 0, "ExtnProv"), Q_TRUE("dynamic", 0),
                                                          Q_TEXT("DisplayName", 0, "Package Status") };
static const struct str sms_base_name = STR("SMS_BaseClass");
static const struct wmio_class sms_base = { .name = STR("SMS_BaseClass"), QUALS(sms_base_quals) };
#define X(n, w, t) { .name = STR(#n), .type = t, NO_DEFAULT, QUALS(q_##n) },
static struct wmio_property summarizer_properties[] = { SUMMARIZER_PROPERTIES(X) };
#undef X
static const struct wmio_class summarizer = { .name = STR("SMS_PackageStatusRootSummarizer"),
                                              .derivation = &sms_base_name,
                                              .n_derivation = 1,
                                              QUALS(summarizer_quals),
                                              PROPS(summarizer_properties) };

static const struct cim_value sites[] = { { .s = STR("ABC") }, { .s = STR("XY1") }, { .s = STR("") } };
static const struct cim_value nums[] = { { .i = 1 }, { .i = 2 }, { .i = 3 } };
static const struct cim_value row[] = {
        { .s = STR("ABC00001") },
        { .i = 0 },
        { .i = 12 },
        { .s = STR("Office \xe2\x80\x93 r\xc3\xa9sum\xc3\xa9 \xe6\x97\xa5") },
        { .i = 0 },
        { .i = 3 },
        { .i = 4096 },
        { .text = true, .s = STR("20240115093000.000000+***") },
        { .i = 0xfffffffe },
        { .i = 7 },
        { .i = 15 },
        { .i = 1 },
        { .u = UINT64_C(1) << 40 },
        { .null = true },
        { .array = { sites, 3 } },
        { .array = { nums, 3 } },
};

/* PackageID is the key, Installed has a default, the last two are arrays. */
static void finish_summarizer(void)
{
        struct wmio_property *p = summarizer_properties;

        p[0].qualifiers = q_key;
        p[0].n_qualifiers = ARRAY_SIZE(q_key);
        p[2].value.null = false;
        p[14].array = p[15].array = true;
}

static void same_octets(const struct buf *b, const char *file)
{
        struct str want = load(file, 0);

        assert_int_equal(b->n, want.n);
        assert_memory_equal(b->p, want.p, want.n);
}

static void octets_that_others_read(void **state)
{
        static const struct wmio_qualifier sd[] = { Q_TEXT("CIMTYPE", 0x23, "uint8") },
                                           time[] = { Q_TEXT("CIMTYPE", 0x23, "uint64") },
                                           target[] = { Q_TEXT("CIMTYPE", 0x23, "object") };
        static const struct wmio_property event_properties[] = {
                { .name = STR("SECURITY_DESCRIPTOR"),
                  .type = CIM_UINT8,
                  .array = true,
                  .inherited = true,
                  .default_inherited = true,
                  .origin = 2,
                  NO_DEFAULT,
                  QUALS(sd) },
                { .name = STR("TIME_CREATED"),
                  .type = CIM_UINT64,
                  .inherited = true,
                  .default_inherited = true,
                  .origin = 2,
                  NO_DEFAULT,
                  QUALS(time) },
                { .name = STR("TargetInstance"),
                  .type = CIM_OBJECT,
                  .inherited = true,
                  .default_inherited = true,
                  .origin = 3,
                  NO_DEFAULT,
                  QUALS(target) },
        };
        static const struct str above[] = { STR("__InstanceOperationEvent"), STR("__Event"), STR("__IndicationRelated"),
                                            STR("__SystemClass") };
        static const struct wmio_class event = {
                .name = STR("__InstanceCreationEvent"), .derivation = above, .n_derivation = 4, PROPS(event_properties)
        };
        const struct cim_value event_values[] = { { .null = true }, { .u = 133500000000000000 }, { .null = true } };
        struct wmio_object o = { .values = row }, e = { .values = event_values };
        const struct wmio_object *objects[] = { NULL, NULL, &o };
        struct wmio_image *image, *event_image;
        struct buf b;

        finish_summarizer();
        buf_init(&b, 0);
        assert_int_equal(wmio_image_of(&image, NULL, &summarizer, &sms_base, &err), 0);
        assert_int_equal(wmio_image_of(&event_image, NULL, &event, NULL, &err), 0);
        assert_int_equal(wmio_encode_class(image, &abc, 0, WMIO_UNIT, &b, &err), 0);
        same_octets(&b, "sample_class.hex");
        buf_reset(&b);
        o.image = image;
        assert_int_equal(wmio_encode_instance(&o, &abc, WMIO_UNIT, &b, &err), 0);
        same_octets(&b, "sample_instance.hex");
        buf_reset(&b);
        e.image = event_image;
        e.objects = objects;
        assert_int_equal(wmio_encode_instance(&e, &abc, WMIO_UNIT, &b, &err), 0);
        same_octets(&b, "sample_event.hex");
        wmio_image_free(image);
        wmio_image_free(event_image);
        buf_fini(&b);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_documents_base_class), cmocka_unit_test(the_documents_derived_class),
                cmocka_unit_test(the_documents_instance),   cmocka_unit_test(the_documents_method),
                cmocka_unit_test(octets_that_others_read),
        };
        int r;

        if (argc != 2)
                return 2;
        folder = argv[1];
        arena_init(&arena, 0);
        r = cmocka_run_group_tests(tests, NULL, NULL);
        arena_fini(&arena);
        return r;
}
