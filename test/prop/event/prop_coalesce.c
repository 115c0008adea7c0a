/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_coalesce - random histories: what a subscription is offered are the differences between snapshots
 *
 * The history is kept whole, apart from the machine: values[seq] of every
 * instance.  At each offer the snapshot of that instant is looked up in it, and
 * the offer must be the difference to the snapshot of the offer before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "event/coalesce.h"
#include "lib/prop.h"

enum { PATHS = 3, STEPS = 40, SPACING = 10, ABSENT = 0 };

struct history {
        struct prop *p;
        struct coalesce c;
        bool every, lawful, filtered;
        int64_t now, seq;
        int value[PATHS][STEPS + 1];    /* after each sequence; ABSENT or 1.. */
        int64_t last_change[PATHS];
        int shown[PATHS];               /* the value at the last offer that was not refused */
        int64_t sent_at[PATHS];         /* when an event was sent, -1: none yet */
        int64_t offered_at[PATHS];
        int n_sent;
};

static const char *const paths[PATHS] = { "A.K=1", "A.K=2", "A.K=3" };
static const char *const images[] = { NULL, "1", "2", "3" };

static int image_value(struct str s)
{
        return s.p ? atoi(s.p) : ABSENT;
}

static int path_number(struct str s)
{
        return s.p[s.n - 1] - '1';
}

static void law(struct history *h, bool holds, const char *what)
{
        if (!holds && h->lawful)
                prop_note(h->p, "at %lld, change %lld: %s\n", (long long)h->now, (long long)h->seq, what);
        h->lawful &= holds;
}

/* Who resumes behind it is shown what differs. */
static void check_resume(struct history *h, int64_t resume)
{
        law(h, resume <= h->seq, "the resume position is in the future");
        for (int i = 0; i < PATHS; i++)
                law(h, h->last_change[i] > resume || h->shown[i] == h->value[i][h->seq],
                    "behind the resume position an instance would not be shown as it is");
}

static enum event_fate offer(void *ctx, const struct event_diff *d)
{
        struct history *h = ctx;
        int i = path_number(d->path), before = image_value(d->before), after = image_value(d->after);

        law(h, before == h->shown[i], "the previous instance is not what was looked at last");
        law(h, after == h->value[i][h->seq], "the target is not the latest state");
        law(h, before != after, "no difference is no event");
        law(h, d->since < d->seq && d->since <= d->resume, "since is behind the event");
        check_resume(h, d->since);
        if (!h->every && h->c.mode == EVENT_PROMPT)
                law(h, h->sent_at[i] < 0 || h->now - h->sent_at[i] >= SPACING, "two events inside a window");
        if (prop_one_in(h->p, 8))
                return EVENT_FULL;
        h->shown[i] = after;
        h->offered_at[i] = h->now;
        check_resume(h, d->resume);
        if (h->filtered && after == 2)
                return EVENT_PASSED;
        h->sent_at[i] = h->now;
        h->n_sent++;
        return EVENT_SENT;
}

static void change(struct history *h)
{
        int i = (int)prop_u64(h->p, PATHS - 1), from = h->value[i][h->seq], to = (int)prop_u64(h->p, 3);
        struct model_change ch = { 0 };
        bool quiet = h->sent_at[i] < 0 || h->now - h->sent_at[i] > SPACING;

        if (from == to)
                return;
        h->seq++;
        for (int k = 0; k < PATHS; k++)
                h->value[k][h->seq] = h->value[k][h->seq - 1];
        h->value[i][h->seq] = to;
        h->last_change[i] = h->seq;
        ch = (struct model_change){ h->seq, h->now, STR("A"), str_of(paths[i]), str_of(images[from]), str_of(images[to]) };
        for (int tries = 0; !coalesce_change(&h->c, &ch, h->now); tries++)
                law(h, tries < 1000, "refused for ever");
        if (h->c.mode != EVENT_INTERVAL && (h->every || quiet))
                law(h, h->offered_at[i] == h->now && h->shown[i] == to, "a change outside of a window was not offered at once");
}

static void tick(struct history *h)
{
        for (int tries = 0; !coalesce_tick(&h->c, h->now); tries++)
                law(h, tries < 1000, "full for ever");
        law(h, coalesce_due(&h->c) == TIME_NONE_US || coalesce_due(&h->c) > h->now, "what was due is still due");
}

/* Time passes; ticks come when they are due, as a timer's do. */
static void pass(struct history *h, int64_t us)
{
        int64_t until = h->now + us, due;

        while ((due = coalesce_due(&h->c)) != TIME_NONE_US && due <= until) {
                h->now = MAX(due, h->now);
                tick(h);
                if (h->c.mode == EVENT_INTERVAL) {
                        for (int i = 0; i < PATHS; i++)
                                law(h, h->shown[i] == h->value[i][h->seq], "a snapshot left something out");
                }
        }
        h->now = until;
}

static bool history_holds(struct prop *p, enum event_mode mode)
{
        struct history h = { .p = p, .lawful = true, .every = mode == EVENT_EVERY, .now = 1000 };
        int steps = (int)prop_u64(p, STEPS);

        h.filtered = prop_bool(p);
        for (int i = 0; i < PATHS; i++)
                h.sent_at[i] = h.offered_at[i] = -1;
        coalesce_init(&h.c, mode, SPACING, 1 << 20, h.now);
        h.c.offer = offer;
        h.c.ctx = &h;
        for (int i = 0; i < steps && h.lawful; i++) {
                if (prop_bool(p))
                        pass(&h, (int64_t)prop_u64(p, 2 * SPACING));
                change(&h);
        }
        pass(&h, 3 * SPACING);
        for (int i = 0; i < PATHS; i++)
                law(&h, h.shown[i] == h.value[i][h.seq], "it does not end with the latest state");
        law(&h, coalesce_resume(&h.c) == h.seq, "in the end everything was offered");
        law(&h, h.c.bytes == 0 && h.c.entries.n == 0, "an idle site has no open window");
        coalesce_fini(&h.c);
        return h.lawful;
}

static bool every_holds(struct prop *p)
{
        return history_holds(p, EVENT_EVERY);
}

static bool prompt_holds(struct prop *p)
{
        return history_holds(p, EVENT_PROMPT);
}

static bool interval_holds(struct prop *p)
{
        return history_holds(p, EVENT_INTERVAL);
}

/* With little room changes are refused, and all arrive when windows end and they are brought again. */
static bool room_is_bounded(struct prop *p)
{
        struct history h = { .p = p, .lawful = true, .now = 1000 };
        size_t most = 0;

        for (int i = 0; i < PATHS; i++)
                h.sent_at[i] = h.offered_at[i] = -1;
        coalesce_init(&h.c, prop_bool(p) ? EVENT_PROMPT : EVENT_INTERVAL, SPACING, 300, h.now);
        h.c.offer = offer;
        h.c.ctx = &h;
        for (int i = 0; i < PATHS && h.lawful; i++) {
                struct model_change ch = { i + 1, h.now, STR("A"), str_of(paths[i]), STR_NULL, STR("1") };

                for (int k = 0; k < PATHS; k++)
                        h.value[k][i + 1] = k <= i;
                h.seq = i + 1;
                h.last_change[i] = h.seq;
                for (int tries = 0; !coalesce_change(&h.c, &ch, h.now); tries++) {
                        h.seq = i;
                        pass(&h, SPACING);
                        h.seq = i + 1;
                        law(&h, tries < 1000, "refused for ever");
                        if (!h.lawful)
                                break;
                }
                most = MAX(most, h.c.bytes);
        }
        pass(&h, 3 * SPACING);
        law(&h, most < 700, "more than one entry beyond the limit");
        for (int i = 0; i < PATHS; i++)
                law(&h, h.shown[i] == 1, "something refused did not arrive");
        coalesce_fini(&h.c);
        return h.lawful;
}

static void test_every(void **state)
{
        assert_true(prop_check("every change is an event", 1000, every_holds));
}

static void test_prompt(void **state)
{
        assert_true(prop_check("prompt events are snapshot differences", 3000, prompt_holds));
}

static void test_interval(void **state)
{
        assert_true(prop_check("interval events are snapshot differences", 3000, interval_holds));
}

static void test_room(void **state)
{
        assert_true(prop_check("room is bounded and nothing is lost", 500, room_is_bounded));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every),
                cmocka_unit_test(test_prompt),
                cmocka_unit_test(test_interval),
                cmocka_unit_test(test_room),
        };

        return cmocka_run_group_tests_name("coalesce", tests, NULL, NULL);
}
