/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, running and ending a libmicrohttpd daemon under our loop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include "httpd/internal.h"
#include "os/os.h"

/*
 * TLS 1.2 and 1.3, forward secret.  AES-GCM before ChaCha20: hash and cipher run in the CPU's own instructions.
 * X25519 first, as clients guess it first: another choice costs them a round trip.
 */
#define TLS_PRIORITIES                                                                                              \
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"                               \
        "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"                                              \
        "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

static void on_log(void *cls, const char *fmt, va_list ap)
{
        struct httpd *h = cls;
        char *text = h->last_words;
        size_t n;

        (void)vsnprintf(text, sizeof(h->last_words), fmt, ap);
        n = strlen(text);
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
                text[--n] = '\0';
        log_debug("httpd", "%s", text);         /* peers cause these at will */
}

/*
 * Runs libmicrohttpd while it has something ready, yet leaves the loop its turn.
 * "Ready" that moved nothing under TLS is a handshake waiting for its peer: new
 * bytes make the epoll descriptor readable, so there is nothing to repeat.
 */
static void run(struct httpd *h)
{
        MHD_UNSIGNED_LONG_LONG wait_ms = 0;
        bool timed = false, stalled = false;

        h->running = true;
        for (unsigned i = 0; i < HTTPD_RUNS; i++) {
                h->again = h->moved = false;
                MHD_run(h->daemon);
                timed = MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES;
                stalled = h->tls && !h->moved;
                if (!h->again && (stalled || !timed || wait_ms > 0))
                        break;
        }
        h->running = false;
        if (timed && wait_ms == 0 && stalled)
                wait_ms = HTTPD_STALL_MS;
        if (h->again || (timed && wait_ms == 0))
                loop_soon_ask(h->soon);
        if (timed && wait_ms > 0)
                loop_timer_start(h->timer, wait_ms, 0);
        else
                loop_timer_stop(h->timer);
}

static void on_turn(void *arg)
{
        run(arg);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
        run(p->data);
}

void httpd_kick(struct httpd *h)
{
        if (h->running)
                h->again = true;
        else
                loop_soon_ask(h->soon);
}

static int attach(struct httpd *h, struct err *e)
{
        const union MHD_DaemonInfo *di = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        int r;

        if (!di)
                return err_set(e, ERR_INTERNAL, "libmicrohttpd was built without epoll");
        r = loop_timer_new(&h->timer, h->loop, on_turn, h);
        if (r == 0)
                r = loop_soon_new(&h->soon, h->loop, on_turn, h);
        if (r < 0)
                return err_sys(e, -r, "create a timer");
        h->poll = calloc(1, sizeof(*h->poll));
        if (!h->poll)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = uv_poll_init(loop_uv(h->loop), h->poll, di->epoll_fd);
        if (r < 0) {
                free(steal(&h->poll));
                return err_sys(e, -r, "watch the listener");
        }
        h->poll->data = h;
        r = uv_poll_start(h->poll, UV_READABLE, on_ready);
        return r < 0 ? err_sys(e, -r, "watch the listener") : 0;
}

static int start(struct httpd *h, const struct httpd_opts *o, int listen_fd, struct err *e)
{
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (h->tls ? MHD_USE_TLS : 0);
        struct MHD_OptionItem tls[] = {
                { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)o->cert_pem },
                { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)o->key_pem },
                { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
                { o->client_ca_pem ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, (void *)o->client_ca_pem },
                { MHD_OPTION_END, 0, NULL },
        };

        if (!h->tls)
                tls[0].option = MHD_OPTION_END;
        (void)signal(SIGPIPE, SIG_IGN);         /* sendfile(2) has no MSG_NOSIGNAL */
        h->daemon = MHD_start_daemon(
                flags, 0, NULL, NULL, httpd_access, h,
                MHD_OPTION_EXTERNAL_LOGGER, on_log, h,
                MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listen_fd,
                MHD_OPTION_URI_LOG_CALLBACK, httpd_uri, h,
                MHD_OPTION_NOTIFY_COMPLETED, httpd_completed, h,
                MHD_OPTION_NOTIFY_CONNECTION, httpd_connection, h,
                MHD_OPTION_CONNECTION_LIMIT, o->max_connections ? o->max_connections : 4096,
                MHD_OPTION_CONNECTION_TIMEOUT, h->idle_timeout_s,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_MEMORY_LIMIT,
                MHD_OPTION_STRICT_FOR_CLIENT, 1,
                MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                MHD_OPTION_ARRAY, tls,
                MHD_OPTION_END);
        if (!h->daemon)         /* it has closed listen_fd */
                return err_set(e, ERR_INVALID, "start the listener on %s: %s%s", o->address, h->last_words,
                               h->tls ? ": check certificate and key" : "");
        return 0;
}

int httpd_new(struct httpd **out, struct loop *l, const struct httpd_opts *o, struct err *e)
{
        _cleanup_(httpd_freep) struct httpd *h = calloc(1, sizeof(*h));
        int fd, r;

        if (!h)
                return err_set(e, ERR_NOMEM, "out of memory");
        list_init(&h->exchanges);
        h->loop = l;
        h->router = o->router;
        h->stream_block = o->stream_block ? o->stream_block : HTTPD_BLOCK;
        h->idle_timeout_s = o->idle_timeout_s ? o->idle_timeout_s : 120;
        h->tls = o->cert_pem != NULL;
        h->unix_socket = strncmp(o->address, "unix:", 5) == 0;
        fd = httpd_listen(o, &h->port, e);
        if (fd < 0)
                return fd;
        if (h->unix_socket)
                h->unix_path = str_dup(str_of(o->address + 5));
        r = start(h, o, fd, e);
        if (r < 0)
                return r;
        r = attach(h, e);
        if (r < 0)
                return r;
        run(h);                 /* libmicrohttpd adds the listening socket on its first run */
        *out = steal(&h);
        return 0;
}

uint16_t httpd_port(const struct httpd *h)
{
        return h->port;
}

static void on_closed(uv_handle_t *p)
{
        free(p);
}

/* libmicrohttpd aborts the process if a connection is still suspended when it stops. */
static void stop(struct httpd *h)
{
        struct list *at, *next;

        h->running = true;              /* no kick: nothing runs any more */
        list_for_each(at, &h->exchanges, next) {
                struct httpd_exchange *x = list_entry(at, struct httpd_exchange, link);

                x->stream_waiting = false;
                httpd_resume(x);
        }
        MHD_stop_daemon(h->daemon);
}

void httpd_free(struct httpd *h)
{
        if (!h)
                return;
        if (h->poll) {
                uv_poll_stop(h->poll);
                uv_close((uv_handle_t *)h->poll, on_closed);
        }
        if (h->daemon)
                stop(h);
        loop_timer_free(h->timer);
        loop_soon_free(h->soon);
        if (h->unix_path)
                (void)os.unlinkat(AT_FDCWD, h->unix_path, 0);
        free(h->unix_path);
        free(h);
}
