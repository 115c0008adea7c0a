/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coalesce - windows over instances
 *
 * Windows are all of the same length, so the list in order of opening is the
 * list in order of ending; differences begin in order of the log, so the first
 * of the unsent list has the oldest change that was not offered yet.
 */
#include "event/coalesce.h"

struct coalesce_entry {
        struct list window, unsent;     /* unsent is empty when base is what is */
        char *path, *class_name;
        struct str base, latest;        /* heap, p NULL: there is no such instance; latest only while unsent */
        int64_t ends_us;
        int64_t first_seq, last_seq, when_us;
        size_t bytes;
};

enum { ENTRY_BYTES = sizeof(struct coalesce_entry) + 64 };

static bool image_dup(struct str *out, struct str in)
{
        *out = STR_NULL;
        if (!in.p)
                return true;
        *out = (struct str){ str_dup(in), in.n };
        return out->p != NULL;
}

static void image_free(struct str *s)
{
        free((char *)s->p);
        *s = STR_NULL;
}

static bool image_eq(struct str a, struct str b)
{
        return !a.p || !b.p ? a.p == b.p : str_eq(a, b);
}

static void entry_account(struct coalesce *c, struct coalesce_entry *n)
{
        c->bytes -= n->bytes;
        n->bytes = ENTRY_BYTES + 2 * strlen(n->path) + n->base.n + n->latest.n;
        c->bytes += n->bytes;
}

static void entry_destroy(struct coalesce_entry *n)
{
        list_del(&n->window);
        list_del(&n->unsent);
        free(n->path);
        free(n->class_name);
        image_free(&n->base);
        image_free(&n->latest);
        free(n);
}

static void entry_drop(struct coalesce *c, struct coalesce_entry *n)
{
        (void)map_del(&c->entries, str_of(n->path));
        c->bytes -= n->bytes;
        entry_destroy(n);
}

/* An entry without a difference, known by its path. NULL: memory is out. */
static struct coalesce_entry *entry_new(struct coalesce *c, const struct model_change *ch, struct str base)
{
        struct coalesce_entry *n = calloc(1, sizeof(*n));

        if (!n)
                return NULL;
        list_init(&n->window);
        list_init(&n->unsent);
        n->path = str_dup(ch->path);
        n->class_name = str_dup(ch->class_name);
        if (!n->path || !n->class_name || !image_dup(&n->base, base) ||
            map_put(&c->entries, str_of(n->path), n, NULL) < 0) {
                entry_destroy(n);
                return NULL;
        }
        list_push_back(&c->windows, &n->window);
        entry_account(c, n);
        return n;
}

void coalesce_init(struct coalesce *c, enum event_mode mode, int64_t spacing_us, size_t max_bytes, int64_t now_us)
{
        *c = (struct coalesce){ .mode = mode, .spacing_us = spacing_us, .max_bytes = max_bytes };
        c->next_us = now_us + spacing_us;
        map_init(&c->entries, false);
        list_init(&c->windows);
        list_init(&c->unsent);
}

void coalesce_fini(struct coalesce *c)
{
        struct list *n;

        while ((n = c->windows.next) != &c->windows)
                entry_drop(c, list_entry(n, struct coalesce_entry, window));
        map_fini(&c->entries, NULL);
}

int64_t coalesce_resume(const struct coalesce *c)
{
        if (list_empty(&c->unsent))
                return c->last_seq;
        return list_entry(c->unsent.next, struct coalesce_entry, unsent)->first_seq - 1;
}

int64_t coalesce_due(const struct coalesce *c)
{
        if (list_empty(&c->windows))
                return TIME_NONE_US;
        return c->mode == EVENT_INTERVAL ? c->next_us : list_entry(c->windows.next, struct coalesce_entry, window)->ends_us;
}

/* ---- changes ---- */

static bool has_room(const struct coalesce *c, size_t more)
{
        return list_empty(&c->windows) || c->bytes + more <= c->max_bytes;
}

/* The difference of an open window becomes larger, other or none. */
static bool change_within(struct coalesce *c, struct coalesce_entry *n, const struct model_change *ch)
{
        struct str image;

        if ((ch->after.n > n->latest.n && !has_room(c, ch->after.n - n->latest.n)) || !image_dup(&image, ch->after))
                return false;
        image_free(&n->latest);
        n->latest = image;
        n->last_seq = ch->seq;
        n->when_us = ch->when_us;
        if (image_eq(n->base, n->latest)) {
                image_free(&n->latest);
                list_del(&n->unsent);
        } else if (list_empty(&n->unsent)) {
                n->first_seq = ch->seq;
                list_push_back(&c->unsent, &n->unsent);
        }
        entry_account(c, n);
        return true;
}

static struct event_diff diff_of(const struct coalesce *c, const struct model_change *ch)
{
        return (struct event_diff){ .class_name = ch->class_name, .path = ch->path, .before = ch->before, .after = ch->after,
                                    .seq = ch->seq, .when_us = ch->when_us,
                                    .since = list_empty(&c->unsent) ? ch->seq - 1 : coalesce_resume(c),
                                    .resume = list_empty(&c->unsent) ? ch->seq : coalesce_resume(c) };
}

/* No window is open: an event at once. Without memory for its window it is not offered. */
static bool change_at_once(struct coalesce *c, const struct model_change *ch, int64_t now_us)
{
        struct event_diff d = diff_of(c, ch);
        struct coalesce_entry *n;
        enum event_fate fate;

        if (!has_room(c, ENTRY_BYTES + 2 * ch->path.n + ch->after.n) || !(n = entry_new(c, ch, ch->after)))
                return false;
        n->ends_us = now_us + c->spacing_us;
        fate = c->offer(c->ctx, &d);
        if (fate != EVENT_SENT)
                entry_drop(c, n);
        return fate != EVENT_FULL;
}

/* Kept for the next snapshot. */
static bool change_for_later(struct coalesce *c, const struct model_change *ch)
{
        struct coalesce_entry *n;

        if (!has_room(c, ENTRY_BYTES + 2 * ch->path.n + ch->before.n + ch->after.n) || !(n = entry_new(c, ch, ch->before)))
                return false;
        if (change_within(c, n, ch))
                return true;
        entry_drop(c, n);
        return false;
}

bool coalesce_change(struct coalesce *c, const struct model_change *ch, int64_t now_us)
{
        struct coalesce_entry *n = c->mode == EVENT_EVERY ? NULL : map_get(&c->entries, ch->path);
        bool taken;

        if (c->mode == EVENT_EVERY) {
                struct event_diff d = diff_of(c, ch);

                taken = c->offer(c->ctx, &d) != EVENT_FULL;
        } else if (n) {
                taken = change_within(c, n, ch);
        } else if (c->mode == EVENT_PROMPT) {
                taken = change_at_once(c, ch, now_us);
        } else {
                taken = change_for_later(c, ch);
        }
        if (taken)
                c->last_seq = ch->seq;
        return taken;
}

/* ---- time ---- */

/* The end of one window. False: the subscriber is full, and the window stays as it is. */
static bool window_ends(struct coalesce *c, struct coalesce_entry *n, int64_t now_us)
{
        struct event_diff d = { .class_name = str_of(n->class_name), .path = str_of(n->path), .before = n->base,
                                .after = n->latest, .seq = n->last_seq, .when_us = n->when_us };
        bool different = !list_empty(&n->unsent);
        enum event_fate fate;

        if (!different) {
                entry_drop(c, n);
                return true;
        }
        d.since = coalesce_resume(c);
        list_del(&n->unsent);
        d.resume = coalesce_resume(c);
        fate = c->offer(c->ctx, &d);
        if (fate == EVENT_FULL) {
                struct list *at = c->unsent.next;

                while (at != &c->unsent && list_entry(at, struct coalesce_entry, unsent)->first_seq < n->first_seq)
                        at = at->next;
                list_insert_before(at, &n->unsent);
                return false;
        }
        if (fate == EVENT_PASSED || c->mode == EVENT_INTERVAL) {
                entry_drop(c, n);
                return true;
        }
        image_free(&n->base);
        n->base = n->latest;
        n->latest = STR_NULL;
        n->ends_us = now_us + c->spacing_us;
        list_del(&n->window);
        list_push_back(&c->windows, &n->window);
        entry_account(c, n);
        return true;
}

static bool tick_windows(struct coalesce *c, int64_t now_us)
{
        while (!list_empty(&c->windows)) {
                struct coalesce_entry *n = list_entry(c->windows.next, struct coalesce_entry, window);

                if (n->ends_us > now_us)
                        break;
                if (!window_ends(c, n, now_us))
                        return false;
        }
        return true;
}

static bool tick_snapshot(struct coalesce *c, int64_t now_us)
{
        if (now_us < c->next_us)
                return true;
        while (!list_empty(&c->windows)) {
                if (!window_ends(c, list_entry(c->windows.next, struct coalesce_entry, window), now_us))
                        return false;
        }
        c->next_us += (now_us - c->next_us) / c->spacing_us * c->spacing_us + c->spacing_us;
        return true;
}

bool coalesce_tick(struct coalesce *c, int64_t now_us)
{
        return c->mode == EVENT_EVERY ? true : c->mode == EVENT_PROMPT ? tick_windows(c, now_us) : tick_snapshot(c, now_us);
}
