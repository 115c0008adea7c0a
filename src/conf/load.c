/* SPDX-License-Identifier: Apache-2.0 */
/* load - defaults, FILE, conf.d, command line; in that order */
#include <errno.h>
#include <stdio.h>
#include "conf/conf.h"
#include "os/os.h"

enum { FILE_LIMIT = 1 << 20, FILES_MAX = 256 };

const struct conf_setting *conf_find(const struct conf_table *t, struct str name)
{
        for (size_t i = 0; i < t->n; i++)
                if (str_eqz(name, t->settings[i].name))
                        return &t->settings[i];
        return NULL;
}

int conf_defaults(const struct conf_table *t, void *cfg, struct err *e)
{
        for (size_t i = 0; i < t->n; i++) {
                int r = conf_set(&t->settings[i], cfg, str_of(t->settings[i].default_text), false, e);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* @optional: an absent file is an empty one. */
static int load_file(const struct conf_table *t, void *cfg, const char *path, bool optional, struct err *e)
{
        _cleanup_(freep) char *text = NULL;
        struct err read = { 0 };
        size_t n = 0;
        int r = os_read_file(AT_FDCWD, path, FILE_LIMIT, &text, &n, &read);

        if (r == -ENOENT && optional)
                return 0;
        if (r < 0)
                return err_set(e, read.kind, "settings: %s", read.text) < 0 ? r : 0;
        return conf_parse(t, cfg, path, (struct str){ text, n }, e);
}

struct names {
        char *items[FILES_MAX];
        size_t n;
};

static void names_fini(struct names *v)
{
        for (size_t i = 0; i < v->n; i++)
                free(v->items[i]);
}

static bool wanted(const struct conf_table *t, const char *name)
{
        struct str s = str_of(name);

        return name[0] != '.' && str_ends(s, ".conf") && !str_starts(s, t->other);
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void closedirp(DIR **d)
{
        if (*d)
                (void)os.closedir(*d);
}

static int list_names(const struct conf_table *t, const char *dir, struct names *v, struct err *e)
{
        int fd = os.openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        _cleanup_(closedirp) DIR *d = fd < 0 ? NULL : os.fdopendir(fd);
        struct dirent *entry;

        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        if (!d) {
                int sys = errno;

                if (fd >= 0)
                        (void)os.close(fd);
                return err_sys(e, sys, "settings: open folder %s", dir);
        }
        for (;;) {
                errno = 0;
                entry = os.readdir(d);
                if (!entry)
                        break;
                if (!wanted(t, entry->d_name))
                        continue;
                if (v->n == FILES_MAX)
                        return err_set(e, ERR_TOO_LARGE, "settings: %s holds more than %d files", dir, FILES_MAX);
                v->items[v->n] = str_dup(str_of(entry->d_name));
                if (!v->items[v->n])
                        return err_sys(e, ENOMEM, "settings: %s", dir);
                v->n++;
        }
        if (errno)
                return err_sys(e, errno, "settings: read folder %s", dir);
        qsort(v->items, v->n, sizeof v->items[0], by_name);
        return 0;
}

static int load_dir(const struct conf_table *t, void *cfg, const char *file, struct err *e)
{
        _cleanup_(names_fini) struct names names = { .n = 0 };
        const char *slash = strrchr(file, '/');
        _cleanup_(freep) char *dir = str_printf("%.*sconf.d", slash ? (int)(slash - file) + 1 : 0, file);
        int r;

        if (!dir)
                return err_sys(e, ENOMEM, "settings");
        r = list_names(t, dir, &names, e);
        for (size_t i = 0; r == 0 && i < names.n; i++) {
                _cleanup_(freep) char *path = str_printf("%s/%s", dir, names.items[i]);

                r = path ? load_file(t, cfg, path, false, e) : err_sys(e, ENOMEM, "settings");
        }
        return r;
}

static int load_override(const struct conf_table *t, void *cfg, const char *text, struct err *e)
{
        struct str name, value = str_cut(str_of(text), '=', &name);
        const struct conf_setting *s = conf_find(t, str_trim(name));
        int r;

        if (!value.p)
                return err_set(e, ERR_INVALID, "command line: \"%.80s\" is no NAME=VALUE", text);
        if (!s)
                return err_set(e, ERR_INVALID, "command line: %s has no setting \"%.*s\"; --print-config shows all",
                               t->program, (int)MIN(name.n, 60), name.p);
        r = conf_set(s, cfg, str_trim(value), false, e);
        return r < 0 ? err_prefix(e, "command line") : 0;
}

static int load_all(const struct conf_table *t, void *cfg, const struct conf_input *in, struct err *e)
{
        const char *file = in->file ? in->file : t->file;
        int r = conf_defaults(t, cfg, e);

        if (r == 0)
                r = load_file(t, cfg, file, !in->file, e);
        if (r == 0)
                r = load_dir(t, cfg, file, e);
        for (size_t i = 0; r == 0 && i < in->n_overrides; i++)
                r = load_override(t, cfg, in->overrides[i], e);
        if (r == 0 && t->finish)
                r = t->finish(cfg, e);
        return r;
}

int conf_load(const struct conf_table *t, void *cfg, const struct conf_input *in, struct err *e)
{
        struct err own = { 0 };
        int r = load_all(t, cfg, in, e ? e : &own);

        if (r < 0)
                conf_fini(t, cfg);
        return r;
}

int conf_check(const struct conf_table *t, const struct conf_input *in, struct err *e)
{
        _cleanup_(freep) void *cfg = calloc(1, t->size);
        int r;

        if (!cfg)
                return err_sys(e, ENOMEM, "settings");
        r = conf_load(t, cfg, in, e);
        if (r == 0)
                conf_fini(t, cfg);
        return r;
}
