/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that hangs up takes its query with it: the one reader of this database is free for the next.  The queries
 * would run for ever, so that without it the second one gets no answer.
 */
#include "fixture.h"

#include <sys/socket.h>
#include <sys/un.h>
#include "httpd/httpd.h"
#include "rest/rest.h"

/* Every package with every one of seven others: 30^8 rows to count. */
#define WITH(alias) "%20JOIN%20SMS_Package%20" alias "%20ON%20" alias ".PackageType=a.PackageType"
#define ENDLESS                                                                                                      \
        "/AdminService/wql?query=SELECT%20COUNT(*)%20FROM%20SMS_Package%20a" WITH("b") WITH("c") WITH("d") WITH("e") \
        WITH("f") WITH("g") WITH("h")

enum { TURNS = 200000, N_PACKAGES = 30 };

static struct fixture *f;
static struct rest *rest;
static struct http_router router;
static struct httpd *httpd;
static char *path;
static struct users users, *users_now = &users;

static int setup(void **state)
{
        struct err e = { 0 };
        char address[200];

        fixture_threads = true;
        if (fixture_setup(state))
                return -1;
        f = *state;
        struct rest_opts o = { .loop = f->loop, .db = f->db, .provider = f->provider, .events = f->hub, .users = &users_now,
                               .own_uid = getuid(), .inline_ = true };

        for (int i = 0; i < N_PACKAGES; i++)
                assert_int_equal(fixture_create(f, "SMS_Package", "{\"Name\":\"Office\",\"PkgSourceFlag\":1}"), 0);
        assert_int_equal(rest_new(&rest, &o, &e), 0);
        router.routes = rest_routes(rest, &router.n);
        path = tmpdir_path(f->dir, "s");
        (void)snprintf(address, sizeof address, "unix:%s", path);
        assert_int_equal(httpd_new(&httpd, f->loop, &(struct httpd_opts){ .address = address, .router = &router }, &e), 0);
        return 0;
}

static int teardown(void **state)
{
        httpd_free(httpd);
        for (int i = 0; i < 10; i++)
                loop_run_once(f->loop);
        rest_free(rest);
        users_fini(&users);
        free(path);
        return fixture_teardown(state);
}

static int ask(const char *target)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        char head[2000];
        int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target);

        (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        assert_int_equal(send(fd, head, (size_t)n, 0), n);
        return fd;
}

static void turns(int n)
{
        for (int i = 0; i < n; i++) {
                loop_run_once(f->loop);
                usleep(50);
        }
}

/* What comes until the peer closes. */
static void receive(int fd, char *out, size_t max)
{
        size_t n = 0;

        for (int i = 0; i < TURNS; i++) {
                ssize_t r = recv(fd, out + n, max - 1 - n, 0);

                if (r == 0)
                        break;
                if (r > 0)
                        n += (size_t)r;
                else
                        turns(1);
        }
        out[n] = '\0';
        close(fd);
}

static void answers_now(void)
{
        static char answer[1 << 16];

        receive(ask("/AdminService/wmi/SMS_Site"), answer, sizeof answer);
        if (!strstr(answer, " 200 ") || !strstr(answer, "\"SiteCode\":\"P01\""))
                fail_msg("no answer: %s", answer);
}

static void a_running_query_ends_with_its_peer(void **state)
{
        int fd = ask(ENDLESS);

        turns(200);                     /* it may run by now, or wait; both must end */
        close(fd);
        answers_now();
}

static void a_waiting_query_ends_with_its_peer(void **state)
{
        int fds[4];

        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                fds[i] = ask(ENDLESS);
        turns(200);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                close(fds[i]);
        answers_now();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_running_query_ends_with_its_peer),
                cmocka_unit_test(a_waiting_query_ends_with_its_peer),
        };

        return cmocka_run_group_tests_name("rest-hangup", tests, setup, teardown);
}
