/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suspended connection's socket, watched for the peer's going away.
 *
 * The socket is in libmicrohttpd's epoll set only while the connection is not
 * suspended, and in the loop's from its first suspension on.
 */
#include "httpd/internal.h"

struct httpd_watch {
        uv_poll_t poll;                 /* first: the close callback frees the whole */
        struct httpd_exchange *x;
};

static void peer_gone(struct httpd_exchange *x)
{
        x->gone = true;
        if (x->stream_waiting) {        /* its reader will say that it is over */
                x->stream_waiting = false;
                httpd_resume(x);
        } else if (!x->replied) {
                http_exchange_tell_gone(&x->base);      /* may reply, and so free x when it is the last */
        }
}

static void on_event(uv_poll_t *p, int status, int events)
{
        struct httpd_watch *w = (struct httpd_watch *)p;

        uv_poll_stop(p);
        peer_gone(w->x);
}

static void on_closed(uv_handle_t *p)
{
        free(p);
}

void httpd_watch_start(struct httpd_exchange *x)
{
        const union MHD_ConnectionInfo *ci;
        struct httpd_watch *w;

        if (x->watch)
                return;
        ci = MHD_get_connection_info(x->c, MHD_CONNECTION_INFO_CONNECTION_FD);
        w = calloc(1, sizeof(*w));
        /* Without a watch the peer's absence is seen when the reply is written. */
        if (!w || !ci || uv_poll_init(loop_uv(x->h->loop), &w->poll, ci->connect_fd) < 0) {
                free(w);
                return;
        }
        w->x = x;
        x->watch = w;
        uv_poll_start(&w->poll, UV_DISCONNECT, on_event);
}

void httpd_watch_free(struct httpd_exchange *x)
{
        if (!x->watch)
                return;
        uv_poll_stop(&x->watch->poll);
        uv_close((uv_handle_t *)&x->watch->poll, on_closed);
        x->watch = NULL;
}
