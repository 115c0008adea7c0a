/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "base/time.h"
#include "dp/serve_state.h"
#include "os/os.h"

enum answer { ANSWER_ERROR, ANSWER_LISTING, ANSWER_FOLDER_SLASH, ANSWER_FILE, ANSWER_NOT_MODIFIED, ANSWER_NO_RANGE };

struct lookup {
        struct job job;
        struct dp *dp;
        struct http_exchange *x;
        /* asked; borrowed from the exchange */
        struct str rest;                /* behind the prefix */
        struct str none_match, modified_since, range, if_range, after;
        bool json;
        /* found */
        enum answer answer;
        struct buf listing;
        struct cas_manifest man;
        bool man_open;
        struct manifest_cursor cursor;
        uint64_t size, first, last;
        bool partial;
        char etag[SERVE_ETAG_LEN], date[SERVE_DATE_LEN];
        struct serve_part part;
        struct err err;
};

/* ---- read worker ---- */

static bool add_package(void *ctx, const struct cas_version *v)
{
        struct serve_listing *l = ctx;

        serve_packages_add(l, v);
        return !l->out->failed;
}

static int list_packages(struct lookup *k)
{
        struct serve_listing l = { &k->listing, k->json, 0 };
        int r;

        serve_packages_begin(&l);
        r = cas_version_each(k->dp->cas, add_package, &l, &k->err);
        serve_packages_end(&l);
        return r;
}

/* The range's first piece and how much of it is before the range. */
static void seek(struct lookup *k, const struct manifest_entry *en)
{
        uint64_t at = 0;
        struct hash_id id;
        uint32_t len;

        k->part.piece = en->first_piece;
        k->part.end = en->first_piece + en->n_pieces;
        for (; k->part.piece < k->part.end; k->part.piece++, at += len) {
                manifest_piece(&k->man.m, k->part.piece, &id, &len);
                if (k->first < at + len)
                        break;
        }
        k->part.skip = k->first - at;
        k->part.left = k->size ? k->last - k->first + 1 : 0;
}

static int look_at_file(struct lookup *k, const struct manifest_entry *en)
{
        int r = HTTP_RANGE_NONE;

        k->answer = ANSWER_FILE;
        k->size = en->size;
        k->last = en->size ? en->size - 1 : 0;
        serve_etag(k->dp->serve->hasher, &k->man.m, en, k->etag);
        serve_date(en->mtime_ns / 1000, k->date);
        if (k->none_match.p ? serve_none_match(k->none_match, k->etag) : str_eqz(k->modified_since, k->date)) {
                k->answer = ANSWER_NOT_MODIFIED;
                return 0;
        }
        if (k->range.p && serve_if_range(k->if_range, k->etag, k->date))
                r = http_range_parse(k->range, k->size, &k->first, &k->last);
        if (r == HTTP_RANGE_UNSATISFIABLE) {
                k->answer = ANSWER_NO_RANGE;
                return 0;
        }
        k->partial = r == 0;
        if (r != 0) {
                k->first = 0;
                k->last = en->size ? en->size - 1 : 0;
        }
        seek(k, en);
        return serve_window_fill(k->dp->cas, &k->man.m, k->part.piece, k->part.end, &k->part.w, &k->err);
}

static int look_into_package(struct lookup *k, struct str package, struct str path, bool slash)
{
        struct serve_listing l = { &k->listing, k->json, 0 };
        struct manifest_entry en;
        char id[DPWIRE_PACKAGE_LEN + 1] = "";
        int r;

        if (!dpwire_package_ok(package) || path.n > MANIFEST_PATH_MAX)
                return err_set(&k->err, ERR_NOT_FOUND, "there is no such package here");
        memcpy(id, package.p, package.n);
        r = cas_version_find(k->dp->cas, id, &k->part.v, &k->err);
        if (r == CAS_OK)
                r = cas_manifest_open(k->dp->cas, &k->part.v.manifest, &k->man, &k->err);
        if (r > 0) {
                err_clear(&k->err);
                return err_set(&k->err, ERR_NOT_FOUND, "package %s is not here", id);
        }
        if (r < 0)
                return r;
        k->man_open = true;
        if (path.n)
                memcpy(k->part.path, path.p, path.n);
        k->part.path[path.n] = 0;
        r = serve_resolve(&k->man.m, k->part.path, &k->cursor, &en, &k->err);
        if (r < 0)
                return r;
        if (r > 0 || (en.type == MANIFEST_FILE && slash && path.n))
                return err_set(&k->err, ERR_NOT_FOUND, "there is no such file in package %s", id);
        if (en.type == MANIFEST_FILE)
                return look_at_file(k, &en);
        k->answer = slash ? ANSWER_LISTING : ANSWER_FOLDER_SLASH;
        return slash ? serve_folder(&l, &k->part.v, str_of(k->part.path), k->after, &k->cursor, &k->err) : 0;
}

static void lookup_work(struct job *j)
{
        struct lookup *k = container_of(j, struct lookup, job);
        struct str package, path = str_cut(k->rest, '/', &package);
        bool slash = k->rest.n && k->rest.p[k->rest.n - 1] == '/';
        int r;

        if (k->rest.n == 0) {
                k->answer = ANSWER_LISTING;
                r = list_packages(k);
        } else {
                r = look_into_package(k, package, path, slash);
        }
        if (r == 0 && k->listing.failed)
                r = err_set(&k->err, ERR_NOMEM, "out of memory");
        if (r < 0)
                k->answer = ANSWER_ERROR;
        if (k->man_open)
                cas_manifest_trim(&k->man);     /* many streams, many mappings: keep what each touches small */
}

/* ---- loop ---- */

static void reply_file(struct lookup *k)
{
        struct http_exchange *x = k->x;
        struct http_stream *s;
        char range[80];
        struct err e = { 0 };

        http_reply_header(x, "Accept-Ranges", "bytes");
        http_reply_header(x, "ETag", k->etag);
        http_reply_header(x, "Last-Modified", k->date);
        http_reply_header(x, "X-Content-Type-Options", "nosniff");
        if (k->partial) {
                snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)k->first,
                         (unsigned long long)k->last, (unsigned long long)k->size);
                http_reply_header(x, "Content-Range", range);
        }
        if (k->part.left == 0) {
                http_reply(x, 200, "application/octet-stream", STR(""));
                return;
        }
        k->man_open = false;
        s = serve_file_new(k->dp, &k->man, &k->part);
        if (s) {
                http_reply_stream(x, k->partial ? 206 : 200, "application/octet-stream", k->part.left, s);
                return;
        }
        (void)err_set(&e, ERR_NOMEM, "out of memory");
        http_reply_err(x, &e);
}

static void reply_slash(struct lookup *k)
{
        struct buf b;

        buf_init(&b, 64 << 10);
        serve_encode_path(&b, http_request(k->x)->path);
        buf_addc(&b, '/');
        http_reply_header(k->x, "Location", b.failed ? "/" : b.p);
        http_reply_empty(k->x, 301);
        buf_fini(&b);
}

static void reply(struct lookup *k)
{
        char range[40];

        switch (k->answer) {
        case ANSWER_ERROR:
                http_reply_err(k->x, &k->err);
                break;
        case ANSWER_LISTING:
                http_reply_header(k->x, "Vary", "Accept");
                http_reply_header(k->x, "Cache-Control", "no-cache");
                http_reply_header(k->x, "X-Content-Type-Options", "nosniff");
                http_reply(k->x, 200, k->json ? "application/json" : "text/html; charset=utf-8", buf_str(&k->listing));
                break;
        case ANSWER_FOLDER_SLASH:
                reply_slash(k);
                break;
        case ANSWER_FILE:
                reply_file(k);
                break;
        case ANSWER_NOT_MODIFIED:
                http_reply_header(k->x, "ETag", k->etag);
                http_reply_header(k->x, "Last-Modified", k->date);
                http_reply_empty(k->x, 304);
                break;
        case ANSWER_NO_RANGE:
                snprintf(range, sizeof(range), "bytes */%llu", (unsigned long long)k->size);
                http_reply_header(k->x, "Content-Range", range);
                http_reply_empty(k->x, 416);
                break;
        }
}

static void lookup_done(struct job *j)
{
        struct lookup *k = container_of(j, struct lookup, job);

        k->dp->serve->lookups--;
        reply(k);
        if (k->man_open)
                cas_manifest_close(&k->man);
        buf_fini(&k->listing);
        free(k);
}

static void handle(void *ctx, struct http_exchange *x)
{
        struct dp *d = ctx;
        struct lookup *k = calloc(1, sizeof(*k));
        const struct http_request *q = http_request(x);
        struct str accept = http_header(x, "Accept");
        struct err e = { 0 };
        bool get = str_eqz(q->method, "GET") || str_eqz(q->method, "HEAD");

        if (!get) {
                free(k);
                http_reply_header(x, "Allow", "GET, HEAD");
                http_reply_empty(x, 405);
                return;
        }
        if (!k || d->stopping) {
                free(k);
                (void)err_set(&e, ERR_UNAVAILABLE, "this distribution point is stopping");
                http_reply_err(x, &e);
                return;
        }
        k->dp = d;
        k->x = x;
        k->rest = str_from(q->path, strlen(SERVE_PREFIX));
        k->none_match = http_header(x, "If-None-Match");
        k->modified_since = http_header(x, "If-Modified-Since");
        k->range = http_header(x, "Range");
        k->if_range = http_header(x, "If-Range");
        k->after = http_query(x, "after");
        k->json = k->rest.n == 0 || (accept.p && memmem(accept.p, accept.n, "json", 4));
        buf_init(&k->listing, 8 << 20);
        k->job.work = lookup_work;
        k->job.done = lookup_done;
        d->serve->lookups++;
        workers_submit(d->read, &k->job);
}

int serve_start(struct dp *d, struct err *e)
{
        struct serve *s = calloc(1, sizeof(*s));

        if (!s)
                return err_set(e, ERR_NOMEM, "out of memory");
        d->serve = s;
        s->route = (struct http_route){ .prefix = SERVE_PREFIX, .handle = handle, .ctx = d };
        s->router = (struct http_router){ &s->route, 1 };
        s->cache = serve_cache_new(d->cas);
        s->hasher = hasher_new();
        return s->cache && s->hasher ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

void serve_free(struct dp *d)
{
        if (!d->serve)
                return;
        serve_cache_free(d->serve->cache);
        hasher_free(d->serve->hasher);
        free(d->serve);
        d->serve = NULL;
}

size_t serve_streams(const struct dp *d)
{
        return d->serve->streams;
}

const struct http_router *dp_router(struct dp *d)
{
        return &d->serve->router;
}
