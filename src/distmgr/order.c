/* SPDX-License-Identifier: Apache-2.0 */
/* order - a DP job in work, from "started" in the database to its end */
#include "distmgr/internal.h"
#include <errno.h>

static struct str key_of(const int64_t *id)
{
        return (struct str){ (const char *)id, sizeof(*id) };
}

struct order *dm_order(const struct distmgr *d, int64_t job_id)
{
        return map_get(&d->orders, key_of(&job_id));
}

static struct order *order_new(struct distmgr *d, struct session *s, const struct model_job *j)
{
        struct order *o = calloc(1, sizeof(*o));

        if (!o)
                return NULL;
        *o = (struct order){
                .job_id = j->job_id, .pkg_id = j->pkg_id, .dp_id = j->dp_id,
                .action = j->action, .version = j->version, .redistribute = j->redistribute,
                .has_manifest = j->has_manifest, .manifest = j->manifest, .total_bytes = j->total_bytes,
                .state = ORDER_STARTING,
        };
        memcpy(o->package_id, j->package_id, sizeof(o->package_id));
        if (map_put(&d->orders, key_of(&o->job_id), o, NULL)) {
                free(o);
                return NULL;
        }
        list_push_back(&s->orders, &o->link);
        return o;
}

void dm_order_free(struct distmgr *d, struct order *o)
{
        map_del(&d->orders, key_of(&o->job_id));
        list_del(&o->link);
        free(o);
}

/* ---- start ---- */

struct start {
        struct dm_write w;
        int64_t job_id;
        bool adopted;
};

static int start_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        return model_job_started(t, container_of(w, struct start, w)->job_id, e);
}

static void start_then(struct dm_write *w)
{
        struct start *st = container_of(w, struct start, w);
        struct distmgr *d = w->d;
        struct order *o = dm_order(d, st->job_id);
        struct session *s = o ? dm_session(d, o->dp_id) : NULL;

        if (o && w->job.r) {
                /* r > 0: cancelled or replaced since the pass that chose it; the next pass knows. */
                if (st->adopted)
                        dm_session_cancel(s, (uint64_t)o->job_id);
                dm_order_free(d, o);
                if (w->job.r < 0)
                        log_error(LOG, "job %lld: %s", (long long)st->job_id, w->job.err.text);
                else
                        dm_wake(d);
                if (s)
                        dm_session_kick(s);
        } else if (o && st->adopted) {
                o->state = ORDER_SENT;
                o->announced = true;
                o->sent_mono_us = os_mono_us();
                dm_session_progress(s);
                dm_session_kick(s);
        } else if (o) {
                o->state = ORDER_QUEUED;
                dm_session_kick(s);
        }
        free(st);
}

static void start(struct distmgr *d, const struct model_job *j, bool adopted)
{
        struct session *s = dm_session(d, j->dp_id);
        struct start *st;

        if (!s || dm_order(d, j->job_id))
                return;
        st = calloc(1, sizeof(*st));
        if (!st || !order_new(d, s, j)) {
                free(st);
                log_error(LOG, "job %lld: out of memory, it is looked at again with the next change", (long long)j->job_id);
                return;
        }
        st->job_id = j->job_id;
        st->adopted = adopted;
        st->w.fn = start_fn;
        st->w.then = start_then;
        dm_write(d, &st->w, LOG, "");
}

void dm_order_start(struct distmgr *d, const struct model_job *j)
{
        start(d, j, false);
}

void dm_order_adopt(struct distmgr *d, const struct model_job *j)
{
        start(d, j, true);
}

/* ---- ends ---- */

static void tell_void(struct distmgr *d, struct order *o)
{
        struct session *s = dm_session(d, o->dp_id);

        if (s && o->announced)
                dm_session_cancel(s, (uint64_t)o->job_id);
}

void dm_order_void(struct distmgr *d, struct order *o)
{
        struct session *s = dm_session(d, o->dp_id);

        tell_void(d, o);
        dm_order_free(d, o);
        if (s)
                dm_session_kick(s);
}

static void ended(struct distmgr *d, int64_t job_id)
{
        struct order *o = dm_order(d, job_id);

        if (o)
                dm_order_void(d, o);
        dm_wake(d);
}

void dm_order_fail(struct distmgr *d, struct order *o, const char *code, const char *text)
{
        log_warn(LOG, "job %lld (%s version %u): %s: %s", (long long)o->job_id, o->package_id, o->version, code, text);
        o->state = ORDER_ENDING;
        dm_end_job(d, o->job_id, code, text, ended);
}

void dm_order_put_back(struct distmgr *d, struct order *o, const char *text)
{
        o->state = ORDER_ENDING;
        dm_end_job(d, o->job_id, NULL, text, ended);
}

struct order *dm_order_of_manifest(struct session *s, const struct hash_id *manifest)
{
        struct list *l, *tmp;

        list_for_each (l, &s->orders, tmp) {
                struct order *o = list_entry(l, struct order, link);

                if (o->has_manifest && o->action != JOB_REMOVE && hash_id_eq(&o->manifest, manifest))
                        return o;
        }
        return NULL;
}
