/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest of a version, from the site into the library: one block at a time
 * between wire and file, the connection paused while the store worker has it.
 * Manifests are small beside content, so one that breaks off is asked for anew.
 */
#include <inttypes.h>
#include "dp/internal.h"
#include "os/os.h"

#define MANIFEST_MAX (UINT64_C(4) << 30)

struct manifest_fetch {
        struct order *o;
        struct fetch *f;
        int status;
        struct buf words;
        struct block *k;
        struct block_waiter waiter;
        struct job job;
        bool busy;                      /* the job has the block */
        bool last;                      /* the job is the one that publishes */
        bool paused, answered, ended, moved;
        unsigned posts, refusals;
        int fd;                         /* store worker; -1 until the first bytes */
        uint64_t at;                    /* bytes written since the answer began */
        struct loop_timer *timer;
        struct backoff backoff;
        int r;
};

static void request(struct manifest_fetch *m);

static void maybe_finish(struct manifest_fetch *m)
{
        struct order *o = m->o;
        int r = m->r;

        if (!m->ended || m->busy || m->f || m->posts)
                return;
        if (m->fd >= 0)
                os.close(m->fd);
        loop_timer_free(m->timer);
        list_del(&m->waiter.link);
        blocks_put(&o->dp->blocks, m->k);
        buf_fini(&m->words);
        free(m);
        o->mfetch = NULL;
        install_manifest_came(o, r);
}

static void cancel_fetch(void *arg)
{
        struct manifest_fetch *m = arg;

        m->posts--;
        if (m->f)
                fetch_cancel(m->f);
        m->f = NULL;
        maybe_finish(m);
}

static void end(struct manifest_fetch *m, int r, const struct err *e)
{
        if (m->ended)
                return;
        m->ended = true;
        m->r = r;
        if (r < 0)
                m->o->err = *e;
        loop_timer_stop(m->timer);
        if (m->f) {
                m->posts++;
                loop_post(m->o->dp->loop, cancel_fetch, m);
        }
}

/* ---- store worker ---- */

static int publish(struct manifest_fetch *m, struct err *e)
{
        int fd = m->fd, r;

        m->fd = -1;
        if (os.ftruncate(fd, (off_t)m->at) < 0) {
                r = err_sys(e, errno, "cut a manifest to its length");
                os.close(fd);
                return r;
        }
        r = cas_manifest_put(m->o->dp->cas, fd, &m->o->w.manifest, e);
        if (r == CAS_E_MISMATCH) {
                err_clear(e);
                r = err_set(e, ERR_CORRUPT, "the site sent a manifest that does not have its hash; update the package's source");
        }
        return r;
}

static void write_work(struct job *j)
{
        struct manifest_fetch *m = container_of(j, struct manifest_fetch, job);
        struct block *k = m->k;

        if (m->fd < 0)
                k->r = cas_manifest_temp(m->o->dp->cas, &m->fd, &k->err);
        if (k->r >= 0) {
                k->r = os_pwrite_all(m->fd, k->p, k->n, (off_t)m->at);
                if (k->r < 0)
                        err_sys(&k->err, -k->r, "write a manifest");
        }
        if (k->r >= 0) {
                m->at += k->n;
                if (m->last)
                        k->r = publish(m, &k->err);
        }
}

static void write_done(struct job *j)
{
        struct manifest_fetch *m = container_of(j, struct manifest_fetch, job);

        m->busy = false;
        m->k->n = 0;
        if (m->k->r < 0 || m->last)
                end(m, m->k->r < 0 ? m->k->r : 0, &m->k->err);
        if (m->paused && m->f && !m->ended) {
                m->paused = false;
                fetch_resume(m->f);
        }
        if (m->answered && !m->last && !m->ended) {     /* the answer ended while this was written */
                m->last = true;
                m->busy = true;
                workers_submit(m->o->dp->store, &m->job);
        }
        maybe_finish(m);
}

static void submit(struct manifest_fetch *m)
{
        m->busy = true;
        m->job.work = write_work;
        m->job.done = write_done;
        workers_submit(m->o->dp->store, &m->job);
}

/* ---- loop ---- */

static void woken(struct block_waiter *w)
{
        struct manifest_fetch *m = container_of(w, struct manifest_fetch, waiter);

        if (m->paused && m->f && !m->ended) {
                m->paused = false;
                fetch_resume(m->f);
        }
}

static bool on_data(void *ctx, const uint8_t *p, size_t n)
{
        struct manifest_fetch *m = ctx;
        struct err e = { 0 };

        if (m->ended)
                return true;
        if (m->status != 200) {
                if (m->words.n < 4096)
                        buf_add(&m->words, p, MIN(n, (size_t)4096));
                return true;
        }
        if (!m->k)
                m->k = blocks_get(&m->o->dp->blocks, &m->waiter);
        if (!m->k || m->busy || n > BLOCK_CAP - m->k->n) {
                if (m->k && !m->busy)
                        submit(m);
                m->paused = true;
                return false;
        }
        memcpy(m->k->p + m->k->n, p, n);
        m->k->n += n;
        m->moved = true;
        if (m->at > MANIFEST_MAX)
                end(m, err_set(&e, ERR_TOO_LARGE, "the site's manifest does not end"), &e);
        return true;
}

static void on_head(void *ctx, int status)
{
        ((struct manifest_fetch *)ctx)->status = status;
}

static void retry(void *arg)
{
        struct manifest_fetch *m = arg;

        if (!m->ended && !m->f && !m->busy)
                request(m);
        else if (!m->ended && m->busy)
                loop_timer_start(m->timer, 50, 0);
}

static void lost(struct manifest_fetch *m)
{
        if (m->moved)
                backoff_reset(&m->backoff);
        m->paused = false;
        loop_timer_start(m->timer, (uint64_t)backoff_next(&m->backoff), 0);
}

static void on_done(void *ctx, int status, struct str body, const struct err *e)
{
        struct manifest_fetch *m = ctx;
        struct err why = { 0 };

        m->f = NULL;
        if (m->ended) {
                maybe_finish(m);
        } else if (e->kind == ERR_NONE && status == 200 && m->k) {
                m->answered = true;
                if (!m->busy) {
                        m->last = true;
                        submit(m);
                }
        } else if (e->kind == ERR_NONE && (status == 404 || status == 410)) {
                end(m, err_set(&why, ERR_GONE, "the site no longer has this version's manifest; update the package's source"), &why);
                maybe_finish(m);
        } else if (e->kind == ERR_NONE && ++m->refusals >= TRANSFER_REFUSALS) {
                end(m, err_set(&why, ERR_UNAVAILABLE, "the site answered the manifest with %d; see its log", status), &why);
                maybe_finish(m);
        } else {
                lost(m);
        }
}

static void request(struct manifest_fetch *m)
{
        struct dp *d = m->o->dp;
        struct fetch_req q = { .method = "GET", .head = on_head, .data = on_data, .done = on_done, .ctx = m };
        char hex[HASH_HEX_LEN + 1];
        struct err e = { 0 };
        char *url;

        hash_id_hex(&m->o->w.manifest, hex);
        url = dp_url(d, DPWIRE_PATH_MANIFEST "%s", hex);
        q.url = url;
        m->status = 0;
        m->at = 0;
        m->moved = false;
        if (m->k)
                m->k->n = 0;
        buf_reset(&m->words);
        if (!url || fetch_start(&m->f, d->pool, &q, &e) < 0)
                lost(m);
        free(url);
}

void manifest_fetch_kick(struct manifest_fetch *m)
{
        if (m->ended || m->f || m->busy || m->answered)
                return;
        loop_timer_stop(m->timer);
        backoff_reset(&m->backoff);
        request(m);
}

void manifest_fetch_cancel(struct manifest_fetch *m)
{
        struct err e = { 0 };
        int r = err_set(&e, ERR_CANCELLED, "cancelled");

        end(m, r, &e);
        maybe_finish(m);
}

int manifest_fetch_start(struct order *o, struct err *e)
{
        struct manifest_fetch *m = calloc(1, sizeof(*m));

        if (!m || loop_timer_new(&m->timer, o->dp->loop, retry, m) < 0) {
                free(m);
                return err_set(e, ERR_NOMEM, "out of memory");
        }
        m->o = o;
        m->fd = -1;
        m->waiter.wake = woken;
        list_init(&m->waiter.link);
        m->backoff = (struct backoff){ o->dp->set.retry_min_ms, o->dp->set.retry_max_ms, 0 };
        buf_init(&m->words, 8192);
        o->mfetch = m;
        request(m);
        return 0;
}
