/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman-dp - a distribution point: parse, then run or do one thing and end.  tallyman-dp(8) */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/map.h"
#include "../daemon/args.h"
#include "dp/enrol.h"
#include "dp/identity.h"
#include "dp/offline.h"
#include "os/os.h"
#include "run.h"

static const char usage[] =
        "Usage: tallyman-dp [OPTION]... run\n"
        "       tallyman-dp [OPTION]... enroll --site https://HOST:8443 [--token-file FILE] [--name NAME] [--url URL]\n"
        "       tallyman-dp [OPTION]... list [--json] | validate [PACKAGE] | extract PACKAGE DIR | gc [--dry-run]\n"
        "       tallyman-dp [OPTION]... --check-config | --print-config\n"
        "\n"
        "A distribution point: holds content, verifies it, reports, serves it to clients.\n"
        "list, validate, extract and gc work on the library of a DP that is not running.\n"
        "\n"
        "  --data DIR          same as --set data_dir=DIR\n"
        "  --config FILE       settings; /etc/tallyman/tallyman-dp.conf\n"
        "  --set NAME=VALUE    one setting, over those of the file; may be repeated\n"
        "  --check-config      say whether the settings are right, and end\n"
        "  --print-config      print all settings with their meaning, and end\n"
        "  --token-file FILE   the one-time token of \"tallyman dp add\"; without it, or with -, standard input\n"
        "  --version, --help\n"
        "\n"
        "tallyman-dp(8), tallyman.conf(5)\n";

enum { EXIT_DAMAGED = 4, TOKEN_FILE_MAX = 4096 };

struct options {
        struct daemon_args common;
        bool json, dry_run;
        const char *site, *token_file, *name, *url;
        const char *words[4];           /* command and its operands */
        int n_words;
};

enum { OPT_SITE = 256, OPT_TOKEN, OPT_NAME, OPT_URL, OPT_JSON, OPT_DRY };
static const struct option longs[] = {
        { "site", required_argument, NULL, OPT_SITE }, { "token-file", required_argument, NULL, OPT_TOKEN },
        { "name", required_argument, NULL, OPT_NAME }, { "url", required_argument, NULL, OPT_URL },
        { "json", no_argument, NULL, OPT_JSON },       { "dry-run", no_argument, NULL, OPT_DRY },
        DAEMON_OPTIONS
};

static int take_option(struct options *o, int c)
{
        switch (c) {
        case OPT_SITE:
                o->site = optarg;
                break;
        case OPT_TOKEN:
                o->token_file = optarg;
                break;
        case OPT_NAME:
                o->name = optarg;
                break;
        case OPT_URL:
                o->url = optarg;
                break;
        case OPT_JSON:
                o->json = true;
                break;
        case OPT_DRY:
                o->dry_run = true;
                break;
        default:
                return daemon_arg(&o->common, c, usage);
        }
        return 0;
}

/* 0 go on; 1 end with success; -1 wrong usage. */
static int parse(int argc, char **argv, struct options *o)
{
        int c, r = 0;

        while (r == 0 && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
                r = take_option(o, c);
        for (; r == 0 && optind < argc; optind++) {
                if (o->n_words == (int)ARRAY_SIZE(o->words)) {
                        fprintf(stderr, "tallyman-dp: too many words\n");
                        return -1;
                }
                o->words[o->n_words++] = argv[optind];
        }
        return r;
}

/* ---- commands ---- */

static int read_token(const char *file, char *out, struct err *e)
{
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;
        int r;

        if (!file || strcmp(file, "-") == 0) {
                n = fread(out, 1, TOKEN_FILE_MAX - 1, stdin);
                out[n] = 0;
                return n ? 0 : err_set(e, ERR_INVALID, "no token on standard input; \"tallyman dp add\" prints one");
        }
        r = os_read_file(AT_FDCWD, file, TOKEN_FILE_MAX - 1, &text, &n, e);
        if (r == 0)
                memcpy(out, text, n + 1);
        return r;
}

static int enroll(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        const char *site = o->site ? o->site : cfg->site_url;
        char token[TOKEN_FILE_MAX];
        struct enrol_opts in = {
                .dir = cfg->data_dir,
                .site_url = site,
                .name = o->name ? o->name : *cfg->name ? cfg->name : NULL,
                .url = o->url ? o->url : cfg->public_url,
                .default_port = cfg->https_port,
        };
        int lock = -1, r;

        if (!*site)
                return err_set(e, ERR_INVALID, "enroll: --site https://HOST:8443 is missing");
        r = read_token(o->token_file, token, e);
        if (r == 0)
                r = identity_lock(cfg->data_dir, &lock, e);
        if (r == 0) {
                in.token = str_of(token);
                r = enrol_run(&in, e);
        }
        explicit_bzero(token, sizeof(token));
        closep(&lock);
        if (r == 0)
                fprintf(stderr, "enrolled at %s; start it with: tallyman-dp --data %s run\n", site, cfg->data_dir);
        return r;
}

static int serve(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        log_level_set((enum log_level)cfg->log_level);
        return run_daemon(cfg, e);
}

static int list(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        return offline_list(&(struct offline){ cfg->data_dir, o->json, stdout }, e);
}

static int validate(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        uint64_t damaged;
        int r = offline_validate(&(struct offline){ cfg->data_dir, o->json, stdout }, o->words[1], &damaged, e);

        return r < 0 ? r : damaged ? EXIT_DAMAGED : 0;
}

static int extract(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        return offline_extract(&(struct offline){ cfg->data_dir, o->json, stdout }, o->words[1], o->words[2], e);
}

static int gc(const struct options *o, const struct conf_dp *cfg, struct err *e)
{
        return offline_gc(&(struct offline){ cfg->data_dir, o->json, stdout }, o->dry_run, e);
}

static const struct command {
        const char *name;
        int min_words, max_words;
        int (*run)(const struct options *o, const struct conf_dp *cfg, struct err *e);  /* 0, exit status, < 0 */
} commands[] = {
        { "run", 1, 1, serve },
        { "enroll", 1, 1, enroll },
        { "list", 1, 1, list },
        { "validate", 1, 2, validate },
        { "extract", 3, 3, extract },
        { "gc", 1, 1, gc },
};

static const struct command *command_of(const struct options *o)
{
        for (size_t i = 0; i < ARRAY_SIZE(commands) && o->n_words; i++)
                if (strcmp(o->words[0], commands[i].name) == 0 && o->n_words >= commands[i].min_words &&
                    o->n_words <= commands[i].max_words)
                        return &commands[i];
        return NULL;
}

int main(int argc, char **argv)
{
        struct options o = { .common.program = "tallyman-dp" };
        _cleanup_(conf_dp_freep) struct conf_dp *cfg = NULL;
        const struct command *c;
        struct err e = { 0 };
        int r;

        r = parse(argc, argv, &o);
        if (r > 0)
                return 0;
        c = command_of(&o);
        if (r < 0 || !(c || ((o.common.check || o.common.print) && o.n_words == 0))) {
                fputs("tallyman-dp --help shows how it is used\n", stderr);
                return EXIT_USAGE;
        }
        umask(027);
        os_random(&map_seed, sizeof(map_seed));
        if (conf_dp_load(&cfg, &o.common.in, &e) < 0)
                return daemon_fail(&o.common, &e);
        r = daemon_settings(&o.common, &conf_dp_table, cfg);
        if (r >= 0)
                return r;
        r = c->run(&o, cfg, &e);
        return r < 0 ? daemon_fail(&o.common, &e) : r;
}
