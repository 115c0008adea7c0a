/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, made here so that their errors are told in words. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "httpd/internal.h"
#include "os/os.h"
#include "os/os.h"

enum { BACKLOG = 512 };

static int bind_and_listen(int fd, const struct sockaddr *sa, socklen_t n, const struct httpd_opts *o, struct err *e)
{
        if (bind(fd, sa, n) < 0 || listen(fd, BACKLOG) < 0) {
                if (sa->sa_family == AF_UNIX)
                        return err_sys(e, errno, "listen on %s", o->address);
                return err_sys(e, errno, "listen on %s port %u", o->address, o->port);
        }
        return 0;
}

/* A socket file that nobody serves is left over from a crash and goes; one that answers is somebody's. */
static int remove_stale(const struct sockaddr_un *sa, struct err *e)
{
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct stat st;

        if (fd < 0)
                return err_sys(e, errno, "create a local socket");
        if (lstat(sa->sun_path, &st) < 0)
                return errno == ENOENT ? 0 : err_sys(e, errno, "look at %s", sa->sun_path);
        if (!S_ISSOCK(st.st_mode))
                return err_set(e, ERR_EXISTS, "%s is there and is not a socket: remove it or choose another name",
                               sa->sun_path);
        if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN)
                return err_set(e, ERR_EXISTS, "%s is served by a running program: stop it first", sa->sun_path);
        if (os.unlinkat(AT_FDCWD, sa->sun_path, 0) < 0 && errno != ENOENT)
                return err_sys(e, errno, "remove the stale socket %s", sa->sun_path);
        return 0;
}

static int listen_unix(const struct httpd_opts *o, const char *path, struct err *e)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        _cleanup_(closep) int fd = -1;
        int r;

        if (strlen(path) >= sizeof(sa.sun_path))
                return err_set(e, ERR_TOO_LARGE, "the socket path %s is longer than %zu characters: choose a shorter one",
                               path, sizeof(sa.sun_path) - 1);
        memcpy(sa.sun_path, path, strlen(path) + 1);
        r = remove_stale(&sa, e);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || fchmod(fd, 0600) < 0)     /* before bind(2): the file is never seen with another mode */
                return err_sys(e, errno, "create a local socket");
        r = bind_and_listen(fd, (struct sockaddr *)&sa, sizeof(sa), o, e);
        return r < 0 ? r : steal_fd(&fd);
}

static uint16_t bound_port(int fd)
{
        struct sockaddr_storage ss;
        socklen_t n = sizeof(ss);

        if (getsockname(fd, (struct sockaddr *)&ss, &n) < 0)
                return 0;
        if (ss.ss_family == AF_INET)
                return ntohs(((struct sockaddr_in *)&ss)->sin_port);
        return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
}

static int listen_tcp(const struct httpd_opts *o, uint16_t *port_out, struct err *e)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *ai = NULL;
        _cleanup_(closep) int fd = -1;
        int one = 1, r;

        r = getaddrinfo(o->address, "0", &hints, &ai);
        if (r != 0)
                return err_set(e, ERR_INVALID, "listen on %s: %s: give an address of this machine", o->address,
                               gai_strerror(r));
        if (ai->ai_family == AF_INET6)
                ((struct sockaddr_in6 *)ai->ai_addr)->sin6_port = htons(o->port);
        else
                ((struct sockaddr_in *)ai->ai_addr)->sin_port = htons(o->port);
        fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                r = err_sys(e, errno, "create a socket for %s", o->address);
        else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
                r = err_sys(e, errno, "prepare a socket for %s", o->address);
        else
                r = bind_and_listen(fd, ai->ai_addr, ai->ai_addrlen, o, e);
        freeaddrinfo(ai);
        if (r < 0)
                return r;
        *port_out = bound_port(fd);
        return steal_fd(&fd);
}

int httpd_listen(const struct httpd_opts *o, uint16_t *port_out, struct err *e)
{
        *port_out = 0;
        if (strncmp(o->address, "unix:", 5) == 0)
                return listen_unix(o, o->address + 5, e);
        return listen_tcp(o, port_out, e);
}
