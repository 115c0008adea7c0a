/* SPDX-License-Identifier: Apache-2.0 */
/* context - context values, which go with every request in a header of their own */
#include <string.h>
#include "site/client.h"

/* The header has quotes around a value and lines of its own. */
static bool is_fit(const char *s, const char *without)
{
        for (; *s; s++) {
                if ((unsigned char)*s < 0x20 || strchr(without, *s))
                        return false;
        }
        return true;
}

static size_t find(const struct tallyman *t, const char *name)
{
        size_t i = 0;

        while (i < t->n_context && !str_eqz_nocase(str_of(t->context[i].name), name))
                i++;
        return i;
}

static void forget(struct tallyman *t, size_t i)
{
        free(t->context[i].name);
        free(t->context[i].value);
        t->context[i] = t->context[--t->n_context];
}

int tallyman_set_context(struct tallyman *t, const char *name, const char *value, struct tallyman_error *e)
{
        size_t i = find(t, name);
        char *copy;

        if (!*name || !is_fit(name, "=;\" ") || (value && !is_fit(value, "\"")))
                return error_set(e, ERR_INVALID, "context value %s: a name without signs, and a value without quotes in one line", name);
        if (!value) {
                if (i < t->n_context)
                        forget(t, i);
                return 0;
        }
        if (i == CLIENT_CONTEXT_MAX)
                return error_set(e, ERR_TOO_LARGE, "there are %d context values already. Take one back with NULL", CLIENT_CONTEXT_MAX);
        copy = strdup(value);
        if (i == t->n_context && copy) {
                t->context[i].name = strdup(name);
                t->context[i].value = NULL;
                t->n_context += t->context[i].name != NULL;
        }
        if (!copy || i == t->n_context) {
                free(copy);
                return error_set(e, ERR_NOMEM, "out of memory");
        }
        free(t->context[i].value);
        t->context[i].value = copy;
        return 0;
}

struct curl_slist *client_add_context(const struct tallyman *t, struct curl_slist *headers)
{
        struct buf b;

        if (!t->n_context)
                return headers;
        buf_init(&b, 0);
        buf_addz(&b, "X-Tallyman-Context: ");
        for (size_t i = 0; i < t->n_context; i++)
                buf_printf(&b, "%s%s=\"%s\"", i ? "; " : "", t->context[i].name, t->context[i].value);
        if (!b.failed)
                headers = curl_slist_append(headers, b.p);
        buf_fini(&b);
        return headers;
}

void client_forget_context(struct tallyman *t)
{
        while (t->n_context)
                forget(t, t->n_context - 1);
}
