/* SPDX-License-Identifier: Apache-2.0 */
/* The content service: pure parts over a manifest made here, the rest through a real client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include "dp/dp.h"
#include "dp/serve.h"
#include "fake_site.h"
#include "fetch/fetch.h"
#include "lib/tmpdir.h"
#include "os/os.h"

/* ---- pure: paths and listings ---- */

struct tree {
        struct manifest_builder b;
        struct buf bytes;
        struct manifest m;
        struct manifest_cursor c;
};

static void entry(struct tree *t, enum manifest_type type, const char *path, const char *target)
{
        struct manifest_entry en = { .type = type, .mode = 0755, .path = str_of(path), .target = str_of(target) };
        struct err e = { 0 };

        if (manifest_builder_entry(&t->b, &en, &e) < 0)
                fail_msg("%s", e.text);
}

static int tree_setup(void **state)
{
        struct tree *t = calloc(1, sizeof(*t));
        uint8_t head[MANIFEST_HEADER_LEN];
        struct err e = { 0 };

        manifest_builder_init(&t->b);
        entry(t, MANIFEST_DIR, "", NULL);
        entry(t, MANIFEST_SYMLINK, "again", "again2");
        entry(t, MANIFEST_SYMLINK, "again2", "again");
        entry(t, MANIFEST_DIR, "d", NULL);
        entry(t, MANIFEST_FILE, "d/a<b>\"&.txt", NULL);
        entry(t, MANIFEST_DIR, "d/sub", NULL);
        entry(t, MANIFEST_FILE, "d/sub/deep", NULL);
        entry(t, MANIFEST_SYMLINK, "d/up", "../file");
        entry(t, MANIFEST_FILE, "d/\xff\n", NULL);
        entry(t, MANIFEST_FILE, "file", NULL);
        entry(t, MANIFEST_SYMLINK, "link", "d/sub");
        entry(t, MANIFEST_SYMLINK, "none", "d/nothing");
        manifest_builder_header(&t->b, head);
        buf_init(&t->bytes, 0);
        buf_add(&t->bytes, head, sizeof(head));
        buf_adds(&t->bytes, buf_str(&t->b.pieces));
        buf_adds(&t->bytes, buf_str(&t->b.entries));
        buf_adds(&t->bytes, buf_str(&t->b.restarts));
        assert_int_equal(manifest_open(&t->m, t->bytes.p, t->bytes.n, &e), 0);
        *state = t;
        return 0;
}

static int tree_teardown(void **state)
{
        struct tree *t = *state;

        manifest_builder_fini(&t->b);
        buf_fini(&t->bytes);
        free(t);
        return 0;
}

static int resolve(struct tree *t, const char *path, char out[MANIFEST_PATH_MAX + 1], struct manifest_entry *en)
{
        struct err e = { 0 };

        snprintf(out, MANIFEST_PATH_MAX + 1, "%s", path);
        return serve_resolve(&t->m, out, &t->c, en, &e);
}

static void paths_resolve(void **state)
{
        static const struct {
                const char *asked, *found;      /* NULL: there is none */
        } v[] = {
                { "", "" }, { "file", "file" }, { "d/", "d" }, { "d//sub/deep", "d/sub/deep" },
                { "link", "d/sub" }, { "link/deep", "d/sub/deep" }, { "d/up", "file" },
                { "none", NULL }, { "again", NULL }, { "again/x", NULL }, { "file/x", NULL }, { "nothing", NULL },
                { "d/nothing", NULL }, { "link/nothing", NULL },
        };
        struct tree *t = *state;
        char path[MANIFEST_PATH_MAX + 1];
        struct manifest_entry en;

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                int r = resolve(t, v[i].asked, path, &en);

                assert_int_equal(r, v[i].found ? 0 : 1);
                if (v[i].found)
                        assert_string_equal(path, v[i].found);
        }
}

static void json_listing(void **state)
{
        struct cas_version v = { .package = "P0100001", .version = 4 };
        struct tree *t = *state;
        char path[MANIFEST_PATH_MAX + 1];
        struct manifest_entry en;
        struct err e = { 0 };
        struct buf b;
        struct serve_listing l = { &b, true, 0 };
        json_t *j, *a;

        buf_init(&b, 0);
        assert_int_equal(resolve(t, "d", path, &en), 0);
        assert_int_equal(serve_folder(&l, &v, STR("d"), STR_NULL, &t->c, &e), 0);
        j = json_loads(b.p, 0, NULL);
        assert_non_null(j);
        a = json_object_get(j, "entries");
        assert_int_equal(json_array_size(a), 4);
        assert_string_equal(json_string_value(json_object_get(json_array_get(a, 0), "name")), "a<b>\"&.txt");
        assert_string_equal(json_string_value(json_object_get(json_array_get(a, 0), "href")), "a%3Cb%3E%22%26.txt");
        assert_string_equal(json_string_value(json_object_get(json_array_get(a, 1), "type")), "folder");
        assert_string_equal(json_string_value(json_object_get(json_array_get(a, 2), "target")), "../file");
        assert_string_equal(json_string_value(json_object_get(json_array_get(a, 3), "href")), "%FF%0A");
        json_decref(j);
        buf_reset(&b);
        l = (struct serve_listing){ &b, false, 0 };
        assert_int_equal(resolve(t, "d", path, &en), 0);
        assert_int_equal(serve_folder(&l, &v, STR("d"), STR("sub"), &t->c, &e), 0);
        assert_null(strstr(b.p, "a&lt;b"));
        assert_non_null(strstr(b.p, "<a href=\"./up\">up</a>"));
        buf_fini(&b);
}

static void headers(void **state)
{
        char date[SERVE_DATE_LEN];

        serve_date(INT64_C(784111777) * 1000000, date);
        assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");         /* RFC 9110 5.6.7 */
        serve_date(-5, date);
        assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_true(serve_none_match(STR("\"x\", W/\"abc\""), "\"abc\""));
        assert_true(serve_none_match(STR("*"), "\"abc\""));
        assert_false(serve_none_match(STR("\"x\""), "\"abc\""));
        assert_true(serve_if_range(STR_NULL, "\"abc\"", date));
        assert_true(serve_if_range(STR("\"abc\""), "\"abc\"", date));
        assert_true(serve_if_range(STR("Thu, 01 Jan 1970 00:00:00 GMT"), "\"abc\"", date));
        assert_false(serve_if_range(STR("W/\"abc\""), "\"abc\"", date));
}

/* ---- through HTTP ---- */

#define PACKAGE "P0100001"
static const size_t files[] = { 10, 0, 250000, 3500000 };

struct world {
        struct loop *loop;
        struct fake_site site;
        char *dir;
        struct dp *dp;
        struct httpd *httpd;
        struct fetch_pool *pool;
        /* the last answer */
        struct fetch *f;
        bool answered;
        int status;
        struct buf body;
        struct err err;
        char etag[100], range[100], length[40], location[300];
};

#define WAIT(w, what)                                                           \
        do {                                                                    \
                int64_t end_ = os_mono_us() + 20 * INT64_C(1000000);            \
                while (!(what)) {                                               \
                        if (os_mono_us() > end_)                                \
                                fail_msg("never: %s", #what);                   \
                        loop_run_once((w)->loop);                               \
                        (void)usleep(100);                                      \
                }                                                               \
        } while (0)

static void keep(struct world *w, const char *name, char *out, size_t cap)
{
        snprintf(out, cap, "%.*s", STR_ARG(fetch_header(w->f, name)));
}

static void on_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct world *w = ctx;

        w->answered = true;
        w->status = status;
        w->err = *e;
        buf_reset(&w->body);
        buf_adds(&w->body, body);
        if (e->kind != ERR_NONE)
                return;
        keep(w, "ETag", w->etag, sizeof(w->etag));
        keep(w, "Content-Range", w->range, sizeof(w->range));
        keep(w, "Content-Length", w->length, sizeof(w->length));
        keep(w, "Location", w->location, sizeof(w->location));
}

static void ask(struct world *w, const char *method, const char *path, const char *header)
{
        const char *h[] = { header, NULL };
        char *url = str_printf("http://127.0.0.1:%u/SMS_DP_SMSPKG$/%s", httpd_port(w->httpd), path);
        struct fetch_req q = { .method = method, .url = url, .headers = h, .done = on_done, .ctx = w };
        struct err e = { 0 };

        w->answered = false;
        assert_int_equal(fetch_start(&w->f, w->pool, &q, &e), 0);
        WAIT(w, w->answered);
        free(url);
}

static int setup(void **state)
{
        struct world *w = calloc(1, sizeof(*w));
        struct fetch_pool_opts po = { 0 };
        struct dp_opts o = { .name = "PAR01" };
        struct httpd_opts ho = { .address = "127.0.0.1" };
        struct err e = { 0 };
        char *url;
        uint64_t id;

        log_level_set((enum log_level)0);
        assert_int_equal(loop_new(&w->loop), 0);
        buf_init(&w->body, 0);
        w->dir = tmpdir_new();
        fake_site_start(&w->site, w->loop, 0);
        fake_site_version(&w->site, files, ARRAY_SIZE(files), 9);
        url = fake_site_url(&w->site);
        o.dir = w->dir;
        o.site_url = url;
        dp_settings_default(&o.settings);
        o.settings.reserve_bytes = 0;
        o.settings.retry_min_ms = 5;
        assert_int_equal(dp_new(&w->dp, w->loop, &o, &e), 0);
        free(url);
        ho.router = dp_router(w->dp);
        assert_int_equal(httpd_new(&w->httpd, w->loop, &ho, &e), 0);
        assert_int_equal(fetch_pool_new(&w->pool, w->loop, &po, &e), 0);
        id = fake_site_order(&w->site, DPWIRE_INSTALL, PACKAGE, 1);
        WAIT(w, fake_site_report(&w->site, id));
        assert_int_equal(fake_site_report(&w->site, id)->m.result, DPWIRE_INSTALLED);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        struct world *w = *state;

        fetch_pool_free(w->pool);
        httpd_free(w->httpd);
        dp_free(w->dp);
        fake_site_free(&w->site);
        loop_free(w->loop);
        buf_fini(&w->body);
        tmpdir_free(w->dir);
        free(w);
        return 0;
}

/* Byte `at` of a file, as the site made it. */
static uint8_t original(const struct world *w, size_t file, size_t at)
{
        size_t piece = 0;

        for (size_t i = 0; i < file; i++)
                piece += (files[i] + FAKE_PIECE - 1) / FAKE_PIECE;
        return w->site.pieces[piece + at / FAKE_PIECE].p[at % FAKE_PIECE];
}

static void assert_bytes(struct world *w, size_t file, size_t from, size_t n)
{
        assert_int_equal(w->body.n, n);
        for (size_t i = 0; i < n; i++)
                if ((uint8_t)w->body.p[i] != original(w, file, from + i))
                        fail_msg("byte %zu differs", from + i);
}

static void whole_files(void **state)
{
        struct world *w = *state;

        ask(w, "GET", PACKAGE "/f000003", NULL);
        assert_int_equal(w->status, 200);
        assert_string_equal(w->length, "3500000");
        assert_bytes(w, 3, 0, 3500000);
        ask(w, "GET", PACKAGE "/f000001", NULL);
        assert_int_equal(w->status, 200);
        assert_int_equal(w->body.n, 0);
        ask(w, "HEAD", PACKAGE "/f000002", NULL);
        assert_int_equal(w->status, 200);
        assert_string_equal(w->length, "250000");
        assert_int_equal(w->body.n, 0);
        ask(w, "POST", PACKAGE "/f000002", NULL);
        assert_int_equal(w->status, 405);
}

static void ranges(void **state)
{
        struct world *w = *state;

        ask(w, "GET", PACKAGE "/f000002", "Range: bytes=99990-100009");
        assert_int_equal(w->status, 206);
        assert_string_equal(w->range, "bytes 99990-100009/250000");
        assert_bytes(w, 2, 99990, 20);
        ask(w, "GET", PACKAGE "/f000002", "Range: bytes=-1");
        assert_int_equal(w->status, 206);
        assert_bytes(w, 2, 249999, 1);
        ask(w, "GET", PACKAGE "/f000002", "Range: bytes=200000-");
        assert_bytes(w, 2, 200000, 50000);
        ask(w, "GET", PACKAGE "/f000002", "Range: bytes=250000-");
        assert_int_equal(w->status, 416);
        assert_string_equal(w->range, "bytes */250000");
        ask(w, "GET", PACKAGE "/f000002", "Range: lines=1-2");
        assert_int_equal(w->status, 200);
}

static void conditions(void **state)
{
        struct world *w = *state;
        char header[200];

        ask(w, "GET", PACKAGE "/f000002", NULL);
        snprintf(header, sizeof(header), "If-None-Match: %s", w->etag);
        ask(w, "GET", PACKAGE "/f000002", header);
        assert_int_equal(w->status, 304);
        assert_int_equal(w->body.n, 0);
        ask(w, "GET", PACKAGE "/f000002", "If-None-Match: \"other\"");
        assert_int_equal(w->status, 200);
}

static void listings(void **state)
{
        struct world *w = *state;

        ask(w, "GET", "", NULL);
        assert_int_equal(w->status, 200);
        assert_non_null(strstr(w->body.p, "\"package\":\"P0100001\",\"version\":1"));
        ask(w, "GET", PACKAGE "/", "Accept: application/json");
        assert_non_null(strstr(w->body.p, "\"name\":\"f000003\""));
        ask(w, "GET", PACKAGE "/", NULL);
        assert_non_null(strstr(w->body.p, "<a href=\"./f000003\">"));
        ask(w, "GET", PACKAGE, NULL);
        assert_int_equal(w->status, 301);
        assert_true(str_ends(str_of(w->location), "/" PACKAGE "/"));
}

static void what_is_not_there(void **state)
{
        static const char *const paths[] = { "P0100002/", "P0100001/nope", "P0100001/f000002/", "P0100001/f000002/x",
                                             "not-a-package/x", "P0100001/%2e%2e/%2e%2e/etc/passwd", "p0100001/f000002" };
        struct world *w = *state;

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                ask(w, "GET", paths[i], NULL);
                if (w->status / 100 != 4)
                        fail_msg("%s: %d", paths[i], w->status);
        }
}

/* A bit flips on the disk: the answer breaks off, the site hears of the file, and it is not served again. */
static void damaged_bytes_are_not_served(void **state)
{
        struct world *w = *state;
        char *path = tmpdir_path(w->dir, "library/packs/00000001.pack");
        FILE *f = fopen(path, "r+b");
        const struct fake_report *r;

        assert_non_null(f);
        assert_int_equal(fseek(f, 1500000, SEEK_SET), 0);
        assert_true(fputc(0x55, f) != EOF && fputc(0x54, f) != EOF);
        assert_int_equal(fclose(f), 0);
        free(path);
        ask(w, "GET", PACKAGE "/f000003", NULL);
        assert_int_not_equal(w->err.kind, ERR_NONE);
        WAIT(w, fake_site_report(&w->site, 0));
        r = fake_site_report(&w->site, 0);
        assert_int_equal(r->m.result, DPWIRE_INVALID);
        assert_string_equal(r->file, "f000003");
        assert_string_equal(r->m.package, PACKAGE);
        ask(w, "GET", PACKAGE "/f000003", NULL);
        assert_int_equal(w->status, 503);
        ask(w, "GET", PACKAGE "/f000002", NULL);
        assert_int_equal(w->status, 200);
}

int main(void)
{
#define P(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        const struct CMUnitTest tests[] = {
                P(paths_resolve),
                P(json_listing),
                cmocka_unit_test(headers),
                T(whole_files),
                T(ranges),
                T(conditions),
                T(listings),
                T(what_is_not_there),
                T(damaged_bytes_are_not_served),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
