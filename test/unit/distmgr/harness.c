/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <inttypes.h>
#include "auth/token.h"
#include "base/hex.h"
#include "model/sql_site.h"

/* ---- the site ---- */

static void committed(void *ctx, struct db_conn *c)
{
        event_hub_committed(((struct site *)ctx)->events);
}

static bool on_change(void *ctx, const struct model_change *c)
{
        struct site *s = ctx;

        if (s->d)
                distmgr_changed(s->d, c);
        return true;
}

static void init_database(const char *path)
{
        struct model_site_opts o = { "P01", "Test", "server", "/var/lib/tallyman" };
        struct actor who = { "test", "", "internal" };
        struct db_conn *c;
        struct err e = { 0 };
        struct tx t;

        assert_int_equal(db_conn_open(&c, path, &sql_site, DB_WRITER, &e), 0);
        assert_int_equal(db_begin(c, &e), 0);
        tx_begin(&t, c, &who);
        if (model_init(&t, &o, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(tx_end(&t, &e), 0);
        assert_int_equal(db_commit(c, &e), 0);
        db_conn_close(c);
}

void site_open(struct site *s)
{
        struct err e = { 0 };
        char *path;

        *s = (struct site){ .dir = tmpdir_new() };
        s->source = tmpdir_path(s->dir, "source");
        path = tmpdir_path(s->dir, "site.db");
        init_database(path);
        assert_int_equal(loop_new(&s->loop), 0);
        if (db_open(&s->db, s->loop, &(struct db_opts){ .path = path, .schema = &sql_site, .after_commit = committed, .ctx = s }, &e))
                fail_msg("%s", e.text);
        free(path);
        path = tmpdir_path(s->dir, "library");
        if (cas_open(&s->cas, path, NULL, &e))
                fail_msg("%s", e.text);
        free(path);
        assert_int_equal(event_hub_new(&s->events, s->loop, s->db, &e), 0);
        assert_int_equal(pki_make_ca(&s->ca, "Tallyman site P01", &e), 0);
        assert_int_equal(event_subscribe(&s->sub, s->events,
                &(struct event_sub_opts){ .from = EVENT_FROM_NOW, .deliver = on_change, .ctx = s }, &e), 0);
        s->opts = (struct distmgr_opts){
                .loop = s->loop, .db = s->db, .cas = s->cas, .ca = &s->ca,
                .max_packages = 3, .max_dps_per_package = 5, .max_snapshots = 1, .snapshot_threads = 1,
                .library_keep_versions = 0, .retry = { 3, 3600 * US_PER_SECOND, 0 },
                .dp_offline_grace_us = 3600 * US_PER_SECOND, .job_stall_timeout_us = 3600 * US_PER_SECOND,
                .clock_skew_limit_us = 300 * US_PER_SECOND, .verify_timeout_us = 3600 * US_PER_SECOND,
                .order_wait_us = 60 * US_PER_SECOND,
        };
}

void site_start(struct site *s)
{
        struct err e = { 0 };

        if (distmgr_new(&s->d, &s->opts, &e))
                fail_msg("%s", e.text);
        distmgr_start(s->d);
}

void site_spin(struct site *s)
{
        loop_run_once(s->loop);
        usleep(200);
}

void site_stop(struct site *s)
{
        distmgr_stop(s->d);
        SITE_WAIT(s, distmgr_idle(s->d));
        distmgr_free(s->d);
        s->d = NULL;
}

void site_close(struct site *s)
{
        if (s->d)
                site_stop(s);
        event_unsubscribe(s->sub);
        event_hub_free(s->events);
        db_close(s->db);
        loop_run_once(s->loop);
        cas_close(s->cas);
        loop_free(s->loop);
        pki_pair_fini(&s->ca);
        free(s->source);
        tmpdir_free(s->dir);
}

/* ---- the model ---- */

struct change {
        struct db_job job;
        int (*fn)(struct tx *t, void *arg, struct err *e);
        void *arg;
        bool done;
};

static int change_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct change *h = container_of(j, struct change, job);
        struct actor who = { "test", "", "internal" };
        struct tx t;
        int r;

        tx_begin(&t, c, &who);
        r = h->fn(&t, h->arg, e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void change_done(struct db_job *j)
{
        container_of(j, struct change, job)->done = true;
}

void site_do(struct site *s, int (*fn)(struct tx *t, void *arg, struct err *e), void *arg)
{
        struct change h = { .job = { .work = change_work, .done = change_done }, .fn = fn, .arg = arg };

        db_write(s->db, &h.job);
        SITE_WAIT(s, h.done);
        if (h.job.r < 0)
                fail_msg("%s", h.job.err.text);
}

struct new_package {
        const char *name, *source;
        char *id;
};

static int package_fn(struct tx *t, void *arg, struct err *e)
{
        struct new_package *n = arg;
        struct cim_instance *in;
        char *json = arena_printf(&t->arena, "{\"Name\":\"%s\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"%s\"}", n->name, n->source);
        int r = cim_json_read(cim_class_find(STR("SMS_Package")), str_of(json), &t->arena, &in, e);

        return r < 0 ? r : model_package_create(t, in, n->id, e);
}

void site_package(struct site *s, const char *name, char id_out[PACKAGE_ID_LEN + 1])
{
        site_do(s, package_fn, &(struct new_package){ name, s->source, id_out });
}

struct pair_arg {
        const char *package;
        int64_t dp_id;
};

static int assign_fn(struct tx *t, void *arg, struct err *e)
{
        struct pair_arg *p = arg;

        return model_assign(t, str_of(p->package), p->dp_id, e);
}

void site_assign(struct site *s, const char *package, int64_t dp_id)
{
        site_do(s, assign_fn, &(struct pair_arg){ package, dp_id });
}

static int cancel_fn(struct tx *t, void *arg, struct err *e)
{
        struct pair_arg *p = arg;

        return model_cancel(t, str_of(p->package), p->dp_id, e);
}

void site_cancel(struct site *s, const char *package, int64_t dp_id)
{
        site_do(s, cancel_fn, &(struct pair_arg){ package, dp_id });
}

static int update_fn(struct tx *t, void *arg, struct err *e)
{
        uint32_t version;

        return model_package_update(t, str_of(arg), &version, e);
}

void site_update(struct site *s, const char *package)
{
        site_do(s, update_fn, (void *)package);
}

struct reading {
        struct db_job job;
        const char *class_name, *where, *is, *property;
        char value[600];
        unsigned n;
        bool done;
};

static void column_text(struct db_stmt *st, int i, char *out, size_t size)
{
        snprintf(out, size, "%.*s", STR_ARG(db_col_text(st, i)));
}

static int reading_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct reading *g = container_of(j, struct reading, job);
        const struct cim_class *k = cim_class_find(str_of(g->class_name));
        int where, what, r;
        struct db_stmt *st;
        char text[600];

        assert_non_null(k);
        where = cim_property_find(k, str_of(g->where));
        what = cim_property_find(k, str_of(g->property));
        assert_true(where >= 0 && what >= 0);
        r = db_stmt_dynamic(&st, c, str_of(k->select), e);
        if (r < 0)
                return r;
        while ((r = db_step(st, e)) > 0) {
                column_text(st, where, text, sizeof(text));
                if (strcmp(text, g->is) != 0)
                        continue;
                if (!g->n++)
                        column_text(st, what, g->value, sizeof(g->value));
        }
        db_stmt_free(st);
        return r;
}

static void reading_done(struct db_job *j)
{
        container_of(j, struct reading, job)->done = true;
}

const char *site_get(struct site *s, const char *class_name, const char *where, const char *is, const char *property)
{
        static struct reading g;

        g = (struct reading){ .job = { .work = reading_work, .done = reading_done }, .class_name = class_name,
                              .where = where, .is = is, .property = property };
        db_read(s->db, &g.job);
        SITE_WAIT(s, g.done);
        if (g.job.r < 0)
                fail_msg("%s", g.job.err.text);
        return g.value;
}

bool site_is(struct site *s, const char *class_name, const char *where, const char *is, const char *property, const char *value)
{
        return strcmp(site_get(s, class_name, where, is, property), value) == 0;
}

static void count_difference(void *ctx, const struct model_difference *m)
{
        print_message("difference: %s %s %s\n", m->kind, m->object, m->text);
        ++*(unsigned *)ctx;
}

static int differences_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        return model_verify_counters(c, count_difference, &container_of(j, struct reading, job)->n, e);
}

unsigned site_differences(struct site *s)
{
        struct reading g = { .job = { .work = differences_work, .done = reading_done } };

        db_read(s->db, &g.job);
        SITE_WAIT(s, g.done);
        assert_int_equal(g.job.r, 0);
        return g.n;
}

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

/* ---- the usual beginning ---- */

static void fill_source(struct site *s)
{
        static char big[300000];
        uint32_t x = 12345;

        for (size_t i = 0; i < sizeof(big); i++) {
                x = x * 1664525 + 1013904223;
                big[i] = (char)(x >> 24);
        }
        tmpdir_write(s->dir, "source/setup.exe", big, sizeof(big));
        tmpdir_write(s->dir, "source/docs/readme.txt", "read me", 7);
        tmpdir_write(s->dir, "source/empty", "", 0);
}

void open_fixture(struct fixture *f)
{
        site_open(&f->s);
        fill_source(&f->s);
}

void begin(struct fixture *f)
{
        site_start(&f->s);
        fake_dp_enrol(&f->dp, &f->s, "PAR01");
        site_package(&f->s, "Editor", f->package);
        site_assign(&f->s, f->package, f->dp.dp_id);
}

void end(struct fixture *f)
{
        if (f->s.d)
                assert_int_equal(site_differences(&f->s), 0);
        fake_dp_fini(&f->dp);
        site_close(&f->s);
}

const char *condition(struct fixture *f, const char *property)
{
        return site_get(&f->s, "TM_DistributionCondition", "PackageID", f->package, property);
}

bool condition_is(struct fixture *f, const char *property, const char *value)
{
        return strcmp(condition(f, property), value) == 0;
}

struct str want_all(const struct manifest *m, struct buf *b)
{
        struct dpwire_want_writer w;

        dpwire_want_begin(&w, b);
        for (uint64_t i = 0; i < m->n_pieces; i++)
                dpwire_want_add(&w, i);
        dpwire_want_end(&w);
        return buf_str(b);
}

void content_path(const struct hash_id *id, const char *prefix, char out[128])
{
        char hex[HASH_HEX_LEN + 1];

        hash_id_hex(id, hex);
        snprintf(out, 128, "%s%s", prefix, hex);
}
