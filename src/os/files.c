/* SPDX-License-Identifier: Apache-2.0 */
/* files - whole-or-error input and output over the table, and small files replaced at once */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/hex.h"
#include "os/os.h"

static void os_closep(int *fd)
{
        if (*fd >= 0)
                (void)os.close(*fd);
}

/* One system call moved r of *n bytes: how far on are we?  1: again; 0: done; or the failure, -end for no progress. */
static int moved(ssize_t r, size_t *n, int end)
{
        if (r < 0 && errno != EINTR)
                return -errno;
        if (r == 0)
                return -end;
        *n -= r > 0 ? (size_t)r : 0;
        return *n > 0;
}

int os_pwrite_all(int fd, const void *p, size_t n, off_t at)
{
        size_t left = n;
        int r = n > 0;

        while (r > 0)
                r = moved(os.pwrite(fd, (const char *)p + (n - left), left, at + (off_t)(n - left)), &left, EIO);
        return r;
}

int os_write_all(int fd, const void *p, size_t n)
{
        size_t left = n;
        int r = n > 0;

        while (r > 0)
                r = moved(os.write(fd, (const char *)p + (n - left), left), &left, EIO);
        return r;
}

int os_pread_all(int fd, void *p, size_t n, off_t at)
{
        size_t left = n;
        int r = n > 0;

        while (r > 0)
                r = moved(os.pread(fd, (char *)p + (n - left), left, at + (off_t)(n - left)), &left, ENODATA);
        return r;
}

/* Rename and unlink touch the folder; its own fsync makes them last. */
static int sync_dir(int dirfd)
{
        _cleanup_(os_closep) int fd = os.openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (fd < 0 || os.fsync(fd) < 0)
                return -errno;
        return 0;
}

/* "dir/file": the folder that holds the name, which may be deeper than dirfd. */
static int open_parent(int dirfd, const char *name)
{
        const char *slash = strrchr(name, '/');
        _cleanup_(freep) char *dir = NULL;

        if (!slash)
                dir = str_dup(STR("."));
        else
                dir = str_dup((struct str){ name, MAX((size_t)(slash - name), 1) });
        if (!dir) {
                errno = ENOMEM;
                return -1;
        }
        return os.openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

static int fill_tmp(int dirfd, const char *tmp, const void *p, size_t n, mode_t mode)
{
        _cleanup_(os_closep) int fd = os.openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        int r;

        if (fd < 0)
                return -errno;
        r = os_write_all(fd, p, n);
        if (r < 0)
                return r;
        return os.fsync(fd) < 0 ? -errno : 0;
}

int os_write_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode, struct err *e)
{
        const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
        _cleanup_(os_closep) int parent = open_parent(dirfd, name);
        _cleanup_(freep) char *tmp = NULL;
        uint8_t salt[8];
        char hex[2 * sizeof salt + 1];
        int r;

        if (parent < 0)
                return err_sys(e, errno, "open the folder of %s", name);
        os_random(salt, sizeof salt);
        hex_encode(salt, sizeof salt, hex);
        tmp = str_printf(".%s.%s", base, hex);
        if (!tmp)
                return err_sys(e, ENOMEM, "write %s", name);
        r = fill_tmp(parent, tmp, p, n, mode);
        if (r == 0 && os.renameat(parent, tmp, parent, base) < 0)
                r = -errno;
        if (r < 0) {
                (void)os.unlinkat(parent, tmp, 0);
                return err_sys(e, -r, "write %s", name);
        }
        r = sync_dir(parent);
        return r < 0 ? err_sys(e, -r, "sync the folder of %s", name) : 0;
}

/* The size fstat gives is a hint: files of /proc have none, others may grow. */
static int read_to_end(int fd, size_t limit, size_t hint, char **out, size_t *n_out)
{
        size_t cap = MIN(hint, limit) + 2, n = 0;
        _cleanup_(freep) char *p = malloc(cap);

        for (;;) {
                ssize_t r;

                if (!p)
                        return -ENOMEM;
                r = os.read(fd, p + n, cap - n - 1);
                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -errno;
                n += (size_t)r;
                if (n > limit)
                        return -EFBIG;
                if (r == 0)
                        break;
                if (cap - n - 1 == 0) {
                        char *bigger = realloc(p, cap * 2);

                        if (!bigger)
                                return -ENOMEM;
                        p = bigger;
                        cap *= 2;
                }
        }
        p[n] = '\0';
        *out = steal(&p);
        if (n_out)
                *n_out = n;
        return 0;
}

int os_read_file(int dirfd, const char *name, size_t limit, char **out, size_t *n_out, struct err *e)
{
        _cleanup_(os_closep) int fd = os.openat(dirfd, name, O_RDONLY | O_CLOEXEC, 0);
        struct stat st;
        int r;

        if (fd < 0)
                return err_sys(e, errno, "open %s", name);
        if (os.fstat(fd, &st) < 0)
                return err_sys(e, errno, "stat %s", name);
        r = read_to_end(fd, limit, st.st_size > 0 ? (size_t)st.st_size : 0, out, n_out);
        if (r == -EFBIG) {
                (void)err_set(e, ERR_TOO_LARGE, "%s is larger than the %zu bytes allowed", name, limit);
                return r;
        }
        return r < 0 ? err_sys(e, -r, "read %s", name) : 0;
}

static int mkdir_one(const char *path, mode_t mode, struct err *e)
{
        struct stat st;

        if (os.mkdirat(AT_FDCWD, path, mode) == 0)
                return 0;
        if (errno != EEXIST)
                return err_sys(e, errno, "make folder %s", path);
        if (os.fstatat(AT_FDCWD, path, &st, 0) < 0)
                return err_sys(e, errno, "stat %s", path);
        if (!S_ISDIR(st.st_mode))
                return err_sys(e, ENOTDIR, "make folder %s", path);
        return 0;
}

int os_mkdir_p(const char *path, mode_t mode, struct err *e)
{
        _cleanup_(freep) char *part = str_dup(str_of(path));

        if (!part)
                return err_sys(e, ENOMEM, "make folder %s", path);
        for (char *at = part; *at; at++) {
                int r;

                if (*at != '/' || at == part)
                        continue;
                *at = '\0';
                r = mkdir_one(part, mode, e);
                *at = '/';
                if (r < 0)
                        return r;
        }
        return mkdir_one(part, mode, e);
}
