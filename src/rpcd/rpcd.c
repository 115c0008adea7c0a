/* SPDX-License-Identifier: Apache-2.0 */
/* The carrier: listeners, who may stay, and the clock. */
#include <errno.h>
#include "base/time.h"
#include "os/os.h"
#include "rpcd/internal.h"

enum { BACKLOG = 128 };

static unsigned or_default(unsigned v, unsigned standard)
{
        return v ? v : standard;
}

static void on_sweep(void *arg)
{
        struct rpcd *d = arg;
        int64_t now = os_mono_us();
        struct list *l, *tmp;

        list_for_each(l, &d->conns, tmp) {
                struct rpcd_conn *c = list_entry(l, struct rpcd_conn, link);
                const char *why = rpcd_conn_overdue(c, now);

                if (why)
                        rpcd_conn_close(c, why);
        }
}

static void on_soon(void *arg)
{
        struct rpcd *d = arg;
        struct list *l;

        while ((l = list_pop_front(&d->dirty)))
                rpcd_conn_pump(list_entry(l, struct rpcd_conn, dirty));
}

int rpcd_new(struct rpcd **out, struct loop *l, struct rpc_server *s, const struct rpcd_limits *limits)
{
        static const struct rpcd_limits none;
        struct rpcd *d = calloc(1, sizeof(*d));

        *out = NULL;
        if (!d)
                return -ENOMEM;
        if (!limits)
                limits = &none;
        d->loop = l;
        d->server = s;
        d->limits = (struct rpcd_limits){
                or_default(limits->max_connections, 2000), or_default(limits->max_per_address, 256),
                or_default(limits->handshake_s, 20), or_default(limits->fragment_s, 30), or_default(limits->idle_s, 900),
                or_default(limits->send_s, 60), or_default(limits->max_waiting_mib, 256),
        };
        list_init(&d->listeners);
        list_init(&d->conns);
        list_init(&d->dirty);
        d->read = malloc(RPCD_READ_MAX);
        if (!d->read || loop_timer_new(&d->sweep, l, on_sweep, d) < 0 || loop_soon_new(&d->soon, l, on_soon, d) < 0) {
                rpcd_free(d);
                return -ENOMEM;
        }
        *out = d;
        return 0;
}

static void on_listener_closed(uv_handle_t *h)
{
        free(container_of(h, struct rpcd_listener, tcp));
}

void rpcd_free(struct rpcd *d)
{
        struct list *l;

        if (!d)
                return;
        while ((l = list_pop_front(&d->listeners)))
                uv_close((uv_handle_t *)&list_entry(l, struct rpcd_listener, link)->tcp, on_listener_closed);
        while (!list_empty(&d->conns))
                rpcd_conn_close(list_entry(d->conns.next, struct rpcd_conn, link), "shutting down");
        loop_timer_free(d->sweep);
        loop_soon_free(d->soon);
        free(d->read);
        free(d);
}

size_t rpcd_connections(const struct rpcd *d)
{
        return d->n_conns;
}

static void on_connection(uv_stream_t *s, int status)
{
        struct rpcd_listener *l = container_of((uv_tcp_t *)s, struct rpcd_listener, tcp);

        if (status < 0)
                log_warn("rpcd", "accept: %s", uv_strerror(status));
        else
                rpcd_accept(l->d, s);
}

static struct rpcd_listener *new_listener(struct rpcd *d)
{
        struct rpcd_listener *l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        l->d = d;
        list_init(&l->link);
        if (uv_tcp_init(loop_uv(d->loop), &l->tcp) < 0) {
                free(l);
                return NULL;
        }
        return l;
}

static int start(struct rpcd_listener *l)
{
        int r = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);

        if (r == 0)
                list_push_back(&l->d->listeners, &l->link);
        else
                uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
        return r;
}

static int cannot_listen(struct err *e, const char *address, uint16_t port, int r)
{
        if (r == UV_EACCES)
                return err_set(e, ERR_DENIED, "listen on %s port %u: not permitted; give the service CAP_NET_BIND_SERVICE, "
                                              "or let systemd open the socket", address, port);
        if (r == UV_EADDRINUSE)
                return err_set(e, ERR_CONFLICT, "listen on %s port %u: another program has it (for port 135: Samba's "
                                                "endpoint mapper, say); stop that, or choose another address",
                               address, port);
        return err_sys(e, -r, "listen on %s port %u", address, port);
}

static int parse_address(const char *address, uint16_t port, struct sockaddr_storage *out)
{
        int r = uv_ip4_addr(address, port, (struct sockaddr_in *)out);

        return r == 0 ? 0 : uv_ip6_addr(address, port, (struct sockaddr_in6 *)out);
}

int rpcd_listen(struct rpcd *d, const char *address, uint16_t port, uint16_t *port_out, struct err *e)
{
        struct sockaddr_storage a = { 0 };
        struct rpcd_listener *l;
        int n = sizeof(a), r;

        if (parse_address(address, port, &a) < 0)
                return err_set(e, ERR_INVALID, "%s is no IPv4 or IPv6 address to listen on", address);
        l = new_listener(d);
        if (!l)
                return err_set(e, ERR_NOMEM, "out of memory for a listener");
        r = uv_tcp_bind(&l->tcp, (struct sockaddr *)&a, a.ss_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
        if (r < 0)
                uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
        else
                r = start(l);
        if (r < 0)
                return cannot_listen(e, address, port, r);
        if (port_out && uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&a, &n) == 0) {
                char text[RPCD_ADDRESS_MAX];

                rpcd_address(&a, text, port_out);
        }
        return 0;
}

int rpcd_listen_fd(struct rpcd *d, int fd, struct err *e)
{
        struct rpcd_listener *l = new_listener(d);
        int r;

        if (!l)
                return err_set(e, ERR_NOMEM, "out of memory for a listener");
        r = uv_tcp_open(&l->tcp, fd);
        if (r < 0)
                uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
        else
                r = start(l);
        return r < 0 ? err_sys(e, -r, "listen on descriptor %d", fd) : 0;
}
