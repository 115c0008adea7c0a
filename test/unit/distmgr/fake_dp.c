/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dp - exchanges with the handlers, and a distribution point made of them */
#include "harness.h"
#include <inttypes.h>
#include "auth/token.h"
#include "base/hex.h"

/* ---- exchanges ---- */

static void on_reply(struct http_exchange *x, int status, const char *type, struct str body)
{
        struct answer *a = container_of(x, struct answer, x);

        a->status = status;
        buf_adds(&a->body, body);
        a->done = true;
}

static void on_stream(struct http_exchange *x, int status, const char *type, uint64_t size, struct http_stream *st)
{
        struct answer *a = container_of(x, struct answer, x);

        a->status = status;
        a->stream = st;
}

static void on_fd(struct http_exchange *x, int status, const char *type, int fd, uint64_t at, uint64_t n)
{
        struct answer *a = container_of(x, struct answer, x);

        a->status = status;
        assert_true(buf_reserve(&a->body, n));
        assert_int_equal(os_pread_all(fd, a->body.p, n, (off_t)at), 0);
        a->body.n = n;
        close(fd);
        a->done = true;
}

static void on_wake(struct http_exchange *x)
{
}

static const struct http_server_ops ops = { on_reply, on_stream, on_fd, on_wake };

/* Takes what the stream has; a small buffer, so that runs are cut in the middle. */
static void pump(struct answer *a)
{
        char p[3000];
        ssize_t n;

        while (a->stream && (n = a->stream->read(a->stream, a->body.n, p, sizeof(p))) != 0) {
                if (n > 0) {
                        buf_add(&a->body, p, (size_t)n);
                        continue;
                }
                a->aborted = n == HTTP_STREAM_ABORT;
                a->stream->free(a->stream);
                a->stream = NULL;
                a->done = true;
        }
}

void fake_start(struct fake_dp *f, struct answer *a, const char *method, const char *path, const char *query, struct str body)
{
        const struct http_route *route;
        struct http_router router;
        bool other;

        memset(a, 0, sizeof(*a));
        buf_init(&a->body, 0);
        http_exchange_init(&a->x, &ops, 0);
        a->peer = (struct http_peer){ .kind = HTTP_PEER_TLS, .address = "192.0.2.7:1" };
        a->peer.cert_der = (struct str){ f->cert_der, f->cert_len };
        a->x.request.method = str_of(method);
        a->x.request.path = str_of(arena_strz(&a->x.arena, path));
        a->x.request.raw_query = str_of(arena_strz(&a->x.arena, query));
        a->x.request.body = arena_str(&a->x.arena, body);
        a->x.request.peer = &a->peer;
        if (strstr(path, "orders")) {
                char text[32];

                snprintf(text, sizeof(text), "%" PRId64, os_now_us() + f->clock_off_us);
                assert_int_equal(http_exchange_add_header(&a->x, STR(DPWIRE_CLOCK_HEADER), str_of(text)), 0);
        }
        router.routes = distmgr_routes(f->s->d, &router.n);
        route = http_route_find(&router, str_of(method), str_of(path), &other);
        assert_non_null(route);
        route->handle(route->ctx, &a->x);
}

void fake_call(struct fake_dp *f, struct answer *a, const char *method, const char *path, const char *query, struct str body)
{
        fake_start(f, a, method, path, query, body);
        SITE_WAIT(f->s, (pump(a), a->done));
}

void answer_fini(struct answer *a)
{
        buf_fini(&a->body);
        http_exchange_fini(&a->x);
}

/* ---- a fake distribution point ---- */

struct new_dp {
        struct fake_dp *f;
        struct hash_id token;
};

static int dp_fn(struct tx *t, void *arg, struct err *e)
{
        struct new_dp *n = arg;
        struct model_dp_new in = { .name = str_of(n->f->name), .site_code = STR("P01") };
        struct model_dp row;
        struct str nal;
        int r = model_dp_create(t, &in, &n->token, t->now_us + 3600 * US_PER_SECOND, &nal, e);

        if (r < 0)
                return r;
        r = model_dp_find(t->db, str_of(n->f->name), &row, e);
        n->f->dp_id = row.dp_id;
        return r;
}

void fake_dp_certificate(struct fake_dp *f, struct str pem)
{
        char text[8192];
        size_t n = 0;
        struct str line, rest = pem;

        while (rest.n) {
                rest = str_cut(rest, '\n', &line);
                if (str_starts(line, "-----"))
                        continue;
                memcpy(text + n, line.p, line.n);
                n += line.n;
        }
        f->cert_der = malloc(n);
        assert_int_equal(base64_decode((struct str){ text, n }, f->cert_der, n, &f->cert_len), 0);
}

void fake_dp_enrol(struct fake_dp *f, struct site *s, const char *name)
{
        struct dpwire_enrolled enrolled;
        uint8_t ca_sha256[PKI_SHA256_LEN];
        char text[TOKEN_TEXT_MAX], *key, *csr;
        struct new_dp n = { .f = f };
        struct token tok;
        struct answer a;
        struct err e = { 0 };
        struct buf b;

        *f = (struct fake_dp){ .s = s };
        snprintf(f->name, sizeof(f->name), "%s", name);
        assert_int_equal(pki_sha256_pem(str_of(s->ca.cert_pem), ca_sha256, &e), 0);
        assert_int_equal(token_make(&tok, str_of(name), ca_sha256, &e), 0);
        token_format(&tok, text);
        token_hash(&tok, n.token.b);
        site_do(s, dp_fn, &n);
        assert_int_equal(pki_make_csr(&key, &csr, name, (const char *const[]){ NULL }, &e), 0);
        buf_init(&b, 0);
        dpwire_enroll_encode(&b, &(struct dpwire_enroll){ str_of(name), str_of(text), str_of(csr), STR("https://dp:8444") });
        fake_call(f, &a, "POST", DPWIRE_PATH_ENROLL, "", buf_str(&b));
        if (a.status != 200)
                fail_msg("%d %s", a.status, a.body.p);
        assert_int_equal(dpwire_enrolled_decode(&a.x.arena, buf_str(&a.body), &enrolled, &e), 0);
        assert_true(str_eqz(enrolled.site_code, "P01"));
        fake_dp_certificate(f, enrolled.certificate);
        answer_fini(&a);
        buf_fini(&b);
        free(key);
        free(csr);
}

void fake_dp_fini(struct fake_dp *f)
{
        if (f->polling) {
                if (!f->poll.done && f->s->d)
                        fake_hang_up(f);
                answer_fini(&f->poll);
        }
        free(f->cert_der);
}

static void poll_start(struct fake_dp *f, const uint64_t *active, size_t n, int wait_s)
{
        struct buf ids, query;

        if (f->polling) {
                if (!f->poll.done)
                        fake_hang_up(f);
                answer_fini(&f->poll);
        }
        buf_init(&ids, 0);
        buf_init(&query, 0);
        buf_addz(&ids, "");
        dpwire_active_encode(&ids, active, n);
        buf_printf(&query, "active=%s&wait=%d", ids.p ? ids.p : "", wait_s);
        fake_start(f, &f->poll, "GET", DPWIRE_PATH_ORDERS, query.p, STR(""));
        f->polling = true;
        buf_fini(&ids);
        buf_fini(&query);
}

void fake_poll(struct fake_dp *f, const uint64_t *active, size_t n)
{
        poll_start(f, active, n, 55);
}

void fake_hang_up(struct fake_dp *f)
{
        http_exchange_tell_gone(&f->poll.x);
        SITE_WAIT(f->s, f->poll.done);
}

struct dpwire_orders fake_orders(struct fake_dp *f)
{
        struct dpwire_orders m = { 0 };
        struct err e = { 0 };

        SITE_WAIT(f->s, f->poll.done);
        if (f->poll.status != 200)
                fail_msg("poll of %s: %d %s", f->name, f->poll.status, f->poll.body.p);
        if (dpwire_orders_decode(&f->poll.x.arena, buf_str(&f->poll.body), &m, &e))
                fail_msg("%s", e.text);
        return m;
}

struct dpwire_order fake_next(struct fake_dp *f, enum dpwire_kind kind, const uint64_t *active, size_t n)
{
        int64_t until = os_mono_us() + 20 * US_PER_SECOND;

        while (os_mono_us() < until) {
                struct dpwire_orders m;

                fake_poll(f, active, n);
                m = fake_orders(f);
                for (size_t i = 0; i < m.n; i++)
                        if (m.v[i].kind == kind)
                                return m.v[i];
        }
        fail_msg("no order to %s came to %s", dpwire_kind_name(kind), f->name);
        return (struct dpwire_order){ 0 };
}

int fake_report(struct fake_dp *f, const struct dpwire_order *o, enum dpwire_result r, const char *text)
{
        struct dpwire_report m = {
                .order = o->id, .kind = o->kind, .version = o->version, .has_manifest = o->has_manifest,
                .manifest = o->manifest, .result = r, .text = str_of(text), .bytes_received = o->size,
                .code = r == DPWIRE_FAILED ? DPWIRE_DISK_FULL : DPWIRE_CODE_NONE,
        };
        struct answer a;
        struct buf b;
        int status;

        memcpy(m.package, o->package, sizeof(m.package));
        buf_init(&b, 0);
        dpwire_report_encode(&b, &m);
        fake_call(f, &a, "POST", DPWIRE_PATH_REPORT, "", buf_str(&b));
        status = a.status;
        answer_fini(&a);
        buf_fini(&b);
        return status;
}
