/* SPDX-License-Identifier: Apache-2.0 */
/* compare - values against constants and one another */
#include "wql/compare.h"

#include <jansson.h>
#include "base/fold.h"
#include "base/time.h"
#include "wql/datetime.h"
#include "wql/like.h"

static bool relation(enum wql_op op, int order)
{
        switch (op) {
        case WQL_EQ:
                return order == 0;
        case WQL_NE:
                return order != 0;
        case WQL_LT:
                return order < 0;
        case WQL_LE:
                return order <= 0;
        case WQL_GT:
                return order > 0;
        default:
                return order >= 0;
        }
}

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

/* ---- variants ---- */

struct wql_variant wql_variant_of(const struct cim_property *p, const struct cim_value *v)
{
        struct wql_variant out = { .of = p };

        if (v->null)
                return out;
        if (p->array) {
                out.type = WQL_IS_ARRAY;
                out.items = v->array.items;
                out.n_items = v->array.n;
                return out;
        }
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                out.type = WQL_IS_TEXT;
                out.s = v->s;
                break;
        case CIM_OBJECT:
                out.type = WQL_IS_OBJECT;
                out.s = v->s;
                break;
        case CIM_REAL32:
        case CIM_REAL64:
                out.type = WQL_IS_REAL;
                out.d = v->d;
                break;
        case CIM_UINT64:
                out.type = WQL_IS_UINT;
                out.u = v->u;
                break;
        case CIM_DATETIME:
                out.type = v->text ? WQL_IS_RAW_TIME : WQL_IS_TIME;
                if (v->text)
                        out.s = v->s;
                else
                        out.i = v->i;
                break;
        default:
                out.type = p->type == CIM_BOOLEAN ? WQL_IS_BOOL : WQL_IS_INT;
                out.i = v->i;
        }
        return out;
}

static struct wql_variant from_json(json_t *j, struct arena *a)
{
        struct wql_variant out = { 0 };
        char *text;

        switch (j ? json_typeof(j) : JSON_NULL) {
        case JSON_STRING:
                out.type = WQL_IS_TEXT;
                out.s = arena_str(a, (struct str){ json_string_value(j), json_string_length(j) });
                break;
        case JSON_INTEGER:
                out.type = WQL_IS_INT;
                out.i = json_integer_value(j);
                break;
        case JSON_REAL:
                out.type = WQL_IS_REAL;
                out.d = json_real_value(j);
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                out.type = WQL_IS_BOOL;
                out.i = json_is_true(j);
                break;
        case JSON_OBJECT:
        case JSON_ARRAY:
                text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
                out.s = text ? arena_str(a, str_of(text)) : STR_NULL;
                out.type = !out.s.p ? WQL_IS_NULL_VALUE : json_is_object(j) ? WQL_IS_OBJECT : WQL_IS_ARRAY;
                free(text);
                break;
        case JSON_NULL:
                break;
        }
        return out;
}

static json_t *find(json_t *object, struct str name)
{
        const char *key;
        json_t *value;

        if (!json_is_object(object))
                return NULL;
        json_object_foreach(object, key, value) {
                if (str_eqz_nocase(name, key))
                        return value;
        }
        return NULL;
}

struct wql_variant wql_member(struct str json, const struct str *path, size_t n, struct arena *a)
{
        json_t *root = json_loadb(json.p ? json.p : "", json.n, JSON_DECODE_ANY, NULL), *at = root;
        struct wql_variant out;

        for (size_t i = 0; i < n && at; i++)
                at = find(at, path[i]);
        out = from_json(at, a);
        json_decref(root);
        return out;
}

struct str wql_class_of(const struct wql_variant *object, struct arena *a)
{
        static const struct str name = { "__CLASS", 7 };

        if (object->type != WQL_IS_OBJECT)
                return STR_NULL;
        if (object->instance)
                return str_of(object->instance->class->name);
        return wql_member(object->s, &name, 1, a).s;
}

/* ---- against constants ---- */

static bool const_holds(const struct wql_bound *b, const struct wql_variant *v)
{
        static const enum wql_variant_type wants[] = { [WQL_AS_INT] = WQL_IS_INT, [WQL_AS_UINT] = WQL_IS_UINT,
                                                       [WQL_AS_REAL] = WQL_IS_REAL, [WQL_AS_TEXT] = WQL_IS_TEXT,
                                                       [WQL_AS_TIME] = WQL_IS_TIME, [WQL_AS_RAW] = WQL_IS_RAW_TIME };

        if (v->type != wants[b->domain] && !(b->domain == WQL_AS_INT && v->type == WQL_IS_BOOL))
                return b->op == WQL_NE;         /* an instance of another class than the query was bound to */
        switch (b->domain) {
        case WQL_AS_INT:
        case WQL_AS_TIME:
                return relation(b->op, ORDER(v->i, b->i));
        case WQL_AS_UINT:
                return relation(b->op, ORDER(v->u, b->u));
        case WQL_AS_REAL:
                return relation(b->op, ORDER(v->d, b->d));
        case WQL_AS_TEXT:
                return relation(b->op, fold_cmp(v->s, b->s));
        default:
                return str_eq(v->s, b->s) == (b->op == WQL_EQ);
        }
}

/* Text in JSON may be an instant, or a number beyond 2^63: the constant says which is meant. */
static enum cim_type found_type(const struct wql_const *c, struct wql_variant *v)
{
        struct wql_time t;

        switch (v->type) {
        case WQL_IS_BOOL:
                return CIM_BOOLEAN;
        case WQL_IS_INT:
                return CIM_SINT64;
        case WQL_IS_UINT:
                return CIM_UINT64;
        case WQL_IS_REAL:
                return CIM_REAL64;
        case WQL_IS_TIME:
        case WQL_IS_RAW_TIME:
                return CIM_DATETIME;
        case WQL_IS_TEXT:
                if (c->type == WQL_INT && str_to_u64(v->s, &v->u) == 0)
                        return CIM_UINT64;
                if (c->type == WQL_STRING && wql_time_parse(c->s, &t) == 0 && time_parse_rfc3339(v->s, &v->i) == 0) {
                        v->type = WQL_IS_TIME;
                        return CIM_DATETIME;
                }
                return CIM_STRING;
        default:
                return CIM_OBJECT;
        }
}

static bool found_holds(const struct wql_bound *b, const struct wql_variant *v)
{
        struct wql_variant value = *v;
        struct wql_fit_to to = { .type = found_type(b->from, &value), .extended = true };
        struct wql_bound fitted;
        const char *why;
        int r;

        if (v->of && v->of->type == CIM_DATETIME)
                to = wql_fit_to(v->of, true);
        r = b->test == WQL_TEST_LIKE ? wql_fit_like(to, b->from, &fitted, &why) : wql_fit(to, b->op, b->from, &fitted, &why);
        if (r < 0)              /* not of that type: equal to nothing */
                return b->test == WQL_TEST_CONST && b->op == WQL_NE;
        return wql_holds(&fitted, &value);
}

bool wql_holds(const struct wql_bound *b, const struct wql_variant *v)
{
        bool null = v->type == WQL_IS_NULL_VALUE;

        switch (b->test) {
        case WQL_TEST_TRUE:
                return true;
        case WQL_TEST_NULL:
                return null;
        case WQL_TEST_NOT_NULL:
                return !null;
        case WQL_TEST_CONST:
                if (null)
                        return b->op == WQL_NE;
                return b->domain == WQL_AS_FOUND ? found_holds(b, v) : const_holds(b, v);
        case WQL_TEST_LIKE:
                if (null)
                        return false;
                return b->domain == WQL_AS_FOUND ? found_holds(b, v) : v->type == WQL_IS_TEXT && wql_like(v->s, b->s);
        default:
                return false;
        }
}

static bool any_in_json(const struct wql_bound *b, struct str json)
{
        json_t *j = json_loadb(json.p ? json.p : "", json.n, JSON_DECODE_ANY, NULL);
        struct wql_bound found = *b;
        struct arena a;
        bool holds = false;

        found.domain = WQL_AS_FOUND;
        arena_init(&a, 0);
        for (size_t i = 0; i < json_array_size(j) && !holds; i++) {
                struct wql_variant item = from_json(json_array_get(j, i), &a);

                holds = wql_holds(b->test == WQL_TEST_CONST || b->test == WQL_TEST_LIKE ? &found : b, &item);
        }
        arena_fini(&a);
        json_decref(j);
        return holds;
}

bool wql_any_holds(const struct wql_bound *b, const struct wql_variant *v)
{
        if (v->type != WQL_IS_ARRAY)
                return b->test == WQL_TEST_CONST ? v->type == WQL_IS_NULL_VALUE && b->op == WQL_NE : wql_holds(b, v);
        if (b->test == WQL_TEST_NULL || b->test == WQL_TEST_NOT_NULL)
                return b->test == WQL_TEST_NOT_NULL;
        if (!v->items && v->s.p)
                return any_in_json(b, v->s);
        for (size_t i = 0; i < v->n_items; i++) {
                struct cim_property item = *v->of;
                struct wql_variant one;

                item.array = false;
                one = wql_variant_of(&item, &v->items[i]);
                if (wql_holds(b, &one))
                        return true;
        }
        return false;
}

/* ---- against one another ---- */

static bool is_whole(enum wql_variant_type t)
{
        return t == WQL_IS_BOOL || t == WQL_IS_INT || t == WQL_IS_UINT;
}

static int whole_order(const struct wql_variant *a, const struct wql_variant *b)
{
        bool a_big = a->type == WQL_IS_UINT && a->u > INT64_MAX, b_big = b->type == WQL_IS_UINT && b->u > INT64_MAX;

        if (a_big || b_big)
                return a_big && b_big ? ORDER(a->u, b->u) : a_big ? 1 : -1;
        return ORDER(a->i, b->i);
}

static double real_of(const struct wql_variant *v)
{
        return v->type == WQL_IS_REAL ? v->d : v->type == WQL_IS_UINT ? (double)v->u : (double)v->i;
}

bool wql_pair_holds(enum wql_op op, const struct wql_variant *a, const struct wql_variant *b)
{
        if (a->type == WQL_IS_NULL_VALUE || b->type == WQL_IS_NULL_VALUE)
                return op == WQL_NE && a->type != b->type;
        if (is_whole(a->type) && is_whole(b->type))
                return relation(op, whole_order(a, b));
        if ((is_whole(a->type) || a->type == WQL_IS_REAL) && (is_whole(b->type) || b->type == WQL_IS_REAL))
                return relation(op, ORDER(real_of(a), real_of(b)));
        if (a->type == WQL_IS_TEXT && b->type == WQL_IS_TEXT)
                return relation(op, fold_cmp(a->s, b->s));
        if (a->type == WQL_IS_TIME && b->type == WQL_IS_TIME)
                return relation(op, ORDER(a->i, b->i));
        return op == WQL_NE;
}
