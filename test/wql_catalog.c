/* SPDX-License-Identifier: Apache-2.0 */
/* wql_catalog - classes and instances from JSON, and classes made up for a query */
#include "wql_catalog.h"

#include <stdio.h>
#include "wql/datetime.h"

/* ---- schema ---- */

static const struct cim_class *find(void *ctx, struct str name)
{
        struct catalog *c = ctx;

        for (size_t i = 0; i < c->n; i++) {
                if (str_eqz_nocase(name, c->classes[i].c.name))
                        return &c->classes[i].c;
        }
        return NULL;
}

static const struct cim_class *at(void *ctx, size_t i)
{
        struct catalog *c = ctx;

        return i < c->n ? &c->classes[i].c : NULL;
}

static bool needs_within(void *ctx, const struct cim_class *k)
{
        for (; k; k = k->super) {
                const struct catalog_class *c = (const struct catalog_class *)k;

                if (c->dynamic)
                        return !c->provider;
        }
        return false;
}

static bool parse_type(struct catalog *c, const char *text, struct cim_property *p)
{
        static const enum cim_type types[] = { CIM_SINT16, CIM_SINT32, CIM_REAL32, CIM_REAL64, CIM_STRING, CIM_BOOLEAN,
                                               CIM_OBJECT, CIM_SINT8, CIM_UINT8, CIM_UINT16, CIM_UINT32, CIM_SINT64,
                                               CIM_UINT64, CIM_DATETIME, CIM_REFERENCE, CIM_CHAR16 };
        struct str name, rest = str_cut(str_of(text), ':', &name);

        p->array = str_ends(name, "[]");
        if (p->array)
                name.n -= 2;
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                if (!str_eqz(name, cim_type_name(types[i])))
                        continue;
                p->type = types[i];
                if (p->type == CIM_OBJECT && rest.n)
                        p->embedded = arena_str(&c->arena, rest).p;
                return true;
        }
        return false;
}

static bool is_key(json_t *class, const char *name)
{
        size_t i;
        json_t *k;

        json_array_foreach(json_object_get(class, "key"), i, k) {
                if (strcmp(json_string_value(k), name) == 0)
                        return true;
        }
        return false;
}

/* The catalog says in a note that "NAME carries SubType(...)". */
static void read_note(struct cim_property *p, const char *note)
{
        static const struct cim_qualifier interval = { "SubType", "\"interval\"" };
        char words[200];

        (void)snprintf(words, sizeof(words), "%s carries SubType(\"interval\")", p->name);
        if (note && strstr(note, words)) {
                p->qualifiers = &interval;
                p->n_qualifiers = 1;
        }
}

static bool read_class(struct catalog *c, struct catalog_class *k, const char *name, json_t *j)
{
        json_t *properties = json_object_get(j, "properties"), *type;
        const char *p_name;

        k->c.name = arena_strz(&c->arena, name);
        k->c.abstract = json_is_true(json_object_get(j, "abstract"));
        k->c.association = json_is_true(json_object_get(j, "association"));
        k->c.view = k->c.abstract ? NULL : k->c.name;
        k->dynamic = json_is_true(json_object_get(j, "dynamic"));
        k->provider = json_is_true(json_object_get(j, "intrinsic_event_provider"));
        k->own = arena_array(&c->arena, json_object_size(properties) + 1, sizeof(*k->own));
        json_object_foreach(properties, p_name, type) {
                struct cim_property *p = &k->own[k->n_own++];

                *p = (struct cim_property){ .name = arena_strz(&c->arena, p_name), .key = is_key(j, p_name),
                                            .class_name = k->c.name, .origin = k->c.name };
                read_note(p, json_string_value(json_object_get(j, "notes")));
                if (!parse_type(c, json_string_value(type), p))
                        return false;
        }
        return true;
}

/* Inherited properties first, keys with them. */
static void inherit(struct catalog *c, struct catalog_class *k)
{
        size_t n = 0;
        struct cim_property *all;
        uint16_t *keys;

        if (k->c.properties)
                return;
        if (k->c.super)
                inherit(c, (struct catalog_class *)k->c.super);
        n = (k->c.super ? k->c.super->n_properties : 0) + k->n_own;
        all = arena_array(&c->arena, n + 64, sizeof(*all));     /* room for what is made up */
        keys = arena_array(&c->arena, n + 1, sizeof(*keys));
        n = 0;
        for (size_t i = 0; k->c.super && i < k->c.super->n_properties; i++)
                all[n++] = k->c.super->properties[i];
        for (size_t i = 0; i < k->n_own; i++)
                all[n++] = k->own[i];
        for (size_t i = 0; i < n; i++) {
                if (all[i].key)
                        keys[k->c.n_keys++] = (uint16_t)i;
        }
        k->c.properties = all;
        k->c.n_properties = n;
        k->c.keys = keys;
}

bool catalog_load(struct catalog *c, json_t *classes)
{
        const char *name;
        json_t *j;
        size_t i = 0;

        arena_init(&c->arena, 0);
        c->n = 0;
        c->cap = json_object_size(classes) + 64;
        c->classes = arena_array(&c->arena, c->cap, sizeof(*c->classes));
        c->schema = (struct wql_schema){ find, at, needs_within, c };
        json_object_foreach(classes, name, j) {
                if (!read_class(c, &c->classes[c->n++], name, j))
                        return false;
        }
        json_object_foreach(classes, name, j) {
                const char *super = json_string_value(json_object_get(j, "superclass"));

                c->classes[i++].c.super = super ? find(c, str_of(super)) : NULL;
        }
        for (i = 0; i < c->n; i++)
                inherit(c, &c->classes[i]);
        return true;
}

void catalog_fini(struct catalog *c)
{
        arena_fini(&c->arena);
}

/* ---- classes made up for a query ---- */

static struct catalog_class *invented(struct catalog *c, struct str name)
{
        struct catalog_class *k = (struct catalog_class *)find(c, name);

        if (k || c->n == c->cap)
                return k;
        k = &c->classes[c->n++];
        k->c.name = k->c.view = arena_str(&c->arena, name).p;
        inherit(c, k);
        return k;
}

static void invent_name(struct catalog *c, const struct wql_query *q, const struct wql_name *n, enum cim_type type)
{
        struct catalog_class *k = invented(c, q->sources[0].class_name);
        struct str name = n->parts[0];

        for (size_t i = 0; n->n > 1 && i < q->n_sources; i++) {
                const struct wql_source *s = &q->sources[i];

                if (str_eq_nocase(name, s->alias.n ? s->alias : s->class_name)) {
                        k = invented(c, s->class_name);
                        name = n->parts[1];
                        break;
                }
        }
        if (!k || str_starts(name, "__") || cim_property_find(&k->c, name) >= 0 || k->c.n_properties >= 60)
                return;
        ((struct cim_property *)k->c.properties)[k->c.n_properties++] =
                (struct cim_property){ .name = arena_str(&c->arena, name).p, .type = type, .class_name = k->c.name };
}

static enum cim_type type_of_const(const struct wql_const *v)
{
        return v->type == WQL_INT ? CIM_UINT32 : v->type == WQL_REAL ? CIM_REAL64 : v->type == WQL_BOOL ? CIM_BOOLEAN : CIM_STRING;
}

static enum cim_type type_of_call(const struct wql_operand *o)
{
        switch (o->function) {
        case WQL_FN_GETDATE:
        case WQL_FN_DATEADD:
                return CIM_DATETIME;
        case WQL_FN_DATEDIFF:
        case WQL_FN_DATEPART:
                return CIM_UINT32;
        default:
                return CIM_STRING;
        }
}

static void invent_operand(struct catalog *c, const struct wql_query *q, const struct wql_operand *o, enum cim_type type)
{
        if (o->kind == WQL_NAME)
                invent_name(c, q, &o->name, type);
        for (size_t i = 0; o->kind == WQL_CALL && i < o->n_args; i++)
                invent_operand(c, q, o->args[i], type_of_call(o) == CIM_STRING ? CIM_STRING : CIM_DATETIME);
}

static void invent_where(struct catalog *c, const struct wql_query *q, const struct wql_node *n)
{
        enum cim_type type = CIM_STRING;

        for (const struct wql_node *k = n->child; k; k = k->next)
                invent_where(c, q, k);
        if (n->op == WQL_AND || n->op == WQL_OR || n->op == WQL_NOT)
                return;
        if (n->op == WQL_IN)
                type = type_of_const(&n->items[0]);
        else if (!n->sub && n->right.kind == WQL_CALL)
                type = type_of_call(&n->right);
        else if (!n->sub && n->right.kind == WQL_CONST && n->op != WQL_IS_NULL)
                type = type_of_const(&n->right.value);
        invent_operand(c, q, &n->left, type);
        if (n->right.kind != WQL_CONST && !n->sub)
                invent_operand(c, q, &n->right, n->left.kind == WQL_CALL ? type_of_call(&n->left) : CIM_STRING);
        if (n->sub)
                catalog_invent(c, n->sub);
}

void catalog_invent(struct catalog *c, const struct wql_query *q)
{
        for (size_t i = 0; i < q->n_sources; i++)
                (void)invented(c, q->sources[i].class_name);
        if (q->where)
                invent_where(c, q, q->where);
        for (size_t i = 0; i < q->n_sources; i++) {
                if (q->sources[i].on)
                        invent_where(c, q, q->sources[i].on);
        }
        for (size_t i = 0; i < q->n_items; i++) {
                if (q->items[i].kind == WQL_ITEM_OPERAND)
                        invent_operand(c, q, &q->items[i].operand, CIM_STRING);
                else if (q->items[i].kind == WQL_ITEM_COUNT && q->items[i].operand.name.n)
                        invent_name(c, q, &q->items[i].operand.name, CIM_STRING);
        }
        for (size_t i = 0; i < q->n_orders; i++)
                invent_name(c, q, &q->orders[i].name, CIM_STRING);
}

/* ---- instances ---- */

static bool read_value(const struct cim_property *p, json_t *j, struct arena *a, struct cim_value *out);

static bool read_array(const struct cim_property *p, json_t *j, struct arena *a, struct cim_value *out)
{
        struct cim_property item = *p;
        size_t n = json_array_size(j);
        struct cim_value *items = arena_array(a, n + 1, sizeof(*items));

        item.array = false;
        for (size_t i = 0; i < n; i++) {
                if (!read_value(&item, json_array_get(j, i), a, &items[i]))
                        return false;
        }
        *out = (struct cim_value){ .array = { items, n } };
        return json_is_array(j);
}

static bool read_datetime(struct str text, struct arena *a, struct cim_value *out)
{
        struct wql_time t;

        if (wql_time_parse(text, &t) < 0)
                return false;
        out->text = t.kind == WQL_TIME_TEXT || t.kind == WQL_TIME_UNZONED;
        if (out->text)
                out->s = arena_str(a, text);
        else
                out->i = t.us;
        return true;
}

static bool read_object(json_t *j, struct arena *a, struct cim_value *out)
{
        char *text = json_dumps(j, JSON_COMPACT);

        out->s = arena_str(a, str_of(text));
        free(text);
        return json_is_object(j) && out->s.p;
}

static bool read_value(const struct cim_property *p, json_t *j, struct arena *a, struct cim_value *out)
{
        struct str text = str_of(json_string_value(j));

        *out = (struct cim_value){ .null = !j || json_is_null(j) };
        if (out->null)
                return true;
        if (p->array)
                return read_array(p, j, a, out);
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                out->s = arena_str(a, text);
                return text.p != NULL;
        case CIM_DATETIME:
                return text.p && read_datetime(text, a, out);
        case CIM_OBJECT:
                return read_object(j, a, out);
        case CIM_REAL32:
        case CIM_REAL64:
                out->d = json_number_value(j);
                return json_is_number(j);
        case CIM_BOOLEAN:
                out->i = json_is_true(j);
                return json_is_boolean(j);
        case CIM_UINT64:
                if (text.p)
                        return str_to_u64(text, &out->u) == 0;
                break;
        case CIM_SINT64:
                if (text.p)
                        return str_to_i64(text, &out->i) == 0;
                break;
        default:
                break;
        }
        out->i = json_integer_value(j);
        return json_is_integer(j);
}

struct cim_instance *catalog_instance(const struct catalog *c, const struct cim_class *k, json_t *object, struct arena *a)
{
        const char *name = json_string_value(json_object_get(object, "__CLASS"));
        const struct cim_class *class = name ? find((void *)c, str_of(name)) : k;
        struct cim_instance *i = class ? cim_instance_new(class, a) : NULL;
        const char *member;
        json_t *v;

        if (!i)
                return NULL;
        json_object_foreach(object, member, v) {
                int at_ = cim_property_find(class, str_of(member));

                if (at_ >= 0 && !read_value(&class->properties[at_], v, a, &i->values[at_]))
                        return NULL;
        }
        return i;
}
