/* SPDX-License-Identifier: Apache-2.0 */
/* soon - one call in the loop's next turn, by an idle handle that stops itself */
#include <errno.h>
#include "loop/loop_priv.h"

struct loop_soon {
        uv_idle_t uv;
        void (*fn)(void *arg);
        void *arg;
};

static void on_turn(uv_idle_t *h)
{
        struct loop_soon *s = h->data;

        (void)uv_idle_stop(h);
        s->fn(s->arg);                  /* may ask again, may free s */
}

int loop_soon_new(struct loop_soon **out, struct loop *l, void (*fn)(void *arg), void *arg)
{
        struct loop_soon *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        (void)uv_idle_init(&l->uv, &s->uv);             /* has no way to fail */
        s->uv.data = s;
        s->fn = fn;
        s->arg = arg;
        *out = s;
        return 0;
}

void loop_soon_ask(struct loop_soon *s)
{
        (void)uv_idle_start(&s->uv, on_turn);
}

static void on_closed(uv_handle_t *h)
{
        free(h->data);
}

void loop_soon_free(struct loop_soon *s)
{
        if (s)
                uv_close((uv_handle_t *)&s->uv, on_closed);
}
