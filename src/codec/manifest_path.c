/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as data: what may stand in a manifest, and in which order. */
#include "codec/manifest.h"

/* A byte's rank in tree order: the separator comes before everything, so that a folder's content follows it. */
static int rank(char c)
{
        return c == '/' ? 0 : (uint8_t)c;
}

int manifest_path_cmp(struct str a, struct str b)
{
        size_t n = MIN(a.n, b.n);

        for (size_t i = 0; i < n; i++) {
                if (a.p[i] != b.p[i])
                        return rank(a.p[i]) - rank(b.p[i]);
        }
        return a.n < b.n ? -1 : a.n > b.n;
}

static bool name_ok(struct str name)
{
        if (name.n == 0 || name.n > MANIFEST_NAME_MAX || memchr(name.p, '\0', name.n))
                return false;
        return !str_eqz(name, ".") && !str_eqz(name, "..");
}

bool manifest_path_ok(struct str path)
{
        unsigned depth = 0;
        size_t from = 0;

        if (path.n == 0)
                return true;
        if (path.n > MANIFEST_PATH_MAX)
                return false;
        for (size_t i = 0; i <= path.n; i++) {
                if (i < path.n && path.p[i] != '/')
                        continue;
                if (++depth > MANIFEST_DEPTH_MAX || !name_ok((struct str){ path.p + from, i - from }))
                        return false;
                from = i + 1;
        }
        return true;
}

bool manifest_link_ok(struct str path, struct str target, bool *inner_out)
{
        size_t depth = 0, from = 0;
        bool named = false;

        *inner_out = false;
        if (target.n == 0 || target.n >= MANIFEST_PATH_MAX || target.p[0] == '/' || memchr(target.p, '\0', target.n))
                return false;
        for (size_t i = 0; i < path.n; i++)
                depth += path.p[i] == '/';
        for (size_t i = 0; i <= target.n; i++) {
                struct str name;

                if (i < target.n && target.p[i] != '/')
                        continue;
                name = (struct str){ target.p + from, i - from };
                from = i + 1;
                if (name.n == 0 || str_eqz(name, "."))
                        continue;
                if (!str_eqz(name, "..")) {
                        named = true;
                        depth++;
                        continue;
                }
                if (depth == 0)
                        return false;
                depth--;
                *inner_out |= named;
        }
        return true;
}
