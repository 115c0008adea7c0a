/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions: their way to the socket, and the client's certificate.
 *
 * While a TLS handshake waits for the peer, libmicrohttpd 0.9.75 goes on saying
 * that the connection is ready (only gnutls_record_recv() clears its flag), and
 * whoever obeys MHD_get_timeout() spins until the peer has spoken, or for the
 * whole idle time when it never does.  So reading and writing of a session goes
 * through here and is noted; a run in which nothing moved is not repeated before
 * the socket has something new (httpd.c).
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>
#include "httpd/internal.h"

static ssize_t note(struct httpd_conn *c, ssize_t n)
{
        if (n < 0)
                gnutls_transport_set_errno(c->session, errno);
        else
                c->h->moved = true;
        return n;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
        struct httpd_conn *c = p;

        return note(c, recv(c->fd, data, n, 0));
}

static ssize_t push(gnutls_transport_ptr_t p, const giovec_t *v, int n)
{
        struct httpd_conn *c = p;
        struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n };

        return note(c, sendmsg(c->fd, &m, MSG_NOSIGNAL));
}

void httpd_tls_hook(struct httpd_conn *c)
{
        gnutls_transport_set_ptr(c->session, c);
        gnutls_transport_set_pull_function(c->session, pull);
        gnutls_transport_set_vec_push_function(c->session, push);
}

/*
 * The certificate the peer proved to own, as DER.  Whether it is one of ours is
 * not looked at here: GnuTLS was told to ask, not to judge.
 */
void httpd_tls_certificate(struct httpd_conn *c)
{
        const gnutls_datum_t *list;
        unsigned count = 0;

        c->cert_asked = true;
        list = gnutls_certificate_get_peers(c->session, &count);
        if (!list || count == 0)
                return;
        c->cert = malloc(list[0].size);
        if (!c->cert)
                return;
        memcpy(c->cert, list[0].data, list[0].size);
        c->peer.cert_der = (struct str){ (const char *)c->cert, list[0].size };
}
