/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end: address and local credentials; certificates are in tls.c. */
#include <arpa/inet.h>
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
        n->h = h;
        n->peer.kind = h->unix_socket ? HTTP_PEER_UNIX : h->tls ? HTTP_PEER_TLS : HTTP_PEER_PLAIN;
        ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        n->fd = ci->connect_fd;
        if (h->unix_socket) {
                name_unix_peer(&n->peer, n->fd);
        } else {
                ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
                name_address(&n->peer, ci ? ci->client_addr : NULL);
        }
        if (h->tls) {
                ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
                n->session = ci ? ci->tls_session : NULL;
        }
        if (n->session)
                httpd_tls_hook(n);
        return n;
}

void httpd_connection(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_ConnectionNotificationCode code)
{
        struct httpd *h = cls;
        struct httpd_conn *n = *ctx;

        h->moved = true;
        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                *ctx = conn_new(h, c);
                return;
        }
        if (n)
                free(n->cert);
        free(n);
        *ctx = NULL;
}

const struct http_peer *httpd_peer(struct httpd *h, struct MHD_Connection *c)
{
        const union MHD_ConnectionInfo *ci = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct httpd_conn *n = ci ? ci->socket_context : NULL;

        if (!n)
                return NULL;
        if (n->session && !n->cert_asked)
                httpd_tls_certificate(n);
        return &n->peer;
}
