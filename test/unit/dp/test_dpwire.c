/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "codec/dpwire.h"

struct fixture {
        struct arena a;
        struct buf b;
        struct err e;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        arena_init(&f->a, 0);
        buf_init(&f->b, 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        arena_fini(&f->a);
        buf_fini(&f->b);
        free(f);
        return 0;
}

static bool same(struct str a, struct str b)
{
        return str_eq(a, b);
}

static void orders_round_trip(void **state)
{
        struct fixture *f = *state;
        struct dpwire_order in[2] = {
                { .id = 12, .kind = DPWIRE_INSTALL, .package = "P0100001", .version = 3, .has_manifest = true, .size = 1u << 31,
                  .redistribute = true },
                { .id = 15, .kind = DPWIRE_CANCEL },
        };
        struct dpwire_orders m = { in, 2 }, out;

        memset(in[0].manifest.b, 0xab, HASH_LEN);
        dpwire_orders_encode(&f->b, &m);
        assert_int_equal(dpwire_orders_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_int_equal(out.n, 2);
        assert_int_equal(out.v[0].id, 12);
        assert_string_equal(out.v[0].package, "P0100001");
        assert_true(hash_id_eq(&out.v[0].manifest, &in[0].manifest));
        assert_true(out.v[0].redistribute);
        assert_int_equal(out.v[0].size, 1u << 31);
        assert_int_equal(out.v[1].kind, DPWIRE_CANCEL);
        assert_string_equal(out.v[1].package, "");
}

static void orders_refused(void **state)
{
        static const struct {
                const char *text, *why;
        } bad[] = {
                { "", "not JSON" },
                { "[]", "not a JSON object" },
                { "{}", "\"orders\" is missing" },
                { "{\"orders\":[1]}", "not an object" },
                { "{\"orders\":[{\"id\":0,\"kind\":\"remove\",\"package\":\"P0100001\"}]}", "\"id\" is 0" },
                { "{\"orders\":[{\"id\":-1,\"kind\":\"remove\",\"package\":\"P0100001\"}]}", "out of range" },
                { "{\"orders\":[{\"id\":1.5,\"kind\":\"remove\",\"package\":\"P0100001\"}]}", "whole number" },
                { "{\"orders\":[{\"id\":1,\"kind\":\"eat\",\"package\":\"P0100001\"}]}", "\"kind\" is none" },
                { "{\"orders\":[{\"id\":1,\"kind\":\"remove\",\"package\":\"p0100001\"}]}", "not a PackageID" },
                { "{\"orders\":[{\"id\":1,\"kind\":\"remove\",\"package\":\"../../et\"}]}", "not a PackageID" },
                { "{\"orders\":[{\"id\":1,\"kind\":\"install\",\"package\":\"P0100001\",\"version\":1}]}",
                  "\"manifest\" is missing" },
                { "{\"orders\":[{\"id\":1,\"id\":2,\"kind\":\"remove\",\"package\":\"P0100001\"}]}", "not JSON" },
                { "{\"orders\":[[[[[[[[[[]]]]]]]]]]}", "nested deeper" },
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct dpwire_orders out;

                err_clear(&f->e);
                assert_true(dpwire_orders_decode(&f->a, str_of(bad[i].text), &out, &f->e) < 0);
                assert_int_equal(out.n, 0);
                if (!strstr(f->e.text, bad[i].why))
                        fail_msg("%s: %s", bad[i].text, f->e.text);
        }
}

static void unknown_members_are_ignored(void **state)
{
        struct fixture *f = *state;
        struct dpwire_orders out;

        assert_int_equal(dpwire_orders_decode(&f->a, STR("{\"x\":{\"y\":[1]},\"orders\":[{\"id\":1,\"kind\":\"inventory\",\"z\":null}]}"),
                                              &out, &f->e), 0);
        assert_int_equal(out.v[0].kind, DPWIRE_INVENTORY);
}

static void report_round_trip(void **state)
{
        struct fixture *f = *state;
        struct str files[] = { STR("a b/\"q\"\n.txt"), { "caf\xe9/\x01", 6 }, STR("na\xc3\xafve") };
        struct dpwire_report in = {
                .order = 7, .kind = DPWIRE_VALIDATE, .package = "P01000FF", .version = 9, .has_manifest = true,
                .result = DPWIRE_INVALID, .code = DPWIRE_DAMAGED, .text = STR("bad\\worse"), .files = files, .n_files = 3,
                .bytes_received = 5, .bytes_reused = UINT64_C(1) << 40, .duration_ms = 12345,
        }, out;

        dpwire_report_encode(&f->b, &in);
        assert_int_equal(dpwire_report_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_int_equal(out.order, 7);
        assert_int_equal(out.kind, DPWIRE_VALIDATE);
        assert_int_equal(out.result, DPWIRE_INVALID);
        assert_int_equal(out.code, DPWIRE_DAMAGED);
        assert_true(same(out.text, in.text));
        assert_int_equal(out.n_files, 3);
        assert_true(same(out.files[0], files[0]));
        assert_true(same(out.files[1], STR("caf\\xe9/\x01")));
        assert_true(same(out.files[2], files[2]));
        assert_int_equal(out.bytes_reused, UINT64_C(1) << 40);
        assert_int_equal(out.duration_ms, 12345);
}

static void report_needs_its_manifest(void **state)
{
        struct fixture *f = *state;
        struct dpwire_report in = { .order = 7, .package = "P01000FF", .version = 9, .result = DPWIRE_INSTALLED }, out;

        dpwire_report_encode(&f->b, &in);
        assert_true(dpwire_report_decode(&f->a, buf_str(&f->b), &out, &f->e) < 0);
        buf_reset(&f->b);
        in.result = DPWIRE_REMOVED;
        dpwire_report_encode(&f->b, &in);
        assert_int_equal(dpwire_report_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
}

static void report_stays_small(void **state)
{
        struct fixture *f = *state;
        char *name = malloc(4096);
        struct str files[200];
        struct dpwire_report in = { .package = "P01000FF", .result = DPWIRE_INVALID, .files = files, .n_files = 200 }, out;

        memset(name, 0xff, 4096);
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                files[i] = (struct str){ name, 4096 };
        dpwire_report_encode(&f->b, &in);
        assert_true(f->b.n <= DPWIRE_SMALL_BODY);
        assert_int_equal(dpwire_report_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_true(out.n_files > 0 && out.n_files <= DPWIRE_MAX_FILES);
        free(name);
}

static void unknown_codes_are_other(void **state)
{
        struct fixture *f = *state;
        struct dpwire_report out;

        assert_int_equal(dpwire_report_decode(&f->a,
                STR("{\"order\":1,\"kind\":\"install\",\"package\":\"P0100001\",\"version\":1,\"result\":\"failed\",\"code\":\"Comet\"}"),
                &out, &f->e), 0);
        assert_int_equal(out.code, DPWIRE_CODE_OTHER);
}

static void inventory_round_trip(void **state)
{
        struct fixture *f = *state;
        struct dpwire_held held[] = { { .package = "P0100001", .version = 1, .sound = true }, { .package = "XYZ0000A", .version = 2 } };
        struct dpwire_inventory in = { .order = 3, .version = STR("0.1"), .bytes_free = 1, .bytes_total = 2,
                                       .packages = held, .n_packages = 2 }, out;

        dpwire_inventory_encode(&f->b, &in);
        assert_int_equal(dpwire_inventory_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_int_equal(out.n_packages, 2);
        assert_string_equal(out.packages[1].package, "XYZ0000A");
        assert_true(out.packages[0].sound);
        assert_false(out.packages[1].sound);
        assert_int_equal(out.bytes_total, 2);
}

static void enrolment_round_trip(void **state)
{
        struct fixture *f = *state;
        struct dpwire_enroll in = { STR("PAR01"), STR("tm1.x.y.z"), STR("-----BEGIN\n"), STR("https://par01:8444") }, out;
        struct dpwire_enrolled ein = { STR("c"), STR("a"), STR("\\\\PAR01\\"), STR("P01"), STR("/p/") }, eout;

        dpwire_enroll_encode(&f->b, &in);
        assert_int_equal(dpwire_enroll_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_true(same(out.csr, in.csr) && same(out.token, in.token) && same(out.url, in.url));
        buf_reset(&f->b);
        dpwire_enrolled_encode(&f->b, &ein);
        assert_int_equal(dpwire_enrolled_decode(&f->a, buf_str(&f->b), &eout, &f->e), 0);
        assert_true(same(eout.nal_path, ein.nal_path) && same(eout.site_code, ein.site_code));
}

static void small_answers(void **state)
{
        struct fixture *f = *state;
        struct dpwire_progress p = { 1, 2, 3, 4, 5 };
        struct dpwire_progresses in = { &p, 1 }, out;
        struct str code, message, text;
        bool applied = false;

        dpwire_reported_encode(&f->b, true);
        assert_int_equal(dpwire_reported_decode(buf_str(&f->b), &applied, &f->e), 0);
        assert_true(applied);
        buf_reset(&f->b);
        dpwire_progress_encode(&f->b, &in);
        assert_int_equal(dpwire_progress_decode(&f->a, buf_str(&f->b), &out, &f->e), 0);
        assert_int_equal(out.v[0].files_total, 5);
        buf_reset(&f->b);
        dpwire_renew_encode(&f->b, STR("csr"));
        assert_int_equal(dpwire_renew_decode(&f->a, buf_str(&f->b), &text, &f->e), 0);
        assert_true(same(text, STR("csr")));
        assert_true(dpwire_renewed_decode(&f->a, buf_str(&f->b), &text, &f->e) < 0);
        assert_int_equal(dpwire_error_decode(&f->a, STR("{\"error\":{\"code\":\"Gone\",\"message\":\"m\"}}"), &code, &message), 0);
        assert_true(same(code, STR("Gone")) && same(message, STR("m")));
        assert_int_equal(dpwire_error_decode(&f->a, STR("<html>"), &code, &message), 1);
}

static void active_lists(void **state)
{
        struct fixture *f = *state;
        uint64_t ids[3] = { 12, 15, UINT64_C(1) << 40 }, out[3];
        size_t n;

        dpwire_active_encode(&f->b, ids, 3);
        assert_string_equal(f->b.p, "12,15,1099511627776");
        assert_int_equal(dpwire_active_decode(buf_str(&f->b), out, 3, &n, &f->e), 0);
        assert_int_equal(n, 3);
        assert_int_equal(out[2], ids[2]);
        assert_int_equal(dpwire_active_decode(STR(""), out, 3, &n, &f->e), 0);
        assert_int_equal(n, 0);
        assert_true(dpwire_active_decode(STR("1,2,3,4"), out, 3, &n, &f->e) < 0);
        assert_true(dpwire_active_decode(STR("1,x"), out, 3, &n, &f->e) < 0);
        assert_true(dpwire_active_decode(STR("0"), out, 3, &n, &f->e) < 0);
}

static void want_lists(void **state)
{
        static const uint64_t pieces[] = { 0, 1, 2, 10, 11, 300, 100000 };
        struct fixture *f = *state;
        struct dpwire_want_writer w;
        struct dpwire_want_reader r;
        uint64_t first, count;
        size_t n = 0;

        dpwire_want_begin(&w, &f->b);
        for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
                dpwire_want_add(&w, pieces[i]);
        dpwire_want_end(&w);
        dpwire_want_open(&r, buf_str(&f->b), 100001);
        while (dpwire_want_next(&r, &first, &count, &f->e) == 1)
                for (uint64_t i = 0; i < count; i++)
                        assert_int_equal(first + i, pieces[n++]);
        assert_int_equal(n, ARRAY_SIZE(pieces));
        assert_int_equal(f->e.kind, ERR_NONE);
        dpwire_want_open(&r, buf_str(&f->b), 100000);
        while (dpwire_want_next(&r, &first, &count, &f->e) == 1)
                ;
        assert_int_equal(f->e.kind, ERR_INVALID);
}

static int read_all(const char *bytes, size_t n, uint64_t n_pieces)
{
        struct dpwire_want_reader r;
        uint64_t first, count;
        struct err e = { 0 };
        int x;

        dpwire_want_open(&r, (struct str){ bytes, n }, n_pieces);
        while ((x = dpwire_want_next(&r, &first, &count, &e)) == 1)
                ;
        return x;
}

static void want_lists_refused(void **state)
{
        assert_int_equal(read_all("", 0, 5), 0);
        assert_int_equal(read_all("\x00\x05", 2, 5), 0);
        assert_true(read_all("\x00\x06", 2, 5) < 0);            /* passes the end */
        assert_true(read_all("\x00\x00", 2, 5) < 0);            /* takes nothing */
        assert_true(read_all("\x00\x01\x00\x01", 4, 5) < 0);    /* two ways to say one thing */
        assert_true(read_all("\x01", 1, 5) < 0);                /* cut off */
        assert_true(read_all("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", 11, 5) < 0);
}

static void package_ids(void **state)
{
        assert_true(dpwire_package_ok(STR("P0100001")));
        assert_true(dpwire_package_ok(STR("ZZZFFFFF")));
        assert_false(dpwire_package_ok(STR("P010000G")));
        assert_false(dpwire_package_ok(STR("P010000a")));
        assert_false(dpwire_package_ok(STR("P01000011")));
        assert_false(dpwire_package_ok(STR("")));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(orders_round_trip),
                T(orders_refused),
                T(unknown_members_are_ignored),
                T(report_round_trip),
                T(report_needs_its_manifest),
                T(report_stays_small),
                T(unknown_codes_are_other),
                T(inventory_round_trip),
                T(enrolment_round_trip),
                T(small_answers),
                T(active_lists),
                T(want_lists),
                T(want_lists_refused),
                T(package_ids),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
