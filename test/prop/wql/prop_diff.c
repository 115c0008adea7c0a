/* SPDX-License-Identifier: Apache-2.0 */
/* prop_diff - laws of snapshots and the events between them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "catalog_text.h"
#include "lib/prop.h"
#include "wql/diff.h"
#include "wql_catalog.h"

static struct catalog catalog;

enum { MOST = 8 };
struct shot {
        const struct cim_instance *items[MOST];
        size_t n;
};

static struct cim_instance *thing(struct arena *a, struct str class, const char *id, int64_t size)
{
        struct cim_instance *i = cim_instance_new(catalog.schema.find(&catalog, class), a);

        cim_set_str(i, "Id", str_of(id));
        cim_set_i64(i, "Size", size);
        return i;
}

/* Some of eight objects, each with one of three sizes. */
static void random_shot(struct prop *p, struct arena *a, struct shot *out)
{
        static const char *const ids[] = { "a", "b", "c", "d" };

        out->n = 0;
        for (size_t i = 0; i < MOST; i++) {
                if (prop_bool(p))
                        out->items[out->n++] = thing(a, i % 2 ? STR("P_More") : STR("P_Thing"), ids[i / 2], prop_range(p, 0, 2));
        }
}

static struct wql_snapshot snapshot(const struct shot *s)
{
        return (struct wql_snapshot){ s->items, s->n };
}

struct events {
        struct wql_event items[2 * MOST];
        size_t n;
        const struct wql_program *filter;       /* NULL: all are kept */
};

static void keep(void *ctx, const struct wql_event *ev)
{
        struct events *e = ctx;

        if (!e->filter || wql_event_matches(e->filter, ev))
                e->items[e->n++] = *ev;
}

static bool is_same_object(const struct cim_instance *a, const struct cim_instance *b)
{
        return a->class == b->class && str_eq(cim_get(a, "Id")->s, cim_get(b, "Id")->s);
}

/* ---- laws ---- */

static bool nothing_changes_nothing(struct prop *p)
{
        struct events e = { 0 };
        struct arena a;
        struct shot s;
        bool ok;

        arena_init(&a, 0);
        random_shot(p, &a, &s);
        ok = wql_diff(NULL, snapshot(&s), snapshot(&s), keep, &e) == 0 && e.n == 0;
        arena_fini(&a);
        return ok;
}

static void apply(struct shot *s, const struct wql_event *ev)
{
        for (size_t i = 0; i < s->n; i++) {
                if (!is_same_object(s->items[i], ev->target))
                        continue;
                if (ev->change == WQL_DELETION)
                        s->items[i] = s->items[--s->n];
                else
                        s->items[i] = ev->target;
                return;
        }
        s->items[s->n++] = ev->target;
}

static bool events_lead_from_one_to_the_other(struct prop *p)
{
        struct events e = { 0 }, left = { 0 };
        struct shot before, now;
        struct arena a;
        bool ok;

        arena_init(&a, 0);
        random_shot(p, &a, &before);
        random_shot(p, &a, &now);
        ok = wql_diff(NULL, snapshot(&before), snapshot(&now), keep, &e) == 0;
        for (size_t i = 0; i < e.n; i++)
                apply(&before, &e.items[i]);
        ok = ok && before.n == now.n && wql_diff(NULL, snapshot(&before), snapshot(&now), keep, &left) == 0 && left.n == 0;
        arena_fini(&a);
        return ok;
}

static bool the_way_back_is_the_mirror(struct prop *p)
{
        static const enum wql_change mirror[] = { [WQL_CREATION] = WQL_DELETION, [WQL_MODIFICATION] = WQL_MODIFICATION,
                                                  [WQL_DELETION] = WQL_CREATION };
        struct events there = { 0 }, back = { 0 };
        struct shot before, now;
        struct arena a;
        bool ok;

        arena_init(&a, 0);
        random_shot(p, &a, &before);
        random_shot(p, &a, &now);
        ok = wql_diff(NULL, snapshot(&before), snapshot(&now), keep, &there) == 0 &&
             wql_diff(NULL, snapshot(&now), snapshot(&before), keep, &back) == 0 && there.n == back.n;
        for (size_t i = 0; ok && i < there.n; i++) {
                size_t k = 0;

                while (k < back.n && !(back.items[k].change == mirror[there.items[i].change] &&
                                       is_same_object(back.items[k].target, there.items[i].target)))
                        k++;
                ok = k < back.n;
        }
        arena_fini(&a);
        return ok;
}

static bool filtering_then_or_now_is_the_same(struct prop *p)
{
        static const char *const queries[] = {
                "SELECT * FROM __InstanceOperationEvent WITHIN 1 WHERE TargetInstance ISA 'P_Thing' AND TargetInstance.Size > 0",
                "SELECT * FROM __InstanceModificationEvent WITHIN 1 WHERE TargetInstance ISA 'P_Base' AND PreviousInstance.Size = 1",
                "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance.__CLASS = 'P_More'",
                "SELECT * FROM __InstanceDeletionEvent WITHIN 1 WHERE TargetInstance ISA 'P_More' AND NOT TargetInstance.Id = 'B'",
        };
        struct events inside = { 0 }, outside = { 0 };
        struct wql_error e = { 0 };
        struct wql_binding *b;
        struct wql_program *program;
        struct shot before, now;
        struct arena a;
        bool ok;

        arena_init(&a, 0);
        ok = wql_prepare(str_of(queries[prop_u64(p, ARRAY_SIZE(queries) - 1)]), &catalog.schema, WQL_DIALECT_EVENT, &a, &b, &e) == 0 &&
             wql_compile(b, b->query->where, 0, &a, &program, &e) == 0;
        prop_note(p, "%s", e.text);
        random_shot(p, &a, &before);
        random_shot(p, &a, &now);
        if (ok) {
                outside.filter = program;
                ok = wql_diff(program, snapshot(&before), snapshot(&now), keep, &inside) == 0 &&
                     wql_diff(NULL, snapshot(&before), snapshot(&now), keep, &outside) == 0 && inside.n == outside.n &&
                     memcmp(inside.items, outside.items, inside.n * sizeof(inside.items[0])) == 0;
        }
        arena_fini(&a);
        return ok;
}

static void laws(void **state)
{
        assert_true(prop_check("nothing changes nothing", 300, nothing_changes_nothing));
        assert_true(prop_check("events lead from one to the other", 1000, events_lead_from_one_to_the_other));
        assert_true(prop_check("the way back is the mirror", 1000, the_way_back_is_the_mirror));
        assert_true(prop_check("filtering then or now is the same", 1000, filtering_then_or_now_is_the_same));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };
        json_t *classes = json_loads(CATALOG_TEXT, 0, NULL);
        int r = 1;

        if (classes && catalog_load(&catalog, classes)) {
                r = cmocka_run_group_tests_name("wql-diff", tests, NULL, NULL);
                catalog_fini(&catalog);
        }
        json_decref(classes);
        return r;
}
