/* SPDX-License-Identifier: Apache-2.0 */
/* match - one object against a program */
#include "base/fold.h"
#include "wql/datetime.h"
#include "wql/program.h"

/* ---- system properties ---- */

static struct wql_variant text(struct str s)
{
        return (struct wql_variant){ .type = s.p ? WQL_IS_TEXT : WQL_IS_NULL_VALUE, .s = s };
}

static struct wql_variant number(int64_t n)
{
        return (struct wql_variant){ .type = WQL_IS_INT, .i = n };
}

static struct wql_variant path_of(const struct cim_instance *i, const struct wql_object *o, bool absolute, struct arena *a)
{
        struct buf b;
        struct str s = STR_NULL;

        if (absolute && (!o->ns.p || !o->server.p))
                return text(STR_NULL);
        buf_init(&b, 2 * CIM_PATH_MAX);
        if (absolute)
                buf_printf(&b, "\\\\%.*s\\%.*s:", STR_ARG(o->server), STR_ARG(o->ns));
        if (!i->values)
                buf_addz(&b, i->class->name);
        if ((!i->values || (i->class->n_keys && cim_path_format(i, &b) == 0)) && !b.failed)
                s = arena_str(a, buf_str(&b));
        buf_fini(&b);
        return text(s);
}

static struct wql_variant load_system(enum wql_system which, const struct cim_instance *i, const struct wql_object *o,
                                      struct arena *a)
{
        const struct cim_class *c = i->class;

        switch (which) {
        case WQL_SYS_CLASS:
                return text(str_of(c->name));
        case WQL_SYS_SUPERCLASS:
                return text(c->super ? str_of(c->super->name) : STR_NULL);
        case WQL_SYS_DYNASTY:
                while (c->super)
                        c = c->super;
                return text(str_of(c->name));
        case WQL_SYS_GENUS:
                return number(i->values ? 2 : 1);
        case WQL_SYS_PROPERTY_COUNT:
                return number((int64_t)c->n_properties);
        case WQL_SYS_NAMESPACE:
                return text(o->ns);
        case WQL_SYS_SERVER:
                return text(o->server);
        case WQL_SYS_PATH:
        case WQL_SYS_RELPATH:
                return path_of(i, o, which == WQL_SYS_PATH, a);
        case WQL_SYS_THIS:
                return (struct wql_variant){ .type = WQL_IS_OBJECT, .instance = i };
        default:
                return (struct wql_variant){ 0 };
        }
}

/* ---- names ---- */

static const struct cim_instance *root_of(const struct wql_name *n, const struct wql_object *o)
{
        return n->root == WQL_ROOT_TARGET ? o->target : n->root == WQL_ROOT_PREVIOUS ? o->previous : o->self;
}

/* The ordinal holds for the class it was bound to and all derived of it; else the name is looked up. */
static int ordinal_in(const struct wql_name *n, const struct cim_class *c)
{
        if (n->property >= 0 && cim_class_isa(c, n->class))
                return n->property;
        return cim_property_find(c, n->parts[n->first]);
}

struct wql_variant wql_load(const struct wql_name *n, const struct wql_object *o, struct arena *a)
{
        const struct cim_instance *i = root_of(n, o);
        struct wql_variant v = { 0 };
        int k;

        if (!i)
                return v;
        if (n->first == n->n)
                return (struct wql_variant){ .type = WQL_IS_OBJECT, .instance = i };
        if (n->system)
                return load_system(n->system, i, o, a);
        k = ordinal_in(n, i->class);
        if (k < 0 || !i->values)
                return v;
        v = wql_variant_of(&i->class->properties[k], &i->values[k]);
        if (!wql_is_embedded(n))
                return v;
        if (v.type != WQL_IS_OBJECT)
                return (struct wql_variant){ 0 };
        return wql_member(v.s, n->parts + n->first + 1, n->n - n->first - 1u, a);
}

/* ---- functions of Extended WQL ---- */

struct matcher {
        const struct wql_program *p;
        const struct wql_object *o;
        struct arena *a;
};

static struct wql_variant load_operand(struct matcher *m, const struct wql_operand *op);

static struct wql_variant load_const(const struct wql_bound *b)
{
        switch (b->domain) {
        case WQL_AS_TIME:
                return (struct wql_variant){ .type = WQL_IS_TIME, .i = b->i };
        case WQL_AS_TEXT:
                return text(b->s);
        default:
                return number(b->i);
        }
}

static struct wql_variant changed(struct matcher *m, struct str s, void (*change)(struct str s, struct buf *out))
{
        struct wql_variant v;
        struct buf b;

        buf_init(&b, 0);
        change(s, &b);
        v = text(b.failed ? STR_NULL : arena_str(m->a, buf_str(&b)));
        buf_fini(&b);
        return v;
}

struct str wql_substring(struct str s, int64_t start, int64_t length)
{
        size_t at = 0, from;
        int64_t end;

        if (length < 0 || __builtin_add_overflow(start, length, &end))
                end = length < 0 ? start : INT64_MAX;
        for (int64_t i = 1; i < start && at < s.n; i++)
                (void)fold_next(s, &at);
        from = at;
        for (int64_t i = MAX(start, 1); i < end && at < s.n; i++)
                (void)fold_next(s, &at);
        return (struct str){ s.p + from, at - from };
}

static struct wql_variant call(struct matcher *m, const struct wql_operand *op)
{
        struct wql_variant args[3] = { 0 }, time = { .type = WQL_IS_TIME };

        for (size_t i = 0; i < op->n_args; i++) {
                args[i] = load_operand(m, op->args[i]);
                if (args[i].type == WQL_IS_NULL_VALUE)
                        return args[i];
        }
        switch (op->function) {
        case WQL_FN_GETDATE:
                time.i = m->p->now_us;
                return time;
        case WQL_FN_DATEADD:
                if (!wql_time_add(op->part, args[0].i, args[1].i, &time.i))
                        time.type = WQL_IS_NULL_VALUE;
                return time;
        case WQL_FN_DATEDIFF:
                return number(wql_time_diff(op->part, args[0].i, args[1].i));
        case WQL_FN_DATEPART:
                return number(wql_time_part(op->part, args[0].i));
        case WQL_FN_UPPER:
                return changed(m, args[0].s, fold_upper_text);
        case WQL_FN_LOWER:
                return changed(m, args[0].s, fold_lower_text);
        default:
                return text(wql_substring(args[0].s, args[1].i, args[2].i));
        }
}

static struct wql_variant load_operand(struct matcher *m, const struct wql_operand *op)
{
        if (op->kind == WQL_CALL)
                return call(m, op);
        if (op->kind == WQL_CONST)
                return load_const(&op->fitted);
        return wql_load(&op->name, m->o, m->a);
}

/* ---- tests ---- */

static bool is_of(struct matcher *m, const struct wql_node *n, const struct wql_variant *v)
{
        struct str name;

        for (size_t i = 0; v->instance && i < n->n_classes; i++) {
                if (v->instance->class == n->classes[i])
                        return true;
        }
        if (v->instance)
                return false;
        name = wql_class_of(v, m->a);
        for (size_t i = 0; name.p && i < n->n_classes; i++) {
                if (str_eqz_nocase(name, n->classes[i]->name))
                        return true;
        }
        return false;
}

static bool test(struct matcher *m, const struct wql_node *n)
{
        struct wql_variant v = load_operand(m, &n->left), other;

        switch (n->bound.test) {
        case WQL_TEST_ISA:
                return is_of(m, n, &v);
        case WQL_TEST_PAIR:
                other = load_operand(m, &n->right);
                return wql_pair_holds(n->bound.op, &v, &other);
        case WQL_TEST_IN:
                for (size_t i = 0; i < n->n_items; i++) {
                        if (n->any ? wql_any_holds(&n->bounds[i], &v) : wql_holds(&n->bounds[i], &v))
                                return true;
                }
                return false;
        default:
                return n->any ? wql_any_holds(&n->bound, &v) : wql_holds(&n->bound, &v);
        }
}

bool wql_match(const struct wql_program *p, const struct wql_object *o)
{
        struct arena scratch;
        struct matcher m = { p, o, &scratch };
        int32_t at = p->start;

        arena_init(&scratch, 0);
        while (at >= 0)
                at = test(&m, p->steps[at].test) ? p->steps[at].on_true : p->steps[at].on_false;
        arena_fini(&scratch);
        return at == WQL_ACCEPT;
}
