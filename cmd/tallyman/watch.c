/* SPDX-License-Identifier: Apache-2.0 */
/* watch - changes as they happen: one line each, or one JSON object a line */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "mof.h"
#include "query.h"
#include "table.h"
#include "watch.h"

struct watcher {
        struct cli *c;
        int64_t left;                   /* events still wanted; < 0: no end */
        watch_filter filter;
        void *ctx;
        json_t *classes;                /* declarations of the classes of events so far */
};

static json_t *object_of(const char *text)
{
        return text ? json_loads(text, 0, NULL) : NULL;
}

static void print_json_event(const struct tallyman_event *ev, json_t *before, json_t *after)
{
        json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:s, s:o*, s:o*}", "sequence", (json_int_t)ev->sequence, "event", ev->kind,
                              "class", ev->class_name, "path", ev->path, "time", ev->time, "before", json_incref(before),
                              "after", json_incref(after));

        print_json_line(o);
        json_decref(o);
}

static void add_value(struct buf *line, const json_t *v)
{
        _cleanup_(freep) char *text = NULL;

        if (json_is_string(v)) {
                buf_addz(line, json_string_value(v));
                return;
        }
        text = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        buf_addz(line, text ? text : "-");
}

/* "Installed 2 -> 3" for each property that changed. */
static void add_changes(const struct cli *c, struct buf *line, json_t *before, json_t *after)
{
        const char *name;
        json_t *value;

        json_object_foreach(after, name, value) {
                json_t *old = json_object_get(before, name);

                if (!before || json_equal(old, value))
                        continue;
                buf_printf(line, "  %s ", name);
                add_value(line, old);
                buf_addz(line, c->utf8 ? " \xe2\x86\x92 " : " -> ");
                add_value(line, value);
        }
}

static void print_line(const struct cli *c, const struct tallyman_event *ev, json_t *before, json_t *after)
{
        struct buf line, clean;

        buf_init(&line, 0);
        buf_init(&clean, 0);
        buf_printf(&line, "%lld  %s  %-12s  %s", (long long)ev->sequence, ev->time, ev->kind, ev->path);
        if (before && after)
                add_changes(c, &line, before, after);
        fmt_clean(buf_str(&line), SIZE_MAX, c->utf8, &clean);
        puts(clean.p ? clean.p : "");
        fflush(stdout);
        buf_fini(&line);
        buf_fini(&clean);
}

/* "Property: value" for each of --show, and a blank line. */
static void print_shown(const struct cli *c, const json_t *o)
{
        const char *name;

        for (size_t i = 0; (name = arg_item(&c->args, "show", i)); i++) {
                struct buf value, clean;

                buf_init(&value, 0);
                buf_init(&clean, 0);
                add_value(&value, json_object_get(o, name));
                fmt_clean(buf_str(&value), SIZE_MAX, c->utf8, &clean);
                printf("%s: %s\n", name, clean.p ? clean.p : "");
                buf_fini(&value);
                buf_fini(&clean);
        }
        putchar('\n');
        fflush(stdout);
}

static int on_event(void *ctx, const struct tallyman_event *ev)
{
        struct watcher *w = ctx;
        json_t *before, *after;

        if (w->filter && !w->filter(w->ctx, ev))
                return 0;
        before = object_of(ev->before);
        after = object_of(ev->after);
        if (w->c->output == OUT_JSON || w->c->output == OUT_JSONL)
                print_json_event(ev, before, after);
        else if (arg_items(&w->c->args, "show"))
                print_shown(w->c, after ? after : before);
        else
                print_line(w->c, ev, before, after);
        json_decref(before);
        json_decref(after);
        if (ferror(stdout))
                return 1;
        return w->left > 0 && --w->left == 0;
}

int watch_stream(struct cli *c, const struct tallyman_stream *s, int64_t count, watch_filter filter, void *ctx)
{
        struct watcher w = { .c = c, .left = count > 0 ? count : -1, .filter = filter, .ctx = ctx };
        struct tallyman_error e;
        int r = cli_open(c);

        if (r)
                return r;
        r = tallyman_events(c->site, s, on_event, &w, &e);
        if (r < 0)
                return fail(c, &e);
        return r == TALLYMAN_TIME_UP && count > 0 ? EXIT_TIMED_OUT : EXIT_DONE;
}

int option_number(struct cli *c, const char *option, int64_t otherwise, int64_t *out)
{
        const char *text = arg_value(&c->args, option);

        *out = otherwise;
        if (text && (str_to_i64(str_of(text), out) < 0 || *out < 0))
                return usage_error(c, "--%s needs a number, not '%s'", option, text);
        return EXIT_DONE;
}

int option_timeout_ms(struct cli *c, int64_t *out)
{
        const char *text = arg_value(&c->args, "timeout");
        int64_t s = 0;

        if (text && (time_parse_duration(str_of(text), &s) < 0 || s < 0 || s > INT32_MAX))
                return usage_error(c, "--timeout needs a time such as 90s, 30m or 2h, not '%s'", text);
        *out = text && s == 0 ? 1 : s * 1000;
        return EXIT_DONE;
}

/* ---- event queries ---- */

#define FILETIME_EPOCH_S INT64_C(11644473600)   /* from 1601 to 1970 */

/* TIME_CREATED, 100 ns since 1601, as RFC 3339; empty when it is none. */
static void created_at(const json_t *event, char out[RFC3339_LEN + 1])
{
        int64_t ticks = (int64_t)value_number(json_object_get(event, "TIME_CREATED"));

        out[0] = 0;
        if (ticks > 0)
                time_format_rfc3339(ticks / 10 - FILETIME_EPOCH_S * US_PER_SECOND, out);
}

/* "__InstanceCreationEvent": "creation"; else the class's name. */
static const char *kind_of(const char *class_name)
{
        if (strcmp(class_name, "__InstanceCreationEvent") == 0)
                return "creation";
        if (strcmp(class_name, "__InstanceModificationEvent") == 0)
                return "modification";
        return strcmp(class_name, "__InstanceDeletionEvent") == 0 ? "deletion" : class_name;
}

/* What has no instance is shown as it came. */
static void print_other(const struct cli *c, const struct tallyman_notification *n, const char *when)
{
        struct buf clean;

        buf_init(&clean, 0);
        fmt_clean(str_of(n->json), SIZE_MAX, c->utf8, &clean);
        printf("%lld  %s  %-12s  %s\n", (long long)n->sequence, *when ? when : "-", n->class_name, clean.p ? clean.p : "");
        fflush(stdout);
        buf_fini(&clean);
}

/* The instance's path: events do not bear it. */
static json_t *path_in(struct watcher *w, const json_t *target)
{
        const char *name = member(target, "__CLASS");
        json_t *class = json_object_get(w->classes, name);

        if (!class && *name && fetch_class(w->c, name, &class) == EXIT_DONE)
                json_object_set_new(w->classes, name, class);
        return class ? path_of(class, target) : json_string(name);
}

static void print_notification(struct watcher *w, const struct tallyman_notification *n)
{
        const struct cli *c = w->c;
        json_t *event = object_of(n->json), *target = object_of(n->target), *previous = object_of(n->previous);
        char when[RFC3339_LEN + 1];
        json_t *path = target ? path_in(w, target) : NULL;
        struct tallyman_event ev = { .sequence = n->sequence, .kind = kind_of(n->class_name), .time = when,
                                     .path = path ? json_string_value(path) : "" };

        created_at(event, when);
        if (arg_items(&c->args, "show"))
                print_shown(c, target ? target : event);
        else if (target)
                print_line(c, &ev, previous, target);
        else
                print_other(c, n, when);
        json_decref(path);
        json_decref(event);
        json_decref(target);
        json_decref(previous);
}

static int on_notification(void *ctx, const struct tallyman_notification *n)
{
        struct watcher *w = ctx;

        if (w->c->output == OUT_JSON || w->c->output == OUT_JSONL) {
                puts(n->json);
                fflush(stdout);
        } else
                print_notification(w, n);
        if (ferror(stdout))
                return 1;
        return w->left > 0 && --w->left == 0;
}

static int watch_query(struct cli *c, const char *query, const struct tallyman_stream *s, int64_t count)
{
        struct tallyman_watch_options o = { .query = query, .from = s->from };
        struct watcher w = { .c = c, .left = count > 0 ? count : -1, .classes = json_object() };
        struct tallyman_error e;
        int r = cli_open(c);

        if (r)
                return r;
        r = tallyman_notify(c->site, &o, s->timeout_ms ? s->timeout_ms : TALLYMAN_FOREVER, on_notification, &w, &e);
        json_decref(w.classes);
        if (r < 0)
                return query_fail(c, query, &e);
        return r == TALLYMAN_TIME_UP && count > 0 ? EXIT_TIMED_OUT : EXIT_DONE;
}

/* ---- verbs ---- */

static int watch_class(struct cli *c, const char *class_name)
{
        struct tallyman_stream s = { .class_name = class_name };
        int64_t count;
        int r = option_number(c, "from", TALLYMAN_FROM_NOW, &s.from);

        if (!r)
                r = option_number(c, "count", 0, &count);
        if (!r)
                r = option_timeout_ms(c, &s.timeout_ms);
        if (r)
                return r;
        return class_name && is_select(class_name) ? watch_query(c, class_name, &s, count) : watch_stream(c, &s, count, NULL, NULL);
}

int watch_run(struct cli *c)
{
        return watch_class(c, arg_word(&c->args, 0));
}

int events_run(struct cli *c)
{
        return watch_class(c, NULL);
}
