/* SPDX-License-Identifier: Apache-2.0 */
/* notify - event queries, pulled or by callback */
#include <jansson.h>
#include "os/os.h"
#include "site/path.h"
#include "site/stream.h"

#define URL_LIMIT (128 << 10)

struct tallyman_watch {
        struct tallyman *t;
        struct stream *stream;
        struct stream_event *event;     /* what the caller looks at now */
        json_t *object;                 /* the same, parsed */
        char *target, *previous;
};

static void forget(struct tallyman_watch *w)
{
        stream_event_free(w->event);
        w->event = NULL;
        json_decref(w->object);
        w->object = NULL;
        free(w->target);
        free(w->previous);
        w->target = w->previous = NULL;
}

void tallyman_notify_close(struct tallyman_watch *w)
{
        if (!w)
                return;
        forget(w);
        stream_close(w->stream);
        free(w);
}

static int new_watch(struct tallyman_watch **out, struct tallyman *t, const struct tallyman_watch_options *o,
                     struct tallyman_error *e)
{
        struct tallyman_watch *w = calloc(1, sizeof(*w));
        struct buf url;
        int r;

        *out = NULL;
        if (!w)
                return error_set(e, ERR_NOMEM, "out of memory");
        w->t = t;
        buf_init(&url, URL_LIMIT);
        buf_addz(&url, "/AdminService/events?query=");
        site_url_escape(&url, str_of(o->query), "");
        r = url.failed ? error_set(e, ERR_TOO_LARGE, "the query is too long. WMI takes 16384 characters")
                       : stream_open(&w->stream, t, url.p, o->from, e);
        buf_fini(&url);
        if (r < 0)
                free(w);
        else
                *out = w;
        return r;
}

static int64_t deadline(int64_t timeout_ms)
{
        return timeout_ms < 0 ? INT64_MAX / 2 : os_mono_us() + timeout_ms * 1000;
}

int tallyman_notify_open(struct tallyman_watch **out, struct tallyman *t, const struct tallyman_watch_options *o,
                         struct tallyman_error *e)
{
        struct tallyman_error own;
        int r;

        e = e ? e : &own;
        r = new_watch(out, t, o, e);
        if (r == 0)
                r = stream_ready((*out)->stream, os_mono_us() + t->timeout_us, e);
        if (r == STREAM_TIME_UP)
                r = error_set(e, ERR_TIMEOUT, "%s did not answer in time. Try again, or look at its log", t->server);
        if (r < 0) {
                tallyman_notify_close(*out);
                *out = NULL;
        }
        return r;
}

static char *text_of(const json_t *o, const char *name)
{
        const json_t *v = json_object_get(o, name);

        return json_is_object(v) ? json_dumps(v, JSON_COMPACT) : NULL;
}

int tallyman_notify_next(struct tallyman_watch *w, int64_t timeout_ms, struct tallyman_notification *out,
                         struct tallyman_error *e)
{
        struct tallyman_error own;
        const char *class_name;
        int r;

        forget(w);
        *out = (struct tallyman_notification){ .sequence = -1 };
        r = stream_next(w->stream, deadline(timeout_ms), &w->event, e ? e : &own);
        if (r)
                return r == STREAM_TIME_UP ? TALLYMAN_TIME_UP : r;
        w->object = json_loads(w->event->data, 0, NULL);
        if (!json_is_object(w->object))
                return error_set(e, ERR_CORRUPT, "%s sent an event that cannot be read. Is it the same version as this program?",
                                 w->t->server);
        class_name = json_string_value(json_object_get(w->object, "__CLASS"));
        w->target = text_of(w->object, "TargetInstance");
        w->previous = text_of(w->object, "PreviousInstance");
        *out = (struct tallyman_notification){ .sequence = w->event->sequence, .json = w->event->data, .target = w->target,
                                               .previous = w->previous, .class_name = class_name ? class_name : w->event->type };
        return 0;
}

int tallyman_notify(struct tallyman *t, const struct tallyman_watch_options *o, int64_t timeout_ms, tallyman_notify_fn fn,
                    void *ctx, struct tallyman_error *e)
{
        int64_t end_us = deadline(timeout_ms);
        struct tallyman_watch *w;
        int r = new_watch(&w, t, o, e);

        if (r < 0)
                return r;
        do {
                int64_t left_ms = timeout_ms < 0 ? TALLYMAN_FOREVER : MAX((end_us - os_mono_us()) / 1000, 0);
                struct tallyman_notification n;

                r = tallyman_notify_next(w, left_ms, &n, e);
                if (r == 0 && fn(ctx, &n))
                        break;
        } while (r == 0);
        tallyman_notify_close(w);
        return r;
}
