/* SPDX-License-Identifier: Apache-2.0 */
/* calls - the calls of the samples over libtallyman, with JSON objects for WMI's */
#include "howto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void ok(struct howto *h, bool good, const char *fmt, ...)
{
        va_list ap;

        printf("%sok - ", good ? "" : "not ");
        va_start(ap, fmt);
        (void)vprintf(fmt, ap);
        va_end(ap);
        if (!good)
                printf(": %s", h->e.text[0] ? h->e.text : "no error");
        putchar('\n');
        (void)fflush(stdout);
        h->n_failed += !good;
        h->e = (struct tallyman_error){ 0 };
}

bool failed_with(const struct howto *h, enum tallyman_kind kind, const char *wbem)
{
        return h->e.kind == kind && (!wbem || strcmp(h->e.wbem, wbem) == 0);
}

/* What a call that returned @r gave, as an object; frees the text. */
static json_t *parsed(struct howto *h, int r, char **text)
{
        json_t *out = r == 0 && *text ? json_loads(*text, JSON_ALLOW_NUL, NULL) : NULL;

        if (r == 0 && !out)
                (void)snprintf(h->e.text, sizeof(h->e.text), "the answer is no JSON: %.200s", *text ? *text : "");
        free(*text);
        return out;
}

json_t *get_object(struct howto *h, const char *path)
{
        char *text = NULL;

        return parsed(h, tallyman_get(h->site, path, &text, &h->e), &text);
}

json_t *exec_query(struct howto *h, const char *wql)
{
        char *text = NULL;
        json_t *answer = parsed(h, tallyman_query_json(h->site, wql, &text, NULL, &h->e), &text);
        json_t *rows = json_incref(json_object_get(answer, "value"));

        json_decref(answer);
        return rows;
}

json_t *first_of(struct howto *h, const char *wql)
{
        json_t *rows = exec_query(h, wql), *first = json_incref(json_array_get(rows, 0));

        if (rows && !first)
                (void)snprintf(h->e.text, sizeof(h->e.text), "no row: %.300s", wql);
        json_decref(rows);
        return first;
}

json_t *put_new(struct howto *h, const char *class_name, json_t *object)
{
        char *body = json_dumps(object, 0), *text = NULL;
        json_t *stored = body ? parsed(h, tallyman_create(h->site, class_name, body, &text, &h->e), &text) : NULL;

        free(body);
        json_decref(object);
        return stored;
}

bool put_back(struct howto *h, const char *path, const json_t *object)
{
        char *body = object ? json_dumps(object, 0) : NULL;
        int r = body ? tallyman_put(h->site, path, body, NULL, &h->e) : -1;

        free(body);
        return r == 0;
}

bool put_some(struct howto *h, const char *path, json_t *changes)
{
        bool good = put_back(h, path, changes);

        json_decref(changes);
        return good;
}

bool delete_object(struct howto *h, const char *path)
{
        return tallyman_delete(h->site, path, &h->e) == 0;
}

json_t *exec_method(struct howto *h, const char *path, const char *method, json_t *in)
{
        char *body = in ? json_dumps(in, 0) : NULL, *text = NULL;
        json_t *out = parsed(h, tallyman_method(h->site, path, method, body, &text, &h->e), &text);

        free(body);
        json_decref(in);
        return out;
}

const char *text_of(const json_t *object, const char *name)
{
        const char *s = json_string_value(json_object_get(object, name));

        return s ? s : "";
}

int64_t number_of(const json_t *object, const char *name)
{
        const json_t *v = json_object_get(object, name);

        if (json_is_string(v))                          /* 64 bits travel as text */
                return atoll(json_string_value(v));
        return json_is_integer(v) ? json_integer_value(v) : -1;
}

bool has_text(const json_t *object, const char *name, const char *value)
{
        return strcmp(text_of(object, name), value) == 0;
}

char *path_of(const char *fmt, ...)
{
        char *out = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&out, fmt, ap) < 0)
                abort();
        va_end(ap);
        return out;
}

bool has_class(struct howto *h, const char *class_name)
{
        char *wql = path_of("SELECT * FROM meta_class WHERE __CLASS = '%s'", class_name);
        json_t *rows = exec_query(h, wql);
        bool there = json_array_size(rows) == 1;

        json_decref(rows);
        free(wql);
        return there;
}

bool wait_for(struct howto *h, const char *class_name, const char *wql)
{
        char *query = path_of("SELECT * FROM __InstanceOperationEvent WHERE TargetInstance ISA '%s'", class_name);
        struct tallyman_watch_options o = { .query = query, .from = TALLYMAN_FROM_NOW };
        struct tallyman_watch *w = NULL;
        struct tallyman_notification n;
        bool there = false;
        int r = tallyman_notify_open(&w, h->site, &o, &h->e);

        while (r == 0 && !there) {
                json_t *rows = exec_query(h, wql);

                there = json_array_size(rows) > 0;
                json_decref(rows);
                if (!there)
                        r = tallyman_notify_next(w, 30000, &n, &h->e);
        }
        tallyman_notify_close(w);
        free(query);
        return there;
}
