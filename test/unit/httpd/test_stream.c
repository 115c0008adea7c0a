/* SPDX-License-Identifier: Apache-2.0 */
/* Streams through server and client: pressure, aborts, silence, peers that go. */
#include "harness.h"

enum { BIG = 200 << 20 };

struct source {
        struct http_stream s;
        uint64_t size, sent;
        uint64_t abort_at;              /* 0: never */
        bool quiet;                     /* nothing now, until told */
        unsigned freed, silences;
        int fd;                         /* of a direct stream */
        bool cut;                       /* it promises bytes its file lacks */
};
static struct source src;

/* What byte the stream has at an offset. */
static uint8_t byte_at(uint64_t at)
{
        return (uint8_t)(at >> 16 ^ at >> 8 ^ at);
}

static ssize_t src_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct source *o = container_of(s, struct source, s);
        size_t n = (size_t)MIN((uint64_t)max, o->size - at);

        assert_true(at == o->sent);
        if (o->quiet) {
                o->silences++;
                return 0;
        }
        if (o->abort_at && at >= o->abort_at)
                return HTTP_STREAM_ABORT;
        if (n == 0)
                return HTTP_STREAM_END;
        for (size_t i = (4096 - at % 4096) % 4096; i < n; i += 4096)    /* enough to catch a shift, and quick */
                ((uint8_t *)p)[i] = byte_at(at + i);
        o->sent += n;
        return (ssize_t)n;
}

static void src_free(struct http_stream *s)
{
        container_of(s, struct source, s)->freed++;
}

static void known(void *ctx, struct http_exchange *x)
{
        src.s.read = src_read;
        src.s.free = src_free;
        http_reply_stream(x, 200, "application/octet-stream", src.size, &src.s);
}

/* Stretches of a file, 70,001 bytes each, so that they end anywhere. */
static int src_where(struct http_stream *s, struct http_extent *out)
{
        struct source *o = container_of(s, struct source, s);

        if (o->quiet) {
                o->silences++;
                return 0;
        }
        if (o->abort_at && o->sent >= o->abort_at)
                return HTTP_STREAM_ABORT;
        *out = (struct http_extent){ o->fd, o->sent, MIN(UINT64_C(70001), o->size - o->sent) };
        return 1;
}

static void src_sent(struct http_stream *s, size_t n)
{
        container_of(s, struct source, s)->sent += n;
}

static void src_close(struct http_stream *s)
{
        (void)close(container_of(s, struct source, s)->fd);
        src_free(s);
}

static void direct(void *ctx, struct http_exchange *x)
{
        FILE *f = tmpfile();

        assert_non_null(f);
        src.fd = dup(fileno(f));
        fclose(f);
        assert_int_equal(ftruncate(src.fd, (off_t)(src.cut ? src.size / 2 : src.size)), 0);
        for (uint64_t at = 0; at < src.size && !src.cut; at += 4096) {
                uint8_t b = byte_at(at);

                assert_int_equal(pwrite(src.fd, &b, 1, (off_t)at), 1);
        }
        src.s.read = src_read;
        src.s.where = src_where;
        src.s.sent = src_sent;
        src.s.free = src_close;
        http_reply_stream(x, 200, "application/octet-stream", src.size, &src.s);
}

static void chunked(void *ctx, struct http_exchange *x)
{
        src.s.read = src_read;
        src.s.free = src_free;
        http_reply_stream(x, 200, "application/octet-stream", HTTP_SIZE_UNKNOWN, &src.s);
}

/* The last 300000 bytes of a temporary file of 1000000, and one byte more than there is. */
static void from_file(void *ctx, struct http_exchange *x)
{
        bool too_much = http_query(x, "more").p != NULL;
        FILE *f = tmpfile();
        int fd;

        assert_non_null(f);
        for (unsigned i = 0; i < 1000000; i++)
                putc(byte_at(i), f);
        fflush(f);
        fd = dup(fileno(f));
        fclose(f);
        http_reply_fd(x, 206, "application/octet-stream", fd, 700000, 300000 + too_much);
}

static const struct http_route routes[] = {
        { "GET", "/known", 0, known, NULL },
        { "GET", "/chunked", 0, chunked, NULL },
        { NULL, "/direct", 0, direct, NULL },
        { "GET", "/file", 0, from_file, NULL },
};

static int setup(void **state)
{
        static struct net n;

        memset(&src, 0, sizeof(src));
        net_open(&n, routes, ARRAY_SIZE(routes), NULL, NULL);
        *state = &n;
        return 0;
}

static int teardown(void **state)
{
        net_close(*state);
        return 0;
}

struct sink {
        struct answer a;                /* first: on_answer's context */
        uint64_t got, next_pause;
        unsigned pauses;
        bool paused, lie;
};

static bool take(void *ctx, const uint8_t *p, size_t n)
{
        struct sink *k = ctx;

        if (k->got >= k->next_pause) {
                k->next_pause += 20 << 20;
                k->pauses++;
                k->paused = true;
                return false;
        }
        for (size_t i = (4096 - k->got % 4096) % 4096; i < n; i += 4096)
                k->lie |= p[i] != byte_at(k->got + i);
        k->got += n;
        return true;
}

static void sink_start(struct net *n, struct sink *k, const char *path)
{
        char url[100];
        struct err e = { 0 };
        struct fetch_req r = { .method = "GET", .url = url, .data = take, .done = on_answer, .ctx = k };

        (void)snprintf(url, sizeof(url), "%s%s", n->base, path);
        assert_int_equal(fetch_start(&k->a.f, n->pool, &r, &e), 0);
}

static void pressure(struct net *n, const char *path)
{
        struct sink k = { .next_pause = 1 << 20 };

        src.size = BIG;
        sink_start(n, &k, path);
        while (!k.a.done) {
                uv_run(loop_uv(n->loop), UV_RUN_ONCE);
                if (k.paused) {
                        /* The server must come to a stop: kernel buffers and one block are all it may run ahead. */
                        net_spin(n, 50);
                        assert_true(src.sent - k.got < 16 << 20);
                        k.paused = false;
                        fetch_resume(k.a.f);
                }
        }
        assert_int_equal(k.a.e.kind, ERR_NONE);
        assert_int_equal(k.got, BIG);
        assert_false(k.lie);
        assert_int_equal(k.pauses, 10);
        net_spin(n, 3);
        assert_int_equal(src.freed, 1);
        answer_fini(&k.a);
}

static void test_pressure(void **state)
{
        pressure(*state, "/known");
}

static void test_direct(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        pressure(n, "/direct");
        assert_int_equal(src.sent, BIG);
        memset(&src, 0, sizeof(src));
        src.size = 1 << 20;
        net_send(n, &a, "HEAD", "/direct", STR(""));
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(src.sent, 0);
        net_spin(n, 3);
        assert_int_equal(src.freed, 1);
        answer_fini(&a);
}

static void test_chunked(void **state)
{
        struct net *n = *state;
        struct sink k = { .next_pause = UINT64_MAX };

        src.size = 3000001;
        sink_start(n, &k, "/chunked");
        net_wait(n, &k.a.done);
        assert_int_equal(k.a.e.kind, ERR_NONE);
        assert_int_equal(k.got, 3000001);
        assert_false(k.lie);
        net_spin(n, 3);
        assert_int_equal(src.freed, 1);
        answer_fini(&k.a);
}

static void silence_and_wake(struct net *n, const char *path)
{
        struct sink k = { .next_pause = UINT64_MAX };

        memset(&src, 0, sizeof(src));
        src.size = 100000;
        src.quiet = true;
        sink_start(n, &k, path);
        net_wait_count(n, &src.silences, 1);
        net_spin(n, 5);
        assert_int_equal(src.silences, 1);
        http_stream_wake(&src.s);               /* for nothing */
        net_wait_count(n, &src.silences, 2);
        src.quiet = false;
        http_stream_wake(&src.s);
        http_stream_wake(&src.s);               /* twice is harmless */
        net_wait(n, &k.a.done);
        assert_int_equal(k.got, 100000);
        assert_int_equal(k.a.e.kind, ERR_NONE);
        answer_fini(&k.a);
}

static void test_silence_and_wake(void **state)
{
        silence_and_wake(*state, "/known");
        silence_and_wake(*state, "/direct");
}

static void abort_on(struct net *n, const char *path)
{
        struct sink k = { .next_pause = UINT64_MAX };

        memset(&src, 0, sizeof(src));
        src.size = 10 << 20;
        src.abort_at = 1 << 20;
        sink_start(n, &k, path);
        net_wait(n, &k.a.done);
        assert_int_equal(k.a.e.kind, ERR_UNAVAILABLE);
        assert_non_null(strstr(k.a.e.text, "127.0.0.1:"));
        net_spin(n, 3);
        assert_int_equal(src.freed, 1);
        answer_fini(&k.a);
}

static void test_abort(void **state)
{
        abort_on(*state, "/known");
        abort_on(*state, "/chunked");
        abort_on(*state, "/direct");
}

static void test_early_end(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        net_get(n, &a, "/file?more=1");
        assert_int_equal(a.e.kind, ERR_UNAVAILABLE);
        answer_fini(&a);
        memset(&a, 0, sizeof(a));
        src.size = 1 << 20;
        src.cut = true;
        net_get(n, &a, "/direct");
        assert_int_equal(a.e.kind, ERR_UNAVAILABLE);
        answer_fini(&a);
}

static void test_file(void **state)
{
        struct net *n = *state;
        struct answer a = { 0 };

        net_get(n, &a, "/file");
        assert_int_equal(a.e.kind, ERR_NONE);
        assert_int_equal(a.status, 206);
        assert_int_equal(a.n, 300000);
        for (unsigned i = 0; i < a.n; i++)
                assert_int_equal((uint8_t)a.body[i], byte_at(700000 + i));
        answer_fini(&a);
}

/* The peer goes while the stream has nothing to say: it is freed without another word. */
static void gone_while_silent(struct net *n, const char *path)
{
        struct sink k = { .next_pause = UINT64_MAX };

        memset(&src, 0, sizeof(src));
        src.size = 100000;
        src.quiet = true;
        sink_start(n, &k, path);
        net_wait_count(n, &src.silences, 1);
        fetch_cancel(k.a.f);
        net_wait_count(n, &src.freed, 1);
        assert_int_equal(src.silences, 1);
}

static void test_gone_while_silent(void **state)
{
        gone_while_silent(*state, "/chunked");
        gone_while_silent(*state, "/direct");
}

static void gone_while_sending(struct net *n, const char *path)
{
        struct sink k = { .next_pause = 1 << 20 };

        memset(&src, 0, sizeof(src));
        src.size = BIG;
        sink_start(n, &k, path);
        while (!k.paused)
                uv_run(loop_uv(n->loop), UV_RUN_ONCE);
        fetch_cancel(k.a.f);
        net_wait_count(n, &src.freed, 1);
        assert_true(src.sent < BIG);
}

static void test_gone_while_sending(void **state)
{
        gone_while_sending(*state, "/known");
        gone_while_sending(*state, "/direct");
}

static void free_while_silent(struct net *n, const char *path)
{
        struct sink k = { .next_pause = UINT64_MAX };

        src.size = 100000;
        src.quiet = true;
        sink_start(n, &k, path);
        net_wait_count(n, &src.silences, 1);
        httpd_free(n->h);
        n->h = NULL;
        assert_int_equal(src.freed, 1);
        net_wait(n, &k.a.done);
        assert_int_equal(k.a.e.kind, ERR_UNAVAILABLE);
        answer_fini(&k.a);
}

static void test_free_while_silent(void **state)
{
        free_while_silent(*state, "/known");
}

static void test_free_while_direct(void **state)
{
        free_while_silent(*state, "/direct");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_pressure, setup, teardown),
                cmocka_unit_test_setup_teardown(test_direct, setup, teardown),
                cmocka_unit_test_setup_teardown(test_chunked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_silence_and_wake, setup, teardown),
                cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
                cmocka_unit_test_setup_teardown(test_early_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_file, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_while_silent, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_while_sending, setup, teardown),
                cmocka_unit_test_setup_teardown(test_free_while_silent, setup, teardown),
                cmocka_unit_test_setup_teardown(test_free_while_direct, setup, teardown),
        };

        return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
