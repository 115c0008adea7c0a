/* SPDX-License-Identifier: Apache-2.0 */
/* One accepted connection: octets between its socket and its rpc_conn. */
#include <arpa/inet.h>
#include <stdio.h>
#include "base/time.h"
#include "os/os.h"
#include "rpcd/internal.h"

enum { KEEPALIVE_S = 60, SWEEP_MS = 1000 };

void rpcd_address(const struct sockaddr_storage *a, char out[RPCD_ADDRESS_MAX], uint16_t *port_out)
{
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;

        out[0] = '\0';
        if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
                (void)inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, RPCD_ADDRESS_MAX);
        else if (a->ss_family == AF_INET6)
                (void)inet_ntop(AF_INET6, &six->sin6_addr, out, RPCD_ADDRESS_MAX);
        else
                (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, RPCD_ADDRESS_MAX);
        *port_out = ntohs(six->sin6_port);
}

static void on_closed(uv_handle_t *h)
{
        struct rpcd_conn *c = container_of((uv_tcp_t *)h, struct rpcd_conn, tcp);

        free(c->chunk);
        free(c);
}

void rpcd_conn_close(struct rpcd_conn *c, const char *why)
{
        struct rpcd *d = c->d;
        struct rpc_conn *rpc = c->rpc;

        if (!rpc)
                return;
        log_debug("rpcd", "%s: connection closed: %s", c->peer, why);
        c->rpc = NULL;
        list_del(&c->link);
        list_del(&c->dirty);
        d->n_conns--;
        d->waiting -= c->waiting;
        if (d->n_conns == 0)
                loop_timer_stop(d->sweep);
        uv_close((uv_handle_t *)&c->tcp, on_closed);
        rpc_conn_free(rpc);
}

const char *rpcd_conn_overdue(const struct rpcd_conn *c, int64_t now_us)
{
        const struct rpcd_limits *l = &c->d->limits;

        if (c->handshake_us && now_us - c->handshake_us > l->handshake_s * US_PER_SECOND)
                return "no bind in time";
        if (c->pdu_us && now_us - c->pdu_us > l->fragment_s * US_PER_SECOND)
                return "a fragment was not finished in time";
        if (c->send_us && now_us - c->send_us > l->send_s * US_PER_SECOND)
                return "answers were not taken in time";
        if (rpc_conn_calls(c->rpc) == 0 && now_us - c->last_us > l->idle_s * US_PER_SECOND)
                return "idle";
        return NULL;
}

static void on_wake(void *arg)
{
        struct rpcd_conn *c = arg;

        if (!list_empty(&c->dirty))
                return;
        list_push_back(&c->d->dirty, &c->dirty);
        loop_soon_ask(c->d->soon);
}

static void on_written(uv_write_t *w, int status)
{
        struct rpcd_conn *c = container_of(w, struct rpcd_conn, write);

        free(steal(&c->chunk));
        if (!c->rpc)
                return;
        if (status < 0) {
                rpcd_conn_close(c, uv_strerror(status));
                return;
        }
        c->send_us = 0;
        rpcd_conn_pump(c);
}

/* Hand the kernel what it takes at once; leave the next chunk with libuv. */
static int write_out(struct rpcd_conn *c)
{
        while (!c->chunk) {
                struct str s = rpc_conn_output(c->rpc);
                uv_buf_t b = uv_buf_init((char *)(uintptr_t)s.p, (unsigned)MIN(s.n, (size_t)RPCD_CHUNK_MAX));
                int r;

                if (s.n == 0)
                        return 0;
                r = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
                if (r >= 0) {
                        rpc_conn_taken(c->rpc, (size_t)r);
                        continue;
                }
                if (r != UV_EAGAIN)
                        return r;
                c->chunk = malloc(b.len);
                if (!c->chunk)
                        return UV_ENOMEM;
                memcpy(c->chunk, b.base, b.len);
                b.base = c->chunk;
                c->send_us = os_mono_us();
                r = uv_write(&c->write, (uv_stream_t *)&c->tcp, &b, 1, on_written);
                if (r < 0) {
                        free(steal(&c->chunk));
                        return r;
                }
                rpc_conn_taken(c->rpc, b.len);
        }
        return 0;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
        struct rpcd_conn *c = container_of((uv_tcp_t *)h, struct rpcd_conn, tcp);

        *out = uv_buf_init(c->d->read, RPCD_READ_MAX);
}

static void note_progress(struct rpcd_conn *c)
{
        uint64_t pdus = rpc_conn_pdus(c->rpc);
        int64_t now = os_mono_us();

        if (!rpc_conn_in_pdu(c->rpc))
                c->pdu_us = 0;
        else if (c->pdu_us == 0 || pdus != c->n_pdus)
                c->pdu_us = now;
        c->n_pdus = pdus;
        if (rpc_conn_established(c->rpc))
                c->handshake_us = 0;
        else if (c->handshake_us == 0)
                c->handshake_us = now;
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
        struct rpcd_conn *c = container_of((uv_tcp_t *)s, struct rpcd_conn, tcp);

        if (n < 0) {
                rpcd_conn_close(c, n == UV_EOF ? "by the client" : uv_strerror((int)n));
                return;
        }
        c->last_us = os_mono_us();
        rpc_conn_input(c->rpc, (struct str){ b->base, (size_t)n });
        rpcd_conn_pump(c);
}

/* A line in the log; a client that ends badly all the time does not fill it. */
static void say(const struct rpcd_conn *c, const char *why)
{
        struct rpcd *d = c->d;
        int64_t now = os_mono_us();

        if (now - d->said_us > 60 * US_PER_SECOND) {
                if (d->n_unsaid > 0)
                        log_info("rpcd", "%u more connections ended like those before", d->n_unsaid);
                d->n_said = d->n_unsaid = 0;
                d->said_us = now;
        }
        if (d->n_said++ < RPCD_LINES_MAX)
                log_info("rpcd", "%s: connection ended: %s", c->peer, why);
        else
                d->n_unsaid++;
}

/* More than its part of too much: whoever has little waiting is no cause of it and stays. */
static bool hogs(struct rpcd_conn *c)
{
        struct rpcd *d = c->d;
        size_t n = rpc_conn_output(c->rpc).n;

        d->waiting += n - c->waiting;
        c->waiting = n;
        return d->waiting > (size_t)d->limits.max_waiting_mib << 20 && n > RPCD_WAITING_SMALL;
}

void rpcd_conn_pump(struct rpcd_conn *c)
{
        const char *why;
        bool want;
        int r;

        if (!c->rpc)
                return;
        list_del(&c->dirty);
        r = write_out(c);
        why = r < 0 ? uv_strerror(r) : hogs(c) ? "answers that nobody takes fill the memory"
              : c->chunk ? NULL : rpc_conn_ended(c->rpc);
        if (why) {
                if (r >= 0)
                        say(c, why);
                rpcd_conn_close(c, why);
                return;
        }
        note_progress(c);
        want = rpc_conn_wants_input(c->rpc);
        if (want != c->reading) {
                c->reading = want;
                if (!want)
                        (void)uv_read_stop((uv_stream_t *)&c->tcp);
                else if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
                        rpcd_conn_close(c, "cannot be read");
        }
}

/* Where the ends of an accepted socket are. */
static int look(struct rpcd_conn *c)
{
        struct sockaddr_storage a = { 0 };
        uint16_t port;
        int n = sizeof(a), r = uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &n);

        if (r < 0)
                return r;
        rpcd_address(&a, c->peer, &port);
        n = sizeof(a);
        r = uv_tcp_getsockname(&c->tcp, (struct sockaddr *)&a, &n);
        if (r == 0)
                rpcd_address(&a, c->local, &c->local_port);
        return r;
}

/* May one more come?  Makes room by closing the one that has not bound for longest. */
static bool make_room(struct rpcd *d, const char *peer)
{
        struct rpcd_conn *oldest = NULL;
        unsigned of_peer = 0;
        struct list *l, *tmp;

        list_for_each(l, &d->conns, tmp) {
                struct rpcd_conn *c = list_entry(l, struct rpcd_conn, link);

                of_peer += strcmp(c->peer, peer) == 0;
                if (c->handshake_us && (!oldest || c->handshake_us < oldest->handshake_us))
                        oldest = c;
        }
        if (of_peer >= d->limits.max_per_address)
                return false;
        if (d->n_conns < d->limits.max_connections)
                return true;
        if (!oldest)
                return false;
        rpcd_conn_close(oldest, "others wait");
        return true;
}

static int take(struct rpcd_conn *c)
{
        struct rpc_conn_ops ops = { .wake = on_wake, .arg = c };
        struct rpc_addresses at = { .peer = c->peer, .local = c->local };
        int r = look(c);

        if (r < 0)
                return r;
        at.local_port = c->local_port;
        if (!make_room(c->d, c->peer)) {
                log_debug("rpcd", "%s: connection refused: too many", c->peer);
                return UV_EMFILE;
        }
        (void)uv_tcp_nodelay(&c->tcp, 1);
        (void)uv_tcp_keepalive(&c->tcp, 1, KEEPALIVE_S);
        return rpc_conn_new(&c->rpc, c->d->server, &at, &ops);
}

void rpcd_accept(struct rpcd *d, uv_stream_t *listener)
{
        struct rpcd_conn *c = calloc(1, sizeof(*c));

        if (!c || uv_tcp_init(loop_uv(d->loop), &c->tcp) < 0) {
                free(c);
                return;
        }
        c->d = d;
        list_init(&c->link);
        list_init(&c->dirty);
        if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0 || take(c) < 0) {
                uv_close((uv_handle_t *)&c->tcp, on_closed);
                return;
        }
        list_push_back(&d->conns, &c->link);
        if (d->n_conns++ == 0)
                loop_timer_start(d->sweep, SWEEP_MS, SWEEP_MS);
        c->last_us = c->handshake_us = os_mono_us();
        rpcd_conn_pump(c);
}
