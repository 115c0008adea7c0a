/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"
#include <stdio.h>

static int add_override(struct daemon_args *a, const char *text)
{
        if (a->in.n_overrides == DAEMON_MAX_OVERRIDES) {
                fprintf(stderr, "%s: at most %d times --set\n", a->program, DAEMON_MAX_OVERRIDES);
                return -1;
        }
        a->in.overrides = a->overrides;
        a->overrides[a->in.n_overrides++] = text;
        return 0;
}

int daemon_arg(struct daemon_args *a, int c, const char *usage)
{
        switch (c) {
        case 'd':
                snprintf(a->data, sizeof(a->data), "data_dir=%s", optarg);
                return add_override(a, a->data);
        case 's':
                return add_override(a, optarg);
        case 'c':
                a->in.file = optarg;
                return 0;
        case 'C':
                a->check = true;
                return 0;
        case 'P':
                a->print = true;
                return 0;
        case 'V':
                printf("%s %s\n", a->program, TALLYMAN_VERSION);
                return 1;
        case 'h':
                fputs(usage, stdout);
                return 1;
        default:
                return -1;
        }
}

static int print_settings(const struct conf_table *t, const void *cfg)
{
        struct buf b;
        bool ok;

        buf_init(&b, 0);
        conf_print(t, cfg, &b);
        ok = !b.failed && fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
        buf_fini(&b);
        return ok ? 0 : 1;
}

int daemon_settings(const struct daemon_args *a, const struct conf_table *t, const void *cfg)
{
        if (a->check) {
                puts("the settings are right");
                return 0;
        }
        return a->print ? print_settings(t, cfg) : -1;
}

int daemon_fail(const struct daemon_args *a, const struct err *e)
{
        fprintf(stderr, "%s: %s\n", a->program, e->text);
        return err_exit_code(e->kind);
}
