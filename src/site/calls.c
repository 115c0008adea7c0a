/* SPDX-License-Identifier: Apache-2.0 */
/* calls - each operation is a verb, a URL and a body (docs/architecture.md, REST) */
#include <stdio.h>
#include <string.h>
#include "site/client.h"
#include "site/path.h"

#define WMI "/AdminService/wmi/"
#define URL_LIMIT (256 << 10)

static int call(struct tallyman *t, const char *verb, const struct buf *url, const char *body, char **out,
                int64_t *seq_out, struct tallyman_error *e)
{
        struct client_call q = { .verb = verb, .url = url->p, .body = body };
        struct client_reply reply;
        int r;

        if (out)
                *out = NULL;
        if (url->failed)
                return error_set(e, ERR_TOO_LARGE, "the request is too long. Name fewer objects at once");
        r = client_request(t, &q, &reply, e);
        if (r == 0 && seq_out)
                *seq_out = reply.sequence;
        if (r == 0 && out) {
                buf_addz(&reply.body, "");              /* an empty body is the empty text */
                *out = reply.body.p ? buf_steal(&reply.body) : strdup("");
                if (!*out)
                        r = error_set(e, ERR_NOMEM, "out of memory");
        }
        buf_fini(&reply.body);
        return r;
}

static void query_option(struct buf *url, const char *name, const char *value)
{
        if (!value || !*value)
                return;
        buf_addc(url, memchr(url->p, '?', url->n) ? '&' : '?');
        buf_addz(url, name);
        buf_addc(url, '=');
        site_url_escape(url, str_of(value), "");
}

static const char *number(char text[24], uint64_t n)
{
        snprintf(text, 24, "%llu", (unsigned long long)n);
        return n ? text : NULL;
}

int tallyman_list(struct tallyman *t, const struct tallyman_selection *q, char **json_out, int64_t *seq_out,
                  struct tallyman_error *e)
{
        char top[24], skip[24];
        struct buf url;
        int r;

        buf_init(&url, URL_LIMIT);
        buf_addz(&url, WMI);
        site_url_escape(&url, str_of(q->class_name), "");
        query_option(&url, "$filter", q->filter);
        query_option(&url, "$orderby", q->orderby);
        query_option(&url, "$top", number(top, q->top));
        query_option(&url, "$skip", number(skip, q->skip));
        r = call(t, "GET", &url, NULL, json_out, seq_out, e);
        buf_fini(&url);
        return r;
}

/* One operation on an instance (or, where a class will do, a class). */
static int on_object(struct tallyman *t, const char *verb, const char *path, const char *method, bool class_is_enough,
                     const char *body, char **out, struct tallyman_error *e)
{
        struct err er = { 0 };
        bool class_only;
        struct buf url;
        int r;

        if (out)
                *out = NULL;
        buf_init(&url, URL_LIMIT);
        buf_addz(&url, WMI);
        r = site_path_url(str_of(path), &url, &class_only, &er);
        if (r == 0 && class_only && !class_is_enough)
                r = err_set(&er, ERR_INVALID, "path %s names a class, not an instance. Add its key: %s.Key=\"value\"", path, path);
        if (r == 0 && method) {
                buf_addz(&url, class_only ? "." : "/AdminService.");
                site_url_escape(&url, str_of(method), "");
        }
        r = r < 0 ? error_from(e, &er) : call(t, verb, &url, body, out, NULL, e);
        buf_fini(&url);
        return r;
}

int tallyman_get(struct tallyman *t, const char *path, char **json_out, struct tallyman_error *e)
{
        return on_object(t, "GET", path, NULL, false, NULL, json_out, e);
}

int tallyman_create(struct tallyman *t, const char *class_name, const char *json, char **json_out,
                    struct tallyman_error *e)
{
        return on_object(t, "POST", class_name, NULL, true, json, json_out, e);
}

int tallyman_put(struct tallyman *t, const char *path, const char *json, char **json_out, struct tallyman_error *e)
{
        return on_object(t, "PATCH", path, NULL, false, json, json_out, e);
}

int tallyman_delete(struct tallyman *t, const char *path, struct tallyman_error *e)
{
        return on_object(t, "DELETE", path, NULL, false, NULL, NULL, e);
}

int tallyman_method(struct tallyman *t, const char *path, const char *method, const char *json, char **json_out,
                    struct tallyman_error *e)
{
        return on_object(t, "POST", path, method, true, json ? json : "{}", json_out, e);
}

int tallyman_fetch(struct tallyman *t, const char *url_path, char **body_out, struct tallyman_error *e)
{
        struct buf url;
        int r;

        buf_init(&url, URL_LIMIT);
        buf_addz(&url, url_path);
        r = call(t, "GET", &url, NULL, body_out, NULL, e);
        buf_fini(&url);
        return r;
}
