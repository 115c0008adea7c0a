/* SPDX-License-Identifier: Apache-2.0 */
/* bind_where - conditions: operators against types, constants fitted */
#include "wql/binder.h"

static struct str operand_word(const struct wql_operand *o)
{
        return o->kind == WQL_NAME ? o->name.parts[o->name.n - 1] : STR("the function");
}

/* ---- operands ---- */

static int fit_argument(struct wql_binder *b, struct wql_operand *o, enum cim_type type)
{
        const char *why;

        if (o->value.type == WQL_NULL ||
            wql_fit((struct wql_fit_to){ .type = type, .extended = true }, WQL_EQ, &o->value, &o->fitted, &why) < 0)
                return wql_invalid(b, o->at, "the function wants a %s", cim_type_name(type));
        return o->fitted.test == WQL_TEST_CONST ? 0 : wql_invalid(b, o->at, "that number is too large");
}

static bool is_number(const struct cim_property *p)
{
        return p && !p->array && p->type != CIM_STRING && p->type != CIM_REFERENCE && p->type != CIM_DATETIME &&
               p->type != CIM_OBJECT;
}

static bool is_text(const struct cim_property *p)
{
        return p && !p->array && (p->type == CIM_STRING || p->type == CIM_REFERENCE);
}

static int bind_argument(struct wql_binder *b, struct wql_operand *o, enum cim_type want)
{
        const struct cim_property *type;
        bool fits;

        if (o->kind == WQL_CONST)
                return fit_argument(b, o, want);
        if (wql_bind_operand(b, o, &type) < 0)
                return -1;
        fits = want == CIM_STRING ? is_text(type)
               : want == CIM_DATETIME ? type && !type->array && type->type == CIM_DATETIME
                                      : is_number(type) && type->type != CIM_REAL32 && type->type != CIM_REAL64;
        return fits ? 0 : wql_invalid(b, o->at, "the function wants a %s", cim_type_name(want));
}

static int bind_call(struct wql_binder *b, struct wql_operand *o, const struct cim_property **type_out)
{
        static const struct {
                enum cim_type args[3];
                const struct cim_property *gives;
        } functions[N_WQL_FUNCTIONS] = {
                [WQL_FN_GETDATE] = { { 0 }, &wql_type_time },
                [WQL_FN_DATEADD] = { { CIM_SINT64, CIM_DATETIME }, &wql_type_time },
                [WQL_FN_DATEDIFF] = { { CIM_DATETIME, CIM_DATETIME }, &wql_type_int },
                [WQL_FN_DATEPART] = { { CIM_DATETIME }, &wql_type_int },
                [WQL_FN_UPPER] = { { CIM_STRING }, &wql_type_text },
                [WQL_FN_LOWER] = { { CIM_STRING }, &wql_type_text },
                [WQL_FN_SUBSTRING] = { { CIM_STRING, CIM_SINT64, CIM_SINT64 }, &wql_type_text },
        };

        *type_out = functions[o->function].gives;
        for (size_t i = 0; i < o->n_args; i++) {
                if (bind_argument(b, o->args[i], functions[o->function].args[i]) < 0)
                        return -1;
        }
        return 0;
}

int wql_bind_operand(struct wql_binder *b, struct wql_operand *o, const struct cim_property **type_out)
{
        if (o->kind == WQL_CALL)
                return bind_call(b, o, type_out);
        if (o->kind == WQL_CONST)
                return wql_invalid(b, o->at, "a constant is no property");
        if (wql_bind_name(b, &o->name) < 0)
                return -1;
        *type_out = o->name.type;
        return 0;
}

/* ---- predicates ---- */

static int misfit(struct wql_binder *b, const struct wql_node *n, uint32_t at, const char *why)
{
        struct str word = operand_word(&n->left);

        return wql_invalid(b, at, "%.*s: %s", STR_ARG(word), why);
}

/* Arrays are for Extended WQL alone, where one element that fits is enough. */
static int check_array(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        if (!type || !type->array)
                return 0;
        if (b->out->dialect != WQL_DIALECT_EXTENDED || n->left.name.system)
                return misfit(b, n, n->left.at, "an array cannot be compared");
        n->any = true;
        return 0;
}

/* Inside an embedded object the value says what it is when it is seen; the fit only proved that the constant makes sense. */
static void leave_open(const struct wql_node *n, struct wql_bound *bound, enum wql_test test, enum wql_op op)
{
        if (n->left.kind == WQL_NAME && !n->left.name.system && wql_is_embedded(&n->left.name))
                *bound = (struct wql_bound){ .test = test, .op = op, .domain = WQL_AS_FOUND, .from = bound->from };
}

static int bind_const(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        bool extended = b->out->dialect == WQL_DIALECT_EXTENDED;
        const struct wql_const *c = &n->right.value;
        const char *why;
        int r;

        n->bound = (struct wql_bound){ .test = n->op == WQL_LIKE ? WQL_TEST_LIKE : WQL_TEST_CONST, .op = n->op,
                                       .domain = WQL_AS_FOUND, .from = c };
        if (n->left.kind == WQL_NAME && n->left.name.system == WQL_SYS_THIS)
                return misfit(b, n, n->at, "it is only ISA");
        if (c->type == WQL_NULL) {
                n->bound = (struct wql_bound){ .test = n->op == WQL_EQ ? WQL_TEST_NULL : WQL_TEST_NOT_NULL };
                return 0;
        }
        if (check_array(b, n, type) < 0)
                return -1;
        if (!type)
                return 0;
        r = n->op == WQL_LIKE ? wql_fit_like(wql_fit_to(type, extended), c, &n->bound, &why)
                              : wql_fit(wql_fit_to(type, extended), n->op, c, &n->bound, &why);
        if (r < 0)
                return misfit(b, n, n->right.at, why);
        leave_open(n, &n->bound, n->op == WQL_LIKE ? WQL_TEST_LIKE : WQL_TEST_CONST, n->op);
        return 0;
}

static bool fit_together(const struct cim_property *a, const struct cim_property *b)
{
        return (is_number(a) && is_number(b)) || (is_text(a) && is_text(b)) ||
               (a && b && !a->array && !b->array && a->type == CIM_DATETIME && b->type == CIM_DATETIME);
}

static int bind_pair(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        const struct cim_property *other;

        if (wql_bind_operand(b, &n->right, &other) < 0)
                return -1;
        n->bound = (struct wql_bound){ .test = WQL_TEST_PAIR, .op = n->op, .domain = WQL_AS_FOUND };
        if (!fit_together(type, other))
                return misfit(b, n, n->right.at, "the two sides are of types that cannot be compared");
        return 0;
}

static int bind_isa(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        const struct cim_class *c = b->out->schema->find(b->out->schema->ctx, n->right.value.s);
        bool is_this = n->left.kind == WQL_NAME && n->left.name.system == WQL_SYS_THIS;

        n->bound = (struct wql_bound){ .test = WQL_TEST_ISA, .domain = WQL_AS_OBJECT, .from = &n->right.value };
        if ((type && (type->type != CIM_OBJECT || type->array)) || (b->q->kind == WQL_SCHEMA && !is_this))
                return misfit(b, n, n->at, "ISA is for objects");
        if (c)
                return wql_subclasses(b->out->schema, c, false, b->a, &n->classes, &n->n_classes) < 0 ? wql_bind_nomem(b) : 0;
        if (b->q->kind == WQL_EVENT)
                return wql_fail(b->e, WBEM_E_INVALID_CLASS, n->right.at, "there is no class %.*s", STR_ARG(n->right.value.s));
        n->bound.test = WQL_TEST_FALSE;
        return 0;
}

static int bind_in(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        const char *why;

        n->bound = (struct wql_bound){ .test = WQL_TEST_IN };
        n->bounds = arena_array(b->a, n->n_items + 1, sizeof(*n->bounds));
        if (!n->bounds)
                return wql_bind_nomem(b);
        if (check_array(b, n, type) < 0)
                return -1;
        for (size_t i = 0; i < n->n_items; i++) {
                n->bounds[i] = (struct wql_bound){ .test = WQL_TEST_CONST, .op = WQL_EQ, .domain = WQL_AS_FOUND,
                                                   .from = &n->items[i] };
                if (!type && n->items[i].type == WQL_NULL)
                        n->bounds[i] = (struct wql_bound){ .test = WQL_TEST_NULL };
                if (type && wql_fit(wql_fit_to(type, true), WQL_EQ, &n->items[i], &n->bounds[i], &why) < 0)
                        return misfit(b, n, n->at, why);
                if (n->items[i].type != WQL_NULL)
                        leave_open(n, &n->bounds[i], WQL_TEST_CONST, WQL_EQ);
        }
        return 0;
}

static int bind_sub(struct wql_binder *b, struct wql_node *n, const struct cim_property *type)
{
        const struct cim_property *other;

        if (n->sub->kind != WQL_DATA)
                return wql_invalid(b, n->at, "a sub-select asks for data");
        if (wql_bind_select(b, n->sub) < 0)
                return -1;
        n->bound = (struct wql_bound){ .test = n->op == WQL_IN_SELECT ? WQL_TEST_IN_SELECT : WQL_TEST_SELECT, .op = n->op };
        if (wql_bind_operand(&(struct wql_binder){ .out = b->out, .q = n->sub, .a = b->a, .e = b->e },
                             &n->sub->items[0].operand, &other) < 0)
                return -1;
        if (!fit_together(type, other))
                return misfit(b, n, n->at, "the sub-select gives a type that cannot be compared with it");
        return 0;
}

static int bind_predicate(struct wql_binder *b, struct wql_node *n)
{
        const struct cim_property *type;

        if (wql_bind_operand(b, &n->left, &type) < 0)
                return -1;
        if (n->sub)
                return bind_sub(b, n, type);
        switch (n->op) {
        case WQL_IS_NULL:
                if (n->left.kind == WQL_NAME && n->left.name.system == WQL_SYS_THIS)
                        return misfit(b, n, n->at, "it is only ISA");
                n->bound = (struct wql_bound){ .test = n->negated ? WQL_TEST_NOT_NULL : WQL_TEST_NULL };
                return 0;
        case WQL_ISA:
                return bind_isa(b, n, type);
        case WQL_IN:
                return bind_in(b, n, type);
        default:
                return n->right.kind == WQL_CONST ? bind_const(b, n, type) : bind_pair(b, n, type);
        }
}

int wql_bind_where(struct wql_binder *b, struct wql_node *n)
{
        if (n->op != WQL_AND && n->op != WQL_OR && n->op != WQL_NOT)
                return bind_predicate(b, n);
        for (struct wql_node *c = n->child; c; c = c->next) {
                if (wql_bind_where(b, c) < 0)
                        return -1;
        }
        return 0;
}
