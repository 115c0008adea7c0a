/* SPDX-License-Identifier: Apache-2.0 */
/* fault - each entry asks decide() first, then the real table */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include "base/time.h"
#include "lib/fault.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
        struct fault_plan plan;
        uint64_t calls[FAULT_CALLS_], counted, hits;
        bool clock_fake;
        int64_t wall_us, mono_us;
} now;

/* True: the call must fail; errno is set. */
static bool decide(enum fault_call call)
{
        bool fail = false;

        pthread_mutex_lock(&lock);
        now.calls[call]++;
        if (now.plan.mask & FAULT_BIT(call)) {
                now.counted++;
                fail = now.plan.k && (now.plan.persistent ? now.counted >= now.plan.k : now.counted == now.plan.k);
                now.hits += fail;
        }
        pthread_mutex_unlock(&lock);
        if (fail)
                errno = now.plan.error;
        return fail;
}

/* How many of n bytes go to disk; 0: it is full. */
static size_t room(size_t n)
{
        pthread_mutex_lock(&lock);
        if (now.plan.short_counts && n > 1)
                n /= 2;
        if (now.plan.limited) {
                n = MIN(n, now.plan.space_bytes);
                now.plan.space_bytes -= n;
                now.hits += n == 0;
        }
        pthread_mutex_unlock(&lock);
        if (n == 0)
                errno = ENOSPC;
        return n;
}

static size_t cut(size_t n)
{
        return now.plan.short_counts && n > 1 ? n / 2 : n;
}

#define FAULTY(call, type, name, params, ...)                                           \
        static type faulty_##name params                                                \
        {                                                                               \
                return decide(call) ? (type)-1 : os_real.name(__VA_ARGS__);             \
        }

FAULTY(FAULT_OPENAT, int, openat, (int d, const char *p, int f, mode_t m), d, p, f, m)
FAULTY(FAULT_READ, ssize_t, read, (int fd, void *p, size_t n), fd, p, cut(n))
FAULTY(FAULT_PREAD, ssize_t, pread, (int fd, void *p, size_t n, off_t at), fd, p, cut(n), at)
FAULTY(FAULT_FSTAT, int, fstat, (int fd, struct stat *st), fd, st)
FAULTY(FAULT_FSTATAT, int, fstatat, (int d, const char *p, struct stat *st, int f), d, p, st, f)
FAULTY(FAULT_FSYNC, int, fsync, (int fd), fd)
FAULTY(FAULT_FDATASYNC, int, fdatasync, (int fd), fd)
FAULTY(FAULT_FTRUNCATE, int, ftruncate, (int fd, off_t n), fd, n)
FAULTY(FAULT_RENAMEAT, int, renameat, (int a, const char *o, int b, const char *n), a, o, b, n)
FAULTY(FAULT_LINKAT, int, linkat, (int a, const char *o, int b, const char *n, int f), a, o, b, n, f)
FAULTY(FAULT_UNLINKAT, int, unlinkat, (int d, const char *p, int f), d, p, f)
FAULTY(FAULT_MKDIRAT, int, mkdirat, (int d, const char *p, mode_t m), d, p, m)
FAULTY(FAULT_SYMLINKAT, int, symlinkat, (const char *t, int d, const char *p), t, d, p)
FAULTY(FAULT_READLINKAT, ssize_t, readlinkat, (int d, const char *p, char *to, size_t n), d, p, to, n)
FAULTY(FAULT_FCHMODAT, int, fchmodat, (int d, const char *p, mode_t m, int f), d, p, m, f)
FAULTY(FAULT_UTIMENSAT, int, utimensat, (int d, const char *p, const struct timespec ts[2], int f), d, p, ts, f)

static int faulty_close(int fd)
{
        int r = os_real.close(fd);

        return decide(FAULT_CLOSE) ? -1 : r;
}

static ssize_t faulty_write(int fd, const void *p, size_t n)
{
        if (decide(FAULT_WRITE))
                return -1;
        if (n && (n = room(n)) == 0)
                return -1;
        return os_real.write(fd, p, n);
}

static ssize_t faulty_pwrite(int fd, const void *p, size_t n, off_t at)
{
        if (decide(FAULT_PWRITE))
                return -1;
        if (n && (n = room(n)) == 0)
                return -1;
        return os_real.pwrite(fd, p, n, at);
}

/* A cut vector write ends inside one of its parts. */
static ssize_t faulty_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
        size_t total = 0, take;
        ssize_t done = 0;

        if (decide(FAULT_PWRITEV))
                return -1;
        for (int i = 0; i < n; i++)
                total += v[i].iov_len;
        take = total ? room(total) : 0;
        if (total && take == 0)
                return -1;
        if (take == total)
                return os_real.pwritev(fd, v, n, at);
        for (int i = 0; i < n && take > 0; i++) {
                size_t part = MIN(v[i].iov_len, take);
                ssize_t r = os_real.pwrite(fd, v[i].iov_base, part, at + done);

                if (r < 0)
                        return done ? done : r;
                done += r;
                take -= part;
                if ((size_t)r < part)
                        break;
        }
        return done;
}

static DIR *faulty_fdopendir(int fd)
{
        return decide(FAULT_FDOPENDIR) ? NULL : os_real.fdopendir(fd);
}

static struct dirent *faulty_readdir(DIR *d)
{
        return decide(FAULT_READDIR) ? NULL : os_real.readdir(d);
}

static int fake_clock(clockid_t id, struct timespec *ts)
{
        int64_t us;

        pthread_mutex_lock(&lock);
        us = id == CLOCK_REALTIME ? now.wall_us : now.mono_us;
        pthread_mutex_unlock(&lock);
        *ts = (struct timespec){ .tv_sec = us / US_PER_SECOND, .tv_nsec = us % US_PER_SECOND * 1000 };
        return 0;
}

void fault_install(const struct fault_plan *plan)
{
        now.plan = *plan;
        memset(now.calls, 0, sizeof now.calls);
        now.counted = now.hits = 0;
        os = (struct os_table){
                .openat = faulty_openat,
                .close = faulty_close,
                .read = faulty_read,
                .pread = faulty_pread,
                .write = faulty_write,
                .pwrite = faulty_pwrite,
                .pwritev = faulty_pwritev,
                .fstat = faulty_fstat,
                .fstatat = faulty_fstatat,
                .fsync = faulty_fsync,
                .fdatasync = faulty_fdatasync,
                .ftruncate = faulty_ftruncate,
                .renameat = faulty_renameat,
                .linkat = faulty_linkat,
                .unlinkat = faulty_unlinkat,
                .mkdirat = faulty_mkdirat,
                .symlinkat = faulty_symlinkat,
                .readlinkat = faulty_readlinkat,
                .fchmodat = faulty_fchmodat,
                .utimensat = faulty_utimensat,
                .fdopendir = faulty_fdopendir,
                .readdir = faulty_readdir,
                .closedir = os_real.closedir,
                .clock_gettime = now.clock_fake ? fake_clock : os_real.clock_gettime,
                .getrandom = os_real.getrandom,
        };
}

void fault_remove(void)
{
        now.clock_fake = false;
        os = os_real;
}

uint64_t fault_calls(enum fault_call call)
{
        uint64_t n;

        pthread_mutex_lock(&lock);
        n = now.calls[call];
        pthread_mutex_unlock(&lock);
        return n;
}

uint64_t fault_hits(void)
{
        uint64_t n;

        pthread_mutex_lock(&lock);
        n = now.hits;
        pthread_mutex_unlock(&lock);
        return n;
}

unsigned fault_sweep(const struct fault_plan *plan, unsigned max, void (*attempt)(void *arg, unsigned k), void *arg)
{
        for (unsigned k = 1; k <= max; k++) {
                struct fault_plan p = *plan;
                bool hit;

                p.k = k;
                fault_install(&p);
                attempt(arg, k);
                hit = fault_hits() > 0;
                fault_remove();
                if (!hit)
                        return k - 1;
        }
        return max;
}

void fault_clock_set(int64_t us)
{
        pthread_mutex_lock(&lock);
        now.mono_us = now.clock_fake ? MAX(now.mono_us, us) : us;
        now.wall_us = us;
        now.clock_fake = true;
        pthread_mutex_unlock(&lock);
        os.clock_gettime = fake_clock;
}

void fault_clock_advance(int64_t us)
{
        pthread_mutex_lock(&lock);
        now.wall_us += us;
        now.mono_us += MAX(us, 0);
        pthread_mutex_unlock(&lock);
}
