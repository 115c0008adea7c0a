/* SPDX-License-Identifier: Apache-2.0 */
/* test_hostile - octets that lie: each is refused in words, none is followed; and the ObjectArray */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "lib/wmio_equal.h"
#include "wmio/private.h"

static struct arena arena;
static struct err err;

/* class C { string A; uint32 B; string L[]; }, with which offsets are easy to tell. */
static const struct wmio_property properties[] = {
        { .name = STR("A"), .type = CIM_STRING, .value.null = true },
        { .name = STR("B"), .type = CIM_UINT32, .value.null = true },
        { .name = STR("L"), .type = CIM_STRING, .array = true, .value.null = true }
};
static const struct wmio_class class = { .name = STR("C"), .properties = properties, .n_properties = 3 };
static const struct cim_value items[] = { { .s = STR("x") }, { .s = STR("y") } };
static const struct cim_value values[] = { { .s = STR("text") }, { .i = 5 }, { .array = { items, 2 } } };

/* Where things are in its EncodingUnit. */
enum {
        FLAGS = 8,
        PART = 9,
        ND_LENGTH = PART + 9,
        DERIVATION = PART + 13,
        QUALIFIERS = DERIVATION + 4,
        COUNT = QUALIFIERS + 4,
        LOOKUP = COUNT + 4,
        ND = LOOKUP + 24,
        VALUES = ND + 1,
        HEAP = VALUES + 12,
        NAME = HEAP + 4,
        FIRST_PROPERTY = NAME + 3 + 3, /* "C", "A" */
};

static struct wmio_image *image;

static struct buf object(void)
{
        struct buf b;

        buf_init(&b, 0);
        assert_int_equal(
            wmio_encode_instance(&(struct wmio_object){ .image = image, .values = values }, NULL, WMIO_UNIT, &b, &err),
            0);
        return b;
}

/* The instance part begins where the class part ends. */
static size_t instance_at(const struct buf *b)
{
        return PART + get_le32(b->p + PART);
}

static void refused(struct buf *b, const char *words)
{
        struct wmio_decoded *d;

        err_clear(&err);
        if (wmio_decode(buf_str(b), &arena, &d, &err) >= 0)
                fail_msg("taken, though %s", words);
        if (!strstr(err.text, words))
                fail_msg("\"%s\" does not say \"%s\"", err.text, words);
        buf_fini(b);
}

static void with_le32(size_t at, uint32_t v, const char *words)
{
        struct buf b = object();

        put_le32(b.p + at, v);
        refused(&b, words);
}

static void frames_and_flags(void **state)
{
        struct buf b;
        struct wmio_decoded *d;
        struct str unit;

        with_le32(0, 0x12345679, "the signature 0x12345678 is missing");
        with_le32(4, 1 << 20, "an object of 1048576 octets came with");
        for (int flags = 0; flags < 8; flags += 3) {    /* neither; both; both and decorated */
                b = object();
                b.p[FLAGS] = (char)flags;
                if (flags != 6)
                        refused(&b, "neither class nor instance");
                else
                        buf_fini(&b);
        }
        b = object();
        b.p[FLAGS] = WMIO_IS_INSTANCE | WMIO_DECORATED;
        refused(&b, "decoration: the server is no Encoded-String");
        err_clear(&err);
        assert_true(wmio_decode_block(STR_NULL, &arena, &d, &err) < 0);
        err_clear(&err);
        assert_true(wmio_objref_unit(STR("MEOW"), &unit, &err) < 0);
        assert_non_null(strstr(err.text, "no marshalled WMI object"));
}

static void lengths_and_counts(void **state)
{
        with_le32(PART, 1 << 20, "class part: says it has 1048576 octets");
        with_le32(PART, 28, "class part: says it has 28 octets, where 29 to");
        with_le32(DERIVATION, 3, "says it has 3 octets");
        with_le32(DERIVATION, 8, "an ancestor's name");
        with_le32(QUALIFIERS, 1 << 20, "says it has 1048576 octets");
        with_le32(COUNT, 1 << 30, "properties are more than the 4096 allowed");
        with_le32(ND_LENGTH, 0, "too few for 3 properties");
        with_le32(ND_LENGTH, 1 << 20, "the ValueTable is cut off");
        with_le32(HEAP, 5, "its heap of 0x5 octets");   /* without the high bit */
        with_le32(HEAP, UINT32_MAX, "its heap of 0x7fffffff octets");
}

static void references(void **state)
{
        with_le32(PART + 5, 0x7fffffff, "the class's name is at 0x7fffffff");
        with_le32(PART + 5, WMIO_NO_REF, "the class's name is at 0xffffffff");
        with_le32(PART + 5, WMIO_HIGH | 11, "is word 11 of a dictionary of 11");
        with_le32(LOOKUP, 0x10000, "a property's name is at 0x10000");
        with_le32(LOOKUP + 4, 0x10000, "a property is at 0x10000");
        with_le32(FIRST_PROPERTY, 6, "0x6 is no CIM type");
        with_le32(FIRST_PROPERTY + 4, 3, "property A cannot be number 3 of 3");
        with_le32(FIRST_PROPERTY + 4, 1, "cannot be number 1 of 3");   /* so does B */
        with_le32(FIRST_PROPERTY + 6, 10, "the value of property A is at 0xa, the ValueTable ends at 0xc");
}

static void what_an_instance_says(void **state)
{
        struct buf b = object();
        size_t at = instance_at(&b), slots = at + 10, tail = slots + 12, heap = tail + 9;

        buf_fini(&b);
        with_le32(at, 1 << 20, "instance: says it has 1048576 octets");
        with_le32(at, 12, "instance: is cut off");
        with_le32(tail, 0, "instance: says it has 0 octets");
        with_le32(tail + 4, 0x03, "does not say whether its properties have qualifiers");
        with_le32(tail + 5, 0, "its heap");
        with_le32(slots, 0x100, "C: property A: instance: a value is at 0x100");
        with_le32(slots + 8, 0x100, "property L: instance: an array is at 0x100");
        b = object();
        put_le32(b.p + heap + get_le32(b.p + slots + 8), 1 << 30);
        refused(&b, "an array of 1073741824 items is longer than its heap");
        b = object();
        b.p[heap] = 7;          /* the class's name is not read; its value is */
        b.p[heap + get_le32(b.p + slots)] = 7;
        refused(&b, "a value is no Encoded-String");
        b = object();
        memset(b.p + heap + get_le32(b.p + slots) + 1, 'z', b.n - heap - get_le32(b.p + slots) - 1);
        refused(&b, "a value has no end");
}

/* Ten thousand references to one long text cost no more than what came. */
static void the_same_octets_again_and_again(void **state)
{
        size_t n = 20000, at, heap;
        struct cim_value *many = calloc(n, sizeof *many), v[3] = { values[0], values[1], { .array = { many, n } } };
        char text[2000];
        struct wmio_decoded *d;
        struct arena own;
        struct buf b;

        memset(text, 'x', sizeof text);
        for (size_t i = 0; i < n; i++)
                many[i].s = i ? STR("") : (struct str){ text, sizeof text };
        buf_init(&b, 0);
        assert_int_equal(
            wmio_encode_instance(&(struct wmio_object){ .image = image, .values = v }, NULL, WMIO_UNIT, &b, &err), 0);
        at = instance_at(&b);
        heap = at + 10 + 12 + 9;
        at = heap + get_le32(b.p + at + 10 + 8) + 4;    /* the references */
        for (size_t i = 1; i < n; i++)
                put_le32(b.p + at + 4 * i, get_le32(b.p + at));
        arena_init(&own, 4 << 20);
        err_clear(&err);
        assert_true(wmio_decode(buf_str(&b), &own, &d, &err) < 0);
        assert_non_null(strstr(err.text, "again and again"));
        arena_fini(&own);
        buf_fini(&b);
        free(many);
}

/* An object whose array of objects is the object's own octets cannot be, but deep nesting can. */
static void objects_within_objects(void **state)
{
        static const struct wmio_property o[] = { { .name = STR("O"), .type = CIM_OBJECT, .value.null = true } };
        static const struct wmio_class holder = { .name = STR("H"), .properties = o, .n_properties = 1 };
        const struct cim_value null = { .null = true };
        struct wmio_object chain[WMIO_MAX_DEPTH + 1];
        const struct wmio_object *inner[WMIO_MAX_DEPTH + 1];
        struct wmio_decoded *d;
        struct wmio_image *i;
        struct buf b, outer;

        buf_init(&b, 0);
        buf_init(&outer, 0);
        assert_int_equal(wmio_image_of(&i, NULL, &holder, NULL, &err), 0);
        for (size_t k = 0; k <= WMIO_MAX_DEPTH; k++) {
                inner[k] = k ? &chain[k - 1] : NULL;
                chain[k] = (struct wmio_object){ .image = i, .values = &null, .objects = &inner[k] };
        }
        err_clear(&err);
        assert_true(wmio_encode_instance(&chain[WMIO_MAX_DEPTH], NULL, WMIO_BLOCK, &b, &err) < 0);
        assert_int_equal(wmio_encode_instance(&chain[WMIO_MAX_DEPTH - 1], NULL, WMIO_BLOCK, &b, &err), 0);
        assert_int_equal(wmio_decode_block(buf_str(&b), &arena, &d, &err), 0);
        /* One more around it, by hand. */
        assert_int_equal(
            wmio_encode_instance(&(struct wmio_object){ .image = i, .values = &null }, NULL, WMIO_BLOCK, &outer, &err),
            0);
        {
                size_t at = 1 + get_le32(outer.p + 1), heap = at + 9 + 1 + 4 + 5, old = outer.n;
                uint32_t ref = (uint32_t)(outer.n - heap - 4);

                buf_le32(&outer, (uint32_t)b.n);
                buf_add(&outer, b.p, b.n);
                outer.p[at + 9] = 0;            /* not NULL */
                put_le32(outer.p + at + 10, ref);
                put_le32(outer.p + at, (uint32_t)(outer.n - at));
                put_le32(outer.p + heap, WMIO_HIGH | (uint32_t)(outer.n - heap - 4));
                assert_true(outer.n > old);
        }
        err_clear(&err);
        assert_true(wmio_decode_block(buf_str(&outer), &arena, &d, &err) < 0);
        assert_non_null(strstr(err.text, "more than 16 objects within objects"));
        wmio_image_free(i);
        buf_fini(&b);
        buf_fini(&outer);
}

/* Qualifiers of an instance and of its properties ([MS-WMIO] 3.1, the last example), which we read but never send. */
static void qualifiers_of_an_instance(void **state)
{
        static const char sets[] = "\4\0\0\0" "\x0f\0\0\0" "\3\0\0\x80" "\1" "\x0b\0\0\0" "\xff\xff" "\4\0\0\0";
        struct buf b = object(), b2;
        size_t at = instance_at(&b), flag = at + 10 + 12 + 4;
        struct wmio_decoded *d;

        buf_init(&b2, 0);
        buf_add(&b2, b.p, flag);
        buf_addc(&b2, 2);
        buf_add(&b2, sets, sizeof sets - 1);
        buf_add(&b2, b.p + flag + 1, b.n - flag - 1);
        put_le32(b2.p + at, get_le32(b2.p + at) + (uint32_t)sizeof sets - 1);
        put_le32(b2.p + 4, get_le32(b2.p + 4) + (uint32_t)sizeof sets - 1);
        err_clear(&err);
        if (wmio_decode(buf_str(&b2), &arena, &d, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(d->slots[0].n_qualifiers, 0);
        assert_int_equal(d->slots[1].n_qualifiers, 1);
        assert_true(str_eqz(d->slots[1].qualifiers[0].name, "read"));
        assert_int_equal(d->slots[1].value.i, 5);
        buf_fini(&b);
        buf_fini(&b2);
}

/* ---- ObjectArray ---- */

static struct buf packet(struct wmio_sent *sent, size_t n)
{
        struct wmio_packet p;
        struct buf b;

        buf_init(&b, 0);
        wmio_packet_begin(&p, WMIO_NEXT, sent, &b);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(
                    wmio_packet_instance(&p, &(struct wmio_object){ .image = image, .values = values }, NULL, &err), 0);
        assert_int_equal(wmio_packet_end(&p, &err), 0);
        return b;
}

/* [MS-WMI] 2.2.14: the lengths, and that the class goes once. */
static void a_class_goes_once(void **state)
{
        struct wmio_received r = { .a = &arena };
        struct wmio_decoded **objects;
        struct wmio_sent sent;
        struct buf b, b2;
        size_t n, first;

        wmio_sent_init(&sent, (const uint8_t *)"0123456789abcdef");
        b = packet(&sent, 2);
        assert_memory_equal(b.p, "\0\0\0\0WBEMDATA\x1a\0\0\0", 16);
        assert_int_equal(get_le32(b.p + 16), b.n - 26);
        assert_int_equal(get_le32(b.p + 30), b.n - 34);
        assert_int_equal(get_le32(b.p + 38), b.n - 46);
        assert_int_equal(get_le32(b.p + 42), 2);
        assert_memory_equal(b.p + 46 + 9 + 8, "0123456789abcdef", 16);
        first = get_le32(b.p + 50) + 9;
        assert_int_equal(b.p[54], 2);
        assert_int_equal(b.p[54 + first], 3);
        assert_true(first > get_le32(b.p + 50 + first) + 9);
        b2 = packet(&sent, 1);
        assert_int_equal(b2.p[54], 3);
        assert_int_equal(wmio_packet_decode(buf_str(&b), WMIO_NEXT, &r, &objects, &n, &err), 0);
        assert_int_equal(n, 2);
        assert_int_equal(wmio_packet_decode(buf_str(&b2), WMIO_NEXT, &r, &objects, &n, &err), 0);
        assert_int_equal(objects[0]->slots[1].value.i, 5);
        wmio_sent_fini(&sent);
        buf_fini(&b);
        buf_fini(&b2);
}

static void packets_that_lie(void **state)
{
        static const struct {
                size_t at;
                char octet;
                const char *words;
        } lies[] = { { 0, 1, "headers" },     { 4, 'w', "headers" },
                     { 12, 0x1b, "headers" }, { 16, 0, "headers" },
                     { 25, 0, "headers" },    { 30, 1, "headers" },
                     { 38, 1, "headers" },    { 45, 1, "fewer octets than objects" },
                     { 46, 8, "cut off" },    { 53, 1, "cut off" },
                     { 54, 4, "cut off" },    { 54, 3, "did not come" },
                     { 54, 1, "header" },     { 55, 0x17, "header" },
                     { 59, 1, "header" } };

        for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
                struct wmio_received r = { .a = &arena };
                struct wmio_decoded **objects;
                struct buf b = packet(NULL, 1);
                size_t n;

                assert_true(b.p[lies[i].at] != lies[i].octet);
                b.p[lies[i].at] = lies[i].octet;
                err_clear(&err);
                if (wmio_packet_decode(buf_str(&b), WMIO_NEXT, &r, &objects, &n, &err) == 0 ||
                    !strstr(err.text, lies[i].words))
                        fail_msg("octet %zu: \"%s\" does not say \"%s\"", lies[i].at, err.text, lies[i].words);
                buf_fini(&b);
        }
}

/* A full packet ends with what was in it, and the class of what did not fit counts as not sent. */
static void a_full_packet_is_whole(void **state)
{
        struct wmio_received r = { .a = &arena };
        struct wmio_decoded **objects;
        struct wmio_packet p;
        struct wmio_sent sent;
        struct buf b;
        size_t n;

        wmio_sent_init(&sent, (const uint8_t *)"0123456789abcdef");
        buf_init(&b, 100);
        wmio_packet_begin(&p, WMIO_INDICATE, &sent, &b);
        err_clear(&err);
        assert_true(wmio_packet_instance(&p, &(struct wmio_object){ .image = image, .values = values }, NULL, &err) <
                    0);
        assert_int_equal(err.kind, ERR_TOO_LARGE);
        assert_int_equal(sent.n, 0);
        assert_int_equal(wmio_packet_end(&p, &err), 0);
        assert_int_equal(wmio_packet_decode(buf_str(&b), WMIO_INDICATE, &r, &objects, &n, &err), 0);
        assert_int_equal(n, 0);
        wmio_sent_fini(&sent);
        buf_fini(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frames_and_flags),
                cmocka_unit_test(lengths_and_counts),
                cmocka_unit_test(references),
                cmocka_unit_test(what_an_instance_says),
                cmocka_unit_test(the_same_octets_again_and_again),
                cmocka_unit_test(objects_within_objects),
                cmocka_unit_test(qualifiers_of_an_instance),
                cmocka_unit_test(a_class_goes_once),
                cmocka_unit_test(packets_that_lie),
                cmocka_unit_test(a_full_packet_is_whole),
        };
        int r;

        arena_init(&arena, 0);
        if (wmio_image_of(&image, NULL, &class, NULL, &err) < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        wmio_image_free(image);
        arena_fini(&arena);
        return r;
}
