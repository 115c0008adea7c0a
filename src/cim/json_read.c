/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_read - JSON text to instances and values
 *
 * jansson builds the tree (its depth is bounded, duplicates are refused); what
 * is kept is copied into the arena, so the tree dies before we return.
 */
#include <errno.h>
#include "cim/private.h"

static int no_memory(struct err *e)
{
        return err_set(e, ERR_NOMEM, "out of memory");
}

static int wrong_type(const struct cim_property *p, const json_t *j, struct err *e)
{
        static const char *const words[] = { [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
                                             [JSON_STRING] = "a text", [JSON_INTEGER] = "a whole number",
                                             [JSON_REAL] = "a number", [JSON_TRUE] = "true", [JSON_FALSE] = "false",
                                             [JSON_NULL] = "null" };

        return cim_bad(p, e, "%s is no %s%s", words[json_typeof(j)], cim_type_name(p->type), p->array ? "[]" : "");
}

static int integer_from(const struct cim_property *p, const json_t *j, struct arena *a, struct cim_value *out,
                        struct err *e)
{
        int64_t low, high;

        if (json_is_string(j) && (p->type == CIM_UINT64 || p->type == CIM_SINT64)) {
                struct cim_property scalar = *p;

                scalar.array = false;
                return cim_value_parse(&scalar, (struct str){ json_string_value(j), json_string_length(j) }, a, out, e);
        }
        if (!json_is_integer(j))
                return wrong_type(p, j, e);
        out->i = json_integer_value(j);
        cim_integer_range(p->type, &low, &high);
        if (p->type == CIM_UINT64)
                low = 0;
        if (out->i < low || out->i > high)
                return cim_bad(p, e, "%lld does not fit a %s", (long long)out->i, cim_type_name(p->type));
        return 0;
}

static int datetime_from(const struct cim_property *p, const json_t *j, struct arena *a, struct cim_value *out,
                         struct err *e)
{
        struct cim_property scalar = *p;

        if (!json_is_string(j))
                return wrong_type(p, j, e);
        scalar.array = false;
        return cim_value_parse(&scalar, (struct str){ json_string_value(j), json_string_length(j) }, a, out, e);
}

/* ---- embedded objects ---- */

/* The concrete class an embedded object says it is of: "__CLASS", or OData's "@odata.type": "#AdminService.CLASS". */
static const struct cim_class *embedded_class(const struct cim_property *p, const json_t *j, struct err *e)
{
        const struct cim_class *base = p->embedded ? cim_class_find(str_of(p->embedded)) : NULL, *c = base;
        const char *name = json_string_value(json_object_get(j, "__CLASS"));

        if (!name)
                name = json_string_value(json_object_get(j, "@odata.type"));
        if (name) {
                const char *dot = name[0] == '#' ? strrchr(name, '.') : NULL;

                c = cim_class_find(str_of(dot ? dot + 1 : name));
        }
        if (!c && !name) {
                (void)cim_bad(p, e, "say in \"__CLASS\" of which class the object is");
                return NULL;
        }
        if (!c || (base && !cim_class_isa(c, base))) {
                (void)cim_bad(p, e, "\"%.60s\" is no kind of %s", name, base ? base->name : "object");
                return NULL;
        }
        if (c->abstract) {
                (void)cim_bad(p, e, "say in \"__CLASS\" which kind of %s it is", c->name);
                return NULL;
        }
        return c;
}

static int instance_from(const struct cim_class *c, const json_t *j, struct arena *a, int depth,
                         struct cim_instance **out, struct err *e)
{
        struct cim_instance *i = cim_instance_new(c, a);
        const char *name;
        json_t *item;

        if (!i)
                return no_memory(e);
        i->given = arena_array(a, c->n_properties + 1, sizeof *i->given);
        if (!i->given)
                return no_memory(e);
        json_object_foreach((json_t *)j, name, item) {
                int k = cim_property_find(c, str_of(name)), r;

                if (str_starts(str_of(name), "__") || strchr(name, '@'))
                        continue;
                if (k < 0)
                        return err_set(e, ERR_INVALID, "%s has no property \"%.60s\"", c->name, name);
                if (i->given[k])
                        return err_set(e, ERR_INVALID, "%s.%s is given twice", c->name, c->properties[k].name);
                r = cim_from_json(&c->properties[k], item, a, depth, &i->values[k], e);
                if (r == 0 && !c->properties[k].read_only)
                        r = cim_value_check(&c->properties[k], &i->values[k], e);
                if (r < 0)
                        return r;
                i->given[k] = true;
        }
        *out = i;
        return 0;
}

/* What was not given must be allowed to be what it is now: the text has to be readable again. */
static int check_rest(const struct cim_instance *i, struct err *e)
{
        const struct cim_class *c = i->class;
        int r = 0;

        for (size_t k = 0; k < c->n_properties && r == 0; k++)
                if (!i->given[k] && !c->properties[k].read_only)
                        r = cim_value_check(&c->properties[k], &i->values[k], e);
        return r;
}

/* Kept as text: what is not given gets its default, so two ways to say the same become one text. */
static int embedded_from(const struct cim_property *p, const json_t *j, struct arena *a, int depth,
                         struct cim_value *out, struct err *e)
{
        const struct cim_class *c;
        struct cim_instance *i;
        struct buf text;
        int r;

        if (!json_is_object(j))
                return wrong_type(p, j, e);
        if (depth >= CIM_EMBED_DEPTH)
                return cim_bad(p, e, "embedded objects are nested too deep");
        c = embedded_class(p, j, e);
        if (!c)
                return err_number(ERR_INVALID);
        r = instance_from(c, j, a, depth + 1, &i, e);
        if (r < 0)
                return r;
        if (cim_instance_defaults(i, a) < 0)
                return no_memory(e);
        r = check_rest(i, e);
        if (r < 0)
                return r;
        buf_init(&text, 0);
        buf_printf(&text, "{\"__CLASS\":\"%s\"", c->name);
        for (size_t k = 0; k < c->n_properties; k++) {
                buf_printf(&text, ",\"%s\":", c->properties[k].name);
                cim_json_value_write(&c->properties[k], &i->values[k], &text);
        }
        buf_addc(&text, '}');
        out->s = text.failed ? STR_NULL : arena_str(a, buf_str(&text));
        buf_fini(&text);
        return out->s.p ? 0 : no_memory(e);
}

/* ---- one value ---- */

static int item_from(const struct cim_property *p, const json_t *j, struct arena *a, int depth, struct cim_value *out,
                     struct err *e)
{
        *out = (struct cim_value){ .null = json_is_null(j) };
        if (out->null)
                return 0;
        switch (p->type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                if (!json_is_string(j))
                        return wrong_type(p, j, e);
                out->s = arena_str(a, (struct str){ json_string_value(j), json_string_length(j) });
                return out->s.p ? 0 : no_memory(e);
        case CIM_BOOLEAN:
                if (!json_is_boolean(j))
                        return wrong_type(p, j, e);
                out->i = json_is_true(j);
                return 0;
        case CIM_REAL32:
        case CIM_REAL64:
                if (!json_is_number(j))
                        return wrong_type(p, j, e);
                out->d = json_number_value(j);
                return 0;
        case CIM_DATETIME: return datetime_from(p, j, a, out, e);
        case CIM_OBJECT: return embedded_from(p, j, a, depth, out, e);
        default: return integer_from(p, j, a, out, e);
        }
}

int cim_from_json(const struct cim_property *p, const json_t *j, struct arena *a, int depth, struct cim_value *out,
                  struct err *e)
{
        struct cim_value *items;
        size_t n;

        if (!p->array || json_is_null(j))
                return item_from(p, j, a, depth, out, e);
        if (!json_is_array(j))
                return wrong_type(p, j, e);
        n = json_array_size(j);
        items = arena_array(a, n + 1, sizeof *items);
        if (!items)
                return no_memory(e);
        for (size_t i = 0; i < n; i++) {
                int r;

                if (json_is_null(json_array_get(j, i)))
                        return cim_bad(p, e, "item %zu is null", i);
                r = item_from(p, json_array_get(j, i), a, depth, &items[i], e);
                if (r < 0)
                        return r;
        }
        *out = (struct cim_value){ .array = { items, n } };
        return 0;
}

static json_t *load(struct str json, size_t flags, struct err *e)
{
        json_error_t why;
        json_t *j = json_loadb(json.p ? json.p : "", json.n, JSON_REJECT_DUPLICATES | flags, &why);

        if (!j)
                (void)err_set(e, ERR_INVALID, "not JSON: %s (line %d, column %d)", why.text, why.line, why.column);
        return j;
}

int cim_json_value_read(const struct cim_property *p, struct str json, struct arena *a, struct cim_value *out,
                        struct err *e)
{
        json_t *j = load(json, JSON_DECODE_ANY, e);
        int r;

        if (!j)
                return err_number(ERR_INVALID);
        r = cim_from_json(p, j, a, 0, out, e);
        json_decref(j);
        return r;
}

int cim_json_read(const struct cim_class *c, struct str json, struct arena *a, struct cim_instance **out, struct err *e)
{
        json_t *j = load(json, 0, e);
        int r;

        if (!j)
                return err_number(ERR_INVALID);
        if (json_is_object(j))
                r = instance_from(c, j, a, 0, out, e);
        else
                r = err_set(e, ERR_INVALID, "%s wants a JSON object", c->name);
        json_decref(j);
        return r;
}
