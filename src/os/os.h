/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * os - the table of system calls, the clock, randomness and the log sink
 *
 * Everything that can fail for reasons outside the program goes through `os`,
 * a table a test may replace entry by entry: short writes, ENOSPC, EINTR, a
 * clock that jumps, a rename that never reached the disk (style: SQLite's
 * os_unix.c).  Product code calls os.openat(...), never openat(...).
 *
 * Threads: the table is written only by tests, while nothing else runs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "base/err.h"
#include "base/str.h"

struct os_table {
        int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
        int (*close)(int fd);
        ssize_t (*read)(int fd, void *p, size_t n);
        ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
        ssize_t (*write)(int fd, const void *p, size_t n);
        ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
        ssize_t (*pwritev)(int fd, const struct iovec *v, int n, off_t at);
        ssize_t (*sendfile)(int out, int in, off_t at, size_t n);
        int (*fstat)(int fd, struct stat *st);
        int (*fstatat)(int dirfd, const char *path, struct stat *st, int flags);
        int (*fsync)(int fd);
        int (*fdatasync)(int fd);
        int (*ftruncate)(int fd, off_t n);
        int (*renameat)(int olddir, const char *old, int newdir, const char *new_);
        int (*linkat)(int olddir, const char *old, int newdir, const char *new_, int flags);
        int (*unlinkat)(int dirfd, const char *path, int flags);
        int (*mkdirat)(int dirfd, const char *path, mode_t mode);
        int (*symlinkat)(const char *target, int dirfd, const char *path);
        ssize_t (*readlinkat)(int dirfd, const char *path, char *p, size_t n);
        int (*fchmodat)(int dirfd, const char *path, mode_t mode, int flags);
        int (*utimensat)(int dirfd, const char *path, const struct timespec ts[2], int flags);
        DIR *(*fdopendir)(int fd);
        struct dirent *(*readdir)(DIR *d);
        int (*closedir)(DIR *d);
        int (*clock_gettime)(clockid_t id, struct timespec *ts);
        int (*getrandom)(void *p, size_t n);            /* 0 or -1/errno; always fills n */
};

extern struct os_table os;
extern const struct os_table os_real;           /* what a test puts back */

int64_t os_now_us(void);                        /* wall clock, us since 1970 UTC */
int64_t os_mono_us(void);                       /* never goes back */
void os_random(void *p, size_t n);              /* aborts if the kernel has none */
uint64_t os_random_u64(void);

/* Whole-or-error loops over the table: EINTR and short counts are handled. 0 or -errno. */
MUST int os_pwrite_all(int fd, const void *p, size_t n, off_t at);
MUST int os_write_all(int fd, const void *p, size_t n);
MUST int os_pread_all(int fd, void *p, size_t n, off_t at);     /* -ENODATA when the file ends early */
/* Create or replace a small file so that it is wholly old or wholly new after a crash. */
MUST int os_write_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode, struct err *e);
/* Read a file of at most limit bytes into malloc'ed, NUL-terminated memory. */
MUST int os_read_file(int dirfd, const char *name, size_t limit, char **out, size_t *n_out, struct err *e);
MUST int os_mkdir_p(const char *path, mode_t mode, struct err *e);

/*
 * Log: one line an event, to stderr with a sd-daemon(3) "<N>" prefix when
 * journal-bound, else time and level in words.
 * log_info("distmgr", "package %s version %u published", id, v);
 */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };
void log_level_set(enum log_level at_most);
void log_line(enum log_level level, const char *module, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_error(mod, ...) log_line(LOG_LEVEL_ERROR, mod, __VA_ARGS__)
#define log_warn(mod, ...) log_line(LOG_LEVEL_WARN, mod, __VA_ARGS__)
#define log_info(mod, ...) log_line(LOG_LEVEL_INFO, mod, __VA_ARGS__)
#define log_debug(mod, ...) log_line(LOG_LEVEL_DEBUG, mod, __VA_ARGS__)
