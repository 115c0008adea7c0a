/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "dp/serve.h"

/* base/name -> base; "name" -> "" */
static struct str parent(struct str path)
{
        while (path.n && path.p[path.n - 1] != '/')
                path.n--;
        if (path.n)
                path.n--;
        return path;
}

/* Append the components of more to the path in out, ".." taking one away. False: it leaves the tree or is too long. */
static bool join(char *out, size_t *n, struct str more)
{
        while (more.n) {
                struct str name;

                more = str_cut(more, '/', &name);
                if (name.n == 0 || str_eqz(name, "."))
                        continue;
                if (str_eqz(name, "..")) {
                        if (*n == 0)
                                return false;
                        *n = parent((struct str){ out, *n }).n;
                        continue;
                }
                if (*n + name.n + 1 > MANIFEST_PATH_MAX)
                        return false;
                if (*n)
                        out[(*n)++] = '/';
                memcpy(out + *n, name.p, name.n);
                *n += name.n;
        }
        return true;
}

/* path := parent(path[0..at)) + target + path[at..) */
static bool follow(char *path, size_t at, struct str target)
{
        char fresh[MANIFEST_PATH_MAX + 1];
        size_t n = parent((struct str){ path, at }).n;

        memcpy(fresh, path, n);
        if (!join(fresh, &n, target) || !join(fresh, &n, str_of(path + at)))
                return false;
        memcpy(path, fresh, n);
        path[n] = 0;
        return true;
}

/*
 * Walk the path's prefixes to the first link. 1: followed, look again. 0: none of
 * them is a link, so there is no such path. 2: the link cannot be followed.
 */
static int follow_prefix(const struct manifest *m, char *path, struct manifest_cursor *c, struct err *e)
{
        struct manifest_entry en;

        for (size_t i = 0; path[i]; i++) {
                int r;

                if (path[i] != '/')
                        continue;
                r = manifest_find(m, (struct str){ path, i }, c, &en, e);
                if (r < 0)
                        return r;
                if (r > 0 || en.type == MANIFEST_FILE)
                        return 0;
                if (en.type == MANIFEST_SYMLINK)
                        return follow(path, i, en.target) ? 1 : 2;
        }
        return 0;
}

int serve_resolve(const struct manifest *m, char *path, struct manifest_cursor *c, struct manifest_entry *out, struct err *e)
{
        size_t n = 0;
        char *given = str_dup(str_of(path));
        bool ok = given && join(path, &n, str_of(given));

        path[n] = 0;
        free(given);
        if (!ok)
                return 1;
        for (int links = 0; links <= SERVE_LINKS; links++) {
                int r = manifest_find(m, str_of(path), c, out, e);

                if (r < 0 || (r == 0 && out->type != MANIFEST_SYMLINK))
                        return r;
                if (r == 0)
                        r = follow(path, strlen(path), out->target) ? 1 : 2;
                else
                        r = follow_prefix(m, path, c, e);
                if (r != 1)
                        return r < 0 ? r : 1;
        }
        return 1;
}

void serve_encode_path(struct buf *b, struct str path)
{
        for (size_t i = 0; i < path.n; i++) {
                unsigned char ch = (unsigned char)path.p[i];
                bool plain = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
                             ch == '-' || ch == '.' || ch == '_' || ch == '~' || ch == '/';

                if (plain)
                        buf_addc(b, (char)ch);
                else
                        buf_printf(b, "%%%02X", ch);
        }
}
