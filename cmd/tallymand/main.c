/* SPDX-License-Identifier: Apache-2.0 */
/* tallymand - the site server: parse, prepare DIR, run.  tallymand(8) */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/map.h"
#include "daemon.h"
#include "os/os.h"

static const char usage[] =
        "Usage: tallymand [--data DIR] [--config FILE] [--set NAME=VALUE]...\n"
        "       tallymand [--config FILE] [--set NAME=VALUE]... --check-config | --print-config\n"
        "\n"
        "The site server: packages, distribution points, status, administration.\n"
        "\n"
        "  --data DIR          same as --set data_dir=DIR\n"
        "  --config FILE       settings; /etc/tallyman/tallymand.conf\n"
        "  --set NAME=VALUE    one setting, over those of the file; may be repeated\n"
        "  --check-config      say whether the settings are right, and end\n"
        "  --print-config      print all settings with their meaning, and end\n"
        "  --version, --help\n"
        "\n"
        "tallymand(8), tallyman.conf(5)\n";

enum { MAX_OVERRIDES = 256, EXIT_USAGE = 2 };

struct options {
        struct conf_input in;
        const char *overrides[MAX_OVERRIDES];
        char data[4200];
        bool check, print;
};

static int add_override(struct options *o, const char *text)
{
        if (o->in.n_overrides == MAX_OVERRIDES) {
                fprintf(stderr, "tallymand: at most %d times --set\n", MAX_OVERRIDES);
                return -1;
        }
        o->overrides[o->in.n_overrides++] = text;
        return 0;
}

/* 0 go on; 1 end with success; -1 wrong usage. */
static int parse(int argc, char **argv, struct options *o)
{
        static const struct option longs[] = {
                { "data", required_argument, NULL, 'd' },     { "config", required_argument, NULL, 'c' },
                { "set", required_argument, NULL, 's' },      { "check-config", no_argument, NULL, 'C' },
                { "print-config", no_argument, NULL, 'P' },   { "version", no_argument, NULL, 'V' },
                { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
        };
        int c, r = 0;

        while (r == 0 && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
                switch (c) {
                case 'd':
                        snprintf(o->data, sizeof(o->data), "data_dir=%s", optarg);
                        r = add_override(o, o->data);
                        break;
                case 'c':
                        o->in.file = optarg;
                        break;
                case 's':
                        r = add_override(o, optarg);
                        break;
                case 'C':
                        o->check = true;
                        break;
                case 'P':
                        o->print = true;
                        break;
                case 'V':
                        puts("tallymand " TALLYMAN_VERSION);
                        return 1;
                case 'h':
                        fputs(usage, stdout);
                        return 1;
                default:
                        return -1;
                }
        }
        if (r == 0 && optind < argc) {
                fprintf(stderr, "tallymand: what is \"%s\"?\n", argv[optind]);
                r = -1;
        }
        return r;
}

static int fail(const struct err *e)
{
        fprintf(stderr, "tallymand: %s\n", e->text);
        return err_exit_code(e->kind);
}

static int print_config(const struct conf_site *cfg)
{
        struct buf b;
        bool ok;

        buf_init(&b, 0);
        conf_print(&conf_site_table, cfg, &b);
        ok = !b.failed && fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
        buf_fini(&b);
        return ok ? 0 : 1;
}

static int serve(const struct conf_site *cfg)
{
        struct daemon *d = NULL;
        struct err e = { 0 };
        struct setup s;
        int r;

        log_level_set((enum log_level)cfg->log_level);
        umask(027);
        os_random(&map_seed, sizeof(map_seed));
        r = setup_prepare(&s, cfg, &e);
        if (r >= 0)
                r = daemon_new(&d, cfg, &s, &e);
        if (r >= 0)
                daemon_run(d);
        daemon_free(d);
        setup_fini(&s);
        return r < 0 ? fail(&e) : 0;
}

int main(int argc, char **argv)
{
        struct options o = { .check = false };
        _cleanup_(conf_site_freep) struct conf_site *cfg = NULL;
        struct err e = { 0 };
        int r;

        o.in.overrides = o.overrides;
        r = parse(argc, argv, &o);
        if (r < 0) {
                fputs("tallymand --help shows how it is used\n", stderr);
                return EXIT_USAGE;
        }
        if (r > 0)
                return 0;
        if (conf_site_load(&cfg, &o.in, &e) < 0)
                return fail(&e);
        if (o.check) {
                puts("the settings are right");
                return 0;
        }
        return o.print ? print_config(cfg) : serve(cfg);
}
