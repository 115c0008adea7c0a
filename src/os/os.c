/* SPDX-License-Identifier: Apache-2.0 */
/* os - the real table, the clock and randomness */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>
#include "base/time.h"
#include "os/os.h"

static int real_openat(int dirfd, const char *path, int flags, mode_t mode)
{
        return openat(dirfd, path, flags, mode);
}

static ssize_t real_sendfile(int out, int in, off_t at, size_t n)
{
        return sendfile(out, in, &at, n);
}

static ssize_t real_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
        return pwritev(fd, v, n, at);
}

/* getrandom(2) gives at most 256 bytes in one piece; larger requests may be cut short. */
static int real_getrandom(void *p, size_t n)
{
        char *to = p;

        while (n) {
                ssize_t r = getrandom(to, n, 0);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -1;
                to += r;
                n -= (size_t)r;
        }
        return 0;
}

#define OS_REAL                                 \
        {                                       \
                .openat = real_openat,          \
                .close = close,                 \
                .read = read,                   \
                .pread = pread,                 \
                .write = write,                 \
                .pwrite = pwrite,               \
                .pwritev = real_pwritev,        \
                .sendfile = real_sendfile,      \
                .fstat = fstat,                 \
                .fstatat = fstatat,             \
                .fsync = fsync,                 \
                .fdatasync = fdatasync,         \
                .ftruncate = ftruncate,         \
                .renameat = renameat,           \
                .linkat = linkat,               \
                .unlinkat = unlinkat,           \
                .mkdirat = mkdirat,             \
                .symlinkat = symlinkat,         \
                .readlinkat = readlinkat,       \
                .fchmodat = fchmodat,           \
                .utimensat = utimensat,         \
                .fdopendir = fdopendir,         \
                .readdir = readdir,             \
                .closedir = closedir,           \
                .clock_gettime = clock_gettime, \
                .getrandom = real_getrandom,    \
        }

const struct os_table os_real = OS_REAL;
struct os_table os = OS_REAL;

static int64_t clock_us(clockid_t id)
{
        struct timespec ts = { 0 };

        (void)os.clock_gettime(id, &ts);
        return (int64_t)ts.tv_sec * US_PER_SECOND + ts.tv_nsec / 1000;
}

int64_t os_now_us(void)
{
        return clock_us(CLOCK_REALTIME);
}

int64_t os_mono_us(void)
{
        return clock_us(CLOCK_MONOTONIC);
}

void os_random(void *p, size_t n)
{
        if (os.getrandom(p, n) < 0) {
                log_error("os", "the kernel gives no random bytes: %s", strerror(errno));
                abort();
        }
}

uint64_t os_random_u64(void)
{
        uint64_t v;

        os_random(&v, sizeof v);
        return v;
}
