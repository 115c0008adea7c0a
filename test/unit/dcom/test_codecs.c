/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_codecs - OBJREF, DUALSTRINGARRAY, activation blobs, ORPCTHIS
 *
 * activation_in.hex is a request as impacket 0.10 makes it, objref.hex and
 * activation_out.hex were made by a server in Python that impacket, aiowmi,
 * Samba's wmic and Wireshark's dissector understood.
 */
#include "tests.h"

#include <errno.h>
#include <stdio.h>
#include "base/hex.h"
#include "dcom/activation.h"
#include "dcom/ids.h"
#include "dcom/orpc.h"

#define HOST "192.0.2.1"
static const struct uuid login = UUID_INIT(0xf309ad18, 0xd86a, 0x11d0, 0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20);
static const struct uuid services = UUID_INIT(0x9556dc99, 0x828c, 0x11cf, 0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7);
static const struct uuid login_class = UUID_INIT(0x8bc3f05e, 0xd86b, 0x11d0, 0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20);

void load_hex(const char *name, struct buf *out)
{
        char path[400], line[200];
        FILE *f;

        (void)snprintf(path, sizeof path, "%s/%s.hex", DATA, name);
        f = fopen(path, "r");
        assert_non_null(f);
        buf_init(out, 0);
        while (fgets(line, sizeof line, f)) {
                struct str s = str_trim(str_of(line));
                uint8_t raw[100];

                assert_int_equal(hex_decode(s, raw, s.n / 2), 0);
                buf_add(out, raw, s.n / 2);
        }
        (void)fclose(f);
}

static void two_bindings(struct dcom_dualstring *d, const char *suffix, struct arena *a)
{
        *d = (struct dcom_dualstring){ .n_strings = 2, .n_security = 1 };
        d->strings[0] = (struct dcom_string_binding){ DCOM_TOWER_TCP, str_of(arena_printf(a, HOST "%s", suffix)) };
        d->strings[1] = (struct dcom_string_binding){ DCOM_TOWER_TCP, str_of(arena_printf(a, "SITE%s", suffix)) };
        d->security[0] = (struct dcom_security_binding){ 10, STR("") };
}

static void objref_bytes(void **state)
{
        struct dcom_objref r, back;
        struct buf want, got;
        struct arena a;

        arena_init(&a, 0);
        load_hex("objref", &want);
        buf_init(&got, 0);
        r = (struct dcom_objref){ .kind = DCOM_OBJREF_STANDARD, .iid = login,
                                  .std = { .public_refs = 5, .oxid = 0x1122334455667788, .oid = 0x99aabbccddeeff00 } };
        for (uint8_t i = 0; i < 16; i++)
                r.std.ipid.b[i] = (uint8_t)(16 + i);
        two_bindings(&r.resolver, "", &a);
        dcom_objref_write(&r, &got);
        assert_int_equal(got.n, want.n);
        assert_memory_equal(got.p, want.p, want.n);
        assert_int_equal(dcom_objref_read(buf_str(&want), &a, &back), 0);
        assert_true(back.std.oxid == r.std.oxid && back.std.oid == r.std.oid && uuid_eq(&back.std.ipid, &r.std.ipid));
        assert_int_equal(back.resolver.n_strings, 2);
        assert_true(str_eqz(back.resolver.strings[1].address, "SITE"));
        assert_int_equal(back.resolver.security[0].authn, 10);
        for (size_t n = 0; n < want.n; n++)             /* every cut is noticed */
                assert_int_equal(dcom_objref_read((struct str){ want.p, n }, &a, &back), -EINVAL);
        want.p[4] = 8;                                  /* the extended form */
        assert_int_equal(dcom_objref_read(buf_str(&want), &a, &back), -EINVAL);
        buf_fini(&want);
        buf_fini(&got);
        arena_fini(&a);
}

static void objref_custom(void **state)
{
        struct dcom_objref r = { .kind = DCOM_OBJREF_CUSTOM, .iid = services, .clsid = login_class, .data = STR("data") }, back;
        struct arena a;
        struct buf b;

        arena_init(&a, 0);
        buf_init(&b, 0);
        dcom_objref_write(&r, &b);
        assert_int_equal(dcom_objref_read(buf_str(&b), &a, &back), 0);
        assert_true(back.kind == DCOM_OBJREF_CUSTOM && uuid_eq(&back.clsid, &login_class) && str_eqz(back.data, "data"));
        put_le32(b.p + 44, 4 + 8);                      /* a size that says 8 too many, as activation has it */
        assert_int_equal(dcom_objref_read(buf_str(&b), &a, &back), 0);
        assert_true(str_eqz(back.data, "data"));
        buf_fini(&b);
        arena_fini(&a);
}

/* Words as UTF-16 text would have them. */
static bool dualstring_good(const uint16_t *words, uint16_t n, uint16_t security, struct arena *a, struct dcom_dualstring *out)
{
        struct cursor c;
        struct buf b;
        bool good;

        buf_init(&b, 0);
        buf_le16(&b, n);
        buf_le16(&b, security);
        for (uint16_t i = 0; i < n; i++)
                buf_le16(&b, words[i]);
        c = cursor_of(b.p, b.n);
        dcom_dualstring_read(&c, a, out);
        good = !c.bad;
        buf_fini(&b);
        return good;
}

static void dualstrings(void **state)
{
        static const uint16_t fine[] = { 7, 'h', '[', '1', ']', 0, 0, 10, 0xffff, 'p', 0, 0 };
        static const uint16_t open_end[] = { 7, 'h', 'o' };
        struct dcom_dualstring d;
        struct str host;
        struct arena a;
        uint16_t port;

        arena_init(&a, 0);
        assert_true(dualstring_good(fine, 12, 7, &a, &d));
        assert_true(d.n_strings == 1 && str_eqz(d.strings[0].address, "h[1]") && d.n_security == 1);
        assert_true(str_eqz(d.security[0].principal, "p"));
        assert_true(dualstring_good(NULL, 0, 0, &a, &d) && d.n_strings == 0);
        assert_false(dualstring_good(open_end, 3, 3, &a, &d));          /* no zero behind the text */
        assert_false(dualstring_good(fine, 12, 13, &a, &d));            /* the offset is beyond the end */
        assert_false(dualstring_good(fine, 9, 7, &a, &d));              /* a principal without its end */
        assert_int_equal(dcom_address_split(STR("h[49700]"), 135, &host, &port), 0);
        assert_true(str_eqz(host, "h") && port == 49700);
        assert_int_equal(dcom_address_split(STR("fe80::1"), 135, &host, &port), 0);
        assert_true(str_eqz(host, "fe80::1") && port == 135);
        for (const char *const *bad = (const char *const[]){ "", "[1]", "h[]", "h[0]", "h[65536]", "h[x]", NULL }; *bad; bad++)
                assert_int_equal(dcom_address_split(str_of(*bad), 135, &host, &port), -EINVAL);
        arena_fini(&a);
}

static void activation_request(void **state)
{
        struct dcom_activation asked;
        struct err e = { 0 };
        struct arena a;
        struct buf b;

        arena_init(&a, 0);
        load_hex("activation_in", &b);
        assert_int_equal(dcom_activation_read(buf_str(&b), &a, &asked, &e), 0);
        assert_true(uuid_eq(&asked.clsid, &login_class));
        assert_int_equal(asked.n_iids, 1);
        assert_true(uuid_eq(&asked.iids[0], &login));
        assert_int_equal(asked.com_major, 5);
        for (size_t n = 0; n < 200; n++) {
                e = (struct err){ 0 };
                assert_true(dcom_activation_read((struct str){ b.p, n }, &a, &asked, &e) < 0 && e.text[0]);
        }
        buf_fini(&b);
        arena_fini(&a);
}

static void activation_answer(void **state)
{
        struct dcom_activation asked = { .n_iids = 2 };
        struct str refs[2] = { { NULL, 0 } };
        const uint32_t results[2] = { DCOM_S_OK, DCOM_E_NOINTERFACE };
        struct dcom_activated w = { .asked = &asked, .results = results, .objrefs = refs, .oxid = 0x1122334455667788,
                                    .authn_hint = 5 };
        struct dcom_dualstring d;
        struct buf want, got, ref;
        struct arena a;

        arena_init(&a, 0);
        asked.iids[0] = login;
        asked.iids[1] = services;
        load_hex("activation_out", &want);
        load_hex("objref", &ref);
        refs[0] = buf_str(&ref);
        two_bindings(&d, "[49700]", &a);
        w.bindings = &d;
        for (uint8_t i = 0; i < 16; i++)
                w.ipid_rem_unknown.b[i] = i;
        buf_init(&got, 0);
        dcom_activation_write(&w, &got);
        assert_int_equal(got.n, want.n);
        assert_memory_equal(got.p, want.p, want.n);
        buf_fini(&want);
        buf_fini(&got);
        buf_fini(&ref);
        arena_fini(&a);
}

/* An extent that says something, one that is NULL: both are passed over; and what we write can be read. */
static void extensions(void **state)
{
        struct uuid causality = { { 1, 2, 3 } }, back;
        struct ndr_out o;
        struct ndr_in in;
        struct buf b;

        buf_init(&b, 0);
        o = ndr_out_to(&b);
        dcom_that_write_error(&o, STR("an objref"));
        ndr_out_u32(&o, 4711);
        in = ndr_in_of(buf_str(&b));
        dcom_that_read(&in);
        assert_int_equal(ndr_in_u32(&in), 4711);
        assert_true(ndr_in_ok(&in));
        buf_reset(&b);
        o = ndr_out_to(&b);
        dcom_this_write(&o, &causality);
        in = ndr_in_of(buf_str(&b));
        dcom_this_read(&in, &back);
        assert_true(ndr_in_ok(&in) && uuid_eq(&back, &causality));
        b.p[0] = 4;                                     /* another major version */
        in = ndr_in_of(buf_str(&b));
        dcom_this_read(&in, &back);
        assert_false(ndr_in_ok(&in));
        buf_fini(&b);
}

int test_codecs(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(objref_bytes),      cmocka_unit_test(objref_custom),     cmocka_unit_test(dualstrings),
                cmocka_unit_test(activation_request), cmocka_unit_test(activation_answer), cmocka_unit_test(extensions),
        };

        return cmocka_run_group_tests_name("codecs", tests, NULL, NULL);
}
