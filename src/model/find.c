/* SPDX-License-Identifier: Apache-2.0 */
/* find - packages by name and number; the few database helpers that everything uses */
#include <stdio.h>

#include "model/pair.h"
#include "model/sql_site.h"

void copy_text(struct str s, char *out, size_t size)
{
        size_t n = MIN(s.n, size - 1);

        if (n)
                memcpy(out, s.p, n);
        out[n] = 0;
}

void bind_time(struct db_stmt *s, int i, int64_t us)
{
        if (us == TIME_NONE_US)
                db_bind_null(s, i);
        else
                db_bind_i64(s, i, us);
}

int64_t col_time(struct db_stmt *s, int i)
{
        return db_col_is_null(s, i) ? TIME_NONE_US : db_col_i64(s, i);
}

int counter_next(struct tx *t, const char *name, int64_t *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_COUNTER_NEXT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, name);
        r = db_step(s, e);
        if (r > 0)
                *out = db_col_i64(s, 0);
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_INTERNAL, "counter %s is missing: the site was not set up", name);
        return r < 0 ? r : 0;
}

int row_of(struct db_conn *c, int statement, struct str key, int64_t *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, statement, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, key);
        r = db_step(s, e);
        if (r > 0)
                *out = db_col_i64(s, 0);
        db_reset(s);
        return r < 0 ? r : !r;
}

int site_own(struct db_conn *c, int64_t *id_out, char code_out[SITE_CODE_LEN + 1], struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_SITE_OWN, e);
        int r;

        if (!s)
                return err_number(e->kind);
        r = db_step(s, e);
        if (r > 0) {
                *id_out = db_col_i64(s, 0);
                copy_text(db_col_text(s, 1), code_out, SITE_CODE_LEN + 1);
        }
        db_reset(s);
        return r > 0 ? 0 : r < 0 ? r : err_set(e, ERR_INTERNAL, "the site has no row of its own: it was not set up");
}

int run_numbers(struct tx *t, int statement, const int64_t *v, size_t n, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, statement, e);

        if (!s)
                return err_number(e->kind);
        for (size_t i = 0; i < n; i++)
                db_bind_i64(s, (int)i + 1, v[i]);
        return db_run(s, e);
}

int read_numbers(struct tx *t, int statement, const int64_t *bind, size_t n_bind, struct numbers *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, statement, e);
        size_t cap = 0;
        int r;

        *out = (struct numbers){ 0 };
        if (!s)
                return err_number(e->kind);
        out->n_cols = (size_t)db_n_cols(s);
        for (size_t i = 0; i < n_bind; i++)
                db_bind_i64(s, (int)i + 1, bind[i]);
        while ((r = db_step(s, e)) > 0) {
                if (out->n_rows == cap) {
                        int64_t *v;

                        cap = cap ? cap * 2 : 16;
                        v = arena_array(&t->arena, cap * out->n_cols, sizeof(*v));
                        if (!v) {
                                r = err_set(e, ERR_NOMEM, "read rows: out of memory");
                                break;
                        }
                        if (out->n_rows)
                                memcpy(v, out->v, out->n_rows * out->n_cols * sizeof(*v));
                        out->v = v;
                }
                for (size_t i = 0; i < out->n_cols; i++)
                        out->v[out->n_rows * out->n_cols + i] = db_col_i64(s, (int)i);
                out->n_rows++;
        }
        db_reset(s);
        return r;
}

/* ---- packages ---- */

static void read_pkg(struct db_stmt *s, struct pkg *out)
{
        struct str manifest = db_col_blob(s, 9);

        *out = (struct pkg){ .pkg_id = db_col_i64(s, 0) };
        copy_text(db_col_text(s, 1), out->package_id, sizeof(out->package_id));
        out->action = (uint32_t)db_col_i64(s, 2);
        out->version = (uint32_t)db_col_i64(s, 3);
        out->source_flag = (uint32_t)db_col_i64(s, 4);
        out->priority = (uint32_t)db_col_i64(s, 5);
        out->site_id = db_col_i64(s, 6);
        copy_text(db_col_text(s, 7), out->site_code, sizeof(out->site_code));
        copy_text(db_col_text(s, 8), out->name, sizeof(out->name));
        out->has_source = out->source_flag != SOURCE_NONE;
        out->has_manifest = manifest.n == HASH_LEN;
        if (out->has_manifest)
                memcpy(out->manifest.b, manifest.p, HASH_LEN);
        copy_text(db_col_text(s, 10), out->source, sizeof(out->source));
}

int pkg_find(struct db_conn *c, struct str package_id, struct pkg *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_PKG_BY_NAME, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, package_id);
        r = db_step(s, e);
        if (r > 0)
                read_pkg(s, out);
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no package %.*s; \"tallyman package list\" shows them",
                               STR_ARG(package_id));
        return r < 0 ? r : 0;
}

int pkg_get(struct db_conn *c, int64_t pkg_id, struct pkg *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_PKG_BY_ID, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, pkg_id);
        r = db_step(s, e);
        if (r > 0)
                read_pkg(s, out);
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no package number %lld", (long long)pkg_id);
        return r < 0 ? r : 0;
}

int pkg_takes_orders(const struct pkg *p, struct err *e)
{
        if (p->action == ACTION_DELETE)
                return err_set(e, ERR_CONFLICT, "package %s is being deleted: create a new one", p->package_id);
        if (!p->has_source)
                return err_set(e, ERR_CONFLICT,
                               "package %s has no source files (PkgSourceFlag 1), so there is nothing to distribute; give it "
                               "a source folder first",
                               p->package_id);
        return 0;
}
