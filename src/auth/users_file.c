/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts as text and as a file. */
#include <errno.h>
#include "auth/users.h"
#include "base/buf.h"
#include "os/os.h"

#define HEAD "# tallyman users 1\n"

enum { LINE_MAX_ = USER_NAME_MAX + 16 + USER_HASH_MAX, TEXT_MAX = USERS_MAX * LINE_MAX_ };

static int corrupt(unsigned line, const char *what, struct err *e)
{
        return err_set(e, ERR_CORRUPT, "line %u of the accounts: %s", line, what);
}

static bool name_is_clean(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
                        return false;
        return s.n > 0 && s.n <= USER_NAME_MAX;
}

static int parse_line(struct str s, unsigned line, struct users *u, struct err *e)
{
        struct user *v = &u->v[u->n];
        struct str name, role, hash;

        hash = str_cut(str_cut(s, ':', &name), ':', &role);
        if (!name_is_clean(name))
                return corrupt(line, "no name", e);
        if (user_role_parse(role, &v->role) < 0)
                return corrupt(line, "the role is not administrator, operator or analyst", e);
        if (!str_starts(hash, "$argon2id$") || hash.n >= USER_HASH_MAX || memchr(hash.p, '\0', hash.n))
                return corrupt(line, "not an argon2id hash", e);
        if (users_find(u, name))
                return corrupt(line, "the name is there twice", e);
        memcpy(v->name, name.p, name.n);
        memcpy(v->hash, hash.p, hash.n);
        u->n++;
        return 0;
}

int users_parse(struct users *out, struct str text, struct err *e)
{
        unsigned line = 1;
        size_t most = 0;
        int r = 0;

        *out = (struct users){ 0 };
        if (!str_starts(text, HEAD))
                return corrupt(1, "it does not begin with \"# tallyman users 1\"", e);
        for (size_t i = 0; i < text.n; i++)
                most += text.p[i] == '\n';
        if (most > USERS_MAX + 1)
                return err_set(e, ERR_TOO_LARGE, "more than %d accounts", USERS_MAX);
        out->v = calloc(most + 1, sizeof(*out->v));
        if (!out->v)
                return err_set(e, ERR_NOMEM, "out of memory for the accounts");
        text = str_from(text, sizeof(HEAD) - 1);
        while (r == 0 && text.n > 0) {
                struct str s;

                line++;
                text = str_cut(text, '\n', &s);
                if (str_trim(s).n > 0 && s.p[0] != '#')
                        r = parse_line(s, line, out, e);
        }
        if (r < 0)
                users_fini(out);
        return r;
}

int users_format(const struct users *u, char **out)
{
        struct buf b;

        buf_init(&b, TEXT_MAX);
        buf_addz(&b, HEAD);
        for (size_t i = 0; i < u->n; i++)
                buf_printf(&b, "%s:%s:%s\n", u->v[i].name, user_role_name(u->v[i].role), u->v[i].hash);
        *out = b.failed ? NULL : buf_steal(&b);
        buf_fini(&b);
        return *out ? 0 : -ENOMEM;
}

int users_load(struct users *out, int dirfd, const char *name, struct err *e)
{
        _cleanup_(freep) char *text = NULL;
        struct stat st;
        size_t n;
        int r;

        *out = (struct users){ 0 };
        if (os.fstatat(dirfd, name, &st, 0) < 0 && errno == ENOENT)
                return 0;
        r = os_read_file(dirfd, name, TEXT_MAX, &text, &n, e);
        if (r == 0)
                r = users_parse(out, (struct str){ text, n }, e);
        return r < 0 ? err_prefix(e, "%s", name) : 0;
}

int users_save(const struct users *u, int dirfd, const char *name, struct err *e)
{
        _cleanup_(freep) char *text = NULL;

        if (users_format(u, &text) < 0)
                return err_set(e, ERR_NOMEM, "out of memory for %s", name);
        return os_write_file(dirfd, name, text, strlen(text), 0600, e);
}
