/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - block until packages are where they should be
 *
 * A snapshot is read, then the change log from the very position at which the
 * snapshot was true (wait_rows.c).  Whether it is done is decided by single rows
 * (the root summarizer, the condition), which change in one piece, so no half of
 * a transaction is ever taken for the whole.
 */
#include <stdio.h>
#include <string.h>
#include "fmt.h"
#include "wait.h"
#include "watch.h"

#define TICK_MS 1000

enum goal { GOAL_READY, GOAL_INSTALLED, GOAL_REMOVED, GOAL_FAILED };
static const char *const goal_words[] = { "ready", "installed", "removed", "failed" };

struct waiter {
        struct cli *c;
        struct target *targets;
        size_t n;
        enum goal goal;
        int64_t version;
        int64_t min_percent;
        bool fail_fast;
        struct progress progress;
};

/* ---- what a package says of itself ---- */

static bool removal(int64_t state)
{
        return state >= STATE_REMOVAL_PENDING && state <= STATE_REMOVAL_FAILED;
}

struct tally {
        size_t moving, errors, removals, removals_failed;
};

static struct tally count(const struct target *t)
{
        struct tally n = { 0 };
        const char *key;
        json_t *row;

        json_object_foreach(t->rows[PART_DPS], key, row) {
                int64_t state = member_int(row, "State");

                n.removals += removal(state);
                n.moving += fmt_status(state) == STATUS_PROGRESS && !removal(state);
                n.errors += state == STATE_INSTALL_FAILED || state == STATE_CONTENT_MONITORING;
                n.removals_failed += state == STATE_REMOVAL_FAILED;
        }
        return n;
}

static bool source_failed(const struct target *t)
{
        return strcmp(member(target_row(t, PART_CONDITION), "ReadyReason"), "SourceFailed") == 0;
}

static bool enough_installed(const struct waiter *w, const struct target *t)
{
        const json_t *root = target_row(t, PART_ROOT);
        int64_t targeted = member_int(root, "Targeted"), installed = member_int(root, "Installed");

        return targeted > 0 && installed * 100 >= targeted * w->min_percent && member_int(root, "SourceVersion") >= w->version;
}

static int judge_presence(const struct waiter *w, const struct target *t)
{
        const json_t *condition = target_row(t, PART_CONDITION);
        struct tally n = count(t);
        bool ready = member_bool(condition, "Ready") && member_int(condition, "SourceVersion") >= w->version;

        if (!condition)
                return EXIT_NOT_FOUND;
        if (w->goal == GOAL_READY && ready)
                return EXIT_DONE;
        if ((w->goal == GOAL_INSTALLED || w->min_percent < 100) && enough_installed(w, t))
                return EXIT_DONE;
        if (member_int(condition, "SourceVersion") < w->version)
                return GOING_ON;        /* whatever failed, it was not that version */
        if (source_failed(t) || (w->fail_fast && n.errors) || (n.errors && !n.moving))
                return EXIT_FAILED_FOR_GOOD;
        return GOING_ON;
}

static int judge(const struct waiter *w, const struct target *t)
{
        struct tally n = count(t);

        switch (w->goal) {
        case GOAL_REMOVED:
                if (!n.removals)
                        return EXIT_DONE;
                return n.removals_failed && (w->fail_fast || n.removals_failed == n.removals) ? EXIT_FAILED_FOR_GOOD : GOING_ON;
        case GOAL_FAILED:
                if (!target_row(t, PART_CONDITION))
                        return EXIT_NOT_FOUND;
                return n.errors || n.removals_failed || source_failed(t) ? EXIT_DONE : GOING_ON;
        case GOAL_READY:
        case GOAL_INSTALLED:
                return judge_presence(w, t);
        }
        return EXIT_ERROR;
}

/* ---- what is said ---- */

static void name_of(const struct target *t, char *out, size_t size)
{
        snprintf(out, size, "%s %s", t->id, member(target_row(t, PART_CONDITION), "Name"));
}

/* The rows of the first package that is not there yet, and the sum of all. */
static void show_progress(struct waiter *w)
{
        const struct target *open = NULL;
        struct progress_row *rows = NULL;
        struct progress_sum sum = { 0 };
        char name[200];
        size_t n = 0;

        for (size_t i = 0; i < w->n; i++) {
                const struct target *t = &w->targets[i];

                if (open || t->verdict != GOING_ON) {
                        target_progress(t, &sum, NULL);
                        continue;
                }
                open = t;
                rows = calloc(json_object_size(t->rows[PART_DPS]) + 1, sizeof(*rows));
                n = target_progress(t, &sum, rows);
        }
        if (open && (w->goal == GOAL_READY || w->goal == GOAL_INSTALLED)) {
                name_of(open, name, sizeof(name));
                progress_show(&w->progress, name, &sum, rows, n);
        }
        free(rows);
}

static void say_verdict(struct waiter *w, const struct target *t)
{
        const json_t *condition = target_row(t, PART_CONDITION), *root = target_row(t, PART_ROOT);
        char name[200];

        progress_end(&w->progress);
        name_of(t, name, sizeof(name));
        if (t->verdict == EXIT_NOT_FOUND)
                failf(w->c, EXIT_NOT_FOUND, "NotFound", "there is no package %s. 'tallyman package list' shows them", t->id);
        else if (t->verdict == EXIT_FAILED_FOR_GOOD)
                failf(w->c, EXIT_FAILED_FOR_GOOD, "Failed", "%s will not get there by itself: %s. 'tallyman status %s' says where and why",
                      name, member(condition, "ReadyMessage"), t->id);
        else if (w->goal == GOAL_READY || strcmp(member(condition, "ReadyReason"), "NoSource") == 0)
                say(w->c, "%s: %s", name, member(condition, "ReadyMessage"));   /* the row that decided speaks */
        else if (w->goal == GOAL_INSTALLED)
                say(w->c, "%s: version %lld is installed on %lld of %lld distribution points", name,
                    (long long)member_int(root, "SourceVersion"), (long long)member_int(root, "Installed"),
                    (long long)member_int(root, "Targeted"));
        else
                say(w->c, "%s: %s", name, goal_words[w->goal]);
}

/* Judge what is open. True: nothing is left to wait for. */
static bool settle(struct waiter *w)
{
        bool open = false;

        for (size_t i = 0; i < w->n; i++) {
                struct target *t = &w->targets[i];

                if (t->verdict != GOING_ON)
                        continue;
                t->verdict = judge(w, t);
                if (t->verdict == GOING_ON)
                        open = true;
                else
                        say_verdict(w, t);
                if (t->verdict > EXIT_DONE && w->fail_fast)
                        return true;
        }
        return !open;
}

static int on_event(void *ctx, const struct tallyman_event *ev)
{
        struct waiter *w = ctx;
        json_t *before, *after;
        enum part part;

        if (!ev) {
                show_progress(w);
                return 0;
        }
        part = target_part(ev);
        if (part == N_PARTS)
                return 0;
        before = ev->before ? json_loads(ev->before, 0, NULL) : NULL;
        after = ev->after ? json_loads(ev->after, 0, NULL) : NULL;
        for (size_t i = 0; i < w->n; i++)
                target_apply(&w->targets[i], part, ev, before, after);
        json_decref(before);
        json_decref(after);
        if (settle(w))
                return 1;
        if (part == PART_ROOT || part == PART_JOBS)     /* the others come with one of these */
                show_progress(w);
        return 0;
}

static int read_options(struct waiter *w, struct tallyman_stream *s)
{
        struct cli *c = w->c;
        const char *goal = arg_value(&c->args, "for"), *min = arg_value(&c->args, "min-ready");
        struct str percent = str_of(min);
        int r = option_number(c, "version", 0, &w->version);

        if (!r)
                r = option_timeout_ms(c, &s->timeout_ms);
        if (r)
                return r;
        while (goal && w->goal <= GOAL_FAILED && strcmp(goal, goal_words[w->goal]) != 0)
                w->goal++;
        if (w->goal > GOAL_FAILED)
                return usage_error(c, "--for is ready, installed, removed or failed, not '%s'", goal);
        if (str_ends(percent, "%"))
                percent.n--;
        if (min && (str_to_i64(percent, &w->min_percent) < 0 || w->min_percent < 0 || w->min_percent > 100))
                return usage_error(c, "--min-ready needs a percentage such as 95%%, not '%s'", min);
        w->fail_fast = arg_flag(&c->args, "fail-fast");
        return EXIT_DONE;
}

static int load(struct waiter *w, struct tallyman_stream *s)
{
        s->class_name = WAIT_CLASSES;
        s->from = INT64_MAX;
        for (size_t i = 0; i < w->n; i++) {
                struct target *t = &w->targets[i];
                int r;

                t->id = arg_word(&w->c->args, i);
                t->verdict = GOING_ON;
                r = target_load(w->c, t);
                if (r)
                        return r;
                for (int part = 0; part < N_PARTS; part++)
                        s->from = MIN(s->from, t->seq[part]);
        }
        return EXIT_DONE;
}

/* The worst verdict: failed for good before not found, both before done. */
static int outcome(const struct waiter *w)
{
        int worst = EXIT_DONE;

        for (size_t i = 0; i < w->n; i++)
                worst = MAX(worst, w->targets[i].verdict);
        return worst;
}

static int run(struct waiter *w, struct tallyman_stream *s)
{
        struct tallyman_error e;
        int r = load(w, s);

        if (r)
                return r;
        if (settle(w))
                return outcome(w);
        show_progress(w);
        s->tick_ms = TICK_MS;
        r = tallyman_events(w->c->site, s, on_event, w, &e);
        progress_end(&w->progress);
        if (r < 0)
                return fail(w->c, &e);
        if (r == 0)
                return outcome(w);
        return failf(w->c, EXIT_TIMED_OUT, "TimedOut", "not %s within %s, still in progress. Wait again, or see 'tallyman status'",
                     goal_words[w->goal], arg_value(&w->c->args, "timeout"));
}

int wait_run(struct cli *c)
{
        struct waiter w = { .c = c, .n = arg_words(&c->args), .min_percent = 100 };
        struct tallyman_stream s = { 0 };
        int r = read_options(&w, &s);

        if (r)
                return r;
        w.targets = calloc(w.n, sizeof(*w.targets));
        if (!w.targets)
                return failf(c, EXIT_ERROR, "OutOfMemory", "out of memory");
        progress_init(&w.progress, c);
        r = run(&w, &s);
        for (size_t i = 0; i < w.n; i++)
                target_fini(&w.targets[i]);
        free(w.targets);
        return r;
}
