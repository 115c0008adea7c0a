/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library - the site library's housekeeping, on the store worker
 *
 * After a new version: versions further behind than library_keep_versions go,
 * unless a DP is working on them.  When a package is gone: all of its versions.
 * The collector runs when something was dropped and nothing else uses the
 * library; it moves pieces, so content requests that come meanwhile wait for it
 * and what was located before is forgotten.
 */
#include "distmgr/internal.h"
#include "distmgr/locate.h"
#include <stdio.h>

enum { GC_BUSY_MS = 5000, KEEP_MAX = 128 };

/* ---- dropping ---- */

struct trim {
        struct dm_work w;
        char package_id[PACKAGE_ID_LEN + 1];
        unsigned keep;                  /* behind the newest */
        bool all;
        uint32_t needed[KEEP_MAX];      /* DPs are working on these */
        size_t n_needed;
        uint32_t versions[KEEP_MAX * 2];
        size_t n_versions;
        unsigned n_dropped;
        struct err err;
};

static bool collect(void *ctx, const struct cas_version *v)
{
        struct trim *t = ctx;

        if (strcmp(v->package, t->package_id) == 0 && t->n_versions < ARRAY_SIZE(t->versions))
                t->versions[t->n_versions++] = v->version;
        return true;
}

static bool is_needed(const struct trim *t, uint32_t version)
{
        for (size_t i = 0; i < t->n_needed; i++)
                if (t->needed[i] == version)
                        return true;
        return false;
}

static unsigned n_newer(const struct trim *t, uint32_t version)
{
        unsigned n = 0;

        for (size_t i = 0; i < t->n_versions; i++)
                n += t->versions[i] > version;
        return n;
}

static void trim_work(struct dm_work *w)
{
        struct trim *t = container_of(w, struct trim, w);

        if (cas_version_each(w->d->cas, collect, t, &t->err) < 0)
                return;
        for (size_t i = 0; i < t->n_versions; i++) {
                uint32_t v = t->versions[i];

                if (!t->all && (n_newer(t, v) <= t->keep || is_needed(t, v)))
                        continue;
                if (cas_version_drop(w->d->cas, t->package_id, v, &t->err) < 0)
                        return;
                t->n_dropped++;
        }
}

static void trim_then(struct dm_work *w)
{
        struct trim *t = container_of(w, struct trim, w);

        if (t->err.kind)
                log_error(LOG, "old versions of %s in the library: %s", t->package_id, t->err.text);
        if (t->n_dropped) {
                log_info(LOG, "%u versions of %s left the library", t->n_dropped, t->package_id);
                dm_library_want_gc(w->d);
        }
        free(t);
}

static void note_needed(const struct distmgr *d, struct trim *t)
{
        size_t it = 0;
        void *v;

        while (map_next(&d->orders, &it, NULL, &v)) {
                const struct order *o = v;

                if (strcmp(o->package_id, t->package_id) == 0 && !is_needed(t, o->version) && t->n_needed < KEEP_MAX)
                        t->needed[t->n_needed++] = o->version;
        }
}

static void trim(struct distmgr *d, const char *package_id, bool all)
{
        struct trim *t = calloc(1, sizeof(*t));

        if (!t)
                return;                 /* the next version of the package tries again */
        snprintf(t->package_id, sizeof(t->package_id), "%s", package_id);
        t->keep = d->o.library_keep_versions;
        t->all = all;
        note_needed(d, t);
        t->w.fn = trim_work;
        t->w.then = trim_then;
        dm_work(d, d->store, &t->w);
}

void dm_library_trim(struct distmgr *d, const char *package_id)
{
        trim(d, package_id, false);
}

void dm_library_forget(struct distmgr *d, const char *package_id)
{
        trim(d, package_id, true);
}

/* ---- packages that went while we did not look ---- */

struct sweep {
        struct dm_work w;
        struct dm_read r;
        size_t n, cap;
        char (*ids)[16];
        struct err err;
};

static bool sweep_note(void *ctx, const struct cas_version *v)
{
        struct sweep *s = ctx;

        if (s->n && strcmp(s->ids[s->n - 1], v->package) == 0)
                return true;
        if (s->n == s->cap) {
                size_t cap = s->cap ? s->cap * 2 : 64;
                void *p = reallocarray(s->ids, cap, sizeof(*s->ids));

                if (!p)
                        return false;
                s->ids = p;
                s->cap = cap;
        }
        snprintf(s->ids[s->n++], sizeof(s->ids[0]), "%s", v->package);
        return true;
}

static void sweep_work(struct dm_work *w)
{
        struct sweep *s = container_of(w, struct sweep, w);

        (void)!cas_version_each(w->d->cas, sweep_note, s, &s->err);
}

/* Keeps only the names the database does not know. */
static int sweep_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct sweep *s = container_of(r, struct sweep, r);
        size_t k = 0;

        for (size_t i = 0; i < s->n; i++) {
                int x = model_package_exists(c, str_of(s->ids[i]), e);

                if (x < 0)
                        return x;
                if (x > 0)
                        memmove(s->ids[k++], s->ids[i], sizeof(s->ids[0]));
        }
        s->n = k;
        return 0;
}

static void sweep_then(struct dm_read *r)
{
        struct sweep *s = container_of(r, struct sweep, r);

        if (r->job.r < 0)
                log_error(LOG, "packages of the library: %s", r->job.err.text);
        for (size_t i = 0; r->job.r >= 0 && i < s->n && !r->d->stopping; i++)
                dm_library_forget(r->d, s->ids[i]);
        free(s->ids);
        free(s);
}

static void sweep_listed(struct dm_work *w)
{
        struct sweep *s = container_of(w, struct sweep, w);

        if (s->err.kind || w->d->stopping) {
                if (s->err.kind)
                        log_error(LOG, "packages of the library: %s", s->err.text);
                free(s->ids);
                free(s);
                return;
        }
        dm_read(w->d, &s->r);
}

void dm_library_sweep(struct distmgr *d)
{
        struct sweep *s = calloc(1, sizeof(*s));

        if (!s)
                return;
        s->w.fn = sweep_work;
        s->w.then = sweep_listed;
        s->r.fn = sweep_fn;
        s->r.then = sweep_then;
        dm_work(d, d->store, &s->w);
}

/* ---- a version that may be damaged ---- */

struct suspect {
        struct dm_work w;
        char package_id[PACKAGE_ID_LEN + 1];
        uint32_t version;
        unsigned n_bad;
        struct err err;
};

static void suspect_bad(void *ctx, struct str path)
{
        struct suspect *s = ctx;

        s->n_bad++;
        log_error(LOG, "the library's copy of %s version %u is damaged: %.*s; update the package from its source",
                  s->package_id, s->version, STR_ARG(path));
}

static bool suspect_stop(void *ctx)
{
        return atomic_load(&((struct suspect *)ctx)->w.d->stop_work);
}

static void suspect_work(struct dm_work *w)
{
        struct suspect *s = container_of(w, struct suspect, w);
        struct cas_version v;
        uint64_t bytes;

        if (cas_version_get(w->d->cas, s->package_id, s->version, &v, &s->err) == CAS_OK)
                (void)!cas_verify(w->d->cas, &v, 0, suspect_bad, suspect_stop, s, &bytes, &s->err);
        dm_locator_clear(w->d->locator);        /* damaged pieces are found no more */
}

static void suspect_then(struct dm_work *w)
{
        struct suspect *s = container_of(w, struct suspect, w);

        if (s->err.kind && s->err.kind != ERR_CANCELLED)
                log_error(LOG, "verification of %s version %u in the library: %s", s->package_id, s->version, s->err.text);
        else if (!s->n_bad)
                log_info(LOG, "the library's copy of %s version %u is sound", s->package_id, s->version);
        free(s);
}

void dm_library_suspect(struct distmgr *d, const char *package_id, uint32_t version)
{
        struct suspect *s = calloc(1, sizeof(*s));

        if (!s || d->stopping) {
                free(s);
                return;
        }
        snprintf(s->package_id, sizeof(s->package_id), "%s", package_id);
        s->version = version;
        s->w.fn = suspect_work;
        s->w.then = suspect_then;
        dm_work(d, d->store, &s->w);
}

/* ---- the collector ---- */

struct collect_garbage {
        struct dm_work w;
        struct cas_gc_stats stats;
        struct err err;
};

static void gc_work(struct dm_work *w)
{
        struct collect_garbage *g = container_of(w, struct collect_garbage, w);

        (void)!cas_gc(w->d->cas, false, &g->stats, &g->err);
        dm_locator_clear(w->d->locator);
}

static void gc_then(struct dm_work *w)
{
        struct collect_garbage *g = container_of(w, struct collect_garbage, w);
        struct distmgr *d = w->d;

        d->gc_running = false;
        if (g->err.kind)
                log_error(LOG, "collecting unused content: %s", g->err.text);
        else if (g->stats.bytes_freed)
                log_info(LOG, "collected %llu unused pieces, %llu bytes", (unsigned long long)g->stats.pieces_dropped,
                         (unsigned long long)g->stats.bytes_freed);
        free(g);
        dm_content_resume(d);
        dm_wake(d);                     /* snapshots waited, too */
}

void dm_library_gc_tick(void *arg)
{
        struct distmgr *d = arg;
        struct collect_garbage *g;

        if (!d->gc_wanted || d->gc_running || d->stopping)
                return;
        g = d->n_streams || !list_empty(&d->snapshots) ? NULL : calloc(1, sizeof(*g));
        if (!g) {
                loop_timer_start(d->gc, GC_BUSY_MS, 0);
                return;
        }
        d->gc_wanted = false;
        d->gc_running = true;
        d->gc_mono_us = os_mono_us();
        g->w.fn = gc_work;
        g->w.then = gc_then;
        dm_work(d, d->store, &g->w);
}

void dm_library_want_gc(struct distmgr *d)
{
        int64_t ms;

        if (d->gc_wanted || d->stopping || !d->o.gc_interval_us)
                return;
        d->gc_wanted = true;
        ms = (d->gc_mono_us + d->o.gc_interval_us - os_mono_us()) / 1000;
        loop_timer_start(d->gc, ms > 1 ? (uint64_t)ms : 1, 0);
}
