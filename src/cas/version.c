/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions: the rows that make content visible.  A commit proves in the same
 * transaction that every piece is in the index and sound, counts references,
 * lets go of what it replaces, and adds the row.
 */
#include <inttypes.h>
#include "cas/store.h"

enum { VERSION_MAX = INT32_MAX };

static int package_ok(const char *package, uint32_t version, struct err *e)
{
        size_t n = strlen(package);

        if (n == 0 || n >= sizeof(((struct cas_version *)0)->package) || version == 0 || version > VERSION_MAX)
                return err_set(e, ERR_INVALID, "content library: no such package or version can be: %.32s %" PRIu32,
                               package, version);
        return 0;
}

static int from_row(struct db_stmt *s, struct cas_version *out, struct err *e)
{
        struct str package = db_col_text(s, 0), id = db_col_blob(s, 2);

        memset(out, 0, sizeof(*out));
        if (package.n >= sizeof(out->package) || id.n != HASH_LEN)
                return err_set(e, ERR_CORRUPT, "content library: the index holds an impossible version");
        memcpy(out->package, package.p, package.n);
        out->version = (uint32_t)db_col_i64(s, 1);
        memcpy(out->manifest.b, id.p, HASH_LEN);
        out->committed_us = db_col_i64(s, 3);
        out->n_files = (uint64_t)db_col_i64(s, 4);
        out->total_bytes = (uint64_t)db_col_i64(s, 5);
        return 1;
}

/* One row of a statement already bound: CAS_OK, CAS_E_ABSENT. */
static int one_row(struct db_stmt *s, struct cas_version *out, struct err *e)
{
        int r = db_step(s, e);

        if (r > 0)
                r = from_row(s, out, e);
        db_reset(s);
        return r < 0 ? r : r > 0 ? CAS_OK : CAS_E_ABSENT;
}

static int get(struct cas *c, const char *package, uint32_t version, struct cas_version *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_GET, e);

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_textz(s, 1, package);
        db_bind_i64(s, 2, version);
        return one_row(s, out, e);
}

int cas_version_get(struct cas *c, const char *package, uint32_t version, struct cas_version *out, struct err *e)
{
        int r;

        (void)pthread_mutex_lock(&c->lock);
        r = get(c, package, version, out, e);
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

int cas_version_find(struct cas *c, const char *package, struct cas_version *newest_out, struct err *e)
{
        struct db_stmt *s;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_VERSION_NEWEST, e);
        if (s)
                db_bind_textz(s, 1, package);
        r = s ? one_row(s, newest_out, e) : err_number(ERR_INTERNAL);
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

/* The next few rows behind *last. */
static int next_rows(struct cas *c, const struct cas_version *last, struct cas_version *rows, size_t max, size_t *n_out,
                     struct err *e)
{
        struct db_stmt *s;
        int r;

        *n_out = 0;
        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_VERSION_NEXT, e);
        r = s ? 1 : err_number(ERR_INTERNAL);
        if (s) {
                db_bind_textz(s, 1, last->package);
                db_bind_i64(s, 2, last->version);
        }
        while (r > 0 && *n_out < max) {
                r = db_step(s, e);
                if (r > 0)
                        r = from_row(s, &rows[(*n_out)++], e);
        }
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        return r < 0 ? r : 0;
}

int cas_version_each(struct cas *c, bool (*fn)(void *ctx, const struct cas_version *v), void *ctx, struct err *e)
{
        struct cas_version rows[32], last = { .package = "" };
        size_t n;

        do {
                int r = next_rows(c, &last, rows, ARRAY_SIZE(rows), &n, e);

                if (r < 0)
                        return r;
                for (size_t i = 0; i < n; i++) {
                        if (!fn(ctx, &rows[i]))
                                return 0;
                        last = rows[i];
                }
        } while (n == ARRAY_SIZE(rows));
        return 0;
}

/* ---- changing ---- */

/* Versions that go, and afterwards their manifests. */
struct going {
        struct cas_version *v;
        size_t n, cap;
};

static int going_add(struct going *g, const struct cas_version *v, struct err *e)
{
        if (g->n == g->cap) {
                size_t cap = g->cap ? 2 * g->cap : 8;
                struct cas_version *p = realloc(g->v, cap * sizeof(*p));

                if (!p)
                        return err_set(e, ERR_NOMEM, "content library: out of memory");
                g->v = p;
                g->cap = cap;
        }
        g->v[g->n++] = *v;
        return 0;
}

/* All versions of a package but one (0: all). */
static int going_others(struct cas *c, struct going *g, const char *package, uint32_t but, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_NEXT, e);
        uint32_t last = 0;
        int r = s ? 1 : err_number(ERR_INTERNAL);

        while (r > 0) {
                struct cas_version v;

                db_reset(s);
                db_bind_textz(s, 1, package);
                db_bind_i64(s, 2, last);
                r = db_step(s, e);
                if (r > 0)
                        r = from_row(s, &v, e);
                if (r <= 0 || strcmp(v.package, package) != 0)
                        break;
                last = v.version;
                if (v.version != but && going_add(g, &v, e) < 0)
                        r = err_number(ERR_NOMEM);
        }
        if (s)
                db_reset(s);
        return r < 0 ? r : 0;
}

static int uses(struct cas *c, const struct hash_id *manifest, int64_t *out, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_USES, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_blob(s, 1, manifest->b, HASH_LEN);
        r = db_step(s, e);
        *out = r > 0 ? db_col_i64(s, 0) : 0;
        db_reset(s);
        return r < 0 ? r : 0;
}

static int delete_rows(struct cas *c, const struct going *g, struct err *e)
{
        for (size_t i = 0; i < g->n; i++) {
                struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_DELETE, e);
                int r;

                if (!s)
                        return err_number(ERR_INTERNAL);
                db_bind_textz(s, 1, g->v[i].package);
                db_bind_i64(s, 2, g->v[i].version);
                r = db_run(s, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Keep in g only manifests, each once, that no version has any longer. */
static int going_unused(struct cas *c, struct going *g, struct err *e)
{
        size_t kept = 0;

        for (size_t i = 0; i < g->n; i++) {
                bool seen = false;
                int64_t n;
                int r = uses(c, &g->v[i].manifest, &n, e);

                if (r < 0)
                        return r;
                for (size_t j = 0; j < kept && !seen; j++)
                        seen = hash_id_eq(&g->v[j].manifest, &g->v[i].manifest);
                if (n == 0 && !seen)
                        g->v[kept++] = g->v[i];
        }
        g->n = kept;
        return 0;
}

static int drop_refs(struct cas *c, const struct hash_id *manifest, struct err *e)
{
        struct cas_manifest m;
        int r = manifest_open_checked(c, manifest, &m, e);

        if (r < 0)
                return r;
        if (r != CAS_OK)
                m.map = NULL;           /* refs_drop() then has all counted anew */
        r = refs_drop(c, &m, e);
        cas_manifest_close(&m);
        return r;
}

static int drop_all_refs(struct cas *c, const struct going *g, struct err *e)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < g->n; i++)
                r = drop_refs(c, &g->v[i].manifest, e);
        return r;
}

/* After the commit. What stays by accident, garbage collection takes. */
static void remove_manifests(struct cas *c, const struct going *g)
{
        struct err e = { 0 };

        for (size_t i = 0; i < g->n; i++) {
                if (manifest_remove(c, &g->v[i].manifest, &e) < 0)
                        log_warn("cas", "%s", e.text);
        }
}

/* References of the new manifest, and of those that go. CAS_OK, CAS_E_ABSENT. */
static int exchange_refs(struct cas *c, const struct cas_manifest *now, bool known, const struct going *g,
                         struct err *e)
{
        struct cas_manifest old;
        bool damaged;
        int r = index_any_damaged(c, &damaged, e);

        if (r < 0)
                return r;
        if (known || g->n != 1) {
                if (!known)
                        r = refs_add(c, now, e);
                else if (damaged)
                        r = refs_check(c, now, e);
                return r != CAS_OK ? r : drop_all_refs(c, g, e);
        }
        r = manifest_open_checked(c, &g->v[0].manifest, &old, e);
        if (r < 0)
                return r;
        if (r != CAS_OK) {
                r = refs_add(c, now, e);
                return r != CAS_OK ? r : drop_all_refs(c, g, e);
        }
        /* Once the counts are in doubt, an unchanged file proves nothing. */
        r = refs_change(c, &old, now, !damaged && !c->recount, e);
        cas_manifest_close(&old);
        return r;
}

static int add_row(struct cas *c, const char *package, uint32_t version, const struct cas_manifest *m, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_VERSION_ADD, e);

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_textz(s, 1, package);
        db_bind_i64(s, 2, version);
        db_bind_blob(s, 3, m->id.b, HASH_LEN);
        db_bind_i64(s, 4, os_now_us());
        db_bind_i64(s, 5, (int64_t)m->m.n_files);
        db_bind_i64(s, 6, (int64_t)m->m.total_bytes);
        return db_run(s, e);
}

/* Inside the transaction. */
static int version_rows(struct cas *c, const char *package, uint32_t version, const struct cas_manifest *m, bool replace,
                       struct going *g, struct err *e)
{
        struct cas_version have;
        int64_t known = 0;
        bool same;
        int r = get(c, package, version, &have, e);

        if (r < 0)
                return r;
        same = r == CAS_OK && hash_id_eq(&have.manifest, &m->id);
        if (r == CAS_OK && !same && going_add(g, &have, e) < 0)
                return err_number(ERR_NOMEM);
        r = replace ? going_others(c, g, package, version, e) : 0;
        if (r == 0)
                r = uses(c, &m->id, &known, e);
        if (r == 0)
                r = delete_rows(c, g, e);
        if (r == 0 && !same)
                r = add_row(c, package, version, m, e);
        if (r == 0)
                r = going_unused(c, g, e);
        return r < 0 ? r : exchange_refs(c, m, known > 0, g, e);
}

/* Inside the transaction. CAS_OK, CAS_E_ABSENT. */
static int commit_rows(struct cas *c, const struct gathered *w, const char *package, uint32_t version,
                       const struct cas_manifest *m, bool replace, struct going *g, struct err *e)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < w->n; i++)
                r = index_settle(c, w->v[i], &w->grown[i], e);
        if (r == 0)
                r = version_rows(c, package, version, m, replace, g, e);
        for (size_t i = 0; r == 0 && i < w->n; i++)
                r = index_add(c, w->v[i], &w->grown[i], e);
        return r;
}

static int manifest_still_there(struct cas *c, const struct hash_id *id, struct err *e)
{
        int fd, r = cas_manifest_fd(c, id, &fd, NULL, e);

        if (r == CAS_OK)
                (void)os.close(fd);
        else if (r == CAS_E_ABSENT)
                (void)err_set(e, ERR_GONE, "its manifest was collected meanwhile: publish it again");
        return r;
}

/* Under cas.lock. */
static int transaction(struct cas *c, const struct gathered *w, const char *package, uint32_t version,
                       const struct cas_manifest *m, bool replace, struct going *g, struct err *e)
{
        int r = manifest_still_there(c, &m->id, e);     /* a collection may have been faster */

        if (r == 0)
                r = db_begin(c->db, e);
        if (r != 0)
                return r;
        c->committing = w;
        r = index_end(c, commit_rows(c, w, package, version, m, replace, g, e), e);
        c->committing = NULL;
        for (size_t i = 0; i < w->n; i++) {
                if (r == 0)
                        index_added(c, w->v[i]);
                else
                        index_not_added(w->v[i]);
        }
        return r;
}

static int commit(struct cas *c, const char *package, uint32_t version, const struct cas_manifest *m, bool replace,
                  struct err *e)
{
        struct going g = { 0 };
        struct gathered w;
        int r = writers_gather(c, &w, e);

        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&c->lock);
        r = transaction(c, &w, package, version, m, replace, &g, e);
        if (r == 0)
                remove_manifests(c, &g);
        (void)pthread_mutex_unlock(&c->lock);
        if (r == CAS_E_ABSENT && w.err.kind != ERR_NONE) {      /* it was with the writer that cannot sync */
                *e = w.err;
                r = err_number(w.err.kind);
        }
        writers_release(c, &w);
        free(g.v);
        return r;
}

int cas_version_commit(struct cas *c, const char *package, uint32_t version, const struct hash_id *manifest,
                       bool replace, struct err *e)
{
        struct cas_manifest m;
        struct err why = { 0 };
        int r = package_ok(package, version, e);

        if (r < 0)
                return r;
        r = manifest_open_checked(c, manifest, &m, e);
        if (r > 0)
                (void)err_set(e, ERR_CORRUPT, "package %s version %" PRIu32 ": its manifest is missing or damaged",
                              package, version);
        if (r != CAS_OK)
                return r < 0 ? r : CAS_E_ABSENT;
        r = commit(c, package, version, &m, replace, &why);
        if (r == CAS_E_ABSENT) {
                /* It may be with a writer that came after the others were gathered. */
                err_clear(&why);
                r = commit(c, package, version, &m, replace, &why);
        }
        cas_manifest_close(&m);
        if (r != CAS_OK && why.kind != ERR_NONE)
                (void)err_set(e, why.kind, "package %s version %" PRIu32 ": %s", package, version, why.text);
        return r;
}

int cas_version_drop(struct cas *c, const char *package, uint32_t version, struct err *e)
{
        struct going g = { 0 };
        struct cas_version v;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        r = db_begin(c->db, e);
        if (r == 0) {
                r = version ? get(c, package, version, &v, e) : going_others(c, &g, package, 0, e);
                if (version && r == CAS_OK)
                        r = going_add(&g, &v, e);
                if (!version && r == 0 && g.n == 0)
                        r = CAS_E_ABSENT;
                if (r == 0)
                        r = delete_rows(c, &g, e);
                if (r == 0)
                        r = going_unused(c, &g, e);
                if (r == 0)
                        r = drop_all_refs(c, &g, e);
                r = index_end(c, r, e);
        }
        if (r == 0)
                remove_manifests(c, &g);
        (void)pthread_mutex_unlock(&c->lock);
        free(g.v);
        return r;
}

int cas_version_sound(struct cas *c, const struct cas_version *v, struct err *e)
{
        struct cas_manifest m;
        struct err ignored = { 0 };
        bool damaged;
        int r = cas_manifest_open(c, &v->manifest, &m, &ignored);

        if (r < 0 && ignored.kind == ERR_CORRUPT)
                return CAS_E_ABSENT;
        if (r < 0)
                return err_set(e, ignored.kind, "%s", ignored.text);
        if (r != CAS_OK)
                return r;
        (void)pthread_mutex_lock(&c->lock);
        r = index_any_damaged(c, &damaged, e);
        if (r == 0 && (damaged || c->recount)) {
                err_clear(&ignored);
                r = refs_check(c, &m, &ignored);
                if (r < 0)
                        r = err_set(e, ignored.kind, "%s", ignored.text);
        }
        (void)pthread_mutex_unlock(&c->lock);
        cas_manifest_close(&m);
        return r;
}
