/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding - a filter's events, one after the other, to a consumer
 *
 *              deliver()            pump()
 *      free  ───────────▶ ready  ───────────▶ running ──▶ done: cursor moves, free again
 *                           ▲                    ├──────▶ again: a pause, then ready
 *                           └──── timer ─────────┘
 *                                                └──────▶ given up: recorded, cursor moves, a pause, free again
 *
 * Callbacks of the event engine close nothing; whatever ends is looked at in the
 * loop's next turn (binding_go_on()).
 */
#include "consumer/private.h"
#include "os/os.h"

#define LOG "consumer"
enum { REOPEN_MS = 60000, RECORD_AGAIN_MS = 2000 };

static bool deliver(void *ctx, const struct event_notice *n)
{
        struct binding *b = ctx;

        if (b->hand || b->pausing || b->recording)
                return false;
        b->hand = delivery_new(b->owner, b, b->def, b->sink, n);
        if (!b->hand) {
                log_error(LOG, "subscription of %.*s: out of memory for an event; it is taken again", STR_ARG(b->def->filter));
                loop_timer_start(b->timer, RECORD_AGAIN_MS, 0);
                b->pausing = true;
                return false;
        }
        list_push_back(&b->owner->ready[b->sink], &b->ready);
        consumers_soon(b->owner);
        return true;
}

static void caught_up(void *ctx, int64_t sequence)
{
        struct binding *b = ctx;

        if (b->cursor < 0 && !b->hand) {
                b->cursor = sequence;
                consumers_soon(b->owner);
        }
}

static void gone(void *ctx, const struct err *e)
{
        struct binding *b = ctx;

        b->gone = true;
        b->lost = e->kind == ERR_GONE;
        b->gone_err = *e;
        consumers_soon(b->owner);
}

static void open_query(struct binding *b)
{
        const struct event_subscription_opts o = { .query = b->def->query, .from = b->cursor < 0 ? EVENT_FROM_NOW : b->cursor,
                                                   .deliver = deliver, .caught_up = caught_up, .gone = gone, .ctx = b };
        struct wql_error w = { 0 };

        if (event_subscription_open(&b->sub, b->owner->o.engine, &o, &w) == 0)
                return;
        b->sub = NULL;
        log_error(LOG, "subscription of %.*s cannot listen: %s; it tries again in a minute", STR_ARG(b->def->filter), w.text);
        loop_timer_start(b->timer, REOPEN_MS, 0);
}

/* ---- after a delivery ---- */

static void free_hand(struct binding *b)
{
        struct delivery *d = b->hand;

        b->hand = NULL;
        b->ended = false;
        delivery_abandon(d);
}

static void room(struct binding *b)
{
        if (b->sub && !b->gone)
                event_subscription_room(b->sub);
}

static void move_cursor(struct binding *b, int64_t sequence)
{
        b->cursor = MAX(b->cursor, sequence);
}

static void pause_for(struct binding *b, unsigned n)
{
        int64_t us = retry_pause_us(&b->owner->o.retry, n, os_random_u64());

        loop_timer_start(b->timer, (uint64_t)(us + 999) / 1000, 0);
}

static void hand_done(struct binding *b)
{
        struct delivery *d = b->hand;

        move_cursor(b, d->sequence);
        b->n_failed = 0;
        free_hand(b);
        room(b);
}

static void hand_failed(struct binding *b)
{
        struct delivery *d = b->hand;

        b->ended = false;
        if (!retry_gives_up(&b->owner->o.retry, d->how, d->tries)) {
                log_info(LOG, "event of %.*s to %.*s, try %u: %s; it is tried again", STR_ARG(b->def->filter), STR_ARG(b->def->path),
                         d->tries, d->err.text);
                pause_for(b, d->tries);
                return;
        }
        log_warn(LOG, "event of %.*s to %.*s is given up after %u tries: %s", STR_ARG(b->def->filter), STR_ARG(b->def->path),
                 d->tries, d->err.text);
        b->recording = true;
        store_failure(b, str_of(d->err.text), false);
}

void binding_recorded(struct binding *b, int64_t cursor, const struct err *e)
{
        b->recording = false;
        if (e->kind) {                  /* the hand, or the loss, is still there: it is recorded again */
                log_error(LOG, "failure of %.*s cannot be stored: %s", STR_ARG(b->def->filter), e->text);
                loop_timer_start(b->timer, RECORD_AGAIN_MS, 0);
                return;
        }
        b->failed = true;
        move_cursor(b, cursor);
        b->saved = b->cursor;
        if (!b->hand) {
                b->lost = b->gone = false;
                open_query(b);
                return;
        }
        b->n_failed++;
        free_hand(b);
        b->pausing = true;
        pause_for(b, b->n_failed);
}

static void log_gone(struct binding *b)
{
        event_subscription_close(b->sub);
        b->sub = NULL;
        if (!b->lost) {
                log_error(LOG, "subscription of %.*s: %s; it goes on in a minute", STR_ARG(b->def->filter), b->gone_err.text);
                b->gone = false;
                loop_timer_start(b->timer, REOPEN_MS, 0);
                return;
        }
        b->recording = true;
        store_failure(b, STR("events are lost: the change log no longer holds what comes next; delivery goes on with what happens "
                             "now"), true);
}

void binding_go_on(struct binding *b)
{
        if (b->ended && !b->recording) {
                if (b->hand->how == DELIVERY_DONE)
                        hand_done(b);
                else
                        hand_failed(b);
        }
        if (b->gone && !b->hand && !b->recording && b->sub)
                log_gone(b);
        if (b->stale && !(b->hand && b->hand->running)) {
                b->stale = false;
                consumers_read(b->owner);
        }
}

static void on_timer(void *arg)
{
        struct binding *b = arg;

        if (b->pausing) {
                b->pausing = false;
                if (!b->sub && !b->recording && !b->lost)
                        open_query(b);
                else
                        room(b);
        } else if (b->hand && !b->hand->running && b->hand->tries) {
                if (retry_gives_up(&b->owner->o.retry, b->hand->how, b->hand->tries)) {
                        b->ended = true;        /* its failure could not be stored */
                } else {
                        list_push_back(&b->owner->ready[b->sink], &b->ready);
                }
        } else if (b->lost) {
                b->recording = true;
                store_failure(b, STR("events are lost: the change log no longer holds what comes next"), true);
        } else if (!b->sub) {
                open_query(b);
        }
        consumers_soon(b->owner);
}

void binding_position(struct binding *b)
{
        int64_t at = b->sub && !b->gone && !b->hand && !b->recording ? event_subscription_position(b->sub) : -1;

        if (at >= 0)
                move_cursor(b, at);
}

/* ---- life ---- */

static const char *const classes[SINKS] = {
        [SINK_COMMAND] = "CommandLineEventConsumer", [SINK_LOG] = "LogFileEventConsumer", [SINK_MAIL] = "SMTPEventConsumer",
        [SINK_WEBHOOK] = "TM_WebhookEventConsumer",
};

int binding_new(struct binding **out, struct consumers *c, struct definition *def, int64_t cursor, bool failed)
{
        struct binding *b = calloc(1, sizeof(*b));

        if (!b || loop_timer_new(&b->timer, c->o.loop, on_timer, b) < 0) {
                free(b);
                return -1;
        }
        b->owner = c;
        b->def = definition_ref(def);
        b->cursor = b->saved = cursor;
        b->failed = failed;
        b->n_failed = failed;           /* until something is delivered */
        while (b->sink < SINKS - 1 && strcmp(classes[b->sink], def->instance->class->name) != 0)
                b->sink++;
        list_init(&b->ready);
        list_push_back(&c->bindings, &b->link);
        *out = b;
        open_query(b);
        return 0;
}

void binding_free(struct binding *b)
{
        event_subscription_close(b->sub);
        loop_timer_free(b->timer);
        list_del(&b->ready);
        list_del(&b->link);
        delivery_abandon(b->hand);
        definition_unref(b->def);
        free(b);
}
