/* SPDX-License-Identifier: Apache-2.0 */
/* timer - uv_timer with a lifetime: freed once libuv has let go of it */
#include <errno.h>
#include "loop/loop_priv.h"

struct loop_timer {
        uv_timer_t uv;
        struct list link;               /* loop.timers */
        struct loop *loop;
        void (*fn)(void *arg);
        void *arg;
};

static void on_timer(uv_timer_t *h)
{
        struct loop_timer *t = h->data;

        t->fn(t->arg);                  /* may free t */
}

int loop_timer_new(struct loop_timer **out, struct loop *l, void (*fn)(void *arg), void *arg)
{
        struct loop_timer *t = calloc(1, sizeof *t);

        if (!t)
                return -ENOMEM;
        (void)uv_timer_init(&l->uv, &t->uv);            /* has no way to fail */
        t->uv.data = t;
        t->loop = l;
        t->fn = fn;
        t->arg = arg;
        list_push_back(&l->timers, &t->link);
        *out = t;
        return 0;
}

void loop_timer_start(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
        /* The loop's own idea of now is that of its last wake-up; long callbacks make it old. */
        uv_update_time(&t->loop->uv);
        (void)uv_timer_start(&t->uv, on_timer, after_ms, repeat_ms);
}

void loop_timer_stop(struct loop_timer *t)
{
        (void)uv_timer_stop(&t->uv);
}

static void on_closed(uv_handle_t *h)
{
        free(h->data);
}

void loop_timer_free(struct loop_timer *t)
{
        if (!t)
                return;
        list_del(&t->link);
        uv_close((uv_handle_t *)&t->uv, on_closed);
}

void loop_free_timers(struct loop *l)
{
        while (!list_empty(&l->timers))
                loop_timer_free(list_entry(l->timers.next, struct loop_timer, link));
}
