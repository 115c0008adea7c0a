/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content - POST /dp/v1/content/HEX: the wanted pieces, as they lie in the packs
 *
 * A worker decodes the want list and locates the pieces, a block at a time and
 * one block ahead; neighbours in a pack become one run.  The loop reads runs from
 * the packs into the server's buffer.  Nothing is copied in between and nothing
 * is hashed here: the DP checks every byte against the manifest.
 *
 * All that is asked for is sent under a Content-Length, so what breaks off is
 * never taken for the whole.  A piece the library lacks refuses the request in
 * words when it is in the first block, else breaks it off; either way the order
 * fails as SourceGone and the library's copy is read again.
 *
 * Any enrolled DP may ask for any version of the site's: every one of them may
 * hold every package.
 */
#include "codec/piece.h"
#include "distmgr/internal.h"
#include "distmgr/locate.h"
#include <stdio.h>

enum { BLOCK_BYTES = 16 << 20 };

struct run {                            /* bytes that follow each other in a pack */
        uint32_t pack;
        uint64_t at, n;
};

struct block {
        size_t n;
        struct run v[LOCATE_BLOCK + 1]; /* one more: the first record's header, when its bytes are resumed */
};

struct content {
        struct http_stream stream;
        struct dm_work w;
        struct list link;               /* while the collector runs */
        struct distmgr *d;
        struct http_exchange *x;
        int64_t dp_id, job_id;          /* job_id 0: no order of ours needs it */
        char dp_name[DM_NAME];
        struct hash_id id;
        uint64_t offset;                /* into the bytes of the first piece */
        char *want;
        size_t want_len;
        /* the worker's, while `busy` */
        struct cas_manifest m;
        bool opened, located_all;
        struct dpwire_want_reader reader;
        uint64_t run_first, run_left;   /* of the want list */
        uint64_t size;
        int r;
        bool gone;                      /* r: the library lacks it */
        struct err err;
        /* the loop's */
        struct block *cur, *next;
        size_t run;                     /* of cur */
        uint64_t sent;
        bool replied, busy, dead, next_ready;
};

static void content_free(struct content *c)
{
        c->d->n_streams--;
        if (c->opened)
                cas_manifest_close(&c->m);
        free(c->cur);
        free(c->next);
        free(c->want);
        free(c);
}

/* ---- worker ---- */

/* Counts what will be sent, and finds a bad list before the first byte goes out. */
static int measure(struct content *c)
{
        struct dpwire_want_reader r;
        uint64_t first, count;
        struct hash_id id;
        uint32_t len;
        int x;

        dpwire_want_open(&r, (struct str){ c->want, c->want_len }, c->m.m.n_pieces);
        while ((x = dpwire_want_next(&r, &first, &count, &c->err)) > 0) {
                for (uint64_t i = 0; i < count; i++) {
                        manifest_piece(&c->m.m, first + i, &id, &len);
                        if (!c->size && c->offset >= len)
                                return err_set(&c->err, ERR_INVALID, "offset: the first piece has %u bytes", len);
                        c->size += PIECE_HEADER_LEN + len;
                }
        }
        if (x < 0)
                return x;
        if (!c->size && c->offset)
                return err_set(&c->err, ERR_INVALID, "offset without a wanted piece");
        c->size -= c->offset;
        return 0;
}

static int open_manifest(struct content *c)
{
        int r = cas_manifest_open(c->d->cas, &c->id, &c->m, &c->err);

        if (r == CAS_E_ABSENT) {
                c->gone = true;
                return err_set(&c->err, ERR_GONE, "the site's library no longer holds this version");
        }
        if (r < 0)
                return r;
        c->opened = true;
        r = measure(c);
        dpwire_want_open(&c->reader, (struct str){ c->want, c->want_len }, c->m.m.n_pieces);
        return r;
}

/* Numbers of the next wanted pieces. */
static size_t take(struct content *c, uint64_t *pieces)
{
        uint64_t bytes = 0;
        struct hash_id id;
        size_t n = 0;
        uint32_t len;

        while (n < LOCATE_BLOCK && bytes < BLOCK_BYTES) {
                if (!c->run_left && dpwire_want_next(&c->reader, &c->run_first, &c->run_left, &c->err) <= 0) {
                        c->located_all = true;
                        break;
                }
                manifest_piece(&c->m.m, c->run_first, &id, &len);
                bytes += len;
                pieces[n++] = c->run_first++;
                c->run_left--;
        }
        return n;
}

/* The file a piece belongs to, for the words of the failure. */
static void name_piece(const struct content *c, uint64_t piece, struct buf *out)
{
        struct manifest_cursor cur;
        struct manifest_entry en;
        struct err e = { 0 };

        manifest_first(&c->m.m, &cur);
        while (manifest_next(&cur, &en, &e) > 0) {
                if (en.type != MANIFEST_FILE || piece < en.first_piece || piece >= en.first_piece + en.n_pieces)
                        continue;
                for (size_t i = 0; i < en.path.n; i++)
                        buf_addc(out, (unsigned char)en.path.p[i] < ' ' ? '?' : en.path.p[i]);
                return;
        }
}

static int lacks(struct content *c, uint64_t piece)
{
        struct buf name;
        int r;

        buf_init(&name, MANIFEST_PATH_MAX + 1);
        name_piece(c, piece, &name);
        c->gone = true;
        r = err_set(&c->err, ERR_GONE, "the site's library lacks a sound copy of %s; update the package from its source",
                    name.failed || !name.n ? "a file" : name.p);
        buf_fini(&name);
        return r;
}

static void add_run(struct block *b, uint32_t pack, uint64_t at, uint64_t n)
{
        struct run *last = b->n ? &b->v[b->n - 1] : NULL;

        if (last && last->pack == pack && last->at + last->n == at)
                last->n += n;
        else
                b->v[b->n++] = (struct run){ pack, at, n };
}

static int locate(struct content *c, struct block *b)
{
        uint64_t pieces[LOCATE_BLOCK];
        struct cas_extent x[LOCATE_BLOCK];
        size_t n = take(c, pieces), bad = 0;
        int r;

        b->n = 0;
        r = n ? dm_locate(c->d->locator, &c->m, pieces, n, x, &bad, &c->err) : 0;
        if (r == CAS_E_ABSENT)
                return lacks(c, pieces[bad]);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (c->offset) {
                        add_run(b, x[i].pack, x[i].at, PIECE_HEADER_LEN);
                        add_run(b, x[i].pack, x[i].at + PIECE_HEADER_LEN + c->offset, x[i].len - c->offset);
                        c->offset = 0;
                } else {
                        add_run(b, x[i].pack, x[i].at, PIECE_HEADER_LEN + (uint64_t)x[i].len);
                }
        }
        /* The loop must not wait for the disk: have the kernel read it in meanwhile. */
        for (size_t i = 0; i < b->n; i++) {
                struct err e = { 0 };
                int fd;

                if (cas_extent_open(c->d->cas, b->v[i].pack, &fd, &e) == 0)
                        (void)posix_fadvise(fd, (off_t)b->v[i].at, (off_t)b->v[i].n, POSIX_FADV_WILLNEED);
        }
        return 0;
}

static void content_work(struct dm_work *w)
{
        struct content *c = container_of(w, struct content, w);

        c->r = c->opened ? 0 : open_manifest(c);
        if (c->r >= 0)
                c->r = locate(c, c->next);
}

/* ---- loop ---- */

static void source_gone(struct content *c)
{
        struct order *o = c->job_id ? dm_order(c->d, c->job_id) : NULL;

        log_error(LOG, "content for DP %s: %s", c->dp_name, c->err.text);
        if (!o || o->state != ORDER_SENT)
                return;
        dm_library_suspect(c->d, o->package_id, o->version);
        dm_order_fail(c->d, o, "SourceGone", c->err.text);
}

static void locate_next(struct content *c)
{
        c->busy = true;
        c->next_ready = false;
        dm_work(c->d, c->d->locate, &c->w);
}

static void swap(struct content *c)
{
        struct block *b = c->cur;

        c->cur = c->next;
        c->next = b;
        c->run = 0;
        c->next_ready = false;
        if (!c->located_all)
                locate_next(c);
}

/* Bytes went out: the order and the DP are alive. */
static void count_sent(struct content *c, uint64_t n)
{
        struct session *s = dm_session(c->d, c->dp_id);
        struct order *o = c->job_id ? dm_order(c->d, c->job_id) : NULL;

        c->sent += n;
        c->d->bytes_sent += n;
        if (o)
                o->bytes_sent += n;
        if (s)
                dm_session_progress(s);
}

static ssize_t read_run(struct content *c, struct run *r, uint8_t *p, size_t max)
{
        ssize_t n;
        int fd;

        if (cas_extent_open(c->d->cas, r->pack, &fd, &c->err) < 0)
                return -1;
        n = os.pread(fd, p, MIN(max, r->n), (off_t)r->at);
        if (n <= 0) {
                c->gone = true;
                (void)err_set(&c->err, ERR_CORRUPT, "pack %u of the site's library cannot be read at %llu", r->pack,
                              (unsigned long long)r->at);
                return -1;
        }
        r->at += (uint64_t)n;
        r->n -= (uint64_t)n;
        return n;
}

static ssize_t content_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct content *c = container_of(s, struct content, stream);
        size_t have = 0;

        while (have < max) {
                ssize_t n;

                if (c->run == c->cur->n) {
                        if (c->r < 0)
                                return have ? (ssize_t)have : HTTP_STREAM_ABORT;
                        if (!c->next_ready)
                                break;
                        swap(c);
                        continue;
                }
                n = read_run(c, &c->cur->v[c->run], (uint8_t *)p + have, max - have);
                if (n < 0) {
                        source_gone(c);
                        return HTTP_STREAM_ABORT;
                }
                have += (size_t)n;
                c->run += c->cur->v[c->run].n == 0;
        }
        if (have)
                count_sent(c, have);
        else if (!c->busy)
                return HTTP_STREAM_END;
        return (ssize_t)have;
}

/* The same without copying: the next run that has bytes left. */
static int content_where(struct http_stream *s, struct http_extent *out)
{
        struct content *c = container_of(s, struct content, stream);
        struct run *r;

        while (c->run == c->cur->n) {
                if (c->r < 0)
                        return HTTP_STREAM_ABORT;
                if (!c->next_ready)
                        return c->busy ? 0 : HTTP_STREAM_ABORT;
                swap(c);
        }
        r = &c->cur->v[c->run];
        out->at = r->at;
        out->n = r->n;
        if (cas_extent_open(c->d->cas, r->pack, &out->fd, &c->err) == 0)
                return 1;
        source_gone(c);
        return HTTP_STREAM_ABORT;
}

static void content_sent(struct http_stream *s, size_t n)
{
        struct content *c = container_of(s, struct content, stream);
        struct run *r = &c->cur->v[c->run];

        r->at += n;
        r->n -= n;
        c->run += r->n == 0;
        count_sent(c, n);
}

static void content_gone(struct http_stream *s)
{
        struct content *c = container_of(s, struct content, stream);

        if (c->busy)
                c->dead = true;
        else
                content_free(c);
}

static void content_then(struct dm_work *w)
{
        struct content *c = container_of(w, struct content, w);

        c->busy = false;
        c->next_ready = c->r >= 0;
        if (c->r < 0 && c->gone && !c->dead)
                source_gone(c);
        if (c->dead) {
                content_free(c);
        } else if (!c->replied && c->r < 0) {
                http_reply_err(c->x, &c->err);
                content_free(c);
        } else if (!c->replied) {
                c->replied = true;
                swap(c);
                c->stream.read = content_read;
                c->stream.where = content_where;
                c->stream.sent = content_sent;
                c->stream.free = content_gone;
                http_reply_stream(c->x, 200, DPWIRE_TYPE_PIECES, c->size, &c->stream);
        } else {
                http_stream_wake(&c->stream);
        }
}

void dm_content_resume(struct distmgr *d)
{
        struct list *l;

        while (!d->gc_running && (l = list_pop_front(&d->gc_waiters)))
                locate_next(list_entry(l, struct content, link));
}

static int parse(struct http_exchange *x, struct hash_id *id, uint64_t *offset, struct err *e)
{
        const struct http_request *q = http_request(x);
        struct str off = http_query(x, "offset");

        if (hash_id_parse(str_from(q->path, strlen(DPWIRE_PATH_CONTENT)), id))
                return err_set(e, ERR_INVALID, "content is asked for by the manifest's SHA-256, 64 hexadecimal digits");
        if (off.p && (str_to_u64(off, offset) || *offset >= PIECE_MAX))
                return err_set(e, ERR_INVALID, "offset is a number of bytes below %d", PIECE_MAX);
        return 0;
}

static void content(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        struct str body = http_request(x)->body;
        struct content *c;
        struct err e = { 0 };
        struct order *o;

        if (s->maintenance || d->stopping) {
                (void)err_set(&e, ERR_UNAVAILABLE, s->maintenance ? "%s is in maintenance mode: nothing is sent" :
                                                                    "%s: the site server is stopping", s->name);
                http_reply_err(x, &e);
                return;
        }
        c = calloc(1, sizeof(*c));
        if (!c) {
                http_reply_empty(x, 503);
                return;
        }
        *c = (struct content){ .d = d, .x = x, .dp_id = s->dp_id };
        d->n_streams++;
        c->cur = calloc(1, sizeof(*c->cur));
        c->next = calloc(1, sizeof(*c->next));
        c->want = malloc(body.n + 1);
        if (!c->cur || !c->next || !c->want)
                (void)err_set(&e, ERR_NOMEM, "out of memory");
        if (e.kind || parse(x, &c->id, &c->offset, &e)) {
                http_reply_err(x, &e);
                content_free(c);
                return;
        }
        if (body.n)
                memcpy(c->want, body.p, body.n);
        c->want_len = body.n;
        memcpy(c->dp_name, s->name, sizeof(c->dp_name));
        o = dm_order_of_manifest(s, &c->id);
        c->job_id = o ? o->job_id : 0;
        dm_session_progress(s);
        c->w.fn = content_work;
        c->w.then = content_then;
        list_push_back(&d->gc_waiters, &c->link);
        dm_content_resume(d);
}

void dm_handle_content(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, content);
}

/* ---- GET /dp/v1/manifest/HEX ---- */

struct manifest_req {
        struct dm_work w;
        struct http_exchange *x;
        struct hash_id id;
        int r, fd;
        uint64_t size;
        struct err err;
};

static void manifest_work(struct dm_work *w)
{
        struct manifest_req *m = container_of(w, struct manifest_req, w);

        m->r = cas_manifest_fd(w->d->cas, &m->id, &m->fd, &m->size, &m->err);
        if (m->r == CAS_E_ABSENT)
                m->r = err_set(&m->err, ERR_GONE, "the site's library no longer holds this version");
}

static void manifest_then(struct dm_work *w)
{
        struct manifest_req *m = container_of(w, struct manifest_req, w);

        if (m->r < 0)
                http_reply_err(m->x, &m->err);
        else
                http_reply_fd(m->x, 200, "application/octet-stream", m->fd, 0, m->size);
        free(m);
}

static void manifest(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        struct manifest_req *m = calloc(1, sizeof(*m));
        struct err e = { 0 };

        if (!m) {
                http_reply_empty(x, 503);
                return;
        }
        if (hash_id_parse(str_from(http_request(x)->path, strlen(DPWIRE_PATH_MANIFEST)), &m->id)) {
                (void)err_set(&e, ERR_INVALID, "a manifest is asked for by its SHA-256, 64 hexadecimal digits");
                http_reply_err(x, &e);
                free(m);
                return;
        }
        dm_session_progress(s);
        m->x = x;
        m->w.fn = manifest_work;
        m->w.then = manifest_then;
        dm_work(d, d->locate, &m->w);
}

void dm_handle_manifest(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, manifest);
}
