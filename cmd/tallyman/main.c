/* SPDX-License-Identifier: Apache-2.0 */
/* main - find the verb, read the command line, run it */
#include <locale.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "verbs.h"

#define DEFAULT_WIDTH 80

static struct cli cli;

static void on_signal(int sig)
{
        (void)sig;
        if (cli.site)
                tallyman_cancel(cli.site);
        else
                _exit(EXIT_INTERRUPTED);
}

static void catch_signals(void)
{
        struct sigaction sa = { .sa_handler = on_signal };

        sigaction(SIGINT, &sa, NULL);
        sigaction(SIGTERM, &sa, NULL);
        signal(SIGPIPE, SIG_IGN);
}

static void look_at_terminal(struct cli *c)
{
        const char *columns = getenv("COLUMNS"), *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
        struct winsize w;

        setlocale(LC_CTYPE, "");
        c->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        c->tty_out = isatty(STDOUT_FILENO);
        c->tty_err = isatty(STDERR_FILENO);
        c->colour = c->tty_out && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
        c->width = DEFAULT_WIDTH;
        if (columns && atoi(columns) >= 20)
                c->width = atoi(columns);
        else if (c->tty_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
                c->width = w.ws_col;
}

static int take_output(struct cli *c)
{
        static const char *const names[] = { "table", "wide", "json", "jsonl", "csv", "mof", "name" };
        const char *want = arg_flag(&c->args, "json") ? "json" : arg_value(&c->args, "output");

        if (!want)
                return EXIT_DONE;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(names[i], want) == 0) {
                        c->output = (enum output)i;
                        return EXIT_DONE;
                }
        return usage_error(c, "unknown output format '%s'", want);
}

static const struct verb *find_verb(const char *first, const char *second, int *words_out)
{
        for (size_t i = 0; i < n_verbs; i++) {
                const struct verb *v = &verbs[i];

                *words_out = v->noun ? 2 : 1;
                if (strcmp(first, v->noun ? v->noun : v->name) == 0 && (!v->noun || (second && strcmp(second, v->name) == 0)))
                        return v;
        }
        return NULL;
}

static bool is_noun(const char *word)
{
        for (size_t i = 0; i < n_verbs; i++)
                if (verbs[i].noun && strcmp(verbs[i].noun, word) == 0)
                        return true;
        return false;
}

/* Nothing to run: a wish for help, or a word nobody knows. */
static int without_verb(struct cli *c, const struct args *before, const char *first, const char *second)
{
        if (arg_flag(before, "version"))
                printf("tallyman %s\n", TALLYMAN_VERSION);
        else if (first && is_noun(first) && (!second || strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0))
                help_noun(first);
        else if (first && is_noun(first))
                return usage_error(c, "'%s' has no verb '%s'", first, second);
        else if (first)
                return usage_error(c, "unknown verb '%s'", first);
        else if (arg_flag(before, "help"))
                help_all();
        else
                return usage_error(c, "a verb is missing");
        return EXIT_DONE;
}

static int run_verb(struct cli *c)
{
        size_t words = arg_words(&c->args);
        int r = take_output(c);

        if (r)
                return r;
        c->quiet = arg_flag(&c->args, "quiet");
        if (arg_flag(&c->args, "help")) {
                help_verb(c->verb);
                return EXIT_DONE;
        }
        for (size_t i = 0; i < c->args.n; i++)
                if (c->args.v[i].value && !str_is_utf8(str_of(c->args.v[i].value)))
                        return usage_error(c, "a word is not UTF-8 text");
        if (words < c->verb->min_words || words > c->verb->max_words)
                return usage_error(c, "%s: %s", words < c->verb->min_words ? "words are missing" : "too many words",
                                   c->verb->usage);
        r = conf_load(c);
        return r ? r : c->verb->run(c);
}

/* Options before the verb and those behind it are one command line: the verb's words are taken out and the rest parsed. */
static int run(struct cli *c, int argc, char **argv)
{
        const struct opt *tables[2] = { global_options, NULL };
        const char *first, *second;
        struct args before;
        struct err e = { 0 };
        int used, words, r;

        if (args_parse(&before, argc - 1, argv + 1, tables, true, &used, &e) < 0) {
                args_fini(&before);
                return usage_error(c, "%s", e.text);
        }
        first = argv[1 + used];
        second = first ? argv[2 + used] : NULL;
        c->verb = first ? find_verb(first, second, &words) : NULL;
        if (!c->verb) {
                r = without_verb(c, &before, first, second);
                args_fini(&before);
                return r;
        }
        args_fini(&before);
        for (int i = 1 + used; i + words <= argc; i++)
                argv[i] = argv[i + words];
        tables[1] = c->verb->options;
        if (args_parse(&c->args, argc - 1 - words, argv + 1, tables, false, NULL, &e) < 0)
                return usage_error(c, "%s", e.text);
        return run_verb(c);
}

int main(int argc, char **argv)
{
        int r;

        look_at_terminal(&cli);
        catch_signals();
        r = run(&cli, argc, argv);
        if (fflush(stdout) != 0 && r == EXIT_DONE)
                r = failf(&cli, EXIT_ERROR, "InputOutput", "cannot write the output: %m");
        tallyman_close(cli.site);
        args_fini(&cli.args);
        for (size_t i = 0; i < ARRAY_SIZE(cli.settings); i++)
                free(cli.settings[i]);
        return r;
}
