/* SPDX-License-Identifier: Apache-2.0 */
/* prop_print - parsing what was printed of a random tree gives the tree again */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "lib/prop.h"
#include "wql/wql.h"

static const char *const names[] = { "A", "Name", "PackageID", "__CLASS", "b2", "\xc3\xa4", "x_y" };

static struct str pick(struct prop *p)
{
        return str_of(names[prop_u64(p, ARRAY_SIZE(names) - 1)]);
}

static struct wql_name random_name(struct prop *p, size_t most)
{
        struct wql_name n = { .n = 1 + prop_u64(p, most - 1) };

        for (size_t i = 0; i < n.n; i++)
                n.parts[i] = pick(p);
        return n;
}

static struct wql_const random_const(struct prop *p, struct arena *a)
{
        struct wql_const c = { .type = (enum wql_const_type)(1 + prop_u64(p, 3)) };

        c.b = c.type == WQL_BOOL && prop_bool(p);
        c.magnitude = prop_u64(p, UINT64_MAX);
        if (c.type == WQL_INT)
                c.s = str_of(arena_printf(a, "%s%llu", prop_bool(p) ? "-" : "", (unsigned long long)c.magnitude));
        else if (c.type == WQL_REAL)
                c.s = str_of(arena_printf(a, "%llu.%llu", (unsigned long long)c.magnitude % 1000, (unsigned long long)c.magnitude % 7));
        else if (c.type == WQL_STRING)
                c.s = prop_str(p, a, 12, "abAB \"'\\%_[]{}.=");
        return c;
}

static void random_predicate(struct prop *p, struct arena *a, struct wql_node *n)
{
        n->left = (struct wql_operand){ .kind = WQL_NAME, .name = random_name(p, 3) };
        n->right = (struct wql_operand){ .kind = WQL_CONST };
        switch (prop_u64(p, 5)) {
        case 0:
                n->op = WQL_IS_NULL;
                n->negated = prop_bool(p);
                break;
        case 1:
                n->op = WQL_LIKE;
                n->negated = prop_bool(p);
                n->right.value = (struct wql_const){ .type = WQL_STRING, .s = prop_str(p, a, 9, "ab%_[]^\\'") };
                break;
        case 2:
                n->op = WQL_ISA;
                n->right.value = (struct wql_const){ .type = WQL_STRING, .s = pick(p) };
                break;
        case 3:
                n->op = WQL_IN;
                n->negated = prop_bool(p);
                n->n_items = 1 + prop_u64(p, 3);
                n->items = arena_array(a, n->n_items, sizeof(*n->items));
                for (size_t i = 0; i < n->n_items; i++)
                        n->items[i] = random_const(p, a);
                break;
        default:
                n->op = (enum wql_op)prop_range(p, WQL_EQ, WQL_GE);
                if (prop_one_in(p, 4))
                        n->right = (struct wql_operand){ .kind = WQL_NAME, .name = random_name(p, 2) };
                else
                        n->right.value = random_const(p, a);
        }
}

/* AND within AND is one AND, as the parser makes it. */
static struct wql_node *random_node(struct prop *p, struct arena *a, unsigned depth, enum wql_op parent)
{
        struct wql_node *n = arena_alloc(a, sizeof(*n)), **tail;
        uint64_t what = depth ? prop_u64(p, 4) : 0;

        if (what == 1) {
                n->op = WQL_NOT;
                n->child = random_node(p, a, depth - 1, WQL_NOT);
        } else if (what >= 2) {
                n->op = parent == WQL_AND ? WQL_OR : parent == WQL_OR ? WQL_AND : what == 2 ? WQL_AND : WQL_OR;
                tail = &n->child;
                for (size_t i = 2 + prop_u64(p, 2); i; i--) {
                        *tail = random_node(p, a, depth - 1, n->op);
                        tail = &(*tail)->next;
                }
        } else {
                random_predicate(p, a, n);
        }
        return n;
}

static bool same_name(const struct wql_name *a, const struct wql_name *b)
{
        bool same = a->n == b->n;

        for (size_t i = 0; same && i < a->n; i++)
                same = str_eq(a->parts[i], b->parts[i]);
        return same;
}

static bool same_const(const struct wql_const *a, const struct wql_const *b)
{
        return a->type == b->type && (a->type == WQL_BOOL ? a->b == b->b : a->type == WQL_NULL || str_eq(a->s, b->s));
}

static bool same_operand(const struct wql_operand *a, const struct wql_operand *b)
{
        return a->kind == b->kind && (a->kind == WQL_NAME ? same_name(&a->name, &b->name) : same_const(&a->value, &b->value));
}

static bool same_node(const struct wql_node *a, const struct wql_node *b)
{
        if (!a || !b)
                return a == b;
        if (a->op != b->op || a->negated != b->negated || a->n_items != b->n_items || !same_node(a->next, b->next))
                return false;
        if (a->op == WQL_AND || a->op == WQL_OR || a->op == WQL_NOT)
                return same_node(a->child, b->child);
        for (size_t i = 0; i < a->n_items; i++) {
                if (!same_const(&a->items[i], &b->items[i]))
                        return false;
        }
        return same_operand(&a->left, &b->left) && (a->op == WQL_IS_NULL || a->op == WQL_IN || same_operand(&a->right, &b->right));
}

static bool printing_is_undone(struct prop *p)
{
        struct wql_query q = { .kind = WQL_DATA, .star = prop_bool(p), .n_sources = 1 }, *back = NULL;
        struct wql_item items[3] = { { .kind = WQL_ITEM_OPERAND } };
        struct wql_order order = { .descending = prop_bool(p) };
        struct wql_error e = { 0 };
        struct arena a;
        struct buf b;
        bool ok;

        arena_init(&a, 0);
        buf_init(&b, 0);
        q.items = items;
        q.n_items = q.star ? 0 : 1 + prop_u64(p, 2);
        for (size_t i = 0; i < q.n_items; i++)
                items[i] = (struct wql_item){ .operand = { .kind = WQL_NAME, .name = random_name(p, 2) } };
        q.sources[0] = (struct wql_source){ .class_name = pick(p), .alias = prop_bool(p) ? pick(p) : STR_NULL };
        q.where = prop_one_in(p, 8) ? NULL : random_node(p, &a, 4, WQL_NOT);
        order.name = random_name(p, 2);
        q.orders = &order;
        q.n_orders = prop_bool(p);
        wql_print(&q, &b);
        prop_note(p, "%s", b.p);
        ok = wql_parse(buf_str(&b), WQL_DIALECT_EXTENDED, &a, &back, &e) == 0 && same_node(q.where, back->where) &&
             back->star == q.star && back->n_items == q.n_items && back->n_orders == q.n_orders &&
             str_eq(back->sources[0].class_name, q.sources[0].class_name) && str_eq(back->sources[0].alias, q.sources[0].alias) &&
             (!q.n_orders || (same_name(&back->orders[0].name, &order.name) && back->orders[0].descending == order.descending));
        for (size_t i = 0; ok && i < q.n_items; i++)
                ok = same_operand(&items[i].operand, &back->items[i].operand);
        prop_note(p, "%s", e.text);
        buf_fini(&b);
        arena_fini(&a);
        return ok;
}

static void laws(void **state)
{
        assert_true(prop_check("printing is undone by parsing", 2000, printing_is_undone));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(laws) };

        return cmocka_run_group_tests_name("wql-print", tests, NULL, NULL);
}
