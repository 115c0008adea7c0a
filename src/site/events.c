/* SPDX-License-Identifier: Apache-2.0 */
/* events - the stream of committed changes, taken up again whenever it breaks */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include "os/os.h"
#include "site/client.h"
#include "site/path.h"
#include "site/sse.h"

#define EVENT_LIMIT (8 << 20)
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 5000

struct reader {
        CURL *h;
        struct sse sse;
        tallyman_event_fn fn;
        void *ctx;
        int64_t position;               /* last event seen, TALLYMAN_FROM_NOW before any */
        bool stopped;                   /* fn had enough */
        bool malformed;
        struct err gone;                /* kind set: the site ended the stream for good */
        struct buf refusal;             /* body of an answer other than 200 */
        bool heard;                     /* the site accepted this connection */
};

static int deliver(struct reader *rd, const struct sse_event *raw, json_t *data)
{
        _cleanup_(freep) char *before = NULL;
        _cleanup_(freep) char *after = NULL;
        json_t *b = json_object_get(data, "before"), *a = json_object_get(data, "after");
        struct tallyman_event ev = {
                .sequence = rd->position,
                .kind = raw->type.p,
                .class_name = json_string_value(json_object_get(data, "class")),
                .path = json_string_value(json_object_get(data, "path")),
                .time = json_string_value(json_object_get(data, "time")),
        };

        if (!ev.class_name || !ev.path)
                return -EBADMSG;
        if (!ev.time)
                ev.time = "";
        if (json_is_object(b))
                ev.before = before = json_dumps(b, JSON_COMPACT);
        if (json_is_object(a))
                ev.after = after = json_dumps(a, JSON_COMPACT);
        return rd->fn(rd->ctx, &ev) ? 1 : 0;
}

/* "gone": the log has passed us while we read; what the site says is the error. */
static int take_gone(struct reader *rd, const struct sse_event *raw)
{
        json_t *data = json_loadb(raw->data.p, raw->data.n, 0, NULL);
        const char *code = json_string_value(json_object_get(data, "code"));
        const char *message = json_string_value(json_object_get(data, "message"));

        (void)err_set(&rd->gone, code ? err_kind_from_name(code) : ERR_GONE, "%s",
                      message ? message : "the site no longer keeps the changes that come next");
        json_decref(data);
        return -ESTALE;
}

static int on_sse(void *ctx, const struct sse_event *raw)
{
        struct reader *rd = ctx;
        json_t *data;
        int64_t seq;
        int r;

        if (str_eqz(raw->type, "gone"))
                return take_gone(rd, raw);
        if (str_to_i64(raw->id, &seq) < 0 || seq < 0)
                return -EBADMSG;
        if (seq <= rd->position)
                return 0;               /* seen before the connection broke */
        rd->position = seq;
        data = json_loadb(raw->data.p, raw->data.n, 0, NULL);
        if (!data)
                return -EBADMSG;
        r = deliver(rd, raw, data);
        json_decref(data);
        return r;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
        struct reader *rd = ctx;
        long status = 0;
        int r;

        curl_easy_getinfo(rd->h, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200) {
                buf_add(&rd->refusal, p, size * n);
                return size * n;
        }
        r = sse_feed(&rd->sse, p, size * n, on_sse, rd);
        rd->stopped = r > 0;
        rd->malformed = r < 0;
        return r ? 0 : size * n;        /* 0 breaks the transfer off */
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
        struct reader *rd = ctx;
        int64_t seq = client_header_sequence((struct str){ p, size * n });

        long status = 0;

        curl_easy_getinfo(rd->h, CURLINFO_RESPONSE_CODE, &status);
        rd->heard = rd->heard || status == 200;
        if (rd->position == TALLYMAN_FROM_NOW && seq >= 0)
                rd->position = seq;     /* "now", so that a broken connection resumes there */
        return size * n;
}

static char *stream_url(const struct tallyman *t, const struct tallyman_stream *s, const struct reader *rd)
{
        struct buf url;

        buf_init(&url, 4096);
        buf_printf(&url, "%s/AdminService/events", t->base_url);
        if (rd->position != TALLYMAN_FROM_NOW)
                buf_printf(&url, "?from=%lld", (long long)rd->position);
        if (s->class_name) {
                buf_printf(&url, "%cclass=", rd->position != TALLYMAN_FROM_NOW ? '&' : '?');
                site_url_escape(&url, str_of(s->class_name), ",");
        }
        return buf_steal(&url);
}

static int on_tick(void *ctx)
{
        struct reader *rd = ctx;

        rd->stopped = rd->fn(rd->ctx, NULL) != 0;
        return rd->stopped;
}

/* One connection's life. 0: fn ended it; CLIENT_TIME_UP; -1: *e. */
static int connect_once(struct tallyman *t, const struct tallyman_stream *s, struct reader *rd, int64_t deadline_us,
                        struct tallyman_error *e)
{
        struct client_wait wait = { .deadline_us = deadline_us, .tick_us = s->tick_ms * 1000, .tick = on_tick, .ctx = rd };
        _cleanup_(freep) char *url = stream_url(t, s, rd);
        long status = 0;
        int r;

        if (!url)
                return error_set(e, ERR_INVALID, "class name is too long");
        sse_init(&rd->sse, EVENT_LIMIT);
        buf_init(&rd->refusal, 64 << 10);
        client_prepare(t, rd->h);
        curl_easy_setopt(rd->h, CURLOPT_URL, url);
        curl_easy_setopt(rd->h, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(rd->h, CURLOPT_HEADERDATA, rd);
        curl_easy_setopt(rd->h, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(rd->h, CURLOPT_WRITEDATA, rd);
        r = client_perform(t, rd->h, &wait, e);
        curl_easy_getinfo(rd->h, CURLINFO_RESPONSE_CODE, &status);
        if (rd->stopped)
                r = 0;
        else if (rd->gone.kind)
                r = error_from(e, &rd->gone);
        else if (rd->malformed)
                r = error_set(e, ERR_CORRUPT, "%s sent an event that cannot be read. Is it the same version as this program?",
                              t->server);
        else if (r == 0 && status != 200)
                r = error_from_reply(e, t, status, buf_str(&rd->refusal));
        else if (r == 0)
                r = error_set(e, ERR_UNAVAILABLE, "%s ended the event stream. Is tallymand running there?", t->server);
        sse_fini(&rd->sse);
        buf_fini(&rd->refusal);
        return r;
}

/* 0, or -1 when cancelled meanwhile. */
static int wait_a_little(struct tallyman *t, int64_t ms)
{
        struct pollfd p = { .fd = t->cancel_fd, .events = POLLIN };

        return poll(&p, 1, (int)ms) > 0 ? -1 : 0;
}

static int follow(struct tallyman *t, const struct tallyman_stream *s, struct reader *rd, struct tallyman_error *e)
{
        int64_t deadline_us = s->timeout_ms > 0 ? os_mono_us() + s->timeout_ms * 1000 : INT64_MAX / 2;
        int64_t pause_ms = PAUSE_FIRST_MS;
        bool connected = false;

        for (;;) {
                int r = connect_once(t, s, rd, deadline_us, e);

                if (r == CLIENT_TIME_UP)
                        return TALLYMAN_TIME_UP;
                connected = connected || rd->heard;
                if (r == 0 || e->kind != TALLYMAN_E_CONNECT || !connected)
                        return r;
                pause_ms = rd->heard ? PAUSE_FIRST_MS : MIN(pause_ms * 2, PAUSE_MAX_MS);
                rd->heard = false;
                if (os_mono_us() + pause_ms * 1000 > deadline_us)
                        return TALLYMAN_TIME_UP;
                if (wait_a_little(t, pause_ms) < 0)
                        return error_set(e, ERR_CANCELLED, "interrupted");
        }
}

int tallyman_events(struct tallyman *t, const struct tallyman_stream *s, tallyman_event_fn fn, void *ctx,
                    struct tallyman_error *e)
{
        struct reader rd = { .fn = fn, .ctx = ctx, .position = s->from };
        struct tallyman_error own;
        int r;

        rd.h = curl_easy_init();
        if (!rd.h)
                return error_set(e, ERR_NOMEM, "out of memory");
        r = follow(t, s, &rd, e ? e : &own);
        curl_easy_cleanup(rd.h);
        return r;
}
