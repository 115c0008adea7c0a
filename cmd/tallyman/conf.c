/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - where the site is: options win over TALLYMAN_* variables, these over
 * ~/.config/tallyman/tallyman.conf, this over /etc/tallyman/tallyman.conf.
 * A file has lines `server = unix:/path`, blank ones and # comments; of
 * sections only [tallyman] is read.  Passwords are never in it, only a file's name.
 */
#include <errno.h>
#include <stdio.h>
#include "base/str.h"
#include "cli.h"
#include "os/os.h"

#define FILE_LIMIT (64 << 10)

static const struct {
        const char *key, *variable;
        size_t offset;                  /* in struct tallyman_options */
} table[] = {
        { "server", "TALLYMAN_SERVER", offsetof(struct tallyman_options, server) },
        { "cacert", "TALLYMAN_CACERT", offsetof(struct tallyman_options, cacert) },
        { "user", "TALLYMAN_USER", offsetof(struct tallyman_options, user) },
        { "password-file", "TALLYMAN_PASSWORD_FILE", offsetof(struct tallyman_options, password_file) },
};

static const char **slot(struct cli *c, size_t i)
{
        return (const char **)((char *)&c->connect + table[i].offset);
}

static int take_line(struct cli *c, const char *file, size_t number, struct str line)
{
        struct str key, value = str_cut(line, '=', &key);

        if (!value.p)
                return failf(c, EXIT_ERROR, "Invalid", "%s line %zu has no '='. Write KEY = VALUE", file, number);
        key = str_trim(key);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (str_eqz(key, table[i].key)) {
                        if (!*slot(c, i))
                                *slot(c, i) = c->settings[i] = str_dup(str_trim(value));
                        return EXIT_DONE;
                }
        return failf(c, EXIT_ERROR, "Invalid", "%s line %zu: unknown setting '%.*s'. Known are server, cacert, user, password-file",
                     file, number, STR_ARG(key));
}

static int read_file(struct cli *c, const char *file)
{
        _cleanup_(freep) char *text = NULL;
        struct err e = { 0 };
        struct str rest;
        size_t n, number = 0;
        bool ours = true;
        int r = os_read_file(AT_FDCWD, file, FILE_LIMIT, &text, &n, &e);

        if (r < 0)
                return e.kind == ERR_NOT_FOUND || e.kind == ERR_DENIED ? EXIT_DONE
                                                                       : failf(c, EXIT_ERROR, err_kind_name(e.kind), "%s", e.text);
        for (rest = (struct str){ text, n }; rest.n && r == 0;) {
                struct str line;

                rest = str_cut(rest, '\n', &line);
                line = str_trim(line);
                number++;
                if (str_starts(line, "["))
                        ours = str_eqz(line, "[tallyman]");
                else if (ours && line.n && line.p[0] != '#' && line.p[0] != ';')
                        r = take_line(c, file, number, line);
        }
        return r;
}

int conf_load(struct cli *c)
{
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_(freep) char *own = NULL;
        int r = EXIT_DONE;

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                *slot(c, i) = arg_value(&c->args, table[i].key);
                if (!*slot(c, i))
                        *slot(c, i) = getenv(table[i].variable);
                if (*slot(c, i) && !**slot(c, i))
                        *slot(c, i) = NULL;
        }
        if (config && *config)
                own = str_printf("%s/tallyman/tallyman.conf", config);
        else if (home && *home)
                own = str_printf("%s/.config/tallyman/tallyman.conf", home);
        if (own)
                r = read_file(c, own);
        return r ? r : read_file(c, "/etc/tallyman/tallyman.conf");
}
