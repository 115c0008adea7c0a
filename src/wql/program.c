/* SPDX-License-Identifier: Apache-2.0 */
/* program - a tree of AND, OR and NOT into tests and jumps, from the last to the first */
#include "wql/program.h"

#include "wql/parser.h"

static size_t count(const struct wql_node *n)
{
        size_t sum = 0;

        if (n->op != WQL_AND && n->op != WQL_OR && n->op != WQL_NOT)
                return 1;
        for (const struct wql_node *c = n->child; c; c = c->next)
                sum += count(c);
        return sum;
}

static bool is_matchable(const struct wql_node *n)
{
        if (n->op != WQL_AND && n->op != WQL_OR && n->op != WQL_NOT)
                return !n->sub;
        for (const struct wql_node *c = n->child; c; c = c->next) {
                if (!is_matchable(c))
                        return false;
        }
        return true;
}

struct compiler {
        struct wql_step *steps;
        size_t at;                      /* steps from here on are made */
};

static int32_t compile(struct compiler *c, const struct wql_node *n, int32_t yes, int32_t no);

/* The last child goes to the targets, each one before it to its next sibling. */
static int32_t compile_list(struct compiler *c, const struct wql_node *n, bool is_and, int32_t yes, int32_t no)
{
        const struct wql_node *done = NULL;
        int32_t next = 0;

        while (done != n->child) {
                const struct wql_node *child = n->child;

                while (child->next != done)
                        child = child->next;
                if (!done)
                        next = compile(c, child, yes, no);
                else
                        next = is_and ? compile(c, child, next, no) : compile(c, child, yes, next);
                done = child;
        }
        return next;
}

static int32_t compile(struct compiler *c, const struct wql_node *n, int32_t yes, int32_t no)
{
        bool negated = n->negated && n->op != WQL_IS_NULL;

        if (n->op == WQL_NOT)
                return compile(c, n->child, no, yes);
        if (n->op == WQL_AND || n->op == WQL_OR)
                return compile_list(c, n, n->op == WQL_AND, yes, no);
        c->steps[--c->at] = (struct wql_step){ n, negated ? no : yes, negated ? yes : no };
        return (int32_t)c->at;
}

int wql_compile(const struct wql_binding *b, const struct wql_node *where, int64_t now_us, struct arena *a,
                struct wql_program **out, struct wql_error *e)
{
        struct wql_program *p = arena_alloc(a, sizeof(*p));
        struct compiler c = { .at = where ? count(where) : 0 };

        if (where && !is_matchable(where))
                return wql_fail(e, WBEM_E_INVALID_QUERY, where->at, "a sub-select cannot be matched object by object");
        c.steps = arena_array(a, c.at + 1, sizeof(*c.steps));
        if (!p || !c.steps)
                return wql_fail(e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
        *p = (struct wql_program){ .binding = b, .steps = c.steps, .n_steps = c.at, .start = WQL_ACCEPT, .now_us = now_us };
        if (where)
                p->start = compile(&c, where, WQL_ACCEPT, WQL_REJECT);
        *out = p;
        return 0;
}

static void print_target(int32_t t, struct buf *out)
{
        if (t == WQL_ACCEPT)
                buf_addz(out, "accept");
        else if (t == WQL_REJECT)
                buf_addz(out, "reject");
        else
                buf_printf(out, "%d", t);
}

void wql_program_print(const struct wql_program *p, struct buf *out)
{
        if (!p->n_steps)
                buf_addz(out, "accept\n");
        for (size_t i = 0; i < p->n_steps; i++) {
                struct wql_node plain = *p->steps[i].test;

                if (plain.op != WQL_IS_NULL)
                        plain.negated = false;
                buf_printf(out, "%zu: ", i);
                wql_print_expr(&plain, out);
                buf_addz(out, " ? ");
                print_target(p->steps[i].on_true, out);
                buf_addz(out, " : ");
                print_target(p->steps[i].on_false, out);
                buf_addc(out, '\n');
        }
}
