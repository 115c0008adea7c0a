/* SPDX-License-Identifier: Apache-2.0 */
/* report - words on stderr: "tallyman: what. next step", as JSON with -o json */
#include <stdio.h>
#include <string.h>
#include "cli.h"

static int report(struct cli *c, int exit_code, const char *code, const char *text)
{
        fflush(stdout);
        if (c->output == OUT_JSON || c->output == OUT_JSONL) {
                json_t *o = json_pack("{s:{s:s, s:s%, s:i}}", "error", "code", code, "message", text, strlen(text), "exit",
                                      exit_code);

                if (o) {
                        json_dumpf(o, stderr, JSON_COMPACT);
                        fputc('\n', stderr);
                        json_decref(o);
                        return exit_code;
                }
        }
        fprintf(stderr, "tallyman: %s%s\n", text, *text && strchr(".?!", text[strlen(text) - 1]) ? "" : ".");
        return exit_code;
}

int fail(struct cli *c, const struct tallyman_error *e)
{
        return report(c, e->exit_code, e->code, e->text);
}

int failf(struct cli *c, int exit_code, const char *code, const char *fmt, ...)
{
        char text[1024];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return report(c, exit_code, code, text);
}

int usage_error(struct cli *c, const char *fmt, ...)
{
        char text[600], all[800];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        if (c->verb)
                snprintf(all, sizeof(all), "%s. See 'tallyman %s%s%s --help'", text, c->verb->noun ? c->verb->noun : "",
                         c->verb->noun ? " " : "", c->verb->name);
        else
                snprintf(all, sizeof(all), "%s. See 'tallyman --help'", text);
        return report(c, EXIT_USAGE, "Usage", all);
}

void say(struct cli *c, const char *fmt, ...)
{
        va_list ap;

        if (c->quiet)
                return;
        fflush(stdout);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputc('\n', stderr);
}
