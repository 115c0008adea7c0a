/* SPDX-License-Identifier: Apache-2.0 */
/* sql_value - names and functions as expressions */
#include "wql/binder.h"
#include "wql/sqlgen.h"

const struct cim_property *wql_sql_type(const struct wql_operand *o)
{
        if (o->kind == WQL_NAME)
                return o->name.type;
        switch (o->function) {
        case WQL_FN_GETDATE:
        case WQL_FN_DATEADD:
                return &wql_type_time;
        case WQL_FN_DATEDIFF:
        case WQL_FN_DATEPART:
                return &wql_type_int;
        default:
                return &wql_type_text;
        }
}

bool wql_sql_is_text(const struct cim_property *p)
{
        return p && !p->array && (p->type == CIM_STRING || p->type == CIM_REFERENCE);
}

/* ---- system properties: known of the class, so chosen by its name ---- */

static const char *super_of(const struct cim_class *c)
{
        return c->super ? c->super->name : NULL;
}

static const char *dynasty_of(const struct cim_class *c)
{
        while (c->super)
                c = c->super;
        return c->name;
}

static void write_class(struct wql_sqlgen *g, const struct wql_name *n)
{
        const struct wql_part *p = &g->parts[n->source];

        if (p->n_classes == 1)
                buf_printf(&g->text, "'%s'", p->classes[0]->name);
        else
                buf_printf(&g->text, "s%u.\"__CLASS\"", g->base + n->source);
}

static void write_by_class(struct wql_sqlgen *g, const struct wql_name *n, const char *(*of)(const struct cim_class *c))
{
        const struct wql_part *p = &g->parts[n->source];

        buf_addz(&g->text, "CASE ");
        write_class(g, n);
        for (size_t i = 0; i < p->n_classes; i++) {
                const char *name = of(p->classes[i]);

                if (name)
                        buf_printf(&g->text, " WHEN '%s' THEN '%s'", p->classes[i]->name, name);
        }
        buf_addz(&g->text, " WHEN '' THEN NULL END");
}

static void write_count(struct wql_sqlgen *g, const struct wql_name *n)
{
        const struct wql_part *p = &g->parts[n->source];

        buf_addz(&g->text, "CASE ");
        write_class(g, n);
        for (size_t i = 0; i < p->n_classes; i++)
                buf_printf(&g->text, " WHEN '%s' THEN %zu", p->classes[i]->name, p->classes[i]->n_properties);
        buf_addz(&g->text, " WHEN '' THEN NULL END");
}

/* Class.Key="value",Key2=5 as cim_path_format() writes it, for keys that are texts, numbers or booleans. */
static void write_relpath(struct wql_sqlgen *g, const struct wql_name *n)
{
        const struct cim_class *c = g->q->sources[n->source].class;
        const char *mark = ".";

        if (!c->n_keys) {
                buf_addz(&g->text, "NULL");
                return;
        }
        buf_addc(&g->text, '(');
        write_class(g, n);
        for (size_t i = 0; i < c->n_keys; i++, mark = ",") {
                const struct cim_property *k = &c->properties[c->keys[i]];

                buf_printf(&g->text, " || '%s%s=' || ", mark, k->name);
                if (wql_sql_is_text(k))
                        buf_printf(&g->text, "'\"' || replace(replace(s%u.\"%s\", '\\', '\\\\'), '\"', '\\\"') || '\"'",
                                   g->base + n->source, k->name);
                else if (k->type == CIM_BOOLEAN)
                        buf_printf(&g->text, "iif(s%u.\"%s\", 'TRUE', 'FALSE')", g->base + n->source, k->name);
                else
                        buf_printf(&g->text, "s%u.\"%s\"", g->base + n->source, k->name);
        }
        buf_addc(&g->text, ')');
}

static int write_system(struct wql_sqlgen *g, const struct wql_name *n)
{
        const struct wql_sql_opts *o = g->opts;

        switch (n->system) {
        case WQL_SYS_CLASS:
                write_class(g, n);
                return 0;
        case WQL_SYS_SUPERCLASS:
                write_by_class(g, n, super_of);
                return 0;
        case WQL_SYS_DYNASTY:
                write_by_class(g, n, dynasty_of);
                return 0;
        case WQL_SYS_GENUS:
                buf_addc(&g->text, '2');
                return 0;
        case WQL_SYS_PROPERTY_COUNT:
                write_count(g, n);
                return 0;
        case WQL_SYS_NAMESPACE:
                return wql_sql_text_param(g, o->ns);
        case WQL_SYS_SERVER:
                return wql_sql_text_param(g, o->server);
        case WQL_SYS_PATH:
                buf_addz(&g->text, "('\\\\' || ");
                if (wql_sql_text_param(g, o->server) < 0)
                        return -1;
                buf_addz(&g->text, " || '\\' || ");
                if (wql_sql_text_param(g, o->ns) < 0)
                        return -1;
                buf_addz(&g->text, " || ':' || ");
                write_relpath(g, n);
                buf_addc(&g->text, ')');
                return 0;
        case WQL_SYS_RELPATH:
                write_relpath(g, n);
                return 0;
        default:
                buf_addz(&g->text, "NULL");
                return 0;
        }
}

/* ---- properties ---- */

static int path_param(struct wql_sqlgen *g, const struct wql_name *n)
{
        struct buf b;
        struct str path;

        buf_init(&b, WQL_MAX_TEXT * 4);
        for (size_t i = n->first + 1u; i < n->n; i++) {
                buf_addz(&b, i > n->first + 1u ? "." : "");
                buf_adds(&b, n->parts[i]);
        }
        path = b.failed ? STR_NULL : arena_str(g->a, buf_str(&b));
        buf_fini(&b);
        return wql_sql_text_param(g, path);
}

int wql_sql_name(struct wql_sqlgen *g, const struct wql_name *n)
{
        const char *name;

        if (n->system)
                return write_system(g, n);
        name = n->class->properties[n->property].name;
        if (!wql_is_embedded(n)) {
                buf_printf(&g->text, "s%u.\"%s\"", g->base + n->source, name);
                return 0;
        }
        buf_printf(&g->text, "wql_member(s%u.\"%s\", ", g->base + n->source, name);
        if (path_param(g, n) < 0)
                return -1;
        buf_addc(&g->text, ')');
        return 0;
}

/* ---- functions ---- */

static int write_call(struct wql_sqlgen *g, const struct wql_operand *o)
{
        static const char *const names[N_WQL_FUNCTIONS] = {
                [WQL_FN_DATEADD] = "wql_dateadd", [WQL_FN_DATEDIFF] = "wql_datediff", [WQL_FN_DATEPART] = "wql_datepart",
                [WQL_FN_UPPER] = "wql_upper", [WQL_FN_LOWER] = "wql_lower", [WQL_FN_SUBSTRING] = "wql_substring",
        };
        bool has_part = o->function == WQL_FN_DATEADD || o->function == WQL_FN_DATEDIFF || o->function == WQL_FN_DATEPART;

        if (o->function == WQL_FN_GETDATE)
                return wql_sql_int_param(g, g->opts->now_us);
        buf_printf(&g->text, "%s(", names[o->function]);
        if (has_part)
                buf_printf(&g->text, "%d", (int)o->part);
        for (size_t i = 0; i < o->n_args; i++) {
                unsigned cost = i || has_part ? WQL_SQL_FURTHER : WQL_SQL_FIRST;

                buf_addz(&g->text, i || has_part ? ", " : "");
                if (wql_sql_enter(g, cost, o->at) < 0 || wql_sql_operand(g, o->args[i]) < 0)
                        return -1;
                g->stack -= cost;
        }
        buf_addc(&g->text, ')');
        return 0;
}

int wql_sql_operand(struct wql_sqlgen *g, const struct wql_operand *o)
{
        if (o->kind == WQL_CALL)
                return write_call(g, o);
        if (o->kind == WQL_NAME)
                return wql_sql_name(g, &o->name);
        return o->fitted.domain == WQL_AS_TEXT ? wql_sql_text_param(g, o->fitted.s) : wql_sql_int_param(g, o->fitted.i);
}
