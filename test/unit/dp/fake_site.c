/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include "codec/manifest.h"
#include "codec/piece.h"
#include "fake_site.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "fake site: %s\n", #x); abort(); } } while (0)

/* ---- the version ---- */

static void forget_version(struct fake_site *s)
{
        for (size_t i = 0; i < s->n_pieces; i++)
                free(s->pieces[i].p);
        free(s->manifest);
        s->manifest = NULL;
        s->n_pieces = 0;
        s->total_bytes = 0;
}

/* Text that no two seeds share and that does not repeat within a file. */
static void fill(uint8_t *p, size_t n, uint64_t seed)
{
        uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

        for (size_t i = 0; i < n; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                p[i] = (uint8_t)x;
        }
}

static void add_piece(struct fake_site *s, struct manifest_builder *b, const uint8_t *p, size_t n)
{
        struct hasher *h = hasher_new();
        struct err e = { 0 };

        CHECK(h && s->n_pieces < FAKE_MAX_PIECES);
        s->pieces[s->n_pieces].p = malloc(n);
        memcpy(s->pieces[s->n_pieces].p, p, n);
        s->pieces[s->n_pieces].n = (uint32_t)n;
        hash_bytes_id(h, p, n, &s->pieces[s->n_pieces].id);
        CHECK(manifest_builder_piece(b, &s->pieces[s->n_pieces].id, (uint32_t)n, &e) == 0);
        s->n_pieces++;
        hasher_free(h);
}

static void add_file(struct fake_site *s, struct manifest_builder *b, size_t i, size_t size, unsigned seed)
{
        uint8_t *bytes = malloc(size ? size : 1);
        char name[32];
        struct manifest_entry en = { .type = MANIFEST_FILE, .mode = 0644, .mtime_ns = 1700000000 * INT64_C(1000000000) };
        struct err e = { 0 };

        snprintf(name, sizeof(name), "f%06zu", i);
        en.path = str_of(name);
        en.size = size;
        fill(bytes, size, seed * 1000003u + i + 1);
        for (size_t at = 0; at < size; at += FAKE_PIECE, en.n_pieces++)
                add_piece(s, b, bytes + at, MIN(size - at, (size_t)FAKE_PIECE));
        CHECK(manifest_builder_entry(b, &en, &e) == 0);
        s->total_bytes += size;
        free(bytes);
}

void fake_site_version(struct fake_site *s, const size_t *sizes, size_t n, unsigned seed)
{
        struct manifest_entry root = { .type = MANIFEST_DIR, .mode = 0755 };
        uint8_t head[MANIFEST_HEADER_LEN];
        struct manifest_builder b;
        struct err e = { 0 };
        struct hasher *h = hasher_new();
        struct buf m;

        forget_version(s);
        manifest_builder_init(&b);
        CHECK(manifest_builder_entry(&b, &root, &e) == 0);
        for (size_t i = 0; i < n; i++)
                add_file(s, &b, i, sizes[i], seed);
        manifest_builder_header(&b, head);
        buf_init(&m, 0);
        buf_add(&m, head, sizeof(head));
        buf_adds(&m, buf_str(&b.pieces));
        buf_adds(&m, buf_str(&b.entries));
        buf_adds(&m, buf_str(&b.restarts));
        hash_bytes_id(h, m.p, m.n, &s->manifest_id);
        s->manifest_len = m.n;
        s->manifest = (uint8_t *)buf_steal(&m);
        manifest_builder_fini(&b);
        hasher_free(h);
}

/* ---- orders ---- */

static bool is_active(const struct fake_site *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_parked_active; i++)
                if (s->parked_active[i] == id)
                        return true;
        return false;
}

/* A cancel is due while the DP still names the order; anything else while it does not. */
static bool due(const struct fake_site *s, size_t i)
{
        return !s->settled[i] && is_active(s, s->orders[i].id) == (s->orders[i].kind == DPWIRE_CANCEL);
}

static void hand_out(struct fake_site *s)
{
        struct dpwire_order v[FAKE_MAX_ORDERS];
        struct dpwire_orders m = { v, 0 };
        struct http_exchange *x = s->parked;
        struct buf b;

        for (size_t i = 0; i < s->n_orders; i++)
                if (due(s, i))
                        v[m.n++] = s->orders[i];
        if (!x || m.n == 0)
                return;
        s->parked = NULL;
        buf_init(&b, 0);
        dpwire_orders_encode(&b, &m);
        http_reply(x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
        buf_fini(&b);
}

uint64_t fake_site_order(struct fake_site *s, enum dpwire_kind kind, const char *package, uint32_t version)
{
        static uint64_t next_id = 100;
        struct dpwire_order *o = &s->orders[s->n_orders];

        CHECK(s->n_orders < FAKE_MAX_ORDERS);
        *o = (struct dpwire_order){ .id = ++next_id, .kind = kind, .version = version, .has_manifest = kind == DPWIRE_INSTALL,
                                    .manifest = s->manifest_id, .size = s->total_bytes };
        snprintf(o->package, sizeof(o->package), "%s", package);
        s->settled[s->n_orders++] = false;
        hand_out(s);
        return o->id;
}

void fake_site_cancel(struct fake_site *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_orders; i++)
                if (s->orders[i].id == id)
                        s->orders[i].kind = DPWIRE_CANCEL;
        hand_out(s);
}

static void gone(void *arg)
{
        struct fake_site *s = arg;
        struct http_exchange *x = s->parked;

        s->parked = NULL;
        if (x)
                http_reply_empty(x, 503);
}

static void on_orders(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        struct err e = { 0 };
        int64_t us;

        s->n_polls++;
        CHECK(str_to_i64(http_header(x, DPWIRE_CLOCK_HEADER), &us) == 0 && us > 0);
        CHECK(dpwire_active_decode(http_query(x, "active"), s->parked_active, DPWIRE_MAX_ORDERS, &s->n_parked_active, &e) == 0);
        gone(s);
        s->parked = x;
        hand_out(s);
        if (s->parked && str_eqz(http_query(x, "wait"), "0")) {
                s->parked = NULL;
                http_reply(x, 200, DPWIRE_TYPE_JSON, STR("{\"orders\":[]}"));
        } else if (s->parked) {
                http_on_gone(x, gone, s);
        }
}

/* ---- content ---- */

static void on_manifest(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        char hex[HASH_HEX_LEN + 1];
        struct err e = { 0 };

        s->n_manifests++;
        hash_id_hex(&s->manifest_id, hex);
        if (str_ends(http_request(x)->path, hex)) {
                http_reply(x, 200, "application/octet-stream", (struct str){ (char *)s->manifest, s->manifest_len });
                return;
        }
        (void)err_set(&e, ERR_GONE, "no such manifest");
        http_reply_err(x, &e);
}

struct answer {
        struct http_stream s;
        struct fake_site *site;
        struct buf b;
        size_t at, cut;
};

static ssize_t answer_read(struct http_stream *hs, uint64_t at, void *p, size_t max)
{
        struct answer *a = container_of(hs, struct answer, s);
        size_t n = MIN(max, (a->cut ? a->cut : a->b.n) - a->at);

        if (a->site->hold_content)
                return 0;
        if (n == 0)
                return a->at < a->b.n ? HTTP_STREAM_ABORT : HTTP_STREAM_END;
        memcpy(p, a->b.p + a->at, n);
        a->at += n;
        a->site->bytes_sent += n;
        return (ssize_t)n;
}

static void answer_free(struct http_stream *hs)
{
        struct answer *a = container_of(hs, struct answer, s);

        buf_fini(&a->b);
        free(a);
}

static void add_record(struct fake_site *s, struct buf *b, size_t i, uint64_t offset)
{
        size_t k = (int)i == s->swap ? (i + 1) % s->n_pieces : i, at;
        struct piece_header h = { .n = s->pieces[k].n, .id = s->pieces[k].id };
        uint8_t raw[PIECE_HEADER_LEN];

        piece_header_encode(&h, raw);
        buf_add(b, raw, sizeof(raw));
        at = b->n;
        buf_add(b, s->pieces[k].p + offset, s->pieces[k].n - offset);
        if ((int)i == s->flip)
                b->p[at] ^= 1;
}

static void records(struct fake_site *s, struct str want, uint64_t offset, struct buf *b)
{
        struct dpwire_want_reader r;
        uint64_t first, count;
        struct err e = { 0 };

        dpwire_want_open(&r, want, s->n_pieces);
        while (dpwire_want_next(&r, &first, &count, &e) == 1)
                for (uint64_t i = 0; i < count; i++, offset = 0)
                        add_record(s, b, first + i, offset);
        CHECK(e.kind == ERR_NONE);
}

static void on_content(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        struct answer *a;
        struct err e = { 0 };

        s->n_content++;
        CHECK(str_to_u64(http_query(x, "offset"), &s->last_offset) == 0);
        if (s->content_status) {
                (void)err_set(&e, s->content_status == 410 ? ERR_GONE : ERR_UNAVAILABLE, "as told by the test");
                http_reply_err(x, &e);
                return;
        }
        a = calloc(1, sizeof(*a));
        a->site = s;
        a->s.read = answer_read;
        a->s.free = answer_free;
        buf_init(&a->b, 0);
        if (s->junk)
                buf_addz(&a->b, "<html>This is a captive portal, and it is longer than a header.</html>");
        else
                records(s, http_request(x)->body, s->last_offset, &a->b);
        if (s->cut_after && s->cuts && s->cut_after < a->b.n) {
                a->cut = s->cut_after;
                s->cuts--;
        }
        http_reply_stream(x, 200, DPWIRE_TYPE_PIECES, a->b.n, &a->s);
}

/* ---- what the DP says ---- */

static void on_report(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        struct fake_report *r = &s->reports[s->n_reports];
        struct err e = { 0 };

        if (s->report_status) {
                s->n_refused++;
                http_reply_empty(x, s->report_status);
                return;
        }
        CHECK(s->n_reports < FAKE_MAX_REPORTS);
        CHECK(dpwire_report_decode(http_request(x)->arena, http_request(x)->body, &r->m, &e) == 0);
        snprintf(r->text, sizeof(r->text), "%.*s", STR_ARG(r->m.text));
        if (r->m.n_files)
                snprintf(r->file, sizeof(r->file), "%.*s", STR_ARG(r->m.files[0]));
        s->n_reports++;
        for (size_t i = 0; i < s->n_orders; i++)
                if (s->orders[i].id == r->m.order)
                        s->settled[i] = true;
        http_reply(x, 200, DPWIRE_TYPE_JSON, STR("{\"applied\":true}"));
}

static void on_inventory(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        struct dpwire_inventory m;
        struct err e = { 0 };

        CHECK(dpwire_inventory_decode(http_request(x)->arena, http_request(x)->body, &m, &e) == 0);
        s->n_inventories++;
        s->held_packages = m.n_packages;
        s->held_sound = m.n_packages && m.packages[0].sound;
        for (size_t i = 0; i < s->n_orders; i++)
                if (s->orders[i].id == m.order)
                        s->settled[i] = true;
        http_reply(x, 200, DPWIRE_TYPE_JSON, STR("{}"));
}

static void on_progress(void *ctx, struct http_exchange *x)
{
        struct fake_site *s = ctx;
        struct dpwire_progresses m;
        struct err e = { 0 };

        CHECK(dpwire_progress_decode(http_request(x)->arena, http_request(x)->body, &m, &e) == 0);
        s->n_progress++;
        http_reply_empty(x, 204);
}

/* ---- life ---- */

void fake_site_start(struct fake_site *s, struct loop *l, uint16_t port)
{
        const struct http_route routes[] = {
                { "GET", DPWIRE_PATH_ORDERS, 0, on_orders, s },
                { "GET", DPWIRE_PATH_MANIFEST, 0, on_manifest, s },
                { "POST", DPWIRE_PATH_CONTENT, DPWIRE_WANT_BODY, on_content, s },
                { "POST", DPWIRE_PATH_REPORT, DPWIRE_SMALL_BODY, on_report, s },
                { "POST", DPWIRE_PATH_INVENTORY, DPWIRE_INVENTORY_BODY, on_inventory, s },
                { "POST", DPWIRE_PATH_PROGRESS, DPWIRE_SMALL_BODY, on_progress, s },
        };
        struct httpd_opts o = { .address = "127.0.0.1", .port = port, .router = &s->router };
        struct err e = { 0 };

        memcpy(s->routes, routes, sizeof(routes));
        s->router = (struct http_router){ s->routes, ARRAY_SIZE(routes) };
        s->loop = l;
        if (!s->port)
                s->flip = s->swap = -1;
        if (httpd_new(&s->httpd, l, &o, &e) < 0) {
                fprintf(stderr, "fake site: %s\n", e.text);
                abort();
        }
        s->port = httpd_port(s->httpd);
}

void fake_site_stop(struct fake_site *s)
{
        httpd_free(s->httpd);
        s->httpd = NULL;
        gone(s);
}

void fake_site_free(struct fake_site *s)
{
        fake_site_stop(s);
        forget_version(s);
}

char *fake_site_url(const struct fake_site *s)
{
        return str_printf("http://127.0.0.1:%u", s->port);
}

const struct fake_report *fake_site_report(const struct fake_site *s, uint64_t order)
{
        for (size_t i = s->n_reports; i > 0; i--)
                if (s->reports[i - 1].m.order == order)
                        return &s->reports[i - 1];
        return NULL;
}
