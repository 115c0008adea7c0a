/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_service - the service as its clients see it: status, headers, bodies
 *
 * A listener on a local socket (and one with TLS) over a site database, all on
 * one loop; requests are raw bytes.
 */
#include "fixture.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "auth/pki.h"
#include "base/hex.h"
#include "fetch/fetch.h"
#include "httpd/httpd.h"
#include "rest/rest.h"

struct service {
        struct fixture *f;
        struct event_engine *engine;
        struct rest *rest;
        struct http_router router;
        struct httpd *httpd;
        char *socket;
        struct users users, *users_now;
};
static struct service s;

static int setup(void **state)
{
        struct err e = { 0 };
        char address[200];

        if (fixture_setup(state))
                return -1;
        s = (struct service){ .f = *state };
        s.users_now = &s.users;
        struct event_engine_opts eo = { .loop = s.f->loop, .hub = s.f->hub, .spacing_us = 20000 };

        assert_int_equal(event_engine_new(&s.engine, &eo, &e), 0);
        struct rest_opts o = { .loop = s.f->loop, .db = s.f->db, .provider = s.f->provider, .events = s.f->hub,
                               .engine = s.engine,
                               .users = &s.users_now, .own_uid = getuid(), .page_bytes = 4000, .inline_ = true };

        assert_int_equal(rest_new(&s.rest, &o, &e), 0);
        s.router.routes = rest_routes(s.rest, &s.router.n);
        s.socket = tmpdir_path(s.f->dir, "s");
        (void)snprintf(address, sizeof address, "unix:%s", s.socket);
        struct httpd_opts ho = { .address = address, .router = &s.router };

        assert_int_equal(httpd_new(&s.httpd, s.f->loop, &ho, &e), 0);
        return 0;
}

static int teardown(void **state)
{
        httpd_free(s.httpd);
        for (int i = 0; i < 10; i++)
                loop_run_once(s.f->loop);
        rest_free(s.rest);
        event_engine_free(s.engine);
        users_fini(&s.users);
        free(s.socket);
        return fixture_teardown(state);
}

/* ---- a client on the same loop ---- */

static int dial(void)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", s.socket);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        return fd;
}

static char reply[1 << 20];
static size_t n_reply;

/* Turns of the loop until the peer closes or `until` has come. */
static void receive(int fd, const char *until)
{
        n_reply = 0;
        reply[0] = 0;
        for (int i = 0; i < 20000; i++) {
                ssize_t n = recv(fd, reply + n_reply, sizeof reply - 1 - n_reply, 0);

                if (n == 0)
                        return;
                if (n > 0) {
                        n_reply += (size_t)n;
                        reply[n_reply] = 0;
                        if (until && strstr(reply, until))
                                return;
                } else {
                        loop_run_once(s.f->loop);
                        usleep(50);
                }
        }
        fail_msg("no answer: %s", reply);
}

static int begin(const char *verb, const char *target, const char *body)
{
        int fd = dial();
        char head[4096];
        int n = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                         verb, target, strlen(body), body);

        assert_int_equal(send(fd, head, (size_t)n, 0), n);
        return fd;
}

/* Status; the whole answer is in reply. */
static int ask(const char *verb, const char *target, const char *body)
{
        int fd = begin(verb, target, body), status = 0;

        receive(fd, NULL);
        close(fd);
        assert_int_equal(sscanf(reply, "HTTP/1.1 %d", &status), 1);
        return status;
}

static void has(const char *text)
{
        if (!strstr(reply, text))
                fail_msg("\"%s\" is not in: %s", text, reply);
}

/* ---- instances ---- */

static void instances_by_their_verbs(void **state)
{
        assert_int_equal(ask("POST", "/AdminService/wmi/SMS_Package", "{\"Name\":\"Office\"}"), 201);
        has("\"PackageID\":\"P0100001\"");
        has("X-Tallyman-Sequence: ");
        assert_int_equal(ask("PATCH", "/AdminService/wmi/SMS_Package('P0100001')", "{\"Version\":\"2\"}"), 200);
        has("\"Version\":\"2\"");
        assert_int_equal(ask("PUT", "/AdminService/wmi/SMS_Package(PackageID=%27p0100001%27)",
                             "{\"PackageID\":\"P0100001\",\"SourceVersion\":9,\"Version\":\"3\"}"), 200);
        has("\"Version\":\"3\"");
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package('P0100001')?$select=Name,Version", ""), 200);
        has("{\"Name\":\"Office\",\"Version\":\"3\"}");
        assert_int_equal(ask("DELETE", "/AdminService/wmi/SMS_Package('P0100001')", ""), 204);
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package('P0100001')", ""), 404);
        has("\"code\":\"NotFound\"");
        has("\"extendedStatus\":{\"__CLASS\":\"SMS_ExtendedStatus\",\"StatusCode\":2147749890,");
        has("\"Operation\":\"GetObject\",\"ParameterInfo\":\"SMS_Package.PackageID=\\\"P0100001\\\"\"");
        has("\"CauseInfo\":\"NotFound\",\"ErrorCode\":3225485826,");
}

static void what_is_wrong_has_its_status(void **state)
{
        static const struct {
                const char *verb, *target, *body;
                int status;
                const char *words;
        } rows[] = {
                { "GET", "/AdminService/wmi/SMS_Nothing", "", 404, "there is no class" },
                { "GET", "/AdminService/wmi/SMS_Package(", "", 400, "no value" },
                { "GET", "/AdminService/wmi/SMS_Package?$filter=Name%20is%20x", "", 400, "$filter" },
                { "GET", "/AdminService/wmi/SMS_Package?$top=x", "", 400, "$top wants a number" },
                { "GET", "/AdminService/wmi/SMS_Package?$expand=x", "", 501, "$expand" },
                { "GET", "/AdminService/wmi/SMS_ScheduleToken", "", 501, "no instances" },
                { "GET", "/AdminService/wmi/TM_Site.Verify", "", 405, "Allow: POST" },
                { "POST", "/AdminService/wmi/SMS_Package('x')", "{}", 400, "POST creates" },
                { "POST", "/AdminService/wmi/SMS_Package", "{", 400, "not JSON" },
                { "POST", "/AdminService/wmi/SMS_Package", "{\"Nmae\":1}", 400, "no property" },
                { "DELETE", "/AdminService/wmi/SMS_Package", "", 405, "Allow: GET, HEAD, POST" },
                { "PATCH", "/AdminService/wmi/SMS_Package('x')", "{\"PackageID\":\"y\"}", 400, "cannot be changed" },
                { "POST", "/AdminService/wmi/TM_Site.Distribute", "{}", 400, "PackageIDs" },
                { "POST", "/AdminService/wmi/TM_Site.Distribute", "{\"Packages\":[]}", 400, "no property" },
                { "GET", "/AdminService/class/SMS_Nothing", "", 404, "there is no class" },
                { "GET", "/AdminService/events?class=SMS_Nothing", "", 404, "there is no class" },
                { "GET", "/AdminService/events?from=yesterday", "", 400, "from wants" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                int status = ask(rows[i].verb, rows[i].target, rows[i].body);

                if (status != rows[i].status || !strstr(reply, rows[i].words))
                        fail_msg("%s %s: %s", rows[i].verb, rows[i].target, reply);
        }
}

static void methods_answer_with_their_out_parameters(void **state)
{
        fixture_fill(s.f);
        assert_int_equal(ask("POST", "/AdminService/wmi/TM_Site.Distribute",
                             "{\"PackageIDs\":[\"P0100002\"],\"DPs\":[\"PAR01\"]}"), 200);
        has("{\"ReturnValue\":0,\"Count\":1}");
        assert_int_equal(ask("POST", "/AdminService/wmi/SMS_Package('P0100002')/AdminService.RefreshPkgSource", ""), 200);
        has("{\"ReturnValue\":0}");
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_DistributionPoint?$filter=PackageID%20eq%20'p0100002'", ""), 200);
        has("MSWNET");
        assert_int_equal(ask("DELETE", "/AdminService/wmi/SMS_DistributionPoint(PackageID='P0100002',SiteCode='P01',ServerNALPath="
                                       "'%5B%22Display=%5C%5CPAR01%5C%22%5DMSWNET:%5B%22SMS_SITE=P01%22%5D%5C%5CPAR01%5C')", ""), 204);
}

/* ---- lists ---- */

static size_t count(const char *what)
{
        size_t n = 0;

        for (const char *p = reply; (p = strstr(p, what)) != NULL; p++)
                n++;
        return n;
}

/* Chunks of the transfer may cut any word, so they are taken out. RFC 9112 7.1 */
static void unchunk(void)
{
        char *in = strstr(reply, "\r\n\r\n"), *out;

        if (!in || !strcasestr(reply, "Transfer-Encoding: chunked"))
                return;
        in += 4;
        out = in;
        for (;;) {
                char *end;
                size_t n = strtoul(in, &end, 16);

                if (n == 0)
                        break;
                memmove(out, end + 2, n);
                out += n;
                in = end + 2 + n + 2;
        }
        *out = 0;
}

static void long_lists_are_streamed_whole(void **state)
{
        for (int i = 0; i < 23; i++)
                assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"p\",\"Priority\":1}"), 0);
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package", ""), 200);
        has("chunked");
        unchunk();
        assert_int_equal(count("\"PackageID\":"), 23);
        assert_string_equal(reply + strlen(reply) - 2, "]}");
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package?$orderby=Name,PackageID%20desc&$top=20&$skip=2", ""), 200);
        unchunk();
        assert_int_equal(count("\"PackageID\":"), 20);
        assert_null(strstr(reply, "P0100017"));         /* the last, skipped */
        has("P0100015");
        assert_null(strstr(reply, "P0100001"));
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package?$filter=PackageID%20gt%20'P0100005'&$top=9", ""), 200);
        unchunk();
        assert_int_equal(count("\"PackageID\":"), 9);
        assert_null(strstr(reply, "\"P0100005\""));
        assert_int_equal(ask("GET", "/AdminService/wmi/SMS_Package?$select=PackageID&$filter=Name%20ne%20'P'", ""), 200);
        has("{\"value\":[]}");
}

static void queries_are_answered_in_pages(void **state)
{
        for (int i = 0; i < 53; i++)
                assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"p\"}"), 0);
        assert_int_equal(ask("GET", "/AdminService/wql?query=SELECT+PackageID+FROM+SMS_Package+ORDER+BY+PackageID", ""), 200);
        has("chunked");
        has("X-Tallyman-Sequence: ");
        unchunk();
        assert_int_equal(count("\"PackageID\":"), 53);
        assert_int_equal(count("},{"), 52);
        assert_string_equal(reply + strlen(reply) - 2, "]}");
        assert_int_equal(ask("POST", "/AdminService/wql", "SELECT COUNT(*) FROM SMS_Package"), 200);
        has("{\"value\":[{\"__CLASS\":\"__Generic\",\"Count\":53}]}");
        assert_int_equal(ask("GET", "/AdminService/wql?query=SELECT+Nmae+FROM+SMS_Package", ""), 400);
        has("\"code\":\"InvalidQuery\",\"wbem\":\"WBEM_E_INVALID_QUERY\",\"hresult\":\"0x80041017\",\"column\":8,\"message\":");
        has("\"extendedStatus\":{\"__CLASS\":\"__ExtendedStatus\",\"StatusCode\":2147749911,");
        has("\"Operation\":\"ExecQuery\",\"ParameterInfo\":\"SELECT Nmae FROM SMS_Package\",\"ProviderName\":\"Windows Management\"}");
        assert_int_equal(ask("GET", "/AdminService/wql", ""), 400);
        has("?query=");
        assert_int_equal(ask("POST", "/AdminService/wql/check", "select p.Name, upper(Version) from SMS_Package as p"), 200);
        has("\"kind\":\"data\"");
        has("\"star\":false,\"columns\":[\"p.Name\",\"Expr1\"]");
        assert_int_equal(ask("GET", "/AdminService/wql/check?kind=event&query=SELECT+*+FROM+SMS_Package", ""), 400);
        has("WBEM_E_NOT_EVENT_CLASS");
        assert_int_equal(ask("GET", "/AdminService/wql/check?kind=x&query=SELECT+*+FROM+SMS_Package", ""), 400);
        has("kind is data or event");
}

static void a_reader_that_hangs_up_is_let_go(void **state)
{
        int fd;

        for (int i = 0; i < 23; i++)
                assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"p\"}"), 0);
        fd = begin("GET", "/AdminService/wmi/SMS_Package", "");
        for (int i = 0; i < 3; i++)
                loop_run_once(s.f->loop);
        close(fd);
        fd = begin("GET", "/AdminService/events", "");
        receive(fd, "Tallyman");
        close(fd);
        assert_int_equal(ask("GET", "/livez", ""), 200);
}

/* ---- classes, health, offers ---- */

static void classes_are_told(void **state)
{
        assert_int_equal(ask("GET", "/AdminService/class", ""), 200);
        has("{\"Name\":\"SMS_Package\",\"Super\":\"SMS_PackageBaseclass\"");
        assert_int_equal(ask("GET", "/AdminService/class/sms_dpgroupmembers", ""), 200);
        has("{\"Name\":\"DPNALPath\",\"Type\":\"string\",\"Array\":false,\"Key\":true");
        assert_int_equal(ask("GET", "/AdminService/class/TM_Site?format=mof", ""), 200);
        has("sint32 Distribute([in] string PackageIDs[], [in, optional] string DPs[]");
}

static void health_needs_no_account(void **state)
{
        assert_int_equal(ask("GET", "/livez", ""), 200);
        assert_int_equal(ask("GET", "/readyz", ""), 200);
}

static void offers_are_listed(void **state)
{
        fixture_fill(s.f);
        assert_int_equal(fixture_create(s.f, "SMS_Program",
                                        "{\"PackageID\":\"P0100001\",\"ProgramName\":\"Install\",\"CommandLine\":\"setup\"}"), 0);
        assert_int_equal(fixture_create(s.f, "SMS_Advertisement",
                                        "{\"AdvertisementName\":\"a\",\"CollectionID\":\"SMS00001\",\"PackageID\":\"P0100001\","
                                        "\"ProgramName\":\"Install\"}"), 0);
        assert_int_equal(ask("GET", "/offers?site=p01", ""), 200);
        has("\"CommandLine\":\"setup\"");
        has(",\"Content\":[]}]}");
        assert_int_equal(ask("GET", "/offers?site=ZZZ", ""), 200);
        has("{\"value\":[]}");
}

/* ---- events ---- */

static void events_come_as_they_commit(void **state)
{
        int fd = begin("GET", "/AdminService/events?class=SMS_Package", "");

        receive(fd, "Tallyman");
        has("text/event-stream");
        has("X-Tallyman-Sequence: ");
        assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"Office\"}"), 0);
        receive(fd, "event: creation");
        close(fd);
        fd = begin("GET", "/AdminService/events?from=0&class=SMS_Package,TM_PackageCondition", "");
        receive(fd, "TM_PackageCondition");
        has("event: creation");
        has("\"path\":\"SMS_Package.PackageID=\\\"P0100001\\\"\"");
        has("\"before\":null");
        assert_null(strstr(reply, "RootSummarizer"));
        close(fd);
}

#define CREATIONS "/AdminService/events?query=SELECT%20*%20FROM%20__InstanceCreationEvent%20WITHIN%205%20WHERE%20" \
        "TargetInstance%20ISA%20'SMS_Package'"

static void event_queries_stream_event_objects(void **state)
{
        int fd = begin("GET", CREATIONS, "");
        char again[300];
        long long seq = 0;

        receive(fd, "Tallyman");
        has("text/event-stream");
        assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"Office\"}"), 0);
        receive(fd, "\n\n");
        has("event: __InstanceCreationEvent\ndata: {\"__CLASS\":\"__InstanceCreationEvent\"");
        has("\"TargetInstance\":{\"__CLASS\":\"SMS_Package\",");
        has("\"PackageID\":\"P0100001\"");
        assert_int_equal(sscanf(strstr(reply, "id: "), "id: %lld", &seq), 1);
        close(fd);
        assert_int_equal(fixture_create(s.f, "SMS_Package", "{\"Name\":\"Visio\"}"), 0);
        (void)snprintf(again, sizeof again, "%s&from=%lld", CREATIONS, seq);
        fd = begin("GET", again, "");
        receive(fd, "P0100002");
        assert_null(strstr(reply, "P0100001"));
        close(fd);
}

static void mistakes_in_event_queries_say_where(void **state)
{
        assert_int_equal(ask("GET", "/AdminService/events?query=SELECT%20*%20FROM%20SMS_Package", ""), 400);
        has("\"wbem\":\"WBEM_E_NOT_EVENT_CLASS\"");
        has("\"hresult\":\"0x80041059\"");
        has("\"column\":15");
        assert_int_equal(ask("GET", "/AdminService/events?query=SELECT", ""), 400);
        has("\"wbem\":\"WBEM_E_UNPARSABLE_QUERY\"");
        assert_int_equal(ask("GET", "/AdminService/events?query=", ""), 400);
        has("\"wbem\":\"WBEM_E_INVALID_PARAMETER\"");
}

static int trim(struct db_job *j, struct db_conn *c, struct err *e)
{
        static const struct actor a = { "test", "here", "unit" };
        struct tx t;
        int r;

        tx_begin(&t, c, &a);
        r = model_changes_trim(&t, 1, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void trimmed(struct db_job *j)
{
        assert_int_equal(j->r, 0);
}

static void what_is_no_longer_kept_is_gone(void **state)
{
        struct db_job j = { .work = trim, .done = trimmed };

        fixture_fill(s.f);
        db_write(s.f->db, &j);
        assert_int_equal(ask("GET", "/AdminService/events?from=1", ""), 410);
        has("\"code\":\"Gone\"");
        assert_int_equal(ask("GET", CREATIONS "&from=1", ""), 410);
        has("\"code\":\"Gone\"");
}

/* ---- accounts ---- */

struct answer {
        bool done;
        int status;
        char text[4096];
};

static void on_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct answer *a = ctx;

        a->done = true;
        a->status = status;
        (void)snprintf(a->text, sizeof a->text, "%.*s%s", STR_ARG(body), e->text);
}

static void fetch(struct fetch_pool *pool, const char *base, const char *authorization, struct answer *a)
{
        const char *headers[] = { authorization, NULL };
        _cleanup_(freep) char *url = str_printf("%s/AdminService/wmi/SMS_Package", base);
        struct fetch_req q = { .method = "POST", .url = url, .headers = authorization ? headers : NULL,
                               .body = STR("{\"Name\":\"x\"}"), .done = on_done, .ctx = a };
        struct fetch *f;
        struct err e = { 0 };

        *a = (struct answer){ 0 };
        assert_int_equal(fetch_start(&f, pool, &q, &e), 0);
        for (int i = 0; i < 20000 && !a->done; i++) {
                loop_run_once(s.f->loop);
                usleep(50);
        }
        assert_true(a->done);
}

static char *authorization(const char *name, const char *password)
{
        static char out[400];
        char pair[200], text[300];

        (void)snprintf(pair, sizeof pair, "%s:%s", name, password);
        base64_encode(pair, strlen(pair), text);
        (void)snprintf(out, sizeof out, "Authorization: Basic %s", text);
        return out;
}

static void accounts_over_tls(void **state)
{
        const char *names[] = { "localhost", "127.0.0.1", NULL };
        struct pki_pair ca, server;
        struct fetch_pool *pool;
        struct httpd *tls;
        struct user one;
        struct answer a;
        struct err e = { 0 };
        char base[64];
        _cleanup_(freep) char *ca_file = tmpdir_path(s.f->dir, "ca.pem");

        assert_int_equal(user_make(&one, STR("boss"), USER_ADMINISTRATOR, STR("correct horse"), &e), 0);
        assert_int_equal(users_put(&s.users, &one), 0);
        assert_int_equal(user_make(&one, STR("eve"), USER_ANALYST, STR("battery staple"), &e), 0);
        assert_int_equal(users_put(&s.users, &one), 0);
        assert_int_equal(pki_make_ca(&ca, "Tallyman site P01", &e), 0);
        assert_int_equal(pki_issue_server(&server, &ca, names, &e), 0);
        tmpdir_write(s.f->dir, "ca.pem", ca.cert_pem, strlen(ca.cert_pem));
        struct httpd_opts ho = { .address = "127.0.0.1", .cert_pem = server.cert_pem, .key_pem = server.key_pem,
                                 .router = &s.router };
        struct fetch_pool_opts po = { .ca_file = ca_file };

        assert_int_equal(httpd_new(&tls, s.f->loop, &ho, &e), 0);
        assert_int_equal(fetch_pool_new(&pool, s.f->loop, &po, &e), 0);
        (void)snprintf(base, sizeof base, "https://127.0.0.1:%u", httpd_port(tls));

        fetch(pool, base, NULL, &a);
        assert_int_equal(a.status, 401);
        fetch(pool, base, authorization("boss", "wrong"), &a);
        assert_int_equal(a.status, 401);
        assert_non_null(strstr(a.text, "wrong user name or password"));
        fetch(pool, base, authorization("nobody", "correct horse"), &a);
        assert_int_equal(a.status, 401);
        fetch(pool, base, "Authorization: Basic !!!", &a);
        assert_int_equal(a.status, 401);
        fetch(pool, base, authorization("boss", "correct horse"), &a);
        assert_int_equal(a.status, 201);
        fetch(pool, base, authorization("BOSS", "correct horse"), &a);
        assert_int_equal(a.status, 201);
        fetch(pool, base, authorization("eve", "battery staple"), &a);
        assert_int_equal(a.status, 403);
        assert_non_null(strstr(a.text, "eve is analyst and may not create SMS_Package"));

        fetch_pool_free(pool);
        httpd_free(tls);
        pki_pair_fini(&ca);
        pki_pair_fini(&server);
}

static void nothing_in_the_clear(void **state)
{
        struct httpd_opts ho = { .address = "127.0.0.1", .router = &s.router };
        struct fetch_pool_opts po = { 0 };
        struct fetch_pool *pool;
        struct httpd *plain;
        struct answer a;
        struct err e = { 0 };
        char base[64];

        assert_int_equal(httpd_new(&plain, s.f->loop, &ho, &e), 0);
        assert_int_equal(fetch_pool_new(&pool, s.f->loop, &po, &e), 0);
        (void)snprintf(base, sizeof base, "http://127.0.0.1:%u", httpd_port(plain));
        fetch(pool, base, authorization("boss", "correct horse"), &a);
        assert_int_equal(a.status, 403);
        assert_non_null(strstr(a.text, "use https"));
        fetch_pool_free(pool);
        httpd_free(plain);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(instances_by_their_verbs),
                T(what_is_wrong_has_its_status),
                T(methods_answer_with_their_out_parameters),
                T(long_lists_are_streamed_whole),
                T(queries_are_answered_in_pages),
                T(a_reader_that_hangs_up_is_let_go),
                T(classes_are_told),
                T(health_needs_no_account),
                T(offers_are_listed),
                T(events_come_as_they_commit),
                T(event_queries_stream_event_objects),
                T(mistakes_in_event_queries_say_where),
                T(what_is_no_longer_kept_is_gone),
                T(accounts_over_tls),
                T(nothing_in_the_clear),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
