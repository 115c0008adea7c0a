/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, queries, ranges, routes and error bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "http/server.h"

static int setup(void **state)
{
        static struct arena a;

        arena_init(&a, 0);
        *state = &a;
        return 0;
}

static int teardown(void **state)
{
        arena_fini(*state);
        return 0;
}

static void test_paths(void **state)
{
        static const struct {
                const char *raw, *path;         /* path NULL: refused */
        } all[] = {
                { "/", "/" },
                { "/a/b", "/a/b" },
                { "/a//b/", "/a//b/" },
                { "/a%20b+c", "/a b+c" },
                { "/%41%2f%62", "/A/b" },
                { "/./a/./b/.", "/a/b/" },
                { "/.", "/" },
                { "/a/...", "/a/..." },
                { "/a/..b/c..", "/a/..b/c.." },
                { "/new%0Aline/%ff", "/new\nline/\xff" },
                { "/SMS_Site('P01')/AdminService.X", "/SMS_Site('P01')/AdminService.X" },
                { "", NULL },
                { "a", NULL },
                { "*", NULL },
                { "/..", NULL },
                { "/../a", NULL },
                { "/a/..", NULL },
                { "/a/%2e%2E/b", NULL },
                { "/a/.%2e/b", NULL },
                { "/a%2f..%2fb", NULL },
                { "/a%00b", NULL },
                { "/a%", NULL },
                { "/a%4", NULL },
                { "/a%4g", NULL },
                { "/a%g4", NULL },
        };

        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                struct str out = STR_NULL;
                int r = http_path_decode(*state, str_of(all[i].raw), &out);

                assert_int_equal(r, all[i].path ? 0 : -EINVAL);
                if (all[i].path) {
                        assert_string_equal(out.p, all[i].path);
                        assert_int_equal(out.n, strlen(all[i].path));
                }
        }
}

static void test_queries(void **state)
{
        static const struct {
                const char *raw, *name, *value;
                int r;
        } all[] = {
                { "a=1&b=2", "b", "2", 0 },
                { "a=1&a=2", "a", "1", 0 },
                { "%24filter=Name+eq+%27x%26y%27", "$filter", "Name eq 'x&y'", 0 },
                { "a", "a", "", 0 },
                { "a=", "a", "", 0 },
                { "a==b", "a", "=b", 0 },
                { "&&a=1&&", "a", "1", 0 },
                { "%zz=1&a=2", "a", "2", 0 },
                { "", "a", NULL, 1 },
                { "aa=1", "a", NULL, 1 },
                { "A=1", "a", NULL, 1 },
                { "a=%", "a", NULL, -EINVAL },
                { "a=x%00y", "a", NULL, -EINVAL },
        };

        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                struct str out = STR_NULL;

                assert_int_equal(http_query_find(*state, str_of(all[i].raw), all[i].name, &out), all[i].r);
                if (all[i].value)
                        assert_string_equal(out.p, all[i].value);
        }
}

static void test_ranges(void **state)
{
        static const struct {
                const char *header;
                uint64_t size;
                int r;
                uint64_t first, last;
        } all[] = {
                { "bytes=0-499", 1000, 0, 0, 499 },
                { "bytes=500-", 1000, 0, 500, 999 },
                { "bytes=-200", 1000, 0, 800, 999 },
                { "bytes=-2000", 1000, 0, 0, 999 },
                { "bytes=999-5000", 1000, 0, 999, 999 },
                { "bytes=0-99999999999999999999999", 1000, 0, 0, 999 },
                { "Bytes = 1-1", 2, 0, 1, 1 },
                { "bytes=0-0", UINT64_MAX, 0, 0, 0 },
                { "bytes=1000-", 1000, HTTP_RANGE_UNSATISFIABLE, 0, 0 },
                { "bytes=99999999999999999999999-", 1000, HTTP_RANGE_UNSATISFIABLE, 0, 0 },
                { "bytes=0-0", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0 },
                { "bytes=-0", 1000, HTTP_RANGE_UNSATISFIABLE, 0, 0 },
                { "bytes=-5", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0 },
                { "bytes=5-4", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=0-1,5-6", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=-", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=5", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=a-b", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=1 - 2", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes=--1", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "items=0-5", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "bytes", 1000, HTTP_RANGE_NONE, 0, 0 },
                { "", 1000, HTTP_RANGE_NONE, 0, 0 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                uint64_t first = 0, last = 0;

                assert_int_equal(http_range_parse(str_of(all[i].header), all[i].size, &first, &last), all[i].r);
                assert_true(first == all[i].first && last == all[i].last);
        }
}

static void handler(void *ctx, struct http_exchange *x)
{
        http_reply_empty(x, 204);
}

static const struct http_route routes[] = {
        { NULL, "/", 0, handler, NULL },
        { "GET", "/a", 0, handler, NULL },
        { "POST", "/a", 0, handler, NULL },
        { "GET", "/a/", 0, handler, NULL },
        { "POST", "/a/b/", 0, handler, NULL },
        { "HEAD", "/a/b/", 0, handler, NULL },
};

static ptrdiff_t route_of(const struct http_router *r, const char *method, const char *path, bool *other)
{
        const struct http_route *t = http_route_find(r, str_of(method), str_of(path), other);

        return t ? t - r->routes : -1;
}

static void test_routes(void **state)
{
        const struct http_router all = { routes, ARRAY_SIZE(routes) }, some = { routes + 1, ARRAY_SIZE(routes) - 1 };
        bool other;

        assert_int_equal(route_of(&all, "GET", "/", &other), 0);
        assert_int_equal(route_of(&all, "GET", "/b", &other), 0);
        assert_int_equal(route_of(&all, "GET", "/ab", &other), 0);
        assert_int_equal(route_of(&all, "GET", "/a", &other), 1);
        assert_int_equal(route_of(&all, "POST", "/a", &other), 2);
        assert_int_equal(route_of(&all, "HEAD", "/a", &other), 1);
        assert_int_equal(route_of(&all, "GET", "/a/", &other), 3);
        assert_int_equal(route_of(&all, "GET", "/a/x/y", &other), 3);
        assert_int_equal(route_of(&all, "POST", "/a/b/c", &other), 4);
        assert_int_equal(route_of(&all, "HEAD", "/a/b/c", &other), 5);
        assert_false(other);
        assert_int_equal(route_of(&all, "GET", "/a/b/c", &other), -1);  /* the longest prefix decides */
        assert_true(other);
        assert_int_equal(route_of(&some, "GET", "/nothing", &other), -1);
        assert_false(other);
        assert_string_equal(http_route_allow(&all, *state, STR("/a")), "GET, HEAD, POST");
        assert_string_equal(http_route_allow(&all, *state, STR("/a/b/c")), "POST, HEAD");
}

static void test_error_bodies(void **state)
{
        struct str b = http_error_body(*state, ERR_NOT_FOUND, STR("a\"b\\c\n\x01\xc3\xa9\xff\xe2\x82"));

        assert_string_equal(b.p, "{\"error\":{\"code\":\"NotFound\",\"message\":"
                                 "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\\ufffd\\ufffd\\ufffd\"}}");
}

/* A server that only remembers: how handlers are tested without sockets. */
struct fake {
        struct http_exchange base;
        int status;
        char body[200];
        unsigned replies;
};

static void fake_reply(struct http_exchange *x, int status, const char *type, struct str body)
{
        struct fake *f = container_of(x, struct fake, base);

        f->status = status;
        f->replies++;
        memcpy(f->body, body.p, MIN(body.n, sizeof(f->body) - 1));
}

static void count(void *arg)
{
        ++*(unsigned *)arg;
}

static void test_exchange(void **state)
{
        static const struct http_server_ops ops = { .reply = fake_reply };
        struct fake f = { 0 };
        struct err e = { 0 };
        unsigned gone = 0;

        http_exchange_init(&f.base, &ops, 0);
        f.base.request.raw_query = STR("name=a%20b&bad=%");
        assert_int_equal(http_exchange_add_header(&f.base, STR("X-One"), STR("1")), 0);
        assert_int_equal(http_exchange_add_header(&f.base, STR("x-one"), STR("2")), 0);
        assert_true(str_eqz(http_header(&f.base, "X-ONE"), "1"));
        assert_null(http_header(&f.base, "X-Two").p);
        assert_true(str_eqz(http_query(&f.base, "name"), "a b"));
        assert_null(http_query(&f.base, "bad").p);
        http_reply_header(&f.base, "X-Reply", "a\r\nb\x7f");
        assert_true(str_eqz(f.base.reply_headers->value, "a??b?"));
        http_on_gone(&f.base, count, &gone);
        http_exchange_tell_gone(&f.base);
        http_exchange_tell_gone(&f.base);
        assert_int_equal(gone, 1);
        http_on_gone(&f.base, count, &gone);
        (void)err_set(&e, ERR_DENIED, "no");
        http_reply_err(&f.base, &e);
        http_exchange_tell_gone(&f.base);       /* replied: nobody waits any more */
        assert_int_equal(gone, 1);
        assert_int_equal(f.status, 403);
        assert_int_equal(f.replies, 1);
        assert_string_equal(f.body, "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"no\"}}");
        http_exchange_fini(&f.base);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
                cmocka_unit_test_setup_teardown(test_queries, setup, teardown),
                cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
                cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_error_bodies, setup, teardown),
                cmocka_unit_test_setup_teardown(test_exchange, setup, teardown),
        };

        return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
