/* SPDX-License-Identifier: Apache-2.0 */
/* loop - the loop itself: posts, finished jobs, signals */
#include <signal.h>
#include <stdlib.h>
#include "loop/loop_priv.h"
#include "os/os.h"

struct post {
        struct list link;
        void (*fn)(void *arg);
        void *arg;
};

/* All of `from`, in order, to the empty head `to`. */
static void take_all(struct list *to, struct list *from)
{
        list_init(to);
        if (list_empty(from))
                return;
        *to = *from;
        to->next->prev = to->prev->next = to;
        list_init(from);
}

static void run_finished(struct list *finished)
{
        struct list *n;

        while ((n = list_pop_front(finished))) {
                struct job *j = list_entry(n, struct job, link);

                j->done(j);             /* may free j */
        }
}

static void run_posts(struct list *posts)
{
        struct list *n;

        while ((n = list_pop_front(posts))) {
                struct post p = *list_entry(n, struct post, link);

                free(list_entry(n, struct post, link));
                p.fn(p.arg);
        }
}

static void on_wake(uv_async_t *wake)
{
        struct loop *l = wake->data;
        struct list posts, finished;

        pthread_mutex_lock(&l->lock);
        take_all(&posts, &l->posts);
        take_all(&finished, &l->finished);
        pthread_mutex_unlock(&l->lock);
        run_finished(&finished);
        run_posts(&posts);
}

int loop_new(struct loop **out)
{
        struct loop *l = calloc(1, sizeof *l);
        int r;

        if (!l)
                return -ENOMEM;
        r = uv_loop_init(&l->uv);
        if (r < 0)
                goto fail;
        r = uv_async_init(&l->uv, &l->wake, on_wake);
        if (r < 0) {
                (void)uv_loop_close(&l->uv);
                goto fail;
        }
        l->wake.data = l;
        list_init(&l->timers);
        list_init(&l->posts);
        list_init(&l->finished);
        pthread_mutex_init(&l->lock, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        *out = l;
        return 0;
fail:
        free(l);
        return r;
}

static void close_handle(uv_handle_t *h, void *arg)
{
        if (!uv_is_closing(h))
                uv_close(h, NULL);
}

void loop_free(struct loop *l)
{
        struct list *n;

        if (!l)
                return;
        loop_free_timers(l);
        uv_walk(&l->uv, close_handle, NULL);
        while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0)
                ;
        (void)uv_loop_close(&l->uv);
        while ((n = list_pop_front(&l->posts)))
                free(list_entry(n, struct post, link));
        pthread_mutex_destroy(&l->lock);
        free(l);
}

void loop_run(struct loop *l)
{
        (void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_run_once(struct loop *l)
{
        (void)uv_run(&l->uv, UV_RUN_NOWAIT);
}

static void stop(void *arg)
{
        struct loop *l = arg;

        uv_stop(&l->uv);
}

void loop_stop(struct loop *l)
{
        loop_post(l, stop, l);
}

uv_loop_t *loop_uv(struct loop *l)
{
        return &l->uv;
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
        struct post *p = malloc(sizeof *p);

        if (!p) {
                log_error("loop", "out of memory for %zu bytes; stopping, for a lost message would hang the service",
                          sizeof *p);
                abort();
        }
        *p = (struct post){ .fn = fn, .arg = arg };
        pthread_mutex_lock(&l->lock);
        list_push_back(&l->posts, &p->link);
        pthread_mutex_unlock(&l->lock);
        (void)uv_async_send(&l->wake);
}

void loop_finish_job(struct loop *l, struct job *j)
{
        pthread_mutex_lock(&l->lock);
        list_push_back(&l->finished, &j->link);
        pthread_mutex_unlock(&l->lock);
        (void)uv_async_send(&l->wake);
}

/* Stopping the handles gives both signals their default action back: the next one ends the process. */
static void on_signal(uv_signal_t *h, int signum)
{
        struct loop *l = h->data;

        (void)uv_signal_stop(&l->sigterm);
        (void)uv_signal_stop(&l->sigint);
        log_info("loop", "signal %d: stopping; a second one ends the process at once", signum);
        l->terminate(l->terminate_arg);
}

void loop_on_terminate(struct loop *l, void (*fn)(void *arg), void *arg)
{
        struct {
                uv_signal_t *h;
                int signum;
        } both[] = { { &l->sigterm, SIGTERM }, { &l->sigint, SIGINT } };

        l->terminate = fn;
        l->terminate_arg = arg;
        for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
                int r = uv_signal_init(&l->uv, both[i].h);

                both[i].h->data = l;
                if (r == 0)
                        r = uv_signal_start(both[i].h, on_signal, both[i].signum);
                if (r < 0)
                        log_warn("loop", "cannot watch signal %d: %s", both[i].signum, uv_strerror(r));
                uv_unref((uv_handle_t *)both[i].h);
        }
}
