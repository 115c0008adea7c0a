/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - hub and subscriptions
 *
 * A subscription is live (fed by the hub), behind (reading for itself), alone
 * (has read all, and reads for itself what comes next: it must not see all) or
 * waiting (its consumer is full).  Both kinds of reading use the same job.
 */
#include "event/hub.h"

#include "os/os.h"

/*
 * Waking a subscriber's socket costs some 10 us, whether for one event or a hundred.  So when many listen, what is
 * committed within a moment is handed out together: waking them costs at most a tenth of a core.
 */
enum { SPACED_FROM = 10, SPACING_US = 100, SPACING_MAX_US = 100000 };

static void hub_read(struct event_hub *h);
static void sub_read(struct event_sub *s);

/* ---- subscriptions ---- */

static void sub_set_mode(struct event_sub *s, enum sub_mode mode)
{
        s->hub->n_live -= s->mode == SUB_LIVE;
        s->hub->n_live += mode == SUB_LIVE;
        s->hub->n_alone -= s->mode == SUB_ALONE;
        s->hub->n_alone += mode == SUB_ALONE;
        s->mode = mode;
}

static void sub_gone(struct event_sub *s, enum err_kind kind, const char *why)
{
        struct err e = { 0 };

        sub_set_mode(s, SUB_GONE);
        (void)!err_set(&e, kind, "%s", why);
        s->opts.gone(s->opts.ctx, &e);
}

static bool sub_wants(const struct event_sub *s, const struct model_change *ch)
{
        char value[1024];
        size_t n;

        for (size_t i = 0; i < s->n_classes; i++) {
                if (!str_eqz_nocase(ch->class_name, s->classes[i]))
                        continue;
                return !s->key_property || (event_path_key(ch->path, str_of(s->key_property), value, sizeof(value), &n) &&
                                            str_eqz_nocase((struct str){ value, n }, s->key_value));
        }
        return s->n_classes == 0;
}

/* False: the consumer is full; the cursor stays before the change it refused. */
static bool sub_feed(struct event_sub *s, const struct model_change *rows, size_t n)
{
        for (size_t i = 0; i < n && !s->dead; i++) {
                if (rows[i].seq <= s->cursor)
                        continue;
                if (sub_wants(s, &rows[i]) && !s->opts.deliver(s->opts.ctx, &rows[i]))
                        return false;
                s->cursor = rows[i].seq;
        }
        return true;
}

static void sub_destroy(struct event_sub *s)
{
        for (size_t i = 0; i < MAX(s->n_classes, 1); i++) {
                if (s->interests)
                        event_index_del(&s->hub->index, &s->interests[i]);
                if (s->classes)
                        free(s->classes[i]);
        }
        free(s->interests);
        free(s->classes);
        free(s->key_property);
        free(s->key_value);
        free(s->who);
        free(s);
}

static void sub_tell_caught_up(struct event_sub *s)
{
        if (!s->told_caught_up && s->opts.caught_up)
                s->opts.caught_up(s->opts.ctx, s->cursor);
        s->told_caught_up = true;
}

static void sub_go_live(struct event_sub *s)
{
        struct event_hub *h = s->hub;

        sub_set_mode(s, SUB_LIVE);
        if (h->n_live == 1 && !h->reading)
                h->last = s->cursor;    /* nobody else listened, so the hub did not look */
        sub_tell_caught_up(s);
        hub_read(h);                    /* what committed while we were reading */
}

/* Everything that was there was read; what was committed meanwhile it must ask for, since nobody tells it. */
static void sub_stay_alone(struct event_sub *s, bool more)
{
        if (more || s->wake != s->hub->wakes) {
                sub_read(s);
                return;
        }
        sub_set_mode(s, SUB_ALONE);
        sub_tell_caught_up(s);
}

static void sub_done(struct db_job *j)
{
        struct batch *b = container_of(j, struct batch, job);
        struct event_sub *s = b->sub;

        s->reading = false;
        if (s->dead) {
                sub_destroy(s);
        } else if (b->job.r < 0) {
                sub_gone(s, b->job.err.kind, b->job.err.text);
        } else if (b->gone) {
                sub_gone(s, ERR_GONE, "the change log no longer holds what follows this sequence: read the state again");
        } else if (!sub_feed(s, b->rows, b->n)) {
                sub_set_mode(s, SUB_WAITING);
        } else {
                s->cursor = MAX(s->cursor, b->last);
                if (b->scope.account)
                        sub_stay_alone(s, b->full);
                else if (b->full || s->cursor < s->hub->last || (s->hub->reading && s->born == s->hub->round))
                        sub_read(s);
                else
                        sub_go_live(s);
        }
        batch_free(b);
}

static void sub_read(struct event_sub *s)
{
        sub_set_mode(s, SUB_BEHIND);
        s->wake = s->hub->wakes;
        s->reading = true;
        if (batch_start(s->hub, s, s->cursor, sub_done) < 0) {
                s->reading = false;
                sub_gone(s, ERR_NOMEM, "out of memory");
        }
}

/* Copies of what it asks for, and its places in the index. */
static bool sub_ask(struct event_sub *s, const struct event_sub_opts *o)
{
        s->n_classes = o->class_name ? 1 : o->n_classes;
        s->interests = calloc(MAX(s->n_classes, 1), sizeof(*s->interests));
        s->classes = calloc(MAX(s->n_classes, 1), sizeof(*s->classes));
        if (!s->interests || !s->classes)
                return false;
        if (o->class_name && o->key_property.n) {
                s->key_property = str_dup(o->key_property);
                s->key_value = str_dup(o->key_value);
                if (!s->key_property || !s->key_value)
                        return false;
        }
        for (size_t i = 0; i < MAX(s->n_classes, 1); i++) {
                const char *name = o->class_name ? o->class_name : s->n_classes ? o->classes[i]->name : NULL;

                s->interests[i].owner = s;
                if ((name && !(s->classes[i] = str_dup(str_of(name)))) ||
                    event_index_add(&s->hub->index, &s->interests[i], str_of(name), str_of(s->key_property),
                                    str_of(s->key_value)) < 0)
                        return false;
        }
        return true;
}

int event_subscribe(struct event_sub **out, struct event_hub *h, const struct event_sub_opts *o, struct err *e)
{
        struct event_sub *s = calloc(1, sizeof(*s));

        if (!s)
                return err_set(e, ERR_NOMEM, "subscribe: out of memory");
        s->hub = h;
        s->opts = *o;
        s->who = o->who ? str_dup(str_of(o->who)) : NULL;
        if (o->who && !s->who) {
                free(s);
                return err_set(e, ERR_NOMEM, "subscribe: out of memory");
        }
        if (!sub_ask(s, o)) {
                sub_destroy(s);
                return err_set(e, ERR_NOMEM, "subscribe: out of memory");
        }
        s->cursor = o->from < 0 ? EVENT_FROM_NOW : o->from;
        s->mode = SUB_BEHIND;
        s->born = h->round;
        list_push_back(&h->subs, &s->link);
        *out = s;
        sub_read(s);
        return 0;
}

int64_t event_cursor(const struct event_sub *s)
{
        return s->cursor;
}

void event_resume(struct event_sub *s)
{
        if (s->mode == SUB_WAITING)
                sub_read(s);
}

void event_unsubscribe(struct event_sub *s)
{
        if (!s)
                return;
        sub_set_mode(s, SUB_GONE);
        s->dead = true;
        if (s->hub->feeding)
                return;                 /* the index is being walked: hub_bury() */
        list_del(&s->link);
        if (!s->reading)
                sub_destroy(s);
}

/* ---- the hub ---- */

static void hub_offer(void *ctx, struct event_interest *i)
{
        struct event_hub *h = ctx;
        struct event_sub *s = i->owner;

        if (s->mode == SUB_LIVE && !sub_feed(s, h->feeding, 1))
                sub_set_mode(s, SUB_WAITING);
}

/* Those who left while changes were handed out. */
static void hub_bury(struct event_hub *h)
{
        struct list *pos, *tmp;

        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (!s->dead)
                        continue;
                list_del(&s->link);
                if (!s->reading)
                        sub_destroy(s);
        }
}

/* Accounts were given scopes, or lost some: from here on nobody is told what he may not see any more. */
static void hub_doubt(struct event_hub *h, int64_t seq)
{
        struct list *pos, *tmp;

        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (s->mode != SUB_LIVE || !s->who || seq <= s->cursor)
                        continue;
                s->cursor = MAX(s->cursor, seq - 1);
                s->look_again = true;
                sub_set_mode(s, SUB_BEHIND);
        }
}

static void hub_look_again(struct event_hub *h)
{
        struct list *pos, *tmp;

        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (!s->look_again)
                        continue;
                s->look_again = false;
                sub_read(s);
        }
}

/* Something was committed that nobody else tells them. */
static void hub_wake_alone(struct event_hub *h)
{
        struct list *pos, *tmp;

        h->wakes++;
        if (!h->n_alone || h->ended)
                return;
        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (s->mode == SUB_ALONE)
                        sub_read(s);
        }
}

static void hub_feed(struct event_hub *h, struct batch *b)
{
        struct list *pos, *tmp;
        bool doubt = false;

        for (size_t i = 0; i < b->n; i++) {
                h->feeding = &b->rows[i];
                if (str_eqz(b->rows[i].class_name, "TM_AccountScope")) {
                        hub_doubt(h, b->rows[i].seq);
                        doubt = true;
                }
                event_index_find(&h->index, b->rows[i].class_name, b->rows[i].path, hub_offer, h);
        }
        h->feeding = NULL;
        hub_bury(h);
        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (s->mode != SUB_LIVE)
                        continue;
                if (b->gone)
                        sub_gone(s, ERR_GONE, "the change log was cut short of this subscription: read the state again");
                else
                        s->cursor = MAX(s->cursor, b->last);
        }
        h->last = MAX(h->last, b->last);
        h->fed_us = os_mono_us();
        if (doubt)
                hub_look_again(h);
}

/* The common reading failed: each tries for itself, and is told when that fails too. */
static void hub_scatter(struct event_hub *h)
{
        struct list *pos, *tmp;

        list_for_each(pos, &h->subs, tmp) {
                struct event_sub *s = list_entry(pos, struct event_sub, link);

                if (s->mode == SUB_LIVE)
                        sub_read(s);
        }
}

static void hub_done(struct db_job *j)
{
        struct batch *b = container_of(j, struct batch, job);
        struct event_hub *h = b->hub;
        bool more = b->full || h->again;

        h->reading = h->again = false;
        if (!h->ended && b->job.r < 0)
                hub_scatter(h);
        else if (!h->ended)
                hub_feed(h, b);
        if (b->full)
                h->fed_us = 0;          /* what is there already need not wait */
        batch_free(b);
        if (more)
                hub_read(h);
}

/* How long to wait before what was committed is handed out. */
static int64_t hub_wait_us(const struct event_hub *h)
{
        const int64_t spacing = h->n_live < SPACED_FROM ? 0 : MIN((int64_t)h->n_live * SPACING_US, SPACING_MAX_US);

        return h->fed_us + spacing - os_mono_us();
}

static void hub_read(struct event_hub *h)
{
        const int64_t wait_us = hub_wait_us(h);

        if (h->ended || h->n_live == 0)
                return;
        if (h->reading) {
                h->again = true;
                return;
        }
        if (wait_us > 0) {
                loop_timer_start(h->timer, (uint64_t)(wait_us + 999) / 1000, 0);
                return;
        }
        h->reading = true;              /* before: an inline db is done within */
        h->round++;
        if (batch_start(h, NULL, h->last, hub_done) < 0)
                h->reading = false;
}

static void hub_due(void *arg)
{
        hub_read(arg);
}

static void hub_wake(void *arg)
{
        struct event_hub *h = arg;

        atomic_store(&h->posted, false);
        hub_wake_alone(h);
        hub_read(h);
}

void event_hub_committed(struct event_hub *h)
{
        if (!atomic_exchange(&h->posted, true))
                loop_post(h->loop, hub_wake, h);
}

int event_hub_new(struct event_hub **out, struct loop *l, struct db *db, struct err *e)
{
        struct event_hub *h = calloc(1, sizeof(*h));

        if (!h)
                return err_set(e, ERR_NOMEM, "event hub: out of memory");
        h->loop = l;
        h->db = db;
        if (loop_timer_new(&h->timer, l, hub_due, h) < 0) {
                free(h);
                return err_set(e, ERR_NOMEM, "event hub: out of memory");
        }
        list_init(&h->subs);
        event_index_init(&h->index);
        *out = h;
        return 0;
}

void event_hub_free(struct event_hub *h)
{
        if (!h)
                return;
        h->ended = true;
        while (h->n_jobs || atomic_load(&h->posted))
                loop_run_once(h->loop);
        loop_timer_free(h->timer);
        event_index_fini(&h->index);
        free(h);
}
