/* SPDX-License-Identifier: Apache-2.0 */
/* prop_cim - laws of instances of every class: JSON and paths go round, texts go round */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "cim/cim.h"
#include "lib/prop.h"

static const char *const words[] = { "", "P0100001", "a\"b", "\\\\HOST\\", "it's", "\xc3\xa9\xe2\x82\xac", "a,b=c", "\n\t",
                                     "[\"Display=\\\\H\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\H\\" };

static struct str random_text(struct prop *p, struct arena *a, const struct cim_property *d)
{
        struct str s = prop_bool(p) ? str_of(words[prop_u64(p, ARRAY_SIZE(words) - 1)])
                                    : prop_str(p, a, 20, "abcXYZ019 \"'\\,=:[]{}()%._-");

        if (d->size_limit && s.n > d->size_limit)
                s.n = 0;
        return s;
}

static int64_t random_integer(struct prop *p, const struct cim_property *d)
{
        static const struct {
                enum cim_type type;
                int64_t low, high;
        } ranges[] = { { CIM_SINT8, INT8_MIN, INT8_MAX }, { CIM_UINT8, 0, UINT8_MAX }, { CIM_SINT16, INT16_MIN, INT16_MAX },
                       { CIM_UINT16, 0, UINT16_MAX }, { CIM_SINT32, INT32_MIN, INT32_MAX }, { CIM_UINT32, 0, UINT32_MAX },
                       { CIM_SINT64, INT64_MIN, INT64_MAX } };

        if (d->values) {
                size_t n = 0;

                while (d->values[n])
                        n++;
                return d->value_map[prop_u64(p, n - 1)];
        }
        if (d->has_range)
                return prop_range(p, d->range_low, d->range_high);
        for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
                if (ranges[i].type == d->type)
                        return prop_range(p, ranges[i].low, ranges[i].high);
        }
        return (int64_t)prop_u64(p, UINT64_MAX);
}

/* An object as its class makes it, of any class that the property takes and that needs nothing more. */
static struct cim_value random_embedded(struct prop *p, struct arena *a, const struct cim_property *d)
{
        const size_t pick = prop_u64(p, n_cim_classes - 1);
        struct cim_property one = *d;
        struct cim_value v;

        one.array = false;
        for (size_t i = 0; i < n_cim_classes; i++) {
                const char *name = cim_classes[(pick + i) % n_cim_classes]->name;
                struct err e = { 0 };

                if (cim_json_value_read(&one, str_of(arena_printf(a, "{\"__CLASS\":\"%s\"}", name)), a, &v, &e) == 0)
                        return v;
        }
        prop_note(p, "no class is a %s", d->embedded);
        return (struct cim_value){ .null = true };
}

static struct cim_value random_item(struct prop *p, struct arena *a, const struct cim_property *d)
{
        switch (d->type) {
        case CIM_STRING: return (struct cim_value){ .s = random_text(p, a, d) };
        case CIM_BOOLEAN: return (struct cim_value){ .i = prop_bool(p) };
        case CIM_DATETIME: return (struct cim_value){ .i = prop_range(p, INT64_C(-62135596800000000), INT64_C(253402300799999999)) };
        case CIM_OBJECT: return random_embedded(p, a, d);
        default: return (struct cim_value){ .i = random_integer(p, d) };
        }
}

static struct cim_value random_value(struct prop *p, struct arena *a, const struct cim_property *d)
{
        size_t n = prop_u64(p, 3);
        struct cim_value *items;

        if (!d->key && !d->not_null && prop_one_in(p, 4))
                return (struct cim_value){ .null = true };
        if (!d->array)
                return random_item(p, a, d);
        items = arena_array(a, n + 1, sizeof *items);
        for (size_t i = 0; i < n; i++)
                items[i] = random_item(p, a, d);
        return (struct cim_value){ .array = { items, n } };
}

static struct cim_instance *random_instance(struct prop *p, struct arena *a)
{
        struct cim_instance *i = cim_instance_new(cim_classes[prop_u64(p, n_cim_classes - 1)], a);

        for (size_t k = 0; k < i->class->n_properties; k++)
                i->values[k] = random_value(p, a, &i->class->properties[k]);
        return i;
}

static bool same(const struct cim_instance *a, const struct cim_instance *b, bool keys_only)
{
        if (a->class != b->class)
                return false;
        for (size_t k = 0; k < a->class->n_properties; k++) {
                if ((!keys_only || a->class->properties[k].key) &&
                    !cim_value_eq(&a->class->properties[k], &a->values[k], &b->values[k]))
                        return false;
        }
        return true;
}

static bool json_goes_round(struct prop *p)
{
        struct cim_instance *in, *back;
        struct err e = { 0 };
        struct arena a;
        struct buf b;
        bool ok;

        arena_init(&a, 0);
        buf_init(&b, 0);
        in = random_instance(p, &a);
        cim_json_write(in, &b);
        ok = cim_json_read(in->class, buf_str(&b), &a, &back, &e) == 0 && same(in, back, false);
        prop_note(p, "%s %s %s", in->class->name, b.p, e.text);
        buf_fini(&b);
        arena_fini(&a);
        return ok;
}

static bool paths_go_round(struct prop *p)
{
        struct cim_instance *in, *back;
        struct err e = { 0 };
        struct cim_path path;
        struct arena a;
        struct buf b;
        bool ok = true;

        arena_init(&a, 0);
        buf_init(&b, 0);
        in = random_instance(p, &a);
        if (in->class->n_keys) {
                ok = cim_path_format(in, &b) == 0 && cim_path_parse(buf_str(&b), &a, &path, &e) == 0 &&
                     cim_path_bind(&path, &a, &back, &e) == 0 && same(in, back, true);
                prop_note(p, "%s %s", b.p, e.text);
        }
        buf_fini(&b);
        arena_fini(&a);
        return ok;
}

/* What is printed for people is read back as the same value; texts may hold commas, so lists are left out. */
static bool texts_go_round(struct prop *p)
{
        struct err e = { 0 };
        struct arena a;
        bool ok = true;

        arena_init(&a, 0);
        struct cim_instance *in = random_instance(p, &a);

        for (size_t k = 0; k < in->class->n_properties && ok; k++) {
                const struct cim_property *d = &in->class->properties[k];
                struct cim_value back;
                struct buf b;

                if (in->values[k].null || d->array)
                        continue;
                buf_init(&b, 0);
                cim_value_print(d, &in->values[k], &b);
                ok = cim_value_parse(d, buf_str(&b), &a, &back, &e) == 0 && cim_value_eq(d, &in->values[k], &back);
                prop_note(p, "%s.%s %s %s", in->class->name, d->name, b.p ? b.p : "", e.text);
                buf_fini(&b);
        }
        arena_fini(&a);
        return ok;
}

static void laws(void **state)
{
        assert_true(prop_check("json goes round", 800, json_goes_round));
        assert_true(prop_check("paths go round", 800, paths_go_round));
        assert_true(prop_check("texts go round", 400, texts_go_round));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
