/* SPDX-License-Identifier: Apache-2.0 */
/* The library against a server of canned answers: what it asks, what it makes of the answer, how it waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/macros.h"
#include "tallyman/tallyman.h"

/* One connection an answer, in order; what was asked is kept. NULL: hold the connection open. */
struct canned {
        char path[100];
        int fd;
        pthread_t thread;
        const char *answers[8];
        char asked[8][1024];
        int n_asked;
        int held;
};

static void take_request(int fd, char *out, size_t size)
{
        size_t n = 0, length = 0;
        char *body = NULL;

        while (n < size - 1 && (!body || n < (size_t)(body - out) + length)) {
                ssize_t got = read(fd, out + n, size - 1 - n);

                if (got <= 0)
                        break;
                n += (size_t)got;
                out[n] = 0;
                body = strstr(out, "\r\n\r\n");
                if (body) {
                        const char *l = strstr(out, "Content-Length: ");

                        body += 4;
                        length = l ? (size_t)atoi(l + 16) : 0;
                }
        }
        out[n] = 0;
}

static void *serve(void *arg)
{
        struct canned *s = arg;

        for (int i = 0; i < 8; i++) {
                int fd = accept(s->fd, NULL, NULL);

                if (fd < 0)
                        return NULL;
                take_request(fd, s->asked[i], sizeof(s->asked[i]));
                __atomic_store_n(&s->n_asked, i + 1, __ATOMIC_SEQ_CST);
                if (!s->answers[i]) {
                        s->held = fd;
                        return NULL;
                }
                if (write(fd, s->answers[i], strlen(s->answers[i])) < 0)
                        perror("write");
                close(fd);
        }
        return NULL;
}

static int setup(void **state)
{
        struct canned *s = calloc(1, sizeof(*s));
        struct sockaddr_un a = { .sun_family = AF_UNIX };

        s->held = -1;
        snprintf(s->path, sizeof(s->path), "%s/tallyman-test-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
        snprintf(a.sun_path, sizeof(a.sun_path), "%s", s->path);
        s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(s->fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s->fd, 8) < 0)
                return -1;
        *state = s;
        return 0;
}

static int teardown(void **state)
{
        struct canned *s = *state;

        shutdown(s->fd, SHUT_RDWR);
        if (s->thread)
                pthread_join(s->thread, NULL);
        if (s->held >= 0)
                close(s->held);
        close(s->fd);
        unlink(s->path);
        free(s);
        return 0;
}

static struct tallyman *start(struct canned *s, int64_t timeout_ms)
{
        char server[120];
        struct tallyman_options o = { .server = server, .timeout_ms = timeout_ms };
        struct tallyman *t;

        snprintf(server, sizeof(server), "unix:%s", s->path);
        assert_int_equal(tallyman_open(&t, &o, NULL), 0);
        pthread_create(&s->thread, NULL, serve, s);
        return t;
}

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void a_list_and_where_it_is_true(void **state)
{
        struct canned *s = *state;
        struct tallyman_selection q = { .class_name = "SMS_Package", .filter = "Name eq 'a&b'", .orderby = "Name desc", .top = 5 };
        struct tallyman_error e;
        struct tallyman *t;
        int64_t seq;
        char *json;

        s->answers[0] = OK "X-Tallyman-Sequence: 42\r\nContent-Length: 12\r\n\r\n{\"value\":[]}";
        t = start(s, 0);
        assert_int_equal(tallyman_list(t, &q, &json, &seq, &e), 0);
        assert_string_equal(json, "{\"value\":[]}");
        assert_int_equal(seq, 42);
        assert_ptr_equal(strstr(s->asked[0], "GET /AdminService/wmi/SMS_Package?%24filter"), NULL);
        assert_ptr_equal(strstr(s->asked[0],
                                "GET /AdminService/wmi/SMS_Package?$filter=Name%20eq%20%27a%26b%27&$orderby=Name%20desc&$top=5 HTTP"),
                         s->asked[0]);
        free(json);
        tallyman_close(t);
}

static void each_operation_has_its_verb(void **state)
{
        struct canned *s = *state;
        struct tallyman_error e;
        struct tallyman *t;
        char *json;

        for (int i = 0; i < 6; i++)
                s->answers[i] = OK "Content-Length: 2\r\n\r\n{}";
        t = start(s, 0);
        assert_int_equal(tallyman_get(t, "SMS_Site=\"P01\"", &json, &e), 0);
        free(json);
        assert_int_equal(tallyman_create(t, "SMS_Package", "{\"Name\":\"x\"}", NULL, &e), 0);
        assert_int_equal(tallyman_put(t, "SMS_Site=\"P01\"", "{}", NULL, &e), 0);
        assert_int_equal(tallyman_delete(t, "SMS_Site=\"P01\"", &e), 0);
        assert_int_equal(tallyman_method(t, "SMS_Site=\"P01\"", "M", NULL, NULL, &e), 0);
        assert_int_equal(tallyman_method(t, "TM_Site", "Verify", "{\"Deep\":true}", NULL, &e), 0);
        assert_non_null(strstr(s->asked[0], "GET /AdminService/wmi/SMS_Site('P01') "));
        assert_non_null(strstr(s->asked[1], "POST /AdminService/wmi/SMS_Package "));
        assert_non_null(strstr(s->asked[1], "\r\n\r\n{\"Name\":\"x\"}"));
        assert_non_null(strstr(s->asked[2], "PATCH /AdminService/wmi/SMS_Site('P01') "));
        assert_non_null(strstr(s->asked[3], "DELETE /AdminService/wmi/SMS_Site('P01') "));
        assert_non_null(strstr(s->asked[4], "POST /AdminService/wmi/SMS_Site('P01')/AdminService.M "));
        assert_non_null(strstr(s->asked[5], "POST /AdminService/wmi/TM_Site.Verify "));
        assert_int_equal(tallyman_get(t, "SMS_Site", &json, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_INVALID);
        tallyman_close(t);
}

static void context_values_go_with_requests(void **state)
{
        struct canned *s = *state;
        struct tallyman_error e;
        struct tallyman *t;
        char name[8];

        for (int i = 0; i < 2; i++)
                s->answers[i] = OK "Content-Length: 2\r\n\r\n{}";
        t = start(s, 0);
        assert_int_equal(tallyman_set_context(t, "MachineName", "PC1", &e), 0);
        assert_int_equal(tallyman_set_context(t, "ApplicationName", "a; b", &e), 0);
        assert_int_equal(tallyman_set_context(t, "machinename", "PC2", &e), 0);
        assert_int_equal(tallyman_method(t, "SMS_StatusMessage", "M", NULL, NULL, &e), 0);
        assert_non_null(strstr(s->asked[0], "\r\nX-Tallyman-Context: MachineName=\"PC2\"; ApplicationName=\"a; b\"\r\n"));
        assert_int_equal(tallyman_set_context(t, "ApplicationName", NULL, &e), 0);
        assert_int_equal(tallyman_set_context(t, "MachineName", NULL, &e), 0);
        assert_int_equal(tallyman_set_context(t, "MachineName", NULL, &e), 0);
        assert_int_equal(tallyman_method(t, "SMS_StatusMessage", "M", NULL, NULL, &e), 0);
        assert_null(strstr(s->asked[1], "X-Tallyman-Context"));
        assert_int_equal(tallyman_set_context(t, "A", "x\r\nHost: y", &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_INVALID);
        assert_int_equal(tallyman_set_context(t, "A", "a\"b", &e), -1);
        assert_int_equal(tallyman_set_context(t, "A=B", "x", &e), -1);
        for (int i = 0; i < 16; i++) {
                (void)snprintf(name, sizeof(name), "N%d", i);
                assert_int_equal(tallyman_set_context(t, name, "", &e), 0);
        }
        assert_int_equal(tallyman_set_context(t, "N16", "", &e), -1);
        assert_int_equal(tallyman_set_context(t, "n15", "again", &e), 0);
        tallyman_close(t);
}

static void errors_are_told_apart(void **state)
{
        struct canned *s = *state;
        struct tallyman_error e;
        struct tallyman *t;
        char *json;

        s->answers[0] = "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"
                        "{\"error\":{\"code\":\"NotFound\",\"message\":\"no such package\"}}";
        s->answers[1] = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nnot json";
        s->answers[2] = "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n{\"error\":{\"code\":5}}";
        s->answers[3] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 50\r\n\r\n{";
        t = start(s, 0);
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_NOT_FOUND);
        assert_int_equal(e.exit_code, 3);
        assert_string_equal(e.text, "no such package");
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.exit_code, 6);
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.exit_code, 1);
        assert_int_equal(e.http_status, 500);
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_CONNECT);
        tallyman_close(t);
}

static void nobody_there(void **state)
{
        struct tallyman_options o = { .server = "unix:/nonexistent/socket" }, bad = { .server = "ftp://x" };
        struct tallyman_options secret = { .server = "https://localhost:1", .password_file = "/nonexistent/password" };
        struct tallyman_error e;
        struct tallyman *t;
        char *json;

        assert_int_equal(tallyman_open(&t, &o, &e), 0);
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.exit_code, 7);
        assert_non_null(strstr(e.text, "unix:/nonexistent/socket"));
        tallyman_close(t);
        assert_int_equal(tallyman_open(&t, &bad, &e), -1);
        assert_null(t);
        assert_int_equal(tallyman_open(&t, &secret, &e), -1);
        assert_non_null(strstr(e.text, "password"));
}

static void a_silent_site_is_given_up(void **state)
{
        struct canned *s = *state;
        struct tallyman_error e;
        struct tallyman *t = start(s, 50);
        char *json;

        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.exit_code, 5);
        tallyman_cancel(t);
        assert_int_equal(tallyman_get(t, "A=\"1\"", &json, &e), -1);
        assert_int_equal(e.exit_code, 130);
        tallyman_close(t);
}

/* ---- events ---- */

#define STREAM "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n"
#define EVENT(seq)                                                                                              \
        "id: " #seq "\nevent: creation\ndata: {\"class\":\"C\",\"path\":\"C.K=" #seq "\",\"time\":\"t\",\"after\":{\"K\":" #seq "}}\n\n"

struct heard {
        char text[200];
        int left, ticks;
        struct tallyman *cancel;
};

static int hear(void *ctx, const struct tallyman_event *ev)
{
        struct heard *h = ctx;
        size_t n = strlen(h->text);

        if (!ev) {
                h->ticks++;
                if (h->cancel)
                        tallyman_cancel(h->cancel);
                return h->ticks >= 3;
        }
        snprintf(h->text + n, sizeof(h->text) - n, "%lld %s %s %s;", (long long)ev->sequence, ev->kind, ev->path, ev->after);
        return --h->left == 0;
}

static void a_broken_stream_is_taken_up_again(void **state)
{
        struct canned *s = *state;
        struct tallyman_stream stream = { .class_name = "C", .from = 4 };
        struct heard h = { .left = 3 };
        struct tallyman_error e;
        struct tallyman *t;

        s->answers[0] = STREAM "\r\n" EVENT(5) "id: 6\nevent: crea";
        s->answers[1] = STREAM "\r\n" EVENT(5) EVENT(6) EVENT(9) EVENT(10);
        t = start(s, 0);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), 0);
        assert_string_equal(h.text, "5 creation C.K=5 {\"K\":5};6 creation C.K=6 {\"K\":6};9 creation C.K=9 {\"K\":9};");
        assert_non_null(strstr(s->asked[0], "GET /AdminService/events?class=C&from=4 "));
        assert_non_null(strstr(s->asked[1], "class=C&from=5 "));
        tallyman_close(t);
}

static void from_now_resumes_where_now_was(void **state)
{
        struct canned *s = *state;
        struct tallyman_stream stream = { .from = TALLYMAN_FROM_NOW };
        struct heard h = { .left = 1 };
        struct tallyman_error e;
        struct tallyman *t;

        s->answers[0] = STREAM "X-Tallyman-Sequence: 7\r\n\r\n: nothing yet\n\n";
        s->answers[1] = STREAM "\r\n" EVENT(8);
        t = start(s, 0);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), 0);
        assert_non_null(strstr(s->asked[0], "GET /AdminService/events HTTP"));
        assert_non_null(strstr(s->asked[1], "/AdminService/events?from=7 "));
        tallyman_close(t);
}

static void what_ends_a_stream(void **state)
{
        struct canned *s = *state;
        struct tallyman_stream stream = { .from = 1 }, soon = { .from = 1, .timeout_ms = 30 };
        struct heard h = { 0 };
        struct tallyman_error e;
        struct tallyman *t;

        s->answers[0] = "HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"Gone\",\"message\":\"passed\"}}";
        s->answers[1] = STREAM "\r\nid: 2\ndata: nonsense\n\n";
        s->answers[2] = STREAM "\r\ndata: {}\n\n";
        s->answers[3] = STREAM "\r\nevent: gone\ndata: {\"code\":\"Gone\",\"message\":\"too slow\"}\n\n";
        t = start(s, 0);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_GONE);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_FAILED);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_FAILED);
        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_GONE);
        assert_string_equal(e.text, "too slow");
        assert_int_equal(tallyman_events(t, &soon, hear, &h, &e), TALLYMAN_TIME_UP);
        tallyman_close(t);
}

static void time_ticks_while_nothing_happens(void **state)
{
        struct canned *s = *state;
        struct tallyman_stream stream = { .from = 1, .tick_ms = 5 };
        struct heard h = { 0 };
        struct tallyman_error e;
        struct tallyman *t = start(s, 0);

        assert_int_equal(tallyman_events(t, &stream, hear, &h, &e), 0);
        assert_int_equal(h.ticks, 3);
        tallyman_close(t);
}

static void a_stream_can_be_cancelled(void **state)
{
        struct canned *s = *state;
        struct tallyman_stream stream = { .from = 1, .tick_ms = 5 };
        struct heard h = { 0 };
        struct tallyman_error e;

        h.cancel = start(s, 0);
        assert_int_equal(tallyman_events(h.cancel, &stream, hear, &h, &e), -1);
        assert_int_equal(e.exit_code, 130);
        assert_int_equal(h.ticks, 1);
        tallyman_close(h.cancel);
}

/* ---- queries ---- */

static int row(void *ctx, const char *json)
{
        struct heard *h = ctx;
        size_t n = strlen(h->text);

        snprintf(h->text + n, sizeof(h->text) - n, "%s;", json);
        return --h->left == 0;
}

#define ROWS "{\"value\":[{\"a\":\"]},\\\"{\"}, {\"b\":[1,{}]}]}"

static void rows_of_a_query(void **state)
{
        struct canned *s = *state;
        struct heard h = { 0 }, one = { .left = 1 };
        struct tallyman_error e;
        struct tallyman *t;
        int64_t seq = 0;
        char *json;

        s->answers[0] = s->answers[1] = s->answers[2] = OK "X-Tallyman-Sequence: 5\r\n\r\n" ROWS;
        s->answers[3] = OK "\r\n{\"value\":[{\"a\":1},";
        t = start(s, 0);
        assert_int_equal(tallyman_query(t, "SELECT * FROM C", row, &h, &seq, &e), 0);
        assert_string_equal(h.text, "{\"a\":\"]},\\\"{\"};{\"b\":[1,{}]};");
        assert_int_equal(seq, 5);
        assert_ptr_equal(strstr(s->asked[0], "POST /AdminService/wql HTTP"), s->asked[0]);
        assert_non_null(strstr(s->asked[0], "Content-Type: text/plain; charset=utf-8\r\n"));
        assert_non_null(strstr(s->asked[0], "\r\n\r\nSELECT * FROM C"));
        assert_int_equal(tallyman_query(t, "SELECT * FROM C", row, &one, NULL, &e), TALLYMAN_STOPPED);
        assert_string_equal(one.text, "{\"a\":\"]},\\\"{\"};");
        assert_int_equal(tallyman_query_json(t, "SELECT * FROM C", &json, NULL, &e), 0);
        assert_string_equal(json, ROWS);
        free(json);
        assert_int_equal(tallyman_query(t, "SELECT * FROM C", row, &h, NULL, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_FAILED);
        tallyman_close(t);
}

static void a_wrong_query_says_where(void **state)
{
        struct canned *s = *state;
        struct heard h = { 0 };
        struct tallyman_error e;
        struct tallyman *t;
        char *json;

        s->answers[0] = s->answers[1] =
                "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"InvalidQuery\",\"wbem\":"
                "\"WBEM_E_INVALID_QUERY\",\"hresult\":\"0x80041017\",\"column\":8,\"message\":\"expected a property\"}}";
        s->answers[2] = OK "\r\n{\"kind\":\"event\"}";
        t = start(s, 0);
        assert_int_equal(tallyman_query(t, "SELECT FROM C", row, &h, NULL, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_INVALID);
        assert_string_equal(e.code, "InvalidQuery");
        assert_string_equal(e.wbem, "WBEM_E_INVALID_QUERY");
        assert_int_equal(e.hresult, 0x80041017);
        assert_int_equal(e.column, 8);
        assert_string_equal(e.text, "expected a property");
        assert_string_equal(h.text, "");
        assert_int_equal(tallyman_check(t, "SELECT FROM C", NULL, &json, &e), -1);
        assert_int_equal(e.column, 8);
        assert_int_equal(tallyman_check(t, "SELECT * FROM E", "event", &json, &e), 0);
        assert_string_equal(json, "{\"kind\":\"event\"}");
        assert_ptr_equal(strstr(s->asked[2], "POST /AdminService/wql/check?kind=event HTTP"), s->asked[2]);
        free(json);
        tallyman_close(t);
}

#define NOTE(seq)                                                                                                  \
        "id: " #seq "\nevent: __InstanceModificationEvent\ndata: {\"__CLASS\":\"__InstanceModificationEvent\","     \
        "\"TargetInstance\":{\"K\":" #seq "},\"PreviousInstance\":{\"K\":0}}\n\n"

static void notifications_are_pulled(void **state)
{
        struct canned *s = *state;
        struct tallyman_watch_options o = { .query = "SELECT * FROM E", .from = 3 };
        struct tallyman_notification n;
        struct tallyman_watch *w;
        struct tallyman_error e;
        struct tallyman *t;

        s->answers[0] = STREAM "\r\n" NOTE(4) NOTE(6);
        s->answers[1] = STREAM "\r\n" NOTE(7);
        t = start(s, 0);
        assert_int_equal(tallyman_notify_open(&w, t, &o, &e), 0);
        assert_non_null(strstr(s->asked[0], "GET /AdminService/events?query=SELECT%20%2A%20FROM%20E&from=3 "));
        assert_int_equal(tallyman_notify_next(w, TALLYMAN_FOREVER, &n, &e), 0);
        assert_int_equal(n.sequence, 4);
        assert_string_equal(n.class_name, "__InstanceModificationEvent");
        assert_string_equal(n.target, "{\"K\":4}");
        assert_string_equal(n.previous, "{\"K\":0}");
        assert_int_equal(tallyman_notify_next(w, TALLYMAN_FOREVER, &n, &e), 0);
        assert_int_equal(n.sequence, 6);
        assert_int_equal(tallyman_notify_next(w, TALLYMAN_FOREVER, &n, &e), 0);        /* over a new connection */
        assert_int_equal(n.sequence, 7);
        assert_non_null(strstr(s->asked[1], "&from=6 "));
        assert_int_equal(tallyman_notify_next(w, 0, &n, &e), TALLYMAN_TIME_UP);
        assert_null(n.json);
        tallyman_cancel(t);
        assert_int_equal(tallyman_notify_next(w, TALLYMAN_FOREVER, &n, &e), -1);
        assert_int_equal(e.kind, TALLYMAN_E_CANCELLED);
        tallyman_notify_close(w);
        tallyman_close(t);
}

static int note(void *ctx, const struct tallyman_notification *n)
{
        struct heard *h = ctx;
        size_t len = strlen(h->text);

        snprintf(h->text + len, sizeof(h->text) - len, "%lld %s;", (long long)n->sequence, n->target ? n->target : "-");
        return --h->left == 0;
}

static void notifications_by_callback(void **state)
{
        struct canned *s = *state;
        struct tallyman_watch_options o = { .query = "SELECT * FROM E", .from = TALLYMAN_FROM_NOW };
        struct heard h = { .left = 2 };
        struct tallyman_error e;
        struct tallyman *t;

        s->answers[0] = STREAM "\r\n" NOTE(4) "data: {\"__CLASS\":\"__TimerEvent\"}\n\n" NOTE(6);
        s->answers[1] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"NotEventClass\",\"wbem\":"
                        "\"WBEM_E_NOT_EVENT_CLASS\",\"hresult\":\"0x80041059\",\"column\":15,\"message\":\"E is no event class\"}}";
        t = start(s, 0);
        assert_int_equal(tallyman_notify(t, &o, TALLYMAN_FOREVER, note, &h, &e), 0);
        assert_string_equal(h.text, "4 {\"K\":4};4 -;");
        assert_int_equal(tallyman_notify(t, &o, TALLYMAN_FOREVER, note, &h, &e), -1);
        assert_string_equal(e.wbem, "WBEM_E_NOT_EVENT_CLASS");
        assert_int_equal(tallyman_notify(t, &o, 30, note, &h, &e), TALLYMAN_TIME_UP);
        tallyman_close(t);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_list_and_where_it_is_true, setup, teardown),
                cmocka_unit_test_setup_teardown(each_operation_has_its_verb, setup, teardown),
                cmocka_unit_test_setup_teardown(context_values_go_with_requests, setup, teardown),
                cmocka_unit_test_setup_teardown(errors_are_told_apart, setup, teardown),
                cmocka_unit_test(nobody_there),
                cmocka_unit_test_setup_teardown(a_silent_site_is_given_up, setup, teardown),
                cmocka_unit_test_setup_teardown(a_broken_stream_is_taken_up_again, setup, teardown),
                cmocka_unit_test_setup_teardown(from_now_resumes_where_now_was, setup, teardown),
                cmocka_unit_test_setup_teardown(what_ends_a_stream, setup, teardown),
                cmocka_unit_test_setup_teardown(time_ticks_while_nothing_happens, setup, teardown),
                cmocka_unit_test_setup_teardown(a_stream_can_be_cancelled, setup, teardown),
                cmocka_unit_test_setup_teardown(rows_of_a_query, setup, teardown),
                cmocka_unit_test_setup_teardown(a_wrong_query_says_where, setup, teardown),
                cmocka_unit_test_setup_teardown(notifications_are_pulled, setup, teardown),
                cmocka_unit_test_setup_teardown(notifications_by_callback, setup, teardown),
        };

        return cmocka_run_group_tests_name("site-client", tests, NULL, NULL);
}
