/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/file.h>
#include "auth/pki.h"
#include "base/buf.h"
#include "dp/identity.h"
#include "os/os.h"

enum { IDENTITY_MAX = 16 << 10, LOCK_TRIES = 60, LOCK_TRY_US = 50000 };

struct field {
        const char *name;
        size_t offset;
};
static const struct field fields[] = {
        { "site", offsetof(struct identity, site_url) },
        { "name", offsetof(struct identity, name) },
        { "site_code", offsetof(struct identity, site_code) },
        { "nal_path", offsetof(struct identity, nal_path) },
        { "url", offsetof(struct identity, url) },
};

static char **value_of(struct identity *id, const struct field *f)
{
        return (char **)((char *)id + f->offset);
}

void identity_fini(struct identity *id)
{
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                free(*value_of(id, &fields[i]));
        *id = (struct identity){ 0 };
}

static int parse_line(struct identity *id, struct str line, struct err *e)
{
        struct str name, value;

        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
                return 0;
        value = str_trim(str_cut(line, '=', &name));
        name = str_trim(name);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                char **at = value_of(id, &fields[i]);

                if (!str_eqz(name, fields[i].name))
                        continue;
                free(*at);
                *at = str_dup(value);
                return *at ? 0 : err_set(e, ERR_NOMEM, "out of memory");
        }
        return err_set(e, ERR_INVALID, "identity: unknown line \"%.*s\"; enroll again", STR_ARG(name));
}

int identity_load(struct identity *out, int dirfd, struct err *e)
{
        char *text = NULL;
        struct str rest;
        size_t n = 0;
        int r;

        *out = (struct identity){ 0 };
        r = os_read_file(dirfd, "identity", IDENTITY_MAX, &text, &n, e);
        if (r < 0) {
                if (e->sys != ENOENT)
                        return r;
                err_clear(e);
                return 1;
        }
        for (rest = (struct str){ text, n }; rest.n && r >= 0;) {
                struct str line;

                rest = str_cut(rest, '\n', &line);
                r = parse_line(out, line, e);
        }
        free(text);
        for (size_t i = 0; i < ARRAY_SIZE(fields) && r >= 0; i++)
                if (!*value_of(out, &fields[i]))
                        r = err_set(e, ERR_INVALID, "identity: \"%s\" is missing; enroll again", fields[i].name);
        if (r < 0)
                identity_fini(out);
        return r < 0 ? r : 0;
}

int identity_save(const struct identity *id, int dirfd, struct err *e)
{
        struct identity copy = *id;
        struct buf b;
        int r;

        buf_init(&b, IDENTITY_MAX);
        buf_addz(&b, "# Written by tallyman-dp enroll.\n");
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                const char *v = *value_of(&copy, &fields[i]);

                if (v && strpbrk(v, "\r\n")) {
                        buf_fini(&b);
                        return err_set(e, ERR_INVALID, "identity: %s holds a line end", fields[i].name);
                }
                buf_printf(&b, "%s = %s\n", fields[i].name, v ? v : "");
        }
        r = b.failed ? err_set(e, ERR_TOO_LARGE, "identity: too long") :
                       os_write_file(dirfd, "identity", b.p, b.n, 0644, e);
        buf_fini(&b);
        return r;
}

static int move(int dirfd, const char *from, const char *to, struct err *e)
{
        return os.renameat(dirfd, from, dirfd, to) < 0 ? err_sys(e, errno, "rename %s to %s", from, to) : 0;
}

int identity_store_pair(int dirfd, const struct pki_pair *pair, struct err *e)
{
        int r = pki_store_pair(dirfd, "next.pem", "next.key", pair, e);

        return r < 0 ? r : identity_settle(dirfd, e);
}

/* The text of a PEM file, NULL when it is not there. */
static char *read_pem(int dirfd, const char *name)
{
        struct err none = { 0 };
        char *text = NULL;
        size_t n = 0;

        return os_read_file(dirfd, name, 64 << 10, &text, &n, &none) < 0 ? NULL : text;
}

static bool belong_together(char *cert, char *key)
{
        struct err none = { 0 };

        return cert && key && pki_match(&(struct pki_pair){ cert, key }, &none) == 0;
}

int identity_settle(int dirfd, struct err *e)
{
        char *cert = read_pem(dirfd, "next.pem"), *next_key = read_pem(dirfd, "next.key");
        char *key = read_pem(dirfd, "dp.key");
        int r = 0;

        if (belong_together(cert, next_key)) {
                r = move(dirfd, "next.key", "dp.key", e);
                if (r == 0)
                        r = move(dirfd, "next.pem", "dp.pem", e);
        } else if (belong_together(cert, key)) {        /* the key was moved already */
                r = move(dirfd, "next.pem", "dp.pem", e);
        } else {
                (void)os.unlinkat(dirfd, "next.pem", 0);
                (void)os.unlinkat(dirfd, "next.key", 0);
        }
        if (r == 0 && cert && os.fsync(dirfd) < 0)
                r = err_sys(e, errno, "sync the data folder");
        free(cert);
        free(next_key);
        free(key);
        return r;
}

/* One that was just killed may hold it until the last of its threads comes back from the disk. 0 or errno. */
static int lock_soon(int fd)
{
        for (int i = 0; i < LOCK_TRIES; i++) {
                if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                        return 0;
                if (errno != EWOULDBLOCK)
                        return errno;
                (void)usleep(LOCK_TRY_US);
        }
        return EWOULDBLOCK;
}

int identity_lock(const char *dir, int *lock_fd_out, struct err *e)
{
        int dirfd, fd, r = os_mkdir_p(dir, 0700, e);

        if (r < 0)
                return r;
        dirfd = os.openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (dirfd < 0)
                return err_sys(e, errno, "open %s", dir);
        fd = os.openat(dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        r = errno;
        os.close(dirfd);
        if (fd < 0)
                return err_sys(e, r, "open %s/lock", dir);
        r = lock_soon(fd);
        if (r) {
                os.close(fd);
                return r == EWOULDBLOCK ? err_set(e, ERR_CONFLICT, "a tallyman-dp works on %s already; stop it first", dir) :
                                          err_sys(e, r, "lock %s/lock", dir);
        }
        *lock_fd_out = fd;
        return 0;
}
