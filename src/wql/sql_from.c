/* SPDX-License-Identifier: Apache-2.0 */
/* sql_from - sources: the view of a class, or the union of the views of those derived of it; joins */
#include "wql/sqlgen.h"

static int nomem(struct wql_sqlgen *g)
{
        return wql_fail(g->e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
}

static bool has_field(const struct wql_part *p, const char *name)
{
        for (size_t i = 0; i < p->n_fields; i++) {
                if (str_eqz_nocase(str_of(name), p->fields[i]->name))
                        return true;
        }
        return false;
}

/* The class's own properties first, then what its subclasses add. */
static int find_fields(struct wql_sqlgen *g, const struct cim_class *c, struct wql_part *p)
{
        size_t n = c->n_properties;

        for (size_t i = 0; i < p->n_classes; i++)
                n += p->classes[i]->n_properties;
        p->fields = arena_array(g->a, n + 1, sizeof(*p->fields));
        p->shown = arena_array(g->a, n + 1, sizeof(*p->shown));
        if (!p->fields || !p->shown)
                return nomem(g);
        for (size_t i = 0; i < c->n_properties; i++)
                p->fields[p->n_fields++] = &c->properties[i];
        for (size_t i = 0; i < p->n_classes; i++) {
                const struct cim_class *k = p->classes[i];

                for (size_t n_p = 0; n_p < k->n_properties; n_p++) {
                        if (!has_field(p, k->properties[n_p].name))
                                p->fields[p->n_fields++] = &k->properties[n_p];
                }
        }
        return 0;
}

int wql_sql_sources(struct wql_sqlgen *g)
{
        for (size_t i = 0; i < g->q->n_sources; i++) {
                const struct cim_class *c = g->q->sources[i].class;

                if (wql_subclasses(g->binding->schema, c, true, g->a, &g->parts[i].classes, &g->parts[i].n_classes) < 0)
                        return nomem(g);
                if (find_fields(g, c, &g->parts[i]) < 0)
                        return -1;
        }
        return 0;
}

/* FROM "VIEW" WHERE (condition of the caller's); false: all rows are seen, and nothing was written. */
static bool write_narrowed(struct wql_sqlgen *g, const struct cim_class *c, const char *before)
{
        struct buf seen;
        bool some;

        if (!g->opts->narrow)
                return false;
        buf_init(&seen, 0);
        some = g->opts->narrow(g->opts->narrow_ctx, c, &seen);
        if (some)
                buf_printf(&g->text, "%s FROM \"%s\" WHERE (%s)", before, c->view, seen.failed ? "0" : seen.p);
        buf_fini(&seen);
        return some;
}

/* SELECT 'C' AS "__CLASS", "Id", NULL AS "Share" FROM "C" */
static void write_arm(struct wql_sqlgen *g, const struct wql_part *p, const struct cim_class *c)
{
        buf_printf(&g->text, "SELECT '%s' AS \"__CLASS\"", c ? c->name : "");
        for (size_t i = 0; i < p->n_fields; i++) {
                const char *name = p->fields[i]->name;

                buf_printf(&g->text, c && cim_property_find(c, str_of(name)) >= 0 ? ", \"%s\"" : ", NULL AS \"%s\"", name);
        }
        if (!c)
                buf_addz(&g->text, " WHERE 0");
        else if (!write_narrowed(g, c, ""))
                buf_printf(&g->text, " FROM \"%s\"", c->view);
}

static void write_source(struct wql_sqlgen *g, size_t source)
{
        const struct wql_part *p = &g->parts[source];

        if (p->n_classes == 1 && write_narrowed(g, p->classes[0], "(SELECT *")) {
                buf_addc(&g->text, ')');
        } else if (p->n_classes == 1) {
                buf_printf(&g->text, "\"%s\"", p->classes[0]->view);
        } else {
                buf_addc(&g->text, '(');
                for (size_t i = 0; i < p->n_classes; i++) {
                        buf_addz(&g->text, i ? " UNION ALL " : "");
                        write_arm(g, p, p->classes[i]);
                }
                if (!p->n_classes)      /* nothing has rows: none */
                        write_arm(g, p, NULL);
                buf_addc(&g->text, ')');
        }
        buf_printf(&g->text, " AS s%zu", g->base + source);
}

int wql_sql_from(struct wql_sqlgen *g)
{
        static const char *const joins[] = {
                [WQL_JOIN_NONE] = " FROM ",       [WQL_JOIN_COMMA] = " JOIN ",       [WQL_JOIN_INNER] = " JOIN ",
                [WQL_JOIN_LEFT] = " LEFT JOIN ", [WQL_JOIN_RIGHT] = " RIGHT JOIN ", [WQL_JOIN_FULL] = " FULL JOIN ",
        };

        for (size_t i = 0; i < g->q->n_sources; i++) {
                const struct wql_source *s = &g->q->sources[i];

                buf_addz(&g->text, joins[s->join]);
                write_source(g, i);
                if (!s->on)
                        continue;
                buf_addz(&g->text, " ON ");
                if (wql_sql_enter(g, WQL_SQL_ON, s->on->at) < 0 || wql_sql_where(g, s->on, false) < 0)
                        return -1;
                g->stack -= WQL_SQL_ON;
        }
        return 0;
}
