/* SPDX-License-Identifier: Apache-2.0 */
#include "wmi/take.h"

enum { TAKE_MAX_BYTES = 32 << 20, TAKES_WAITING_MAX = 256 };

static void take_free(struct wmi_take *t)
{
        list_del(&t->link);
        loop_timer_free(t->timer);
        buf_fini(&t->out);
        buf_fini(&t->ends);
        free(t);
}

static void finish(struct wmi_take *t, uint32_t hr, const struct wmi_failure *f)
{
        if (t->call)
                dcom_call_on_cancel(t->call, NULL, NULL);
        wmi_take_answer(t, hr, f);
        take_free(t);
}

/* ---- serving ---- */

static void on_time(void *arg)
{
        struct wmi_take *t = arg;

        t->over = true;
        wmi_enum_pump(t->e);
}

/* False: it waits. */
static bool wait_for_more(struct wmi_take *t)
{
        if (t->timeout_ms == WMI_INFINITE && t->e->source->is_event && t->got) {
                finish(t, WBEM_NO_ERROR, NULL);
                return true;
        }
        if (t->over || t->timeout_ms == 0) {
                finish(t, WBEM_S_TIMEDOUT, NULL);
                return true;
        }
        return false;
}

/* True: it is answered. */
static bool serve(struct wmi_take *t)
{
        while (t->got < t->want && t->out.n < WMI_TAKE_BYTES_MAX) {
                struct wmi_failure f = { 0 };
                struct wmi_row row;

                switch (wmi_enum_next(t->e, &row)) {
                case WMI_WAIT:
                        return wait_for_more(t);
                case WMI_END:
                        finish(t, WBEM_S_FALSE, NULL);
                        return true;
                case WMI_FAILED:        /* what there was before comes first; the failure stays */
                        finish(t, t->got ? (uint32_t)WBEM_S_TIMEDOUT : t->e->source->failure.hr,
                               t->got ? NULL : &t->e->source->failure);
                        return true;
                case WMI_ROW:
                        break;
                }
                if (t->kind != WMI_TAKE_SKIP && wmi_take_add(t, &row, &f) < 0) {
                        finish(t, f.hr, &f);
                        return true;
                }
                t->got++;
        }
        finish(t, t->got < t->want ? WBEM_S_TIMEDOUT : WBEM_NO_ERROR, NULL);
        return true;
}

void wmi_enum_pump(struct wmi_enum *e)
{
        (void)dcom_object_ref(&e->object);
        while (e->source && !list_empty(&e->takes)) {
                if (!serve(list_entry(e->takes.next, struct wmi_take, link)))
                        break;
        }
        dcom_object_unref(&e->object);
}

/* ---- coming and going ---- */

static void cancelled(struct dcom_call *c, void *arg)
{
        struct wmi_take *t = arg;
        struct wmi_enum *e = t->e;

        (void)dcom_object_ref(&e->object);
        finish(t, (uint32_t)WBEM_E_CALL_CANCELLED, NULL);
        wmi_enum_pump(e);
        dcom_object_unref(&e->object);
}

static bool too_many(const struct wmi_enum *e)
{
        struct list *l, *tmp;
        size_t n = 0;

        list_for_each(l, &e->takes, tmp)
                n++;
        return n >= TAKES_WAITING_MAX;
}

void wmi_take_begin(struct wmi_enum *e, const struct wmi_take *with)
{
        struct wmi_take *t = malloc(sizeof *t);
        struct wmi_take refused = *with;

        if (!t || too_many(e) || !e->source) {
                free(t);
                buf_init(&refused.out, 0);
                buf_init(&refused.ends, 0);
                wmi_take_answer(&refused, (uint32_t)(e->source ? WBEM_E_QUOTA_VIOLATION : WBEM_E_CALL_CANCELLED), NULL);
                return;
        }
        *t = *with;
        t->e = e;
        buf_init(&t->out, TAKE_MAX_BYTES);
        buf_init(&t->ends, 0);
        if (t->kind == WMI_TAKE_SMART)
                wmio_packet_begin(&t->packet, WMIO_NEXT, t->sent, &t->out);
        list_push_back(&e->takes, &t->link);
        if (t->call) {
                dcom_call_on_cancel(t->call, cancelled, t);
                arena_fini(&t->call->arena);            /* it may wait for days */
        }
        if (t->timeout_ms && t->timeout_ms != WMI_INFINITE && t->want) {
                if (loop_timer_new(&t->timer, e->wmi->o.loop, on_time, t) < 0)
                        t->over = true;
                else
                        loop_timer_start(t->timer, t->timeout_ms, 0);
        }
        wmi_enum_pump(e);
}

void wmi_enum_left(struct wmi_enum *e)
{
        struct wmi_source *s = e->source;
        struct list *l;

        if (--e->clients)
                return;
        e->source = NULL;
        while ((l = list_pop_front(&e->takes)))
                finish(list_entry(l, struct wmi_take, link), (uint32_t)WBEM_E_CALL_CANCELLED, NULL);
        wmi_source_free(s);
}
