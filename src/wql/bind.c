/* SPDX-License-Identifier: Apache-2.0 */
/* bind - the entry, and SELECT of data, schema and events */
#include "wql/binder.h"

#include <stdarg.h>
#include <stdio.h>

int wql_invalid(struct wql_binder *b, uint32_t at, const char *fmt, ...)
{
        char text[250];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return wql_fail(b->e, WBEM_E_INVALID_QUERY, at, "%s", text);
}

int wql_bind_nomem(struct wql_binder *b)
{
        return wql_fail(b->e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
}

/* ---- schema ---- */

static const struct cim_class *site_find(void *ctx, struct str name)
{
        return cim_class_find(name);
}

static const struct cim_class *site_at(void *ctx, size_t i)
{
        return i < n_cim_classes ? cim_classes[i] : NULL;
}

static bool site_needs_within(void *ctx, const struct cim_class *c)
{
        return false;
}

const struct wql_schema wql_schema_site = { site_find, site_at, site_needs_within, NULL };

int wql_subclasses(const struct wql_schema *s, const struct cim_class *c, bool concrete, struct arena *a,
                   const struct cim_class *const **out, size_t *n_out)
{
        const struct cim_class **list, *k;
        size_t n = 0;

        for (size_t i = 0; (k = s->at(s->ctx, i)); i++)
                n += cim_class_isa(k, c);
        list = arena_array(a, n + 1, sizeof(*list));
        if (!list)
                return -1;
        n = 0;
        for (size_t i = 0; (k = s->at(s->ctx, i)); i++) {
                if (cim_class_isa(k, c) && (!concrete || k->view))
                        list[n++] = k;
        }
        *out = list;
        *n_out = n;
        return 0;
}

/* ---- SELECT ---- */

static int bind_sources(struct wql_binder *b)
{
        struct wql_query *q = b->q;

        for (size_t i = 0; i < q->n_sources; i++) {
                struct wql_source *s = &q->sources[i];

                s->class = b->out->schema->find(b->out->schema->ctx, s->class_name);
                if (!s->class)
                        return wql_fail(b->e, WBEM_E_INVALID_CLASS, s->at, "there is no class %.*s", STR_ARG(s->class_name));
        }
        for (size_t i = 0; i < q->n_sources; i++) {
                struct str name = q->sources[i].alias.n ? q->sources[i].alias : q->sources[i].class_name;

                for (size_t k = 0; k < i; k++) {
                        if (str_eq_nocase(name, q->sources[k].alias.n ? q->sources[k].alias : q->sources[k].class_name))
                                return wql_invalid(b, q->sources[i].at, "%.*s stands twice in FROM: give aliases", STR_ARG(name));
                }
        }
        return 0;
}

static int bind_star_of(struct wql_binder *b, struct wql_item *item)
{
        const struct str name = item->operand.name.parts[0];

        for (size_t i = 0; i < b->q->n_sources; i++) {
                const struct wql_source *s = &b->q->sources[i];

                if (str_eq_nocase(name, s->alias.n ? s->alias : s->class_name)) {
                        item->operand.name.source = (uint16_t)i;
                        return 0;
                }
        }
        return wql_invalid(b, item->at, "%.*s is no class or alias of this query", STR_ARG(name));
}

static int bind_items(struct wql_binder *b)
{
        struct wql_query *q = b->q;
        int r = 0;

        for (size_t i = 0; i < q->n_items && !r; i++) {
                struct wql_item *item = &q->items[i];
                const struct cim_property *type;

                if (item->kind == WQL_ITEM_STAR_OF)
                        r = bind_star_of(b, item);
                else if (item->kind == WQL_ITEM_OPERAND || item->operand.name.n)
                        r = wql_bind_operand(b, &item->operand, &type);
                if (!r && item->kind == WQL_ITEM_COUNT && q->n_items > 1)
                        r = wql_invalid(b, item->at, "COUNT stands alone in the list");
                if (!r && item->kind == WQL_ITEM_COUNT && q->distinct)
                        r = wql_invalid(b, item->at, "COUNT and DISTINCT are not together");
        }
        return r;
}

static int bind_orders(struct wql_binder *b)
{
        for (size_t i = 0; i < b->q->n_orders; i++) {
                struct wql_name *n = &b->q->orders[i].name;

                if (wql_bind_name(b, n) < 0)
                        return -1;
                if (!n->type || n->type->array || n->type->type == CIM_OBJECT)
                        return wql_invalid(b, n->at, "%.*s has no order", STR_ARG(n->parts[n->n - 1]));
        }
        return 0;
}

int wql_bind_select(struct wql_binder *b, struct wql_query *q)
{
        struct wql_query *outer = b->q;
        int r;

        b->q = q;
        r = q->kind == WQL_SCHEMA ? 0 : bind_sources(b);
        if (!r && q->kind == WQL_EVENT)
                r = wql_bind_event_targets(b);
        if (!r)
                r = bind_items(b);
        for (size_t i = 0; i < q->n_sources && !r; i++) {
                if (q->sources[i].on)
                        r = wql_bind_where(b, q->sources[i].on);
        }
        if (!r && q->where)
                r = wql_bind_where(b, q->where);
        if (!r)
                r = bind_orders(b);
        if (!r && q->kind == WQL_EVENT)
                r = wql_bind_event_rules(b);
        b->q = outer;
        return r;
}

/* ---- the shape of the result ---- */

static void mark_operand(struct wql_binding *out, const struct wql_operand *o)
{
        if (o->kind == WQL_NAME)
                out->used[o->name.source] = true;
        for (size_t i = 0; o->kind == WQL_CALL && i < o->n_args; i++)
                mark_operand(out, o->args[i]);
}

static void find_shape(struct wql_binding *out)
{
        const struct wql_query *q = out->query;
        size_t n = 0;

        for (size_t i = 0; i < q->n_items; i++) {
                if (q->items[i].kind == WQL_ITEM_COUNT) {
                        out->shape = WQL_SHAPE_COUNT;
                        return;
                }
                if (q->items[i].kind == WQL_ITEM_STAR_OF)
                        out->used[q->items[i].operand.name.source] = true;
                else
                        mark_operand(out, &q->items[i].operand);
        }
        for (size_t i = 0; i < q->n_sources; i++)
                n += out->used[i] |= q->star;
        out->shape = n > 1 ? WQL_SHAPE_GENERIC : WQL_SHAPE_CLASS;
        for (size_t i = 0; i < q->n_items; i++) {
                const struct wql_operand *o = &q->items[i].operand;

                if (q->items[i].kind == WQL_ITEM_OPERAND && o->kind == WQL_CALL)
                        out->shape = WQL_SHAPE_GENERIC;
        }
}

int wql_bind(struct wql_query *q, const struct wql_schema *schema, enum wql_dialect dialect, struct arena *a,
             struct wql_binding **out, struct wql_error *e)
{
        struct wql_binder b = { .a = a, .e = e, .q = q };
        int r;

        b.out = arena_alloc(a, sizeof(*b.out));
        if (!b.out)
                return wql_bind_nomem(&b);
        *b.out = (struct wql_binding){ .query = q, .schema = schema, .dialect = dialect };
        if (q->kind == WQL_ASSOCIATORS || q->kind == WQL_REFERENCES)
                r = wql_bind_association(&b);
        else
                r = wql_bind_select(&b, q);
        if (r < 0)
                return -1;
        if (q->kind == WQL_DATA)
                find_shape(b.out);
        *out = b.out;
        return 0;
}

int wql_prepare(struct str text, const struct wql_schema *schema, enum wql_dialect dialect, struct arena *a,
                struct wql_binding **out, struct wql_error *e)
{
        struct wql_query *q;
        int r = wql_parse(text, dialect, a, &q, e);

        return r < 0 ? r : wql_bind(q, schema, dialect, a, out, e);
}
