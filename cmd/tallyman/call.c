/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>
#include "cli.h"

/* Every --context NAME=VALUE; it goes with each request from here on. */
static int set_context(struct cli *c)
{
        struct tallyman_error e;
        const char *text;

        for (size_t i = 0; (text = arg_item(&c->args, "context", i)); i++) {
                _cleanup_(freep) char *name = str_dup((struct str){ text, strcspn(text, "=") });

                if (!name)
                        return failf(c, EXIT_ERROR, "OutOfMemory", "out of memory");
                if (!*name || !text[strlen(name)])
                        return usage_error(c, "--context: '%s' is not of the form NAME=VALUE", text);
                if (tallyman_set_context(c->site, name, text + strlen(name) + 1, &e) < 0)
                        return fail(c, &e);
        }
        return EXIT_DONE;
}

int cli_open(struct cli *c)
{
        struct tallyman_error e;

        if (c->site)
                return EXIT_DONE;
        return tallyman_open(&c->site, &c->connect, &e) < 0 ? fail(c, &e) : set_context(c);
}

/* Text to object; consumes text. */
static int parse(struct cli *c, char *text, json_t **out)
{
        json_error_t where;

        *out = json_loads(text, JSON_DECODE_ANY, &where);
        free(text);
        if (*out)
                return EXIT_DONE;
        return failf(c, EXIT_ERROR, "Corrupt", "the site's answer is not JSON: %s. Is --server a Tallyman site?", where.text);
}

int cli_list(struct cli *c, const char *class_name, const char *filter, const char *orderby, json_t **rows_out,
             int64_t *seq_out)
{
        struct tallyman_selection q = { .class_name = class_name, .filter = filter, .orderby = orderby };
        struct tallyman_error e;
        json_t *root = NULL;
        char *text;
        int r = cli_open(c);

        *rows_out = NULL;
        if (r)
                return r;
        if (tallyman_list(c->site, &q, &text, seq_out, &e) < 0)
                return fail(c, &e);
        r = parse(c, text, &root);
        if (r)
                return r;
        *rows_out = json_incref(json_object_get(root, "value"));
        json_decref(root);
        if (json_is_array(*rows_out))
                return EXIT_DONE;
        json_decref(*rows_out);
        *rows_out = NULL;
        return failf(c, EXIT_ERROR, "Corrupt", "the site's answer has no list of %s. Is it the same version?", class_name);
}

int cli_get(struct cli *c, const char *path, json_t **out)
{
        struct tallyman_error e;
        char *text;
        int r = cli_open(c);

        *out = NULL;
        if (r)
                return r;
        return tallyman_get(c->site, path, &text, &e) < 0 ? fail(c, &e) : parse(c, text, out);
}

static char *dump(json_t *in)
{
        char *text = in ? json_dumps(in, JSON_COMPACT) : strdup("{}");

        json_decref(in);
        return text;
}

int cli_create(struct cli *c, const char *class_name, json_t *in, json_t **out)
{
        _cleanup_(freep) char *body = dump(in);
        struct tallyman_error e;
        char *text;
        int r = cli_open(c);

        *out = NULL;
        if (r)
                return r;
        return tallyman_create(c->site, class_name, body, &text, &e) < 0 ? fail(c, &e) : parse(c, text, out);
}

int cli_put(struct cli *c, const char *path, json_t *in)
{
        _cleanup_(freep) char *body = dump(in);
        struct tallyman_error e;
        int r = cli_open(c);

        if (r)
                return r;
        return tallyman_put(c->site, path, body, NULL, &e) < 0 ? fail(c, &e) : EXIT_DONE;
}

int cli_delete(struct cli *c, const char *path)
{
        struct tallyman_error e;
        int r = cli_open(c);

        if (r)
                return r;
        return tallyman_delete(c->site, path, &e) < 0 ? fail(c, &e) : EXIT_DONE;
}

int cli_method(struct cli *c, const char *path, const char *method, json_t *in, json_t **out)
{
        _cleanup_(freep) char *body = dump(in);
        struct tallyman_error e;
        json_t *answer = NULL;
        int64_t value;
        char *text;
        int r = cli_open(c);

        if (out)
                *out = NULL;
        if (r)
                return r;
        if (tallyman_method(c->site, path, method, body, &text, &e) < 0)
                return fail(c, &e);
        r = parse(c, text, &answer);
        if (r)
                return r;
        value = member_int(answer, "ReturnValue");
        if (value)
                r = failf(c, EXIT_ERROR, "Failed", "method %s returned %lld. The site's log says why", method, (long long)value);
        else if (out)
                *out = json_incref(answer);
        json_decref(answer);
        return r;
}

int cli_fetch(struct cli *c, const char *url, json_t **out)
{
        struct tallyman_error e;
        char *text;
        int r = cli_open(c);

        *out = NULL;
        if (r)
                return r;
        return tallyman_fetch(c->site, url, &text, &e) < 0 ? fail(c, &e) : parse(c, text, out);
}

char *cli_path(const char *class_name, ...)
{
        const char *key;
        struct buf b;
        va_list ap;
        char sep = '.';

        buf_init(&b, 0);
        buf_addz(&b, class_name);
        va_start(ap, class_name);
        while ((key = va_arg(ap, const char *))) {
                buf_printf(&b, "%c%s=\"", sep, key);
                for (const char *z = va_arg(ap, const char *); *z; z++) {
                        if (*z == '"' || *z == '\\')
                                buf_addc(&b, '\\');
                        buf_addc(&b, *z);
                }
                buf_addc(&b, '"');
                sep = ',';
        }
        va_end(ap);
        return buf_steal(&b);
}

char *cli_equals(const char *property, const char *value)
{
        struct buf b;

        buf_init(&b, 0);
        buf_printf(&b, "%s eq '", property);
        for (; *value; value++) {
                if (*value == '\'')
                        buf_addc(&b, '\'');
                buf_addc(&b, *value);
        }
        buf_addc(&b, '\'');
        return buf_steal(&b);
}

const char *member(const json_t *object, const char *name)
{
        const char *z = json_string_value(json_object_get(object, name));

        return z ? z : "";
}

int64_t member_int(const json_t *object, const char *name)
{
        const json_t *v = json_object_get(object, name);
        int64_t n = 0;

        if (json_is_string(v) && str_to_i64(str_of(json_string_value(v)), &n) < 0)
                n = 0;
        return json_is_integer(v) ? json_integer_value(v) : n;
}

bool member_bool(const json_t *object, const char *name)
{
        return json_is_true(json_object_get(object, name));
}
