/* SPDX-License-Identifier: Apache-2.0 */
/* test_wmio - what images have, what is refused and in which words, what came as the schema's instances */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "lib/wmio_equal.h"
#include "wmio/private.h"

static struct wmio_images *images;
static struct arena arena;
static struct err err;
static const struct wmio_decoration site = { STR("SITESRV"), STR("ROOT\\SMS\\site_P01") };

static const struct cim_class *class_of(const char *name)
{
        const struct cim_class *c = cim_class_find(str_of(name));

        assert_non_null(c);
        return c;
}

static struct wmio_decoded *decode(struct buf *b)
{
        struct str copy = arena_str(&arena, buf_str(b));
        struct wmio_decoded *d;

        err_clear(&err);
        if (wmio_decode(copy, &arena, &d, &err) < 0)
                fail_msg("%s", err.text);
        buf_fini(b);
        return d;
}

static struct wmio_decoded *encoded_class(const char *name, bool amended)
{
        struct wmio_image *i;
        struct buf b;

        buf_init(&b, 0);
        assert_int_equal(
            wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = class_of(name), .amended = amended }, &err),
            0);
        assert_int_equal(wmio_encode_class(i, &site, 0, WMIO_UNIT, &b, &err), 0);
        wmio_image_free(i);
        return decode(&b);
}

static struct wmio_decoded *encoded(const struct wmio_object *o)
{
        struct buf b;

        buf_init(&b, 0);
        if (wmio_encode_instance(o, &site, WMIO_UNIT, &b, &err) < 0)
                fail_msg("%s", err.text);
        return decode(&b);
}

static const struct wmio_qualifier *qualifier(const struct wmio_class *c, const char *property, const char *name)
{
        const struct wmio_property *p = wmio_property_find(c, str_of(property));

        assert_non_null(p);
        return wmio_qualifier_find(p->qualifiers, p->n_qualifiers, name);
}

/* ---- classes ---- */

/* Keys, CIMTYPE with the class of what is embedded or referred to, defaults, and what an ancestor declared. */
static void what_a_class_tells(void **state)
{
        const struct wmio_class *c = encoded_class("SMS_ST_RecurWeekly", false)->class;
        const struct wmio_property *p = wmio_property_find(c, STR("StartTime"));

        assert_int_equal(c->n_derivation, 1);
        assert_true(p->inherited && p->default_inherited && p->origin == 0);
        assert_true(str_eqz(p->value.s, "19700201000000.000000+***"));
        assert_true(str_eqz(qualifier(c, "StartTime", "CIMTYPE")->value.s, "datetime"));
        assert_int_equal(qualifier(c, "StartTime", "CIMTYPE")->flavor,
                         WMIO_TO_INSTANCE | WMIO_TO_DERIVED | WMIO_PROPAGATED);
        assert_null(qualifier(c, "StartTime", "NoOffset"));
        p = wmio_property_find(c, STR("Day"));
        assert_true(!p->inherited && p->origin == 1 && p->value.i == 1);

        c = encoded_class("SMS_PackageStatus", false)->class;
        assert_int_equal(qualifier(c, "PackageID", "key")->flavor, 0x13);
        assert_non_null(qualifier(c, "PackageID", "SizeLimit"));
        assert_non_null(wmio_qualifier_find(c->qualifiers, c->n_qualifiers, "dynamic"));
        assert_null(wmio_qualifier_find(c->qualifiers, c->n_qualifiers, "View"));
        c = encoded_class("__FilterToConsumerBinding", false)->class;
        assert_true(str_eqz(qualifier(c, "Filter", "CIMTYPE")->value.s, "ref:__EventFilter"));
        assert_non_null(wmio_qualifier_find(c->qualifiers, c->n_qualifiers, "association"));
        c = encoded_class("SMS_Advertisement", false)->class;
        assert_true(str_eqz(qualifier(c, "AssignedSchedule", "CIMTYPE")->value.s, "object:SMS_ScheduleToken"));
}

static void texts_for_people_are_amended(void **state)
{
        const struct wmio_class *plain = encoded_class("SMS_PackageStatus", false)->class;
        const struct wmio_class *amended = encoded_class("SMS_PackageStatus", true)->class;
        const struct wmio_qualifier *q = qualifier(amended, "Status", "Values");

        assert_null(qualifier(plain, "Status", "Values"));
        assert_non_null(qualifier(plain, "Status", "ValueMap"));
        assert_null(wmio_qualifier_find(plain->qualifiers, plain->n_qualifiers, "Description"));
        assert_true(q && q->flavor & WMIO_AMENDED && q->array && str_eqz(q->value.array.items[1].s, "SENT"));
        assert_non_null(wmio_qualifier_find(amended->qualifiers, amended->n_qualifiers, "Description"));
}

static void methods_have_signatures(void **state)
{
        const struct wmio_class *c = encoded_class("SMS_ScheduleMethods", false)->class;
        const struct wmio_method *m = &c->methods[0];

        assert_int_equal(c->n_methods, 2);
        assert_true(str_eqz(m->name, "ReadFromString") && !m->inherited && m->origin == 1);
        assert_non_null(wmio_qualifier_find(m->qualifiers, m->n_qualifiers, "static"));
        assert_true(str_eqz(m->in->name, "__PARAMETERS"));
        assert_int_equal(qualifier(m->in, "StringData", "ID")->value.i, 0);
        assert_int_equal(qualifier(m->out, "TokenData", "ID")->value.i, 1);
        assert_non_null(qualifier(m->out, "ReturnValue", "out"));
        assert_int_equal(wmio_property_find(m->out, STR("ReturnValue"))->type, CIM_SINT32);
        assert_non_null(wmio_qualifier_find(m->in->qualifiers, m->in->n_qualifiers, "abstract"));
}

static void a_list_of_properties_makes_a_smaller_class(void **state)
{
        const struct cim_class *c = class_of("SMS_PackageStatusRootSummarizer");
        struct cim_instance *in = cim_instance_new(c, &arena);
        bool only[64] = { false };
        struct wmio_decoded *d;
        struct wmio_image *i;

        only[cim_property_find(c, STR("Targeted"))] = only[cim_property_find(c, STR("PackageID"))] = true;
        cim_set_str(in, "PackageID", STR("P0100001"));
        cim_set_str(in, "Name", STR("not asked for"));
        cim_set_i64(in, "Targeted", 7);
        assert_int_equal(wmio_image_new(&i, images, &(struct wmio_image_opts){ .class = c, .only = only }, &err), 0);
        d = encoded(&(struct wmio_object){ .image = i, .values = in->values });
        assert_int_equal(d->class->n_properties, 2);
        assert_true(str_eqz(d->class->name, c->name) && d->class->n_derivation == 1);
        assert_true(str_eqz(d->slots[0].value.s, "P0100001"));
        assert_int_equal(d->slots[1].value.i, 7);
        wmio_image_free(i);
}

static void a_prototype_says_so(void **state)
{
        const struct wmio_image *i = wmio_images_get(images, class_of("SMS_Site"));
        struct buf b;

        buf_init(&b, 0);
        assert_int_equal(wmio_encode_class(i, NULL, WMIO_PROTOTYPE | WMIO_KEY_MISSING, WMIO_BLOCK, &b, &err), 0);
        assert_int_equal((uint8_t)b.p[0], 0x51);
        buf_fini(&b);
}

/* ---- instances ---- */

static void a_datetime_prints_as_its_property_does(void **state)
{
        const struct cim_class *c = class_of("SMS_PackageStatusRootSummarizer");
        struct cim_instance *in = cim_instance_new(c, &arena);
        struct buf b;

        cim_set_i64(in, "SourceDate", 0);
        buf_init(&b, 0);
        assert_int_equal(
            wmio_encode_instance(&(struct wmio_object){ .image = wmio_images_get(images, c), .values = in->values },
                                 NULL, WMIO_BLOCK, &b, &err),
            0);
        assert_non_null(memmem(b.p, b.n, "\0" "19700101000000.000000+***", 27));
        buf_fini(&b);
}

static void an_event_holds_its_objects(void **state)
{
        const struct cim_class *c = class_of("__InstanceModificationEvent"), *row_class = class_of("SMS_Site");
        struct cim_instance *row = cim_instance_new(row_class, &arena), *event = cim_instance_new(c, &arena);
        struct wmio_object target = { .image = wmio_images_get(images, row_class), .values = row->values };
        const struct wmio_object *objects[8] = { NULL };
        struct wmio_decoded *d;
        int at = cim_property_find(c, STR("TargetInstance"));

        cim_set_str(row, "SiteCode", STR("P01"));
        objects[at] = &target;
        d = encoded(
            &(struct wmio_object){ .image = wmio_images_get(images, c), .values = event->values, .objects = objects });
        assert_true(wmio_object_eq(&target, d->slots[at].objects[0]));
        assert_true(str_eq(d->slots[at].objects[0]->ns, site.ns));
        assert_true(d->slots[cim_property_find(c, STR("PreviousInstance"))].value.null);
}

/* What would nest without end, and what does not fit, leaves the buffer as it was. */
static void what_cannot_be_encoded(void **state)
{
        const struct cim_class *c = class_of("__InstanceCreationEvent");
        struct cim_instance *in = cim_instance_new(c, &arena);
        const struct wmio_object *objects[8] = { NULL };
        struct wmio_object o = { .image = wmio_images_get(images, c), .values = in->values, .objects = objects };
        int at = cim_property_find(c, STR("TargetInstance"));
        struct buf b;

        buf_init(&b, 200);
        buf_addz(&b, "before");
        err_clear(&err);
        assert_true(wmio_encode_instance(&(struct wmio_object){ .image = o.image, .values = in->values }, &site,
                                         WMIO_OBJREF, &b, &err) < 0);
        assert_int_equal(err.kind, ERR_TOO_LARGE);
        assert_true(str_eqz(buf_str(&b), "before") && !b.failed);
        buf_fini(&b);

        objects[at] = &o;
        buf_init(&b, 0);
        err_clear(&err);
        assert_true(wmio_encode_instance(&o, &site, WMIO_UNIT, &b, &err) < 0);
        assert_non_null(strstr(err.text, "objects within objects"));
        assert_int_equal(b.n, 0);

        objects[at] = NULL;
        in->values[at] = (struct cim_value){ .s = STR("{\"__CLASS\":\"NoSuchClass\"}") };
        err_clear(&err);
        assert_true(wmio_encode_instance(&o, &site, WMIO_UNIT, &b, &err) < 0);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.text, "names no class of this site"));
        buf_fini(&b);
}

/* Whatever room there is: all of it or nothing, and the words say so. */
static void room_runs_out(void **state)
{
        const struct cim_class *c = class_of("SMS_Advertisement");
        struct cim_instance *in = cim_instance_new(c, &arena);
        struct wmio_object o = { .image = wmio_images_get(images, c), .values = in->values };
        const struct cim_value token = { .s = STR("{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"Day\":3}") };
        size_t whole, n_refused = 0;
        struct buf b;

        cim_set_str(in, "AdvertisementName", STR("\xe2\x82\xac"));
        in->values[cim_property_find(c, STR("AssignedSchedule"))] = (struct cim_value){ .array = { &token, 1 } };
        buf_init(&b, 0);
        assert_int_equal(wmio_encode_instance(&o, &site, WMIO_OBJREF, &b, &err), 0);
        whole = b.n;
        buf_fini(&b);
        for (size_t limit = 1; limit <= whole; limit += limit < whole - 300 ? 97 : 1) {
                int r;

                buf_init(&b, limit);
                err_clear(&err);
                r = wmio_encode_instance(&o, &site, WMIO_OBJREF, &b, &err);
                assert_int_equal(r, limit < whole ? err_number(ERR_TOO_LARGE) : 0);
                assert_int_equal(b.n, limit < whole ? 0 : whole);
                buf_fini(&b);
        }
        buf_init(&b, 0);
        assert_int_equal(wmio_encode_instance(&o, &site, WMIO_UNIT, &b, &err), 0);
        for (size_t limit = 256;; limit += 512) {
                struct wmio_decoded *d;
                struct cim_instance *back;
                struct arena own;
                bool done;

                arena_init(&own, limit);
                err_clear(&err);
                done = wmio_decode(buf_str(&b), &own, &d, &err) == 0 && wmio_to_instance(d, &own, &back, &err) == 0;
                assert_true(done || err.kind == ERR_TOO_LARGE || err.kind == ERR_NOMEM);
                arena_fini(&own);
                if (done)
                        break;
                n_refused++;
        }
        assert_in_range(n_refused, 4, 400);
        buf_fini(&b);
}

/* ---- what came ---- */

/* A class of a client's making, and an instance of it. */
static struct wmio_decoded *client_object(const char *class, const struct wmio_property *p, size_t n,
                                          const struct cim_value *v)
{
        struct wmio_class c = { .name = str_of(class), .properties = p, .n_properties = n };
        struct wmio_decoded *d;
        struct wmio_image *i;

        assert_int_equal(wmio_image_of(&i, images, &c, NULL, &err), 0);
        d = encoded(&(struct wmio_object){ .image = i, .values = v });
        wmio_image_free(i);
        return d;
}

static struct cim_instance *fitted(const char *class, const char *property, enum cim_type t, struct cim_value v)
{
        struct wmio_property p = { .name = str_of(property), .type = t, .value.null = true };
        struct cim_instance *in = NULL;

        err_clear(&err);
        return wmio_to_instance(client_object(class, &p, 1, &v), &arena, &in, &err) == 0 ? in : NULL;
}

static void values_fit_or_are_named(void **state)
{
        struct cim_instance *in = fitted("sms_package", "PRIORITY", CIM_SINT64, (struct cim_value){ .i = 3 });

        assert_non_null(in);
        assert_int_equal(cim_get(in, "Priority")->i, 3);
        assert_true(in->given[cim_property_find(in->class, STR("Priority"))]);
        assert_false(in->given[cim_property_find(in->class, STR("Name"))]);
        assert_null(fitted("SMS_Package", "Priority", CIM_SINT64, (struct cim_value){ .i = INT64_C(1) << 33 }));
        assert_string_equal(err.text, "SMS_Package.Priority: a number beyond its range is no uint32");
        assert_null(fitted("SMS_Package", "Priority", CIM_SINT8, (struct cim_value){ .i = -1 }));
        assert_null(fitted("SMS_Package", "Name", CIM_UINT32, (struct cim_value){ .i = 1 }));
        assert_string_equal(err.text, "SMS_Package.Name: uint32 is no string");
        assert_null(fitted("SMS_Package", "Colour", CIM_UINT32, (struct cim_value){ .i = 1 }));
        assert_string_equal(err.text, "SMS_Package has no property \"Colour\"");
        assert_non_null(fitted("SMS_Package", "Colour", CIM_UINT32, (struct cim_value){ .null = true }));
        assert_null(fitted("NoClass", "Name", CIM_UINT32, (struct cim_value){ .i = 1 }));
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        in = fitted("__AbsoluteTimerInstruction", "EventDateTime", CIM_STRING,
                    (struct cim_value){ .s = STR("20261123010203.000000+060") });
        assert_non_null(in);
        assert_int_equal(cim_get(in, "EventDateTime")->i, (INT64_C(1795395723) - 3600) * US_PER_SECOND);
        assert_null(
            fitted("__AbsoluteTimerInstruction", "EventDateTime", CIM_STRING, (struct cim_value){ .s = STR("soon") }));
        in = fitted("__AbsoluteTimerInstruction", "EventDateTime", CIM_DATETIME,
                    (struct cim_value){ .text = true, .s = STR("1970**********.******+***") });
        assert_non_null(in);
        assert_int_equal(cim_get(in, "EventDateTime")->i, 0);
        assert_null(fitted("__AbsoluteTimerInstruction", "EventDateTime", CIM_DATETIME,
                           (struct cim_value){ .text = true, .s = STR("00010101000000.000000+720") }));
        assert_string_equal(
            err.text, "__AbsoluteTimerInstruction.EventDateTime: an instant before 0001 or after 9999 is no datetime");
        assert_null(fitted("__AbsoluteTimerInstruction", "EventDateTime", CIM_DATETIME,
                           (struct cim_value){ .text = true, .s = STR("00000001000000.000000:000") }));
}

static void a_class_is_no_instance(void **state)
{
        struct cim_instance *in;

        err_clear(&err);
        assert_true(wmio_to_instance(encoded_class("SMS_Site", false), &arena, &in, &err) < 0);
        assert_string_equal(err.text, "class SMS_Site came where an instance was wanted");
}

/* The objects of a method's parameters, both ways. */
static void arguments_come_and_results_go(void **state)
{
        const struct cim_class *c = class_of("SMS_ScheduleMethods");
        const struct cim_method *m = cim_method_find(c, STR("WriteToString"));
        const struct cim_value tokens[] = { { .s = STR("{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"Day\":3}") } };
        const struct cim_value in[] = { { .array = { tokens, 1 } }, { .null = true } };
        const struct cim_value out[] = { { .null = true }, { .s = STR("0011700000000008") }, { .i = 0 } };
        struct cim_value args[2] = { { .null = true }, { .null = true } };
        struct wmio_image *i;
        struct wmio_decoded *d;

        assert_int_equal(wmio_image_new_parameters(&i, images, m, false, &err), 0);
        assert_int_equal(wmio_image_n_values(i), 2);
        d = encoded(&(struct wmio_object){ .image = i, .values = in });
        err_clear(&err);
        if (wmio_to_arguments(d, c, m, &arena, args, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(args[0].array.n, 1);
        assert_true(str_starts(args[0].array.items[0].s, "{\"__CLASS\":\"SMS_ST_RecurWeekly\",\"DayDuration\":0,"));
        assert_true(args[1].null);
        wmio_image_free(i);

        assert_int_equal(wmio_image_new_parameters(&i, images, m, true, &err), 0);
        assert_int_equal(wmio_image_n_values(i), 3);
        d = encoded(&(struct wmio_object){ .image = i, .values = out });
        assert_true(str_eqz(d->class->name, "__PARAMETERS") && d->class->n_properties == 2);
        assert_true(str_eqz(d->slots[0].value.s, "0011700000000008"));
        assert_int_equal(d->slots[1].value.i, 0);
        /* Results are no arguments. */
        assert_true(wmio_to_arguments(d, c, m, &arena, args, &err) < 0);
        assert_non_null(strstr(err.text, "has no in parameter \"StringData\""));
        wmio_image_free(i);
        assert_int_equal(wmio_to_arguments(NULL, c, m, &arena, args, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_a_class_tells),
                cmocka_unit_test(texts_for_people_are_amended),
                cmocka_unit_test(methods_have_signatures),
                cmocka_unit_test(a_list_of_properties_makes_a_smaller_class),
                cmocka_unit_test(a_prototype_says_so),
                cmocka_unit_test(a_datetime_prints_as_its_property_does),
                cmocka_unit_test(an_event_holds_its_objects),
                cmocka_unit_test(what_cannot_be_encoded),
                cmocka_unit_test(room_runs_out),
                cmocka_unit_test(values_fit_or_are_named),
                cmocka_unit_test(a_class_is_no_instance),
                cmocka_unit_test(arguments_come_and_results_go),
        };
        int r;

        arena_init(&arena, 0);
        if (wmio_images_new(&images, &err) < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        wmio_images_free(images);
        arena_fini(&arena);
        return r;
}
