/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "cli.h"

static const char overview[] =
        "tallyman: software distribution that knows what is where\n"
        "\n"
        "Usage: tallyman [OPTION...] VERB [WORD...]\n"
        "\n"
        "  package    create list show update set delete\n"
        "  dp         add list show remove token maintenance\n"
        "  group      create delete add remove list show\n"
        "  distribute redistribute remove cancel validate    ID... --dp NAME...\n"
        "  retry --failed                                    what failed, once more\n"
        "  status [ID]                                       ready or not, why, what next\n"
        "  wait ID... [--for ready] [--timeout 2h]           block until it is so\n"
        "  program advert collection     create list show set delete;  offers\n"
        "  site list|show|create    job list|cancel    verify    diff --dp A B\n"
        "  user       add list set-password set-role enable-ntlm disable delete\n"
        "  get create put delete invoke class    any object by its path;  watch CLASS\n"
        "\n"
        "  -s, --server URL    unix:PATH or https://HOST:PORT (TALLYMAN_SERVER)\n"
        "  -u, --user NAME --password-file FILE --cacert FILE    for https\n"
        "  -o, --output FORMAT table wide json jsonl csv name mof;  --json\n"
        "  -q, --quiet         no words and no progress\n"
        "\n"
        "Success: INSTALLED. In progress: *_PENDING *_RETRYING CONTENT_UPDATING.\n"
        "Error: *_FAILED CONTENT_MONITORING (failed validation).\n"
        "Exit: 0 done 1 error 2 usage 3 not found 4 failed for good 5 timed out\n"
        "      6 access denied 7 cannot connect 130 interrupted\n"
        "'tallyman VERB --help' says more; so does tallyman(1).\n";

void help_all(void)
{
        fputs(overview, stdout);
}

static void first_line(const char *text)
{
        printf("%.*s\n", (int)strcspn(text, "\n"), text);
}

void help_noun(const char *noun)
{
        printf("Usage: tallyman %s VERB\n\n", noun);
        for (size_t i = 0; i < n_verbs; i++)
                if (verbs[i].noun && strcmp(verbs[i].noun, noun) == 0) {
                        printf("  %s %s %s\n        ", noun, verbs[i].name, verbs[i].usage);
                        first_line(verbs[i].help);
                }
}

static void print_options(const struct opt *o)
{
        for (; o && o->name; o++) {
                char left[60];

                snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                         o->letter ? ", " : "  ", o->name, o->meta ? " " : "", o->meta ? o->meta : "");
                printf("  %-30s  %s\n", left, o->help);
        }
}

void help_verb(const struct verb *v)
{
        printf("Usage: tallyman %s%s%s%s%s\n\n%s\n", v->noun ? v->noun : "", v->noun ? " " : "", v->name, *v->usage ? " " : "",
               v->usage, v->help);
        if (v->options)
                putchar('\n');
        print_options(v->options);
        fputs("\nCommon to all verbs\n", stdout);
        print_options(global_options);
}
