/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/logfile.h"

#include <errno.h>
#include <stdio.h>
#include "base/buf.h"
#include "base/utf16.h"
#include "os/os.h"

enum { BACKUPS = 999, NAME_SIZE = 256 };

static int outside(const struct logfile *f, struct err *e)
{
        return err_set(e, ERR_DENIED, "log file %.*s is not under %s, or a part of its name is a link: change Filename or the "
                       "setting consumer_log_folder", STR_ARG(f->name), f->folder);
}

/* The name relative to the folder. */
static int relative(const struct logfile *f, struct str *out, struct err *e)
{
        struct str folder = str_of(f->folder);

        *out = f->name;
        if (!out->n || out->p[0] != '/')
                return 0;
        while (folder.n > 1 && folder.p[folder.n - 1] == '/')
                folder.n--;
        if (out->n <= folder.n + 1 || memcmp(out->p, folder.p, folder.n) != 0 || out->p[folder.n] != '/')
                return outside(f, e);
        *out = str_from(*out, folder.n + 1);
        return 0;
}

static int part_name(const struct logfile *f, struct str part, char out[NAME_SIZE], struct err *e)
{
        if (!part.n || part.n > 240 || str_eqz(part, ".") || str_eqz(part, ".."))
                return outside(f, e);
        memcpy(out, part.p, part.n);
        out[part.n] = 0;
        return 0;
}

/* The folder that holds the file, and its name there. */
static int open_folder(const struct logfile *f, int *fd_out, char name[NAME_SIZE], struct err *e)
{
        struct str rest;
        int r = relative(f, &rest, e);
        int fd;

        if (r < 0)
                return r;
        fd = os.openat(AT_FDCWD, f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0)
                return err_sys(e, errno, "open the folder %s of log files", f->folder);
        for (;;) {
                struct str part;
                int next;

                rest = str_cut(rest, '/', &part);
                r = part_name(f, part, name, e);
                if (r < 0 || !rest.p)
                        break;
                next = os.openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
                if (next < 0)
                        r = errno == ELOOP || errno == ENOTDIR ? outside(f, e)
                                                               : err_sys(e, errno, "open the folder of log file %.*s", STR_ARG(f->name));
                (void)os.close(fd);
                fd = next;
                if (fd < 0)
                        return r;
        }
        if (r < 0)
                (void)os.close(fd);
        *fd_out = r < 0 ? -1 : fd;
        return r;
}

static int open_file(const struct logfile *f, int folder, const char *name, struct stat *st, struct err *e)
{
        int fd = os.openat(folder, name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
        int sys = errno;

        if (fd < 0)
                return sys == ELOOP ? outside(f, e) : err_sys(e, sys, "open log file %.*s", STR_ARG(f->name));
        if (os.fstat(fd, st) < 0 || !S_ISREG(st->st_mode) || st->st_nlink != 1) {
                (void)os.close(fd);
                return err_set(e, ERR_DENIED, "log file %.*s is no plain file, or has a second name", STR_ARG(f->name));
        }
        return fd;
}

/* ---- backups ---- */

/* One dot at most, 1 to 8 characters before it, at most 3 behind: where the extension begins; 0: it is not 8.3. */
static size_t extension_of_83(const char *name)
{
        const char *dot = strchr(name, '.');
        size_t base = dot ? (size_t)(dot - name) : strlen(name);

        if (base < 1 || base > 8 || (dot && (strlen(dot + 1) > 3 || strchr(dot + 1, '.'))))
                return 0;
        return base;
}

bool logfile_backup_name(const char *name, unsigned n, char *out, size_t size)
{
        size_t base = extension_of_83(name);
        int len = base ? snprintf(out, size, "%.*s.%03u", (int)base, name, n) : snprintf(out, size, "%s%03u", name, n);

        return len > 0 && (size_t)len < size;
}

static unsigned choose_backup(int folder, const char *name)
{
        unsigned highest = 0, lowest_free = 0, oldest = 1;
        struct timespec least = { 0 };
        char backup[NAME_SIZE + 8];
        struct stat st;

        for (unsigned n = 1; n <= BACKUPS && logfile_backup_name(name, n, backup, sizeof(backup)); n++) {
                if (os.fstatat(folder, backup, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        lowest_free = lowest_free ? lowest_free : n;
                        continue;
                }
                if (!highest || st.st_mtim.tv_sec < least.tv_sec ||
                    (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec)) {
                        least = st.st_mtim;
                        oldest = n;
                }
                highest = n;
        }
        return highest < BACKUPS ? highest + 1 : lowest_free ? lowest_free : oldest;
}

static int move_away(const struct logfile *f, int folder, const char *name, struct err *e)
{
        char backup[NAME_SIZE + 8];

        if (!logfile_backup_name(name, choose_backup(folder, name), backup, sizeof(backup)))
                return err_set(e, ERR_INVALID, "log file %.*s: the name is too long for a backup's", STR_ARG(f->name));
        if (os.renameat(folder, name, folder, backup) < 0)
                return err_sys(e, errno, "rename log file %.*s to %s", STR_ARG(f->name), backup);
        return 0;
}

/* ---- writing ---- */

static bool is_utf16(const struct logfile *f, int fd, const struct stat *st)
{
        uint8_t mark[2];

        if (st->st_size == 0)
                return f->unicode;
        return os.pread(fd, mark, 2, 0) == 2 && mark[0] == 0xff && mark[1] == 0xfe;
}

static int write_line(const struct logfile *f, int fd, const struct stat *st, struct str line, struct err *e)
{
        bool wide = is_utf16(f, fd, st);
        struct buf b;
        int r;

        buf_init(&b, 0);
        if (wide && st->st_size == 0)
                buf_le16(&b, 0xfeff);
        if (wide) {
                utf16_encode(line, &b);
                utf16_encode(STR("\r\n"), &b);
        } else {
                buf_adds(&b, line);
                buf_addc(&b, '\n');
        }
        r = b.failed ? -ENOMEM : os_write_all(fd, b.p, b.n);
        if (r == 0 && os.fdatasync(fd) < 0)
                r = -errno;
        if (r < 0) {
                if (os.ftruncate(fd, st->st_size) < 0)
                        r = -errno;
                r = err_sys(e, -r, "write to log file %.*s", STR_ARG(f->name));
        }
        buf_fini(&b);
        return r;
}

int logfile_append(const struct logfile *f, struct str line, struct err *e)
{
        char name[NAME_SIZE];
        struct stat st;
        int folder, fd, r = open_folder(f, &folder, name, e);

        if (r < 0)
                return r;
        fd = r = open_file(f, folder, name, &st, e);
        if (fd >= 0 && f->max_bytes && (uint64_t)st.st_size > f->max_bytes) {
                (void)os.close(fd);
                r = move_away(f, folder, name, e);
                fd = r < 0 ? -1 : (r = open_file(f, folder, name, &st, e));
        }
        if (fd >= 0) {
                r = write_line(f, fd, &st, line, e);
                (void)os.close(fd);
        }
        (void)os.close(folder);
        return r;
}
