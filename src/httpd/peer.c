/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end: address, local credentials, client certificate. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include "httpd/internal.h"

static void name_address(struct http_peer *p, const struct sockaddr *sa)
{
        char host[INET6_ADDRSTRLEN] = "";

        if (sa && sa->sa_family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

                inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
                (void)snprintf(p->address, sizeof(p->address), "%s:%u", host, ntohs(in->sin_port));
        } else if (sa && sa->sa_family == AF_INET6) {
                const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;

                inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
                (void)snprintf(p->address, sizeof(p->address), "[%s]:%u", host, ntohs(in->sin6_port));
        } else {
                (void)snprintf(p->address, sizeof(p->address), "unknown");
        }
}

static void name_unix_peer(struct http_peer *p, int fd)
{
        struct ucred cred;
        socklen_t n = sizeof(cred);

        (void)snprintf(p->address, sizeof(p->address), "unix");
        p->uid = (uid_t)-1;             /* nobody, should the kernel not tell */
        p->pid = -1;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0) {
                p->uid = cred.uid;
                p->pid = cred.pid;
        }
}

static struct httpd_conn *conn_new(struct httpd *h, struct MHD_Connection *c)
{
        struct httpd_conn *n = calloc(1, sizeof(*n));
        const union MHD_ConnectionInfo *ci;

        if (!n)
                return NULL;
        n->peer.kind = h->unix_socket ? HTTP_PEER_UNIX : h->tls ? HTTP_PEER_TLS : HTTP_PEER_PLAIN;
        if (h->unix_socket) {
                ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
                name_unix_peer(&n->peer, ci->connect_fd);
        } else {
                ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
                name_address(&n->peer, ci ? ci->client_addr : NULL);
        }
        return n;
}

void httpd_connection(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_ConnectionNotificationCode code)
{
        struct httpd_conn *n = *ctx;

        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                *ctx = conn_new(cls, c);
                return;
        }
        if (n)
                free(n->cert);
        free(n);
        *ctx = NULL;
}

/*
 * The certificate the peer proved to own, as DER.  Whether it is one of ours is
 * not looked at here: GnuTLS was told to ask, not to judge.
 */
static void ask_certificate(struct httpd_conn *n, struct MHD_Connection *c)
{
        const union MHD_ConnectionInfo *ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        const gnutls_datum_t *list;
        unsigned count = 0;

        n->cert_asked = true;
        if (!ci)
                return;
        list = gnutls_certificate_get_peers((gnutls_session_t)ci->tls_session, &count);
        if (!list || count == 0)
                return;
        n->cert = malloc(list[0].size);
        if (!n->cert)
                return;
        memcpy(n->cert, list[0].data, list[0].size);
        n->peer.cert_der = (struct str){ (const char *)n->cert, list[0].size };
}

const struct http_peer *httpd_peer(struct httpd *h, struct MHD_Connection *c)
{
        const union MHD_ConnectionInfo *ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct httpd_conn *n = ci ? ci->socket_context : NULL;

        if (!n)
                return NULL;
        if (h->tls && !n->cert_asked)
                ask_certificate(n, c);
        return &n->peer;
}
