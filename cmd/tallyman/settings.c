/* SPDX-License-Identifier: Apache-2.0 */
/* settings - options of create and set verbs as members of a request */
#include "base/time.h"
#include "cli.h"
#include "fmt.h"

static int read_one(struct cli *c, const struct setting *s, const char *text, json_t **out)
{
        char when[RFC3339_LEN + 1];
        int64_t n;

        switch (s->kind) {
        case SET_NUMBER:
                if (str_to_i64(str_of(text), &n) < 0)
                        return usage_error(c, "--%s needs a number, not '%s'", s->option, text);
                *out = json_integer(n);
                return EXIT_DONE;
        case SET_TIME:
                if (time_parse_rfc3339(str_of(text), &n) < 0)
                        return usage_error(c, "--%s needs a time such as 2026-12-01T08:00:00Z, not '%s'", s->option, text);
                time_format_rfc3339(n, when);
                *out = json_string(when);
                return EXIT_DONE;
        case SET_WORD: {
                struct str value = fmt_word(s->words, text);

                if (str_to_i64(value, &n) < 0 && str_to_i64(str_of(text), &n) < 0)
                        return usage_error(c, "--%s cannot be '%s'. It is one of %s", s->option, text, s->words);
                *out = json_integer(n);
                return EXIT_DONE;
        }
        case SET_TEXT:
                *out = json_string(text);
                if (!*out)
                        return usage_error(c, "--%s is not UTF-8 text", s->option);
                return EXIT_DONE;
        }
        return EXIT_ERROR;
}

int settings_read(struct cli *c, const struct setting *s, json_t *into)
{
        for (; s->option; s++) {
                const char *text = arg_value(&c->args, s->option);
                json_t *value = NULL;
                int r;

                if (!text)
                        continue;
                r = read_one(c, s, text, &value);
                if (r)
                        return r;
                json_object_set_new(into, s->property, value);
        }
        return EXIT_DONE;
}
