/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query - a provider_query as one statement
 *
 * The text is made of the class's generated column list, names of the schema
 * and ?N; values are bound.  A tree is walked twice in the same order, once for
 * the text and once for binding, so the two cannot disagree.
 */
#include <assert.h>
#include <errno.h>
#include "model/row.h"
#include "provider/private.h"
#include "provider/view.h"

enum { ROWS_MEMORY = 64 << 10 };

static bool is_text(const struct cim_property *p)
{
        return p->type == CIM_STRING || p->type == CIM_REFERENCE;
}

/* ---- text ---- */

struct writer {
        const struct cim_class *class;
        struct buf *out;
        int n;                          /* parameters so far */
};

static const char *name_of(const struct writer *w, int property)
{
        return w->class->properties[property].name;
}

static const char *fold(const struct writer *w, int property)
{
        return is_text(&w->class->properties[property]) ? " COLLATE NOCASE" : "";
}

/* instr() is exact about case, so both sides are folded; no pattern is made of a caller's words. */
static void write_match(struct writer *w, const struct provider_expr *x)
{
        const char *p = name_of(w, x->property);
        int n = ++w->n;

        if (x->op == PROVIDER_CONTAINS)
                buf_printf(w->out, "coalesce(instr(lower(\"%s\"), lower(?%d)) > 0, 0)", p, n);
        else if (x->op == PROVIDER_STARTS)
                buf_printf(w->out, "coalesce(substr(\"%s\", 1, length(?%d)) = ?%d COLLATE NOCASE, 0)", p, n, n);
        else
                buf_printf(w->out, "coalesce(length(\"%s\") >= length(?%d) AND "
                                   "substr(\"%s\", length(\"%s\") - length(?%d) + 1) = ?%d COLLATE NOCASE, 0)",
                           p, n, p, p, n, n);
}

static void write_compare(struct writer *w, const struct provider_expr *x)
{
        static const char *const ops[] = { [PROVIDER_EQ] = "=", [PROVIDER_NE] = "IS NOT", [PROVIDER_GT] = ">",
                                           [PROVIDER_GE] = ">=", [PROVIDER_LT] = "<", [PROVIDER_LE] = "<=" };
        const char *p = name_of(w, x->property);

        if (x->op >= PROVIDER_STARTS) {
                write_match(w, x);
        } else if (x->value.null) {
                buf_printf(w->out, "\"%s\" IS %sNULL", p, x->op == PROVIDER_NE ? "NOT " : "");
        } else {
                w->n++;
                buf_printf(w->out, "\"%s\" %s ?%d%s", p, ops[x->op], w->n, fold(w, x->property));
        }
}

static void write_expr(struct writer *w, const struct provider_expr *x)
{
        switch (x->node) {
        case PROVIDER_COMPARE:
                write_compare(w, x);
                return;
        case PROVIDER_NOT:              /* two-valued: what is not true is false */
                buf_addz(w->out, "((");
                write_expr(w, x->left);
                buf_addz(w->out, ") IS NOT TRUE)");
                return;
        default:
                buf_addc(w->out, '(');
                write_expr(w, x->left);
                buf_addz(w->out, x->node == PROVIDER_AND ? " AND " : " OR ");
                write_expr(w, x->right);
                buf_addc(w->out, ')');
        }
}

/* (k1 >= ?1 AND (k1 > ?1 OR (k2 >= ?2 AND (k2 > ?2 OR ...)))): the first term lets an index be used. */
static void write_after(struct writer *w)
{
        const struct cim_class *c = w->class;

        for (size_t k = 0; k < c->n_keys; k++) {
                const char *p = name_of(w, c->keys[k]), *f = fold(w, c->keys[k]);
                bool last = k + 1 == c->n_keys;

                w->n++;
                if (last)
                        buf_printf(w->out, "\"%s\" > ?%d%s", p, w->n, f);
                else
                        buf_printf(w->out, "(\"%s\" >= ?%d%s AND (\"%s\" > ?%d%s OR ", p, w->n, f, p, w->n, f);
        }
        for (size_t k = 0; k + 1 < c->n_keys; k++)
                buf_addz(w->out, "))");
}

static void write_order(struct writer *w, const struct provider_query *q)
{
        const struct cim_class *c = w->class;
        const char *comma = "";

        buf_addz(w->out, " ORDER BY ");
        for (size_t i = 0; i < q->n_order; i++) {
                buf_printf(w->out, "%s\"%s\"%s%s", comma, name_of(w, q->order[i].property),
                           fold(w, q->order[i].property), q->order[i].descending ? " DESC" : "");
                comma = ", ";
        }
        for (size_t k = 0; k < c->n_keys; k++) {
                buf_printf(w->out, "%s\"%s\"%s", comma, name_of(w, c->keys[k]), fold(w, c->keys[k]));
                comma = ", ";
        }
}

int provider_query_text(const struct provider_query *q, struct buf *out, struct err *e)
{
        struct writer w = { .class = q->class, .out = out };
        const char *word = " WHERE ";
        struct buf seen;

        if (!q->class->view)
                return err_set(e, ERR_NOT_SUPPORTED, "%s has no instances of its own", q->class->name);
        buf_addz(out, q->lazy ? q->class->select : q->class->select_eager);
        buf_init(&seen, 0);
        if (view_where(q->class, &seen)) {
                buf_printf(out, " WHERE (%s)", seen.failed ? "0" : seen.p);
                word = " AND ";
        }
        buf_fini(&seen);
        if (q->where) {
                buf_addz(out, word);
                write_expr(&w, q->where);
                word = " AND ";
        }
        if (q->after) {
                buf_addz(out, word);
                write_after(&w);
        }
        write_order(&w, q);
        if (q->top || q->skip) {
                buf_printf(out, " LIMIT ?%d OFFSET ?%d", w.n + 1, w.n + 2);
                w.n += 2;
        }
        return out->failed ? err_set(e, ERR_TOO_LARGE, "query of %s: the condition is too large", q->class->name) : 0;
}

/* ---- binding, in the same order ---- */

static void bind_value(struct db_stmt *s, int n, const struct cim_property *p, const struct cim_value *v)
{
        if (v->null)
                db_bind_null(s, n);
        else if (is_text(p))
                db_bind_text(s, n, v->s.p ? v->s : STR(""));
        else if (p->type == CIM_REAL32 || p->type == CIM_REAL64)
                db_bind_double(s, n, v->d);
        else
                db_bind_i64(s, n, v->i);
}

static void bind_expr(struct db_stmt *s, const struct cim_class *c, const struct provider_expr *x, int *n)
{
        if (x->node != PROVIDER_COMPARE) {
                bind_expr(s, c, x->left, n);
                if (x->right)
                        bind_expr(s, c, x->right, n);
        } else if (!x->value.null) {
                bind_value(s, ++*n, &c->properties[x->property], &x->value);
        }
}

static void bind_query(struct db_stmt *s, const struct provider_query *q)
{
        const struct cim_class *c = q->class;
        int n = 0;

        if (q->where)
                bind_expr(s, c, q->where, &n);
        for (size_t k = 0; q->after && k < c->n_keys; k++)
                bind_value(s, ++n, &c->properties[c->keys[k]], &q->after->values[c->keys[k]]);
        if (q->top || q->skip) {
                db_bind_i64(s, ++n, q->top && q->top <= INT64_MAX ? (int64_t)q->top : -1);
                db_bind_i64(s, ++n, (int64_t)MIN(q->skip, (uint64_t)INT64_MAX));
        }
}

/* ---- running ---- */

int provider_query_run(struct db_conn *c, const struct provider_query *q, struct arena *a,
                       bool (*fn)(void *ctx, struct cim_instance *i), void *ctx, struct err *e)
{
        _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;
        struct buf text;
        int r;

        buf_init(&text, 1 << 20);
        r = provider_query_text(q, &text, e);
        if (r == 0)
                r = db_stmt_dynamic(&s, c, buf_str(&text), e);
        buf_fini(&text);
        if (r < 0)
                return r;
        bind_query(s, q);
        while ((r = db_step(s, e)) > 0) {
                struct cim_instance *i;

                r = row_read(s, q->class, a, &i, e);
                if (r < 0)
                        return r;
                if (!fn(ctx, i))
                        return 0;
                if (q->passing && a->used > ROWS_MEMORY)        /* of many rows at once */
                        arena_fini(a);
        }
        return r;
}

static bool keep(void *ctx, struct cim_instance *i)
{
        struct cim_instance **out = ctx;

        *out = i;
        return false;
}

int provider_find(struct db_conn *c, const struct cim_instance *keys, struct arena *a, struct cim_instance **out,
                  struct err *e)
{
        const struct cim_class *k = keys->class;
        struct provider_expr compare[CIM_MAX_KEYS], both[CIM_MAX_KEYS];
        struct provider_query q = { .class = k, .lazy = true };
        int r;

        for (size_t n = 0; n < k->n_keys; n++) {
                compare[n] = (struct provider_expr){ .op = PROVIDER_EQ, .property = k->keys[n],
                                                     .value = provider_key(keys, k->keys[n], a) };
                both[n] = (struct provider_expr){ .node = PROVIDER_AND, .left = q.where, .right = &compare[n] };
                q.where = n ? &both[n] : &compare[n];
        }
        *out = NULL;
        r = provider_query_run(c, &q, a, keep, out, e);
        return r < 0 ? r : *out ? 0 : 1;
}

int provider_get(struct db_conn *c, const struct cim_instance *keys, struct arena *a, struct cim_instance **out,
                 struct err *e)
{
        int r = provider_find(c, keys, a, out, e);
        struct buf path;

        if (r <= 0)
                return r;
        buf_init(&path, CIM_PATH_MAX);
        if (cim_path_format(keys, &path) < 0)
                r = err_set(e, ERR_NOT_FOUND, "there is no such %s", keys->class->name);
        else
                r = err_set(e, ERR_NOT_FOUND, "there is no %s", path.p);
        buf_fini(&path);
        return r;
}
