/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include "base/list.h"
#include "os/os.h"
#include "site/sse.h"
#include "site/stream.h"

#define EVENT_LIMIT (8 << 20)
#define REFUSAL_LIMIT (64 << 10)
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 5000

struct waiting {
        struct list link;
        struct stream_event *event;
};

struct stream {
        struct tallyman *t;
        CURL *h;
        CURLM *multi;
        char *resource;
        struct list queue;              /* struct waiting */
        int64_t position;
        struct sse sse;
        struct buf refusal;             /* body of an answer other than 200 */
        bool running;                   /* h is in multi */
        bool heard;                     /* the site accepted this connection */
        bool connected;                 /* ... or an earlier one */
        bool malformed;
        struct err gone;                /* kind set: the site ended the stream for good */
        int64_t pause_ms, retry_at_us;
};

void stream_event_free(struct stream_event *ev)
{
        if (!ev)
                return;
        free(ev->type);
        free(ev->data);
        free(ev);
}

/* ---- what arrives ---- */

static int enqueue(struct stream *s, const struct sse_event *raw)
{
        struct waiting *w = calloc(1, sizeof(*w));
        struct stream_event *ev = calloc(1, sizeof(*ev));

        if (w && ev) {
                *ev = (struct stream_event){ .sequence = s->position, .type = str_dup(raw->type), .data = str_dup(raw->data) };
                w->event = ev;
                if (ev->type && ev->data) {
                        list_push_back(&s->queue, &w->link);
                        return 0;
                }
        }
        stream_event_free(ev);
        free(w);
        return -ENOMEM;
}

/* "gone": the log has passed us while we read; what the site says is the error. */
static int take_gone(struct stream *s, const struct sse_event *raw)
{
        json_t *data = json_loadb(raw->data.p, raw->data.n, 0, NULL);
        const char *code = json_string_value(json_object_get(data, "code"));
        const char *message = json_string_value(json_object_get(data, "message"));

        (void)err_set(&s->gone, code ? err_kind_from_name(code) : ERR_GONE, "%s",
                      message ? message : "the site no longer keeps the changes that come next");
        json_decref(data);
        return -ESTALE;
}

static int on_sse(void *ctx, const struct sse_event *raw)
{
        struct stream *s = ctx;
        int64_t seq;

        if (str_eqz(raw->type, "gone"))
                return take_gone(s, raw);
        if (raw->id.n) {
                if (str_to_i64(raw->id, &seq) < 0 || seq < 0)
                        return -EBADMSG;
                s->position = seq;
        }
        return enqueue(s, raw);
}

static long status_of(const struct stream *s)
{
        long status = 0;

        curl_easy_getinfo(s->h, CURLINFO_RESPONSE_CODE, &status);
        return status;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
        struct stream *s = ctx;
        int r;

        if (status_of(s) != 200) {
                buf_add(&s->refusal, p, size * n);
                return size * n;
        }
        r = sse_feed(&s->sse, p, size * n, on_sse, s);
        s->malformed = r < 0;
        return r ? 0 : size * n;        /* 0 breaks the transfer off */
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
        struct stream *s = ctx;
        int64_t seq = client_header_sequence((struct str){ p, size * n });

        s->heard = s->heard || status_of(s) == 200;
        if (s->position == TALLYMAN_FROM_NOW && seq >= 0)
                s->position = seq;      /* "now", so that a broken connection resumes there */
        return size * n;
}

/* ---- one connection after the other ---- */

static int start(struct stream *s, struct tallyman_error *e)
{
        _cleanup_(freep) char *from = NULL;
        _cleanup_(freep) char *url = NULL;

        if (s->position != TALLYMAN_FROM_NOW)
                from = str_printf("%cfrom=%lld", strchr(s->resource, '?') ? '&' : '?', (long long)s->position);
        url = str_printf("%s%s%s", s->t->base_url, s->resource, from ? from : "");
        sse_fini(&s->sse);
        sse_init(&s->sse, EVENT_LIMIT);
        buf_reset(&s->refusal);
        s->gone = (struct err){ 0 };
        s->malformed = false;
        client_prepare(s->t, s->h);
        curl_easy_setopt(s->h, CURLOPT_URL, url);
        curl_easy_setopt(s->h, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(s->h, CURLOPT_HEADERDATA, s);
        curl_easy_setopt(s->h, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(s->h, CURLOPT_WRITEDATA, s);
        if (!url || curl_multi_add_handle(s->multi, s->h) != CURLM_OK)
                return error_set(e, ERR_NOMEM, "out of memory");
        s->running = true;
        return 0;
}

static void stop(struct stream *s)
{
        if (s->running)
                curl_multi_remove_handle(s->multi, s->h);
        s->running = false;
}

/* The connection ended: 0 when another is worth trying. */
static int ended(struct stream *s, CURLcode code, struct tallyman_error *e)
{
        long status = status_of(s);

        stop(s);
        s->connected = s->connected || s->heard;
        if (s->gone.kind)
                return error_from(e, &s->gone);
        if (s->malformed)
                return error_set(e, ERR_CORRUPT, "%s sent an event that cannot be read. Is it the same version as this program?",
                                 s->t->server);
        if (code != CURLE_OK)
                client_explain(s->t, s->h, code, e);
        else if (status != 200)
                error_from_reply(e, s->t, status, buf_str(&s->refusal));
        else
                error_set(e, ERR_UNAVAILABLE, "%s ended the event stream. Is tallymand running there?", s->t->server);
        if (e->kind != TALLYMAN_E_CONNECT || !s->connected)
                return -1;
        s->pause_ms = s->heard ? PAUSE_FIRST_MS : MIN(s->pause_ms * 2, PAUSE_MAX_MS);
        s->retry_at_us = os_mono_us() + s->pause_ms * 1000;
        s->heard = false;
        return 0;
}

static int wait_until(struct stream *s, int64_t until_us)
{
        int64_t ms = (until_us - os_mono_us()) / 1000 + 1;
        struct pollfd p = { .fd = s->t->cancel_fd, .events = POLLIN };

        ms = MIN(MAX(ms, 0), 3600000);
        return poll(&p, 1, (int)ms) < 0 && errno != EINTR ? -1 : 0;
}

/* Let the transfer go on, at most until @deadline_us. */
static int pump(struct stream *s, int64_t deadline_us, struct tallyman_error *e)
{
        struct curl_waitfd cancel = { .fd = s->t->cancel_fd, .events = CURL_WAIT_POLLIN };
        int64_t ms = (deadline_us - os_mono_us()) / 1000 + 1;
        bool heard = s->heard;
        CURLMsg *m;
        int left;

        if (curl_multi_perform(s->multi, &left) != CURLM_OK)
                return error_set(e, ERR_IO, "cannot wait for %s", s->t->server);
        while ((m = curl_multi_info_read(s->multi, &left)))
                if (m->msg == CURLMSG_DONE)
                        return ended(s, m->data.result, e);
        if (!list_empty(&s->queue) || heard != s->heard || ms <= 0)
                return 0;
        if (curl_multi_poll(s->multi, &cancel, 1, (int)MIN(ms, 3600000), NULL) != CURLM_OK)
                return error_set(e, ERR_IO, "cannot wait for %s", s->t->server);
        return 0;
}

static bool is_ready(const struct stream *s, bool accepted_is_enough)
{
        return !list_empty(&s->queue) || (accepted_is_enough && s->heard);
}

static int wait_for(struct stream *s, int64_t deadline_us, bool accepted_is_enough, struct tallyman_error *e)
{
        bool tried = false;

        while (!is_ready(s, accepted_is_enough)) {
                int64_t now_us = os_mono_us();
                int r = 0;

                if (atomic_load(&s->t->cancelled))
                        return error_set(e, ERR_CANCELLED, "interrupted");
                if (tried && now_us >= deadline_us)
                        return STREAM_TIME_UP;
                tried = true;
                if (s->running)
                        r = pump(s, deadline_us, e);
                else if (now_us < s->retry_at_us)
                        r = wait_until(s, MIN(s->retry_at_us, deadline_us));
                else
                        r = start(s, e);
                if (r < 0 && list_empty(&s->queue))
                        return r;               /* else what came before it first */
        }
        return 0;
}

int stream_ready(struct stream *s, int64_t deadline_us, struct tallyman_error *e)
{
        return wait_for(s, deadline_us, true, e);
}

int stream_next(struct stream *s, int64_t deadline_us, struct stream_event **out, struct tallyman_error *e)
{
        int r = wait_for(s, deadline_us, false, e);
        struct waiting *w;

        *out = NULL;
        if (r)
                return r;
        w = list_entry(s->queue.next, struct waiting, link);
        list_del(&w->link);
        *out = w->event;
        free(w);
        return 0;
}

int64_t stream_position(const struct stream *s)
{
        return s->position;
}

/* ---- life ---- */

int stream_open(struct stream **out, struct tallyman *t, const char *resource, int64_t from, struct tallyman_error *e)
{
        struct stream *s = calloc(1, sizeof(*s));

        *out = NULL;
        if (!s)
                return error_set(e, ERR_NOMEM, "out of memory");
        *s = (struct stream){ .t = t, .position = from, .pause_ms = PAUSE_FIRST_MS };
        list_init(&s->queue);
        sse_init(&s->sse, EVENT_LIMIT);
        buf_init(&s->refusal, REFUSAL_LIMIT);
        s->resource = str_dup(str_of(resource));
        s->h = curl_easy_init();
        s->multi = curl_multi_init();
        if (!s->resource || !s->h || !s->multi) {
                stream_close(s);
                return error_set(e, ERR_NOMEM, "out of memory");
        }
        *out = s;
        return 0;
}

void stream_close(struct stream *s)
{
        if (!s)
                return;
        stop(s);
        while (!list_empty(&s->queue)) {
                struct waiting *w = list_entry(s->queue.next, struct waiting, link);

                list_del(&w->link);
                stream_event_free(w->event);
                free(w);
        }
        sse_fini(&s->sse);
        buf_fini(&s->refusal);
        if (s->h)
                curl_easy_cleanup(s->h);
        if (s->multi)
                curl_multi_cleanup(s->multi);
        free(s->resource);
        free(s);
}
