/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams whose bytes lie in files: sendfile(2) on the connection's socket, so
 * that they are not copied through this process.  libmicrohttpd knows one file
 * an answer; content is thousands of stretches of several.  So it sends the head
 * and ends the connection, and everything in between is sent here, while the
 * connection is suspended for it.  A peer that takes nothing for the idle time
 * is gone.
 */
#include <errno.h>
#include "httpd/internal.h"
#include "os/os.h"

enum { TURN = 1 << 20 };                /* bytes before other connections have their turn */

struct httpd_direct {
        uv_poll_t poll;                 /* first: the close callback frees the whole */
        struct httpd_exchange *x;
        struct loop_timer *timer;
        int fd;                         /* the connection's socket under a number of our own, for a poll of our own */
        uint64_t left;                  /* bytes of the answer */
        bool quiet, failed;             /* the stream has nothing now; it is over */
};

/* Where the next bytes lie: 1, 0 nothing now, < 0. */
static int where(struct httpd_exchange *x, struct http_extent *out)
{
        int r;

        do {
                x->woken = false;
                x->in_read = true;
                r = x->stream->where(x->stream, out);
                x->in_read = false;
        } while (r == 0 && x->woken);
        return r;
}

/* As much as the socket takes now, within a turn. */
static void push(struct httpd_direct *d)
{
        struct httpd_exchange *x = d->x;
        uint64_t turn = TURN;

        d->quiet = false;
        while (d->left > 0 && turn > 0) {
                struct http_extent at;
                int r = where(x, &at);
                ssize_t n;

                if (r <= 0) {
                        d->quiet = r == 0;
                        d->failed = r < 0;
                        return;
                }
                n = os.sendfile(d->fd, at.fd, (off_t)at.at, (size_t)MIN(MIN(at.n, d->left), turn));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) {           /* 0: the file is shorter than was said */
                        d->failed = true;
                        return;
                }
                x->stream->sent(x->stream, (size_t)n);
                d->left -= (uint64_t)n;
                turn -= (uint64_t)n;
        }
}

static void rest(struct httpd_direct *d)
{
        uv_poll_stop(&d->poll);
        loop_timer_stop(d->timer);
}

static void resume(struct httpd_direct *d)
{
        rest(d);
        d->x->stream_waiting = false;
        httpd_resume(d->x);
}

static void on_idle(void *arg)
{
        struct httpd_direct *d = arg;

        d->failed = true;
        resume(d);
}

static void on_room(uv_poll_t *p, int status, int events)
{
        struct httpd_direct *d = (struct httpd_direct *)p;
        uint64_t before = d->left;

        if (!d->x->suspended) {         /* the reader is about to be called */
                rest(d);
                return;
        }
        push(d);
        if (d->failed || d->left == 0 || d->x->gone)
                resume(d);
        else if (d->quiet)              /* whoever has more wakes the stream */
                rest(d);
        else if (d->left != before)
                loop_timer_start(d->timer, d->x->h->idle_timeout_s * UINT64_C(1000), 0);
}

int httpd_direct_run(struct httpd_exchange *x)
{
        struct httpd_direct *d = x->direct;

        rest(d);
        if (!d->failed)
                push(d);
        if (d->failed)
                return -1;
        if (d->left == 0)
                return 1;
        x->stream_waiting = true;
        httpd_suspend(x);
        if (d->quiet)
                return 0;
        loop_timer_start(d->timer, x->h->idle_timeout_s * UINT64_C(1000), 0);
        return uv_poll_start(&d->poll, UV_WRITABLE, on_room) < 0 ? -1 : 0;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *p)
{
        struct httpd_direct *d = (struct httpd_direct *)p;

        os.close(d->fd);
        free(d);
}

bool httpd_direct_make(struct httpd_exchange *x, uint64_t size)
{
        const union MHD_ConnectionInfo *ci = MHD_get_connection_info(x->c, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct httpd_direct *d = calloc(1, sizeof(*d));

        if (!d || !ci) {
                free(d);
                return false;
        }
        d->fd = fcntl(ci->connect_fd, F_DUPFD_CLOEXEC, 0);
        if (d->fd < 0 || uv_poll_init(loop_uv(x->h->loop), &d->poll, d->fd) < 0) {
                if (d->fd >= 0)
                        os.close(d->fd);
                free(d);
                return false;
        }
        d->x = x;
        d->left = size;
        x->direct = d;
        if (loop_timer_new(&d->timer, x->h->loop, on_idle, d) == 0)
                return true;
        httpd_direct_free(x);
        return false;
}

void httpd_direct_free(struct httpd_exchange *x)
{
        struct httpd_direct *d = x->direct;

        if (!d)
                return;
        x->direct = NULL;
        loop_timer_free(d->timer);
        uv_poll_stop(&d->poll);
        uv_close((uv_handle_t *)&d->poll, on_closed);
}
