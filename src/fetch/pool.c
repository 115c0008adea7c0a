/* SPDX-License-Identifier: Apache-2.0 */
/* A libcurl multi handle under our loop: one uv_poll a socket, one timer. */
#include <errno.h>
#include "fetch/internal.h"

struct watch {                          /* a socket of libcurl's */
        uv_poll_t poll;                 /* first: the close callback frees the whole */
        struct fetch_pool *pool;
        curl_socket_t fd;
};

static void pool_destroy(struct fetch_pool *p);

/* Takes finished transfers out and tells their owners. False: the pool is gone. */
static bool reap(struct fetch_pool *p)
{
        CURLMsg *m;
        int left;

        while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
                CURLcode code = m->data.result;
                struct fetch *f = NULL;
                long status = 0;
                struct err e = { 0 };

                if (m->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&f);
                if (f->cancelled) {
                        fetch_destroy(f);
                        continue;
                }
                curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
                if (code != CURLE_OK)
                        fetch_explain(f, code, &e);
                f->finished = true;
                list_del(&f->link);     /* done may free the pool: this one is told already */
                p->reaping++;
                f->done(f->ctx, (int)status, buf_str(&f->body), &e);
                p->reaping--;
                fetch_destroy(f);
                if (p->dead && p->reaping == 0) {
                        pool_destroy(p);
                        return false;
                }
        }
        return true;
}

/* Does what callbacks have asked for. */
static bool pool_work(struct fetch_pool *p)
{
        struct list *at, *next;

        list_for_each(at, &p->fetches, next) {
                struct fetch *f = list_entry(at, struct fetch, link);

                if (!f->resume || f->cancelled)
                        continue;
                f->resume = f->paused = false;
                p->busy++;
                curl_easy_pause(f->easy, CURLPAUSE_CONT);       /* may call data, which may ask again */
                p->busy--;
        }
        list_for_each(at, &p->fetches, next) {
                struct fetch *f = list_entry(at, struct fetch, link);

                if (f->cancelled)
                        fetch_destroy(f);
        }
        return reap(p);
}

void pool_work_soon(struct fetch_pool *p)
{
        loop_soon_ask(p->work);
}

static void act(struct fetch_pool *p, curl_socket_t fd, int what)
{
        int running;

        p->busy++;
        curl_multi_socket_action(p->multi, fd, what, &running);
        p->busy--;
        (void)pool_work(p);
}

static void on_work(void *arg)
{
        struct fetch_pool *p = arg;

        if (p->due) {
                p->due = false;
                act(p, CURL_SOCKET_TIMEOUT, 0);
        } else {
                (void)pool_work(p);
        }
}

static void on_timer(void *arg)
{
        act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long timeout_ms, void *cls)
{
        struct fetch_pool *p = cls;

        p->due = timeout_ms == 0;
        if (p->due)
                loop_soon_ask(p->work);
        if (timeout_ms <= 0)
                loop_timer_stop(p->timer);
        else
                loop_timer_start(p->timer, (uint64_t)timeout_ms, 0);
        return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
        struct watch *w = (struct watch *)poll;
        int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

        act(w->pool, w->fd, status < 0 ? CURL_CSELECT_ERR : what);
}

static void on_closed(uv_handle_t *h)
{
        free(h);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *cls, void *socket_cls)
{
        struct fetch_pool *p = cls;
        struct watch *w = socket_cls;

        if (what == CURL_POLL_REMOVE) {
                if (w) {
                        uv_poll_stop(&w->poll);         /* now: libcurl closes the socket next */
                        uv_close((uv_handle_t *)&w->poll, on_closed);
                        curl_multi_assign(p->multi, fd, NULL);
                }
                return 0;
        }
        if (!w) {
                w = calloc(1, sizeof(*w));
                if (!w || uv_poll_init(loop_uv(p->loop), &w->poll, fd) < 0) {
                        free(w);
                        return -1;
                }
                w->pool = p;
                w->fd = fd;
                curl_multi_assign(p->multi, fd, w);
        }
        return uv_poll_start(&w->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                             on_socket);
}

static int copy(char **out, const char *z, struct err *e)
{
        if (!z)
                return 0;
        *out = str_dup(str_of(z));
        return *out ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

static int prepare(struct fetch_pool *p, const struct fetch_pool_opts *o, struct err *e)
{
        int r;

        r = copy(&p->ca_file, o->ca_file, e);
        if (r == 0)
                r = copy(&p->cert_file, o->cert_file, e);
        if (r == 0)
                r = copy(&p->key_file, o->key_file, e);
        if (r == 0)
                r = copy(&p->header, o->header, e);
        if (r < 0)
                return r;
        p->insecure = o->insecure;
        p->allow = o->allow;
        p->allow_ctx = o->allow_ctx;
        p->connect_timeout_s = o->connect_timeout_s ? o->connect_timeout_s : 10;
        p->stall_timeout_s = o->stall_timeout_s ? o->stall_timeout_s : 60;
        r = loop_timer_new(&p->timer, p->loop, on_timer, p);
        if (r == 0)
                r = loop_soon_new(&p->work, p->loop, on_work, p);
        if (r < 0)
                return err_sys(e, -r, "create a timer");
        p->multi = curl_multi_init();
        if (!p->multi)
                return err_set(e, ERR_NOMEM, "out of memory for HTTP requests");
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
        curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
        curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
        curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)FETCH_KEEP);
        curl_multi_setopt(p->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
        return 0;
}

int fetch_pool_new(struct fetch_pool **out, struct loop *l, const struct fetch_pool_opts *o, struct err *e)
{
        static bool global;
        struct fetch_pool *p;
        int r;

        if (!global && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
                return err_set(e, ERR_INTERNAL, "libcurl does not start");
        global = true;
        p = calloc(1, sizeof(*p));
        if (!p)
                return err_set(e, ERR_NOMEM, "out of memory");
        list_init(&p->fetches);
        p->loop = l;
        r = prepare(p, o, e);
        if (r < 0) {
                pool_destroy(p);
                return r;
        }
        *out = p;
        return 0;
}

static void pool_destroy(struct fetch_pool *p)
{
        if (p->multi)
                curl_multi_cleanup(p->multi);   /* closes kept connections, and by set_socket their watches */
        loop_timer_free(p->timer);
        loop_soon_free(p->work);
        free(p->ca_file);
        free(p->cert_file);
        free(p->key_file);
        free(p->header);
        free(p);
}

void fetch_pool_free(struct fetch_pool *p)
{
        struct list *at;
        struct err e = { 0 };

        if (!p)
                return;
        (void)err_set(&e, ERR_CANCELLED, "cancelled: the program is ending");
        p->reaping++;
        while ((at = list_pop_front(&p->fetches)) != NULL) {
                struct fetch *f = list_entry(at, struct fetch, link);

                f->finished = true;
                if (!f->cancelled)
                        f->done(f->ctx, 0, STR(""), &e);
                fetch_destroy(f);
        }
        p->reaping--;
        p->dead = true;
        if (p->reaping == 0)
                pool_destroy(p);        /* else reap() does, when done has returned */
}
