/* SPDX-License-Identifier: Apache-2.0 */
/* tallymand - the site server: parse, prepare DIR, run.  tallymand(8) */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/map.h"
#include "../daemon/args.h"
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

/* 0 go on; 1 end with success; -1 wrong usage. */
static int parse(int argc, char **argv, struct daemon_args *a)
{
        static const struct option longs[] = { DAEMON_OPTIONS };
        int c, r = 0;

        while (r == 0 && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
                r = daemon_arg(a, c, usage);
        if (r == 0 && optind < argc) {
                fprintf(stderr, "tallymand: what is \"%s\"?\n", argv[optind]);
                r = -1;
        }
        return r;
}

static int serve(const struct conf_site *cfg, struct err *e)
{
        struct daemon *d = NULL;
        struct setup s;
        int r;

        log_level_set((enum log_level)cfg->log_level);
        umask(027);
        os_random(&map_seed, sizeof(map_seed));
        r = setup_prepare(&s, cfg, e);
        if (r >= 0)
                r = daemon_new(&d, cfg, &s, e);
        if (r >= 0)
                daemon_run(d);
        daemon_free(d);
        setup_fini(&s);
        return r;
}

int main(int argc, char **argv)
{
        struct daemon_args a = { .program = "tallymand" };
        _cleanup_(conf_site_freep) struct conf_site *cfg = NULL;
        struct err e = { 0 };
        int r;

        r = parse(argc, argv, &a);
        if (r < 0) {
                fputs("tallymand --help shows how it is used\n", stderr);
                return EXIT_USAGE;
        }
        if (r > 0)
                return 0;
        if (conf_site_load(&cfg, &a.in, &e) < 0)
                return daemon_fail(&a, &e);
        r = daemon_settings(&a, &conf_site_table, cfg);
        if (r >= 0)
                return r;
        return serve(cfg, &e) < 0 ? daemon_fail(&a, &e) : 0;
}
