/* SPDX-License-Identifier: Apache-2.0 */
/* test_parts - names of namespaces, context values: what needs no site */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "base/utf16.h"
#include "dcom/objref.h"
#include "tests.h"
#include "wmi/context.h"
#include "wmi/ids.h"
#include "cim/namespace.h"

static void namespaces(void **state)
{
        static const struct {
                const char *text;
                int ns;
        } v[] = {
                { "\\\\server\\root\\sms\\site_P01", CIM_NS_SITE }, { "//./root/sms/site_p01", CIM_NS_SITE },
                { "ROOT\\SMS/Site_P01\\", CIM_NS_SITE },            { "\\\\server\\root", CIM_NS_ROOT },
                { "root\\sms", CIM_NS_SMS },                        { "//10.0.0.1/root/subscription", CIM_NS_SUBSCRIPTION },
                { "root\\sms\\site_P02", -1 }, { "root\\cimv2", -1 }, { "\\\\server", -1 }, { "", -1 }, { "sms", -1 },
        };
        enum cim_namespace ns;
        char name[32];

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                int r = cim_namespace_find(str_of(v[i].text), str_of("P01"), &ns);

                assert_int_equal(r == 0 ? (int)ns : -1, v[i].ns);
        }
        assert_true(str_eqz(cim_namespace_name(CIM_NS_SITE, str_of("P01"), name), "ROOT\\SMS\\site_P01"));
        assert_int_equal(cim_namespace_below(CIM_NS_ROOT, STR("sms\\site_P01"), str_of("P01"), &ns), 0);
        assert_int_equal(ns, CIM_NS_SITE);
        assert_int_equal(cim_namespace_below(CIM_NS_SMS, STR("root/sms/site_P01"), str_of("P01"), &ns), 0);
        assert_int_equal(cim_namespace_below(CIM_NS_SMS, STR("subscription"), str_of("P01"), &ns), -ENOENT);
        assert_int_equal(cim_namespace_below(CIM_NS_SITE, STR("root"), str_of("P01"), &ns), -ENOENT);
        assert_int_equal(cim_namespace_below(CIM_NS_ROOT, STR(""), str_of("P01"), &ns), -ENOENT);
        assert_non_null(cim_namespace_class(CIM_NS_SITE, STR("sms_package")));
        assert_null(cim_namespace_class(CIM_NS_ROOT, STR("SMS_Package")));
        assert_non_null(cim_namespace_class(CIM_NS_ROOT, STR("__EventFilter")));
        assert_non_null(cim_namespace_class(CIM_NS_SMS, STR("SMS_ProviderLocation")));
        assert_non_null(cim_namespace_class(CIM_NS_SUBSCRIPTION, STR("LogFileEventConsumer")));
        assert_null(cim_namespace_class(CIM_NS_SUBSCRIPTION, STR("SMS_Site")));
}

static void add_text(struct buf *b, const char *z)
{
        buf_le32(b, (uint32_t)utf16_units(str_of(z)));
        utf16_encode(str_of(z), b);
}

static void begin_value(struct buf *b, const char *name, uint16_t type)
{
        add_text(b, name);
        buf_le32(b, 0);
        buf_le16(b, type);
}

/* Values that mean something, and one of each kind that does not. */
static void make_context(struct buf *out)
{
        struct dcom_objref r = { .kind = DCOM_OBJREF_CUSTOM, .clsid = wmi_clsid_context };
        struct buf b;

        buf_init(&b, 0);
        buf_le32(&b, 1);
        buf_add(&b, "0123456789abcdef", 16);
        buf_le32(&b, 6);
        begin_value(&b, "InstanceCount", 3);
        buf_le64(&b, 0xffffffff00000007);               /* only the first four octets count */
        begin_value(&b, "LimitToCollectionIDs", 0x2008);
        buf_le32(&b, 1);
        buf_le32(&b, 4);
        add_text(&b, "SMS00001");
        begin_value(&b, "__PUT_EXTENSIONS", 11);
        buf_le64(&b, 0xffff);
        begin_value(&b, "__PUT_EXT_PROPERTIES", 0x2008);
        buf_le32(&b, 2);
        buf_le32(&b, 8);
        add_text(&b, "Name");
        add_text(&b, "Description");
        begin_value(&b, "Nothing", 1);
        begin_value(&b, "Shorts", 0x2002);
        buf_le32(&b, 2);
        buf_le32(&b, 2);
        buf_le32(&b, 0x00020001);
        r.data = buf_str(&b);
        dcom_objref_write(&r, out);
        buf_fini(&b);
}

static void contexts(void **state)
{
        struct wmi_context x;
        struct err e = { 0 };
        struct arena a;
        struct buf b;

        arena_init(&a, 0);
        buf_init(&b, 0);
        make_context(&b);
        assert_int_equal(wmi_context_read(buf_str(&b), &a, &x, &e), 0);
        assert_int_equal(x.values.instance_count, 7);
        assert_true(str_eqz(x.values.collection, "SMS00001"));
        assert_true(x.partial && x.n_properties == 2 && str_eqz(x.properties[1], "Description"));
        assert_int_equal(wmi_context_read(STR_NULL, &a, &x, &e), 0);
        assert_true(!x.partial && !x.values.collection.p);
        for (size_t n = 1; n < b.n; n++) {
                put_le32(b.p + 44, (uint32_t)(n > 48 ? n - 48 : 0));
                e = (struct err){ 0 };
                assert_true(wmi_context_read((struct str){ b.p, n }, &a, &x, &e) < 0 && e.text[0]);
        }
        buf_fini(&b);
        arena_fini(&a);
}

int test_parts(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(namespaces), cmocka_unit_test(contexts) };

        return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
