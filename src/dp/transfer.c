/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "dp/internal.h"
#include "dp/piece_stream.h"
#include "os/os.h"

enum { BLOCK_FLUSH = 256 << 10 };       /* so much, and the store worker may have it */

struct transfer {
        struct order *o;
        struct fetch *f;
        int status;                     /* of the answer, once its head came */
        struct buf words;               /* body of an answer that is no content */
        struct piece_stream ps;
        struct block *fill;             /* whole records and at most one unfinished one */
        size_t whole;                   /* bytes of whole records in it */
        struct block_waiter waiter;
        bool need_block;                /* a header came for which there is no block yet */
        bool paused;
        size_t skip;                    /* bytes of the next delivery that were used already */
        uint64_t came;                  /* whole records of this slice */
        uint64_t moved;                 /* bytes since the request */
        unsigned inflight;              /* blocks at the workers, posts under way */
        unsigned stalls, refusals;
        struct loop_timer *timer;
        struct backoff backoff;
        bool spoiled;                   /* check worker: an earlier block was wrong, look at no more */
        bool lost;                      /* store worker: an earlier block could not be written, write no more */
        bool ended;                     /* nothing more is asked for */
        int r;                          /* how it ended; words in o->err */
};

static void request(struct transfer *t);

/* ---- the end ---- */

static void maybe_finish(struct transfer *t)
{
        struct order *o = t->o;
        int r = t->r;

        if (!t->ended || t->inflight || t->f)
                return;
        loop_timer_free(t->timer);
        list_del(&t->waiter.link);
        blocks_put(&o->dp->blocks, t->fill);
        buf_fini(&t->words);
        free(t);
        o->transfer = NULL;
        install_transferred(o, r);
}

/* ---- blocks: checked by one worker while another writes those before ---- */

static void check_work(struct job *j)
{
        struct block *k = container_of(j, struct block, job);
        struct transfer *t = k->owner;

        if (t->spoiled)
                return;
        k->r = plan_check(&t->o->plan, t->o->dp->check_hasher, k->p, k->n, &k->good, &k->err);
        t->spoiled = k->r < 0;
}

static void store_work(struct job *j)
{
        struct block *k = container_of(j, struct block, job);
        struct transfer *t = k->owner;
        struct err e = { 0 };
        int r;

        if (t->lost)
                return;
        r = plan_take(&t->o->plan, t->o->dp->writer, k->p, k->good, &k->stored, &e);
        if (r < 0) {                    /* worse than what may be wrong behind these */
                t->lost = true;
                k->r = r;
                k->err = e;
        }
}

static void stop(struct transfer *t, int r, const struct err *e);

static void store_done(struct job *j)
{
        struct block *k = container_of(j, struct block, job);
        struct transfer *t = k->owner;
        struct order *o = t->o;
        struct dp *d = o->dp;

        t->inflight--;
        d->bytes_received += k->stored;
        o->received += k->stored;
        if (k->r < 0 && t->r == 0)
                stop(t, k->r, &k->err);
        t->inflight++;                  /* blocks_put() may wake this very transfer */
        blocks_put(&d->blocks, k);
        t->inflight--;
        maybe_finish(t);
}

static void check_done(struct job *j)
{
        struct block *k = container_of(j, struct block, job);
        struct transfer *t = k->owner;

        if (!k->good) {
                store_done(j);
                return;
        }
        k->job.work = store_work;
        k->job.done = store_done;
        workers_submit(t->o->dp->store, &k->job);
}

static void submit(struct transfer *t, size_t n)
{
        struct block *k = t->fill;

        t->fill = NULL;
        t->whole = 0;
        k->n = n;
        k->owner = t;
        k->job.work = check_work;
        k->job.done = check_done;
        t->inflight++;
        workers_submit(t->o->dp->check, &k->job);
}

/* ---- ending early ---- */

static void cancel_fetch(void *arg)
{
        struct transfer *t = arg;

        t->inflight--;
        if (t->f)
                fetch_cancel(t->f);
        t->f = NULL;
        maybe_finish(t);
}

/* No more from the wire.  What arrived whole is kept, unless it is the bytes that are wrong. */
static void stop(struct transfer *t, int r, const struct err *e)
{
        if (t->ended && t->r < 0)
                return;
        if (r < 0 && t->r == 0) {
                t->r = r;
                t->o->err = *e;
        }
        t->ended = true;
        t->need_block = false;
        loop_timer_stop(t->timer);
        if (t->fill && t->whole && e->kind != ERR_CORRUPT)
                submit(t, t->whole);
        if (t->f) {                     /* not from inside its own callback */
                t->inflight++;
                loop_post(t->o->dp->loop, cancel_fetch, t);
        }
}

void transfer_cancel(struct transfer *t)
{
        struct err e = { 0 };
        int r = err_set(&e, ERR_CANCELLED, "cancelled");

        stop(t, r, &e);
        maybe_finish(t);
}

/* ---- bytes from the wire ---- */

/* The record under way gets its place; false: no block now, somebody will wake us. */
static bool place_record(struct transfer *t)
{
        struct dp *d = t->o->dp;
        size_t need = PIECE_HEADER_LEN + t->ps.h.n;

        if (t->fill && t->fill->n + need > BLOCK_CAP)
                submit(t, t->whole);
        if (!t->fill)
                t->fill = blocks_get(&d->blocks, &t->waiter);
        if (!t->fill)
                return false;
        memcpy(t->fill->p + t->fill->n, t->ps.raw, PIECE_HEADER_LEN);
        t->fill->n += PIECE_HEADER_LEN;
        t->need_block = false;
        return true;
}

static void woken(struct block_waiter *w)
{
        struct transfer *t = container_of(w, struct transfer, waiter);

        if (t->ended || (t->need_block && !place_record(t)))
                return;
        if (t->paused && t->f) {
                t->paused = false;
                fetch_resume(t->f);
        }
}

static void record_complete(struct transfer *t)
{
        t->came++;
        t->whole = t->fill->n;
        if (t->whole >= BLOCK_FLUSH)
                submit(t, t->whole);
}

static void bad_stream(struct transfer *t, const char *what)
{
        struct err e = { 0 };
        int r = err_set(&e, ERR_CORRUPT, "the site sent %s; check its library and what stands between it and this DP", what);

        stop(t, r, &e);
}

static bool on_data(void *ctx, const uint8_t *p, size_t n)
{
        struct transfer *t = ctx;
        size_t total = n, jump = MIN(t->skip, n);
        struct str bytes;

        if (t->ended)
                return true;
        if (t->status != 200) {
                if (t->words.n < 4096)
                        buf_add(&t->words, p, MIN(n, (size_t)4096));
                return true;
        }
        t->skip -= jump;
        p += jump;
        n -= jump;
        for (;;) {
                if (t->need_block && !place_record(t)) {
                        t->moved += total - n - jump;
                        t->skip = total - n;
                        t->paused = true;
                        return false;
                }
                switch (piece_stream_step(&t->ps, &p, &n, &bytes)) {
                case PIECE_STREAM_MORE:
                        t->moved += total - n - jump;
                        return true;
                case PIECE_STREAM_HEADER:
                        if (t->came == t->o->plan.want_count) {
                                bad_stream(t, "more pieces than were asked for");
                                return true;
                        }
                        t->need_block = true;
                        break;
                case PIECE_STREAM_BYTES:
                        memcpy(t->fill->p + t->fill->n, bytes.p, bytes.n);
                        t->fill->n += bytes.n;
                        break;
                case PIECE_STREAM_END:
                        record_complete(t);
                        break;
                case PIECE_STREAM_BAD:
                        bad_stream(t, "something that is no run of pieces");
                        return true;
                }
        }
}

static void on_head(void *ctx, int status)
{
        struct transfer *t = ctx;

        t->status = status;
}

/* ---- answers ---- */

static void retry(void *arg)
{
        struct transfer *t = arg;

        if (!t->ended && !t->f)
                request(t);
}

static void lost(struct transfer *t, const char *why)
{
        int64_t ms;

        if (t->moved) {
                backoff_reset(&t->backoff);
                t->stalls = t->refusals = 0;
        }
        ms = backoff_next(&t->backoff);
        log_debug("dp", "order %" PRIu64 ": transfer interrupted after %" PRIu64 " pieces of the slice (%s); again in %" PRId64
                  " ms", t->o->w.id, t->came, why, ms);
        piece_stream_resume(&t->ps);
        t->skip = 0;
        t->paused = false;
        loop_timer_start(t->timer, (uint64_t)ms, 0);
}

/* An answer that is no content: for good, or perhaps better later? */
static void refused(struct transfer *t, int status)
{
        struct arena a;
        struct str code, message;
        struct err e = { 0 };
        int r;

        arena_init(&a, 64 << 10);
        if (dpwire_error_decode(&a, buf_str(&t->words), &code, &message) != 0)
                message = STR("no reason given");
        if (status == 404 || status == 410) {
                r = err_set(&e, ERR_GONE, "the site no longer has this content (%.*s); update the package's source",
                            STR_ARG(message));
                stop(t, r, &e);
        } else if (++t->refusals >= TRANSFER_REFUSALS) {
                r = err_set(&e, ERR_UNAVAILABLE, "the site answered content with %d (%.*s); see its log", status,
                            STR_ARG(message));
                stop(t, r, &e);
        } else {
                lost(t, "refused");
        }
        arena_fini(&a);
}

static void on_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct transfer *t = ctx;
        struct err stalled = { 0 };

        t->f = NULL;
        if (t->ended) {
                maybe_finish(t);
                return;
        }
        if (e->kind == ERR_NONE && status == 200 && t->came == t->o->plan.want_count && !t->ps.open) {
                if (t->fill && t->whole)
                        submit(t, t->whole);
                t->ended = true;
        } else if (e->kind == ERR_NONE && status != 200) {
                refused(t, status);
        } else if (e->kind == ERR_TIMEOUT && t->moved == 0 && ++t->stalls >= TRANSFER_STALLS) {
                stop(t, err_set(&stalled, ERR_TIMEOUT, "the site sends nothing, tried %d times; see its log and the network",
                                TRANSFER_STALLS), &stalled);
        } else {
                lost(t, e->kind ? e->text : "the answer ended early");
        }
        maybe_finish(t);
}

/* ---- asking ---- */

/* The want list without its first `came` pieces. */
static int remaining(struct transfer *t, struct buf *out, struct err *e)
{
        struct dpwire_want_reader in;
        struct dpwire_want_writer w;
        uint64_t first, count, passed = 0;
        int r;

        dpwire_want_open(&in, buf_str(&t->o->plan.want), t->o->man.m.n_pieces);
        dpwire_want_begin(&w, out);
        while ((r = dpwire_want_next(&in, &first, &count, e)) == 1) {
                uint64_t drop = MIN(count, t->came - passed);

                passed += drop;
                if (count > drop)
                        dpwire_want_run(&w, first + drop, count - drop);
        }
        dpwire_want_end(&w);
        return r < 0 ? r : out->failed ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

static void request(struct transfer *t)
{
        struct dp *d = t->o->dp;
        static const char *const headers[] = { "Content-Type: " DPWIRE_TYPE_WANT, NULL };
        struct fetch_req q = { .method = "POST", .headers = headers, .head = on_head, .data = on_data, .done = on_done };
        char hex[HASH_HEX_LEN + 1];
        struct err e = { 0 };
        struct buf want;
        char *url;
        int r;

        hash_id_hex(&t->o->w.manifest, hex);
        buf_init(&want, DPWIRE_WANT_BODY);
        url = dp_url(d, DPWIRE_PATH_CONTENT "%s?offset=%u", hex, piece_stream_offset(&t->ps));
        r = remaining(t, &want, &e);
        q.url = url;
        q.body = buf_str(&want);
        q.ctx = t;
        t->status = 0;
        t->moved = 0;
        buf_reset(&t->words);
        if (r == 0)
                r = url ? fetch_start(&t->f, d->pool, &q, &e) : err_set(&e, ERR_NOMEM, "out of memory");
        if (r < 0)
                lost(t, e.text);
        buf_fini(&want);
        free(url);
}

void transfer_kick(struct transfer *t)
{
        if (t->ended || t->f)
                return;
        loop_timer_stop(t->timer);
        backoff_reset(&t->backoff);
        request(t);
}

int transfer_start(struct order *o, struct err *e)
{
        struct transfer *t = calloc(1, sizeof(*t));
        struct dp *d = o->dp;

        if (!t || loop_timer_new(&t->timer, d->loop, retry, t) < 0) {
                free(t);
                return err_set(e, ERR_NOMEM, "out of memory");
        }
        t->o = o;
        t->waiter.wake = woken;
        list_init(&t->waiter.link);
        t->backoff = (struct backoff){ d->set.retry_min_ms, d->set.retry_max_ms, 0 };
        buf_init(&t->words, 8192);
        piece_stream_init(&t->ps);
        o->transfer = t;
        request(t);
        return 0;
}
