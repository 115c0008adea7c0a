/* SPDX-License-Identifier: Apache-2.0 */
/* tmpdir - on the real table always, whatever faults a test has installed */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/tmpdir.h"

static void must(bool ok, const char *what, const char *path)
{
        if (ok)
                return;
        (void)fprintf(stderr, "tmpdir: %s %s: %s\n", what, path, strerror(errno));
        abort();
}

char *tmpdir_new(void)
{
        const char *base = getenv("TMPDIR");
        char *dir = str_printf("%s/tallyman-test-XXXXXX", base && *base ? base : "/tmp");

        must(dir && mkdtemp(dir), "make", dir ? dir : "folder");
        return dir;
}

/* Tests take rights away from folders; give them back on the way in. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *at)
{
        if (type == FTW_DNR || type == FTW_D)
                (void)chmod(path, 0700);
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        (void)remove(path);
        return 0;
}

void tmpdir_free(char *dir)
{
        if (!dir)
                return;
        (void)nftw(dir, open_up, 16, FTW_PHYS);
        (void)nftw(dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
        free(dir);
}

int tmpdir_setup(void **state)
{
        *state = tmpdir_new();
        return 0;
}

int tmpdir_teardown(void **state)
{
        tmpdir_free(*state);
        return 0;
}

char *tmpdir_path(const char *dir, const char *name)
{
        char *path = str_printf("%s/%s", dir, name);

        must(path, "name", name);
        return path;
}

void tmpdir_write(const char *dir, const char *name, const void *p, size_t n)
{
        _cleanup_(freep) char *path = tmpdir_path(dir, name);
        FILE *f;

        for (char *at = path + strlen(dir) + 1; (at = strchr(at, '/')); at++) {
                *at = '\0';
                must(mkdir(path, 0755) == 0 || errno == EEXIST, "make", path);
                *at = '/';
        }
        f = fopen(path, "wb");
        must(f, "open", path);
        must(fwrite(p, 1, n, f) == n, "write", path);
        must(fclose(f) == 0, "close", path);
}

char *tmpdir_read(const char *dir, const char *name, size_t *n_out)
{
        _cleanup_(freep) char *path = tmpdir_path(dir, name);
        FILE *f = fopen(path, "rb");
        char *p = NULL;
        size_t n = 0, cap = 0;

        if (!f)
                return NULL;
        for (;;) {
                if (cap - n < 2) {
                        cap = cap ? cap * 2 : 4096;
                        p = realloc(p, cap);
                        must(p, "read", path);
                }
                size_t got = fread(p + n, 1, cap - n - 1, f);

                if (got == 0)
                        break;
                n += got;
        }
        (void)fclose(f);
        p[n] = '\0';
        if (n_out)
                *n_out = n;
        return p;
}
