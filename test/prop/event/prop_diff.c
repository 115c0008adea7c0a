/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_diff - for random histories and queries, the events of a subscription are wql_diff() of the snapshots
 *
 * One way: each change goes through the coalescing machine and the filter, as it does in the daemon.  The other:
 * at each tick all instances before and now are compared by WQL's own diff.  Neither knows of the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "event/filter.h"
#include "lib/prop.h"
#include "wql/diff.h"

enum { PACKAGES = 3, TICKS = 6, CHANGES = 5, SPACING = 10 };

#define ABOUT " WITHIN 5 WHERE TargetInstance ISA 'SMS_Package'"
static const char *const queries[] = {
        "SELECT * FROM __InstanceOperationEvent" ABOUT,
        "SELECT * FROM __InstanceCreationEvent" ABOUT " AND TargetInstance.Priority > 1",
        "SELECT * FROM __InstanceModificationEvent" ABOUT " AND PreviousInstance.Name LIKE '[^b]%' AND TargetInstance.Name = 'BEAR'",
        "SELECT * FROM __InstanceModificationEvent" ABOUT " AND PreviousInstance.Priority = 1 AND TargetInstance.Priority = 2",
        "SELECT * FROM __InstanceDeletionEvent" ABOUT " AND TargetInstance.Name LIKE 'b%'",
        "SELECT * FROM __InstanceOperationEvent" ABOUT " AND TargetInstance.PackageID = 'p0100002'",
        "SELECT * FROM __InstanceModificationEvent" ABOUT " AND (NOT TargetInstance.Name = 'A' OR PreviousInstance.Priority = 3)",
};

/* ---- random queries ---- */

static void write_predicate(struct prop *p, struct buf *b, bool modification)
{
        static const char *const names[] = { "'A'", "'a'", "'BEAR'", "'c'" };
        static const char *const patterns[] = { "'b%'", "'[^b]%'", "'_'", "'%A%'", "''" };
        static const char *const numbers[] = { "=", "<>", "<", ">=" };
        const char *root = modification && prop_bool(p) ? "PreviousInstance" : "TargetInstance";

        switch (prop_u64(p, 5)) {
        case 0: buf_printf(b, "%s.Name %s %s", root, prop_bool(p) ? "=" : "<>", names[prop_u64(p, 3)]); break;
        case 1: buf_printf(b, "%s.Name LIKE %s", root, patterns[prop_u64(p, 4)]); break;
        case 2: buf_printf(b, "%s.Description IS %sNULL", root, prop_bool(p) ? "NOT " : ""); break;
        case 3: buf_printf(b, "%s.PackageID = 'P010000%u'", root, (unsigned)prop_range(p, 1, PACKAGES)); break;
        case 4: buf_printf(b, "%llu > %s.Priority", (unsigned long long)prop_range(p, 1, 3), root); break;
        default: buf_printf(b, "%s.Priority %s %u", root, numbers[prop_u64(p, 3)], (unsigned)prop_range(p, 1, 3));
        }
}

static void write_condition(struct prop *p, struct buf *b, bool modification, unsigned depth)
{
        size_t n = depth ? prop_u64(p, 3) : 0;

        if (prop_one_in(p, 4))
                buf_addz(b, "NOT ");
        if (n < 2) {
                write_predicate(p, b, modification);
                return;
        }
        buf_addc(b, '(');
        for (size_t i = 0; i < n; i++) {
                buf_addz(b, i ? (prop_bool(p) ? " AND " : " OR ") : "");
                write_condition(p, b, modification, depth - 1);
        }
        buf_addc(b, ')');
}

static void write_query(struct prop *p, struct buf *b)
{
        static const char *const kinds[] = { "Operation", "Creation", "Modification", "Deletion" };
        static const char *const classes[] = { "ISA 'SMS_Package'", "ISA 'SMS_PackageBaseclass'", "ISA SMS_BaseClass" };
        size_t kind = prop_u64(p, 3);

        if (prop_one_in(p, 4)) {
                buf_addz(b, queries[prop_u64(p, ARRAY_SIZE(queries) - 1)]);
                return;
        }
        buf_printf(b, "SELECT * FROM __Instance%sEvent WITHIN 5 WHERE ", kinds[kind]);
        if (prop_one_in(p, 4))
                buf_addz(b, "TargetInstance.__CLASS = 'SMS_Package' AND ");
        else
                buf_printf(b, "TargetInstance %s AND ", classes[prop_u64(p, 2)]);
        write_condition(p, b, kind == 2, 2);
}

/* ---- random histories ---- */

struct package {
        bool there;
        unsigned name, priority;
        bool described;
};
struct world {
        struct event_filter *filter;
        struct package now[PACKAGES];
        const char *got[PACKAGES], *expected[PACKAGES];
        bool once;                      /* at most one event a package and tick */
};

static int number_of(struct str path)
{
        return path.p[strlen("SMS_Package.PackageID=\"P010000")] - '1';
}

static void note(struct world *w, const char **where, int i, const char *event)
{
        w->once &= !where[i];
        where[i] = event;
}

static enum event_fate offer(void *ctx, const struct event_diff *d)
{
        const struct cim_class *events[EVENTS_OF_A_CHANGE];
        struct world *w = ctx;
        size_t n = event_filter_match(w->filter, d, events);

        for (size_t i = 0; i < n; i++)
                note(w, w->got, number_of(d->path), events[i]->name);
        return n ? EVENT_SENT : EVENT_PASSED;
}

static void expect(void *ctx, const struct wql_event *ev)
{
        struct world *w = ctx;
        struct str id = cim_get(ev->target, "PackageID")->s;

        note(w, w->expected, id.p[id.n - 1] - '1', wql_change_class(ev->change));
}

static struct str image(const struct package *p, int i, char *room, size_t size)
{
        static const char *const names[] = { "A", "a", "b", "Bear" };

        if (!p->there)
                return STR_NULL;
        snprintf(room, size, "{\"PackageID\":\"P010000%d\",\"Name\":\"%s\",\"Priority\":%u,\"Description\":%s}", i + 1, names[p->name],
                 p->priority, p->described ? "\"x\"" : "null");
        return str_of(room);
}

static void change(struct world *w, struct coalesce *c, struct prop *p, int64_t seq, int64_t now)
{
        char path[64], room[2][128];
        int i = (int)prop_u64(p, PACKAGES - 1);
        struct model_change ch = { .seq = seq, .class_name = STR("SMS_Package") };
        struct package *at = &w->now[i];

        snprintf(path, sizeof(path), "SMS_Package.PackageID=\"P010000%d\"", i + 1);
        ch.path = str_of(path);
        ch.before = image(at, i, room[0], sizeof(room[0]));
        at->there = !prop_one_in(p, 3);
        at->name = (unsigned)prop_u64(p, 3);
        at->priority = (unsigned)prop_range(p, 1, 3);
        at->described = prop_bool(p);
        ch.after = image(at, i, room[1], sizeof(room[1]));
        if (ch.before.p || ch.after.p)
                (void)!coalesce_change(c, &ch, now);
}

/* All there are, as instances. */
static struct wql_snapshot snapshot(const struct package *p, struct arena *a)
{
        const struct cim_instance **items = arena_array(a, PACKAGES, sizeof(*items));
        struct wql_snapshot out = { items, 0 };
        struct err e = { 0 };

        for (int i = 0; i < PACKAGES && items; i++) {
                struct cim_instance *one;
                char room[128];
                struct str json = image(&p[i], i, room, sizeof(room));

                if (json.p && cim_json_read(cim_class_find(STR("SMS_Package")), json, a, &one, &e) == 0)
                        items[out.n++] = one;
        }
        return out;
}

static bool tick_holds(struct world *w, struct coalesce *c, struct prop *p, const struct wql_program *program, int64_t now,
                       int64_t *seq)
{
        struct package before[PACKAGES];
        bool same = true;
        struct arena a;

        arena_init(&a, 0);
        memcpy(before, w->now, sizeof(before));
        memset(w->got, 0, sizeof(w->got));
        memset(w->expected, 0, sizeof(w->expected));
        for (size_t n = prop_u64(p, CHANGES); n; n--)
                change(w, c, p, ++*seq, now - SPACING / 2);
        same = coalesce_tick(c, now) && wql_diff(program, snapshot(before, &a), snapshot(w->now, &a), expect, w) == 0;
        for (int i = 0; i < PACKAGES; i++) {
                same &= w->got[i] ? w->expected[i] && strcmp(w->got[i], w->expected[i]) == 0 : !w->expected[i];
                if (!same)
                        prop_note(p, "P010000%d: %s, by diff %s\n", i + 1, w->got[i] ? w->got[i] : "none",
                                  w->expected[i] ? w->expected[i] : "none");
        }
        arena_fini(&a);
        return same && w->once;
}

static bool events_are_the_diff(struct prop *p)
{
        struct world w = { .once = true };
        struct buf text;
        struct str query;
        struct wql_binding *binding;
        struct wql_program *program;
        struct event_filters *all;
        struct wql_error e = { 0 };
        struct coalesce c;
        struct arena a;
        int64_t now = 1000, seq = 0;
        bool holds;

        arena_init(&a, 0);
        buf_init(&text, 0);
        write_query(p, &text);
        query = buf_str(&text);
        holds = event_filters_new(&all) == 0 && event_filter_get(all, query, &w.filter, &e) == 0 &&
                wql_prepare(query, &wql_schema_site, WQL_DIALECT_EVENT, &a, &binding, &e) == 0 &&
                wql_compile(binding, binding->query->where, 0, &a, &program, &e) == 0;
        coalesce_init(&c, EVENT_INTERVAL, SPACING, 1 << 20, now);
        c.offer = offer;
        c.ctx = &w;
        for (int i = 0; i < TICKS && holds; i++)
                holds = tick_holds(&w, &c, p, program, now += SPACING, &seq);
        if (!holds)
                prop_note(p, "%.*s %s\n", STR_ARG(query), e.text);
        coalesce_fini(&c);
        event_filter_put(w.filter);
        event_filters_free(all);
        buf_fini(&text);
        arena_fini(&a);
        return holds;
}

static void test_diff(void **state)
{
        assert_true(prop_check("events are the diff of snapshots", 500, events_are_the_diff));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_diff) };

        return cmocka_run_group_tests_name("event-diff", tests, NULL, NULL);
}
