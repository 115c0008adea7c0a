/* SPDX-License-Identifier: Apache-2.0 */
/* events - committed changes of classes, by callback */
#include <jansson.h>
#include "os/os.h"
#include "site/path.h"
#include "site/stream.h"

#define RESOURCE "/AdminService/events"

struct follower {
        const struct tallyman_stream *s;
        tallyman_event_fn fn;
        void *ctx;
        int64_t position;               /* last event given to fn */
        int64_t deadline_us, next_tick_us;
};

/* 0: go on; 1: fn had enough; -1: it is no event. */
static int deliver(struct follower *f, const struct stream_event *raw, const json_t *data)
{
        _cleanup_(freep) char *before = NULL;
        _cleanup_(freep) char *after = NULL;
        json_t *b = json_object_get(data, "before"), *a = json_object_get(data, "after");
        struct tallyman_event ev = {
                .sequence = raw->sequence,
                .kind = raw->type,
                .class_name = json_string_value(json_object_get(data, "class")),
                .path = json_string_value(json_object_get(data, "path")),
                .time = json_string_value(json_object_get(data, "time")),
        };

        if (!ev.class_name || !ev.path || ev.sequence < 0)
                return -1;
        if (ev.sequence <= f->position)
                return 0;               /* seen before the connection broke */
        f->position = ev.sequence;
        if (!ev.time)
                ev.time = "";
        if (json_is_object(b))
                ev.before = before = json_dumps(b, JSON_COMPACT);
        if (json_is_object(a))
                ev.after = after = json_dumps(a, JSON_COMPACT);
        return f->fn(f->ctx, &ev) ? 1 : 0;
}

static int take(struct tallyman *t, struct follower *f, const struct stream_event *raw, struct tallyman_error *e)
{
        json_t *data = json_loads(raw->data, 0, NULL);
        int r = deliver(f, raw, data);

        json_decref(data);
        if (r < 0)
                return error_set(e, ERR_CORRUPT, "%s sent an event that cannot be read. Is it the same version as this program?",
                                 t->server);
        return r;
}

static bool tick(struct follower *f)
{
        int64_t now_us = os_mono_us();

        if (now_us < f->next_tick_us)
                return false;
        f->next_tick_us = now_us + f->s->tick_ms * 1000;
        return f->fn(f->ctx, NULL) != 0;
}

static int follow(struct tallyman *t, struct follower *f, struct stream *stream, struct tallyman_error *e)
{
        for (;;) {
                _cleanup_(stream_event_freep) struct stream_event *raw = NULL;
                int r = stream_next(stream, MIN(f->deadline_us, f->next_tick_us), &raw, e);

                if (r == 0)
                        r = take(t, f, raw, e);
                else if (r == STREAM_TIME_UP && os_mono_us() >= f->deadline_us)
                        return TALLYMAN_TIME_UP;
                else if (r == STREAM_TIME_UP)
                        r = 0;
                if (r == 0 && f->s->tick_ms)
                        r = tick(f);
                if (r)
                        return r < 0 ? r : 0;
        }
}

int tallyman_events(struct tallyman *t, const struct tallyman_stream *s, tallyman_event_fn fn, void *ctx,
                    struct tallyman_error *e)
{
        _cleanup_(stream_closep) struct stream *stream = NULL;
        struct follower f = { .s = s, .fn = fn, .ctx = ctx, .position = s->from };
        struct tallyman_error own;
        struct buf url;
        int r;

        e = e ? e : &own;
        f.deadline_us = s->timeout_ms > 0 ? os_mono_us() + s->timeout_ms * 1000 : INT64_MAX / 2;
        f.next_tick_us = s->tick_ms > 0 ? os_mono_us() + s->tick_ms * 1000 : INT64_MAX;
        buf_init(&url, 4096);
        buf_addz(&url, RESOURCE);
        if (s->class_name) {
                buf_addz(&url, "?class=");
                site_url_escape(&url, str_of(s->class_name), ",");
        }
        r = url.failed ? error_set(e, ERR_INVALID, "class name is too long") : stream_open(&stream, t, url.p, s->from, e);
        buf_fini(&url);
        return r < 0 ? r : follow(t, &f, stream, e);
}
