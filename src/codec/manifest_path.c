/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as data: what may stand in a manifest, and in which order. */
#include <stdio.h>
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

/* Length of the character at p: 1 to 4 when it is UTF-8 and printable, 0 when it must be escaped. */
static size_t printable(const char *p, size_t n)
{
        uint8_t c = (uint8_t)*p;
        size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

        if (c < 0x20 || c == 0x7f || len > n || !str_is_utf8((struct str){ p, len }))
                return 0;
        return len;
}

/* Bytes of text for the character at i, which is put into one. */
static size_t text_of(struct str path, size_t i, char one[8], size_t *len_out)
{
        size_t len = printable(path.p + i, path.n - i);

        *len_out = len ? len : 1;
        if (len == 0)
                return (size_t)snprintf(one, 8, "\\x%02x", (unsigned)(uint8_t)path.p[i]);
        memcpy(one, path.p + i, len);
        return len;
}

void manifest_path_text(struct str path, char *out, size_t cap)
{
        size_t total = 0, n = 0, skip, len;
        char one[8];

        for (size_t i = 0; i < path.n; i += len)
                total += text_of(path, i, one, &len);
        skip = total < cap ? 0 : total - cap + 5;       /* "..." and NUL, and one more for a character cut in half */
        if (skip > 0)
                n = (size_t)snprintf(out, cap, "...");
        total = 0;
        for (size_t i = 0; i < path.n; i += len) {
                size_t k = text_of(path, i, one, &len);

                total += k;
                if (total <= skip || n + k >= cap)
                        continue;
                memcpy(out + n, one, k);
                n += k;
        }
        out[n] = '\0';
}

struct manifest_shown manifest_shown(struct str path)
{
        struct manifest_shown s;

        manifest_path_text(path, s.z, sizeof(s.z));
        return s;
}
