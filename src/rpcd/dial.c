/* SPDX-License-Identifier: Apache-2.0 */
/* Connections out: octets between a socket and an rpc_client. */
#include <errno.h>
#include <stdio.h>
#include "os/os.h"
#include "rpcd/internal.h"

enum { READ_MAX = 16 << 10 };

struct rpcd_dialled {
        uv_tcp_t tcp;
        uv_getaddrinfo_t lookup;
        uv_connect_t connect;
        uv_write_t write;
        struct rpc_client *client;      /* NULL: hung up */
        struct loop *loop;
        struct loop_timer *timer;
        struct loop_soon *soon;
        char *chunk;
        char *read;
        uint16_t port;
        struct sockaddr_storage local;
        bool looking, connected, lost, closed;
};

/* When both the socket and the look-up have ended; whichever is later. */
static void try_release(struct rpcd_dialled *d)
{
        if (!d->closed || d->looking)
                return;
        free(d->chunk);
        free(d->read);
        free(d);
}

static void on_closed(uv_handle_t *h)
{
        struct rpcd_dialled *d = container_of((uv_tcp_t *)h, struct rpcd_dialled, tcp);

        d->closed = true;
        try_release(d);
}

static void close_socket(struct rpcd_dialled *d)
{
        if (!uv_is_closing((uv_handle_t *)&d->tcp))
                uv_close((uv_handle_t *)&d->tcp, on_closed);
}

static void lose(struct rpcd_dialled *d, const char *why)
{
        if (!d->client || d->lost)
                return;
        d->lost = true;
        loop_timer_stop(d->timer);
        if (d->connected)
                (void)uv_read_stop((uv_stream_t *)&d->tcp);
        rpc_client_lost(d->client, why);
}

static void pump(struct rpcd_dialled *d);

static void on_written(uv_write_t *w, int status)
{
        struct rpcd_dialled *d = container_of(w, struct rpcd_dialled, write);

        free(steal(&d->chunk));
        if (!d->client)
                return;
        if (status < 0)
                lose(d, uv_strerror(status));
        else
                pump(d);
}

static void pump(struct rpcd_dialled *d)
{
        struct str s = rpc_client_output(d->client);
        uv_buf_t b = uv_buf_init(NULL, (unsigned)MIN(s.n, (size_t)RPCD_CHUNK_MAX));
        int r;

        if (!d->connected || d->lost || d->chunk || s.n == 0)
                return;
        d->chunk = malloc(b.len);
        if (!d->chunk) {
                lose(d, "out of memory");
                return;
        }
        memcpy(d->chunk, s.p, b.len);
        b.base = d->chunk;
        rpc_client_taken(d->client, b.len);
        r = uv_write(&d->write, (uv_stream_t *)&d->tcp, &b, 1, on_written);
        if (r < 0) {
                free(steal(&d->chunk));
                lose(d, uv_strerror(r));
        }
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
        struct rpcd_dialled *d = container_of((uv_tcp_t *)h, struct rpcd_dialled, tcp);

        if (!d->read)
                d->read = malloc(READ_MAX);
        *out = uv_buf_init(d->read, d->read ? READ_MAX : 0);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
        struct rpcd_dialled *d = container_of((uv_tcp_t *)s, struct rpcd_dialled, tcp);

        if (n < 0)
                lose(d, n == UV_EOF ? "the other side closed the connection" : uv_strerror((int)n));
        else if (d->client && !d->lost)
                rpc_client_input(d->client, (struct str){ b->base, (size_t)n });
}

static void on_connected(uv_connect_t *q, int status)
{
        struct rpcd_dialled *d = container_of(q, struct rpcd_dialled, connect);

        if (!d->client)
                return;
        loop_timer_stop(d->timer);
        if (status == 0) {
                d->connected = true;
                status = uv_read_start((uv_stream_t *)&d->tcp, on_alloc, on_read);
        }
        if (status < 0)
                lose(d, uv_strerror(status));
        else
                pump(d);
}

static int connect_to(struct rpcd_dialled *d, struct sockaddr_storage *to)
{
        int r = 0;

        ((struct sockaddr_in *)to)->sin_port = htons(d->port);
        if (d->local.ss_family == to->ss_family)
                r = uv_tcp_bind(&d->tcp, (struct sockaddr *)&d->local, 0);
        if (r == 0)
                r = uv_tcp_connect(&d->connect, &d->tcp, (struct sockaddr *)to, on_connected);
        if (r == 0)
                (void)uv_tcp_nodelay(&d->tcp, 1);
        return r;
}

static void on_looked_up(uv_getaddrinfo_t *q, int status, struct addrinfo *found)
{
        struct rpcd_dialled *d = container_of(q, struct rpcd_dialled, lookup);
        struct sockaddr_storage to = { 0 };

        d->looking = false;
        if (status == 0 && found->ai_addrlen <= sizeof(to))
                memcpy(&to, found->ai_addr, found->ai_addrlen);
        uv_freeaddrinfo(found);
        if (!d->client) {
                try_release(d);
                return;
        }
        if (!d->lost && status == 0)
                status = connect_to(d, &to);
        if (status < 0)
                lose(d, uv_strerror(status));
}

static void on_soon(void *arg)
{
        struct rpcd_dialled *d = arg;

        pump(d);
}

static void on_wake(void *arg)
{
        struct rpcd_dialled *d = arg;

        loop_soon_ask(d->soon);
}

static void on_timeout(void *arg)
{
        lose(arg, "no connection in time");
}

static bool parse_address(const char *text, struct sockaddr_storage *out)
{
        return uv_ip4_addr(text, 0, (struct sockaddr_in *)out) == 0 || uv_ip6_addr(text, 0, (struct sockaddr_in6 *)out) == 0;
}

static int start(struct rpcd_dialled *d, const char *address)
{
        const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        struct sockaddr_storage to = { 0 };
        int r;

        if (parse_address(address, &to))
                return connect_to(d, &to);
        r = uv_getaddrinfo(loop_uv(d->loop), &d->lookup, on_looked_up, address, NULL, &hints);
        d->looking = r == 0;
        return r;
}

int rpcd_dial(struct rpcd_dialled **out, struct loop *l, const char *address, uint16_t port, const char *local,
              struct rpc_client *client, unsigned timeout_ms)
{
        struct rpcd_dialled *d = calloc(1, sizeof(*d));
        int r;

        *out = NULL;
        if (!d)
                return -ENOMEM;
        d->loop = l;
        d->port = port;
        if (local && !parse_address(local, &d->local))
                d->local.ss_family = AF_UNSPEC;
        r = uv_tcp_init(loop_uv(l), &d->tcp);
        if (r < 0) {
                free(d);
                return r;
        }
        if (loop_timer_new(&d->timer, l, on_timeout, d) < 0 || loop_soon_new(&d->soon, l, on_soon, d) < 0) {
                rpcd_hang_up(d);
                return -ENOMEM;
        }
        d->client = client;
        rpc_client_on_wake(client, on_wake, d);
        loop_timer_start(d->timer, timeout_ms, 0);
        r = start(d, address);
        if (r < 0) {
                rpcd_hang_up(d);
                return r;
        }
        *out = d;
        return 0;
}

void rpcd_hang_up(struct rpcd_dialled *d)
{
        if (!d)
                return;
        if (d->client)
                rpc_client_on_wake(d->client, NULL, NULL);
        d->client = NULL;
        loop_timer_free(d->timer);
        loop_soon_free(d->soon);
        d->timer = NULL;
        d->soon = NULL;
        if (d->looking)
                (void)uv_cancel((uv_req_t *)&d->lookup);
        close_socket(d);
}
