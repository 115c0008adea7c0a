/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler takes a path: the longest prefix first, then the method among its routes. */
#include "http/http.h"

static bool prefix_matches(const char *prefix, struct str path)
{
        size_t n = strlen(prefix);

        return prefix[n - 1] == '/' ? str_starts(path, prefix) : str_eqz(path, prefix);
}

/* The longest matching prefix, or NULL. */
static const char *best_prefix(const struct http_router *r, struct str path)
{
        const char *best = NULL;

        for (size_t i = 0; i < r->n; i++) {
                const char *p = r->routes[i].prefix;

                if (prefix_matches(p, path) && (!best || strlen(p) > strlen(best)))
                        best = p;
        }
        return best;
}

static const struct http_route *with_method(const struct http_router *r, const char *prefix, struct str method)
{
        for (size_t i = 0; i < r->n; i++) {
                const struct http_route *t = &r->routes[i];

                if (strcmp(t->prefix, prefix) == 0 && (!t->method || str_eqz(method, t->method)))
                        return t;
        }
        return NULL;
}

const struct http_route *http_route_find(const struct http_router *r, struct str method, struct str path,
                                         bool *other_method_out)
{
        const char *prefix = best_prefix(r, path);
        const struct http_route *t;

        *other_method_out = false;
        if (!prefix)
                return NULL;
        t = with_method(r, prefix, method);
        if (!t && str_eqz(method, "HEAD"))
                t = with_method(r, prefix, STR("GET"));
        *other_method_out = !t;
        return t;
}

const char *http_route_allow(const struct http_router *r, struct arena *a, struct str path)
{
        const char *prefix = best_prefix(r, path);
        const char *out = "";

        for (size_t i = 0; prefix && i < r->n && out; i++) {
                const struct http_route *t = &r->routes[i];

                if (strcmp(t->prefix, prefix) != 0 || !t->method)
                        continue;
                out = arena_printf(a, "%s%s%s%s", out, *out ? ", " : "", t->method,
                                   strcmp(t->method, "GET") == 0 ? ", HEAD" : "");
        }
        return out;
}
