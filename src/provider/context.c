/* SPDX-License-Identifier: Apache-2.0 */
/* context - context values by name, and those that are kept for their client */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/time.h"
#include "os/os.h"
#include "provider/context.h"

#define KEEP_US (INT64_C(86400) * US_PER_SECOND)

/* ---- by name ---- */

static int bad(struct err *e, const char *name, const char *want)
{
        return err_set(e, ERR_INVALID, "context value %s: %s", name, want);
}

static int set_text(struct str *to, const char *name, struct str value, struct err *e)
{
        if (!value.n || value.n > CONTEXT_TEXT_MAX || !str_is_utf8(value))
                return bad(e, name, "a text of 1 to 260 bytes");
        *to = value;
        return 0;
}

/* MS\1033, ms\0x0409 */
static bool is_locale(struct str v)
{
        size_t at = 3;
        bool hex;

        if (v.n < 4 || v.n > 9 || !str_eqz_nocase((struct str){ v.p, 2 }, "MS") || v.p[2] != '\\')
                return false;
        hex = v.n > 5 && v.p[3] == '0' && (v.p[4] | 0x20) == 'x';
        for (at = hex ? 5 : 3; at < v.n; at++) {
                char l = (char)(v.p[at] | 0x20);

                if (!(v.p[at] >= '0' && v.p[at] <= '9') && !(hex && l >= 'a' && l <= 'f'))
                        return false;
        }
        return true;
}

static int set_count(struct provider_context *c, struct str value, struct err *e)
{
        uint64_t n = 0;

        for (size_t i = 0; i < value.n; i++) {
                if (value.p[i] < '0' || value.p[i] > '9' || n > UINT32_MAX)
                        return bad(e, "InstanceCount", "a number from 1");
                n = n * 10 + (uint64_t)(value.p[i] - '0');
        }
        c->instance_count = n;
        return n ? 0 : bad(e, "InstanceCount", "a number from 1");
}

int provider_context_set(struct provider_context *c, struct str name, struct str value, struct err *e)
{
        if (str_eqz_nocase(name, "ApplicationName"))
                return set_text(&c->application, "ApplicationName", value, e);
        if (str_eqz_nocase(name, "MachineName"))
                return set_text(&c->machine, "MachineName", value, e);
        if (str_eqz_nocase(name, "ContextHandle"))
                return set_text(&c->handle, "ContextHandle", value, e);
        if (str_eqz_nocase(name, "InstanceCount"))
                return set_count(c, value, e);
        if (str_eqz_nocase(name, "LimitToCollectionIDs")) {
                c->collection = value;
                return value.n == 8 ? 0 : bad(e, "LimitToCollectionIDs", "one CollectionID");
        }
        if (str_eqz_nocase(name, "QueryQualifiers")) {
                c->query_qualifiers = str_eqz_nocase(value, "true") || str_eqz_nocase(value, "1");
                return 0;
        }
        if (str_eqz_nocase(name, "LocaleID")) {
                c->locale = value;
                return is_locale(value) ? 0 : bad(e, "LocaleID", "MS\\1033 or MS\\0x0409");
        }
        return 0;
}

/* One "name=value" off the front. */
static int take_pair(struct str *text, struct str *name, struct str *value, struct err *e)
{
        size_t at = 0, end;
        bool quoted;

        while (at < text->n && text->p[at] != '=')
                at++;
        if (at == text->n)
                return err_set(e, ERR_INVALID, "context values: expected name=value, with semicolons between");
        *name = str_trim((struct str){ text->p, at });
        *text = str_from(*text, at + 1);
        while (text->n && *text->p == ' ')
                *text = str_from(*text, 1);
        quoted = text->n && *text->p == '"';
        for (end = quoted; end < text->n && text->p[end] != (quoted ? '"' : ';'); end++)
                continue;
        *value = quoted ? (struct str){ text->p + 1, end - 1 } : str_trim((struct str){ text->p, end });
        *text = str_trim(str_from(*text, MIN(end + quoted, text->n)));
        if (quoted && text->n && *text->p != ';')
                return err_set(e, ERR_INVALID, "context values: expected a semicolon after a closing quote");
        if (text->n && *text->p == ';')
                *text = str_from(*text, 1);
        return 0;
}

int provider_context_parse(struct str text, struct provider_context *out, struct err *e)
{
        int r = 0;

        *out = (struct provider_context){ 0 };
        text = str_trim(text);
        while (text.n && r == 0) {
                struct str name, value;

                r = take_pair(&text, &name, &value, e);
                if (r == 0)
                        r = provider_context_set(out, name, value, e);
        }
        return r;
}

/* ---- kept ---- */

struct kept {
        char handle[CONTEXT_HANDLE_MAX];        /* empty: free */
        char *who;
        int64_t used_us;
        struct arena arena;
        struct provider_context c;
};
struct provider_contexts {
        struct kept v[CONTEXTS_MAX];
};

struct provider_contexts *provider_contexts_new(void)
{
        return calloc(1, sizeof(struct provider_contexts));
}

static void forget(struct kept *k)
{
        if (k->handle[0])
                arena_fini(&k->arena);
        free(k->who);
        *k = (struct kept){ 0 };
}

void provider_contexts_free(struct provider_contexts *all)
{
        for (size_t i = 0; all && i < CONTEXTS_MAX; i++)
                forget(&all->v[i]);
        free(all);
}

static struct kept *find(struct provider_contexts *all, const char *who, struct str handle)
{
        for (size_t i = 0; i < CONTEXTS_MAX; i++) {
                struct kept *k = &all->v[i];

                if (k->handle[0] && str_eqz_nocase(handle, k->handle) && strcmp(k->who, who) == 0)
                        return k;
        }
        return NULL;
}

/* A free place, or that of the one that was not used for longest. */
static struct kept *place(struct provider_contexts *all)
{
        struct kept *best = &all->v[0];

        for (size_t i = 0; i < CONTEXTS_MAX; i++) {
                struct kept *k = &all->v[i];

                if (k->handle[0] && k->used_us + KEEP_US < os_now_us())
                        forget(k);
                if (!k->handle[0])
                        return k;
                if (k->used_us < best->used_us)
                        best = k;
        }
        forget(best);
        return best;
}

static struct str copy_of(struct arena *a, struct str s, bool *failed)
{
        struct str copy = s.p ? arena_str(a, s) : STR_NULL;

        *failed |= s.p && !copy.p;
        return copy;
}

static bool copy(struct provider_context *to, const struct provider_context *from, struct arena *a)
{
        bool failed = false;

        *to = *from;
        to->application = copy_of(a, from->application, &failed);
        to->machine = copy_of(a, from->machine, &failed);
        to->locale = copy_of(a, from->locale, &failed);
        to->collection = copy_of(a, from->collection, &failed);
        to->handle = STR_NULL;
        return !failed;
}

static void make_handle(char out[CONTEXT_HANDLE_MAX])
{
        uint8_t b[16];

        os_random(b, sizeof b);
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);         /* RFC 4122 4.4: random */
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
        (void)snprintf(out, CONTEXT_HANDLE_MAX, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", b[0],
                       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

int provider_contexts_keep(struct provider_contexts *all, const char *who, const struct provider_context *c,
                           char handle_out[CONTEXT_HANDLE_MAX], struct err *e)
{
        struct kept *k = place(all);

        make_handle(k->handle);
        arena_init(&k->arena, 16 * CONTEXT_TEXT_MAX);
        k->who = str_dup(str_of(who));
        k->used_us = os_now_us();
        if (!k->who || !copy(&k->c, c, &k->arena)) {
                forget(k);
                return err_set(e, ERR_NOMEM, "keep context values: out of memory");
        }
        memcpy(handle_out, k->handle, CONTEXT_HANDLE_MAX);
        return 0;
}

int provider_contexts_clear(struct provider_contexts *all, const char *who, struct str handle, struct err *e)
{
        struct kept *k = find(all, who, handle);

        if (!k)
                return err_set(e, ERR_NOT_FOUND, "there is no context handle %.*s of %s", (int)MIN(handle.n, (size_t)60),
                               handle.p ? handle.p : "", who);
        forget(k);
        return 0;
}

static void fill(struct str *to, struct str from)
{
        if (!to->p)
                *to = from;
}

int provider_contexts_resolve(struct provider_contexts *all, const char *who, const struct provider_context *given,
                              struct arena *a, struct provider_context *out, struct err *e)
{
        struct provider_context all_of = *given;

        if (given->handle.p) {
                struct kept *k = find(all, who, given->handle);

                if (!k)
                        return err_set(e, ERR_INVALID, "context value ContextHandle: %s has no handle %.*s: GetContextHandle gives one",
                                       who, (int)MIN(given->handle.n, (size_t)60), given->handle.p);
                k->used_us = os_now_us();
                fill(&all_of.application, k->c.application);
                fill(&all_of.machine, k->c.machine);
                fill(&all_of.locale, k->c.locale);
                fill(&all_of.collection, k->c.collection);
                all_of.instance_count = given->instance_count ? given->instance_count : k->c.instance_count;
                all_of.query_qualifiers = given->query_qualifiers || k->c.query_qualifiers;
        }
        return copy(out, &all_of, a) ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}
