/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - /AdminService/events: committed changes as server-sent events; ?query=: event_query.c
 *
 * The answer begins when it is known whether it can be given: with the first
 * change, or when the subscription has caught up; a position that the log has
 * passed is 410 instead.  A peer that reads slowly holds at most EVENT_QUEUE_MAX bytes
 * here; what comes after that stays in the change log until it has room.
 */
#include <stdio.h>
#include "event/subscription.h"
#include "rest/event_stream.h"

static void finish(void *arg)
{
        struct event_stream *s = arg;
        struct rest_call *c = s->call;

        event_unsubscribe(s->sub);
        event_subscription_close(s->query);
        list_del(&s->link);
        buf_fini(&s->out);
        free(s);
        rest_call_end(c);
}

/* Not at once: we may be inside a callback of the subscription. */
void event_stream_release(struct event_stream *s)
{
        if (s->released)
                return;
        s->released = true;
        loop_post(s->call->rest->o.loop, finish, s);
}

/* ---- what the peer reads ---- */

static ssize_t stream_read(struct http_stream *hs, uint64_t at, void *p, size_t max)
{
        struct event_stream *s = container_of(hs, struct event_stream, stream);
        size_t n = MIN(max, s->out.n - s->sent);

        if (s->out.failed)
                return HTTP_STREAM_ABORT;
        memcpy(p, s->out.p ? s->out.p + s->sent : "", n);
        s->sent += n;
        if (s->sent == s->out.n) {
                buf_reset(&s->out);
                s->sent = 0;
                if (s->paused && !s->ended) {
                        s->paused = false;
                        if (s->query)
                                event_subscription_room(s->query);
                        else
                                event_resume(s->sub);
                }
        }
        return n ? (ssize_t)n : s->ended && s->sent == s->out.n ? HTTP_STREAM_END : 0;
}

static void stream_free(struct http_stream *hs)
{
        event_stream_release(container_of(hs, struct event_stream, stream));
}

void event_stream_begin(struct event_stream *s, int64_t seq)
{
        struct rest *r = s->call->rest;

        if (s->replied)
                return;
        s->replied = true;
        rest_sequence_header(s->call->x, seq);
        http_reply_header(s->call->x, "Cache-Control", "no-store");
        if (list_empty(&r->streams))
                loop_timer_start(r->keepalive, REST_KEEPALIVE_MS, REST_KEEPALIVE_MS);
        list_push_back(&r->streams, &s->link);
        buf_addz(&s->out, ": Tallyman\n\n");
        s->stream = (struct http_stream){ .read = stream_read, .free = stream_free };
        http_reply_stream(s->call->x, 200, "text/event-stream", HTTP_SIZE_UNKNOWN, &s->stream);
}

/* A comment now and then: proxies keep the connection, and a dead peer is found. */
void rest_keepalive(void *arg)
{
        struct rest *r = arg;
        struct list *at, *next;

        if (list_empty(&r->streams)) {
                loop_timer_stop(r->keepalive);
                return;
        }
        list_for_each(at, &r->streams, next) {
                struct event_stream *s = list_entry(at, struct event_stream, link);

                if (s->out.n == s->sent && !s->released) {
                        buf_addz(&s->out, ":\n\n");
                        http_stream_wake(&s->stream);
                }
        }
}

/* ---- what the hub delivers ---- */

static bool wanted(const struct event_stream *s, struct str class_name)
{
        const struct cim_class *c = s->n_classes ? cim_class_find(class_name) : NULL;

        for (size_t i = 0; i < s->n_classes; i++) {
                if (cim_class_isa(c, s->classes[i]))
                        return true;
        }
        return s->n_classes == 0;
}

static void add_object(struct buf *b, const char *name, struct str json)
{
        buf_printf(b, ",\"%s\":", name);
        if (json.p)
                buf_adds(b, json);
        else
                buf_addz(b, "null");
}

static void add_change(struct buf *b, const struct model_change *ch)
{
        char when[RFC3339_LEN + 1];

        time_format_rfc3339(ch->when_us, when);
        buf_printf(b, "id: %lld\nevent: %s\ndata: {\"class\":", (long long)ch->seq,
                   !ch->before.p ? "creation" : ch->after.p ? "modification" : "deletion");
        cim_json_string(b, ch->class_name);
        buf_addz(b, ",\"path\":");
        cim_json_string(b, ch->path);
        buf_printf(b, ",\"time\":\"%s\"", when);
        add_object(b, "before", ch->before);
        add_object(b, "after", ch->after);
        buf_addz(b, "}\n\n");
}

bool event_stream_full(struct event_stream *s)
{
        s->paused = s->out.n - s->sent >= EVENT_QUEUE_MAX;
        return s->paused;
}

static bool deliver(void *ctx, const struct model_change *ch)
{
        struct event_stream *s = ctx;

        if (s->released || s->ended || !wanted(s, ch->class_name))
                return true;
        if (event_stream_full(s))
                return false;
        event_stream_begin(s, s->from >= 0 ? s->from : ch->seq - 1);
        add_change(&s->out, ch);
        http_stream_wake(&s->stream);
        return true;
}

static void caught_up(void *ctx, int64_t seq)
{
        struct event_stream *s = ctx;

        if (!s->released)
                event_stream_begin(s, s->from >= 0 ? s->from : seq);
}

void event_stream_gone(struct event_stream *s, const struct err *e)
{
        if (s->released || s->ended)
                return;
        s->ended = true;
        if (!s->replied) {
                s->replied = true;
                rest_reply_err(s->call, e);
                event_stream_release(s);
                return;
        }
        buf_printf(&s->out, "event: gone\ndata: {\"code\":\"%s\",\"message\":", err_kind_name(e->kind));
        cim_json_string(&s->out, str_of(e->text));
        buf_addz(&s->out, "}\n\n");
        http_stream_wake(&s->stream);
}

static void gone(void *ctx, const struct err *e)
{
        event_stream_gone(ctx, e);
}

/* ---- the request ---- */

static int read_classes(struct event_stream *s, struct str list, struct err *e)
{
        while (list.n > 0) {
                struct str name;

                list = str_cut(list, ',', &name);
                name = str_trim(name);
                if (s->n_classes == EVENT_CLASSES_MAX)
                        return err_set(e, ERR_TOO_LARGE, "class: more than %d names", EVENT_CLASSES_MAX);
                s->classes[s->n_classes] = cim_class_find(name);
                if (!s->classes[s->n_classes])
                        return err_set(e, ERR_NOT_FOUND, "there is no class \"%.*s\": /AdminService/class lists them",
                                       (int)MIN(name.n, 120), name.p ? name.p : "");
                s->n_classes++;
        }
        return 0;
}

/* ?from=, or what a browser says when it connects again. */
static int read_from(struct event_stream *s, struct http_exchange *x, struct err *e)
{
        struct str from = http_query(x, "from");

        s->from = EVENT_FROM_NOW;
        if (!from.p)
                from = http_header(x, "Last-Event-ID");
        if (!from.p)
                return 0;
        if (str_to_i64(from, &s->from) < 0 || s->from < 0)
                return err_set(e, ERR_INVALID, "from wants a position in the change log, not \"%.*s\"",
                               (int)MIN(from.n, 40), from.p);
        return 0;
}

static int subscribe(struct event_stream *s, struct err *e)
{
        const struct cim_class *one = s->n_classes == 1 && s->classes[0]->view ? s->classes[0] : NULL;
        struct event_sub_opts o = { .class_name = one ? one->name : NULL, .from = s->from, .who = s->call->q.caller.actor.who,
                                    .deliver = deliver, .caught_up = caught_up, .gone = gone, .ctx = s };

        return event_subscribe(&s->sub, s->call->rest->o.events, &o, e);
}

/* The peer hung up before the answer began. */
static void peer_gone(void *arg)
{
        struct event_stream *s = arg;

        if (s->replied)
                return;
        s->replied = true;
        http_reply_empty(s->call->x, 204);
        event_stream_release(s);
}

static void go(struct rest_call *c)
{
        struct event_stream *s = NULL;
        struct err e = { 0 };
        int r;

        if (str_eqz(c->rq->method, "HEAD")) {           /* there is no end whose length could be told */
                http_reply(c->x, 200, "text/event-stream", STR(""));
                rest_call_end(c);
                return;
        }
        s = calloc(1, sizeof *s);
        r = s ? 0 : err_set(&e, ERR_NOMEM, "out of memory");

        if (r == 0)
                r = read_classes(s, http_query(c->x, "class"), &e);
        if (r == 0)
                r = read_from(s, c->x, &e);
        if (r < 0) {
                free(s);
                rest_call_fail(c, &e);
                return;
        }
        s->call = c;
        list_init(&s->link);
        buf_init(&s->out, 0);
        http_on_gone(c->x, peer_gone, s);
        if (http_query(c->x, "query").p) {
                event_stream_query(s, http_query(c->x, "query"));
                return;
        }
        r = subscribe(s, &e);
        if (r < 0 && !s->replied) {
                s->replied = true;
                rest_reply_err(c, &e);
                event_stream_release(s);
        }
}

void rest_events(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, go);
}
