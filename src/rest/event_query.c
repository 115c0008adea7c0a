/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_query - GET /AdminService/events?query=WQL: the events of an event query
 *
 *      id: 4711
 *      event: __InstanceModificationEvent
 *      data: {"__CLASS":"__InstanceModificationEvent","TIME_CREATED":...,"TargetInstance":{...},"PreviousInstance":{...}}
 *
 * The id is where to go on (from=, Last-Event-ID): behind it nothing is missing,
 * an event may come twice.
 */
#include "event/subscription.h"
#include "rest/event_stream.h"

static bool deliver(void *ctx, const struct event_notice *n)
{
        struct event_stream *s = ctx;

        if (s->released || s->ended)
                return true;
        if (event_stream_full(s))
                return false;
        event_stream_begin(s, s->from >= 0 ? s->from : n->sequence - 1);
        buf_addz(&s->out, "id: ");
        buf_i64(&s->out, n->sequence);
        buf_addz(&s->out, "\nevent: ");
        buf_addz(&s->out, n->class->name);
        buf_addz(&s->out, "\ndata: ");
        buf_adds(&s->out, n->json);
        buf_addz(&s->out, "\n\n");
        http_stream_wake(&s->stream);
        return true;
}

static void caught_up(void *ctx, int64_t seq)
{
        struct event_stream *s = ctx;

        if (!s->released)
                event_stream_begin(s, s->from >= 0 ? s->from : seq);
}

static void gone(void *ctx, const struct err *e)
{
        struct event_stream *s = ctx;

        if (s->replied && !s->released && !s->ended && e->kind == ERR_GONE)
                buf_addz(&s->out, "event: __EventDroppedEvent\ndata: {\"__CLASS\":\"__EventDroppedEvent\",\"Event\":null}\n\n");
        event_stream_gone(s, e);
}

void event_stream_query(struct event_stream *s, struct str query)
{
        struct event_subscription_opts o = { .query = query, .from = s->from, .who = s->call->q.caller.actor.who,
                                             .deliver = deliver, .caught_up = caught_up,
                                             .gone = gone, .ctx = s };
        struct wql_error w = { 0 };

        if (event_subscription_open(&s->query, s->call->rest->o.engine, &o, &w) == 0 || s->replied)
                return;
        s->replied = true;
        rest_reply_wql_error(s->call, &w);
        event_stream_release(s);
}
