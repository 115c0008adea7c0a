/* SPDX-License-Identifier: Apache-2.0 */
/* store - reading definitions; writing cursors and failures */
#include "consumer/private.h"
#include "os/os.h"

#define LOG "consumer"

static const struct actor self = { "consumer", "", "internal" };

/* ---- definitions ---- */

struct reading {
        struct db_job job;
        struct consumers *owner;
        struct arena arena;
        struct model_subscription *rows;
        size_t n;
        void (*done)(struct consumers *c, struct model_subscription *s, size_t n, const struct err *e);
};

static int read_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct reading *r = container_of(j, struct reading, job);

        return model_subscriptions(c, CONSUMER_BINDINGS_MAX, &r->arena, &r->rows, &r->n, e);
}

static void read_done(struct db_job *j)
{
        struct reading *r = container_of(j, struct reading, job);

        r->owner->n_jobs--;
        r->done(r->owner, r->rows, r->n, &j->err);
        arena_fini(&r->arena);
        free(r);
}

void store_read(struct consumers *c, void (*done)(struct consumers *c, struct model_subscription *s, size_t n, const struct err *e))
{
        struct reading *r = calloc(1, sizeof(*r));
        struct err e = { 0 };

        if (!r) {
                (void)err_set(&e, ERR_NOMEM, "out of memory");
                done(c, NULL, 0, &e);
                return;
        }
        r->owner = c;
        r->done = done;
        arena_init(&r->arena, 256 << 20);
        r->job.work = read_work;
        r->job.done = read_done;
        c->n_jobs++;
        db_read(c->o.db, &r->job);
}

/* ---- cursors ---- */

struct cursors {
        struct db_job job;
        struct consumers *owner;
        size_t n;
        struct {
                int64_t id, cursor;
                bool well;              /* it delivers again */
        } item[];
};

static int cursors_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct cursors *k = container_of(j, struct cursors, job);
        struct tx t;
        int r = 0;

        tx_begin(&t, c, &self);
        for (size_t i = 0; i < k->n && r == 0; i++) {
                r = model_subscription_cursor(&t, k->item[i].id, k->item[i].cursor, e);
                if (r == 0 && k->item[i].well)
                        r = model_subscription_state(&t, k->item[i].id, STR_NULL, e);
        }
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static struct binding *find(struct consumers *c, int64_t id)
{
        struct list *at, *tmp;

        list_for_each(at, &c->bindings, tmp) {
                struct binding *b = list_entry(at, struct binding, link);

                if (b->def->id == id)
                        return b;
        }
        return NULL;
}

static void cursors_done(struct db_job *j)
{
        struct cursors *k = container_of(j, struct cursors, job);
        struct consumers *c = k->owner;
        bool saved = j->r >= 0;

        c->n_jobs--;
        c->saving = false;
        if (j->r < 0)
                log_error(LOG, "how far subscriptions are cannot be stored: %s; events may come again after a restart", j->err.text);
        for (size_t i = 0; i < k->n && saved; i++) {
                struct binding *b = find(c, k->item[i].id);

                if (b) {
                        b->saved = MAX(b->saved, k->item[i].cursor);
                        b->failed &= !k->item[i].well;
                }
        }
        free(k);
        if (saved)
                consumers_soon(c);
}

static bool is_well_again(const struct binding *b)
{
        return b->failed && !b->n_failed && !b->recording && b->cursor > b->saved;
}

void store_cursors(struct consumers *c)
{
        struct list *at, *tmp;
        struct cursors *k;
        size_t n = 0;

        list_for_each(at, &c->bindings, tmp)
                n += list_entry(at, struct binding, link)->cursor > list_entry(at, struct binding, link)->saved;
        if (c->saving || !n)
                return;
        k = calloc(1, sizeof(*k) + n * sizeof(k->item[0]));
        if (!k)
                return;
        list_for_each(at, &c->bindings, tmp) {
                struct binding *b = list_entry(at, struct binding, link);

                if (b->cursor <= b->saved)
                        continue;
                k->item[k->n].id = b->def->id;
                k->item[k->n].cursor = b->cursor;
                k->item[k->n++].well = is_well_again(b);
        }
        k->owner = c;
        k->job.work = cursors_work;
        k->job.done = cursors_done;
        c->saving = true;
        c->n_jobs++;
        db_write(c->o.db, &k->job);
}

/* ---- failures ---- */

struct failing {
        struct db_job job;
        struct consumers *owner;
        struct definition *def;
        struct model_undelivered f;
        char *text, *event;
        int64_t cursor;
        bool was_failed, quiet;
};

static int failing_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct failing *f = container_of(j, struct failing, job);
        struct tx t;
        int r = 0;

        tx_begin(&t, c, &self);
        if (f->f.dropped)
                r = model_changes_last(c, &f->cursor, e);
        if (r == 0 && !f->quiet)
                r = model_event_failure(&t, &f->f, e);
        if (r == 0)
                r = model_subscription_cursor(&t, f->def->id, f->cursor, e);
        if (r == 0 && !f->was_failed)
                r = model_subscription_state(&t, f->def->id, str_of(f->text), e);
        if (r < 0) {
                tx_abort(&t);
                return r;
        }
        return tx_end(&t, e);
}

static void failing_done(struct db_job *j)
{
        struct failing *f = container_of(j, struct failing, job);
        struct binding *b = find(f->owner, f->def->id);

        f->owner->n_jobs--;
        if (b && b->def == f->def && b->recording)
                binding_recorded(b, f->cursor, &j->err);
        consumers_soon(f->owner);
        definition_unref(f->def);
        free(f->text);
        free(f->event);
        free(f);
}

/* An event about events that were not delivered makes no other when it is not delivered. */
static bool is_about_failures(const struct delivery *d)
{
        return d && cim_class_isa(d->event_class, cim_class_find(STR("__EventDroppedEvent")));
}

void store_failure(struct binding *b, struct str text, bool dropped)
{
        struct failing *f = calloc(1, sizeof(*f));
        const struct delivery *d = dropped ? NULL : b->hand;
        struct err e = { 0 };

        if (!f || !(f->text = str_dup(text)) || (d && d->n_json <= FAILURE_EVENT_MAX && !(f->event = str_dup(str_of(d->json))))) {
                (void)err_set(&e, ERR_NOMEM, "out of memory");
                binding_recorded(b, b->cursor, &e);
                if (f)
                        free(f->text);
                free(f);
                return;
        }
        f->owner = b->owner;
        f->def = definition_ref(b->def);
        f->cursor = d ? d->sequence : b->cursor;
        f->was_failed = b->failed;
        f->quiet = is_about_failures(d);
        f->f = (struct model_undelivered){
                .filter = f->def->filter, .consumer = f->def->path, .dropped = dropped,
                .code = err_hresult(d && d->err.kind ? d->err.kind : ERR_GONE), .description = str_of(f->text),
                .tries = d ? d->tries : 0, .event = f->event ? (struct str){ f->event, d->n_json } : STR_NULL,
        };
        f->job.work = failing_work;
        f->job.done = failing_done;
        b->owner->n_jobs++;
        db_write(b->owner->o.db, &f->job);
}
